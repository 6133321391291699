/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/template-ast.h"

/* The functions that Go's templates have. Source: Go, text/template/funcs.go.
 */

static int give_bool(bool b, struct tv *ret)
{
	*ret = (struct tv){.type = TV_BOOL, .b = b};
	return 0;
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
	size_t len;

	(void)n;
	if (!dm_expand_len(x, a, &len))
		return dm_expand_fail(x, "len of a %s", dm_expand_type(a));
	*ret = (struct tv){.type = TV_INT, .i = (int64_t)len};
	return 0;
}

/* Is it a whole number up to this one? */
static int want_index(struct expand *x, const struct tv *v, size_t max,
    const char *who, size_t *ret)
{
	if (v->type != TV_INT)
		return dm_expand_fail(x, "%s by a %s", who, dm_expand_type(v));
	if (v->i < 0 || (uint64_t)v->i > max)
		return dm_expand_fail(
		    x, "%s out of range: %lld", who, (long long)v->i);
	*ret = (size_t)v->i;
	return 0;
}

static int index_one(
    struct expand *x, const struct tv *of, const struct tv *by, struct tv *ret)
{
	struct tv key;
	size_t n, i;

	if (of->type != TV_STRING && of->type != TV_LIST) {
		if (!dm_expand_len(x, of, &n))
			return dm_expand_fail(
			    x, "index into a %s", dm_expand_type(of));
		if (dm_expand_text(x, by, "index") < 0)
			return -1;
		dm_expand_key(x, of, by->s, ret);
		return 0;
	}
	if (!dm_expand_len(x, of, &n) || n == 0)
		return dm_expand_fail(x, "index out of range");
	if (want_index(x, by, n - 1, "index", &i) < 0)
		return -1;
	if (of->type == TV_LIST)
		dm_expand_item(x, of, i, &key, ret);
	else
		*ret =
		    (struct tv){.type = TV_INT, .i = (unsigned char)of->s.p[i]};
	return 0;
}

static int f_index(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	struct tv of = a[0];

	*ret = of;
	for (size_t i = 1; i < n; i++) {
		if (index_one(x, &of, &a[i], ret) < 0)
			return -1;
		of = *ret;
	}
	return 0;
}

static int f_slice(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	size_t len, from = 0, to;

	if ((a->type != TV_STRING && a->type != TV_LIST) ||
	    !dm_expand_len(x, a, &len))
		return dm_expand_fail(x, "slice of a %s", dm_expand_type(a));
	to = len;
	if ((n > 2 && want_index(x, &a[2], len, "slice", &to) < 0) ||
	    (n > 1 && want_index(x, &a[1], to, "slice", &from) < 0))
		return -1;
	*ret = *a;
	if (a->type == TV_LIST) {
		ret->items = a->items + from;
		ret->n = to - from;
	} else {
		ret->s = (struct dm_str){a->s.p + from, to - from};
	}
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
const struct tfunc dm_tfuncs_core[] = {
    {.name = "and", .min = 1, .max = TFUNC_ARGS_MAX},
    {"eq", 2, TFUNC_ARGS_MAX, f_eq, false, false},
    {"ge", 2, 2, f_ge, false, false},
    {"gt", 2, 2, f_gt, false, false},
    {"index", 1, TFUNC_ARGS_MAX, f_index, false, false},
    {"le", 2, 2, f_le, false, false},
    {"len", 1, 1, f_len, false, false},
    {"lt", 2, 2, f_lt, false, false},
    {"ne", 2, 2, f_ne, false, false},
    {"not", 1, 1, f_not, false, false},
    {.name = "or", .min = 1, .max = TFUNC_ARGS_MAX},
    {"print", 0, TFUNC_ARGS_MAX, f_print, false, false},
    {"printf", 1, TFUNC_ARGS_MAX, dm_expand_printf, false, false},
    {"println", 0, TFUNC_ARGS_MAX, f_println, false, false},
    {"slice", 1, 3, f_slice, false, false},
    {.name = NULL},
};

const struct tfunc *dm_template_func(struct dm_str name)
{
	static const struct tfunc *const tables[] = {
	    dm_tfuncs_core, dm_tfuncs_data, dm_tfuncs_number, dm_tfuncs_text};

	for (size_t i = 0; i < DM_COUNT(tables); i++)
		for (const struct tfunc *f = tables[i]; f->name; f++)
			if (dm_str_is(name, f->name))
				return f;
	return NULL;
}
