/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernels for one processor; included by kernels.c once for each, with
 * TARGET   the attribute that makes the compiler write for it
 * NAME(x)  x with the processor's suffix
 * WIDTH    floats in a vector
 * ROWS     how many rows gemm takes at once
 * PANELS   and how many panels
 * FMA(a, b, c)  a b + c
 */

typedef float NAME(vec) __attribute__((vector_size(4 * WIDTH)));
typedef uint32_t NAME(uvec) __attribute__((vector_size(4 * WIDTH)));
typedef int8_t NAME(bvec) __attribute__((vector_size(WIDTH)));

#define INLINE TARGET static inline __attribute__((always_inline))
#define VEC    NAME(vec)
#define UVEC   NAME(uvec)
#define PARTS  (DM_PANEL / WIDTH)

INLINE VEC NAME(load)(const float *p)
{
	VEC v;

	memcpy(&v, p, sizeof(v));
	return v;
}

INLINE void NAME(store)(float *p, VEC v)
{
	memcpy(p, &v, sizeof(v));
}

INLINE VEC NAME(all)(float x)
{
	return x - (VEC){0};
}

INLINE float NAME(sum)(VEC v)
{
	float s = 0;

	for (int i = 0; i < WIDTH; i++)
		s += v[i];
	return s;
}

/* a where the mask is set, else b */
INLINE VEC NAME(pick)(UVEC mask, VEC a, VEC b)
{
	return (VEC)(((UVEC)a & mask) | ((UVEC)b & ~mask));
}

/* Some rows times some panels, whose number the compiler knows: the sums stay
 * in registers. */
INLINE void NAME(block)(const struct dm_gemm *g, size_t m, size_t n,
    const int rows, const int panels)
{
	VEC sums[ROWS][PANELS * PARTS];
	const float *a = g->a + m * g->a_stride, *b = g->b + n * g->k;

#pragma GCC unroll 16
	for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
		for (int j = 0; j < panels * PARTS; j++)
			sums[r][j] = g->bias
					 ? NAME(load)(g->bias + n + j * WIDTH)
					 : NAME(all)(0);
	for (size_t k = 0; k < g->k; k++) {
		VEC w[PANELS * PARTS];

#pragma GCC unroll 16
		for (int j = 0; j < panels * PARTS; j++)
			w[j] = NAME(load)(b + j / PARTS * DM_PANEL * g->k +
					  k * DM_PANEL + j % PARTS * WIDTH);
#pragma GCC unroll 16
		for (int r = 0; r < rows; r++) {
			VEC x = NAME(all)(a[r * g->a_stride + k]);

#pragma GCC unroll 16
			for (int j = 0; j < panels * PARTS; j++)
				sums[r][j] = FMA(x, w[j], sums[r][j]);
		}
	}
#pragma GCC unroll 16
	for (int r = 0; r < rows; r++) {
		float *c = g->c + (m + r) * g->c_stride + n;

		if (n + panels * DM_PANEL > g->n) {
			memcpy(c, sums[r], (g->n - n) * sizeof(*c));
			continue;
		}
#pragma GCC unroll 16
		for (int j = 0; j < panels * PARTS; j++)
			NAME(store)(c + j * WIDTH, sums[r][j]);
	}
}

/* Rows in blocks of about the same number: a block of few rows waits for its
 * sums. */
