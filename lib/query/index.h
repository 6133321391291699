/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_INDEX_H
#define DM_QUERY_INDEX_H

#include "base/buf.h"
#include "base/map.h"
#include "series/catalog.h"

/* More values of a label are counted, but not kept. */
#define DM_INDEX_VALUES_MAX 10000

/** A label and the values that it has. */
struct dm_index_label {
	char *name;
	struct dm_map values; /* char * by its text */
	bool more;	      /* there are more */
};

/** The labels of a metric. {0} is empty. */
struct dm_index {
	struct dm_map labels; /* struct dm_index_label by its name */
	struct dm_buf scratch;
};

void dm_index_release(struct dm_index *x);
#define DM_AUTO_INDEX DM_CLEANUP(dm_index_release)

/** Read the labels of a metric; of an empty name: of all. */
int dm_index_read(struct dm_index *x, const struct dm_catalog *catalog,
    struct dm_str metric, struct dm_err *err) DM_MUST_CHECK;

/** The texts of a map whose values are char *, sorted; free *ret. */
int dm_index_sorted(const struct dm_map *texts, const char ***ret,
    size_t *ret_n, struct dm_err *err) DM_MUST_CHECK;

/** Its labels' names, sorted; free *ret. */
int dm_index_names(const struct dm_index *x, const char ***ret, size_t *ret_n,
    struct dm_err *err) DM_MUST_CHECK;

#endif
