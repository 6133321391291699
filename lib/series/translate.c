/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From RE2's syntax to PCRE2's. What is written in one of RE2's ways is
 * written anew in a way that means the same in PCRE2; all else is refused.
 * Source: RE2, doc/syntax.txt; Go, regexp/syntax/parse.go.
 */
#include "series/translate.h"

#include "base/array.h"
#include "base/utf8.h"

#define NAME_MAX_BYTES 60

int dm_translator_refuse(
    const struct dm_translator *t, size_t at, const char *what)
{
	unsigned column = 1;

	for (size_t i = 0; i < at && i < t->in.n; i++)
		column += (t->in.p[i] & 0xc0) != 0x80;
	return dm_err_at(t->err, DM_EPARSE, 0, column,
	    "regular expression, character %u: %s", column, what);
}

static char peek(const struct dm_translator *t, size_t ahead)
{
	return dm_translator_peek(t, ahead);
}

void dm_regex_groups_release(struct dm_regex_groups *g)
{
	for (size_t i = 0; i < g->n; i++)
		free((char *)g->names[i].p);
	free(g->names);
	*g = (struct dm_regex_groups){0};
}

/* What stood last is not repeated. */
static void commit(struct dm_translator *t)
{
	struct dm_translator_level *l = &t->levels[t->depth];

	if (t->last != DM_LAST_NONE)
		l->empty = l->empty && t->empty;
	t->last = DM_LAST_NONE;
}

/* An item of which a repetition may follow. */
static void item(struct dm_translator *t)
{
	commit(t);
	t->last = DM_LAST_ITEM;
	t->product = 1;
	t->empty = false;
	t->first_group = t->groups->n;
}

void dm_translator_literal(struct dm_translator *t, uint32_t c)
{
	item(t);
	if (c < 0x20 || c == 0x7f) {
		dm_buf_addf(t->out, "\\x{%x}", (unsigned)c);
	} else {
		if (c < 0x80 && !dm_translator_is_word(c))
			dm_buf_add_char(t->out, '\\');
		dm_utf8_add(t->out, c);
	}
}

/* Does a repetition follow? PCRE2 takes none of an assertion. */
static bool is_repeated(const struct dm_translator *t, size_t ahead)
{
	char c = peek(t, ahead);

	return c == '*' || c == '+' || c == '?' || c == '{';
}

static void assertion(struct dm_translator *t, const char *text, size_t n)
{
	bool wrap = is_repeated(t, n);

	item(t);
	t->empty = true;
	dm_buf_addf(t->out, wrap ? "(?:%s)" : "%s", text);
	t->at += n;
}

/* \Q…\E: as it stands. Prometheus puts ")$" behind the pattern, and so the
 * end must be there. */
static int quoted(struct dm_translator *t)
{
	const char *from = t->in.p + t->at + 2;
	size_t left = t->in.n - t->at - 2;
	const char *end = left ? memmem(from, left, "\\E", 2) : NULL;
	size_t stop;

	if (!end)
		return dm_translator_refuse(t, t->at, "\\Q without \\E");
	stop = (size_t)(end - t->in.p);
	t->at += 2;
	while (t->at < stop)
		dm_translator_literal(t, dm_translator_next(t));
	t->at = stop + 2;
	return 0;
}

static int escape(struct dm_translator *t)
{
	uint32_t c;

	switch (peek(t, 1)) {
	case 'A':
		assertion(t, "\\A", 2);
		return 0;
	case 'b':
		assertion(t, "\\b", 2);
		return 0;
	case 'B':
		assertion(t, "\\B", 2);
		return 0;
	case 'z':
		assertion(t, "\\z", 2);
		return 0;
	case 'Q':
		return quoted(t);
	case 'd':
	case 'D':
	case 's':
	case 'S':
	case 'w':
	case 'W':
		item(t);
		dm_translator_perl_class(t);
		return 0;
	case 'p':
	case 'P':
		item(t);
		return dm_translator_property(t);
	default:
		if (dm_translator_escape(t, &c) < 0)
			return -1;
		dm_translator_literal(t, c);
		return 0;
	}
}

