/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "promql-fixture.h"

/* Expressions and what they come to at t = 1000 on the series of load().
 * Values are worked out by hand, or by Prometheus where it says so. */
static void load(struct fixture *f)
{
	/* A counter of 2.5 a second that resets at 950, each 10 s. */
	for (int t = 700; t <= 1000; t += 10)
		fixture_put(f, "count", "id", "a", t,
		    (t < 950 ? t - 700 : t - 950) * 2.5);
	for (int t = 700; t <= 1000; t += 10)
		fixture_put(f, "gauge", "id", "a", t, t % 100);
	fixture_put(f, "gauge", "id", "b", 990, 7.25);
	fixture_put(f, "gauge", "id", "c", 995, NAN);
	fixture_put(f, "cap", "id", "a", 1000, 4);
	fixture_put(f, "cap", "id", "b", 1000, 2);
	fixture_put(f, "cap", "id", "z", 1000, 1);
	fixture_put(f, "lone", NULL, NULL, 1000, -3.5);
	fixture_put(f, "old", NULL, NULL, 700, 1);
	fixture_put(f, "older", NULL, NULL, 700.000001, 1);
	fixture_put(f, "ended", NULL, NULL, 980, 1);
	fixture_put(f, "ended", NULL, NULL, 990, dm_stale());
	fixture_put(f, "e0", NULL, NULL, 970, 1e308);
	fixture_put(f, "e0", NULL, NULL, 980, 1e308);
	fixture_put(f, "e0", NULL, NULL, 990, -1e308);
	fixture_put(f, "small", NULL, NULL, 970, 1);
	fixture_put(f, "small", NULL, NULL, 980, 1e100);
	fixture_put(f, "small", NULL, NULL, 985, 1);
	fixture_put(f, "small", NULL, NULL, 990, -1e100);
}

