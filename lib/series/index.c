/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "series/index.h"

#include "base/array.h"

/* The slot of a series, or the free one where it would stand. */
static size_t find(const struct dm_series_index *index,
    const struct dm_name *name, const struct dm_labels *labels)
{
	const void *const key[] = {name, labels};
	size_t mask = index->n_slots - 1, i = dm_hash(key, sizeof(key)) & mask;

	for (; index->slots[i]; i = (i + 1) & mask) {
		const struct dm_series *s = &index->p[index->slots[i] - 1]->s;

		if (s->labels == labels && s->name == name)
			break;
	}
	return i;
}

struct dm_kept *dm_series_index_get(const struct dm_series_index *index,
    const struct dm_name *name, const struct dm_labels *labels)
{
	uint32_t number;

	if (index->n == 0)
		return NULL;
	number = index->slots[find(index, name, labels)];
	return number ? index->p[number - 1] : NULL;
}

/* Into slots that are free. */
static void fill(struct dm_series_index *index)
{
	for (size_t i = 0; i < index->n; i++) {
		const struct dm_series *s = &index->p[i]->s;

		index->slots[find(index, s->name, s->labels)] = (uint32_t)i + 1;
	}
}

static int grow(struct dm_series_index *index, struct dm_err *err)
{
	size_t n = index->n_slots ? 2 * index->n_slots : 64;
	uint32_t *slots =
	    index->n < UINT32_MAX ? calloc(n, sizeof(*slots)) : NULL;

	if (!slots)
		return dm_err_nomem(err);
	free(index->slots);
	index->slots = slots;
	index->n_slots = n;
	fill(index);
	return 0;
}

int dm_series_index_add(
    struct dm_series_index *index, struct dm_kept *k, struct dm_err *err)
{
	if (dm_array_grow(
		&index->p, index->n, &index->cap, sizeof(*index->p), err) < 0 ||
	    (4 * (index->n + 1) > 3 * index->n_slots && grow(index, err) < 0))
		return -1;
	index->slots[find(index, k->s.name, k->s.labels)] =
	    (uint32_t)index->n + 1;
	index->p[index->n++] = k;
	return 0;
}

void dm_series_index_compact(struct dm_series_index *index)
{
	size_t n = 0;

	for (size_t i = 0; i < index->n; i++) {
		if (index->p[i])
			index->p[n++] = index->p[i];
	}
	index->n = n;
	memset(index->slots, 0, index->n_slots * sizeof(*index->slots));
	fill(index);
}

void dm_series_index_release(struct dm_series_index *index)
{
	free(index->p);
	free(index->slots);
	*index = (struct dm_series_index){0};
}
