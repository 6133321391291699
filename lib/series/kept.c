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
static size_t guess(const int64_t *t, size_t n, int64_t at_us)
{
	double whole = (double)(t[n - 1] - t[0]);

	return (size_t)((double)(at_us - t[0]) / whole * (double)(n - 1));
}

size_t dm_series_until(const struct dm_series *s, int64_t at_us)
{
	const int64_t *t = s->t_us;
	size_t lo = 0, hi = s->n, mid;

	if (hi == 0 || s->last_us <= at_us)
		return hi;
	if (t[0] > at_us)
		return 0;
	/* From here on t[lo] <= at_us < t[hi - 1]. */
	mid = guess(t, hi, at_us);
	for (;;) {
		if (t[mid] <= at_us) {
			if (t[mid + 1] > at_us)
				return mid + 1;
			lo = mid + 1;
		} else {
			if (t[mid - 1] <= at_us)
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
	free(k->t);
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
	last = k->s.last_us;
	if (dm_is_stale(k->s.last))
		return last <= horizon_us - k->keep_us;
	return last <= horizon_us - k->keep_us - DM_LOOKBACK_US;
}

static void drop_first(struct dm_kept *k, size_t n)
{
	if (n == 0)
		return;
	for (size_t i = 0; i < n && k->s.n_stale; i++)
		k->s.n_stale -= dm_is_stale(k->s.v[i]);
	k->s.t_us += n;
	k->s.v += n;
	k->s.n -= (uint32_t)n;
}

static int grow(struct dm_kept *k, struct dm_err *err)
{
	size_t cap = k->cap < CAP_MIN ? CAP_MIN : k->cap + k->cap / 2;
	int64_t *t;
	double *v;

	if (cap > CAP_MAX)
		return dm_err_set(
		    err, DM_ELIMIT, "too many samples of one series");
	t = malloc(cap * (sizeof(*t) + sizeof(*v)));
	if (!t)
		return dm_err_nomem(err);
	v = (double *)(t + cap);
	if (k->s.n) {
		memcpy(t, k->s.t_us, k->s.n * sizeof(*t));
		memcpy(v, k->s.v, k->s.n * sizeof(*v));
	}
	free(k->t);
	k->t = t;
	k->v = v;
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
		memmove(k->t, k->s.t_us, k->s.n * sizeof(*k->t));
		memmove(k->v, k->s.v, k->s.n * sizeof(*k->v));
	}
	k->s.t_us = k->t;
	k->s.v = k->v;
	return 0;
}

static void note_last(struct dm_kept *k)
{
	k->s.last_us = k->s.t_us[k->s.n - 1];
	k->s.last = k->s.v[k->s.n - 1];
}

/* A late one: in its place, others moved behind it. There is room. */
static void insert(struct dm_kept *k, size_t from, int64_t t_us, double v)
{
	size_t start = k->cap ? (size_t)(k->s.t_us - k->t) : 0;
	int64_t *t = k->t + start;
	double *values = k->v + start;

	memmove(t + from + 1, t + from, (k->s.n - from) * sizeof(*t));
	memmove(values + from + 1, values + from,
	    (k->s.n - from) * sizeof(*values));
	t[from] = t_us;
	values[from] = v;
	if (from < k->s.n || (from && !(v >= values[from - 1])) || isnan(v))
		k->s.drop_us = t[k->s.n];
	k->s.n++;
	k->s.n_stale += dm_is_stale(v);
	note_last(k);
}

static void replace_marker(struct dm_kept *k, size_t at, double v)
{
	k->v[(size_t)(k->s.v - k->v) + at] = v;
	k->s.n_stale--;
	k->s.drop_us = k->s.last_us;
	note_last(k);
}

/* The common case: behind the last, and there is room. */
static bool append(struct dm_kept *k, int64_t t_us, double v)
{
	size_t n = k->s.n, at = (size_t)(k->s.t_us - k->t) + n;

	if (n == 0 || at >= k->cap || t_us <= k->s.last_us)
		return false;
	k->t[at] = t_us;
	k->v[at] = v;
	if (!(v >= k->s.last))
		k->s.drop_us = t_us;
	k->s.last_us = t_us;
	k->s.last = v;
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

	if (at && k->s.t_us[at - 1] == t_us) {
		if (dm_is_stale(k->s.v[at - 1]) && !dm_is_stale(v))
			replace_marker(k, at - 1, v);
		return 0;
	}
	if (at == 0 && k->s.n && t_us <= horizon_us - k->keep_us &&
	    k->s.t_us[0] <= horizon_us - k->keep_us)
		return 0; /* too late to be seen by anyone */
	if (k->cap == 0 || k->s.t_us + k->s.n == k->t + k->cap) {
		if (make_room(k, horizon_us, err) < 0)
			return -1;
		at = dm_series_until(&k->s, t_us);
	}
	insert(k, at, t_us, v);
	return 0;
}
