/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "promql/lex.h"

#include <math.h>
#include <stdio.h>
#include <strings.h>

#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"

/* Bytes of a number. */
#define NUMBER_MAX 400

static const char *const names[] = {
    [DM_TOKEN_ADD] = "+",
    [DM_TOKEN_SUB] = "-",
    [DM_TOKEN_MUL] = "*",
    [DM_TOKEN_DIV] = "/",
    [DM_TOKEN_MOD] = "%",
    [DM_TOKEN_POW] = "^",
    [DM_TOKEN_ATAN2] = "atan2",
    [DM_TOKEN_EQ] = "==",
    [DM_TOKEN_NE] = "!=",
    [DM_TOKEN_LT] = "<",
    [DM_TOKEN_LE] = "<=",
    [DM_TOKEN_GT] = ">",
    [DM_TOKEN_GE] = ">=",
    [DM_TOKEN_AND] = "and",
    [DM_TOKEN_OR] = "or",
    [DM_TOKEN_UNLESS] = "unless",
    [DM_TOKEN_SUM] = "sum",
    [DM_TOKEN_AVG] = "avg",
    [DM_TOKEN_MIN] = "min",
    [DM_TOKEN_MAX] = "max",
    [DM_TOKEN_COUNT] = "count",
    [DM_TOKEN_GROUP] = "group",
    [DM_TOKEN_STDDEV] = "stddev",
    [DM_TOKEN_STDVAR] = "stdvar",
    [DM_TOKEN_TOPK] = "topk",
    [DM_TOKEN_BOTTOMK] = "bottomk",
    [DM_TOKEN_QUANTILE] = "quantile",
    [DM_TOKEN_COUNT_VALUES] = "count_values",
    [DM_TOKEN_LIMITK] = "limitk",
    [DM_TOKEN_LIMIT_RATIO] = "limit_ratio",
};

const char *dm_token_name(enum dm_token_type type)
{
	return names[type];
}

static enum dm_token_type find_name(
    struct dm_str name, enum dm_token_type from, enum dm_token_type to)
{
	for (enum dm_token_type t = from; t <= to; t++) {
		if (strlen(names[t]) == name.n &&
		    strncasecmp(names[t], name.p, name.n) == 0)
			return t;
	}
	return DM_TOKEN_NAME;
}

enum dm_token_type dm_lex_operator(struct dm_str name)
{
	if (name.n == 5 && strncasecmp(name.p, "atan2", 5) == 0)
		return DM_TOKEN_ATAN2;
	return find_name(name, DM_TOKEN_AND, DM_TOKEN_UNLESS);
}

enum dm_token_type dm_lex_aggregation(struct dm_str name)
{
	return find_name(name, DM_TOKEN_SUM, DM_TOKEN_LIMIT_RATIO);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool dm_token_is_name(const struct dm_token *token)
{
	return token->type == DM_TOKEN_NAME ||
	       (token->type == DM_TOKEN_NUMBER && is_alpha(token->text.p[0]));
}

static size_t skip_blanks(struct dm_str text, size_t at)
{
	for (; at < text.n; at++) {
		if (text.p[at] == '#') {
			while (at < text.n && text.p[at] != '\n')
				at++;
			if (at == text.n)
				break;
		} else if (!strchr(" \t\r\n", text.p[at]) || !text.p[at]) {
			break;
		}
	}
	return at;
}

static struct dm_token error(unsigned at, const char *msg)
{
	return (struct dm_token){
	    .type = DM_TOKEN_ERROR, .at = at, .text = dm_str(msg)};
}

/* Hexadecimal or octal digits of an escape; how many were taken. */
static size_t escape_digits(
    struct dm_str s, unsigned base, size_t max, uint32_t *ret)
{
	uint32_t v = 0;
	size_t n = 0;

