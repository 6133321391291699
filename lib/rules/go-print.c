/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/go-print.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/utf8.h"

/* The shortest digits that give v again, and the exponent of the first. */
static int shortest_digits(double v, char digits[static 24], int *ret_exp)
{
	char text[40];
	int n = 0;

	for (int p = 0; p < 17; p++) {
		snprintf(text, sizeof(text), "%.*e", p, fabs(v));
		if (strtod(text, NULL) == fabs(v))
			break;
	}
	for (const char *c = text; *c && *c != 'e'; c++)
		if (*c != '.')
			digits[n++] = *c;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	*ret_exp = atoi(strchr(text, 'e') + 1);
	return n;
}

static bool add_special(struct dm_buf *b, double v)
{
	if (!isnan(v) && !isinf(v)) {
		if (signbit(v))
			dm_buf_add_char(b, '-');
		return false;
	}
	dm_buf_add_cstr(b, isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf");
	return true;
}

static void add_exp(
    struct dm_buf *b, const char *digits, int n, char letter, int exp)
{
	dm_buf_add_char(b, digits[0]);
	if (n > 1)
		dm_buf_add_char(b, '.');
	dm_buf_add(b, digits + 1, (size_t)n - 1);
	dm_buf_addf(b, "%c%c%02d", letter, exp < 0 ? '-' : '+', abs(exp));
}

/* Source of the threshold: Go, strconv.FormatFloat: with the shortest digits,
 * an exponent is used below -4 and from 6 on. */
void dm_go_float(struct dm_buf *b, double v)
{
	char digits[24];
	int n, exp;

	if (add_special(b, v))
		return;
	n = shortest_digits(v, digits, &exp);
	if (exp < -4 || exp >= 6) {
		add_exp(b, digits, n, 'e', exp);
		return;
	}
	if (exp < 0)
		dm_buf_add(b, "0.0000", (size_t)(1 - exp));
	for (int i = 0; i < n || i <= exp; i++) {
		if (i == exp + 1 && exp >= 0)
			dm_buf_add_char(b, '.');
		dm_buf_add_char(b, i < n ? digits[i] : '0');
	}
}

void dm_go_float_exp(struct dm_buf *b, double v)
{
	char digits[24];
	int n, exp;

	if (add_special(b, v))
		return;
	n = shortest_digits(v, digits, &exp);
	add_exp(b, digits, n, 'E', exp);
}

/* The letter of an escape, or NUL. */
static char short_escape(char c)
{
	static const char from[] = "\a\b\f\n\r\t\v\\\"", to[] = "abfnrtv\\\"";
	const char *known = c ? strchr(from, c) : NULL;

	return known ? to[known - from] : '\0';
}

void dm_go_quote(struct dm_buf *b, struct dm_str s)
{
	dm_buf_add_char(b, '"');
	for (size_t i = 0; i < s.n;) {
		unsigned n = dm_utf8_len(s.p + i, s.n - i);
		unsigned char c = (unsigned char)s.p[i];
		char letter = short_escape(s.p[i]);

		if (letter)
			dm_buf_addf(b, "\\%c", letter);
		else if (n == 0 || c < 0x20 || c == 0x7f)
			dm_buf_addf(b, "\\x%02x", c);
		else if (n == 2 && c == 0xc2 && (s.p[i + 1] & 0xe0) == 0x80)
			/* C1 */
			dm_buf_addf(b, "\\u%04x", (unsigned char)s.p[i + 1]);
		else
			dm_buf_add(b, s.p + i, n);
		i += n ? n : 1;
	}
	dm_buf_add_char(b, '"');
}

/* Less than a second: in the unit in which it is 1 or more. */
static void add_part(struct dm_buf *b, int64_t ns)
{
	unsigned decimals = ns >= 1000000 ? 6 : ns >= 1000 ? 3 : 0;
	const char *unit = decimals == 6   ? "ms"
			   : decimals == 3 ? "\302\265s"
					   : "ns";

	dm_num_add_scaled(b, ns, decimals);
	dm_buf_add_cstr(b, unit);
}

void dm_go_duration(struct dm_buf *b, int64_t ns)
{
	const uint64_t second = 1000000000;
	uint64_t left = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	uint64_t hours = left / (3600 * second);
	uint64_t minutes = left / (60 * second) % 60;

	if (ns < 0)
		dm_buf_add_char(b, '-');
	if (left > 0 && left < second) {
		add_part(b, (int64_t)left);
		return;
	}
	if (hours > 0)
		dm_buf_addf(b, "%" PRIu64 "h", hours);
	if (hours > 0 || minutes > 0)
		dm_buf_addf(b, "%" PRIu64 "m", minutes);
	dm_num_add_scaled(b, (int64_t)(left % (60 * second)), 9);
	dm_buf_add_char(b, 's');
}

/* Source: prometheus/common, model/time.go, Duration.String. */
void dm_go_model_duration(struct dm_buf *b, int64_t us)
{
	static const struct {
		const char *unit;
		int64_t ms;
		bool exact; /* used only where nothing is left */
	} units[] = {{"y", INT64_C(31536000000), true},
	    {"w", INT64_C(604800000), true}, {"d", INT64_C(86400000), false},
	    {"h", 3600000, false}, {"m", 60000, false}, {"s", 1000, false},
	    {"ms", 1, false}};
	int64_t ms = us / 1000;

	if (ms == 0)
		dm_buf_add_cstr(b, "0s");
	for (size_t i = 0; i < DM_COUNT(units); i++) {
		int64_t n = ms / units[i].ms;

		if (n == 0 || (units[i].exact && ms % units[i].ms != 0))
			continue;
		dm_buf_addf(b, "%" PRId64 "%s", n, units[i].unit);
		ms -= n * units[i].ms;
	}
}
