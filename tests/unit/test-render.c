/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "base/time.h"
#include "base/utf8.h"
#include "query/axis.h"
#include "query/cell.h"
#include "query/chart.h"
#include "query/grid.h"
#include "query/human.h"
#include "query/moment.h"
#include "query/render.h"

#define T0 (INT64_C(1795476000) * DM_US_PER_S)

static struct dm_err err;

/* A series with one label at most. */
static struct dm_result_series *add(struct dm_result *r, const char *name,
    const char *label, struct dm_str value)
{
	struct dm_label l = {dm_str(label ? label : "x"), value};
	struct dm_result_series *s;

	assert_int_equal(
	    dm_result_add(r, dm_str(name), &l, label != NULL, &s, &err), 0);
	return s;
}

static void point(struct dm_result_series *s, int64_t t_us, double v)
{
	assert_int_equal(dm_result_add_point(s, t_us, v, &err), 0);
}

static struct dm_result instant(void)
{
	return (struct dm_result){
	    .kind = DM_EXPR_VECTOR, .start_us = T0, .end_us = T0};
}

static struct dm_result range(int64_t seconds, int64_t step_us)
{
	return (struct dm_result){.kind = DM_EXPR_VECTOR,
	    .is_range = true,
	    .start_us = T0,
	    .end_us = T0 + seconds * DM_US_PER_S,
	    .step_us = step_us};
}

/* Values that nobody should be able to send to a terminal or a file. */
static const struct {
	const char *bytes;
	size_t n;
} hostile[] = {
#define HOSTILE(text)                                                          \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}
    HOSTILE("plain"),
    HOSTILE("\033[2J\033]0;title\a"),
    HOSTILE("two\nlines\r\n"),
    HOSTILE("quote\" and, comma"),
    HOSTILE("\xfe is no UTF-8 \xc3"),
    HOSTILE("\xc2\x9b"
	    "31m is CSI too"),
    HOSTILE("\xe5\xae\xb9\xe5\x99\xa8 is wide"),
    HOSTILE("e\xcc\x81 is put together"),
    HOSTILE("\xf0\x9f\x90\xb3"),
    HOSTILE("\x7f\t\b"),
    HOSTILE("\\x41 is text"),
};

static struct dm_str hostile_text(size_t i)
{
	return (struct dm_str){hostile[i].bytes, hostile[i].n};
}

/* Nothing but characters, each line of at most so many columns. */
static void check_lines(struct dm_str text, size_t most)
{
	struct dm_str line;

	assert_true(text.n && text.p[text.n - 1] == '\n');
	while (dm_str_line(&text, &line)) {
		char printable[4096];
		size_t n;

		assert_true(line.n < sizeof(printable) / 4);
		n = dm_utf8_printable(
		    printable, sizeof(printable), line.p, line.n);
		assert_int_equal(n, line.n);
		assert_memory_equal(printable, line.p, n);
		if (most && dm_cell_columns(line) > most)
			fail_msg("%zu columns: %s", dm_cell_columns(line),
			    printable);
		assert_false(line.n && line.p[line.n - 1] == ' ');
	}
}

static void check_text(const struct dm_buf *b, const char *expected)
{
	if (!dm_str_is(dm_buf_str(b), expected))
		fail_msg(
		    "got:\n%.*s\nexpected:\n%s", (int)b->n, b->p, expected);
}

