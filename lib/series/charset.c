/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Classes of characters. Source: RE2, doc/syntax.txt; Go,
 * regexp/syntax/perl_groups.go. */
#include "base/utf8.h"
#include "series/translate.h"

#define CODE_POINT_MAX UINT32_C(0x10ffff)

/* Outside of ASCII, what k and s are the same as without case. */
#define LONG_S	    0x17f
#define KELVIN_SIGN 0x212a

#define NAME_BYTES 32

/* Of ASCII: pairs of first and last. */
struct group {
	const char *name;
	const char *ranges;
};

static const struct group posix[] = {
    {"alnum", "09AZaz"},
    {"alpha", "AZaz"},
    {"ascii", "\x01\x7f"}, /* and NUL */
    {"blank", "\t\t  "},
    {"cntrl", "\x01\x1f\x7f\x7f"}, /* and NUL */
    {"digit", "09"},
    {"graph", "!~"},
    {"lower", "az"},
    {"print", " ~"},
    {"punct", "!/:@[`{~"},
    {"space", "\t\r  "},
    {"upper", "AZ"},
    {"word", "09AZ__az"},
    {"xdigit", "09AFaf"},
};

static const struct group perl[] = {
    {"d", "09"},
    {"s", "\t\n\f\r  "},
    {"w", "09AZ__az"},
};

