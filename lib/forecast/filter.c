/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "forecast/filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>

/* The diffuse part's variance, R's kappa. */
#define KAPPA 1e6
/* Variance that is left and no longer minded. */
#define SETTLED 1e-11

int dm_arima_filter_init(struct dm_arima_filter *f,
    const struct dm_arima_order *o, int columns, bool whole, struct dm_err *err)
{
	*f = (struct dm_arima_filter){0};
	/* Errors are returned here; GSL's own handler would abort. */
	gsl_set_error_handler_off();
	if (!dm_arima_order_ok(o))
		return dm_err_set(err, DM_EINVAL, "orders out of bounds");
	int n_ar = dm_arima_n_ar(o), n_ma = dm_arima_n_ma(o) + 1;
	f->order = *o;
	f->r = n_ar > n_ma ? n_ar : n_ma;
	f->n_diff = dm_arima_n_diff(o);
	f->n = f->r + f->n_diff;
	f->columns = columns;
	f->whole = whole && f->n_diff == 0;
	size_t r = (size_t)f->r, n = (size_t)f->n;
	size_t all = 2 * r + (size_t)f->n_diff + n * (size_t)columns + n * n +
		     (n + 1) * (n + 1) + n + 3 * r + 1;
	f->ar = calloc(all, sizeof *f->ar);
	if (!f->ar)
		return dm_err_set(err, DM_ENOMEM, "out of memory");
	f->ma = f->ar + r;
	f->delta = f->ma + r;
	f->a = f->delta + f->n_diff;
	f->cov = f->a + n * (size_t)columns;
	f->work = f->cov + n * n;
	f->pz = f->work + (n + 1) * (n + 1);
	f->gain = f->pz + n + r + 1;
	f->w = f->gain + r;
	return 0;
}

void dm_arima_filter_release(struct dm_arima_filter *f)
{
	free(f->ar);
	*f = (struct dm_arima_filter){0};
}

/* x = T x, for a vector whose elements stand so far apart. */
static void advance(const struct dm_arima_filter *f, double *x, int apart)
{
	double first = x[0], y = first;
	double *lags = x + f->r * apart;

	for (int i = 0; i < f->r - 1; i++)
		x[i * apart] = x[(i + 1) * apart] + f->ar[i] * first;
	x[(f->r - 1) * apart] = f->ar[f->r - 1] * first;
	if (f->n_diff == 0)
		return;
	for (int i = 0; i < f->n_diff; i++)
		y += f->delta[i] * lags[i * apart];
	for (int i = f->n_diff - 1; i > 0; i--)
		lags[i * apart] = lags[(i - 1) * apart];
	lags[0] = y;
}

/* z'x: what of a state is observed. */
static double observe(const struct dm_arima_filter *f, const double *x)
{
	double sum = x[0];

	for (int i = 0; i < f->n_diff; i++)
		sum += f->delta[i] * x[f->r + i];
	return sum;
}

/* m = T m T' + RR' */
static void advance_cov(const struct dm_arima_filter *f, double *m)
{
	for (int j = 0; j < f->n; j++)
		advance(f, m + j, f->n);
	for (int i = 0; i < f->n; i++)
		advance(f, m + i * f->n, 1);
	for (int i = 0; i < f->r; i++)
		for (int j = 0; j < f->r; j++)
			m[i * f->n + j] += f->ma[i] * f->ma[j];
}

/* e's weights in w: psi_0 = 1 and on, r of them. */
static void weights(const struct dm_arima_filter *f, double *psi)
{
	for (int k = 0; k < f->r; k++) {
		psi[k] = f->ma[k];
		for (int i = 0; i < k; i++)
			psi[k] += f->ar[i] * psi[k - 1 - i];
	}
}

/*
 * The stationary part's autocovariances 0 to r (Brockwell and Davis, Time
 * Series, 1991, 3.3, the second method): those up to the highest lag of AR
 * solve a linear system, the others follow.
 */
static bool autocovariances(
    struct dm_arima_filter *f, const double *psi, double *gamma)
{
	int p = dm_arima_n_ar(&f->order), n = p + 1;
	double *m = f->work;

