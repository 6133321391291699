/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Subqueries: an expression evaluated at steps, made into series. */
#include "promql/expr.h"

/* A series of results. Its samples move forward in `all`. */
struct made {
	struct dm_series s; /* first: lent as such */
	struct dm_sample *all;
	size_t from, cap;
	size_t next; /* of the same labels and another name, + 1 */
};

/* By a label set's id: which series is made of it. */
struct made_slot {
	uint64_t serial; /* of the label set */
	size_t first;	 /* + 1 */
};

struct dm_subquery {
	struct made **made;
	const struct dm_series **lent; /* the same */
	size_t n, cap;
	struct made_slot *slots;
	size_t n_slots;
	/* The steps in (from_us, to_us] are in it. */
	bool is_filled;
	int64_t from_us, to_us;
};

static void made_free(struct made *m)
{
	dm_labels_unref(m->s.labels);
	free(m->all);
	free(m);
}

void dm_subquery_free(struct dm_subquery *q)
{
	if (!q)
		return;
	for (size_t i = 0; i < q->n; i++)
		made_free(q->made[i]);
	free(q->made);
	free(q->lent);
	free(q->slots);
	free(q);
}

static int grow_list(struct dm_subquery *q, struct dm_err *err)
{
	size_t cap = q->cap ? 2 * q->cap : 16;
	struct made **made;
	const struct dm_series **lent;

	if (q->n < q->cap)
		return 0;
	made = realloc(q->made, cap * sizeof(struct made *));
	if (!made)
		return dm_err_nomem(err);
	q->made = made;
	lent = realloc(q->lent, cap * sizeof(struct dm_series *));
	if (!lent)
		return dm_err_nomem(err);
	q->lent = lent;
	q->cap = cap;
	return 0;
}

static struct made_slot *slot_of(
    struct dm_subquery *q, const struct dm_labels *labels, struct dm_err *err)
{
	size_t n = labels->id + labels->id / 2 + 64;
	struct made_slot *p;

	if (labels->id < q->n_slots)
		return &q->slots[labels->id];
	p = realloc(q->slots, n * sizeof(*p));
	if (!p) {
		dm_err_nomem(err);
		return NULL;
	}
	memset(p + q->n_slots, 0, (n - q->n_slots) * sizeof(*p));
	q->slots = p;
	q->n_slots = n;
	return &p[labels->id];
}

/* Put the i-th where it is found by its labels. */
static int note(struct dm_subquery *q, size_t i, struct dm_err *err)
{
	struct made *m = q->made[i];
	struct made_slot *slot = slot_of(q, m->s.labels, err);

	if (!slot)
		return -1;
	m->next = slot->serial == m->s.labels->serial ? slot->first : 0;
	slot->serial = m->s.labels->serial;
	slot->first = i + 1;
	return 0;
}

/* NULL with err. */
static struct made *make(
    struct dm_subquery *q, const struct dm_element *el, struct dm_err *err)
{
	struct made *m;

	if (grow_list(q, err) < 0)
		return NULL;
	m = calloc(1, sizeof(*m));
	if (!m) {
		dm_err_nomem(err);
		return NULL;
	}
	m->s.labels = dm_labels_ref(el->labels);
	m->s.name = el->name;
	m->s.drop = DM_DROP_UNKNOWN;
	q->made[q->n] = m;
	if (note(q, q->n, err) < 0) {
		made_free(m);
		return NULL;
	}
	q->n++;
	return m;
}

static struct made *find(
    struct dm_subquery *q, const struct dm_element *el, struct dm_err *err)
{
	const struct made_slot *slot = slot_of(q, el->labels, err);
	size_t i;

	if (!slot)
		return NULL;
	i = slot->serial == el->labels->serial ? slot->first : 0;
	for (; i; i = q->made[i - 1]->next) {
		if (q->made[i - 1]->s.name == el->name)
			return q->made[i - 1];
	}
	return make(q, el, err);
}

static int add_sample(
    struct made *m, int64_t t_us, double v, struct dm_err *err)
{
	size_t cap = m->cap ? 2 * m->cap : 8;
	struct dm_sample *all;