	for (; n < s.n && n < max; n++) {
		char c = s.p[n];
		unsigned d = is_digit(c)	    ? (unsigned)(c - '0')
			     : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
			     : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
						    : 99;

		if (d >= base)
			break;
		v = v * base + d;
	}
	*ret = v;
	return n == max ? n : 0;
}

/* What stands behind a backslash; returns its length, 0 if it is wrong. */
static size_t unescape(struct dm_str s, char quote, struct dm_buf *b)
{
	static const char from[] = "abfnrtv\\", to[] = "\a\b\f\n\r\t\v\\";
	const char *known = s.n && s.p[0] ? strchr(from, s.p[0]) : NULL;
	struct dm_str rest = {s.p + 1, s.n ? s.n - 1 : 0};
	uint32_t v = 0;
	size_t n;

	if (s.n == 0)
		return 0;
	if (known || s.p[0] == quote) {
		dm_buf_add_char(b, known ? to[known - from] : quote);
		return 1;
	}
	if (s.p[0] == 'x' || (s.p[0] >= '0' && s.p[0] <= '7')) {
		n = s.p[0] == 'x' ? escape_digits(rest, 16, 2, &v)
				  : escape_digits(s, 8, 3, &v);
		if (n == 0 || v > 255)
			return 0;
		dm_buf_add_char(b, (char)v);
		return s.p[0] == 'x' ? n + 1 : n;
	}
	if (s.p[0] != 'u' && s.p[0] != 'U')
		return 0;
	n = escape_digits(rest, 16, s.p[0] == 'u' ? 4 : 8, &v);
	if (n == 0 || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return 0;
	dm_utf8_add(b, v);
	return n + 1;
}

static struct dm_token lex_string(
    struct dm_str text, size_t at, struct dm_buf *b)
{
	char quote = text.p[at];
	size_t i = at + 1, n;

	dm_buf_clear(b);
	while (i < text.n && text.p[i] != quote) {
		if (quote != '`' && text.p[i] == '\n')
			break;
		if (quote == '`' || text.p[i] != '\\') {
			dm_buf_add_char(b, text.p[i++]);
			continue;
		}
		n = unescape(
		    (struct dm_str){text.p + i + 1, text.n - i - 1}, quote, b);
		if (n == 0)
			return error(
			    (unsigned)i, "unknown escape sequence in a string");
		i += 1 + n;
	}
	if (i >= text.n || text.p[i] != quote)
		return error((unsigned)at, "the string does not end");
	if ((b->n && memchr(b->p, '\0', b->n)) || !dm_utf8_valid(b->p, b->n))
		return error((unsigned)at,
		    "the string is not valid UTF-8, or has a NUL in it");
	return (struct dm_token){.type = DM_TOKEN_STRING,
	    .at = (unsigned)at,
	    .text = {text.p + at, i + 1 - at}};
}

/* Hexadecimal, and octal where a zero leads and all digits are octal. */
static bool integer_value(struct dm_str s, double *ret)
{
	uint64_t v = 0;
	bool hex = s.n > 2 && (s.p[1] == 'x' || s.p[1] == 'X');

	if (s.n < 2 || s.p[0] != '0')
		return false;
	if (hex) {
		if (!dm_str_hex64((struct dm_str){s.p + 2, s.n - 2}, &v))
			return false;
		*ret = (double)v;
		return true;
	}
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '7' || v >> 60)
			return false;
		v = v * 8 + (uint64_t)(s.p[i] - '0');
	}
	*ret = (double)v;
	return true;
}

static bool is_number_digit(char c, bool hex)
{
	return is_digit(c) ||
	       (hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
}

/* Where digits end that may be parted by single underscores. */
static size_t skip_digits(struct dm_str s, size_t i, bool hex)
{
	while (i < s.n &&
	       (is_number_digit(s.p[i], hex) ||
		   (s.p[i] == '_' && i > 0 && i + 1 < s.n &&
		       (is_number_digit(s.p[i - 1], hex) || (hex && i == 2)) &&
		       is_number_digit(s.p[i + 1], hex))))
		i++;
	return i;
}

static size_t number_length(struct dm_str s)
{
	size_t i = 0;

	if (s.n > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X'))
		return skip_digits(s, 2, true);
	i = skip_digits(s, 0, false);
	if (i < s.n && s.p[i] == '.')
		i = skip_digits(s, i + 1, false);
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
			i++;
		i = skip_digits(s, i, false);
	}
	return i;
}

static bool number_value(struct dm_str s, double *ret)
{
	char plain[NUMBER_MAX];
	size_t n = 0;

	if (s.n > sizeof(plain))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '_')
			plain[n++] = s.p[i];
	}
	s = (struct dm_str){plain, n};
	return integer_value(s, ret) || dm_num_parse_user(s, ret);
}