static const char *const cases[][2] = {
    {"1 + 2 * 3 ^ 2 ^ 0.5", "10.45760878"},
    {"-2 ^ 2", "-4"},
    {"7 % 4 - -1", "4"},
    {"0x1F + 010 + 1e1", "49"},
    {"5m + .5", "300.5"},
    {"1 < bool 2", "1"},
    {"1 # a comment\n + 1", "2"},
    {"time()", "1000"},
    {"lone", "lone -3.5"},
    {"-lone", "{} 3.5"},
    {"+lone", "lone -3.5"},
    {"abs(lone)", "{} 3.5"},
    {"lone * 2", "{} -7"},
    {"2 - lone", "{} 5.5"},
    {"lone < 0", "lone -3.5"},
    {"0 > lone", "lone -3.5"},
    {"lone > bool 0", "{} 0"},
    {"lone > 0", ""},
    /* The lookback is open to the left. */
    {"old", ""},
    {"older", "older 1"},
    {"ended", ""},
    {"ended offset 15s", "ended 1"},
    {"count_over_time(ended[30s])", "{} 1"},
    {"gauge{id=\"b\"}", "gauge{id=\"b\"} 7.25"},
    {"gauge{id=~\"b|x\"}", "gauge{id=\"b\"} 7.25"},
    {"gauge{id!~\"a|c\"}", "gauge{id=\"b\"} 7.25"},
    {"gauge{id!=\"a\",id!=\"c\"}", "gauge{id=\"b\"} 7.25"},
    {"{__name__=~\"ga.*\",id=\"b\"}", "gauge{id=\"b\"} 7.25"},
    {"{\"gauge\", 'id'='b'}", "gauge{id=\"b\"} 7.25"},
    {"gauge{id=\"a\"} offset 50s", "gauge{id=\"a\"} 50"},
    {"gauge{id=\"a\"} offset -50s", "gauge{id=\"a\"} 0"},
    /* 11 samples from 910 to 1000 would be 10: the left is open. */
    {"count_over_time(gauge{id=\"a\"}[100s])", "{id=\"a\"} 10"},
    {"sum_over_time(gauge{id=\"a\"}[100s])", "{id=\"a\"} 450"},
    {"avg_over_time(gauge{id=\"a\"}[100s])", "{id=\"a\"} 45"},
    {"min_over_time(gauge{id=\"a\"}[50s])", "{id=\"a\"} 0"},
    {"max_over_time(gauge{id=\"a\"}[50s])", "{id=\"a\"} 90"},
    {"last_over_time(gauge{id=\"b\"}[50s])", "gauge{id=\"b\"} 7.25"},
    {"present_over_time(gauge{id=\"b\"}[50s])", "{id=\"b\"} 1"},
    {"stdvar_over_time(gauge{id=\"a\"}[20s])", "{id=\"a\"} 2025"},
    {"stddev_over_time(gauge{id=\"a\"}[20s])", "{id=\"a\"} 45"},
    {"quantile_over_time(0.25, gauge{id=\"a\"}[100s])", "{id=\"a\"} 22.5"},
    /* 990 and 1000: 25 a 10 s, all the way to both ends. */
    {"increase(count[20s])", "{id=\"a\"} 50"},
    {"rate(count[20s])", "{id=\"a\"} 2.5"},
    /* 910..1000: 600 - 525 + 125 after the reset, over 100 s. */
    {"increase(count[100s])", "{id=\"a\"} 222.2222222"},
    {"irate(count[100s])", "{id=\"a\"} 2.5"},
    {"resets(count[100s])", "{id=\"a\"} 1"},
    {"changes(count[100s])", "{id=\"a\"} 9"},
    {"idelta(gauge{id=\"a\"}[100s])", "{id=\"a\"} -90"},
    {"delta(gauge{id=\"a\"}[30s] offset 10s)", "{id=\"a\"} 30"},
    {"deriv(gauge{id=\"a\"}[30s] offset 10s)", "{id=\"a\"} 1"},
    {"predict_linear(gauge{id=\"a\"}[30s] offset 10s, 100)", "{id=\"a\"} 200"},
    {"rate(gauge{id=\"b\"}[5m])", ""},
    /* Sums that overflow, or that would lose the small ones. */
    {"avg_over_time(e0[5m])", "{} 3.333333333e+307"},
    {"sum_over_time(e0[5m])", "{} \"+Inf\""},
    {"sum_over_time(small[5m])", "{} 2"},
    {"avg_over_time(small[5m])", "{} 0.5"},
    {"sum(cap)", "{} 7"},
    {"sum by (id) (cap)", "{id=\"a\"} 4; {id=\"b\"} 2; {id=\"z\"} 1"},
    {"sum(cap) without (id)", "{} 7"},
    {"avg(cap)", "{} 2.333333333"},
    {"min(cap)", "{} 1"},
    {"max(cap)", "{} 4"},
    {"max(gauge)", "{} 7.25"},
    {"count(gauge)", "{} 3"},
    {"group(gauge)", "{} 1"},
    {"stdvar(cap)", "{} 1.555555556"},
    {"quantile(0.5, cap)", "{} 2"},
    {"topk(2, cap)", "cap{id=\"a\"} 4; cap{id=\"b\"} 2"},
    {"bottomk(1, cap)", "cap{id=\"z\"} 1"},
    {"count by (__name__) ({id=\"b\"})", "gauge 1; cap 1"},
    {"sum(nothing)", ""},
    {"gauge / cap", "{id=\"a\"} 0; {id=\"b\"} 3.625"},
    {"gauge > cap", "gauge{id=\"b\"} 7.25"},
    {"gauge > bool cap", "{id=\"a\"} 0; {id=\"b\"} 1"},
    {"cap > on (id) gauge", "{id=\"a\"} 4"},
    {"cap * on () group_left () lone",
	"{id=\"a\"} -14; {id=\"b\"} -7; {id=\"z\"} -3.5"},
    {"lone * on () group_right () cap",
	"{id=\"a\"} -14; {id=\"b\"} -7; {id=\"z\"} -3.5"},
    {"lone < ignoring (id) group_right () cap",
	"cap{id=\"a\"} -3.5; cap{id=\"b\"} -3.5; cap{id=\"z\"} -3.5"},
    {"cap and gauge", "cap{id=\"a\"} 4; cap{id=\"b\"} 2"},
    {"cap unless gauge", "cap{id=\"z\"} 1"},
    {"cap{id=\"z\"} or gauge{id=\"b\"} or cap",
	"cap{id=\"z\"} 1; gauge{id=\"b\"} 7.25; cap{id=\"a\"} 4"},
    {"cap and on () lone < 0",
	"cap{id=\"a\"} 4; cap{id=\"b\"} 2; cap{id=\"z\"} 1"},
    {"cap * on () lone",
	"error: multiple matches for labels: many-to-one matching must be "
	"explicit (group_left/group_right)"},
    {"lone * on () cap",
	"error: many-to-many matching not allowed: matching labels must be "
	"unique on one side: found duplicate series for the match group {} on "
	"the right hand-side of the operation: [cap{id=\"a\"}, "
	"cap{id=\"b\"}]"},
    {"-{id=\"b\"}",
	"error: vector cannot contain metrics with the same labelset"},
    {"absent(nothing{id=\"q\",x=~\".+\"})", "{id=\"q\"} 1"},
    {"absent(cap)", ""},
    {"absent_over_time(ended[1m])", ""},
    {"absent_over_time(ended{id=\"\"}[5s])", "{} 1"},
    {"scalar(lone)", "-3.5"},
    {"scalar(cap)", "\"NaN\""},
    {"vector(1) + 1", "{} 2"},
    {"timestamp(gauge{id=\"b\"})", "{id=\"b\"} 990"},
    {"timestamp(gauge{id=\"b\"} + 0)", "{id=\"b\"} 1000"},
    {"clamp(cap, 2, 3)", "{id=\"a\"} 3; {id=\"b\"} 2; {id=\"z\"} 2"},
    {"clamp_max(cap, 2)", "{id=\"a\"} 2; {id=\"b\"} 2; {id=\"z\"} 1"},
    {"clamp(cap, 3, 2)", ""},
    {"round(cap / 3)", "{id=\"a\"} 1; {id=\"b\"} 1; {id=\"z\"} 0"},
    {"round(lone, 1.5)", "{} -3"},
    {"sort_desc(cap)", "cap{id=\"a\"} 4; cap{id=\"b\"} 2; cap{id=\"z\"} 1"},
    {"sort(cap)", "cap{id=\"z\"} 1; cap{id=\"b\"} 2; cap{id=\"a\"} 4"},
    {"sgn(lone) + sqrt(vector(16)) + exp(vector(0)) + ln(vector(1))", "{} 4"},
};

