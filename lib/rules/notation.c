/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/notation.h"

#include <math.h>

#include "base/num.h"
#include "promql/lex.h"
#include "series/series.h"

/* A text that is being read. */
struct reader {
	struct dm_str s;
	size_t at;
	struct dm_err *err;
};

static char peek(const struct reader *r)
{
	return r->at < r->s.n ? r->s.p[r->at] : '\0';
}

static int fail(struct reader *r, const char *what)
{
	return dm_err_set(r->err, DM_EPARSE, "%s", what);
}

/* The metric: its tokens are PromQL's. */

static int next(struct reader *r, struct dm_buf *string, struct dm_token *ret)
{
	*ret = dm_lex(r->s, r->at, string);
	r->at = ret->at;
	if (ret->type == DM_TOKEN_ERROR)
		return dm_err_set(r->err, DM_EPARSE, "%.*s",
		    (int)(ret->text.n < 200 ? ret->text.n : 200), ret->text.p);
	return 0;
}

static void take(struct reader *r, const struct dm_token *t)
{
	r->at = t->at + t->text.n;
}

static int put(struct reader *r, struct dm_label_list *ret, struct dm_str name,
    struct dm_str value)
{
	if (dm_label_list_find(ret, name))
		return fail(r, "a label that is there already");
	return dm_label_list_put(ret, name, value, r->err);
}

static bool has_colon(struct dm_str s)
{
	return s.n > 0 && memchr(s.p, ':', s.n);
}

/* `name="value"`, or "name" alone for the metric's. */
static int take_label(
    struct reader *r, struct dm_token first, struct dm_label_list *ret)
{
	DM_AUTO_BUF struct dm_buf name = {0}, value = {0};
	struct dm_token t;
	bool quoted = first.type == DM_TOKEN_STRING;

	if (!quoted && (!dm_token_is_name(&first) || has_colon(first.text)))
		return fail(r, "a label's name was expected");
	/* Once more, for the string that it stands for. */
	first = dm_lex(r->s, first.at, &name);
	if (!quoted)
		dm_buf_add_str(&name, first.text);
	if (dm_buf_ok(&name, r->err) < 0)
		return -1;
	take(r, &first);
	if (next(r, &value, &t) < 0)
		return -1;
	if (quoted && (t.type == DM_TOKEN_COMMA || t.type == DM_TOKEN_RBRACE))
		return put(r, ret, DM_STR(DM_LABEL_NAME), dm_buf_str(&name));
	if (t.type != DM_TOKEN_ASSIGN)
		return fail(r, "= was expected");
	take(r, &t);
	if (next(r, &value, &t) < 0)
		return -1;
	if (t.type != DM_TOKEN_STRING)
		return fail(r, "a string was expected");
	take(r, &t);
	if (dm_buf_ok(&value, r->err) < 0)
		return -1;
	return put(r, ret, dm_buf_str(&name), dm_buf_str(&value));
}

static int take_labels(struct reader *r, struct dm_label_list *ret)
{
	DM_AUTO_BUF struct dm_buf string = {0};
	struct dm_token t;
	bool first = true;

	for (;;) {
		if (next(r, &string, &t) < 0)
			return -1;
		if (t.type == DM_TOKEN_RBRACE) {
			take(r, &t);
			return 0;
		}
		if (!first && t.type != DM_TOKEN_COMMA)
			return fail(r, ", or } was expected");
		if (!first) {
			take(r, &t);
			if (next(r, &string, &t) < 0)
				return -1;
			if (t.type == DM_TOKEN_RBRACE)
				continue;
		}
		first = false;
		if (take_label(r, t, ret) < 0)
			return -1;
	}
}

static int take_metric(struct reader *r, struct dm_label_list *ret)
{
	DM_AUTO_BUF struct dm_buf string = {0};
	struct dm_token t;

	if (next(r, &string, &t) < 0)
		return -1;
	if (t.type == DM_TOKEN_NAME) {
		if (put(r, ret, DM_STR(DM_LABEL_NAME), t.text) < 0)
			return -1;
		take(r, &t);
		if (next(r, &string, &t) < 0)
			return -1;
	} else if (t.type != DM_TOKEN_LBRACE) {
		return fail(r, "a metric was expected");
	}
	if (t.type == DM_TOKEN_LBRACE) {
		take(r, &t);
		if (take_labels(r, ret) < 0 || next(r, &string, &t) < 0)
			return -1;
	}
	return t.type == DM_TOKEN_END ? 0 : fail(r, "not expected here");
}

int dm_metric_parse(struct dm_str text, struct dm_label_list *ret,
    size_t *ret_offset, struct dm_err *err)
{
	struct reader r = {.s = text, .err = err};
	struct dm_label_list p = {0};

	if (take_metric(&r, &p) < 0) {
		if (ret_offset)
			*ret_offset = r.at < text.n ? r.at : text.n;
		dm_label_list_release(&p);
		return -1;
	}
	*ret = p;
	return 0;
}

/* The values. */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return c == '_' || c == ':' || is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_digits(struct reader *r)
{
	while (is_digit(peek(r)) || (peek(r) == '_' && r->at + 1 < r->s.n &&
					is_digit(r->s.p[r->at + 1])))
		r->at++;
}

/* As Go reads it, with a base of 0: with a zero before them, digits are
 * octal. Source: promql/parser, number. */
static bool whole_number(struct dm_str s, double *ret)
{
	uint64_t v = 0;
	bool octal = s.n > 1 && s.p[0] == '0';

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '_')
			continue;
		if (!is_digit(s.p[i]) || (octal && s.p[i] > '7') || v >> 59)
			return false;
		v = v * (octal ? 8 : 10) + (uint64_t)(s.p[i] - '0');
	}
	*ret = (double)v;
	return true;
}

