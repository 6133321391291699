/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "forecast/fit.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multifit_nlinear.h>

#include "forecast/likelihood.h"
#include "forecast/start.h"

#define MAX_ITERATIONS 100
/* Relative steps at which a fit of each effort has come to its end, and the
 * gradient at which any has. */
static const double last_step[] = {1e-3, 1e-4, 1e-7};
#define GRADIENT 1e-10
/* Of a coefficient's free number, for the residuals' slope. */
#define FINE_DIFFERENCE 1e-4
/* What rounding leaves of the squares of a series that is constant. */
#define NOTHING 1e-26

/*
 * The likelihood is a sum of squares: of residuals, each times the geometric
 * mean of the innovations' deviations (Box, Jenkins and Reinsel, Time Series
 * Analysis, 2008, 7.1.2).
 */
static int residuals(const gsl_vector *free, void *ctx, gsl_vector *ret)
{
	struct dm_likelihood *l = ctx;
	double x[DM_ARIMA_MAX_COEFS], coefs[DM_ARIMA_MAX_COEFS];

	for (size_t i = 0; i < free->size; i++)
		x[i] = gsl_vector_get(free, i);
	dm_arima_from_free(&l->filter.order, x, coefs);
	if (!dm_likelihood_at(l, coefs, NULL)) {
		/* Not here: the step is taken back and made smaller. */
		gsl_vector_set_all(ret, 1e100);
		return GSL_SUCCESS;
	}
	double mean = exp(l->sum_log / (2 * (double)l->n_used));
	for (size_t t = 0; t < l->n; t++)
		gsl_vector_set(ret, t, dm_likelihood_residual(l, t) * mean);
	return GSL_SUCCESS;
}

/* From one start to the minimum beside it. */
static int descend(struct dm_likelihood *l, double *free,
    enum dm_arima_effort effort, struct dm_arima_fit *fit, struct dm_err *err)
{
	gsl_multifit_nlinear_parameters p =
	    gsl_multifit_nlinear_default_parameters();
	gsl_multifit_nlinear_fdf fdf = {
	    .f = residuals, .n = l->n, .p = (size_t)fit->n_coefs, .params = l};
	gsl_vector_view x = gsl_vector_view_array(free, fdf.p);
	int info = 0;

	if (effort > DM_ARIMA_QUICK) {
		/* A diffuse start leaves the residuals ten sound digits. */
		p.h_df = FINE_DIFFERENCE;
		p.fdtype = GSL_MULTIFIT_NLINEAR_CTRDIFF;
	}
	gsl_multifit_nlinear_workspace *w = gsl_multifit_nlinear_alloc(
	    gsl_multifit_nlinear_trust, &p, fdf.n, fdf.p);
	if (!w)
		return dm_err_set(err, DM_ENOMEM, "out of memory");
	int status = gsl_multifit_nlinear_init(&x.vector, &fdf, w);
	if (status == GSL_SUCCESS)
		status = gsl_multifit_nlinear_driver(MAX_ITERATIONS,
		    last_step[effort], GRADIENT, 0, NULL, NULL, &info, w);
	const gsl_vector *at = gsl_multifit_nlinear_position(w);
	for (size_t i = 0; i < fdf.p; i++)
		free[i] = gsl_vector_get(at, i);
	fit->converged = status == GSL_SUCCESS || status == GSL_ENOPROG;
	fit->iterations += (int)gsl_multifit_nlinear_niter(w);
	gsl_multifit_nlinear_free(w);
	return 0;
}

static void take(struct dm_arima_fit *fit, const struct dm_likelihood *l)
{
	double n = (double)l->n_used;
	double k = fit->n_coefs + fit->n_x + 1;

	memcpy(fit->x, l->x, sizeof fit->x);
	fit->n_used = l->n_used;
	fit->sigma2 = l->sum_squares / n;
	fit->log_likelihood = dm_likelihood_log(l);
	fit->aic = 2 * k - 2 * fit->log_likelihood;
	fit->aicc =
	    n > k + 1 ? fit->aic + 2 * k * (k + 1) / (n - k - 1) : INFINITY;
	fit->bic = fit->aic + k * (log(n) - 2);
}

