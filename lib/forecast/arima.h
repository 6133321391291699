/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_FORECAST_ARIMA_H
#define DM_FORECAST_ARIMA_H

#include <stdbool.h>

/*
 * Seasonal ARIMA(p,d,q)(sp,sd,sq)s: its orders, its coefficients, its
 * polynomials. Signs are Box and Jenkins's for AR and R's for MA:
 *
 *	w_t = ar_1 w_{t-1} + ... + e_t + ma_1 e_{t-1} + ...
 *
 * where w is the series differenced d times, and sd times at the period.
 */

#define DM_ARIMA_MAX_LAG    12 /* p, q */
#define DM_ARIMA_MAX_SLAG   2  /* sp, sq */
#define DM_ARIMA_MAX_DIFF   2  /* d + sd */
#define DM_ARIMA_MAX_PERIOD 1440
#define DM_ARIMA_MAX_COEFS  (2 * (DM_ARIMA_MAX_LAG + DM_ARIMA_MAX_SLAG))

struct dm_arima_order {
	int p, d, q;
	int sp, sd, sq;
	int period; /* 0 or 1: none, and then sp, sd, sq are 0 */
};

/** Are all orders within the bounds above? */
bool dm_arima_order_ok(const struct dm_arima_order *o);

/** Coefficients stand in this order: p ar, q ma, sp sar, sq sma. */
int dm_arima_n_coefs(const struct dm_arima_order *o);

/** Highest lags of the products of both polynomials, and of differencing. */
int dm_arima_n_ar(const struct dm_arima_order *o);
int dm_arima_n_ma(const struct dm_arima_order *o);
int dm_arima_n_diff(const struct dm_arima_order *o);

/**
 * Multiply out the seasonal polynomials.
 * @ret_ar  dm_arima_n_ar() numbers, the lags from 1
 * @ret_ma  dm_arima_n_ma()
 */
void dm_arima_expand(const struct dm_arima_order *o, const double *coefs,
    double *ret_ar, double *ret_ma);

/** y_t = w_t + delta_1 y_{t-1} + ...: dm_arima_n_diff() numbers. */
void dm_arima_diff(const struct dm_arima_order *o, double *ret_delta);

/**
 * Any numbers to a stationary and invertible model's coefficients: tanh makes
 * of each a partial autocorrelation, Durbin and Levinson's recursion the
 * coefficients (Monahan, Biometrika 71, 1984).
 */
void dm_arima_from_free(
    const struct dm_arima_order *o, const double *free, double *ret_coefs);

/**
 * The way back. A model that is not inside the region is shrunk into it
 * first, and so the numbers are always finite.
 */
void dm_arima_to_free(
    const struct dm_arima_order *o, const double *coefs, double *ret_free);

/** Is each AR part stationary and each MA part invertible? */
bool dm_arima_inside(const struct dm_arima_order *o, const double *coefs);

#endif