	memset(m, 0, (size_t)(n * n) * sizeof *m);
	memset(gamma, 0, (size_t)(f->r + 1) * sizeof *gamma);
	for (int k = 0; k < f->r; k++)
		for (int j = k; j < f->r; j++)
			gamma[k] += f->ma[j] * psi[j - k];
	for (int k = 0; k < n; k++) {
		m[k * n + k] += 1;
		for (int i = 1; i <= p; i++)
			m[k * n + abs(k - i)] -= f->ar[i - 1];
	}
	gsl_matrix_view a = gsl_matrix_view_array(m, (size_t)n, (size_t)n);
	gsl_vector_view x = gsl_vector_view_array(gamma, (size_t)n);
	if (gsl_linalg_HH_svx(&a.matrix, &x.vector) != GSL_SUCCESS ||
	    !(gamma[0] > 0) || !isfinite(gamma[0]))
		return false;
	for (int k = n; k <= f->r; k++)
		for (int i = 1; i <= p; i++)
			gamma[k] += f->ar[i - 1] * gamma[k - i];
	return true;
}

/* The first row of the start's covariance: what the state is made of. */
static bool start_row(struct dm_arima_filter *f)
{
	double *psi = f->pz, *gamma = psi + f->r;

	weights(f, psi);
	if (!autocovariances(f, psi, gamma))
		return false;
	for (int j = 0; j < f->r; j++) {
		double sum = 0;
		for (int k = j; k < f->r; k++)
			sum +=
			    f->ar[k] * gamma[k + 1 - j] + f->ma[k] * psi[k - j];
		f->cov[j] = sum;
	}
	return true;
}

/*
 * The rest of it solves P = T P T' + RR': each number follows from the one
 * that stands one right and down.
 */
static void start_cov(struct dm_arima_filter *f)
{
	double *p = f->cov;
	int r = f->r, n = f->n;

	for (int i = r - 1; i > 0; i--)
		for (int j = i; j < r; j++) {
			double sum =
			    f->ma[i] * f->ma[j] + f->ar[i] * f->ar[j] * p[0];
			if (i + 1 < r)
				sum += f->ar[j] * p[i + 1];
			if (j + 1 < r)
				sum += f->ar[i] * p[j + 1] +
				       p[(i + 1) * n + j + 1];
			p[i * n + j] = p[j * n + i] = sum;
		}
	for (int j = 1; j < r; j++)
		p[j * n] = p[j];
	for (int i = r; i < n; i++)
		p[i * n + i] = KAPPA;
}

/* gain = w = T P z, m = -1 / var */
static void start_gain(struct dm_arima_filter *f)
{
	size_t bytes = (size_t)f->r * sizeof *f->gain;

	f->var = f->cov[0];
	f->m = -1 / f->var;
	memcpy(f->gain, f->cov, bytes);
	advance(f, f->gain, 1);
	memcpy(f->w, f->gain, bytes);
}

bool dm_arima_filter_set(struct dm_arima_filter *f, const double *coefs)
{
	size_t n = (size_t)f->n;

	memset(f->ar, 0, 2 * (size_t)f->r * sizeof *f->ar);
	dm_arima_expand(&f->order, coefs, f->ar, f->ma + 1);
	f->ma[0] = 1;
	dm_arima_diff(&f->order, f->delta);
	memset(f->a, 0, n * (size_t)f->columns * sizeof *f->a);
	memset(f->cov, 0, n * n * sizeof *f->cov);
	f->settled = false;
	if (!start_row(f))
		return false;
	if (f->whole)
		start_gain(f);
	else
		start_cov(f);
	return true;
}

/*
 * One column's step when nothing is uncertain but the innovation, where
 * nothing is differenced: a + ma v, advanced.
 */
static double step_plain(const struct dm_arima_filter *f, double *a, double y)
{
	double v = y - a[0];
	int last = f->r - 1;

	for (int i = 0; i < last; i++)
		a[i] = a[i + 1] + f->ma[i + 1] * v + f->ar[i] * y;
	a[last] = f->ar[last] * y;
	return v;
}

static double step_settled(
    struct dm_arima_filter *f, const double *y, double *ret_v)
{
	for (int c = 0; c < f->columns; c++) {
		double *a = f->a + c * f->n;
		if (f->n_diff == 0) {
			ret_v[c] = step_plain(f, a, y[c]);
			continue;
		}
		double v = y[c] - observe(f, a);
		for (int i = 0; i < f->r; i++)
			a[i] += f->ma[i] * v;
		advance(f, a, 1);
		ret_v[c] = v;
	}
	return 1;
}