static int push(struct dm_translator *t, size_t at)
{
	if (t->depth + 1 == DM_TRANSLATOR_DEPTH)
		return dm_translator_refuse(t, at, "it is nested too deeply");
	commit(t);
	t->depth++;
	t->levels[t->depth] =
	    (struct dm_translator_level){.fold = t->levels[t->depth - 1].fold,
		.product = 1,
		.empty = true,
		.first_group = t->groups->n};
	return 0;
}

static int close_group(struct dm_translator *t)
{
	struct dm_translator_level *l = &t->levels[t->depth];

	if (t->depth == 0)
		return dm_translator_refuse(
		    t, t->at, "\")\" without a \"(\" before it");
	commit(t);
	t->depth--;
	t->at++;
	dm_buf_add_char(t->out, ')');
	t->last = DM_LAST_ITEM;
	t->product = l->product;
	t->empty = l->empty || l->others_empty;
	t->first_group = l->first_group;
	if (t->levels[t->depth].product < l->product)
		t->levels[t->depth].product = l->product;
	return 0;
}

static int add_group(struct dm_translator *t, size_t at, struct dm_str name)
{
	struct dm_regex_groups *g = t->groups;

	if (push(t, at) < 0 || dm_array_grow(&g->names, g->n, &g->cap,
				   sizeof(*g->names), t->err) < 0)
		return -1;
	g->names[g->n].p = dm_str_dup(name);
	g->names[g->n].n = name.n;
	if (!g->names[g->n].p)
		return dm_err_nomem(t->err);
	g->n++;
	dm_buf_add_char(t->out, '(');
	return 0;
}

/* Behind "(?P<" or "(?<". */
static int named_group(struct dm_translator *t, size_t from)
{
	size_t at = t->at, n = 0;
	struct dm_str name;

	while (dm_translator_is_word((unsigned char)peek(t, from + n)))
		n++;
	if (n == 0 || n > NAME_MAX_BYTES || peek(t, from + n) != '>')
		return dm_translator_refuse(t, at, "bad name of a group");
	name = (struct dm_str){t->in.p + at + from, n};
	t->at += from + n + 1;
	return add_group(t, at, name);
}

/* (?flags) and (?flags:…). */
static int flags(struct dm_translator *t)
{
	struct dm_translator_level *l = &t->levels[t->depth];
	size_t at = t->at, i = 2, since = 2;
	bool minus = false, fold = l->fold, lines = l->lines;

	for (; peek(t, i) && strchr("imsU-", peek(t, i)); i++) {
		if (peek(t, i) == '-' && minus)
			break;
		if (peek(t, i) == '-') {
			minus = true;
			since = i + 1;
		}
		if (peek(t, i) == 'i')
			fold = !minus;
		if (peek(t, i) == 'm')
			lines = !minus;
	}
	if ((peek(t, i) != ':' && peek(t, i) != ')') || (minus && i == since))
		return dm_translator_refuse(t, at,
		    "this kind of group (?…) is not supported (RE2 syntax)");
	if (peek(t, i) == ')' && peek(t, i + 1) &&
	    strchr("*+?", peek(t, i + 1)))
		return dm_translator_refuse(t, at + i + 1, "nothing to repeat");
	if (i > 2 || peek(t, i) == ':')
		dm_buf_add(t->out, t->in.p + at, i + 1);
	t->at += i + 1;
	if (t->in.p[at + i] == ')') {
		l->fold = fold;
		l->lines = lines;
		return 0;
	}
	if (push(t, at) < 0)
		return -1;
	t->levels[t->depth].fold = fold;
	t->levels[t->depth].lines = lines;
	return 0;
}

static int group(struct dm_translator *t)
{
	if (peek(t, 1) != '?') {
		t->at++;
		return add_group(t, t->at - 1, DM_STR(""));
	}
	if (peek(t, 2) == 'P' && peek(t, 3) == '<')
		return named_group(t, 4);
	if (peek(t, 2) == '<' && peek(t, 3) != '=' && peek(t, 3) != '!')
		return named_group(t, 3);
	return flags(t);
}

/* Up to seven digits, without zeros before them; -1 where there are none. */
static int count(const struct dm_translator *t, size_t *i)
{
	size_t from = *i;
	int n = 0;

	for (; peek(t, *i) >= '0' && peek(t, *i) <= '9'; ++*i) {
		if (n <= DM_TRANSLATOR_REPEAT)
			n = n * 10 + (peek(t, *i) - '0');
	}
	if (*i == from || (peek(t, from) == '0' && *i > from + 1))
		return -1;
	return n;
}

