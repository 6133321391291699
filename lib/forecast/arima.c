/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "forecast/arima.h"

#include <math.h>
#include <string.h>

/*
 * As far as free numbers go: MA to where tanh is 1 but for rounding, which
 * what is differenced too often needs; AR to where a start's covariance can
 * still be computed.
 */
#define AR_MAX 5.0
#define MA_MAX 8.0

/* One of the four polynomials: where its coefficients stand, and MA's sign. */
struct part {
	int at, n;
	double sign;
};

static double bound(double free, const struct part *part)
{
	double max = part->sign > 0 ? AR_MAX : MA_MAX;

	return fmax(-max, fmin(max, free));
}

static void parts(const struct dm_arima_order *o, struct part ret[4])
{
	const int n[] = {o->p, o->q, o->sp, o->sq};

	for (int i = 0, at = 0; i < 4; at += n[i], i++)
		ret[i] = (struct part){at, n[i], i % 2 ? -1 : 1};
}

static bool between(int n, int max)
{
	return n >= 0 && n <= max;
}

bool dm_arima_order_ok(const struct dm_arima_order *o)
{
	bool seasonal = o->sp > 0 || o->sd > 0 || o->sq > 0;

	return between(o->p, DM_ARIMA_MAX_LAG) &&
	       between(o->q, DM_ARIMA_MAX_LAG) &&
	       between(o->sp, DM_ARIMA_MAX_SLAG) &&
	       between(o->sq, DM_ARIMA_MAX_SLAG) && o->d >= 0 && o->sd >= 0 &&
	       o->d + o->sd <= DM_ARIMA_MAX_DIFF &&
	       between(o->period, DM_ARIMA_MAX_PERIOD) &&
	       (!seasonal || o->period > 1);
}

int dm_arima_n_coefs(const struct dm_arima_order *o)
{
	return o->p + o->q + o->sp + o->sq;
}

int dm_arima_n_ar(const struct dm_arima_order *o)
{
	return o->p + o->sp * o->period;
}

int dm_arima_n_ma(const struct dm_arima_order *o)
{
	return o->q + o->sq * o->period;
}

int dm_arima_n_diff(const struct dm_arima_order *o)
{
	return o->d + o->sd * o->period;
}

/* ret = (1 - sum a)(1 - sum s at the period) less its 1, signs as a's. */
static void product(struct part part, struct part seasonal, int period,
    const double *coefs, double *ret)
{
	const double *a = coefs + part.at, *s = coefs + seasonal.at;

	memset(ret, 0, (size_t)(part.n + seasonal.n * period) * sizeof *ret);
	for (int i = 0; i < part.n; i++)
		ret[i] = a[i];
	for (int j = 0; j < seasonal.n; j++) {
		int at = (j + 1) * period - 1;
		ret[at] += s[j];
		for (int i = 0; i < part.n; i++)
			ret[at + 1 + i] -= part.sign * a[i] * s[j];
	}
}

void dm_arima_expand(const struct dm_arima_order *o, const double *coefs,
    double *ret_ar, double *ret_ma)
{
	struct part part[4];

	parts(o, part);
	product(part[0], part[2], o->period, coefs, ret_ar);
	product(part[1], part[3], o->period, coefs, ret_ma);
}

void dm_arima_diff(const struct dm_arima_order *o, double *ret_delta)
{
	int n = dm_arima_n_diff(o), len = 0;

	memset(ret_delta, 0, (size_t)n * sizeof *ret_delta);
	for (int i = 0; i < o->d + o->sd; i++) {
		int lag = i < o->d ? 1 : o->period;
		/* (1 - sum delta B)(1 - B^lag) */
		for (int j = len; j-- > 0;)
			ret_delta[j + lag] -= ret_delta[j];
		ret_delta[lag - 1] += 1;
		len += lag;
	}
}

/* Partial autocorrelations to coefficients, in place. */
static void to_coefs(double *a, int n)
{
	double was[DM_ARIMA_MAX_LAG];

	for (int k = 1; k < n; k++) {
		memcpy(was, a, (size_t)k * sizeof *was);
		for (int i = 0; i < k; i++)
			a[i] = was[i] - a[k] * was[k - 1 - i];
	}
}

/* And back; false where one is not inside -1..1. */
static bool to_partial(double *a, int n)
{
	double was[DM_ARIMA_MAX_LAG];

	for (int k = n - 1; k >= 0; k--) {
		double r = a[k], rest = 1 - r * r;
		if (!(fabs(r) < 1))
			return false;
		memcpy(was, a, (size_t)k * sizeof *was);
		for (int i = 0; i < k; i++)
			a[i] = (was[i] + r * was[k - 1 - i]) / rest;
	}
	return true;
}

void dm_arima_from_free(
    const struct dm_arima_order *o, const double *free, double *ret_coefs)
{
	struct part part[4];

	parts(o, part);
	for (int k = 0; k < 4; k++) {
		double *a = ret_coefs + part[k].at;
		for (int i = 0; i < part[k].n; i++)
			a[i] = tanh(bound(free[part[k].at + i], &part[k]));
		to_coefs(a, part[k].n);
		for (int i = 0; i < part[k].n; i++)
			a[i] *= part[k].sign;
	}
}

void dm_arima_to_free(
    const struct dm_arima_order *o, const double *coefs, double *ret_free)
{
	struct part part[4];

	parts(o, part);
	for (int k = 0; k < 4; k++) {
		double *a = ret_free + part[k].at;
		double shrink = 1;
		do {
			double by = part[k].sign;
			for (int i = 0; i < part[k].n; i++) {
				by *= shrink;
				a[i] = isfinite(coefs[part[k].at + i])
					   ? coefs[part[k].at + i] * by
					   : 0;
			}
			shrink *= 0.95;
		} while (!to_partial(a, part[k].n));
		for (int i = 0; i < part[k].n; i++)
			a[i] = bound(atanh(a[i]), &part[k]);
	}
}

bool dm_arima_inside(const struct dm_arima_order *o, const double *coefs)
{
	struct part part[4];
	double a[DM_ARIMA_MAX_LAG];

	parts(o, part);
	for (int k = 0; k < 4; k++) {
		for (int i = 0; i < part[k].n; i++)
			a[i] = coefs[part[k].at + i] * part[k].sign;
		if (!to_partial(a, part[k].n))
			return false;
	}
	return true;
}
