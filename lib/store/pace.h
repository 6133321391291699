/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_STORE_PACE_H
#define DM_STORE_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * When each record of a replay is due, where several hosts' clocks, or one
 * that was set, are mixed in one stream: a record that steps back comes at
 * once, and one that steps forth to where another clock had been waits from
 * there, not for all that lies between.
 */

#define DM_PACE_CLOCKS 16

struct dm_pace_clock {
	int64_t first_us, last_us; /* what has been replayed by it */
	int64_t due_ns;		   /* when last_us was */
};

struct dm_pace {
	double speed; /* set by the caller; > 0 */
	/* its own: */
	struct dm_pace_clock clocks[DM_PACE_CLOCKS]; /* the last one first */
	size_t n;
};

/**
 * When the next record is due, on the clock that now_ns is read from; never
 * before the record before it. The first one is due at now_ns.
 */
int64_t dm_pace_due_ns(struct dm_pace *p, int64_t ts_us, int64_t now_ns);

#endif
