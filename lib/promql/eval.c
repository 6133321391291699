/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "promql/expr.h"

#define FETCH_AHEAD 8

static void names_release(struct dm_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free((char *)names->p[i].p);
	free(names->p);
}

void dm_node_free(struct dm_node *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->n_args; i++)
		dm_node_free(n->args[i]);
	for (size_t i = 0; i < n->selector.n; i++)
		dm_matcher_release(&n->selector.matchers[i]);
	for (size_t i = 0; i < n->n_cache; i++)
		dm_labels_unref(n->cache[i].group);
	free(n->selector.matchers);
	free((char *)n->selector.name.p);
	names_release(&n->names);
	names_release(&n->include);
	free(n->cache);
	free(n->string);
	free(n->out.p);
	free(n);
}

static void release_held(struct dm_expr *e)
{
	while (e->n_held)
		dm_labels_unref(e->held[--e->n_held]);
}

void dm_expr_free(struct dm_expr *e)
{
	if (!e)
		return;
	for (size_t i = 0; e->bound && i < e->n_selectors; i++) {
		if (e->selectors[i]->handle)
			e->querier.release(
			    e->querier.ctx, e->selectors[i]->handle);
	}
	release_held(e);
	dm_node_free(e->root);
	dm_labels_builder_release(&e->builder);
	dm_buf_release(&e->buf);
	dm_buf_release(&e->samples);
	dm_buf_release(&e->values);
	dm_buf_release(&e->work);
	free(e->slots[0]);
	free(e->slots[1]);
	free(e->held);
	free(e->selectors);
	free(e->text);
	free(e);
}

enum dm_value_kind dm_expr_kind(const struct dm_expr *e)
{
	return e->root->kind;
}

const char *dm_value_kind_name(enum dm_value_kind kind)
{
	static const char *const names[] = {
	    [DM_EXPR_SCALAR] = "scalar",
	    [DM_EXPR_VECTOR] = "instant vector",
	    [DM_EXPR_RANGE] = "range vector",
	    [DM_EXPR_STRING] = "string",
	};

	return names[kind];
}

struct dm_str dm_expr_text(const struct dm_expr *e)
{
	return (struct dm_str){e->text, e->text_n};
}

size_t dm_expr_n_selectors(const struct dm_expr *e)
{
	return e->n_selectors;
}

const struct dm_selector *dm_expr_selector(const struct dm_expr *e, size_t i)
{
	return &e->selectors[i]->selector;
}

bool dm_expr_is_selector(const struct dm_expr *e)
{
	return e->n_selectors == 1 && e->root == e->selectors[0] &&
	       e->root->kind == DM_EXPR_VECTOR && e->root->offset_us == 0;
}

bool dm_expr_names(const struct dm_expr *e, struct dm_str metric)
{
	for (size_t i = 0; i < e->n_selectors; i++) {
		const struct dm_selector *s = &e->selectors[i]->selector;
		bool other = s->name.n && !dm_str_eq(s->name, metric);

		for (size_t j = 0; !other && j < s->n; j++)
			other =
			    dm_str_is(s->matchers[j].name_str, DM_LABEL_NAME) &&
			    !dm_matcher_matches(&s->matchers[j], metric);
		if (!other)
			return true;
	}
	return false;
}

int dm_expr_bind(
    struct dm_expr *e, const struct dm_querier *querier, struct dm_err *err)
{
	if (e->bound)
		return dm_err_set(
		    err, DM_EINVAL, "the expression is bound already");
	e->querier = *querier;
	e->bound = true;
	for (size_t i = 0; i < e->n_selectors; i++) {
		struct dm_node *n = e->selectors[i];

		if (querier->prepare(
			querier->ctx, &n->selector, &n->handle, err) < 0)
			return -1;
	}
	return 0;
}

int dm_vec_reserve(struct dm_vec *v, size_t n, struct dm_err *err)
{
	struct dm_element *p;

	v->n = 0;
	if (n <= v->cap)
		return 0;
	n += n / 2 + 4;
	p = realloc(v->p, n * sizeof(*p));
	if (!p)
		return dm_err_nomem(err);
	v->p = p;
	v->cap = n;
	return 0;
}

int dm_eval_hold(
    struct dm_expr *e, struct dm_labels *labels, struct dm_err *err)
{
	size_t cap = e->cap_held ? 2 * e->cap_held : 64;
	struct dm_labels **p;

