/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/template-ast.h"

/*
 * The queries of templates. The window keeps only what it has been asked to
 * keep before, so that a query must be known when rules are loaded: wholly,
 * or but for values of labels and numbers in it. To find that out, its
 * argument is evaluated twice, with two different texts and numbers in the
 * place of what depends on the element. Where the two queries differ in
 * nothing but the values of matchers, their selectors without these matchers
 * select all that any of the queries will. When the template is expanded, the
 * query that it then is looks at these series only.
 */

static int dry_run(const struct texpr *arg, unsigned dry, struct dm_buf *ret,
    struct dm_err *err)
{
	static const struct dm_template_env empty;
	struct expand x = {.env = &empty,
	    .effort = DM_TEMPLATE_MAX_EFFORT,
	    .dry = dry,
	    .err = err};
	struct tv v;
	int rc = dm_expand_eval(&x, arg, &v);

	if (rc == 0 && v.type != TV_UNKNOWN)
		rc = dm_expand_text(&x, &v, "query");
	if (rc == 0)
		dm_expand_print(&x, ret, &v);
	dm_tmem_free(x.mem);
	return rc < 0 ? -1 : dm_buf_ok(ret, err);
}

static int parse(struct dm_str text, struct dm_expr **ret, struct dm_err *err)
{
	DM_AUTO_EXPR struct dm_expr *e = NULL;

	if (dm_expr_parse(text, &e, err) < 0 ||
	    dm_expr_check_stream(e, err) < 0)
		return -1;
	if (dm_expr_kind(e) != DM_EXPR_VECTOR &&
	    dm_expr_kind(e) != DM_EXPR_SCALAR)
		return dm_err_set(err, DM_EPARSE,
		    "it is neither an instant vector nor a scalar");
	*ret = dm_steal(&e);
	return 0;
}

static int unknown(struct dm_err *err)
{
	return dm_err_set(err, DM_EPARSE,
	    "which series it looks at, and how far back, must not depend on "
	    "the alert, but for values of labels");
}

static bool same_value(const struct dm_matcher *a, const struct dm_matcher *b)
{
	return dm_str_eq(a->value_str, b->value_str);
}

static bool excludes_empty(const struct dm_selector *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!dm_matcher_matches(&s->matchers[i], DM_STR("")))
			return true;
	return false;
}

static void selector_release(struct dm_selector *s)
{
	for (size_t i = 0; i < s->n; i++)
		dm_matcher_release(&s->matchers[i]);
	free(s->matchers);
	free((char *)(uintptr_t)s->name.p);
}

/* What both selectors have in common. */
static int generalize(const struct dm_selector *a, const struct dm_selector *b,
    struct dm_selector *ret, struct dm_err *err)
{
	if (!dm_str_eq(a->name, b->name) || a->reach_us != b->reach_us ||
	    a->ahead_us != b->ahead_us || a->n != b->n)
		return unknown(err);
	*ret = *a;
	ret->n = 0;
	ret->name.p = dm_str_dup(a->name);
	ret->matchers = calloc(a->n + 1, sizeof(*ret->matchers));
	if (!ret->matchers || !ret->name.p)
		return dm_err_nomem(err);
	for (size_t i = 0; i < a->n; i++) {
		const struct dm_matcher *m = &a->matchers[i];

		if (m->op != b->matchers[i].op ||
		    !dm_str_eq(m->name_str, b->matchers[i].name_str))
			return unknown(err);
		if (!same_value(m, &b->matchers[i]))
			continue;
		if (dm_matcher_init(&ret->matchers[ret->n], m->op, m->name_str,
			m->value_str, err) < 0)
			return -1;
		ret->n++;
	}
	return ret->name.n > 0 || excludes_empty(ret) ? 0 : unknown(err);
}

static int generalize_all(struct tquery *q, const struct dm_expr *a,
    const struct dm_expr *b, struct dm_err *err)
{
	size_t n = dm_expr_n_selectors(a);

	if (dm_expr_n_selectors(b) != n)
		return unknown(err);
	q->selectors = calloc(n + 1, sizeof(*q->selectors));
	q->handles = calloc(n + 1, sizeof(*q->handles));
	if (!q->selectors || !q->handles)
		return dm_err_nomem(err);
	for (size_t i = 0; i < n; i++)
		if (generalize(dm_expr_selector(a, i), dm_expr_selector(b, i),
			&q->selectors[q->n_selectors++], err) < 0)
			return -1;
	return 0;
}

