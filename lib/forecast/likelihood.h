/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_FORECAST_LIKELIHOOD_H
#define DM_FORECAST_LIKELIHOOD_H

#include <stddef.h>

#include "forecast/filter.h"
#include "forecast/fit.h"

/*
 * The exact Gaussian likelihood of a regression with ARIMA errors, as a
 * function of the ARIMA coefficients. Innovations of the diffuse start of
 * what is differenced do not count, as in R's arima.
 */
struct dm_likelihood {
	struct dm_arima_filter filter;
	size_t n;    /* rows */
	int columns; /* y, then the regressors */
	/* As if all before the first value had been nought, and the first
	 * innovations, as many as AR has lags, did not count. */
	bool conditional;
	double *rows;  /* n x columns; NaN in y: missing */
	double *white; /* n x columns: innovations over their deviation */
	double whole;  /* sum of y's squares */
	/* What dm_likelihood_at() found. */
	size_t n_used;
	double sum_log;	    /* of the innovations' variances */
	double sum_squares; /* of residuals, the regression taken off */
	double x[DM_ARIMA_MAX_REGRESSORS];
	/* Triangle of the regression's normal equations, Cholesky's. */
	double root[DM_ARIMA_MAX_REGRESSORS * DM_ARIMA_MAX_REGRESSORS];
};

/**
 * @quick  difference a series without gaps first: its likelihood is that of
 *         a start that is wholly diffuse, which differs in the fifth digit
 * Errors: as dm_arima_fit(), but for those of the fit itself.
 */
int dm_likelihood_init(struct dm_likelihood *l,
    const struct dm_series_data *data, const struct dm_arima_order *o,
    bool quick, struct dm_err *err) DM_MUST_CHECK;
void dm_likelihood_release(struct dm_likelihood *l);

/**
 * Filter all rows with these coefficients, and fit the regression.
 * @x  regression coefficients to take instead of the best ones, or NULL
 * Returns false where the model is not stationary or nothing can be said.
 */
bool dm_likelihood_at(
    struct dm_likelihood *l, const double *coefs, const double *x);

/** Residual of a row, over its deviation; 0 for one that does not count. */
double dm_likelihood_residual(const struct dm_likelihood *l, size_t row);

/** -2 log likelihood / n_used, less a constant: what a fit makes small. */
double dm_likelihood_objective(const struct dm_likelihood *l);

double dm_likelihood_log(const struct dm_likelihood *l);

#endif
