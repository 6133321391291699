/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/cell.h"

#include <utf8proc.h>

#include "base/utf8.h"

void dm_cell_add(struct dm_buf *b, struct dm_str text)
{
	/* \xNN is the longest that one byte becomes. */
	size_t room = 4 * text.n + 1;

	if (dm_buf_reserve(b, room))
		b->n += dm_utf8_printable(b->p + b->n, room, text.p, text.n);
}

/* The columns of the character that p begins with, and its bytes. */
static size_t columns_of(struct dm_str p, size_t *ret_bytes)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n = utf8proc_iterate(
	    (const utf8proc_uint8_t *)p.p, (utf8proc_ssize_t)p.n, &c);

	*ret_bytes = n > 0 ? (size_t)n : 1;
	return n > 0 ? (size_t)utf8proc_charwidth(c) : 1;
}

size_t dm_cell_columns(struct dm_str s)
{
	size_t columns = 0, bytes;

	for (; s.n; s.p += bytes, s.n -= bytes)
		columns += columns_of(s, &bytes);
	return columns;
}

void dm_cell_add_cut(
    struct dm_buf *b, struct dm_str s, size_t columns, const char *mark)
{
	size_t used = 0, bytes, at = 0;

	if (dm_cell_columns(s) <= columns) {
		dm_buf_add_str(b, s);
		return;
	}
	while (at < s.n && columns) {
		size_t w =
		    columns_of((struct dm_str){s.p + at, s.n - at}, &bytes);

		if (used + w > columns - 1)
			break;
		used += w;
		at += bytes;
	}
	dm_buf_add(b, s.p, at);
	if (columns)
		dm_buf_add_cstr(b, mark);
}

#define HEX_LONG  32
#define HEX_SHORT 12

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

void dm_cell_add_short(struct dm_buf *b, struct dm_str s, const char *mark)
{
	for (size_t i = 0, n; i < s.n; i += n) {
		n = 0;
		while (i + n < s.n && is_hex(s.p[i + n]))
			n++;
		if (n >= HEX_LONG) {
			dm_buf_add(b, s.p + i, HEX_SHORT);
			dm_buf_add_cstr(b, mark);
			continue;
		}
		n += n == 0;
		dm_buf_add(b, s.p + i, n);
	}
}
