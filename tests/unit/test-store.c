/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "store/store.h"
#include "store/writer.h"

static char folder[64], path[96];

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/dmon-test-store.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/a.db", folder);
	return 0;
}

static void drop(const char *end)
{
	char name[128];

	snprintf(name, sizeof(name), "%s%s", path, end);
	unlink(name);
}

static int tear_down(void **state)
{
	(void)state;
	drop("");
	drop("-wal");
	drop("-shm");
	return rmdir(folder);
}

/* A writer with its scanner. */
struct writer {
	struct dm_store *store;
	struct dm_scanner *scanner;
	struct dm_err err;
};

static void forget(void *ctx, struct dm_identity *identity)
{
	(void)ctx;
	dm_store_forget(identity);
}

static void writer_open(struct writer *w, int64_t keep_us)
{
	struct dm_store_options options = {.keep_us = keep_us};

	assert_int_equal(dm_store_open(path, &options, &w->store, &w->err), 0);
	assert_int_equal(dm_scanner_new(forget, NULL, &w->scanner, &w->err), 0);
	dm_store_set_scanner(w->store, w->scanner);
}

static void writer_close(struct writer *w)
{
	dm_scanner_free(w->scanner);
	dm_store_free(w->store);
}

static void add(struct writer *w, const char *line)
{
	struct dm_record r;

	assert_int_equal(dm_scan(w->scanner, dm_str(line), &r, &w->err), 0);
	assert_int_equal(dm_store_add(w->store, &r, &w->err), 0);
}

static void commit(struct writer *w)
{
	assert_int_equal(dm_store_commit(w->store, &w->err), 0);
}

static void store_lines(const char *const *lines, size_t n)
{
	struct writer w;

	writer_open(&w, 0);
	for (size_t i = 0; i < n; i++)
		add(&w, lines[i]);
	commit(&w);
	writer_close(&w);
}

/* The one integer that a statement asks for. */
static int64_t ask(const char *sql)
{
	struct dm_db db;
	struct dm_err err;
	int64_t value;

	assert_int_equal(dm_db_open(&db, path, false, 1000, &err), 0);
	assert_int_equal(dm_db_ask(&db, sql, &value, &err), 0);
	dm_db_close(&db);
	return value;
}

static const char *const LINES[] = {
    "{\"ts\":1,\"kind\":\"container\",\"labels\":{\"name\":\"web\",\"job\":"
    "\"j\",\"instance\":\"i\"},\"metrics\":{\"m\":1.5,\"n\":2}}",
    "{\"ts\":1,\"kind\":\"container\",\"labels\":{\"name\":\"db\",\"job\":"
    "\"j\",\"instance\":\"i\"},\"metrics\":{\"n\":3}}",
    "{\"ts\":1,\"kind\":\"sweep\",\"labels\":{\"job\":\"j\",\"instance\":"
    "\"i\"},\"metrics\":{\"up\":1}}",
    "{\"ts\":1,\"kind\":\"sweep\",\"labels\":{\"job\":\"j\",\"instance\":"
    "\"other\"},\"metrics\":{\"up\":1}}",
    "{\"ts\":3,\"kind\":\"container\",\"labels\":{\"instance\":\"i\",\"name\":"
    "\"web\",\"job\":\"j\"},\"metrics\":{\"m\":null,\"n\":\"+Inf\"}}",
    "{\"ts\":2,\"kind\":\"container\",\"labels\":{\"name\":\"web\",\"job\":"
    "\"j\",\"instance\":\"i\"},\"metrics\":{\"n\":0.1}}",
    "{\"ts\":4,\"kind\":\"alert\",\"labels\":{\"alertname\":\"A\",\"name\":"
    "\"web\",\"job\":\"j\",\"instance\":\"i\"},\"metrics\":{}}",
    "{\"ts\":5}",
};

/* What a query gives, as the digits of the lines' places. */
static const char *places(const struct dm_store_query *q)
{
	static char got[64];
	struct dm_store_reader *reader;
	struct dm_stored s;
	struct dm_err err;
	size_t n = 0;

	assert_int_equal(dm_store_reader_open(path, q, &reader, &err), 0);
	while (dm_store_reader_next(reader, &s, &err) > 0) {
		for (size_t i = 0; i < DM_COUNT(LINES); i++) {
			if (dm_str_is(s.line, LINES[i]))
				got[n++] = (char)('0' + i);
		}
	}
	dm_store_reader_free(reader);
	got[n] = '\0';
	return got;
}

