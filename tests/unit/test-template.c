/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "rules/template.h"

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
    {"{{ printf \"%d %v\" 3 true \"x\" }}", 1, "3 true%!(EXTRA string=x)"},
    {"{{ printf \"%s %s\" \"a\" }}", 1, "a %!s(MISSING)"},
    {"{{ printf \"%v %v\" nil $externalLabels }}", 1, "<nil> map[]"},
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
	    "{{ toUpper 1 }}",
	    "{{ humanize }}",
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
	    {"{{ range $labels }}{{ end }}", 3},
	    {"{{ query \"up\" }}", 3},
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
	    cmocka_unit_test(test_expand_fails),
	    cmocka_unit_test(test_parse_fails),
	    cmocka_unit_test(test_uses_value),
	    cmocka_unit_test(test_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
