/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "collect/proc-text.h"

#define TAIL                                                                   \
	" R 1 2 3 34816 5 4194304 96 0 7 0 120 34 0 0 20 0 12 0 132897 "       \
	"3133440 349 18446744073709551615 94519993942016 94519993961897 "      \
	"140726611577088 0 0 0 0 0 0\n"

static void check_comm(const char *text, const char *comm)
{
	struct dm_proc_stat s;

	assert_true(dm_proc_stat_parse(dm_str(text), &s));
	assert_true(dm_str_is(s.comm, comm));
	assert_int_equal(s.pid, 6137);
	assert_int_equal(s.state, 'R');
	assert_int_equal(s.ppid, 1);
	assert_int_equal(s.session, 3);
	assert_int_equal(s.tty, 34816);
	assert_int_equal(s.user_ticks, 120);
	assert_int_equal(s.system_ticks, 34);
	assert_int_equal(s.threads, 12);
	assert_int_equal(s.start, 132897);
	assert_int_equal(s.virtual_bytes, 3133440);
	assert_int_equal(s.resident_pages, 349);
	assert_true(s.stack == UINT64_C(140726611577088));
}

static void test_stat(void **state)
{
	(void)state;
	check_comm("6137 (cat)" TAIL, "cat");
	check_comm("6137 ()" TAIL, "");
	check_comm("6137 (a) R 1 (b)" TAIL, "a) R 1 (b");
	check_comm("6137 (a\n1 (b) S 0)" TAIL, "a\n1 (b) S 0");
	check_comm("6137 (\033[2J\xff\"\\)" TAIL, "\033[2J\xff\"\\");
	check_comm("6137 ())()("
		   ")" TAIL,
	    "))()(");
}

/* Cut anywhere, it is refused or says the same of what was whole. */
static void test_stat_cut(void **state)
{
	static const char text[] = "6137 (cat)" TAIL;
	struct dm_proc_stat s;
	size_t whole = sizeof(text) - sizeof(" 0 0 0 0 0 0\n");

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		bool good = dm_proc_stat_parse((struct dm_str){text, n}, &s);

		if (n >= whole) {
			assert_true(good);
			assert_true(s.stack == UINT64_C(140726611577088));
		} else if (n < whole - 15) {
			assert_false(good);
		}
	}
}

static void test_stat_bad(void **state)
{
	static const char *const bad[] = {
	    "",
	    "()",
	    "x (cat)" TAIL,
	    "1 cat" TAIL,
	    ")1(" TAIL,
	    "1 (cat) RR 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 "
	    "22 23 24 25 26 27 28",
	    "1 (cat) R 1 2 3 4 5 6 7 8 9 10 99999999999999999999 12 13 14 15 "
	    "16 17 18 19 20 21 22 23 24 25 26 27 28",
	    "1 (cat) R 1 2 3 4 5 6 7 8 9 10 -11 12 13 14 15 16 17 18 19 20 21 "
	    "22 23 24 25 26 27 28",
	};
	struct dm_proc_stat s;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(bad); i++)
		assert_false(dm_proc_stat_parse(dm_str(bad[i]), &s));
}

static void test_status(void **state)
{
	struct dm_proc_status s;

	(void)state;
	dm_proc_status_parse(
	    DM_STR("Name:\tUid:\\n0 CapEff:\nTracerPid:\t42\n"
		   "Uid:\t1000\t0\t1001\t1002\nCapInh:\t0000000000000001\n"
		   "CapPrm:\t000001ffffffffff\nCapEff:\t00000000a80425fb\n"
		   "CapBnd:\t000001fffeffffff\nCapAmb:\t0000000000000400\n"
		   "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t5\n"),
	    &s);
	assert_int_equal(s.have, 31 | DM_STATUS_CAPS_ALL);
	assert_int_equal(s.uid, 0);
	assert_int_equal(s.tracer, 42);
	assert_int_equal(s.seccomp, 2);
	assert_true(s.no_new_privs);
	assert_true(s.caps[DM_CAPS_EFFECTIVE] == UINT64_C(0xa80425fb));
	assert_true(s.caps[DM_CAPS_PERMITTED] == UINT64_C(0x1ffffffffff));
	assert_true(s.caps[DM_CAPS_INHERITABLE] == 1);
	assert_true(s.caps[DM_CAPS_BOUNDING] == UINT64_C(0x1fffeffffff));
	assert_true(s.caps[DM_CAPS_AMBIENT] == 0x400);
}

static void test_status_bad(void **state)
{
	struct dm_proc_status s;

	(void)state;
	dm_proc_status_parse(
	    DM_STR("Uid:\t1000\nTracerPid:\t-1\nSeccomp:\nNoNewPrivs\n"
		   "CapEff:\txyz\nCapPrm:\t00000000000000001\n"
		   "CapBnd: 1f\nCapXyz:\t0\n:\n\n"),
	    &s);
	assert_int_equal(s.have, DM_STATUS_CAPS << DM_CAPS_BOUNDING);
	assert_int_equal(s.caps[DM_CAPS_BOUNDING], 0x1f);
	dm_proc_status_parse((struct dm_str){NULL, 0}, &s);
	assert_int_equal(s.have, 0);
}

