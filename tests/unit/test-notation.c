/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "rules/go-print.h"
#include "rules/notation.h"
#include "series/series.h"

/* All values as one text; gaps as _, at most 30. */
static void print_values(const char *text, struct dm_buf *ret)
{
	DM_AUTO_VALUES struct dm_values v = {0};
	struct dm_values_at at = {0};
	struct dm_err err = {0};
	double value;
	bool gap;

	if (dm_values_parse(dm_str(text), &v, NULL, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	for (int i = 0; i < 30 && dm_values_next(&v, &at, &value, &gap); i++) {
		if (i > 0)
			dm_buf_add_char(ret, ' ');
		if (gap)
			dm_buf_add_char(ret, '_');
		else if (dm_is_stale(value))
			dm_buf_add_cstr(ret, "stale");
		else
			dm_go_float(ret, value);
	}
}

/* As Prometheus's promtool 2.42 takes them, but for the underscores, which
 * came with 3. */
static void test_values(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", ""},
	    {"  1   2  ", "1 2"},
	    {"1\t2\n3", "1 2 3"},
	    {"1+2x3", "1 3 5 7"},
	    {"1-2x3", "1 -1 -3 -5"},
	    {"4x3", "4 4 4 4"},
	    {"4x0 5+1x0", "4 5"},
	    {"_ _x2 _x0 1", "_ _ _ 1"},
	    {"1 stale 3", "1 stale 3"},
	    {"-1 +2 -3+1x1", "-1 2 -3 -2"},
	    {"1.5 .25 2. 1e3 -2.5E-1 1e+2", "1.5 0.25 2 1000 -0.25 100"},
	    {"NaN nan Inf -inf +INF", "NaN NaN +Inf -Inf +Inf"},
	    {"Inf+1x2 -Inf-1x1", "+Inf +Inf +Inf -Inf -Inf"},
	    {"0x3 7", "0 0 0 0 7"}, /* no hexadecimal */
	    {"010 018 00 0128", "8 18 0 128"},
	    {"1_000 1_0+1_0x1", "1000 10 20"},
	    {"0.1+0.1x2", "0.1 0.2 0.30000000000000004"},
	    {"9223372036854775807 9223372036854775808",
		"9.223372036854776e+18 9.223372036854776e+18"},
	    {"1x99999999999999999 2",
		"1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 "
		"1"},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		DM_AUTO_BUF struct dm_buf b = {0};

		print_values(cases[i].text, &b);
		if (strcmp(dm_buf_cstr(&b), cases[i].want) != 0)
			fail_msg("%s: %s, not %s", cases[i].text,
			    dm_buf_cstr(&b), cases[i].want);
	}
}

static void test_values_refused(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
	} cases[] = {
	    {"1 x", 2},
	    {"1x", 2},
	    {"1x1.5", 2},
	    {"1x-1", 2},
	    {"1+1", 3},
	    {"1+x2", 2},
	    {"1+1x", 4},
	    {"1+-1x2", 2},
	    {"--1", 1},
	    {"-", 1},
	    {"5-", 2},
	    {"_x", 2},
	    {"_1", 1},
	    {"__", 1},
	    {"_+1x2", 1},
	    {"1_", 0},
	    {"1__0", 0},
	    {"1e", 0},
	    {"1e999", 0},
	    {"0b1", 0},
	    {"0x1x1", 2},
	    {"STALE", 0},
	    {"stalex3", 0},
	    {"-stale", 1},
	    {"NaNx3", 0},
	    {"1 infinity", 2},
	    {"1,1", 1},
	    {"1 #", 2},
	    {"1 {{}}", 2},
	    {"1.5.2", 3},
	    {"1+nanx1", 2},
	    {"1x3+1", 3},
	    {"1x18446744073709551616", 2},
	    {"1d", 0},
	    {".", 0},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		struct dm_values v = {0};
		struct dm_err err = {0};
		size_t offset = 99;

		assert_int_equal(
		    dm_values_parse(dm_str(cases[i].text), &v, &offset, &err),
		    -1);
		assert_int_equal(err.code, DM_EPARSE);
		assert_null(v.runs);
		if (offset != cases[i].offset)
			fail_msg("%s: at %zu, not %zu: %s", cases[i].text,
			    offset, cases[i].offset, err.msg);
	}
}

