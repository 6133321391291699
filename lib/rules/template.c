/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/template-reader.h"

/* Reads templates. Source of the language: Go, text/template/parse. */

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

/* What stands before a pipeline: $x :=, $i, $x :=, $x =. */
struct assignment {
	struct dm_str names[2];
	unsigned n; /* 0: none */
	bool is_new;
};

/* `$x`, if it stands here. */
static bool take_dollar(struct reader *r, struct dm_str *ret)
{
	skip_blanks(r);
	if (peek(r) != '$')
		return false;
	r->at++;
	*ret = take_name(r);
	skip_blanks(r);
	return true;
}

/* Only where := or = stands behind them; two variables are range's. */
static int take_assignment(
    struct reader *r, bool is_range, struct assignment *ret)
{
	size_t from = r->at;

	*ret = (struct assignment){0};
	if (take_dollar(r, &ret->names[0])) {
		ret->n = 1;
		if (peek(r) == ',') {
			if (!is_range)
				return fail(r, "one variable only");
			r->at++;
			if (!take_dollar(r, &ret->names[1]))
				return fail(r, "a variable was expected");
			ret->n = 2;
		}
		ret->is_new = looking_at(r, ":=");
		if (ret->is_new || (peek(r) == '=' && ret->names[0].n > 0)) {
			r->at += ret->is_new ? 2 : 1;
			return 0;
		}
		if (ret->n == 2)
			return fail(r, ":= was expected");
	}
	ret->n = 0;
	r->at = from;
	return 0;
}

/* @is  what it is declared as, or NULL where that depends */
static int variable_new(struct reader *r, struct dm_str name,
    const struct texpr *is, struct tvar **ret)
{
	if (r->n_slots == TVARS_MAX || r->n_vars == TVARS_MAX)
		return fail(r, "too many variables");
	*ret = alloc(r, sizeof(**ret));
	if (!*ret)
		return -1;
	**ret = (struct tvar){.name = name, .slot = r->n_slots++, .is = is};
	r->vars[r->n_vars++] = *ret;
	return 0;
}

static int variable_find(
    struct reader *r, struct dm_str name, struct tvar **ret)
{
	for (unsigned i = r->n_vars; i-- > 0;) {
		if (dm_str_eq(r->vars[i]->name, name)) {
			*ret = r->vars[i];
			(*ret)->changes = true;
			return 0;
		}
	}
	return fail(r, "an undefined variable is set");
}

static int assign(struct reader *r, const struct assignment *a, unsigned i,
    const struct texpr *is, const struct tvar **ret)
{
	struct tvar *var;
	int rc = a->is_new ? variable_new(r, a->names[i], is, &var)
			   : variable_find(r, a->names[i], &var);

	if (rc == 0)
		*ret = var;
	return rc;
}

/* A pipeline, and the variables that its value goes into. */
static int take_action(struct reader *r, struct tstmt *st)
{
	bool is_range = st->kind == TS_RANGE;
	struct assignment a;

	if (take_assignment(r, is_range, &a) < 0 ||
	    dm_template_pipeline(r, &st->expr) < 0)
		return -1;
	if (a.n == 2 && assign(r, &a, 0, NULL, &st->index) < 0)
		return -1;
	if (a.n == 0)
		return 0;
	return assign(r, &a, a.n - 1, is_range ? NULL : st->expr, &st->var);
}

/* How a list of statements ended. */
enum ending {
	AT_END_OF_TEXT,
	AT_END,
	AT_ELSE,
	AT_ELSE_IF,
	AT_ELSE_WITH,
};

static int take_list(
    struct reader *r, struct tstmt **ret, enum ending *ret_ending);
static int take_block(struct reader *r, struct tstmt *st);

/* `else if` is an if within the else, and has the same end. */
static int take_else(struct reader *r, struct tstmt *st, enum ending ending)
{
	if (ending == AT_ELSE) {
		if (take_list(r, &st->else_do, &ending) < 0)
			return -1;
		if (ending != AT_END && ending != AT_END_OF_TEXT)
			return fail(r, "else behind else");
		if (ending == AT_END_OF_TEXT)
			return fail(r, "an if, with or range without its end");
		return 0;
	}
	if (ending != (st->kind == TS_IF ? AT_ELSE_IF : AT_ELSE_WITH) ||
	    st->kind == TS_RANGE)
		return fail(r, "not expected behind else");
	st->else_do = alloc(r, sizeof(*st->else_do));
	if (!st->else_do)
		return -1;
	st->else_do->kind = st->kind;
	return take_block(r, st->else_do);
}

