/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"
#include "collect/cgroup_parse.h"
#include "collect/hugetlb.h"
#include "collect/started.h"

static void numbers(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_true(dm_cgroup_u64(DM_STR("9223372036854771712\n"), &v));
	assert_true(v == UINT64_C(9223372036854771712));
	assert_true(dm_cgroup_u64(DM_STR("max\n"), &v));
	assert_true(v == UINT64_MAX);
	v = 7;
	assert_false(dm_cgroup_u64(DM_STR("-1\n"), &v));
	assert_false(dm_cgroup_u64(DM_STR(""), &v));
	assert_false(dm_cgroup_u64(DM_STR("12 13"), &v));
	assert_false(dm_cgroup_u64(DM_STR("1\0002"), &v));
	assert_false(dm_cgroup_u64(DM_STR("18446744073709551616"), &v));
	assert_true(v == 7);
}

static void cpu_max(void **state)
{
	uint64_t quota = 1, period = 2;

	(void)state;
	assert_true(
	    dm_cgroup_cpu_max(DM_STR("4800000 100000\n"), &quota, &period));
	assert_int_equal(quota, 4800000);
	assert_int_equal(period, 100000);
	assert_true(dm_cgroup_cpu_max(DM_STR("max 50000\n"), &quota, &period));
	assert_true(quota == UINT64_MAX);
	assert_int_equal(period, 50000);
	assert_false(dm_cgroup_cpu_max(DM_STR("max"), &quota, &period));
	assert_false(dm_cgroup_cpu_max(DM_STR("max max"), &quota, &period));
	assert_false(dm_cgroup_cpu_max(DM_STR(""), &quota, &period));
	assert_int_equal(period, 50000);
}

static const char *const keys[] = {"anon", "file", "pgfault"};

static void keyed(void **state)
{
	uint64_t v[3] = {0};

	(void)state;
	assert_int_equal(dm_cgroup_keyed(DM_STR("anon 2471755776\nfile 85\n"
						"file_mapped 3\npgfault 9\n"),
			     keys, 3, v),
	    7);
	assert_int_equal(v[0], 2471755776);
	assert_int_equal(v[1], 85);
	assert_int_equal(v[2], 9);
}

/* Another order, keys that begin alike, and lines that are wrong. */
static void keyed_odd(void **state)
{
	uint64_t v[3] = {4, 5, 6};

	(void)state;
	assert_int_equal(dm_cgroup_keyed(DM_STR("pgfault 1\nfilex 2\nanon "
						"x\n\nfile\nfile 3\nanon 8"),
			     keys, 3, v),
	    7);
	assert_int_equal(v[0], 8);
	assert_int_equal(v[1], 3);
	assert_int_equal(v[2], 1);
	v[0] = 4;
	assert_int_equal(
	    dm_cgroup_keyed(DM_STR("anon -5\nfile 6"), keys, 3, v), 2);
	assert_int_equal(v[0], 4);
	assert_int_equal(dm_cgroup_keyed(DM_STR(""), keys, 3, v), 0);
	assert_int_equal(dm_cgroup_keyed(DM_STR("anon"), keys, 3, v), 0);
	assert_int_equal(dm_cgroup_keyed(DM_STR("\0\xff\n"), keys, 3, v), 0);
}

/* Every prefix of a file is read without harm, and a value that was cut is
 * at most the whole one. */
static void keyed_truncated(void **state)
{
	static const char text[] = "anon 123\nfile 456\npgfault 789\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		char *copy = n ? malloc(n) : NULL;
		uint64_t v[3] = {0};

		if (n)
			memcpy(copy, text, n);
		dm_cgroup_keyed((struct dm_str){copy, n}, keys, 3, v);
		assert_true(v[0] <= 123 && v[1] <= 456 && v[2] <= 789);
		free(copy);
	}
}

static void huge(void **state)
{
	struct dm_buf b = {0};
	uint64_t v[3] = {0};

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		dm_buf_addf(&b, "key%u %u\n", i, i);
	dm_buf_add_cstr(&b, "file 77\n");
	assert_int_equal(dm_cgroup_keyed(dm_buf_str(&b), keys, 3, v), 2);
	assert_int_equal(v[1], 77);
	dm_buf_release(&b);
}

static void pressure(void **state)
{
	uint64_t some = 1, full = 2;

	(void)state;
	assert_true(dm_cgroup_pressure(
	    DM_STR("some avg10=0.00 avg60=0.08 avg300=0.06 total=293391454\n"
		   "full avg10=0.00 avg60=0.08 avg300=0.05 total=277111656\n"),
	    &some, &full));
	assert_int_equal(some, 293391454);
	assert_int_equal(full, 277111656);
	assert_false(
	    dm_cgroup_pressure(DM_STR("some total=3\n"), &some, &full));
	assert_false(
	    dm_cgroup_pressure(DM_STR("some total=\nfull"), &some, &full));
	assert_false(dm_cgroup_pressure(DM_STR(""), &some, &full));
	assert_int_equal(some, 293391454);
}

