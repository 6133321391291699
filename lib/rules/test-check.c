/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "rules/engine-parts.h"
#include "rules/test-run.h"

/* Compares what rules and expressions gave with what was expected. */

/* The alerts that fire. */
struct alerts {
	struct dm_test_alert *p;
	size_t n, cap;
};

static void alert_release(struct dm_test_alert *a)
{
	dm_label_list_release(&a->labels);
	dm_label_list_release(&a->annotations);
}

static void alerts_release(struct alerts *l)
{
	for (size_t i = 0; i < l->n; i++)
		alert_release(&l->p[i]);
	free(l->p);
}

static int alert_cmp(const void *a, const void *b)
{
	const struct dm_test_alert *x = a, *y = b;
	int order = dm_label_list_cmp(&x->labels, &y->labels);

	return order ? order
		     : dm_label_list_cmp(&x->annotations, &y->annotations);
}

static int fill_alert(struct dm_engine *e, const struct dm_rule *rule,
    struct dm_alert *a, struct dm_test_alert *ret, struct dm_err *err)
{
	DM_AUTO_LABEL_LIST struct dm_label_list scratch = {0};
	const struct dm_label_list *l;

	if (dm_label_list_put_labels(&ret->labels, NULL, a->of.labels, err) < 0)
		return -1;
	if (dm_engine_annotations(e, rule, a, &scratch, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l->n; i++)
		if (dm_label_list_put(&ret->annotations, l->p[i].name,
			l->p[i].value, err) < 0)
			return -1;
	return 0;
}

static int add_firing(struct dm_engine *e, const struct dm_rule *rule,
    struct alerts *l, struct dm_err *err)
{
	for (size_t i = 0; i < rule->memory->n; i++) {
		struct dm_alert *a = (struct dm_alert *)rule->memory->items[i];

		if (a->status != DM_ALERT_FIRING)
			continue;
		if (l->n == l->cap) {
			size_t cap = l->cap ? 2 * l->cap : 8;
			void *p = realloc(l->p, cap * sizeof(*l->p));

			if (!p)
				return dm_err_nomem(err);
			l->p = p;
			l->cap = cap;
		}
		l->p[l->n] = (struct dm_test_alert){0};
		if (fill_alert(e, rule, a, &l->p[l->n++], err) < 0)
			return -1;
	}
	return 0;
}

static bool same_alerts(const struct alerts *got, const struct dm_alert_test *t)
{
	for (size_t i = 0; i < got->n && got->n == t->n; i++)
		if (alert_cmp(&got->p[i], &t->expected[i]) != 0)
			return false;
	return got->n == t->n;
}

int dm_test_check_alerts(struct dm_engine *e, const struct dm_rule_test *test,
    struct dm_alert_test *t, struct dm_buf *report, struct dm_err *err)
{
	DM_CLEANUP(alerts_release) struct alerts got = {0};

	for (size_t i = 0; i < e->rules.n; i++) {
		const struct dm_rule_group *g = e->rules.groups[i];

		for (size_t k = 0; k < g->n_rules; k++)
			if (g->rules[k].is_alert &&
			    strcmp(g->rules[k].name, t->alertname) == 0 &&
			    add_firing(e, &g->rules[k], &got, err) < 0)
				return -1;
	}
	if (got.n > 1)
		qsort(got.p, got.n, sizeof(*got.p), alert_cmp);
	if (t->n > 1)
		qsort(t->expected, t->n, sizeof(*t->expected), alert_cmp);
	if (!same_alerts(&got, t))
		dm_test_report_alerts(report, test, t, got.p, got.n);
	return dm_buf_ok(report, err);
}

/* What an expression came to. */
struct samples {
	struct dm_test_sample *p;
	size_t n;
};

static void samples_release(struct samples *l)
{
	for (size_t i = 0; i < l->n; i++)
		dm_label_list_release(&l->p[i].labels);
	free(l->p);
}

static int sample_cmp(const void *a, const void *b)
{
	const struct dm_test_sample *x = a, *y = b;

	return dm_label_list_cmp(&x->labels, &y->labels);
}

static int fill_samples(
    const struct dm_value *v, struct samples *ret, struct dm_err *err)
{
	size_t n = v->kind == DM_EXPR_SCALAR ? 1 : v->n;

	ret->p = calloc(n + 1, sizeof(*ret->p));
	if (!ret->p)
		return dm_err_nomem(err);
	ret->n = n;
	if (v->kind == DM_EXPR_SCALAR) {
		ret->p[0].value = v->scalar;
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		ret->p[i].value = v->elements[i].value;
		if (dm_label_list_put_labels(&ret->p[i].labels,
			v->elements[i].name, v->elements[i].labels, err) < 0)
			return -1;
	}
	return 0;
}

/* A NaN is not equal to anything, as in promtool. */
static bool same_value(double a, double b, bool fuzzy)
{
	return a == b || (fuzzy && (nextafter(a, -INFINITY) == b ||
				       nextafter(a, INFINITY) == b));
}

static bool same_samples(
    const struct samples *got, const struct dm_expr_test *t, bool fuzzy)
{
	for (size_t i = 0; i < got->n && got->n == t->n; i++)
		if (sample_cmp(&got->p[i], &t->expected[i]) != 0 ||
		    !same_value(got->p[i].value, t->expected[i].value, fuzzy))
			return false;
	return got->n == t->n;
}

int dm_test_check_expr(struct dm_expr_test *t, int64_t t_us, bool fuzzy,
    struct dm_buf *report, struct dm_err *err)
{
	DM_CLEANUP(samples_release) struct samples got = {0};
	struct dm_err why = {0};
	struct dm_value v;

	if (dm_expr_eval(t->expr, t_us, &v, &why) < 0) {
		if (why.code == DM_ENOMEM)
			return dm_err_nomem(err);
		dm_test_report_expr(report, t, &why);
		return dm_buf_ok(report, err);
	}
	if (fill_samples(&v, &got, err) < 0)
		return -1;
	if (got.n > 1)
		qsort(got.p, got.n, sizeof(*got.p), sample_cmp);
	if (t->n > 1)
		qsort(t->expected, t->n, sizeof(*t->expected), sample_cmp);
	if (!same_samples(&got, t, fuzzy))
		dm_test_report_samples(report, t, got.p, got.n);
	return dm_buf_ok(report, err);
}