static void test_moments(void **state)
{
	static const struct {
		const char *text;
		bool from_end;
		int64_t us;
		const char *printed;
	} good[] = {
	    {"end", true, 0, "end"},
	    {"end-10m", true, -600 * DM_US_PER_S, "end-10m"},
	    {"end+1h30m", true, 5400 * DM_US_PER_S, "end+1h30m"},
	    {"end-100ms", true, -100000, "end-100ms"},
	    {"now", false, T0, "2026-11-23T23:20:00Z"},
	    {"-1h", false, T0 - 3600 * DM_US_PER_S, "2026-11-23T22:20:00Z"},
	    {"1795476000.25", false, T0 + 250000, "2026-11-23T23:20:00.25Z"},
	    {"2026-11-24", false, T0 + 2400 * DM_US_PER_S,
		"2026-11-24T00:00:00Z"},
	};
	static const char *const bad[] = {"", "en", "ends", "end-", "end10m",
	    "end-x", "-", "tomorrow", "end-5m ", "--5m"};
	struct dm_moment m;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(good); i++) {
		DM_AUTO_BUF struct dm_buf b = {0};

		assert_true(
		    dm_moment_parse(dm_str(good[i].text), T0 + 123456, &m));
		assert_int_equal(m.from_end, good[i].from_end);
		assert_int_equal(m.us, good[i].us);
		dm_moment_print(&b, &m);
		check_text(&b, good[i].printed);
	}
	for (size_t i = 0; i < DM_COUNT(bad); i++)
		assert_false(dm_moment_parse(dm_str(bad[i]), T0, &m));
	m = (struct dm_moment){true, INT64_MIN + 1};
	assert_int_equal(dm_moment_at(&m, -5), INT64_MIN);
	assert_int_equal(
	    dm_step_for(3600 * DM_US_PER_S, 250), 15 * DM_US_PER_S);
	assert_int_equal(dm_step_for(0, 250), DM_US_PER_S);
	assert_int_equal(dm_step_for(1000 * 86400 * DM_US_PER_S, 100),
	    11 * 86400 * DM_US_PER_S);
}

static void test_human(void **state)
{
	static const struct {
		double v;
		enum dm_unit unit;
		const char *text;
	} cases[] = {
	    {0, DM_UNIT_NONE, "0"},
	    {999.94, DM_UNIT_NONE, "999.9"},
	    {999.96, DM_UNIT_NONE, "1k"},
	    {1234567, DM_UNIT_NONE, "1.235M"},
	    {-1234567, DM_UNIT_NONE, "-1.235M"},
	    {0.000123456, DM_UNIT_NONE, "0.0001235"},
	    {1e300, DM_UNIT_NONE, "1e+282E"},
	    {1023, DM_UNIT_BYTES, "1023B"},
	    {66310144, DM_UNIT_BYTES, "63.24MiB"},
	    {1024, DM_UNIT_BYTES, "1KiB"},
	    {0.25, DM_UNIT_SECONDS, "250ms"},
	    {2.385e-7, DM_UNIT_SECONDS, "238.5ns"},
	    {59.5, DM_UNIT_SECONDS, "59.5s"},
	    {61, DM_UNIT_SECONDS, "1m1s"},
	    {3599.7, DM_UNIT_SECONDS, "1h0m"},
	    {-7500, DM_UNIT_SECONDS, "-2h5m"},
	    {200000, DM_UNIT_SECONDS, "2d7h"},
	    {1e11, DM_UNIT_SECONDS, "1e+11s"},
	    {0.9883, DM_UNIT_RATIO, "98.83%"},
	    {1795476000, DM_UNIT_TIME, "2026-11-23T23:20:00Z"},
	    {1e18, DM_UNIT_TIME, "1e+18"},
	    {INFINITY, DM_UNIT_BYTES, "+Inf"},
	    {NAN, DM_UNIT_SECONDS, "NaN"},
	};
	static const struct {
		const char *name;
		enum dm_unit unit;
	} names[] = {
	    {"container_memory_working_set_bytes", DM_UNIT_BYTES},
	    {"container_network_receive_bytes_total", DM_UNIT_BYTES},
	    {"container_cpu_usage_seconds_total", DM_UNIT_SECONDS},
	    {"container_start_time_seconds", DM_UNIT_TIME},
	    {"x_ratio", DM_UNIT_RATIO},
	    {"bytes", DM_UNIT_NONE},
	    {"", DM_UNIT_NONE},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		DM_AUTO_BUF struct dm_buf b = {0};

		dm_human_add(&b, cases[i].v, cases[i].unit, DM_HUMAN_DIGITS);
		check_text(&b, cases[i].text);
	}
	for (size_t i = 0; i < DM_COUNT(names); i++)
		assert_int_equal(
		    dm_unit_of(dm_str(names[i].name)), names[i].unit);
}

