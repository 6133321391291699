/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later
 * Fits ARIMA models as bench/arima-r.R does, to be held beside it: reads
 * lines "ID p d q sp sd sq period mean n y1 ... yn", NA for what is missing;
 * writes "ID log-likelihood seconds mean1 se1 ... mean10 se10", or "ID error".
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "forecast/fit.h"

#define AHEAD 10

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void fit_one(const char *id, const struct dm_arima_order *o, int n_x,
    const double *y, const double *ones, size_t n)
{
	struct dm_series_data d = {.y = y, .n = n, .x = {ones}, .n_x = n_x};
	const double *x[] = {ones};
	double mean[AHEAD], se[AHEAD], start = seconds();
	struct dm_arima_fit f;
	struct dm_err err;

	if (dm_arima_fit(&d, o, NULL, DM_ARIMA_THOROUGH, &f, &err) < 0) {
		printf("%s %s\n", id, err.msg);
		return;
	}
	double took = seconds() - start;
	if (dm_arima_fit_forecast(&d, &f, x, AHEAD, mean, se, &err) < 0) {
		printf("%s %s\n", id, err.msg);
		return;
	}
	printf("%s %.17g %.9f", id, f.log_likelihood, took);
	for (int h = 0; h < AHEAD; h++)
		printf(" %.17g %.17g", mean[h], se[h]);
	putchar('\n');
}

int main(void)
{
	char id[32], word[64];
	struct dm_arima_order o;
	int n_x;
	size_t n;

	while (scanf("%31s %d %d %d %d %d %d %d %d %zu", id, &o.p, &o.d, &o.q,
		   &o.sp, &o.sd, &o.sq, &o.period, &n_x, &n) == 10) {
		double *y = calloc(2 * n, sizeof *y);
		if (!y)
			return 4;
		for (size_t t = 0; t < n; t++) {
			if (scanf("%63s", word) != 1)
				return 3;
			y[t] = strcmp(word, "NA") ? strtod(word, NULL) : NAN;
			y[n + t] = 1;
		}
		fit_one(id, &o, n_x, y, y + n, n);
		free(y);
	}
	return 0;
}
