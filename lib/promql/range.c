/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "promql/kahan.h"
#include "promql/quantile.h"

#define SORT_BY_HAND 40

/*
 * Functions of a range vector. The order of the floating-point operations is
 * Prometheus's, so that results are the same to the last bit.
 * Source: prometheus promql/functions.go.
 */

static double seconds(int64_t us)
{
	return (double)us / 1e6;
}

/* What a counter lost at its resets. */
static double add_resets(const struct dm_range *r, double sum)
{
	if (r->rises)
		return sum;
	for (size_t i = 1; i < r->n; i++) {
		if (r->p[i].v < r->p[i - 1].v)
			sum += r->p[i - 1].v;
	}
	return sum;
}

/* How far the samples speak for the range before the first of them. */
static double to_start(const struct dm_range *r, double between, double sampled,
    double result, bool is_counter)
{
	double d = seconds(r->p[0].t_us - r->start_us), to_zero;

	if (d >= between * 1.1)
		d = between / 2;
	if (is_counter && result > 0 && r->p[0].v >= 0) {
		to_zero = sampled * (r->p[0].v / result);
		if (to_zero < d)
			d = to_zero;
	}
	return d;
}

static bool extrapolated(
    const struct dm_range *r, bool is_counter, bool is_rate, double *ret)
{
	double result, sampled, between, before, after, factor;

	if (r->extend)
		return dm_range_extended(r, is_counter, is_rate, ret);
	if (r->n < 2)
		return false;
	result = r->last.v - r->p[0].v;
	if (is_counter)
		result = add_resets(r, result);
	sampled = seconds(r->last.t_us - r->p[0].t_us);
	between = sampled / (double)(r->n - 1);
	before = to_start(r, between, sampled, result, is_counter);
	after = seconds(r->end_us - r->last.t_us);
	if (after >= between * 1.1)
		after = between / 2;
	factor = (sampled + before + after) / sampled;
	if (is_rate)
		factor /= dm_go_seconds(r->end_us - r->start_us);
	*ret = result * factor;
	return true;
}

static bool fn_rate(const struct dm_range *r, const double *args, double *ret)
{
	(void)args;
	return extrapolated(r, true, true, ret);
}

static bool fn_increase(
    const struct dm_range *r, const double *args, double *ret)
{
	(void)args;
	return extrapolated(r, true, false, ret);
}

static bool fn_delta(const struct dm_range *r, const double *args, double *ret)
{
	(void)args;
	return extrapolated(r, false, false, ret);
}

static bool fn_idelta(const struct dm_range *r, const double *args, double *ret)
{
	(void)args;
	if (r->n < 2)
		return false;
	*ret = r->last.v - r->p[r->n - 2].v;
	return true;
}

static bool fn_irate(const struct dm_range *r, const double *args, double *ret)
{
	double d;

	if (!fn_idelta(r, args, &d))
		return false;
	if (r->last.v < r->p[r->n - 2].v)
		d = r->last.v;
	*ret = d / seconds(r->last.t_us - r->p[r->n - 2].t_us);
	return true;
}

#define FETCHED_MAX 128

/* Sum and compensation of all values. The error of each addition is exact,
 * and so the same by Knuth's way, which has no branch, as by Neumaier's; but
 * for overflow, where his is taken. */
static struct dm_kahan sum_of(const struct dm_sample *p, size_t n)
{
	struct dm_kahan k = {0, 0};

	/* All at once: they are waited for together. */
	for (size_t i = 0; i < n && i < FETCHED_MAX; i += 4)
		__builtin_prefetch(p + i);
	for (size_t i = 0; i < n; i++) {
		double t = k.sum + p[i].v, b = t - k.sum;

		k.c += (k.sum - (t - b)) + (p[i].v - b);
		k.sum = t;
	}
	if (isfinite(k.sum) && isfinite(k.c))
		return k;
	k = (struct dm_kahan){0, 0};
	for (size_t i = 0; i < n; i++)
		dm_kahan_add(&k, p[i].v);
	return k;
}

static bool fn_sum(const struct dm_range *r, const double *args, double *ret)
{
	struct dm_kahan k = sum_of(r->p, r->n);

	(void)args;
	*ret = isinf(k.sum) ? k.sum : k.sum + k.c;
	return true;
}