/* A selector by hand: a metric's name or NULL, and one label or NULL. */
static struct dm_selector selector_of(struct dm_matcher *m, const char *metric,
    enum dm_match op, const char *name, const char *value)
{
	struct dm_selector s = {0};
	struct dm_err err;

	if (metric)
		s.name = dm_str(metric);
	if (name) {
		assert_int_equal(
		    dm_matcher_init(m, op, dm_str(name), dm_str(value), &err),
		    0);
		s.matchers = m;
		s.n = 1;
	}
	return s;
}

static void test_select(void **state)
{
	static const struct {
		const char *metric, *name;
		enum dm_match op;
		const char *value, *kind;
		bool no_sweeps;
		int64_t from_s, to_s;
		const char *expected;
	} cases[] = {
	    {NULL, NULL, 0, NULL, NULL, false, -9, 9, "01234567"},
	    {NULL, NULL, 0, NULL, NULL, false, 2, 4, "456"},
	    {NULL, NULL, 0, NULL, NULL, false, 6, 9, ""},
	    {NULL, NULL, 0, NULL, NULL, true, -9, 9, "014567"},
	    {NULL, "name", DM_MATCH_EQ, "web", NULL, false, -9, 9, "02456"},
	    {NULL, "name", DM_MATCH_EQ, "web", NULL, true, -9, 9, "0456"},
	    {NULL, "name", DM_MATCH_RE, "w.*|db", NULL, true, -9, 9, "01456"},
	    {NULL, "name", DM_MATCH_NRE, "w.*", NULL, false, -9, 9, "1237"},
	    {NULL, "name", DM_MATCH_EQ, "", NULL, true, -9, 9, "237"},
	    {NULL, "name", DM_MATCH_EQ, "%", NULL, false, -9, 9, ""},
	    {"m", NULL, 0, NULL, NULL, false, -9, 9, "024"},
	    {"m", NULL, 0, NULL, NULL, false, 2, 9, "4"},
	    {"n", "name", DM_MATCH_NE, "web", NULL, true, -9, 9, "1"},
	    {NULL, DM_LABEL_NAME, DM_MATCH_RE, "m|up", NULL, true, -9, 9,
		"0234"},
	    {NULL, NULL, 0, NULL, "container", false, -9, 9, "01245"},
	    {NULL, NULL, 0, NULL, "container", true, -9, 9, "0145"},
	    {NULL, NULL, 0, NULL, "sweep", true, -9, 9, "23"},
	    {NULL, NULL, 0, NULL, "alert", false, -9, 9, "6"},
	    {NULL, "name", DM_MATCH_EQ, "web", "alert", false, -9, 9, "6"},
	    {NULL, NULL, 0, NULL, "", false, -9, 9, "7"},
	};

	(void)state;
	store_lines(LINES, DM_COUNT(LINES));
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		struct dm_matcher m = {0};
		struct dm_selector s = selector_of(&m, cases[i].metric,
		    cases[i].op, cases[i].name, cases[i].value);
		struct dm_str kind = dm_str(cases[i].kind ? cases[i].kind : "");
		struct dm_store_query q = {
		    .from_us = cases[i].from_s * DM_US_PER_S,
		    .to_us = cases[i].to_s * DM_US_PER_S,
		    .selectors = &s,
		    .n_selectors = cases[i].metric || cases[i].name,
		    .kinds = &kind,
		    .n_kinds = cases[i].kind != NULL,
		    .no_sweeps = cases[i].no_sweeps,
		};

		assert_string_equal(places(&q), cases[i].expected);
		if (s.n)
			dm_matcher_release(&m);
	}
}

static void test_metrics_noted(void **state)
{
	struct writer w;
	char line[128];

	(void)state;
	writer_open(&w, 0);
	for (int i = 0; i < 500; i++) {
		snprintf(line, sizeof(line),
		    "{\"ts\":1,\"metrics\":{\"a%d\":null,\"b%d\":1,\"c\":2}}",
		    i % 100, i % 7);
		add(&w, line);
	}
	commit(&w);
	writer_close(&w);
	assert_int_equal(ask("SELECT count(*) FROM metric"), 108);
	assert_int_equal(ask("SELECT count(*) FROM identity_metric"), 108);
}

static void add_at(struct writer *w, int64_t ts, const char *name)
{
	char line[128];

	snprintf(line, sizeof(line),
	    "{\"ts\":%lld,\"labels\":{\"name\":\"%s\"},\"metrics\":{\"m\":1}}",
	    (long long)ts, name);
	add(w, line);
}

