/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "base/num.h"
#include "rules/go-print.h"
#include "rules/template-ast.h"
#include "rules/template-time.h"

/* The values of templates: how they are printed, and what is in them. Source:
 * Go, fmt and text/template. */

const char *dm_expand_type(const struct tv *v)
{
	static const char *const names[] = {
	    [TV_NIL] = "<nil>",
	    [TV_STRING] = "string",
	    [TV_FLOAT] = "float64",
	    [TV_INT] = "int",
	    [TV_BOOL] = "bool",
	    [TV_LABELS] = "map[string]string",
	    [TV_EXTERNAL] = "map[string]string",
	    [TV_MAP] = "map[string]interface {}",
	    [TV_ROOT] = "struct",
	    [TV_SAMPLE] = "*template.sample",
	    [TV_LIST] = "template.queryResult",
	    [TV_TIME] = "*time.Time",
	    [TV_DURATION] = "*time.Duration",
	    [TV_UNKNOWN] = "interface {}",
	};

	return names[v->type];
}

int dm_expand_text(struct expand *x, const struct tv *v, const char *who)
{
	if (v->type == TV_STRING)
		return 0;
	return dm_expand_fail(
	    x, "%s wants a text, not a %s", who, dm_expand_type(v));
}

/* Prometheus takes texts that are numbers for numbers, too. */
int dm_expand_number(
    struct expand *x, const struct tv *v, const char *who, double *ret)
{
	if (v->type == TV_FLOAT)
		*ret = v->f;
	else if (v->type == TV_INT)
		*ret = (double)v->i;
	else if (v->type == TV_DURATION)
		*ret = (double)v->i / 1e9;
	else if (v->type != TV_STRING || !dm_num_parse_user(v->s, ret))
		return dm_expand_fail(
		    x, "%s wants a number, not a %s", who, dm_expand_type(v));
	return 0;
}

/* Where the metric's name stands among the labels. */
static size_t name_place(const struct tv *v)
{
	size_t i = 0;

	while (i < v->labels->n &&
	       dm_str_cmp(v->labels->pairs[i].name, DM_STR(DM_LABEL_NAME)) < 0)
		i++;
	return v->name ? i : SIZE_MAX;
}

static struct dm_label label_at(const struct tv *v, size_t i)
{
	size_t place = name_place(v);

	if (i == place)
		return (struct dm_label){DM_STR(DM_LABEL_NAME), v->name->text};
	return v->labels->pairs[i > place ? i - 1 : i];
}

/* arg0, arg1, arg10, arg2: in order of the names. */
static size_t arg_at(size_t i, size_t n)
{
	size_t longer = n > 10 ? n - 10 : 0;

	if (i < 2)
		return i;
	return i < 2 + longer ? 8 + i : i - longer;
}

static const char *arg_name(size_t i)
{
	static const char *const names[] = {"arg0", "arg1", "arg2", "arg3",
	    "arg4", "arg5", "arg6", "arg7", "arg8", "arg9", "arg10", "arg11",
	    "arg12", "arg13", "arg14", "arg15"};

	return names[i];
}

bool dm_expand_len(const struct expand *x, const struct tv *v, size_t *ret)
{
	switch (v->type) {
	case TV_STRING:
		*ret = v->s.n;
		return true;
	case TV_LABELS:
		*ret = v->labels->n + (v->name != NULL);
		return true;
	case TV_EXTERNAL:
		*ret = x->env->n_external;
		return true;
	case TV_MAP:
	case TV_LIST:
		*ret = v->n;
		return true;
	default:
		return false;
	}
}

void dm_expand_item(const struct expand *x, const struct tv *v, size_t i,
    struct tv *ret_key, struct tv *ret_value)
{
	struct dm_label l = {0};

	*ret_key = (struct tv){.type = TV_INT, .i = (int64_t)i};
	*ret_value = *ret_key;
	if (v->type == TV_LIST) {
		*ret_value = v->items[i];
	} else if (v->type == TV_MAP) {
		*ret_key = tv_string(dm_str(arg_name(arg_at(i, v->n))));
		*ret_value = v->items[arg_at(i, v->n)];
	} else if (v->type == TV_LABELS || v->type == TV_EXTERNAL) {
		l = v->type == TV_LABELS ? label_at(v, i) : x->env->external[i];
		*ret_key = tv_string(l.name);
		*ret_value = tv_string(l.value);
	}
}

static bool labels_key(const struct tv *v, struct dm_str key, struct tv *ret)
{
	bool name = v->name && dm_str_is(key, DM_LABEL_NAME);

	*ret = tv_string(name ? v->name->text : dm_labels_get(v->labels, key));
	return true;
}