static void test_table(void **state)
{
	DM_AUTO_RESULT struct dm_result r = instant();
	DM_AUTO_BUF struct dm_buf b = {0};
	const struct dm_table_options o = {.ascii = true};

	(void)state;
	assert_int_equal(dm_render_table(&b, &r, &o, &err), 0);
	check_text(&b, "2026-11-23T23:20:00Z  no series\n");
	dm_buf_clear(&b);
	point(add(&r, "m_bytes", "name", DM_STR("web")), T0, 2.385);
	assert_int_equal(dm_render_table(&b, &r, &o, &err), 0);
	check_text(&b, "2026-11-23T23:20:00Z  m_bytes{name=\"web\"}\n"
		       "value\n"
		       "2.385\n");
	dm_buf_clear(&b);
	point(add(&r, "m_bytes", NULL, DM_STR("")), T0, -INFINITY);
	point(add(&r, "m_bytes", "name", DM_STR("a longer one")), T0, 1e21);
	assert_int_equal(dm_render_table(&b, &r, &o, &err), 0);
	check_text(&b, "2026-11-23T23:20:00Z  m_bytes\n"
		       "name          value\n"
		       "web           2.385\n"
		       "               -Inf\n"
		       "a longer one  1e+21\n");
	dm_buf_clear(&b);
	point(add(&r, "other", "name", DM_STR("web")), T0, NAN);
	assert_int_equal(dm_render_table(&b, &r,
			     &(struct dm_table_options){.human = true}, &err),
	    0);
	check_text(&b, "2026-11-23T23:20:00Z\n"
		       "__name__  name             value\n"
		       "m_bytes   web             2.385B\n"
		       "m_bytes                     -Inf\n"
		       "m_bytes   a longer one  867.4EiB\n"
		       "other     web                NaN\n");
}

static void test_table_of_range(void **state)
{
	DM_AUTO_RESULT struct dm_result r = range(90, 45 * DM_US_PER_S);
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_result_series *s;

	(void)state;
	s = add(&r, "", "name", DM_STR("a"));
	point(s, T0, 1);
	point(s, T0 + 45 * DM_US_PER_S, 0.5);
	point(add(&r, "", "name", DM_STR("b")), T0 + 90 * DM_US_PER_S, 7);
	assert_int_equal(
	    dm_render_table(&b, &r, &(struct dm_table_options){0}, &err), 0);
	check_text(&b, "2026-11-23T23:20:00Z to 2026-11-23T23:21:30Z by 45s\n"
		       "time                  name  value\n"
		       "2026-11-23T23:20:00Z  a         1\n"
		       "2026-11-23T23:20:45Z  a       0.5\n"
		       "2026-11-23T23:21:30Z  b         7\n");
}

static void test_single_values(void **state)
{
	DM_AUTO_RESULT struct dm_result r = instant();
	DM_AUTO_BUF struct dm_buf b = {0};
	const struct dm_table_options o = {0};

	(void)state;
	r.kind = DM_EXPR_SCALAR;
	point(add(&r, "", NULL, DM_STR("")), T0, 1e-7);
	assert_int_equal(dm_render_table(&b, &r, &o, &err), 0);
	assert_int_equal(dm_render_json(&b, &r, false, &err), 0);
	assert_int_equal(dm_render_csv(&b, &r, false, &err), 0);
	check_text(&b, "0.0000001\n"
		       "{\"ts\":1795476000,\"kind\":\"recorded\",\"labels\":{},"
		       "\"metrics\":{\"value\":0.0000001}}\n"
		       "time,value\r\n2026-11-23T23:20:00Z,0.0000001\r\n");
	dm_buf_clear(&b);
	dm_result_release(&r);
	r = instant();
	r.kind = DM_EXPR_STRING;
	r.string = dm_str_dup(DM_STR("a\033,\"b"));
	r.string_n = 5;
	assert_int_equal(dm_render_table(&b, &r, &o, &err), 0);
	assert_int_equal(dm_render_json(&b, &r, false, &err), 0);
	assert_int_equal(dm_render_csv(&b, &r, true, &err), 0);
	check_text(&b,
	    "a\\x1b,\"b\n"
	    "{\"ts\":1795476000,\"kind\":\"recorded\",\"labels\":{},"
	    "\"metrics\":{},\"string\":\"a\\u001b,\\\"b\"}\n"
	    "time,value\r\n2026-11-23T23:20:00Z,\"a\\x1b,\"\"b\"\r\n");
}

