/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_MOMENT_H
#define DM_QUERY_MOMENT_H

#include "base/buf.h"

/** A time that is asked for. */
struct dm_moment {
	bool from_end; /* us counts from the end of the data, mostly back */
	int64_t us;
};

/* The end of the data. */
#define DM_MOMENT_END ((struct dm_moment){.from_end = true})

/**
 * What people type: "end", "end-10m", or what dm_time_parse_moment takes.
 * @now_us  what "now" and "-10m" count from; cut to a whole second, so that
 *          steps from there are whole as well
 */
bool dm_moment_parse(
    struct dm_str s, int64_t now_us, struct dm_moment *ret) DM_MUST_CHECK;

/** Add it as it can be parsed again. */
void dm_moment_print(struct dm_buf *b, const struct dm_moment *m);

/** When that is. */
int64_t dm_moment_at(const struct dm_moment *m, int64_t end_us);

/**
 * The step of a range so long, so that there are about `points` steps: a
 * round one, of 1, 2, 5, 10, 15, 30 seconds, minutes, …
 */
int64_t dm_step_for(int64_t range_us, unsigned points);

/** Add a duration as Prometheus writes it: 1h30m. us >= 0 */
void dm_duration_print(struct dm_buf *b, int64_t us);

#endif
