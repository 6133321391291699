/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/tick.h"

#include "base/signals.h"
#include "base/time.h"

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

int dm_tick_wait(struct dm_tick *t, struct dm_err *err)
{
	int64_t left_us;

	while ((left_us = dm_tick_next(t, dm_time_now_us())) > 0) {
		int64_t deadline_ns = dm_time_mono_ns() + left_us * 1000;

		if (dm_signals_wait(-1, deadline_ns, err) < 0)
			return -1;
		if (dm_signals_stop())
			return 0;
	}
	return 0;
}
