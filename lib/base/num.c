/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/num.h"

#include <math.h>

#include "base/shortest.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53 */

const double dm_num_powers[DM_NUM_POWERS] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6,
    1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
    1e20, 1e21, 1e22};

static bool parse_long_way(struct dm_str s, double *ret)
{
	char local[128];
	char *copy = s.n < sizeof(local) ? local : malloc(s.n + 1);
	double v;

	if (!copy)
		return false;
	memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	v = strtod(copy, NULL);
	if (copy != local)
		free(copy);
	if (isinf(v))
		return false;
	*ret = v;
	return true;
}

bool dm_num_parse(struct dm_str s, double *ret)
{
	const char *p = s.p, *end = s.p + s.n;
	bool negative = p < end && *p == '-';
	size_t digits, decimals = 0;
	uint64_t mantissa = 0;

	p += negative;
	digits = dm_num_digits(p, end, &mantissa);
	p += digits;
	if (p < end && *p == '.') {
		decimals = dm_num_digits(p + 1, end, &mantissa);
		p += 1 + decimals;
	}
	if (p == end &&
	    dm_num_short(mantissa, digits + decimals, decimals, negative, ret))
		return true;
	return parse_long_way(s, ret);
}

bool dm_num_parse_user(struct dm_str s, double *ret)
{
	char copy[64], *end;
	double v;

	if (s.n == 0 || s.n >= sizeof(copy) || memchr(s.p, 'x', s.n) ||
	    memchr(s.p, 'X', s.n) || (unsigned char)s.p[0] <= ' ')
		return false;
	memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	v = strtod(copy, &end);
	if (end != copy + s.n)
		return false;
	*ret = v;
	return true;
}

/* Digits in front of a place; where they begin. */
static char *digits_before(char *p, uint64_t v)
{
	static const char two[] = "00010203040506070809"
				  "10111213141516171819"
				  "20212223242526272829"
				  "30313233343536373839"
				  "40414243444546474849"
				  "50515253545556575859"
				  "60616263646566676869"
				  "70717273747576777879"
				  "80818283848586878889"
				  "90919293949596979899";

	for (; v >= 100; v /= 100)
		memcpy(p -= 2, two + 2 * (v % 100), 2);
	if (v >= 10)
		memcpy(p -= 2, two + 2 * v, 2);
	else
		*--p = (char)('0' + v);
	return p;
}

void dm_num_add_u64(struct dm_buf *b, uint64_t v)
{
	char text[20], *end = text + sizeof(text);
	char *p = digits_before(end, v);

	dm_buf_add(b, p, (size_t)(end - p));
}

void dm_num_add_i64(struct dm_buf *b, int64_t v)
{
	dm_num_add_scaled(b, v, 0);
}

void dm_num_add_scaled(struct dm_buf *b, int64_t v, unsigned decimals)
{
	uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	char text[48], *end = text + sizeof(text), *p = end;

	while (decimals && left % 10 == 0) {
		left /= 10;
		decimals--;
	}
	for (unsigned i = 0; i < decimals; i++) {
		*--p = (char)('0' + left % 10);
		left /= 10;
	}
	if (decimals)
		*--p = '.';
	p = digits_before(p, left);
	if (v < 0)
		*--p = '-';
	dm_buf_add(b, p, (size_t)(end - p));
}

/* Nanoseconds, microseconds and percentages are billionths of a unit: where
 * n / 10^9 is v again, n says all of v. */
static bool add_billionths(struct dm_buf *b, double v)
{
	double n = v * 1e9;

	if (!(fabs(n) < EXACT_MAX))
		return false;
	n = nearbyint(n);
	if (n / 1e9 != v)
		return false;
	dm_num_add_scaled(b, (int64_t)n, 9);
	return true;
}

/* Digits of the value, without zeros at their end, in front of a place; where
 * they begin. */
static char *shortest_before(char *p, double v, int *ret_exponent)
{
	uint64_t digits = dm_shortest(v, ret_exponent);

	for (; digits % 10 == 0; digits /= 10)
		++*ret_exponent;
	return digits_before(p, digits);
}

/* As printf's %g with as many digits as are needed, but 15 at least. */
static void add_shortest(struct dm_buf *b, double v)
{
	char text[20], *end = text + sizeof(text);
	int exponent;
	char *digits = shortest_before(end, v, &exponent);
	int n = (int)(end - digits);
	int point = n + exponent; /* behind so many digits */

	if (point - 1 < -4 || point - 1 >= (n > 15 ? n : 15)) {
		dm_buf_add_char(b, digits[0]);
		if (n > 1)
			dm_buf_add_char(b, '.');
		dm_buf_add(b, digits + 1, (size_t)(n - 1));
		dm_buf_addf(
		    b, "e%c%02d", point > 0 ? '+' : '-', abs(point - 1));
		return;
	}
	if (point <= 0)
		dm_buf_add(b, "0.000", (size_t)(2 - point));
	if (point > 0 && point < n) {
		dm_buf_add(b, digits, (size_t)point);
		dm_buf_add_char(b, '.');
		digits += point;
	}
	dm_buf_add(b, digits, (size_t)(end - digits));
	for (int i = n; i < point; i++)
		dm_buf_add_char(b, '0');
}

void dm_num_add(struct dm_buf *b, double v)
{
	if (isnan(v)) {
		dm_buf_add_cstr(b, "\"NaN\"");
	} else if (isinf(v)) {
		dm_buf_add_cstr(b, v > 0 ? "\"+Inf\"" : "\"-Inf\"");
	} else if (v == 0) {
		dm_buf_add_cstr(b, signbit(v) ? "-0.0" : "0");
	} else if (fabs(v) < EXACT_MAX && v == (double)(int64_t)v) {
		dm_num_add_i64(b, (int64_t)v);
	} else if (!add_billionths(b, v)) {
		if (v < 0)
			dm_buf_add_char(b, '-');
		add_shortest(b, fabs(v));
	}
}
