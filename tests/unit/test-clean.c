/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Cleaning: ranges, edits of lines, and that forgotten series are no more. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "clean/clean.h"
#include "clean/edit.h"
#include "clean/judge.h"

struct cleaner {
	struct dm_clean *c;
	struct dm_scanner *scanner;
	struct dm_buf out;
};

static void start(struct cleaner *x, const struct dm_clean_options *o)
{
	*x = (struct cleaner){0};
	assert_int_equal(dm_clean_new(o, &x->c, NULL), 0);
	assert_int_equal(
	    dm_scanner_new(dm_clean_forget, x->c, &x->scanner, NULL), 0);
	assert_int_equal(dm_clean_start(x->c, x->scanner, NULL), 0);
}

static void stop(struct cleaner *x)
{
	dm_scanner_free(x->scanner);
	dm_clean_free(x->c);
	dm_buf_release(&x->out);
}

/* What becomes of a line. */
static const char *clean(struct cleaner *x, struct dm_str line)
{
	struct dm_record r;

	assert_int_equal(dm_scan(x->scanner, line, &r, NULL), 0);
	dm_buf_clear(&x->out);
	assert_int_equal(dm_clean_record(x->c, &r, &x->out, NULL), 0);
	return dm_buf_cstr(&x->out);
}

static void test_ranges(void **state)
{
	static const struct {
		const char *name;
		enum dm_range_type type;
		double max, rate;
	} cases[] = {
	    {"container_memory_working_set_bytes", DM_RANGE_GAUGE, 0, 0},
	    {"container_memory_failures_total", DM_RANGE_COUNTER, 0, 1e10},
	    {"container_cpu_usage_seconds_total", DM_RANGE_COUNTER, 0, 1},
	    {"container_cpu_cfs_throttled_seconds_total", DM_RANGE_COUNTER, 0,
		0},
	    {"container_network_tcp_usage_total", DM_RANGE_GAUGE, 0, 0},
	    {"container_network_receive_bytes_total", DM_RANGE_COUNTER, 0,
		1.25e11},
	    {"container_exited_read_bytes_total", DM_RANGE_COUNTER, 0, 0},
	    {"container_something_ratio", DM_RANGE_GAUGE, 1, 0},
	    {"compression_ratio", DM_RANGE_NONE, 0, 0},
	    {"node_timex_frequency_adjustment_ratio", DM_RANGE_NONE, 0, 0},
	    {"container_spec_memory_limit_bytes", DM_RANGE_NONE, 0, 0},
	    {"container_process_namespace_state", DM_RANGE_NONE, 0, 0},
	    {"container_event_exec", DM_RANGE_NONE, 0, 0},
	    {"container_processes", DM_RANGE_GAUGE, 4194304, 0},
	    {"container_network_", DM_RANGE_NONE, 0, 0},
	    {"_total", DM_RANGE_COUNTER, 0, 0},
	    {"", DM_RANGE_NONE, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		const struct dm_range *range =
		    dm_range_of(dm_str(cases[i].name));

		if (range->type != cases[i].type ||
		    range->max != cases[i].max ||
		    range->rate_max != cases[i].rate)
			fail_msg("%s", cases[i].name);
	}
}

/* A line that would be too long with its list goes on as it was; one that
 * just fits is changed. */
static void test_long(void **state)
{
	static const struct dm_clean_options o = {0};
	const struct dm_str head = DM_STR("{\"ts\":1,\"kind\":\"container\","
					  "\"metrics\":{\"container_"
					  "processes\":-5},\"x\":\"");
	/* -5 becomes null, and the list comes. */
	const size_t more = 2 + strlen(",\"clean\":{\"container_processes\":{"
				       "\"reason\":\"range\",\"was\":-5}}");
	DM_AUTO_BUF struct dm_buf line = {0};
	struct cleaner x;

	(void)state;
	start(&x, &o);
	dm_buf_add_str(&line, head);
	while (line.n < DM_LINE_MAX_BYTES - more - 2)
		dm_buf_add_char(&line, 'x');
	dm_buf_add_cstr(&line, "\"}");
	assert_int_equal(line.n + more, DM_LINE_MAX_BYTES);
	assert_non_null(strstr(clean(&x, dm_buf_str(&line)), "\"was\":-5}}"));
	assert_int_equal(x.out.n, DM_LINE_MAX_BYTES + 1);

	dm_buf_drop(&line, 7);
	line.n -= 2;
	memmove(line.p + 7, line.p, line.n);
	memcpy(line.p, "{\"ts\":2", 7);
	line.n += 7;
	dm_buf_add_cstr(&line, "x\"}");
	assert_int_equal(line.n + more, DM_LINE_MAX_BYTES + 1);
	clean(&x, dm_buf_str(&line));
	assert_int_equal(x.out.n, line.n + 1);
	assert_memory_equal(x.out.p, line.p, line.n);
	stop(&x);
}

/* A series is forgotten after five minutes, and what is forgotten does not
 * judge what comes. */
static void test_forgotten(void **state)
{
	static const struct dm_clean_options o = {0};
	static const char *const lines[] = {
	    "{\"ts\":1,\"kind\":\"container\",\"labels\":{\"id\":\"a\"},"
	    "\"metrics\":{\"container_pressure_cpu_waiting_seconds_total\":1}}",
	    "{\"ts\":301,\"kind\":\"container\",\"labels\":{\"id\":\"b\"},"
	    "\"metrics\":{\"container_processes\":1}}",
	    "{\"ts\":302,\"kind\":\"container\",\"labels\":{\"id\":\"b\"},"
	    "\"metrics\":{\"container_processes\":1}}",
	    "{\"ts\":303,\"kind\":\"container\",\"labels\":{\"id\":\"a\"},"
	    "\"metrics\":{\"container_pressure_cpu_waiting_seconds_total\":"
	    "1e6}}",
	};
	struct cleaner x;

	(void)state;
	/* With the third line its five minutes are over. */
	for (int with = 0; with < 2; with++) {
		const char *out = NULL;

		start(&x, &o);
		for (int i = 0; i < 4; i++) {
			if (i != 2 || with)
				out = clean(&x, dm_str(lines[i]));
		}
		assert_int_equal(strstr(out, "\"rate\"") == NULL, with);
		stop(&x);
	}
}

/* What is listed already is not changed again, wherever the list stands. */
static void test_listed(void **state)
{
	static const struct dm_clean_options o = {0};
	struct cleaner x;

	(void)state;
	start(&x, &o);
	assert_string_equal(
	    clean(&x,
		DM_STR("{\"ts\":1,\"kind\":\"host\",\"clean\":{\"node_load1\":"
		       "{\"reason\":\"range\"} },\"metrics\":{\"node_load1\":"
		       "-1,\"node_load5\":-2}}")),
	    "{\"ts\":1,\"kind\":\"host\",\"clean\":{\"node_load1\":"
	    "{\"reason\":\"range\"},\"node_load5\":{\"reason\":\"range\","
	    "\"was\":-2} },\"metrics\":{\"node_load1\":-1,\"node_load5\":null}"
	    "}\n");
	stop(&x);
}

/* Hampel's bounds on a window that is known: 1..7, whose median is 4 and the
 * median of the distances 2; 8.9 times that is 17.8. */
static void test_far(void **state)
{
	const struct dm_range range = {.type = DM_RANGE_GAUGE};
	static const struct {
		double v;
		enum dm_news_kind kind;
	} cases[] = {
	    {21.7, DM_NEWS_NONE},
	    {21.9, DM_NEWS_FAR},
	    {1e300, DM_NEWS_FAR},
	    {7.5, DM_NEWS_NONE},
	    {0, DM_NEWS_NONE},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		struct dm_track_series s = {0};
		struct dm_news news;

		for (int t = 0; t <= 7; t++)
			dm_judge_take(&range, &s, t, t * INT64_C(1000000));
		news = dm_judge_take(&range, &s, cases[i].v, 8000000);
		assert_int_equal(news.kind, cases[i].kind);
		assert_true(news.last == 7 && news.last_us == 7000000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ranges),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_forgotten),
	    cmocka_unit_test(test_listed),
	    cmocka_unit_test(test_far),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