/* if, with or range, up to its end; the word has been taken. */
static int take_block(struct reader *r, struct tstmt *st)
{
	const struct texpr *dot = r->dot;
	unsigned n_vars = r->n_vars;
	enum ending ending;

	if (r->depth >= DM_TEMPLATE_MAX_DEPTH)
		return fail(r, "nested too deeply");
	r->depth++;
	if (take_action(r, st) < 0 || take_close(r) < 0)
		return -1;
	if (st->kind != TS_IF)
		r->dot = st->kind == TS_WITH ? st->expr : NULL;
	r->loops += st->kind == TS_RANGE;
	if (take_list(r, &st->then_do, &ending) < 0)
		return -1;
	r->loops -= st->kind == TS_RANGE;
	r->dot = dot;
	if (ending == AT_END_OF_TEXT)
		return fail(r, "an if, with or range without its end");
	if (ending != AT_END && take_else(r, st, ending) < 0)
		return -1;
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

/* The variables that a named template begins with. */
static int begin_def(struct reader *r, bool main)
{
	static const char *const known[] = {
	    "", "labels", "externalLabels", "externalURL", "value"};
	struct tvar *var;

	r->n_vars = r->n_slots = 0;
	r->dot = NULL;
	for (unsigned i = 0; i < (main ? DM_COUNT(known) : 1); i++)
		if (variable_new(r, dm_str(known[i]), NULL, &var) < 0)
			return -1;
	r->n_slots = TVAR_OWN;
	return 0;
}

static struct tdef *find_def(const struct dm_template *t, struct dm_str name)
{
	for (struct tdef *d = t->defs; d; d = d->next)
		if (dm_str_eq(d->name, name))
			return d;
	return NULL;
}

/* What a named template holds, up to its end, with variables of its own. */
static int take_def(struct reader *r, struct dm_str name)
{
	struct reader outer = *r;
	struct tdef *def;
	enum ending ending;

	if (find_def(r->t, name))
		return fail(r, "a template of this name is there already");
	def = alloc(r, sizeof(*def));
	if (!def || take_close(r) < 0 || begin_def(r, false) < 0)
		return -1;
	def->name = name;
	def->next = r->t->defs;
	r->t->defs = def;
	r->loops = 0;
	r->depth++;
	if (take_list(r, &def->first, &ending) < 0)
		return -1;
	if (ending != AT_END)
		return fail(r, "a define or block without its end");
	outer.at = r->at;
	outer.trim_next = r->trim_next;
	*r = outer;
	return 0;
}

static int take_define(struct reader *r)
{
	struct dm_str name;

	if (r->depth > 0)
		return fail(r, "define within another action");
	if (dm_template_quoted(r, &name) < 0)
		return -1;
	return take_def(r, name);
}

/* template "name" pipeline, or block, that defines it here as well. */
static int take_template(struct reader *r, struct tstmt *st, bool is_block)
{
	st->kind = TS_TEMPLATE;
	skip_blanks(r);
	st->at = r->at;
	if (dm_template_quoted(r, &st->text) < 0)
		return -1;
	skip_blanks(r);
	if ((is_block || !at_close(r)) &&
	    dm_template_pipeline(r, &st->expr) < 0)
		return -1;
	if (!is_block)
		return take_close(r);
	if (r->depth >= DM_TEMPLATE_MAX_DEPTH)
		return fail(r, "nested too deeply");
	return take_def(r, st->text);
}

static int take_jump(struct reader *r, struct tstmt *st, enum tstmt_kind kind)
{
	st->kind = kind;
	if (r->loops == 0)
		return fail(r, "break or continue outside of range");
	return take_close(r);
}

static int take_ending(struct reader *r, enum ending *ret)
{
	skip_blanks(r);
	*ret = take_keyword(r, "if")	 ? AT_ELSE_IF
	       : take_keyword(r, "with") ? AT_ELSE_WITH
					 : AT_ELSE;
	return *ret == AT_ELSE && take_close(r) < 0 ? -1 : 1;
}

/* A statement of its word. */
static int take_word(struct reader *r, struct tstmt *st)
{
	static const struct {
		const char *word;
		enum tstmt_kind kind;
	} blocks[] = {{"if", TS_IF}, {"with", TS_WITH}, {"range", TS_RANGE}};

	for (size_t i = 0; i < DM_COUNT(blocks); i++) {
		if (!take_keyword(r, blocks[i].word))
			continue;
		st->kind = blocks[i].kind;
		return take_block(r, st);
	}
	if (take_keyword(r, "template"))
		return take_template(r, st, false);
	if (take_keyword(r, "block"))
		return take_template(r, st, true);
	if (take_keyword(r, "break"))
		return take_jump(r, st, TS_BREAK);
	if (take_keyword(r, "continue"))
		return take_jump(r, st, TS_CONTINUE);
	st->kind = TS_OUTPUT;
	if (take_action(r, st) < 0)
		return -1;
	if (st->var)
		st->kind = TS_SET;
	return take_close(r);
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
	if (take_keyword(r, "else"))
		return take_ending(r, ret_ending);
	if (take_keyword(r, "define"))
		return take_define(r);
	st = alloc(r, sizeof(*st));
	if (!st)
		return -1;
	**tail = st;
	*tail = &st->next;
	return take_word(r, st);
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

/* Each template that is named is there. */
static int link_list(struct reader *r, struct tstmt *st)
{
	for (; st; st = st->next) {
		if (st->kind == TS_TEMPLATE) {
			st->def = find_def(r->t, st->text);
			r->at = st->at;
			if (!st->def)
				return fail(r, "no template of this name");
		}
		if (link_list(r, st->then_do) < 0 ||
		    link_list(r, st->else_do) < 0)
			return -1;
	}
	return 0;
}

static int read_all(struct reader *r)
{
	enum ending ending;

	if (begin_def(r, true) < 0 ||
	    take_list(r, &r->t->main.first, &ending) < 0)
		return -1;
	if (ending != AT_END_OF_TEXT)
		return fail(r, "an end or else without its if");
	if (link_list(r, r->t->main.first) < 0)
		return -1;
	for (struct tdef *d = r->t->defs; d; d = d->next)
		if (link_list(r, d->first) < 0)
			return -1;
	return dm_template_resolve(r->t, &r->at, r->err);
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
	t->main.first = st;
	*ret = t;
	return 0;
}

void dm_template_free(struct dm_template *t)
{
	if (!t)
		return;
	for (struct tquery *q = t->queries; q; q = q->next)
		dm_tquery_release(q);
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

bool dm_template_is_fleeting(const struct dm_template *t)
{
	return t->is_fleeting;
}
