/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* What evaluations need of memory, kept from one to the next, and label sets
 * grouped. */
#include "promql/expr.h"

#include "base/array.h"

int dm_scratch_new(struct dm_scratch **ret, struct dm_err *err)
{
	struct dm_scratch *s = calloc(1, sizeof(*s));

	if (!s)
		return dm_err_nomem(err);
	*ret = s;
	return 0;
}

void dm_scratch_release(struct dm_scratch *s)
{
	for (size_t i = 0; i < s->n_spare; i++)
		free(s->spare[i].p);
	free(s->spare);
	free(s->slots[0]);
	free(s->slots[1]);
	dm_buf_release(&s->samples);
	dm_buf_release(&s->values);
	dm_buf_release(&s->work);
}

void dm_scratch_free(struct dm_scratch *s)
{
	if (!s)
		return;
	dm_scratch_release(s);
	free(s);
}

/* Is a better than b for n elements: large enough, but not by more; or else
 * the larger one? */
static bool is_better(const struct dm_vec *a, const struct dm_vec *b, size_t n)
{
	if (a->cap < n || b->cap < n)
		return a->cap > b->cap;
	return a->cap < b->cap;
}

static void take_spare(struct dm_scratch *s, struct dm_vec *v, size_t n)
{
	size_t best = 0;

	if (s->n_spare == 0)
		return;
	for (size_t i = 1; i < s->n_spare; i++) {
		if (is_better(&s->spare[i], &s->spare[best], n))
			best = i;
	}
	*v = s->spare[best];
	s->spare[best] = s->spare[--s->n_spare];
}

void dm_vec_give_back(struct dm_expr *e, struct dm_vec *v)
{
	struct dm_scratch *s = e->scratch;

	if (!v->p)
		return;
	if (dm_array_grow(&s->spare, s->n_spare, &s->cap_spare,
		sizeof(*s->spare), NULL) == 0)
		s->spare[s->n_spare++] = *v;
	else
		free(v->p);
	*v = (struct dm_vec){0};
}

int dm_vec_reserve(
    struct dm_expr *e, struct dm_vec *v, size_t n, struct dm_err *err)
{
	struct dm_element *p;

	if (n > v->cap) {
		dm_vec_give_back(e, v);
		take_spare(e->scratch, v, n);
	}
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

int dm_vec_copy(struct dm_expr *e, struct dm_vec *v, const struct dm_vec *from,
    struct dm_err *err)
{
	if (dm_vec_reserve(e, v, from->n, err) < 0)
		return -1;
	if (from->n)
		memcpy(v->p, from->p, from->n * sizeof(*from->p));
	v->n = from->n;
	return 0;
}

int dm_eval_one(
    struct dm_expr *e, struct dm_node *n, double v, struct dm_err *err)
{
	struct dm_labels *labels;

	if (dm_vec_reserve(e, &n->out, 1, err) < 0 ||
	    dm_labels_builder_done(&e->builder, e->querier.pool, &labels, err) <
		0 ||
	    dm_eval_hold(e, labels, err) < 0)
		return -1;
	n->out.p[0] = (struct dm_element){labels, NULL, v};
	n->out.n = 1;
	return 0;
}

int dm_eval_hold(
    struct dm_expr *e, struct dm_labels *labels, struct dm_err *err)
{
	if (dm_array_grow(&e->held, e->n_held, &e->cap_held,
		sizeof(struct dm_labels *), err) < 0) {
		dm_labels_unref(labels);
		return -1;
	}
	e->held[e->n_held++] = labels;
	return 0;
}

void dm_eval_release(struct dm_expr *e, size_t from)
{
	while (e->n_held > from)
		dm_labels_unref(e->held[--e->n_held]);
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
    struct dm_scratch *s, unsigned which, size_t n, struct dm_err *err)
{
	struct dm_slot *p;

	if (n <= s->n_slots[which])
		return 0;
	n += n / 2 + 64;
	p = realloc(s->slots[which], n * sizeof(*p));
	if (!p)
		return dm_err_nomem(err);
	memset(p + s->n_slots[which], 0, (n - s->n_slots[which]) * sizeof(*p));
	s->slots[which] = p;
	s->n_slots[which] = n;
	return 0;
}

int dm_slots_begin(struct dm_expr *e, unsigned which, struct dm_err *err)
{
	struct dm_scratch *s = e->scratch;

	s->epochs[which] = ++s->epoch;
	return slots_grow(s, which, dm_labels_pool_ids(e->querier.pool), err);
}

struct dm_slot *dm_slot(
    struct dm_expr *e, unsigned which, const struct dm_labels *labels)
{
	struct dm_scratch *s = e->scratch;

	if (labels->id >= s->n_slots[which] &&
	    slots_grow(s, which, labels->id + 1, NULL) < 0)
		return NULL;
	return &s->slots[which][labels->id];
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

struct dm_grouped *dm_group_cached(
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
	c = dm_group_cached(node, el->labels->id, err);
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

int dm_eval_take_name(
    struct dm_expr *e, struct dm_element *el, struct dm_err *err)
{
	const struct dm_str name = DM_STR(DM_LABEL_NAME);
	struct dm_labels_builder *b = &e->builder;
	struct dm_str text = dm_labels_get(el->labels, name);

	if (text.n == 0)
		return 0;
	if (dm_labels_name(e->querier.pool, text, &el->name, err) < 0)
		return -1;
	dm_labels_builder_start(b, el->labels);
	dm_labels_builder_drop(b, &name, 1);
	if (dm_labels_builder_done(b, e->querier.pool, &el->labels, err) < 0)
		return -1;
	return dm_eval_hold(e, el->labels, err);
}

int dm_eval_find_group(struct dm_expr *e, struct dm_node *node,
    const struct dm_element *el, size_t n, struct dm_labels **ret_labels,
    size_t *ret, struct dm_err *err)
{
	struct dm_labels *labels = dm_group(e, node, el, err);
	struct dm_slot *s;

	if (!labels)
		return -1;
	s = dm_slot(e, 0, labels);
	if (!s)
		return dm_err_nomem(err);
	if (!dm_slot_is_noted(e, 0, s))
		dm_slot_note(e, 0, s, n);
	*ret_labels = labels;
	*ret = s->index;
	return 0;
}

int dm_eval_same_labels(
    const struct dm_expr *e, const struct dm_node *node, struct dm_err *err)
{
	return dm_expr_error(e, node->at, DM_EINVAL, err,
	    "vector cannot contain metrics with the same labelset");
}

int dm_eval_check_unique(
    struct dm_expr *e, const struct dm_node *node, struct dm_err *err)
{
	const struct dm_vec *v = &node->out;
	/* Of the same labels and another name, + 1. */
	size_t *next =
	    dm_eval_scratch(&e->scratch->work, v->n * sizeof(*next), err);

	if (!next || dm_slots_begin(e, 0, err) < 0)
		return -1;
	for (size_t i = 0; i < v->n; i++) {
		struct dm_slot *s = dm_slot(e, 0, v->p[i].labels);

		if (!s)
			return dm_err_nomem(err);
		next[i] = dm_slot_is_noted(e, 0, s) ? s->index + 1 : 0;
		for (size_t k = next[i]; k; k = next[k - 1]) {
			if (v->p[k - 1].name == v->p[i].name)
				return dm_eval_same_labels(e, node, err);
		}
		dm_slot_note(e, 0, s, i);
	}
	return 0;
}
