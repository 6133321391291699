/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_NOTATION_H
#define DM_RULES_NOTATION_H

#include "rules/label-list.h"

/*
 * How promtool's unit tests write series: name{label="value"}, and values as
 * 1 2+3x4 _x5 stale. Source: Prometheus 3, promql/parser, series_description
 * in generated_parser.y and lexValueSequence in lex.go.
 */

/**
 * Read a metric: name{label="value", …}, name, {…}; names that are no
 * identifiers stand in quotes: {"a.b", "c.d"="e"}.
 * @ret         the name is the label __name__; to be released
 * @ret_offset  where in text the error is; may be NULL
 * Returns 0, or -1 with DM_EPARSE, or DM_ENOMEM.
 */
int dm_metric_parse(struct dm_str text, struct dm_label_list *ret,
    size_t *ret_offset, struct dm_err *err) DM_MUST_CHECK;

/** Values one after the other, each greater by a step than that before; or
 * gaps. */
struct dm_values_run {
	bool gap;
	double first, step; /* first may be dm_stale() */
	uint64_t n;
};

/** The values of a series, as they were written: however many there are, it
 * is short. */
struct dm_values {
	struct dm_values_run *runs;
	size_t n, cap;
};

/** As dm_metric_parse. Native histograms are refused. */
int dm_values_parse(struct dm_str text, struct dm_values *ret,
    size_t *ret_offset, struct dm_err *err) DM_MUST_CHECK;
#define DM_AUTO_VALUES DM_CLEANUP(dm_values_release)
void dm_values_release(struct dm_values *v);

/** Where a walk over values is; {0} at its start. */
struct dm_values_at {
	size_t run;
	uint64_t i; /* in the run */
	double value;
};

/**
 * The next value.
 * @ret_gap  there is none at this time
 * Returns false at the end.
 */
bool dm_values_next(const struct dm_values *v, struct dm_values_at *at,
    double *ret, bool *ret_gap);

#endif
