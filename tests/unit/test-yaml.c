/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/buf.h"
#include "rules/yaml.h"

/* In each, the text of key k holds one X: where does it stand? */
static void test_place(void **state)
{
	static const struct {
		const char *text;
		unsigned line, column;
	} cases[] = {
	    {"k: abX", 1, 6},
	    {"k:   ab\n  cd X", 2, 6},
	    {"k: 'ab''cX'", 1, 10},
	    {"k: 'ab\n\n   cX'", 3, 5},
	    {"k: \"a\\\"\\u00e9X\"", 1, 14},
	    {"k: \"a\\nb\\tX\"", 1, 11},
	    {"k: \"a \\\n   bX\"", 2, 5},
	    {"k: |\n  ab\n\n  cd X\n", 4, 6},
	    {"k: |2-\n   ab\n  X\n", 3, 3},
	    {"k: >-\n  a b\n  c\n\n  d X\n", 5, 5},
	    {"# \xc3\xa9\nk: \xc3\xa9\xc3\xa9X", 2, 6},
	    {"k: |\r\n  ab\r\n  X\r\n", 3, 3},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		struct dm_yaml y;
		const struct dm_yaml_node *n;
		struct dm_err err = {0};
		unsigned line = 0, column = 0;

		if (dm_yaml_parse(dm_str(cases[i].text), &y, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.msg);
		n = dm_yaml_get(y.root, "k");
		assert_non_null(n);
		dm_yaml_place(&y, n,
		    (size_t)(strchr(n->text.p, 'X') - n->text.p), &line,
		    &column);
		if (line != cases[i].line || column != cases[i].column)
			fail_msg("%s: at %u:%u, not %u:%u", cases[i].text, line,
			    column, cases[i].line, cases[i].column);
		dm_yaml_release(&y);
	}
}

static void test_place_of_end(void **state)
{
	struct dm_yaml y;
	unsigned line, column;

	(void)state;
	assert_int_equal(
	    dm_yaml_parse(dm_str("k: |\n  ab c\n\n"), &y, NULL), 0);
	dm_yaml_place(&y, dm_yaml_get(y.root, "k"), 5, &line, &column);
	assert_int_equal(line, 2);
	assert_int_equal(column, 7);
	dm_yaml_release(&y);
}

/* A mapping's keys and values: a=1 b=2 */
static void print_mapping(struct dm_buf *b, const struct dm_yaml_node *n)
{
	for (size_t i = 0; i < n->n_children; i += 2)
		dm_buf_addf(b, "%s%s=%s", i > 0 ? " " : "",
		    n->children[i]->text.p, n->children[i + 1]->text.p);
}

static void test_merge(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
	    {"x: &x {a: 1, b: 2}\nk:\n  <<: *x\n  b: 3\n", "b=3 a=1"},
	    {"x: &x {a: 1}\nk: {b: 3, <<: *x}\n", "b=3 a=1"},
	    {"x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nk: {<<: [*x, *y]}\n",
		"a=1 b=1 c=2"},
	    {"x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nk: {<<: *y, c: 3}\n",
		"c=3 b=2 a=1"},
	    {"k: {<<: {a: 1}, <: 2}\n", "<=2 a=1"},
	    {"k: {\"<<\": 1}\n", "<<=1"},
	    {"k: {<<: []}\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		DM_AUTO_BUF struct dm_buf b = {0};
		struct dm_yaml y;
		struct dm_err err = {0};

		if (dm_yaml_parse(dm_str(cases[i].text), &y, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.msg);
		print_mapping(&b, dm_yaml_get(y.root, "k"));
		assert_string_equal(dm_buf_cstr(&b), cases[i].want);
		dm_yaml_release(&y);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		unsigned line, column;
	} cases[] = {
	    {"a: 1\na: 2\n", 2, 1},
	    {"a: 1\n---\nb: 2\n", 2, 1},
	    {"a: *nix\n", 1, 4},
	    {"a: &x [*x]\n", 1, 8},
	    {"a: !!int 3\n", 1, 4},
	    {"? [a]\n: b\n", 1, 3},
	    {"a: [b\n", 2, 1},
	    {"a: {<<: 1}\n", 1, 5},
	    {"a: {b: 2, <<: [{c: 1}, d]}\n", 1, 11},
	    {"a: {<<: {}, <<: {}}\n", 1, 13},
	    {"a: \"b\\0c\"\n", 1, 4},
	    {"[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]", 1, 17},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		struct dm_yaml y;
		struct dm_err err = {0};

		assert_int_equal(
		    dm_yaml_parse(dm_str(cases[i].text), &y, &err), -1);
		if (err.line != cases[i].line || err.column != cases[i].column)
			fail_msg("%s: %u:%u: %s", cases[i].text, err.line,
			    err.column, err.msg);
	}
}

static void test_alias(void **state)
{
	struct dm_yaml y;
	const struct dm_yaml_node *b;

	(void)state;
	assert_int_equal(
	    dm_yaml_parse(dm_str("a: &x {k: v}\nb: *x\n"), &y, NULL), 0);
	b = dm_yaml_get(y.root, "b");
	assert_string_equal(dm_yaml_get(b, "k")->text.p, "v");
	dm_yaml_release(&y);
}

/* An anchor within one of the same name: the latest counts. */
static void test_anchor_again(void **state)
{
	struct dm_yaml y;

	(void)state;
	assert_int_equal(
	    dm_yaml_parse(
		dm_str("a: &x [b: &x [c]]\nd: *x\ne: &x f\ng: *x\n"), &y, NULL),
	    0);
	assert_string_equal(dm_yaml_get(y.root, "d")->children[0]->text.p, "c");
	assert_string_equal(dm_yaml_get(y.root, "g")->text.p, "f");
	dm_yaml_release(&y);
}

static void check_limit(struct dm_buf *text, unsigned line, unsigned column)
{
	struct dm_yaml y;
	struct dm_err err = {0};

	assert_int_equal(dm_yaml_parse(dm_buf_str(text), &y, &err), -1);
	assert_int_equal(err.code, DM_ELIMIT);
	assert_int_equal(err.line, line);
	assert_int_equal(err.column, column);
	dm_buf_release(text);
}

/* Nine times nine aliases of aliases: who follows them gets to see 9^11. */
static void test_bomb(void **state)
{
	struct dm_buf text = {0};

	(void)state;
	dm_buf_add_cstr(&text, "a: &a0 [x]\n");
	for (int i = 1; i < 12; i++) {
		dm_buf_addf(&text, "b%d: &a%d [", i, i);
		for (int k = 0; k < 9; k++)
			dm_buf_addf(&text, "*a%d,", i - 1);
		dm_buf_add_cstr(&text, "]\n");
	}
	/* a0 is 2 values, a5 is 125,479: that twice is too much. */
	check_limit(&text, 7, 10);
}

/* The same by <<, whose keys are new ones. */
static void test_merge_bomb(void **state)
{
	struct dm_buf text = {0};

	(void)state;
	dm_buf_add_cstr(&text, "a: &a {");
	for (int i = 0; i < 500; i++)
		dm_buf_addf(&text, "k%d: v, ", i);
	dm_buf_add_cstr(&text, "}\nb:\n");
	for (int i = 0; i < 500; i++)
		dm_buf_add_cstr(&text, "  - <<: *a\n");
	check_limit(&text, 201, 9);
}

/* Few values, but a long text each: that of the alias in line 5 is the
 * fifth MiB. */
static void test_text_bomb(void **state)
{
	struct dm_buf text = {0};

	(void)state;
	dm_buf_add_cstr(&text, "- &a '");
	for (int i = 0; i < 1024 * 1024; i++)
		dm_buf_add_char(&text, 'x');
	dm_buf_add_cstr(&text, "'\n");
	for (int i = 0; i < 6; i++)
		dm_buf_add_cstr(&text, "- *a\n");
	check_limit(&text, 5, 3);
}

static void test_too_many(void **state)
{
	struct dm_buf text = {0};
	struct dm_yaml y;
	struct dm_err err = {0};

	(void)state;
	dm_buf_add_cstr(&text, "a: [");
	for (int i = 0; i < DM_YAML_MAX_VALUES; i++)
		dm_buf_add_cstr(&text, "x,");
	dm_buf_add_cstr(&text, "]\n");
	assert_int_equal(dm_yaml_parse(dm_buf_str(&text), &y, &err), -1);
	assert_int_equal(err.code, DM_ELIMIT);
	dm_buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_place),
	    cmocka_unit_test(test_place_of_end),
	    cmocka_unit_test(test_merge),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_alias),
	    cmocka_unit_test(test_anchor_again),
	    cmocka_unit_test(test_bomb),
	    cmocka_unit_test(test_merge_bomb),
	    cmocka_unit_test(test_text_bomb),
	    cmocka_unit_test(test_too_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
