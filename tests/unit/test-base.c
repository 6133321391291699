/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/map.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"

static const char *num_text(struct dm_buf *b, double v)
{
	dm_buf_clear(b);
	dm_num_add(b, v);
	return dm_buf_cstr(b);
}

static void test_num_add(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};

	(void)state;
	assert_string_equal(num_text(&b, 0), "0");
	assert_string_equal(num_text(&b, -0.0), "-0.0");
	assert_string_equal(num_text(&b, 2.385), "2.385");
	assert_string_equal(
	    num_text(&b, -1234567.000000001), "-1234567.000000001");
	assert_string_equal(num_text(&b, 0.1), "0.1");
	assert_string_equal(
	    num_text(&b, 9007199254740993.0), "9007199254740992");
	assert_string_equal(num_text(&b, 1e300), "1e+300");
	assert_string_equal(num_text(&b, NAN), "\"NaN\"");
	assert_string_equal(num_text(&b, -HUGE_VAL), "\"-Inf\"");
	dm_buf_clear(&b);
	dm_num_add_scaled(&b, INT64_MIN, 9);
	assert_string_equal(dm_buf_cstr(&b), "-9223372036.854775808");
	dm_buf_clear(&b);
	dm_num_add_scaled(&b, 1500000000, 9);
	assert_string_equal(dm_buf_cstr(&b), "1.5");
}

/* What printf needs 15, 16 or 17 digits for, by trying. */
static void by_printf(double v, char *text, size_t bytes)
{
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, bytes, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			return;
	}
}

static void check_num_add(struct dm_buf *b, double v)
{
	char expected[32];

	if (!isfinite(v) || v == 0 || v == nearbyint(v) || fabs(v) < 1e-300)
		return;
	by_printf(v, expected, sizeof(expected));
	num_text(b, v);
	assert_true(strtod(b->p, NULL) == v);
	/* A number of billionths is written as such. */
	if (fabs(v) * 1e9 < 9007199254740992.0 && nearbyint(v * 1e9) / 1e9 == v)
		return;
	/* Fewer digits than the nearest number of so many would do. */
	if (strcmp(b->p, expected) != 0 && b->n >= strlen(expected))
		fail_msg("%s, not %s", b->p, expected);
}

/* Against printf: any bits, powers of two, and their neighbours. */
static void test_num_add_any(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	uint64_t x = 88172645463325252u;
	double v;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(&v, &x, sizeof(v));
		check_num_add(&b, v);
		check_num_add(
		    &b, (double)(x >> 11) / (double)(1 + x % 1000003));
		check_num_add(&b, (double)(x >> 40) / 1e7);
	}
	for (int e = -1000; e < 1000; e++) {
		v = ldexp(1, e);
		check_num_add(&b, v);
		check_num_add(&b, nextafter(v, 0));
		check_num_add(&b, nextafter(v, HUGE_VAL));
	}
	assert_string_equal(num_text(&b, 5e-324), "5e-324");
	assert_string_equal(
	    num_text(&b, 2.2250738585072011e-308), "2.225073858507201e-308");
	assert_string_equal(
	    num_text(&b, 9.5367431640625e-07), "9.5367431640625e-07");
	assert_string_equal(
	    num_text(&b, 1.7976931348623157e308), "1.7976931348623157e+308");
	assert_string_equal(num_text(&b, -1e23), "-1e+23");
	assert_string_equal(
	    num_text(&b, 123456789012345680.0), "1.2345678901234568e+17");
}

/* Against strtod, on texts of all lengths. */
static void test_num_parse(void **state)
{
	uint64_t x = 88172645463325252u;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		char text[64];
		double v, expected;
		int n;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (i % 3 == 0)
			n = snprintf(text, sizeof(text), "%.*g", i % 20,
			    (double)(int64_t)x / 1e3);
		else
			n = snprintf(text, sizeof(text), "%s%u.%0*u",
			    i % 2 ? "-" : "", (unsigned)x, 1 + i % 18,
			    (unsigned)(x >> 32));
		expected = strtod(text, NULL);
		assert_true(dm_num_parse((struct dm_str){text, (size_t)n}, &v));
		assert_memory_equal(&v, &expected, sizeof(v));
	}
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t us; /* -1: refused */
	} cases[] = {{"5m", 300000000}, {"1h30m", 5400000000},
	    {"100ms", 100000}, {"0", 0}, {"1y", 31536000000000},
	    {"1w2d", 777600000000}, {"", -1}, {"5", -1}, {"m", -1},
	    {"5m1h", -1}, {"1s1s", -1}, {"1.5h", -1}, {"-5m", -1},
	    {"99999999999999999999y", -1}, {"300000000y", -1}};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		int64_t us = -1;

		(void)!dm_time_parse_duration(dm_str(cases[i].text), &us);
		assert_int_equal(us, cases[i].us);
	}
}

