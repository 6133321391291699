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

	if (dm_vec_reserve(e, &n->out, over->out.n, err) < 0)
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

	if (dm_vec_reserve(e, &n->out, l->n + r->n, err) < 0)
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

/* A result of many-to-one matching, kept or not. */
struct pair {
	const struct dm_labels *group;
	const struct dm_name *name;
	bool kept;
	size_t next; /* of the same labels, + 1 */
};

/* Labels and name of what two elements come to.
 * Source: prometheus promql/engine.go, resultMetric. */
static int label_pair(struct dm_expr *e, struct dm_node *n,
    struct dm_labels *group, const struct dm_element *one,
    struct dm_element *el, struct dm_err *err)
{
	struct dm_labels_builder *b = &e->builder;

	if (n->side == DM_GROUP_NONE) {
		if (n->matching && n->drops_name)
			el->name = NULL;
		el->labels = group;
	}
	if (n->include.n == 0 &&
	    (n->side != DM_GROUP_NONE || !n->grouped_by_name))
		return 0;
	dm_labels_builder_start(b, el->labels);
	if (n->side == DM_GROUP_NONE)
		dm_labels_builder_set(b, DM_STR(DM_LABEL_NAME), DM_STR(""));
	for (size_t i = 0; i < n->include.n; i++) {
		if (dm_str_is(n->include.p[i], DM_LABEL_NAME))
			el->name = one->name;
		else
			dm_labels_builder_set(b, n->include.p[i],
			    dm_labels_get(one->labels, n->include.p[i]));
	}
	if (dm_labels_builder_done(b, e->querier.pool, &el->labels, err) < 0)
		return -1;
	return dm_eval_hold(e, el->labels, err);
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

static int not_unique(
    const struct dm_expr *e, const struct dm_node *n, struct dm_err *err)
{
	return dm_expr_error(e, n->at, DM_EINVAL, err, "%s",
	    n->side == DM_GROUP_NONE
		? "multiple matches for labels: many-to-one matching must be "
		  "explicit (group_left/group_right)"
		: "multiple matches for labels: grouping labels must ensure "
		  "unique matches");
}

/* Each group may match once. */
static int note_one_to_one(struct dm_expr *e, const struct dm_node *n,
    const struct dm_labels *group, struct dm_err *err)
{
	struct dm_slot *s = dm_slot(e, 1, group);

	if (!s)
		return dm_err_nomem(err);
	if (dm_slot_is_noted(e, 1, s))
		return not_unique(e, n, err);
	dm_slot_note(e, 1, s, 0);
	return 0;
}

/* In a group, each result's labels and name may come once, even where a
 * comparison drops it; of those that are left, in all. */
static int note_many(struct dm_expr *e, const struct dm_node *n,
    const struct dm_element *el, struct pair *pairs, size_t i,
    struct dm_err *err)
{
	struct dm_slot *s = dm_slot(e, 1, el->labels);
	struct pair *p = &pairs[i];

