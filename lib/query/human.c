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
    const char *const *prefixes, size_t n)
{
	size_t i = 0;

	/* What would be written as 1000 of one is 1 of the next. */
	while (i + 1 < n && fabs(v) >= base * 0.99995) {
		v /= base;
		i++;
	}
	dm_buf_addf(b, "%.4g%s", v, prefixes[i]);
}

static void add_seconds(struct dm_buf *b, double v)
{
	static const char *const below[] = {"ns", "us", "ms"};
	size_t i = DM_COUNT(below);

	if (fabs(v) >= 60 && fabs(v) < 1e10) {
		int64_t s = llround(fabs(v));

		/* Two parts say enough: 2d3h rather than 2d3h4m5s. */
		if (s >= 86400)
			s -= s % 3600;
		else if (s >= 3600)
			s -= s % 60;
		if (v < 0)
			dm_buf_add_char(b, '-');
		for (int64_t part = 86400; part;
		     part = part == 86400 ? 3600 : part / 60) {
			static const char letters[] = "smhd";
			int which = part == 86400  ? 3
				    : part == 3600 ? 2
				    : part == 60   ? 1
						   : 0;

			if (s >= part)
				dm_buf_addf(b, "%lld%c", (long long)(s / part),
				    letters[which]);
			s %= part;
		}
		return;
	}
	while (i && v != 0 && fabs(v) < 0.99995) {
		v *= 1000;
		i--;
	}
	dm_buf_addf(b, "%.4g%s", v, i < DM_COUNT(below) ? below[i] : "s");
}

void dm_human_add(struct dm_buf *b, double v, enum dm_unit unit)
{
	static const char *const binary[] = {
	    "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	static const char *const decimal[] = {"", "k", "M", "G", "T", "P", "E"};
	int64_t us;

	if (!isfinite(v)) {
		dm_exact_add(b, v);
		return;
	}
	switch (unit) {
	case DM_UNIT_BYTES:
		add_scaled(b, v, 1024, binary, DM_COUNT(binary));
		break;
	case DM_UNIT_SECONDS:
		add_seconds(b, v);
		break;
	case DM_UNIT_RATIO:
		dm_buf_addf(b, "%.4g%%", v * 100);
		break;
	case DM_UNIT_TIME:
		if (dm_time_from_seconds(v, &us))
			dm_time_add_rfc3339(b, us - us % DM_US_PER_S);
		else
			dm_exact_add(b, v);
		break;
	case DM_UNIT_NONE:
		add_scaled(b, v, 1000, decimal, DM_COUNT(decimal));
		break;
	}
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
