/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "series/labels.h"

#include "base/array.h"
#include "record/write.h"

/* No UTF-8 text holds this byte, and so it parts names from values. */
#define SEPARATOR '\xff'

/* So many are found as quickly by looking at each. */
#define FEW_LABELS 32

struct dm_labels_pool {
	struct dm_map sets;
	struct dm_map names;
	size_t name_bytes;
	uint64_t serial;
	uint32_t ids; /* given so far */
	uint32_t *free_ids;
	size_t n_free, cap_free;
	struct dm_buf key; /* of the set that is looked for */
};

int dm_labels_pool_new(struct dm_labels_pool **ret, struct dm_err *err)
{
	struct dm_labels_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return dm_err_nomem(err);
	*ret = pool;
	return 0;
}

void dm_labels_pool_free(struct dm_labels_pool *pool)
{
	void *p;
	size_t pos = 0;

	if (!pool)
		return;
	while ((p = dm_map_next(&pool->names, &pos)))
		free(p);
	dm_map_release(&pool->names);
	dm_map_release(&pool->sets);
	dm_buf_release(&pool->key);
	free(pool->free_ids);
	free(pool);
}

size_t dm_labels_pool_ids(const struct dm_labels_pool *pool)
{
	return pool->ids;
}

size_t dm_labels_pool_count(const struct dm_labels_pool *pool)
{
	return pool->sets.n;
}

int dm_labels_name(struct dm_labels_pool *pool, struct dm_str text,
    const struct dm_name **ret, struct dm_err *err)
{
	struct dm_name *name = dm_map_get(&pool->names, text);
	char *copy;

	if (!name) {
		if (pool->names.n >= DM_LABELS_NAMES_MAX ||
		    text.n > DM_LABELS_NAMES_BYTES - pool->name_bytes)
			return dm_err_set(err, DM_ELIMIT,
			    "more than %d different metric names",
			    DM_LABELS_NAMES_MAX);
		name = malloc(sizeof(*name) + text.n + 1);
		if (!name)
			return dm_err_nomem(err);
		copy = (char *)(name + 1);
		if (text.n)
			memcpy(copy, text.p, text.n);
		name->text = (struct dm_str){copy, text.n};
		name->id = (uint32_t)pool->names.n;
		if (dm_map_put(&pool->names, name->text, name, err) < 0) {
			free(name);
			return -1;
		}
		pool->name_bytes += text.n;
	}
	*ret = name;
	return 0;
}

static int cmp_label(const void *a, const void *b)
{
	const struct dm_label *x = a, *y = b;

	return dm_str_cmp(x->name, y->name);
}

/* The set as one text, into the pool's key. Sets *n to the labels in it. */
static int write_key(
    struct dm_buf *key, struct dm_label *labels, size_t *n, struct dm_err *err)
{
	size_t kept = 0;

	if (*n)
		qsort(labels, *n, sizeof(*labels), cmp_label);
	dm_buf_clear(key);
	for (size_t i = 0; i < *n; i++) {
		if (i && dm_str_eq(labels[i].name, labels[i - 1].name))
			return dm_err_set(err, DM_EINVAL,
			    "a label set has the same name twice");
		if (labels[i].value.n == 0)
			continue;
		dm_buf_add_str(key, labels[i].name);
		dm_buf_add_char(key, SEPARATOR);
		dm_buf_add_str(key, labels[i].value);
		dm_buf_add_char(key, SEPARATOR);
		kept++;
	}
	*n = kept;
	return dm_buf_ok(key, err);
}

/* Room for an id that is given back, so that giving back can't fail. */
static int reserve_free_id(struct dm_labels_pool *pool, struct dm_err *err)
{
	return dm_array_grow(&pool->free_ids, pool->ids, &pool->cap_free,
	    sizeof(*pool->free_ids), err);
}