/* Long decimals to ten digits, so that the table can be read. */
static void shorten(const char *text, char *dst, size_t n)
{
	size_t at = 0;

	while (*text && at + 32 < n) {
		char *end;
		double v = strtod(text, &end);
		bool starts = (*text >= '0' && *text <= '9') || *text == '-';

		if (starts && end - text > 11) {
			at += (size_t)snprintf(dst + at, n - at, "%.10g", v);
			text = end;
		} else if (starts && end > text) {
			while (text < end)
				dst[at++] = *text++;
		} else {
			dst[at++] = *text++;
		}
	}
	dst[at] = '\0';
}

static void test_values(void **state)
{
	struct dm_expr *exprs[DM_COUNT(cases)];
	char got[1024];
	struct fixture f;
	int bad = 0;

	(void)state;
	fixture_start(&f);
	for (size_t i = 0; i < DM_COUNT(cases); i++)
		exprs[i] = fixture_expr(&f, cases[i][0]);
	load(&f);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < DM_COUNT(cases); i++) {
			shorten(
			    fixture_eval(&f, exprs[i], 1000), got, sizeof(got));
			if (strcmp(got, cases[i][1]) != 0) {
				print_message("# %s\n#  is %s\n#  not %s\n",
				    cases[i][0], got, cases[i][1]);
				bad++;
			}
		}
	}
	for (size_t i = 0; i < DM_COUNT(cases); i++)
		dm_expr_free(exprs[i]);
	fixture_stop(&f);
	assert_int_equal(bad, 0);
}

