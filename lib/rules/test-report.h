/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_TEST_REPORT_H
#define DM_RULES_TEST_REPORT_H

#include "rules/test-file.h"

/* How promtool tells of a test that failed. What is printed is fit for a
 * terminal. */

/** Other alerts fire than were expected; both lists in order. */
void dm_test_report_alerts(struct dm_buf *b, const struct dm_rule_test *test,
    const struct dm_alert_test *t, const struct dm_test_alert *got,
    size_t n_got);
/** An expression comes to something else; both lists in order. */
void dm_test_report_samples(struct dm_buf *b, const struct dm_expr_test *t,
    const struct dm_test_sample *got, size_t n_got);
/** An expression could not be evaluated. */
void dm_test_report_expr(
    struct dm_buf *b, const struct dm_expr_test *t, const struct dm_err *why);
/** A rule could not be evaluated. */
void dm_test_report_rule(
    struct dm_buf *b, const char *rule, int64_t t_us, const struct dm_err *why);

#endif
