/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/time.h"
#include "promql/lex.h"
#include "query/complete.h"
#include "query/look.h"
#include "query/prompt.h"

#define END_US (INT64_C(1795476000) * DM_US_PER_S)

/* ---- what is stored ---- */

static const struct {
	const char *metric, *kind, *labels;
} stored[] = {
    {"container_processes", "container",
	"{\"id\":\"/docker/a\",\"name\":\"web\"}"},
    {"container_processes", "container",
	"{\"id\":\"/docker/b\",\"name\":\"quote\\\" \\\\ \\u009b\\n\"}"},
    {"container_threads", "container",
	"{\"id\":\"/docker/a\",\"name\":\"web\"}"},
    {"up", "sweep", "{\"instance\":\"n1\"}"},
    {"up", "recorded", "{\"instance\":\"n2\",\"name\":\"webber\"}"},
};

static int list_metrics(void *ctx,
    int (*each)(
	void *to, const struct dm_catalog_metric *m, struct dm_err *err),
    void *to, struct dm_err *err)
{
	(void)ctx;
	for (size_t i = 0; i < DM_COUNT(stored); i++) {
		struct dm_catalog_metric m = {.name = dm_str(stored[i].metric),
		    .kind = dm_str(stored[i].kind),
		    .n_series = 1,
		    .first_us = END_US - 60 * DM_US_PER_S,
		    .last_us = END_US};

		if (i + 1 < DM_COUNT(stored) &&
		    strcmp(stored[i].metric, stored[i + 1].metric) == 0 &&
		    strcmp(stored[i].kind, stored[i + 1].kind) == 0) {
			i++;
			m.n_series++;
		}
		if (each(to, &m, err) < 0)
			return -1;
	}
	return 0;
}

static int list_series(void *ctx, struct dm_str metric,
    int (*each)(void *to, struct dm_str labels, struct dm_err *err), void *to,
    struct dm_err *err)
{
	(void)ctx;
	for (size_t i = 0; i < DM_COUNT(stored); i++) {
		if ((metric.n == 0 || dm_str_is(metric, stored[i].metric)) &&
		    each(to, dm_str(stored[i].labels), err) < 0)
			return -1;
	}
	return 0;
}

static const char *const alerts[] = {
    "{\"ts\":1,\"kind\":\"alert\",\"labels\":{\"alertname\":\"B\"},"
    "\"metrics\":{},\"status\":\"pending\","
    "\"startsAt\":\"2026-11-23T23:00:00Z\"}",
    "{\"ts\":1,\"kind\":\"alert\",\"labels\":{\"alertname\":\"A\","
    "\"severity\":\"critical\"},\"metrics\":{},\"status\":\"firing\","
    "\"annotations\":{\"summary\":\"\\u001b[2Jgone\"},"
    "\"startsAt\":\"2026-11-23T23:10:00Z\"}",
    ("{\"ts\":1,\"kind\":\"alert\",\"labels\":{\"alertname\":\"C\"},"
     "\"metrics\":{},\"status\":\"resolved\"}"),
};
static int64_t alerts_at_us;

static int list_alerts(void *ctx, int64_t at_us,
    int (*each)(void *to, struct dm_str line, struct dm_err *err), void *to,
    struct dm_err *err)
{
	(void)ctx;
	alerts_at_us = at_us;
	for (size_t i = 0; i < DM_COUNT(alerts); i++) {
		if (each(to, dm_str(alerts[i]), err) < 0)
			return -1;
	}
	return 0;
}

static int end_of(void *ctx, int64_t *ret_us, struct dm_err *err)
{
	(void)ctx, (void)err;
	*ret_us = END_US;
	return 0;
}

static const struct dm_catalog catalog = {.metrics = list_metrics,
    .series = list_series,
    .alerts = list_alerts,
    .end = end_of};

/* No samples at all; what was asked for is remembered. */
static struct dm_query_load asked;

static int load(void *ctx, struct dm_query_load *l, struct dm_err *err)
{
	(void)ctx;
	if (dm_query_resolve(l, END_US, err) < 0)
		return -1;
	asked = *l;
	return 0;
}

/* ---- completion ---- */

/* The words, with blanks between, and where they begin. */
static const char *completed(const char *text, size_t *ret_from)
{
	static char all[4096];
	struct dm_completion c;
	struct dm_err err;
	size_t n = 0;

	assert_int_equal(dm_complete(&catalog, dm_str(text), &c, &err), 0);
	all[0] = '\0';
	for (size_t i = 0; i < c.n; i++)
		n += (size_t)snprintf(
		    all + n, sizeof(all) - n, "%s%s", i ? " " : "", c.words[i]);
	*ret_from = c.from;
	dm_completion_release(&c);
	return all;
}

