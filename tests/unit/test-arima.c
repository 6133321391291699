/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "forecast/check.h"
#include "forecast/fit.h"
#include "forecast/likelihood.h"
#include "forecast/select.h"

#define MAX 400

static double ones[MAX], years[MAX];

static size_t series(const char *name, double *ret)
{
	char path[200], word[100];
	size_t n = 0;

	snprintf(path, sizeof path, "tests/fixtures/arima/%s", name);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	while (n < MAX && fscanf(f, "%99s", word) == 1)
		ret[n++] = strcmp(word, "NA") == 0 ? NAN : strtod(word, NULL);
	fclose(f);
	return n;
}

/* Is it what was printed with so many digits behind the point? */
static void printed(double is, double ref, int digits)
{
	if (!(fabs(is - ref) <= 0.5 * pow(10, -digits) * 1.001))
		fail_msg("%.8f is not %.*f", is, digits, ref);
}

struct reference {
	const char *name;
	struct dm_arima_order order;
	int n_x;
	double coefs[4], errors[4], x[2], x_errors[2];
	double sigma2, log_likelihood, aic;
	int log_digits;
	double mean[3], se[3];
	int mean_digits, se_digits;
};

/* Source: R's examples, shared/data/arima/reference.md; 0: not given. */
static const struct reference references[] = {
    {"lh", {.p = 1}, 1, {.5739}, {.1161}, {2.4133}, {.1466}, .1975, -29.38,
	64.76, 2, {0}, {0}, 0, 0},
    {"lh", {.p = 3}, 1, {.6448, -.0634, -.2198}, {0}, {2.3931}, {0}, 0, -27.09,
	64.18, 2, {2.4602, 2.2708, 2.1986}, {.42268, .50293, .52452}, 4, 4},
    {"lh", {.p = 1, .q = 1}, 1, {.4522, .1982}, {.1769, .1705}, {2.4101},
	{.1358}, 0, -28.76, 0, 2, {0}, {0}, 0, 0},
    {"USAccDeaths", {.d = 1, .q = 1, .sd = 1, .sq = 1, .period = 12}, 0,
	{-.4303, -.5528}, {.1228, .1784}, {0}, {0}, 0, -425.44, 0, 2,
	{8336.1, 7531.8}, {315.45, 363.01}, 1, 1},
    {"LakeHuron", {.p = 2}, 2, {1.0048, -.2913}, {.0976, .1004},
	{579.0993, -.0216}, {.2370, .0081}, 0, -101.2, 0, 1, {0}, {0}, 0, 0},
    /* With missing values; forecasts are those of reltol=1e-15. */
    {"presidents", {.p = 3}, 1, {.7496, .2523, -.1890}, {.0936, .1140, .0946},
	{56.2236}, {4.2845}, 81.12, -414.08, 838.16, 2,
	{29.84215, 34.41043, 39.30837}, {9.00656, 11.25601, 13.43365}, 4, 4},
};

static void compare(const struct reference *r, const struct dm_arima_fit *f,
    const double *mean, const double *se)
{
	for (int i = 0; i < f->n_coefs; i++) {
		printed(f->coefs[i], r->coefs[i],
		    strcmp(r->name, "presidents") ? 4 : 3);
		if (r->errors[i] != 0)
			printed(f->errors[i], r->errors[i], 4);
	}
	/* What R's own optimiser leaves of these two, a thousandth. */
	for (int i = 0; i < f->n_x; i++) {
		assert_true(
		    fabs(f->x[i] - r->x[i]) < 1e-3 * fmax(fabs(r->x[i]), 0.1));
		if (r->x_errors[i] != 0)
			assert_true(fabs(f->errors[f->n_coefs + i] -
					 r->x_errors[i]) < 1e-3);
	}
	if (r->sigma2 != 0)
		printed(f->sigma2, r->sigma2, r->sigma2 < 1 ? 4 : 2);
	printed(f->log_likelihood, r->log_likelihood, r->log_digits);
	if (r->aic != 0)
		printed(f->aic, r->aic, 2);
	for (int i = 0; i < 3 && r->mean[i] != 0; i++) {
		printed(mean[i], r->mean[i], r->mean_digits);
		printed(se[i], r->se[i], r->se_digits);
	}
}

