/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "promql/expr.h"

/* Functions of vectors and scalars. Source: prometheus promql/functions.go. */

static double fn_abs(double v, const double *args)
{
	(void)args;
	return fabs(v);
}

static double fn_ceil(double v, const double *args)
{
	(void)args;
	return ceil(v);
}

static double fn_floor(double v, const double *args)
{
	(void)args;
	return floor(v);
}

static double fn_exp(double v, const double *args)
{
	(void)args;
	return exp(v);
}

static double fn_ln(double v, const double *args)
{
	(void)args;
	return log(v);
}

static double fn_log2(double v, const double *args)
{
	(void)args;
	return log2(v);
}

static double fn_log10(double v, const double *args)
{
	(void)args;
	return log10(v);
}

static double fn_sqrt(double v, const double *args)
{
	(void)args;
	return sqrt(v);
}

static double fn_sgn(double v, const double *args)
{
	(void)args;
	return v < 0 ? -1 : v > 0 ? 1 : v;
}

/* Ties go up. The inverse is what Prometheus multiplies by. */
static double fn_round(double v, const double *args)
{
	double inverse = 1.0 / args[0];

	return floor(v * inverse + 0.5) / inverse;
}

/* As Go's math.Max and math.Min, which give NaN for any NaN. */
static double go_max(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isinf(a) && a > 0 ? a : isinf(b) && b > 0 ? b : NAN;
	return fmax(a, b);
}

static double go_min(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isinf(a) && a < 0 ? a : isinf(b) && b < 0 ? b : NAN;
	return fmin(a, b);
}

static double fn_clamp_min(double v, const double *args)
{
	return go_max(args[0], go_min(INFINITY, v));
}

static double fn_clamp_max(double v, const double *args)
{
	return go_max(-INFINITY, go_min(args[0], v));
}

static int copy_values(
    struct dm_node *n, const struct dm_vec *in, struct dm_err *err)
{
	if (dm_vec_reserve(&n->out, in->n, err) < 0)
		return -1;
	if (in->n)
		memcpy(n->out.p, in->p, in->n * sizeof(*in->p));
	n->out.n = in->n;
	return 0;
}

static int fn_clamp(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	double min = n->args[1]->scalar, max = n->args[2]->scalar;

	if (copy_values(n, &n->args[0]->out, err) < 0)
		return -1;
	if (max < min)
		n->out.n = 0;
	for (size_t i = 0; i < n->out.n; i++) {
		n->out.p[i].name = NULL;
		n->out.p[i].value = go_max(min, go_min(max, n->out.p[i].value));
	}
	return n->mixed ? dm_eval_check_unique(e, n, err) : 0;
}

static int fn_time(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	(void)err;
	n->scalar = (double)e->t_us / 1e6;
	return 0;
}

static int fn_pi(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	(void)e, (void)err;
	n->scalar = M_PI;
	return 0;
}

static int fn_scalar(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	const struct dm_vec *in = &n->args[0]->out;

	(void)e, (void)err;
	n->scalar = in->n == 1 ? in->p[0].value : NAN;
	return 0;
}

/* A vector of one element. */
static int one(
    struct dm_expr *e, struct dm_node *n, double v, struct dm_err *err)
{
	struct dm_labels *labels;

	if (dm_vec_reserve(&n->out, 1, err) < 0 ||
	    dm_labels_builder_done(&e->builder, e->querier.pool, &labels, err) <
		0 ||
	    dm_eval_hold(e, labels, err) < 0)
		return -1;
	n->out.p[0] = (struct dm_element){labels, NULL, v};
	n->out.n = 1;
	return 0;
}

static int fn_vector(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	dm_labels_builder_start(&e->builder, NULL);
	return one(e, n, n->args[0]->scalar, err);
}

/* What is absent has the labels that its selector is sure of. */
static int absent(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	const struct dm_node *arg = n->args[0];
	const struct dm_selector *s = &arg->selector;

	dm_labels_builder_start(&e->builder, NULL);
	for (size_t i = 0; arg->type == DM_NODE_SELECTOR && i < s->n; i++) {
		bool twice = false;

		for (size_t j = 0; j < s->n; j++)
			twice |= j != i && dm_str_eq(s->matchers[i].name_str,
					       s->matchers[j].name_str);
		if (s->matchers[i].op == DM_MATCH_EQ && !twice &&
		    !dm_str_is(s->matchers[i].name_str, DM_LABEL_NAME))
			dm_labels_builder_set(&e->builder,
			    s->matchers[i].name_str, s->matchers[i].value_str);
	}
	return one(e, n, 1, err);
}

static int fn_absent(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	n->out.n = 0;
	return n->args[0]->out.n ? 0 : absent(e, n, err);
}

static int fn_absent_over_time(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	const struct dm_node *over = n->args[0];
	int64_t end = e->t_us - over->offset_us;
	int64_t start = end - over->range_us;
	struct dm_series_set set;

	n->out.n = 0;
	if (e->querier.select(
		e->querier.ctx, over->handle, start, end, &set, err) < 0)
		return -1;
	for (size_t i = 0; i < set.n; i++) {
		const struct dm_series *s = set.series[i];
		size_t to = dm_series_until(s, end);

		for (size_t k = dm_series_until(s, start); k < to; k++) {
			if (!dm_is_stale(s->p[k].v))
				return 0;
		}
	}
	return absent(e, n, err);
}

