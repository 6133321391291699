/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "query/query.h"
#include "query/render.h"
#include "query/stream.h"
#include "record/write.h"
#include "store/store.h"

#define T0 1700000000

static char folder[64], path[96];

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/dmon-test-query.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/a.db", folder);
	return 0;
}

static void drop_database(void)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char name[128];

	for (size_t i = 0; i < DM_COUNT(ends); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

static int tear_down(void **state)
{
	(void)state;
	drop_database();
	return rmdir(folder);
}

/* ---- the two places of data, both of the same lines ---- */

static struct dm_buf lines;

static void forget(void *ctx, struct dm_identity *identity)
{
	(void)ctx;
	dm_store_forget(identity);
}

static void store_lines(void)
{
	struct dm_store_options options = {.keep_us = 0};
	struct dm_str rest = dm_buf_str(&lines), line;
	struct dm_scanner *scanner;
	struct dm_store *store;
	struct dm_record r;
	struct dm_err err;

	drop_database();
	assert_int_equal(dm_store_open(path, &options, &store, &err), 0);
	assert_int_equal(dm_scanner_new(forget, NULL, &scanner, &err), 0);
	dm_store_set_scanner(store, scanner);
	while (dm_str_line(&rest, &line)) {
		assert_int_equal(dm_scan(scanner, line, &r, &err), 0);
		assert_int_equal(dm_store_add(store, &r, &err), 0);
	}
	assert_int_equal(dm_store_commit(store, &err), 0);
	dm_scanner_free(scanner);
	dm_store_free(store);
}

static int when(void *ctx, int64_t greatest_us, int64_t *ret_start_us,
    int64_t *ret_end_us, struct dm_err *err)
{
	struct dm_query_load *l = ctx;

	if (dm_query_resolve(l, greatest_us, err) < 0)
		return -1;
	*ret_start_us = l->start_us;
	*ret_end_us = l->end_us;
	return 0;
}

static int load_database(void *ctx, struct dm_query_load *l, struct dm_err *err)
{
	struct dm_store_fill fill = {
	    .selectors = l->selectors,
	    .n_selectors = l->n_selectors,
	    .when = when,
	    .when_ctx = l,
	    .max_samples = l->max_samples,
	    .stop = l->stop,
	    .stop_ctx = l->stop_ctx,
	};

	(void)ctx;
	return dm_store_fill(path, &fill, l->window, err);
}

static void stream_forget(void *ctx, struct dm_identity *identity)
{
	const struct dm_filter *f = ctx;

	f->forget(f->ctx, identity);
}

/* ctx: take in all records, whatever the query looks at. */
static int load_stream(void *ctx, struct dm_query_load *l, struct dm_err *err)
{
	struct dm_query_stream s = {.load = l};
	struct dm_filter f = dm_query_stream_filter(&s);
	struct dm_str rest = dm_buf_str(&lines), line;
	struct dm_scanner *scanner;
	struct dm_record r;
	int status;

	assert_int_equal(dm_scanner_new(stream_forget, &f, &scanner, err), 0);
	assert_int_equal(f.start(f.ctx, scanner, err), 0);
	if (ctx)
		s.is_bounded = s.only_end = false;
	status = 0;
	while (status == 0 && dm_str_line(&rest, &line)) {
		assert_int_equal(dm_scan(scanner, line, &r, err), 0);
		status = f.record(f.ctx, &r, NULL, err);
	}
	if (status == 0)
		status = f.end(f.ctx, NULL, err);
	dm_scanner_free(scanner);
	return status;
}

static int look_at_database(void *ctx, uint64_t *ret_version,
    int64_t *ret_greatest_us, struct dm_err *err)
{
	(void)ctx;
	return dm_store_look(path, ret_version, ret_greatest_us, err);
}

/* The last one keeps what it has loaded. */
static const struct dm_query_back backs[] = {{(void *)path, load_stream, NULL},
    {NULL, load_stream, NULL}, {NULL, load_database, NULL},
    {NULL, load_database, look_at_database}};
static struct dm_query_cache cache;

/* ---- streams made at random ---- */

static uint64_t seed;
static unsigned cut_in; /* one in so many sweeps is cut short */

/* Source: Marsaglia, Xorshift RNGs, 2003. */
static uint64_t below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static bool one_in(uint64_t n)
{
	return below(n) == 0;
}

static void labels(unsigned target, const char *name)
{
	dm_buf_addf(&lines, "\"labels\":{\"instance\":\"n%u\",\"job\":\"dmon\"",
	    target);
	if (name)
		dm_buf_addf(&lines, ",\"name\":\"%s\"", name);
	dm_buf_add_cstr(&lines, "},\"metrics\":{");
}

static void begin(int64_t ts_ms, const char *kind)
{
	dm_buf_addf(&lines, "{\"ts\":%lld.%03lld,\"kind\":\"%s\",",
	    (long long)(ts_ms / 1000), (long long)(ts_ms % 1000), kind);
}

static void metric(const char *name)
{
	if (lines.p[lines.n - 1] != '{')
		dm_buf_add_char(&lines, ',');
	if (one_in(8))
		dm_buf_addf(&lines, "\"%s\":null", name);
	else
		dm_buf_addf(&lines, "\"%s\":%u", name, (unsigned)below(100));
}

static void container(int64_t ts_ms, unsigned target, const char *name)
{
	begin(ts_ms, one_in(4) ? "process" : "container");
	labels(target, name);
	if (!one_in(10))
		metric("m");
	metric("c_total");
	dm_buf_add_cstr(&lines, "}}\n");
}

/* What belongs to no sweep. */
static void other(int64_t ts_ms, unsigned target)
{
	static const char *const kinds[] = {
	    "event", "recorded", "forecast", "loss", "alert", "unheard"};

	begin(ts_ms, kinds[below(DM_COUNT(kinds))]);
	labels(target, one_in(2) ? "x" : NULL);
	metric(one_in(2) ? "m" : "e");
	dm_buf_add_cstr(&lines, "}}\n");
}

static void sweep_record(int64_t ts_ms, unsigned target)
{
	begin(ts_ms, "sweep");
	labels(target, NULL);
	dm_buf_addf(&lines, "\"up\":%d}}\n", one_in(12) ? 0 : 1);
}

/* A sweep: some containers come and go, some sweeps are cut short. */
static void sweep(int64_t ts_ms, unsigned target, bool sends)
{
	static const char *const names[] = {"rare", "a", "b", "c", "d"};
	bool cut = one_in(cut_in);

	for (size_t i = 0; i < DM_COUNT(names); i++) {
		if ((i ? !one_in(4) : one_in(20)) && !(cut && i > 1))
			container(ts_ms, target, names[i]);
	}
	if (one_in(6))
		other(ts_ms + (int64_t)below(900), target);
	if (sends && !cut)
		sweep_record(ts_ms, target);
}

/* Two or three targets; the last may start to send sweep records late. */
static void random_stream(void)
{
	unsigned n_targets = 2 + (unsigned)below(2),
		 n = 20 + (unsigned)below(60);
	unsigned every = one_in(2) ? 1 : 15;
	int64_t ts = T0 * INT64_C(1000);

	dm_buf_clear(&lines);
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < n_targets; k++) {
			bool sends = k == 0 || (k == 2 && i > n / 2);
			int64_t late =
			    one_in(15) ? 1000 * (int64_t)below(30) : 0;

			if (!one_in(20))
				sweep(ts + 10 * k - late, k, sends);
		}
		ts += 1000 * (int64_t)every;
	}
}

