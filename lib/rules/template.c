/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/template-reader.h"

/* Reads templates. Source of the language: Go, text/template/parse. */

void *dm_tmem_alloc(struct tmem **list, size_t n)
{
	struct tmem *m = calloc(1, sizeof(*m) + n);

	if (!m)
		return NULL;
	m->next = *list;
	*list = m;
	return m->data;
}

void dm_tmem_free(struct tmem *list)
{
	struct tmem *next;

	for (; list; list = next) {
		next = list->next;
		free(list);
	}
}

static int take_close(struct reader *r)
{
	skip_blanks(r);
	if (!at_close(r))
		return fail(r, r->at < r->s.n ? "not expected here"
					      : "an action without its }}");
	r->trim_next = peek(r) == '-';
	r->at += r->trim_next ? 3 : 2;
	return 0;
}

/* `$x :=` or `$x =`, if it stands here. Returns 1 with the name. */
static int take_assignment(struct reader *r, struct dm_str *ret, bool *ret_new)
{
	size_t from = r->at;

	skip_blanks(r);
	if (peek(r) == '$') {
		r->at++;
		*ret = take_name(r);
		skip_blanks(r);
		*ret_new = looking_at(r, ":=");
		if (*ret_new || (peek(r) == '=' && ret->n > 0)) {
			r->at += *ret_new ? 2 : 1;
			return 1;
		}
		if (peek(r) == ',')
			return fail(r, "one variable only");
	}
	r->at = from;
	return 0;
}

static int variable_slot(
    struct reader *r, struct dm_str name, bool is_new, unsigned *ret)
{
	for (unsigned i = r->n_vars; !is_new && i-- > 0;) {
		if (dm_str_eq(r->vars[i].name, name)) {
			*ret = r->vars[i].slot;
			return 0;
		}
	}
	if (!is_new)
		return fail(r, "an undefined variable is set");
	if (r->n_slots == TVARS_MAX || r->n_vars == TVARS_MAX)
		return fail(r, "too many variables");
	r->vars[r->n_vars++] = (struct var_name){name, r->n_slots};
	*ret = r->n_slots++;
	return 0;
}

static int take_action(struct reader *r, struct tstmt *st)
{
	struct dm_str name;
	bool is_new;
	int rc = take_assignment(r, &name, &is_new);

	if (rc < 0 || dm_template_pipeline(r, &st->expr) < 0)
		return -1;
	if (rc == 0)
		return 0;
	st->set = true;
	return variable_slot(r, name, is_new, &st->var);
}

/* How a list of statements ended. */
enum ending {
	AT_END_OF_TEXT,
	AT_END,
	AT_ELSE,
	AT_ELSE_IF
};

static int take_list(
    struct reader *r, struct tstmt **ret, enum ending *ret_ending);

static int take_if(struct reader *r, struct tstmt *st)
{
	unsigned n_vars = r->n_vars;
	enum ending ending;

	if (r->depth >= DM_TEMPLATE_MAX_DEPTH)
		return fail(r, "nested too deeply");
	r->depth++;
	st->kind = TS_IF;
	if (take_action(r, st) < 0 || take_close(r) < 0 ||
	    take_list(r, &st->then_do, &ending) < 0)
		return -1;
	if (ending == AT_ELSE_IF) {
		st->else_do = alloc(r, sizeof(*st->else_do));
		if (!st->else_do || take_if(r, st->else_do) < 0)
			return -1;
	} else if (ending == AT_ELSE) {
		if (take_list(r, &st->else_do, &ending) < 0)
			return -1;
		if (ending != AT_END && ending != AT_END_OF_TEXT)
			return fail(r, "else behind else");
	}
	if (ending == AT_END_OF_TEXT)
		return fail(r, "an if without its end");
	r->n_vars = n_vars;
	r->depth--;
	return 0;
}

static bool take_keyword(struct reader *r, const char *word)
{
	size_t n = strlen(word);
	char next = r->at + n < r->s.n ? r->s.p[r->at + n] : '\0';

	if (!looking_at(r, word) || is_name_char(next))
		return false;
	r->at += n;
	return true;
}

static int take_comment(struct reader *r)
{
	while (r->at < r->s.n && !looking_at(r, "*/"))
		r->at++;
	if (r->at >= r->s.n)
		return fail(r, "a comment without its end");
	r->at += 2;
	return take_close(r);
}

