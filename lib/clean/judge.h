/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_CLEAN_JUDGE_H
#define DM_CLEAN_JUDGE_H

#include "clean/edit.h"
#include "clean/range.h"
#include "clean/track.h"

/**
 * Can a series have this value? It is not taken in.
 * @limit  what it can be at most in this record; NaN: there is no limit
 * Returns the reason why it can't be, or DM_N_REASONS.
 */
enum dm_reason dm_judge_value(const struct dm_range *range,
    const struct dm_track_target *target, struct dm_track_series *s,
    double limit, double v, int64_t ts_us);

/** Take in a value that can be. */
void dm_judge_take(struct dm_track_series *s, double v, int64_t ts_us);

#endif