static void split_text(struct dm_labels *l)
{
	const char *p = l->text.p, *q;

	for (size_t i = 0; i < l->n; i++) {
		q = memchr(p, SEPARATOR, (size_t)(l->text.p + l->text.n - p));
		l->pairs[i].name = (struct dm_str){p, (size_t)(q - p)};
		p = q + 1;
		q = memchr(p, SEPARATOR, (size_t)(l->text.p + l->text.n - p));
		l->pairs[i].value = (struct dm_str){p, (size_t)(q - p)};
		p = q + 1;
	}
}

static int make_set(struct dm_labels_pool *pool, size_t n, uint64_t hash,
    struct dm_labels **ret, struct dm_err *err)
{
	size_t pairs_bytes = n * sizeof(struct dm_label);
	struct dm_labels *l = malloc(sizeof(*l) + pairs_bytes + pool->key.n);
	char *text;

	if (!l || reserve_free_id(pool, err) < 0) {
		free(l);
		return dm_err_nomem(err);
	}
	text = (char *)l->pairs + pairs_bytes;
	if (pool->key.n)
		memcpy(text, pool->key.p, pool->key.n);
	*l = (struct dm_labels){.pool = pool, .refs = 1, .n = n};
	l->text = (struct dm_str){text, pool->key.n};
	if (dm_map_put_hashed(&pool->sets, l->text, hash, l, err) < 0) {
		free(l);
		return -1;
	}
	l->serial = ++pool->serial;
	l->id = pool->n_free ? pool->free_ids[--pool->n_free] : pool->ids++;
	split_text(l);
	*ret = l;
	return 0;
}

int dm_labels_new(struct dm_labels_pool *pool, struct dm_label *labels,
    size_t n, struct dm_labels **ret, struct dm_err *err)
{
	struct dm_labels *l;
	uint64_t hash;

	if (write_key(&pool->key, labels, &n, err) < 0)
		return -1;
	hash = dm_hash(pool->key.p, pool->key.n);
	l = dm_map_get_hashed(&pool->sets, dm_buf_str(&pool->key), hash);
	if (!l)
		return make_set(pool, n, hash, ret, err);
	*ret = dm_labels_ref(l);
	return 0;
}

void dm_labels_unref(struct dm_labels *l)
{
	struct dm_labels_pool *pool;

	if (!l || --l->refs)
		return;
	pool = l->pool;
	dm_map_remove(&pool->sets, l->text);
	pool->free_ids[pool->n_free++] = l->id;
	free(l);
}

struct dm_str dm_labels_get(const struct dm_labels *l, struct dm_str name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (dm_str_eq(l->pairs[i].name, name))
			return l->pairs[i].value;
	}
	return (struct dm_str){"", 0};
}

int dm_labels_cmp(const struct dm_labels *a, const struct dm_labels *b)
{
	size_t n = a->n < b->n ? a->n : b->n;
	int c;

	for (size_t i = 0; i < n; i++) {
		c = dm_str_cmp(a->pairs[i].name, b->pairs[i].name);
		if (c == 0)
			c = dm_str_cmp(a->pairs[i].value, b->pairs[i].value);
		if (c)
			return c;
	}
	return (a->n > b->n) - (a->n < b->n);
}

uint64_t dm_labels_fingerprint(const struct dm_labels *l)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < l->text.n; i++)
		h = (h ^ (unsigned char)l->text.p[i]) * UINT64_C(1099511628211);
	return h;
}

void dm_labels_print(
    struct dm_buf *b, const struct dm_name *name, const struct dm_labels *l)
{
	if (name)
		dm_buf_add_str(b, name->text);
	if (name && l->n == 0)
		return;
	dm_buf_add_char(b, '{');
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			dm_buf_add_cstr(b, ", ");
		dm_buf_add_str(b, l->pairs[i].name);
		dm_buf_add_char(b, '=');
		dm_json_quote(b, l->pairs[i].value);
	}
	dm_buf_add_char(b, '}');
}

