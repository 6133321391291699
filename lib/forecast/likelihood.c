/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "forecast/likelihood.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * A regressor of which less is left, by the ones before it or by differencing,
 * is no other. (Of a mean a diffuse start leaves 1e-12.)
 */
#define DEPENDENT 1e-11

static size_t count(const double *y, size_t n)
{
	size_t ret = 0;

	for (size_t t = 0; t < n; t++)
		ret += isfinite(y[t]) ? 1 : 0;
	return ret;
}

static int check(const struct dm_series_data *d, const struct dm_arima_order *o,
    size_t present, struct dm_err *err)
{
	if (!dm_arima_order_ok(o))
		return dm_err_set(err, DM_EINVAL, "orders out of bounds");
	if (d->n_x < 0 || d->n_x > DM_ARIMA_MAX_REGRESSORS)
		return dm_err_set(err, DM_EINVAL, "too many regressors");
	for (int c = 0; c < d->n_x; c++)
		if (count(d->x[c], d->n) < d->n)
			return dm_err_set(
			    err, DM_EINVAL, "a regressor lacks values");
	size_t wanted =
	    (size_t)(dm_arima_n_coefs(o) + d->n_x + dm_arima_n_diff(o)) + 2;
	if (present < wanted)
		return dm_err_set(err, DM_EINVAL,
		    "%zu values for a model that needs %zu", present, wanted);
	return 0;
}

/* A column differenced with these weights. */
static void fill(struct dm_likelihood *l, int column, const double *v,
    const double *delta, int n_diff)
{
	double *to = l->rows + column;

	for (size_t t = 0; t < l->n; t++, to += l->columns) {
		const double *now = v + t + n_diff;
		*to = *now;
		for (int i = 0; i < n_diff; i++)
			*to -= delta[i] * now[-1 - i];
	}
}

static int fill_all(struct dm_likelihood *l, const struct dm_series_data *d,
    const struct dm_arima_order *o, struct dm_err *err)
{
	int n_diff = (int)(d->n - l->n);
	double *delta = calloc((size_t)n_diff + 1, sizeof *delta);

	l->rows = calloc(2 * l->n * (size_t)l->columns, sizeof *l->rows);
	if (!delta || !l->rows) {
		free(delta);
		return dm_err_set(err, DM_ENOMEM, "out of memory");
	}
	if (n_diff > 0)
		dm_arima_diff(o, delta);
	l->white = l->rows + l->n * (size_t)l->columns;
	fill(l, 0, d->y, delta, n_diff);
	for (int i = 0; i < d->n_x; i++)
		fill(l, i + 1, d->x[i], delta, n_diff);
	free(delta);
	for (size_t t = 0; t < d->n; t++)
		l->whole += isfinite(d->y[t]) ? d->y[t] * d->y[t] : 0;
	return 0;
}

int dm_likelihood_init(struct dm_likelihood *l, const struct dm_series_data *d,
    const struct dm_arima_order *o, bool quick, struct dm_err *err)
{
	struct dm_arima_order of_rows = *o;
	size_t present = count(d->y, d->n);

	*l = (struct dm_likelihood){.n = d->n, .columns = 1 + d->n_x};
	if (check(d, o, present, err) < 0)
		return -1;
	if (quick && present == d->n) {
		l->n -= (size_t)dm_arima_n_diff(o);
		of_rows.d = of_rows.sd = 0;
	}
	if (dm_arima_filter_init(
		&l->filter, &of_rows, l->columns, present == d->n, err) < 0)
		return -1;
	if (fill_all(l, d, o, err) < 0) {
		dm_likelihood_release(l);
		return -1;
	}
	return 0;
}

void dm_likelihood_release(struct dm_likelihood *l)
{
	dm_arima_filter_release(&l->filter);
	free(l->rows);
	*l = (struct dm_likelihood){0};
}

