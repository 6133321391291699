/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sys/sysmacros.h>

#include "base/sha256.h"
#include "collect/witness.h"

static void hash(const char *text, size_t times, size_t piece, char *ret)
{
	size_t n = strlen(text);
	struct dm_sha256 s;

	dm_sha256_init(&s);
	for (size_t i = 0; i < times; i++) {
		for (size_t at = 0; at < n; at += piece)
			dm_sha256_step(
			    &s, text + at, n - at < piece ? n - at : piece);
	}
	dm_sha256_get(&s, ret);
}

/* Source of values: FIPS 180-2, appendix B; the others by sha256sum. */
static void test_sha256(void **state)
{
	static const char two[] =
	    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	char hex[DM_SHA256_HEX_BYTES];

	(void)state;
	hash("", 1, 1, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b"
				 "934ca495991b7852b855");
	hash("abc", 1, 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a39617"
				 "7a9cb410ff61f20015ad");
	for (size_t piece = 1; piece <= 56; piece++) {
		hash(two, 1, piece, hex);
		assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce"
					 "45964ff2167f6ecedd419db06c1");
	}
	hash("aaaaaaaaaa", 100000, 7, hex);
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497"
				 "200e046d39ccc7112cd0");
	/* 55, 56 and 64 bytes: where the length just fits, and where not. */
	hash("0123456789abcde", 1, 64, hex);
	assert_string_equal(hex,
	    "027687e87ab072c778c8f2e66177fb78c6aa19952987b97b3140b68ebd5f90ea");
	hash("01234567890123456789012345678901234567890123456789abcde", 1, 64,
	    hex);
	assert_string_equal(hex,
	    "774355d2e83a06b2990c60e0d2cfe0edfe9da6eac682ee136ab155c7df58a9aa");
	hash("01234567890123456789012345678901234567890123456789abcdef", 1, 9,
	    hex);
	assert_string_equal(hex,
	    "a18469218fa4bc5600657466ddc64bde1881885856fd4e885b401ff65701dc1e");
	hash("0123456789012345678901234567890123456789012345678901234567abcdef",
	    1, 64, hex);
	assert_string_equal(hex,
	    "cc483707cb8e30fb2f6bf7a4bf9aa27ea8c988e5d3f3a61604fa53ec7d61d440");
}

static struct dm_entries entries;

/* "b=2 a=1" as a list. */
static struct dm_str list(struct dm_buf *b, const char *text)
{
	struct dm_str rest = dm_str(text), word, key;

	dm_entries_clear(&entries);
	dm_buf_clear(b);
	while (dm_str_word(&rest, &word)) {
		assert_true(dm_str_cut(&word, '=', &key));
		assert_int_equal(dm_entries_add(&entries, key, NULL), 1);
		dm_buf_add_str(&entries.text, word);
	}
	dm_entries_text(&entries, b);
	return dm_buf_str(b);
}

static void differ(
    const char *a, const char *b, size_t max, const char *old, const char *now)
{
	DM_AUTO_BUF struct dm_buf was = {0}, is = {0}, x = {0}, y = {0};

	dm_entries_differ(list(&was, a), list(&is, b), &x, &y, max);
	assert_string_equal(dm_buf_cstr(&x), old);
	assert_string_equal(dm_buf_cstr(&y), now);
}

static void test_entries(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_str rest;
	struct dm_entry e;

	(void)state;
	rest = list(&b, "c=3 a=1 b=");
	assert_int_equal(rest.n, 11);
	assert_true(dm_entry_next(&rest, &e));
	assert_true(dm_str_is(e.key, "a") && dm_str_is(e.value, "1"));
	assert_true(dm_entry_next(&rest, &e));
	assert_true(dm_str_is(e.key, "b") && dm_str_is(e.value, ""));
	assert_true(dm_entry_next(&rest, &e));
	assert_false(dm_entry_next(&rest, &e));

	differ("", "", 99, "", "");
	differ("a=1 b=2", "b=2 a=1", 99, "", "");
	differ("a=1 c=3", "c=3 b=2", 99, "a 1", "b 2");
	differ("a=1 b=2", "a=1 b=3 d=", 99, "b 2", "b 3, d");
	differ("", "x=y a= ab=", 99, "", "a, ab, x y");
	differ("x=y a= ab=", "", 99, "a, ab, x y", "");
	/* Just fits, and does not. */
	differ("", "aa= bb=", 6, "", "aa, bb");
	differ("", "aa= bb=", 5, "", "aa, b...");
	differ("", "aa= bb= cc= dd=", 6, "", "aa, bb...");
	differ("", "aa= bb= cc= dd=", 5, "", "aa, b...");
	dm_entries_release(&entries);
}

static void test_most_entries(void **state)
{
	struct dm_entries e = {0};

	(void)state;
	for (unsigned i = 0; i < DM_ENTRIES_MAX; i++)
		assert_int_equal(dm_entries_add(&e, DM_STR("x"), NULL), 1);
	assert_int_equal(dm_entries_add(&e, DM_STR("x"), NULL), 0);
	dm_entries_release(&e);
}

