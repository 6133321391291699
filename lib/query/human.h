/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_HUMAN_H
#define DM_QUERY_HUMAN_H

#include "base/buf.h"

/* Numbers as people read them. */

enum dm_unit {
	DM_UNIT_NONE,
	DM_UNIT_BYTES,
	DM_UNIT_SECONDS,
	DM_UNIT_RATIO,
	DM_UNIT_TIME, /* seconds since 1970 */
};

/** What the end of a metric's name says: _bytes, _seconds, _ratio, with or
 * without _total. */
enum dm_unit dm_unit_of(struct dm_str metric);

/* Enough to compare by eye. */
#define DM_HUMAN_DIGITS 4

/** Add with so many significant digits: 1.5MiB, 2h3m, 98.83%, 1.2k. */
void dm_human_add(struct dm_buf *b, double v, enum dm_unit unit, int digits);

/** Add every digit, as Prometheus writes a sample: 0.25, 1e+21, NaN, +Inf. */
void dm_exact_add(struct dm_buf *b, double v);

/**
 * Where an axis has its marks: a round distance so that there are at most
 * `most` (> 1) from low to high. low < high, both finite.
 */
double dm_tick_step(double low, double high, unsigned most, enum dm_unit unit);

#endif
