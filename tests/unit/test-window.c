/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "promql-fixture.h"

#define TARGET "\"instance\":\"n\",\"job\":\"dmon\""

/* A record of a container, of one metric m. */
static void container(
    struct fixture *f, double ts, const char *id, const char *value)
{
	char line[512];

	snprintf(line, sizeof(line),
	    "{\"ts\":%.6f,\"kind\":\"container\",\"labels\":{" TARGET
	    ",\"id\":\"%s\"},\"metrics\":{\"other\":1,\"m\":%s}}",
	    ts, id, value);
	assert_int_equal(fixture_line(f, line), 0);
}

static void sweep(struct fixture *f, double ts, const char *up)
{
	char line[512];

	snprintf(line, sizeof(line),
	    "{\"ts\":%.6f,\"kind\":\"sweep\",\"labels\":{" TARGET
	    "},\"metrics\":{\"up\":%s}}",
	    ts, up);
	assert_int_equal(fixture_line(f, line), 0);
}

static void of_kind(
    struct fixture *f, double ts, const char *kind, const char *metrics)
{
	char line[512];

	snprintf(line, sizeof(line),
	    "{\"ts\":%.6f,\"kind\":\"%s\",\"labels\":{\"id\":\"a\"},"
	    "\"metrics\":{%s}}",
	    ts, kind, metrics);
	assert_int_equal(fixture_line(f, line), 0);
}

#define ENDED(f, i) ((double)(f)->ended[i] / 1e6)

struct one {
	struct fixture f;
	struct dm_expr *m;
};

static int start(void **state)
{
	struct one *o = calloc(1, sizeof(*o));

	assert_non_null(o);
	fixture_start(&o->f);
	o->m = fixture_expr(&o->f, "sum by (id) (m)");
	*state = o;
	return 0;
}

static int stop(void **state)
{
	struct one *o = *state;

	dm_expr_free(o->m);
	fixture_stop(&o->f);
	free(o);
	return 0;
}

static void test_whole_sweeps(void **state)
{
	struct one *o = *state;
	struct fixture *f = &o->f;

	container(f, 10, "a", "1");
	container(f, 10, "b", "2");
	assert_int_equal(f->n_ended, 0);
	sweep(f, 10, "1");
	assert_int_equal(f->n_ended, 1);
	assert_true(ENDED(f, 0) == 10);
	assert_string_equal(
	    fixture_eval(f, o->m, 10), "{id=\"a\"} 1; {id=\"b\"} 2");
	container(f, 11, "a", "3");
	assert_string_equal(
	    fixture_eval(f, o->m, 11), "{id=\"a\"} 3; {id=\"b\"} 2");
	sweep(f, 11, "1");
	assert_string_equal(fixture_eval(f, o->m, 11), "{id=\"a\"} 3");
	assert_string_equal(
	    fixture_eval(f, o->m, 10.5), "{id=\"a\"} 1; {id=\"b\"} 2");
	/* It comes back, and the other one's metric is null. */
	container(f, 12, "b", "5");
	container(f, 12, "a", "null");
	assert_string_equal(
	    fixture_eval(f, o->m, 12), "{id=\"a\"} 3; {id=\"b\"} 5");
	sweep(f, 12, "1");
	assert_string_equal(fixture_eval(f, o->m, 12), "{id=\"b\"} 5");
	/* The target is down. */
	sweep(f, 13, "0");
	assert_string_equal(fixture_eval(f, o->m, 13), "");
	assert_int_equal(f->n_ended, 4);
}

static void test_cut_short(void **state)
{
	struct one *o = *state;
	struct fixture *f = &o->f;

	container(f, 10, "a", "1");
	container(f, 10, "b", "2");
	sweep(f, 10, "1");
	container(f, 11, "a", "3");
	container(f, 12, "a", "4");
	assert_int_equal(f->n_ended, 1);
	assert_string_equal(
	    fixture_eval(f, o->m, 12), "{id=\"a\"} 4; {id=\"b\"} 2");
	sweep(f, 12, "1");
	assert_int_equal(f->n_ended, 2);
	assert_string_equal(fixture_eval(f, o->m, 12), "{id=\"a\"} 4");
}