/* Whatever the labels hold, and however narrow it is. */
static void test_hostile_tables(void **state)
{
	DM_AUTO_RESULT struct dm_result r = instant();
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_table_options o = {0};
	struct dm_str rest, line;
	size_t columns = 0;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(hostile); i++) {
		point(add(&r, "m", "name", hostile_text(i)), T0, (double)i);
		if (i)
			continue;
		/* Alone it stands in the heading. */
		assert_int_equal(dm_render_table(&b, &r, &o, &err), 0);
		check_lines(dm_buf_str(&b), 0);
		dm_buf_clear(&b);
	}
	assert_int_equal(dm_render_table(&b, &r, &o, &err), 0);
	check_lines(dm_buf_str(&b), 0);
	rest = dm_buf_str(&b);
	assert_true(dm_str_line(&rest, &line));
	while (dm_str_line(&rest, &line)) {
		if (columns)
			assert_int_equal(dm_cell_columns(line), columns);
		columns = dm_cell_columns(line);
	}
	for (size_t most = 20; most < 60; most++) {
		o.columns = most;
		for (int ascii = 0; ascii < 2; ascii++) {
			o.ascii = ascii;
			dm_buf_clear(&b);
			assert_int_equal(dm_render_table(&b, &r, &o, &err), 0);
			rest = dm_buf_str(&b);
			assert_true(dm_str_line(&rest, &line));
			check_lines(rest, most);
		}
	}
}

static void test_short_identifiers(void **state)
{
	DM_AUTO_RESULT struct dm_result r = instant();
	DM_AUTO_BUF struct dm_buf b = {0};
	const struct dm_table_options o = {.columns = 40, .ascii = true};

	(void)state;
	point(add(&r, "m", "id",
		  DM_STR("/docker/261a65793d67609f3e017d54a88f573cc9909227b04c4"
			 "8acefbb3b6bd138b68a/x")),
	    T0, 1);
	point(add(&r, "m", "id", DM_STR("/docker/0123456789abcdef")), T0, 2);
	assert_int_equal(dm_render_table(&b, &r, &o, &err), 0);
	check_text(&b, "2026-11-23T23:20:00Z  m\n"
		       "id                        value\n"
		       "/docker/261a65793d67~/x       1\n"
		       "/docker/0123456789abcdef      2\n");
}

/* Take CSV apart again, by RFC 4180. */
static size_t read_csv(struct dm_str text, struct dm_buf *fields, size_t most)
{
	size_t n = 0, i = 0;

	while (i < text.n && n < most) {
		struct dm_buf *f = &fields[n++];

		if (text.p[i] == '"') {
			for (i++; i < text.n; i++) {
				if (text.p[i] == '"' &&
				    (i + 1 == text.n || text.p[i + 1] != '"'))
					break;
				i += text.p[i] == '"';
				dm_buf_add_char(f, text.p[i]);
			}
			i++;
		} else {
			while (i < text.n && !strchr(",\r", text.p[i]))
				dm_buf_add_char(f, text.p[i++]);
		}
		assert_true(i < text.n);
		if (text.p[i] == '\r') {
			assert_int_equal(text.p[i + 1], '\n');
			i++;
		}
		i++;
	}
	assert_int_equal(i, text.n);
	return n;
}

