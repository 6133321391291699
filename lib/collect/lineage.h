/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_LINEAGE_H
#define DM_COLLECT_LINEAGE_H

#include "base/map.h"
#include "collect/proc.h"

/*
 * Whose child each process of this machine is: the container that it was born
 * in, which it keeps wherever it goes. A process that a runtime puts into a
 * container was born outside, and is the container's from when it has become
 * one of its own.
 */

/** What processes of a container have used that have ended. */
struct dm_exit_totals {
	uint64_t cpu_ns, lifetime_us, read_bytes, write_bytes;
	uint64_t signaled;	/* how many a signal ended */
	uint64_t max_rss_bytes; /* of one, since that was last told; 0: none */
};

/** A container, as events know it; also one that no sweep ever sees. */
struct dm_origin {
	char *id;			/* as dm_container's */
	char *cgroup;			/* its label `id` */
	struct dm_container *container; /* NULL: no sweep has it (yet) */
	/* What its first process had: as the proc source says or, before it
	 * has looked, by the first exec. May be unset. */
	struct dm_proc_base base;
	uint64_t forks, execs, exits, renames;
	struct dm_exit_totals gone;
	size_t refs; /* processes, and one while it has a container */
};

/** A process. */
struct dm_born {
	pid_t pid;
	uint8_t ended;		  /* 1 and more: it is only kept */
	bool listed;		  /* among those that have ended */
	unsigned hierarchies;	  /* of cgroups in which it was the origin's */
	struct dm_origin *origin; /* NULL: none, it is the host's */
	uint64_t start;		  /* ticks since boot; 0: not known */
	struct dm_born *next;	  /* that has ended */
};

/** {0} is an empty one. */
struct dm_lineage {
	struct dm_map by_pid; /* of struct dm_born */
	struct dm_map by_id;  /* of struct dm_origin */
	struct dm_born *ended;
};

void dm_lineage_release(struct dm_lineage *l);

/** Forget all processes; origins that sweeps have stay. */
void dm_lineage_forget(struct dm_lineage *l);

/** The container of that id, made when it is not there; NULL without
 * memory. */
struct dm_origin *dm_lineage_origin(
    struct dm_lineage *l, struct dm_str id, struct dm_str cgroup);

/** One use less: freed with the last. NULL is taken. */
void dm_lineage_unref(struct dm_lineage *l, struct dm_origin *o);

struct dm_born *dm_lineage_find(const struct dm_lineage *l, pid_t pid);

/** Add a process, in place of one with that pid. @origin  may be NULL.
 * Returns NULL without memory. */
struct dm_born *dm_lineage_add(
    struct dm_lineage *l, pid_t pid, struct dm_origin *origin);

/** It is another container's now, or no one's. */
void dm_lineage_move(
    struct dm_lineage *l, struct dm_born *b, struct dm_origin *origin);

/** It has ended; it is found until dm_lineage_bury has been called twice. */
void dm_lineage_end(struct dm_lineage *l, struct dm_born *b);
void dm_lineage_bury(struct dm_lineage *l);

#endif
