/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_TICK_H
#define DM_COLLECT_TICK_H

#include <stdint.h>

/**
 * A steady tick at the multiples of an interval since 1970, which does not
 * drift. Set interval_us, the rest to 0.
 */
struct dm_tick {
	int64_t interval_us;
	int64_t ts_us;	 /* this tick's; 0: none yet */
	uint64_t missed; /* ticks left out because the time was over */
};

/**
 * The next tick as the clock stands.
 * @now_us  by the wall clock
 * Returns 0 when it is due: ts_us and missed are set; else the time left
 * until then.
 */
int64_t dm_tick_next(struct dm_tick *t, int64_t now_us);

#endif