static void test_complete(void **state)
{
	static const struct {
		const char *text; /* | stands where the word begins */
		const char *words;
	} cases[] = {
	    {"|container_p", "container_processes"},
	    {"sum(|cont", "container_processes container_threads"},
	    {"1 + |u", "unless up"},
	    {"|rat", "rate("},
	    {"x |group_l", "group_left"},
	    {"|xyz", ""},
	    {"container_processes{|", "id name"},
	    {"container_processes{|n", "name"},
	    {"container_processes{name!=\"x\", |i", "id"},
	    {"up{|", "instance name"},
	    {"{|", "id instance name"},
	    {"sum by (|n", "name"},
	    {"a * on (id, |", "id instance name"},
	    {"sum by (name) (|u", "unless up"},
	    {"container_processes{name=\"|w", "web"},
	    {"container_processes{name=~'|", "quote\" \\\\ \\u009b\\x0a web"},
	    {"container_processes{name=\"|q", "quote\\\" \\\\ \\u009b\\x0a"},
	    {"container_processes{id=\"/docker/a\",name=\"|w", "web"},
	    {"container_processes{id=\"|/docker", "/docker/a /docker/b"},
	    {"{name=\"|we", "web webber"},
	    {"up{name=\"|we", "webber"},
	    {"up{nothing=\"|", ""},
	    {"count_values(\"|x", ""},
	    {"container_processes{id=\"a\"} + |up", "up"},
	    {"|\\a", "\\alerts \\at"},
	    {"\\d |container_t", "container_threads"},
	    {"\\d |", "container_processes container_threads up"},
	    {"\\format |j", "json"},
	    {"\\q |", ""},
	    {"((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("
	     "(((((((((((((((((((((|rat",
		"rate("},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		const char *bar = strchr(cases[i].text, '|');
		char text[256];
		size_t from;

		snprintf(text, sizeof(text), "%.*s%s",
		    (int)(bar - cases[i].text), cases[i].text, bar + 1);
		assert_string_equal(completed(text, &from), cases[i].words);
		if (*cases[i].words)
			assert_int_equal(from, bar - cases[i].text);
	}
}

/* What is offered can be typed: each function and aggregation is one. */
static void test_words_are_known(void **state)
{
	const char *words, *next;
	size_t from, n = 0;

	(void)state;
	words = completed("", &from);
	for (; *words; words = next) {
		size_t len = strcspn(words, " ");
		struct dm_str word = {words, len - 1};

		next = words + len + (words[len] == ' ');
		if (words[len - 1] != '(')
			continue;
		n++;
		if (dm_lex_aggregation(word) == DM_TOKEN_NAME) {
			struct dm_expr *e;
			struct dm_err err = {0};
			char call[64];

			snprintf(call, sizeof(call), "%.*s(1,2,3,4,5,6,7,8)",
			    (int)word.n, word.p);
			assert_int_equal(
			    dm_expr_parse(dm_str(call), &e, &err), -1);
			assert_null(strstr(err.msg, "is unknown"));
			assert_null(strstr(err.msg, "not supported"));
		}
	}
	assert_true(n > 30);
}

static void test_open(void **state)
{
	static const char *const open[] = {"sum(", "x{a=\"b\"", "x[5m", "x +",
	    "x and", "sum by", "`raw", "a # b\n+", "sum by (x) (\n", "(`)`",
	    "x == ", "{a=`}`"};
	static const char *const closed[] = {"", "x", "sum(x)", "x)", "\"open",
	    "'(", "x # (", "by_x", "1 # +", "{a=\"(\"}", "((x))"};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(open); i++)
		if (!dm_expr_is_open(dm_str(open[i])))
			fail_msg("is open: %s", open[i]);
	for (size_t i = 0; i < DM_COUNT(closed); i++)
		if (dm_expr_is_open(dm_str(closed[i])))
			fail_msg("is not open: %s", closed[i]);
}

/* ---- the prompt ---- */

static struct dm_prompt *prompt;
static struct dm_buf out, said;

static int set_up(void **state)
{
	const struct dm_prompt_options o = {
	    .back = {NULL, load, NULL},
	    .catalog = catalog,
	    .query = {.start = DM_MOMENT_END,
		.end = DM_MOMENT_END,
		.max_samples = 1000},
	    .view = {.columns = 80, .rows = 24, .ascii = true},
	};
	struct dm_err err;

	(void)state;
	return dm_prompt_new(&o, &prompt, &err);
}