static void test_moments(void **state)
{
	static const struct {
		const char *text;
		int64_t us; /* 0: refused */
	} cases[] = {{"now", 5000000}, {"-2s", 3000000},
	    {"1795476513.120001", 1795476513120001},
	    {"2026-11-23", 1795392000000000},
	    {"2026-11-23T22:48:33.12Z", 1795474113120000},
	    {"2026-11-23T22:48:33+01:00", 1795470513000000}, {"2026-13-01", 0},
	    {"2026-11-23T22:48:33", 1795474113000000},
	    {"2026-11-23 22:48", 1795474080000000},
	    {"2026-11-23t22:48", 1795474080000000},
	    {"2026-11-23 22:48Z", 1795474080000000},
	    {"2026-11-23 22:48-01:30", 1795479480000000},
	    {"2026-11-23 22:48:33.5", 1795474113500000},
	    {"2028-02-29", 1835395200000000}, {"2027-02-29", 0},
	    {"2026-04-31 00:00", 0}, {"2026-11-23Z", 0}, {"2026-11-23 22", 0},
	    {"2026-11-23 22:", 0}, {"2026-11-23 22:48:", 0},
	    {"2026-11-23 24:00", 0}, {"2026-11-23 22:60", 0},
	    {"2026-11-23 22:48 ", 0}, {"2026-11-23 2:48", 0},
	    {"2026-11-23 22:48+1", 0}, {"-5", 0}, {"", 0}, {"soon", 0},
	    {"nan", 0}, {"1e300", 0}};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		int64_t us = 0;

		(void)!dm_time_parse_moment(
		    dm_str(cases[i].text), 5000000, &us);
		assert_int_equal(us, cases[i].us);
	}
}

static void test_rfc3339(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	int64_t back;

	(void)state;
	dm_time_add_rfc3339(&b, 1795474113120001);
	assert_string_equal(dm_buf_cstr(&b), "2026-11-23T22:48:33.120001Z");
	assert_true(dm_time_parse_rfc3339(dm_buf_str(&b), &back));
	assert_int_equal(back, 1795474113120001);
	assert_false(dm_time_parse_rfc3339(DM_STR("2026-11-23T22:48Z"), &back));
	assert_false(
	    dm_time_parse_rfc3339(DM_STR("2026-11-23T22:48:33"), &back));
	assert_false(dm_time_parse_rfc3339(DM_STR("2026-11-23"), &back));
	dm_buf_clear(&b);
	dm_time_add_rfc3339(&b, -1);
	assert_string_equal(dm_buf_cstr(&b), "1969-12-31T23:59:59.999999Z");
}

static void test_utf8(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	char out[16];

	(void)state;
	assert_true(dm_utf8_valid("a\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80", 10));
	assert_false(dm_utf8_valid("\xc0\x80", 2));
	assert_false(dm_utf8_valid("\xed\xa0\x80", 3));
	assert_false(dm_utf8_valid("\xf4\x90\x80\x80", 4));
	assert_false(dm_utf8_valid("\xe6\x97", 2));
	dm_utf8_add_escaped(&b, "a\\\xff\0z", 5);
	assert_string_equal(dm_buf_cstr(&b), "a\\\\\\xff\\x00z");
	assert_int_equal(
	    dm_utf8_printable(out, sizeof(out), "\x1b[m\xc2\x9bz", 6), 15);
	assert_string_equal(out, "\\x1b[m\\xc2\\x9bz");
	/* Cut before a character that does not fit. */
	assert_int_equal(dm_utf8_printable(out, 4, "ab\xc3\xa9", 4), 2);
	/* A right-to-left override would show "gpj.exe" as "exe.jpg". */
	dm_utf8_printable(out, sizeof(out), "\xe2\x80\xae", 3);
	assert_string_equal(out, "\\xe2\\x80\\xae");
	dm_utf8_printable(out, sizeof(out), "\xe2\x80\xa8", 3);
	assert_string_equal(out, "\\xe2\\x80\\xa8");
	dm_utf8_printable(out, sizeof(out), "\xe2\x82\xac", 3);
	assert_string_equal(out, "\xe2\x82\xac");
	dm_utf8_printable(out, sizeof(out), "\xf0\x9f\x98\x80", 4);
	assert_string_equal(out, "\xf0\x9f\x98\x80");
}

