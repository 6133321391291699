/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_PROCEVENTS_H
#define DM_COLLECT_PROCEVENTS_H

#include "collect/connector.h"
#include "collect/lineage.h"

/*
 * The source `procevents`: what the kernel says of processes as it happens.
 * Who executes a program in a container is looked at at once.
 */

struct dm_procevents {
	int fd;
	struct dm_proc_looker looker;
	struct dm_disks disks;
	struct dm_lineage lineage;
	struct dm_event_gaps gaps;
	struct dm_buf target; /* labels of instance and job */
	struct dm_buf id;     /* of the event at hand */
	uint64_t events, lost;
	bool seed;	   /* look through /proc before the next event */
	int64_t seeded_ns; /* when that was last done */
	int64_t boot_us;   /* CLOCK_MONOTONIC's 0, since 1970 */
};

/**
 * Open a process's folder: -1 when it has ended.
 */
int dm_glance_open(const struct dm_procevents *w, pid_t pid);

/**
 * The container whose cgroup the process is in.
 * @ret  NULL: none, it is the host's
 * False when that can't be seen, or without memory.
 */
bool dm_glance_place(struct dm_procevents *w, const struct dm_collect *c,
    int dir, struct dm_origin **ret);

/** A process as it is right after it executed a program. */
struct dm_glance {
	struct dm_proc p; /* exe is the caller's to free */
	int foreign_exe;  /* as dm_proc_exe_is_foreign */
	unsigned disks;	  /* as dm_proc_given_disks */
	bool setup;	  /* a runtime's, that sets the container up */
	bool left;	  /* it was born in the container, and is elsewhere */
};

/** Look at it; all may be missing. @ret  p, foreign_exe and disks are set */
void dm_glance_take(
    struct dm_procevents *w, int dir, pid_t pid, struct dm_glance *ret);

/** Start an event's record about a process of a container: metrics follow. */
void dm_event_begin(struct dm_procevents *w, struct dm_buf *out,
    const struct dm_process_event *e, const struct dm_origin *o,
    uint64_t start);

/** The records of a program executed. */
void dm_event_exec(struct dm_procevents *w, struct dm_buf *out,
    const struct dm_process_event *e, const struct dm_origin *o,
    const struct dm_glance *g);

#endif
