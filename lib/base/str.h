/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_STR_H
#define DM_BASE_STR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/** A piece of somebody else's text; no NUL at its end. */
struct dm_str {
	const char *p;
	size_t n;
};

#define DM_STR(literal) ((struct dm_str){(literal), sizeof(literal) - 1})

static inline struct dm_str dm_str(const char *cstr)
{
	return (struct dm_str){cstr, strlen(cstr)};
}

static inline bool dm_str_eq(struct dm_str a, struct dm_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool dm_str_is(struct dm_str a, const char *cstr)
{
	return dm_str_eq(a, dm_str(cstr));
}

/** Order by bytes, a prefix first; <0, 0, >0 as memcmp. */
int dm_str_cmp(struct dm_str a, struct dm_str b);

bool dm_str_starts(struct dm_str s, const char *prefix);
bool dm_str_ends(struct dm_str s, const char *suffix);

/** Without blanks (space, tab, CR, LF) at both ends. */
struct dm_str dm_str_trim(struct dm_str s);

/**
 * Cut the next piece off *rest, up to sep, which is dropped.
 * Returns false when *rest is used up (rest->p is NULL then).
 */
bool dm_str_cut(struct dm_str *rest, char sep, struct dm_str *ret_piece);

/** Cut the next word off *rest: what stands between blanks. */
bool dm_str_word(struct dm_str *rest, struct dm_str *ret_word);

/** Cut the next line off *rest, without its newline. */
static inline bool dm_str_line(struct dm_str *rest, struct dm_str *ret_line)
{
	if (rest->n == 0)
		return false;
	return dm_str_cut(rest, '\n', ret_line);
}

/** Decimal digits only, the whole of s, no sign. False if it is not or does
 * not fit. */
bool dm_str_u64(struct dm_str s, uint64_t *ret);

/** As dm_str_u64, with an optional '-'. */
bool dm_str_i64(struct dm_str s, int64_t *ret);

/** Hexadecimal digits only, the whole of s, no prefix. */
bool dm_str_hex64(struct dm_str s, uint64_t *ret);

/** A NUL-terminated copy, or NULL. Free with free(). */
char *dm_str_dup(struct dm_str s);

#endif