/* 5m, 1h30m: also a number of seconds, as in Prometheus 3. */
static bool lex_duration(struct dm_str rest, struct dm_token *token)
{
	size_t n = 0;

	while (n < rest.n && (is_digit(rest.p[n]) || is_alpha(rest.p[n])))
		n++;
	token->text = (struct dm_str){rest.p, n};
	if (!dm_time_parse_duration(token->text, &token->us))
		return false;
	token->type = DM_TOKEN_DURATION;
	token->number = (double)token->us / 1e6;
	return true;
}

static struct dm_token lex_number(struct dm_str text, size_t at)
{
	struct dm_str rest = {text.p + at, text.n - at};
	struct dm_token token = {.type = DM_TOKEN_NUMBER, .at = (unsigned)at};
	size_t n = number_length(rest);

	if (n < rest.n && is_alpha(rest.p[n])) {
		if (lex_duration(rest, &token))
			return token;
		return error((unsigned)at, "bad number or duration");
	}
	token.text = (struct dm_str){rest.p, n};
	if ((n < rest.n && rest.p[n] == '.') ||
	    !number_value(token.text, &token.number))
		return error((unsigned)at, "bad number");
	return token;
}

static struct dm_token lex_name(struct dm_str text, size_t at)
{
	struct dm_token token = {.type = DM_TOKEN_NAME, .at = (unsigned)at};
	size_t i = at;

	while (i < text.n &&
	       (is_alpha(text.p[i]) || is_digit(text.p[i]) || text.p[i] == ':'))
		i++;
	token.text = (struct dm_str){text.p + at, i - at};
	if (token.text.n == 3 && strncasecmp(token.text.p, "inf", 3) == 0) {
		token.type = DM_TOKEN_NUMBER;
		token.number = INFINITY;
	} else if (token.text.n == 3 &&
		   strncasecmp(token.text.p, "nan", 3) == 0) {
		token.type = DM_TOKEN_NUMBER;
		token.number = NAN;
	}
	return token;
}

static struct dm_token lex_sign(struct dm_str text, size_t at)
{
	static const struct {
		const char *text;
		enum dm_token_type type;
	} signs[] = {{"==", DM_TOKEN_EQ}, {"!=", DM_TOKEN_NE},
	    {"<=", DM_TOKEN_LE}, {">=", DM_TOKEN_GE}, {"=~", DM_TOKEN_RE_MATCH},
	    {"!~", DM_TOKEN_RE_DIFFER}, {"=", DM_TOKEN_ASSIGN},
	    {"<", DM_TOKEN_LT}, {">", DM_TOKEN_GT}, {"+", DM_TOKEN_ADD},
	    {"-", DM_TOKEN_SUB}, {"*", DM_TOKEN_MUL}, {"/", DM_TOKEN_DIV},
	    {"%", DM_TOKEN_MOD}, {"^", DM_TOKEN_POW}, {"(", DM_TOKEN_LPAREN},
	    {")", DM_TOKEN_RPAREN}, {"{", DM_TOKEN_LBRACE},
	    {"}", DM_TOKEN_RBRACE}, {"[", DM_TOKEN_LBRACKET},
	    {"]", DM_TOKEN_RBRACKET}, {",", DM_TOKEN_COMMA},
	    {":", DM_TOKEN_COLON}, {"@", DM_TOKEN_AT}};
	struct dm_str rest = {text.p + at, text.n - at};

	if (dm_str_starts(rest, "</") || dm_str_starts(rest, ">/"))
		return error((unsigned)at,
		    "</ and >/ are operators of native histograms, which are "
		    "not supported");
	for (size_t i = 0; i < DM_COUNT(signs); i++) {
		if (dm_str_starts(rest, signs[i].text))
			return (struct dm_token){.type = signs[i].type,
			    .at = (unsigned)at,
			    .text = {rest.p, strlen(signs[i].text)}};
	}
	return error((unsigned)at, "unexpected character");
}

struct dm_token dm_lex(struct dm_str text, size_t at, struct dm_buf *string)
{
	char c, next;

	at = skip_blanks(text, at);
	if (at >= text.n)
		return (struct dm_token){
		    .type = DM_TOKEN_END, .at = (unsigned)text.n};
	c = text.p[at];
	next = at + 1 < text.n ? text.p[at + 1] : '\0';
	if (c == '"' || c == '\'' || c == '`')
		return lex_string(text, at, string);
	if (is_digit(c) || (c == '.' && is_digit(next)))
		return lex_number(text, at);
	if (is_alpha(c) || (c == ':' && (is_alpha(next) || next == ':')))
		return lex_name(text, at);
	return lex_sign(text, at);
}
