/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/utf8.h"
#include "record/scan.h"

/* Here all texts have been checked by a scanner: what is looked for is
 * there. Bounds are kept all the same. */

static size_t skip_blanks(struct dm_str s, size_t i)
{
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' ||
			      s.p[i] == '\n'))
		i++;
	return i;
}

/* Behind the string that starts at i. */
static size_t skip_string(struct dm_str s, size_t i)
{
	for (i++; i < s.n && s.p[i] != '"'; i++) {
		if (s.p[i] == '\\')
			i++;
	}
	return i < s.n ? i + 1 : s.n;
}

static size_t skip_value(struct dm_str s, size_t i)
{
	unsigned depth = 0;

	while (i < s.n) {
		char c = s.p[i];

		if (c == '"') {
			i = skip_string(s, i);
			if (depth == 0)
				return i;
			continue;
		}
		if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			if (depth == 0)
				return i;
			if (--depth == 0)
				return i + 1;
		} else if (depth == 0 &&
			   (c == ',' || c == ' ' || c == '\t' || c == '\r')) {
			return i;
		}
		i++;
	}
	return i;
}

bool dm_json_member(
    struct dm_str *rest, struct dm_str *ret_name, struct dm_str *ret_value)
{
	struct dm_str s = *rest;
	size_t i = skip_blanks(s, 0), end;

	if (i < s.n && (s.p[i] == '{' || s.p[i] == ','))
		i = skip_blanks(s, i + 1);
	if (i >= s.n || s.p[i] != '"')
		return false;
	end = skip_string(s, i);
	*ret_name = (struct dm_str){s.p + i, end - i};
	i = skip_blanks(s, end);
	if (i < s.n && s.p[i] == ':')
		i = skip_blanks(s, i + 1);
	end = skip_value(s, i);
	*ret_value = (struct dm_str){s.p + i, end - i};
	end = skip_blanks(s, end);
	*rest = (struct dm_str){s.p + end, s.n - end};
	return true;
}

bool dm_json_find(
    struct dm_str object, const char *name, struct dm_str *ret_value)
{
	struct dm_str found, value;

	while (dm_json_member(&object, &found, &value)) {
		DM_AUTO_BUF struct dm_buf plain = {0};

		if (!memchr(found.p, '\\', found.n)) {
			found.p++;
			found.n -= 2;
		} else {
			dm_json_unquote(&plain, found);
			found = dm_buf_str(&plain);
		}
		if (dm_str_is(found, name)) {
			*ret_value = value;
			return true;
		}
	}
	return false;
}

static uint32_t hex4(const char *p)
{
	uint64_t v = 0;

	(void)dm_str_hex64((struct dm_str){p, 4}, &v);
	return (uint32_t)v;
}

/* The escape at p[0], a backslash, of n bytes that follow; returns how many
 * bytes it takes. */
static size_t unescape(struct dm_buf *b, const char *p, size_t n)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *known = n > 1 ? strchr(from, p[1]) : NULL;
	uint32_t c;

	if (n < 2)
		return n;
	if (p[1] != 'u') {
		dm_buf_add_char(b, known ? to[known - from] : p[1]);
		return 2;
	}
	if (n < 6)
		return n;
	c = hex4(p + 2);
	if (c >= 0xd800 && c < 0xdc00 && n >= 12) {
		c = 0x10000 + ((c - 0xd800) << 10) + (hex4(p + 8) - 0xdc00);
		dm_utf8_add(b, c);
		return 12;
	}
	dm_utf8_add(b, c);
	return 6;
}

void dm_json_unquote(struct dm_buf *b, struct dm_str quoted)
{
	const char *p = quoted.p + 1, *end = quoted.p + quoted.n - 1;

	if (quoted.n < 2)
		return;
	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));

		dm_buf_add(b, p, (size_t)((slash ? slash : end) - p));
		if (!slash)
			return;
		p = slash + unescape(b, slash, (size_t)(end - slash));
	}
}
