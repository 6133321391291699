/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_SERIES_INDEX_H
#define DM_SERIES_INDEX_H

#include "series/kept.h"

/**
 * Series by their labels and name: a hash table as dm_map is, but of one
 * pointer a slot, as there is nothing that there are more of. {0} is empty.
 */
struct dm_series_index {
	struct dm_kept **slots; /* NULL: free */
	size_t n;
	size_t cap; /* 0 or a power of two */
};

/** The series, or NULL. */
struct dm_kept *dm_series_index_get(const struct dm_series_index *index,
    const struct dm_name *name, const struct dm_labels *labels);

/** Add one that is not there. */
int dm_series_index_add(struct dm_series_index *index, struct dm_kept *k,
    struct dm_err *err) DM_MUST_CHECK;

/** Take out one that is there. */
void dm_series_index_remove(
    struct dm_series_index *index, const struct dm_kept *k);

void dm_series_index_release(struct dm_series_index *index);

#endif
