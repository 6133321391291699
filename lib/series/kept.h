/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_SERIES_KEPT_H
#define DM_SERIES_KEPT_H

#include "base/arena.h"
#include "series/series.h"
#include "series/shelf.h"

/*
 * A series that the window keeps. Its samples stand in one piece, the first
 * two in the series itself; where no room is left behind them, what nobody
 * can reach any more is dropped and the rest moved, or the piece grows. A
 * series of which only the last sample is asked for needs no more than two:
 * that one, and the next one until the sweep ends that it is of.
 */
struct dm_kept {
	struct dm_series s; /* first: selections hold it as such */
	/* The sweep of its target that had it last; DM_SEEN_LONG_AGO; or 0:
	 * it is not in its target's list of live series. */
	uint32_t seen;
	float keep_us; /* see dm_kept_keep_us */
};

#define DM_SEEN_LONG_AGO 1u
#define DM_SEEN_FIRST	 2u

/** Where they are kept; {0} is empty but for the horizon. */
struct dm_keeper {
	struct dm_arena arena; /* samples, and the shelves' boards */
	struct dm_shelves shelves;
	/* Nobody will ask for what is out of reach from there. */
	int64_t horizon_us;
};

/** All series must have been freed. */
void dm_keeper_release(struct dm_keeper *keeper);

/** A series without samples. Takes a reference of labels. NULL without
 * memory. */
struct dm_kept *dm_kept_new(struct dm_keeper *keeper,
    const struct dm_name *name, struct dm_labels *labels);
void dm_kept_free(struct dm_keeper *keeper, struct dm_kept *k);

/**
 * How long it is kept: samples from horizon - keep_us on, and the last one
 * before. At first 0; DM_KEEP_NONE where nobody wants it any more. It may be
 * a little longer than was set.
 */
static inline int64_t dm_kept_keep_us(const struct dm_kept *k)
{
	return (int64_t)k->keep_us;
}
void dm_kept_set_keep_us(struct dm_kept *k, int64_t keep_us);
#define DM_KEEP_NONE (-1)

/** dm_kept_add where it is not as simple as dm_kept_append. */
int dm_kept_insert(struct dm_keeper *keeper, struct dm_kept *k, int64_t t_us,
    double v, struct dm_err *err) DM_MUST_CHECK;

/** Add a sample behind the last one, if that is where it belongs and there
 * is room. */
static inline bool dm_kept_append(struct dm_kept *k, int64_t t_us, double v)
{
	const struct dm_sample sample = {t_us, v};
	struct dm_series *s = &k->s;

	if (s->room == 0 || t_us <= s->near[1].t_us)
		return false;
	if (!(v >= s->near[1].v))
		s->drop = s->n;
	s->near[1] = sample;
	((struct dm_sample *)s->p)[s->n++] = sample;
	s->n_stale += dm_is_stale(v);
	s->room--;
	return true;
}

/**
 * Add a sample wherever its time belongs. A second one of the same time is
 * dropped, unless it is a value where a marker stood.
 */
DM_MUST_CHECK static inline int dm_kept_add(struct dm_keeper *keeper,
    struct dm_kept *k, int64_t t_us, double v, struct dm_err *err)
{
	if (dm_kept_append(k, t_us, v))
		return 0;
	return dm_kept_insert(keeper, k, t_us, v, err);
}

/** There may be no more samples for long: keep no more room for them than
 * can be helped. */
void dm_kept_trim(struct dm_keeper *keeper, struct dm_kept *k);

/** Drop the samples later than t_us. */
void dm_kept_cut(struct dm_kept *k, int64_t t_us);

/** Can nobody see anything of it from the horizon on? */
bool dm_kept_is_out_of_reach(const struct dm_kept *k, int64_t horizon_us);

/** How many samples at its start are out of reach. */
size_t dm_kept_unreachable(const struct dm_kept *k, int64_t horizon_us);

#endif
