/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "base/num.h"
#include "rules/go-print.h"
#include "rules/template-ast.h"

/* Expands templates. Source of what values do: Go, text/template and fmt. */

int dm_expand_fail(struct expand *x, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return dm_err_set(x->err, DM_EINVAL, "%s", text);
}

int dm_expand_string(struct expand *x, struct dm_buf *b, struct tv *ret)
{
	DM_AUTO_BUF struct dm_buf own = *b;
	char *copy;

	*b = (struct dm_buf){0};
	if (dm_buf_ok(&own, x->err) < 0)
		return -1;
	if (own.n > DM_TEMPLATE_MAX_BYTES)
		return dm_expand_fail(x, "a text is too long");
	copy = dm_tmem_alloc(&x->mem, own.n + 1);
	if (!copy)
		return dm_err_nomem(x->err);
	if (own.n > 0)
		memcpy(copy, own.p, own.n);
	*ret = (struct tv){.type = TV_STRING, .s = {copy, own.n}};
	return 0;
}

const char *dm_expand_type(const struct tv *v)
{
	static const char *const names[] = {
	    [TV_NIL] = "<nil>",
	    [TV_STRING] = "string",
	    [TV_FLOAT] = "float64",
	    [TV_INT] = "int",
	    [TV_BOOL] = "bool",
	    [TV_LABELS] = "map[string]string",
	    [TV_EMPTY_MAP] = "map[string]string",
	    [TV_ROOT] = "struct",
	};

	return names[v->type];
}

struct dm_str dm_expand_label(const struct expand *x, struct dm_str name)
{
	if (x->data->name && dm_str_is(name, DM_LABEL_NAME))
		return x->data->name->text;
	return dm_labels_get(x->data->labels, name);
}

/* A map as Go prints it: map[a:b c:d], sorted. */
static void print_labels(struct expand *x, struct dm_buf *b)
{
	const struct dm_labels *l = x->data->labels;
	const struct dm_name *name = x->data->name;
	const char *gap = "";

	dm_buf_add_cstr(b, "map[");
	for (size_t i = 0; i <= l->n; i++) {
		if (name && (i == l->n || dm_str_cmp(DM_STR(DM_LABEL_NAME),
					      l->pairs[i].name) < 0)) {
			dm_buf_addf(b, "%s" DM_LABEL_NAME ":", gap);
			dm_buf_add_str(b, name->text);
			gap = " ";
			name = NULL;
		}
		if (i == l->n)
			break;
		dm_buf_add_cstr(b, gap);
		dm_buf_add_str(b, l->pairs[i].name);
		dm_buf_add_char(b, ':');
		dm_buf_add_str(b, l->pairs[i].value);
		gap = " ";
	}
	dm_buf_add_char(b, ']');
}

void dm_expand_print(struct expand *x, struct dm_buf *b, const struct tv *v)
{
	switch (v->type) {
	case TV_NIL:
		dm_buf_add_cstr(b, "<no value>");
		break;
	case TV_STRING:
		dm_buf_add_str(b, v->s);
		break;
	case TV_FLOAT:
		dm_go_float(b, v->f);
		break;
	case TV_INT:
		dm_num_add_i64(b, v->i);
		break;
	case TV_BOOL:
		dm_buf_add_cstr(b, v->b ? "true" : "false");
		break;
	case TV_LABELS:
		print_labels(x, b);
		break;
	case TV_EMPTY_MAP:
		dm_buf_add_cstr(b, "map[]");
		break;
	case TV_ROOT:
		dm_buf_add_char(b, '{');
		print_labels(x, b);
		dm_buf_add_cstr(b, " map[]  ");
		dm_go_float(b, x->data->value);
		dm_buf_add_char(b, '}');
		break;
	}
}

bool dm_expand_truth(const struct expand *x, const struct tv *v)
{
	switch (v->type) {
	case TV_STRING:
		return v->s.n > 0;
	case TV_FLOAT:
		return v->f != 0;
	case TV_INT:
		return v->i != 0;
	case TV_BOOL:
		return v->b;
	case TV_LABELS:
		return x->data->labels->n > 0 || x->data->name;
	case TV_ROOT:
		return true;
	case TV_NIL:
	case TV_EMPTY_MAP:
		break;
	}
	return false;
}

static int eval(struct expand *x, const struct texpr *e, struct tv *ret);

