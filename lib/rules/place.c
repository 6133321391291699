/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/utf8.h"
#include "rules/yaml.h"

/*
 * A scalar's text and what stands in the file have the same characters in
 * the same order, but for blanks and line ends (folded, indented) and, within
 * quotes, escapes. So the place of a text's k-th character that is no blank
 * is that of the k-th in the file.
 */

/* A place in the file's text. */
struct cursor {
	struct dm_str text;
	size_t at; /* byte */
	unsigned line, column;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t char_len(struct dm_str s, size_t at)
{
	unsigned n = dm_utf8_len(s.p + at, s.n - at);

	return n > 0 ? n : 1;
}

static bool at_end(const struct cursor *c)
{
	return c->at >= c->text.n;
}

static char peek(const struct cursor *c)
{
	return at_end(c) ? '\0' : c->text.p[c->at];
}

static void step(struct cursor *c)
{
	char now = peek(c);

	if (at_end(c))
		return;
	c->at += char_len(c->text, c->at);
	if (now == '\n' || (now == '\r' && peek(c) != '\n')) {
		c->line++;
		c->column = 1;
	} else if (now != '\r') {
		c->column++;
	}
}

/* How many characters stand behind the backslash of an escape. */
static unsigned escape_len(char kind)
{
	switch (kind) {
	case 'x':
		return 3;
	case 'u':
		return 5;
	case 'U':
		return 9;
	default:
		return 1;
	}
}

/* Pass a character as the style writes it. Returns false where it stands
 * for a blank, or for none. */
static bool pass(struct cursor *c, enum dm_yaml_style style)
{
	char now = peek(c), kind;

	if (style == DM_YAML_SINGLE_QUOTED && now == '\'') {
		step(c);
		step(c);
		return true;
	}
	step(c);
	if (style != DM_YAML_DOUBLE_QUOTED || now != '\\')
		return !is_blank(now);
	kind = peek(c);
	for (unsigned i = escape_len(kind); i > 0; i--)
		step(c);
	return !is_blank(kind) && kind != 'n' && kind != 't' && kind != 'r';
}

/* From the scalar's mark to its first character. */
static void enter(struct cursor *c, const struct dm_yaml_node *n)
{
	if (n->style == DM_YAML_SINGLE_QUOTED ||
	    n->style == DM_YAML_DOUBLE_QUOTED) {
		step(c);
	} else if (n->style == DM_YAML_BLOCK) {
		while (!at_end(c) && peek(c) != '\n')
			step(c);
		step(c);
	}
}

void dm_yaml_place(const struct dm_yaml *y, const struct dm_yaml_node *n,
    size_t offset, unsigned *ret_line, unsigned *ret_column)
{
	struct cursor c = {y->text, n->start, n->line, n->column}, last;
	size_t solid = 0;
	bool behind = false;

	enter(&c, n);
	/* A blank's place is behind the last character before it. */
	while (offset > 0 &&
	       (offset >= n->text.n || is_blank(n->text.p[offset]))) {
		offset--;
		behind = true;
	}
	for (size_t i = 0; i < offset && i < n->text.n;
	     i += char_len(n->text, i))
		solid += !is_blank(n->text.p[i]);
	for (last = c; !at_end(&c); last = c) {
		if (pass(&c, n->style) && solid-- == 0)
			break;
	}
	if (behind)
		last = c;
	*ret_line = last.line;
	*ret_column = last.column;
}