static void test_map(void **state)
{
	struct dm_map m = {0};
	static char keys[20000][8];

	(void)state;
	for (size_t i = 0; i < DM_COUNT(keys); i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
		assert_int_equal(
		    dm_map_put(&m, dm_str(keys[i]), keys[i], NULL), 0);
	}
	for (size_t i = 0; i < DM_COUNT(keys); i += 3)
		assert_ptr_equal(dm_map_remove(&m, dm_str(keys[i])), keys[i]);
	for (size_t i = 0; i < DM_COUNT(keys); i++) {
		if (i % 3)
			assert_ptr_equal(
			    dm_map_get(&m, dm_str(keys[i])), keys[i]);
		else
			assert_null(dm_map_get(&m, dm_str(keys[i])));
	}
	assert_null(dm_map_remove(&m, dm_str("k0")));
	dm_map_release(&m);
}

static void test_strings(void **state)
{
	struct dm_str rest = DM_STR("a  b\t\nc"), piece;
	uint64_t u;
	int64_t i;

	(void)state;
	assert_true(dm_str_word(&rest, &piece) && dm_str_is(piece, "a"));
	assert_true(dm_str_word(&rest, &piece) && dm_str_is(piece, "b"));
	assert_true(dm_str_word(&rest, &piece) && dm_str_is(piece, "c"));
	assert_false(dm_str_word(&rest, &piece));
	rest = DM_STR("x:");
	assert_true(dm_str_cut(&rest, ':', &piece) && dm_str_is(piece, "x"));
	assert_true(dm_str_cut(&rest, ':', &piece) && piece.n == 0);
	assert_false(dm_str_cut(&rest, ':', &piece));
	assert_true(dm_str_u64(DM_STR("18446744073709551615"), &u));
	assert_false(dm_str_u64(DM_STR("18446744073709551616"), &u));
	assert_false(dm_str_u64(DM_STR("1x"), &u));
	assert_true(dm_str_i64(DM_STR("-9223372036854775808"), &i));
	assert_int_equal(i, INT64_MIN);
	assert_false(dm_str_i64(DM_STR("9223372036854775808"), &i));
}

static void test_errors(void **state)
{
	struct dm_err err;
	char text[512];

	(void)state;
	dm_err_at(&err, DM_EPARSE, 3, 7, "no %s", "\x1b[2J");
	dm_err_wrap(&err, "rule %d", 1);
	dm_err_file(&err, "a\nb.yml");
	assert_string_equal(dm_err_text(&err, text, sizeof(text)),
	    "a\\x0ab.yml:3:7: rule 1: no \\x1b[2J");
}

static void test_replace_and_lock(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	char folder[] = "/tmp/dmon-test.XXXXXX", path[64], lock[80];
	struct dm_err err;
	int fd, other;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/state", folder);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	assert_int_equal(dm_file_replace(path, DM_STR("old"), &err), 0);
	assert_int_equal(dm_file_replace(path, DM_STR("new"), &err), 0);
	assert_int_equal(dm_file_read(path, 3, &b, &err), 0);
	assert_string_equal(dm_buf_cstr(&b), "new");
	assert_int_equal(dm_file_read(path, 2, &b, &err), -1);
	assert_int_equal(err.code, DM_ELIMIT);
	assert_int_equal(dm_file_lock(path, &fd, &err), 0);
	assert_int_equal(dm_file_lock(path, &other, &err), -1);
	assert_int_equal(err.code, DM_EBUSY);
	close(fd);
	unlink(path);
	unlink(lock);
	assert_int_equal(rmdir(folder), 0);
}

