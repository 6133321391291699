/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_UNATTRIBUTED_H
#define DM_COLLECT_UNATTRIBUTED_H

#include "collect/discover.h"

/**
 * What a folder of containers counted, and no container that was seen
 * accounts for: of those that lived and died between two sweeps, of the
 * last moments of those that ended, and of whatever else is in the folder.
 * The folder's counters include those of its children, and keep what the
 * children that are gone have used.
 */
struct dm_unattributed {
	struct dm_folder *folders;
};

/** One folder; see dm_unattributed_join. */
struct dm_folder {
	struct dm_folder *next;
	char *path;
	int fd, events_fd; /* -1: none */
	bool v2;
	uint64_t since;			  /* the sweep it was first seen in */
	uint64_t cpu_ns, oom;		  /* as read in this sweep */
	uint64_t cpu0_ns, oom0;		  /* as read in the first */
	uint64_t cpu_known_ns, oom_known; /* accounted for since the first */
	uint64_t cpu_rest_ns, oom_rest;	  /* the rest, which never falls */
	unsigned containers;
};

/** What a container was last seen to have used. */
struct dm_share {
	struct dm_folder *folder; /* NULL: none */
	bool seen;
	uint64_t cpu_ns, oom;
};

/** Read all folders; before any of their containers is. */
void dm_unattributed_begin(struct dm_unattributed *u);

/** A container has come: find its folder. */
int dm_unattributed_join(struct dm_unattributed *u, const struct dm_collect *c,
    const struct dm_container *container, struct dm_share *share,
    struct dm_err *err) DM_MUST_CHECK;
void dm_unattributed_leave(struct dm_share *share);

/** A container's counters as read in this sweep. */
void dm_unattributed_account(const struct dm_collect *c, struct dm_share *share,
    uint64_t cpu_ns, uint64_t oom);

/** Write the rows. */
void dm_unattributed_rows(struct dm_unattributed *u, struct dm_part *part);

void dm_unattributed_release(struct dm_unattributed *u);

#endif