void dm_labels_add_json(struct dm_buf *b, const struct dm_labels *l)
{
	dm_buf_add_char(b, '{');
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			dm_buf_add_char(b, ',');
		dm_json_quote(b, l->pairs[i].name);
		dm_buf_add_char(b, ':');
		dm_json_quote(b, l->pairs[i].value);
	}
	dm_buf_add_char(b, '}');
}

void dm_labels_builder_release(struct dm_labels_builder *b)
{
	free(b->labels);
	dm_map_release(&b->index);
	*b = (struct dm_labels_builder){0};
}

static void unindex(struct dm_labels_builder *b)
{
	if (b->n_indexed)
		dm_map_clear(&b->index);
	b->n_indexed = 0;
}

/* A record may have tens of thousands of labels: then names are found by
 * their hash. The map's values are places, from 1. */
static struct dm_label *builder_find(
    struct dm_labels_builder *b, struct dm_str name)
{
	uintptr_t place;

	if (b->n <= FEW_LABELS) {
		for (size_t i = 0; i < b->n; i++) {
			if (dm_str_eq(b->labels[i].name, name))
				return &b->labels[i];
		}
		return NULL;
	}
	for (; b->n_indexed < b->n; b->n_indexed++) {
		if (dm_map_put(&b->index, b->labels[b->n_indexed].name,
			(void *)(b->n_indexed + 1), NULL) < 0) {
			b->failed = true;
			return NULL;
		}
	}
	place = (uintptr_t)dm_map_get(&b->index, name);
	return place ? &b->labels[place - 1] : NULL;
}

static bool builder_reserve(struct dm_labels_builder *b, size_t n)
{
	struct dm_label *p;

	if (n <= b->cap)
		return true;
	n = n < 16 ? 16 : 2 * n;
	p = realloc(b->labels, n * sizeof(*p));
	if (!p) {
		b->failed = true;
		return false;
	}
	b->labels = p;
	b->cap = n;
	return true;
}

void dm_labels_builder_start(
    struct dm_labels_builder *b, const struct dm_labels *base)
{
	unindex(b);
	b->n = 0;
	b->failed = false;
	if (!base || base->n == 0 || !builder_reserve(b, base->n))
		return;
	memcpy(b->labels, base->pairs, base->n * sizeof(*b->labels));
	b->n = base->n;
}

void dm_labels_builder_set(
    struct dm_labels_builder *b, struct dm_str name, struct dm_str value)
{
	struct dm_label *known = builder_find(b, name);

	if (known)
		known->value = value;
	else if (value.n && builder_reserve(b, b->n + 1))
		b->labels[b->n++] = (struct dm_label){name, value};
}

static bool is_in(struct dm_str name, const struct dm_str *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (dm_str_eq(names[i], name))
			return true;
	}
	return false;
}

static void builder_filter(struct dm_labels_builder *b,
    const struct dm_str *names, size_t n, bool keep)
{
	size_t kept = 0;

	unindex(b);
	for (size_t i = 0; i < b->n; i++) {
		if (is_in(b->labels[i].name, names, n) == keep)
			b->labels[kept++] = b->labels[i];
	}
	b->n = kept;
}

void dm_labels_builder_keep(
    struct dm_labels_builder *b, const struct dm_str *names, size_t n)
{
	builder_filter(b, names, n, true);
}

void dm_labels_builder_drop(
    struct dm_labels_builder *b, const struct dm_str *names, size_t n)
{
	builder_filter(b, names, n, false);
}

struct dm_str dm_labels_builder_get(
    const struct dm_labels_builder *b, struct dm_str name)
{
	for (size_t i = 0; i < b->n; i++) {
		if (dm_str_eq(b->labels[i].name, name))
			return b->labels[i].value;
	}
	return (struct dm_str){"", 0};
}

int dm_labels_builder_done(struct dm_labels_builder *b,
    struct dm_labels_pool *pool, struct dm_labels **ret, struct dm_err *err)
{
	if (b->failed)
		return dm_err_nomem(err);
	return dm_labels_new(pool, b->labels, b->n, ret, err);
}
