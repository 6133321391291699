/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "promql/expr.h"

/* Functions of dates, in UTC. Source: prometheus promql/functions.go. */

#define DAY_S INT64_C(86400)

/* Beyond them a year has no calendar; int64_t holds these seconds. */
#define TIME_MAX_S 9.2e18

struct date {
	int64_t year;
	int month, day; /* from 1 */
};

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Source: Hinnant, chrono-Compatible Low-Level Date Algorithms. */
static struct date date_of(int64_t s)
{
	int64_t z = floor_div(s, DAY_S) + 719468, era = floor_div(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	return (struct date){.year = yoe + era * 400 + (mp >= 10),
	    .month = (int)(mp < 10 ? mp + 3 : mp - 9),
	    .day = (int)(doy - (153 * mp + 2) / 5 + 1)};
}

static bool is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int64_t year, int month)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year));
}

static double days_in_month(int64_t s)
{
	struct date d = date_of(s);

	return month_days(d.year, d.month);
}

static double day_of_month(int64_t s)
{
	return date_of(s).day;
}

static double day_of_week(int64_t s)
{
	int64_t day = floor_div(s, DAY_S) + 4; /* 1970 began on a Thursday */

	return (double)(day - floor_div(day, 7) * 7);
}

static double day_of_year(int64_t s)
{
	struct date d = date_of(s);
	int n = d.day;

	for (int m = 1; m < d.month; m++)
		n += month_days(d.year, m);
	return n;
}

static double hour(int64_t s)
{
	return (double)((s - floor_div(s, DAY_S) * DAY_S) / 3600);
}

static double minute(int64_t s)
{
	return (double)((s - floor_div(s, 3600) * 3600) / 60);
}

static double month(int64_t s)
{
	return date_of(s).month;
}

static double year(int64_t s)
{
	return (double)date_of(s).year;
}

/* Of the evaluation's time, or of each value: whole seconds, cut off. */
static int each(struct dm_expr *e, struct dm_node *n, double (*fn)(int64_t),
    struct dm_err *err)
{
	if (n->n_args == 0) {
		dm_labels_builder_start(&e->builder, NULL);
		return dm_eval_one(
		    e, n, fn(floor_div(e->t_us, INT64_C(1000000))), err);
	}
	if (dm_vec_copy(e, &n->out, &n->args[0]->out, err) < 0)
		return -1;
	for (size_t i = 0; i < n->out.n; i++) {
		struct dm_element *el = &n->out.p[i];

		el->name = NULL;
		el->value =
		    fabs(el->value) < TIME_MAX_S ? fn((int64_t)el->value) : NAN;
	}
	return n->mixed ? dm_eval_check_unique(e, n, err) : 0;
}

#define DATE(fn)                                                               \
	static int fn_##fn(                                                    \
	    struct dm_expr *e, struct dm_node *n, struct dm_err *err)          \
	{                                                                      \
		return each(e, n, fn, err);                                    \
	}

DATE(days_in_month)
DATE(day_of_month)
DATE(day_of_week)
DATE(day_of_year)
DATE(hour)
DATE(minute)
DATE(month)
DATE(year)

const struct dm_function dm_functions_date[] = {
    DM_CALL_AT("days_in_month", DM_EXPR_VECTOR, "?v", fn_days_in_month),
    DM_CALL_AT("day_of_month", DM_EXPR_VECTOR, "?v", fn_day_of_month),
    DM_CALL_AT("day_of_week", DM_EXPR_VECTOR, "?v", fn_day_of_week),
    DM_CALL_AT("day_of_year", DM_EXPR_VECTOR, "?v", fn_day_of_year),
    DM_CALL_AT("hour", DM_EXPR_VECTOR, "?v", fn_hour),
    DM_CALL_AT("minute", DM_EXPR_VECTOR, "?v", fn_minute),
    DM_CALL_AT("month", DM_EXPR_VECTOR, "?v", fn_month),
    DM_CALL_AT("year", DM_EXPR_VECTOR, "?v", fn_year),
    {.name = NULL},
};
