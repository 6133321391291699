/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "base/num.h"
#include "promql/expr.h"

/* Classic histograms: series of buckets, told apart by their label le.
 * Source: prometheus promql/quantile.go, promql/functions.go. */

#define LABEL_LE "le"

/* Counts that differ by less are the same. */
#define TOLERANCE 1e-12

struct bucket {
	size_t histogram;
	double upper; /* the greatest value that it counts */
	double count; /* of its own and all below */
};

/* The label sets of the buckets, but for le. */
struct histogram {
	struct dm_labels *labels;
	const struct dm_name *name;
	size_t next; /* of the same labels and another name, + 1 */
};

static int cmp_buckets(const void *x, const void *y)
{
	const struct bucket *a = x, *b = y;

	if (a->histogram != b->histogram)
		return a->histogram < b->histogram ? -1 : 1;
	return (a->upper > b->upper) - (a->upper < b->upper);
}

/* The histogram of an element: its index, *n of a new one. */
static int find_histogram(struct dm_expr *e, struct dm_node *n,
    const struct dm_element *el, struct histogram *all, size_t *n_all,
    size_t *ret, struct dm_err *err)
{
	struct dm_labels *labels = dm_group(e, n, el, err);
	struct dm_slot *s = labels ? dm_slot(e, 0, labels) : NULL;
	size_t next, i;

	if (!labels)
		return -1;
	if (!s)
		return dm_err_nomem(err);
	next = dm_slot_is_noted(e, 0, s) ? s->index + 1 : 0;
	for (i = next; i; i = all[i - 1].next) {
		if (all[i - 1].name == el->name) {
			*ret = i - 1;
			return 0;
		}
	}
	all[*n_all] = (struct histogram){labels, el->name, next};
	dm_slot_note(e, 0, s, *n_all);
	*ret = (*n_all)++;
	return 0;
}

/* All buckets of a vector, histogram by histogram, sorted. Sets *ret_n to
 * how many there are; NULL with err. */
static struct bucket *gather(struct dm_expr *e, struct dm_node *n,
    const struct dm_vec *in, struct histogram **ret_all, size_t *ret_n,
    struct dm_err *err)
{
	struct bucket *b =
	    dm_eval_scratch(&e->scratch->work, in->n * sizeof(*b), err);
	size_t n_all = 0, k = 0;

	*ret_all = dm_eval_scratch(
	    &e->scratch->samples, in->n * sizeof(**ret_all), err);
	if (!b || !*ret_all || dm_slots_begin(e, 0, err) < 0)
		return NULL;
	for (size_t i = 0; i < in->n; i++) {
		const struct dm_element *el = &in->p[i];

		if (!dm_num_parse_user(
			dm_labels_get(el->labels, DM_STR(LABEL_LE)),
			&b[k].upper) ||
		    isnan(b[k].upper))
			continue;
		if (find_histogram(
			e, n, el, *ret_all, &n_all, &b[k].histogram, err) < 0)
			return NULL;
		b[k++].count = el->value;
	}
	if (k)
		qsort(b, k, sizeof(*b), cmp_buckets);
	*ret_n = k;
	return b;
}

/* Those of the same bound are one. Returns how many are left. */
static size_t coalesce(struct bucket *b, size_t n)
{
	size_t last = 0;

	for (size_t i = 1; i < n; i++) {
		if (b[i].upper == b[last].upper)
			b[last].count += b[i].count;
		else
			b[++last] = b[i];
	}
	return last + 1;
}

static bool almost_equal(double a, double b)
{
	const double min_normal = 0x1p-1022;
	double sum = fabs(a) + fabs(b), diff = fabs(a - b);

	if (a == b || (isnan(a) && isnan(b)))
		return true;
	if (a == 0 || b == 0 || sum < min_normal)
		return diff < TOLERANCE * min_normal;
	return diff / fmin(sum, 0x1.fffffffffffffp+1023) < TOLERANCE;
}

/* Counts that fall, or rise by a rounding error only, stay. */
static void make_monotonic(struct bucket *b, size_t n)
{
	double before = b[0].count;

	for (size_t i = 1; i < n; i++) {
		if (almost_equal(before, b[i].count) || b[i].count < before)
			b[i].count = before;
		else
			before = b[i].count;
	}
}

/* The first whose count reaches the rank, or the last. Counts may be NaN, and
 * so it is looked for in Prometheus's way. */
static size_t find_rank(double rank, const struct bucket *b, size_t n)
{
	size_t from = 0, to = n - 1;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (b[mid].count >= rank)
			to = mid;
		else
			from = mid + 1;
	}
	return from;
}

static double quantile(double q, const struct bucket *b, size_t n)
{
	double rank = q * b[n - 1].count, start = 0, count;
	size_t i;

	if (isnan(q))
		return NAN;
	if (q < 0 || q > 1)
		return q < 0 ? -INFINITY : INFINITY;
	if (b[n - 1].upper != INFINITY || n < 2 || b[n - 1].count == 0)
		return NAN;
	i = find_rank(rank, b, n);
	if (i == n - 1)
		return b[n - 2].upper;
	if (i == 0 && b[0].upper <= 0)
		return b[0].upper;
	count = b[i].count;
	if (i > 0) {
		start = b[i - 1].upper;
		count -= b[i - 1].count;
		rank -= b[i - 1].count;
	}
	return start + (b[i].upper - start) * (rank / count);
}