static const struct {
	const char *text, *msg;
	unsigned line, column;
} wrong[] = {
    {"", "no expression found", 1, 1},
    {"1 +", "unexpected end of the expression, expected an expression", 1, 4},
    {"foo bar", "unexpected \"bar\", expected an operator or the end", 1, 5},
    {"foo{a=b}", "unexpected \"b\", expected a quoted string", 1, 7},
    {"foo{a\"b\"}", "unexpected \"\"b\"\", expected one of =, !=, =~, !~", 1,
	6},
    {"foo{",
	"unexpected end of the expression, expected a label name or "
	"\"}\"",
	1, 5},
    {"{}", "vector selector must contain at least one non-empty matcher", 1, 1},
    {"{x=~\".*\"}",
	"vector selector must contain at least one non-empty matcher", 1, 1},
    {"foo{__name__=\"bar\"}", "metric name must not be set twice", 1, 5},
    {"1 and 2", "set operators are not allowed in binary scalar expressions", 1,
	3},
    {"1 == 1", "comparisons between scalars must use BOOL modifier", 1, 3},
    {"a + bool b", "bool modifier can only be used on comparison operators", 1,
	5},
    {"a and on (x) group_left (y) b", "no grouping allowed for set operations",
	1, 3},
    {"a + on (x) 1", "vector matching only allowed between instant vectors", 1,
	3},
    {"a + on (x) group_left (x) b",
	"label \"x\" must not occur in ON and GROUP clause at once", 1, 3},
    {"rate(foo)",
	"expected type range vector in call to function rate, got instant "
	"vector",
	1, 6},
    {"rate(foo[5m], 1)", "too many arguments in call to rate", 1, 1},
    {"rate()", "too few arguments in call to rate", 1, 1},
    {"foo[5m] + 1",
	"binary expression must contain only scalar and instant vector types",
	1, 1},
    {"sum(foo[5m])",
	"expected type instant vector in aggregation sum, got range vector", 1,
	5},
    {"topk(foo)",
	"wrong number of arguments for aggregate expression provided, expected "
	"2, got 1",
	1, 1},
    {"foo[0s]", "a duration must be greater than 0", 1, 5},
    {"foo[1000y]", "duration out of range", 1, 5},
    {"foo[5m", "unexpected end of the expression, expected \":\" or \"]\"", 1,
	7},
    {"foo[5m:", "unexpected end of the expression, expected a duration", 1, 8},
    {"foo[:1m]", "unexpected \":\", expected a duration", 1, 5},
    {"foo[1/0]", "division of a duration by zero", 1, 6},
    {"foo[step]", "unexpected \"]\", expected \"(\"", 1, 9},
    {"foo[max_of(1m)]", "unexpected \")\", expected \",\"", 1, 14},
    {"foo offset (1m) + foo", "unexpected \"foo\", expected a duration", 1, 19},
    {"(foo)[5m]", "ranges are only allowed for vector selectors", 1, 6},
    {"foo offset 1m [5m]", "no offset modifiers are allowed before a range", 1,
	15},
    {"foo @ 1 [5m]", "no @ modifiers are allowed before a range", 1, 9},
    {"foo[5m][5m:]",
	"a subquery is only allowed on an instant vector, got range vector", 1,
	8},
    {"1[5m:]", "a subquery is only allowed on an instant vector, got scalar", 1,
	2},
    {"foo @ bar", "unexpected \"bar\", expected a timestamp, start() or end()",
	1, 7},
    {"foo @ start", "unexpected end of the expression, expected \"(\"", 1, 12},
    {"foo @ Inf", "timestamp out of bounds for the @ modifier", 1, 7},
    {"foo @ 1 @ 2", "@ may not be set multiple times", 1, 9},
    {"sum(foo) @ 1", "@ must follow a vector selector, a range or a subquery",
	1, 10},
    {"foo offset 1m offset 2m", "offset may not be set multiple times", 1, 15},
    {"(foo) offset 1m",
	"offset must follow a vector selector, a range or a subquery", 1, 7},
    {"histogram_count(a)",
	"function histogram_count is one of native histograms, which are not "
	"supported",
	1, 1},
    {"start_timestamp(a)",
	"function start_timestamp is not supported: start timestamps are not "
	"kept",
	1, 1},
    {"info(a, b)", "unexpected \"b\", expected label selectors in braces only",
	1, 9},
    {"info(a, {}, {})", "too many arguments in call to info", 1, 1},
    {"info({})", "vector selector must contain at least one non-empty matcher",
	1, 6},
    {"a\n  + no_such(b)", "function no_such is unknown", 2, 5},
    {"a + fill(b) c", "unexpected \"b\", expected a number", 1, 10},
    {"a + fill(0) fill_left(0) b", "function fill_left is unknown", 1, 13},
    {"a + fill(0) 1",
	"filling in missing series only allowed between instant vectors", 1, 3},
    {"a and fill(0) b",
	"filling in missing series not allowed for set operators", 1, 3},
    {"a </ b",
	"</ and >/ are operators of native histograms, which are not "
	"supported",
	1, 3},
    {"irate(a[5m] anchored)",
	"an anchored range can only be used with changes, delta, increase, "
	"rate and resets",
	1, 7},
    {"resets(a[5m] smoothed)",
	"a smoothed range can only be used with delta, increase and rate", 1,
	8},
    {"a smoothed anchored", "anchored and smoothed can't be used together", 1,
	12},
    {"a[5m:] smoothed",
	"anchored and smoothed must follow a selector or a range of one", 1, 8},
    {"0b11", "bad number or duration", 1, 1},
    {"1__0", "bad number or duration", 1, 1},
    {"1_", "bad number or duration", 1, 1},
    {"label_replace(a, \"\", \"\", \"b\", \"\")",
	"label_replace needs the name of a label to set", 1, 18},
    {"label_replace(a, \"b\", \"\", \"b\", \"(\")",
	"regular expression, character 2: a \")\" is missing at the end", 1,
	32},
    {"label_replace(a, \"b\", \"$1\", \"b\", \"(a*)*\")",
	"groups of a regular expression that may match nothing and are "
	"repeated are not supported",
	1, 34},
    {"label_join(a, \"b\", \"\", \"\")",
	"label_join needs names of labels to join", 1, 24},
    {"count_values(5, a)",
	"expected type string in parameter of count_values, got scalar", 1, 14},
    {"count_values(\"\", a)", "count_values needs the name of a label", 1, 14},
    {"{__name__=\"a\",b=~\"c\"}{d=\"e\"}", NULL, 1, 22},
    {"foo{\"bar\"}", "metric name must not be set twice", 1, 5},
    {"foo{__name__!=\"bar\"}", "metric name must not be set twice", 1, 5},
    {"\"\xc3\xa4\" + foo{x=~\"(\"}", NULL, 1, 11},
    {"foo{x=~\"(?=a)\"}", NULL, 1, 5},
    {"foo{x=~\"(a)\\\\1\"}", NULL, 1, 5},
    {"foo{x=~\"a++\"}", NULL, 1, 5},
    {"\"abc", "the string does not end", 1, 1},
    {"\"\\q\"", "unknown escape sequence in a string", 1, 2},
    {"\"\\xff\"", "the string is not valid UTF-8, or has a NUL in it", 1, 1},
    {"5x", "bad number or duration", 1, 1},
    {"1.2.3", "bad number", 1, 1},
    {"$", "unexpected character", 1, 1},
    {"-foo[5m]",
	"unary expression only allowed on expressions of type "
	"scalar or instant vector, got range vector",
	1, 1},
};