	if (e->n_held == e->cap_held) {
		p = realloc(e->held, cap * sizeof(struct dm_labels *));
		if (!p) {
			dm_labels_unref(labels);
			return dm_err_nomem(err);
		}
		e->held = p;
		e->cap_held = cap;
	}
	e->held[e->n_held++] = labels;
	return 0;
}

void *dm_eval_scratch(struct dm_buf *b, size_t bytes, struct dm_err *err)
{
	dm_buf_clear(b);
	if (!dm_buf_reserve(b, bytes ? bytes : 1)) {
		dm_err_nomem(err);
		return NULL;
	}
	return b->p;
}

static int slots_grow(
    struct dm_expr *e, unsigned which, size_t n, struct dm_err *err)
{
	struct dm_slot *p;

	if (n <= e->n_slots[which])
		return 0;
	n += n / 2 + 64;
	p = realloc(e->slots[which], n * sizeof(*p));
	if (!p)
		return dm_err_nomem(err);
	memset(p + e->n_slots[which], 0, (n - e->n_slots[which]) * sizeof(*p));
	e->slots[which] = p;
	e->n_slots[which] = n;
	return 0;
}

int dm_slots_begin(struct dm_expr *e, unsigned which, struct dm_err *err)
{
	e->epochs[which] = ++e->epoch;
	return slots_grow(e, which, dm_labels_pool_ids(e->querier.pool), err);
}

struct dm_slot *dm_slot(
    struct dm_expr *e, unsigned which, const struct dm_labels *labels)
{
	if (labels->id >= e->n_slots[which] &&
	    slots_grow(e, which, labels->id + 1, NULL) < 0)
		return NULL;
	return &e->slots[which][labels->id];
}

/* Of the label set alone; the reference is the caller's. */
static int make_group(struct dm_expr *e, const struct dm_node *node,
    const struct dm_element *el, struct dm_labels **ret, struct dm_err *err)
{
	struct dm_labels_builder *b = &e->builder;

	dm_labels_builder_start(b, el->labels);
	if (node->grouped_by_name && el->name)
		dm_labels_builder_set(b, DM_STR(DM_LABEL_NAME), el->name->text);
	if (node->on)
		dm_labels_builder_keep(b, node->names.p, node->names.n);
	else
		dm_labels_builder_drop(b, node->names.p, node->names.n);
	return dm_labels_builder_done(b, e->querier.pool, ret, err);
}

static struct dm_grouped *cached(
    struct dm_node *node, size_t id, struct dm_err *err)
{
	size_t n = id + id / 2 + 64;
	struct dm_grouped *p;

	if (id < node->n_cache)
		return &node->cache[id];
	p = realloc(node->cache, n * sizeof(*p));
	if (!p) {
		dm_err_nomem(err);
		return NULL;
	}
	memset(p + node->n_cache, 0, (n - node->n_cache) * sizeof(*p));
	node->cache = p;
	node->n_cache = n;
	return &p[id];
}

struct dm_labels *dm_group(struct dm_expr *e, struct dm_node *node,
    const struct dm_element *el, struct dm_err *err)
{
	struct dm_grouped *c;
	struct dm_labels *group;

	if (node->grouped_by_name) {
		if (make_group(e, node, el, &group, err) < 0 ||
		    dm_eval_hold(e, group, err) < 0)
			return NULL;
		return group;
	}
	c = cached(node, el->labels->id, err);
	if (!c)
		return NULL;
	if (c->serial != el->labels->serial) {
		if (make_group(e, node, el, &group, err) < 0)
			return NULL;
		dm_labels_unref(c->group);
		c->group = group;
		c->serial = el->labels->serial;
	}
	return c->group;
}

int dm_eval_check_unique(
    struct dm_expr *e, const struct dm_node *node, struct dm_err *err)
{
	if (dm_slots_begin(e, 0, err) < 0)
		return -1;
	for (size_t i = 0; i < node->out.n; i++) {
		struct dm_slot *s = dm_slot(e, 0, node->out.p[i].labels);

		if (!s)
			return dm_err_nomem(err);
		if (dm_slot_is_noted(e, 0, s))
			return dm_expr_error(e, node->at, DM_EINVAL, err,
			    "vector cannot contain metrics with the same "
			    "labelset");
		dm_slot_note(e, 0, s, i);
	}
	return 0;
}

