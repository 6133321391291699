/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_BUF_H
#define DM_BASE_BUF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/**
 * A text that grows. What is added when memory has run out is dropped and
 * remembered in `failed`, so that a caller builds a whole text and asks once,
 * with dm_buf_ok, whether it is whole. p is not NUL-terminated, but for
 * dm_buf_cstr. {0} is an empty one.
 */
struct dm_buf {
	char *p;
	size_t n;
	size_t cap;
	bool failed;
};

#define DM_AUTO_BUF DM_CLEANUP(dm_buf_release)

void dm_buf_release(struct dm_buf *b);

/** Empty again; the memory is kept. Forgets a failure. */
static inline void dm_buf_clear(struct dm_buf *b)
{
	b->n = 0;
	b->failed = false;
}

/** 0, or -1 with DM_ENOMEM when something that was added is missing. */
int dm_buf_ok(const struct dm_buf *b, struct dm_err *err) DM_MUST_CHECK;

/** Make room for extra bytes more. False (and failed) without memory. */
bool dm_buf_reserve(struct dm_buf *b, size_t extra);

static inline void dm_buf_add(struct dm_buf *b, const void *p, size_t n)
{
	if (n == 0 || (n > b->cap - b->n && !dm_buf_reserve(b, n)))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void dm_buf_addf(struct dm_buf *b, const char *fmt, ...) DM_PRINTF(2, 3);

static inline void dm_buf_add_str(struct dm_buf *b, struct dm_str s)
{
	dm_buf_add(b, s.p, s.n);
}

static inline void dm_buf_add_cstr(struct dm_buf *b, const char *s)
{
	dm_buf_add(b, s, strlen(s));
}

static inline void dm_buf_add_char(struct dm_buf *b, char c)
{
	if (b->n < b->cap)
		b->p[b->n++] = c;
	else
		dm_buf_add(b, &c, 1);
}

static inline struct dm_str dm_buf_str(const struct dm_buf *b)
{
	return (struct dm_str){b->p, b->n};
}

/** The text with a NUL behind it (not counted in n); "" if there is no
 * memory. Lent until the next change. */
const char *dm_buf_cstr(struct dm_buf *b);

/** Drop the first n bytes, n <= b->n. */
void dm_buf_drop(struct dm_buf *b, size_t n);

#endif
