/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/axis.h"

#include <math.h>

#include "base/time.h"
#include "query/moment.h"

#define DAY_US (86400 * DM_US_PER_S)

void dm_axis_release(struct dm_axis *a)
{
	dm_buf_release(&a->texts);
}

struct dm_str dm_axis_text(const struct dm_axis *a, size_t tick)
{
	return (struct dm_str){
	    a->texts.p + a->ticks[tick].text, a->ticks[tick].n};
}

static void begin_tick(struct dm_axis *a, double at)
{
	a->ticks[a->n].at = at;
	a->ticks[a->n].text = a->texts.n;
}

static void end_tick(struct dm_axis *a)
{
	a->ticks[a->n].n = a->texts.n - a->ticks[a->n].text;
	a->n++;
}

/* So many that neighbours differ. */
static int digits_for(double low, double high, double step)
{
	double most = fmax(fabs(low), fabs(high));
	int digits = (int)ceil(log10(most / step)) + 1;

	if (digits < DM_HUMAN_DIGITS)
		return DM_HUMAN_DIGITS;
	return digits > 17 ? 17 : digits;
}

/* A value that does not change stands between zero and itself; and zero is
 * on the axis where it is nearer to the values than they are apart. */
static void widen(double *low, double *high)
{
	if (*low == *high) {
		if (*low == 0)
			*high = 1;
		else if (*low > 0)
			*low = 0;
		else
			*high = 0;
	}
	if (*low > 0 && *low < *high / 2)
		*low = 0;
	if (*high < 0 && *high > *low / 2)
		*high = 0;
}

int dm_axis_of_values(struct dm_axis *a, double low, double high, unsigned most,
    enum dm_unit unit, struct dm_err *err)
{
	double step, first, last;
	int digits;

	if (unit == DM_UNIT_TIME)
		unit = DM_UNIT_NONE; /* whole dates would not fit */
	widen(&low, &high);
	step = dm_tick_step(low, high, most, unit);
	first = floor(low / step);
	last = ceil(high / step);
	if (!(step > 0) || !(last - first < DM_TICKS_MAX) ||
	    !isfinite(first * step) || !isfinite(last * step)) {
		/* At the end of the doubles; ends without marks between. */
		first = 0;
		last = 1;
		step = fmax(fabs(low), fabs(high));
	}
	a->low = fmin(first * step, low);
	a->high = fmax(last * step, high);
	digits = digits_for(a->low, a->high, step);
	for (double k = first; k <= last; k++) {
		begin_tick(a, k * step);
		dm_human_add(&a->texts, k * step, unit, digits);
		end_tick(a);
	}
	return dm_buf_ok(&a->texts, err);
}

static int64_t floor_to(int64_t us, int64_t step_us)
{
	int64_t rest = us % step_us;

	return us - (rest < 0 ? rest + step_us : rest);
}

/* A part of "2026-11-24T06:54:06Z". */
static void add_time(struct dm_buf *b, int64_t us, int64_t step_us)
{
	DM_AUTO_BUF struct dm_buf text = {0};

	dm_time_add_rfc3339(&text, us);
	if (text.n < 19)
		return;
	if (step_us >= DAY_US)
		dm_buf_add(b, text.p + 5, 5);
	else
		dm_buf_add(
		    b, text.p + 11, step_us % (60 * DM_US_PER_S) ? 8 : 5);
}

int dm_axis_of_times(struct dm_axis *a, int64_t from_us, int64_t to_us,
    size_t columns, struct dm_err *err)
{
	/* The longest is 8 columns. */
	unsigned most = columns > 24 ? (unsigned)(columns / 12) : 2;
	int64_t step_us, at;

	if (most > DM_TICKS_MAX - 2)
		most = DM_TICKS_MAX - 2;
	step_us = dm_step_for(to_us - from_us, most);
	a->low = (double)from_us;
	a->high = (double)to_us;
	at = floor_to(from_us, step_us);
	if (at < from_us)
		at += step_us;
	while (at <= to_us && a->n < DM_TICKS_MAX) {
		begin_tick(a, (double)at);
		add_time(&a->texts, at, step_us);
		end_tick(a);
		if (to_us - at < step_us)
			break;
		at += step_us;
	}
	return dm_buf_ok(&a->texts, err);
}