/* What fails leaves nothing behind. */
static void test_replace_and_lock_fail(void **state)
{
	char folder[] = "/tmp/dmon-test.XXXXXX", path[64], below[80];
	struct rlimit was, small = {4, RLIM_INFINITY};
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_err err;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/state", folder);
	snprintf(below, sizeof(below), "%s/below", path);
	/* A disk that is full, as far as this process can tell. */
	assert_int_equal(dm_file_replace(path, DM_STR("old"), &err), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small.rlim_max = was.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(dm_file_replace(path, DM_STR("longer"), &err), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(dm_file_read(path, 9, &b, &err), 0);
	assert_string_equal(dm_buf_cstr(&b), "old");
	unlink(path);
	/* A folder is there already. */
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(mkdir(below, 0700), 0);
	assert_int_equal(dm_file_replace(path, DM_STR("new"), &err), -1);
	assert_int_equal(dm_file_lock(path, &fd, &err), -1);
	assert_int_equal(err.code, DM_ESYS);
	assert_non_null(strstr(err.msg, "Is a directory"));
	rmdir(below);
	rmdir(path);
	assert_int_equal(rmdir(folder), 0);
}

/* In a folder that others write to, what we write beside the file and what
 * we lock must not be a link of theirs. */
static void test_links_beside(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	char folder[] = "/tmp/dmon-test.XXXXXX";
	char path[64], beside[80], lock[80], victim[64];
	struct dm_err err;
	struct stat st;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/state", folder);
	snprintf(beside, sizeof(beside), "%s.new", path);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	snprintf(victim, sizeof(victim), "%s/victim", folder);
	assert_int_equal(dm_file_replace(victim, DM_STR("mine"), &err), 0);
	assert_int_equal(symlink(victim, beside), 0);
	assert_int_equal(dm_file_replace(path, DM_STR("state"), &err), 0);
	assert_int_equal(dm_file_read(victim, 9, &b, &err), 0);
	assert_string_equal(dm_buf_cstr(&b), "mine");
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(symlink(victim, lock), 0);
	assert_int_equal(dm_file_lock(path, &fd, &err), -1);
	unlink(victim);
	unlink(path);
	unlink(lock);
	rmdir(folder);
}

static void test_read_pipes(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	char folder[] = "/tmp/dmon-test.XXXXXX", path[64], name[32];
	struct dm_err err;
	int ends[2];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(dm_file_read(path, 9, &b, &err), -1);
	assert_int_equal(err.code, DM_EBUSY);
	unlink(path);
	rmdir(folder);
	/* A shell's <(command). */
	assert_int_equal(pipe(ends), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
	assert_int_equal(write(ends[1], "rules", 5), 5);
	close(ends[1]); /* what has been written is still to be read */
	assert_int_equal(dm_file_read(name, 9, &b, &err), 0);
	assert_string_equal(dm_buf_cstr(&b), "rules");
	close(ends[0]);
}

static void test_array(void **state)
{
	DM_AUTO_FREE uint64_t *p = NULL;
	size_t cap = 0, huge = SIZE_MAX / sizeof(*p);
	struct dm_err err;

	(void)state;
	for (size_t n = 0; n < 1000; n++) {
		assert_int_equal(
		    dm_array_grow(&p, n, &cap, sizeof(*p), &err), 0);
		assert_true(cap > n);
		p[n] = n * n;
	}
	for (size_t n = 0; n < 1000; n++)
		assert_int_equal(p[n], n * n);
	/* More bytes than can be counted; as many as it has stay. */
	assert_int_equal(dm_array_grow(&p, huge, &huge, sizeof(*p), &err), -1);
	assert_int_equal(err.code, DM_ENOMEM);
	assert_int_equal(huge, SIZE_MAX / sizeof(*p));
	assert_int_equal(p[999], 999 * 999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_array),
	    cmocka_unit_test(test_num_add),
	    cmocka_unit_test(test_num_add_any),
	    cmocka_unit_test(test_num_parse),
	    cmocka_unit_test(test_durations),
	    cmocka_unit_test(test_moments),
	    cmocka_unit_test(test_rfc3339),
	    cmocka_unit_test(test_utf8),
	    cmocka_unit_test(test_map),
	    cmocka_unit_test(test_strings),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_replace_and_lock),
	    cmocka_unit_test(test_links_beside),
	    cmocka_unit_test(test_read_pipes),
	    cmocka_unit_test(test_replace_and_lock_fail),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
