/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* The record scanner against jansson, on lines made and then damaged. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "record-oracle.h"
#include "record/known.h"
#include "record/write.h"

static uint64_t random_state = 88172645463325252u;

/* Source: Marsaglia, Xorshift RNGs, 2003. */
static uint64_t random_u64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static unsigned random_below(unsigned n)
{
	return (unsigned)(random_u64() % n);
}

static double random_double(void)
{
	uint64_t bits = random_u64();
	double v;

	switch (random_below(5)) {
	case 0:
		return (double)random_below(1000);
	case 1:
		return (double)(int64_t)random_u64();
	case 2:
		return (double)random_below(1u << 31) / 1e6;
	case 3:
		return 2.385 * (double)random_below(100);
	default:
		memcpy(&v, &bits, sizeof(v));
		return v;
	}
}

static const char *const words[] = {"web", "a\"b", "\\", "日本", "é", "x\ny",
    "\x1b[31m", "\xff\xfe", "", "container_processes", "a\xc2\x80z",
    "very long name that goes over eight bytes at once"};

static const char *random_word(void)
{
	return words[random_below(DM_COUNT(words))];
}

static void random_record(struct dm_buf *b)
{
	static const char *const kinds[] = {
	    "host", "container", "process", "event", "new"};
	unsigned labels = random_below(20), metrics = random_below(30);

	dm_record_begin(b, (int64_t)(random_u64() >> 10),
	    kinds[random_below(DM_COUNT(kinds))]);
	for (unsigned i = 0; i < labels; i++) {
		char name[16];

		snprintf(name, sizeof(name), "l%u", i);
		dm_record_label_bytes(b, name, dm_str(random_word()));
	}
	dm_record_metrics(b);
	for (unsigned i = 0; i < metrics; i++) {
		char name[16];

		snprintf(name, sizeof(name), "m%u", i);
		if (random_below(10) == 0)
			dm_record_metric_null(b, name);
		else
			dm_record_metric(b, name, random_double());
	}
	dm_record_end(b);
	b->n--; /* the newline */
}

static void damage(struct dm_buf *b)
{
	static const char *const inserts[] = {"\"", "\\", "{", "}", "[", "]",
	    ",", ":", "0", "-", ".", "e", "1e400", "\\u0000", "\\ud800", "null",
	    " ", "\xff", "\n", "\"l1\":\"x\",", "\"m1\":1,", "\"m\\u0031\":1,"};
	unsigned what = random_below(4);
	size_t at;

	if (b->n == 0)
		return;
	at = random_u64() % b->n;
	if (what == 0) {
		b->n = at;
	} else if (what == 1) {
		b->p[at] = (char)random_u64();
	} else if (what == 2) {
		memmove(b->p + at, b->p + at + 1, b->n - at - 1);
		b->n--;
	} else {
		const char *s = inserts[random_below(DM_COUNT(inserts))];
		size_t n = strlen(s);

		assert_true(dm_buf_reserve(b, n));
		memmove(b->p + at + n, b->p + at, b->n - at);
		memcpy(b->p + at, s, n);
		b->n += n;
	}
}

static void compare(struct dm_scanner *s, struct dm_str line)
{
	const char *differs = oracle_compare(s, line);

	if (differs)
		fail_msg("%s: %.*s", differs, (int)line.n, line.p);
}

static void test_against_jansson(void **state)
{
	DM_AUTO_SCANNER struct dm_scanner *s = NULL;
	DM_AUTO_BUF struct dm_buf b = {0};

	(void)state;
	assert_int_equal(dm_scanner_new(NULL, NULL, &s, NULL), 0);
	for (unsigned i = 0; i < 4000; i++) {
		dm_buf_clear(&b);
		random_record(&b);
		assert_int_equal(dm_buf_ok(&b, NULL), 0);
		compare(s, dm_buf_str(&b));
		compare(s, dm_buf_str(&b));
		for (unsigned k = 0; k < 6; k++) {
			damage(&b);
			compare(s, dm_buf_str(&b));
		}
	}
}

/* Lines that begin as the one before, to which the scanner takes a short
 * way, are what they are to jansson all the same. */
