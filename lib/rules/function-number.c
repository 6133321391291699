/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>

#include "base/time.h"
#include "rules/template-time.h"

/* The functions of templates that are about numbers. Source: Prometheus,
 * template/template.go. */

/* "%.4g" and a unit, as Go prints it. */
static int give_4g(struct expand *x, double v, const char *prefix,
    const char *unit, struct tv *ret)
{
	struct dm_buf b = {0};
	char text[64];

	if (isnan(v) || isinf(v))
		snprintf(text, sizeof(text), "%s%s%s",
		    isnan(v) ? "NaN"
		    : v > 0  ? "+Inf"
			     : "-Inf",
		    prefix, unit);
	else
		snprintf(text, sizeof(text), "%.4g%s%s", v, prefix, unit);
	dm_buf_add_cstr(&b, text);
	return dm_expand_string(x, &b, ret);
}

static const char *const greater[] = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
static const char *const binary[] = {
    "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};
static const char *const smaller[] = {"m", "u", "n", "p", "f", "a", "z", "y"};

static const char *scale_down(
    double *v, double base, const char *const prefixes[static 8])
{
	const char *prefix = "";

	for (int i = 0; i < 8 && fabs(*v) >= base; i++) {
		prefix = prefixes[i];
		*v /= base;
	}
	return prefix;
}

static const char *scale_up(double *v)
{
	const char *prefix = "";

	for (int i = 0; i < 8 && fabs(*v) < 1; i++) {
		prefix = smaller[i];
		*v *= 1000;
	}
	return prefix;
}

static bool is_odd(double v)
{
	return isnan(v) || isinf(v);
}

static int f_humanize(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	const char *prefix = "";
	double v;

	(void)n;
	if (dm_expand_number(x, a, "humanize", &v) < 0)
		return -1;
	if (v != 0 && !is_odd(v))
		prefix =
		    fabs(v) >= 1 ? scale_down(&v, 1000, greater) : scale_up(&v);
	return give_4g(x, v, prefix, "", ret);
}

static int f_humanize1024(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	const char *prefix = "";
	double v;

	(void)n;
	if (dm_expand_number(x, a, "humanize1024", &v) < 0)
		return -1;
	if (fabs(v) > 1 && !is_odd(v))
		prefix = scale_down(&v, 1024, binary);
	return give_4g(x, v, prefix, "", ret);
}

static int f_humanize_duration(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	struct dm_buf b = {0};
	char text[96];
	const char *sign;
	double v;
	int64_t s;

	(void)n;
	if (dm_expand_number(x, a, "humanizeDuration", &v) < 0)
		return -1;
	if (is_odd(v))
		return give_4g(x, v, "", "", ret);
	if (fabs(v) < 1) {
		const char *prefix = v == 0 ? "" : scale_up(&v);

		return give_4g(x, v, prefix, "s", ret);
	}
	if (fabs(v) < 60)
		return give_4g(x, v, "", "s", ret);
	sign = v < 0 ? "-" : "";
	s = fabs(v) < 9.2e18 ? (int64_t)fabs(v) : INT64_MAX;
	if (s >= 86400)
		snprintf(text, sizeof(text), "%s%ldd %ldh %ldm %lds", sign,
		    s / 86400, s / 3600 % 24, s / 60 % 60, s % 60);
	else if (s >= 3600)
		snprintf(text, sizeof(text), "%s%ldh %ldm %lds", sign, s / 3600,
		    s / 60 % 60, s % 60);
	else
		snprintf(
		    text, sizeof(text), "%s%ldm %lds", sign, s / 60, s % 60);
	dm_buf_add_cstr(&b, text);
	return dm_expand_string(x, &b, ret);
}

static int f_humanize_percentage(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	double v;

	(void)n;
	if (dm_expand_number(x, a, "humanizePercentage", &v) < 0)
		return -1;
	return give_4g(x, v * 100, "", "%", ret);
}

/* A number of seconds since 1970 as a time. Prometheus drops what is less
 * than a millisecond. */
static int time_of(struct expand *x, double v, const char *who, int64_t *ret)
{
	int64_t us = 0;

	if (!dm_time_from_seconds(v, &us))
		return dm_expand_fail(x, "%s: %g is no time", who, v);
	*ret = us - (us % 1000 + 1000) % 1000;
	return 0;
}

static int f_humanize_timestamp(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	struct dm_buf b = {0};
	int64_t us = 0;
	double v;

	(void)n;
	if (dm_expand_number(x, a, "humanizeTimestamp", &v) < 0)
		return -1;
	if (is_odd(v))
		return give_4g(x, v, "", "", ret);
	if (time_of(x, v, "humanizeTimestamp", &us) < 0)
		return -1;
	dm_go_time(&b, us);
	return dm_expand_string(x, &b, ret);
}

static int f_to_time(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	int64_t us = 0;
	double v;

	(void)n;
	if (dm_expand_number(x, a, "toTime", &v) < 0)
		return -1;
	if (is_odd(v))
		return dm_expand_fail(x, "toTime: value is NaN or Inf");
	if (time_of(x, v, "toTime", &us) < 0)
		return -1;
	*ret = (struct tv){.type = TV_TIME, .i = us};
	return 0;
}

static int f_to_duration(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	double v;

	(void)n;
	if (dm_expand_number(x, a, "toDuration", &v) < 0)
		return -1;
	if (is_odd(v) || fabs(v) > 9.2e9)
		return dm_expand_fail(x, "toDuration: %g is too long", v);
	*ret = (struct tv){.type = TV_DURATION, .i = (int64_t)(v * 1e9)};
	return 0;
}

static int f_now(struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)a, (void)n;
	*ret = (struct tv){.type = TV_FLOAT, .f = (double)x->env->t_us / 1e6};
	return 0;
}

static int f_parse_duration(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	int64_t us = 0;

	(void)n;
	if (dm_expand_text(x, a, "parseDuration") < 0)
		return -1;
	if (!dm_time_parse_duration(a->s, &us) || us > DM_DURATION_MAX_US)
		return dm_expand_fail(x, "parseDuration: not a duration");
	*ret = (struct tv){.type = TV_FLOAT, .f = (double)us / 1e6};
	return 0;
}

const struct tfunc dm_tfuncs_number[] = {
    {"humanize", 1, 1, f_humanize, false, false},
    {"humanize1024", 1, 1, f_humanize1024, false, false},
    {"humanizeDuration", 1, 1, f_humanize_duration, false, false},
    {"humanizePercentage", 1, 1, f_humanize_percentage, false, false},
    {"humanizeTimestamp", 1, 1, f_humanize_timestamp, false, false},
    {.name = "now", .call = f_now, .fleeting = true, .outside = true},
    {"parseDuration", 1, 1, f_parse_duration, false, false},
    {"toDuration", 1, 1, f_to_duration, false, false},
    {"toTime", 1, 1, f_to_time, false, false},
    {.name = NULL},
};