uint32_t dm_translator_next(struct dm_translator *t)
{
	const unsigned char *p = (const unsigned char *)t->in.p + t->at;
	unsigned n = dm_utf8_len((const char *)p, t->in.n - t->at);
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	for (unsigned i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	t->at += n;
	return c;
}

static char peek(const struct dm_translator *t, size_t ahead)
{
	return dm_translator_peek(t, ahead);
}

static unsigned digit(char c)
{
	return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
	       : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
	       : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
				      : 16;
}

static int bad_escape(struct dm_translator *t)
{
	return dm_translator_refuse(
	    t, t->at, "this escape is not supported (RE2 syntax)");
}

/* \x41 or \x{10ffff}. */
static int hex_escape(struct dm_translator *t, uint32_t *ret)
{
	bool braces = peek(t, 2) == '{';
	size_t i = braces ? 3 : 2, from = i;
	uint32_t c = 0;

	for (; digit(peek(t, i)) < 16 && (braces || i < from + 2); i++) {
		c = c * 16 + digit(peek(t, i));
		if (c > CODE_POINT_MAX)
			return bad_escape(t);
	}
	if (i == from || (braces ? peek(t, i) != '}' : i < from + 2))
		return bad_escape(t);
	t->at += i + braces;
	*ret = c;
	return 0;
}

/* \0, \12, \012: of two digits at least, or it is a back reference. */
static int octal_escape(struct dm_translator *t, uint32_t *ret)
{
	size_t i = 1;
	uint32_t c = 0;

	if (peek(t, 1) != '0' && digit(peek(t, 2)) > 7)
		return dm_translator_refuse(
		    t, t->at, "a back reference is not supported (RE2 syntax)");
	for (; i < 4 && digit(peek(t, i)) < 8; i++)
		c = c * 8 + digit(peek(t, i));
	t->at += i;
	*ret = c;
	return 0;
}

int dm_translator_escape(struct dm_translator *t, uint32_t *ret)
{
	static const char from[] = "afnrtv", to[] = "\a\f\n\r\t\v";
	char c = peek(t, 1);
	const char *known = c ? strchr(from, c) : NULL;

	if (c == 'x')
		return hex_escape(t, ret);
	if (digit(c) < 8)
		return octal_escape(t, ret);
	if (c == '8' || c == '9')
		return dm_translator_refuse(
		    t, t->at, "a back reference is not supported (RE2 syntax)");
	if (t->at + 1 >= t->in.n)
		return dm_translator_refuse(t, t->at, "a backslash at the end");
	if (!known &&
	    (c & 0x80 || (dm_translator_is_word((unsigned char)c) && c != '_')))
		return bad_escape(t);
	t->at += 2;
	*ret = (uint32_t)(unsigned char)(known ? to[known - from] : c);
	return 0;
}

static void add_range(struct dm_translator *t, uint32_t from, uint32_t to)
{
	if (from > to)
		return;
	dm_buf_addf(t->out, "\\x{%x}", (unsigned)from);
	if (to > from)
		dm_buf_addf(t->out, "-\\x{%x}", (unsigned)to);
}

static bool has(const struct group *g, char c)
{
	for (const char *r = g->ranges; *r; r += 2) {
		if (c >= r[0] && c <= r[1])
			return true;
	}
	return false;
}

/* NUL ends the table's texts. */
static bool has_nul(const struct group *g)
{
	return strcmp(g->name, "ascii") == 0 || strcmp(g->name, "cntrl") == 0;
}

static void add_group(struct dm_translator *t, const struct group *g)
{
	if (has_nul(g))
		add_range(t, 0, 0);
	for (const char *r = g->ranges; *r; r += 2)
		add_range(t, (unsigned char)r[0], (unsigned char)r[1]);
}

static bool in_group(const struct group *g, bool fold, uint32_t c)
{
	char other = (char)c;

	if (c == 0)
		return has_nul(g);
	if (c >= 0x80)
		return fold && ((c == LONG_S && has(g, 's')) ||
				   (c == KELVIN_SIGN && has(g, 'k')));
	if (fold && (c | 0x20) >= 'a' && (c | 0x20) <= 'z')
		other = (char)(c ^ 0x20);
	return has(g, (char)c) || has(g, other);
}

/* All that is not in it: written out, as a class can't be taken from one. */
static void add_others(struct dm_translator *t, const struct group *g)
{
	bool fold = t->levels[t->depth].fold;
	uint32_t from = 0;

	for (uint32_t c = 0; c <= KELVIN_SIGN; c++) {
		if (!in_group(g, fold, c))
			continue;
		if (c)
			add_range(t, from, c - 1);
		from = c + 1;
	}
	add_range(t, from, CODE_POINT_MAX);
}

static const struct group *find(
    const struct group *groups, size_t n, struct dm_str name)
{
	for (size_t i = 0; i < n; i++) {
		if (dm_str_is(name, groups[i].name))
			return &groups[i];
	}
	return NULL;
}

/* The group of \d, \D and so on. */
static const struct group *perl_group(struct dm_translator *t, bool *ret_not)
{
	char c = peek(t, 1), low = (char)(c | 0x20);

	if (peek(t, 0) != '\\' || !c || !strchr("dDsSwW", c))
		return NULL;
	*ret_not = c != low;
	return find(perl, DM_COUNT(perl), (struct dm_str){&low, 1});
}

void dm_translator_perl_class(struct dm_translator *t)
{
	bool negated = false;
	const struct group *g = perl_group(t, &negated);

	dm_buf_add_cstr(t->out, negated ? "[^" : "[");
	add_group(t, g);
	dm_buf_add_char(t->out, ']');
	t->at += 2;
}

/* Names of one or two letters are categories, others scripts. PCRE2 knows
 * abbreviations of scripts too, all of four letters. */
static bool is_property(struct dm_str name)
{
	static const char categories[] =
	    "C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe "
	    "Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs Any Yi ";
	static const char four[] =
	    "Ahom Cham Kawi Lisu Miao Modi Newa Thai Toto ";
	char word[NAME_BYTES + 2];

	if (name.n == 0 || name.n > NAME_BYTES || name.p[0] < 'A' ||
	    name.p[0] > 'Z')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (digit(name.p[i]) < 10 ||
		    !dm_translator_is_word((unsigned char)name.p[i]))
			return false;
	}
	memcpy(word, name.p, name.n);
	memcpy(word + name.n, " ", 2);
	if (name.n <= 2)
		return strstr(categories, word) != NULL;
	return name.n != 4 || strstr(four, word);
}

/* Without case these are more, in RE2 only. */
static bool is_folded(struct dm_str name)
{
	static const char *const names[] = {
	    "L", "Ll", "Lt", "Lu", "M", "Mn", "Common", "Greek", "Inherited"};

	for (size_t i = 0; i < DM_COUNT(names); i++) {
		if (dm_str_is(name, names[i]))
			return true;
	}
	return false;
}