static const char *const queries[] = {
    "{__name__=~\".+\"}",
    "m",
    "m{name=\"a\"}",
    "{name=\"x\"}",
    "up",
    "sum by (instance, name) (m) + count({name!=\"\"})",
    "m offset 7s",
    "m - m offset 40s",
    "count_over_time(m[10s])",
    "rate(c_total{instance=\"n0\"}[1m]) or last_over_time(e[30s])",
    "m unless m offset 5s",
    "{__name__=~\"m|e\",instance=\"n1\"}",
    "absent(m{name=\"a\"})",
    "absent_over_time(none[5s])",
    "info(m, {__name__=\"up\",instance=~\".+\"})",
    "info(m offset 7s, {__name__=\"up\",instance=~\".+\"})",
    "m + fill (0) e",
    "increase(c_total[20s] anchored)",
    "changes(m[5s] anchored offset 10s)",
    "m smoothed",
    "m smoothed offset 20s",
    "rate(c_total[20s] smoothed offset 9s)",
    "count_over_time(m[step() + 5s])",
    "m offset (range() / 2)",
    "sum_over_time(m[range() + 5:max_of(step(), 1s)] offset step())",
};

static void check_same(const struct dm_query *q)
{
	static const char *const names[] = {
	    "all", "stream", "database", "cache", "cache again"};
	DM_AUTO_BUF struct dm_buf all = {0};
	struct dm_query with_cache = *q;
	struct dm_err err;

	with_cache.cache = &cache;
	for (size_t i = 0; i < DM_COUNT(names); i++) {
		DM_AUTO_RESULT struct dm_result r = {0};
		DM_AUTO_BUF struct dm_buf b = {0};

		assert_int_equal(dm_query_run(i < 3 ? q : &with_cache,
				     &backs[i < 3 ? i : 3], &r, &err),
		    0);
		assert_int_equal(
		    dm_render_json(i ? &b : &all, &r, false, &err), 0);
		if (i && !dm_str_eq(dm_buf_str(&all), dm_buf_str(&b)))
			fail_msg("%.*s at %lld: %s has\n%s\nnot\n%s\nof\n%s",
			    (int)q->text.n, q->text.p, (long long)q->start.us,
			    names[i], dm_buf_cstr(&b), dm_buf_cstr(&all),
			    dm_buf_cstr(&lines));
	}
}