static void test_csv(void **state)
{
	DM_AUTO_RESULT struct dm_result r = instant();
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_buf fields[4 * (DM_COUNT(hostile) + 1)] = {0};
	size_t n;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(hostile); i++)
		point(add(&r, i % 2 ? "m" : "", "a,\"b", hostile_text(i)), T0,
		    (double)i);
	assert_int_equal(dm_render_csv(&b, &r, false, &err), 0);
	n = read_csv(dm_buf_str(&b), fields, DM_COUNT(fields));
	assert_int_equal(n, DM_COUNT(fields));
	check_text(&fields[0], "time");
	check_text(&fields[1], "__name__");
	check_text(&fields[2], "a,\"b");
	check_text(&fields[3], "value");
	for (size_t i = 0; i < DM_COUNT(hostile); i++) {
		struct dm_buf *row = &fields[4 * (i + 1)];

		check_text(&row[0], "2026-11-23T23:20:00Z");
		check_text(&row[1], i % 2 ? "m" : "");
		if (!dm_str_eq(dm_buf_str(&row[2]), hostile_text(i)))
			fail_msg("%zu: %.*s", i, (int)row[2].n, row[2].p);
		assert_int_equal(strtol(dm_buf_cstr(&row[3]), NULL, 10), i);
	}
	for (size_t i = 0; i < DM_COUNT(fields); i++)
		dm_buf_release(&fields[i]);
	dm_buf_clear(&b);
	assert_int_equal(dm_render_csv(&b, &r, true, &err), 0);
	for (size_t i = 0; i < b.n; i++)
		assert_true((unsigned char)b.p[i] >= 0x20 || b.p[i] == '\r' ||
			    b.p[i] == '\n');
	assert_null(memmem(b.p, b.n, "\xc2\x9b", 2));
}

static void test_json(void **state)
{
	DM_AUTO_RESULT struct dm_result r = range(2, DM_US_PER_S / 2);
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_result_series *s;

	(void)state;
	s = add(&r, "m", "name", DM_STR("a\033\"\n\xc3\xa9"));
	point(s, T0, NAN);
	point(s, T0 + 500000, -0.0);
	point(add(&r, "", NULL, DM_STR("")), T0, 2.385);
	assert_int_equal(dm_render_json(&b, &r, false, &err), 0);
	check_text(&b,
	    "{\"ts\":1795476000,\"kind\":\"recorded\",\"labels\":"
	    "{\"name\":\"a\\u001b\\\"\\n\xc3\xa9\"},\"metrics\":"
	    "{\"m\":\"NaN\"}}\n"
	    "{\"ts\":1795476000.5,\"kind\":\"recorded\",\"labels\":"
	    "{\"name\":\"a\\u001b\\\"\\n\xc3\xa9\"},\"metrics\":{\"m\":-0.0}}\n"
	    "{\"ts\":1795476000,\"kind\":\"recorded\",\"labels\":{},"
	    "\"metrics\":{\"value\":2.385}}\n");
	dm_result_release(&r);
	r = instant();
	point(add(&r, "", "a",
		  DM_STR("\xc3\xa9\xc2\x9b\xe2\x80\xae\xe2\x82\xac\xf0\x9f\x90"
			 "\xb3\xf3\xa0\x80\x81")),
	    T0, 1);
	dm_buf_clear(&b);
	assert_int_equal(dm_render_json(&b, &r, true, &err), 0);
	check_text(&b, "{\"ts\":1795476000,\"kind\":\"recorded\",\"labels\":"
		       "{\"a\":"
		       "\"\xc3\xa9\\u009b\\u202e\xe2\x82\xac\xf0\x9f\x90\xb3\\u"
		       "db40\\udc01\"},"
		       "\"metrics\":{\"value\":1}}\n");
}

static void test_prometheus(void **state)
{
	DM_AUTO_RESULT struct dm_result r = range(1, DM_US_PER_S / 2);
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_result_series *s;

	(void)state;
	s = add(&r, "m", "name", DM_STR("a\""));
	point(s, T0, NAN);
	point(s, T0 + 500000, -0.25);
	point(add(&r, "", NULL, DM_STR("")), T0, INFINITY);
	assert_int_equal(dm_render_prometheus(&b, &r, false, &err), 0);
	r.is_range = false;
	r.series[0].n = 1;
	assert_int_equal(dm_render_prometheus(&b, &r, false, &err), 0);
	check_text(&b,
	    "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\","
	    "\"result\":[{\"metric\":{\"__name__\":\"m\",\"name\":\"a\\\"\"},"
	    "\"values\":[[1795476000,\"NaN\"],[1795476000.5,\"-0.25\"]]},"
	    "{\"metric\":{},\"values\":[[1795476000,\"+Inf\"]]}]}}\n"
	    "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\","
	    "\"result\":[{\"metric\":{\"__name__\":\"m\",\"name\":\"a\\\"\"},"
	    "\"value\":[1795476000,\"NaN\"]},"
	    "{\"metric\":{},\"value\":[1795476000,\"+Inf\"]}]}}\n");
}

