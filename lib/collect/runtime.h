/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_RUNTIME_H
#define DM_COLLECT_RUNTIME_H

#include "base/str.h"

/** What the name of a cgroup gives away. */
struct dm_runtime {
	const char *name; /* "docker", "podman", …; a constant */
	struct dm_str id; /* within the name that was given */
};

/**
 * Is this cgroup a container, and whose?
 * @parent  path of the folder it is in, below the hierarchy's root; "" for
 *          the root itself
 * @name    its own name
 * Returns false where it is none: a slice, a service, a pod, or a monitor
 * that runs beside a container (conmon, lxc.monitor).
 */
bool dm_runtime_of(
    struct dm_str parent, struct dm_str name, struct dm_runtime *ret);

#endif
