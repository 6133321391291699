/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Logits against those of tests/tag/reference.py, by each processor's
 * kernels and each type of weights. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/num.h"
#include "tag/tagger.h"

#define FOLDER "tests/fixtures/tag/"

/* The largest difference from what is expected of a folder. */
static double compare(const char *type, const struct dm_model_options *o)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	DM_AUTO_MODEL struct dm_model *m = NULL;
	struct dm_tokens t = {0};
	struct dm_encoded e = {0};
	struct dm_str rest, line, word;
	struct dm_err err;
	char path[100];
	double worst = 0, v;
	size_t at = 0, n = 0;

	snprintf(path, sizeof(path), FOLDER "%s", type);
	if (dm_model_open(path, o, &m, &err) < 0)
		fail_msg("%s", err.msg);
	snprintf(path, sizeof(path), FOLDER "%s/expected.txt", type);
	assert_int_equal(dm_file_read(path, 1 << 20, &b, &err), 0);
	rest = dm_buf_str(&b);
	while (dm_str_line(&rest, &line)) {
		if (dm_str_starts(line, "= ")) {
			assert_int_equal(at, e.n);
			line.p += 2;
			line.n -= 2;
			assert_int_equal(
			    dm_model_tokenize(m, line, &t, &err), 0);
			assert_int_equal(dm_model_encode(m, &t, &e, &err), 0);
			at = 0;
			n++;
			continue;
		}
		assert_true(at < e.n && dm_str_word(&line, &word) &&
			    dm_num_parse_user(word, &v));
		assert_int_equal((uint32_t)v, t.list[at].id);
		for (unsigned i = 0; dm_str_word(&line, &word); i++) {
			assert_true(dm_num_parse_user(word, &v));
			v -= e.logits[at * dm_model_config(m)->n_labels + i];
			assert_true(isfinite(v));
			worst = fabs(v) > worst ? fabs(v) : worst;
		}
		at++;
	}
	assert_true(n >= 3);
	dm_tokens_release(&t);
	return worst;
}

static void close_to(
    const char *type, const struct dm_model_options *o, double limit)
{
	double d = compare(type, o);

	if (!(d < limit))
		fail_msg("%s, %s: off by %g", type,
		    o->kernels ? o->kernels->name : "best", d);
}

static void test_logits(void **state)
{
	struct dm_model_options o = {.floats = true};
	const struct dm_kernels *k;

	(void)state;
	for (size_t i = 0; (k = dm_kernels_at(i)); i++) {
		if (!k->runs())
			continue;
		o.kernels = k;
		close_to("f32", &o, 1e-4);
		close_to("f16", &o, 1e-4);
		close_to("bf16", &o, 1e-4);
		close_to("i8", &o, 1e-4);
	}
	o.kernels = NULL;
	close_to("f32", &o, 1e-4);
}

/* What goes into a layer is rounded to bytes: to half of 1/127 of a row's
 * largest, in each of some layers. */
static void test_bytes(void **state)
{
	const struct dm_kernels *k;
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; (k = dm_kernels_at(i)); i++) {
		struct dm_model_options o = {.kernels = k};

		if (!k->runs() || !k->gemm_bytes)
			continue;
		n++;
		close_to("i8", &o, 0.1);
		/* It is another way to compute it. */
		assert_true(compare("i8", &o) > 1e-4);
	}
	if (!n)
		skip();
}