static void test_axis(void **state)
{
	static const struct {
		double low, high;
		enum dm_unit unit;
		const char *texts; /* of all marks */
	} cases[] = {
	    {0, 10, DM_UNIT_NONE, "0 2 4 6 8 10"},
	    {0.3, 7.1, DM_UNIT_NONE, "0 2 4 6 8"},
	    {5, 5, DM_UNIT_NONE, "0 1 2 3 4 5"},
	    {0, 0, DM_UNIT_NONE, "0 0.2 0.4 0.6 0.8 1"},
	    {-3, -3, DM_UNIT_NONE, "-3 -2 -1 0"},
	    {1000001, 1000005, DM_UNIT_NONE,
		"1.000001M 1.000002M 1.000003M 1.000004M 1.000005M"},
	    {0, 67e6, DM_UNIT_BYTES, "0B 16MiB 32MiB 48MiB 64MiB"},
	    {0, 0.5, DM_UNIT_BYTES, "0B 0.1B 0.2B 0.3B 0.4B 0.5B"},
	    {0, 5400, DM_UNIT_SECONDS, "0s 30m0s 1h0m 1h30m"},
	    {0.5, 0.52, DM_UNIT_RATIO, "50% 50.5% 51% 51.5% 52%"},
	    {0, 4 * 86400.0 * 30, DM_UNIT_SECONDS, "0s 50d0h 100d0h 150d0h"},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		DM_AUTO_AXIS struct dm_axis a = {0};
		DM_AUTO_BUF struct dm_buf b = {0};

		assert_int_equal(dm_axis_of_values(&a, cases[i].low,
				     cases[i].high, 5, cases[i].unit, &err),
		    0);
		for (size_t k = 0; k < a.n; k++) {
			if (k)
				dm_buf_add_char(&b, ' ');
			dm_buf_add_str(&b, dm_axis_text(&a, k));
		}
		check_text(&b, cases[i].texts);
	}
}

/* Marks lie on the axis, in order, told apart, and the axis holds all. */
static void test_axis_of_any(void **state)
{
	static const double ends[] = {-1.7e308, -1e200, -12345.678, -1, -1e-9,
	    -5e-324, 0, 5e-324, 1e-300, 2.385e-7, 1, 1.0000000001, 1024, 86400,
	    1795476000, 1e17, 1.7e308};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(ends); i++)
		for (size_t k = i; k < DM_COUNT(ends); k++)
			for (int unit = 0; unit <= DM_UNIT_TIME; unit++) {
				DM_AUTO_AXIS struct dm_axis a = {0};

				assert_int_equal(
				    dm_axis_of_values(&a, ends[i], ends[k], 6,
					(enum dm_unit)unit, &err),
				    0);
				assert_true(a.low < a.high);
				assert_true(a.low <= ends[i]);
				assert_true(a.high >= ends[k]);
				assert_true(a.n >= 2 && a.n <= 16);
				for (size_t j = 1; j < a.n; j++)
					assert_true(
					    a.ticks[j].at > a.ticks[j - 1].at);
			}
}

static void test_times(void **state)
{
	static const struct {
		int64_t seconds;
		size_t columns;
		const char *texts;
	} cases[] = {
	    {60, 72,
		"23:20:00 23:20:10 23:20:20 23:20:30 23:20:40 23:20:50 "
		"23:21:00"},
	    {7200, 40, "00:00 01:00"},
	    {0, 40, "23:20:00"},
	    {86400 * 5, 60, "11-24 11-25 11-26 11-27 11-28"},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		DM_AUTO_AXIS struct dm_axis a = {0};
		DM_AUTO_BUF struct dm_buf b = {0};

		assert_int_equal(dm_axis_of_times(&a, T0,
				     T0 + cases[i].seconds * DM_US_PER_S,
				     cases[i].columns, &err),
		    0);
		for (size_t k = 0; k < a.n; k++) {
			if (k)
				dm_buf_add_char(&b, ' ');
			dm_buf_add_str(&b, dm_axis_text(&a, k));
		}
		check_text(&b, cases[i].texts);
	}
}

