/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include "base/num.h"

#define MIN_US (INT64_C(-62167219200) * DM_US_PER_S) /* year 0 */

int64_t dm_time_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * DM_US_PER_S + ts.tv_nsec / 1000;
}

int64_t dm_time_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

bool dm_time_from_seconds(double seconds, int64_t *ret_us)
{
	double us = round(seconds * 1e6);

	if (!(us >= (double)MIN_US && us < (double)DM_TIME_END_US))
		return false;
	*ret_us = (int64_t)us;
	return true;
}

void dm_time_add_seconds(struct dm_buf *b, int64_t us)
{
	dm_num_add_scaled(b, us, 6);
}

void dm_time_add_rfc3339(struct dm_buf *b, int64_t us)
{
	int64_t s = us / DM_US_PER_S, rest = us % DM_US_PER_S;
	struct tm tm;
	time_t t;
	char text[40];

	if (rest < 0) {
		rest += DM_US_PER_S;
		s--;
	}
	t = (time_t)s;
	if (!gmtime_r(&t, &tm))
		return;
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec);
	dm_buf_add_cstr(b, text);
	if (rest) {
		snprintf(text, sizeof(text), ".%06d", (int)rest);
		for (size_t n = strlen(text); text[n - 1] == '0'; n--)
			text[n - 1] = '\0';
		dm_buf_add_cstr(b, text);
	}
	dm_buf_add_char(b, 'Z');
}

/* n digits at the start of *s, as a number. */
static bool cut_digits(struct dm_str *s, size_t n, int *ret)
{
	uint64_t v;

	if (s->n < n || !dm_str_u64((struct dm_str){s->p, n}, &v))
		return false;
	s->p += n;
	s->n -= n;
	*ret = (int)v;
	return true;
}

static bool cut_char(struct dm_str *s, char c)
{
	if (s->n == 0 || (s->p[0] | 32) != (c | 32))
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool cut_date(struct dm_str *s, struct tm *tm)
{
	struct tm real;
	int year, month;

	if (!cut_digits(s, 4, &year) || !cut_char(s, '-') ||
	    !cut_digits(s, 2, &month) || !cut_char(s, '-') ||
	    !cut_digits(s, 2, &tm->tm_mday))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	if (month < 1 || month > 12 || tm->tm_mday < 1)
		return false;
	/* One behind the month's last is made another month's. */
	real = *tm;
	timegm(&real);
	return real.tm_mon == tm->tm_mon;
}

static bool cut_fraction(struct dm_str *s, int64_t *ret_us)
{
	int64_t unit = DM_US_PER_S / 10;

	*ret_us = 0;
	if (!cut_char(s, '.'))
		return true;
	if (s->n == 0 || s->p[0] < '0' || s->p[0] > '9')
		return false;
	for (; s->n && s->p[0] >= '0' && s->p[0] <= '9'; s->p++, s->n--) {
		*ret_us += (s->p[0] - '0') * unit;
		unit /= 10;
	}
	return true;
}

static bool cut_zone(struct dm_str *s, int64_t *ret_s)
{
	bool negative = s->n && s->p[0] == '-';
	int h, m;

	*ret_s = 0;
	if (cut_char(s, 'Z'))
		return true;
	if (!(negative || (s->n && s->p[0] == '+')))
		return false;
	s->p++;
	s->n--;
	if (!cut_digits(s, 2, &h) || !cut_char(s, ':') ||
	    !cut_digits(s, 2, &m) || h > 23 || m > 59)
		return false;
	*ret_s = (negative ? -1 : 1) * (h * 3600 + m * 60);
	return true;
}

/* hh:mm:ss, with a fraction or without. */
static bool cut_clock(
    struct dm_str *s, bool loose, struct tm *tm, int64_t *ret_fraction_us)
{
	if (!cut_digits(s, 2, &tm->tm_hour) || !cut_char(s, ':') ||
	    !cut_digits(s, 2, &tm->tm_min))
		return false;
	if (!(loose && (s->n == 0 || s->p[0] != ':')) &&
	    (!cut_char(s, ':') || !cut_digits(s, 2, &tm->tm_sec) ||
		!cut_fraction(s, ret_fraction_us)))
		return false;
	return tm->tm_hour <= 23 && tm->tm_min <= 59 && tm->tm_sec <= 60;
}

/* RFC 3339; loose: the zone may be missing, and the seconds, and the clock. */
static bool parse_date(struct dm_str s, bool loose, int64_t *ret_us)
{
	int64_t fraction_us = 0, zone_s = 0;
	struct tm tm = {0};

	if (!cut_date(&s, &tm))
		return false;
	if (!loose || s.n) {
		if ((!cut_char(&s, 'T') && !cut_char(&s, ' ')) ||
		    !cut_clock(&s, loose, &tm, &fraction_us))
			return false;
		if ((!loose || s.n) && !cut_zone(&s, &zone_s))
			return false;
	}
	if (s.n)
		return false;
	*ret_us = ((int64_t)timegm(&tm) - zone_s) * DM_US_PER_S + fraction_us;
	return true;
}

bool dm_time_parse_rfc3339(struct dm_str s, int64_t *ret_us)
{
	return parse_date(s, false, ret_us);
}

static const struct {
	const char *name;
	int64_t us;
} units[] = {
    {"y", 365 * 86400 * DM_US_PER_S},
    {"w", 7 * 86400 * DM_US_PER_S},
    {"d", 86400 * DM_US_PER_S},
    {"h", 3600 * DM_US_PER_S},
    {"m", 60 * DM_US_PER_S},
    {"s", DM_US_PER_S},
    {"ms", 1000},
};

bool dm_time_parse_duration(struct dm_str s, int64_t *ret_us)
{
	int64_t sum = 0;
	size_t unit = 0;

	if (dm_str_is(s, "0")) {
		*ret_us = 0;
		return true;
	}
	if (s.n == 0)
		return false;
	while (s.n) {
		size_t digits = 0, letters = 0;
		struct dm_str name;
		uint64_t v;
		int64_t part;

		while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
			digits++;
		while (
		    digits + letters < s.n && (s.p[digits + letters] < '0' ||
						  s.p[digits + letters] > '9'))
			letters++;
		name = (struct dm_str){s.p + digits, letters};
		while (unit < DM_COUNT(units) &&
		       !dm_str_is(name, units[unit].name))
			unit++;
		if (unit == DM_COUNT(units) ||
		    !dm_str_u64((struct dm_str){s.p, digits}, &v) ||
		    __builtin_mul_overflow(v, units[unit].us, &part) ||
		    __builtin_add_overflow(sum, part, &sum))
			return false;
		unit++;
		s.p += digits + letters;
		s.n -= digits + letters;
	}
	*ret_us = sum;
	return true;
}

bool dm_time_parse_moment(struct dm_str s, int64_t now_us, int64_t *ret_us)
{
	double seconds;

	if (dm_str_is(s, "now")) {
		*ret_us = now_us;
		return true;
	}
	if (s.n > 1 && s.p[0] == '-') {
		int64_t ago;

		if (!dm_time_parse_duration(
			(struct dm_str){s.p + 1, s.n - 1}, &ago))
			return false;
		*ret_us = now_us - ago;
		return true;
	}
	if (dm_num_parse_user(s, &seconds))
		return dm_time_from_seconds(seconds, ret_us);
	return parse_date(s, true, ret_us);
}
