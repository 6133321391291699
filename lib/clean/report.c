/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "clean/report.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"

/* Nothing is said of metrics with fewer. */
#define FEW  30
#define NEAR 0.999

struct dm_report *dm_report_new(struct dm_err *err)
{
	struct dm_report *r = calloc(1, sizeof(*r));

	if (!r)
		dm_err_nomem(err);
	return r;
}

void dm_report_free(struct dm_report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_metrics; i++)
		free(r->metrics[i]);
	free(r->metrics);
	dm_map_release(&r->by_name);
	free(r);
}

static struct dm_report_metric *new_metric(
    struct dm_report *r, struct dm_str name)
{
	size_t cap = r->cap_metrics ? 2 * r->cap_metrics : 64;
	struct dm_report_metric *m;
	void *metrics;
	char *text;

	if (r->n_metrics == r->cap_metrics) {
		metrics = realloc(r->metrics, cap * sizeof(*r->metrics));
		if (!metrics)
			return NULL;
		r->metrics = metrics;
		r->cap_metrics = cap;
	}
	m = calloc(1, sizeof(*m) + name.n + 1);
	if (!m)
		return NULL;
	text = (char *)(m + 1);
	memcpy(text, name.p, name.n);
	m->name = (struct dm_str){text, name.n};
	return m;
}

int dm_report_metric(struct dm_report *r, struct dm_str name,
    struct dm_report_metric **ret, struct dm_err *err)
{
	struct dm_report_metric *m = dm_map_get(&r->by_name, name);

	if (m || r->n_metrics == DM_REPORT_METRICS_MAX) {
		*ret = m;
		return 0;
	}
	m = new_metric(r, name);
	if (!m)
		return dm_err_nomem(err);
	if (dm_map_put(&r->by_name, m->name, m, err) < 0) {
		free(m);
		return -1;
	}
	r->metrics[r->n_metrics++] = m;
	*ret = m;
	return 0;
}

/* Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators,
 * 2014, its mixing function. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint64_t bits_of(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

/* The records with the smallest keys are a sample that is drawn alike for
 * each metric, so that those of a record can be compared. */
static void sample(struct dm_report_metric *m, uint64_t key, double x)
{
	if (m->n_points < DM_REPORT_SAMPLE) {
		m->points[m->n_points] = (struct dm_report_point){key, x};
		if (key > m->points[m->greatest].key)
			m->greatest = m->n_points;
		m->n_points++;
		return;
	}
	if (key >= m->points[m->greatest].key)
		return;
	m->points[m->greatest] = (struct dm_report_point){key, x};
	for (uint32_t i = 0; i < m->n_points; i++) {
		if (m->points[i].key > m->points[m->greatest].key)
			m->greatest = i;
	}
}

void dm_report_value(
    const struct dm_report *r, struct dm_report_metric *m, double v, double x)
{
	uint64_t key = mix(r->n_records);

	if (m->n == 0 || v < m->min)
		m->min = v;
	if (m->n == 0 || v > m->max)
		m->max = v;
	m->n++;
	m->last = v;
	m->sum += mix(key ^ bits_of(v));
	if (isfinite(x))
		sample(m, key, x);
}