static void test_same_beginnings(void **state)
{
	static const char *const heads[] = {
	    "{\"ts\":1.5,\"kind\":\"host\",\"labels\":",
	    ("{ \"kind\" : \"a\\u0062\", \"x\":[{\"ts\":1}], \"ts\":2 "
	     ",\"labels\": "),
	    "{\"labels\":", "{\"kind\":\"\",\"labels\":",
	    "{\"ts\":3,\"ts\":3,\"labels\":",
	    "{\"ts\":4,\"kind\":7,\"labels\":",
	    "{\"metrics\":{\"m\":1},\"ts\":5,\"labels\":",
	    "{\"labels\":{\"a\":\"b\"},\"ts\":6,\"labels\":",
	    "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"ts\":7,\"labels\":"};
	static const char *const tails[] = {"{},\"metrics\":{\"m\":12}}",
	    "{\"a\":\"b\"},\"metrics\":{\"m\":1,\"n\":2}}", "{\"a\":\"b\"}}",
	    "{\"a\":\"b\"},\"ts\":8}", "{\"a\":\"b\"},\"kind\":\"host\"}",
	    "{\"a\":\"b\"},\"\\u0074s\":8,\"x\":null}", "{\"a\":\"b\"},}",
	    "{\"a\":\"b\"}", "{\"a\":1}}", "{", "", "[]}", " {}}",
	    "\t{\"a\":\"b\"},\"metrics\":{\"m\":3}}"};
	DM_AUTO_SCANNER struct dm_scanner *s = NULL;
	char line[256];

	(void)state;
	assert_int_equal(dm_scanner_new(NULL, NULL, &s, NULL), 0);
	for (unsigned i = 0; i < 20000; i++) {
		const char *tail = tails[random_below(DM_COUNT(tails))];
		unsigned head = random_below(i % 200 < 100 ? 2 : 9);

		snprintf(line, sizeof(line), "%s%s", heads[head], tail);
		compare(s, dm_str(line));
	}
}

static void add_digits(struct dm_buf *b, unsigned n)
{
	while (n--)
		dm_buf_addf(b, "%u", random_below(10));
}

/* Numbers of all lengths, in front of everything. */
static void test_numbers(void **state)
{
	static const char *const ends[] = {",\"n\":123456789012345678901}}",
	    ", \"n\":1.25,\"o\":-3,\"p\":4,\"q\":5,\"r\":6}}", "}}",
	    " ,\"n\":7,\"abcdefghijklmnopqrstuvwxyz\":0}}", "x}}", ".}}",
	    "e3,\"n\":1234567890123456789012345}}", "E+,\"n\":1}}", "]}}", ""};
	DM_AUTO_SCANNER struct dm_scanner *s = NULL;
	DM_AUTO_BUF struct dm_buf b = {0};

	(void)state;
	assert_int_equal(dm_scanner_new(NULL, NULL, &s, NULL), 0);
	for (unsigned i = 0; i < 60000; i++) {
		dm_buf_clear(&b);
		dm_buf_addf(&b, "{\"ts\":1,\"metrics\":{\"m\":%s",
		    random_below(8) ? "" : "-");
		add_digits(&b, random_below(22));
		if (random_below(2)) {
			dm_buf_add_char(&b, '.');
			add_digits(&b, random_below(22));
		}
		dm_buf_add_cstr(&b, ends[random_below(DM_COUNT(ends))]);
		compare(s, dm_buf_str(&b));
	}
}

static int scan(struct dm_scanner *s, const char *line, struct dm_record *r)
{
	struct dm_err err;

	return dm_scan(s, dm_str(line), r, &err);
}