/* A target that never sends a sweep record. */
static void test_by_next_ts(void **state)
{
	struct one *o = *state;
	struct fixture *f = &o->f;
	int64_t t;

	container(f, 10, "a", "1");
	container(f, 10, "b", "2");
	container(f, 11, "a", "3");
	assert_int_equal(f->n_ended, 1);
	assert_true(ENDED(f, 0) == 10);
	container(f, 12, "a", "4");
	assert_int_equal(f->n_ended, 2);
	assert_true(ENDED(f, 1) == 11);
	assert_string_equal(fixture_eval(f, o->m, 11), "{id=\"a\"} 3");
	assert_string_equal(
	    fixture_eval(f, o->m, 10), "{id=\"a\"} 1; {id=\"b\"} 2");
	/* That of --silence ends the open one and itself, and leaves the
	 * target what it is. */
	sweep(f, 42, "0");
	assert_int_equal(f->n_ended, 4);
	assert_true(ENDED(f, 2) == 12 && ENDED(f, 3) == 42);
	assert_string_equal(fixture_eval(f, o->m, 42), "");
	container(f, 50, "a", "5");
	container(f, 51, "a", "6");
	assert_int_equal(f->n_ended, 5);
	assert_int_equal(dm_window_end_sweep(f->window, &t, &f->err), 1);
	assert_int_equal(t, 51000000);
	assert_int_equal(dm_window_end_sweep(f->window, &t, &f->err), 0);
	assert_int_equal(dm_window_n_targets(f->window), 1);
	assert_int_equal(dm_window_target(f->window, 0)->last_us, 51000000);
}

/* At the end of input the oldest sweep ends first. */
static void test_end_of_many(void **state)
{
	struct one *o = *state;
	struct fixture *f = &o->f;
	char line[256];
	int64_t t, last = 0;
	int n = 0;

	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line),
		    "{\"ts\":%d,\"kind\":\"host\",\"labels\":{"
		    "\"instance\":\"n%d\"},\"metrics\":{\"m\":1}}",
		    1000 + i * 37 % 100, i);
		assert_int_equal(fixture_line(f, line), 0);
	}
	while (dm_window_end_sweep(f->window, &t, &f->err) > 0) {
		assert_true(t > last && t < 1100 * INT64_C(1000000));
		last = t;
		dm_window_advance(f->window, t + 4000 * INT64_C(1000000));
		if (++n == 50)
			dm_window_set_back(f->window, 1050 * INT64_C(1000000));
	}
	assert_int_equal(n, 100);
	assert_int_equal(dm_window_n_targets(f->window), 100);
}

static void test_late_and_twice(void **state)
{
	struct one *o = *state;
	struct fixture *f = &o->f;
	struct dm_expr *n = fixture_expr(f, "sum_over_time(m{id=\"a\"}[9s])");

	container(f, 10, "a", "1");
	container(f, 12, "a", "4");
	container(f, 11, "a", "2");   /* late */
	container(f, 12, "a", "100"); /* the first one counts */
	container(f, 11, "a", "100");
	assert_int_equal(f->n_ended, 1);
	assert_string_equal(fixture_eval(f, o->m, 11), "{id=\"a\"} 2");
	assert_string_equal(fixture_eval(f, o->m, 12), "{id=\"a\"} 4");
	assert_string_equal(fixture_eval(f, n, 12),
	    "{id=\"a\", instance=\"n\", job=\"dmon\"} 7");
	dm_expr_free(n);
}

static void test_kinds(void **state)
{
	struct one *o = *state;
	struct fixture *f = &o->f;
	struct dm_expr *n = fixture_expr(f, "count_over_time(m[1m])");

	of_kind(f, 10, "event", "\"m\":1");
	assert_string_equal(fixture_eval(f, o->m, 10), "{id=\"a\"} 1");
	assert_string_equal(fixture_eval(f, o->m, 10.000001), "");
	assert_string_equal(fixture_eval(f, n, 20), "{id=\"a\"} 1");
	of_kind(f, 20, "forecast", "\"m\":3");
	assert_string_equal(fixture_eval(f, o->m, 319.9), "{id=\"a\"} 3");
	assert_string_equal(fixture_eval(f, o->m, 320), "");
	of_kind(f, 30, "forecast", "\"m\":null");
	assert_string_equal(fixture_eval(f, o->m, 30), "");
	of_kind(f, 40, "recorded", "\"m\":\"NaN\"");
	assert_string_equal(fixture_eval(f, o->m, 40), "{id=\"a\"} \"NaN\"");
	of_kind(f, 50, "alert", "\"m\":7");
	of_kind(f, 50, "whatever", "\"m\":7");
	assert_string_equal(fixture_eval(f, o->m, 50), "{id=\"a\"} \"NaN\"");
	assert_int_equal(f->n_ended, 0);
	dm_expr_free(n);
}

static void test_own_names(void **state)
{
	struct one *o = *state;
	struct fixture *f = &o->f;
	const struct dm_str own = DM_STR("m");

	assert_int_equal(
	    dm_window_set_own_names(f->window, &own, 1, &f->err), 0);
	of_kind(f, 10, "recorded", "\"m\":3");
	assert_string_equal(fixture_eval(f, o->m, 10), "");
	fixture_put(f, "m", "id", "a", 10, 4);
	assert_string_equal(fixture_eval(f, o->m, 10), "{id=\"a\"} 4");
	assert_int_equal(
	    dm_window_set_own_names(f->window, NULL, 0, &f->err), 0);
	of_kind(f, 11, "recorded", "\"m\":5");
	assert_string_equal(fixture_eval(f, o->m, 11), "{id=\"a\"} 5");
}