static void test_reference(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
		const struct reference *r = &references[i];
		const double *ahead[] = {ones, years + 98};
		double y[MAX], mean[3], se[3];
		struct dm_arima_fit f;
		struct dm_err err = {0};
		struct dm_series_data d = {.y = y,
		    .n = series(r->name, y),
		    .x = {ones, years},
		    .n_x = r->n_x};
		assert_int_equal(dm_arima_fit(&d, &r->order, NULL,
				     DM_ARIMA_THOROUGH, &f, &err),
		    0);
		assert_true(f.converged);
		assert_int_equal(dm_arima_fit_errors(&d, &f, &err), 0);
		assert_int_equal(
		    dm_arima_fit_forecast(&d, &f, ahead, 3, mean, se, &err), 0);
		compare(r, &f, mean, se);
	}
}

static double draw(uint64_t *seed)
{
	double sum = -6;

	for (int i = 0; i < 12; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		sum += (double)(*seed >> 11) / 9007199254740992.0;
	}
	return sum;
}

/* Any model, from free numbers. */
static void any_coefs(
    const struct dm_arima_order *o, uint64_t *seed, double *ret)
{
	double free[DM_ARIMA_MAX_COEFS];

	for (int i = 0; i < dm_arima_n_coefs(o); i++)
		free[i] = draw(seed) * 0.7;
	dm_arima_from_free(o, free, ret);
}

static const struct dm_arima_order orders[] = {{0}, {.p = 1}, {.q = 1},
    {.p = 2, .q = 1}, {.p = 1, .q = 3}, {.p = 5}, {.q = 4},
    {.p = 1, .q = 1, .sp = 1, .sq = 1, .period = 4},
    {.p = 2, .sp = 2, .period = 5}, {.q = 1, .sq = 2, .period = 3}};
#define N_ORDERS (sizeof orders / sizeof *orders)

static void test_there_and_back(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < N_ORDERS; i++) {
		const struct dm_arima_order *o = &orders[i];
		double a[DM_ARIMA_MAX_COEFS], b[DM_ARIMA_MAX_COEFS],
		    free[DM_ARIMA_MAX_COEFS];
		for (int round = 0; round < 20; round++) {
			any_coefs(o, &seed, a);
			assert_true(dm_arima_inside(o, a));
			dm_arima_to_free(o, a, free);
			dm_arima_from_free(o, free, b);
			for (int j = 0; j < dm_arima_n_coefs(o); j++)
				assert_true(fabs(a[j] - b[j]) < 1e-9);
		}
	}
	/* What is not inside comes inside; what is no number, too. */
	struct dm_arima_order o = {.p = 2};
	const double out[][2] = {{1.5, 0.2}, {-3, 9}, {NAN, INFINITY}, {0, 1}};
	for (size_t i = 0; i < 4; i++) {
		double free[2], in[2];
		assert_false(dm_arima_inside(&o, out[i]));
		dm_arima_to_free(&o, out[i], free);
		dm_arima_from_free(&o, free, in);
		assert_true(dm_arima_inside(&o, in));
	}
}

