/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/result.h"

#include "base/array.h"
#include "base/map.h"

void dm_result_release(struct dm_result *r)
{
	for (size_t i = 0; i < r->n; i++) {
		dm_labels_unref(r->series[i].labels);
		free(r->series[i].points);
	}
	free(r->series);
	free(r->string);
	dm_labels_pool_free(r->pool);
	*r = (struct dm_result){0};
}

int dm_result_add(struct dm_result *r, struct dm_str name,
    struct dm_label *labels, size_t n_labels, struct dm_result_series **ret,
    struct dm_err *err)
{
	struct dm_result_series s = {0};

	if ((!r->pool && dm_labels_pool_new(&r->pool, err) < 0) ||
	    dm_array_grow(&r->series, r->n, &r->cap, sizeof(*r->series), err) <
		0 ||
	    (name.n && dm_labels_name(r->pool, name, &s.name, err) < 0) ||
	    dm_labels_new(r->pool, labels, n_labels, &s.labels, err) < 0)
		return -1;
	r->series[r->n++] = s;
	*ret = &r->series[r->n - 1];
	return 0;
}

int dm_result_add_point(
    struct dm_result_series *s, int64_t t_us, double v, struct dm_err *err)
{
	size_t cap = s->cap ? 2 * s->cap : 1; /* most have just one */
	void *p;

	if (s->n == s->cap) {
		p = realloc(s->points, cap * sizeof(*s->points));
		if (!p)
			return dm_err_nomem(err);
		s->points = p;
		s->cap = cap;
	}
	s->points[s->n++] = (struct dm_sample){t_us, v};
	return 0;
}

static int cmp_series(const void *a, const void *b)
{
	const struct dm_result_series *x = a, *y = b;
	int c = dm_str_cmp(x->name ? x->name->text : DM_STR(""),
	    y->name ? y->name->text : DM_STR(""));

	return c ? c : dm_labels_cmp(x->labels, y->labels);
}

void dm_result_sort(struct dm_result *r)
{
	if (r->n)
		qsort(r->series, r->n, sizeof(*r->series), cmp_series);
}

static int cmp_names(const void *a, const void *b)
{
	const struct dm_str *x = a, *y = b;

	return dm_str_cmp(*x, *y);
}

/* All names of a map, whose values are the series' labels. */
static int sorted_names(const struct dm_map *names, struct dm_str **ret,
    size_t *ret_n, struct dm_err *err)
{
	struct dm_str *p = malloc((names->n + 1) * sizeof(*p));
	const struct dm_label *l;
	size_t pos = 0, n = 0;

	if (!p)
		return dm_err_nomem(err);
	while ((l = dm_map_next(names, &pos)))
		p[n++] = l->name;
	qsort(p, n, sizeof(*p), cmp_names);
	*ret = p;
	*ret_n = n;
	return 0;
}

int dm_result_label_names(const struct dm_result *r, struct dm_str **ret,
    size_t *ret_n, struct dm_err *err)
{
	struct dm_map names = {0};
	int status = 0;

	for (size_t i = 0; i < r->n && status == 0; i++) {
		struct dm_labels *l = r->series[i].labels;

		for (size_t k = 0; k < l->n && status == 0; k++) {
			if (!dm_map_get(&names, l->pairs[k].name))
				status = dm_map_put(&names, l->pairs[k].name,
				    &l->pairs[k], err);
		}
	}
	if (status == 0)
		status = sorted_names(&names, ret, ret_n, err);
	dm_map_release(&names);
	return status;
}
