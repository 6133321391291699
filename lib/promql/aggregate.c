/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "promql/kahan.h"
#include "promql/quantile.h"

/* What an aggregation knows of a group so far. */
struct group {
	struct dm_labels *labels;
	struct dm_kahan sum; /* of avg's incremental mean, the mean */
	double value;	     /* least, greatest, or sum of squares */
	double mean;
	double n;
	bool incremental;
	size_t first; /* of topk, quantile: where its members begin */
};

/* A member of a group, where members are sorted. */
struct member {
	size_t group, index;
	double value;
};

static void group_begin(
    struct group *g, enum dm_token_type op, struct dm_labels *l, double v)
{
	*g = (struct group){
	    .labels = l, .sum = {.sum = v}, .value = v, .mean = v, .n = 1};
	if (op == DM_TOKEN_STDDEV || op == DM_TOKEN_STDVAR)
		g->value = isfinite(v) ? 0 : NAN;
}

/* The mean without a sum that overflows, from where the sum did. */
static void add_to_avg(struct group *g, double v)
{
	struct dm_kahan sum = g->sum;
	double q;

	if (!g->incremental) {
		dm_kahan_add(&sum, v);
		if (!isinf(sum.sum)) {
			g->sum = sum;
			return;
		}
		g->incremental = true;
		g->sum.sum /= g->n - 1;
		g->sum.c /= g->n - 1;
	}
	q = (g->n - 1) / g->n;
	g->sum.sum *= q;
	g->sum.c *= q;
	dm_kahan_add(&g->sum, v / g->n);
}

static void group_add(struct group *g, enum dm_token_type op, double v)
{
	double delta;

	g->n++;
	switch (op) {
	case DM_TOKEN_SUM:
		dm_kahan_add(&g->sum, v);
		break;
	case DM_TOKEN_AVG:
		add_to_avg(g, v);
		break;
	case DM_TOKEN_MIN:
		if (g->value > v || isnan(g->value))
			g->value = v;
		break;
	case DM_TOKEN_MAX:
		if (g->value < v || isnan(g->value))
			g->value = v;
		break;
	case DM_TOKEN_STDDEV:
	case DM_TOKEN_STDVAR:
		delta = v - g->mean;
		g->mean += delta / g->n;
		g->value += delta * (v - g->mean);
		break;
	default:
		break;
	}
}

static double group_value(const struct group *g, enum dm_token_type op)
{
	switch (op) {
	case DM_TOKEN_SUM:
		return g->sum.sum + g->sum.c;
	case DM_TOKEN_AVG:
		return g->incremental ? g->sum.sum + g->sum.c
				      : g->sum.sum / g->n + g->sum.c / g->n;
	case DM_TOKEN_COUNT:
		return g->n;
	case DM_TOKEN_GROUP:
		return 1;
	case DM_TOKEN_STDDEV:
		return sqrt(g->value / g->n);
	case DM_TOKEN_STDVAR:
		return g->value / g->n;
	default:
		return g->value;
	}
}

static int fold(struct dm_expr *e, struct dm_node *node,
    const struct dm_vec *in, struct dm_err *err)
{
	struct group *groups =
	    dm_eval_scratch(&e->scratch->work, in->n * sizeof(*groups), err);
	struct dm_labels *labels;
	size_t n = 0, at;

	if (!groups)
		return -1;
	for (size_t i = 0; i < in->n; i++) {
		if (dm_eval_find_group(
			e, node, &in->p[i], n, &labels, &at, err) < 0)
			return -1;
		if (at < n)
			group_add(&groups[at], node->op, in->p[i].value);
		else
			group_begin(
			    &groups[n++], node->op, labels, in->p[i].value);
	}
	for (size_t i = 0; i < n; i++) {
		struct dm_element *el = &node->out.p[i];

		*el = (struct dm_element){
		    groups[i].labels, NULL, group_value(&groups[i], node->op)};
		if (node->grouped_by_name && dm_eval_take_name(e, el, err) < 0)
			return -1;
	}
	node->out.n = n;
	return 0;
}

/* By group, then as asked for, NaN at the end; then as they came. */
static int cmp_rising(const void *x, const void *y)
{
	const struct member *a = x, *b = y;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (isnan(a->value) || isnan(b->value)) {
		if (isnan(a->value) != isnan(b->value))
			return isnan(a->value) ? 1 : -1;
	} else if (a->value != b->value) {
		return a->value < b->value ? -1 : 1;
	}
	return a->index < b->index ? -1 : 1;
}