static void test_refusals(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(wrong); i++) {
		struct dm_expr *e = NULL;
		struct dm_err err = {0};

		int rc = dm_expr_parse(dm_str(wrong[i].text), &e, &err);

		if (rc == 0 || err.line != wrong[i].line ||
		    err.column != wrong[i].column ||
		    (wrong[i].msg && strcmp(err.msg, wrong[i].msg) != 0)) {
			print_message("# %s\n#  is %u:%u: %s\n", wrong[i].text,
			    err.line, err.column, err.msg);
			bad++;
		}
		dm_expr_free(rc == 0 ? e : NULL);
	}
	assert_int_equal(bad, 0);
}

static void test_depth(void **state)
{
	struct dm_buf b = {0};
	struct dm_expr *e;
	struct dm_err err;

	(void)state;
	for (int i = 0; i < 5000; i++)
		dm_buf_add_char(&b, '(');
	assert_int_equal(dm_expr_parse(dm_buf_str(&b), &e, &err), -1);
	assert_int_equal(err.code, DM_ELIMIT);
	dm_buf_clear(&b);
	for (int i = 0; i < 5000; i++)
		dm_buf_add_cstr(&b, "1+");
	dm_buf_add_cstr(&b, "1");
	assert_int_equal(dm_expr_parse(dm_buf_str(&b), &e, &err), -1);
	assert_int_equal(err.code, DM_ELIMIT);
	dm_buf_release(&b);
}

