/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "promql/expr.h"

/* Selectors that are anchored or smoothed: the value at a border of a range is
 * the one before it, or lies on the line to the next. Samples have no start
 * timestamps. Source: prometheus promql/functions.go, engine.go. */

void dm_range_extend(struct dm_range *r, enum dm_extend extend)
{
	r->extend = extend;
	r->from_us = r->start_us;
	r->to_us = r->end_us;
	if (extend)
		r->from_us -= DM_LOOKBACK_US;
	if (extend == DM_EXTEND_SMOOTHED)
		r->to_us += DM_LOOKBACK_US;
}

/* The first of p[0..n) at that time or later, n where there is none. */
static size_t first_from(const struct dm_sample *p, size_t n, int64_t t_us)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p[mid].t_us >= t_us)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static double milliseconds(int64_t us)
{
	return (double)us / 1e3;
}

/* A counter that was reset between them began at 0. */
static double interpolate(const struct dm_sample *a, const struct dm_sample *b,
    int64_t t_us, bool is_counter)
{
	double y = is_counter && b->v < a->v ? 0 : a->v;

	return y + (b->v - y) * milliseconds(t_us - a->t_us) /
		       milliseconds(b->t_us - a->t_us);
}

/* The samples that matter, and the values at the borders. */
struct borders {
	size_t first, last;
	double left, right;
};

static double left_of(const struct dm_range *r, size_t first, bool is_counter)
{
	const struct dm_sample *p = &r->p[first];

	if (p->t_us >= r->start_us || r->extend == DM_EXTEND_ANCHORED)
		return p->v;
	return interpolate(p, p + 1, r->start_us, is_counter);
}

static double right_of(const struct dm_range *r, size_t last, bool is_counter)
{
	const struct dm_sample *p = &r->p[last];

	if (p->t_us <= r->end_us || last == 0)
		return p->v;
	return interpolate(p - 1, p, r->end_us, is_counter);
}

/* False: nothing lies behind the start. */
static bool find_borders(
    const struct dm_range *r, bool is_counter, struct borders *ret)
{
	size_t last = r->n - 1, first = first_from(r->p, last, r->start_us + 1);

	first = first ? first - 1 : 0;
	if (r->extend == DM_EXTEND_SMOOTHED)
		last = first_from(r->p, last, r->end_us);
	if (r->p[last].t_us <= r->start_us)
		return false;
	*ret = (struct borders){
	    .first = first,
	    .last = last,
	    .left = left_of(r, first, is_counter),
	    .right = right_of(r, last, is_counter),
	};
	return true;
}

/* How many of the samples from the first to the last are within the borders;
 * *ret_from is the first of them. */
static size_t inner(
    const struct dm_range *r, const struct borders *b, size_t *ret_from)
{
	size_t from = b->first + (r->p[b->first].t_us <= r->start_us);
	size_t to = b->last + (r->p[b->last].t_us < r->end_us);

	*ret_from = from;
	return to > from ? to - from : 0;
}

/* What a counter lost at its resets. */
static double lost(const struct dm_range *r, const struct borders *b)
{
	size_t from, n = inner(r, b, &from);
	double sum = 0, before = b->left;

	for (size_t i = from; i < from + n; i++) {
		if (r->p[i].v < before)
			sum += before;
		before = r->p[i].v;
	}
	return b->right < before ? sum + before : sum;
}

bool dm_range_extended(
    const struct dm_range *r, bool is_counter, bool is_rate, double *ret)
{
	struct borders b;
	double result;

	if (!find_borders(r, is_counter, &b) ||
	    (r->extend == DM_EXTEND_SMOOTHED && r->p[b.first].t_us > r->end_us))
		return false;
	result = b.right - b.left;
	if (is_counter)
		result += lost(r, &b);
	if (is_rate)
		result /= dm_go_seconds(r->end_us - r->start_us);
	*ret = result;
	return true;
}

bool dm_range_anchor(const struct dm_range *r, size_t *ret)
{
	size_t n;

	*ret = 0;
	if (r->extend != DM_EXTEND_ANCHORED)
		return true;
	n = first_from(r->p, r->n, r->start_us + 1);
	*ret = n ? n - 1 : 0;
	return n < r->n;
}

size_t dm_eval_extend(struct dm_expr *e, const struct dm_range *r)
{
	struct dm_sample end;
	struct borders b;
	size_t from, n;

	if (!find_borders(r, false, &b))
		return 0;
	n = inner(r, &b, &from);
	end = (struct dm_sample){r->start_us, b.left};
	dm_buf_add(&e->scratch->samples, &end, sizeof(end));
	dm_buf_add(&e->scratch->samples, r->p + from, n * sizeof(*r->p));
	end = (struct dm_sample){r->end_us, b.right};
	dm_buf_add(&e->scratch->samples, &end, sizeof(end));
	return n + 2;
}

/* On the line between the samples around a time; where none follows, the one
 * before it. False: there is none before. */
static bool smoothed_at(const struct dm_series *s, int64_t t, double *ret)
{
	size_t k = dm_series_until(s, t), next = k;
	const struct dm_sample *p = s->p;

	while (k && dm_is_stale(p[k - 1].v))
		k--;
	if (k == 0 || p[k - 1].t_us <= t - DM_LOOKBACK_US)
		return false;
	while (next < s->n && dm_is_stale(p[next].v))
		next++;
	if (p[k - 1].t_us == t || next == s->n ||
	    p[next].t_us > t + DM_LOOKBACK_US)
		*ret = p[k - 1].v;
	else
		*ret = interpolate(&p[k - 1], &p[next], t, false);
	return true;
}

int dm_eval_smoothed(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	int64_t t = dm_node_time(e, n);
	struct dm_series_set set;

	if (e->querier.select(e->querier.ctx, n->handle, t - DM_LOOKBACK_US,
		t + DM_LOOKBACK_US, &set, err) < 0 ||
	    dm_vec_reserve(e, &n->out, set.n, err) < 0)
		return -1;
	if (dm_eval_has_too_many(e, set.n))
		return dm_eval_too_many(e, err);
	for (size_t i = 0; i < set.n; i++) {
		const struct dm_series *s = set.series[i];
		double v;

		if (smoothed_at(s, t, &v))
			n->out.p[n->out.n++] =
			    (struct dm_element){s->labels, s->name, v};
	}
	return 0;
}