static int cmp_falling(const void *x, const void *y)
{
	const struct member *a = x, *b = y;

	if (a->group == b->group && !isnan(a->value) && !isnan(b->value) &&
	    a->value != b->value)
		return a->value > b->value ? -1 : 1;
	return cmp_rising(x, y);
}

/* One group's members, sorted: those that topk and bottomk keep, or the
 * quantile. */
static void emit(struct dm_node *node, const struct dm_vec *in,
    const struct member *m, size_t n, double k, struct dm_labels *labels,
    double *values)
{
	if (node->op == DM_TOKEN_QUANTILE) {
		for (size_t i = 0; i < n; i++)
			values[i] = m[i].value;
		node->out.p[node->out.n++] = (struct dm_element){
		    labels, NULL, dm_quantile(k, values, n)};
		return;
	}
	for (size_t i = 0; i < n && (double)i + 1 <= k; i++)
		node->out.p[node->out.n++] = in->p[m[i].index];
}

static int select_members(struct dm_expr *e, struct dm_node *node,
    const struct dm_vec *in, struct dm_err *err)
{
	struct member *m =
	    dm_eval_scratch(&e->scratch->work, in->n * sizeof(*m), err);
	struct dm_labels **labels =
	    dm_eval_scratch(&e->scratch->samples, in->n * sizeof(*labels), err);
	double *values =
	    dm_eval_scratch(&e->scratch->values, in->n * sizeof(*values), err);
	struct dm_labels *l;
	size_t n = 0, from = 0;
	double k = node->args[0]->scalar;

	if (!m || !labels || !values)
		return -1;
	for (size_t i = 0; i < in->n; i++) {
		m[i] = (struct member){.index = i, .value = in->p[i].value};
		if (dm_eval_find_group(
			e, node, &in->p[i], n, &l, &m[i].group, err) < 0)
			return -1;
		if (m[i].group == n)
			labels[n++] = l;
	}
	if (in->n)
		qsort(m, in->n, sizeof(*m),
		    node->op == DM_TOKEN_TOPK ? cmp_falling : cmp_rising);
	for (size_t i = 1; i <= in->n; i++) {
		if (i < in->n && m[i].group == m[from].group)
			continue;
		emit(node, in, m + from, i - from, k, labels[m[from].group],
		    values);
		from = i;
	}
	for (size_t i = 0; node->op == DM_TOKEN_QUANTILE &&
			   node->grouped_by_name && i < node->out.n;
	     i++) {
		if (dm_eval_take_name(e, &node->out.p[i], err) < 0)
			return -1;
	}
	return 0;
}

/* How many are asked for. Returns 1, 0 where that is none, or -1. */
static int check_k(
    struct dm_expr *e, const struct dm_node *n, struct dm_err *err)
{
	double k = n->args[0]->scalar;

	if (n->op == DM_TOKEN_QUANTILE)
		return 1;
	if (n->op == DM_TOKEN_LIMIT_RATIO ? k == 0 : k < 1)
		return 0;
	if (!isnan(k) && (k < 9.2e18 || n->op == DM_TOKEN_LIMIT_RATIO))
		return 1;
	return dm_expr_error(e, n->args[0]->at, DM_EINVAL, err,
	    "the parameter of %s must be a number below 2^63",
	    dm_token_name(n->op));
}

static int with_parameter(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	const struct dm_vec *in = &n->args[1]->out;
	int rc = check_k(e, n, err);

	if (rc <= 0)
		return rc;
	if (n->op == DM_TOKEN_LIMITK)
		return dm_eval_limitk(e, n, in, err);
	if (n->op == DM_TOKEN_LIMIT_RATIO)
		return dm_eval_limit_ratio(e, n, in, err);
	return select_members(e, n, in, err);
}

int dm_eval_aggregate(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	const struct dm_vec *in = &n->args[n->n_args - 1]->out;

	for (size_t i = 0; i < n->n_args; i++) {
		if (dm_eval(e, n->args[i], err) < 0)
			return -1;
	}
	if (dm_vec_reserve(e, &n->out, in->n, err) < 0 ||
	    dm_slots_begin(e, 0, err) < 0)
		return -1;
	if (n->op == DM_TOKEN_COUNT_VALUES)
		return dm_eval_count_values(e, n, in, err);
	if (n->n_args == 2)
		return with_parameter(e, n, err);
	return fold(e, n, in, err);
}
