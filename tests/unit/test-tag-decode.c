/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Decoding, against every sequence of labels that there is. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "tag/decode.h"

enum {
	N_LABELS = 7,
	MOST = 6
};

static char *names[N_LABELS] = {
    "RULE", "B-OP", "I-OP", "O", "I-VALUE", "B-VALUE", "NORULE"};
static const struct dm_tag_config config = {
    .n_labels = N_LABELS, .labels = names};

static uint32_t seed = 7;

static float draw(void)
{
	seed = seed * 1664525 + 1013904223;
	return (float)(seed >> 8) / (float)(1 << 24) * 8 - 4;
}

/* n tokens beside [CLS] and [SEP], token i from byte 10 i to 10 i + 5. */
static void set_tokens(struct dm_tagged *t, size_t n)
{
	free(t->tokens.list);
	t->tokens.list = calloc(n + 2, sizeof(*t->tokens.list));
	assert_non_null(t->tokens.list);
	t->tokens.n = t->tokens.cap = n + 2;
	for (uint32_t i = 1; i <= n; i++)
		t->tokens.list[i] =
		    (struct dm_token){.begin = 10 * i, .end = 10 * i + 5};
}

static bool legal(const int *labels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int l = labels[i], before = i ? labels[i - 1] : 3;

		if (l == 0 || l == 6 ||
		    (l == 2 && before != 1 && before != 2) ||
		    (l == 4 && before != 5 && before != 4))
			return false;
	}
	return true;
}

/* What the best of all legal sequences scores. */
static double best_of_all(const float *logits, size_t n)
{
	int labels[MOST];
	double best = -INFINITY;
	size_t all = 1;

	for (size_t i = 0; i < n; i++)
		all *= N_LABELS;
	for (size_t code = 0; code < all; code++) {
		double score = 0;
		size_t rest = code;

		for (size_t i = 0; i < n; i++, rest /= N_LABELS) {
			labels[i] = (int)(rest % N_LABELS);
			score += logits[(i + 1) * N_LABELS + labels[i]];
		}
		if (legal(labels, n) && score > best)
			best = score;
	}
	return best;
}

static void test_best(void **state)
{
	struct dm_labels l;
	struct dm_tagged t = {0};
	float logits[(MOST + 2) * N_LABELS];

	(void)state;
	assert_int_equal(dm_labels_read(&config, &l, NULL), 0);
	for (size_t n = 0; n <= MOST; n++)
		for (int round = 0; round < (n < 5 ? 50 : 5); round++) {
			int labels[MOST];
			double score = 0;

			for (size_t i = 0; i < (n + 2) * N_LABELS; i++)
				logits[i] = draw();
			set_tokens(&t, n);
			assert_int_equal(dm_decode(&l, logits, &t, NULL), 0);
			for (size_t i = 0; i < n; i++) {
				labels[i] = (int)t.labels[i + 1];
				score += logits[(i + 1) * N_LABELS + labels[i]];
			}
			assert_true(legal(labels, n));
			assert_true(fabs(score - (n ? best_of_all(logits, n)
						    : 0)) < 1e-4);
			assert_string_equal(t.verdict,
			    logits[0] >= logits[6] ? "RULE" : "NORULE");
		}
	dm_tagged_release(&t);
	dm_labels_release(&l);
}

/* O B-OP I-OP B-OP B-VALUE O, each with a logit of 2 where others have 0 */
static void test_spans(void **state)
{
	static const int labels[] = {3, 1, 2, 1, 5, 3};
	struct dm_labels l;
	struct dm_tagged t = {0};
	float logits[8 * N_LABELS] = {[0] = 1};
	double p = exp(2) / (exp(2) + 4), half = exp(1) / (exp(1) + 4);

	(void)state;
	assert_int_equal(dm_labels_read(&config, &l, NULL), 0);
	for (int i = 0; i < 6; i++)
		logits[(i + 1) * N_LABELS + labels[i]] = i == 2 ? 1 : 2;
	/* Labels of the text don't count in a token, nor the others in
	 * [CLS]. */
	logits[2 * N_LABELS + 6] = 9;
	logits[3] = 9;
	set_tokens(&t, 6);
	assert_int_equal(dm_decode(&l, logits, &t, NULL), 0);
	assert_int_equal(t.n, 3);
	assert_string_equal(t.spans[0].type, "OP");
	assert_int_equal(t.spans[0].begin, 20);
	assert_int_equal(t.spans[0].end, 35);
	assert_true(fabs(t.spans[0].min_ratio - half) < 1e-6);
	assert_true(fabs(t.spans[0].mean_ratio - (p + half) / 2) < 1e-6);
	assert_string_equal(t.spans[1].type, "OP");
	assert_int_equal(t.spans[1].begin, 40);
	assert_string_equal(t.spans[2].type, "VALUE");
	assert_int_equal(t.spans[2].end, 55);
	assert_string_equal(t.verdict, "RULE");
	assert_true(fabs(t.verdict_ratio - exp(1) / (exp(1) + 1)) < 1e-6);
	dm_tagged_release(&t);
	dm_labels_release(&l);
}

static void refused(unsigned n, char **labels, const char *why)
{
	struct dm_tag_config c = {.n_labels = n, .labels = labels};
	struct dm_labels l;
	struct dm_err err;

	assert_int_equal(dm_labels_read(&c, &l, &err), -1);
	assert_string_equal(err.msg, why);
}

static void test_labels(void **state)
{
	char *without[] = {"B-OP", "RULE"};
	char *lonely[] = {"O", "I-OP"};
	char *twice[] = {"O", "B-OP", "I-OP", "B-OP"};
	char *alone[] = {"O"};
	struct dm_tag_config c = {.n_labels = 1, .labels = alone};
	struct dm_labels l;
	struct dm_tagged t = {0};
	float logits[5] = {1, 2, 3, 4, 5};

	(void)state;
	refused(2, without, "id2label: there is no label O");
	refused(2, lonely, "id2label: I-OP without B-OP");
	refused(4, twice, "id2label: two labels for OP");
	assert_int_equal(dm_labels_read(&c, &l, NULL), 0);
	set_tokens(&t, 3);
	assert_int_equal(dm_decode(&l, logits, &t, NULL), 0);
	assert_int_equal(t.n, 0);
	assert_null(t.verdict);
	dm_tagged_release(&t);
	dm_labels_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_best),
	    cmocka_unit_test(test_spans),
	    cmocka_unit_test(test_labels),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
