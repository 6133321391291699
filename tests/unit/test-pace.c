/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/pace.h"

#define START_NS 77000000000

struct step {
	double ts, due; /* seconds; due since the first */
};

static void check(double speed, const struct step *steps, size_t n)
{
	struct dm_pace p = {.speed = speed};

	for (size_t i = 0; i < n; i++) {
		int64_t due_ns =
		    dm_pace_due_ns(&p, (int64_t)(steps[i].ts * 1e6), START_NS);

		assert_int_equal(
		    due_ns - START_NS, (int64_t)(steps[i].due * 1e9));
	}
}
#define CHECK(speed, ...)                                                      \
	check(speed, (const struct step[]){__VA_ARGS__},                       \
	    sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step))

static void test_one_clock(void **state)
{
	(void)state;
	CHECK(1, {-5.5, 0}, {-5.5, 0}, {-5.25, 0.25}, {10, 15.5}, {10, 15.5});
	CHECK(2, {100, 0}, {101, 0.5}, {105, 2.5});
	CHECK(0.25, {100, 0}, {101, 4});
}

/* A clock that is set back goes on at its pace from there. */
static void test_set_back(void **state)
{
	(void)state;
	CHECK(1, {5000, 0}, {5001, 1}, {1000, 1}, {1001, 2}, {1003, 4});
	/* and again in the time that has been replayed */
	CHECK(1, {10, 0}, {20, 10}, {12, 10}, {13, 11}, {15, 13});
}

/* Forth again: to where it had been, or from there on. */
static void test_set_forth(void **state)
{
	(void)state;
	CHECK(1, {1000, 0}, {1010, 10}, {5, 10}, {6, 11}, {1005, 11},
	    {1006, 12}, {1007, 13},
	    {1012, 13}); /* whose clock is it? the sooner */
	CHECK(1, {1000, 0}, {5, 0}, {1001, 1}, {6, 1}, {1002, 2}, {7, 2});
}

/* Three hosts, years apart: each at its pace, whichever comes first. */
static void test_three_clocks(void **state)
{
	(void)state;
	CHECK(1, {2e9, 0}, {1e9, 0}, {0, 0}, {1e9 + 1, 1}, {2e9 + 1, 1}, {1, 1},
	    {2e9 + 2, 2}, {1e9 + 2, 2}, {2, 2}, {3, 3}, {1e9 + 3, 3});
}

/* More of them than are kept: late, never early, and no overflow. */
static void test_many(void **state)
{
	struct dm_pace p = {.speed = 1e-9};
	int64_t before = START_NS;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t ts_us = i % 3 == 0   ? INT64_MIN + i
				: i % 3 == 1 ? INT64_MAX - i
					     : (i % 40) * INT64_C(1) << 50;
		int64_t due_ns = dm_pace_due_ns(&p, ts_us, START_NS);

		assert_true(due_ns >= before);
		before = due_ns;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_clock),
	    cmocka_unit_test(test_set_back),
	    cmocka_unit_test(test_set_forth),
	    cmocka_unit_test(test_three_clocks),
	    cmocka_unit_test(test_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