static bool value_at(struct dm_likelihood *l, const struct dm_arima_fit *fit,
    const double *free, double *ret)
{
	double coefs[DM_ARIMA_MAX_COEFS];

	dm_arima_from_free(&fit->order, free, coefs);
	if (!dm_likelihood_at(l, coefs, NULL))
		return false;
	*ret = dm_likelihood_objective(l);
	return true;
}

/* A start does not go out farther than this. */
#define START_MAX 1.5
/* Places that are looked at, and from how many of them a way is taken. */
#define PLACES 100
#define WAYS   4

struct place {
	double at;
	double free[DM_ARIMA_MAX_COEFS];
};

/* Keep the lowest few, the lowest first. */
static void keep(struct place *best, int n, const struct place *one)
{
	int i = n;

	while (i > 0 && one->at < best[i - 1].at)
		i--;
	if (i == n)
		return;
	memmove(best + i + 1, best + i, (size_t)(n - 1 - i) * sizeof *best);
	best[i] = *one;
}

/* Go down from one more start; keep the lowest end. */
static int try_start(struct dm_likelihood *l, const double *start,
    struct dm_arima_fit *fit, struct place *best, struct dm_err *err)
{
	struct place one = {0};

	for (int i = 0; i < fit->n_coefs; i++)
		one.free[i] = fmax(-START_MAX, fmin(START_MAX, start[i]));
	if (descend(l, one.free, DM_ARIMA_QUICK, fit, err) < 0)
		return -1;
	if (value_at(l, fit, one.free, &one.at))
		keep(best, 1, &one);
	return 0;
}

/* Places all over the region, by an additive recurrence; the lowest few. */
static void look_around(
    struct dm_likelihood *l, const struct dm_arima_fit *fit, struct place *best)
{
	struct place one = {0};
	/* x^(n + 1) = x + 1 gives the most even steps in n dimensions. */
	double x = 1.5;

	for (int i = 0; i < 20; i++)
		x = pow(1 + x, 1.0 / (fit->n_coefs + 1));
	for (int i = 0; i < WAYS; i++)
		best[i].at = INFINITY;
	for (int k = 1; k <= PLACES; k++) {
		for (int i = 0; i < fit->n_coefs; i++) {
			double u = 0.5 + k * pow(x, -(i + 1));
			one.free[i] = START_MAX * (2 * (u - floor(u)) - 1);
		}
		if (value_at(l, fit, one.free, &one.at))
			keep(best, WAYS, &one);
	}
}

/*
 * The likelihood of a mixed model has more than one maximum, some of them at
 * the edge of the region: the search begins at several places.
 */
static int search(struct dm_likelihood *l, const double *start, bool thorough,
    struct dm_arima_fit *fit, double *ret, struct dm_err *err)
{
	double free[DM_ARIMA_MAX_COEFS], coefs[DM_ARIMA_MAX_COEFS];
	struct place best = {.at = INFINITY}, ways[WAYS];

	if (!start && dm_arima_start(l, coefs, err) < 0)
		return -1;
	dm_arima_to_free(&fit->order, start ? start : coefs, free);
	if (try_start(l, free, fit, &best, err) < 0)
		return -1;
	if (thorough)
		look_around(l, fit, ways);
	for (int i = 0; thorough && i < WAYS; i++)
		if (isfinite(ways[i].at) &&
		    try_start(l, ways[i].free, fit, &best, err) < 0)
			return -1;
	memcpy(ret, best.free, sizeof best.free);
	return 0;
}