static void test_known_again(void **state)
{
	DM_AUTO_SCANNER struct dm_scanner *s = NULL;
	struct dm_identity *a, *b;
	struct dm_record r;
	uint32_t shape;

	(void)state;
	assert_int_equal(dm_scanner_new(NULL, NULL, &s, NULL), 0);
	assert_int_equal(scan(s,
			     "{\"ts\":1,\"kind\":\"host\",\"labels\":{\"a\":"
			     "\"1\"},\"metrics\":{\"x\":1,\"y\":2}}",
			     &r),
	    0);
	a = r.identity;
	shape = r.shape;
	assert_int_not_equal(shape, 0);
	assert_int_equal(scan(s,
			     "{\"ts\":1,\"kind\":\"event\",\"labels\":{\"a\":"
			     "\"1\"},\"metrics\":{\"y\":2,\"x\":1}}",
			     &r),
	    0);
	b = r.identity;
	assert_ptr_not_equal(a, b);
	assert_int_not_equal(r.shape, shape);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    scan(s,
			"{\"ts\":2,\"kind\":\"host\",\"labels\":{\"a\":"
			"\"1\"},\"metrics\":{\"x\": 3,\"y\":2.5}}",
			&r),
		    0);
		assert_ptr_equal(r.identity, a);
		assert_int_equal(r.shape, shape);
		assert_true(dm_metric_value(&r.metrics[1]) == 2.5);
		assert_int_equal(
		    scan(s,
			"{\"ts\":2,\"kind\":\"event\",\"labels\":{\"a\":"
			"\"1\"},\"metrics\":{\"y\":2,\"x\":null}}",
			&r),
		    0);
		assert_ptr_equal(r.identity, b);
		assert_int_equal(r.shape, 0);
	}
}

static void count_forgotten(void *ctx, struct dm_identity *identity)
{
	assert_ptr_equal(identity->user, ctx);
	++*(unsigned *)ctx;
}

/* Labels without end do not take memory without end. */
static void test_many_identities(void **state)
{
	struct dm_scanner *s = NULL;
	struct dm_record r;
	unsigned forgotten = 0, n = 300000;
	char line[256];

	(void)state;
	assert_int_equal(
	    dm_scanner_new(count_forgotten, &forgotten, &s, NULL), 0);
	for (unsigned i = 0; i < n; i++) {
		snprintf(line, sizeof(line),
		    "{\"ts\":%u,\"kind\":\"process\",\"labels\":{\"pid\":"
		    "\"%u\",\"name\":\"%0100u\"}}",
		    i, i, i);
		assert_int_equal(scan(s, line, &r), 0);
		assert_null(r.identity->user);
		r.identity->user = &forgotten;
	}
	assert_true(forgotten > n / 4);
	dm_scanner_free(s);
	assert_int_equal(forgotten, n);
}

static void test_limits(void **state)
{
	DM_AUTO_SCANNER struct dm_scanner *s = NULL;
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_record r;
	struct dm_err err;

	(void)state;
	assert_int_equal(dm_scanner_new(NULL, NULL, &s, NULL), 0);
	dm_buf_add_cstr(&b, "{\"ts\":1,\"x\":");
	for (int i = 0; i < DM_LINE_MAX_DEPTH - 1; i++)
		dm_buf_add_char(&b, '[');
	for (int i = 0; i < DM_LINE_MAX_DEPTH - 1; i++)
		dm_buf_add_char(&b, ']');
	dm_buf_add_char(&b, '}');
	assert_int_equal(dm_scan(s, dm_buf_str(&b), &r, &err), 0);
	dm_buf_clear(&b);
	dm_buf_add_cstr(&b, "{\"ts\":1,\"x\":");
	for (int i = 0; i < 100000; i++)
		dm_buf_add_char(&b, '[');
	assert_int_equal(dm_scan(s, dm_buf_str(&b), &r, &err), -1);
	assert_int_equal(err.code, DM_ELIMIT);
	dm_buf_clear(&b);
	for (int i = 0; i < DM_LINE_MAX_BYTES + 1; i++)
		dm_buf_add_char(&b, ' ');
	assert_int_equal(dm_scan(s, dm_buf_str(&b), &r, &err), -1);
	assert_int_equal(err.code, DM_ELIMIT);
}

/* There may be any number of names: they are let go, but for those that were
 * asked for, and what stays has its meaning. */