/* dm_series_until, where the answer is mostly `guess`. */
static inline size_t until_near(
    const struct dm_series *s, size_t guess, int64_t at_us)
{
	if (s->n == 0 || s->last.t_us <= at_us)
		return s->n;
	if (guess < s->n && s->p[guess].t_us > at_us &&
	    (guess == 0 || s->p[guess - 1].t_us <= at_us))
		return guess;
	return dm_series_until(s, at_us);
}

/* The last value in (oldest, t]; false where there is none. */
static bool value_at(
    const struct dm_series *s, int64_t oldest, int64_t t, double *ret)
{
	size_t k = until_near(s, s->n, t);
	const struct dm_sample *p;

	if (k == 0)
		return false;
	p = k == s->n ? &s->last : &s->p[k - 1];
	*ret = p->v;
	return p->t_us > oldest && !dm_is_stale(p->v);
}

static int eval_selector(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	int64_t t = e->t_us - n->offset_us, oldest = t - DM_LOOKBACK_US;
	struct dm_series_set set;

	if (e->querier.select(e->querier.ctx, n->handle, oldest, t, &set, err) <
		0 ||
	    dm_vec_reserve(&n->out, set.n, err) < 0)
		return -1;
	for (size_t i = 0; i < set.n; i++) {
		const struct dm_series *s = set.series[i];
		double v;

		if (value_at(s, oldest, t, &v))
			n->out.p[n->out.n++] =
			    (struct dm_element){s->labels, s->name, v};
	}
	return 0;
}

/* The samples of a range that are no markers: copies. */
static int drop_markers(
    struct dm_expr *e, struct dm_range *r, struct dm_err *err)
{
	struct dm_sample *p =
	    dm_eval_scratch(&e->samples, r->n * sizeof(*p), err);
	size_t kept = 0;

	if (!p)
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		p[kept] = r->p[i];
		kept += !dm_is_stale(r->p[i].v);
	}
	r->p = p;
	r->n = kept;
	return 0;
}

/* A series' samples in (start, end], without markers. *usual is how many
 * the last series had: most have as many. */
static int cut_range(struct dm_expr *e, const struct dm_series *s,
    size_t *usual, struct dm_range *r, struct dm_err *err)
{
	size_t to = until_near(s, s->n, r->end_us);
	size_t from = until_near(s, to - *usual, r->start_us);

	r->p = s->p + from;
	r->n = to - from;
	r->last = s->last;
	r->drop_us = s->drop_us;
	*usual = r->n;
	if (s->n_stale && drop_markers(e, r, err) < 0)
		return -1;
	if (r->n && (s->n_stale || to < s->n))
		r->last = r->p[r->n - 1];
	return 0;
}

/* While one series is looked at, have fetched what will be read of those to
 * come, as far as can be told where that is. */
DM_FETCHES fetch_ahead(const struct dm_series_set *set, size_t i, size_t usual)
{
	const struct dm_series *s;

	if (set->n - i <= 2 * FETCH_AHEAD)
		return;
	__builtin_prefetch(set->series[i + 2 * FETCH_AHEAD]);
	s = set->series[i + FETCH_AHEAD];
	if (usual <= s->n)
		__builtin_prefetch(s->p + (s->n - usual));
}

/* The scalar arguments' values; *ret_other is the one that is a vector. */
static int eval_args(struct dm_expr *e, struct dm_node *n, double *values,
    struct dm_node **ret_other, struct dm_err *err)
{
	size_t k = 0;

	for (size_t i = 0; i < n->n_args; i++) {
		struct dm_node *arg = n->args[i];

		if (arg->kind != DM_EXPR_RANGE && dm_eval(e, arg, err) < 0)
			return -1;
		if (arg->kind == DM_EXPR_SCALAR)
			values[k++] = arg->scalar;
		else
			*ret_other = arg;
	}
	return 0;
}

