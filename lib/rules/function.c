/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "rules/regex-replace.h"
#include "rules/template-ast.h"
#include "series/matcher.h"

/* The functions of templates. Source: Prometheus, template/template.go, and
 * Go, text/template/funcs.go. */

static int give_text(struct expand *x, const char *text, struct tv *ret)
{
	struct dm_buf b = {0};

	dm_buf_add_cstr(&b, text);
	return dm_expand_string(x, &b, ret);
}

static int give_bool(bool b, struct tv *ret)
{
	*ret = (struct tv){.type = TV_BOOL, .b = b};
	return 0;
}

static int want_text(struct expand *x, const struct tv *v, const char *who)
{
	if (v->type == TV_STRING)
		return 0;
	return dm_expand_fail(
	    x, "%s wants a text, not a %s", who, dm_expand_type(v));
}

/* Prometheus takes texts that are numbers for numbers, too. */
static int want_number(
    struct expand *x, const struct tv *v, const char *who, double *ret)
{
	if (v->type == TV_FLOAT)
		*ret = v->f;
	else if (v->type == TV_INT)
		*ret = (double)v->i;
	else if (v->type != TV_STRING || !dm_num_parse_user(v->s, ret))
		return dm_expand_fail(
		    x, "%s wants a number, not a %s", who, dm_expand_type(v));
	return 0;
}

/* "%.4g" and a unit, as Go prints it. */
static int give_4g(struct expand *x, double v, const char *prefix,
    const char *unit, struct tv *ret)
{
	char text[64];

	if (isnan(v) || isinf(v))
		snprintf(text, sizeof(text), "%s%s%s",
		    isnan(v) ? "NaN"
		    : v > 0  ? "+Inf"
			     : "-Inf",
		    prefix, unit);
	else
		snprintf(text, sizeof(text), "%.4g%s%s", v, prefix, unit);
	return give_text(x, text, ret);
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
	if (want_number(x, a, "humanize", &v) < 0)
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
	if (want_number(x, a, "humanize1024", &v) < 0)
		return -1;
	if (fabs(v) > 1 && !is_odd(v))
		prefix = scale_down(&v, 1024, binary);
	return give_4g(x, v, prefix, "", ret);
}

static int f_humanize_duration(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	char text[96];
	const char *sign;
	double v;
	int64_t s;

	(void)n;
	if (want_number(x, a, "humanizeDuration", &v) < 0)
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
	return give_text(x, text, ret);
}

static int f_humanize_percentage(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	double v;

	(void)n;
	if (want_number(x, a, "humanizePercentage", &v) < 0)
		return -1;
	return give_4g(x, v * 100, "", "%", ret);
}

/* As Go prints a time: 2015-02-11 18:32:03.5 +0000 UTC */
static int f_humanize_timestamp(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	DM_AUTO_BUF struct dm_buf t = {0};
	struct dm_buf b = {0};
	double v;
	int64_t us;

	(void)n;
	if (want_number(x, a, "humanizeTimestamp", &v) < 0)
		return -1;
	if (is_odd(v))
		return give_4g(x, v, "", "", ret);
	if (!dm_time_from_seconds(v, &us))
		return dm_expand_fail(x, "humanizeTimestamp: %g is no time", v);
	dm_time_add_rfc3339(&t, us - (us % 1000 + 1000) % 1000);
	if (dm_buf_ok(&t, x->err) < 0)
		return -1;
	dm_buf_add(&b, t.p, 10);
	dm_buf_add_char(&b, ' ');
	dm_buf_add(&b, t.p + 11, t.n - 12);
	dm_buf_add_cstr(&b, " +0000 UTC");
	return dm_expand_string(x, &b, ret);
}

static int f_parse_duration(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	int64_t us;

	(void)n;
	if (want_text(x, a, "parseDuration") < 0)
		return -1;
	if (!dm_time_parse_duration(a->s, &us))
		return dm_expand_fail(x, "parseDuration: not a duration");
	*ret = (struct tv){.type = TV_FLOAT, .f = (double)us / 1e6};
	return 0;
}

