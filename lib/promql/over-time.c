/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "promql/kahan.h"
#include "promql/quantile.h"

/* More functions of a range vector, less used than those of range.c. The
 * order of the floating-point operations is Prometheus's.
 * Source: prometheus promql/functions.go. */

static bool fn_first(const struct dm_range *r, const double *args, double *ret)
{
	(void)args;
	*ret = r->p[0].v;
	return true;
}

static double seconds(const struct dm_sample *s)
{
	return (double)s->t_us / 1e6;
}

static bool fn_ts_of_first(
    const struct dm_range *r, const double *args, double *ret)
{
	(void)args;
	*ret = seconds(&r->p[0]);
	return true;
}

static bool fn_ts_of_last(
    const struct dm_range *r, const double *args, double *ret)
{
	(void)args;
	*ret = seconds(&r->last);
	return true;
}

/* The last of the greatest of sign * v. */
static const struct dm_sample *last_greatest(
    const struct dm_range *r, double sign)
{
	const struct dm_sample *best = r->p;

	for (size_t i = 0; i < r->n; i++) {
		if (sign * r->p[i].v >= sign * best->v || isnan(best->v))
			best = &r->p[i];
	}
	return best;
}

static bool fn_ts_of_max(
    const struct dm_range *r, const double *args, double *ret)
{
	(void)args;
	*ret = seconds(last_greatest(r, 1));
	return true;
}

static bool fn_ts_of_min(
    const struct dm_range *r, const double *args, double *ret)
{
	(void)args;
	*ret = seconds(last_greatest(r, -1));
	return true;
}

/* The median of distances from the median. */
static bool fn_mad(const struct dm_range *r, const double *args, double *ret)
{
	double median;

	(void)args;
	*ret = NAN;
	for (size_t i = 0; i < r->n; i++) {
		if (isnan(r->p[i].v))
			return true;
		r->scratch[i] = r->p[i].v;
	}
	median = dm_quantile(0.5, r->scratch, r->n);
	for (size_t i = 0; i < r->n; i++)
		r->scratch[i] = fabs(r->scratch[i] - median);
	*ret = dm_quantile(0.5, r->scratch, r->n);
	return true;
}

/* Source: https://en.wikipedia.org/wiki/Exponential_smoothing, Double
 * exponential smoothing (Holt linear). */
static bool fn_smooth(const struct dm_range *r, const double *args, double *ret)
{
	double smoothing = args[0], trend = args[1];
	double before = 0, level, slope, scaled;

	if (r->n < 2)
		return false;
	level = r->p[0].v;
	slope = r->p[1].v - r->p[0].v;
	for (size_t i = 1; i < r->n; i++) {
		scaled = smoothing * r->p[i].v;
		if (i > 1)
			slope = trend * (level - before) + (1 - trend) * slope;
		before = level;
		level = scaled + (1 - smoothing) * (level + slope);
	}
	*ret = level;
	return true;
}

static const char *wrong_factors(const double *args)
{
	if (!(args[0] > 0 && args[0] < 1))
		return "the smoothing factor must be between 0 and 1";
	if (!(args[1] > 0 && args[1] < 1))
		return "the trend factor must be between 0 and 1";
	return NULL;
}

/* The mean of two values, and what rounding has taken from it. */
static struct dm_kahan mean_of(double a, double b)
{
	struct dm_kahan k = {b, 0};

	dm_kahan_add(&k, a);
	if (isinf(k.sum) && !isinf(a) && !isinf(b)) {
		k = (struct dm_kahan){b / 2, 0};
		dm_kahan_add(&k, a / 2);
		return k;
	}
	k.sum /= 2;
	k.c /= 2;
	return k;
}

enum integral_rule {
	INTEGRAL_LEFT,
	INTEGRAL_RIGHT,
	INTEGRAL_TRAPEZOID,
};

static enum integral_rule rule_of(double v)
{
	return v == INTEGRAL_LEFT    ? INTEGRAL_LEFT
	       : v == INTEGRAL_RIGHT ? INTEGRAL_RIGHT
				     : INTEGRAL_TRAPEZOID;
}

/* Of values times seconds; a NaN counts as 0. */
static double integral(const struct dm_range *r, enum integral_rule rule)
{
	struct dm_kahan sum = {0, 0};

	for (size_t i = 1; i < r->n; i++) {
		double now = isnan(r->p[i].v) ? 0 : r->p[i].v;
		double before = isnan(r->p[i - 1].v) ? 0 : r->p[i - 1].v;
		double s = (double)(r->p[i].t_us - r->p[i - 1].t_us) / 1e6;
		struct dm_kahan v = {rule == INTEGRAL_LEFT ? before : now, 0};

		if (rule == INTEGRAL_TRAPEZOID)
			v = mean_of(now, before);
		if (v.sum == 0 && v.c == 0)
			continue;
		sum.c += v.c * s;
		dm_kahan_add(&sum, v.sum * s);
	}
	return isinf(sum.sum) ? sum.sum : sum.sum + sum.c;
}

static bool fn_integral(
    const struct dm_range *r, const double *args, double *ret)
{
	*ret = integral(r, rule_of(args[0]));
	return true;
}

#define RANGE(fn_name, letters, fn)                                            \
	{                                                                      \
		.name = (fn_name), .ret = DM_EXPR_VECTOR, .args = (letters),   \
		.range = (fn)                                                  \
	}

const struct dm_function dm_functions_over_time[] = {
    RANGE("ts_of_first_over_time", "r", fn_ts_of_first),
    RANGE("ts_of_last_over_time", "r", fn_ts_of_last),
    RANGE("ts_of_max_over_time", "r", fn_ts_of_max),
    RANGE("ts_of_min_over_time", "r", fn_ts_of_min),
    RANGE("mad_over_time", "r", fn_mad),
    {.name = "integral",
	.ret = DM_EXPR_VECTOR,
	.args = "r?s",
	.range = fn_integral,
	.missing = INTEGRAL_TRAPEZOID},
    {.name = "first_over_time",
	.ret = DM_EXPR_VECTOR,
	.args = "r",
	.range = fn_first,
	.keeps_name = true},
    {.name = "double_exponential_smoothing",
	.ret = DM_EXPR_VECTOR,
	.args = "rss",
	.range = fn_smooth,
	.wrong = wrong_factors},
    /* As Prometheus 2 calls it. */
    {.name = "holt_winters",
	.ret = DM_EXPR_VECTOR,
	.args = "rss",
	.range = fn_smooth,
	.wrong = wrong_factors},
    {.name = NULL},
};
