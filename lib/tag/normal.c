/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "tag/normal.h"

#include <utf8proc.h>

#include "base/array.h"
#include "base/utf8.h"

/* The longest canonical decomposition of a character has four. */
#define PARTS 8

struct range {
	uint32_t from, to;
};

static bool within(const struct range *ranges, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

static bool is_chinese(uint32_t c)
{
	static const struct range ranges[] = {
	    {0x4e00, 0x9fff},
	    {0x3400, 0x4dbf},
	    {0x20000, 0x2a6df},
	    {0x2a700, 0x2b73f},
	    {0x2b740, 0x2b81f},
	    {0x2b920, 0x2ceaf},
	    {0xf900, 0xfaff},
	    {0x2f800, 0x2fa1f},
	};

	return c >= 0x3400 && within(ranges, DM_COUNT(ranges), c);
}

/* Unicode's White_Space. */
static bool is_blank(uint32_t c)
{
	static const struct range ranges[] = {
	    {0x1680, 0x1680},
	    {0x2000, 0x200a},
	    {0x2028, 0x2029},
	    {0x202f, 0x202f},
	    {0x205f, 0x205f},
	    {0x3000, 0x3000},
	};

	if (c < 0x1680)
		return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 ||
		       c == 0xa0;
	return within(ranges, DM_COUNT(ranges), c);
}

static utf8proc_category_t category(uint32_t c)
{
	return utf8proc_category((utf8proc_int32_t)c);
}

static bool is_dropped(uint32_t c)
{
	if (c == '\t' || c == '\n' || c == '\r')
		return false;
	if (c < 0x7f)
		return c < ' ';
	if (c == 0xfffd)
		return true;
	switch (category(c)) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_CS:
		return true;
	default:
		return false;
	}
}

bool dm_normal_is_punctuation(uint32_t c)
{
	if (c < 0x80)
		return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') ||
		       (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
	switch (category(c)) {
	case UTF8PROC_CATEGORY_PC:
	case UTF8PROC_CATEGORY_PD:
	case UTF8PROC_CATEGORY_PS:
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PI:
	case UTF8PROC_CATEGORY_PF:
	case UTF8PROC_CATEGORY_PO:
		return true;
	default:
		return false;
	}
}

static int add(struct dm_normal *t, struct dm_normal_char c, struct dm_err *err)
{
	if (dm_array_grow(&t->chars, t->n, &t->cap, sizeof(c), err) < 0)
		return -1;
	t->chars[t->n++] = c;
	return 0;
}

static int decompose(
    struct dm_normal *t, struct dm_normal_char c, struct dm_err *err)
{
	utf8proc_int32_t parts[PARTS];
	int bound = 0;
	utf8proc_ssize_t n;

	n = utf8proc_decompose_char(
	    (utf8proc_int32_t)c.code, parts, PARTS, UTF8PROC_DECOMPOSE, &bound);
	if (n < 1 || n > PARTS)
		return add(t, c, err);
	for (utf8proc_ssize_t i = 0; i < n; i++) {
		c.code = (uint32_t)parts[i];
		if (add(t, c, err) < 0)
			return -1;
	}
	return 0;
}

static int take(struct dm_normal *t, struct dm_normal_char c,
    const struct dm_normal_options *o, struct dm_err *err)
{
	bool chinese = o->split_chinese && is_chinese(c.code);
	struct dm_normal_char space = {' ', c.begin, c.end};

	if (is_dropped(c.code))
		return 0;
	if (is_blank(c.code))
		return add(t, space, err);
	if (chinese && add(t, space, err) < 0)
		return -1;
	if ((c.code < 0x80 || !o->strip_accents ? add(t, c, err)
						: decompose(t, c, err)) < 0)
		return -1;
	return chinese ? add(t, space, err) : 0;
}

static unsigned combining_class(uint32_t c)
{
	if (c < 0x300)
		return 0;
	return utf8proc_get_property((utf8proc_int32_t)c)->combining_class;
}

/* By the class, then as they stood: those of a text are in its order, and the
 * parts of one character ascend already. */
static int by_class(const void *a, const void *b)
{
	const struct dm_normal_char *x = a, *y = b;
	unsigned i = combining_class(x->code), j = combining_class(y->code);

	if (i != j)
		return i < j ? -1 : 1;
	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* Accents follow their letter in the order that NFD asks for. It matters to
 * the few that stay, as they are no Mn. */
static void order_accents(struct dm_normal *t)
{
	size_t i = 0;

	while (i < t->n) {
		size_t from = i;

		while (i < t->n && combining_class(t->chars[i].code))
			i++;
		if (i - from > 1)
			qsort(t->chars + from, i - from, sizeof(*t->chars),
			    by_class);
		i += i == from;
	}
}

static void strip_accents(struct dm_normal *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->chars[i].code < 0x300 ||
		    category(t->chars[i].code) != UTF8PROC_CATEGORY_MN)
			t->chars[n++] = t->chars[i];
	t->n = n;
}

/* The one character whose lower case is two is there only where accents are
 * kept. */
static int lower(struct dm_normal *t, struct dm_err *err)
{
	size_t n = t->n;

	for (size_t i = 0; i < n; i++) {
		uint32_t *c = &t->chars[i].code;

		if (*c == 0x130) {
			struct dm_normal_char dot = t->chars[i];

			*c = 'i';
			dot.code = 0x307;
			if (add(t, dot, err) < 0)
				return -1;
			memmove(t->chars + i + 2, t->chars + i + 1,
			    (t->n - i - 2) * sizeof(*t->chars));
			t->chars[++i] = dot;
			n++;
		} else if (*c < 0x80) {
			*c += *c >= 'A' && *c <= 'Z' ? 'a' - 'A' : 0;
		} else {
			*c = (uint32_t)utf8proc_tolower((utf8proc_int32_t)*c);
		}
	}
	return 0;
}

int dm_normalize(struct dm_str text, const struct dm_normal_options *o,
    struct dm_normal *ret, struct dm_err *err)
{
	ret->n = 0;
	if (text.n > DM_NORMAL_MAX_BYTES)
		return dm_err_set(err, DM_ELIMIT,
		    "a text of more than %u bytes", DM_NORMAL_MAX_BYTES);
	for (size_t i = 0; i < text.n;) {
		struct dm_normal_char c = {0xfffd, (uint32_t)i, 0};
		unsigned n = dm_utf8_len(text.p + i, text.n - i);
		utf8proc_int32_t code;

		if (n) {
			utf8proc_iterate(
			    (const utf8proc_uint8_t *)text.p + i, n, &code);
			c.code = (uint32_t)code;
		}
		i += n ? n : 1;
		c.end = (uint32_t)i;
		if (take(ret, c, o, err) < 0)
			return -1;
	}
	if (o->strip_accents) {
		order_accents(ret);
		strip_accents(ret);
	}
	return o->lower_case ? lower(ret, err) : 0;
}

void dm_normal_release(struct dm_normal *n)
{
	free(n->chars);
	*n = (struct dm_normal){0};
}
