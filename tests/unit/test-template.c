/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "rules/template.h"
#include "series/window.h"

/* What Prometheus 2.42 makes of it, by promtool test rules. */
struct expansion {
	const char *text;
	double value;
	const char *want;
};

static const struct expansion good[] = {
    {"", 1, ""},
    {"plain { text }", 1, "plain { text }"},
    {"{{ $value }}", 123456789, "1.23456789e+08"},
    {"{{ $value }}", 100000, "100000"},
    {"{{ $value }}", 1e6, "1e+06"},
    {"{{ $value }}", 0.00001, "1e-05"},
    {"{{ $value }}", 0.0001234, "0.0001234"},
    {"{{ $value }}", -12.385, "-12.385"},
    {"{{ $value }}", 0, "0"},
    {"{{ $value }}", NAN, "NaN"},
    {"{{ $value }}", INFINITY, "+Inf"},
    {"{{ .Value }} {{ .Labels.x }} {{ $.Labels.x }}", 2, "2 1 1"},
    {"a {{- $labels.x -}} b", 2, "a1b"},
    {"a {{ $labels.x }} b", 2, "a 1 b"},
    {"{{ $labels.missing }}|{{ $externalLabels.a }}", 2, "|"},
    {"{{ $labels }}", 2, "map[__name__:a x:1]"},
    {"{{ $labels.__name__ }}", 2, "a"},
    {"{{ . }}", 123456789, "{map[__name__:a x:1] map[]  1.23456789e+08}"},
    {"{{/* no */}}x", 2, "x"},
    {"{{ printf \"%v %g %s %d %5.1f|%-8q|%x\" $value $value $value $value "
     "$value \"a\" \"abc\" }}",
	1000000,
	"1e+06 1e+06 %!s(float64=1e+06) %!d(float64=1e+06) 1000000.0|\"a\"     "
	"|616263"},
    {"{{ printf \"[%+8g|% 8g|%08g|%+v]\" $value $value $value $value }}", NAN,
	"[    +NaN|     NaN|     NaN|NaN]"},
    {"{{ printf \"[%+8g|% 8g|%08g|%+v]\" $value $value $value $value }}",
	INFINITY, "[    +Inf|     Inf|    +Inf|+Inf]"},
    {"{{ printf \"[%+8g|% 8g|%08g|%+v]\" $value $value $value $value }}", 1.5,
	"[    +1.5|     1.5|000001.5|1.5]"},
    {"{{ printf \"[%.3d|%6.3d|%+.3d|%.0d|%06.3d|%#.3x]\" 7 7 7 0 7 10 }}", 1,
	"[007|   007|+007||   007|0x00a]"},
    {"{{ printf \"%d %v\" 3 true \"x\" }}", 1, "3 true%!(EXTRA string=x)"},
    {"{{ printf \"%s %s\" \"a\" }}", 1, "a %!s(MISSING)"},
    {"{{ printf \"%v %v\" nil $externalLabels }}", 1, "<nil> map[]"},
    {"{{ range $k, $v := $labels }}{{ $k }}-{{ $v }} {{ end }}", 1,
	"__name__-a x-1 "},
    {"{{ range $labels }}{{ . }},{{ end }}", 1, "a,1,"},
    {"{{ range $externalLabels }}{{ . }}{{ else }}none{{ end }}", 1, "none"},
    {"{{ range $i, $a := args 7 8 9 }}{{ if eq $a 9 }}{{ break }}{{ end }}"
     "{{ if eq $a 7 }}{{ continue }}{{ end }}{{ $i }}={{ $a }}{{ end }}",
	1, "arg1=8"},
    {"{{ range 3 }}{{ . }}{{ end }}", 1, "012"}, /* Prometheus 3 */
    {"{{ with $labels.x }}{{ . }}{{ $.Value }}{{ end }}", 5, "15"},
    {"{{ with $labels.no }}a{{ else }}b{{ end }}", 5, "b"},
    {"{{ with $labels.no }}a{{ else with $labels.x }}{{ . }}{{ end }}", 5,
	"1"}, /* Prometheus 3 */
    {"{{ with $y := $value }}{{ $y }}{{ . }}{{ end }}", 5, "55"},
    {"{{ define \"t\" }}[{{ . }} {{ $ }}]{{ end }}{{ template \"t\" $value }}"
     "{{ template \"t\" }}",
	5, "[5 5][<no value> <no value>]"},
    {"{{ define \"u\" }}{{ .arg0 }}/{{ .arg1 }}/{{ .arg2 }}{{ end }}"
     "{{ template \"u\" (args 1 \"b\") }}",
	5, "1/b/<no value>"},
    {"{{ block \"b\" . }}{{ .Value }}{{ end }}{{ template \"b\" . }}", 5, "55"},
    {"{{ args 1 2 3 4 5 6 7 8 9 10 11 }}", 1,
	"map[arg0:1 arg1:2 arg10:11 arg2:3 arg3:4 arg4:5 arg5:6 arg6:7 arg7:8 "
	"arg8:9 arg9:10]"},
    {"{{ slice \"abcdef\" 1 3 }} {{ index \"abc\" 1 }} {{ 0x10 }} {{ 1_000 }}",
	1, "bc 98 16 1000"},
    {"{{ stripPort \"a.b:80\" }} {{ stripPort \"[::1]:80\" }} "
     "{{ stripPort \"::1\" }}",
	1, "a.b ::1 ::1"},
    {"{{ stripDomain \"a.b.c:80\" }} {{ stripDomain \"1.2.3.4:9\" }} "
     "{{ stripDomain \"a.b\" }} {{ stripDomain \"[fe80::1]:9\" }}",
	1, "a:80 1.2.3.4:9 a [fe80::1]:9"}, /* Prometheus 3 */
    {"{{ tableLink \"a b\" }} {{ graphLink \"up{a=\\\"\303\251\\\"}\" }}", 1,
	"/graph?g0.expr=a+b&g0.tab=1 "
	"/graph?g0.expr=up%7Ba%3D%22%C3%A9%22%7D&g0.tab=0"},
    {"{{ safeHtml \"<b>\" }} {{ html \"<a b='c'>&\" }} "
     "{{ urlquery \"a b&c\" \"d\" }}",
	1, "<b> &lt;a b=&#39;c&#39;&gt;&amp; a+b%26cd"},
    {"{{ externalURL }}|{{ pathPrefix }}|{{ $externalURL }}", 1, "||"},
    {"{{ printf \"%T %T\" $labels $value }}", 1, "map[string]string float64"},
    /* Prometheus 3; worked out by hand from Go's package time */
    {"{{ toTime 1435065584.128 }}", 1, "2015-06-23 13:19:44.128 +0000 UTC"},
    {"{{ (toTime 1435065584.128).Format \"Mon January _2 3:04:05.00PM 06 002\""
     " }}",
	1, "Tue June 23 1:19:44.12PM 15 174"},
    {"{{ with toTime $value }}{{ .Year }} {{ .Month }} {{ .Weekday }} "
     "{{ .Unix }} {{ .YearDay }}{{ end }}",
	86400 * 31 - 0.001, "1970 January Saturday 2678399 31"},
    {"{{ toDuration 90.5 }} {{ toDuration \"0.0015\" }} {{ now }}", 1,
	"1m30.5s 1.5ms 0"},
    {"{{ printf \"%08.3f|%+d|% d|%x\" $value 4 5 255 }}", 123456789,
	"123456789.000|+4| 5|ff"},
    {"{{ len \"abc\" }} {{ index $labels \"x\" }}", 1, "3 1"},
    {"{{ print 1 2 \"a\" \"b\" 3 }} {{ println 1 \"a\" }}", 1, "1 2ab3 1 a\n"},
    {"{{ if and $value (gt $value 1.0) }}yes{{ else }}no{{ end }}", 2, "yes"},
    {"{{ if and $value (gt $value 1.0) }}yes{{ else }}no{{ end }}", 0.5, "no"},
    {"{{ if eq $labels.x \"2\" }}2{{ else if eq $labels.x \"3\" \"1\" }}1"
     "{{ else }}0{{ end }}",
	2, "1"},
    {"{{ $a := \"p\" }}{{ if true }}{{ $a = \"q\" }}{{ $a := \"r\" }}{{ end }}"
     "{{ $a }}",
	2, "q"},
    {"{{ $value | printf \"%.2f\" }}", 2.385, "2.38"},
    {"{{ humanize $value }} {{ humanize1024 $value }} "
     "{{ humanizeDuration $value }} {{ humanizePercentage $value }}",
	123456789, "123.5M 117.7Mi 1428d 21h 33m 9s 1.235e+10%"},
    {"{{ humanize $value }} {{ humanize1024 $value }} "
     "{{ humanizeDuration $value }} {{ humanizePercentage $value }}",
	0.00001, "10u 1e-05 10us 0.001%"},
    {"{{ humanizeDuration $value }}", 3661, "1h 1m 1s"},
    {"{{ humanizeDuration $value }}", -61.5, "-1m 1s"},
    {"{{ humanizeDuration $value }}", 59.99999, "60s"},
    {"{{ humanizeTimestamp $value }}", 123456789,
	"1973-11-29 21:33:09 +0000 UTC"},
    {"{{ humanizeTimestamp $value }}", 1435065584.128,
	"2015-06-23 13:19:44.128 +0000 UTC"},
    {"{{ humanize \"1234.5\" }}", 0, "1.234k"},
    {"{{ title \"ab cd-ef_g\" }} {{ toUpper \"ab\" }} {{ toLower \"AB\" }}", 0,
	"Ab Cd-Ef_g AB ab"},
    {"{{ reReplaceAll \"(.)b\" \"$1x${1}\" \"abab\" }}", 0, "aa"},
    {"{{ reReplaceAll \"(.)b\" \"${1}x\" \"abab-\" }}", 0, "axax-"},
    {"{{ reReplaceAll \"a*\" \"X\" \"baac\" }}", 0, "XbXcX"},
    {"{{ reReplaceAll `\\v` \"X\" \"a\\nb\" }}", 0, "a\nb"},
    {"{{ reReplaceAll `\\v` \"X\" \"a\\vb\" }}", 0, "aXb"},
    {"{{ match \"b+\" \"abc\" }} {{ match \"^b\" \"abc\" }}", 0, "true false"},
    {"{{ parseDuration \"1h\" }}", 0, "3600"},
    {"{{ \"a\\n\\u00e9\\\"\" }}{{ `b\\n` }}", 0, "a\n\u00e9\"b\\n"},
};

