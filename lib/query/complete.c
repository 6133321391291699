/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/complete.h"

#include <strings.h>

#include "base/array.h"
#include "base/utf8.h"
#include "promql/lex.h"
#include "promql/promql.h"
#include "query/index.h"
#include "query/view.h"

#define DEPTH_MAX 64

static const char *const keywords[] = {"anchored", "and", "atan2", "bool", "by",
    "end()", "fill", "fill_left", "fill_right", "group_left", "group_right",
    "ignoring", "offset", "on", "or", "smoothed", "start()", "unless",
    "without"};

const char *const dm_prompt_commands[] = {"\\alerts", "\\at", "\\chart", "\\d",
    "\\format", "\\help", "\\human", "\\q", "\\range", NULL};

void dm_completion_release(struct dm_completion *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->words[i]);
	free(c->words);
	*c = (struct dm_completion){0};
}

/* A word, if it begins as what has been typed does. */
static int offer(struct dm_completion *c, struct dm_str prefix,
    struct dm_str word, struct dm_err *err)
{
	if (word.n < prefix.n ||
	    (prefix.n && memcmp(word.p, prefix.p, prefix.n) != 0))
		return 0;
	if (dm_array_grow(&c->words, c->n, &c->cap, sizeof(*c->words), err) < 0)
		return -1;
	c->words[c->n] = dm_str_dup(word);
	if (!c->words[c->n])
		return dm_err_nomem(err);
	c->n++;
	return 0;
}

struct offering {
	struct dm_completion *c;
	struct dm_str prefix;
};

static int offer_metric(
    void *to, const struct dm_catalog_metric *m, struct dm_err *err)
{
	const struct offering *o = to;
	struct dm_completion *c = o->c;

	/* The same of another kind. */
	if (c->n && dm_str_is(m->name, c->words[c->n - 1]))
		return 0;
	return offer(c, o->prefix, m->name, err);
}

static int offer_call(struct dm_completion *c, struct dm_str prefix,
    const char *name, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf b = {0};

	dm_buf_addf(&b, "%s(", name);
	if (dm_buf_ok(&b, err) < 0)
		return -1;
	return offer(c, prefix, dm_buf_str(&b), err);
}

static int offer_words(const struct dm_catalog *catalog,
    struct dm_completion *c, struct dm_str prefix, struct dm_err *err)
{
	struct offering o = {c, prefix};
	const char *name;