/* Old records go in small steps, their identities too; one that comes again
 * is stored as if it were new. */
static void test_keep(void **state)
{
	struct writer w;

	(void)state;
	writer_open(&w, 100 * DM_US_PER_S);
	for (int i = 0; i < 2 * DM_SPAN_RECORDS; i++)
		add_at(&w, 1000 + i / 1000, "old");
	commit(&w);
	assert_int_equal(
	    ask("SELECT count(*) FROM record"), 2 * DM_SPAN_RECORDS);
	add_at(&w, 1150, "new");
	commit(&w);
	/* A step is bounded. */
	assert_int_equal(
	    ask("SELECT count(*) FROM record"), 2 * DM_SPAN_RECORDS + 1 - 258);
	for (int i = 0; i < 40; i++) {
		add_at(&w, 1151 + i, "new");
		commit(&w);
	}
	assert_int_equal(ask("SELECT count(*) FROM record"), 41);
	assert_int_equal(ask("SELECT count(*) FROM identity"), 1);
	assert_int_equal(ask("SELECT count(*) FROM identity_metric"), 1);
	assert_int_equal(ask("SELECT count(*) FROM span"), 1);
	add_at(&w, 1200, "old");
	commit(&w);
	assert_int_equal(ask("SELECT count(*) FROM record AS r"
			     " JOIN identity AS i ON i.id = r.identity"),
	    42);
	assert_int_equal(ask("SELECT count(*) FROM identity_metric"), 2);
	writer_close(&w);
}

/* One ts that is far ahead deletes nothing that is of today. */
static void test_keep_wrong_clock(void **state)
{
	struct writer w;
	int64_t now_s = dm_time_now_us() / DM_US_PER_S;

	(void)state;
	writer_open(&w, 3600 * DM_US_PER_S);
	add_at(&w, now_s, "a");
	add_at(&w, INT64_C(99999999999), "b");
	commit(&w);
	for (int i = 0; i < 5; i++) {
		add_at(&w, now_s, "a");
		commit(&w);
	}
	assert_int_equal(ask("SELECT count(*) FROM record"), 7);
	writer_close(&w);
}

/* Two writers in turn share the ids and each other's identities. */
static void test_two_writers(void **state)
{
	struct writer a, b;

	(void)state;
	writer_open(&a, 0);
	writer_open(&b, 0);
	for (int i = 0; i < 20; i++) {
		struct writer *w = i % 2 ? &a : &b;

		add_at(w, i, "x");
		add_at(w, i, i % 3 ? "y" : "z");
		commit(w);
	}
	writer_close(&a);
	writer_close(&b);
	assert_int_equal(ask("SELECT count(*) FROM identity"), 3);
	assert_int_equal(ask("SELECT count(*) FROM record"), 40);
	assert_int_equal(ask("SELECT max(id) FROM record"), 40);
	assert_int_equal(
	    ask("SELECT sum(last_id - first_id + 1) FROM span"), 40);
	assert_int_equal(ask("SELECT count(*) FROM span"), 1);
}

/* ---- into a window ---- */

static struct dm_window *window_for(const struct dm_selector *s, size_t n)
{
	struct dm_window *w;
	struct dm_querier q;
	struct dm_err err;
	void *unused;

	assert_int_equal(dm_window_new(&w, &err), 0);
	q = dm_window_querier(w);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(q.prepare(q.ctx, &s[i], &unused, &err), 0);
	return w;
}

/* All of it. */
static int when(void *ctx, int64_t greatest_us, int64_t *ret_start_us,
    int64_t *ret_end_us, struct dm_err *err)
{
	(void)ctx;
	(void)err;
	*ret_start_us = 0;
	*ret_end_us = greatest_us > 0 ? greatest_us : 0;
	return 0;
}

static int fill(struct dm_window *w, const struct dm_selector *s, size_t n,
    size_t max_samples, bool (*stop)(void *ctx), struct dm_err *err)
{
	const struct dm_selector *selectors[] = {&s[0], &s[n - 1]};
	const struct dm_store_fill f = {.selectors = selectors,
	    .n_selectors = n,
	    .when = when,
	    .max_samples = max_samples,
	    .stop = stop};

	return dm_store_fill(path, &f, w, err);
}

static void window_forget(void *ctx, struct dm_identity *identity)
{
	dm_window_forget(ctx, identity);
}

