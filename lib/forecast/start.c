/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "forecast/start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>

#define MAX_COLUMNS (DM_ARIMA_MAX_COEFS + DM_ARIMA_MAX_REGRESSORS)
/* Keeps columns that nearly depend on each other apart. */
#define RIDGE 1e-9

/* Least squares of y on some columns. */
struct least {
	int k;
	double m[MAX_COLUMNS * MAX_COLUMNS], v[MAX_COLUMNS];
	double yy;
	size_t n;
};

static void least_add(struct least *s, const double *x, double y)
{
	for (int i = 0; i < s->k; i++) {
		s->v[i] += x[i] * y;
		for (int j = 0; j <= i; j++)
			s->m[i * s->k + j] += x[i] * x[j];
	}
	s->yy += y * y;
	s->n++;
}

/* The coefficients in v, the inverse of X'X in m; zeros where it fails. */
static void least_solve(struct least *s)
{
	size_t k = (size_t)s->k;
	double xy[MAX_COLUMNS];

	if (k == 0)
		return;
	for (size_t i = 0; i < k; i++)
		s->m[i * k + i] *= 1 + RIDGE;
	memcpy(xy, s->v, k * sizeof *xy);
	gsl_matrix_view m = gsl_matrix_view_array(s->m, k, k);
	gsl_vector_view v = gsl_vector_view_array(s->v, k);
	if (gsl_linalg_cholesky_decomp1(&m.matrix) != GSL_SUCCESS ||
	    gsl_linalg_cholesky_svx(&m.matrix, &v.vector) != GSL_SUCCESS ||
	    gsl_linalg_cholesky_invert(&m.matrix) != GSL_SUCCESS) {
		memset(s->v, 0, sizeof s->v);
		memset(s->m, 0, sizeof s->m);
		return;
	}
	for (size_t i = 0; i < k; i++)
		s->yy -= xy[i] * s->v[i];
}

/* Gaps in a column bridged by straight lines, ends continued level. */
static void bridge(double *v, size_t n, size_t apart)
{
	size_t last = n; /* none yet */

	for (size_t t = 0; t < n; t++) {
		double now = v[t * apart];
		if (!isfinite(now))
			continue;
		double was = last == n ? now : v[last * apart];
		size_t from = last == n ? 0 : last + 1;
		for (size_t u = from; u < t; u++)
			v[u * apart] = was + (now - was) *
						 (double)(u + 1 - from) /
						 (double)(t + 1 - from);
		last = t;
	}
	for (size_t u = last + 1; u < n; u++)
		v[u * apart] = v[last * apart];
}

/*
 * The rows of y and the regressors, bridged and differenced, and the
 * regression as if errors were white noise.
 * Returns them, to be freed, or NULL without memory.
 */
static double *differenced(
    const struct dm_likelihood *l, size_t *ret_n, struct least *s)
{
	size_t columns = (size_t)l->columns;
	size_t n_diff = (size_t)dm_arima_n_diff(&l->filter.order);
	const double *delta = l->filter.delta;
	double *rows = malloc(l->n * columns * sizeof *rows);

	*s = (struct least){.k = l->columns - 1};
	if (!rows)
		return NULL;
	memcpy(rows, l->rows, l->n * columns * sizeof *rows);
	bridge(rows, l->n, columns);
	for (size_t t = l->n; t-- > n_diff;)
		for (size_t c = 0; c < columns; c++)
			for (size_t i = 0; i < n_diff; i++)
				rows[t * columns + c] -=
				    delta[i] * rows[(t - 1 - i) * columns + c];
	*ret_n = l->n - n_diff;
	memmove(rows, rows + n_diff * columns, *ret_n * columns * sizeof *rows);
	for (size_t t = 0; t < *ret_n; t++)
		least_add(s, rows + t * columns + 1, rows[t * columns]);
	least_solve(s);
	return rows;
}

int dm_arima_start_errors(
    const struct dm_likelihood *l, double *ret, struct dm_err *err)
{
	struct least s;
	size_t n;
	double *rows = differenced(l, &n, &s);

	if (!rows)
		return dm_err_set(err, DM_ENOMEM, "out of memory");
	free(rows);
	double var = fmax(s.yy, 0) / fmax((double)n - s.k, 1);
	for (int i = 0; i < s.k; i++)
		ret[i] = sqrt(var * s.m[i * s.k + i]);
	return 0;
}

