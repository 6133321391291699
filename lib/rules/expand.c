/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "rules/template-ast.h"

/* Expands templates. Source of what they do: Go, text/template. */

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

int dm_expand_fail(struct expand *x, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return dm_err_set(x->err, DM_EINVAL, "%s", text);
}

int dm_expand_effort(struct expand *x, size_t n)
{
	if (n > x->effort)
		return dm_expand_fail(x, "it takes too much effort");
	x->effort -= (unsigned)n;
	return 0;
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
	*ret = tv_string((struct dm_str){copy, own.n});
	return 0;
}

static int eval_args(
    struct expand *x, const struct texpr *e, size_t from, struct tv *args)
{
	for (size_t i = from; i < e->n_args; i++)
		if (dm_expand_eval(x, e->args[i], &args[i - from]) < 0)
			return -1;
	return 0;
}

/* What stands for a number that is not known. */
static struct tv unknown_number(const struct expand *x)
{
	return (struct tv){.type = TV_FLOAT, .f = x->dry};
}

static int eval_field(struct expand *x, const struct texpr *e, struct tv *ret)
{
	struct tv of, args[TFUNC_ARGS_MAX];

	if (e->n_args > TFUNC_ARGS_MAX)
		return dm_expand_fail(x, "too many arguments");
	if (dm_expand_eval(x, e->args[0], &of) < 0 ||
	    eval_args(x, e, 1, args) < 0)
		return -1;
	if (of.type == TV_UNKNOWN) {
		*ret = dm_str_is(e->name, "Value") ? unknown_number(x) : of;
		return 0;
	}
	if (e->n_args == 1 && dm_expand_key(x, &of, e->name, ret))
		return 0;
	*ret = (struct tv){
	    .type = TV_LABELS, .labels = of.labels, .name = of.name};
	if ((of.type == TV_ROOT || of.type == TV_SAMPLE) &&
	    dm_str_is(e->name, "Labels"))
		return 0;
	*ret = (struct tv){.type = TV_FLOAT, .f = of.f};
	if ((of.type == TV_ROOT || of.type == TV_SAMPLE) &&
	    dm_str_is(e->name, "Value"))
		return 0;
	*ret = (struct tv){.type = TV_EXTERNAL};
	if (of.type == TV_ROOT && dm_str_is(e->name, "ExternalLabels"))
		return 0;
	*ret =
	    tv_string(dm_str(x->env->external_url ? x->env->external_url : ""));
	if (of.type == TV_ROOT && dm_str_is(e->name, "ExternalURL"))
		return 0;
	return dm_expand_method(x, &of, e->name, args, e->n_args - 1, ret);
}

/* and, or: stop at the argument that decides. */
static int eval_lazy(struct expand *x, const struct texpr *e, struct tv *ret)
{
	for (size_t i = 0; i < e->n_args; i++) {
		if (dm_expand_eval(x, e->args[i], ret) < 0)
			return -1;
		if (dm_expand_truth(x, ret) == (e->kind == TE_OR))
			return 0;
	}
	return 0;
}

static bool prints(const struct tfunc *f)
{
	return strncmp(f->name, "print", 5) == 0;
}

/* In a dry run: is the result of a function not known either? */
static bool is_unknown_call(const struct expand *x, const struct tfunc *f,
    const struct tv *args, size_t n, struct tv *ret)
{
	bool unknown = f->outside || !f->call;

	for (size_t i = 0; i < n; i++)
		unknown |= args[i].type == TV_UNKNOWN;
	if (!x->dry || !unknown || prints(f))
		return false;
	*ret = strcmp(f->name, "value") == 0 ? unknown_number(x)
					     : (struct tv){.type = TV_UNKNOWN};
	return true;
}

static int eval_call(struct expand *x, const struct texpr *e, struct tv *ret)
{
	struct tv args[TFUNC_ARGS_MAX];

	if (e->n_args < e->func->min || e->n_args > e->func->max)
		return dm_expand_fail(x,
		    "wrong number of arguments for %s: %zu", e->func->name,
		    e->n_args);
	if (e->kind == TE_AND || e->kind == TE_OR)
		return eval_lazy(x, e, ret);
	if (eval_args(x, e, 0, args) < 0)
		return -1;
	if (is_unknown_call(x, e->func, args, e->n_args, ret))
		return 0;
	if (e->kind == TE_CALL)
		return e->func->call(x, args, e->n_args, ret);
	if (dm_expand_text(x, &args[0], "query") < 0)
		return -1;
	return dm_expand_query(x, e->query, args[0].s, ret);
}

/* In a dry run: a variable is what it was declared as, or not known. */
static int eval_dry_var(
    struct expand *x, const struct tvar *var, struct tv *ret)
{
	*ret = (struct tv){.type = TV_UNKNOWN};
	if (var->slot == TVAR_VALUE)
		*ret = unknown_number(x);
	else if (var->is && !var->changes)
		return dm_expand_eval(x, var->is, ret);
	return 0;
}

int dm_expand_eval(struct expand *x, const struct texpr *e, struct tv *ret)
{
	if (dm_expand_effort(x, 1) < 0)
		return -1;
	switch (e->kind) {
	case TE_CONST:
		*ret = e->value;
		return 0;
	case TE_DOT:
		if (x->dry && e->dot)
			return dm_expand_eval(x, e->dot, ret);
		*ret = x->dry ? (struct tv){.type = TV_UNKNOWN} : x->dot;
		return 0;
	case TE_VAR:
		if (x->dry)
			return eval_dry_var(x, e->var, ret);
		*ret = x->vars[e->var->slot];
		return 0;
	case TE_FIELD:
		return eval_field(x, e, ret);
	case TE_CALL:
	case TE_AND:
	case TE_OR:
	case TE_QUERY:
		break;
	}
	return eval_call(x, e, ret);
}

