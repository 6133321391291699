/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_CLEAN_HELD_H
#define DM_CLEAN_HELD_H

#include "clean/edit.h"
#include "clean/track.h"

/* Lines that wait until it is known what becomes of them, and those that have
 * come behind them. */

#define DM_HELD_BYTES_MAX (64u << 20)

struct dm_held_line {
	struct dm_held_line *next;
	uint64_t track;			/* its serial */
	struct dm_track_target *target; /* NULL: nothing of it can be open */
	uint64_t sweep;			/* of the target */
	int64_t ts_us;
	size_t n_open; /* edits that are */
	struct dm_edits edits;
	struct dm_str line;
	char bytes[];
};

/** {0} is empty. */
struct dm_held {
	struct dm_held_line *first, *last;
	size_t bytes;
};

void dm_held_release(struct dm_held *h, struct dm_tracks *tracks);

/** Put a line behind the others; takes the edits, which become empty.
 * @track  NULL: nobody's */
int dm_held_push(struct dm_held *h, struct dm_str line, int64_t ts_us,
    const struct dm_track *track, struct dm_edits *edits,
    struct dm_err *err) DM_MUST_CHECK;

/** What becomes of open edits. */
struct dm_settlement {
	bool take;	/* else the value stays as it was */
	bool has_value; /* on the line from (t0_us, v0) to (t1_us, v1) */
	double v0, v1;
	int64_t t0_us, t1_us;
};

/** Settle the open edits of a track's metric: of glitches, or all others. */
void dm_held_settle(struct dm_held *h, const struct dm_track *track,
    struct dm_str name, bool glitches, const struct dm_settlement *s);

/** The first line, if it need not wait any longer: nothing of it is open, more
 * than lag sweeps of its target have begun since, a minute is over, or there
 * are too many. */
struct dm_held_line *dm_held_ready(
    const struct dm_held *h, unsigned lag, int64_t now_us);

/** Let go of the first line. */
void dm_held_pop(struct dm_held *h, struct dm_tracks *tracks);

#endif