	if (catalog->metrics(catalog->ctx, offer_metric, &o, err) < 0)
		return -1;
	for (size_t i = 0; (name = dm_expr_function_name(i)); i++) {
		if (offer_call(c, prefix, name, err) < 0)
			return -1;
	}
	for (unsigned t = DM_TOKEN_SUM; t <= DM_TOKEN_LIMIT_RATIO; t++) {
		name = dm_token_name((enum dm_token_type)t);
		if (offer_call(c, prefix, name, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < DM_COUNT(keywords); i++) {
		if (offer(c, prefix, dm_str(keywords[i]), err) < 0)
			return -1;
	}
	return 0;
}

static int offer_labels(const struct dm_catalog *catalog,
    struct dm_completion *c, struct dm_str metric, struct dm_str prefix,
    struct dm_err *err)
{
	DM_AUTO_INDEX struct dm_index x = {0};
	DM_AUTO_FREE const char **names = NULL;
	size_t n;

	if (dm_index_read(&x, catalog, metric, err) < 0 ||
	    dm_index_names(&x, &names, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (offer(c, prefix, dm_str(names[i]), err) < 0)
			return -1;
	}
	return 0;
}

/* A value as it is written between such quotes: the quote, backslashes and
 * what a terminal must not get are escaped. */
static void add_quoted(struct dm_buf *b, struct dm_str value, char quote)
{
	for (size_t i = 0, n; i < value.n; i += n) {
		unsigned char a = (unsigned char)value.p[i];

		n = dm_utf8_len(value.p + i, value.n - i);
		if (n == 2 && a == 0xc2 &&
		    (unsigned char)value.p[i + 1] < 0xa0) {
			dm_buf_addf(
			    b, "\\u00%02x", (unsigned char)value.p[i + 1]);
		} else if (n == 0 || a < 0x20 || a == 0x7f) {
			n = 1;
			dm_buf_addf(b, "\\x%02x", a);
		} else {
			if (value.p[i] == quote || value.p[i] == '\\')
				dm_buf_add_char(b, '\\');
			dm_buf_add(b, value.p + i, n);
		}
	}
}

static int offer_values(const struct dm_catalog *catalog,
    struct dm_completion *c, struct dm_str metric, struct dm_str label,
    struct dm_str prefix, struct dm_err *err)
{
	DM_AUTO_INDEX struct dm_index x = {0};
	DM_AUTO_FREE const char **values = NULL;
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_index_label *l;
	size_t n;

	if (dm_index_read(&x, catalog, metric, err) < 0)
		return -1;
	l = dm_map_get(&x.labels, label);
	if (!l)
		return 0;
	if (dm_index_sorted(&l->values, &values, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		dm_buf_clear(&b);
		add_quoted(&b, dm_str(values[i]), c->quote);
		if (dm_buf_ok(&b, err) < 0 ||
		    offer(c, prefix, dm_buf_str(&b), err) < 0)
			return -1;
	}
	return 0;
}

/* Where in an expression its end is. */
struct place {
	struct {
		enum dm_token_type type;
		struct dm_str metric; /* before a brace */
		bool labels;	      /* by (…), on (…) */
	} open[DEPTH_MAX];
	size_t depth;
	struct dm_token last, before;
	struct dm_str label; /* within braces: the last one named */
	size_t string_from;  /* behind an open quote; 0: none is */
	char quote;
};

static bool takes_labels(struct dm_str word)
{
	static const char *const words[] = {
	    "by", "without", "on", "ignoring", "group_left", "group_right"};

	for (size_t i = 0; i < DM_COUNT(words); i++) {
		if (word.n == strlen(words[i]) &&
		    strncasecmp(word.p, words[i], word.n) == 0)
			return true;
	}
	return false;
}

static bool opens(enum dm_token_type t)
{
	return t == DM_TOKEN_LBRACE || t == DM_TOKEN_LPAREN ||
	       t == DM_TOKEN_LBRACKET;
}

static bool closes(enum dm_token_type t)
{
	return t == DM_TOKEN_RBRACE || t == DM_TOKEN_RPAREN ||
	       t == DM_TOKEN_RBRACKET;
}

static void open_bracket(struct place *p, const struct dm_token *t)
{
	bool named = p->last.type == DM_TOKEN_NAME;

	if (p->depth < DEPTH_MAX) {
		p->open[p->depth].type = t->type;
		p->open[p->depth].metric = named ? p->last.text : DM_STR("");
		p->open[p->depth].labels = t->type == DM_TOKEN_LPAREN &&
					   named && takes_labels(p->last.text);
	}
	p->depth++;
}

static bool is_within_braces(const struct place *p)
{
	return p->depth && p->depth <= DEPTH_MAX &&
	       p->open[p->depth - 1].type == DM_TOKEN_LBRACE;
}

/* Read until the end, or an error, as which an open string comes. */
static void find_place(struct dm_str text, struct place *p)
{
	DM_AUTO_BUF struct dm_buf string = {0};
	struct dm_token t;
	size_t at = 0;

	for (;;) {
		t = dm_lex(text, at, &string);
		if (t.type == DM_TOKEN_END || t.type == DM_TOKEN_ERROR)
			break;
		if (opens(t.type))
			open_bracket(p, &t);
		else if (closes(t.type) && p->depth)
			p->depth--;
		if (is_within_braces(p) && t.type == DM_TOKEN_NAME)
			p->label = t.text;
		p->before = p->last;
		p->last = t;
		at = t.at + t.text.n;
	}
	if (t.type == DM_TOKEN_ERROR && t.at < text.n &&
	    strchr("\"'`", text.p[t.at])) {
		p->quote = text.p[t.at];
		p->string_from = t.at + 1;
	}
}

/* The labels of which metric? Within by (…) and the like it is not known. */
static struct dm_str metric_of(const struct place *p)
{
	return is_within_braces(p) ? p->open[p->depth - 1].metric : DM_STR("");
}

static int complete_expr(const struct dm_catalog *catalog, struct dm_str text,
    struct dm_completion *c, struct dm_err *err)
{
	struct place p = {0};
	struct dm_str prefix = DM_STR("");

	find_place(text, &p);
	c->from = text.n;
	if (p.string_from) {
		c->from = p.string_from;
		c->quote = p.quote;
		prefix = (struct dm_str){text.p + c->from, text.n - c->from};
		if (!is_within_braces(&p))
			return 0;
		return offer_values(
		    catalog, c, metric_of(&p), p.label, prefix, err);
	}
	if (p.last.type == DM_TOKEN_NAME &&
	    p.last.at + p.last.text.n == text.n) {
		c->from = p.last.at;
		prefix = p.last.text;
	}
	if (is_within_braces(&p) ||
	    (p.depth && p.depth <= DEPTH_MAX && p.open[p.depth - 1].labels))
		return offer_labels(catalog, c, metric_of(&p), prefix, err);
	return offer_words(catalog, c, prefix, err);
}

static int offer_list(struct dm_completion *c, struct dm_str prefix,
    const char *const *words, size_t n, struct dm_err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (offer(c, prefix, dm_str(words[i]), err) < 0)
			return -1;
	}
	return 0;
}

/* A command, or the first word behind it. */
static int complete_command(const struct dm_catalog *catalog,
    struct dm_str text, struct dm_completion *c, struct dm_err *err)
{
	static const char *const formats[] = {
	    "csv", "json", "prometheus", "table"};
	static const char *const times[] = {"end", "end-", "now"};
	size_t n_commands = 0;
	struct dm_str rest = text, command;
	struct offering o = {.c = c};

	while (dm_prompt_commands[n_commands])
		n_commands++;
	if (!memchr(text.p, ' ', text.n))
		return offer_list(c, text, dm_prompt_commands, n_commands, err);
	dm_str_word(&rest, &command);
	while (rest.n && rest.p[0] == ' ') {
		rest.p++;
		rest.n--;
	}
	c->from = text.n - rest.n;
	o.prefix = rest;
	if (dm_str_is(command, "\\d"))
		return catalog->metrics(catalog->ctx, offer_metric, &o, err);
	if (dm_str_is(command, "\\format"))
		return offer_list(c, rest, formats, DM_COUNT(formats), err);
	if (dm_str_is(command, "\\at") || dm_str_is(command, "\\range") ||
	    dm_str_is(command, "\\alerts"))
		return offer_list(c, rest, times, DM_COUNT(times), err);
	return 0;
}

static int cmp_words(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int dm_complete(const struct dm_catalog *catalog, struct dm_str text,
    struct dm_completion *ret, struct dm_err *err)
{
	int status;

	*ret = (struct dm_completion){0};
	status = text.n && text.p[0] == '\\'
		     ? complete_command(catalog, text, ret, err)
		     : complete_expr(catalog, text, ret, err);
	if (ret->n)
		qsort(ret->words, ret->n, sizeof(*ret->words), cmp_words);
	return status;
}

bool dm_expr_is_open(struct dm_str text)
{
	struct place p = {0};

	find_place(text, &p);
	if (p.quote)
		return p.quote == '`'; /* others end with their line */
	if (p.depth)
		return true;
	if (p.last.type == DM_TOKEN_NAME)
		return dm_lex_operator(p.last.text) != DM_TOKEN_NAME ||
		       takes_labels(p.last.text);
	return p.last.type >= DM_TOKEN_ADD && p.last.type <= DM_TOKEN_UNLESS;
}
