/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "series/kept.h"

#include <math.h>

#define CAP_MIN 4u
#define CAP_MAX (UINT32_MAX / 4)

/* What a selection reads of a series stands in one line of the cache. */
#define LINE_BYTES 64
#define KEPT_BYTES (2 * LINE_BYTES)
_Static_assert(sizeof(struct dm_series) <= LINE_BYTES &&
		   sizeof(struct dm_kept) <= KEPT_BYTES,
    "a series has its place");

/* Where the samples stand that are taken at a steady pace. */
static size_t guess(const struct dm_series *s, int64_t at_us)
{
	double whole = (double)(s->last.t_us - s->p[0].t_us);
	double part = (double)(at_us - s->p[0].t_us);

	return (size_t)(part / whole * (double)(s->n - 1));
}

size_t dm_series_until(const struct dm_series *s, int64_t at_us)
{
	const struct dm_sample *p = s->p;
	size_t lo = 0, hi = s->n, mid;

	if (hi == 0 || s->last.t_us <= at_us)
		return hi;
	if (p[0].t_us > at_us)
		return 0;
	/* From here on p[lo].t_us <= at_us < p[hi - 1].t_us. */
	mid = guess(s, at_us);
	for (;;) {
		if (p[mid].t_us <= at_us) {
			if (p[mid + 1].t_us > at_us)
				return mid + 1;
			lo = mid + 1;
		} else {
			if (p[mid - 1].t_us <= at_us)
				return mid;
			hi = mid;
		}
		mid = lo + (hi - 1 - lo) / 2;
	}
}

struct dm_kept *dm_kept_new(
    const struct dm_name *name, struct dm_labels *labels)
{
	struct dm_kept *k = aligned_alloc(LINE_BYTES, KEPT_BYTES);

	if (!k)
		return NULL;
	memset(k, 0, sizeof(*k));
	k->s.name = name;
	k->s.drop_us = INT64_MIN;
	k->s.labels = dm_labels_ref(labels);
	return k;
}

void dm_kept_free(struct dm_kept *k)
{
	if (!k)
		return;
	dm_labels_unref(k->s.labels);
	free(k->all);
	free(k);
}

size_t dm_kept_unreachable(const struct dm_kept *k, int64_t horizon_us)
{
	size_t n = dm_series_until(&k->s, horizon_us - k->keep_us);

	return n ? n - 1 : 0; /* an instant selector sees the last of them */
}

bool dm_kept_is_out_of_reach(const struct dm_kept *k, int64_t horizon_us)
{
	int64_t last;

	if (k->s.n == 0)
		return true;
	last = k->s.last.t_us;
	if (dm_is_stale(k->s.last.v))
		return last <= horizon_us - k->keep_us;
	return last <= horizon_us - k->keep_us - DM_LOOKBACK_US;
}

static void drop_first(struct dm_kept *k, size_t n)
{
	if (n == 0)
		return;
	for (size_t i = 0; i < n && k->s.n_stale; i++)
		k->s.n_stale -= dm_is_stale(k->s.p[i].v);
	k->s.p += n;
	k->s.n -= (uint32_t)n;
}

static int grow(struct dm_kept *k, struct dm_err *err)
{
	size_t cap = k->cap < CAP_MIN ? CAP_MIN : k->cap + k->cap / 2;
	struct dm_sample *all;

	if (cap > CAP_MAX)
		return dm_err_set(
		    err, DM_ELIMIT, "too many samples of one series");
	all = malloc(cap * sizeof(*all));
	if (!all)
		return dm_err_nomem(err);
	if (k->s.n)
		memcpy(all, k->s.p, k->s.n * sizeof(*all));
	free(k->all);
	k->all = all;
	k->cap = (uint32_t)cap;
	return 0;
}

/* Room for one more behind the last. */
static int make_room(struct dm_kept *k, int64_t horizon_us, struct dm_err *err)
{
	drop_first(k, dm_kept_unreachable(k, horizon_us));
	if (k->s.n >= k->cap - k->cap / 4) {
		if (grow(k, err) < 0)
			return -1;
	} else {
		memmove(k->all, k->s.p, k->s.n * sizeof(*k->all));
	}
	k->s.p = k->all;
	return 0;
}

/* A late one: in its place, others moved behind it. There is room. */
static void insert(struct dm_kept *k, size_t from, int64_t t_us, double v)
{
	struct dm_sample *p = k->all + (k->s.p - k->all);

	memmove(p + from + 1, p + from, (k->s.n - from) * sizeof(*p));
	p[from] = (struct dm_sample){t_us, v};
	if (from < k->s.n || (from && !(v >= p[from - 1].v)) || isnan(v))
		k->s.drop_us = p[k->s.n].t_us;
	k->s.last = p[k->s.n];
	k->s.n++;
	k->s.n_stale += dm_is_stale(v);
}

static void replace_marker(struct dm_kept *k, size_t at, double v)
{
	k->all[(size_t)(k->s.p - k->all) + at].v = v;
	k->s.n_stale--;
	k->s.last = k->s.p[k->s.n - 1];
	k->s.drop_us = k->s.last.t_us;
}

/* The common case: behind the last, and there is room. */
static bool append(struct dm_kept *k, int64_t t_us, double v)
{
	size_t n = k->s.n, at = (size_t)(k->s.p - k->all) + n;

	if (n == 0 || at >= k->cap || t_us <= k->s.last.t_us)
		return false;
	if (!(v >= k->s.last.v))
		k->s.drop_us = t_us;
	k->s.last = (struct dm_sample){t_us, v};
	k->all[at] = k->s.last;
	k->s.n_stale += dm_is_stale(v);
	k->s.n++;
	return true;
}

int dm_kept_add(struct dm_kept *k, int64_t t_us, double v, int64_t horizon_us,
    struct dm_err *err)
{
	size_t at;

	if (append(k, t_us, v))
		return 0;
	at = dm_series_until(&k->s, t_us);

	if (at && k->s.p[at - 1].t_us == t_us) {
		if (dm_is_stale(k->s.p[at - 1].v) && !dm_is_stale(v))
			replace_marker(k, at - 1, v);
		return 0;
	}
	if (at == 0 && k->s.n && t_us <= horizon_us - k->keep_us &&
	    k->s.p[0].t_us <= horizon_us - k->keep_us)
		return 0; /* too late to be seen by anyone */
	if (k->cap == 0 || k->s.p + k->s.n == k->all + k->cap) {
		if (make_room(k, horizon_us, err) < 0)
			return -1;
		at = dm_series_until(&k->s, t_us);
	}
	insert(k, at, t_us, v);
	return 0;
}