static bool filter_rows(struct dm_likelihood *l, const double *coefs)
{
	size_t columns = (size_t)l->columns;

	if (!dm_arima_filter_set(&l->filter, coefs))
		return false;
	size_t skip = 0;
	if (l->conditional) {
		l->filter.settled = true;
		skip = (size_t)dm_arima_n_ar(&l->filter.order);
	}
	l->n_used = 0;
	l->sum_log = 0;
	for (size_t t = 0; t < l->n; t++) {
		const double *row = l->rows + t * columns;
		double *white = l->white + t * columns;
		double var = dm_arima_filter_step(
		    &l->filter, isfinite(row[0]) ? row : NULL, white);
		bool used = var > 0 && var < DM_ARIMA_DIFFUSE && t >= skip;
		if (!used) {
			memset(white, 0, columns * sizeof *white);
			continue;
		}
		l->n_used++;
		if (var == 1)
			continue;
		l->sum_log += log(var);
		for (size_t c = 0; c < columns; c++)
			white[c] /= sqrt(var);
	}
	return l->n_used > 0 && isfinite(l->sum_log);
}

/* Cholesky's root of the whitened regressors' X'X, and X'y into x. */
static bool normal_equations(struct dm_likelihood *l)
{
	int k = l->columns - 1;
	double *m = l->root, *x = l->x;

	double whole[DM_ARIMA_MAX_REGRESSORS] = {0};

	memset(m, 0, sizeof l->root);
	memset(x, 0, sizeof l->x);
	for (size_t t = 0; t < l->n; t++) {
		const double *w = l->white + t * (size_t)l->columns;
		const double *row = l->rows + t * (size_t)l->columns;
		for (int i = 0; i < k; i++) {
			whole[i] += row[i + 1] * row[i + 1];
			x[i] += w[0] * w[i + 1];
			for (int j = 0; j <= i; j++)
				m[i * k + j] += w[i + 1] * w[j + 1];
		}
	}
	for (int i = 0; i < k; i++) {
		for (int j = 0; j <= i; j++) {
			double sum = m[i * k + j];
			for (int s = 0; s < j; s++)
				sum -= m[i * k + s] * m[j * k + s];
			if (j < i)
				m[i * k + j] = sum / m[j * k + j];
			else if (sum > DEPENDENT * whole[i])
				m[i * k + i] = sqrt(sum);
			else
				return false;
		}
	}
	return true;
}

static void solve(struct dm_likelihood *l)
{
	int k = l->columns - 1;
	double *m = l->root, *x = l->x;

	for (int i = 0; i < k; i++) {
		for (int j = 0; j < i; j++)
			x[i] -= m[i * k + j] * x[j];
		x[i] /= m[i * k + i];
	}
	for (int i = k - 1; i >= 0; i--) {
		for (int j = i + 1; j < k; j++)
			x[i] -= m[j * k + i] * x[j];
		x[i] /= m[i * k + i];
	}
}

double dm_likelihood_residual(const struct dm_likelihood *l, size_t row)
{
	const double *w = l->white + row * (size_t)l->columns;
	double e = w[0];

	for (int i = 1; i < l->columns; i++)
		e -= l->x[i - 1] * w[i];
	return e;
}

bool dm_likelihood_at(
    struct dm_likelihood *l, const double *coefs, const double *x)
{
	if (!filter_rows(l, coefs) || !normal_equations(l))
		return false;
	if (x)
		memcpy(l->x, x, (size_t)(l->columns - 1) * sizeof *x);
	else
		solve(l);
	l->sum_squares = 0;
	for (size_t t = 0; t < l->n; t++) {
		double e = dm_likelihood_residual(l, t);
		l->sum_squares += e * e;
	}
	return isfinite(l->sum_squares);
}

double dm_likelihood_objective(const struct dm_likelihood *l)
{
	double n = (double)l->n_used;

	return log(l->sum_squares / n) + l->sum_log / n;
}

double dm_likelihood_log(const struct dm_likelihood *l)
{
	double n = (double)l->n_used;

	return -0.5 *
	       (n * (log(2 * M_PI) + 1) + n * dm_likelihood_objective(l));
}
