/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "series/kept.h"

#include <math.h>

#define CAP_OWN ((uint32_t)DM_COUNT(((struct dm_series *)NULL)->near))
#define CAP_MAX (UINT32_MAX / 4)
/* So many samples tell their pace. */
#define PACE_MIN 32u

_Static_assert(
    sizeof(struct dm_kept) == DM_SHELF_PLACE_BYTES, "a series takes one place");

/* Where the samples stand that are taken at a steady pace. */
static size_t guess(const struct dm_series *s, int64_t at_us)
{
	double whole = (double)(s->near[1].t_us - s->p[0].t_us);
	double part = (double)(at_us - s->p[0].t_us);

	return (size_t)(part / whole * (double)(s->n - 1));
}

size_t dm_series_until(const struct dm_series *s, int64_t at_us)
{
	const struct dm_sample *p = s->p;
	size_t lo = 0, hi = s->n, mid;

	if (hi == 0 || s->near[1].t_us <= at_us)
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

static struct dm_sample *samples(const struct dm_kept *k)
{
	return (struct dm_sample *)k->s.p;
}

static size_t samples_bytes(size_t cap)
{
	return cap * sizeof(struct dm_sample);
}

/* How many samples fit, where so many have been asked for. */
static size_t round_cap(size_t cap)
{
	if (cap <= CAP_OWN)
		return CAP_OWN;
	return dm_arena_round(samples_bytes(cap)) / sizeof(struct dm_sample);
}

void dm_keeper_release(struct dm_keeper *keeper)
{
	dm_shelves_release(&keeper->shelves);
	dm_arena_release(&keeper->arena);
}

struct dm_kept *dm_kept_new(struct dm_keeper *keeper,
    const struct dm_name *name, struct dm_labels *labels)
{
	struct dm_kept *k =
	    dm_shelves_take(&keeper->shelves, &keeper->arena, name->id);

	if (!k)
		return NULL;
	*k = (struct dm_kept){
	    .s = {.near = {{0}, {.t_us = INT64_MAX}},
		.labels = dm_labels_ref(labels),
		.name = name,
		.p = k->s.near,
		.room = CAP_OWN},
	};
	return k;
}

static void free_samples(struct dm_keeper *keeper, struct dm_kept *k)
{
	if (k->s.p != k->s.near)
		dm_arena_free(&keeper->arena, samples(k),
		    samples_bytes(k->s.n + k->s.room));
}

void dm_kept_free(struct dm_keeper *keeper, struct dm_kept *k)
{
	if (!k)
		return;
	free_samples(keeper, k);
	dm_labels_unref(k->s.labels);
	dm_shelves_give_back(
	    &keeper->shelves, &keeper->arena, k->s.name->id, k);
}

void dm_kept_set_keep_us(struct dm_kept *k, int64_t keep_us)
{
	k->keep_us = (float)keep_us;
	if (dm_kept_keep_us(k) < keep_us)
		k->keep_us = nextafterf(k->keep_us, HUGE_VALF);
}

size_t dm_kept_unreachable(const struct dm_kept *k, int64_t horizon_us)
{
	size_t n = dm_series_until(&k->s, horizon_us - dm_kept_keep_us(k));

	return n ? n - 1 : 0; /* an instant selector sees the last of them */
}

bool dm_kept_is_out_of_reach(const struct dm_kept *k, int64_t horizon_us)
{
	int64_t from = horizon_us - dm_kept_keep_us(k);

	if (k->s.n == 0)
		return true;
	if (dm_is_stale(k->s.near[1].v))
		return k->s.near[1].t_us <= from;
	return k->s.near[1].t_us <= from - DM_LOOKBACK_US;
}

/* Another piece, of room for cap samples; the first n are left out. */
static int move_to(struct dm_keeper *keeper, struct dm_kept *k, size_t n,
    size_t cap, struct dm_err *err)
{
	struct dm_sample *p = k->s.near;

	if (cap > CAP_MAX)
		return dm_err_set(
		    err, DM_ELIMIT, "too many samples of one series");
	if (cap > CAP_OWN)
		p = dm_arena_alloc(&keeper->arena, samples_bytes(cap));
	if (!p)
		return dm_err_nomem(err);
	memcpy(p, k->s.p + n, samples_bytes(k->s.n - n));
	free_samples(keeper, k);
	k->s.p = p;
	return 0;
}

/*
 * How large the next piece is. One by one half larger; from some size on, as
 * large as the window will need at the pace of the samples so far and a
 * quarter more, if that is not by far too much: pieces that are only passed
 * through leave holes.
 */
static size_t next_cap(const struct dm_kept *k, size_t cap)
{
	size_t least = cap + cap / 2, most = 4 * cap;
	double pace, needed;

	if (cap < PACE_MIN)
		return least;
	pace =
	    (double)(k->s.n - 1) / (double)(k->s.near[1].t_us - k->s.p[0].t_us);
	needed = ((double)dm_kept_keep_us(k) * pace + 2) * 1.25;
	if (needed < (double)least)
		return least;
	return needed > (double)most ? most : (size_t)needed;
}

/* Room for one more behind the last. */
static int make_room(
    struct dm_keeper *keeper, struct dm_kept *k, struct dm_err *err)
{
	size_t drop = dm_kept_unreachable(k, keeper->horizon_us);
	size_t cap = k->s.n, left = cap - drop;
	struct dm_sample *p = samples(k);
	uint32_t stale = 0;

	for (size_t i = 0; i < drop && stale < k->s.n_stale; i++)
		stale += dm_is_stale(p[i].v);
	if (left >= cap - cap / 8) {
		cap = round_cap(next_cap(k, cap));
		if (move_to(keeper, k, drop, cap, err) < 0)
			return -1;
	} else {
		memmove(p, p + drop, left * sizeof(*p));
	}
	k->s.n = (uint32_t)left;
	k->s.n_stale -= stale;
	k->s.drop -= k->s.drop < drop ? k->s.drop : (uint32_t)drop;
	k->s.room = (uint32_t)(cap - left);
	return 0;
}

/* A late one: in its place, others moved behind it. There is room. */
static void insert(struct dm_kept *k, size_t from, int64_t t_us, double v)
{
	struct dm_sample *p = samples(k);

	memmove(p + from + 1, p + from, (k->s.n - from) * sizeof(*p));
	p[from] = (struct dm_sample){t_us, v};
	if (from < k->s.n || (from && !(v >= p[from - 1].v)) || isnan(v))
		k->s.drop = k->s.n;
	k->s.near[1] = p[k->s.n];
	k->s.n++;
	k->s.room--;
	k->s.n_stale += dm_is_stale(v);
}

static void replace_marker(struct dm_kept *k, size_t at, double v)
{
	samples(k)[at].v = v;
	k->s.n_stale--;
	k->s.near[1] = k->s.p[k->s.n - 1];
	k->s.drop = k->s.n - 1;
}

int dm_kept_insert(struct dm_keeper *keeper, struct dm_kept *k, int64_t t_us,
    double v, struct dm_err *err)
{
	int64_t from_us = keeper->horizon_us - dm_kept_keep_us(k);
	size_t at;

	if (k->s.n && t_us > k->s.near[1].t_us) {
		if (make_room(keeper, k, err) < 0)
			return -1;
		(void)dm_kept_append(k, t_us, v);
		return 0;
	}
	at = dm_series_until(&k->s, t_us);
	if (at && k->s.p[at - 1].t_us == t_us) {
		if (dm_is_stale(k->s.p[at - 1].v) && !dm_is_stale(v))
			replace_marker(k, at - 1, v);
		return 0;
	}
	if (at == 0 && k->s.n && t_us <= from_us && k->s.p[0].t_us <= from_us)
		return 0; /* too late to be seen by anyone */
	if (k->s.room == 0) {
		if (make_room(keeper, k, err) < 0)
			return -1;
		at = dm_series_until(&k->s, t_us);
	}
	insert(k, at, t_us, v);
	return 0;
}

void dm_kept_trim(struct dm_keeper *keeper, struct dm_kept *k)
{
	size_t cap = round_cap(k->s.n);

	if (cap < k->s.n + k->s.room && move_to(keeper, k, 0, cap, NULL) == 0)
		k->s.room = (uint32_t)(cap - k->s.n);
}

void dm_kept_cut(struct dm_kept *k, int64_t t_us)
{
	struct dm_series *s = &k->s;
	size_t n = dm_series_until(s, t_us);

	if (n == s->n)
		return;
	for (size_t i = n; i < s->n; i++)
		s->n_stale -= dm_is_stale(s->p[i].v);
	k->s.room += s->n - (uint32_t)n;
	s->n = (uint32_t)n;
	s->near[1] = n ? s->p[n - 1] : (struct dm_sample){.t_us = INT64_MAX};
	s->drop = n ? s->n - 1 : 0;
}
