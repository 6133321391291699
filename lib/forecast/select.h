/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_FORECAST_SELECT_H
#define DM_FORECAST_SELECT_H

#include "forecast/fit.h"

/** Among which orders to choose. */
struct dm_arima_limits {
	int p, q, sp, sq; /* at most */
	int d, sd;  /* exactly; -1: by KPSS's test, by seasonal strength */
	int period; /* 0 or 1: no season */
	bool grid;  /* all of them, not step by step */
	bool no_constant; /* neither mean nor drift */
};

/**
 * The model of the smallest AICc, chosen step by step (Hyndman and Khandakar,
 * Journal of Statistical Software 27, 2008) or out of all. It has a mean where
 * nothing is differenced, a drift where something is once, if that is better:
 * then ret->n_x is 1, and its regressor 1s, or t = 1, 2, ...
 * @y    n numbers, NaN where one is missing
 * Returns 0, or -1: DM_EINVAL where no model can be fitted, DM_ENOMEM.
 */
int dm_arima_select(const double *y, size_t n,
    const struct dm_arima_limits *limits, struct dm_arima_fit *ret,
    struct dm_err *err) DM_MUST_CHECK;

#endif
