/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RECORD_LEX_H
#define DM_RECORD_LEX_H

#include <endian.h>

#include "base/buf.h"

/* Checking JSON text, for the scanner alone. A cursor moves over the line;
 * a check returns false with err set at the place. */

struct dm_lex_key {
	struct dm_str text; /* without quotes, as it stands */
	bool escaped;
};

struct dm_lex {
	const char *p, *end, *start;
	unsigned depth;
	struct dm_err *err;
	/* The keys of the objects that are open, to find duplicates. */
	struct dm_lex_key *keys;
	size_t n_keys, cap_keys;
};

/**
 * How many bytes at the start of a text are neither a quote, a backslash, a
 * control character nor beyond ASCII: all of them, or less where fewer than
 * eight are left.
 * Source: Warren, Hacker's Delight, 6-1.
 */
static inline size_t dm_lex_plain(const char *p, size_t n)
{
	const uint64_t ones = 0x0101010101010101u, high = ones << 7;
	size_t i = 0;

	for (; n - i >= 8; i += 8) {
		uint64_t w, quote, slash, special;

		memcpy(&w, p + i, sizeof(w));
		w = le64toh(w);
		quote = w ^ ones * '"';
		slash = w ^ ones * '\\';
		/* The first byte whose high bit is set is the first such;
		 * those behind it are anything. */
		special =
		    (((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
			((w - ones * 0x20) & ~w) | w) &
		    high;
		if (special)
			return i + (size_t)__builtin_ctzll(special) / 8;
	}
	return i;
}

/**
 * Set the error at the cursor. Returns false.
 * @why  where it begins with "expected" and the line ends there, it says so
 */
bool dm_lex_bad(struct dm_lex *x, const char *why);

/** Set the error: this key (as it stands in the line, without its quotes) is
 * not the first of its name. Returns false. */
bool dm_lex_twice(struct dm_lex *x, struct dm_str key);

static inline void dm_lex_blanks(struct dm_lex *x)
{
	while (x->p < x->end && (*x->p == ' ' || *x->p == '\t' ||
				    *x->p == '\r' || *x->p == '\n'))
		x->p++;
}

/** Blanks, then this character; false without an error if another. */
static inline bool dm_lex_take(struct dm_lex *x, char c)
{
	if (x->p < x->end && *x->p == c) {
		x->p++;
		return true;
	}
	dm_lex_blanks(x);
	if (x->p < x->end && *x->p == c) {
		x->p++;
		return true;
	}
	return false;
}

/**
 * A string, cursor at its opening quote.
 * @ret  between the quotes, as it stands
 */
bool dm_lex_string(struct dm_lex *x, struct dm_str *ret, bool *ret_escaped);

struct dm_lex_num {
	struct dm_str text; /* as it stands */
	bool has_value;	    /* or else dm_num_parse has to find it */
	double value;
};

/** A number that a double can hold. Its value comes along where its digits
 * say it at once. */
bool dm_lex_number(struct dm_lex *x, struct dm_lex_num *ret);

/** Any value. */
bool dm_lex_value(struct dm_lex *x);

/** A key, the colon and the blanks behind it. Keeps the key among
 * x->keys. */
bool dm_lex_key(struct dm_lex *x, struct dm_lex_key *ret);

/** Are the keys since number `base` all different? Drops them. */
bool dm_lex_keys_differ(struct dm_lex *x, size_t base);

/** Is an escaped text (no quotes) the same as this plain one? */
bool dm_lex_same(struct dm_str escaped, struct dm_str plain);

#endif