static int cmp_points(const void *a, const void *b)
{
	const struct dm_report_point *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* Pearson's correlation where both have a point; 0 where too few have. */
static double correlation(
    const struct dm_report_metric *a, const struct dm_report_metric *b)
{
	double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0, n = 0;
	double x0 = NAN, y0 = NAN, r;

	for (uint32_t i = 0, k = 0; i < a->n_points && k < b->n_points;) {
		uint64_t key = a->points[i].key, other = b->points[k].key;
		double x = a->points[i].x, y = b->points[k].x;

		i += key <= other;
		k += other <= key;
		if (key != other)
			continue;
		/* About the first point: sums stay small. */
		x0 = n == 0 ? x : x0;
		y0 = n++ == 0 ? y : y0;
		x -= x0;
		y -= y0;
		sx += x;
		sy += y;
		sxx += x * x;
		syy += y * y;
		sxy += x * y;
	}
	if (n < FEW)
		return 0;
	r = (sxy - sx * sy / n) /
	    sqrt((sxx - sx * sx / n) * (syy - sy * sy / n));
	return isfinite(r) ? r : 0;
}

static bool is_constant(const struct dm_report_metric *m)
{
	return m->n > 1 && m->n_changes == 0;
}

static bool is_foreign(const struct dm_report_metric *m)
{
	static const char *const ours[] = {
	    "container_", "node_", "machine_", "host_", "dmon_"};

	for (size_t i = 0; i < DM_COUNT(ours); i++) {
		if (dm_str_starts(m->name, ours[i]))
			return false;
	}
	return true;
}

/* Whom it copies, of those that came before it. */
static void find_copied(struct dm_report *r, size_t at)
{
	struct dm_report_metric *m = r->metrics[at];

	m->copied = NULL;
	if (is_constant(m) || !m->is_sampled)
		return;
	for (size_t i = 0; i < at; i++) {
		const struct dm_report_metric *other = r->metrics[i];
		double by;

		if (other->copied || is_constant(other) || !other->is_sampled)
			continue;
		if (m->n == other->n && m->sum == other->sum) {
			m->copied = other;
			m->r = 1;
			return;
		}
		by = correlation(m, other);
		if (fabs(by) > NEAR && (!m->copied || fabs(by) > fabs(m->r))) {
			m->copied = other;
			m->r = by;
		}
	}
}

static bool is_exact(const struct dm_report_metric *m)
{
	return m->copied && m->n == m->copied->n && m->sum == m->copied->sum;
}

/* Why it might go; "" if it stays. True where no rule of dmon's can want it. */
static bool add_reason(struct dm_buf *b, const struct dm_report_metric *m)
{
	if (!m->is_sampled || m->is_kept)
		return false;
	if (is_foreign(m)) {
		dm_buf_add_cstr(b, "neither of a host nor of a container");
		return true;
	}
	if (is_exact(m)) {
		dm_buf_add_cstr(b, "copy of ");
		dm_buf_add_str(b, m->copied->name);
	} else if (m->copied) {
		dm_buf_addf(b, "r %.5f with ", m->r);
		dm_buf_add_str(b, m->copied->name);
	} else if (is_constant(m) && m->min == m->max) {
		dm_buf_add_cstr(b, "always ");
		dm_num_add(b, m->min);
	} else if (is_constant(m)) {
		dm_buf_add_cstr(b, "never changes");
	}
	return false;
}

/* Points in order; nothing is counted any more. */
static void prepare(struct dm_report *r)
{
	for (size_t i = 0; i < r->n_metrics; i++) {
		struct dm_report_metric *m = r->metrics[i];

		qsort(m->points, m->n_points, sizeof(*m->points), cmp_points);
	}
	for (size_t i = 0; i < r->n_metrics; i++)
		find_copied(r, i);
}

static void add_row(struct dm_buf *b, const struct dm_report_metric *m, int w)
{
	DM_AUTO_BUF struct dm_buf why = {0};
	bool drop = add_reason(&why, m);

	b->failed |= why.failed;
	dm_buf_addf(b, "%-*.*s %9llu %7llu %10llu %8llu %6llu ", w,
	    (int)m->name.n, m->name.p, (unsigned long long)m->n,
	    (unsigned long long)m->n_missing,
	    (unsigned long long)m->n_impossible,
	    (unsigned long long)m->n_glitches, (unsigned long long)m->n_resets);
	if (m->n)
		dm_buf_addf(b, "%12.6g %12.6g", m->min, m->max);
	else
		dm_buf_addf(b, "%12s %12s", "-", "-");
	if (why.n)
		dm_buf_addf(b, "  %-5s %.*s", drop ? "drop" : "maybe",
		    (int)why.n, why.p);
	dm_buf_add_char(b, '\n');
}

void dm_report_table(struct dm_report *r, struct dm_buf *b)
{
	int width = 6;

	prepare(r);
	for (size_t i = 0; i < r->n_metrics; i++) {
		int n = (int)r->metrics[i]->name.n;

		width = n > width ? n : width;
	}
	width = width > 60 ? 60 : width;
	dm_buf_addf(b, "%-*s %9s %7s %10s %8s %6s %12s %12s  %s\n", width,
	    "metric", "values", "missing", "impossible", "glitches", "resets",
	    "min", "max", "useless?");
	for (size_t i = 0; i < r->n_metrics; i++)
		add_row(b, r->metrics[i], width);
	if (r->n_left_out)
		dm_buf_addf(b, "(%llu values of further metrics)\n",
		    (unsigned long long)r->n_left_out);
	dm_buf_addf(b,
	    "records %llu, of them changed %llu, earlier than others %llu, "
	    "twice %llu; sweeps %llu, lost %llu\n",
	    (unsigned long long)r->n_records, (unsigned long long)r->n_changed,
	    (unsigned long long)r->n_back, (unsigned long long)r->n_twice,
	    (unsigned long long)r->n_sweeps, (unsigned long long)r->n_lost);
}

/* A name that could end the line or its quotes is nobody's: not written. */
static bool is_plain(struct dm_str name)
{
	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == '"' ||
		    name.p[i] == '\\')
			return false;
	}
	return true;
}

void dm_report_propose(struct dm_report *r, struct dm_buf *b)
{
	dm_buf_add_cstr(b,
	    "# Metrics that said nothing that others did not, for dmon-clean\n"
	    "# --drop. Take off the first # of those that may go, and think "
	    "of\n"
	    "# the day of an attack: what is constant changes then, and "
	    "copies\n"
	    "# part.\n");
	prepare(r);
	for (size_t i = 0; i < r->n_metrics; i++) {
		DM_AUTO_BUF struct dm_buf why = {0};
		const struct dm_report_metric *m = r->metrics[i];
		bool drop = add_reason(&why, m);

		b->failed |= why.failed;
		if (why.n && is_plain(m->name))
			dm_buf_addf(b, "%s{__name__=\"%.*s\"}  # %.*s\n",
			    drop ? "" : "# ", (int)m->name.n, m->name.p,
			    (int)why.n, why.p);
	}
}
