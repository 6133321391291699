/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_QUERY_H
#define DM_QUERY_QUERY_H

#include "query/cache.h"
#include "query/moment.h"
#include "query/result.h"
#include "series/window.h"

/* How many steps a range query may have. Source: Prometheus 3,
 * web/api/v1/api.go. */
#define DM_QUERY_STEPS_MAX 11000

/* How many samples one may need. Source: Prometheus 3,
 * --query.max-samples. */
#define DM_QUERY_SAMPLES_MAX 50000000

/** What a query looks at, to be loaded into a window. */
struct dm_query_load {
	struct dm_expr *expr;	  /* told how long its range is; or NULL */
	struct dm_window *window; /* the selectors have been prepared */
	const struct dm_selector *const *selectors;
	size_t n_selectors;
	struct dm_moment start, end; /* of the evaluations */
	bool is_range;
	unsigned points; /* see struct dm_query */
	int64_t now_us;
	size_t max_samples;
	/** Asked now and then whether to stop; or NULL. */
	bool (*stop)(void *ctx);
	void *stop_ctx;
	/** When that is, by dm_query_resolve. */
	int64_t start_us, end_us;
	int64_t step_us; /* of a range */
};

/**
 * Say when the data ends: its greatest ts; INT64_MIN: there is none, and it
 * ends now.
 * Returns 0, or -1 with DM_EINVAL for a range that ends before it begins,
 * or DM_ELIMIT for one with too many steps.
 */
int dm_query_resolve(struct dm_query_load *l, int64_t data_end_us,
    struct dm_err *err) DM_MUST_CHECK;

/** Where the data is. */
struct dm_query_back {
	void *ctx;
	/** Resolve, and load what the selectors can look at in evaluations
	 * from start to end. */
	int (*load)(void *ctx, struct dm_query_load *l, struct dm_err *err);
	/** Some number that changes whenever the data does, and the greatest
	 * ts, or INT64_MIN; NULL: nothing can be kept from query to query. */
	int (*look)(void *ctx, uint64_t *ret_version, int64_t *ret_greatest_us,
	    struct dm_err *err);
};

struct dm_query {
	struct dm_str text;
	bool is_range;
	struct dm_moment start, end; /* equal, unless is_range */
	int64_t step_us;	     /* 0: a round one, for… */
	unsigned points;	     /* about so many steps */
	int64_t now_us;		     /* stands for the end of no data */
	size_t max_samples;
	bool (*stop)(void *ctx);
	void *stop_ctx;
	struct dm_query_cache *cache; /* or NULL */
};

/**
 * Run a query.
 * @ret  set on success only; release it
 * Returns 0, or -1: DM_EPARSE with line and column for an expression that is
 * none, DM_EINVAL for one that has no value, DM_ELIMIT, which names the
 * limit, DM_ESTOP, or what the data's place says.
 */
int dm_query_run(const struct dm_query *q, const struct dm_query_back *back,
    struct dm_result *ret, struct dm_err *err) DM_MUST_CHECK;

/** Add the line of an expression that an error is about and, below, a caret
 * under its column; nothing where the error has no place. */
void dm_query_caret(
    struct dm_buf *b, struct dm_str text, const struct dm_err *err);

#endif