static const struct dm_labels *labels_of(
    struct dm_labels_pool *pool, const struct dm_name **ret_name)
{
	struct dm_label x = {DM_STR("x"), DM_STR("1")};
	struct dm_labels *l;

	assert_int_equal(dm_labels_new(pool, &x, 1, &l, NULL), 0);
	assert_int_equal(dm_labels_name(pool, DM_STR("a"), ret_name, NULL), 0);
	return l;
}

static void expand(const char *text, double value, struct dm_buf *ret)
{
	struct dm_labels_pool *pool;
	struct dm_template_data data = {.value = value};
	struct dm_template *t;
	struct dm_err err = {0};

	assert_int_equal(dm_labels_pool_new(&pool, NULL), 0);
	data.labels = labels_of(pool, &data.name);
	if (dm_template_parse(dm_str(text), &t, NULL, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	assert_int_equal(dm_template_expand(t, &data, ret, &err), 0);
	dm_template_free(t);
	dm_labels_unref((struct dm_labels *)data.labels);
	dm_labels_pool_free(pool);
}

static void test_expand(void **state)
{
	(void)state;
	for (size_t i = 0; i < DM_COUNT(good); i++) {
		struct dm_buf b = {0};

		expand(good[i].text, good[i].value, &b);
		if (strcmp(dm_buf_cstr(&b), good[i].want) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", good[i].text,
			    dm_buf_cstr(&b), good[i].want);
		dm_buf_release(&b);
	}
}

/* A window with up{x="1"} 1, up{x="2"} 2, … at 60 s, once somebody wants
 * them. */
static void put_samples(struct dm_window *w)
{
	struct dm_labels_pool *pool = dm_window_pool(w);
	const struct dm_name *name;

	assert_int_equal(dm_labels_name(pool, DM_STR("up"), &name, NULL), 0);
	for (int i = 1; i <= 9; i++) {
		char text[] = {(char)('0' + i), '\0'};
		struct dm_label pairs[] = {{DM_STR("x"), dm_str(text)},
		    {DM_STR("y"), dm_str(i % 2 ? "odd" : "even")}};
		struct dm_labels *l;

		assert_int_equal(dm_labels_new(pool, pairs, 2, &l, NULL), 0);
		assert_int_equal(
		    dm_window_put(w, name, l, 60000000, i, NULL), 0);
		dm_labels_unref(l);
	}
}

/* Labels of an attacker's, too. */
static struct dm_labels *odd_labels(struct dm_labels_pool *pool)
{
	struct dm_label pairs[] = {{DM_STR("x"), DM_STR("1")},
	    {DM_STR("evil"), DM_STR("1'} or no{a='")},
	    {DM_STR("quote"), DM_STR("'")}};
	struct dm_labels *l;

	assert_int_equal(dm_labels_new(pool, pairs, 3, &l, NULL), 0);
	return l;
}

static void expand_bound(const char *text, struct dm_buf *ret, size_t *ret_kept)
{
	struct dm_template_env env = {.t_us = 60000000};
	struct dm_template_data data = {.value = 5, .env = &env};
	struct dm_window *w;
	struct dm_querier q;
	struct dm_template *t;
	struct dm_err err = {0};

	assert_int_equal(dm_window_new(&w, NULL), 0);
	q = dm_window_querier(w);
	data.labels = odd_labels(dm_window_pool(w));
	if (dm_template_parse(dm_str(text), &t, NULL, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	assert_true(dm_template_is_fleeting(t));
	assert_int_equal(dm_template_bind(t, &q, 0, &err), 0);
	put_samples(w);
	*ret_kept = dm_window_n_series(w);
	for (int i = 0; i < 2; i++) { /* any number of times */
		dm_buf_clear(ret);
		assert_int_equal(dm_template_expand(t, &data, ret, &err), 0);
	}
	dm_template_free(t);
	dm_labels_unref((struct dm_labels *)data.labels);
	dm_window_free(w);
}

/* What a query gives, and how many series are kept for it. */
static void test_query(void **state)
{
	static const struct {
		const char *text;
		const char *want;
		size_t kept;
	} cases[] = {
	    {"{{ query \"up{x='3'}\" | first | value }}", "3", 1},
	    {"{{ query \"no\" | len }}", "0", 0},
	    {"{{ query \"sum(up)\" | first }}", "{map[] 45}", 9},
	    {"{{ query \"1\" | first | value }}", "1", 0},
	    {"{{ range query \"up{y='odd'}\" | sortByLabel \"x\" }}"
	     "{{ .Labels.x }}{{ .Value }} {{ end }}",
		"11 33 55 77 99 ", 5},
	    {"{{ with printf \"up{x='%s',y='odd'}\" $labels.x | query }}"
	     "{{ . | first | label \"y\" }}{{ end }}",
		"odd", 5},
	    {"{{ $q := print \"up{x=~'\" $labels.x \"|4'}\" }}{{ query $q | "
	     "len }}",
		"2", 9},
	    {"{{ query (printf \"up > %f\" $value) | len }}", "4", 9},
	    {"{{ range query \"up{x='2'}\" }}"
	     "{{ printf \"up{y='%s'}\" .Labels.y | query | len }}{{ end }}",
		"4", 9},
	    {"{{ printf \"up{x='%s'}\" (reReplaceAll \"1\" \"7\" $labels.x) | "
	     "query | first | value }}",
		"7", 9},
	    /* Labels that would make another query of it. */
	    {"{{ printf \"up{x='%s'}\" $labels.evil | query }}",
		"<error expanding template: query: it looks at other series "
		"than it was said to>",
		9},
	    {"{{ printf \"up{x='%s'}\" $labels.quote | query }}",
		"<error expanding template: the string does not end>", 9},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		DM_AUTO_BUF struct dm_buf b = {0};
		size_t kept;

		expand_bound(cases[i].text, &b, &kept);
		if (strcmp(dm_buf_cstr(&b), cases[i].want) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", cases[i].text,
			    dm_buf_cstr(&b), cases[i].want);
		if (kept != cases[i].kept)
			fail_msg("%s: %zu series kept, not %zu", cases[i].text,
			    kept, cases[i].kept);
	}
}

/* Found while it is expanded: the text says so, as in Prometheus. */
static void test_expand_fails(void **state)
{
	static const char *const texts[] = {
	    "{{ gt $value 1 }}",
	    "{{ humanize \"x\" }}",
	    "{{ .Nothing }}",
	    "{{ $labels.x.y }}",
	    "{{ humanizeTimestamp 1e20 }}",
	    "{{ printf 1 }}",
	    "{{ printf \"%99999d\" 1 }}",
	    "{{ reReplaceAll \"(\" \"\" \"\" }}",
	    "{{ reReplaceAll \"(?=a)\" \"\" \"\" }}",
	    "{{ toUpper 1 }}",
	    "{{ humanize }}",
	    "{{ query \"up\" }}", /* not bound */
	    ("{{ define \"a\" }}{{ template \"a\" }}{{ end }}"
	     "{{ template \"a\" }}"),
	    "{{ range $labels.x }}{{ end }}",
	    "{{ range 1000000 }}{{ end }}",
	    "{{ range 1000 }}{{ range 1000 }}{{ end }}{{ end }}",
	    "{{ index (args) 1 }}",
	    "{{ slice \"abc\" 2 1 }}",
	    "{{ value . }}",
	    "{{ first . }}",
	    "{{ label \"x\" . }}",
	    "{{ toTime \"x\" }}",
	    "{{ now 1 }}",
	    "{{ parseDuration \"293y\" }}",
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(texts); i++) {
		struct dm_buf b = {0};

		expand(texts[i], 2, &b);
		if (!dm_str_starts(
			dm_buf_str(&b), "<error expanding template: "))
			fail_msg("%s: \"%s\"", texts[i], dm_buf_cstr(&b));
		dm_buf_release(&b);
	}
}

static void test_parse_fails(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
	} bad[] = {
	    {"{{", 2},
	    {"{{ $x }}", 4},
	    {"ab {{ nonsense 1 }}", 6},
	    {"{{ range $labels }}", 19},
	    {"{{ call 1 }}", 3},
	    {"{{ query \"up{\" }}", 3},
	    {"{{ query \"up[5m]\" }}", 3},
	    {"{{ query $labels.x }}", 3},
	    {"{{ printf \"%s_total\" $labels.x | query }}", 33},
	    {"{{ printf \"a{%s='1'}\" $labels.x | query }}", 34},
	    {"{{ printf \"{a='%s'}\" $labels.x | query }}", 33},
	    {"{{ printf \"max_over_time(a[%sm])\" $labels.x | query }}", 46},
	    {"{{ $q := \"a\" }}{{ $q = $labels.x }}{{ query $q }}", 38},
	    {"{{ query }}", 3},
	    {"{{ if true }}{{ define \"x\" }}{{ end }}{{ end }}", 22},
	    {"{{ template \"x\" }}", 12},
	    {"{{ define \"x\" }}{{ $labels }}{{ end }}", 20},
	    {"{{ define \"x\" }}{{ end }}{{ define \"x\" }}{{ end }}", 38},
	    {"{{ break }}", 8},
	    {"{{ range 1 }}{{ else if 1 }}{{ end }}", 23},
	    {"{{ range $a, $b, $c := 1 }}", 15},
	    {"{{ $labels.x 1 }}", 15},
	    {"{{ (toTime 1).Nonsense }}", 23},
	    {"{{ nil }}", 7},
	    {"{{ end }}", 9},
	    {"{{ if true }}", 13},
	    {"{{ \"a }}", 8},
	    {"{{ 1 2 }}", 5},
	    {"{{ $value | 3 }}", 12},
	    {"{{ (1 }}", 6},
	    {"{{ $y = 1 }}", 10},
	    {"{{ 1x }}", 3},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(bad); i++) {
		struct dm_template *t;
		struct dm_err err = {0};
		size_t offset = 99;

		assert_int_equal(
		    dm_template_parse(dm_str(bad[i].text), &t, &offset, &err),
		    -1);
		assert_int_equal(err.code, DM_EPARSE);
		if (offset != bad[i].offset)
			fail_msg("%s: at %zu, not %zu", bad[i].text, offset,
			    bad[i].offset);
	}
}

static void test_uses_value(void **state)
{
	static const char *const with[] = {"{{ $value }}", "{{ .Value }}",
	    "{{ . }}", "{{ $ }}", "{{ if gt $value 1.0 }}{{ end }}",
	    "{{ $x := . }}{{ $x.Value }}"};
	static const char *const without[] = {
	    "a", "{{ $labels.x }}", "{{ .Labels.x | toUpper }}"};
	struct dm_template *t;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(with); i++) {
		assert_int_equal(
		    dm_template_parse(dm_str(with[i]), &t, NULL, NULL), 0);
		assert_true(dm_template_uses_value(t));
		dm_template_free(t);
	}
	for (size_t i = 0; i < DM_COUNT(without); i++) {
		assert_int_equal(
		    dm_template_parse(dm_str(without[i]), &t, NULL, NULL), 0);
		assert_false(dm_template_uses_value(t));
		dm_template_free(t);
	}
}

/* A text that doubles again and again does not eat the memory. */
static void test_bounded(void **state)
{
	struct dm_buf text = {0}, out = {0};

	(void)state;
	dm_buf_add_cstr(&text, "{{ $x := \"0123456789\" }}");
	for (int i = 0; i < 60; i++)
		dm_buf_add_cstr(&text, "{{ $x = print $x $x }}");
	expand(dm_buf_cstr(&text), 1, &out);
	assert_string_equal(dm_buf_cstr(&out),
	    "<error expanding template: a text is too long>");
	dm_buf_release(&text);
	dm_buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_expand),
	    cmocka_unit_test(test_query),
	    cmocka_unit_test(test_expand_fails),
	    cmocka_unit_test(test_parse_fails),
	    cmocka_unit_test(test_uses_value),
	    cmocka_unit_test(test_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
