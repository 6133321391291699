/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_CACHE_H
#define DM_QUERY_CACHE_H

#include "promql/promql.h"
#include "series/window.h"

#define DM_QUERY_CACHED 8

/**
 * Windows that have been loaded for the last queries, to be looked at again as
 * long as the data is the same. {0} is empty.
 */
struct dm_query_cache {
	struct dm_query_cached {
		struct dm_expr *expr; /* whose selectors were loaded */
		struct dm_window *window;
		int64_t start_us, end_us; /* of the evaluations */
		uint64_t version;	  /* of the data */
		size_t n_samples;
		uint64_t used;
	} entries[DM_QUERY_CACHED];
	size_t n;
	uint64_t clock;
};

void dm_query_cache_release(struct dm_query_cache *c);

/** A window with all that the selectors can look at in evaluations from start
 * to end; NULL: there is none. Lent until the next _put. */
struct dm_window *dm_query_cache_find(struct dm_query_cache *c,
    const struct dm_selector *const *selectors, size_t n, int64_t start_us,
    int64_t end_us, uint64_t version);

/**
 * Keep a window. Old ones go, and all of another version, so that there are
 * no more than max_samples in all.
 * @window   taken, in any case
 * @step_us  0 of an instant
 */
void dm_query_cache_put(struct dm_query_cache *c, struct dm_str text,
    struct dm_window *window, int64_t start_us, int64_t end_us, int64_t step_us,
    uint64_t version, size_t max_samples);

#endif