static int resolve(struct tquery *q, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf text_a = {0}, text_b = {0};
	DM_AUTO_EXPR struct dm_expr *a = NULL;
	DM_AUTO_EXPR struct dm_expr *b = NULL;
	const struct texpr *arg;

	if (q->call->n_args != 1)
		return dm_err_set(err, DM_EPARSE, "it wants one text");
	arg = q->call->args[0];
	if (dry_run(arg, 1, &text_a, err) < 0 ||
	    dry_run(arg, 2, &text_b, err) < 0)
		return -1;
	if (dm_str_eq(dm_buf_str(&text_a), dm_buf_str(&text_b)))
		return parse(dm_buf_str(&text_a), &q->expr, err);
	if (parse(dm_buf_str(&text_a), &a, err) < 0 ||
	    parse(dm_buf_str(&text_b), &b, err) < 0)
		return dm_err_wrap(
		    err, "with dmqa or dmqb for what depends on the alert");
	return generalize_all(q, a, b, err);
}

int dm_template_resolve(
    struct dm_template *t, size_t *ret_offset, struct dm_err *err)
{
	struct dm_err why = {0};

	for (struct tquery *q = t->queries; q; q = q->next) {
		if (resolve(q, &why) == 0)
			continue;
		*ret_offset = q->at;
		if (why.code == DM_ENOMEM)
			return dm_err_nomem(err);
		return dm_err_set(
		    err, DM_EPARSE, "template: query: %s", why.msg);
	}
	return 0;
}

void dm_tquery_release(struct tquery *q)
{
	for (size_t i = 0; i < q->n_selectors; i++) {
		if (q->handles[i])
			q->querier.release(q->querier.ctx, q->handles[i]);
		selector_release(&q->selectors[i]);
	}
	free(q->selectors);
	free(q->handles);
	dm_expr_free(q->expr);
}

int dm_template_bind(struct dm_template *t, const struct dm_querier *querier,
    int64_t step_us, struct dm_err *err)
{
	for (struct tquery *q = t->queries; q; q = q->next) {
		q->querier = *querier;
		q->step_us = step_us;
		q->bound = true;
		if (q->expr && step_us > 0)
			dm_expr_set_subquery_step(q->expr, step_us);
		if (q->expr && dm_expr_bind(q->expr, querier, err) < 0)
			return -1;
		for (size_t i = 0; i < q->n_selectors; i++)
			if (querier->prepare(querier->ctx, &q->selectors[i],
				&q->handles[i], err) < 0)
				return -1;
	}
	return 0;
}

/* A selector of a query as it has become: of what is kept, the series that
 * it matches. */
struct narrowed {
	size_t of;
	const struct dm_selector *selector;
	const struct dm_series **series;
	size_t cap;
};

/* Does it select no more, and look back no further? */
static bool is_within(const struct dm_selector *s, const struct dm_selector *of)
{
	if (!dm_str_eq(s->name, of->name) || s->is_fixed ||
	    s->reach_us > of->reach_us || s->ahead_us > of->ahead_us)
		return false;
	for (size_t i = 0; i < of->n; i++) {
		const struct dm_matcher *m = &of->matchers[i];
		size_t k = 0;

		while (k < s->n &&
		       (s->matchers[k].op != m->op ||
			   !dm_str_eq(s->matchers[k].name_str, m->name_str) ||
			   !same_value(&s->matchers[k], m)))
			k++;
		if (k == s->n)
			return false;
	}
	return true;
}

static int narrow_prepare(void *ctx, const struct dm_selector *selector,
    void **ret_handle, struct dm_err *err)
{
	const struct tquery *q = ctx;
	struct narrowed *n;
	size_t i = 0;

	while (i < q->n_selectors && !is_within(selector, &q->selectors[i]))
		i++;
	if (i == q->n_selectors)
		return dm_err_set(err, DM_EINVAL,
		    "query: it looks at other series than it was said to");
	n = calloc(1, sizeof(*n));
	if (!n)
		return dm_err_nomem(err);
	n->of = i;
	n->selector = selector;
	*ret_handle = n;
	return 0;
}

