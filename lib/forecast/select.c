/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "forecast/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "forecast/check.h"

/* Where R's nsdiffs differences at the period. */
#define SEASONAL 0.64

/* Orders that were tried, as bits: each is less than 16. */
#define MAX_TRIED 1024

struct choice {
	const struct dm_arima_limits *limits;
	struct dm_series_data data;
	struct dm_arima_fit best;
	int d, sd;
	bool constant; /* can there be one? */
	unsigned tried[MAX_TRIED];
	size_t n_tried;
};

struct candidate {
	int p, q, sp, sq;
	bool constant;
};

static bool allowed(const struct choice *c, const struct candidate *k)
{
	const struct dm_arima_limits *l = c->limits;
	bool seasonal = l->period > 1;

	return k->p >= 0 && k->q >= 0 && k->sp >= 0 && k->sq >= 0 &&
	       k->p <= l->p && k->q <= l->q &&
	       k->sp <= (seasonal ? l->sp : 0) &&
	       k->sq <= (seasonal ? l->sq : 0) && (c->constant || !k->constant);
}

static bool was_tried(struct choice *c, const struct candidate *k)
{
	unsigned bits = (unsigned)k->p | (unsigned)k->q << 4 |
			(unsigned)k->sp << 8 | (unsigned)k->sq << 12 |
			(unsigned)k->constant << 16;

	for (size_t i = 0; i < c->n_tried; i++)
		if (c->tried[i] == bits)
			return true;
	if (c->n_tried == MAX_TRIED)
		return true;
	c->tried[c->n_tried++] = bits;
	return false;
}

/* Is it better than all before? One that can't be fitted is not. */
static bool try_one(struct choice *c, const struct candidate *k)
{
	struct dm_arima_order o = {.p = k->p,
	    .d = c->d,
	    .q = k->q,
	    .sp = k->sp,
	    .sd = c->sd,
	    .sq = k->sq,
	    .period = c->limits->period};
	struct dm_arima_fit fit;
	struct dm_err ignored;

	if (!allowed(c, k) || was_tried(c, k))
		return false;
	c->data.n_x = k->constant ? 1 : 0;
	if (dm_arima_fit(&c->data, &o, NULL, DM_ARIMA_QUICK, &fit, &ignored) <
		0 ||
	    !(fit.aicc < c->best.aicc))
		return false;
	c->best = fit;
	return true;
}

static void all(struct choice *c)
{
	const struct dm_arima_limits *l = c->limits;
	struct candidate k;

	for (k.p = 0; k.p <= l->p; k.p++)
		for (k.q = 0; k.q <= l->q; k.q++)
			for (k.sp = 0; k.sp <= l->sp; k.sp++)
				for (k.sq = 0; k.sq <= l->sq; k.sq++)
					for (int i = 0; i < 2; i++) {
						k.constant = i == 1;
						try_one(c, &k);
					}
}

/* Go to the first neighbour that is better, as long as there is one. */
static void step_by_step(struct choice *c)
{
	static const struct candidate starts[] = {{2, 2, 1, 1, true},
	    {0, 0, 0, 0, true}, {1, 0, 1, 0, true}, {0, 1, 0, 1, true},
	    {0, 0, 0, 0, false}};
	static const int moves[][4] = {{0, 0, -1, 0}, {0, 0, 0, -1},
	    {0, 0, 1, 0}, {0, 0, 0, 1}, {0, 0, -1, -1}, {0, 0, -1, 1},
	    {0, 0, 1, -1}, {0, 0, 1, 1}, {-1, 0, 0, 0}, {0, -1, 0, 0},
	    {1, 0, 0, 0}, {0, 1, 0, 0}, {-1, -1, 0, 0}, {-1, 1, 0, 0},
	    {1, -1, 0, 0}, {1, 1, 0, 0}, {0, 0, 0, 0}};
	const size_t n_moves = sizeof moves / sizeof *moves;
	const struct dm_arima_limits *l = c->limits;
	bool seasonal = l->period > 1;

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
		struct candidate k = starts[i];
		k.p = k.p < l->p ? k.p : l->p;
		k.q = k.q < l->q ? k.q : l->q;
		k.sp = !seasonal ? 0 : k.sp < l->sp ? k.sp : l->sp;
		k.sq = !seasonal ? 0 : k.sq < l->sq ? k.sq : l->sq;
		k.constant = k.constant && c->constant;
		try_one(c, &k);
	}
	for (size_t i = 0; isfinite(c->best.aicc) && i < n_moves;) {
		const struct dm_arima_order *o = &c->best.order;
		struct candidate k = {o->p + moves[i][0], o->q + moves[i][1],
		    o->sp + moves[i][2], o->sq + moves[i][3],
		    (c->best.n_x > 0) != (i == n_moves - 1)};
		i = try_one(c, &k) ? 0 : i + 1;
	}
}