static bool is_word_char(char c)
{
	return c == '_' || c == '\'' || (c & 0x80) || (c >= '0' && c <= '9') ||
	       (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char to_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Letters of ASCII only change. */
static int change_case(struct expand *x, const struct tv *a, const char *who,
    char (*change)(char), struct tv *ret)
{
	struct dm_buf b = {0};

	if (want_text(x, a, who) < 0)
		return -1;
	for (size_t i = 0; i < a->s.n; i++) {
		bool all = change != NULL;
		bool start = i == 0 || !is_word_char(a->s.p[i - 1]) ||
			     a->s.p[i - 1] == '\'';
		char c = a->s.p[i];

		dm_buf_add_char(&b, all ? change(c) : start ? to_upper(c) : c);
	}
	return dm_expand_string(x, &b, ret);
}

static int f_to_upper(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)n;
	return change_case(x, a, "toUpper", to_upper, ret);
}

static int f_to_lower(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)n;
	return change_case(x, a, "toLower", to_lower, ret);
}

static int f_title(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)n;
	return change_case(x, a, "title", NULL, ret);
}

static int f_match(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	DM_AUTO_BUF struct dm_buf all = {0};
	struct dm_regex *re;

	(void)n;
	if (want_text(x, &a[0], "match") < 0 ||
	    want_text(x, &a[1], "match") < 0)
		return -1;
	/* The matcher is anchored, this function is not. */
	dm_buf_add_cstr(&all, "(?s:.*)(?-s:");
	dm_buf_add_str(&all, a[0].s);
	dm_buf_add_cstr(&all, ")(?s:.*)");
	if (dm_buf_ok(&all, x->err) < 0 ||
	    dm_regex_new(a[0].s, &re, x->err) < 0)
		return -1;
	dm_regex_free(re);
	if (dm_regex_new(dm_buf_str(&all), &re, x->err) < 0)
		return -1;
	give_bool(dm_regex_matches(re, a[1].s), ret);
	dm_regex_free(re);
	return 0;
}

static int f_re_replace_all(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	struct dm_buf b = {0};

	for (size_t i = 0; i < n; i++)
		if (want_text(x, &a[i], "reReplaceAll") < 0)
			return -1;
	if (dm_regex_replace_all(a[0].s, a[1].s, a[2].s, DM_TEMPLATE_MAX_BYTES,
		&b, x->err) < 0) {
		dm_buf_release(&b);
		return -1;
	}
	return dm_expand_string(x, &b, ret);
}

/* Blanks stand between arguments of which neither is a text. */
static int f_print(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	struct dm_buf b = {0};

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && a[i].type != TV_STRING &&
		    a[i - 1].type != TV_STRING)
			dm_buf_add_char(&b, ' ');
		dm_expand_print(x, &b, &a[i]);
	}
	return dm_expand_string(x, &b, ret);
}

static int f_println(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	struct dm_buf b = {0};

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			dm_buf_add_char(&b, ' ');
		dm_expand_print(x, &b, &a[i]);
	}
	dm_buf_add_char(&b, '\n');
	return dm_expand_string(x, &b, ret);
}

static int f_len(struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)n;
	*ret = (struct tv){.type = TV_INT};
	if (a->type == TV_STRING)
		ret->i = (int64_t)a->s.n;
	else if (a->type == TV_LABELS)
		ret->i = (int64_t)x->data->labels->n + (x->data->name != NULL);
	else if (a->type != TV_EMPTY_MAP)
		return dm_expand_fail(x, "len of a %s", dm_expand_type(a));
	return 0;
}

static int f_index(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)n;
	if (a[0].type != TV_LABELS && a[0].type != TV_EMPTY_MAP)
		return dm_expand_fail(
		    x, "index into a %s", dm_expand_type(&a[0]));
	if (want_text(x, &a[1], "index") < 0)
		return -1;
	*ret = (struct tv){.type = TV_STRING, .s = {"", 0}};
	if (a[0].type == TV_LABELS)
		ret->s = dm_expand_label(x, a[1].s);
	return 0;
}

