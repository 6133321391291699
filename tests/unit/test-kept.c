/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* The samples of a series, in any order, with markers and a horizon that
 * moves on, against a plain list that forgets nothing. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "series/kept.h"

#define N_SAMPLES 3000
#define KEEP_US	  50

static uint64_t random_state = 88172645463325252u;

/* Source: Marsaglia, Xorshift RNGs, 2003. */
static unsigned random_below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state % n);
}

/* By their times, which are small. */
struct list {
	bool has[N_SAMPLES];
	double v[N_SAMPLES];
};

static void list_add(struct list *l, int64_t t, double v)
{
	if (l->has[t] && !(dm_is_stale(l->v[t]) && !dm_is_stale(v)))
		return;
	l->has[t] = true;
	l->v[t] = v;
}

static bool same(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

/* From the last one that can be reached on, both have the same; what is kept
 * beyond is right as well. */
static void compare(
    const struct list *l, const struct dm_series *s, int64_t horizon)
{
	uint32_t at = s->n, stale = 0;
	bool all = true; /* those so far are within reach */

	for (int64_t t = N_SAMPLES; t-- && all;) {
		if (!l->has[t])
			continue;
		assert_true(at > 0);
		at--;
		assert_int_equal(s->p[at].t_us, t);
		assert_true(same(s->p[at].v, l->v[t]));
		all = t > horizon - KEEP_US;
	}
	for (uint32_t i = 0; i < s->n; i++) {
		int64_t t = s->p[i].t_us;

		assert_true(i == 0 || s->p[i - 1].t_us < t);
		assert_true(l->has[t] && same(s->p[i].v, l->v[t]));
		assert_true(
		    i == 0 || i <= s->drop || s->p[i].v >= s->p[i - 1].v);
		stale += dm_is_stale(s->p[i].v);
	}
	assert_int_equal(s->n_stale, stale);
	assert_int_equal(s->near[1].t_us, s->p[s->n - 1].t_us);
	assert_true(same(s->near[1].v, s->p[s->n - 1].v));
}

static void one_series(
    struct dm_keeper *keeper, struct dm_labels *labels, unsigned kind)
{
	const struct dm_name name = {.id = kind};
	struct dm_kept *k = dm_kept_new(keeper, &name, labels);
	struct list l = {0};
	struct dm_err err;

	assert_non_null(k);
	dm_kept_set_keep_us(k, KEEP_US);
	keeper->horizon_us = 0;
	for (int64_t now = 100; now < N_SAMPLES; now += 1 + random_below(3)) {
		/* Late ones are no older than what is in reach. */
		int64_t late = random_below(kind ? 9 : 1) == 1
				   ? random_below(KEEP_US / 2)
				   : 0;
		double v =
		    (double)(now + random_below(kind == 2 ? 99 : 1)) * 2.385;

		if (kind && random_below(10) == 0)
			v = random_below(3) ? dm_stale() : NAN;
		list_add(&l, now - late, v);
		assert_int_equal(
		    dm_kept_add(keeper, k, now - late, v, &err), 0);
		if (random_below(50) == 0)
			dm_kept_trim(keeper, k);
		compare(&l, &k->s, keeper->horizon_us);
		if (random_below(4) == 0)
			keeper->horizon_us = now - KEEP_US / 2;
	}
	/* It is bounded by its window, not by what has gone through. */
	assert_true(k->s.n + k->s.room < 4 * KEEP_US);
	dm_kept_free(keeper, k);
}

static void test_samples(void **state)
{
	struct dm_keeper keeper = {0};
	struct dm_labels_pool *pool;
	struct dm_labels *labels;
	struct dm_err err;

	(void)state;
	assert_int_equal(dm_labels_pool_new(&pool, &err), 0);
	assert_int_equal(dm_labels_new(pool, NULL, 0, &labels, &err), 0);
	for (unsigned i = 0; i < 30; i++)
		one_series(&keeper, labels, i % 3);
	dm_labels_unref(labels);
	dm_keeper_release(&keeper);
	dm_labels_pool_free(pool);
}

/* Series of one metric stand side by side, and their places are used again
 * and given back. */
static void test_places(void **state)
{
	enum {
		N = 5000
	};
	static struct dm_kept *k[N];
	struct dm_keeper keeper = {0};
	const struct dm_name names[] = {{.id = 0}, {.id = 70}};
	struct dm_labels_pool *pool;
	struct dm_labels *labels;
	struct dm_err err;
	size_t pages = 0, beside = 0;

	(void)state;
	assert_int_equal(dm_labels_pool_new(&pool, &err), 0);
	assert_int_equal(dm_labels_new(pool, NULL, 0, &labels, &err), 0);
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < N; i++) {
			if (k[i])
				continue;
			k[i] = dm_kept_new(&keeper, &names[i % 2], labels);
			assert_non_null(k[i]);
		}
		if (round == 0)
			pages = keeper.arena.n_pages;
		for (size_t i = 2; round == 0 && i < N; i++)
			beside += k[i] == k[i - 2] + 1;
		assert_in_range(keeper.arena.n_pages, 1, pages + 1);
		for (size_t i = 0; i < N; i++) {
			if (round < 19 && random_below(3) == 0)
				continue;
			dm_kept_free(&keeper, k[i]);
			k[i] = NULL;
		}
	}
	assert_true(beside > N * 9 / 10);
	assert_int_equal(keeper.arena.n_pages, 1);
	dm_labels_unref(labels);
	dm_keeper_release(&keeper);
	dm_labels_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_samples),
	    cmocka_unit_test(test_places),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
