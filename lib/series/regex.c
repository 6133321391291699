/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "series/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/utf8.h"

/* The DFA matcher compares the states it is in with each other, at each
 * character: parts of a second in all. */
#define COMPARISONS_MAX	     4e8
#define FIND_COMPARISONS_MAX 1e8
#define STATES_MIN	     32
#define STATES_MAX	     4096
#define INTS_OF(states)	     (20 + 6 * (states)) /* now and next, three each */

/* Groups are found by back-tracking, so many steps at most. */
#define STEPS_MAX 100000

/* And so many for all matches in a text. */
#define ALL_STEPS_MAX 4000000

/* Of what a template becomes. */
#define EXPANDED_MAX_BYTES (64 * 1024)

struct dm_regex {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *context; /* where groups were asked for */
	int *workspace;
	size_t states; /* that it has room for */
	struct dm_regex_groups groups;
};

/* What stands before and behind a pattern that may match anywhere: it is
 * tried at all places at once, in place of one after the other. */
static const char anywhere[] = "(?s:.*?)(?:";

static int translate(struct dm_regex *re, struct dm_str pattern, bool find,
    struct dm_buf *text, struct dm_err *err)
{
	if (find)
		dm_buf_add_cstr(text, anywhere);
	if (dm_regex_translate(pattern, text, &re->groups, err) < 0)
		return -1;
	if (find)
		dm_buf_add_char(text, ')');
	return dm_buf_ok(text, err);
}

static int compile(struct dm_regex *re, struct dm_str pattern, bool find,
    uint32_t options, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf text = {0};
	pcre2_compile_context *c;
	PCRE2_UCHAR why[128];
	PCRE2_SIZE where;
	int code;

	if (translate(re, pattern, find, &text, err) < 0)
		return -1;
	c = pcre2_compile_context_create(NULL);
	if (!c)
		return dm_err_nomem(err);
	pcre2_set_newline(c, PCRE2_NEWLINE_LF);
	re->code = pcre2_compile((PCRE2_SPTR)(text.n ? text.p : ""), text.n,
	    DM_REGEX_OPTIONS | options, &code, &where, c);
	pcre2_compile_context_free(c);
	if (re->code)
		return 0;
	pcre2_get_error_message(code, why, sizeof(why));
	return dm_err_set(
	    err, DM_EPARSE, "regular expression: %s", (const char *)why);
}

static bool grow(struct dm_regex *re, size_t states)
{
	int *bigger = realloc(re->workspace, INTS_OF(states) * sizeof(int));

	if (!bigger)
		return false;
	re->workspace = bigger;
	re->states = states;
	return true;
}

static int regex_new(struct dm_str pattern, bool find, uint32_t options,
    struct dm_regex **ret, struct dm_err *err)
{
	struct dm_regex *re = calloc(1, sizeof(*re));

	if (!re)
		return dm_err_nomem(err);
	if (compile(re, pattern, find, options, err) < 0) {
		dm_regex_free(re);
		return -1;
	}
	re->match = pcre2_match_data_create_from_pattern(re->code, NULL);
	if (!re->match || !grow(re, STATES_MIN)) {
		dm_regex_free(re);
		return dm_err_nomem(err);
	}
	*ret = re;
	return 0;
}

int dm_regex_new(
    struct dm_str pattern, struct dm_regex **ret, struct dm_err *err)
{
	return regex_new(pattern, false,
	    PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL, ret, err);
}

int dm_regex_new_search(
    struct dm_str pattern, struct dm_regex **ret, struct dm_err *err)
{
	return regex_new(pattern, false,
	    PCRE2_MATCH_INVALID_UTF | PCRE2_AUTO_CALLOUT, ret, err);
}

int dm_regex_new_find(
    struct dm_str pattern, struct dm_regex **ret, struct dm_err *err)
{
	struct dm_regex *re;

