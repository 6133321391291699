/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_TEMPLATE_READER_H
#define DM_RULES_TEMPLATE_READER_H

#include "rules/template-ast.h"

/* What template.c (texts and statements) and pipeline.c (what stands in them)
 * share. */

struct reader {
	struct dm_template *t;
	struct dm_str s; /* the whole text */
	size_t at;
	unsigned depth;
	bool trim_next; /* "-}}": blanks behind it go */
	/* Those that can be seen here, and how many slots have been given in
	 * the named template that is being read. */
	struct tvar *vars[TVARS_MAX];
	unsigned n_vars;
	unsigned n_slots;
	const struct texpr *dot; /* what with has set it to, or NULL */
	unsigned loops;		 /* we are within */
	struct dm_err *err;
};

static inline int fail(struct reader *r, const char *what)
{
	return dm_err_set(r->err, DM_EPARSE, "template: %s", what);
}

static inline void *alloc(struct reader *r, size_t n)
{
	void *p = dm_tmem_alloc(&r->t->mem, n);

	if (!p)
		dm_err_nomem(r->err);
	return p;
}

static inline char peek(const struct reader *r)
{
	return r->at < r->s.n ? r->s.p[r->at] : '\0';
}

static inline bool looking_at(const struct reader *r, const char *what)
{
	struct dm_str rest = {r->s.p + r->at, r->s.n - r->at};

	return dm_str_starts(rest, what);
}

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline bool skip_blanks(struct reader *r)
{
	size_t from = r->at;

	while (is_blank(peek(r)) && r->at < r->s.n)
		r->at++;
	return r->at > from;
}

static inline bool is_name_char(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c & 0x80);
}

static inline struct dm_str take_name(struct reader *r)
{
	size_t from = r->at;

	while (is_name_char(peek(r)))
		r->at++;
	return (struct dm_str){r->s.p + from, r->at - from};
}

/* At "}}" or " -}}"? Blanks before it have been skipped. */
static inline bool at_close(const struct reader *r)
{
	return looking_at(r, "}}") || (looking_at(r, "-}}") && r->at > 0 &&
					  is_blank(r->s.p[r->at - 1]));
}

/** A text in quotes, behind blanks. */
int dm_template_quoted(struct reader *r, struct dm_str *ret);
/** A pipeline, up to what ends it. */
int dm_template_pipeline(struct reader *r, struct texpr **ret);

#endif
