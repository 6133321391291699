/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/str.h"

#include <stdlib.h>

int dm_str_cmp(struct dm_str a, struct dm_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	if (order)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

bool dm_str_starts(struct dm_str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

bool dm_str_ends(struct dm_str s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct dm_str dm_str_trim(struct dm_str s)
{
	while (s.n && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool dm_str_cut(struct dm_str *rest, char sep, struct dm_str *ret_piece)
{
	const char *end;

	if (!rest->p)
		return false;
	end = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
	ret_piece->p = rest->p;
	if (!end) {
		ret_piece->n = rest->n;
		rest->p = NULL;
		rest->n = 0;
		return true;
	}
	ret_piece->n = (size_t)(end - rest->p);
	rest->n -= ret_piece->n + 1;
	rest->p = end + 1;
	return true;
}

bool dm_str_word(struct dm_str *rest, struct dm_str *ret_word)
{
	size_t i = 0, start;

	while (i < rest->n && is_blank(rest->p[i]))
		i++;
	start = i;
	while (i < rest->n && !is_blank(rest->p[i]))
		i++;
	*ret_word = (struct dm_str){rest->p + start, i - start};
	rest->p += i;
	rest->n -= i;
	return ret_word->n > 0;
}

bool dm_str_u64(struct dm_str s, uint64_t *ret)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';

		if (digit > 9 || __builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*ret = v;
	return true;
}

bool dm_str_i64(struct dm_str s, int64_t *ret)
{
	bool negative = s.n && s.p[0] == '-';
	uint64_t v;

	if (negative) {
		s.p++;
		s.n--;
	}
	if (!dm_str_u64(s, &v) || v > (uint64_t)INT64_MAX + negative)
		return false;
	*ret = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

bool dm_str_hex64(struct dm_str s, uint64_t *ret)
{
	uint64_t v = 0;

	if (s.n == 0 || s.n > 16)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		unsigned digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			digit = (unsigned)((c | 32) - 'a') + 10;
		else
			return false;
		v = v << 4 | digit;
	}
	*ret = v;
	return true;
}

char *dm_str_dup(struct dm_str s)
{
	char *copy = malloc(s.n + 1);

	if (!copy)
		return NULL;
	if (s.n)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}