/* How many observations are below a value: those of the buckets below it,
 * and of its own a part. */
static double rank_of(double v, const struct bucket *b, size_t n)
{
	double lower = b[0].upper <= 0 ? -INFINITY : 0, rank = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			lower = b[i - 1].upper;
		if (lower >= v)
			return rank;
		if (b[i].upper > v)
			return lower == -INFINITY
				   ? b[i].count
				   : rank + (b[i].count - rank) * (v - lower) /
						(b[i].upper - lower);
		rank = b[i].count;
	}
	return b[n - 1].count;
}

static double fraction(
    double lower, double upper, const struct bucket *b, size_t n)
{
	double count = b[n - 1].count, below, under;

	if (b[n - 1].upper != INFINITY || count == 0 || isnan(lower) ||
	    isnan(upper))
		return NAN;
	if (lower >= upper)
		return 0;
	below = rank_of(lower, b, n);
	under = rank_of(upper, b, n);
	if (below > count)
		below = count;
	if (under > count)
		under = count;
	return (under - below) / count;
}

/* How a quantile is written in a label: as OpenMetrics does. */
static int add_quantile_label(struct dm_expr *e, const struct dm_node *label,
    double q, struct dm_element *el, struct dm_err *err)
{
	struct dm_labels_builder *b = &e->builder;

	dm_buf_clear(&e->buf);
	if (isfinite(q))
		dm_num_add(&e->buf, q);
	else
		dm_buf_add_cstr(&e->buf, isnan(q) ? "NaN"
					 : q < 0  ? "-Inf"
						  : "+Inf");
	if (isfinite(q) && !memchr(e->buf.p, '.', e->buf.n) &&
	    !memchr(e->buf.p, 'e', e->buf.n))
		dm_buf_add_cstr(&e->buf, ".0");
	if (dm_buf_ok(&e->buf, err) < 0)
		return -1;
	dm_labels_builder_start(b, el->labels);
	dm_labels_builder_set(b,
	    (struct dm_str){label->string, label->string_n},
	    dm_buf_str(&e->buf));
	if (dm_labels_builder_done(b, e->querier.pool, &el->labels, err) < 0)
		return -1;
	return dm_eval_hold(e, el->labels, err);
}

/* One histogram's quantile, quantiles or fraction. */
static int emit(struct dm_expr *e, struct dm_node *n, struct dm_labels *labels,
    struct bucket *b, size_t n_buckets, struct dm_err *err)
{
	struct dm_element *el = &n->out.p[n->out.n];
	double v = n->args[0]->scalar;

	n_buckets = coalesce(b, n_buckets);
	*el = (struct dm_element){.labels = labels};
	if (n->args[1]->kind == DM_EXPR_SCALAR) {
		el->value = fraction(v, n->args[1]->scalar, b, n_buckets);
		n->out.n++;
		return 0;
	}
	make_monotonic(b, n_buckets);
	if (n->args[0]->kind == DM_EXPR_SCALAR) {
		el->value = quantile(v, b, n_buckets);
		n->out.n++;
		return 0;
	}
	for (size_t i = 2; i < n->n_args; i++, el++) {
		v = n->args[i]->scalar;
		*el = (struct dm_element){
		    labels, NULL, quantile(v, b, n_buckets)};
		if (add_quantile_label(e, n->args[1], v, el, err) < 0)
			return -1;
		n->out.n++;
	}
	return 0;
}

static int each_histogram(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	bool many = n->args[0]->kind == DM_EXPR_VECTOR;
	const struct dm_vec *in = &n->args[many ? 0 : n->n_args - 1]->out;
	size_t from = 0, k = 0;
	struct histogram *all;
	struct bucket *b = gather(e, n, in, &all, &k, err);

	if (!b ||
	    dm_vec_reserve(e, &n->out, k * (many ? n->n_args - 2 : 1), err) < 0)
		return -1;
	for (size_t i = 1; i <= k; i++) {
		if (i < k && b[i].histogram == b[from].histogram)
			continue;
		if (emit(e, n, all[b[from].histogram].labels, b + from,
			i - from, err) < 0)
			return -1;
		from = i;
	}
	return dm_eval_check_unique(e, n, err);
}

/* Its elements are grouped without le. */
static int check(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	(void)e;
	n->names.p = malloc(sizeof(*n->names.p));
	if (!n->names.p)
		return dm_err_nomem(err);
	n->names.p[0].p = dm_str_dup(DM_STR(LABEL_LE));
	if (!n->names.p[0].p)
		return dm_err_nomem(err);
	n->names.p[0].n = strlen(LABEL_LE);
	n->names.n = 1;
	return 0;
}

#define HISTOGRAM(fn_name, letters)                                            \
	{                                                                      \
		.name = (fn_name), .ret = DM_EXPR_VECTOR, .args = (letters),   \
		.call = each_histogram, .check = check                         \
	}

const struct dm_function dm_functions_histogram[] = {
    HISTOGRAM("histogram_quantile", "sv"),
    HISTOGRAM("histogram_quantiles", "vts?s*"),
    HISTOGRAM("histogram_fraction", "ssv"),
    {.name = NULL},
};
