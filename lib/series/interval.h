/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_SERIES_INTERVAL_H
#define DM_SERIES_INTERVAL_H

#include "series/matcher.h"

/** A part of time: from_us < t <= to_us. */
struct dm_interval {
	int64_t from_us, to_us;
};

/* Records that come late by more than this are taken for timely ones where a
 * query does not reach to the records that they are late behind. */
#define DM_LATE_US (60 * INT64_C(1000000))

/** What a selector can look at in evaluations from start_us to end_us. */
struct dm_interval dm_selector_interval(
    const struct dm_selector *s, int64_t start_us, int64_t end_us);

/** From the first to the last of both; one that is empty (from_us >= to_us)
 * adds nothing. */
struct dm_interval dm_interval_span(struct dm_interval a, struct dm_interval b);

static inline bool dm_interval_has(const struct dm_interval *i, int64_t t_us)
{
	return t_us > i->from_us && t_us <= i->to_us;
}

#endif
