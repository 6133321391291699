/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_AXIS_H
#define DM_QUERY_AXIS_H

#include "query/human.h"

#define DM_TICKS_MAX 64

/** Marks of an axis; texts in one buffer, without NULs. {0} is empty. */
struct dm_axis {
	double low, high; /* the axis's ends */
	struct dm_tick {
		double at; /* low to high */
		size_t text, n;
	} ticks[DM_TICKS_MAX];
	size_t n;
	struct dm_buf texts;
};

#define DM_AUTO_AXIS DM_CLEANUP(dm_axis_release)
void dm_axis_release(struct dm_axis *a);

struct dm_str dm_axis_text(const struct dm_axis *a, size_t tick);

/**
 * An axis of values from low to high, both finite; it may go beyond them, to
 * round ends.
 * @most  marks, about
 */
int dm_axis_of_values(struct dm_axis *a, double low, double high, unsigned most,
    enum dm_unit unit, struct dm_err *err) DM_MUST_CHECK;

/** An axis of times, in microseconds, with as many marks as fit into so many
 * columns: hours and minutes (UTC), seconds or days where they tell more. */
int dm_axis_of_times(struct dm_axis *a, int64_t from_us, int64_t to_us,
    size_t columns, struct dm_err *err) DM_MUST_CHECK;

#endif
