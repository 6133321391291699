/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_TEST_RUN_H
#define DM_RULES_TEST_RUN_H

#include "rules/engine.h"
#include "rules/test-report.h"

/* What test-run.c and test-check.c share. Each check leaves the report empty
 * where all is as expected; it brings the lists of what is expected into
 * order. */

/** Do just those alerts fire? */
int dm_test_check_alerts(struct dm_engine *e, const struct dm_rule_test *test,
    struct dm_alert_test *t, struct dm_buf *report,
    struct dm_err *err) DM_MUST_CHECK;
/** Does the expression, bound already, come to that? */
int dm_test_check_expr(struct dm_expr_test *t, int64_t t_us, bool fuzzy,
    struct dm_buf *report, struct dm_err *err) DM_MUST_CHECK;

#endif
