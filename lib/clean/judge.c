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

/* In order; there are few. */
static void sort(float *p, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		float x = p[i];
		unsigned k = i;

		for (; k > 0 && p[k - 1] > x; k--)
			p[k] = p[k - 1];
		p[k] = x;
	}
}

static bool is_between(const struct dm_track_series *s, float x)
{
	float least = s->window[0], most = s->window[0];

	for (unsigned i = 1; i < DM_TRACK_WINDOW; i++) {
		least = s->window[i] < least ? s->window[i] : least;
		most = s->window[i] > most ? s->window[i] : most;
	}
	return x >= least && x <= most;
}

static float as_float(double x)
{
	return (float)fmin(fmax(x, -3e38), 3e38);
}

static bool is_far(
    const struct dm_range *range, const struct dm_track_series *s, double v)
{
	float sorted[DM_TRACK_WINDOW], x = as_float(v), median;
	double scale;

	if (s->n < DM_TRACK_WINDOW || is_between(s, x))
		return false;
	memcpy(sorted, s->window, sizeof(sorted));
	sort(sorted, DM_TRACK_WINDOW);
	median = sorted[DM_TRACK_WINDOW / 2];
	for (unsigned i = 0; i < DM_TRACK_WINDOW; i++)
		sorted[i] = fabsf(sorted[i] - median);
	sort(sorted, DM_TRACK_WINDOW);
	/* The deviation of a normal distribution is so much of it. */
	scale = 6 * 1.4826 * (double)sorted[DM_TRACK_WINDOW / 2];
	scale = fmax(scale, fabs((double)median) / 2);
	return fabs((double)x - (double)median) > fmax(scale, range->floor);
}

static void remember(struct dm_track_series *s, double x)
{
	s->window[s->at] = as_float(x);
	s->at = (uint8_t)((s->at + 1) % DM_TRACK_WINDOW);
	if (s->n < DM_TRACK_WINDOW)
		s->n++;
}

static double rate(double from, double to, int64_t us)
{
	return (to - from) / seconds(us);
}

/* The last value was far off. Does this one take up where it had been? */
static bool was_alone(const struct dm_range *range,
    const struct dm_track_series *s, double v, int64_t ts_us)
{
	double since_s = seconds(ts_us - s->last_us);
	double from;

	if (range->type != DM_RANGE_COUNTER)
		return !is_far(range, s, v);
	/* It never falls but when it begins anew, from 0. */
	if (v < s->other || (s->last >= s->other && v >= s->last))
		return false;
	from = s->last < s->other ? s->last : 0;
	return is_far(range, s, (v - from) / since_s) &&
	       !is_far(range, s, (v - s->other) / (since_s + s->other_s));
}

/* What is looked at: the value, or a counter's rate. */
static bool is_odd(const struct dm_range *range,
    const struct dm_track_series *s, double v, int64_t ts_us, double *ret_x)
{
	*ret_x = v;
	if (range->type != DM_RANGE_COUNTER)
		return is_far(range, s, v);
	*ret_x = rate(s->last, v, ts_us - s->last_us);
	return s->n == DM_TRACK_WINDOW &&
	       (v < s->last || is_far(range, s, *ret_x));
}

static enum dm_news_kind look(const struct dm_range *range,
    struct dm_track_series *s, double v, int64_t ts_us, struct dm_news *news)
{
	bool alone;
	double x;

	if (s->suspect) {
		s->suspect = false;
		news->before = s->other;
		news->before_us =
		    s->last_us - (int64_t)((double)s->other_s * 1e6);
		alone = was_alone(range, s, v, ts_us);
		s->n = s->at = 0; /* what is usual has to be learnt again */
		return alone ? DM_NEWS_ALONE : DM_NEWS_SHIFT;
	}
	if (is_odd(range, s, v, ts_us, &x)) {
		s->suspect = true;
		s->other = s->last;
		s->other_s = (float)seconds(ts_us - s->last_us);
		return DM_NEWS_FAR;
	}
	if (range->type != DM_RANGE_COUNTER || v >= s->last)
		remember(s, x);
	return DM_NEWS_NONE;
}

struct dm_news dm_judge_take(const struct dm_range *range,
    struct dm_track_series *s, double v, int64_t ts_us)
{
	struct dm_news news = {
	    .has_last = s->has_last, .last = s->last, .last_us = s->last_us};

	s->rejected = false;
	if (range->type == DM_RANGE_NONE)
		news.kind = DM_NEWS_NONE;
	else if (s->has_last && ts_us > s->last_us)
		news.kind = look(range, s, v, ts_us, &news);
	else
		s->suspect = false;
	s->has_last = true;
	s->last = v;
	s->last_us = ts_us;
	return news;
}
