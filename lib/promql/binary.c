/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "promql/expr.h"

static bool is_comparison(enum dm_token_type op)
{
	return op >= DM_TOKEN_EQ && op <= DM_TOKEN_GE;
}

double dm_operate(enum dm_token_type op, double a, double b)
{
	switch (op) {
	case DM_TOKEN_ADD:
		return a + b;
	case DM_TOKEN_SUB:
		return a - b;
	case DM_TOKEN_MUL:
		return a * b;
	case DM_TOKEN_DIV:
		return a / b;
	case DM_TOKEN_MOD:
		return fmod(a, b);
	case DM_TOKEN_POW:
		return pow(a, b);
	case DM_TOKEN_ATAN2:
		return atan2(a, b);
	case DM_TOKEN_EQ:
		return a == b;
	case DM_TOKEN_NE:
		return a != b;
	case DM_TOKEN_LT:
		return a < b;
	case DM_TOKEN_LE:
		return a <= b;
	case DM_TOKEN_GT:
		return a > b;
	case DM_TOKEN_GE:
		return a >= b;
	default:
		return NAN;
	}
}

static int with_scalar(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	bool vector_left = n->args[0]->kind == DM_EXPR_VECTOR;
	struct dm_node *over = n->args[vector_left ? 0 : 1];
	double scalar = n->args[vector_left ? 1 : 0]->scalar, v;
	bool filter = is_comparison(n->op) && !n->return_bool;

	if (dm_vec_reserve(&n->out, over->out.n, err) < 0)
		return -1;
	for (size_t i = 0; i < over->out.n; i++) {
		struct dm_element el = over->out.p[i];

		v = vector_left ? dm_operate(n->op, el.value, scalar)
				: dm_operate(n->op, scalar, el.value);
		if (filter) {
			if (v != 0)
				n->out.p[n->out.n++] = el;
			continue;
		}
		el.name = NULL;
		el.value = v;
		n->out.p[n->out.n++] = el;
	}
	return over->mixed && !filter ? dm_eval_check_unique(e, n, err) : 0;
}

static struct dm_labels *group_of(struct dm_expr *e, struct dm_node *n,
    const struct dm_element *el, struct dm_err *err)
{
	return n->matching ? dm_group(e, n, el, err) : el->labels;
}

static int duplicate(struct dm_expr *e, const struct dm_node *n,
    const struct dm_labels *group, const struct dm_element *a,
    const struct dm_element *b, const char *side, struct dm_err *err)
{
	struct dm_buf *t = &e->buf;

	dm_buf_clear(t);
	dm_buf_addf(t, "found duplicate series for the match group ");
	dm_labels_print(t, NULL, group);
	dm_buf_addf(t, " on the %s hand-side of the operation: [", side);
	dm_labels_print(t, a->name, a->labels);
	dm_buf_add_cstr(t, ", ");
	dm_labels_print(t, b->name, b->labels);
	dm_buf_add_cstr(t, "]");
	return dm_expr_error(e, n->at, DM_EINVAL, err,
	    "many-to-many matching not allowed: matching labels must be unique "
	    "on one side: %s",
	    dm_buf_cstr(t));
}

/* Note the groups of a vector; with unique, each must come once. */
static int note_groups(struct dm_expr *e, struct dm_node *n,
    const struct dm_vec *v, const char *unique, struct dm_err *err)
{
	if (dm_slots_begin(e, 0, err) < 0)
		return -1;
	for (size_t i = 0; i < v->n; i++) {
		struct dm_labels *g = group_of(e, n, &v->p[i], err);
		struct dm_slot *s;

		if (!g)
			return -1;
		s = dm_slot(e, 0, g);
		if (!s)
			return dm_err_nomem(err);
		if (unique && dm_slot_is_noted(e, 0, s))
			return duplicate(
			    e, n, g, &v->p[s->index], &v->p[i], unique, err);
		dm_slot_note(e, 0, s, i);
	}
	return 0;
}

/* Add those of a vector whose group is, or is not, among the noted ones. */
static int add_noted(struct dm_expr *e, struct dm_node *n,
    const struct dm_vec *v, bool noted, struct dm_err *err)
{
	for (size_t i = 0; i < v->n; i++) {
		struct dm_labels *g = group_of(e, n, &v->p[i], err);
		struct dm_slot *s;

		if (!g)
			return -1;
		s = dm_slot(e, 0, g);
		if (!s)
			return dm_err_nomem(err);
		if (dm_slot_is_noted(e, 0, s) == noted)
			n->out.p[n->out.n++] = v->p[i];
	}
	return 0;
}

