/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_NUM_H
#define DM_BASE_NUM_H

#include <endian.h>

#include "base/buf.h"

/* The powers of ten that a double holds exactly: 10^0 to 10^22. */
#define DM_NUM_POWERS 23
extern const double dm_num_powers[DM_NUM_POWERS];

/**
 * Read the decimal digits, eight at most, that eight bytes begin with.
 * @mantissa  becomes what it was times 10^digits, plus their value, modulo
 *            2^64
 * Returns how many there are.
 * Source: Lemire, Quickly parsing eight digits, 2018.
 */
static inline unsigned dm_num_eight(const char *p, uint64_t *mantissa)
{
	static const uint32_t powers[] = {
	    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
	const uint64_t low = 0x0101010101010101u, pairs = 0x000000ff000000ffu;
	uint64_t w, other;
	unsigned n = 8;

	memcpy(&w, p, sizeof(w));
	w = le64toh(w) ^ low * '0';
	/* The first byte of `other` with its high bit set is the first that
	 * is no digit; those behind it are anything. */
	other = ((w + low * (0x80 - 10)) | w) & low << 7;
	if (other) {
		n = (unsigned)__builtin_ctzll(other) / 8;
		if (n == 0)
			return 0;
		w <<= 64 - 8 * n;
	}
	w = w * 10 + (w >> 8);
	w = ((w & pairs) * (100 + (UINT64_C(1000000) << 32)) +
		(w >> 16 & pairs) * (1 + (UINT64_C(10000) << 32))) >>
	    32;
	*mantissa = *mantissa * powers[n] + w;
	return n;
}

/** As dm_num_eight: all digits that a text begins with. */
static inline size_t dm_num_digits(
    const char *p, const char *end, uint64_t *mantissa)
{
	const char *from = p;
	unsigned n;

	while (end - p >= 8) {
		n = dm_num_eight(p, mantissa);
		p += n;
		if (n < 8)
			return (size_t)(p - from);
	}
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		*mantissa = *mantissa * 10 + (uint64_t)(*p - '0');
	return (size_t)(p - from);
}

/**
 * The number that digits make up, where one division finds it; else false.
 * @digits    how many there are, the first of them may be 0
 * @decimals  how many of them stand behind the point
 * Source: Clinger, How to read floating point numbers accurately, 1990: a
 * mantissa up to 2^53 and a power of ten up to 10^22 are exact, and so their
 * quotient is rounded once.
 */
static inline bool dm_num_short(uint64_t mantissa, size_t digits,
    size_t decimals, bool negative, double *ret)
{
	double v;

	/* 19 digits fit in 64 bits. */
	if (digits > 19 || mantissa > UINT64_C(1) << 53)
		return false;
	v = (double)(int64_t)mantissa;
	if (decimals)
		v /= dm_num_powers[decimals];
	*ret = negative ? -v : v;
	return true;
}

/**
 * A JSON number to the nearest double, ties to even.
 * @s  matches JSON's number grammar; the caller has seen to that
 * Returns false where it lies beyond the doubles (1e999). Allocates only for
 * texts of more than 127 bytes.
 */
bool dm_num_parse(struct dm_str s, double *ret);

/**
 * A text that a user wrote, as strtod takes it but for hexadecimal: "1",
 * "-2.5e3", "Inf", "NaN". The whole of s.
 */
bool dm_num_parse_user(struct dm_str s, double *ret);

/**
 * Add v so that reading it gives the very same double: as a JSON number, or
 * as the strings "NaN", "+Inf", "-Inf", quotes included, as in a record.
 */
void dm_num_add(struct dm_buf *b, double v);

void dm_num_add_u64(struct dm_buf *b, uint64_t v);
void dm_num_add_i64(struct dm_buf *b, int64_t v);

/**
 * Add v / 10^decimals without rounding, trailing zeros dropped, at least
 * one digit before the point. E.g. 1500000000 ns with 9 is 1.5.
 */
void dm_num_add_scaled(struct dm_buf *b, int64_t v, unsigned decimals);

#endif
