/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* The tokenizer against the reference's answers: tests/tag/reference.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/file.h"
#include "tag/tokens.h"

#define FOLDER "tests/fixtures/tag/"

static const struct dm_normal_options usual = {true, true, true};
static struct dm_vocab vocab;

static int setup(void **state)
{
	struct dm_buf b = {0};
	struct dm_err err;

	(void)state;
	return dm_file_read(FOLDER "f32/vocab.txt", 1 << 20, &b, &err) < 0 ||
	       dm_vocab_read(&vocab, &b, &err) < 0;
}

static int teardown(void **state)
{
	(void)state;
	dm_vocab_release(&vocab);
	return 0;
}

static void hash(uint64_t *h, uint32_t n)
{
	for (int i = 0; i < 4; i++, n >>= 8)
		*h = (*h ^ (n & 0xff)) * UINT64_C(0x100000001b3);
}

static uint64_t sum(const struct dm_tokens *t)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 1; i + 1 < t->n; i++) {
		hash(&h, t->list[i].id);
		hash(&h, t->list[i].begin);
		hash(&h, t->list[i].end);
	}
	return h;
}

static void test_reference(void **state)
{
	DM_AUTO_BUF struct dm_buf lines = {0};
	DM_AUTO_BUF struct dm_buf sums = {0};
	struct dm_tokens t = {0};
	struct dm_str line, expected, left, right;
	unsigned n = 0;

	(void)state;
	assert_int_equal(
	    dm_file_read(FOLDER "lines.txt", 1 << 20, &lines, NULL), 0);
	assert_int_equal(
	    dm_file_read(FOLDER "lines.sums", 1 << 20, &sums, NULL), 0);
	left = dm_buf_str(&lines);
	right = dm_buf_str(&sums);
	while (dm_str_line(&right, &expected)) {
		char got[17];

		n++;
		assert_true(dm_str_line(&left, &line));
		assert_int_equal(
		    dm_tokenize(&vocab, &usual, line, 4096, &t, NULL), 0);
		snprintf(
		    got, sizeof(got), "%016llx", (unsigned long long)sum(&t));
		if (!dm_str_is(expected, got))
			fail_msg("line %u is cut otherwise", n);
	}
	assert_int_equal(n, 2000);
	dm_tokens_release(&t);
}

static void cut(
    struct dm_str text, const struct dm_normal_options *o, const char *expected)
{
	DM_AUTO_BUF struct dm_buf got = {0};
	struct dm_tokens t = {0};

	assert_int_equal(dm_tokenize(&vocab, o, text, 300, &t, NULL), 0);
	for (size_t i = 0; i < t.n; i++) {
		const struct dm_piece *p = &vocab.pieces[t.list[i].id];

		dm_buf_addf(&got, "%s%.*s:%u:%u", i ? " " : "", (int)p->text.n,
		    p->text.p, t.list[i].begin, t.list[i].end);
	}
	assert_string_equal(dm_buf_cstr(&got), expected);
	dm_tokens_release(&t);
}

static void test_spans(void **state)
{
	struct dm_normal_options cased = {false, false, true};
	struct dm_normal_options accents = {true, false, false};
	char word[101];

	(void)state;
	cut(DM_STR(""), &usual, "[CLS]:0:0 [SEP]:0:0");
	cut(DM_STR(" Caf\xc3\xa9, \xe5\xae\xb9\xe5\x99\xa8"), &usual,
	    "[CLS]:0:0 cafe:1:6 ,:6:7 \xe5\xae\xb9:8:11 "
	    "\xe5\x99\xa8:11:14 [SEP]:0:0");
	/* Bytes that are no UTF-8 are passed over, and so is NUL. */
	cut(DM_STR("me\xff\xe5m\0ory"), &usual,
	    "[CLS]:0:0 memory:0:9 [SEP]:0:0");
	cut(DM_STR("[SEP]"), &usual,
	    "[CLS]:0:0 [:0:1 s:1:2 e:2:3 p:3:4 ]:4:5 [SEP]:0:0");
	cut(DM_STR("Memory"), &cased, "[CLS]:0:0 [UNK]:0:6 [SEP]:0:0");
	cut(DM_STR("caf\xc3\x89"), &accents,
	    "[CLS]:0:0 caf\xc3\xa9:0:5 [SEP]:0:0");
	/* Without accents dropped it is two characters in lower case. */
	cut(DM_STR("\xc4\xb0!"), &accents,
	    "[CLS]:0:0 [UNK]:0:2 !:2:3 [SEP]:0:0");
	memset(word, 'x', sizeof(word));
	cut((struct dm_str){word, 101}, &usual,
	    "[CLS]:0:0 [UNK]:0:101 [SEP]:0:0");
}

static void test_limits(void **state)
{
	struct dm_tokens t = {0};
	struct dm_err err;
	struct dm_str long_text = {NULL, 100000};
	char *text = malloc(long_text.n);

	(void)state;
	assert_int_equal(
	    dm_tokenize(&vocab, &usual, DM_STR("a b c"), 5, &t, &err), 0);
	assert_int_equal(t.n, 5);
	assert_int_equal(
	    dm_tokenize(&vocab, &usual, DM_STR("a b c d"), 5, &t, &err), -1);
	assert_int_equal(err.code, DM_ELIMIT);
	assert_non_null(strstr(err.msg, "more than 3 tokens"));
	assert_non_null(text);
	memset(text, '!', long_text.n);
	long_text.p = text;
	assert_int_equal(
	    dm_tokenize(&vocab, &usual, long_text, 512, &t, &err), -1);
	assert_int_equal(err.code, DM_ELIMIT);
	/* One word of any length is one token. */
	memset(text, 'x', long_text.n);
	assert_int_equal(
	    dm_tokenize(&vocab, &usual, long_text, 512, &t, &err), 0);
	assert_int_equal(t.n, 3);
	long_text.n = DM_NORMAL_MAX_BYTES + 1;
	assert_int_equal(
	    dm_tokenize(&vocab, &usual, long_text, 512, &t, &err), -1);
	assert_int_equal(err.code, DM_ELIMIT);
	free(text);
	dm_tokens_release(&t);
}

static int read_vocab(const char *text, struct dm_vocab *v, struct dm_err *err)
{
	struct dm_buf b = {0};

	*v = (struct dm_vocab){0};
	dm_buf_add_cstr(&b, text);
	return dm_vocab_read(v, &b, err);
}

static void test_vocab(void **state)
{
	struct dm_vocab v;
	struct dm_err err;

	(void)state;
	assert_int_equal(
	    read_vocab("[UNK]\r\n[CLS]\n\n[SEP]\na\na\n##a", &v, &err), 0);
	assert_int_equal(v.n, 7);
	assert_int_equal(v.last, 3);
	assert_int_equal(
	    ((struct dm_piece *)dm_map_get(&v.begins, DM_STR("a")))->id, 5);
	dm_vocab_release(&v);
	assert_int_equal(read_vocab("[UNK]\n[CLS]\n", &v, &err), -1);
	assert_string_equal(err.msg, "there is no [SEP] in it");
	dm_vocab_release(&v);
	assert_int_equal(read_vocab("", &v, &err), -1);
	dm_vocab_release(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reference),
	    cmocka_unit_test(test_spans),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_vocab),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