	if (!s)
		return dm_err_nomem(err);
	p->name = el->name;
	p->next = dm_slot_is_noted(e, 1, s) ? s->index + 1 : 0;
	for (size_t k = p->next; k; k = pairs[k - 1].next) {
		const struct pair *other = &pairs[k - 1];

		if (other->name != p->name)
			continue;
		if (other->group == p->group)
			return not_unique(e, n, err);
		if (other->kept && p->kept)
			return dm_eval_same_labels(e, n, err);
	}
	dm_slot_note(e, 1, s, i);
	return 0;
}

/* Results of many-to-one can only be the same where their labels or names
 * were changed. */
static bool may_be_same(const struct dm_node *n)
{
	return n->include.n || n->mixed;
}

/* What a vector operation works on. */
struct join {
	const struct dm_vec *many, *ones;
	size_t many_side; /* 0 left, 1 right */
	/* By place in many; behind it, in ones: the group where it has been
	 * matched. */
	struct pair *pairs;
};

/* Two of a group that match: the i-th pair. */
static int add_pair(struct dm_expr *e, struct dm_node *n, const struct join *j,
    size_t i, struct dm_labels *g, const struct dm_element *many,
    const struct dm_element *one, struct dm_err *err)
{
	struct dm_element el;
	bool keep = pair_value(n, many, one, &el);

	j->pairs[i] = (struct pair){.group = g, .kept = keep};
	if (n->side == DM_GROUP_NONE && note_one_to_one(e, n, g, err) < 0)
		return -1;
	if (label_pair(e, n, g, one, &el, err) < 0)
		return -1;
	if (n->side != DM_GROUP_NONE && may_be_same(n) &&
	    note_many(e, n, &el, j->pairs, i, err) < 0)
		return -1;
	if (keep)
		n->out.p[n->out.n++] = el;
	return 0;
}

static int match_one(struct dm_expr *e, struct dm_node *n, const struct join *j,
    size_t i, struct dm_err *err)
{
	const struct dm_element *many = &j->many->p[i];
	struct dm_labels *g = group_of(e, n, many, err);
	struct dm_slot *s;

	if (!g)
		return -1;
	s = dm_slot(e, 0, g);
	if (!s)
		return dm_err_nomem(err);
	if (dm_slot_is_noted(e, 0, s)) {
		j->pairs[j->many->n + s->index].group = g;
		return add_pair(
		    e, n, j, i, g, many, &j->ones->p[s->index], err);
	}
	if (!n->has_fill[!j->many_side])
		return 0;
	return add_pair(e, n, j, i, g, many,
	    &(struct dm_element){g, NULL, n->fill[!j->many_side]}, err);
}

/* The i-th of the ones, if none of the others has matched it. */
static int fill_one(struct dm_expr *e, struct dm_node *n, const struct join *j,
    size_t i, struct dm_err *err)
{
	const struct dm_element *one = &j->ones->p[i];
	struct dm_labels *g;
	struct dm_element many;

	if (j->pairs[j->many->n + i].group)
		return 0;
	g = group_of(e, n, one, err);
	many = (struct dm_element){g, NULL, n->fill[j->many_side]};
	if (!g || (n->grouped_by_name && dm_eval_take_name(e, &many, err) < 0))
		return -1;
	return add_pair(e, n, j, j->many->n + i, g, &many, one, err);
}

static int match_all(struct dm_expr *e, struct dm_node *n, const struct join *j,
    struct dm_err *err)
{
	memset(j->pairs, 0, (j->many->n + j->ones->n) * sizeof(*j->pairs));
	for (size_t i = 0; i < j->many->n; i++) {
		if (match_one(e, n, j, i, err) < 0)
			return -1;
	}
	for (size_t i = 0; n->has_fill[j->many_side] && i < j->ones->n; i++) {
		if (fill_one(e, n, j, i, err) < 0)
			return -1;
	}
	return n->side == DM_GROUP_NONE && n->grouped_by_name
		   ? dm_eval_check_unique(e, n, err)
		   : 0;
}

static int with_vector(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	bool right = n->side == DM_GROUP_RIGHT;
	bool fills = n->has_fill[0] || n->has_fill[1];
	struct join j = {
	    .many = &n->args[right ? 1 : 0]->out,
	    .ones = &n->args[right ? 0 : 1]->out,
	    .many_side = right,
	};
	size_t all = j.many->n + j.ones->n;

	if (dm_vec_reserve(e, &n->out, all, err) < 0)
		return -1;
	if (all == 0 || (!fills && (j.many->n == 0 || j.ones->n == 0)))
		return 0;
	j.pairs =
	    dm_eval_scratch(&e->scratch->work, all * sizeof(*j.pairs), err);
	if (!j.pairs ||
	    note_groups(e, n, j.ones, right ? "left" : "right", err) < 0 ||
	    dm_slots_begin(e, 1, err) < 0)
		return -1;
	return match_all(e, n, &j, err);
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