/* The same, from all records in the order stored. */
static void fill_simply(struct dm_window *w)
{
	struct dm_store_query q = {.from_us = INT64_MIN, .to_us = INT64_MAX};
	DM_AUTO_STORE_READER struct dm_store_reader *reader = NULL;
	DM_AUTO_SCANNER struct dm_scanner *scanner = NULL;
	struct dm_window_seen seen;
	struct dm_stored s;
	struct dm_record r;
	struct dm_err err;
	int64_t t_us;

	assert_int_equal(dm_store_reader_open(path, &q, &reader, &err), 0);
	assert_int_equal(dm_scanner_new(window_forget, w, &scanner, &err), 0);
	while (dm_store_reader_next(reader, &s, &err) > 0) {
		assert_int_equal(dm_scan(scanner, s.line, &r, &err), 0);
		assert_int_equal(
		    dm_window_record(w, scanner, &r, &seen, &err), 0);
	}
	while (dm_window_end_sweep(w, &t_us, &err) > 0)
		;
}

#define MANY_SWEEPS	2000
#define MANY_CONTAINERS 40

/* Containers that come and go; now and then a record that looks different,
 * or has a metric as no plain number. */
static void store_many(void)
{
	struct writer w;
	char line[256];

	writer_open(&w, 0);
	for (int t = 1; t <= MANY_SWEEPS; t++) {
		for (int c = 0; c < MANY_CONTAINERS; c++) {
			bool odd = (t * MANY_CONTAINERS + c) % 97 == 0;

			if (c % 7 == 3 && t / 100 % 2)
				continue;
			snprintf(line, sizeof(line),
			    "{\"ts\":%d,\"kind\":\"container\",\"labels\":"
			    "{\"name\":\"c%d\",\"job\":\"j\",\"instance\":"
			    "\"i\"},%s\"metrics\":{\"a\":%d,\"m\":%s,"
			    "\"n\":%d}}",
			    t, c, odd && c % 2 ? "\"x\":{}," : "", t * t % 9973,
			    odd ? "null" : "2.5", t + c);
			add(&w, line);
		}
		snprintf(line, sizeof(line),
		    "{\"ts\":%d,\"kind\":\"sweep\",\"labels\":{\"job\":\"j\","
		    "\"instance\":\"i\"},\"metrics\":{\"up\":1}}",
		    t);
		add(&w, line);
		if (t % 500 == 0)
			commit(&w);
	}
	writer_close(&w);
}

/* More than one reads them: it is as if one had. */
static void test_fill_by_many(void **state)
{
	struct dm_matcher m = {0};
	const struct dm_selector s[] = {{.name = DM_STR("n")},
	    {.name = DM_STR("m")},
	    selector_of(&m, NULL, DM_MATCH_RE, "name", "c1.*")};

	(void)state;
	store_many();
	for (size_t i = 0; i < DM_COUNT(s); i++) {
		size_t n = i == 1 ? 2 : 1; /* m with what follows it */
		struct dm_window *one = window_for(&s[i], n);
		struct dm_window *two = window_for(&s[i], n);
		struct dm_buf a = {0}, b = {0};
		struct dm_err err;

		fill_simply(one);
		assert_int_equal(fill(two, &s[i], n, SIZE_MAX, NULL, &err), 0);
		assert_int_equal(dm_window_save(one, &a, &err), 0);
		assert_int_equal(dm_window_save(two, &b, &err), 0);
		assert_true(dm_window_n_samples(one) > 10 * MANY_SWEEPS);
		assert_int_equal(a.n, b.n);
		assert_memory_equal(a.p, b.p, a.n);
		dm_buf_release(&a);
		dm_buf_release(&b);
		dm_window_free(one);
		dm_window_free(two);
	}
	dm_matcher_release(&m);
}

static int questions;

static bool stop_soon(void *ctx)
{
	(void)ctx;
	return ++questions == 3;
}

static void run_sql(const char *sql)
{
	struct dm_db db;
	struct dm_err err;

	assert_int_equal(dm_db_open(&db, path, true, 1000, &err), 0);
	assert_int_equal(dm_db_exec(&db, sql, &err), 0);
	dm_db_close(&db);
}

/* Before all has been read: asked to, at a limit, and where it is damaged,
 * of which the first place is told. */
