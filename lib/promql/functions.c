/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "promql/expr.h"

/* Functions of vectors and scalars. Source: prometheus promql/functions.go. */

/* As Go's math.Max and math.Min, which give NaN for any NaN. */
double dm_go_max(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isinf(a) && a > 0 ? a : isinf(b) && b > 0 ? b : NAN;
	return fmax(a, b);
}

double dm_go_min(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isinf(a) && a < 0 ? a : isinf(b) && b < 0 ? b : NAN;
	return fmin(a, b);
}

static int fn_clamp(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	double min = n->args[1]->scalar, max = n->args[2]->scalar;

	if (dm_vec_copy(e, &n->out, &n->args[0]->out, err) < 0)
		return -1;
	if (max < min)
		n->out.n = 0;
	for (size_t i = 0; i < n->out.n; i++) {
		n->out.p[i].name = NULL;
		n->out.p[i].value =
		    dm_go_max(min, dm_go_min(max, n->out.p[i].value));
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

static int fn_vector(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	dm_labels_builder_start(&e->builder, NULL);
	return dm_eval_one(e, n, n->args[0]->scalar, err);
}

/* What is absent has the labels that its selector is sure of: of a name that
 * comes twice, as Prometheus goes about it.
 * Source: prometheus promql/functions.go, createLabelsForAbsentFunction. */
static int absent(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	const struct dm_node *arg = n->args[0];
	const struct dm_selector *s = &arg->selector;

	dm_labels_builder_start(&e->builder, NULL);
	for (size_t i = 0; arg->type == DM_NODE_SELECTOR && i < s->n; i++) {
		const struct dm_matcher *m = &s->matchers[i];
		bool before = false;

		for (size_t j = 0; j < i; j++)
			before |=
			    s->matchers[j].op == DM_MATCH_EQ &&
			    dm_str_eq(m->name_str, s->matchers[j].name_str);
		if (dm_str_is(m->name_str, DM_LABEL_NAME))
			continue;
		dm_labels_builder_set(&e->builder, m->name_str,
		    m->op == DM_MATCH_EQ && !before ? m->value_str
						    : DM_STR(""));
	}
	return dm_eval_one(e, n, 1, err);
}

static int fn_absent(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	n->out.n = 0;
	return n->args[0]->out.n ? 0 : absent(e, n, err);
}

static int fn_absent_over_time(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	struct dm_node *over = n->args[0];
	struct dm_series_set set;
	int64_t start, end;

	n->out.n = 0;
	if (dm_eval_series(e, over, &start, &end, &set, err) < 0)
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
	int64_t t = dm_node_time(e, arg), oldest = t - DM_LOOKBACK_US;
	struct dm_series_set set;

	if (arg->type != DM_NODE_SELECTOR) {
		if (dm_vec_copy(e, &n->out, &arg->out, err) < 0)
			return -1;
		for (size_t i = 0; i < n->out.n; i++) {
			n->out.p[i].name = NULL;
			n->out.p[i].value = (double)e->t_us / 1e6;
		}
		return n->mixed ? dm_eval_check_unique(e, n, err) : 0;
	}
	if (e->querier.select(
		e->querier.ctx, arg->handle, oldest, t, &set, err) < 0 ||
	    dm_vec_reserve(e, &n->out, set.n, err) < 0)
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

/* What is known of the query: of an instant, or of a range.
 * Source: prometheus promql/engine.go, foldQueryContextFunctions. */
static int fn_start(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	(void)err;
	n->scalar = (double)(e->has_range ? e->start_us : e->outer_us) / 1e6;
	return 0;
}

static int fn_end(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	(void)err;
	n->scalar = (double)(e->has_range ? e->end_us : e->outer_us) / 1e6;
	return 0;
}

static int fn_range(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	(void)err;
	n->scalar = (double)(e->end_us - e->start_us) / 1e6;
	return 0;
}

static int fn_step(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	(void)err;
	n->scalar =
	    e->start_us == e->end_us ? 0 : (double)e->query_step_us / 1e6;
	return 0;
}

static int fn_max_of(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	(void)e, (void)err;
	n->scalar = dm_go_max(n->args[0]->scalar, n->args[1]->scalar);
	return 0;
}

static int fn_min_of(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	(void)e, (void)err;
	n->scalar = dm_go_min(n->args[0]->scalar, n->args[1]->scalar);
	return 0;
}

const struct dm_function dm_functions_call[] = {
    DM_CALL("clamp", DM_EXPR_VECTOR, "vss", fn_clamp),
    DM_CALL_AT("time", DM_EXPR_SCALAR, "", fn_time),
    DM_CALL("pi", DM_EXPR_SCALAR, "", fn_pi),
    DM_CALL("scalar", DM_EXPR_SCALAR, "v", fn_scalar),
    DM_CALL("vector", DM_EXPR_VECTOR, "s", fn_vector),
    DM_CALL("absent", DM_EXPR_VECTOR, "v", fn_absent),
    DM_CALL("absent_over_time", DM_EXPR_VECTOR, "r", fn_absent_over_time),
    DM_CALL_AT("timestamp", DM_EXPR_VECTOR, "v", fn_timestamp),
    DM_CALL("start", DM_EXPR_SCALAR, "", fn_start),
    DM_CALL("end", DM_EXPR_SCALAR, "", fn_end),
    DM_CALL("range", DM_EXPR_SCALAR, "", fn_range),
    DM_CALL("step", DM_EXPR_SCALAR, "", fn_step),
    DM_CALL("max_of", DM_EXPR_SCALAR, "ss", fn_max_of),
    DM_CALL("min_of", DM_EXPR_SCALAR, "ss", fn_min_of),
    {.name = NULL},
};

static const struct dm_function *const tables[] = {dm_functions_range,
    dm_functions_over_time, dm_functions_math, dm_functions_call,
    dm_functions_date, dm_functions_label, dm_functions_sort,
    dm_functions_histogram, dm_functions_info};

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

const char *dm_function_missing(struct dm_str name)
{
	static const char *const native[] = {"histogram_avg", "histogram_count",
	    "histogram_sum", "histogram_stddev", "histogram_stdvar"};

	for (size_t i = 0; i < DM_COUNT(native); i++) {
		if (dm_str_is(name, native[i]))
			return "is one of native histograms, which are not "
			       "supported";
	}
	if (dm_str_is(name, "start_timestamp"))
		return "is not supported: start timestamps are not kept";
	return "is unknown";
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
