/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/human.h"

#include <math.h>

#include "base/num.h"
#include "base/time.h"

enum dm_unit dm_unit_of(struct dm_str metric)
{
	if (dm_str_ends(metric, "_total"))
		metric.n -= strlen("_total");
	if (dm_str_ends(metric, "_bytes"))
		return DM_UNIT_BYTES;
	if (dm_str_ends(metric, "_time_seconds") ||
	    dm_str_ends(metric, "_timestamp_seconds"))
		return DM_UNIT_TIME;
	if (dm_str_ends(metric, "_seconds"))
		return DM_UNIT_SECONDS;
	if (dm_str_ends(metric, "_ratio"))
		return DM_UNIT_RATIO;
	return DM_UNIT_NONE;
}

void dm_exact_add(struct dm_buf *b, double v)
{
	if (isnan(v))
		dm_buf_add_cstr(b, "NaN");
	else if (isinf(v))
		dm_buf_add_cstr(b, v > 0 ? "+Inf" : "-Inf");
	else
		dm_num_add(b, v);
}

/* With a prefix, where it is beyond the base. */
static void add_scaled(struct dm_buf *b, double v, double base,
    const char *const *prefixes, size_t n, int digits)
{
	size_t i = 0;

	/* What would be written as 1000 of one is 1 of the next. */
	while (i + 1 < n && fabs(v) >= base * 0.99995) {
		v /= base;
		i++;
	}
	dm_buf_addf(b, "%.*g%s", digits, v, prefixes[i]);
}

/* Two parts, the greatest two: 2d3h, 5m0s. */
static void add_clock(struct dm_buf *b, double v)
{
	static const struct {
		int64_t s;
		char letter;
	} parts[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	int64_t s = llround(fabs(v));
	size_t i = 0;

	while (s < parts[i].s)
		i++;
	if (v < 0)
		dm_buf_add_char(b, '-');
	dm_buf_addf(b, "%lld%c%lld%c", (long long)(s / parts[i].s),
	    parts[i].letter, (long long)(s % parts[i].s / parts[i + 1].s),
	    parts[i + 1].letter);
}

static void add_seconds(struct dm_buf *b, double v, int digits)
{
	static const char *const units[] = {"s", "ms", "us", "ns"};
	size_t i = 0;

	if (fabs(v) >= 60 && fabs(v) < 1e10 && digits <= DM_HUMAN_DIGITS) {
		add_clock(b, v);
		return;
	}
	while (i + 1 < DM_COUNT(units) && v != 0 && fabs(v) < 0.99995) {
		v *= 1000;
		i++;
	}
	dm_buf_addf(b, "%.*g%s", digits, v, units[i]);
}

static void add_time(struct dm_buf *b, double v)
{
	int64_t us;

	if (dm_time_from_seconds(v, &us))
		dm_time_add_rfc3339(b, us - us % DM_US_PER_S);
	else
		dm_exact_add(b, v);
}

void dm_human_add(struct dm_buf *b, double v, enum dm_unit unit, int digits)
{
	static const char *const binary[] = {
	    "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	static const char *const decimal[] = {"", "k", "M", "G", "T", "P", "E"};

	if (!isfinite(v))
		dm_exact_add(b, v);
	else if (unit == DM_UNIT_BYTES)
		add_scaled(b, v, 1024, binary, DM_COUNT(binary), digits);
	else if (unit == DM_UNIT_SECONDS)
		add_seconds(b, v, digits);
	else if (unit == DM_UNIT_RATIO)
		dm_buf_addf(b, "%.*g%%", digits, v * 100);
	else if (unit == DM_UNIT_TIME)
		add_time(b, v);
	else
		add_scaled(b, v, 1000, decimal, DM_COUNT(decimal), digits);
}

/* The least of the factors times a power of the base that is not below. */
static double round_up(
    double least, double base, const double *factors, size_t n)
{
	double power = pow(base, floor(log(least) / log(base)));

	for (int more = 0; more < 2; more++) {
		for (size_t i = 0; i < n; i++) {
			if (factors[i] * power >= least * (1 - 1e-12))
				return factors[i] * power;
		}
		power *= base;
	}
	return power;
}

double dm_tick_step(double low, double high, unsigned most, enum dm_unit unit)
{
	static const double decimal[] = {1, 2, 5};
	static const double binary[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
	static const double clock[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600,
	    900, 1800, 3600, 7200, 10800, 21600, 43200, 86400};
	/* Half of each first: the difference may be beyond the doubles. */
	double least = high / most - low / most;

	if (unit == DM_UNIT_BYTES && least >= 1)
		return round_up(least, 1024, binary, DM_COUNT(binary));
	if (unit == DM_UNIT_SECONDS && least >= 1) {
		for (size_t i = 0; i < DM_COUNT(clock); i++) {
			if (clock[i] >= least)
				return clock[i];
		}
		return 86400 *
		       round_up(least / 86400, 10, decimal, DM_COUNT(decimal));
	}
	return round_up(least, 10, decimal, DM_COUNT(decimal));
}