static double step_whole(
    struct dm_arima_filter *f, const double *y, double *ret_v)
{
	double var = f->var, left = 0, w0 = f->w[0], mw = f->m * w0;

	for (int c = 0; c < f->columns; c++) {
		double *a = f->a + c * f->n;
		double v = y[c] - a[0];
		advance(f, a, 1);
		for (int i = 0; i < f->r; i++)
			a[i] += f->gain[i] / var * v;
		ret_v[c] = v;
	}
	/* With the new var and gain: w = T w - gain / var zw. */
	f->var = fmax(1, f->var + w0 * mw);
	f->m += mw * mw / var;
	advance(f, f->w, 1);
	for (int i = 0; i < f->r; i++) {
		f->gain[i] += f->w[i] * mw;
		f->w[i] -= f->gain[i] / f->var * w0;
		left += f->w[i] * f->w[i];
	}
	f->settled = left * fabs(f->m) < SETTLED && fabs(f->var - 1) < SETTLED;
	return var;
}

/* cov -= (cov z)(cov z)' / var; is anything left? */
static void reduce_cov(struct dm_arima_filter *f, double var)
{
	double left = 0;

	for (int i = 0; i < f->n; i++) {
		double gain = f->pz[i] / var;
		for (int j = 0; j < f->n; j++)
			f->cov[i * f->n + j] -= gain * f->pz[j];
		left += fabs(f->cov[i * f->n + i]);
	}
	f->settled = left < SETTLED;
}

static double step_dense(
    struct dm_arima_filter *f, const double *y, double *ret_v)
{
	for (int i = 0; i < f->n; i++)
		f->pz[i] = observe(f, f->cov + i * f->n);
	/* 1 at least, whatever rounding makes of it near a unit root. */
	double var = fmax(1, observe(f, f->pz));

	for (int c = 0; c < f->columns; c++) {
		double *a = f->a + c * f->n;
		ret_v[c] = y[c] - observe(f, a);
		for (int i = 0; i < f->n; i++)
			a[i] += f->pz[i] / var * ret_v[c];
		advance(f, a, 1);
	}
	reduce_cov(f, var);
	if (!f->settled)
		advance_cov(f, f->cov);
	return var;
}

/* Where cov was not kept up: it is the innovation's. */
static void unsettle(struct dm_arima_filter *f)
{
	memset(f->cov, 0, (size_t)f->n * (size_t)f->n * sizeof *f->cov);
	for (int i = 0; i < f->r; i++)
		for (int j = 0; j < f->r; j++)
			f->cov[i * f->n + j] = f->ma[i] * f->ma[j];
	f->settled = false;
}

double dm_arima_filter_step(
    struct dm_arima_filter *f, const double *y, double *ret_v)
{
	if (y && f->settled)
		return step_settled(f, y, ret_v);
	if (y && f->whole)
		return step_whole(f, y, ret_v);
	if (y)
		return step_dense(f, y, ret_v);
	if (f->settled)
		unsettle(f);
	for (int c = 0; c < f->columns; c++)
		advance(f, f->a + c * f->n, 1);
	advance_cov(f, f->cov);
	memset(ret_v, 0, (size_t)f->columns * sizeof *ret_v);
	return 0;
}

/* z'Pz */
static double observed_var(const struct dm_arima_filter *f, const double *cov)
{
	double sum = observe(f, cov);

	for (int i = 0; i < f->n_diff; i++)
		if (f->delta[i] != 0)
			sum +=
			    f->delta[i] * observe(f, cov + (f->r + i) * f->n);
	return sum;
}

void dm_arima_filter_ahead(
    struct dm_arima_filter *f, int n, double *ret_mean, double *ret_var)
{
	double *a = f->pz;
	bool settled = f->settled;

	if (settled)
		unsettle(f);
	memcpy(a, f->a, (size_t)f->n * sizeof *a);
	memcpy(f->work, f->cov, (size_t)f->n * (size_t)f->n * sizeof *f->work);
	for (int h = 0; h < n; h++) {
		ret_mean[h] = observe(f, a);
		ret_var[h] = fmax(1, observed_var(f, f->work));
		advance(f, a, 1);
		advance_cov(f, f->work);
	}
	f->settled = settled;
}