static int tear_down(void **state)
{
	(void)state;
	dm_prompt_free(prompt);
	dm_buf_release(&out);
	dm_buf_release(&said);
	out = said = (struct dm_buf){0};
	return 0;
}

static enum dm_prompt_state type(const char *line)
{
	dm_buf_clear(&out);
	dm_buf_clear(&said);
	return dm_prompt_line(prompt, dm_str(line), &out, &said);
}

static void check(const char *line, const char *expected)
{
	assert_int_equal(type(line), DM_PROMPT_DONE);
	assert_string_equal(dm_buf_cstr(&out), expected);
	assert_string_equal(dm_buf_cstr(&said), "");
}

static void check_fails(const char *line, const char *expected)
{
	size_t n = dm_prompt_failed(prompt);

	assert_int_equal(type(line), DM_PROMPT_DONE);
	assert_string_equal(dm_buf_cstr(&out), "");
	assert_string_equal(dm_buf_cstr(&said), expected);
	assert_int_equal(dm_prompt_failed(prompt), n + 1);
}

static void test_expressions(void **state)
{
	(void)state;
	check("1 + 1", "2\n");
	check("", "");
	check("# nothing", "");
	check("  up", "2026-11-23T23:20:00Z  no series\n");
	assert_int_equal(asked.start_us, END_US);
	check_fails("1 ~ 1", "1 ~ 1\n"
			     "  ^\n"
			     "1:3: unexpected character\n");
	check_fails("\xe5\xae\xb9 x", "\xe5\xae\xb9 x\n"
				      "^\n"
				      "1:1: unexpected character\n");
	check("up[5m]", "2026-11-23T23:20:00Z  no series\n");
}

static void test_lines(void **state)
{
	(void)state;
	assert_int_equal(type("sum("), DM_PROMPT_MORE);
	assert_int_equal(type("\\d"), DM_PROMPT_MORE);
	assert_true(dm_prompt_pending(prompt).n > 0);
	dm_prompt_drop(prompt);
	assert_int_equal(dm_prompt_pending(prompt).n, 0);
	assert_int_equal(type("1 + # one"), DM_PROMPT_MORE);
	assert_int_equal(type("("), DM_PROMPT_MORE);
	check("3)", "4\n");
	assert_int_equal(type("1 +"), DM_PROMPT_MORE);
	check_fails("",
	    "1 +\n"
	    "   ^\n"
	    "1:4: unexpected end of the expression, expected an expression\n");
	assert_int_equal(type("2 *"), DM_PROMPT_MORE);
	dm_buf_clear(&said);
	dm_prompt_end(prompt, &out, &said);
	assert_true(said.n > 0);
	dm_buf_clear(&said);
	dm_prompt_end(prompt, &out, &said);
	assert_int_equal(said.n, 0);
}

static void test_times(void **state)
{
	(void)state;
	check("\\at", "at end\n");
	check("\\at end-1m", "at end-1m\n");
	check("time()", "1795475940\n");
	check("\\range end-2s", "from end-2s to end by a step that fits\n");
	check_fails("up[5m]",
	    "the expression is a range vector; a range wants an instant vector "
	    "or a scalar at each step\n");
	check("time()", "2026-11-23T23:19:58Z to 2026-11-23T23:20:00Z by 1s\n"
			"time                       value\n"
			"2026-11-23T23:19:58Z  1795475998\n"
			"2026-11-23T23:19:59Z  1795475999\n"
			"2026-11-23T23:20:00Z  1795476000\n");
	check("\\range 1795475000 1795476000 500s",
	    "from 2026-11-23T23:03:20Z to 2026-11-23T23:20:00Z by 8m20s\n");
	type("time()");
	assert_int_equal(asked.start_us, INT64_C(1795475000) * DM_US_PER_S);
	assert_int_equal(asked.step_us, 500 * DM_US_PER_S);
	check_fails("\\range end-1h end x", "'x' is no step such as 15s or "
					    "1m\n");
	check_fails("\\at soon",
	    "'soon' is no time such as end-10m, -1h, 1795476513 or "
	    "2026-11-24T06:54:06Z\n");
	check_fails("\\at end more", "what is 'more'?\n");
	type("\\range end end-1h");
	check_fails("1",
	    "the range ends before it begins: from 2026-11-23T23:20:00Z to "
	    "2026-11-23T22:20:00Z\n");
	type("\\range end-11000s end 1s");
	check_fails("1",
	    "the range has 11001 steps, and may have 11000: take a longer step "
	    "or a shorter range\n");
}