/* Many that come and go leave nothing behind. */
static void test_churn(void **state)
{
	struct one *o = *state;
	struct fixture *f = &o->f;
	struct dm_expr *r = fixture_expr(f, "rate(m[10s])");
	size_t most = 0;
	char id[32];

	for (int t = 0; t < 3000; t++) {
		for (int i = 0; i < 20; i++) {
			snprintf(id, sizeof(id), "%d", t * 10 + i);
			container(f, 1000 + t, id, "2.5");
		}
		sweep(f, 1000 + t, "1");
		fixture_eval(f, r, 1000 + t);
		dm_window_advance(f->window, (1000 + t) * INT64_C(1000000));
		if (dm_window_n_series(f->window) > most)
			most = dm_window_n_series(f->window);
	}
	assert_true(most < 2000);
	assert_true(dm_window_n_samples(f->window) < 8000);
	dm_expr_free(r);
}

/* New rules keep what they want, and get what they newly want from then
 * on; what only old ones wanted goes. */
static void test_reload(void **state)
{
	struct one *o = *state;
	struct fixture *f = &o->f;
	struct dm_expr *more;

	container(f, 10, "a", "1");
	assert_int_equal(dm_window_n_series(f->window), 1);
	more = fixture_expr(f, "sum by (id) (other + m)");
	container(f, 11, "a", "2");
	assert_int_equal(dm_window_n_series(f->window), 2);
	assert_string_equal(fixture_eval(f, more, 11), "{id=\"a\"} 3");
	dm_expr_free(more);
	dm_window_advance(f->window, INT64_C(9000000));
	assert_int_equal(dm_window_n_series(f->window), 1);
	container(f, 12, "a", "3");
	assert_string_equal(fixture_eval(f, o->m, 12), "{id=\"a\"} 3");
	assert_string_equal(fixture_eval(f, o->m, 10), "{id=\"a\"} 1");
}

static void test_state(void **state)
{
	struct one *o = *state, *p;
	struct fixture *f = &o->f;
	void *second = NULL;
	struct dm_buf b = {0}, again = {0};
	struct dm_str rest, line;

	container(f, 10, "a\\\"\\u00e4", "1.25");
	container(f, 10, "b", "\"+Inf\"");
	sweep(f, 10, "1");
	container(f, 11, "b", "0.1");
	sweep(f, 11, "1");
	assert_int_equal(dm_window_save(f->window, &b, &f->err), 0);
	start(&second);
	p = second;
	rest = dm_buf_str(&b);
	while (dm_str_line(&rest, &line)) {
		assert_true(dm_str_starts(line, "{\"window\":"));
		assert_int_equal(
		    dm_window_restore_line(p->f.window, line, &f->err), 0);
	}
	assert_string_equal(fixture_eval(&p->f, p->m, 11), "{id=\"b\"} 0.1");
	assert_string_equal(fixture_eval(&p->f, p->m, 10),
	    "{id=\"a\\\"\xc3\xa4\"} 1.25; {id=\"b\"} \"+Inf\"");
	assert_int_equal(dm_window_save(p->f.window, &again, &f->err), 0);
	assert_true(dm_str_eq(dm_buf_str(&b), dm_buf_str(&again)));
	/* What was live is stale if the next sweep lacks it. */
	sweep(&p->f, 12, "1");
	assert_string_equal(fixture_eval(&p->f, p->m, 12), "");
	assert_int_equal(dm_window_restore_line(p->f.window,
			     DM_STR("{\"window\":\"series\"}"), &f->err),
	    -1);
	assert_int_equal(
	    dm_window_restore_line(p->f.window, DM_STR("{"), &f->err), -1);
	stop(&second);
	dm_buf_release(&b);
	dm_buf_release(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_whole_sweeps, start, stop),
	    cmocka_unit_test_setup_teardown(test_cut_short, start, stop),
	    cmocka_unit_test_setup_teardown(test_by_next_ts, start, stop),
	    cmocka_unit_test_setup_teardown(test_end_of_many, start, stop),
	    cmocka_unit_test_setup_teardown(test_late_and_twice, start, stop),
	    cmocka_unit_test_setup_teardown(test_kinds, start, stop),
	    cmocka_unit_test_setup_teardown(test_own_names, start, stop),
	    cmocka_unit_test_setup_teardown(test_churn, start, stop),
	    cmocka_unit_test_setup_teardown(test_reload, start, stop),
	    cmocka_unit_test_setup_teardown(test_state, start, stop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
