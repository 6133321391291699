/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_FORECAST_CHECK_H
#define DM_FORECAST_CHECK_H

#include <stddef.h>

#include "base/err.h"

/*
 * What is tested about a series before it is modelled, and about what a
 * model leaves. Values are n numbers, NaN where one is missing; what is
 * missing is left out.
 */

/**
 * Kwiatkowski, Phillips, Schmidt and Shin's statistic for a level that stays
 * (Journal of Econometrics 54, 1992), with trunc(3 sqrt(n) / 13) lags, as
 * R's ndiffs has it. Above 0.463 it is refuted at 5 %. 0 for a constant
 * series.
 */
double dm_kpss(const double *y, size_t n);

/** By that: how many times to difference, at most max. */
int dm_n_diffs(const double *y, size_t n, int max, int *ret,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * How much of what is no trend is seasonal: 0 to 1, 1 - var(rest) / var(rest +
 * season) (Wang, Smith and Hyndman, Data Mining and Knowledge Discovery 13,
 * 2006), the trend by moving averages. Above 0.64 R's nsdiffs differences at
 * the period.
 * Returns 0 with *ret, or -1 with DM_ENOMEM; *ret is 0 for less than two
 * periods.
 */
int dm_seasonal_strength(const double *y, size_t n, int period, double *ret,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * Probability to see such autocorrelations, up to this lag, of what a right
 * model leaves (Ljung and Box, Biometrika 65, 1978).
 * @n_coefs  of the model; lags must be more
 */
double dm_ljung_box(const double *rest, size_t n, int lags, int n_coefs);

/** Probability of such skewness and kurtosis in normal values (Jarque, Bera,
 * Economics Letters 6, 1980). */
double dm_jarque_bera(const double *rest, size_t n);

#endif
