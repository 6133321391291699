/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_TAG_KERNELS_H
#define DM_TAG_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The arithmetic of the encoder, written once (kernels-impl.h) and compiled
 * for several processors; the best that runs here is chosen at run time.
 *
 * A matrix that rows are multiplied by is packed into panels of 16 of its
 * outputs: panel[i / 16][k][i % 16], padded with zeros.
 */

#define DM_PANEL 16

static inline size_t dm_panel_round(size_t n)
{
	return (n + DM_PANEL - 1) / DM_PANEL * DM_PANEL;
}

/** c[m][n] = bias[n] + the sum over k of a[m][k] b[n][k] */
struct dm_gemm {
	const float *a;
	size_t a_stride;   /* from row to row */
	const float *b;	   /* packed, dm_panel_round(n) * k */
	const float *bias; /* dm_panel_round(n), or NULL */
	float *c;
	size_t c_stride;
	size_t m, n, k;
};

/**
 * The same with bytes: c = bias + a_scale[m] b_scale[n] times the sum over k
 * of a[m][k] (b[n][k] - 128). Packed by fours: panel[i / 16][k / 4][i % 16]
 * [k % 4], padded with 128. The order in which processors sum does not
 * matter, and so all give the same.
 */
struct dm_gemm_bytes {
	const int8_t *a; /* rows of a_stride, a multiple of 4, zero padded */
	size_t a_stride;
	const float *a_scale;
	const int32_t *a_sum; /* of a row's bytes */
	const uint8_t *b;
	const float *b_scale; /* dm_panel_round(n) */
	const float *bias;    /* dm_panel_round(n) */
	float *c;
	size_t c_stride;
	size_t m, n, k; /* k: a multiple of 4 */
};

struct dm_kernels {
	const char *name;
	bool (*runs)(void); /* on this processor? */
	void (*gemm)(const struct dm_gemm *g);
	/* NULL: slower than gemm with floats made of the bytes. */
	void (*gemm_bytes)(const struct dm_gemm_bytes *g);
	/* A row as bytes: x is about q times the scale returned. n_padded is
	 * n rounded up to a multiple of 4. */
	float (*quantize)(const float *x, size_t n, int8_t *q, size_t n_padded,
	    int32_t *ret_sum);
	/* x = x / 2 (1 + erf(x / sqrt 2)) */
	void (*gelu)(float *x, size_t n);
	/* x = e^(scale x) over the sum of those */
	void (*softmax)(float *x, size_t n, float scale);
	/* x = norm(x + more) weight + bias; more may be NULL */
	void (*norm)(float *x, const float *more, const float *weight,
	    const float *bias, size_t n, float eps);
};

/** The i-th that is compiled in, the best first; NULL beyond the last. */
const struct dm_kernels *dm_kernels_at(size_t i);

/** The best that runs on this processor. */
const struct dm_kernels *dm_kernels_best(void);

/**
 * Pack a matrix for gemm.
 * @b    n rows of k floats, b_stride from row to row, k_stride from one
 *       float to the next
 * @ret  dm_panel_round(n) * k floats
 */
void dm_pack(const float *b, size_t n, size_t k, size_t b_stride,
    size_t k_stride, float *ret);

/**
 * Pack rows of bytes for gemm_bytes.
 * @ret  dm_panel_round(n) * k_padded bytes
 * @k_padded  k rounded up to a multiple of 4
 */
void dm_pack_bytes(
    const int8_t *b, size_t n, size_t k, size_t k_padded, uint8_t *ret);

#endif