static void io(void **state)
{
	struct dm_cgroup_io v[2];

	(void)state;
	assert_int_equal(
	    dm_cgroup_io(
		DM_STR("259:8 rbytes=74526720 wbytes=3789381632 rios=2936 "
		       "wios=181928 dbytes=0 dios=0\n253:1 \nx:1 rbytes=1\n"
		       "8:0 rbytes=5 junk wios=6\n9:0 rbytes=1\n"),
		2, v),
	    2);
	assert_int_equal(v[0].major, 259);
	assert_int_equal(v[0].minor, 8);
	assert_int_equal(v[0].read_bytes, 74526720);
	assert_int_equal(v[0].written_bytes, 3789381632);
	assert_int_equal(v[0].reads, 2936);
	assert_int_equal(v[0].writes, 181928);
	assert_int_equal(v[1].read_bytes, 5);
	assert_int_equal(v[1].writes, 6);
	assert_int_equal(dm_cgroup_io(DM_STR("4294967296:0 rios=1"), 2, v), 0);
	assert_int_equal(dm_cgroup_io(DM_STR(":"), 2, v), 0);
}

static void blkio(void **state)
{
	struct dm_cgroup_io v[2];
	unsigned n;

	(void)state;
	n = dm_cgroup_blkio(DM_STR("254:0 Read 11034624\n254:0 Write 23\n"
				   "254:0 Sync 9\n254:0 Total 11\nTotal 11\n"),
	    false, 2, 0, v);
	assert_int_equal(n, 1);
	n = dm_cgroup_blkio(
	    DM_STR("7:1 Read 4\n254:0 Write 3\n8:8 Read 1\n"), true, 2, n, v);
	assert_int_equal(n, 2);
	assert_int_equal(v[0].read_bytes, 11034624);
	assert_int_equal(v[0].written_bytes, 23);
	assert_int_equal(v[0].writes, 3);
	assert_int_equal(v[0].reads, 0);
	assert_int_equal(v[1].major, 7);
	assert_int_equal(v[1].reads, 4);
}

/* Source of the values: cAdvisor's formula, worked out by hand. */
static void shares(void **state)
{
	(void)state;
	assert_int_equal(dm_cgroup_shares(1), 2);
	assert_int_equal(dm_cgroup_shares(100), 2597);
	assert_int_equal(dm_cgroup_shares(10000), 262144);
	assert_int_equal(dm_cgroup_shares(0), 0);
	assert_int_equal(dm_cgroup_shares(UINT64_MAX), 0);
}

static void hugetlb(void **state)
{
	char size[24];

	(void)state;
	assert_true(
	    dm_hugetlb_size(DM_STR("hugepages-2048kB"), size, sizeof(size)));
	assert_string_equal(size, "2MB");
	assert_true(
	    dm_hugetlb_size(DM_STR("hugepages-1048576kB"), size, sizeof(size)));
	assert_string_equal(size, "1GB");
	assert_true(
	    dm_hugetlb_size(DM_STR("hugepages-64kB"), size, sizeof(size)));
	assert_string_equal(size, "64KB");
	assert_false(
	    dm_hugetlb_size(DM_STR("hugepages-kB"), size, sizeof(size)));
	assert_false(dm_hugetlb_size(DM_STR("hugepages-B"), size, 24));
	assert_false(dm_hugetlb_size(DM_STR("kB"), size, sizeof(size)));
}

static void started(void **state)
{
	uint64_t v = 1;

	(void)state;
	assert_true(dm_started_ticks(
	    DM_STR("42 (a) b (c) S 1 42 42 0 -1 4194560 1 0 0 0 7 8 0 0 20 0 "
		   "1 0 382512 1 2 3\n"),
	    &v));
	assert_int_equal(v, 382512);
	assert_false(dm_started_ticks(DM_STR("42 (a) S 1"), &v));
	assert_false(dm_started_ticks(DM_STR("42 no name"), &v));
	assert_false(dm_started_ticks(DM_STR(""), &v));
	assert_true(dm_started_boot(
	    DM_STR("cpu 1 2\nintr 5 6 7\nbtime 1795503196\n"), &v));
	assert_int_equal(v, 1795503196);
	assert_false(dm_started_boot(DM_STR("btime x\n"), &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(cpu_max),
	    cmocka_unit_test(keyed),
	    cmocka_unit_test(keyed_odd),
	    cmocka_unit_test(keyed_truncated),
	    cmocka_unit_test(huge),
	    cmocka_unit_test(pressure),
	    cmocka_unit_test(io),
	    cmocka_unit_test(blkio),
	    cmocka_unit_test(shares),
	    cmocka_unit_test(hugetlb),
	    cmocka_unit_test(started),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