static struct dm_expr *parse(const char *text)
{
	struct dm_expr *e;
	struct dm_err err;

	assert_int_equal(dm_expr_parse(dm_str(text), &e, &err), 0);
	return e;
}

/* What rules ask: which names, how far. */
static void test_selectors(void **state)
{
	struct dm_expr *e = parse("rate(a[5m] offset 1m) > "
				  "{__name__=~\"b.*\",x=\"1\"}");

	(void)state;
	assert_int_equal(dm_expr_kind(e), DM_EXPR_VECTOR);
	assert_int_equal(dm_expr_n_selectors(e), 2);
	assert_int_equal(dm_expr_selector(e, 0)->reach_us, 360 * 1000000);
	assert_int_equal(dm_expr_selector(e, 1)->reach_us, 0);
	assert_true(dm_expr_names(e, DM_STR("a")));
	assert_true(dm_expr_names(e, DM_STR("bcd")));
	assert_false(dm_expr_names(e, DM_STR("c")));
	assert_false(dm_expr_is_selector(e));
	dm_expr_free(e);
	e = parse("a @ end()");
	assert_false(dm_expr_is_selector(e));
	dm_expr_free(e);
	e = parse("a{b=\"c\"}");
	assert_true(dm_expr_is_selector(e));
	dm_expr_free(e);
}

/* In seconds: how far before and behind an evaluation, or from when to when
 * it is fixed. */
static const struct {
	const char *text;
	int reach, ahead, from, to;
} reaches[] = {
    {"a", 0, 0, 0, 0},
    {"a offset 2m", 120, 0, 0, 0},
    {"a offset -2m", 0, 120, 0, 0},
    {"rate(a[1m] offset -2m)", 0, 120, 0, 0},
    {"rate(a[5m] offset -2m)", 180, 120, 0, 0},
    {"sum_over_time(rate(a[1m] offset 10s)[1h:1m] offset 5m)", 3970, 0, 0, 0},
    {"sum_over_time(a[1h:1m] offset -2h)", 0, 7200, 0, 0},
    {"max_over_time(sum_over_time(a[10m:])[1h:])", 4200, 0, 0, 0},
    {"a @ 1000", 0, 0, 1000, 1000},
    {"rate(a[1m] @ 1000 offset 10s)", 0, 0, 930, 990},
    {"sum_over_time(rate(a[1m] offset 10s)[1h:1m] @ 9000 offset -5m)", 0, 0,
	5630, 9290},
    {"sum_over_time(rate(a[1m] @ 50)[1h:1m])", 0, 0, -10, 50},
    /* Of an instant query the start and the end are the evaluation. */
    {"a @ start() offset 5s", 5, 0, 0, 0},
    {"sum_over_time((a @ end())[1h:])", 0, 0, 0, 0},
    {"rate(a[1m] anchored)", 360, 0, 0, 0},
    {"rate(a[1m] smoothed)", 360, 300, 0, 0},
    {"rate(a[1m] smoothed offset 10m)", 960, 0, 0, 0},
    {"a smoothed @ 1000", 0, 0, 700, 1300},
    {"a anchored", 300, 0, 0, 0},
    {"count_over_time(a[step() + 5m])", 300, 0, 0, 0},
};