static int f_not(struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)n;
	return give_bool(!dm_expand_truth(x, a), ret);
}

/* -1, 0, 1; 2 where NaN is not to be ordered. As Go, an integer and a
 * number with a point are not compared. */
static int compare(
    struct expand *x, const struct tv *a, const struct tv *b, int *ret)
{
	if (a->type != b->type ||
	    (a->type != TV_STRING && a->type != TV_FLOAT && a->type != TV_INT &&
		a->type != TV_BOOL))
		return dm_expand_fail(x, "incompatible types for comparison");
	if (a->type == TV_STRING)
		*ret = dm_str_cmp(a->s, b->s);
	else if (a->type == TV_FLOAT)
		*ret = a->f < b->f    ? -1
		       : a->f > b->f  ? 1
		       : a->f == b->f ? 0
				      : 2;
	else if (a->type == TV_INT)
		*ret = a->i < b->i ? -1 : a->i > b->i;
	else
		*ret = (int)a->b - (int)b->b;
	if (a->type == TV_STRING)
		*ret = *ret < 0 ? -1 : *ret > 0;
	return 0;
}

/* eq takes more than two: is the first equal to one of the others? */
static int f_eq(struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	bool any = false;
	int order;

	for (size_t i = 1; i < n && !any; i++) {
		if (compare(x, &a[0], &a[i], &order) < 0)
			return -1;
		any = order == 0;
	}
	return give_bool(any, ret);
}

static int f_ne(struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	int order;

	(void)n;
	if (compare(x, &a[0], &a[1], &order) < 0)
		return -1;
	return give_bool(order != 0, ret);
}

static int order_of(struct expand *x, const struct tv *a, int *ret)
{
	if (compare(x, &a[0], &a[1], ret) < 0)
		return -1;
	if (a->type == TV_BOOL)
		return dm_expand_fail(x, "bools have no order");
	return 0;
}

static int f_lt(struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	int o;

	(void)n;
	return order_of(x, a, &o) < 0 ? -1 : give_bool(o == -1, ret);
}

static int f_le(struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	int o;

	(void)n;
	return order_of(x, a, &o) < 0 ? -1 : give_bool(o <= 0, ret);
}

static int f_gt(struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	int o;

	(void)n;
	return order_of(x, a, &o) < 0 ? -1 : give_bool(o == 1, ret);
}

static int f_ge(struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	int o;

	(void)n;
	return order_of(x, a, &o) < 0 ? -1 : give_bool(o == 0 || o == 1, ret);
}

/* and, or are run by expand.c, that stops at the argument that decides. */
static const struct tfunc funcs[] = {
    {"and", 1, 0, NULL},
    {"eq", 2, 0, f_eq},
    {"ge", 2, 2, f_ge},
    {"gt", 2, 2, f_gt},
    {"humanize", 1, 1, f_humanize},
    {"humanize1024", 1, 1, f_humanize1024},
    {"humanizeDuration", 1, 1, f_humanize_duration},
    {"humanizePercentage", 1, 1, f_humanize_percentage},
    {"humanizeTimestamp", 1, 1, f_humanize_timestamp},
    {"index", 2, 2, f_index},
    {"le", 2, 2, f_le},
    {"len", 1, 1, f_len},
    {"lt", 2, 2, f_lt},
    {"match", 2, 2, f_match},
    {"ne", 2, 2, f_ne},
    {"not", 1, 1, f_not},
    {"or", 1, 0, NULL},
    {"parseDuration", 1, 1, f_parse_duration},
    {"print", 0, 0, f_print},
    {"printf", 1, 0, dm_expand_printf},
    {"println", 0, 0, f_println},
    {"reReplaceAll", 3, 3, f_re_replace_all},
    {"title", 1, 1, f_title},
    {"toLower", 1, 1, f_to_lower},
    {"toUpper", 1, 1, f_to_upper},
};

const struct tfunc *dm_template_func(struct dm_str name)
{
	for (size_t i = 0; i < DM_COUNT(funcs); i++)
		if (dm_str_is(name, funcs[i].name))
			return &funcs[i];
	return NULL;
}
