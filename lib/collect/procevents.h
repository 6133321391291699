/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_PROCEVENTS_H
#define DM_COLLECT_PROCEVENTS_H

#include "collect/connector.h"
#include "collect/lineage.h"
#include "collect/taskstats.h"

/*
 * The source `procevents`: what the kernel says of processes as it happens.
 * Who executes a program in a container is looked at at once.
 */

struct dm_procevents {
	struct dm_connector connector;
	struct dm_taskstats exits;
	size_t waiting;	  /* exits that have not been settled */
	int64_t swept_us; /* the sweep of which that was last done */
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

/** Where a process is. */
struct dm_place {
	struct dm_origin *origin; /* NULL: in no container, it is the host's */
	unsigned hierarchies;	  /* of cgroups, in which it is there */
	unsigned kept;		  /* in which it is in the one asked about */
};

/**
 * The container whose cgroup the process is in.
 * @of   another one, which it may have left in part; or NULL
 * False when that can't be seen, or without memory.
 */
bool dm_glance_place(struct dm_procevents *w, const struct dm_collect *c,
    pid_t pid, const struct dm_origin *of, struct dm_place *ret);

/** Is it there, and not ending? */
bool dm_glance_lives(struct dm_procevents *w, pid_t pid);

/** A process as it is right after it executed a program. */
struct dm_glance {
	struct dm_proc p; /* exe is the caller's to free */
	int foreign_exe;  /* as dm_proc_exe_is_foreign */
	unsigned disks;	  /* as dm_proc_given_disks */
	bool setup;	  /* a runtime's, that sets the container up */
	bool left; /* it was born in the container, and is elsewhere, or has
		    * left it in some hierarchies */
};

/** Look at it; all may be missing. @ret  p, foreign_exe and disks are set */
void dm_glance_take(struct dm_procevents *w, pid_t pid, struct dm_glance *ret);

/** Start an event's record about a process of a container: metrics follow. */
void dm_event_begin(struct dm_procevents *w, struct dm_buf *out,
    const struct dm_process_event *e, const struct dm_origin *o,
    uint64_t start);

/** The records of a program executed. */
void dm_event_exec(struct dm_procevents *w, struct dm_buf *out,
    const struct dm_process_event *e, const struct dm_origin *o,
    const struct dm_glance *g);

/** The records of a process that a signal ended. @is  or NULL */
void dm_event_signaled(struct dm_procevents *w, struct dm_buf *out,
    const struct dm_process_event *e, const struct dm_born *b,
    const struct dm_taskstat *is);

/* procevents-exit.c */

/** Where the kernel does not tell of exits, that is said. */
void dm_exits_open(struct dm_procevents *w, const struct dm_collect *c);

/** Of a process that has just ended; NULL where nothing is known. */
const struct dm_taskstat *dm_exits_find(
    struct dm_procevents *w, pid_t pid, struct dm_buf *out);

/** Add what has been heard of exits to their containers. */
void dm_exits_settle(struct dm_procevents *w, struct dm_buf *out);

/** A record of what was lost; the metrics' names. */
void dm_event_loss(struct dm_procevents *w, struct dm_buf *out, int64_t ts_us,
    const char *name, uint64_t n, uint64_t total);

#endif