static void test_formats(void **state)
{
	(void)state;
	check("\\format json", "the format is json\n");
	check("1", "{\"ts\":1795476000,\"kind\":\"recorded\",\"labels\":{},"
		   "\"metrics\":{\"value\":1}}\n");
	check("\\chart", "charts are on\nfrom end-1h to end by a step that "
			 "fits\n");
	assert_int_equal(type("vector(time())"), DM_PROMPT_DONE);
	assert_non_null(strstr(dm_buf_cstr(&out), "* min 1.795G"));
	check("\\chart", "charts are off\n");
	check("\\at end", "at end\n");
	check("\\format", "the format is json\n");
	check("\\format table", "the format is table\n");
	check("\\human", "numbers are short\n");
	check("123456", "123.5k\n");
	check_fails(
	    "\\format xml", "formats are table, json, csv and prometheus\n");
	check_fails("\\nothing",
	    "there is no command \\nothing: \\help tells which there are\n");
	assert_int_equal(type("\\q"), DM_PROMPT_QUIT);
}

/* \help names each command, and each that can be completed is one. */
static void test_help(void **state)
{
	DM_AUTO_BUF struct dm_buf help = {0};

	(void)state;
	type("\\help");
	dm_buf_add_str(&help, dm_buf_str(&out));
	for (size_t i = 0; dm_prompt_commands[i]; i++) {
		assert_non_null(
		    strstr(dm_buf_cstr(&help), dm_prompt_commands[i]));
		type(dm_prompt_commands[i]);
		assert_null(strstr(dm_buf_cstr(&said), "no command"));
	}
}

static void test_look(void **state)
{
	struct dm_err err;

	(void)state;
	check("\\d",
	    "metric               kind       series  first                 "
	    "last\n"
	    "container_processes  container  2       2026-11-23T23:19:00Z  "
	    "2026-11-23T23:20:00Z\n"
	    "container_threads    container  1       2026-11-23T23:19:00Z  "
	    "2026-11-23T23:20:00Z\n"
	    "up                   sweep      1       2026-11-23T23:19:00Z  "
	    "2026-11-23T23:20:00Z\n"
	    "up                   recorded   1       2026-11-23T23:19:00Z  "
	    "2026-11-23T23:20:00Z\n");
	check("\\d container_processes",
	    "metric               kind       series  first                 "
	    "last\n"
	    "container_processes  container  2       2026-11-23T23:19:00Z  "
	    "2026-11-23T23:20:00Z\n"
	    "\n"
	    "label  values\n"
	    "id     2       /docker/a, /docker/b\n"
	    "name   2       quote\" \\ \\xc2\\x9b\\x0a, web\n");
	check_fails("\\d none", "there is no metric none\n");
	check("\\alerts",
	    "2026-11-23T23:20:00Z\n"
	    "status   since                 severity  alert  summary\n"
	    "firing   2026-11-23T23:10:00Z  critical  A      \\x1b[2Jgone\n"
	    "pending  2026-11-23T23:00:00Z            B      "
	    "{\"alertname\":\"B\"}\n");
	dm_buf_clear(&out);
	assert_int_equal(
	    dm_look_alerts(&out, &catalog, END_US,
		&(struct dm_view){
		    .is_terminal = true, .columns = 50, .ascii = true},
		&err),
	    0);
	assert_string_equal(dm_buf_cstr(&out),
	    "2026-11-23T23:20:00Z\n"
	    "status   since                 severity  alert\n"
	    "firing   2026-11-23T23:10:00Z  critical  A\n"
	    "  \\x1b[2Jgone\n"
	    "pending  2026-11-23T23:00:00Z            B\n"
	    "  {\"alertname\":\"B\"}\n");
	type("\\alerts end-1h");
	assert_int_equal(alerts_at_us, END_US - 3600 * DM_US_PER_S);
	type("\\at end-2h");
	type("\\alerts");
	assert_int_equal(alerts_at_us, END_US - 7200 * DM_US_PER_S);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_complete),
	    cmocka_unit_test(test_words_are_known),
	    cmocka_unit_test(test_open),
	    TEST(test_expressions),
	    TEST(test_lines),
	    TEST(test_times),
	    TEST(test_formats),
	    TEST(test_help),
	    TEST(test_look),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
