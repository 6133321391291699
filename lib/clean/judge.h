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

enum dm_news_kind {
	DM_NEWS_NONE,
	DM_NEWS_FAR, /* it is far off; the next one will tell if it was alone */
	DM_NEWS_ALONE, /* the one before it was: a glitch */
	DM_NEWS_SHIFT, /* the one before it was not */
};

/** What a value that was taken in says of those before it. */
struct dm_news {
	enum dm_news_kind kind;
	bool has_last;
	double last; /* the one before it */
	int64_t last_us;
	double before; /* of DM_NEWS_ALONE: the one before that */
	int64_t before_us;
};

/**
 * Take in a value that can be.
 * Far off is what lies further from the median of the seven values before
 * than six deviations (by the median of the distances from it), half of the
 * median, and the range's floor: Hampel's identifier. Of a counter its rates
 * are meant; a glitch of it is one from which it returns to where it was.
 * Source: Davies, Gather: The identification of multiple outliers, 1993.
 */
struct dm_news dm_judge_take(const struct dm_range *range,
    struct dm_track_series *s, double v, int64_t ts_us);

#endif