/* The mean of values whose sum overflows. */
static double incremental_mean(const struct dm_sample *p, size_t n)
{
	struct dm_kahan k = {p[0].v, 0}, next;
	bool incremental = false;
	double count = 1;

	for (size_t i = 1; i < n; i++) {
		count = (double)(i + 1);
		if (!incremental) {
			next = k;
			dm_kahan_add(&next, p[i].v);
			if (!isinf(next.sum)) {
				k = next;
				continue;
			}
			incremental = true;
			k.sum /= count - 1;
			k.c /= count - 1;
		}
		k.sum *= (count - 1) / count;
		k.c *= (count - 1) / count;
		dm_kahan_add(&k, p[i].v / count);
	}
	return incremental ? k.sum + k.c : k.sum / count + k.c / count;
}

static bool fn_avg(const struct dm_range *r, const double *args, double *ret)
{
	struct dm_kahan k = sum_of(r->p, r->n);
	double n = (double)r->n;

	(void)args;
	*ret = isfinite(k.sum) ? k.sum / n + k.c / n
			       : incremental_mean(r->p, r->n);
	return true;
}

/* The greatest of sign * v. Comparisons with a NaN are false, and so it is
 * passed over, unless there is nothing else. Four at a time, as each has to
 * wait for the one before it. */
static double greatest(const struct dm_sample *p, size_t n, double sign)
{
	double m[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
	bool any = false;
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		for (size_t j = 0; j < 4; j++)
			m[j] =
			    sign * p[i + j].v > m[j] ? sign * p[i + j].v : m[j];
	}
	for (; i < n; i++)
		m[0] = sign * p[i].v > m[0] ? sign * p[i].v : m[0];
	for (size_t j = 1; j < 4; j++)
		m[0] = m[j] > m[0] ? m[j] : m[0];
	for (i = 0; m[0] == -INFINITY && !any && i < n; i++)
		any = !isnan(p[i].v);
	return m[0] == -INFINITY && !any ? NAN : sign * m[0];
}

static bool fn_min(const struct dm_range *r, const double *args, double *ret)
{
	(void)args;
	*ret = greatest(r->p, r->n, -1);
	return true;
}

static bool fn_max(const struct dm_range *r, const double *args, double *ret)
{
	(void)args;
	*ret = greatest(r->p, r->n, 1);
	return true;
}

static bool fn_count(const struct dm_range *r, const double *args, double *ret)
{
	(void)args;
	*ret = (double)r->n;
	return true;
}

static bool fn_last(const struct dm_range *r, const double *args, double *ret)
{
	(void)args;
	*ret = r->last.v;
	return true;
}

static bool fn_present(
    const struct dm_range *r, const double *args, double *ret)
{
	(void)r, (void)args;
	*ret = 1;
	return true;
}

static bool fn_stdvar(const struct dm_range *r, const double *args, double *ret)
{
	struct dm_kahan mean = {0, 0}, aux = {0, 0};

	(void)args;
	for (size_t i = 0; i < r->n; i++) {
		double delta = r->p[i].v - (mean.sum + mean.c);

		dm_kahan_add(&mean, delta / (double)(i + 1));
		dm_kahan_add(&aux, delta * (r->p[i].v - (mean.sum + mean.c)));
	}
	*ret = (aux.sum + aux.c) / (double)r->n;
	return true;
}

static bool fn_stddev(const struct dm_range *r, const double *args, double *ret)
{
	if (!fn_stdvar(r, args, ret))
		return false;
	*ret = sqrt(*ret);
	return true;
}

static int cmp_values(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	if (isnan(a) || isnan(b))
		return isnan(b) - isnan(a);
	return (a > b) - (a < b);
}

