/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "series/regex.h"

/* What Go's regexp says of ^(?s:PATTERN)$. */
static const struct {
	const char *pattern, *yes, *no;
} cases[] = {
    {"", "", "a"},
    {"a|b", "b", "ab"},
    /* The DFA matcher would take these. */
    {"(..){0,2}", "abcd", "c"},
    {"\\D|(?:\\w){2}ab", "c", "cc"},
    /* What PCRE2 does not have, or understands otherwise. */
    {".", "\n", ""},
    {"(?-s).", "\r", "\n"},
    {"\\Qa.*\\E+", "a.**", "a.b"},
    {"\\pL\\PL", "a1", "aa"},
    {"\\p{Greek}\\p{^Greek}",
	"\xce\xb1"
	"a",
	"aa"},
    {"\\p{Lu}[\\pN\\PL]", "A-", "Aa"},
    {"\\v", "\v", "\n"},
    {"\\x41\\x{42}\\103\\0101", "ABC\b1", "ABC"},
    {"[[:word:]-]+", "a_1-", "a b"},
    {"[[:^alpha:]]", "1", "b"},
    {"[^[:^digit:]]", "1", "b"},
    {"(?i)[\\W]", "-", "\xe2\x84\xaa"}, /* the Kelvin sign is a k */
    {"(?i)\\w", "\xe2\x84\xaa", "-"},
    {"\\w", "k", "\xe2\x84\xaa"},
    {"(?i)stra\xc3\x9f"
     "e|\xc3\xa4",
	"\xc3\x84", "a"},
    {"[]a-]+", "]-a", "b"},
    {"[\\d-z]", "-", "e"},
    {"[a\\]\\-b]+", "]-", "c"},
    {"[[a]", "[", "b"},
    {"a{,2}", "a{,2}", "aa"},
    {"a{01}", "a{01}", "a"},
    {"a{2,}b{1}", "aaab", "ab"},
    {"{", "{", ""},
    {"^*a$+", "a", "b"},
    {"\\b*a", "a", "b"},
    {"(?m)a$\n^b$\n^", "a\nb\n", "a\nb"},
    {"(?U)a+(?i)b|C", "aB", "ac"},
    {"(?U)a+(?i)b|C", "c", "AB"},
    {"(?i:a)b", "Ab", "aB"},
    {"(?)a", "a", "b"},
    {"(?P<1>a)(?<n>b)(?P<n>c)", "abc", "ab"},
    {"a# b", "a# b", "a"},
    {"(a{10}){100}", NULL, "a"},
    {"\\z|\\A\\B", "", "a"},
};

static void test_matches(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		struct dm_regex *r = NULL;
		struct dm_err err = {0};
		bool ok;

		ok = dm_regex_new(dm_str(cases[i].pattern), &r, &err) == 0 &&
		     (!cases[i].yes ||
			 dm_regex_match(r, dm_str(cases[i].yes), &err) == 1) &&
		     dm_regex_match(r, dm_str(cases[i].no), &err) == 0;
		if (!ok)
			print_message("# %s: %s\n", cases[i].pattern, err.msg);
		bad += !ok;
		dm_regex_free(r);
	}
	assert_int_equal(bad, 0);
}

