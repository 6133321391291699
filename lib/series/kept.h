/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_SERIES_KEPT_H
#define DM_SERIES_KEPT_H

#include "series/series.h"

/*
 * A series that the window keeps: its samples stand in one piece, in an
 * array in which they move forward; when its end is reached, what nobody can
 * reach any more is dropped and the rest moved back, or it grows.
 */
struct dm_kept {
	struct dm_series s; /* first: selections hold it as such */
	struct dm_sample *all;
	uint32_t cap;
	bool live;     /* in its target's list of live series */
	bool dead;     /* being pruned */
	uint64_t seen; /* the sweep that had it last */
	/* Samples are kept from horizon - keep_us on, and the last before. */
	int64_t keep_us;
};

/** A series without samples. Takes a reference of labels. NULL without
 * memory. */
struct dm_kept *dm_kept_new(
    const struct dm_name *name, struct dm_labels *labels);
void dm_kept_free(struct dm_kept *k);

/**
 * Add a sample wherever its time belongs. A second one of the same time is
 * dropped, unless it is a value where a marker stood.
 * @horizon_us  nobody will ask for what is out of reach from there
 */
int dm_kept_add(struct dm_kept *k, int64_t t_us, double v, int64_t horizon_us,
    struct dm_err *err) DM_MUST_CHECK;

/** Can nobody see anything of it from the horizon on? */
bool dm_kept_is_out_of_reach(const struct dm_kept *k, int64_t horizon_us);

/** How many samples at its start are out of reach. */
size_t dm_kept_unreachable(const struct dm_kept *k, int64_t horizon_us);

#endif