bool dm_expand_key(const struct expand *x, const struct tv *v,
    struct dm_str key, struct tv *ret)
{
	if (v->type == TV_LABELS)
		return labels_key(v, key, ret);
	if (v->type == TV_MAP) {
		*ret = (struct tv){.type = TV_NIL};
		for (size_t i = 0; i < v->n; i++)
			if (dm_str_is(key, arg_name(i)))
				*ret = v->items[i];
		return true;
	}
	if (v->type != TV_EXTERNAL)
		return false;
	*ret = tv_string((struct dm_str){"", 0});
	for (size_t i = 0; i < x->env->n_external; i++)
		if (dm_str_eq(x->env->external[i].name, key))
			*ret = tv_string(x->env->external[i].value);
	return true;
}

/* What stands within another value: nil is not <no value> there. */
static void print_inner(struct expand *x, struct dm_buf *b, const struct tv *v)
{
	if (v->type == TV_NIL)
		dm_buf_add_cstr(b, "<nil>");
	else
		dm_expand_print(x, b, v);
}

/* A map as Go prints it: map[a:b c:d], sorted. A list: [a b]. */
static void print_items(struct expand *x, struct dm_buf *b, const struct tv *v)
{
	struct tv key, value;
	size_t n = 0;

	dm_buf_add_cstr(b, v->type == TV_LIST ? "[" : "map[");
	dm_expand_len(x, v, &n);
	for (size_t i = 0; i < n && b->n <= DM_TEMPLATE_MAX_BYTES; i++) {
		dm_expand_item(x, v, i, &key, &value);
		if (i > 0)
			dm_buf_add_char(b, ' ');
		if (v->type != TV_LIST) {
			dm_buf_add_str(b, key.s);
			dm_buf_add_char(b, ':');
		}
		print_inner(x, b, &value);
	}
	dm_buf_add_char(b, ']');
}

/* A struct as Go prints it, without the names of its fields. */
static void print_struct(struct expand *x, struct dm_buf *b, const struct tv *v)
{
	struct tv labels = *v;

	labels.type = TV_LABELS;
	dm_buf_add_char(b, '{');
	print_items(x, b, &labels);
	if (v->type == TV_ROOT) {
		labels.type = TV_EXTERNAL;
		dm_buf_add_char(b, ' ');
		print_items(x, b, &labels);
		dm_buf_addf(
		    b, " %s", x->env->external_url ? x->env->external_url : "");
	}
	dm_buf_add_char(b, ' ');
	dm_go_float(b, v->f);
	dm_buf_add_char(b, '}');
}

void dm_expand_print(struct expand *x, struct dm_buf *b, const struct tv *v)
{
	switch (v->type) {
	case TV_NIL:
		dm_buf_add_cstr(b, "<no value>");
		break;
	case TV_STRING:
		dm_buf_add_str(b, v->s);
		break;
	case TV_FLOAT:
		dm_go_float(b, v->f);
		break;
	case TV_INT:
		dm_num_add_i64(b, v->i);
		break;
	case TV_BOOL:
		dm_buf_add_cstr(b, v->b ? "true" : "false");
		break;
	case TV_LABELS:
	case TV_EXTERNAL:
	case TV_MAP:
	case TV_LIST:
		print_items(x, b, v);
		break;
	case TV_ROOT:
	case TV_SAMPLE:
		print_struct(x, b, v);
		break;
	case TV_TIME:
		dm_go_time(b, v->i);
		break;
	case TV_DURATION:
		dm_go_duration(b, v->i);
		break;
	case TV_UNKNOWN:
		dm_buf_addf(b, "dmq%c", x->dry == 1 ? 'a' : 'b');
		break;
	}
}

bool dm_expand_truth(const struct expand *x, const struct tv *v)
{
	size_t n;

	switch (v->type) {
	case TV_FLOAT:
		return v->f != 0;
	case TV_INT:
		return v->i != 0;
	case TV_BOOL:
		return v->b;
	case TV_NIL:
		return false;
	default:
		return !dm_expand_len(x, v, &n) || n > 0;
	}
}

bool dm_template_has_method(struct dm_str name, size_t n_args)
{
	return dm_go_time_has_method(name, n_args) ||
	       (n_args == 0 && dm_str_is(name, "Seconds"));
}

int dm_expand_method(struct expand *x, const struct tv *v, struct dm_str name,
    const struct tv *args, size_t n, struct tv *ret)
{
	if (v->type == TV_DURATION && n == 0 && dm_str_is(name, "Seconds")) {
		*ret = (struct tv){.type = TV_FLOAT, .f = (double)v->i / 1e9};
		return 0;
	}
	if (v->type == TV_TIME && dm_go_time_has_method(name, n))
		return dm_expand_time_method(x, v, name, args, ret);
	return dm_expand_fail(x, "no field %.*s in a %s",
	    (int)(name.n < 64 ? name.n : 64), name.p, dm_expand_type(v));
}