/* Digits; as in Prometheus, there are no hexadecimal ones: 0x10 is eleven
 * zeros. */
static int take_digits(struct reader *r, double *ret)
{
	size_t from = r->at;
	struct dm_str s;
	bool ok;

	skip_digits(r);
	if (peek(r) == '.') {
		r->at++;
		skip_digits(r);
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		r->at++;
		if (peek(r) == '+' || peek(r) == '-')
			r->at++;
		skip_digits(r);
	}
	s = (struct dm_str){r->s.p + from, r->at - from};
	ok = peek(r) == 'x' || !is_word(peek(r));
	if (ok && (whole_number(s, ret) ||
		      (dm_num_parse_user(s, ret) && !isinf(*ret))))
		return 0;
	r->at = from;
	return fail(r, "bad number");
}

static bool is_ignoring_case(struct dm_str s, const char *lower)
{
	size_t n = strlen(lower);

	for (size_t i = 0; i < s.n && s.n == n; i++)
		if ((s.p[i] | 0x20) != lower[i])
			return false;
	return s.n == n;
}

/* A number without its sign; or the word that stands for it. */
static int take_unsigned(struct reader *r, bool stale, double *ret)
{
	size_t from = r->at;
	struct dm_str word;

	if (is_digit(peek(r)) || (peek(r) == '.' && r->at + 1 < r->s.n &&
				     is_digit(r->s.p[r->at + 1])))
		return take_digits(r, ret);
	while (is_word(peek(r)))
		r->at++;
	word = (struct dm_str){r->s.p + from, r->at - from};
	if (is_ignoring_case(word, "inf"))
		*ret = INFINITY;
	else if (is_ignoring_case(word, "nan"))
		*ret = NAN;
	else if (stale && dm_str_is(word, "stale"))
		*ret = dm_stale();
	else {
		r->at = from;
		return fail(r, stale ? "a number, stale or _ was expected"
				     : "a number was expected");
	}
	return 0;
}

static int take_number(struct reader *r, bool stale, double *ret)
{
	bool minus = peek(r) == '-';

	if (minus || peek(r) == '+') {
		r->at++;
		stale = false;
	}
	if (take_unsigned(r, stale, ret) < 0)
		return -1;
	if (minus)
		*ret = -*ret;
	return 0;
}

/* How often, behind the x. */
static int take_times(struct reader *r, uint64_t *ret)
{
	size_t from = r->at;

	skip_digits(r);
	if (!is_word(peek(r)) && peek(r) != '.' &&
	    dm_str_u64((struct dm_str){r->s.p + from, r->at - from}, ret) &&
	    *ret < UINT64_MAX)
		return 0;
	r->at = from;
	return fail(r, "how often, a whole number, was expected");
}

static int take_item(struct reader *r, struct dm_values_run *ret)
{
	*ret = (struct dm_values_run){.n = 1};
	if (peek(r) == '{')
		return fail(r, "native histograms are not supported");
	if (peek(r) == '_') {
		r->at++;
		ret->gap = true;
	} else if (take_number(r, true, &ret->first) < 0) {
		return -1;
	}
	if (!ret->gap && (peek(r) == '+' || peek(r) == '-')) {
		if (take_number(r, false, &ret->step) < 0)
			return -1;
		if (peek(r) != 'x')
			return fail(r, "x and how often was expected");
	}
	/* A word before it would have taken the x. */
	if (peek(r) == 'x') {
		r->at++;
		if (take_times(r, &ret->n) < 0)
			return -1;
		ret->n += !ret->gap;
	}
	if (r->at < r->s.n && !is_blank(peek(r)))
		return fail(r, "not expected here");
	return 0;
}

static int add(struct dm_values *v, struct dm_values_run run)
{
	if (v->n == v->cap) {
		size_t cap = v->cap ? 2 * v->cap : 4;
		void *p = realloc(v->runs, cap * sizeof(*v->runs));

		if (!p)
			return -1;
		v->runs = p;
		v->cap = cap;
	}
	v->runs[v->n++] = run;
	return 0;
}

static int take_items(struct reader *r, struct dm_values *v)
{
	struct dm_values_run run;

	for (;;) {
		while (is_blank(peek(r)))
			r->at++;
		if (r->at >= r->s.n)
			return 0;
		if (take_item(r, &run) < 0)
			return -1;
		if (add(v, run) < 0)
			return dm_err_nomem(r->err);
	}
}

int dm_values_parse(struct dm_str text, struct dm_values *ret,
    size_t *ret_offset, struct dm_err *err)
{
	struct reader r = {.s = text, .err = err};
	struct dm_values v = {0};

	if (take_items(&r, &v) < 0) {
		if (ret_offset)
			*ret_offset = r.at < text.n ? r.at : text.n;
		dm_values_release(&v);
		return -1;
	}
	*ret = v;
	return 0;
}

void dm_values_release(struct dm_values *v)
{
	free(v->runs);
	*v = (struct dm_values){0};
}

bool dm_values_next(const struct dm_values *v, struct dm_values_at *at,
    double *ret, bool *ret_gap)
{
	const struct dm_values_run *run;

	while (at->run < v->n && at->i == v->runs[at->run].n)
		*at = (struct dm_values_at){.run = at->run + 1};
	if (at->run == v->n)
		return false;
	run = &v->runs[at->run];
	at->value = at->i == 0 ? run->first : at->value + run->step;
	at->i++;
	*ret = at->value;
	*ret_gap = run->gap;
	return true;
}