static const struct {
	const char *pattern;
	unsigned column;
	const char *why;
} wrong[] = {
    {"a(?=b)", 2, "this kind of group (?\xe2\x80\xa6) is not supported"},
    {"a(?!b)", 2, "this kind"},
    {"(?<=a)b", 1, "this kind"},
    {"(?<!a)b", 1, "this kind"},
    {"(?>a)", 1, "this kind"},
    {"(?|a)", 1, "this kind"},
    {"(?#a)", 1, "this kind"},
    {"(?R)", 1, "this kind"},
    {"(?1)", 1, "this kind"},
    {"(?(1)a)", 1, "this kind"},
    {"(?P=n)", 1, "this kind"},
    {"(?P>n)", 1, "this kind"},
    {"(?&n)", 1, "this kind"},
    {"(?C1)", 1, "this kind"},
    {"(?x)a", 1, "this kind"},
    {"(?^i)a", 1, "this kind"},
    {"(?i-)a", 1, "this kind"},
    {"(?i", 1, "this kind"},
    {"(*FAIL)", 2, "nothing to repeat"},
    {"(*ANY)a", 2, "nothing to repeat"},
    {"(a)\\1", 4, "a back reference"},
    {"\\k<n>", 1, "this escape"},
    {"\\g1", 1, "this escape"},
    {"a\\K", 2, "this escape"},
    {"\\R", 1, "this escape"},
    {"\\X", 1, "this escape"},
    {"\\C", 1, "this escape"},
    {"\\G", 1, "this escape"},
    {"\\Z", 1, "this escape"},
    {"\\h", 1, "this escape"},
    {"\\N", 1, "this escape"},
    {"\\e", 1, "this escape"},
    {"\\cA", 1, "this escape"},
    {"\\u0041", 1, "this escape"},
    {"\\o{101}", 1, "this escape"},
    {"\\E", 1, "this escape"},
    {"[\\b]", 2, "this escape"},
    {"\\x{110000}", 1, "this escape"},
    {"\\x4", 1, "this escape"},
    {"a\\", 2, "a backslash at the end"},
    {"a\\Qb", 2, "\\Q without \\E"},
    {"a++", 3, "a repetition is repeated"},
    {"a*?+", 4, "a repetition is repeated"},
    {"a{2}{3}", 5, "a repetition is repeated"},
    {"*a", 1, "nothing to repeat"},
    {"a|+", 3, "nothing to repeat"},
    {"a(?i)*", 6, "nothing to repeat"},
    {"a{1001}", 2, "bad repeat count"},
    {"a{3,2}", 2, "bad repeat count"},
    {"(a{10}){101}", 8, "bad repeat count"},
    {"(a", 3, "a \")\" is missing at the end"},
    {"a)", 2, "\")\" without a \"(\" before it"},
    {"\xc3\xa4[b", 2, "a \"]\" is missing"},
    {"[b-a]", 2, "a range of characters is upside down"},
    {"[[:foo:]]", 2, "unknown class"},
    {"[a-\\d]", 4, "this escape"},
    {"\\p{Foo_bar", 1, "unknown property"},
    {"\\p{Grek}", 1, "unknown property"},
    {"\\p{L&}", 1, "unknown property"},
    {"\\pX", 1, "unknown property"},
    {"\\p{Xan}", 0, ""}, /* PCRE2 says so */
    {"(?i)\\p{Lu}", 5, "this \\p is not supported where (?i) is set"},
    {"(?P<a-b>c)", 1, "bad name of a group"},
    {"(?P<>c)", 1, "bad name of a group"},
};

static void test_refusals(void **state)
{
	char text[400];
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(wrong); i++) {
		struct dm_regex *r = NULL;
		struct dm_err err = {0};
		bool ok;

		snprintf(text, sizeof(text),
		    "regular expression, character %u: %s", wrong[i].column,
		    wrong[i].why);
		ok = dm_regex_new(dm_str(wrong[i].pattern), &r, &err) < 0 &&
		     err.code == DM_EPARSE && err.column == wrong[i].column &&
		     (wrong[i].column == 0 ||
			 strncmp(err.msg, text, strlen(text)) == 0);
		if (!ok)
			print_message("# %s: %u %s\n", wrong[i].pattern,
			    err.column, err.msg);
		bad += !ok;
		dm_regex_free(r);
	}
	assert_int_equal(bad, 0);
}

static void test_depth(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_regex *r;
	struct dm_err err;

	(void)state;
	for (int i = 0; i < 5000; i++)
		dm_buf_add_char(&b, '(');
	assert_int_equal(dm_regex_new(dm_buf_str(&b), &r, &err), -1);
	assert_string_equal(err.msg, "regular expression, character 200: it "
				     "is nested too deeply");
}