static int finish(struct dm_likelihood *l, enum dm_arima_effort effort,
    double *free, struct dm_arima_fit *fit, struct dm_err *err)
{
	if (fit->n_coefs > 0 && effort > DM_ARIMA_QUICK &&
	    descend(l, free, effort, fit, err) < 0)
		return -1;
	dm_arima_from_free(&fit->order, free, fit->coefs);
	if (!dm_likelihood_at(l, fit->coefs, NULL) ||
	    !(l->sum_squares > NOTHING * l->whole))
		return dm_err_set(err, DM_EINVAL,
		    "the series is constant, or regressors depend on each "
		    "other");
	take(fit, l);
	return 0;
}

int dm_arima_fit(const struct dm_series_data *data,
    const struct dm_arima_order *o, const double *start,
    enum dm_arima_effort effort, struct dm_arima_fit *ret, struct dm_err *err)
{
	struct dm_likelihood l;
	struct dm_arima_fit fit = {
	    .order = *o, .n_x = data->n_x, .converged = true};
	double free[DM_ARIMA_MAX_COEFS];

	if (dm_likelihood_init(&l, data, o, true, err) < 0)
		return -1;
	fit.n_coefs = dm_arima_n_coefs(o);
	int status = fit.n_coefs > 0
			 ? search(&l, start, effort == DM_ARIMA_THOROUGH, &fit,
			       free, err)
			 : 0;
	if (status == 0 && effort > DM_ARIMA_QUICK && dm_arima_n_diff(o) > 0) {
		dm_likelihood_release(&l);
		if (dm_likelihood_init(&l, data, o, false, err) < 0)
			return -1;
	}
	if (status == 0)
		status = finish(&l, effort, free, &fit, err);
	dm_likelihood_release(&l);
	if (status == 0)
		*ret = fit;
	return status;
}

enum {
	MAX_ALL = DM_ARIMA_MAX_COEFS + DM_ARIMA_MAX_REGRESSORS
};

/*
 * Standard errors are computed as R's arima does, to agree with what people
 * have: the curvature by differences of differences (optimHess), where AR
 * coefficients are in their free form, from which a one-sided difference
 * leads back.
 */
#define STEP 1e-3

static bool is_ar(const struct dm_arima_order *o, int i)
{
	return i < o->p || (i >= o->p + o->q && i < o->p + o->q + o->sp);
}

/* Where AR coefficients are free and others themselves: all themselves. */
static void to_coefs(
    const struct dm_arima_fit *fit, const double *mixed, double *ret)
{
	dm_arima_from_free(&fit->order, mixed, ret);
	for (int i = 0; i < fit->n_coefs + fit->n_x; i++)
		if (i >= fit->n_coefs || !is_ar(&fit->order, i))
			ret[i] = mixed[i];
}

/* The objective, of mixed numbers. */
static double objective(struct dm_likelihood *l, const struct dm_arima_fit *fit,
    const double *mixed)
{
	double at[MAX_ALL];

	to_coefs(fit, mixed, at);
	if (!dm_likelihood_at(l, at, at + fit->n_coefs))
		return NAN;
	return 0.5 * dm_likelihood_objective(l);
}

static double second_difference(struct dm_likelihood *l,
    const struct dm_arima_fit *fit, double *at, const double *steps, int i,
    int j)
{
	double sum = 0;

	for (int s = 0; s < 4; s++) {
		double di = s & 1 ? -steps[i] : steps[i];
		double dj = s & 2 ? -steps[j] : steps[j];
		double was_i = at[i], was_j = at[j];
		at[i] += di;
		at[j] += dj;
		double f = objective(l, fit, at);
		sum += (di > 0) == (dj > 0) ? f : -f;
		at[j] = was_j;
		at[i] = was_i;
	}
	return sum / (4 * steps[i] * steps[j]);
}