/* The length of a {n}, {n,} or {n,m}; 0 where it is plain text. */
static size_t repeat_length(
    const struct dm_translator *t, int *ret_min, int *ret_max)
{
	size_t i = 1;

	*ret_min = count(t, &i);
	*ret_max = *ret_min;
	if (*ret_min < 0)
		return 0;
	if (peek(t, i) == ',') {
		i++;
		*ret_max = peek(t, i) == '}' ? -1 : count(t, &i);
		if (*ret_max < 0 && t->in.p[t->at + i - 1] != ',')
			return 0;
	}
	return peek(t, i) == '}' ? i + 1 : 0;
}

/* All of nested counts, multiplied, are bounded too. */
static int check_counts(struct dm_translator *t, int min, int max)
{
	unsigned times = (unsigned)(max < 0 ? min : max);

	if (min > DM_TRANSLATOR_REPEAT || max > DM_TRANSLATOR_REPEAT ||
	    (max >= 0 && min > max) ||
	    (times >= 2 && times * t->product > DM_TRANSLATOR_REPEAT))
		return dm_translator_refuse(
		    t, t->at, "bad repeat count, or more than 1000 in all");
	t->product = times ? times * t->product : 1;
	return 0;
}

static int repeat(struct dm_translator *t)
{
	struct dm_translator_level *l = &t->levels[t->depth];
	int min = 0, max = 0;
	size_t n = 1;
	bool many;

	if (peek(t, 0) == '{') {
		n = repeat_length(t, &min, &max);
		if (n == 0) {
			t->at++;
			dm_translator_literal(t, '{');
			return 0;
		}
	}
	if (t->last != DM_LAST_ITEM)
		return dm_translator_refuse(t, t->at,
		    t->last == DM_LAST_REPEAT ? "a repetition is repeated"
					      : "nothing to repeat");
	if (n > 1 && check_counts(t, min, max) < 0)
		return -1;
	if (l->product < t->product)
		l->product = t->product;
	many = n > 1 ? max < 0 || max > 1 : peek(t, 0) != '?';
	if (many && t->empty && t->groups->n > t->first_group)
		t->groups->repeats_empty = true;
	t->empty = t->empty || (n > 1 ? min == 0 : peek(t, 0) != '+');
	n += peek(t, n) == '?';
	dm_buf_add(t->out, t->in.p + t->at, n);
	t->at += n;
	t->last = DM_LAST_REPEAT;
	return 0;
}

static void alternative(struct dm_translator *t)
{
	struct dm_translator_level *l = &t->levels[t->depth];

	commit(t);
	l->others_empty |= l->empty;
	l->empty = true;
	t->at++;
	dm_buf_add_char(t->out, '|');
}

static int step(struct dm_translator *t)
{
	switch (peek(t, 0)) {
	case '\\':
		return escape(t);
	case '[':
		item(t);
		return dm_translator_class(t);
	case '(':
		return group(t);
	case ')':
		return close_group(t);
	case '*':
	case '+':
	case '?':
	case '{':
		return repeat(t);
	case '|':
		alternative(t);
		return 0;
	case '.':
		item(t);
		t->at++;
		dm_buf_add_char(t->out, '.');
		return 0;
	case '^':
		assertion(t, "^", 1);
		return 0;
	case '$':
		assertion(t, t->levels[t->depth].lines ? "$" : "\\z", 1);
		return 0;
	default:
		dm_translator_literal(t, dm_translator_next(t));
		return 0;
	}
}

int dm_regex_translate(struct dm_str pattern, struct dm_buf *b,
    struct dm_regex_groups *groups, struct dm_err *err)
{
	struct dm_translator t = {.in = pattern,
	    .out = b,
	    .groups = groups,
	    .err = err,
	    .levels = {{.product = 1, .empty = true}}};

	if (!dm_utf8_valid(pattern.p, pattern.n))
		return dm_err_set(
		    err, DM_EPARSE, "regular expression: it is not UTF-8");
	while (t.at < t.in.n) {
		if (step(&t) < 0)
			return -1;
	}
	if (t.depth)
		return dm_translator_refuse(
		    &t, t.in.n, "a \")\" is missing at the end");
	return dm_buf_ok(b, err);
}