/* Byte products are summed without an error, at any size. */
static void test_gemm_bytes(void **state)
{
	enum {
		K = 24,
		N = 37,
		M = 13
	};
	const struct dm_kernels *kernels;
	int8_t a[M * K], b[N * K];
	uint8_t packed[48 * K];
	float scale[48], bias[48], a_scale[M], c[M * N];
	int32_t a_sum[M];
	unsigned n = 0;

	(void)state;
	for (int i = 0; i < M * K; i++)
		a[i] = (int8_t)(i % 5 ? i * 7919 % 255 - 127 : 127);
	for (int i = 0; i < N * K; i++)
		b[i] = (int8_t)(i % 3 ? i * 104729 % 255 - 127 : -127);
	for (int i = 0; i < 48; i++) {
		scale[i] = 1;
		bias[i] = (float)i;
	}
	for (int m = 0; m < M; m++) {
		a_scale[m] = (float)(m % 4);
		a_sum[m] = 0;
		for (int k = 0; k < K; k++)
			a_sum[m] += a[m * K + k];
	}
	dm_pack_bytes(b, N, K, K, packed);
	for (size_t i = 0; (kernels = dm_kernels_at(i)); i++) {
		if (!kernels->runs() || !kernels->gemm_bytes)
			continue;
		n++;
		kernels->gemm_bytes(&(struct dm_gemm_bytes){
		    a, K, a_scale, a_sum, packed, scale, bias, c, N, M, N, K});
		for (int m = 0; m < M; m++)
			for (int j = 0; j < N; j++) {
				int32_t s = 0;

				for (int k = 0; k < K; k++)
					s += a[m * K + k] * b[j * K + k];
				assert_true(
				    c[m * N + j] == (float)(s * (m % 4) + j));
			}
	}
	if (!n)
		skip();
}

static void test_functions(void **state)
{
	const struct dm_kernels *k;

	(void)state;
	for (size_t i = 0; (k = dm_kernels_at(i)); i++) {
		float x[37], y[37];
		double sum = 0;

		if (!k->runs())
			continue;
		for (int j = 0; j < 37; j++)
			x[j] = y[j] = (float)(j - 18) * 0.385f;
		k->gelu(y, 37);
		for (int j = 0; j < 37; j++)
			assert_true(
			    fabs(y[j] - x[j] / 2 * (1 + erf(x[j] / sqrt(2)))) <
			    2e-6);
		memcpy(y, x, sizeof(y));
		y[5] = -1e30f;
		k->softmax(y, 37, 2.385f);
		for (int j = 0; j < 37; j++)
			sum += j == 5 ? 0 : exp(2.385 * x[j]);
		for (int j = 0; j < 37; j++)
			assert_true(
			    fabs(
				y[j] - (j == 5 ? 0 : exp(2.385 * x[j]) / sum)) <
			    1e-6);
	}
}

/* Names are those of the configuration; a text of any bytes is tagged. */
static void test_tagger(void **state)
{
	DM_AUTO_TAGGER struct dm_tagger *t = NULL;
	struct dm_model_options o = {0};
	struct dm_tagged got = {0};
	struct dm_err err;
	struct dm_str text = DM_STR("Alert when memory of web \xff > 90%, "
				    "\xe5\xae\xb9\xe5\x99\xa8");
	char long_text[200];

	(void)state;
	assert_int_equal(dm_tagger_open(FOLDER "f16", &o, &t, &err), 0);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(dm_tagger_tag(t, text, &got, &err), 0);
		assert_true(got.n > 0);
		for (size_t i = 0; i < got.n; i++) {
			const struct dm_span *s = &got.spans[i];

			assert_true(s->begin < s->end && s->end <= text.n);
			assert_true(i == 0 || s->begin >= s[-1].end);
			assert_true(
			    s->min_ratio > 0 && s->mean_ratio <= 1.0001f);
			assert_true(s->min_ratio <= s->mean_ratio + 1e-6f);
		}
		assert_non_null(strstr(got.verdict, "RULE"));
		assert_true(got.verdict_ratio >= 0.5f);
	}
	assert_int_equal(dm_tagger_tag(t, DM_STR(""), &got, &err), 0);
	assert_int_equal(got.n, 0);
	assert_non_null(got.verdict);
	memset(long_text, '?', sizeof(long_text));
	assert_int_equal(
	    dm_tagger_tag(
		t, (struct dm_str){long_text, sizeof(long_text)}, &got, &err),
	    -1);
	assert_int_equal(err.code, DM_ELIMIT);
	dm_tagged_release(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_logits),
	    cmocka_unit_test(test_bytes),
	    cmocka_unit_test(test_gemm_bytes),
	    cmocka_unit_test(test_functions),
	    cmocka_unit_test(test_tagger),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
