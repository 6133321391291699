/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/template-time.h"

#include <stdio.h>
#include <time.h>

#include "base/time.h"

static const char *const months[] = {"January", "February", "March", "April",
    "May", "June", "July", "August", "September", "October", "November",
    "December"};
static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday",
    "Thursday", "Friday", "Saturday"};

struct moment {
	struct tm tm;
	unsigned us;
};

static struct moment moment_of(int64_t us)
{
	struct moment m = {
	    .us = (unsigned)((us % DM_US_PER_S + DM_US_PER_S) % DM_US_PER_S)};
	time_t s = (time_t)((us - m.us) / DM_US_PER_S);

	if (!gmtime_r(&s, &m.tm))
		memset(&m.tm, 0, sizeof(m.tm));
	return m;
}

/* What may stand in a layout. */
enum part {
	PLAIN,
	TEXT, /* of a zone, which is always UTC: as it is */
	MONTH,
	MONTH_SHORT,
	DAY,
	DAY_SHORT,
	PM,
	PM_LOWER,
	MONTH_NUMBER,
	MDAY,
	MDAY_SPACE,
	YDAY,
	HOUR_24,
	HOUR_12,
	MINUTE,
	SECOND,
	YEAR,
	YEAR_SHORT,
};

/* Of two that both begin at a place, the first. */
static const struct layout {
	const char *text;
	enum part part;
	int width;	  /* of a number, with zeros before it */
	const char *zone; /* of TEXT */
} layouts[] = {{"January", MONTH, 0, NULL}, {"Jan", MONTH_SHORT, 0, NULL},
    {"Monday", DAY, 0, NULL}, {"Mon", DAY_SHORT, 0, NULL},
    {"MST", TEXT, 0, "UTC"}, {"002", YDAY, 3, NULL},
    {"01", MONTH_NUMBER, 2, NULL}, {"02", MDAY, 2, NULL},
    {"03", HOUR_12, 2, NULL}, {"04", MINUTE, 2, NULL}, {"05", SECOND, 2, NULL},
    {"06", YEAR_SHORT, 2, NULL}, {"15", HOUR_24, 2, NULL},
    {"1", MONTH_NUMBER, 0, NULL}, {"2006", YEAR, 4, NULL}, {"2", MDAY, 0, NULL},
    {"_2", MDAY_SPACE, 0, NULL}, {"3", HOUR_12, 0, NULL},
    {"4", MINUTE, 0, NULL}, {"5", SECOND, 0, NULL}, {"PM", PM, 0, NULL},
    {"pm", PM_LOWER, 0, NULL}, {"-07:00", TEXT, 0, "+00:00"},
    {"-0700", TEXT, 0, "+0000"}, {"-07", TEXT, 0, "+00"},
    {"Z07:00", TEXT, 0, "Z"}, {"Z0700", TEXT, 0, "Z"}, {"Z07", TEXT, 0, "Z"}};

static bool is_lower(struct dm_str s, size_t i)
{
	return i < s.n && s.p[i] >= 'a' && s.p[i] <= 'z';
}

static const struct layout *layout_at(struct dm_str s)
{
	for (size_t i = 0; i < DM_COUNT(layouts); i++) {
		const struct layout *l = &layouts[i];
		bool is_short = l->part == MONTH_SHORT || l->part == DAY_SHORT;

		if (dm_str_starts(s, l->text) &&
		    !(is_short && is_lower(s, strlen(l->text))))
			return l;
	}
	return NULL;
}

static int number_of(const struct tm *tm, enum part part)
{
	switch (part) {
	case MONTH_NUMBER:
		return tm->tm_mon + 1;
	case MDAY:
	case MDAY_SPACE:
		return tm->tm_mday;
	case YDAY:
		return tm->tm_yday + 1;
	case HOUR_24:
		return tm->tm_hour;
	case HOUR_12:
		return tm->tm_hour % 12 ? tm->tm_hour % 12 : 12;
	case MINUTE:
		return tm->tm_min;
	case SECOND:
		return tm->tm_sec;
	case YEAR:
		return tm->tm_year + 1900;
	case YEAR_SHORT:
		return (tm->tm_year + 1900) % 100;
	default:
		return 0;
	}
}

static void add_part(
    struct dm_buf *b, const struct tm *tm, const struct layout *l)
{
	bool morning = tm->tm_hour < 12;

