/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Which times an expression looks at. */
#include "promql/expr.h"

/* When a part of an expression is evaluated: between so long before and so
 * long before a time. */
struct moments {
	enum dm_at at; /* START: the outer evaluation's, if not a fixed time */
	int64_t at_us; /* of a fixed one */
	int64_t from_us, to_us;
};

/* The same of what a selector or subquery looks at, but for its range. */
static struct moments looked_at(
    const struct dm_expr *e, const struct dm_node *n, struct moments m)
{
	if (n->at_kind == DM_AT_TIME)
		m = (struct moments){.at = DM_AT_TIME, .at_us = n->at_us};
	else if (n->at_kind != DM_AT_EVAL && e->has_range)
		m = (struct moments){.at = DM_AT_TIME,
		    .at_us =
			n->at_kind == DM_AT_START ? e->start_us : e->end_us};
	else if (n->at_kind != DM_AT_EVAL)
		m = (struct moments){.at = DM_AT_START};
	m.from_us += n->offset_us;
	m.to_us += n->offset_us;
	return m;
}

static void set_selector(struct dm_selector *s, const struct moments *m)
{
	bool is_fixed = m->at == DM_AT_TIME;

	s->is_fixed = is_fixed;
	s->reach_us = is_fixed || m->from_us < 0 ? 0 : m->from_us;
	s->ahead_us = is_fixed || m->to_us > 0 ? 0 : -m->to_us;
	s->from_us = is_fixed ? m->at_us - m->from_us : 0;
	s->to_us = is_fixed ? m->at_us - m->to_us : 0;
}

/* The time that an argument of info() is of. */
struct reference {
	bool found;
	bool differs; /* parts are of other times */
	struct moments m;
};

static bool is_same_time(const struct moments *a, const struct moments *b)
{
	return a->at == b->at && a->at_us - a->from_us == b->at_us - b->from_us;
}

/* Returns whether samples are looked at. No deeper than the tree is.
 * Source: prometheus promql/info.go, infoSelectTimestampAndOffset. */
static bool refer(const struct dm_expr *e, const struct dm_node *n,
    struct moments m, struct reference *ret)
{
	bool any = false;

	if ((n->kind != DM_EXPR_VECTOR && n->kind != DM_EXPR_RANGE) ||
	    n->type == DM_NODE_INFO)
		return false;
	if (n->type == DM_NODE_SELECTOR || n->type == DM_NODE_SUBQUERY)
		m = looked_at(e, n, m);
	if (n->type == DM_NODE_SELECTOR) {
		ret->differs |= ret->found && !is_same_time(&ret->m, &m);
		if (!ret->found)
			ret->m = m;
		ret->found = true;
		return true;
	}
	for (size_t i = 0; i < n->n_args; i++)
		any = refer(e, n->args[i], m, ret) || any;
	ret->differs |= !any;
	return any;
}

/* The info series are looked at as of the time that the other argument is of,
 * where that is one. */
static void refer_info(
    const struct dm_expr *e, const struct dm_node *arg, struct dm_node *info)
{
	struct reference r = {0};

	refer(e, arg, r.m, &r);
	if (!r.found || r.differs)
		r.m = (struct moments){.at = DM_AT_EVAL};
	info->at_kind = r.m.at;
	info->at_us = r.m.at_us;
	info->offset_us = r.m.from_us;
}

/* No deeper than the tree is. */
static void walk(const struct dm_expr *e, struct dm_node *n, struct moments m)
{
	bool is_selector =
	    n->type == DM_NODE_SELECTOR || n->type == DM_NODE_INFO;

	if (is_selector || n->type == DM_NODE_SUBQUERY) {
		m = looked_at(e, n, m);
		m.from_us += n->range_us;
	}
	if (n->extend)
		m.from_us += DM_LOOKBACK_US;
	if (n->extend == DM_EXTEND_SMOOTHED)
		m.to_us -= DM_LOOKBACK_US;
	if (is_selector)
		set_selector(&n->selector, &m);
	for (size_t i = 0; i < n->n_args; i++) {
		if (n->args[i]->type == DM_NODE_INFO)
			refer_info(e, n->args[0], n->args[i]);
		walk(e, n->args[i], m);
	}
}

/* Is its value the same at each step of a range query?
 * Source: prometheus promql/engine.go, preprocessExprHelper. */
static bool find_constants(struct dm_node *n)
{
	bool same = !n->function || !n->function->by_time;

	for (size_t i = 0; i < n->n_args; i++)
		same = find_constants(n->args[i]) && same;
	if (n->type == DM_NODE_NUMBER || n->type == DM_NODE_STRING)
		return true;
	if (n->type == DM_NODE_SELECTOR || n->type == DM_NODE_INFO ||
	    n->type == DM_NODE_SUBQUERY)
		same = n->at_kind != DM_AT_EVAL;
	n->is_constant = same;
	return same;
}

void dm_expr_reach(struct dm_expr *e)
{
	walk(e, e->root, (struct moments){.at = DM_AT_EVAL});
	if (e->has_range)
		find_constants(e->root);
}

int dm_expr_check_stream(struct dm_expr *e, struct dm_err *err)
{
	if (dm_expr_lengths(e, err) < 0)
		return -1;
	for (size_t i = 0; i < e->n_selectors; i++) {
		if (e->selectors[i]->selector.is_fixed)
			return dm_expr_error(e, e->selectors[i]->at, DM_EINVAL,
			    err,
			    "a fixed time (@) can't be looked at in a stream, "
			    "of which only the end is kept");
	}
	return 0;
}

int64_t dm_node_time(const struct dm_expr *e, const struct dm_node *n)
{
	int64_t t = e->t_us;

	if (n->at_kind == DM_AT_TIME)
		t = n->at_us;
	else if (n->at_kind == DM_AT_START)
		t = e->has_range ? e->start_us : e->outer_us;
	else if (n->at_kind == DM_AT_END)
		t = e->has_range ? e->end_us : e->outer_us;
	return t - n->offset_us;
}

int dm_expr_set_lengths(
    struct dm_expr *e, int64_t range_us, int64_t step_us, struct dm_err *err)
{
	if (e->bound)
		return dm_err_set(
		    err, DM_EINVAL, "the expression is bound already");
	if (range_us < 0 || step_us < 0)
		return dm_err_set(
		    err, DM_EINVAL, "a query's range must not be negative");
	e->query_range_us = range_us;
	e->query_step_us = step_us;
	if (dm_expr_lengths(e, err) < 0)
		return -1;
	dm_expr_reach(e);
	return 0;
}

int dm_expr_set_range(struct dm_expr *e, int64_t start_us, int64_t end_us,
    int64_t step_us, struct dm_err *err)
{
	if (dm_expr_set_lengths(e, end_us - start_us, step_us, err) < 0)
		return -1;
	e->has_range = true;
	e->start_us = start_us;
	e->end_us = end_us;
	dm_expr_reach(e);
	return 0;
}

void dm_expr_set_samples_max(struct dm_expr *e, uint64_t n)
{
	e->samples_max = n;
}

void dm_expr_set_subquery_step(struct dm_expr *e, int64_t step_us)
{
	e->default_step_us = step_us;
}