static void test_fill_ends(void **state)
{
	const struct dm_selector s = {.name = DM_STR("n")};
	struct dm_window *w = window_for(&s, 1);
	struct dm_err err;

	(void)state;
	store_many();
	assert_int_equal(fill(w, &s, 1, SIZE_MAX, stop_soon, &err), -1);
	assert_int_equal(err.code, DM_ESTOP);
	assert_int_equal(fill(w, &s, 1, 30000, NULL, &err), -1);
	assert_int_equal(err.code, DM_ELIMIT);
	run_sql("UPDATE record SET text = '{\"ts\":x' WHERE id >= 50000");
	assert_int_equal(fill(w, &s, 1, SIZE_MAX, NULL, &err), -1);
	assert_int_equal(err.code, DM_ESYS);
	assert_non_null(strstr(err.msg, "record 50000 is damaged"));
	dm_window_free(w);
}

/* A label for which it takes too long to find out whether it matches. */
#define LONG_LABEL 300000

static void store_undecidable(void)
{
	struct writer w;
	DM_AUTO_BUF struct dm_buf line = {0};

	dm_buf_add_cstr(
	    &line, "{\"ts\":5,\"kind\":\"container\",\"labels\":{\"name\":\"");
	for (int i = 0; i < LONG_LABEL; i++)
		dm_buf_add_char(&line, 'a');
	dm_buf_add_cstr(&line, "\"},\"metrics\":{\"n\":1}}");
	writer_open(&w, 0);
	add(&w, dm_buf_cstr(&line));
	commit(&w);
	writer_close(&w);
}

static int read_first(const struct dm_store_query *q, struct dm_err *err)
{
	struct dm_store_reader *r;
	struct dm_stored s;
	int n;

	if (dm_store_reader_open(path, q, &r, err) < 0)
		return -1;
	n = dm_store_reader_next(r, &s, err);
	dm_store_reader_free(r);
	return n;
}

/* What can't be matched is neither taken for a match nor for none. */
static void test_undecided(void **state)
{
	struct dm_matcher m = {0};
	struct dm_selector s =
	    selector_of(&m, "n", DM_MATCH_RE, "name", "(?:.*a){1000}b");
	struct dm_store_query q = {.from_us = 0,
	    .to_us = INT64_MAX,
	    .selectors = &s,
	    .n_selectors = 1};
	struct dm_window *w = window_for(&s, 1);
	struct dm_querier querier = dm_window_querier(w);
	struct dm_series_set set;
	struct dm_err err;
	void *handle;

	(void)state;
	store_undecidable();
	assert_int_equal(read_first(&q, &err), -1);
	assert_int_equal(err.code, DM_ELIMIT);
	/* The window says so, which wants to be asked. */
	assert_int_equal(fill(w, &s, 1, 9, NULL, &err), 0);
	assert_int_equal(dm_window_n_samples(w), 1);
	assert_int_equal(querier.prepare(querier.ctx, &s, &handle, &err), 0);
	assert_int_equal(
	    querier.select(querier.ctx, handle, 0, INT64_MAX, &set, &err), -1);
	assert_int_equal(err.code, DM_ELIMIT);
	/* Nor does it matter where it has no records. */
	q.from_us = 6 * DM_US_PER_S;
	assert_int_equal(read_first(&q, &err), 0);
	dm_window_free(w);
	dm_matcher_release(&m);
}

/* Everything that reads or writes a database does so, whatever is in it. */
static void use_all(void)
{
	struct dm_store_query q = {.from_us = INT64_MIN, .to_us = INT64_MAX};
	struct dm_selector named = {.name = DM_STR("m")}, any = {0};
	struct dm_store_options options = {.keep_us = 1};
	struct dm_store_reader *reader;
	struct dm_scanner *scanner;
	struct dm_window *window;
	struct dm_stored stored;
	struct dm_store *store;
	struct dm_record r;
	struct dm_err err;

	for (int i = 0; i < 3; i++) {
		q.selectors = i == 2 ? &named : &any;
		q.n_selectors = i > 0;
		if (dm_store_reader_open(path, &q, &reader, &err) < 0)
			continue;
		while (dm_store_reader_next(reader, &stored, &err) > 0)
			assert_true(stored.line.n > 0);
		dm_store_reader_free(reader);
	}
	for (int i = 0; i < 2; i++) {
		window = window_for(i ? &named : &any, 1);
		if (fill(window, i ? &named : &any, 1, 9, NULL, &err) == 0)
			assert_true(dm_window_n_samples(window) <= 9);
		dm_window_free(window);
	}
	if (dm_store_open(path, &options, &store, &err) < 0)
		return;
	assert_int_equal(dm_scanner_new(forget, NULL, &scanner, &err), 0);
	dm_store_set_scanner(store, scanner);
	assert_int_equal(dm_scan(scanner, dm_str(LINES[0]), &r, &err), 0);
	for (int i = 0; i < 2; i++) {
		if (dm_store_add(store, &r, &err) < 0 ||
		    dm_store_commit(store, &err) < 0)
			break;
	}
	dm_scanner_free(scanner);
	dm_store_free(store);
}

