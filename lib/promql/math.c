/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "promql/expr.h"

/* Functions of single values. Source: prometheus promql/functions.go. */

static double fn_sgn(double v)
{
	return v < 0 ? -1 : v > 0 ? 1 : v;
}

static double fn_rad(double v)
{
	return v * (M_PI / 180);
}

static double fn_deg(double v)
{
	return v * (180 / M_PI);
}

/* Ties go up. The inverse is what Prometheus multiplies by. */
static double fn_round(double v, const double *args)
{
	double inverse = 1.0 / args[0];

	return floor(v * inverse + 0.5) / inverse;
}

static double fn_clamp_min(double v, const double *args)
{
	return dm_go_max(args[0], dm_go_min(INFINITY, v));
}

static double fn_clamp_max(double v, const double *args)
{
	return dm_go_max(-INFINITY, dm_go_min(args[0], v));
}

#define PLAIN(fn_name, fn)                                                     \
	{                                                                      \
		.name = (fn_name), .ret = DM_EXPR_VECTOR, .args = "v",         \
		.plain = (fn)                                                  \
	}

#define MATH(fn_name, letters, fn)                                             \
	{                                                                      \
		.name = (fn_name), .ret = DM_EXPR_VECTOR, .args = (letters),   \
		.math = (fn)                                                   \
	}

const struct dm_function dm_functions_math[] = {
    PLAIN("abs", fabs),
    PLAIN("ceil", ceil),
    PLAIN("floor", floor),
    PLAIN("exp", exp),
    PLAIN("ln", log),
    PLAIN("log2", log2),
    PLAIN("log10", log10),
    PLAIN("sqrt", sqrt),
    PLAIN("sgn", fn_sgn),
    PLAIN("sin", sin),
    PLAIN("cos", cos),
    PLAIN("tan", tan),
    PLAIN("asin", asin),
    PLAIN("acos", acos),
    PLAIN("atan", atan),
    PLAIN("sinh", sinh),
    PLAIN("cosh", cosh),
    PLAIN("tanh", tanh),
    PLAIN("asinh", asinh),
    PLAIN("acosh", acosh),
    PLAIN("atanh", atanh),
    PLAIN("rad", fn_rad),
    PLAIN("deg", fn_deg),
    {.name = "round",
	.ret = DM_EXPR_VECTOR,
	.args = "v?s",
	.math = fn_round,
	.missing = 1},
    MATH("clamp_min", "vs", fn_clamp_min),
    MATH("clamp_max", "vs", fn_clamp_max),
    {.name = NULL},
};
