/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "tag/kernels.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define FMA(a, b, c) ((a) * (b) + (c))
#define TARGET
#define NAME(x) any_##x
#define WIDTH	4
#define ROWS	3
#define PANELS	1
#include "tag/kernels-impl.h"
#undef FMA
#undef TARGET
#undef NAME
#undef WIDTH
#undef ROWS
#undef PANELS

static bool any_runs(void)
{
	return true;
}

#if defined(__x86_64__)

#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define TARGET	     __attribute__((target("avx2,fma")))
#define NAME(x)	     avx2_##x
#define WIDTH	     8
#define ROWS	     6
#define PANELS	     1
#include "tag/kernels-impl.h"
#undef FMA
#undef TARGET
#undef NAME
#undef WIDTH
#undef ROWS
#undef PANELS

#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define TARGET	     __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#define NAME(x)	     avx512_##x
#define WIDTH	     16
#define ROWS	     8
#define PANELS	     2
#include "tag/kernels-impl.h"
#undef FMA
#undef TARGET
#undef NAME
#undef WIDTH
#undef ROWS
#undef PANELS

static bool avx2_runs(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool avx512_runs(void)
{
	return __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512vl");
}

static bool vnni_runs(void)
{
	return avx512_runs() && __builtin_cpu_supports("avx512vnni");
}

#define VNNI                                                                   \
	__attribute__((                                                        \
	    target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma")))

VNNI static inline __attribute__((always_inline)) void vnni_block(
    const struct dm_gemm_bytes *g, size_t m, size_t n, const int rows,
    const int panels)
{
	__m512i sums[8][2];
	const int8_t *a = g->a + m * g->a_stride;
	const uint8_t *b = g->b + n * g->k;

#pragma GCC unroll 16
	for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
		for (int j = 0; j < panels; j++)
			sums[r][j] = _mm512_set1_epi32(-128 * g->a_sum[m + r]);
	for (size_t k = 0; k < g->k; k += 4) {
		__m512i w[2];

#pragma GCC unroll 16
		for (int j = 0; j < panels; j++)
			w[j] =
			    _mm512_loadu_si512(b + (j * g->k + k) * DM_PANEL);
#pragma GCC unroll 16
		for (int r = 0; r < rows; r++) {
			int32_t four;
			__m512i x;

			memcpy(&four, a + r * g->a_stride + k, sizeof(four));
			x = _mm512_set1_epi32(four);
#pragma GCC unroll 16
			for (int j = 0; j < panels; j++)
				sums[r][j] =
				    _mm512_dpbusd_epi32(sums[r][j], w[j], x);
		}
	}
#pragma GCC unroll 16
	for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
		for (int j = 0; j < panels; j++) {
			size_t at = n + j * DM_PANEL;
			size_t left = g->n - at;
			__m512 y = _mm512_cvtepi32_ps(sums[r][j]);

			y = _mm512_mul_ps(y, _mm512_set1_ps(g->a_scale[m + r]));
			y = _mm512_fmadd_ps(y, _mm512_loadu_ps(g->b_scale + at),
			    _mm512_loadu_ps(g->bias + at));
			_mm512_mask_storeu_ps(g->c + (m + r) * g->c_stride + at,
			    (__mmask16)(left < 16 ? (1u << left) - 1 : 0xffff),
			    y);
		}
}

VNNI static inline __attribute__((always_inline)) void vnni_blocks(
    const struct dm_gemm_bytes *g, size_t n, const int panels)
{
	size_t left = g->m, blocks = (g->m + 7) / 8, rows;

	for (; blocks; blocks--, left -= rows) {
		rows = (left + blocks - 1) / blocks;
#define CASE(r)                                                                \
	case r:                                                                \
		vnni_block(g, g->m - left, n, r, panels);                      \
		break;
		switch (rows) {
			CASE(1)
			CASE(2)
			CASE(3)
			CASE(4)
			CASE(5)
			CASE(6)
			CASE(7)
			CASE(8)
		}
#undef CASE
	}
}

VNNI static void vnni_gemm_bytes(const struct dm_gemm_bytes *g)
{
	size_t n = 0, end = dm_panel_round(g->n);

	for (; n + 2 * DM_PANEL <= end; n += 2 * DM_PANEL)
		vnni_blocks(g, n, 2);
	for (; n < end; n += DM_PANEL)
		vnni_blocks(g, n, 1);
}

#endif

#define KERNELS(x) x##_gemm, NULL, x##_quantize, x##_gelu, x##_softmax, x##_norm

static const struct dm_kernels table[] = {
#if defined(__x86_64__)
    {"vnni", vnni_runs, avx512_gemm, vnni_gemm_bytes, avx512_quantize,
	avx512_gelu, avx512_softmax, avx512_norm},
    {"avx512", avx512_runs, KERNELS(avx512)},
    {"avx2", avx2_runs, KERNELS(avx2)},
#endif
    {"any", any_runs, KERNELS(any)},
};

const struct dm_kernels *dm_kernels_at(size_t i)
{
	return i < DM_COUNT(table) ? &table[i] : NULL;
}

const struct dm_kernels *dm_kernels_best(void)
{
	const struct dm_kernels *k = table;

	while (!k->runs())
		k++;
	return k;
}

void dm_pack(const float *b, size_t n, size_t k, size_t b_stride,
    size_t k_stride, float *ret)
{
	for (size_t from = 0; from < n; from += DM_PANEL) {
		size_t rows = n - from < DM_PANEL ? n - from : DM_PANEL;
		const float *p = b + from * b_stride;

		for (size_t j = 0; j < k; j++, ret += DM_PANEL)
			for (size_t i = 0; i < DM_PANEL; i++)
				ret[i] = i < rows
					     ? p[i * b_stride + j * k_stride]
					     : 0;
	}
}

/* Four weights, each a byte from -128, as bytes from 0. */
static uint32_t four(const int8_t *p, size_t n)
{
	uint32_t u = 0;

	if (n >= 4)
		memcpy(&u, p, 4);
	else
		memcpy(&u, p, n);
	return u ^ 0x80808080;
}

void dm_pack_bytes(
    const int8_t *b, size_t n, size_t k, size_t k_padded, uint8_t *ret)
{
	for (size_t from = 0; from < n; from += DM_PANEL)
		for (size_t j = 0; j < k_padded; j += 4)
			for (size_t i = from; i < from + DM_PANEL; i++) {
				uint32_t u = i < n ? four(b + i * k + j, k - j)
						   : 0x80808080;

				memcpy(ret, &u, sizeof(u));
				ret += sizeof(u);
			}
}
