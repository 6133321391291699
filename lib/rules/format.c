/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "base/utf8.h"
#include "rules/go-print.h"
#include "rules/template-ast.h"

/* printf of templates. Source: Go, package fmt. */

#define WIDTH_MAX 1000

struct spec {
	bool plus, minus, sharp, space, zero;
	int width;     /* 0: none */
	int precision; /* -1: none */
	char verb;
};

static bool take_digits(struct dm_str *s, int *ret)
{
	int v = 0;

	for (; s->n > 0 && isdigit((unsigned char)*s->p); s->p++, s->n--) {
		v = 10 * v + (*s->p - '0');
		if (v > WIDTH_MAX)
			return false;
	}
	*ret = v;
	return true;
}

static bool take_flag(struct spec *f, char c)
{
	switch (c) {
	case '+':
		f->plus = true;
		break;
	case '-':
		f->minus = true;
		break;
	case '#':
		f->sharp = true;
		break;
	case ' ':
		f->space = true;
		break;
	case '0':
		f->zero = true;
		break;
	default:
		return false;
	}
	return true;
}

/* What stands between % and the verb, and the verb. */
static bool take_spec(struct dm_str *s, struct spec *ret)
{
	*ret = (struct spec){.precision = -1};
	for (; s->n > 0 && take_flag(ret, *s->p); s->p++)
		s->n--;
	if (!take_digits(s, &ret->width))
		return false;
	if (s->n > 0 && *s->p == '.') {
		s->p++;
		s->n--;
		if (!take_digits(s, &ret->precision))
			return false;
	}
	if (s->n == 0)
		return false;
	ret->verb = *s->p++;
	s->n--;
	if (ret->verb == 'v') /* it would want the names of fields */
		ret->plus = false;
	return true;
}

static size_t count_chars(struct dm_str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; n++)
		i += dm_utf8_len(s.p + i, s.n - i)
			 ? dm_utf8_len(s.p + i, s.n - i)
			 : 1;
	return n;
}

/* Add what a verb gave, at its width. */
static void add_padded(
    struct dm_buf *b, const struct spec *f, struct dm_str s, bool number)
{
	size_t n = count_chars(s);
	size_t pad = (size_t)f->width > n ? (size_t)f->width - n : 0;
	bool zero = f->zero && !f->minus && number;

	if (zero && s.n > 0 && (*s.p == '-' || *s.p == '+' || *s.p == ' ')) {
		dm_buf_add_char(b, *s.p++);
		s.n--;
	}
	for (; pad > 0 && !f->minus; pad--)
		dm_buf_add_char(b, zero ? '0' : ' ');
	dm_buf_add_str(b, s);
	for (; pad > 0; pad--)
		dm_buf_add_char(b, ' ');
}

/* The same of a text that was built. */
static void add_built(
    struct dm_buf *b, const struct spec *f, const struct dm_buf *t, bool number)
{
	add_padded(b, f, dm_buf_str(t), number);
	b->failed |= t->failed;
}

/* The infinite has always a sign, what is no number only where it is asked
 * for. */
static bool add_odd(struct dm_buf *b, const struct spec *f, double v)
{
	char sign = f->plus ? '+' : f->space ? ' ' : isinf(v) ? '+' : '\0';

	if (!isinf(v) && !isnan(v))
		return false;
	if (isinf(v) && v < 0)
		sign = '-';
	if (sign)
		dm_buf_add_char(b, sign);
	dm_buf_add_cstr(b, isinf(v) ? "Inf" : "NaN");
	return true;
}

static void format_float(struct dm_buf *b, const struct spec *f, double v)
{
	DM_AUTO_BUF struct dm_buf t = {0};
	char c_format[] = {'%', '.', '*', f->verb, '\0'};
	char text[WIDTH_MAX + 330];
	int precision = f->precision < 0 ? 6 : f->precision;

	if (add_odd(&t, f, v)) {
		add_built(b, f, &t, false);
		return;
	}
	if (!signbit(v) && (f->plus || f->space))
		dm_buf_add_char(&t, f->plus ? '+' : ' ');
	if (f->precision < 0 && strchr("vgG", f->verb)) {
		dm_go_float(&t, v);
	} else {
		if (f->verb == 'v')
			c_format[3] = 'g';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), c_format, precision, v);
#pragma GCC diagnostic pop
		dm_buf_add_cstr(&t, text);
	}
	add_built(b, f, &t, true);
}

/* A precision is how many digits at least, and leaves no zeros before them. */
static void format_int(struct dm_buf *b, const struct spec *f, int64_t v)
{
	char text[WIDTH_MAX + 64];
	const char *sign = v < 0 ? "-" : f->plus ? "+" : f->space ? " " : "";
	uint64_t abs = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	const char *mark = !f->sharp ? "" : f->verb == 'X' ? "0X" : "0x";
	int digits = f->precision; /* negative: as many as there are */
	int n;

	if (f->verb == 'x')
		n = snprintf(
		    text, sizeof(text), "%s%s%.*lx", sign, mark, digits, abs);
	else if (f->verb == 'X')
		n = snprintf(
		    text, sizeof(text), "%s%s%.*lX", sign, mark, digits, abs);
	else if (f->verb == 'o')
		n = snprintf(text, sizeof(text), "%s%.*lo", sign, digits, abs);
	else
		n = snprintf(text, sizeof(text), "%s%.*lu", sign, digits, abs);
	add_padded(b, f, (struct dm_str){text, (size_t)n}, digits < 0);
}

