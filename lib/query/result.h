/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_RESULT_H
#define DM_QUERY_RESULT_H

#include "promql/promql.h"

/** The values of one series. */
struct dm_result_series {
	const struct dm_name *name; /* NULL: none */
	struct dm_labels *labels;
	struct dm_sample *points; /* of a range query: where there is one */
	size_t n, cap;
};

/** What a query came to; all of it is its own. {0} is empty. */
struct dm_result {
	/* Of a scalar: one series without labels. Of a range vector: samples
	 * as they are, at their own times. */
	enum dm_value_kind kind;
	bool is_range;
	int64_t start_us, end_us; /* equal in an instant query */
	int64_t step_us;
	struct dm_labels_pool *pool;
	struct dm_result_series *series;
	size_t n, cap;
	char *string; /* of kind DM_EXPR_STRING */
	size_t string_n;
};

/** Has a series more than the one value, at start_us? */
static inline bool dm_result_is_matrix(const struct dm_result *r)
{
	return r->is_range || r->kind == DM_EXPR_RANGE;
}

void dm_result_release(struct dm_result *r);
#define DM_AUTO_RESULT DM_CLEANUP(dm_result_release)

/**
 * Add a series without points.
 * @name    copied; an empty one: none
 * @labels  copied; sorted in place
 */
int dm_result_add(struct dm_result *r, struct dm_str name,
    struct dm_label *labels, size_t n_labels, struct dm_result_series **ret,
    struct dm_err *err) DM_MUST_CHECK;

int dm_result_add_point(struct dm_result_series *s, int64_t t_us, double v,
    struct dm_err *err) DM_MUST_CHECK;

/** By name, then by labels. */
void dm_result_sort(struct dm_result *r);

/** The names of the labels that the series have, sorted; lent by the result.
 * Free *ret. */
int dm_result_label_names(const struct dm_result *r, struct dm_str **ret,
    size_t *ret_n, struct dm_err *err) DM_MUST_CHECK;

#endif
