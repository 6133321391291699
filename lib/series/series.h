/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_SERIES_SERIES_H
#define DM_SERIES_SERIES_H

#include "series/matcher.h"

/* How far back an instant selector looks, (t - 5 min, t].
 * Source: Prometheus 3, --query.lookback-delta. */
#define DM_LOOKBACK_US (300 * INT64_C(1000000))

struct dm_sample {
	int64_t t_us;
	double v;
};

/**
 * The samples of one series, in order of time, no two of the same time. A
 * value of dm_stale() marks that the series had ended there.
 */
struct dm_series {
	/* [1]: the last one, where n > 0: nearer than p[n - 1]. Where there
	 * are no more than two, p may be this. */
	struct dm_sample near[2];
	struct dm_labels *labels;
	const struct dm_name *name;
	const struct dm_sample *p;
	uint32_t n;
	uint32_t room;	  /* how many more go behind the last; its maker's */
	uint32_t n_stale; /* how many of them are markers */
	/* Behind p[drop] no value is less than the one before it, and none is
	 * a NaN: a counter that has not been reset. DM_DROP_UNKNOWN: who
	 * knows. */
	uint32_t drop;
};

#define DM_DROP_UNKNOWN UINT32_MAX

/** The marker: a NaN of its own, as Prometheus's. */
static inline double dm_stale(void)
{
	const uint64_t bits = UINT64_C(0x7ff0000000000002);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static inline bool dm_is_stale(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits == UINT64_C(0x7ff0000000000002);
}

/** How many of its samples have t_us <= at_us. */
size_t dm_series_until(const struct dm_series *s, int64_t at_us);

/** What a selector has found: lent until the source of it changes. */
struct dm_series_set {
	const struct dm_series *const *series;
	size_t n;
};

/**
 * Where an expression gets its samples from: the live window, a database.
 * Label sets and names are of `pool`.
 */
struct dm_querier {
	void *ctx;
	struct dm_labels_pool *pool;
	struct dm_scratch *scratch; /* for all; NULL: each has its own */
	/** Called once for each selector of an expression. The selector is
	 * lent until release. */
	int (*prepare)(void *ctx, const struct dm_selector *selector,
	    void **ret_handle, struct dm_err *err);
	/** All series that match and may have samples in (from_us, to_us]:
	 * those samples, and maybe others around them. */
	int (*select)(void *ctx, void *handle, int64_t from_us, int64_t to_us,
	    struct dm_series_set *ret, struct dm_err *err);
	void (*release)(void *ctx, void *handle);
};

#endif