static void test_metric(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"m", "{__name__=\"m\"}"},
	    {" a:b{} ", "{__name__=\"a:b\"}"},
	    {"{}", "{}"},
	    {"m{b=\"2\",a='1',}", "{__name__=\"m\", a=\"1\", b=\"2\"}"},
	    {"{__name__=\"m\",a=`\\n`}", "{__name__=\"m\", a=\"\\\\n\"}"},
	    {"m{a=\"\\u00e9\\x41\\101\\n\"}",
		"{__name__=\"m\", a=\"\303\251AA\\n\"}"},
	    {"sum{by=\"\"}", "{__name__=\"sum\", by=\"\"}"},
	    {"{\"a.b\", \"c d\"=\"e\"}", "{__name__=\"a.b\", c d=\"e\"}"},
	    {"{\"a.b\"}", "{__name__=\"a.b\"}"},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		DM_AUTO_LABEL_LIST struct dm_label_list l = {0};
		DM_AUTO_BUF struct dm_buf b = {0};
		struct dm_err err = {0};

		if (dm_metric_parse(dm_str(cases[i].text), &l, NULL, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.msg);
		dm_label_list_print(&b, &l);
		assert_string_equal(dm_buf_cstr(&b), cases[i].want);
	}
}

static void test_metric_refused(void **state)
{
	static const char *const texts[] = {"", "1m", "m x", "m{", "m{,}",
	    "m{a}", "m{a=}", "m{a=b}", "m{a=~\"1\"}", "m{a:b=\"1\"}",
	    "m{1a=\"1\"}", "m{a=\"1\",a=\"2\"}", "m{__name__=\"n\"}",
	    "m{a=\"1\"", "m{a=\"1}", "m{a=\"\\y\"}", "{\"a\",\"b\"}", "m{} 1"};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(texts); i++) {
		struct dm_label_list l = {0};
		struct dm_err err = {0};
		size_t offset = 99;

		if (dm_metric_parse(dm_str(texts[i]), &l, &offset, &err) == 0)
			fail_msg("%s is taken", texts[i]);
		assert_int_equal(err.code, DM_EPARSE);
		assert_true(offset <= strlen(texts[i]));
		assert_int_equal(l.n, 0);
	}
}

/* As Go prints them, by hand. */
static void test_go_print(void **state)
{
	static const struct {
		int64_t ns;
		const char *want;
	} durations[] = {{0, "0s"}, {1, "1ns"}, {1500, "1.5\302\265s"},
	    {2000000, "2ms"}, {999999999, "999.999999ms"}, {1000000000, "1s"},
	    {90500000000, "1m30.5s"}, {3600000000000, "1h0m0s"},
	    {-60000000000, "-1m0s"}, {INT64_MIN, "-2562047h47m16.854775808s"}};
	static const struct {
		int64_t us;
		const char *want;
	} models[] = {{0, "0s"}, {999, "0s"}, {1000, "1ms"}, {60000000, "1m"},
	    {90000000, "1m30s"}, {86400000000, "1d"}, {90000000000, "1d1h"},
	    {604800000000, "1w"}, {691200000000, "8d"}, {31536000000000, "1y"},
	    {119999000, "1m59s999ms"}};
	static const struct {
		double v;
		const char *e;
	} floats[] = {{1, "1E+00"}, {0, "0E+00"}, {-0.0, "-0E+00"},
	    {123456, "1.23456E+05"}, {1e-7, "1E-07"}, {1e100, "1E+100"},
	    {INFINITY, "+Inf"}, {NAN, "NaN"}};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(durations); i++) {
		DM_AUTO_BUF struct dm_buf b = {0};

		dm_go_duration(&b, durations[i].ns);
		assert_string_equal(dm_buf_cstr(&b), durations[i].want);
	}
	for (size_t i = 0; i < DM_COUNT(models); i++) {
		DM_AUTO_BUF struct dm_buf b = {0};

		dm_go_model_duration(&b, models[i].us);
		assert_string_equal(dm_buf_cstr(&b), models[i].want);
	}
	for (size_t i = 0; i < DM_COUNT(floats); i++) {
		DM_AUTO_BUF struct dm_buf b = {0};

		dm_go_float_exp(&b, floats[i].v);
		assert_string_equal(dm_buf_cstr(&b), floats[i].e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_values_refused),
	    cmocka_unit_test(test_metric),
	    cmocka_unit_test(test_metric_refused),
	    cmocka_unit_test(test_go_print),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