static const struct {
	const char *pattern, *text, *template, *expected;
} expansions[] = {
    {"(.)-(?P<n>.+)", "a-bc", "$2$1", "bca"},
    {"(.)-(?P<n>.+)", "a-bc", "${n}x$1x${1}x$$", "bcxax$"},
    {"(.)-(?P<n>.+)", "a-bc", "$0|$3|$no|${no}|$01|$", "a-bc|||||$"},
    {"(.)-(?P<n>.+)", "a-bc", "${1|$-|${}", "${1|$-|${}"},
    {"(?P<n>a)|(?P<n>b)", "b", "$n", "b"},
    {"(a+)(a*)", "aaa", "$1,$2", "aaa,"},
    {"(?U)(a+)(a*)", "aaa", "$1,$2", "a,aa"},
    {"(a|ab)(c|bcd)(d*)", "abcd", "$1,$2,$3", "a,bcd,"},
    {"x", "y", "$0", NULL},
    {"(a)?b", "b", "[$1]", "[]"},
};

static void test_expansions(void **state)
{
	(void)state;
	for (size_t i = 0; i < DM_COUNT(expansions); i++) {
		DM_AUTO_BUF struct dm_buf b = {0};
		struct dm_regex *r;
		struct dm_err err;
		int rc;

		assert_int_equal(
		    dm_regex_new(dm_str(expansions[i].pattern), &r, &err), 0);
		rc = dm_regex_expand(r, dm_str(expansions[i].text),
		    dm_str(expansions[i].template), &b, &err);
		assert_int_equal(rc, expansions[i].expected != NULL);
		if (rc)
			assert_string_equal(
			    dm_buf_cstr(&b), expansions[i].expected);
		assert_true(dm_regex_has_sure_groups(r));
		dm_regex_free(r);
	}
}

/* What Go's regexp makes of them. */
static const struct {
	const char *pattern, *template, *text, *expected;
} replacements[] = {
    {"\\v", "X", "a\nb\vc", "a\nbXc"},
    {"\\s", "X", "a\nb\vc", "aXb\vc"},
    {"(?m)^", "X", "a\n", "Xa\nX"},
    {"(?m)$", "X", "a\nb\n", "aX\nbX\nX"},
    {"a$", "X", "a\n", "a\n"},
    {".+", "<$0>", "ab\ncd", "<ab>\n<cd>"},
    {"(?s).+", "<$0>", "ab\ncd", "<ab\ncd>"},
    {"(?P<dev>[a-z]+)(?P<n>\\d+)", "${n}-$dev-$x$1x$$", "sda12 sdb3",
	"12-sda-$ 3-sdb-$"},
    {"(a)|(b)", "[$1|$2|$3]", "ab", "[a||][|b|]"},
    {"a*", "X", "baac", "XbXcX"},
    {"a*?", "X", "baac", "XbXaXaXcX"},
    {"(?U)a+", "X", "baac", "bXXc"},
    {"(|a)b?", "<$1>", "ab", "<>a<>"},
    {"", "-", "\u00e91", "-\u00e9-1-"},
    {"", "-", "", "-"},
    {"\\Qa.b\\E", "X", "a.b axb", "X axb"},
    {"\\b", "|", "ab cd", "|ab| |cd|"},
    {"x{,2}", "y", "x{,2}", "y"},
    {"(a)", "$01$1", "a", "a"},
    {"(b)", "$1$1",
	"\xff"
	"ab",
	"\xff"
	"abb"},
};

static void test_replacements(void **state)
{
	(void)state;
	for (size_t i = 0; i < DM_COUNT(replacements); i++) {
		DM_AUTO_BUF struct dm_buf b = {0};
		struct dm_regex *r;

		assert_int_equal(dm_regex_new_search(
				     dm_str(replacements[i].pattern), &r, NULL),
		    0);
		assert_int_equal(
		    dm_regex_replace_all(r, dm_str(replacements[i].text),
			dm_str(replacements[i].template), 100, &b, NULL),
		    0);
		assert_string_equal(dm_buf_cstr(&b), replacements[i].expected);
		dm_regex_free(r);
	}
}