static int set_operation(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	const struct dm_vec *l = &n->args[0]->out, *r = &n->args[1]->out;

	if (dm_vec_reserve(&n->out, l->n + r->n, err) < 0)
		return -1;
	if (n->op != DM_TOKEN_OR) {
		if (note_groups(e, n, r, NULL, err) < 0)
			return -1;
		return add_noted(e, n, l, n->op == DM_TOKEN_AND, err);
	}
	if (note_groups(e, n, l, NULL, err) < 0)
		return -1;
	if (l->n)
		memcpy(n->out.p, l->p, l->n * sizeof(*l->p));
	n->out.n = l->n;
	return add_noted(e, n, r, false, err);
}

/* The labels of the many side, with those that the one side lends. */
static int include(struct dm_expr *e, const struct dm_node *n,
    const struct dm_element *one, struct dm_element *ret, struct dm_err *err)
{
	struct dm_labels_builder *b = &e->builder;

	if (n->include.n == 0)
		return 0;
	dm_labels_builder_start(b, ret->labels);
	for (size_t i = 0; i < n->include.n; i++)
		dm_labels_builder_set(b, n->include.p[i],
		    dm_labels_get(one->labels, n->include.p[i]));
	if (dm_labels_builder_done(b, e->querier.pool, &ret->labels, err) < 0)
		return -1;
	return dm_eval_hold(e, ret->labels, err);
}

/* Two that match: the result, unless a comparison drops it. */
static bool pair_value(const struct dm_node *n, const struct dm_element *many,
    const struct dm_element *one, struct dm_element *ret)
{
	bool swapped = n->side == DM_GROUP_RIGHT;
	double l = swapped ? one->value : many->value;
	double r = swapped ? many->value : one->value;
	double v = dm_operate(n->op, l, r);
	bool filter = is_comparison(n->op) && !n->return_bool;

	*ret = *many;
	ret->value = filter ? l : v;
	if (!filter)
		ret->name = NULL;
	return !filter || v != 0;
}

/* Each result's labels must come once: noted in the other slots. */
static int add_pair(struct dm_expr *e, struct dm_node *n,
    const struct dm_element *el, const struct dm_labels *key,
    struct dm_err *err)
{
	struct dm_slot *s = dm_slot(e, 1, key);

	if (!s)
		return dm_err_nomem(err);
	if (dm_slot_is_noted(e, 1, s))
		return dm_expr_error(e, n->at, DM_EINVAL, err,
		    n->side == DM_GROUP_NONE
			? "multiple matches for labels: many-to-one matching "
			  "must be explicit (group_left/group_right)"
			: "multiple matches for labels: grouping labels must "
			  "ensure unique matches");
	dm_slot_note(e, 1, s, n->out.n);
	n->out.p[n->out.n++] = *el;
	return 0;
}

static int match_one(struct dm_expr *e, struct dm_node *n,
    const struct dm_element *many, const struct dm_vec *ones,
    struct dm_err *err)
{
	struct dm_labels *g = group_of(e, n, many, err);
	struct dm_element el;
	struct dm_slot *s;

	if (!g)
		return -1;
	s = dm_slot(e, 0, g);
	if (!s)
		return dm_err_nomem(err);
	if (!dm_slot_is_noted(e, 0, s) ||
	    !pair_value(n, many, &ones->p[s->index], &el))
		return 0;
	if (n->side == DM_GROUP_NONE) {
		el.labels = g;
		if (n->matching && n->on)
			el.name = NULL;
		return add_pair(e, n, &el, g, err);
	}
	if (include(e, n, &ones->p[s->index], &el, err) < 0)
		return -1;
	if (!el.name)
		return add_pair(e, n, &el, el.labels, err);
	n->out.p[n->out.n++] = el;
	return 0;
}

static int with_vector(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	bool right = n->side == DM_GROUP_RIGHT;
	const struct dm_vec *many = &n->args[right ? 1 : 0]->out;
	const struct dm_vec *ones = &n->args[right ? 0 : 1]->out;

	if (dm_vec_reserve(&n->out, many->n, err) < 0)
		return -1;
	if (many->n == 0 || ones->n == 0)
		return 0;
	if (note_groups(e, n, ones, right ? "left" : "right", err) < 0 ||
	    dm_slots_begin(e, 1, err) < 0)
		return -1;
	for (size_t i = 0; i < many->n; i++) {
		if (match_one(e, n, &many->p[i], ones, err) < 0)
			return -1;
	}
	return 0;
}

int dm_eval_binary(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	struct dm_node *l = n->args[0], *r = n->args[1];

	if (dm_eval(e, l, err) < 0 || dm_eval(e, r, err) < 0)
		return -1;
	if (n->kind == DM_EXPR_SCALAR) {
		n->scalar = dm_operate(n->op, l->scalar, r->scalar);
		return 0;
	}
	if (l->kind == DM_EXPR_SCALAR || r->kind == DM_EXPR_SCALAR)
		return with_scalar(e, n, err);
	if (n->op == DM_TOKEN_AND || n->op == DM_TOKEN_OR ||
	    n->op == DM_TOKEN_UNLESS)
		return set_operation(e, n, err);
	return with_vector(e, n, err);
}