static void test_polynomials(void **state)
{
	struct dm_arima_order o = {
	    .p = 1, .q = 1, .sp = 1, .sq = 1, .d = 1, .sd = 1, .period = 4};
	const double coefs[] = {.5, .4, .3, .2};
	/* (1-.5B)(1-.3B4), (1+.4B)(1+.2B4), (1-B)(1-B4) */
	const double ar[] = {.5, 0, 0, .3, -.15}, ma[] = {.4, 0, 0, .2, .08},
		     delta[] = {1, 0, 0, 1, -1};
	double is_ar[5], is_ma[5], is_delta[5];

	(void)state;
	dm_arima_expand(&o, coefs, is_ar, is_ma);
	dm_arima_diff(&o, is_delta);
	for (int i = 0; i < 5; i++) {
		assert_true(fabs(is_ar[i] - ar[i]) < 1e-15);
		assert_true(fabs(is_ma[i] - ma[i]) < 1e-15);
		assert_true(is_delta[i] == delta[i]);
	}
	o.d = 2;
	assert_false(dm_arima_order_ok(&o));
	o.sd = 0;
	assert_true(dm_arima_order_ok(&o));
	o.period = 1;
	assert_false(dm_arima_order_ok(&o));
}

/* Covariance of two values so far apart, by weights of 4,000 innovations. */
static double covariance(
    const struct dm_arima_order *o, const double *coefs, int apart)
{
	enum {
		N = 4000
	};
	static double psi[N];
	double ar[100], ma[100], sum = 0;

	dm_arima_expand(o, coefs, ar, ma);
	for (int k = 0; k < N; k++) {
		psi[k] = k == 0 ? 1 : k <= dm_arima_n_ma(o) ? ma[k - 1] : 0;
		for (int i = 1; i <= dm_arima_n_ar(o) && i <= k; i++)
			psi[k] += ar[i - 1] * psi[k - i];
	}
	for (int k = 0; k + apart < N; k++)
		sum += psi[k] * psi[k + apart];
	return sum;
}

/* Log density of the values that are there, innovations of variance 1. */
static double dense_log(
    const double *y, int n, const double *gamma, double sigma2)
{
	static double m[60 * 60];
	double z[60], sum = 0;
	int k = 0, at[60];

	for (int t = 0; t < n; t++)
		if (isfinite(y[t]))
			at[k++] = t;
	for (int i = 0; i < k; i++) {
		z[i] = y[at[i]];
		for (int j = 0; j <= i; j++) {
			double v = gamma[at[i] - at[j]] * sigma2;
			for (int s = 0; s < j; s++)
				v -= m[i * k + s] * m[j * k + s];
			m[i * k + j] = i == j ? sqrt(v) : v / m[j * k + j];
		}
		for (int j = 0; j < i; j++)
			z[i] -= m[i * k + j] * z[j];
		z[i] /= m[i * k + i];
		sum -= 0.5 * (log(2 * M_PI) + z[i] * z[i]) + log(m[i * k + i]);
	}
	return sum;
}

/* The filter's likelihood is the Gaussian density, gaps or not. */
static void test_density(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (size_t i = 0; i < N_ORDERS; i++)
		for (int gaps = 0; gaps < 3; gaps++) {
			const struct dm_arima_order *o = &orders[i];
			double y[60], coefs[DM_ARIMA_MAX_COEFS], gamma[60];
			struct dm_likelihood l;
			struct dm_err err;
			any_coefs(o, &seed, coefs);
			for (int t = 0; t < 60; t++) {
				y[t] = draw(&seed);
				gamma[t] = covariance(o, coefs, t);
				if (gaps == 1 ? t % 7 == 3 : gaps && t < 40)
					y[t] = NAN;
			}
			struct dm_series_data d = {.y = y, .n = 60};
			assert_int_equal(
			    dm_likelihood_init(&l, &d, o, true, &err), 0);
			assert_true(dm_likelihood_at(&l, coefs, NULL));
			double ref = dense_log(
			    y, 60, gamma, l.sum_squares / (double)l.n_used);
			if (fabs(dm_likelihood_log(&l) - ref) > 1e-6)
				fail_msg("order %zu: %.9f, not %.9f", i,
				    dm_likelihood_log(&l), ref);
			dm_likelihood_release(&l);
		}
}