static int narrow_select(void *ctx, void *handle, int64_t from_us,
    int64_t to_us, struct dm_series_set *ret, struct dm_err *err)
{
	const struct tquery *q = ctx;
	struct narrowed *n = handle;
	struct dm_series_set all;
	size_t kept = 0;

	if (q->querier.select(q->querier.ctx, q->handles[n->of], from_us, to_us,
		&all, err) < 0)
		return -1;
	if (all.n > n->cap) {
		void *p = realloc(n->series, all.n * sizeof(*n->series));

		if (!p)
			return dm_err_nomem(err);
		n->series = p;
		n->cap = all.n;
	}
	for (size_t i = 0; i < all.n; i++) {
		const struct dm_series *s = all.series[i];
		int rc =
		    dm_selector_match(n->selector, s->name, s->labels, err);

		if (rc < 0)
			return -1;
		if (rc > 0)
			n->series[kept++] = s;
	}
	*ret = (struct dm_series_set){n->series, kept};
	return 0;
}

static void narrow_release(void *ctx, void *handle)
{
	struct narrowed *n = handle;

	(void)ctx;
	free(n->series);
	free(n);
}

/* A label set that is needed until all has been expanded. */
static int hold(struct expand *x, struct dm_labels *labels)
{
	if (x->n_held == x->cap_held) {
		size_t cap = x->cap_held ? 2 * x->cap_held : 16;
		void *p = realloc(x->held, cap * sizeof(*x->held));

		if (!p) {
			dm_labels_unref(labels);
			return dm_err_nomem(x->err);
		}
		x->held = p;
		x->cap_held = cap;
	}
	x->held[x->n_held++] = labels;
	return 0;
}

static int give_scalar(
    struct expand *x, struct dm_labels_pool *pool, struct tv *ret)
{
	struct dm_labels *none;

	if (dm_labels_new(pool, NULL, 0, &none, x->err) < 0 ||
	    hold(x, none) < 0)
		return -1;
	ret->labels = none;
	return 0;
}

static int give_samples(struct expand *x, const struct dm_value *v,
    struct dm_labels_pool *pool, struct tv *ret)
{
	size_t n = v->kind == DM_EXPR_SCALAR ? 1 : v->n;
	struct tv *items;

	if (dm_expand_effort(x, n / 8) < 0)
		return -1;
	items = dm_tmem_alloc(&x->mem, (n + 1) * sizeof(*items));
	if (!items)
		return dm_err_nomem(x->err);
	*ret = (struct tv){.type = TV_LIST, .items = items, .n = n};
	if (v->kind == DM_EXPR_SCALAR) {
		items[0] = (struct tv){.type = TV_SAMPLE, .f = v->scalar};
		return give_scalar(x, pool, &items[0]);
	}
	for (size_t i = 0; i < n; i++) {
		const struct dm_element *e = &v->elements[i];

		items[i] = (struct tv){.type = TV_SAMPLE,
		    .labels = e->labels,
		    .name = e->name,
		    .f = e->value};
		if (hold(x, dm_labels_ref(e->labels)) < 0)
			return -1;
	}
	return 0;
}

static int evaluate(
    struct expand *x, struct dm_expr *e, const struct tquery *q, struct tv *ret)
{
	struct dm_value v;
	int rc;

	if (dm_expr_eval(e, x->env->t_us, &v, x->err) < 0)
		return -1;
	rc = give_samples(x, &v, q->querier.pool, ret);
	dm_expr_rest(e);
	return rc;
}

int dm_expand_query(
    struct expand *x, struct tquery *q, struct dm_str text, struct tv *ret)
{
	DM_AUTO_EXPR struct dm_expr *e = NULL;
	const struct dm_querier narrow = {.ctx = q,
	    .pool = q->querier.pool,
	    .scratch = q->querier.scratch,
	    .prepare = narrow_prepare,
	    .select = narrow_select,
	    .release = narrow_release};

	if (!q->bound)
		return dm_expand_fail(x, "query: there are no samples here");
	if (++x->queries > DM_TEMPLATE_MAX_QUERIES)
		return dm_expand_fail(x, "too many queries");
	if (q->expr)
		return evaluate(x, q->expr, q, ret);
	if (parse(text, &e, x->err) < 0)
		return -1;
	if (q->step_us > 0)
		dm_expr_set_subquery_step(e, q->step_us);
	if (dm_expr_bind(e, &narrow, x->err) < 0)
		return -1;
	return evaluate(x, e, q, ret);
}