static void check_replacement_refused(const char *pattern, const char *template,
    struct dm_str text, enum dm_code code)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_regex *r;
	struct dm_err err = {0};

	assert_int_equal(dm_regex_new_search(dm_str(pattern), &r, NULL), 0);
	assert_int_equal(
	    dm_regex_replace_all(r, text, dm_str(template), 100, &b, &err), -1);
	assert_int_equal(err.code, code);
	dm_regex_free(r);
}

/* The last ones go through all that follows at each character. */
static void test_replacements_refused(void **state)
{
	DM_AUTO_BUF struct dm_buf text = {0};

	(void)state;
	for (int i = 0; i < 60 * 1000; i++)
		dm_buf_add_char(&text, 'a');
	check_replacement_refused("(a*)*", "$1", DM_STR("a"), DM_EINVAL);
	check_replacement_refused(
	    "a", "0123456789", (struct dm_str){text.p, 20}, DM_ELIMIT);
	check_replacement_refused(
	    "(a+)+b|c", "", (struct dm_str){text.p, 60}, DM_ELIMIT);
	check_replacement_refused(".+b|a", "", dm_buf_str(&text), DM_ELIMIT);
	check_replacement_refused(
	    "[a-z]+@|ab", "", dm_buf_str(&text), DM_ELIMIT);
}

/* RE2 would say another thing of what the first group is. */
static void test_unsure_groups(void **state)
{
	static const char *const patterns[] = {"(a*)*", "(a?)+b", "((a)*)+",
	    "(?:(a)|b*)*", "(|a){2}", "(?:x|(\\b)){3,}"};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(patterns); i++) {
		struct dm_regex *r;
		struct dm_err err;

		assert_int_equal(
		    dm_regex_new(dm_str(patterns[i]), &r, &err), 0);
		assert_false(dm_regex_has_sure_groups(r));
		dm_regex_free(r);
	}
}

/* A pattern that back-tracks for ages; one with a thousand states. */
static void test_effort(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0}, text = {0}, out = {0};
	struct dm_regex *r;
	struct dm_err err;

	(void)state;
	for (int i = 0; i < 60; i++)
		dm_buf_add_char(&text, 'a');
	assert_int_equal(dm_regex_new(DM_STR("(a+)+b|a*"), &r, &err), 0);
	assert_int_equal(dm_regex_match(r, dm_buf_str(&text), &err), 1);
	assert_int_equal(
	    dm_regex_expand(r, dm_buf_str(&text), DM_STR("$1"), &out, &err),
	    -1);
	assert_int_equal(err.code, DM_ELIMIT);
	assert_string_equal(err.msg,
	    "matching a regular expression takes too long: it back-tracks "
	    "too much");
	dm_regex_free(r);

	dm_buf_add_cstr(&b, "(?:.*a){1000}b");
	while (text.n < 300 * 1000)
		dm_buf_add_char(&text, 'a');
	assert_int_equal(dm_regex_new(dm_buf_str(&b), &r, &err), 0);
	assert_int_equal(dm_regex_match(r, dm_buf_str(&text), &err), -1);
	assert_int_equal(err.code, DM_ELIMIT);
	assert_string_equal(err.msg,
	    "matching a regular expression takes too long: too many "
	    "alternatives for so long a text");
	assert_int_equal(dm_regex_match(r, DM_STR("aaaab"), &err), 0);
	dm_regex_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_matches),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_expansions),
	    cmocka_unit_test(test_replacements),
	    cmocka_unit_test(test_replacements_refused),
	    cmocka_unit_test(test_unsure_groups),
	    cmocka_unit_test(test_effort),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