static void test_ns(void **state)
{
	static const char *const bad[] = {"", "mnt", "mnt:", "mnt:[]", "mnt:[",
	    "mnt:[1", "mnt:[-1]", "mnt:[4294967296]", "mnt:[1] ", "net:[1]",
	    "mnt:[1x]", "mntx:[1]", "mnt:]"};
	uint32_t ns = 0;

	(void)state;
	assert_true(dm_proc_ns_parse(DM_STR("mnt:[4026531841]"), "mnt", &ns));
	assert_true(ns == 4026531841u);
	for (size_t i = 0; i < DM_COUNT(bad); i++)
		assert_false(dm_proc_ns_parse(dm_str(bad[i]), "mnt", &ns));
}

static void test_mountinfo(void **state)
{
	struct dm_str text =
	    DM_STR("36 35 98:0 / /mnt rw shared:1 - ext4 /dev/root rw\n"
		   "1234 36 0:5 /a\\0401\\012 /x rw - proc proc rw\n"
		   "77");

	(void)state;
	assert_true(dm_proc_mountinfo_has(text, 36));
	assert_true(dm_proc_mountinfo_has(text, 1234));
	assert_true(dm_proc_mountinfo_has(text, 77));
	assert_false(dm_proc_mountinfo_has(text, 35));
	assert_false(dm_proc_mountinfo_has(text, 123));
	assert_false(dm_proc_mountinfo_has((struct dm_str){NULL, 0}, 0));
}

static void test_uid_map(void **state)
{
	struct dm_str map = DM_STR("         0     100000      65536\n"
				   "     65536       1000          1\n"
				   "4294967290     300000         10\nx\n");
	uint32_t uid = 7;

	(void)state;
	assert_true(dm_proc_uid_inside(map, 100000, &uid));
	assert_int_equal(uid, 0);
	assert_true(dm_proc_uid_inside(map, 165535, &uid));
	assert_int_equal(uid, 65535);
	assert_true(dm_proc_uid_inside(map, 1000, &uid));
	assert_int_equal(uid, 65536);
	assert_true(dm_proc_uid_inside(map, 300005, &uid));
	assert_true(uid == 4294967295u);
	assert_false(dm_proc_uid_inside(map, 300006, &uid));
	assert_false(dm_proc_uid_inside(map, 0, &uid));
	assert_false(dm_proc_uid_inside(map, 165536, &uid));
	assert_true(
	    dm_proc_uid_inside(DM_STR("0 0 4294967295\n"), 4294967294u, &uid));
	assert_true(uid == 4294967294u);
	assert_false(dm_proc_uid_inside(DM_STR(""), 0, &uid));
}

static void check_tty(unsigned major_n, unsigned minor_n, const char *name)
{
	/* The low 32 bits of dev_t are laid out as the kernel's. */
	uint32_t dev = (uint32_t)makedev(major_n, minor_n);
	char text[32];

	dm_proc_tty_name((int32_t)dev, text, sizeof(text));
	assert_string_equal(text, name);
}

static void test_tty(void **state)
{
	(void)state;
	check_tty(0, 0, "");
	check_tty(136, 3, "pts/3");
	check_tty(137, 3, "pts/259");
	check_tty(136, 70000, "pts/70000");
	check_tty(4, 1, "tty1");
	check_tty(4, 64, "4:64");
	check_tty(229, 4095, "229:4095");
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(dm_proc_state_number('R'), 0);
	assert_int_equal(dm_proc_state_number('t'), 8);
	assert_int_equal(dm_proc_state_number('Z'), 32);
	assert_int_equal(dm_proc_state_number('?'), -1);
	assert_true(dm_proc_is_runtime(DM_STR("/usr/bin/runc")));
	assert_true(dm_proc_is_runtime(DM_STR("/runc")));
	assert_true(dm_proc_is_runtime(DM_STR("/")));
	assert_true(dm_proc_is_runtime(
	    DM_STR("/memfd:runc_cloned:/proc/self/exe (deleted)")));
	assert_false(dm_proc_is_runtime(DM_STR("/usr/bin/runc2")));
	assert_false(dm_proc_is_runtime(DM_STR("/runc/sh")));
	assert_false(dm_proc_is_runtime(DM_STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stat),
	    cmocka_unit_test(test_stat_cut),
	    cmocka_unit_test(test_stat_bad),
	    cmocka_unit_test(test_status),
	    cmocka_unit_test(test_status_bad),
	    cmocka_unit_test(test_ns),
	    cmocka_unit_test(test_mountinfo),
	    cmocka_unit_test(test_uid_map),
	    cmocka_unit_test(test_tty),
	    cmocka_unit_test(test_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