	if (regex_new(pattern, true, PCRE2_ANCHORED, &re, err) < 0)
		return -1;
	for (size_t i = 0; re->groups.repeats_empty && i < re->groups.n; i++) {
		if (re->groups.names[i].n == 0)
			continue;
		dm_regex_free(re);
		return dm_err_set(err, DM_EINVAL,
		    "regular expression: a group that may match nothing is "
		    "repeated, so that none can be given out");
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
	pcre2_match_context_free(r->context);
	dm_regex_groups_release(&r->groups);
	free(r->workspace);
	free(r);
}

/* How many states at once are not too many for a text of this length. */
static size_t states_for(size_t bytes, double comparisons_max)
{
	size_t states = STATES_MIN;

	while (states < STATES_MAX &&
	       4.0 * (double)states * (double)states * (double)bytes <=
		   comparisons_max)
		states *= 2;
	return states;
}

static int too_long(struct dm_err *err, const char *what)
{
	return dm_err_set(err, DM_ELIMIT,
	    "matching a regular expression takes too long: %s", what);
}

/* Returns 1, 0 or -1. */
static int match(struct dm_regex *r, struct dm_str text, uint32_t options,
    size_t most, struct dm_err *err)
{
	int rc;

	for (;;) {
		size_t states = r->states < most ? r->states : most;

		rc = pcre2_dfa_match(r->code,
		    (PCRE2_SPTR)(text.n ? text.p : ""), text.n, 0, options,
		    r->match, NULL, r->workspace, INTS_OF(states));
		if (rc != PCRE2_ERROR_DFA_WSSIZE)
			break;
		if (states == most)
			return too_long(
			    err, "too many alternatives for so long a text");
		if (!grow(r, 2 * states))
			return dm_err_nomem(err);
	}
	if (rc >= 0)
		return 1;
	return rc == PCRE2_ERROR_NOMATCH
		   ? 0
		   : dm_err_set(err, DM_ELIMIT,
			 "a regular expression can't be matched (PCRE2 says "
			 "%d)",
			 rc);
}

int dm_regex_match(struct dm_regex *r, struct dm_str text, struct dm_err *err)
{
	int rc = match(r, text, 0, states_for(text.n, COMPARISONS_MAX), err);

	/* It may find one that ends before the text does; the longest. */
	return rc > 0 ? pcre2_get_ovector_pointer(r->match)[1] == text.n : rc;
}

int dm_regex_find(struct dm_regex *r, struct dm_str text, struct dm_err *err)
{
	return match(r, text, PCRE2_DFA_SHORTEST,
	    states_for(text.n, FIND_COMPARISONS_MAX), err);
}

bool dm_regex_matches(struct dm_regex *r, struct dm_str text)
{
	return dm_regex_match(r, text, NULL) > 0;
}

bool dm_regex_has_sure_groups(const struct dm_regex *r)
{
	return !r->groups.repeats_empty;
}

/* Find the next match and its groups. Returns 1, or 0 where there is none. */
static int find(
    struct dm_regex *r, struct dm_str text, size_t from, struct dm_err *err)
{
	int rc;

	rc = pcre2_match(r->code, (PCRE2_SPTR)(text.n ? text.p : ""), text.n,
	    from, 0, r->match, r->context);
	if (rc >= 0)
		return 1;
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	return too_long(err, "it back-tracks too much");
}

static int bound_steps(struct dm_regex *r, struct dm_err *err)
{
	if (!r->context)
		r->context = pcre2_match_context_create(NULL);
	if (!r->context)
		return dm_err_nomem(err);
	pcre2_set_match_limit(r->context, STEPS_MAX);
	return 0;
}

/* A group by its name or number; one that is not there is empty. */
static void add_group(const struct dm_regex *r, struct dm_str text,
    struct dm_str name, struct dm_buf *b)
{
	const PCRE2_SIZE *o = pcre2_get_ovector_pointer(r->match);
	bool zero = name.n > 1 && *name.p == '0';
	uint64_t i;