static void test_chart(void **state)
{
	DM_AUTO_RESULT struct dm_result r = range(40, DM_US_PER_S);
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_chart_options o = {.columns = 50, .rows = 12, .ascii = true};
	struct dm_result_series *s;

	(void)state;
	s = add(&r, "m_bytes", "name", DM_STR("web"));
	for (int i = 0; i <= 40; i++) {
		if (i < 10 || i > 20)
			point(s, T0 + i * DM_US_PER_S, i * 1024.0);
	}
	assert_int_equal(dm_render_chart(&b, &r, &o, &err), 0);
	check_text(&b, "2026-11-23T23:20:00Z to 2026-11-23T23:20:40Z by 1~\n"
		       "48KiB +\n"
		       "      |                                        ***\n"
		       "32KiB +                                 *******\n"
		       "      |                         ********\n"
		       "      |                      ***\n"
		       "16KiB +\n"
		       "      |    ******\n"
		       "   0B +****\n"
		       "      ++---------------+---------------+----------\n"
		       "                   23:20:15        23:20:30\n"
		       "* min 0B  max 40KiB  last 40KiB\n");
	assert_int_equal(
	    dm_render_chart(&b, &(struct dm_result){0}, &o, &err), -1);
	assert_int_equal(err.code, DM_EINVAL);
}

/* Which dots of a braille chart are set, by the characters' code points. */
static bool dot_is_set(
    struct dm_str plot, size_t skip, size_t rows, size_t x, size_t y)
{
	static const unsigned char bits[2][4] = {
	    {0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};
	size_t row = rows - 1 - y / 4, from_above = 3 - y % 4, column = 0;
	struct dm_str line = DM_STR("");
	unsigned code = 0x2800;

	for (size_t i = 0; i <= row; i++)
		assert_true(dm_str_line(&plot, &line));
	for (size_t i = 0, n; i < line.n; i += n, column++) {
		n = dm_utf8_len(line.p + i, line.n - i);
		if (column == skip + x / 2 && n == 3)
			code = (unsigned)((line.p[i] & 0x0f) << 12 |
					  (line.p[i + 1] & 0x3f) << 6 |
					  (line.p[i + 2] & 0x3f));
	}
	assert_true(code >= 0x2800 && code < 0x2900);
	return code & bits[x % 2][from_above];
}

/* Each point's dot is where it belongs: 100 by 40 of them, both axes from 0
 * to that less one, so that dots and values are the same. */
static void test_braille(void **state)
{
	DM_AUTO_RESULT struct dm_result r = range(99, DM_US_PER_S);
	DM_AUTO_BUF struct dm_buf b = {0};
	const struct dm_chart_options o = {.columns = 50 + 4, .rows = 10 + 4};
	struct dm_result_series *s = add(&r, "m", NULL, DM_STR(""));
	struct dm_str rest, line;
	double v[100];

	(void)state;
	for (int i = 0; i < 100; i++) {
		v[i] = i % 3 == 0 ? (double)NAN : (i * 7 % 11) * 4.0;
		point(s, T0 + i * DM_US_PER_S, v[i]);
	}
	assert_int_equal(dm_render_chart(&b, &r, &o, &err), 0);
	rest = dm_buf_str(&b);
	assert_true(dm_str_line(&rest, &line));
	for (size_t i = 0; i < 100; i++) {
		if (isnan(v[i]))
			continue;
		/* 0 to 40 on the 40 dots from 0 to 39. */
		assert_true(dot_is_set(
		    rest, 4, 10, i, (size_t)llround(v[i] / 40 * 39)));
	}
	/* Where there is no value there is no dot. */
	for (size_t y = 0; y < 40; y++)
		assert_false(dot_is_set(rest, 4, 10, 0, y));
}

static void test_chart_of_many(void **state)
{
	DM_AUTO_RESULT struct dm_result r = range(600, DM_US_PER_S);
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_chart_options o = {.columns = 60, .rows = 30};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(hostile) + 2; i++) {
		struct dm_result_series *s =
		    add(&r, "m", "name", hostile_text(i % DM_COUNT(hostile)));

		for (int k = 0; k < 600; k++)
			point(s, T0 + k * DM_US_PER_S,
			    k % 97 ? sin(k / 50.0) * (double)(i + 1)
				   : INFINITY);
	}
	for (o.columns = 1; o.columns < 100; o.columns += 9) {
		for (int ascii = 0; ascii < 2; ascii++) {
			size_t least = o.columns > 36 ? o.columns : 36;

			o.ascii = ascii;
			dm_buf_clear(&b);
			assert_int_equal(dm_render_chart(&b, &r, &o, &err), 0);
			check_lines(dm_buf_str(&b), least);
		}
	}
	assert_non_null(memmem(b.p, b.n, "3 more series", 13));
	assert_non_null(memmem(b.p, b.n, "\nj ", 3));
	assert_null(memmem(b.p, b.n, "\nk ", 3));
	o.color = true;
	dm_buf_clear(&b);
	assert_int_equal(dm_render_chart(&b, &r, &o, &err), 0);
	assert_non_null(memmem(b.p, b.n, "\033[36m", 5));
	/* Nothing of colours but what we put there. */
	for (size_t i = 0; i + 3 < b.n; i++) {
		if (b.p[i] == '\033')
			assert_true(b.p[i + 1] == '[' &&
				    (b.p[i + 2] == 'm' || b.p[i + 4] == 'm'));
	}
}

