/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "clean/judge.h"

#include <math.h>

/* Linux counts none beyond. Source: CONFIG_NR_CPUS_RANGE_END of x86. */
#define CPUS_MAX 8192
/* Counters are read at other moments than the sweep's, and what the kernel
 * adds up it adds late (pressure: every two seconds). */
#define LATE_S 5.0
/* What a host has may change while it runs, and is read at another moment. */
#define MEMORY_MARGIN 1.125

static double seconds(int64_t us)
{
	return (double)us / 1e6;
}

/* Can a counter grow by so much in that time? */
static bool can_grow(const struct dm_range *range,
    const struct dm_track_target *target, double by, double in_s)
{
	double rate = range->rate_max;

	if (rate == 0)
		return true;
	if (range->of == DM_RANGE_OF_CPUS)
		rate *= target->n_cpus ? target->n_cpus : CPUS_MAX;
	return by <= rate * (2 * in_s + LATE_S);
}

/* A counter that has come to another place and stays there was set, or this
 * is another one: the second value says so. */
static bool is_grown_too_far(const struct dm_range *range,
    const struct dm_track_target *target, struct dm_track_series *s, double v,
    int64_t ts_us)
{
	double since_s = seconds(ts_us - s->last_us);

	if (!s->has_last || ts_us <= s->last_us || v <= s->last ||
	    can_grow(range, target, v - s->last, since_s))
		return false;
	if (s->rejected && v >= s->other &&
	    can_grow(range, target, v - s->other, since_s - s->other_s))
		return false;
	s->rejected = true;
	s->suspect = false;
	s->other = v;
	s->other_s = (float)since_s;
	return true;
}

enum dm_reason dm_judge_value(const struct dm_range *range,
    const struct dm_track_target *target, struct dm_track_series *s,
    double limit, double v, int64_t ts_us)
{
	if (range->type == DM_RANGE_NONE)
		return DM_N_REASONS;
	if (!(v >= 0) || isinf(v) || (range->max > 0 && v > range->max))
		return DM_REASON_RANGE;
	if (v > limit ||
	    (range->of == DM_RANGE_OF_MEMORY && target->memory_bytes > 0 &&
		v > target->memory_bytes * MEMORY_MARGIN))
		return DM_REASON_LIMIT;
	if (range->type == DM_RANGE_COUNTER &&
	    is_grown_too_far(range, target, s, v, ts_us))
		return DM_REASON_RATE;
	return DM_N_REASONS;
}

void dm_judge_take(struct dm_track_series *s, double v, int64_t ts_us)
{
	s->rejected = false;
	s->has_last = true;
	s->last = v;
	s->last_us = ts_us;
}