/* The usual range has some ten samples. */
static void sort_values(double *v, size_t n)
{
	if (n > SORT_BY_HAND) {
		qsort(v, n, sizeof(*v), cmp_values);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		double x = v[i];
		size_t k = i;

		for (; k && (v[k - 1] > x || (isnan(x) && !isnan(v[k - 1])));
		     k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

double dm_quantile(double q, double *values, size_t n)
{
	double rank, weight;
	size_t lower, upper;

	if (n == 0 || isnan(q))
		return NAN;
	if (q < 0 || q > 1)
		return q < 0 ? -INFINITY : INFINITY;
	sort_values(values, n);
	rank = q * ((double)n - 1);
	lower = (size_t)floor(rank);
	upper = lower + 1 < n ? lower + 1 : n - 1;
	weight = rank - floor(rank);
	if (weight == 0) /* infinity * 0 is none */
		return values[lower];
	return values[lower] * (1 - weight) + values[upper] * weight;
}

static bool fn_quantile(
    const struct dm_range *r, const double *args, double *ret)
{
	for (size_t i = 0; i < r->n; i++)
		r->scratch[i] = r->p[i].v;
	*ret = dm_quantile(args[0], r->scratch, r->n);
	return true;
}

static bool fn_changes(
    const struct dm_range *r, const double *args, double *ret)
{
	size_t n = 0, first;

	(void)args;
	if (!dm_range_anchor(r, &first))
		return false;
	for (size_t i = first + 1; i < r->n; i++)
		n += r->p[i].v != r->p[i - 1].v &&
		     !(isnan(r->p[i].v) && isnan(r->p[i - 1].v));
	*ret = (double)n;
	return true;
}

static bool fn_resets(const struct dm_range *r, const double *args, double *ret)
{
	size_t n = 0, first;

	(void)args;
	if (!dm_range_anchor(r, &first))
		return false;
	for (size_t i = first + 1; i < r->n; i++)
		n += r->p[i].v < r->p[i - 1].v;
	*ret = (double)n;
	return true;
}

/* Least squares; the intercept is the value at a time. */
static void regression(const struct dm_range *r, int64_t at_us,
    double *ret_slope, double *ret_intercept)
{
	struct dm_kahan sx = {0, 0}, sy = {0, 0}, sxy = {0, 0}, sxx = {0, 0};
	double n = (double)r->n, x, y, cov, var;
	bool constant = true;

	for (size_t i = 0; i < r->n; i++) {
		constant = constant && !(r->p[i].v != r->p[0].v && i);
		x = seconds(r->p[i].t_us - at_us);
		dm_kahan_add(&sx, x);
		dm_kahan_add(&sy, r->p[i].v);
		dm_kahan_add(&sxy, x * r->p[i].v);
		dm_kahan_add(&sxx, x * x);
	}
	if (constant) {
		*ret_slope = isinf(r->p[0].v) ? NAN : 0;
		*ret_intercept = isinf(r->p[0].v) ? NAN : r->p[0].v;
		return;
	}
	x = sx.sum + sx.c;
	y = sy.sum + sy.c;
	cov = (sxy.sum + sxy.c) - x * y / n;
	var = (sxx.sum + sxx.c) - x * x / n;
	*ret_slope = cov / var;
	*ret_intercept = y / n - *ret_slope * x / n;
}

static bool fn_deriv(const struct dm_range *r, const double *args, double *ret)
{
	double intercept;

	(void)args;
	if (r->n < 2)
		return false;
	regression(r, r->p[0].t_us, ret, &intercept);
	return true;
}

static bool fn_predict(
    const struct dm_range *r, const double *args, double *ret)
{
	double slope, intercept;

	if (r->n < 2)
		return false;
	regression(r, r->eval_us, &slope, &intercept);
	*ret = slope * args[0] + intercept;
	return true;
}

#define RANGE(fn_name, letters, fn)                                            \
	{                                                                      \
		.name = (fn_name), .ret = DM_EXPR_VECTOR, .args = (letters),   \
		.range = (fn)                                                  \
	}

#define EXTENDED(fn_name, fn, smoothed)                                        \
	{                                                                      \
		.name = (fn_name), .ret = DM_EXPR_VECTOR, .args = "r",         \
		.range = (fn), .anchors = true, .smooths = (smoothed)          \
	}

const struct dm_function dm_functions_range[] = {
    EXTENDED("rate", fn_rate, true),
    EXTENDED("increase", fn_increase, true),
    EXTENDED("delta", fn_delta, true),
    RANGE("irate", "r", fn_irate),
    RANGE("idelta", "r", fn_idelta),
    RANGE("deriv", "r", fn_deriv),
    {.name = "predict_linear",
	.ret = DM_EXPR_VECTOR,
	.args = "rs",
	.range = fn_predict,
	.by_time = true},
    EXTENDED("changes", fn_changes, false),
    EXTENDED("resets", fn_resets, false),
    RANGE("avg_over_time", "r", fn_avg),
    RANGE("sum_over_time", "r", fn_sum),
    RANGE("min_over_time", "r", fn_min),
    RANGE("max_over_time", "r", fn_max),
    RANGE("count_over_time", "r", fn_count),
    RANGE("present_over_time", "r", fn_present),
    RANGE("stddev_over_time", "r", fn_stddev),
    RANGE("stdvar_over_time", "r", fn_stdvar),
    RANGE("quantile_over_time", "sr", fn_quantile),
    {.name = "last_over_time",
	.ret = DM_EXPR_VECTOR,
	.args = "r",
	.range = fn_last,
	.keeps_name = true},
    {.name = NULL},
};
