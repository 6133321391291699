/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/template-ast.h"

/* The functions of templates that are about samples and the world outside.
 * Source: Prometheus, template/template.go. */

static int want(
    struct expand *x, const struct tv *v, enum tv_type type, const char *who)
{
	if (v->type == type)
		return 0;
	return dm_expand_fail(x, "%s can't take a %s", who, dm_expand_type(v));
}

static int f_first(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)n;
	if (want(x, a, TV_LIST, "first") < 0)
		return -1;
	if (a->n == 0)
		return dm_expand_fail(
		    x, "first() called on vector with no elements");
	*ret = a->items[0];
	return 0;
}

static int f_label(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	struct tv labels;

	(void)n;
	if (dm_expand_text(x, &a[0], "label") < 0 ||
	    want(x, &a[1], TV_SAMPLE, "label") < 0)
		return -1;
	labels = a[1];
	labels.type = TV_LABELS;
	dm_expand_key(x, &labels, a[0].s, ret);
	return 0;
}

static int f_value(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)n;
	*ret = (struct tv){.type = TV_FLOAT, .f = a->f};
	return want(x, a, TV_SAMPLE, "value");
}

/* The label __value__, which count_values may have made. */
static int f_strvalue(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	struct tv args[] = {tv_string(DM_STR("__value__")), *a};

	(void)n;
	if (want(x, a, TV_SAMPLE, "strvalue") < 0)
		return -1;
	return f_label(x, args, 2, ret);
}

static struct dm_str label_of(const struct tv *v, struct dm_str name)
{
	if (v->name && dm_str_is(name, DM_LABEL_NAME))
		return v->name->text;
	return dm_labels_get(v->labels, name);
}

/* Merges two runs that are in order; equal ones keep theirs. */
static void merge(const struct tv *from, struct tv *to, size_t begin,
    size_t middle, size_t end, struct dm_str by)
{
	size_t i = begin, k = middle;

	for (size_t o = begin; o < end; o++) {
		bool left = i < middle &&
			    (k == end || dm_str_cmp(label_of(&from[i], by),
					     label_of(&from[k], by)) <= 0);

		to[o] = from[left ? i++ : k++];
	}
}

static int f_sort_by_label(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	size_t bytes = a[1].n * sizeof(struct tv);
	struct tv *from, *to, *t;

	(void)n;
	if (dm_expand_text(x, &a[0], "sortByLabel") < 0 ||
	    want(x, &a[1], TV_LIST, "sortByLabel") < 0 ||
	    dm_expand_effort(x, a[1].n / 8) < 0)
		return -1;
	from = dm_tmem_alloc(&x->mem, bytes);
	to = dm_tmem_alloc(&x->mem, bytes);
	if (!from || !to)
		return dm_err_nomem(x->err);
	if (bytes > 0)
		memcpy(from, a[1].items, bytes);
	for (size_t run = 1; run < a[1].n; run *= 2) {
		for (size_t i = 0; i < a[1].n; i += 2 * run) {
			size_t middle = i + run < a[1].n ? i + run : a[1].n;
			size_t end =
			    middle + run < a[1].n ? middle + run : a[1].n;

			merge(from, to, i, middle, end, a[0].s);
		}
		t = from;
		from = to;
		to = t;
	}
	*ret = a[1];
	ret->items = from;
	return 0;
}

static int f_args(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	struct tv *items = dm_tmem_alloc(&x->mem, (n + 1) * sizeof(*items));

	if (!items)
		return dm_err_nomem(x->err);
	if (n > 0)
		memcpy(items, a, n * sizeof(*items));
	*ret = (struct tv){.type = TV_MAP, .items = items, .n = n};
	return 0;
}

static int f_external_url(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	const char *url = x->env->external_url;

	(void)a, (void)n;
	*ret = tv_string(dm_str(url ? url : ""));
	return 0;
}

/* Of http://host:port/path?query#fragment the path. */
static int f_path_prefix(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	const char *url = x->env->external_url ? x->env->external_url : "";
	const char *host = strstr(url, "://");
	const char *path = strchr(host ? host + 3 : url, '/');

	(void)a, (void)n;
	if (!path)
		path = "";
	*ret = tv_string((struct dm_str){path, strcspn(path, "?#")});
	return 0;
}

const struct tfunc dm_tfuncs_data[] = {
    {"args", 0, TFUNC_ARGS_MAX, f_args, false, false},
    {.name = "externalURL", .call = f_external_url, .outside = true},
    {"first", 1, 1, f_first, false, false},
    {"label", 2, 2, f_label, false, false},
    {.name = "pathPrefix", .call = f_path_prefix, .outside = true},
    {.name = "query", .min = 1, .max = 1, .fleeting = true, .outside = true},
    {"sortByLabel", 2, 2, f_sort_by_label, false, false},
    {"strvalue", 1, 1, f_strvalue, false, false},
    {"value", 1, 1, f_value, false, false},
    {.name = NULL},
};