static int eval_range_call(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	const struct dm_function *f = n->function;
	double args[DM_EXPR_ARGS_MAX] = {0}, v;
	struct dm_node *over = NULL;
	struct dm_series_set set;
	struct dm_range r = {.scratch = NULL};
	size_t usual = 0, n_scratch = 0;

	if (eval_args(e, n, args, &over, err) < 0)
		return -1;
	r.eval_us = e->t_us;
	r.end_us = e->t_us - over->offset_us;
	r.start_us = r.end_us - over->range_us;
	if (e->querier.select(e->querier.ctx, over->handle, r.start_us,
		r.end_us, &set, err) < 0 ||
	    dm_vec_reserve(&n->out, set.n, err) < 0)
		return -1;
	for (size_t i = 0; i < set.n; i++) {
		const struct dm_series *s = set.series[i];

		fetch_ahead(&set, i, usual);
		if (cut_range(e, s, &usual, &r, err) < 0)
			return -1;
		if (r.n == 0)
			continue;
		if (r.n > n_scratch) {
			n_scratch = 2 * r.n;
			r.scratch = dm_eval_scratch(
			    &e->values, n_scratch * sizeof(double), err);
			if (!r.scratch)
				return -1;
		}
		if (f->range(&r, args, &v))
			n->out.p[n->out.n++] = (struct dm_element){
			    s->labels, f->keeps_name ? s->name : NULL, v};
	}
	return over->mixed && !f->keeps_name ? dm_eval_check_unique(e, n, err)
					     : 0;
}

static int eval_math_call(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	double args[DM_EXPR_ARGS_MAX] = {0};
	struct dm_node *over = NULL;

	if (n->n_args == 1)
		args[0] = 1; /* what round rounds to; others take none */
	if (eval_args(e, n, args, &over, err) < 0 ||
	    dm_vec_reserve(&n->out, over->out.n, err) < 0)
		return -1;
	for (size_t i = 0; i < over->out.n; i++)
		n->out.p[i] = (struct dm_element){over->out.p[i].labels, NULL,
		    n->function->math(over->out.p[i].value, args)};
	n->out.n = over->out.n;
	return over->mixed ? dm_eval_check_unique(e, n, err) : 0;
}

static int eval_call(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	if (n->function->range)
		return eval_range_call(e, n, err);
	if (n->function->math)
		return eval_math_call(e, n, err);
	for (size_t i = 0; i < n->n_args; i++) {
		if (n->args[i]->kind != DM_EXPR_RANGE &&
		    dm_eval(e, n->args[i], err) < 0)
			return -1;
	}
	return n->function->call(e, n, err);
}

static int eval_unary(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	struct dm_node *arg = n->args[0];
	bool minus = n->op == DM_TOKEN_SUB;

	if (dm_eval(e, arg, err) < 0)
		return -1;
	n->scalar = minus ? -arg->scalar : arg->scalar;
	if (dm_vec_reserve(&n->out, arg->out.n, err) < 0)
		return -1;
	for (size_t i = 0; i < arg->out.n; i++) {
		n->out.p[i] = arg->out.p[i];
		if (minus) {
			n->out.p[i].name = NULL;
			n->out.p[i].value = -n->out.p[i].value;
		}
	}
	n->out.n = arg->out.n;
	return minus && arg->mixed ? dm_eval_check_unique(e, n, err) : 0;
}

int dm_eval(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	switch (n->type) {
	case DM_NODE_NUMBER:
		n->scalar = n->number;
		return 0;
	case DM_NODE_STRING:
		return 0;
	case DM_NODE_SELECTOR:
		return eval_selector(e, n, err);
	case DM_NODE_UNARY:
		return eval_unary(e, n, err);
	case DM_NODE_BINARY:
		return dm_eval_binary(e, n, err);
	case DM_NODE_AGGREGATE:
		return dm_eval_aggregate(e, n, err);
	case DM_NODE_CALL:
		return eval_call(e, n, err);
	}
	return dm_err_set(err, DM_EINVAL, "not an expression");
}

int dm_expr_eval(
    struct dm_expr *e, int64_t t_us, struct dm_value *ret, struct dm_err *err)
{
	struct dm_node *n = e->root;

	if (!e->bound)
		return dm_err_set(
		    err, DM_EINVAL, "the expression is not bound");
	if (n->kind == DM_EXPR_RANGE)
		return dm_err_set(
		    err, DM_EINVAL, "a range vector has no value of its own");
	release_held(e);
	e->t_us = t_us;
	if (dm_eval(e, n, err) < 0)
		return -1;
	*ret = (struct dm_value){.kind = n->kind};
	if (n->kind == DM_EXPR_SCALAR) {
		ret->scalar = n->scalar;
	} else if (n->kind == DM_EXPR_STRING) {
		ret->string = (struct dm_str){n->string, n->string_n};
	} else {
		ret->elements = n->out.p;
		ret->n = n->out.n;
	}
	return 0;
}
