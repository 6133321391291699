/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_SERIES_INDEX_H
#define DM_SERIES_INDEX_H

#include "series/kept.h"

/**
 * Series in the order in which they came, and a hash table of their numbers
 * by labels and name: four bytes a slot, as there is nothing that there are
 * more of. {0} is empty.
 */
struct dm_series_index {
	struct dm_kept **p;
	size_t n, cap;
	uint32_t *slots; /* 0: free; else a number in p, from 1 */
	size_t n_slots;	 /* 0 or a power of two */
};

/** The series, or NULL. */
struct dm_kept *dm_series_index_get(const struct dm_series_index *index,
    const struct dm_name *name, const struct dm_labels *labels);

/** Add one that is not there, at the end. */
int dm_series_index_add(struct dm_series_index *index, struct dm_kept *k,
    struct dm_err *err) DM_MUST_CHECK;

/** Leave out those of p that have become NULL. */
void dm_series_index_compact(struct dm_series_index *index);

void dm_series_index_release(struct dm_series_index *index);

#endif
