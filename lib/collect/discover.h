/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_DISCOVER_H
#define DM_COLLECT_DISCOVER_H

#include "collect/source.h"

/** What a container's files are sorted by; in cgroup v1 each may lie in a
 * hierarchy of its own. */
enum dm_controller {
	DM_CONTROLLER_CPU,
	DM_CONTROLLER_CPUACCT,
	DM_CONTROLLER_MEMORY,
	DM_CONTROLLER_IO,
	DM_CONTROLLER_PIDS,
	DM_CONTROLLER_HUGETLB,
	DM_CONTROLLER_PRESSURE, /* cgroup v2 only */
	DM_CONTROLLERS,
};

/**
 * Finds containers by their cgroups. One hierarchy leads: the unified one,
 * or the one of cpuacct. Its tree is known, and in a sweep a folder is only
 * looked at: it is read again when its number of subfolders or its inode
 * has changed. In the other hierarchies a container is looked for under the
 * same path, under prefixes known by now, and at last by its id.
 */
struct dm_cgroups;

/**
 * @sysfs  cgroups are below its fs/cgroup
 * Returns DM_ENODATA where no hierarchy is mounted.
 */
int dm_cgroups_new(const char *sysfs, struct dm_cgroups **ret,
    struct dm_err *err) DM_MUST_CHECK;
void dm_cgroups_free(struct dm_cgroups *g);

/** Called before a container that has gone is freed. */
typedef void (*dm_cgroups_gone_fn)(void *ctx, struct dm_container *c);

/**
 * Look for what has come and gone, and read each container's processes.
 * @c  gets containers and n_containers, in the order of their paths; its
 *     sweep and warn are used
 */
int dm_cgroups_scan(struct dm_cgroups *g, struct dm_collect *c,
    dm_cgroups_gone_fn gone, void *ctx, struct dm_err *err) DM_MUST_CHECK;

/**
 * Descriptors are numbered from the lowest that is free: who keeps one open
 * that could be opened again does so below this number, so that there are
 * always some for what has to be opened.
 */
int dm_cgroups_highest_fd(void);

/** The container with this id, or NULL. */
struct dm_container *dm_cgroups_find(
    const struct dm_cgroups *g, struct dm_str id);

/** Is this controller's hierarchy cgroup v2? */
bool dm_cgroups_v2(const struct dm_cgroups *g, enum dm_controller controller);

/**
 * Open a file of a container for reading.
 * Returns the descriptor, or -1 with DM_ENODATA where there is no such
 * controller, container or file.
 */
int dm_cgroups_open(const struct dm_cgroups *g, const struct dm_container *c,
    enum dm_controller controller, const char *file,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * As dm_cgroups_open, for the folder that a container lies in, which must not
 * be the root nor within another container.
 * @ret_path  its path, lent
 */
int dm_cgroups_open_parent(const struct dm_cgroups *g,
    const struct dm_container *c, enum dm_controller controller,
    const char *file, struct dm_str *ret_path,
    struct dm_err *err) DM_MUST_CHECK;

/** When the container's cgroup was made, as far as its folder says; 0: not
 * known. */
int64_t dm_cgroups_made_us(
    const struct dm_cgroups *g, const struct dm_container *c);

#endif
