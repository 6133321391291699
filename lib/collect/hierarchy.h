/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_HIERARCHY_H
#define DM_COLLECT_HIERARCHY_H

#include "base/buf.h"
#include "collect/discover.h"

/** A mounted tree of cgroups. */
struct dm_hierarchy {
	char *path; /* /sys/fs/cgroup/cpu,cpuacct */
	int fd;	    /* of the folder */
	bool v2;
	unsigned controllers; /* a bit for each enum dm_controller */
};

#define DM_HIERARCHIES_MAX 16

/** What is mounted below <sysfs>/fs/cgroup: v1, v2 or the mixed layout. */
struct dm_hierarchies {
	struct dm_hierarchy list[DM_HIERARCHIES_MAX];
	unsigned n;
	unsigned lead;			/* the one whose tree is walked */
	signed char of[DM_CONTROLLERS]; /* index in list; -1: none */
};

/** Returns DM_ENODATA where no hierarchy is mounted. */
int dm_hierarchies_init(struct dm_hierarchies *h, const char *sysfs,
    struct dm_err *err) DM_MUST_CHECK;
void dm_hierarchies_release(struct dm_hierarchies *h);

/** The controllers that a folder's name says: "cpu,cpuacct". 0: none that
 * dmon reads. */
unsigned dm_hierarchy_controllers(struct dm_str name);

#endif
