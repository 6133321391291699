/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_PROMQL_QUANTILE_H
#define DM_PROMQL_QUANTILE_H

#include "promql/expr.h"

/**
 * The q-quantile of values, by linear interpolation; sorts them. NaN counts
 * as the least. -Inf for q < 0, +Inf for q > 1, NaN for none.
 * Source: prometheus promql/quantile.go.
 */
double dm_quantile(double q, double *values, size_t n);

#endif
