/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_TEST_FILE_H
#define DM_RULES_TEST_FILE_H

#include "promql/promql.h"
#include "rules/notation.h"

/* A file of promtool's unit tests of rules, as it was read. Source: Prometheus
 * 3, cmd/promtool/unittest.go. */

struct dm_test_series {
	struct dm_label_list metric;
	struct dm_values values;
};

struct dm_test_alert {
	struct dm_label_list labels, annotations;
};

/** These alerts, and no others, fire at this time. */
struct dm_alert_test {
	int64_t at_us; /* since the test's start */
	char *alertname;
	struct dm_test_alert *expected;
	size_t n;
};

struct dm_test_sample {
	struct dm_label_list labels; /* the name is one of them */
	double value;
};

/** The expression comes to this at this time. */
struct dm_expr_test {
	int64_t at_us; /* since the test's start */
	struct dm_expr *expr;
	struct dm_test_sample *expected;
	size_t n;
};

struct dm_rule_test {
	char *name; /* or empty */
	int64_t interval_us, start_us;
	struct dm_label_list external_labels;
	char *external_url;
	struct dm_test_series *series;
	size_t n_series;
	struct dm_alert_test *alerts;
	size_t n_alerts;
	struct dm_expr_test *exprs;
	size_t n_exprs;
};

struct dm_test_file {
	char **rule_files; /* as they were written */
	size_t n_rule_files;
	int64_t interval_us; /* of evaluation; > 0 */
	char **order;	     /* group names */
	size_t n_order;
	bool fuzzy; /* numbers next to each other are equal */
	struct dm_rule_test *tests;
	size_t n_tests;
};

/**
 * Read one.
 * @file   its name, for errors
 * @error  is told each error with its place; may be NULL
 * @ret    to be released, whatever is returned
 * Returns 0, or -1 with the first error.
 */
int dm_test_file_parse(struct dm_test_file *ret, const char *file,
    struct dm_str text, void (*error)(void *ctx, const struct dm_err *err),
    void *ctx, struct dm_err *err) DM_MUST_CHECK;
void dm_test_file_release(struct dm_test_file *f);
#define DM_AUTO_TEST_FILE DM_CLEANUP(dm_test_file_release)

#endif
