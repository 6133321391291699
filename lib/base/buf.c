/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"

#include <stdio.h>

void dm_buf_release(struct dm_buf *b)
{
	free(b->p);
	*b = (struct dm_buf){0};
}

int dm_buf_ok(const struct dm_buf *b, struct dm_err *err)
{
	return b->failed ? dm_err_nomem(err) : 0;
}

bool dm_buf_reserve(struct dm_buf *b, size_t extra)
{
	size_t need, cap = b->cap ? b->cap : 64;
	char *p;

	if (__builtin_add_overflow(b->n, extra, &need) || need > SIZE_MAX / 2) {
		b->failed = true;
		return false;
	}
	if (need <= b->cap)
		return true;
	while (cap < need)
		cap += cap / 2;
	p = realloc(b->p, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

void dm_buf_addf(struct dm_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !dm_buf_reserve(b, (size_t)n + 1)) {
		b->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

const char *dm_buf_cstr(struct dm_buf *b)
{
	if (!dm_buf_reserve(b, 1))
		return "";
	b->p[b->n] = '\0';
	return b->p;
}

void dm_buf_drop(struct dm_buf *b, size_t n)
{
	b->n -= n;
	if (b->n)
		memmove(b->p, b->p + n, b->n);
}
