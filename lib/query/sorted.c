/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/sorted.h"

struct handle {
	void *inner;
	bool ready;
	struct dm_series_set set; /* all that match; a copy, sorted */
};

static int cmp_series(const void *a, const void *b)
{
	const struct dm_series *x = *(const struct dm_series *const *)a;
	const struct dm_series *y = *(const struct dm_series *const *)b;

	if (x->name != y->name)
		return dm_str_cmp(x->name->text, y->name->text);
	return dm_labels_cmp(x->labels, y->labels);
}

static int sorted_prepare(void *ctx, const struct dm_selector *selector,
    void **ret_handle, struct dm_err *err)
{
	struct dm_sorted *s = ctx;
	struct handle *h = calloc(1, sizeof(*h));

	if (!h)
		return dm_err_nomem(err);
	if (s->inner.prepare(s->inner.ctx, selector, &h->inner, err) < 0) {
		free(h);
		return -1;
	}
	*ret_handle = h;
	return 0;
}

/* A window gives all series, whatever the time. */
static int fill(struct dm_sorted *s, struct handle *h, int64_t from_us,
    int64_t to_us, struct dm_err *err)
{
	const struct dm_series **copy;
	struct dm_series_set all;

	if (s->inner.select(s->inner.ctx, h->inner, from_us, to_us, &all, err) <
	    0)
		return -1;
	h->ready = true;
	if (all.n == 0)
		return 0;
	copy = malloc(all.n * sizeof(*copy));
	if (!copy)
		return dm_err_nomem(err);
	memcpy(copy, all.series, all.n * sizeof(*copy));
	qsort(copy, all.n, sizeof(*copy), cmp_series);
	h->set = (struct dm_series_set){copy, all.n};
	return 0;
}

static int sorted_select(void *ctx, void *handle, int64_t from_us,
    int64_t to_us, struct dm_series_set *ret, struct dm_err *err)
{
	struct dm_sorted *s = ctx;
	struct handle *h = handle;

	if (s->stop && s->stop(s->stop_ctx))
		return dm_err_set(err, DM_ESTOP, "interrupted");
	if (!h->ready && fill(s, h, from_us, to_us, err) < 0)
		return -1;
	*ret = h->set;
	return 0;
}

static void sorted_release(void *ctx, void *handle)
{
	struct dm_sorted *s = ctx;
	struct handle *h = handle;

	s->inner.release(s->inner.ctx, h->inner);
	free((void *)h->set.series);
	free(h);
}

struct dm_querier dm_sorted_querier(struct dm_sorted *s)
{
	return (struct dm_querier){
	    .ctx = s,
	    .pool = s->inner.pool,
	    .scratch = s->inner.scratch,
	    .prepare = sorted_prepare,
	    .select = sorted_select,
	    .release = sorted_release,
	};
}