/* How a list of statements ended. */
enum {
	RUN_ON,
	RUN_BREAK,
	RUN_CONTINUE
};

static int run(struct expand *x, const struct tstmt *st, struct dm_buf *out);

static int run_with_dot(struct expand *x, struct tv dot,
    const struct tstmt *list, struct dm_buf *out)
{
	struct tv outer = x->dot;
	int rc;

	x->dot = dot;
	rc = run(x, list, out);
	x->dot = outer;
	return rc;
}

static int run_range(struct expand *x, const struct tstmt *st,
    const struct tv *of, struct dm_buf *out)
{
	struct tv key, item;
	size_t n;
	int rc = RUN_ON;

	if (of->type == TV_INT)
		n = of->i > 0 ? (size_t)of->i : 0;
	else if (of->type == TV_STRING || !dm_expand_len(x, of, &n))
		return dm_expand_fail(
		    x, "range can't iterate over a %s", dm_expand_type(of));
	if (n == 0)
		return run(x, st->else_do, out);
	for (size_t i = 0; i < n && rc != RUN_BREAK; i++) {
		if (dm_expand_effort(x, 1) < 0)
			return -1;
		dm_expand_item(x, of, i, &key, &item);
		if (st->index)
			x->vars[st->index->slot] = key;
		if (st->var)
			x->vars[st->var->slot] = item;
		rc = run_with_dot(x, item, st->then_do, out);
		if (rc < 0)
			return -1;
	}
	return RUN_ON;
}

static int run_template(struct expand *x, const struct tdef *def,
    const struct tv *arg, struct dm_buf *out)
{
	struct tv vars[TVARS_MAX], *outer = x->vars;
	int rc;

	if (x->depth >= DM_TEMPLATE_MAX_DEPTH)
		return dm_expand_fail(x, "templates are nested too deeply");
	memset(vars, 0, sizeof(vars));
	vars[TVAR_ROOT] = *arg;
	x->vars = vars;
	x->depth++;
	rc = run_with_dot(x, *arg, def->first, out);
	x->depth--;
	x->vars = outer;
	return rc;
}

/* A statement whose expression, if it has one, has been evaluated. */
static int run_one(struct expand *x, const struct tstmt *st, const struct tv *v,
    struct dm_buf *out)
{
	switch (st->kind) {
	case TS_TEXT:
		dm_buf_add_str(out, st->text);
		return RUN_ON;
	case TS_OUTPUT:
		dm_expand_print(x, out, v);
		return RUN_ON;
	case TS_IF:
		return run(
		    x, dm_expand_truth(x, v) ? st->then_do : st->else_do, out);
	case TS_WITH:
		if (dm_expand_truth(x, v))
			return run_with_dot(x, *v, st->then_do, out);
		return run(x, st->else_do, out);
	case TS_RANGE:
		return run_range(x, st, v, out);
	case TS_TEMPLATE:
		return run_template(x, st->def, v, out);
	case TS_BREAK:
		return RUN_BREAK;
	case TS_CONTINUE:
		return RUN_CONTINUE;
	case TS_SET:
		break;
	}
	return RUN_ON;
}

static int run(struct expand *x, const struct tstmt *st, struct dm_buf *out)
{
	for (; st; st = st->next) {
		struct tv v = {0};
		int rc;

		if (dm_expand_effort(x, 1) < 0 ||
		    (st->expr && dm_expand_eval(x, st->expr, &v) < 0))
			return -1;
		if (st->var && st->kind != TS_RANGE)
			x->vars[st->var->slot] = v;
		rc = run_one(x, st, &v, out);
		if (rc != RUN_ON)
			return rc;
		if (out->n > DM_TEMPLATE_MAX_BYTES)
			return dm_expand_fail(x, "the text is too long");
	}
	return RUN_ON;
}

static void set_vars(struct expand *x)
{
	const struct dm_template_data *d = x->data;
	const char *url = x->env->external_url;

	x->dot = (struct tv){.type = TV_ROOT,
	    .labels = d->labels,
	    .name = d->name,
	    .f = d->value};
	x->vars[TVAR_ROOT] = x->dot;
	x->vars[TVAR_LABELS] = x->dot;
	x->vars[TVAR_LABELS].type = TV_LABELS;
	x->vars[TVAR_EXT_LABELS].type = TV_EXTERNAL;
	x->vars[TVAR_EXT_URL] = tv_string(dm_str(url ? url : ""));
	x->vars[TVAR_VALUE] = (struct tv){.type = TV_FLOAT, .f = d->value};
}

static void expand_release(struct expand *x)
{
	for (size_t i = 0; i < x->n_held; i++)
		dm_labels_unref(x->held[i]);
	free(x->held);
	dm_tmem_free(x->mem);
}

int dm_template_expand(const struct dm_template *t,
    const struct dm_template_data *data, struct dm_buf *out, struct dm_err *err)
{
	static const struct dm_template_env empty;
	DM_AUTO_BUF struct dm_buf text = {0};
	struct tv vars[TVARS_MAX];
	struct dm_err why = {0};
	struct expand x = {.data = data,
	    .env = data->env ? data->env : &empty,
	    .vars = vars,
	    .effort = DM_TEMPLATE_MAX_EFFORT,
	    .err = &why};
	int rc;

	memset(vars, 0, sizeof(vars));
	set_vars(&x);
	rc = run(&x, t->main.first, &text);
	expand_release(&x);
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
