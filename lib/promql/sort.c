/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "promql/expr.h"

/* Source: prometheus promql/functions.go. */

/* NaN comes last, either way. */
static int cmp_values(double a, double b, bool down)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return down ? (a < b) - (a > b) : (a > b) - (a < b);
}

static int cmp_up(const void *x, const void *y)
{
	const struct dm_element *a = x, *b = y;

	return cmp_values(a->value, b->value, false);
}

static int cmp_down(const void *x, const void *y)
{
	const struct dm_element *a = x, *b = y;

	return cmp_values(a->value, b->value, true);
}

static int sorted(struct dm_expr *e, struct dm_node *n,
    int (*cmp)(const void *, const void *), struct dm_err *err)
{
	if (dm_vec_copy(e, &n->out, &n->args[0]->out, err) < 0)
		return -1;
	if (n->out.n)
		qsort(n->out.p, n->out.n, sizeof(*n->out.p), cmp);
	return 0;
}

static int fn_sort(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	return sorted(e, n, cmp_up, err);
}

static int fn_sort_desc(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	return sorted(e, n, cmp_down, err);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Cut the next run of digits, or of others, off a text. */
static struct dm_str cut_run(struct dm_str *rest)
{
	struct dm_str run = {rest->p, 1};

	while (run.n < rest->n && is_digit(rest->p[run.n]) == is_digit(*run.p))
		run.n++;
	rest->p += run.n;
	rest->n -= run.n;
	return run;
}

/* Runs of digits as numbers: node-2 before node-10.
 * Source: github.com/facette/natsort. */
static int cmp_natural(struct dm_str a, struct dm_str b)
{
	struct dm_str rest_a = a, rest_b = b;

	while (rest_a.n && rest_b.n) {
		struct dm_str x = cut_run(&rest_a), y = cut_run(&rest_b);
		uint64_t i, k;

		if (dm_str_u64(x, &i) && dm_str_u64(y, &k)) {
			if (i != k)
				return i < k ? -1 : 1;
		} else if (!dm_str_eq(x, y)) {
			return dm_str_cmp(x, y);
		}
	}
	if (rest_a.n || rest_b.n)
		return rest_a.n ? 1 : -1;
	return dm_str_cmp(a, b);
}

static struct dm_str label_of(const struct dm_element *el, struct dm_str name)
{
	if (!dm_str_is(name, DM_LABEL_NAME))
		return dm_labels_get(el->labels, name);
	return el->name ? el->name->text : DM_STR("");
}

/* The i-th label, the metric's name among them; false behind the last. */
static bool nth_label(
    const struct dm_element *el, size_t i, struct dm_label *ret)
{
	const struct dm_str name = DM_STR(DM_LABEL_NAME);
	const struct dm_labels *l = el->labels;
	size_t at = 0;

	while (at < l->n && dm_str_cmp(l->pairs[at].name, name) < 0)
		at++;
	if (el->name && i == at) {
		*ret = (struct dm_label){name, el->name->text};
		return true;
	}
	i -= el->name && i > at;
	if (i >= l->n)
		return false;
	*ret = l->pairs[i];
	return true;
}

static int cmp_sets(const struct dm_element *a, const struct dm_element *b)
{
	struct dm_label x, y;

	for (size_t i = 0;; i++) {
		bool more_x = nth_label(a, i, &x), more_y = nth_label(b, i, &y);
		int c;

		if (!more_x || !more_y)
			return more_x - more_y;
		c = dm_str_cmp(x.name, y.name);
		if (c == 0)
			c = dm_str_cmp(x.value, y.value);
		if (c)
			return c;
	}
}

/* By the labels that the node's arguments name, then by all. */
static int cmp_labels(const void *x, const void *y, void *ctx)
{
	const struct dm_element *a = x, *b = y;
	const struct dm_node *n = ctx;

	for (size_t i = 1; i < n->n_args; i++) {
		struct dm_str name = {n->args[i]->string, n->args[i]->string_n};
		struct dm_str va = label_of(a, name), vb = label_of(b, name);

		if (!dm_str_eq(va, vb))
			return cmp_natural(va, vb);
	}
	return cmp_sets(a, b);
}

static int cmp_labels_down(const void *x, const void *y, void *ctx)
{
	return cmp_labels(y, x, ctx);
}

static int sorted_by_label(struct dm_expr *e, struct dm_node *n,
    int (*cmp)(const void *, const void *, void *), struct dm_err *err)
{
	if (dm_vec_copy(e, &n->out, &n->args[0]->out, err) < 0)
		return -1;
	if (n->out.n)
		qsort_r(n->out.p, n->out.n, sizeof(*n->out.p), cmp, n);
	return 0;
}

static int fn_sort_by_label(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	return sorted_by_label(e, n, cmp_labels, err);
}

static int fn_sort_by_label_desc(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	return sorted_by_label(e, n, cmp_labels_down, err);
}

const struct dm_function dm_functions_sort[] = {
    DM_CALL("sort", DM_EXPR_VECTOR, "v", fn_sort),
    DM_CALL("sort_desc", DM_EXPR_VECTOR, "v", fn_sort_desc),
    DM_CALL("sort_by_label", DM_EXPR_VECTOR, "v?t*", fn_sort_by_label),
    DM_CALL(
	"sort_by_label_desc", DM_EXPR_VECTOR, "v?t*", fn_sort_by_label_desc),
    {.name = NULL},
};