/* The same query at the same time gives the same answer, whether all records
 * came by or only those that the database was asked for. */
static void test_stream_and_database(void **state)
{
	struct dm_query q = {.max_samples = DM_QUERY_SAMPLES_MAX, .points = 10};

	(void)state;
	for (unsigned round = 1; round <= 20; round++) {
		seed = round * UINT64_C(88172645463325252);
		cut_in = round % 3 ? 9 : 2;
		random_stream();
		store_lines();
		for (size_t i = 0; i < DM_COUNT(queries); i++) {
			q.text = dm_str(queries[i]);
			q.start = q.end = DM_MOMENT_END;
			q.is_range = false;
			check_same(&q);
			q.start.from_end = q.end.from_end = false;
			q.start.us = q.end.us =
			    (T0 * INT64_C(1000) - 2000 +
				(int64_t)below(round % 2 ? 70000 : 900000)) *
			    1000;
			check_same(&q);
			q.is_range = true;
			q.end.us += (int64_t)below(40) * DM_US_PER_S;
			q.step_us = (int64_t)below(4) * 700000;
			check_same(&q);
			q.start = (struct dm_moment){true, -50 * DM_US_PER_S};
			q.end = (struct dm_moment){true, 2 * DM_US_PER_S};
			check_same(&q);
		}
	}
	dm_buf_release(&lines);
}

static void put(int64_t ts_ms, const char *kind, const char *name,
    const char *metric_name, int value)
{
	begin(ts_ms, kind);
	labels(0, name);
	dm_buf_addf(&lines, "\"%s\":%d}}\n", metric_name, value);
}

/* The only whole sweep is out of reach: it says that those to come have been
 * cut short, as no sweep record ends them, and so make nothing stale. */
static void test_cut_short(void **state)
{
	const int64_t t0 = T0 * INT64_C(1000);
	struct dm_query q = {.text = DM_STR("count(c_total)"),
	    .max_samples = DM_QUERY_SAMPLES_MAX};
	DM_AUTO_RESULT struct dm_result r = {0};
	struct dm_err err;

	(void)state;
	dm_buf_clear(&lines);
	put(t0, "sweep", NULL, "up", 1);
	for (int i = 1; i <= 30; i++) {
		if (i == 10)
			put(t0 + i * 15000, "container", "b", "c_total", 1);
		put(t0 + i * 15000, "container", "a", "c_total", i);
	}
	store_lines();
	q.start.us = q.end.us = (T0 + 449) * DM_US_PER_S;
	check_same(&q);
	assert_int_equal(dm_query_run(&q, &backs[2], &r, &err), 0);
	assert_int_equal(r.n, 1);
	assert_float_equal(r.series[0].points[0].v, 2, 0);
	dm_buf_release(&lines);
}

