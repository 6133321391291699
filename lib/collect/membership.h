/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_MEMBERSHIP_H
#define DM_COLLECT_MEMBERSHIP_H

#include "base/buf.h"

/*
 * Which container a process is in, by the text of its /proc/PID/cgroup.
 * Pure functions. Format: cgroups(7).
 */

/**
 * The process's path in one hierarchy.
 * @v2  the unified one; else that of the v1 controller cpuacct
 * False where the text does not have it. Lies in the text.
 */
bool dm_membership_path(struct dm_str text, bool v2, struct dm_str *ret);

/**
 * The innermost container that a cgroup lies in.
 * @ret_id      gets the container's id, as dm_container's
 * @ret_cgroup  its own cgroup, which begins `path`
 * False where it lies in none.
 */
bool dm_membership_container(
    struct dm_str path, struct dm_buf *ret_id, struct dm_str *ret_cgroup);

/**
 * In how many hierarchies it is in that cgroup or below it: v1 has several, of
 * which a process may have left some only.
 */
unsigned dm_membership_hierarchies(struct dm_str text, struct dm_str cgroup);

#endif