	if (m->from + m->s.n == m->cap && m->from > m->cap / 2) {
		memmove(m->all, m->all + m->from, m->s.n * sizeof(*m->all));
		m->from = 0;
	} else if (m->from + m->s.n == m->cap) {
		all = realloc(m->all, cap * sizeof(*all));
		if (!all)
			return dm_err_nomem(err);
		m->all = all;
		m->cap = cap;
	}
	m->s.p = m->all + m->from;
	m->s.near[1] = (struct dm_sample){t_us, v};
	m->all[m->from + m->s.n++] = m->s.near[1];
	return 0;
}

/* Forget what was before a time; all of it where that is not told. */
static void forget(struct dm_subquery *q, bool all, int64_t start_us)
{
	for (size_t i = 0; i < q->n; i++) {
		struct made *m = q->made[i];
		uint32_t n =
		    all ? m->s.n : (uint32_t)dm_series_until(&m->s, start_us);

		m->from = n == m->s.n ? 0 : m->from + n;
		m->s.n -= n;
		m->s.p = m->all + m->from;
	}
}

/* Drop series of which nothing is left. */
static int compact(struct dm_subquery *q, struct dm_err *err)
{
	size_t kept = 0, n = q->n;

	for (size_t i = 0; i < n; i++) {
		if (q->made[i]->s.n)
			q->made[kept++] = q->made[i];
		else
			made_free(q->made[i]);
	}
	q->n = kept;
	if (kept < n)
		memset(q->slots, 0, q->n_slots * sizeof(*q->slots));
	for (size_t i = 0; i < kept; i++) {
		if (kept < n && note(q, i, err) < 0)
			return -1;
		q->lent[i] = &q->made[i]->s;
	}
	return 0;
}

/* The first multiple of step behind a time. */
static int64_t first_step(int64_t start_us, int64_t step_us)
{
	int64_t t = start_us / step_us * step_us;

	return t > start_us ? t : t + step_us;
}

static int one_step(struct dm_expr *e, struct dm_node *arg,
    struct dm_subquery *q, int64_t t_us, struct dm_err *err)
{
	size_t held = e->n_held;
	struct made *m;

	e->t_us = t_us;
	if (dm_eval(e, arg, err) < 0)
		return -1;
	if (dm_eval_has_too_many(e, arg->out.n))
		return dm_eval_too_many(e, err);
	for (size_t i = 0; i < arg->out.n; i++) {
		m = find(q, &arg->out.p[i], err);
		if (!m || add_sample(m, t_us, arg->out.p[i].value, err) < 0)
			return -1;
	}
	if (!arg->is_done)
		dm_vec_give_back(e, &arg->out);
	dm_eval_release(e, held);
	return 0;
}

/* In a range query the samples do not change, and so the steps that were
 * evaluated for the evaluation before this one are used again. */
static int fill(struct dm_expr *e, struct dm_node *node, int64_t start_us,
    int64_t end_us, struct dm_err *err)
{
	struct dm_subquery *q = node->subquery;
	int64_t step = node->step_us ? node->step_us : e->default_step_us;
	int64_t before = e->t_us, t = first_step(start_us, step);
	bool again = q->is_filled && e->has_range && start_us >= q->from_us &&
		     end_us >= q->to_us;

	forget(q, !again, start_us);
	if (again && q->to_us >= t)
		t = first_step(q->to_us, step);
	q->is_filled = false;
	for (; t <= end_us; t += step) {
		if (one_step(e, node->args[0], q, t, err) < 0)
			return -1;
	}
	e->t_us = before;
	if (compact(q, err) < 0)
		return -1;
	q->from_us = start_us;
	q->to_us = end_us;
	q->is_filled = true;
	return 0;
}

int dm_eval_series(struct dm_expr *e, struct dm_node *node, int64_t *ret_start,
    int64_t *ret_end, struct dm_series_set *ret, struct dm_err *err)
{
	int64_t end = dm_node_time(e, node), start = end - node->range_us;
	struct dm_range r = {.start_us = start, .end_us = end};

	*ret_start = start;
	*ret_end = end;
	dm_range_extend(&r, node->extend);
	if (node->type == DM_NODE_SELECTOR)
		return e->querier.select(
		    e->querier.ctx, node->handle, r.from_us, r.to_us, ret, err);
	if (!node->subquery)
		node->subquery = calloc(1, sizeof(*node->subquery));
	if (!node->subquery)
		return dm_err_nomem(err);
	if (fill(e, node, start, end, err) < 0)
		return -1;
	*ret = (struct dm_series_set){node->subquery->lent, node->subquery->n};
	return 0;
}
