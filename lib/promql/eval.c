/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>

#include "promql/expr.h"

#define FETCH_AHEAD 8

/* How far a step of a range query is looked for before it is searched for. */
#define HINT_STEPS 8

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
	dm_subquery_free(n->subquery);
	dm_regex_free(n->regex);
	for (size_t i = 0; i < n->n_kept; i++)
		dm_labels_unref(n->kept[i]);
	free(n->kept);
	free(n->args);
	free(n->hints);
	names_release(&n->names);
	names_release(&n->include);
	free(n->cache);
	free(n->string);
	free(n->out.p);
	free(n);
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
	dm_eval_release(e, 0);
	dm_node_free(e->root);
	dm_labels_builder_release(&e->builder);
	dm_buf_release(&e->buf);
	dm_scratch_release(&e->own);
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
	       e->root->kind == DM_EXPR_VECTOR && !e->root->has_offset &&
	       e->root->at_kind == DM_AT_EVAL && !e->root->extend;
}

bool dm_expr_names(const struct dm_expr *e, struct dm_str metric)
{
	for (size_t i = 0; i < e->n_selectors; i++) {
		const struct dm_selector *s = &e->selectors[i]->selector;
		bool other = s->name.n && !dm_str_eq(s->name, metric);

		for (size_t j = 0; !other && j < s->n; j++)
			other =
			    dm_str_is(s->matchers[j].name_str, DM_LABEL_NAME) &&
			    dm_matcher_match(&s->matchers[j], metric, NULL) ==
				0;
		if (!other)
			return true;
	}
	return false;
}

int dm_expr_bind(
    struct dm_expr *e, const struct dm_querier *querier, struct dm_err *err)
{
	struct dm_err why;

	if (e->bound)
		return dm_err_set(
		    err, DM_EINVAL, "the expression is bound already");
	if (dm_expr_lengths(e, err) < 0)
		return -1;
	e->querier = *querier;
	if (querier->scratch)
		e->scratch = querier->scratch;
	e->bound = true;
	for (size_t i = 0; i < e->n_selectors; i++) {
		struct dm_node *n = e->selectors[i];

		if (querier->prepare(
			querier->ctx, &n->selector, &n->handle, &why) < 0)
			return dm_expr_error(
			    e, n->at, why.code, err, "%s", why.msg);
	}
	return 0;
}

/* dm_series_until, where the answer is mostly `guess`. */
static inline size_t until_near(
    const struct dm_series *s, size_t guess, int64_t at_us)
{
	if (s->n == 0 || s->near[1].t_us <= at_us)
		return s->n;
	if (guess < s->n && s->p[guess].t_us > at_us &&
	    (guess == 0 || s->p[guess - 1].t_us <= at_us))
		return guess;
	return dm_series_until(s, at_us);
}

/* The same, where the answer was *hint a step before. */
static size_t until_hint(const struct dm_series *s, uint32_t *hint, int64_t t)
{
	size_t k = *hint < s->n ? *hint : s->n;

	for (unsigned i = 0; i < HINT_STEPS && k < s->n; i++, k++) {
		if (s->p[k].t_us > t)
			break;
	}
	k = until_near(s, k, t);
	*hint = (uint32_t)k;
	return k;
}

/* Where the series of a node were last looked at. NULL where that is of no
 * use, or there is no memory. */
static uint32_t *hints(const struct dm_expr *e, struct dm_node *n, size_t count)
{
	uint32_t *p;

	if (!e->has_range)
		return NULL;
	if (count <= n->n_hints)
		return n->hints;
	p = realloc(n->hints, count * sizeof(*p));
	if (!p)
		return NULL;
	memset(p + n->n_hints, 0, (count - n->n_hints) * sizeof(*p));
	n->hints = p;
	n->n_hints = count;
	return p;
}

/* The last value in (oldest, t]; false where there is none. */
static bool value_at(const struct dm_series *s, uint32_t *hint, int64_t oldest,
    int64_t t, double *ret)
{
	size_t k = hint ? until_hint(s, hint, t) : until_near(s, s->n, t);
	const struct dm_sample *p;

	if (k == 0)
		return false;
	p = k == s->n ? &s->near[1] : &s->p[k - 1];
	*ret = p->v;
	return p->t_us > oldest && !dm_is_stale(p->v);
}