INLINE void NAME(blocks)(const struct dm_gemm *g, size_t n, const int panels)
{
	size_t left = g->m, blocks = (g->m + ROWS - 1) / ROWS, rows;

	for (; blocks; blocks--, left -= rows) {
		rows = (left + blocks - 1) / blocks;
#define CASE(r)                                                                \
	case r:                                                                \
		if (r <= ROWS)                                                 \
			NAME(block)(g, g->m - left, n, r, panels);             \
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

/* Panels are gone through once, as they come from memory. */
TARGET static void NAME(gemm)(const struct dm_gemm *g)
{
	size_t n = 0, end = dm_panel_round(g->n);

	for (; n + PANELS * DM_PANEL <= end; n += PANELS * DM_PANEL)
		NAME(blocks)(g, n, PANELS);
	for (; n < end; n += DM_PANEL)
		NAME(blocks)(g, n, 1);
}

/* Source: Moshier, Cephes, single/expf.c. */
INLINE VEC NAME(exp)(VEC x)
{
	const VEC low = NAME(all)(-87.3f), high = NAME(all)(88.3f);
	const float magic = 0x1.8p23f; /* rounds what is added to it */
	VEC n, y;
	UVEC i;

	x = NAME(pick)((UVEC)(x < low), low, x);
	x = NAME(pick)((UVEC)(x > high), high, x);
	y = x * 1.44269504088896341f + magic;
	i = (UVEC)y << 23;
	n = y - magic;
	x = x - n * 0.693359375f + n * 2.12194440e-4f;
	y = x * 1.9875691500E-4f + 1.3981999507E-3f;
	y = y * x + 8.3334519073E-3f;
	y = y * x + 4.1665795894E-2f;
	y = y * x + 1.6666665459E-1f;
	y = y * x + 5.0000001201E-1f;
	y = y * x * x + x + 1.0f;
	return (VEC)((UVEC)y + i);
}

/* erf to 1.5e-7.
 * Source: Abramowitz, Stegun, Handbook of Mathematical Functions, 7.1.26. */
INLINE VEC NAME(gelu_of)(VEC x)
{
	VEC z = x * 0.70710678118654752f, t, e;
	VEC abs = (VEC)((UVEC)z & 0x7fffffff);

	t = 1.0f / (abs * 0.3275911f + 1.0f);
	e = t * 1.061405429f - 1.453152027f;
	e = e * t + 1.421413741f;
	e = e * t - 0.284496736f;
	e = e * t + 0.254829592f;
	e = 1.0f - e * t * NAME(exp)(-abs * abs);
	e = (VEC)((UVEC)e | ((UVEC)z & 0x80000000));
	return x * 0.5f * (e + 1.0f);
}

TARGET static void NAME(gelu)(float *x, size_t n)
{
	size_t i = 0;

	for (; i + WIDTH <= n; i += WIDTH)
		NAME(store)(x + i, NAME(gelu_of)(NAME(load)(x + i)));
	for (; i < n; i++)
		x[i] = NAME(gelu_of)(NAME(all)(x[i]))[0];
}

INLINE VEC NAME(larger)(VEC a, VEC b)
{
	return NAME(pick)((UVEC)(a > b), a, b);
}

INLINE float NAME(largest)(VEC v)
{
	float max = v[0];

	for (int i = 1; i < WIDTH; i++)
		max = v[i] > max ? v[i] : max;
	return max;
}

TARGET static void NAME(softmax)(float *x, size_t n, float scale)
{
	VEC top = NAME(all)(x[0]), sums = NAME(all)(0);
	float max, sum;
	size_t i = 0;

	for (; i + WIDTH <= n; i += WIDTH)
		top = NAME(larger)(NAME(load)(x + i), top);
	for (max = NAME(largest)(top); i < n; i++)
		max = x[i] > max ? x[i] : max;
	for (i = 0; i + WIDTH <= n; i += WIDTH) {
		VEC e = NAME(exp)((NAME(load)(x + i) - max) * scale);

		sums += e;
		NAME(store)(x + i, e);
	}
	for (sum = NAME(sum)(sums); i < n; i++) {
		x[i] = NAME(exp)(NAME(all)((x[i] - max) * scale))[0];
		sum += x[i];
	}
	sum = 1 / sum;
	for (i = 0; i + WIDTH <= n; i += WIDTH)
		NAME(store)(x + i, NAME(load)(x + i) * sum);
	for (; i < n; i++)
		x[i] *= sum;
}

INLINE float NAME(total)(const float *x, size_t n, float less, bool squares)
{
	VEC sums = NAME(all)(0);
	float sum;
	size_t i = 0;

	for (; i + WIDTH <= n; i += WIDTH) {
		VEC v = NAME(load)(x + i) - less;

		sums += squares ? v * v : v;
	}
	sum = NAME(sum)(sums);
	for (; i < n; i++)
		sum += squares ? (x[i] - less) * (x[i] - less) : x[i] - less;
	return sum;
}

TARGET static void NAME(norm)(float *x, const float *more, const float *weight,
    const float *bias, size_t n, float eps)
{
	float mean, factor;
	size_t i = 0;

	for (size_t j = 0; more && j < n; j++)
		x[j] += more[j];
	mean = NAME(total)(x, n, 0, false) / (float)n;
	factor = 1.0f / sqrtf(NAME(total)(x, n, mean, true) / (float)n + eps);
	for (; i + WIDTH <= n; i += WIDTH)
		NAME(store)
	(x + i, (NAME(load)(x + i) - mean) * factor * NAME(load)(weight + i) +
		    NAME(load)(bias + i));
	for (; i < n; i++)
		x[i] = (x[i] - mean) * factor * weight[i] + bias[i];
}

TARGET static float NAME(quantize)(
    const float *x, size_t n, int8_t *q, size_t n_padded, int32_t *ret_sum)
{
	const float magic = 0x1.8p23f; /* its bits end in the rounded number */
	VEC top = NAME(all)(0);
	UVEC sums = {0};
	float max, factor;
	uint32_t sum = 0;
	size_t i = 0;

	for (; i + WIDTH <= n; i += WIDTH)
		top = NAME(larger)(
		    (VEC)((UVEC)NAME(load)(x + i) & 0x7fffffff), top);
	for (max = NAME(largest)(top); i < n; i++)
		max = fabsf(x[i]) > max ? fabsf(x[i]) : max;
	factor = max > 0 ? 127 / max : 0;
	for (i = 0; i + WIDTH <= n; i += WIDTH) {
		VEC v = NAME(load)(x + i) * factor + magic;
		UVEC u = (UVEC)v - 0x4b400000;
		NAME(bvec) b = __builtin_convertvector(u, NAME(bvec));

		sums += u;
		memcpy(q + i, &b, sizeof(b));
	}
	for (int j = 0; j < WIDTH; j++)
		sum += sums[j];
	for (; i < n; i++) {
		UVEC u = (UVEC)(NAME(all)(x[i]) * factor + magic) - 0x4b400000;

		sum += u[0];
		q[i] = (int8_t)u[0];
	}
	for (; i < n_padded; i++)
		q[i] = 0;
	*ret_sum = (int32_t)sum;
	return max / 127;
}

#undef INLINE
#undef VEC
#undef UVEC
#undef PARTS
