/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "series/index.h"

/* Where a search for a series begins. */
static size_t home(const struct dm_series_index *index,
    const struct dm_name *name, const struct dm_labels *labels)
{
	const void *const key[] = {name, labels};

	return dm_hash(key, sizeof(key)) & (index->cap - 1);
}

struct dm_kept *dm_series_index_get(const struct dm_series_index *index,
    const struct dm_name *name, const struct dm_labels *labels)
{
	struct dm_kept *k;

	if (index->n == 0)
		return NULL;
	for (size_t i = home(index, name, labels); (k = index->slots[i]);
	     i = (i + 1) & (index->cap - 1)) {
		if (k->s.labels == labels && k->s.name == name)
			return k;
	}
	return NULL;
}

static void put(struct dm_series_index *index, struct dm_kept *k)
{
	size_t i = home(index, k->s.name, k->s.labels);

	while (index->slots[i])
		i = (i + 1) & (index->cap - 1);
	index->slots[i] = k;
}

static int grow(struct dm_series_index *index, struct dm_err *err)
{
	struct dm_series_index bigger = {
	    .n = index->n, .cap = index->cap ? 2 * index->cap : 64};

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return dm_err_nomem(err);
	for (size_t i = 0; i < index->cap; i++)
		if (index->slots[i])
			put(&bigger, index->slots[i]);
	free(index->slots);
	*index = bigger;
	return 0;
}

int dm_series_index_add(
    struct dm_series_index *index, struct dm_kept *k, struct dm_err *err)
{
	if (4 * (index->n + 1) > 3 * index->cap && grow(index, err) < 0)
		return -1;
	put(index, k);
	index->n++;
	return 0;
}

/* Those behind it move up, as far as they may. */
void dm_series_index_remove(
    struct dm_series_index *index, const struct dm_kept *k)
{
	size_t mask = index->cap - 1;
	size_t hole = home(index, k->s.name, k->s.labels), i;

	while (index->slots[hole] != k)
		hole = (hole + 1) & mask;
	for (i = (hole + 1) & mask; index->slots[i]; i = (i + 1) & mask) {
		const struct dm_series *s = &index->slots[i]->s;
		size_t from = home(index, s->name, s->labels);

		if (((i - from) & mask) >= ((i - hole) & mask)) {
			index->slots[hole] = index->slots[i];
			hole = i;
		}
	}
	index->slots[hole] = NULL;
	index->n--;
}

void dm_series_index_release(struct dm_series_index *index)
{
	free(index->slots);
	*index = (struct dm_series_index){0};
}
