/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/index.h"

#include "record/scan.h"

static void label_free(struct dm_index_label *l)
{
	size_t pos = 0;
	char *value;

	while ((value = dm_map_next(&l->values, &pos)))
		free(value);
	dm_map_release(&l->values);
	free(l->name);
	free(l);
}

void dm_index_release(struct dm_index *x)
{
	struct dm_index_label *l;
	size_t pos = 0;

	while ((l = dm_map_next(&x->labels, &pos)))
		label_free(l);
	dm_map_release(&x->labels);
	dm_buf_release(&x->scratch);
	*x = (struct dm_index){0};
}

static struct dm_index_label *label_of(
    struct dm_index *x, struct dm_str name, struct dm_err *err)
{
	struct dm_index_label *l = dm_map_get(&x->labels, name);

	if (l)
		return l;
	l = calloc(1, sizeof(*l));
	if (l)
		l->name = dm_str_dup(name);
	if (!l || !l->name) {
		free(l);
		dm_err_nomem(err);
		return NULL;
	}
	if (dm_map_put(&x->labels, dm_str(l->name), l, err) < 0) {
		label_free(l);
		return NULL;
	}
	return l;
}

static int add_value(
    struct dm_index_label *l, struct dm_str value, struct dm_err *err)
{
	char *copy;

	if (dm_map_get(&l->values, value))
		return 0;
	if (l->values.n == DM_INDEX_VALUES_MAX) {
		l->more = true;
		return 0;
	}
	copy = dm_str_dup(value);
	if (!copy)
		return dm_err_nomem(err);
	if (dm_map_put(&l->values, dm_str(copy), copy, err) < 0) {
		free(copy);
		return -1;
	}
	return 0;
}

static bool is_string(struct dm_str json)
{
	return json.n >= 2 && json.p[0] == '"' && json.p[json.n - 1] == '"';
}

/* A database may be damaged: what is no string is left out. */
static int add_labels(void *to, struct dm_str labels, struct dm_err *err)
{
	struct dm_index *x = to;
	struct dm_str rest = labels, name, value;

	while (labels.n && dm_json_member(&rest, &name, &value)) {
		struct dm_index_label *l;
		size_t n;

		if (!is_string(name) || !is_string(value))
			continue;
		dm_buf_clear(&x->scratch);
		dm_json_unquote(&x->scratch, name);
		n = x->scratch.n;
		dm_json_unquote(&x->scratch, value);
		if (dm_buf_ok(&x->scratch, err) < 0)
			return -1;
		l = label_of(x, (struct dm_str){x->scratch.p, n}, err);
		if (!l ||
		    add_value(l,
			(struct dm_str){x->scratch.p + n, x->scratch.n - n},
			err) < 0)
			return -1;
	}
	return 0;
}

int dm_index_read(struct dm_index *x, const struct dm_catalog *catalog,
    struct dm_str metric, struct dm_err *err)
{
	return catalog->series(catalog->ctx, metric, add_labels, x, err);
}

static int cmp_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int sorted(const struct dm_map *map, bool labels, const char ***ret,
    size_t *ret_n, struct dm_err *err)
{
	const char **p = malloc((map->n + 1) * sizeof(*p));
	size_t pos = 0, n = 0;
	void *value;

	if (!p)
		return dm_err_nomem(err);
	while ((value = dm_map_next(map, &pos)))
		p[n++] =
		    labels ? ((struct dm_index_label *)value)->name : value;
	qsort(p, n, sizeof(*p), cmp_texts);
	*ret = p;
	*ret_n = n;
	return 0;
}

int dm_index_sorted(const struct dm_map *texts, const char ***ret,
    size_t *ret_n, struct dm_err *err)
{
	return sorted(texts, false, ret, ret_n, err);
}

int dm_index_names(const struct dm_index *x, const char ***ret, size_t *ret_n,
    struct dm_err *err)
{
	return sorted(&x->labels, true, ret, ret_n, err);
}