static void test_many_names(void **state)
{
	DM_AUTO_SCANNER struct dm_scanner *s = NULL;
	struct dm_record r;
	struct dm_identity *a;
	uint64_t epochs;
	uint32_t pinned;
	char line[128];

	(void)state;
	assert_int_equal(dm_scanner_new(NULL, NULL, &s, NULL), 0);
	assert_int_equal(
	    dm_scan_name_id(s, DM_STR("pinned"), &pinned, NULL), 0);
	epochs = dm_scan_epoch(s);
	for (unsigned i = 0; i < 3 * DM_NAMES_MAX; i++) {
		snprintf(line, sizeof(line),
		    "{\"ts\":1,\"kind\":\"host\",\"metrics\":{\"m%u\":1,"
		    "\"pinned\":2}}",
		    i);
		assert_int_equal(scan(s, line, &r), 0);
		assert_int_equal(r.n_metrics, 2);
		assert_int_equal(r.metrics[1].name, pinned);
		snprintf(line, sizeof(line), "m%u", i);
		assert_true(
		    dm_str_is(dm_scan_name(s, r.metrics[0].name), line));
		if (i == 0)
			a = r.identity;
		assert_ptr_equal(r.identity, a);
	}
	assert_true(dm_scan_n_names(s) <= DM_NAMES_MAX + 2);
	assert_int_equal(dm_scan_epoch(s) - epochs, 2);
	assert_true(dm_str_is(dm_scan_name(s, pinned), "pinned"));
}

#define TEXT_33 "012345678901234567890123456789012"
#define TEXT_99 TEXT_33 TEXT_33 TEXT_33

static void test_errors_say_where(void **state)
{
	static const struct {
		const char *line, *msg;
		unsigned column;
	} cases[] = {
	    {"", "expected '{': not a JSON object, but the line ends", 1},
	    {"{\"ts\":1,\"kind\":5}", "kind is not a string", 16},
	    {"{\"ts\":1,\"labels\":{\"a\":1}}", "a label is not a string", 23},
	    {"{\"ts\":1,\"metrics\":{\"a\":1,\"a\":2}}",
		"the key \"a\" stands twice", 26},
	    {"{\"ts\":1,\"ts\":2}", "the key \"ts\" stands twice", 9},
	    {"{\"ts\":1,\"t\\u0073\":2}", "the key \"t\\u0073\" stands twice",
		9},
	    {"{\"ts\":1,\"x\":{\"\u00e9\\n\":2,\"b\":0,\"\u00e9\\n\":1",
		"expected ',' or '}', but the line ends", 37},
	    {"{\"ts\":1,\"x\":{\"\u00e9\\n\":2,\"b\":0,\"\u00e9\\n\":1}}",
		"the key \"\u00e9\\n\" stands twice", 29},
	    {"{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,"
	     "\"i\":1,\"j\":1,\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"ts\":1,"
	     "\"\\u0068\":1}",
		"the key \"\\u0068\" stands twice", 99},
	    {"{\"ts\":1,\"" TEXT_99 "\u00e9z\":1,\"" TEXT_99 "\u00e9z\":1}",
		"the key \"" TEXT_99 "...\" stands twice", 116},
	    {"{\"ts\":1e999", "a number beyond the doubles", 12},
	    {"{\"ts\":9e99", "ts is beyond the years 0 to 9999", 11},
	    {"{\"ts\":", "expected a number, but the line ends", 7},
	    {"{\"ts\":1,\"x\":\"\\u0000", "\\u0000 is not allowed", 20},
	    {"{\"kind\":\"host\"}", "no ts", 0},
	};
	DM_AUTO_SCANNER struct dm_scanner *s = NULL;

	(void)state;
	assert_int_equal(dm_scanner_new(NULL, NULL, &s, NULL), 0);
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		struct dm_record r;
		struct dm_err err;

		assert_int_equal(
		    dm_scan(s, dm_str(cases[i].line), &r, &err), -1);
		assert_string_equal(err.msg, cases[i].msg);
		assert_int_equal(err.column, cases[i].column);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_against_jansson),
	    cmocka_unit_test(test_same_beginnings),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_known_again),
	    cmocka_unit_test(test_many_identities),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_many_names),
	    cmocka_unit_test(test_errors_say_where),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
