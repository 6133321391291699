/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/tick.h"

int64_t dm_tick_next(struct dm_tick *t, int64_t now_us)
{
	int64_t last = now_us - now_us % t->interval_us;

	/* The first; or the clock has been set back: begin anew. */
	if (t->ts_us == 0 || last < t->ts_us - t->interval_us) {
		t->ts_us = last;
		return last + t->interval_us - now_us;
	}
	if (last <= t->ts_us)
		return t->ts_us + t->interval_us - now_us;
	/* last is due, and those between it and the last one are too late. */
	t->missed += (uint64_t)((last - t->ts_us) / t->interval_us) - 1;
	t->ts_us = last;
	return 0;
}
