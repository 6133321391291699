/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_FORECAST_FIT_H
#define DM_FORECAST_FIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "forecast/arima.h"

/*
 * Regression with seasonal ARIMA errors, fitted by exact maximum likelihood:
 * the filter gives the likelihood, generalised least squares the regression,
 * Levenberg and Marquardt's method the coefficients, which stay stationary
 * and invertible. Missing values are taken as they are.
 */

#define DM_ARIMA_MAX_REGRESSORS 8

/** What is fitted: n numbers, NaN where one is missing. */
struct dm_series_data {
	const double *y;
	size_t n;
	const double *x[DM_ARIMA_MAX_REGRESSORS]; /* n numbers each */
	int n_x;				  /* a mean is one of 1s */
};

struct dm_arima_fit {
	struct dm_arima_order order;
	int n_coefs, n_x;
	double coefs[DM_ARIMA_MAX_COEFS];
	double x[DM_ARIMA_MAX_REGRESSORS]; /* regression coefficients */
	/* Of coefs, then of x; NaN where the curvature says nothing. */
	double errors[DM_ARIMA_MAX_COEFS + DM_ARIMA_MAX_REGRESSORS];
	double sigma2; /* of the innovations */
	double log_likelihood, aic, aicc, bic;
	size_t n_used; /* values that are there, less those of differencing */
	int iterations;
	bool converged;
};

/** What a fit may cost. */
enum dm_arima_effort {
	DM_ARIMA_QUICK, /* from one start until steps are small: to compare */
	DM_ARIMA_CLOSE, /* until nobody would see the difference */
	DM_ARIMA_THOROUGH, /* from several starts, all digits */
};

/**
 * @start  coefficients to start from (of a fit before), or NULL
 * Returns 0, or -1: DM_EINVAL for orders or regressors out of bounds, too few
 * values for so many coefficients (the message says how many), a constant
 * series or regressors that depend on each other; DM_ENOMEM. Errors of
 * coefficients are not computed: dm_arima_fit_errors().
 */
int dm_arima_fit(const struct dm_series_data *data,
    const struct dm_arima_order *o, const double *start,
    enum dm_arima_effort effort, struct dm_arima_fit *ret,
    struct dm_err *err) DM_MUST_CHECK;

/** Standard errors, from the likelihood's curvature, as R computes them. */
int dm_arima_fit_errors(const struct dm_series_data *data,
    struct dm_arima_fit *fit, struct dm_err *err) DM_MUST_CHECK;

/**
 * Forecast n steps behind the data.
 * @x         n numbers for each regressor
 * @ret_mean  n numbers
 * @ret_se    n standard errors, of the innovations alone, as R has it
 */
int dm_arima_fit_forecast(const struct dm_series_data *data,
    const struct dm_arima_fit *fit, const double *const *x, int n,
    double *ret_mean, double *ret_se, struct dm_err *err) DM_MUST_CHECK;

#endif