static int eval_field(struct expand *x, const struct texpr *e, struct tv *ret)
{
	struct tv of;

	if (eval(x, e->args[0], &of) < 0)
		return -1;
	*ret = (struct tv){.type = TV_STRING, .s = {"", 0}};
	if (of.type == TV_LABELS) {
		ret->s = dm_expand_label(x, e->name);
		return 0;
	}
	if (of.type == TV_EMPTY_MAP)
		return 0;
	if (of.type == TV_ROOT && dm_str_is(e->name, "Labels"))
		*ret = x->vars[TVAR_LABELS];
	else if (of.type == TV_ROOT && dm_str_is(e->name, "Value"))
		*ret = x->vars[TVAR_VALUE];
	else if (of.type == TV_ROOT && dm_str_is(e->name, "ExternalLabels"))
		*ret = x->vars[TVAR_EXT_LABELS];
	else if (of.type == TV_ROOT && dm_str_is(e->name, "ExternalURL"))
		*ret = x->vars[TVAR_EXT_URL];
	else
		return dm_expand_fail(x, "no field %.*s in a %s",
		    (int)(e->name.n < 64 ? e->name.n : 64), e->name.p,
		    dm_expand_type(&of));
	return 0;
}

/* and, or: stop at the argument that decides. */
static int eval_lazy(struct expand *x, const struct texpr *e, struct tv *ret)
{
	for (size_t i = 0; i < e->n_args; i++) {
		if (eval(x, e->args[i], ret) < 0)
			return -1;
		if (dm_expand_truth(x, ret) == (e->kind == TE_OR))
			return 0;
	}
	return 0;
}

static int eval_call(struct expand *x, const struct texpr *e, struct tv *ret)
{
	struct tv args[16];

	if (e->n_args < e->func->min || e->n_args > DM_COUNT(args) ||
	    (e->func->max > 0 && e->n_args > e->func->max))
		return dm_expand_fail(x,
		    "wrong number of arguments for %s: %zu", e->func->name,
		    e->n_args);
	if (e->kind != TE_CALL)
		return eval_lazy(x, e, ret);
	for (size_t i = 0; i < e->n_args; i++)
		if (eval(x, e->args[i], &args[i]) < 0)
			return -1;
	return e->func->call(x, args, e->n_args, ret);
}

static int eval(struct expand *x, const struct texpr *e, struct tv *ret)
{
	switch (e->kind) {
	case TE_CONST:
		*ret = e->value;
		return 0;
	case TE_ROOT:
		*ret = x->vars[TVAR_ROOT];
		return 0;
	case TE_VAR:
		*ret = x->vars[e->var];
		return 0;
	case TE_FIELD:
		return eval_field(x, e, ret);
	case TE_CALL:
	case TE_AND:
	case TE_OR:
		break;
	}
	return eval_call(x, e, ret);
}

static int run(struct expand *x, const struct tstmt *st, struct dm_buf *out)
{
	for (; st; st = st->next) {
		struct tv v = {0};

		if (st->expr && eval(x, st->expr, &v) < 0)
			return -1;
		if (st->set)
			x->vars[st->var] = v;
		if (st->kind == TS_TEXT)
			dm_buf_add_str(out, st->text);
		else if (st->kind == TS_OUTPUT)
			dm_expand_print(x, out, &v);
		else if (st->kind == TS_IF &&
			 run(x,
			     dm_expand_truth(x, &v) ? st->then_do : st->else_do,
			     out) < 0)
			return -1;
		if (out->n > DM_TEMPLATE_MAX_BYTES)
			return dm_expand_fail(x, "the text is too long");
	}
	return 0;
}

int dm_template_expand(const struct dm_template *t,
    const struct dm_template_data *data, struct dm_buf *out, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf text = {0};
	struct dm_err why = {0};
	struct expand x = {.data = data, .err = &why};
	int rc;

	x.vars[TVAR_ROOT].type = TV_ROOT;
	x.vars[TVAR_LABELS].type = TV_LABELS;
	x.vars[TVAR_EXT_LABELS].type = TV_EMPTY_MAP;
	x.vars[TVAR_EXT_URL].type = TV_STRING;
	x.vars[TVAR_VALUE] = (struct tv){.type = TV_FLOAT, .f = data->value};
	rc = run(&x, t->first, &text);
	dm_tmem_free(x.mem);
	if (rc < 0 && why.code == DM_ENOMEM)
		return dm_err_nomem(err);
	if (rc < 0) {
		dm_buf_clear(&text);
		dm_buf_addf(&text, "<error expanding template: %s>", why.msg);
	}
	dm_buf_add_str(out, dm_buf_str(&text));
	if (dm_buf_ok(&text, err) < 0)
		return -1;
	return dm_buf_ok(out, err);
}
