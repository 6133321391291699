/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/utf8.h"

static bool is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

unsigned dm_utf8_len(const char *p, size_t n)
{
	const unsigned char *s = (const unsigned char *)p;
	unsigned char a = s[0], low = 0x80, high = 0xbf;

	if (a < 0x80)
		return 1;
	if (a < 0xc2 || a > 0xf4 || n < 2)
		return 0;
	if (a < 0xe0)
		return is_tail(s[1]) ? 2 : 0;
	/* The second byte's range shuts out overlong forms, surrogates and
	 * what lies beyond U+10FFFF. Source: Unicode 15, table 3-7. */
	if (a == 0xe0)
		low = 0xa0;
	else if (a == 0xed)
		high = 0x9f;
	else if (a == 0xf0)
		low = 0x90;
	else if (a == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high || n < 3 || !is_tail(s[2]))
		return 0;
	if (a < 0xf0)
		return 3;
	return n >= 4 && is_tail(s[3]) ? 4 : 0;
}

bool dm_utf8_valid(const char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		unsigned len = dm_utf8_len(p + i, n - i);

		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

void dm_utf8_add(struct dm_buf *b, uint32_t c)
{
	if (c < 0x80) {
		dm_buf_add_char(b, (char)c);
		return;
	}
	if (c < 0x800) {
		dm_buf_add_char(b, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			dm_buf_add_char(b, (char)(0xe0 | c >> 12));
		} else {
			dm_buf_add_char(b, (char)(0xf0 | c >> 18));
			dm_buf_add_char(b, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		dm_buf_add_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	dm_buf_add_char(b, (char)(0x80 | (c & 0x3f)));
}

static void hex_escape(char dst[4], unsigned char c)
{
	static const char digits[] = "0123456789abcdef";

	dst[0] = '\\';
	dst[1] = 'x';
	dst[2] = digits[c >> 4];
	dst[3] = digits[c & 15];
}

void dm_utf8_add_escaped(struct dm_buf *b, const char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		unsigned len = dm_utf8_len(p + i, n - i);
		char hex[4];

		if (len == 0 || p[i] == '\0') {
			hex_escape(hex, (unsigned char)p[i]);
			dm_buf_add(b, hex, 4);
			i++;
			continue;
		}
		if (p[i] == '\\')
			dm_buf_add_char(b, '\\');
		dm_buf_add(b, p + i, len);
		i += len;
	}
}

static uint32_t code_point(const char *p, unsigned len)
{
	static const unsigned char first[] = {0x7f, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t c = (unsigned char)p[0] & first[len];

	for (unsigned i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)p[i] & 0x3f);
	return c;
}

/* What moves the cursor, breaks the line, turns the direction of what stands
 * around it, or can't be seen. Source: Unicode 15, categories Cc, Zl, Zp and,
 * of Cf, what Unicode Technical Report 36, 2.5 and 3.5, warns of. */
static bool is_control(const char *p, unsigned len)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {
	    {0x00, 0x1f},
	    {0x7f, 0x9f},
	    {0xad, 0xad},
	    {0x61c, 0x61c},
	    {0x180e, 0x180e},
	    {0x200b, 0x200f},
	    {0x2028, 0x202e},
	    {0x2060, 0x206f},
	    {0xfeff, 0xfeff},
	    {0xfff9, 0xfffb},
	    {0xe0000, 0xe007f},
	};
	uint32_t c = code_point(p, len);

	for (size_t i = 0; i < DM_COUNT(ranges); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

size_t dm_utf8_printable(char *dst, size_t dst_bytes, const char *p, size_t n)
{
	size_t used = 0;

	if (dst_bytes == 0)
		return 0;
	for (size_t i = 0; i < n;) {
		unsigned len = dm_utf8_len(p + i, n - i);
		bool escape = len == 0 || is_control(p + i, len);
		size_t in = len ? len : 1, out = escape ? 4 * in : in;

		if (used + out >= dst_bytes)
			break;
		for (size_t k = 0; escape && k < in; k++)
			hex_escape(dst + used + 4 * k, (unsigned char)p[i + k]);
		if (!escape)
			memcpy(dst + used, p + i, in);
		used += out;
		i += in;
	}
	dst[used] = '\0';
	return used;
}