static int eval_selector(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	int64_t t = dm_node_time(e, n), oldest = t - DM_LOOKBACK_US;
	struct dm_series_set set;
	uint32_t *hint;

	if (n->extend == DM_EXTEND_SMOOTHED)
		return dm_eval_smoothed(e, n, err);
	if (e->querier.select(e->querier.ctx, n->handle, oldest, t, &set, err) <
		0 ||
	    dm_vec_reserve(e, &n->out, set.n, err) < 0)
		return -1;
	if (dm_eval_has_too_many(e, set.n))
		return dm_eval_too_many(e, err);
	hint = hints(e, n, set.n);
	for (size_t i = 0; i < set.n; i++) {
		const struct dm_series *s = set.series[i];
		double v;

		if (value_at(s, hint ? &hint[i] : NULL, oldest, t, &v))
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
	    dm_eval_scratch(&e->scratch->samples, r->n * sizeof(*p), err);
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

/* A series' samples in (from, to], without markers. *usual is how many
 * the last series had: most have as many. */
static int cut_range(struct dm_expr *e, const struct dm_series *s,
    uint32_t *hint, size_t *usual, struct dm_range *r, struct dm_err *err)
{
	size_t to = hint ? until_hint(s, hint, r->to_us)
			 : until_near(s, s->n, r->to_us);
	size_t from = until_near(s, to - *usual, r->from_us);

	r->p = s->p + from;
	r->n = to - from;
	r->last = s->near[1];
	r->rises = from >= s->drop;
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
	double args[DM_EXPR_SCALARS_MAX] = {f->missing}, v;
	struct dm_node *over = NULL;
	struct dm_series_set set;
	struct dm_range r = {.scratch = NULL};
	size_t usual = 0, n_scratch = 0;
	uint32_t *hint;

	if (eval_args(e, n, args, &over, err) < 0)
		return -1;
	r.eval_us = e->t_us;
	if (dm_eval_series(e, over, &r.start_us, &r.end_us, &set, err) < 0 ||
	    dm_vec_reserve(e, &n->out, set.n, err) < 0)
		return -1;
	dm_range_extend(&r, over->extend);
	hint = hints(e, over, set.n);
	for (size_t i = 0; i < set.n; i++) {
		const struct dm_series *s = set.series[i];

		fetch_ahead(&set, i, usual);
		if (cut_range(e, s, hint ? &hint[i] : NULL, &usual, &r, err) <
		    0)
			return -1;
		if (r.n == 0)
			continue;
		if (dm_eval_has_too_many(e, r.n))
			return dm_eval_too_many(e, err);
		if (f->wrong && f->wrong(args))
			return dm_expr_error(
			    e, n->at, DM_EINVAL, err, "%s", f->wrong(args));
		if (r.n > n_scratch) {
			n_scratch = 2 * r.n;
			r.scratch = dm_eval_scratch(&e->scratch->values,
			    n_scratch * sizeof(double), err);
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
	double args[DM_EXPR_SCALARS_MAX] = {n->function->missing};
	struct dm_node *over = NULL;

	if (eval_args(e, n, args, &over, err) < 0 ||
	    dm_vec_reserve(e, &n->out, over->out.n, err) < 0)
		return -1;
	for (size_t i = 0; i < over->out.n; i++) {
		double v = over->out.p[i].value;

		v = n->function->plain ? n->function->plain(v)
				       : n->function->math(v, args);
		n->out.p[i] =
		    (struct dm_element){over->out.p[i].labels, NULL, v};
	}
	n->out.n = over->out.n;
	return over->mixed ? dm_eval_check_unique(e, n, err) : 0;
}

static int eval_call(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	if (n->function->range)
		return eval_range_call(e, n, err);
	if (n->function->plain || n->function->math)
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
	if (dm_vec_reserve(e, &n->out, arg->out.n, err) < 0)
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

static int eval_node(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	switch (n->type) {
	case DM_NODE_NUMBER:
		n->scalar = n->number;
		return 0;
	case DM_NODE_STRING:
	case DM_NODE_INFO:
		return 0;
	case DM_NODE_SELECTOR:
		return eval_selector(e, n, err);
	case DM_NODE_SUBQUERY:
		break; /* not on its own */
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

/* Its label sets live on, and so it need not be evaluated again. */
static int keep_value(struct dm_node *n, struct dm_err *err)
{
	n->kept = calloc(n->out.n + 1, sizeof(struct dm_labels *));
	if (!n->kept)
		return dm_err_nomem(err);
	for (; n->n_kept < n->out.n; n->n_kept++)
		n->kept[n->n_kept] = dm_labels_ref(n->out.p[n->n_kept].labels);
	n->is_done = true;
	return 0;
}

int dm_eval(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	if (n->is_done)
		return 0;
	if (eval_node(e, n, err) < 0 ||
	    (n->is_constant && keep_value(n, err) < 0))
		return -1;
	for (size_t i = 0; i < n->n_args; i++) {
		if (!n->args[i]->is_done)
			dm_vec_give_back(e, &n->args[i]->out);
	}
	e->n_work += DM_EXPR_NODE_WORK + n->out.n;
	if (e->n_work / DM_EXPR_WORK_PER_SAMPLE > e->samples_max)
		return dm_expr_error(e, n->at, DM_ELIMIT, err,
		    "the evaluation takes more than %" PRIu64 " steps",
		    e->samples_max * DM_EXPR_WORK_PER_SAMPLE);
	return 0;
}
