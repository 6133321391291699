/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_FORECAST_START_H
#define DM_FORECAST_START_H

#include "forecast/likelihood.h"

/**
 * Coefficients to start a fit from: Hannan and Rissanen's (Biometrika 69,
 * 1982), innovations taken from a long autoregression. Missing values are
 * bridged here.
 * @ret  dm_arima_n_coefs(&l->order) numbers, maybe outside the region
 * Returns 0, or -1 with DM_ENOMEM.
 */
int dm_arima_start(const struct dm_likelihood *l, double *ret,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * Standard errors of the regressors' coefficients, were the errors, when
 * differenced, white noise.
 * @ret  a number each
 * Returns 0, or -1 with DM_ENOMEM.
 */
int dm_arima_start_errors(const struct dm_likelihood *l, double *ret,
    struct dm_err *err) DM_MUST_CHECK;

#endif
