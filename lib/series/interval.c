/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "series/interval.h"

#include "series/series.h"

/* a + b, or the end of time. */
static int64_t later(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

struct dm_interval dm_selector_interval(
    const struct dm_selector *s, int64_t start_us, int64_t end_us)
{
	if (s->is_fixed)
		return (struct dm_interval){
		    .from_us = later(s->from_us, -DM_LOOKBACK_US),
		    .to_us = s->to_us,
		};
	return (struct dm_interval){
	    .from_us = later(later(start_us, -s->reach_us), -DM_LOOKBACK_US),
	    .to_us = later(end_us, s->ahead_us),
	};
}

struct dm_interval dm_interval_span(struct dm_interval a, struct dm_interval b)
{
	if (a.from_us >= a.to_us)
		return b;
	if (b.from_us >= b.to_us)
		return a;
	return (struct dm_interval){
	    .from_us = a.from_us < b.from_us ? a.from_us : b.from_us,
	    .to_us = a.to_us > b.to_us ? a.to_us : b.to_us,
	};
}