/* The time of the sample where the argument is a selector, else now. */
static int fn_timestamp(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	const struct dm_node *arg = n->args[0];
	int64_t t = e->t_us - arg->offset_us, oldest = t - DM_LOOKBACK_US;
	struct dm_series_set set;

	if (arg->type != DM_NODE_SELECTOR) {
		if (copy_values(n, &arg->out, err) < 0)
			return -1;
		for (size_t i = 0; i < n->out.n; i++) {
			n->out.p[i].name = NULL;
			n->out.p[i].value = (double)e->t_us / 1e6;
		}
		return n->mixed ? dm_eval_check_unique(e, n, err) : 0;
	}
	if (e->querier.select(
		e->querier.ctx, arg->handle, oldest, t, &set, err) < 0 ||
	    dm_vec_reserve(&n->out, set.n, err) < 0)
		return -1;
	for (size_t i = 0; i < set.n; i++) {
		const struct dm_series *s = set.series[i];
		size_t k = dm_series_until(s, t);

		if (k && s->p[k - 1].t_us > oldest &&
		    !dm_is_stale(s->p[k - 1].v))
			n->out.p[n->out.n++] = (struct dm_element){
			    s->labels, NULL, (double)s->p[k - 1].t_us / 1e6};
	}
	return n->mixed ? dm_eval_check_unique(e, n, err) : 0;
}

static int cmp_up(const void *x, const void *y)
{
	const struct dm_element *a = x, *b = y;

	if (isnan(a->value) || isnan(b->value))
		return isnan(a->value) - isnan(b->value);
	return (a->value > b->value) - (a->value < b->value);
}

static int cmp_down(const void *x, const void *y)
{
	const struct dm_element *a = x, *b = y;

	if (isnan(a->value) || isnan(b->value))
		return isnan(a->value) - isnan(b->value);
	return (a->value < b->value) - (a->value > b->value);
}

static int sorted(struct dm_node *n, int (*cmp)(const void *, const void *),
    struct dm_err *err)
{
	if (copy_values(n, &n->args[0]->out, err) < 0)
		return -1;
	if (n->out.n)
		qsort(n->out.p, n->out.n, sizeof(*n->out.p), cmp);
	return 0;
}

static int fn_sort(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	(void)e;
	return sorted(n, cmp_up, err);
}

static int fn_sort_desc(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	(void)e;
	return sorted(n, cmp_down, err);
}

#define MATH(fn_name, letters, fn)                                             \
	{                                                                      \
		.name = (fn_name), .ret = DM_EXPR_VECTOR, .args = (letters),   \
		.math = (fn)                                                   \
	}

const struct dm_function dm_functions_math[] = {
    MATH("abs", "v", fn_abs),
    MATH("ceil", "v", fn_ceil),
    MATH("floor", "v", fn_floor),
    MATH("exp", "v", fn_exp),
    MATH("ln", "v", fn_ln),
    MATH("log2", "v", fn_log2),
    MATH("log10", "v", fn_log10),
    MATH("sqrt", "v", fn_sqrt),
    MATH("sgn", "v", fn_sgn),
    MATH("round", "v?s", fn_round),
    MATH("clamp_min", "vs", fn_clamp_min),
    MATH("clamp_max", "vs", fn_clamp_max),
    {.name = NULL},
};

#define CALL(fn_name, kind, letters, fn)                                       \
	{                                                                      \
		.name = (fn_name), .ret = (kind), .args = (letters),           \
		.call = (fn)                                                   \
	}

const struct dm_function dm_functions_call[] = {
    CALL("clamp", DM_EXPR_VECTOR, "vss", fn_clamp),
    CALL("time", DM_EXPR_SCALAR, "", fn_time),
    CALL("pi", DM_EXPR_SCALAR, "", fn_pi),
    CALL("scalar", DM_EXPR_SCALAR, "v", fn_scalar),
    CALL("vector", DM_EXPR_VECTOR, "s", fn_vector),
    CALL("absent", DM_EXPR_VECTOR, "v", fn_absent),
    CALL("absent_over_time", DM_EXPR_VECTOR, "r", fn_absent_over_time),
    CALL("timestamp", DM_EXPR_VECTOR, "v", fn_timestamp),
    CALL("sort", DM_EXPR_VECTOR, "v", fn_sort),
    CALL("sort_desc", DM_EXPR_VECTOR, "v", fn_sort_desc),
    {.name = NULL},
};

static const struct dm_function *const tables[] = {
    dm_functions_range, dm_functions_math, dm_functions_call};

const struct dm_function *dm_function_find(struct dm_str name)
{
	for (size_t i = 0; i < DM_COUNT(tables); i++) {
		for (const struct dm_function *f = tables[i]; f->name; f++) {
			if (dm_str_is(name, f->name))
				return f;
		}
	}
	return NULL;
}

const char *dm_expr_function_name(size_t nth)
{
	for (size_t i = 0; i < DM_COUNT(tables); i++) {
		for (const struct dm_function *f = tables[i]; f->name; f++) {
			if (nth-- == 0)
				return f->name;
		}
	}
	return NULL;
}