	if (zero || !dm_str_u64(name, &i)) {
		for (i = 1; i <= r->groups.n; i++) {
			if (dm_str_eq(r->groups.names[i - 1], name) &&
			    o[2 * i] != PCRE2_UNSET)
				break;
		}
	}
	if (i <= r->groups.n && o[2 * i] != PCRE2_UNSET)
		dm_buf_add(b, text.p + o[2 * i], o[2 * i + 1] - o[2 * i]);
}

int dm_regex_find_groups(
    struct dm_regex *r, struct dm_str text, struct dm_err *err)
{
	return bound_steps(r, err) < 0 ? -1 : find(r, text, 0, err);
}

bool dm_regex_group(
    const struct dm_regex *r, struct dm_str text, size_t i, struct dm_str *ret)
{
	const PCRE2_SIZE *o = pcre2_get_ovector_pointer(r->match);

	if (i == 0 || i > r->groups.n || o[2 * i] == PCRE2_UNSET)
		return false;
	*ret = (struct dm_str){text.p + o[2 * i], o[2 * i + 1] - o[2 * i]};
	return true;
}

size_t dm_regex_n_groups(const struct dm_regex *r)
{
	return r->groups.n;
}

struct dm_str dm_regex_group_name(const struct dm_regex *r, size_t i)
{
	return r->groups.names[i - 1];
}

static bool is_name_char(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* The group that a $ names. Returns the bytes taken, 0 where it is only a $. */
static size_t group_name(struct dm_str s, struct dm_str *ret)
{
	bool braces = s.n > 0 && *s.p == '{';
	size_t from = braces ? 1 : 0, n = from;

	while (n < s.n && is_name_char(s.p[n]))
		n++;
	*ret = (struct dm_str){s.p + from, n - from};
	if (ret->n == 0 || (braces && (n == s.n || s.p[n] != '}')))
		return 0;
	return braces ? n + 1 : n;
}

static void expand(const struct dm_regex *r, struct dm_str text,
    struct dm_str pattern, size_t max_bytes, struct dm_buf *b)
{
	struct dm_str name;

	for (size_t i = 0; i < pattern.n && b->n <= max_bytes; i++) {
		struct dm_str rest = {pattern.p + i + 1, pattern.n - i - 1};
		size_t n;

		if (pattern.p[i] != '$') {
			dm_buf_add_char(b, pattern.p[i]);
		} else if (rest.n > 0 && *rest.p == '$') {
			dm_buf_add_char(b, '$');
			i++;
		} else if ((n = group_name(rest, &name)) > 0) {
			add_group(r, text, name, b);
			i += n;
		} else {
			dm_buf_add_char(b, '$');
		}
	}
}

int dm_regex_expand(struct dm_regex *r, struct dm_str text,
    struct dm_str pattern, struct dm_buf *b, struct dm_err *err)
{
	int rc = dm_regex_match(r, text, err);

	if (rc <= 0)
		return rc;
	if (bound_steps(r, err) < 0)
		return -1;
	rc = find(r, text, 0, err);
	if (rc <= 0)
		return rc;
	expand(r, text, pattern, EXPANDED_MAX_BYTES, b);
	if (b->n > EXPANDED_MAX_BYTES)
		return dm_err_set(err, DM_ELIMIT,
		    "a label becomes longer than %d bytes", EXPANDED_MAX_BYTES);
	return dm_buf_ok(b, err) < 0 ? -1 : 1;
}

/* PCRE2 counts steps anew at each place where a match may begin, and not what
 * is passed in one of them. */
struct steps {
	size_t left, at;
};

static int count_step(pcre2_callout_block *c, void *ctx)
{
	struct steps *s = ctx;
	size_t now = c->current_position;
	size_t cost = 1 + (now > s->at ? now - s->at : s->at - now) / 16;

	s->at = now;
	if (s->left < cost)
		return PCRE2_ERROR_MATCHLIMIT;
	s->left -= cost;
	return 0;
}

/* Behind an empty match, the next one is looked for a character on. */
static size_t step(struct dm_str text, size_t at)
{
	unsigned n = at < text.n ? dm_utf8_len(text.p + at, text.n - at) : 1;

	return at + (n ? n : 1);
}

int dm_regex_replace_all(struct dm_regex *r, struct dm_str text,
    struct dm_str pattern, size_t max_bytes, struct dm_buf *b,
    struct dm_err *err)
{
	const PCRE2_SIZE *o = pcre2_get_ovector_pointer(r->match);
	struct steps steps = {ALL_STEPS_MAX, 0};
	size_t copied = 0;
	int rc = 1;

	if (r->groups.repeats_empty && pattern.n > 0 &&
	    memchr(pattern.p, '$', pattern.n))
		return dm_err_set(err, DM_EINVAL,
		    "a group that may match nothing is repeated");
	if (bound_steps(r, err) < 0)
		return -1;
	pcre2_set_callout(r->context, count_step, &steps);
	for (size_t at = 0; at <= text.n;) {
		rc = find(r, text, at, err);
		if (rc <= 0)
			break;
		dm_buf_add(b, text.p + copied, o[0] - copied);
		/* Go takes no empty match right behind the last one. */
		if (o[1] > copied || o[1] == 0)
			expand(r, text, pattern, max_bytes, b);
		copied = o[1];
		at = o[1] > o[0] ? o[1] : step(text, o[1]);
		if (b->n > max_bytes)
			break;
	}
	if (rc < 0)
		return -1;
	dm_buf_add(b, text.p + copied, text.n - copied);
	if (b->n > max_bytes)
		return dm_err_set(err, DM_ELIMIT, "the text becomes too long");
	return dm_buf_ok(b, err);
}