/* Text up to the next action. */
static int take_text(struct reader *r, struct tstmt ***tail)
{
	size_t from = r->at, end;
	struct tstmt *st;

	while (r->at < r->s.n && !looking_at(r, "{{"))
		r->at++;
	end = r->at;
	if (r->trim_next)
		while (from < end && is_blank(r->s.p[from]))
			from++;
	if (r->at + 3 < r->s.n && r->s.p[r->at + 2] == '-' &&
	    is_blank(r->s.p[r->at + 3]))
		while (end > from && is_blank(r->s.p[end - 1]))
			end--;
	r->trim_next = false;
	if (from == end)
		return 0;
	st = alloc(r, sizeof(*st));
	if (!st)
		return -1;
	st->kind = TS_TEXT;
	st->text = (struct dm_str){r->s.p + from, end - from};
	**tail = st;
	*tail = &st->next;
	return 0;
}

/* One action behind its {{. Returns 1 where it ends the list. */
static int take_statement(
    struct reader *r, struct tstmt ***tail, enum ending *ret_ending)
{
	struct tstmt *st;

	r->at += 2;
	if (peek(r) == '-' && r->at + 1 < r->s.n && is_blank(r->s.p[r->at + 1]))
		r->at++;
	skip_blanks(r);
	if (looking_at(r, "/*"))
		return take_comment(r);
	if (take_keyword(r, "end")) {
		*ret_ending = AT_END;
		return take_close(r) < 0 ? -1 : 1;
	}
	if (take_keyword(r, "else")) {
		skip_blanks(r);
		*ret_ending = take_keyword(r, "if") ? AT_ELSE_IF : AT_ELSE;
		return *ret_ending == AT_ELSE && take_close(r) < 0 ? -1 : 1;
	}
	st = alloc(r, sizeof(*st));
	if (!st)
		return -1;
	**tail = st;
	*tail = &st->next;
	if (take_keyword(r, "if"))
		return take_if(r, st);
	if (take_action(r, st) < 0)
		return -1;
	st->kind = st->set ? TS_SET : TS_OUTPUT;
	return take_close(r);
}

static int take_list(
    struct reader *r, struct tstmt **ret, enum ending *ret_ending)
{
	struct tstmt **tail = ret;
	unsigned n_vars = r->n_vars;
	int rc = 0;

	while (rc == 0) {
		if (take_text(r, &tail) < 0)
			return -1;
		if (r->at >= r->s.n) {
			*ret_ending = AT_END_OF_TEXT;
			return 0;
		}
		rc = take_statement(r, &tail, ret_ending);
	}
	r->n_vars = n_vars;
	return rc < 0 ? -1 : 0;
}

static int read_all(struct reader *r)
{
	static const char *const known[] = {
	    "", "labels", "externalLabels", "externalURL", "value"};
	enum ending ending;

	for (unsigned i = 0; i < DM_COUNT(known); i++)
		r->vars[i] = (struct var_name){dm_str(known[i]), i};
	r->n_vars = r->n_slots = TVAR_OWN;
	if (take_list(r, &r->t->first, &ending) < 0)
		return -1;
	if (ending != AT_END_OF_TEXT)
		return fail(r, "an end or else without its if");
	return 0;
}

/* A template of this text, not read yet. */
static struct dm_template *template_new(struct dm_str text, struct dm_err *err)
{
	struct dm_template *t = calloc(1, sizeof(*t));
	char *copy = t ? dm_tmem_alloc(&t->mem, text.n + 1) : NULL;

	if (!copy) {
		free(t);
		dm_err_nomem(err);
		return NULL;
	}
	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	t->text = (struct dm_str){copy, text.n};
	return t;
}

int dm_template_parse(struct dm_str text, struct dm_template **ret,
    size_t *ret_offset, struct dm_err *err)
{
	struct dm_template *t = template_new(text, err);
	struct reader r = {.t = t, .err = err};

	if (ret_offset)
		*ret_offset = 0;
	if (!t)
		return -1;
	r.s = t->text;
	if (read_all(&r) < 0) {
		if (ret_offset)
			*ret_offset = r.at < text.n ? r.at : text.n;
		dm_template_free(t);
		return -1;
	}
	*ret = t;
	return 0;
}

int dm_template_plain(
    struct dm_str text, struct dm_template **ret, struct dm_err *err)
{
	struct dm_template *t = template_new(text, err);
	struct tstmt *st = t ? dm_tmem_alloc(&t->mem, sizeof(*st)) : NULL;

	if (!st) {
		dm_template_free(t);
		return dm_err_nomem(err);
	}
	st->kind = TS_TEXT;
	st->text = t->text;
	t->first = st;
	*ret = t;
	return 0;
}

void dm_template_free(struct dm_template *t)
{
	if (!t)
		return;
	dm_tmem_free(t->mem);
	free(t);
}

struct dm_str dm_template_text(const struct dm_template *t)
{
	return t->text;
}

bool dm_template_uses_value(const struct dm_template *t)
{
	return t->uses_value;
}