/* ret = J' m J for the way back from mixed numbers, at these. */
static double variance(
    const struct dm_arima_fit *fit, const double *m, double *at, int i)
{
	double was[MAX_ALL], now[MAX_ALL], d[MAX_ALL], sum = 0;
	int n = fit->n_coefs + fit->n_x;

	to_coefs(fit, at, was);
	for (int j = 0; j < n; j++) {
		double kept = at[j];
		at[j] += STEP;
		to_coefs(fit, at, now);
		at[j] = kept;
		d[j] = (now[i] - was[i]) / STEP;
	}
	for (int j = 0; j < n; j++)
		for (int k = 0; k < n; k++)
			sum += d[j] * m[j * n + k] * d[k];
	return sum;
}

static int errors(
    struct dm_likelihood *l, struct dm_arima_fit *fit, struct dm_err *err)
{
	double steps[MAX_ALL], at[MAX_ALL], m[MAX_ALL * MAX_ALL];
	int n = fit->n_coefs + fit->n_x;

	if (dm_arima_start_errors(l, steps + fit->n_coefs, err) < 0)
		return -1;
	dm_arima_to_free(&fit->order, fit->coefs, at);
	memcpy(at + fit->n_coefs, fit->x, (size_t)fit->n_x * sizeof *at);
	for (int i = 0; i < n; i++) {
		steps[i] = i < fit->n_coefs ? STEP : steps[i] * 10 * STEP;
		if (i < fit->n_coefs && !is_ar(&fit->order, i))
			at[i] = fit->coefs[i];
	}
	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++)
			m[i * n + j] = m[j * n + i] =
			    second_difference(l, fit, at, steps, i, j);
	gsl_matrix_view v = gsl_matrix_view_array(m, (size_t)n, (size_t)n);
	bool sound = gsl_linalg_cholesky_decomp1(&v.matrix) == GSL_SUCCESS &&
		     gsl_linalg_cholesky_invert(&v.matrix) == GSL_SUCCESS;
	for (int i = 0; i < n; i++)
		fit->errors[i] =
		    sound ? sqrt(variance(fit, m, at, i) / (double)fit->n_used)
			  : NAN;
	return 0;
}

int dm_arima_fit_errors(const struct dm_series_data *data,
    struct dm_arima_fit *fit, struct dm_err *err)
{
	struct dm_likelihood l;

	if (fit->n_coefs + fit->n_x == 0)
		return 0;
	if (dm_likelihood_init(&l, data, &fit->order, false, err) < 0)
		return -1;
	int status = errors(&l, fit, err);
	dm_likelihood_release(&l);
	return status;
}

/* The series less what the regression says. */
static double rest(
    const struct dm_series_data *d, const struct dm_arima_fit *fit, size_t t)
{
	double y = d->y[t];

	for (int i = 0; i < fit->n_x; i++)
		y -= fit->x[i] * d->x[i][t];
	return y;
}

int dm_arima_fit_forecast(const struct dm_series_data *data,
    const struct dm_arima_fit *fit, const double *const *x, int n,
    double *ret_mean, double *ret_se, struct dm_err *err)
{
	struct dm_arima_filter f;
	double v;

	if (dm_arima_filter_init(&f, &fit->order, 1, false, err) < 0)
		return -1;
	if (!dm_arima_filter_set(&f, fit->coefs)) {
		dm_arima_filter_release(&f);
		return dm_err_set(err, DM_EINVAL, "model is not stationary");
	}
	for (size_t t = 0; t < data->n; t++) {
		double y = rest(data, fit, t);
		dm_arima_filter_step(&f, isfinite(y) ? &y : NULL, &v);
	}
	dm_arima_filter_ahead(&f, n, ret_mean, ret_se);
	for (int h = 0; h < n; h++) {
		ret_se[h] = sqrt(ret_se[h] * fit->sigma2);
		for (int i = 0; i < fit->n_x; i++)
			ret_mean[h] += fit->x[i] * x[i][h];
	}
	dm_arima_filter_release(&f);
	return 0;
}
