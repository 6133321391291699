/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/utf8.h"
#include "series/matcher.h"

#define WORKSPACE_MAX_INTS (1024 * 1024)
#define REPEAT_MAX	   1000 /* as RE2 */

struct dm_regex {
	pcre2_code *code;
	pcre2_match_data *match;
	int *workspace;
	size_t workspace_ints;
};

/* Where a pattern is being rewritten from RE2's syntax to PCRE2's. */
struct rewrite {
	struct dm_str in;
	size_t at;
	struct dm_buf out;
};

static int unsupported(struct dm_err *err, const char *what)
{
	return dm_err_set(err, DM_EPARSE,
	    "regular expression: %s is not supported (RE2 syntax)", what);
}

static char peek(const struct rewrite *r, size_t ahead)
{
	return r->at + ahead < r->in.n ? r->in.p[r->at + ahead] : '\0';
}

static void copy(struct rewrite *r, size_t n)
{
	if (n > r->in.n - r->at)
		n = r->in.n - r->at;
	dm_buf_add(&r->out, r->in.p + r->at, n);
	r->at += n;
}

/* Behind a backslash RE2 knows these letters; the rest is punctuation. */
static int rewrite_escape(struct rewrite *r, bool in_class, struct dm_err *err)
{
	char c = peek(r, 1);

	if (c == 'v') { /* a vertical tab in RE2, any such space in PCRE2 */
		dm_buf_add_cstr(&r->out, "\\x0b");
		r->at += 2;
		return 0;
	}
	if (c == 'Q' && !in_class) {
		const char *end =
		    memmem(r->in.p + r->at, r->in.n - r->at, "\\E", 2);

		copy(r, end ? (size_t)(end + 2 - (r->in.p + r->at))
			    : r->in.n - r->at);
		return 0;
	}
	if (c >= '1' && c <= '9')
		return unsupported(err, "a back reference");
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
		if (!strchr(
			in_class ? "adDfnprPsStwWx" : "aAbBdDfnprPsStwWxz", c))
			return dm_err_set(err, DM_EPARSE,
			    "regular expression: \\%c is not supported "
			    "(RE2 syntax)",
			    c);
	}
	copy(r, 2);
	return 0;
}

static int rewrite_class(struct rewrite *r, struct dm_err *err)
{
	copy(r, 1);
	if (peek(r, 0) == '^')
		copy(r, 1);
	if (peek(r, 0) == ']')
		copy(r, 1);
	while (r->at < r->in.n && peek(r, 0) != ']') {
		if (peek(r, 0) == '\\') {
			if (rewrite_escape(r, true, err) < 0)
				return -1;
		} else if (peek(r, 0) == '[' && peek(r, 1) == ':') {
			const char *end =
			    memmem(r->in.p + r->at, r->in.n - r->at, ":]", 2);

			copy(
			    r, end ? (size_t)(end + 2 - (r->in.p + r->at)) : 1);
		} else if (peek(r, 0) == '[') {
			dm_buf_add_char(&r->out, '\\');
			copy(r, 1);
		} else {
			copy(r, 1);
		}
	}
	copy(r, 1);
	return 0;
}

/* "(?" of RE2: (?:, (?P<name>, (?<name>, (?flags), (?flags:. */
static int rewrite_group(struct rewrite *r, struct dm_err *err)
{
	size_t i = 2;

	if (peek(r, 1) == '*')
		return unsupported(err, "a verb (*…)");
	if (peek(r, 1) != '?') {
		copy(r, 1);
		return 0;
	}
	if (peek(r, 2) == 'P' && peek(r, 3) == '<') {
		copy(r, 4);
		return 0;
	}
	if (peek(r, 2) == '<' && peek(r, 3) != '=' && peek(r, 3) != '!') {
		copy(r, 3);
		return 0;
	}
	dm_buf_add_cstr(&r->out, "(?");
	while (peek(r, i) && strchr("imsU-", peek(r, i))) {
		/* Greediness makes no difference to a match of the whole
		 * text, and PCRE2's U is J there. */
		if (peek(r, i) != 'U')
			dm_buf_add_char(&r->out, peek(r, i));
		i++;
	}
	if (peek(r, i) != ':' && (peek(r, i) != ')' || i == 2))
		return unsupported(err, "this kind of group (?…)");
	r->at += i;
	copy(r, 1);
	return 0;
}