/* The database takes a metric out of a record without reading all of it,
 * wherever that would be something else than it seems. */
static void test_extraction(void **state)
{
	/* What stands behind the ts; # and $ are numbers. */
	static const char *const forms[] = {
	    "\"kind\":\"container\",\"labels\":{\"m\":\"7\",\"name\":\"a\"},"
	    "\"metrics\":{\"x\":#,\"m\":$.5}",
	    "\"kind\":\"container\",\"labels\":{\"name\":\"b\"},"
	    "\"metrics\":{\"x\":#},\"more\":{\"m\":$},\"m\":{}",
	    "\"kind\":\"container\",\"labels\":{\"name\":\"c{\\\"m\\\":1,\"},"
	    "\"metrics\":{\"x\":#,\"m\":-$}",
	    "\"metrics\":{\"x\":#,\"m\":$},\"kind\":\"container\","
	    "\"labels\":{\"name\":\"d\"}",
	    "\"metrics\":{\"x\":#,\"m\":$},\"kind\":\"container\","
	    "\"labels\":{\"name\":\"e\"}",
	    "\"kind\":\"container\",\"labels\":{\"name\":\"f\"},"
	    "\"metrics\":{\"x\":#,\"a,\\\"m\":5,\"m\":$}",
	    "\"kind\":\"container\",\"labels\":{\"name\":\"g\"},"
	    "\"metrics\":{\"x\":#,\"}\":5,\"m\":$}",
	    "\"kind\":\"container\",\"labels\":{\"name\":\"h\"},"
	    "\"metrics\":{\"x\":#,\"\\u006d\":$}",
	    "\"kind\":\"container\",\"labels\":{\"name\":\"i\"},"
	    "\"metrics\":{ \"x\" : # , \"m\" : $ }",
	    "\"kind\":\"recorded\",\"labels\":{\"name\":\"j\"},"
	    "\"metrics\":{\"x\":#,\"m\":$}",
	};
	static const char *const values[] = {
	    "null", "\"NaN\"", "\"-Inf\"", "1E3", "-0.0", "1e-310"};
	struct dm_query q = {.is_range = true,
	    .start = {true, -60 * DM_US_PER_S},
	    .end = DM_MOMENT_END,
	    .step_us = DM_US_PER_S,
	    .max_samples = DM_QUERY_SAMPLES_MAX};

	(void)state;
	dm_buf_clear(&lines);
	/* One of them has had it once. */
	dm_buf_addf(&lines,
	    "{\"ts\":%d,\"kind\":\"container\",\"labels\":{\"name\":"
	    "\"b\"},\"metrics\":{\"m\":1}}\n",
	    T0 - 1);
	for (int i = 0, n = 1; i < 40; i++, n = n * 7 % 1000003) {
		for (size_t k = 0; k < DM_COUNT(forms); k++) {
			dm_buf_addf(&lines, "{\"ts\":%d,", T0 + i);
			for (const char *c = forms[k]; *c; c++) {
				if (*c == '#' || *c == '$')
					dm_num_add_i64(
					    &lines, *c == '#' ? n : i);
				else
					dm_buf_add_char(&lines, *c);
			}
			dm_buf_add_cstr(&lines, "}\n");
		}
		dm_buf_addf(&lines,
		    "{\"ts\":%d,\"kind\":\"container\",\"labels\":"
		    "{\"name\":\"v\"},\"metrics\":{%s\"m\":%s}}\n",
		    T0 + i, n % 3 ? "" : "\"x\":1,",
		    i % 4 ? "3" : values[i / 4 % (int)DM_COUNT(values)]);
	}
	store_lines();
	q.text = DM_STR("m");
	check_same(&q);
	q.text = DM_STR("m + on (name) x");
	check_same(&q);
	q.text = DM_STR("{__name__=~\"m|x\"}");
	check_same(&q);
	dm_buf_release(&lines);
}

/* A range of which the beginning is told, and whose end is the data's: how
 * long it is, and how far its selectors look, is known when that is. */