static int differences(
    struct choice *c, const double *y, size_t n, struct dm_err *err)
{
	const struct dm_arima_limits *l = c->limits;
	double strength = 0;

	c->sd = l->sd;
	if (l->sd < 0) {
		if (dm_seasonal_strength(y, n, l->period, &strength, err) < 0)
			return -1;
		c->sd = strength > SEASONAL ? 1 : 0;
	}
	c->d = l->d;
	if (l->d >= 0)
		return 0;
	if (c->sd == 0)
		return dm_n_diffs(y, n, DM_ARIMA_MAX_DIFF, &c->d, err);
	double *z = malloc(n * sizeof *z);
	if (!z)
		return dm_err_set(err, DM_ENOMEM, "out of memory");
	size_t p = (size_t)l->period;
	for (size_t t = p; t < n; t++)
		z[t - p] = y[t] - y[t - p];
	int status = dm_n_diffs(z, n - p, DM_ARIMA_MAX_DIFF - 1, &c->d, err);
	free(z);
	return status;
}

/* Does no value differ from another? */
static bool is_constant(const double *y, size_t n)
{
	double first = NAN;

	for (size_t t = 0; t < n; t++) {
		if (isnan(first))
			first = y[t];
		if (isfinite(y[t]) && y[t] != first)
			return false;
	}
	return true;
}

static int choose(struct choice *c, const double *y, size_t n, double *x,
    struct dm_arima_fit *ret, struct dm_err *err)
{
	if (is_constant(y, n))
		return dm_err_set(err, DM_EINVAL, "the series is constant");
	if (differences(c, y, n, err) < 0)
		return -1;
	c->constant = !c->limits->no_constant && c->d + c->sd < 2;
	for (size_t t = 0; t < n; t++)
		x[t] = c->d + c->sd == 0 ? 1 : (double)(t + 1);
	c->data = (struct dm_series_data){.y = y, .n = n, .x = {x}};
	c->best.aicc = INFINITY;
	if (c->limits->grid)
		all(c);
	else
		step_by_step(c);
	if (!isfinite(c->best.aicc))
		return dm_err_set(
		    err, DM_EINVAL, "no model can be fitted to %zu values", n);
	c->data.n_x = c->best.n_x;
	return dm_arima_fit(
	    &c->data, &c->best.order, c->best.coefs, DM_ARIMA_CLOSE, ret, err);
}

int dm_arima_select(const double *y, size_t n,
    const struct dm_arima_limits *limits, struct dm_arima_fit *ret,
    struct dm_err *err)
{
	struct choice *c = calloc(1, sizeof *c);
	double *x = malloc((n + 1) * sizeof *x);
	int status = -1;

	if (c && x) {
		c->limits = limits;
		status = choose(c, y, n, x, ret, err);
	} else
		dm_err_set(err, DM_ENOMEM, "out of memory");
	free(c);
	free(x);
	return status;
}