static void refused(const double *y, size_t n, const struct dm_arima_order *o,
    int n_x, const char *says)
{
	struct dm_series_data d = {
	    .y = y, .n = n, .x = {ones, ones}, .n_x = n_x};
	struct dm_arima_fit f;
	struct dm_err err = {0};

	assert_int_equal(
	    dm_arima_fit(&d, o, NULL, DM_ARIMA_THOROUGH, &f, &err), -1);
	if (!strstr(err.msg, says))
		fail_msg("%s", err.msg);
}

static void test_refused(void **state)
{
	double y[MAX], none[MAX], same[MAX];
	size_t n = series("lh", y);

	(void)state;
	for (size_t i = 0; i < MAX; i++) {
		none[i] = NAN;
		same[i] = 3;
	}
	refused(y, n, &(struct dm_arima_order){.p = 99}, 0, "bounds");
	refused(y, n, &(struct dm_arima_order){.sp = 1}, 0, "bounds");
	refused(y, 3, &(struct dm_arima_order){.p = 2}, 1,
	    "3 values for a model that needs 5");
	refused(none, n, &(struct dm_arima_order){.p = 1}, 1, "0 values");
	refused(same, n, &(struct dm_arima_order){.p = 1}, 1, "constant");
	refused(y, n, &(struct dm_arima_order){.p = 1}, 2, "depend");
	refused(y, n, &(struct dm_arima_order){.d = 1}, 1, "depend");
}

/* Whatever comes, what is said is a number. */
static void test_extremes(void **state)
{
	uint64_t seed = 3;
	double y[200];

	(void)state;
	for (int kind = 0; kind < 6; kind++) {
		for (int t = 0; t < 200; t++) {
			double z = draw(&seed);
			y[t] = kind == 0   ? z * 1e150
			       : kind == 1 ? z * 1e-150
			       : kind == 2 ? (t == 100)
			       : kind == 3 ? (t > 100 ? 1e9 : 0)
			       : kind == 4 ? t
					   : (t % 50 ? NAN : z);
		}
		struct dm_series_data d = {
		    .y = y, .n = 200, .x = {ones}, .n_x = 1};
		for (size_t i = 0; i < N_ORDERS; i++) {
			struct dm_arima_fit f;
			struct dm_err err;
			double m[5], s[5];
			const double *x[] = {ones};
			if (dm_arima_fit(&d, &orders[i], NULL,
				DM_ARIMA_THOROUGH, &f, &err) < 0)
				continue;
			assert_true(isfinite(f.log_likelihood));
			assert_int_equal(
			    dm_arima_fit_forecast(&d, &f, x, 5, m, s, &err), 0);
			for (int h = 0; h < 5; h++)
				if (!isfinite(m[h]) || !isfinite(s[h]))
					fail_msg(
					    "kind %d order %zu: %g %g %g %g %g",
					    kind, i, m[h], s[h], f.sigma2,
					    f.coefs[0], f.coefs[1]);
		}
	}
}

/*
 * Source: R 4.2 and its packages urca and forecast (ur.kpss, ndiffs, Box.test
 * with lag=8, and of the differences with fitdf=2; auto.arima with these d,
 * max.p=3, max.q=3, seasonal=FALSE, approximation=FALSE).
 */
static const struct {
	const char *name;
	double kpss;
	int n_diffs;
	double ljung, ljung_diff, aicc;
} checked[] = {
    {"lh", 0.3678891, 0, 0.003738033, 0.1227935, 65.30378},
    {"Nile", 1.315226, 1, 4.884981e-15, 0.0002621214, 1267.507},
    {"LakeHuron", 1.221219, 1, 0, 0.087966, 220.2579},
    {"lynx", 0.06946508, 0, 0, 5.538792e-12, 1876.952},
    {"USAccDeaths", 0.2912338, 0, 2.220446e-16, 0.001324646, 1141.698},
    {"AirPassengers", 4.342287, 1, 0, 7.65295e-10, 1377.704},
    {"sunspot.year", 0.4653349, 1, 0, 0, 2406.495},
};