static bool has_reach(const struct dm_selector *s, size_t i)
{
	return s->reach_us == reaches[i].reach * INT64_C(1000000) &&
	       s->ahead_us == reaches[i].ahead * INT64_C(1000000) &&
	       s->from_us == reaches[i].from * INT64_C(1000000) &&
	       s->to_us == reaches[i].to * INT64_C(1000000) &&
	       s->is_fixed == (reaches[i].to != 0);
}

static void test_reach(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(reaches); i++) {
		struct dm_expr *e = parse(reaches[i].text);

		if (!has_reach(dm_expr_selector(e, 0), i)) {
			print_message("# %s\n", reaches[i].text);
			bad++;
		}
		dm_expr_free(e);
	}
	assert_int_equal(bad, 0);
}

/* Where info() looks for its series: the second selector. */
static const struct {
	const char *text, *name;
	int reach, fixed;
} infos[] = {
    {"info(a)", "target_info", 0, 0},
    {"info(a, {__name__=\"b\"})", "b", 0, 0},
    {"info(a, {__name__!=\"b_info\"})", "", 0, 0},
    {"info(a offset 1m)", "target_info", 60, 0},
    {"info(rate(a[5m] offset 1m))", "target_info", 60, 0},
    {"info(a offset 1m + 2 * a offset 1m)", "target_info", 60, 0},
    {"info(a offset 1m or vector(1))", "target_info", 0, 0},
    {"info(sum_over_time((a offset 1m)[5m:] offset 2m))", "target_info", 180,
	0},
    {"sum_over_time(info(a offset 1m)[5m:] offset 2m)", "target_info", 480, 0},
    {"info(a @ 100 offset 10s)", "target_info", 0, 90},
};

static void test_info(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(infos); i++) {
		struct dm_expr *e = parse(infos[i].text);
		const struct dm_selector *s =
		    dm_expr_selector(e, dm_expr_n_selectors(e) - 1);

		if (!dm_str_is(s->name, infos[i].name) ||
		    s->reach_us != infos[i].reach * INT64_C(1000000) ||
		    s->to_us != infos[i].fixed * INT64_C(1000000) ||
		    s->is_fixed != (infos[i].fixed != 0)) {
			print_message("# %s\n", infos[i].text);
			bad++;
		}
		dm_expr_free(e);
	}
	assert_int_equal(bad, 0);
}

/* A rule of it is evaluated at events of these. */
static void test_info_names(void **state)
{
	struct dm_expr *e = parse("info(a, {__name__!=\"b_info\"})");

	(void)state;
	assert_true(dm_expr_names(e, DM_STR("c_info")));
	assert_false(dm_expr_names(e, DM_STR("b_info")));
	dm_expr_free(e);
}

/* Durations of an instant query's step and range, which are 0, and of one
 * that has them. */
static void test_lengths(void **state)
{
	struct dm_expr *e = parse("a + sum_over_time(a[step()])");
	struct dm_err err;

	(void)state;
	assert_int_equal(dm_expr_check_stream(e, &err), -1);
	assert_int_equal(err.code, DM_EPARSE);
	assert_string_equal(err.msg, "a duration must be greater than 0");
	assert_int_equal(err.column, 21);
	assert_int_equal(dm_expr_set_lengths(e, 0, 60000000, &err), 0);
	assert_int_equal(dm_expr_selector(e, 1)->reach_us, 60000000);
	assert_int_equal(
	    dm_expr_set_range(e, 5000000, 90000000, 1000000, &err), 0);
	assert_int_equal(dm_expr_selector(e, 1)->reach_us, 1000000);
	dm_expr_free(e);
	e = parse("a[5m:(range() - step()) / 2 + 1] offset -range()");
	assert_int_equal(dm_expr_check_stream(e, &err), 0);
	assert_int_equal(dm_expr_set_lengths(e, 60000000, 1000000, &err), 0);
	assert_int_equal(dm_expr_selector(e, 0)->reach_us, 240000000);
	assert_int_equal(dm_expr_selector(e, 0)->ahead_us, 60000000);
	dm_expr_free(e);
}

