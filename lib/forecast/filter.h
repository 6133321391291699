/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_FORECAST_FILTER_H
#define DM_FORECAST_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "forecast/arima.h"

/*
 * A Kalman filter for a seasonal ARIMA model in Harvey's form (Harvey,
 * Forecasting, 1989, 3.3; what R's arima uses): r = max(ar, ma + 1) numbers
 * for the stationary part, which begins with its stationary covariance, and
 * one for each lag of differencing, which begins diffuse. Variances are in
 * units of the innovations' variance. A value may be missing.
 *
 * Once nothing is uncertain but the next innovation, which without missing
 * values is soon, a step costs no more than the recursion of the model. Until
 * then it costs the square of the state, or, where the model is stationary
 * and nothing will be missing, Chandrasekhar's recursions make do with the
 * state itself (Herbst, Computational Economics 45, 2015).
 *
 * Several columns go through at once: what is filtered, and regressors whose
 * coefficients least squares then gives.
 */
struct dm_arima_filter {
	struct dm_arima_order order;
	int r, n; /* stationary part, all of the state */
	int n_diff, columns;
	bool whole;	 /* no value will be missing */
	bool settled;	 /* nothing is uncertain but the next innovation */
	double *ar, *ma; /* r each, zeros behind; ma begins with 1 */
	double *delta;
	double *a;    /* columns of n: the next state, given all before */
	double *cov;  /* n x n, of that; if settled, it is not kept up */
	double *work; /* n + 1 x n + 1 */
	double *pz;   /* n + r + 1 */
	/* Chandrasekhar's: gain times variance, and how cov changes, w m w'. */
	double *gain, *w; /* r each */
	double m, var;
};

/* An innovation of a variance above this is a start, and no surprise. */
#define DM_ARIMA_DIFFUSE 1e4

/**
 * @columns  >= 1
 * @whole    no value will be missing
 * Returns 0, or -1 with DM_EINVAL for orders that are out of bounds, or
 * DM_ENOMEM. dm_arima_filter_set() must come before anything else.
 */
int dm_arima_filter_init(struct dm_arima_filter *f,
    const struct dm_arima_order *o, int columns, bool whole,
    struct dm_err *err) DM_MUST_CHECK;
void dm_arima_filter_release(struct dm_arima_filter *f);

/**
 * Take these coefficients and begin anew.
 * Returns false where the model is not stationary; it can't be used then.
 */
bool dm_arima_filter_set(struct dm_arima_filter *f, const double *coefs);

/**
 * The next step of time.
 * @y      one number a column, or NULL: missing
 * @ret_v  what came as a surprise in each column, or 0 if missing
 * Returns the innovation's variance, or 0 if missing.
 */
double dm_arima_filter_step(
    struct dm_arima_filter *f, const double *y, double *ret_v);

/**
 * Forecast the first column 1 to n steps ahead; the filter stays as it is,
 * and must not be one for series that are whole.
 * @ret_mean, @ret_var  n numbers each; variances in units as above
 */
void dm_arima_filter_ahead(
    struct dm_arima_filter *f, int n, double *ret_mean, double *ret_var);

#endif