/* The length of a {n}, {n,} or {n,m}; 0 where it is plain text. */
static size_t repeat_length(const struct rewrite *r, bool *ret_too_many)
{
	size_t i = 1;
	unsigned long n = 0;

	*ret_too_many = false;
	if (peek(r, 1) < '0' || peek(r, 1) > '9')
		return 0;
	for (; peek(r, i) && strchr("0123456789,", peek(r, i)); i++) {
		n = peek(r, i) == ','
			? 0
			: (n * 10 + (unsigned long)(peek(r, i) - '0')) %
			      1000000;
		if (n > REPEAT_MAX)
			*ret_too_many = true;
	}
	return peek(r, i) == '}' ? i + 1 : 0;
}

static int rewrite_repeat(struct rewrite *r, struct dm_err *err)
{
	bool too_many = false;
	size_t n = 1;

	if (peek(r, 0) == '{') {
		n = repeat_length(r, &too_many);
		if (n == 0) {
			copy(r, 1);
			return 0;
		}
		if (too_many)
			return unsupported(err, "a repeat count above 1000");
	}
	copy(r, n);
	if (peek(r, 0) == '?')
		copy(r, 1);
	if (peek(r, 0) && strchr("*+?", peek(r, 0)))
		return unsupported(err, "a repeated repetition");
	return 0;
}

static int rewrite(struct rewrite *r, struct dm_err *err)
{
	int rc = 0;

	while (rc == 0 && r->at < r->in.n) {
		switch (peek(r, 0)) {
		case '\\':
			rc = rewrite_escape(r, false, err);
			break;
		case '[':
			rc = rewrite_class(r, err);
			break;
		case '(':
			rc = rewrite_group(r, err);
			break;
		case '*':
		case '+':
		case '?':
		case '{':
			rc = rewrite_repeat(r, err);
			break;
		default:
			copy(r, 1);
		}
	}
	return rc < 0 ? -1 : dm_buf_ok(&r->out, err);
}

static int compile(
    struct dm_regex *re, struct dm_str pattern, struct dm_err *err)
{
	struct rewrite r = {.in = pattern};
	PCRE2_UCHAR text[128];
	PCRE2_SIZE offset;
	int code;

	if (!dm_utf8_valid(pattern.p, pattern.n))
		return dm_err_set(err, DM_EPARSE,
		    "regular expression: it is not valid UTF-8");
	if (rewrite(&r, err) < 0) {
		dm_buf_release(&r.out);
		return -1;
	}
	re->code = pcre2_compile((PCRE2_SPTR)(r.out.n ? r.out.p : ""), r.out.n,
	    PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL | PCRE2_UTF |
		PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C | PCRE2_DUPNAMES,
	    &code, &offset, NULL);
	dm_buf_release(&r.out);
	if (re->code)
		return 0;
	pcre2_get_error_message(code, text, sizeof(text));
	return dm_err_set(
	    err, DM_EPARSE, "regular expression: %s", (const char *)text);
}

int dm_regex_new(
    struct dm_str pattern, struct dm_regex **ret, struct dm_err *err)
{
	struct dm_regex *re = calloc(1, sizeof(*re));

	if (!re)
		return dm_err_nomem(err);
	if (compile(re, pattern, err) < 0) {
		dm_regex_free(re);
		return -1;
	}
	re->match = pcre2_match_data_create_from_pattern(re->code, NULL);
	re->workspace_ints = 1024;
	re->workspace = malloc(re->workspace_ints * sizeof(int));
	if (!re->match || !re->workspace) {
		dm_regex_free(re);
		return dm_err_nomem(err);
	}
	*ret = re;
	return 0;
}

void dm_regex_free(struct dm_regex *r)
{
	if (!r)
		return;
	pcre2_code_free(r->code);
	pcre2_match_data_free(r->match);
	free(r->workspace);
	free(r);
}

bool dm_regex_matches(struct dm_regex *r, struct dm_str text)
{
	const char *p = text.n ? text.p : "";
	size_t ints;
	int rc, *bigger;

	for (;;) {
		rc = pcre2_dfa_match(r->code, (PCRE2_SPTR)p, text.n, 0, 0,
		    r->match, NULL, r->workspace, r->workspace_ints);
		if (rc != PCRE2_ERROR_DFA_WSSIZE ||
		    r->workspace_ints >= WORKSPACE_MAX_INTS)
			break;
		/* Its size goes with the pattern's states, not the text. */
		ints = 4 * r->workspace_ints;
		bigger = realloc(r->workspace, ints * sizeof(int));
		if (!bigger)
			break;
		r->workspace = bigger;
		r->workspace_ints = ints;
	}
	return rc >= 0;
}
