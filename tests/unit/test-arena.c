/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Pieces of all sizes, taken and given back at random: none overlaps another,
 * and what is not used goes back to the system. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

#define N_PIECES 3000

struct piece {
	unsigned char *p;
	size_t bytes;
};

static uint64_t random_state = 88172645463325252u;

/* Source: Marsaglia, Xorshift RNGs, 2003. */
static size_t random_below(size_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % n;
}

/* Mostly small ones, some larger than the arena's own. */
static size_t random_size(void)
{
	return 1 + random_below(random_below(50) ? 700 : 40000);
}

static unsigned char mark(size_t i)
{
	return (unsigned char)(i * 167 + 13);
}

static void take(struct dm_arena *a, struct piece *piece, size_t i)
{
	piece->bytes = random_size();
	piece->p = dm_arena_alloc(a, piece->bytes);
	assert_non_null(piece->p);
	if (piece->bytes <= DM_ARENA_MAX_BYTES)
		assert_int_equal((uintptr_t)piece->p % DM_ARENA_ALIGN_BYTES, 0);
	/* All that it was rounded up to may be used. */
	piece->bytes = dm_arena_round(piece->bytes);
	if (piece->bytes <= DM_ARENA_MAX_BYTES)
		assert_ptr_equal(
		    dm_arena_piece(piece->p + piece->bytes - 1), piece->p);
	memset(piece->p, mark(i), piece->bytes);
}

static void give_back(struct dm_arena *a, struct piece *piece, size_t i)
{
	for (size_t k = 0; k < piece->bytes; k++)
		assert_int_equal(piece->p[k], mark(i));
	dm_arena_free(a, piece->p, piece->bytes);
	piece->p = NULL;
}

static void test_random(void **state)
{
	static struct piece pieces[N_PIECES];
	struct dm_arena a = {0};

	(void)state;
	for (size_t round = 0; round < 20 * N_PIECES; round++) {
		size_t i = random_below(N_PIECES);

		if (pieces[i].p)
			give_back(&a, &pieces[i], i);
		else
			take(&a, &pieces[i], i);
	}
	for (size_t i = 0; i < N_PIECES; i++) {
		if (pieces[i].p)
			give_back(&a, &pieces[i], i);
	}
	assert_in_range(a.n_pages, 1, 2);
	dm_arena_release(&a);
	assert_int_equal(a.n_pages, 0);
}

/* What has been used for one size serves another. */
static void test_other_sizes(void **state)
{
	static void *pieces[4000];
	struct dm_arena a = {0};
	size_t pages = 0;

	(void)state;
	for (size_t bytes = 1000; bytes <= 1900; bytes += 100) {
		for (size_t i = 0; i < 4000; i++) {
			pieces[i] = dm_arena_alloc(&a, bytes);
			assert_non_null(pieces[i]);
		}
		pages = a.n_pages;
		for (size_t i = 0; i < 4000; i++)
			dm_arena_free(&a, pieces[i], bytes);
	}
	assert_in_range(pages, 3, 5); /* 1984 bytes each */
	assert_in_range(a.n_pages, 1, 1);
	dm_arena_release(&a);
}

static void test_round(void **state)
{
	size_t before = 0;

	(void)state;
	for (size_t bytes = 1; bytes <= DM_ARENA_MAX_BYTES; bytes++) {
		size_t got = dm_arena_round(bytes);

		assert_true(got >= bytes && got >= before);
		assert_int_equal(got % DM_ARENA_ALIGN_BYTES, 0);
		assert_int_equal(dm_arena_round(got), got);
		/* A quarter is wasted at most, and two units. */
		assert_true(got <= bytes + bytes / 4 + 2 * 64);
		before = got;
	}
	assert_int_equal(
	    dm_arena_round(DM_ARENA_MAX_BYTES), DM_ARENA_MAX_BYTES);
	assert_int_equal(
	    dm_arena_round(DM_ARENA_MAX_BYTES + 1), DM_ARENA_MAX_BYTES + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_other_sizes),
	    cmocka_unit_test(test_round),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