static void format_hex(struct dm_buf *b, const struct spec *f, struct dm_str s)
{
	DM_AUTO_BUF struct dm_buf t = {0};

	for (size_t i = 0; i < s.n; i++)
		dm_buf_addf(&t, f->verb == 'x' ? "%02x" : "%02X",
		    (unsigned)(unsigned char)s.p[i]);
	add_built(b, f, &t, false);
}

static void format_quoted(
    struct dm_buf *b, const struct spec *f, struct dm_str s)
{
	DM_AUTO_BUF struct dm_buf t = {0};

	dm_go_quote(&t, s);
	add_built(b, f, &t, false);
}

/* A string cut at its precision, in characters. */
static struct dm_str cut(const struct spec *f, struct dm_str s)
{
	size_t at = 0;

	if (f->precision < 0)
		return s;
	for (int i = 0; i < f->precision && at < s.n; i++) {
		unsigned n = dm_utf8_len(s.p + at, s.n - at);

		at += n ? n : 1;
	}
	return (struct dm_str){s.p, at};
}

static void format_wrong(struct expand *x, struct dm_buf *b,
    const struct spec *f, const struct tv *v)
{
	dm_buf_addf(b, "%%!%c(", f->verb);
	if (v->type == TV_NIL) {
		dm_buf_add_cstr(b, "<nil>)");
		return;
	}
	dm_buf_addf(b, "%s=", dm_expand_type(v));
	dm_expand_print(x, b, v);
	dm_buf_add_char(b, ')');
}

static bool format_string(
    struct dm_buf *b, const struct spec *f, const struct tv *v)
{
	switch (f->verb) {
	case 'v':
	case 's':
		add_padded(b, f, cut(f, v->s), false);
		return true;
	case 'q':
		format_quoted(b, f, cut(f, v->s));
		return true;
	case 'x':
	case 'X':
		format_hex(b, f, v->s);
		return true;
	default:
		return false;
	}
}

/* What stands for a value that a dry run does not know, in such a place. */
static struct tv stand_in(struct expand *x, char verb)
{
	if (strchr("eEfFgG", verb))
		return (struct tv){.type = TV_FLOAT, .f = x->dry};
	if (strchr("do", verb))
		return (struct tv){.type = TV_INT, .i = x->dry};
	return tv_string(x->dry == 1 ? DM_STR("dmqa") : DM_STR("dmqb"));
}

static bool has_text(const struct tv *v)
{
	return v->type == TV_LABELS || v->type == TV_EXTERNAL ||
	       v->type == TV_TIME || v->type == TV_DURATION;
}

static bool format_value(struct expand *x, struct dm_buf *b,
    const struct spec *f, const struct tv *v)
{
	DM_AUTO_BUF struct dm_buf t = {0};
	struct tv known;

	if (f->verb == 'T') {
		add_padded(b, f, dm_str(dm_expand_type(v)), false);
		return true;
	}
	if (v->type == TV_UNKNOWN) {
		known = stand_in(x, f->verb);
		v = &known;
	}
	if (v->type == TV_STRING)
		return format_string(b, f, v);
	if (v->type == TV_FLOAT && strchr("veEfFgG", f->verb)) {
		format_float(b, f, v->f);
		return true;
	}
	if (v->type == TV_INT && strchr("vdxXo", f->verb)) {
		format_int(b, f, v->i);
		return true;
	}
	if (f->verb != 'v' && !(v->type == TV_BOOL && f->verb == 't') &&
	    !(has_text(v) && f->verb == 's'))
		return false;
	if (v->type == TV_NIL)
		dm_buf_add_cstr(&t, "<nil>");
	else
		dm_expand_print(x, &t, v);
	add_built(b, f, &t, false);
	return true;
}

static void add_extra(
    struct expand *x, struct dm_buf *b, const struct tv *args, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		dm_buf_add_cstr(b, i == 0 ? "%!(EXTRA " : ", ");
		if (args[i].type == TV_NIL) {
			dm_buf_add_cstr(b, "<nil>");
			continue;
		}
		dm_buf_addf(b, "%s=", dm_expand_type(&args[i]));
		dm_expand_print(x, b, &args[i]);
	}
	if (n > 0)
		dm_buf_add_char(b, ')');
}

int dm_expand_printf(
    struct expand *x, const struct tv *args, size_t n, struct tv *ret)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_str s = args[0].s;
	size_t next = 1;

	if (args[0].type != TV_STRING)
		return dm_expand_fail(x, "printf wants a text first");
	while (s.n > 0) {
		struct spec f;
		char c = *s.p++;

		s.n--;
		if (c != '%') {
			dm_buf_add_char(&b, c);
			continue;
		}
		if (!take_spec(&s, &f))
			return dm_expand_fail(x, "printf: a bad format");
		if (f.verb == '%')
			dm_buf_add_char(&b, '%');
		else if (!isalpha((unsigned char)f.verb))
			return dm_expand_fail(x, "printf: a bad format");
		else if (next >= n)
			dm_buf_addf(&b, "%%!%c(MISSING)", f.verb);
		else if (!format_value(x, &b, &f, &args[next++]))
			format_wrong(x, &b, &f, &args[next - 1]);
	}
	add_extra(x, &b, args + next, n > next ? n - next : 0);
	return dm_expand_string(x, &b, ret);
}