static void near(double is, double ref)
{
	if (!(fabs(is - ref) <= 1e-6 * fabs(ref) + 1e-14))
		fail_msg("%.10g is not %.10g", is, ref);
}

static void test_checks(void **state)
{
	const double z[] = {1, 2, 3, NAN, 4, 5, 9, 1, 1, 2};
	double y[MAX], strength;
	struct dm_err err;

	(void)state;
	for (size_t i = 0; i < sizeof checked / sizeof *checked; i++) {
		size_t n = series(checked[i].name, y);
		int d;
		near(dm_kpss(y, n), checked[i].kpss);
		assert_int_equal(dm_n_diffs(y, n, 2, &d, &err), 0);
		assert_int_equal(d, checked[i].n_diffs);
		near(dm_ljung_box(y, n, 8, 0), checked[i].ljung);
		for (size_t t = 0; t + 1 < n; t++)
			y[t] = y[t + 1] - y[t];
		near(dm_ljung_box(y, n - 1, 8, 2), checked[i].ljung_diff);
	}
	assert_true(fabs(dm_jarque_bera(z, 10) - 0.2325552) < 1e-7);
	assert_true(dm_kpss(ones, MAX) == 0);
	assert_true(dm_ljung_box(ones, MAX, 8, 0) == 1);
	assert_true(dm_jarque_bera(ones, MAX) == 1);

	size_t n = series("USAccDeaths", y);
	assert_int_equal(dm_seasonal_strength(y, n, 12, &strength, &err), 0);
	assert_true(strength > 0.8 && strength <= 1);
	n = series("LakeHuron", y);
	assert_int_equal(dm_seasonal_strength(y, n, 12, &strength, &err), 0);
	assert_true(strength < 0.64);
	assert_int_equal(dm_seasonal_strength(y, 20, 12, &strength, &err), 0);
	assert_true(strength == 0);
}

static void test_select(void **state)
{
	struct dm_arima_limits l = {.p = 3, .q = 3, .d = -1, .sd = -1};
	struct dm_arima_fit f;
	struct dm_err err;
	double y[MAX];

	(void)state;
	for (size_t i = 0; i < sizeof checked / sizeof *checked; i++) {
		size_t n = series(checked[i].name, y);
		assert_int_equal(dm_arima_select(y, n, &l, &f, &err), 0);
		assert_int_equal(f.order.d, checked[i].n_diffs);
		if (f.aicc > checked[i].aicc + 1e-2)
			fail_msg("%s: %g (%d,%d,%d)", checked[i].name, f.aicc,
			    f.order.p, f.order.d, f.order.q);
	}
	/* Source: auto.arima with d=1, D=1, up to (2,2)(1,1). */
	l = (struct dm_arima_limits){
	    .p = 2, .q = 2, .sp = 1, .sq = 1, .d = 1, .sd = 1, .period = 12};
	for (int grid = 0; grid < 2; grid++) {
		l.grid = grid == 1;
		assert_int_equal(
		    dm_arima_select(y, series("USAccDeaths", y), &l, &f, &err),
		    0);
		assert_true(f.aicc < 857.3264);
		assert_int_equal(dm_arima_select(y, series("AirPassengers", y),
				     &l, &f, &err),
		    0);
		assert_true(f.aicc < 1018.175);
	}
	l = (struct dm_arima_limits){.p = 3, .q = 3, .d = -1, .sd = -1};
	assert_int_equal(dm_arima_select(ones, MAX, &l, &f, &err), -1);
	assert_non_null(strstr(err.msg, "constant"));
	assert_int_equal(dm_arima_select(y, 2, &l, &f, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_polynomials),
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_density),
	    cmocka_unit_test(test_reference),
	    cmocka_unit_test(test_checks),
	    cmocka_unit_test(test_select),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_extremes),
	};

	for (int i = 0; i < MAX; i++) {
		ones[i] = 1;
		years[i] = 1875 + i - 1920;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
