/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* An evaluation, from its beginning to the value that is handed out. */
#include <inttypes.h>

#include "promql/expr.h"

int dm_eval_too_many(const struct dm_expr *e, struct dm_err *err)
{
	return dm_err_set(err, DM_ELIMIT,
	    "the evaluation looks at more than %" PRIu64 " samples",
	    e->samples_max);
}

/* Samples of a series in (start, end], without markers, behind those that
 * stand there. */
static size_t add_samples(struct dm_buf *b, const struct dm_series *s,
    int64_t start_us, int64_t end_us)
{
	size_t to = dm_series_until(s, end_us), n = 0;

	for (size_t i = dm_series_until(s, start_us); i < to; i++) {
		if (dm_is_stale(s->p[i].v))
			continue;
		dm_buf_add(b, &s->p[i], sizeof(s->p[i]));
		n++;
	}
	return n;
}

static size_t add_extended(struct dm_expr *e, const struct dm_node *n,
    const struct dm_series *s, int64_t start_us, int64_t end_us)
{
	struct dm_range r = {.start_us = start_us, .end_us = end_us};

	dm_range_extend(&r, n->extend);
	dm_buf_clear(&e->scratch->values);
	r.n = add_samples(&e->scratch->values, s, r.from_us, r.to_us);
	r.p = (const struct dm_sample *)e->scratch->values.p;
	return r.n && !e->scratch->values.failed ? dm_eval_extend(e, &r) : 0;
}

/* A range vector: its samples are copied, as they may stand apart. */
static int eval_range(struct dm_expr *e, struct dm_node *n,
    struct dm_value *ret, struct dm_err *err)
{
	struct dm_value_series *all;
	struct dm_series_set set;
	int64_t start, end;
	size_t at = 0, k = 0;

	if (dm_eval_series(e, n, &start, &end, &set, err) < 0)
		return -1;
	all = dm_eval_scratch(&e->scratch->work, set.n * sizeof(*all), err);
	if (!all)
		return -1;
	dm_buf_clear(&e->scratch->samples);
	for (size_t i = 0; i < set.n; i++) {
		const struct dm_series *s = set.series[i];
		size_t count = n->extend ? add_extended(e, n, s, start, end)
					 : add_samples(&e->scratch->samples, s,
					       start, end);

		if (dm_eval_has_too_many(e, count))
			return dm_eval_too_many(e, err);
		if (count)
			all[k++] = (struct dm_value_series){
			    .labels = s->labels, .name = s->name, .n = count};
	}
	if (dm_buf_ok(&e->scratch->samples, err) < 0 ||
	    dm_buf_ok(&e->scratch->values, err) < 0)
		return -1;
	for (size_t i = 0; i < k; at += all[i++].n)
		all[i].p = (const struct dm_sample *)e->scratch->samples.p + at;
	ret->series = all;
	ret->n = k;
	return 0;
}

void dm_expr_rest(struct dm_expr *e)
{
	if (!e->root->is_done)
		dm_vec_give_back(e, &e->root->out);
	dm_eval_release(e, 0);
}

int dm_expr_eval(
    struct dm_expr *e, int64_t t_us, struct dm_value *ret, struct dm_err *err)
{
	struct dm_node *n = e->root;
	struct dm_value v = {.kind = n->kind};

	if (!e->bound)
		return dm_err_set(
		    err, DM_EINVAL, "the expression is not bound");
	dm_expr_rest(e);
	e->n_samples = 0;
	e->n_work = 0;
	e->outer_us = t_us;
	e->t_us = t_us;
	if (n->kind == DM_EXPR_RANGE ? eval_range(e, n, &v, err) < 0
				     : dm_eval(e, n, err) < 0)
		return -1;
	if (n->kind == DM_EXPR_SCALAR)
		v.scalar = n->scalar;
	if (n->kind == DM_EXPR_STRING)
		v.string = (struct dm_str){n->string, n->string_n};
	if (n->kind == DM_EXPR_VECTOR) {
		v.elements = n->out.p;
		v.n = n->out.n;
	}
	*ret = v;
	return 0;
}