static void test_chart_of_nothing(void **state)
{
	DM_AUTO_RESULT struct dm_result r = range(10, DM_US_PER_S);
	DM_AUTO_BUF struct dm_buf b = {0};
	const struct dm_chart_options o = {.columns = 60, .rows = 10};

	(void)state;
	assert_int_equal(dm_render_chart(&b, &r, &o, &err), 0);
	check_lines(dm_buf_str(&b), 60);
	point(add(&r, "m", NULL, DM_STR("")), T0, NAN);
	dm_buf_clear(&b);
	assert_int_equal(dm_render_chart(&b, &r, &o, &err), 0);
	check_lines(dm_buf_str(&b), 60);
	assert_non_null(memmem(b.p, b.n, "nothing but NaN", 15));
}

static void test_cut(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
		const char *cut;
	} cases[] = {
	    {"abc", 3, "abc"},
	    {"abcd", 3, "ab~"},
	    {"abcd", 1, "~"},
	    {"abcd", 0, ""},
	    {"\xe5\xae\xb9\xe5\x99\xa8", 4, "\xe5\xae\xb9\xe5\x99\xa8"},
	    {"\xe5\xae\xb9\xe5\x99\xa8", 3, "\xe5\xae\xb9~"},
	    {"\xe5\xae\xb9\xe5\x99\xa8", 2, "~"},
	    {"e\xcc\x81"
	     "e\xcc\x81"
	     "e",
		2, "e\xcc\x81~"},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		DM_AUTO_BUF struct dm_buf b = {0};

		dm_cell_add_cut(
		    &b, dm_str(cases[i].text), cases[i].columns, "~");
		check_text(&b, cases[i].cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_moments),
	    cmocka_unit_test(test_human),
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_table_of_range),
	    cmocka_unit_test(test_single_values),
	    cmocka_unit_test(test_hostile_tables),
	    cmocka_unit_test(test_short_identifiers),
	    cmocka_unit_test(test_csv),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_prometheus),
	    cmocka_unit_test(test_axis),
	    cmocka_unit_test(test_axis_of_any),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_chart),
	    cmocka_unit_test(test_braille),
	    cmocka_unit_test(test_chart_of_many),
	    cmocka_unit_test(test_chart_of_nothing),
	    cmocka_unit_test(test_cut),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