/* What the regression leaves of each row, first in it. */
static void rests(double *rows, size_t n, const struct least *s)
{
	size_t columns = (size_t)s->k + 1;

	for (size_t t = 0; t < n; t++) {
		double z = rows[t * columns];
		for (int i = 0; i < s->k; i++)
			z -= s->v[i] * rows[t * columns + (size_t)i + 1];
		rows[t] = z; /* what stood there has been read */
	}
}

/*
 * Innovations e of z by an autoregression of order m (Yule and Walker's, by
 * Levinson's recursion); a has room for 3 (m + 1).
 */
static void innovations(
    const double *z, size_t n, size_t m, double *a, double *e)
{
	double *gamma = a + m + 1, *was = gamma + m + 1, var;

	for (size_t k = 0; k <= m; k++) {
		gamma[k] = 0;
		for (size_t t = k; t < n; t++)
			gamma[k] += z[t] * z[t - k];
	}
	var = gamma[0] * (1 + RIDGE);
	for (size_t k = 1; k <= m && var > 0; k++) {
		double r = gamma[k];
		for (size_t i = 1; i < k; i++)
			r -= a[i] * gamma[k - i];
		r /= var;
		memcpy(was, a, k * sizeof *was);
		for (size_t i = 1; i < k; i++)
			a[i] = was[i] - r * was[k - i];
		a[k] = r;
		var *= 1 - r * r;
	}
	for (size_t t = 0; t < n; t++) {
		e[t] = z[t];
		for (size_t i = 1; i <= m && i <= t; i++)
			e[t] -= a[i] * z[t - i];
	}
}

/* Lags of each coefficient, in their order; which are of innovations. */
static int lags(const struct dm_arima_order *o, size_t *ret_lag, bool *ret_ma)
{
	const int n[] = {o->p, o->q, o->sp, o->sq};
	int k = 0;

	for (int part = 0; part < 4; part++)
		for (int i = 1; i <= n[part]; i++, k++) {
			ret_lag[k] = (size_t)(part < 2 ? i : i * o->period);
			ret_ma[k] = part % 2 == 1;
		}
	return k;
}

static size_t long_order(const struct dm_arima_order *o, size_t n)
{
	size_t m = (size_t)(10 * log10((double)n));
	size_t least = (size_t)(o->p > o->q ? o->p : o->q) + 2;

	if (o->sp + o->sq > 0 && m < (size_t)o->period + least)
		m = (size_t)o->period + least;
	if (m < least)
		m = least;
	return m < n / 3 ? m : n / 3;
}

/* Coefficients of z's own lags and of the innovations'. */
static void regress(const struct dm_arima_order *o, const double *z,
    const double *e, size_t n, size_t m, struct least *s)
{
	size_t lag[DM_ARIMA_MAX_COEFS], from = 0;
	bool ma[DM_ARIMA_MAX_COEFS];
	double x[DM_ARIMA_MAX_COEFS];

	*s = (struct least){.k = lags(o, lag, ma)};
	for (int i = 0; i < s->k; i++) {
		size_t after = lag[i] + (ma[i] ? m : 0);
		from = after > from ? after : from;
	}
	for (size_t t = from; t < n; t++) {
		for (int i = 0; i < s->k; i++)
			x[i] = (ma[i] ? e : z)[t - lag[i]];
		least_add(s, x, z[t]);
	}
	if (s->n > (size_t)s->k)
		least_solve(s);
	else
		memset(s->v, 0, sizeof s->v);
}

int dm_arima_start(
    const struct dm_likelihood *l, double *ret, struct dm_err *err)
{
	const struct dm_arima_order *o = &l->filter.order;
	struct least s;
	size_t n;
	double *z = differenced(l, &n, &s);

	if (!z)
		return dm_err_set(err, DM_ENOMEM, "out of memory");
	size_t m = long_order(o, n);
	double *e = calloc(n + 3 * (m + 1), sizeof *e);
	if (e) {
		rests(z, n, &s);
		innovations(z, n, m, e + n, e);
		regress(o, z, e, n, m, &s);
		memcpy(ret, s.v, (size_t)s.k * sizeof *ret);
		free(e);
	}
	free(z);
	return e ? 0 : dm_err_set(err, DM_ENOMEM, "out of memory");
}