int dm_translator_property(struct dm_translator *t)
{
	bool negated = peek(t, 1) == 'P', script;
	size_t at = t->at, n = 0;
	struct dm_str name;

	t->at += 2;
	if (peek(t, 0) == '{') {
		t->at++;
		if (peek(t, 0) == '^') {
			negated = !negated;
			t->at++;
		}
		while (t->at + n < t->in.n && peek(t, n) != '}')
			n++;
		name = (struct dm_str){t->in.p + t->at, n};
		n++;
	} else {
		n = t->at < t->in.n;
		name = (struct dm_str){t->in.p + t->at, n};
	}
	script =
	    dm_str_is(name, "Yi") || (name.n > 2 && !dm_str_is(name, "Any"));
	if (!is_property(name) || t->at + n > t->in.n)
		return dm_translator_refuse(t, at, "unknown property \\p");
	if (t->levels[t->depth].fold && is_folded(name))
		return dm_translator_refuse(
		    t, at, "this \\p is not supported where (?i) is set");
	dm_buf_addf(t->out, "\\%c{%s%.*s}", negated ? 'P' : 'p',
	    script ? "sc:" : "", (int)name.n, name.p);
	t->at += n;
	return 0;
}

/* [:alpha:] in brackets. Returns 1 where it was one, 0 where it was not. */
static int posix_class(struct dm_translator *t)
{
	const struct group *g;
	const char *from = t->in.p + t->at + 2, *end;
	bool negated = peek(t, 2) == '^';

	if (peek(t, 0) != '[' || peek(t, 1) != ':')
		return 0;
	end = memmem(from, t->in.n - t->at - 2, ":]", 2);
	if (!end)
		return 0;
	from += negated;
	g = from <= end ? find(posix, DM_COUNT(posix),
			      (struct dm_str){from, (size_t)(end - from)})
			: NULL;
	if (!g)
		return dm_translator_refuse(
		    t, t->at, "unknown class of characters [:…:]");
	if (negated)
		add_others(t, g);
	else
		add_group(t, g);
	t->at = (size_t)(end + 2 - t->in.p);
	return 1;
}

static int class_char(struct dm_translator *t, uint32_t *ret)
{
	if (peek(t, 0) == '\\')
		return dm_translator_escape(t, ret);
	*ret = dm_translator_next(t);
	return 0;
}

static int class_range(struct dm_translator *t)
{
	size_t at = t->at;
	uint32_t from, to;

	if (class_char(t, &from) < 0)
		return -1;
	to = from;
	if (peek(t, 0) == '-' && t->at + 1 < t->in.n && peek(t, 1) != ']') {
		t->at++;
		if (class_char(t, &to) < 0)
			return -1;
	}
	if (to < from)
		return dm_translator_refuse(
		    t, at, "a range of characters is upside down");
	add_range(t, from, to);
	return 0;
}

static int class_item(struct dm_translator *t)
{
	const struct group *g;
	bool negated = false;
	int rc = posix_class(t);

	if (rc)
		return rc < 0 ? -1 : 0;
	g = perl_group(t, &negated);
	if (g) {
		if (negated)
			add_others(t, g);
		else
			add_group(t, g);
		t->at += 2;
		return 0;
	}
	if (peek(t, 0) == '\\' && (peek(t, 1) == 'p' || peek(t, 1) == 'P'))
		return dm_translator_property(t);
	return class_range(t);
}

int dm_translator_class(struct dm_translator *t)
{
	size_t at = t->at;
	bool first = true;

	dm_buf_add_char(t->out, '[');
	t->at++;
	if (peek(t, 0) == '^') {
		dm_buf_add_char(t->out, '^');
		t->at++;
	}
	for (; t->at < t->in.n && (first || peek(t, 0) != ']'); first = false) {
		if (class_item(t) < 0)
			return -1;
	}
	if (t->at >= t->in.n)
		return dm_translator_refuse(t, at, "a \"]\" is missing");
	dm_buf_add_char(t->out, ']');
	t->at++;
	return 0;
}
