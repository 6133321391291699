/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_CGROUP_METRICS_H
#define DM_COLLECT_CGROUP_METRICS_H

#include "collect/cgroup_parse.h"
#include "collect/discover.h"

#define DM_CGROUP_DEVICES_MAX 32

/** What the files of one container say while they are read, one after the
 * other: some values need two files. */
struct dm_cgroup_look {
	struct dm_part *part;
	uint64_t usage_bytes; /* UINT64_MAX: not known */
	uint64_t cpu_ns;      /* UINT64_MAX: not known */
	uint64_t oom_kills;
	struct dm_cgroup_io io[DM_CGROUP_DEVICES_MAX];
	unsigned n_io;
};

/** A file and what becomes of its text. */
struct dm_cgroup_file {
	enum dm_controller controller;
	bool v2;
	/* A limit, or what changes slowly: the first to be read more seldom
	 * where descriptors are too few. */
	bool slow;
	const char *name;
	const char *other; /* on other kernels; or NULL */
	void (*add)(struct dm_cgroup_look *look, struct dm_str text);
};

/** All files, in the order in which they must be read. */
extern const struct dm_cgroup_file dm_cgroup_files[];
extern const unsigned dm_cgroup_n_files;

#endif
