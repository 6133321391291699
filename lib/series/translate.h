/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_SERIES_TRANSLATE_H
#define DM_SERIES_TRANSLATE_H

#include "series/regex.h"

/* The translator's parts: translate.c has what stands where, charset.c
 * classes of characters and escapes. */

#define DM_TRANSLATOR_DEPTH  200
#define DM_TRANSLATOR_REPEAT 1000 /* as RE2 */

/* What stands before. */
enum dm_translator_last {
	DM_LAST_NONE,
	DM_LAST_ITEM,
	DM_LAST_REPEAT,
};

/* A group that is open. */
struct dm_translator_level {
	bool fold;	    /* (?i) */
	bool lines;	    /* (?m) */
	unsigned product;   /* the greatest of counts in it, multiplied */
	bool empty;	    /* may this alternative match nothing, so far? */
	bool others_empty;  /* may one of those before it? */
	size_t first_group; /* that it has */
};

struct dm_translator {
	struct dm_str in;
	size_t at;
	struct dm_buf *out;
	struct dm_regex_groups *groups;
	struct dm_err *err;
	enum dm_translator_last last;
	/* of the last item */
	unsigned product;
	bool empty;
	size_t first_group;
	unsigned depth;
	struct dm_translator_level levels[DM_TRANSLATOR_DEPTH];
};

static inline char dm_translator_peek(
    const struct dm_translator *t, size_t ahead)
{
	return t->at + ahead < t->in.n ? t->in.p[t->at + ahead] : '\0';
}

static inline bool dm_translator_is_word(uint32_t c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/** An error about a place. Returns -1. */
int dm_translator_refuse(
    const struct dm_translator *t, size_t at, const char *what);

/** The character that stands there, stepped over. */
uint32_t dm_translator_next(struct dm_translator *t);

/** A character as itself. */
void dm_translator_literal(struct dm_translator *t, uint32_t c);

/** \n, \x41, \.: the character that it stands for, stepped over. */
int dm_translator_escape(struct dm_translator *t, uint32_t *ret) DM_MUST_CHECK;

/** \d and its like, outside of brackets; one of them stands there. */
void dm_translator_perl_class(struct dm_translator *t);

/** \pN, \p{Greek}; and inside of brackets. */
int dm_translator_property(struct dm_translator *t) DM_MUST_CHECK;

/** […] */
int dm_translator_class(struct dm_translator *t) DM_MUST_CHECK;

#endif