static void test_range(void **state)
{
	struct dm_expr *e = parse("a @ end() - a @ start() offset 1s");
	const struct dm_selector *s = dm_expr_selector(e, 1);
	struct dm_err err;

	(void)state;
	assert_int_equal(
	    dm_expr_set_range(e, 5000000, 4000000, 1000000, &err), -1);
	assert_int_equal(err.code, DM_EINVAL);
	assert_int_equal(
	    dm_expr_set_range(e, 5000000, 90000000, 1000000, &err), 0);
	assert_true(dm_expr_selector(e, 0)->is_fixed);
	assert_int_equal(dm_expr_selector(e, 0)->to_us, 90000000);
	assert_true(s->is_fixed);
	assert_int_equal(s->from_us, 4000000);
	dm_expr_free(e);
}

/* Of a stream only the end is kept. */
static void test_fixed_time(void **state)
{
	struct dm_expr *e = parse("1 +\n  a @ 1000");
	struct dm_err err;

	(void)state;
	assert_int_equal(dm_expr_check_stream(e, &err), -1);
	assert_int_equal(err.code, DM_EINVAL);
	assert_string_equal(err.msg,
	    "a fixed time (@) can't be looked at in a stream, of which only "
	    "the end is kept");
	assert_int_equal(err.line, 2);
	assert_int_equal(err.column, 3);
	dm_expr_free(e);
}

static const char *limited(struct fixture *f, const char *text, uint64_t max)
{
	struct dm_querier q = dm_window_querier(f->window);
	struct dm_expr *e = parse(text);
	const char *got;

	dm_expr_set_samples_max(e, max);
	assert_int_equal(dm_expr_bind(e, &q, &f->err), 0);
	got = fixture_eval(f, e, 1000);
	dm_expr_free(e);
	return got;
}

#define TOO_MANY "error: the evaluation looks at more than 100 samples"

static void test_limits(void **state)
{
	struct fixture f;
	struct dm_expr *all;

	(void)state;
	fixture_start(&f);
	all = fixture_expr(&f, "sum_over_time({__name__=~\".+\"}[1h])");
	load(&f);
	assert_string_equal(
	    limited(&f, "count_over_time(count[300s])", 100), "{id=\"a\"} 30");
	assert_string_equal(limited(&f,
				"count_over_time(count[300s]) + "
				"count_over_time(gauge{id=\"a\"}[300s]) + "
				"sum_over_time(count[300s]) + "
				"sum_over_time(gauge{id=\"a\"}[300s])",
				100),
	    TOO_MANY);
	assert_string_equal(limited(&f, "count_over_time(count[99s:1s])", 300),
	    "{id=\"a\"} 99");
	assert_string_equal(
	    limited(&f, "count_over_time(count[60s:1s])", 100), TOO_MANY);
	assert_string_equal(
	    limited(&f, "count_over_time(vector(1)[101s:1s])", 100),
	    "error: the evaluation takes more than 1000 steps");
	/* No sample at all, but steps without end. */
	assert_string_equal(limited(&f, "count_over_time(nope[10y:1ms])", 100),
	    "error: the evaluation takes more than 1000 steps");
	dm_expr_free(all);
	fixture_stop(&f);
}

static void test_subquery_step(void **state)
{
	struct fixture f;
	struct dm_querier q;
	struct dm_expr *e = parse("count_over_time(gauge{id=\"a\"}[2m:])");

	(void)state;
	fixture_start(&f);
	q = dm_window_querier(f.window);
	dm_expr_set_subquery_step(e, 10000000);
	assert_int_equal(dm_expr_bind(e, &q, &f.err), 0);
	load(&f);
	assert_string_equal(fixture_eval(&f, e, 1000), "{id=\"a\"} 12");
	dm_expr_free(e);
	fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_selectors),
	    cmocka_unit_test(test_reach),
	    cmocka_unit_test(test_info),
	    cmocka_unit_test(test_info_names),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_range),
	    cmocka_unit_test(test_fixed_time),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_subquery_step),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