static void test_late_lengths(void **state)
{
	struct dm_query q = {.max_samples = DM_QUERY_SAMPLES_MAX,
	    .is_range = true,
	    .text = DM_STR("sum_over_time(m[range()]) + m offset 2 * step()"),
	    .step_us = 20 * INT64_C(1000000),
	    .start.us = (T0 + 800) * INT64_C(1000000),
	    .end = DM_MOMENT_END};

	(void)state;
	seed = 1;
	dm_buf_clear(&lines);
	for (int i = 0; i < 160; i++)
		put((T0 + i * 10) * INT64_C(1000), "recorded", "a", "m", i);
	store_lines();
	check_same(&q);
	q.text = DM_STR("m offset (range() - step())");
	check_same(&q);
	q.step_us *= 20;
	check_same(&q);
	/* What is kept of this one does not reach as far as the next looks. */
	dm_query_cache_release(&cache);
	q.step_us = 580 * INT64_C(1000000);
	q.text = DM_STR("m offset (10m - step())");
	check_same(&q);
	q.text = DM_STR("m offset 10m");
	check_same(&q);
	dm_query_cache_release(&cache);
	dm_buf_release(&lines);
}

/* How often the database was read. */
static unsigned n_loads;

static int count_load(void *ctx, struct dm_query_load *l, struct dm_err *err)
{
	n_loads++;
	return load_database(ctx, l, err);
}

static double ask(struct dm_query *q, const char *text)
{
	const struct dm_query_back back = {NULL, count_load, look_at_database};
	DM_AUTO_RESULT struct dm_result r = {0};
	struct dm_err err;

	q->text = dm_str(text);
	assert_int_equal(dm_query_run(q, &back, &r, &err), 0);
	assert_true(r.n > 0);
	return r.series[0].points[0].v;
}

static void store_ten(int64_t from_ms)
{
	for (int i = 0; i < 10; i++)
		put(from_ms + i * 1000, "recorded", "a", "m", i);
	store_lines();
}

/* What has been loaded is loaded again when there is more to be seen, or the
 * database has changed. */
static void test_cache(void **state)
{
	const int64_t t0 = T0 * INT64_C(1000);
	struct dm_query_cache c = {0};
	struct dm_query q = {.start = DM_MOMENT_END,
	    .end = DM_MOMENT_END,
	    .max_samples = 25,
	    .cache = &c};

	(void)state;
	dm_buf_clear(&lines);
	store_ten(t0);
	assert_float_equal(ask(&q, "m"), 9, 0);
	assert_float_equal(ask(&q, "m + m"), 18, 0);
	assert_int_equal(n_loads, 1);
	assert_float_equal(ask(&q, "count_over_time(m[5s])"), 5, 0);
	assert_int_equal(n_loads, 2);
	assert_float_equal(ask(&q, "sum_over_time(m[4s])"), 30, 0);
	assert_float_equal(ask(&q, "m"), 9, 0);
	assert_float_equal(ask(&q, "1"), 1, 0);
	assert_int_equal(n_loads, 3);
	assert_float_equal(ask(&q, "m{name=\"a\"}"), 9, 0);
	assert_int_equal(n_loads, 4);
	/* Of 30 samples no more than 25 are kept: the one used last stays. */
	assert_int_equal(c.n, 2);
	assert_float_equal(ask(&q, "m{name=\"a\"}"), 9, 0);
	assert_int_equal(n_loads, 4);
	q.start = q.end = (struct dm_moment){true, -DM_US_PER_S};
	assert_float_equal(ask(&q, "m{name=\"a\"}"), 8, 0);
	assert_int_equal(n_loads, 5);
	q.start = q.end = DM_MOMENT_END;
	store_ten(t0 + 20000);
	assert_float_equal(ask(&q, "count_over_time(m[30s])"), 20, 0);
	assert_int_equal(n_loads, 6);
	assert_int_equal(c.n, 1);
	dm_query_cache_release(&c);
	dm_query_cache_release(&cache);
	dm_buf_release(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stream_and_database),
	    cmocka_unit_test(test_cut_short),
	    cmocka_unit_test(test_extraction),
	    cmocka_unit_test(test_late_lengths),
	    cmocka_unit_test(test_cache),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