	switch (l->part) {
	case TEXT:
		dm_buf_add_cstr(b, l->zone);
		break;
	case MONTH:
		dm_buf_add_cstr(b, months[tm->tm_mon]);
		break;
	case MONTH_SHORT:
		dm_buf_add(b, months[tm->tm_mon], 3);
		break;
	case DAY:
		dm_buf_add_cstr(b, days[tm->tm_wday]);
		break;
	case DAY_SHORT:
		dm_buf_add(b, days[tm->tm_wday], 3);
		break;
	case PM:
		dm_buf_add_cstr(b, morning ? "AM" : "PM");
		break;
	case PM_LOWER:
		dm_buf_add_cstr(b, morning ? "am" : "pm");
		break;
	case MDAY_SPACE:
		dm_buf_addf(b, "%2d", number_of(tm, l->part));
		break;
	default:
		dm_buf_addf(b, "%0*d", l->width, number_of(tm, l->part));
	}
}

/* .000 or .999 behind seconds: so many digits; the nines without zeros at
 * their end. Returns how many bytes that was, 0 where it is none. */
static size_t add_fraction(
    struct dm_buf *b, struct dm_str s, const struct moment *m)
{
	char digits[32];
	size_t n = 1, shown;

	if (s.n < 2 || (s.p[0] != '.' && s.p[0] != ',') ||
	    (s.p[1] != '0' && s.p[1] != '9'))
		return 0;
	while (n < s.n && s.p[n] == s.p[1])
		n++;
	if (n > 10 || (n < s.n && s.p[n] >= '0' && s.p[n] <= '9'))
		return 0;
	snprintf(digits, sizeof(digits), "%06u000", m->us);
	for (shown = n - 1; s.p[1] == '9' && shown > 0; shown--)
		if (digits[shown - 1] != '0')
			break;
	if (shown > 0)
		dm_buf_add_char(b, s.p[0]);
	dm_buf_add(b, digits, shown);
	return n;
}

void dm_go_time_format(struct dm_buf *b, int64_t us, struct dm_str layout)
{
	struct moment m = moment_of(us);

	while (layout.n > 0) {
		const struct layout *l = layout_at(layout);
		size_t n = add_fraction(b, layout, &m);

		if (n == 0 && l) {
			add_part(b, &m.tm, l);
			n = strlen(l->text);
		} else if (n == 0) {
			dm_buf_add_char(b, *layout.p);
			n = 1;
		}
		layout.p += n;
		layout.n -= n;
	}
}

void dm_go_time(struct dm_buf *b, int64_t us)
{
	dm_go_time_format(
	    b, us, DM_STR("2006-01-02 15:04:05.999999999 -0700 MST"));
}

/* What a method gives: as a number, or by a layout. */
static const struct method {
	const char *name;
	size_t n_args;
	enum part part;
	const char *layout;
} methods[] = {{"Day", 0, MDAY, NULL}, {"Format", 1, PLAIN, NULL},
    {"Hour", 0, HOUR_24, NULL}, {"Minute", 0, MINUTE, NULL},
    {"Month", 0, PLAIN, "January"}, {"Second", 0, SECOND, NULL},
    {"String", 0, PLAIN, "2006-01-02 15:04:05.999999999 -0700 MST"},
    {"UTC", 0, PLAIN, NULL}, {"Unix", 0, PLAIN, NULL},
    {"UnixMilli", 0, PLAIN, NULL}, {"Weekday", 0, PLAIN, "Monday"},
    {"Year", 0, YEAR, NULL}, {"YearDay", 0, YDAY, NULL}};

static const struct method *find_method(struct dm_str name)
{
	for (size_t i = 0; i < DM_COUNT(methods); i++)
		if (dm_str_is(name, methods[i].name))
			return &methods[i];
	return NULL;
}

bool dm_go_time_has_method(struct dm_str name, size_t n_args)
{
	const struct method *m = find_method(name);

	return m && m->n_args == n_args;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int dm_expand_time_method(struct expand *x, const struct tv *v,
    struct dm_str name, const struct tv *args, struct tv *ret)
{
	const struct method *m = find_method(name);
	struct moment at = moment_of(v->i);
	struct dm_buf b = {0};

	*ret = (struct tv){.type = TV_INT};
	if (m->part != PLAIN) {
		ret->i = number_of(&at.tm, m->part);
		return 0;
	}
	if (strcmp(m->name, "UTC") == 0) {
		*ret = *v;
		return 0;
	}
	if (strncmp(m->name, "Unix", 4) == 0) {
		ret->i = floor_div(v->i, m->name[4] ? 1000 : DM_US_PER_S);
		return 0;
	}
	if (!m->layout && dm_expand_text(x, &args[0], "Format") < 0)
		return -1;
	dm_go_time_format(&b, v->i, m->layout ? dm_str(m->layout) : args[0].s);
	return dm_expand_string(x, &b, ret);
}