static void write_file(const struct dm_buf *content)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(content->p, 1, content->n, f), content->n);
	assert_int_equal(fclose(f), 0);
	drop("-wal");
	drop("-shm");
}

/* Bytes of the file changed at random: an error or some records, no more. */
static void test_damaged(void **state)
{
	DM_AUTO_BUF struct dm_buf good = {0}, bad = {0};
	uint64_t seed = 2385;
	struct dm_err err;

	(void)state;
	store_lines(LINES, DM_COUNT(LINES));
	assert_int_equal(dm_file_read(path, 1 << 24, &good, &err), 0);
	for (int i = 0; i < 150; i++) {
		dm_buf_clear(&bad);
		dm_buf_add_str(&bad, dm_buf_str(&good));
		for (int k = 0; k < 1 + i % 20; k++) {
			/* Source: Knuth, MMIX. */
			seed = seed * UINT64_C(6364136223846793005) +
			       UINT64_C(1442695040888963407);
			bad.p[(seed >> 33) % bad.n] ^=
			    (char)(1u << (seed >> 30 & 7));
		}
		write_file(&bad);
		use_all();
	}
	for (size_t n = 0; n < good.n; n += good.n / 50) {
		bad.n = n;
		memcpy(bad.p, good.p, n);
		write_file(&bad);
		use_all();
	}
}

/* Rows that are no records, in a database that is whole. */
static void test_strange_rows(void **state)
{
	static const char *const sql[] = {
	    "UPDATE record SET text = x'00ff' WHERE id = 2",
	    "UPDATE record SET text = 'a' || char(10) || 'b' WHERE id = 2",
	    "UPDATE record SET text = '' WHERE id = 2",
	    "UPDATE identity SET labels = '{\"a\":\"' WHERE id = 1",
	    "UPDATE identity SET labels = '[\"a\",{}]' WHERE id = 1",
	    "UPDATE span SET first_id = 9223372036854775807,"
	    " last_id = 9223372036854775807",
	    "UPDATE span SET last_id = 9223372036854775806",
	    "UPDATE span SET encoding = 1",
	    "UPDATE span SET min_ts_us = -9223372036854775807,"
	    " max_ts_us = 9223372036854775807",
	    "UPDATE record SET id = 9223372036854775807 WHERE id = 8",
	    "UPDATE record SET ts_us = -9223372036854775807 - 1",
	    "DELETE FROM span",
	    "DELETE FROM identity",
	    "DROP TABLE span",
	    "DROP INDEX record_by_identity",
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(sql); i++) {
		drop("");
		drop("-wal");
		drop("-shm");
		store_lines(LINES, DM_COUNT(LINES));
		run_sql(sql[i]);
		use_all();
	}
}

static void test_refused(void **state)
{
	struct dm_store_query q = {.from_us = INT64_MIN, .to_us = INT64_MAX};
	struct dm_store_reader *reader;
	struct dm_stored s;
	struct dm_err err;

	(void)state;
	store_lines(LINES, DM_COUNT(LINES));
	run_sql("UPDATE span SET encoding = 1");
	assert_int_equal(dm_store_reader_open(path, &q, &reader, &err), 0);
	assert_int_equal(dm_store_reader_next(reader, &s, &err), -1);
	assert_int_equal(err.code, DM_ESYS);
	assert_string_equal(err.file, path);
	dm_store_reader_free(reader);
	assert_int_equal(dm_store_reader_open("", &q, &reader, &err), -1);
	assert_int_equal(err.code, DM_EINVAL);
	assert_int_equal(
	    dm_store_reader_open("file:/x?mode=memory", &q, &reader, &err), -1);
	assert_int_equal(
	    dm_store_reader_open(":memory:", &q, &reader, &err), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_select),
	    TEST(test_fill_by_many),
	    TEST(test_fill_ends),
	    TEST(test_undecided),
	    TEST(test_metrics_noted),
	    TEST(test_keep),
	    TEST(test_keep_wrong_clock),
	    TEST(test_two_writers),
	    TEST(test_damaged),
	    TEST(test_strange_rows),
	    TEST(test_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
