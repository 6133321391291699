/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_PLACE_H
#define DM_COLLECT_PLACE_H

#include "collect/hierarchy.h"

/**
 * Where containers lie in a hierarchy that does not lead. An engine that is
 * itself in a cgroup of, say, the memory hierarchy puts its containers below
 * that one, and so their paths differ from one hierarchy to the other.
 * {0} is an empty one.
 */
struct dm_places {
	char **dirs; /* folders that hold containers, each once */
	size_t n, cap;
	char **prefixes; /* what stood before a path that was found by search */
	size_t n_prefixes;
	uint64_t searched; /* sweep of the last search, plus one */
};

void dm_places_release(struct dm_places *p);

/**
 * The folder in which a container lies, lent: "/docker", "" for the root.
 * @path    the container's path where it was found
 * @sweep   at most one search through the tree is made in a sweep
 * Returns 0; -1 with DM_ENODATA where it is not there, at least not yet, or
 * with DM_ENOMEM.
 */
int dm_places_find(struct dm_places *p, const struct dm_hierarchy *h,
    struct dm_str path, uint64_t sweep, const char **ret_dir,
    struct dm_err *err) DM_MUST_CHECK;

#endif
