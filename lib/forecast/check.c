/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "forecast/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#define KPSS_CRITICAL 0.463

static size_t present(const double *y, size_t n, double *ret)
{
	size_t k = 0;

	for (size_t t = 0; t < n; t++)
		if (isfinite(y[t]))
			ret[k++] = y[t];
	return k;
}

static double mean_of(const double *y, size_t n, size_t *ret_n)
{
	double sum = 0;
	size_t k = 0;

	for (size_t t = 0; t < n; t++)
		if (isfinite(y[t])) {
			sum += y[t];
			k++;
		}
	*ret_n = k;
	return k > 0 ? sum / (double)k : 0;
}

/* Mean of products of deviations so far apart, both there; NaN counts not. */
static double autocovariance(
    const double *y, size_t n, size_t lag, double mean, size_t of)
{
	double sum = 0;

	for (size_t t = lag; t < n; t++)
		if (isfinite(y[t]) && isfinite(y[t - lag]))
			sum += (y[t] - mean) * (y[t - lag] - mean);
	return sum / (double)of;
}

double dm_kpss(const double *y, size_t n)
{
	size_t k;
	double mean = mean_of(y, n, &k), sum = 0, squares = 0;
	size_t lags = (size_t)(3 * sqrt((double)k) / 13);

	if (k < 2)
		return 0;
	double var = autocovariance(y, n, 0, mean, k);
	if (!(var > 0))
		return 0;
	for (size_t i = 1; i <= lags; i++)
		var += 2 * (1 - (double)i / (double)(lags + 1)) *
		       autocovariance(y, n, i, mean, k);
	for (size_t t = 0; t < n; t++)
		if (isfinite(y[t])) {
			sum += y[t] - mean;
			squares += sum * sum;
		}
	return squares / ((double)k * (double)k * var);
}

int dm_n_diffs(const double *y, size_t n, int max, int *ret, struct dm_err *err)
{
	double *z = malloc((n + 1) * sizeof *z);
	int d = 0;

	if (!z)
		return dm_err_set(err, DM_ENOMEM, "out of memory");
	n = present(y, n, z);
	while (d < max && n > 2 && dm_kpss(z, n) > KPSS_CRITICAL) {
		for (size_t t = 0; t + 1 < n; t++)
			z[t] = z[t + 1] - z[t];
		n--;
		d++;
	}
	free(z);
	*ret = d;
	return 0;
}

/* The moving average over a period around t; NaN at the ends. */
static double trend_at(const double *y, size_t n, size_t period, size_t t)
{
	size_t half = period / 2;
	double sum = 0, weight = 0;

	if (t < half || t + half >= n)
		return NAN;
	for (size_t u = t - half; u <= t + half; u++) {
		/* With an even period both ends count half. */
		double w = period % 2 == 0 && (u == t - half || u == t + half)
			       ? 0.5
			       : 1;
		if (isfinite(y[u])) {
			sum += w * y[u];
			weight += w;
		}
	}
	return weight > 0 ? sum / weight : NAN;
}

static double variance_of(const double *y, size_t n)
{
	size_t k;
	double mean = mean_of(y, n, &k);

	return k > 1 ? autocovariance(y, n, 0, mean, k - 1) : 0;
}

int dm_seasonal_strength(
    const double *y, size_t n, int period, double *ret, struct dm_err *err)
{
	size_t p = (size_t)period;

	*ret = 0;
	if (period < 2 || n < 2 * p)
		return 0;
	double *rest = malloc((n + p) * sizeof *rest);
	if (!rest)
		return dm_err_set(err, DM_ENOMEM, "out of memory");
	for (size_t t = 0; t < n; t++)
		rest[t] = y[t] - trend_at(y, n, p, t);
	double with = variance_of(rest, n);
	for (size_t i = 0; i < p; i++) {
		double sum = 0, k = 0;
		for (size_t t = i; t < n; t += p)
			if (isfinite(rest[t])) {
				sum += rest[t];
				k++;
			}
		rest[n + i] = k > 0 ? sum / k : 0;
	}
	for (size_t t = 0; t < n; t++)
		rest[t] -= rest[n + t % p];
	double without = variance_of(rest, n);
	free(rest);
	if (with > 0)
		*ret = fmax(0, 1 - without / with);
	return 0;
}

double dm_ljung_box(const double *rest, size_t n, int lags, int n_coefs)
{
	size_t k;
	double mean = mean_of(rest, n, &k), sum = 0;
	double var = k > 0 ? autocovariance(rest, n, 0, mean, k) : 0;

	if (!(var > 0) || lags <= n_coefs || k <= (size_t)lags)
		return 1;
	for (int i = 1; i <= lags; i++) {
		double r = autocovariance(rest, n, (size_t)i, mean, k) / var;
		sum += r * r / ((double)k - i);
	}
	return gsl_cdf_chisq_Q(
	    (double)k * ((double)k + 2) * sum, lags - n_coefs);
}

double dm_jarque_bera(const double *rest, size_t n)
{
	size_t k;
	double mean = mean_of(rest, n, &k), m2 = 0, m3 = 0, m4 = 0;

	for (size_t t = 0; t < n; t++)
		if (isfinite(rest[t])) {
			double d = rest[t] - mean;
			m2 += d * d;
			m3 += d * d * d;
			m4 += d * d * d * d;
		}
	if (!(m2 > 0))
		return 1;
	double size = (double)k;
	double skew = (m3 / size) / pow(m2 / size, 1.5);
	double excess = (m4 / size) / pow(m2 / size, 2) - 3;
	return gsl_cdf_chisq_Q(
	    size / 6 * (skew * skew + excess * excess / 4), 2);
}
