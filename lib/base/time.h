/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_TIME_H
#define DM_BASE_TIME_H

#include "base/buf.h"

/* Times are microseconds since 1970, as int64_t: `_us`. */
#define DM_US_PER_S INT64_C(1000000)
/* The year 10000: a record's ts lies before it. */
#define DM_TIME_END_US (INT64_C(253402300800) * DM_US_PER_S)

/** The wall clock. */
int64_t dm_time_now_us(void);

/** A clock that never steps, in nanoseconds since an unknown moment. */
int64_t dm_time_mono_ns(void);

/** A record's ts, in seconds, to microseconds, halves away from zero.
 * False beyond years 0 to 9999 or when not finite. */
bool dm_time_from_seconds(double seconds, int64_t *ret_us);

/** Add as seconds, without trailing zeros: 1795476513.12 */
void dm_time_add_seconds(struct dm_buf *b, int64_t us);

/** Add as RFC 3339 in UTC, to the microsecond where it is not whole:
 * 2026-11-24T06:54:06.12Z */
void dm_time_add_rfc3339(struct dm_buf *b, int64_t us);

/** RFC 3339 with a zone (Z, +hh:mm). The whole of s. */
bool dm_time_parse_rfc3339(struct dm_str s, int64_t *ret_us);

/**
 * A duration as Prometheus writes it: 5m, 1h30m, 100ms, 30d, 1w, 1y (365
 * days), 0; units in falling order, each at most once. The whole of s.
 */
#define DM_DURATION_MAX_US (INT64_MAX / 1000) /* Prometheus's: 2^63 ns */
bool dm_time_parse_duration(struct dm_str s, int64_t *ret_us);

/**
 * A moment as people type it: "now", a duration before now ("-1h"), Unix
 * seconds ("1795476513.12"), or a date and a time as RFC 3339 has them, of
 * which the zone (then it is UTC), the seconds and the time may be missing:
 * "2026-11-24T09:25:00Z", "2026-11-24 09:25", "2026-11-24".
 */
bool dm_time_parse_moment(struct dm_str s, int64_t now_us, int64_t *ret_us);

#endif