static void test_modules(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_entries e = {0};

	(void)state;
	assert_int_equal(
	    dm_witness_modules(&e,
		DM_STR("overlay 126976 3 - Live 0x0000000000000000\n"
		       "\n"
		       "br_netfilter 32768 0 - Live 0x0000000000000000 (OE)"),
		NULL),
	    0);
	dm_entries_text(&e, &b);
	assert_int_equal(b.n, sizeof("br_netfilter\0\0overlay\0"));
	assert_memory_equal(b.p, "br_netfilter\0\0overlay\0", b.n);
	dm_entries_release(&e);
}

static void test_cut(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};

	(void)state;
	dm_witness_cut(&b, DM_STR("12345"), 5);
	assert_string_equal(dm_buf_cstr(&b), "12345");
	dm_buf_clear(&b);
	dm_witness_cut(&b, DM_STR("123456"), 5);
	assert_string_equal(dm_buf_cstr(&b), "12345...");
}

static struct stat a_file(void)
{
	return (struct stat){.st_dev = makedev(254, 3),
	    .st_ino = 77,
	    .st_size = 1234,
	    .st_mtim = {1700000000, 5},
	    .st_ctim = {1700000001, 123456789},
	    .st_mode = 0104755,
	    .st_uid = 3,
	    .st_gid = 4};
}

static bool in_place(const struct stat *a, const struct stat *b)
{
	DM_AUTO_BUF struct dm_buf x = {0}, y = {0};

	if (a)
		dm_witness_stat(&x, a);
	if (b)
		dm_witness_stat(&y, b);
	return dm_witness_in_place(dm_buf_str(&x), dm_buf_str(&y));
}

static void test_stat(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct stat a = a_file(), c = a_file();

	(void)state;
	dm_witness_stat(&b, &a);
	assert_string_equal(dm_buf_cstr(&b),
	    "device 254:3 inode 77 size 1234 modified 1700000000.000000005 "
	    "changed 1700000001.123456789 mode 104755 owner 3:4");
	assert_false(in_place(&a, &c));
	assert_false(in_place(NULL, NULL));
	assert_false(in_place(&a, NULL));
	assert_false(in_place(NULL, &a));
	c.st_size++;
	assert_true(in_place(&a, &c));
	c.st_ino++;
	assert_false(in_place(&a, &c));
	c = a_file();
	c.st_mtim.tv_nsec++;
	assert_true(in_place(&a, &c));
	c = a_file();
	c.st_ctim.tv_nsec++;
	c.st_mode = 0100755;
	assert_false(in_place(&a, &c));
}

/* Names that stand apart would have two rows. */
static void test_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < dm_witness_n_places; i++) {
		const char *what = dm_witness_places[i].what;
		bool apart = false;

		assert_true(dm_witness_places[i].path[0] != '/');
		for (size_t k = i + 1; k < dm_witness_n_places; k++) {
			bool same =
			    strcmp(dm_witness_places[k].what, what) == 0;

			assert_false(same && apart);
			apart |= !same;
		}
	}
}

static void test_hierarchies(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_entries e = {0};
	struct dm_err err;

	(void)state;
	assert_int_equal(
	    dm_witness_hierarchies(&e,
		DM_STR("9:name=a:b:/x\n4:cpu,cpuacct:/\n0::/y\n3\n:\n"), &err),
	    0);
	dm_entries_text(&e, &b);
	assert_int_equal(b.n, sizeof("cpu,cpuacct\0\0name=a\0"));
	assert_memory_equal(b.p, "cpu,cpuacct\0\0name=a\0", b.n);
	dm_entries_release(&e);
}

static void test_agent_mount(void **state)
{
	static const char *const bad[] = {
	    /* Not the root; v2; cut; no device. */
	    "41 31 0:37 /docker/a /m rw - cgroup cgroup rw,memory",
	    "41 31 0:37 / /m rw - cgroup2 cgroup2 rw",
	    "41 31 0:37 / /m rw -",
	    "41 31 0:37 / /m rw",
	    "41 31 0 / /m rw - cgroup cgroup rw",
	    "",
	};
	struct dm_str folder;
	uint64_t device;

	(void)state;
	assert_true(dm_witness_agent_mount(
	    DM_STR("41 31 0:37 / /tmp/a\\040b rw,nosuid shared:9 - cgroup "
		   "cgroup rw,name=systemd"),
	    &device, &folder));
	assert_int_equal(device, 37);
	assert_true(dm_str_is(folder, "/tmp/a\\040b"));
	for (size_t i = 0; i < DM_COUNT(bad); i++)
		assert_false(
		    dm_witness_agent_mount(dm_str(bad[i]), &device, &folder));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sha256),
	    cmocka_unit_test(test_entries),
	    cmocka_unit_test(test_most_entries),
	    cmocka_unit_test(test_modules),
	    cmocka_unit_test(test_hierarchies),
	    cmocka_unit_test(test_agent_mount),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_stat),
	    cmocka_unit_test(test_places),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
