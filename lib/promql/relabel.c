/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "promql/expr.h"

/* Functions that set a label. Source: prometheus promql/functions.go,
 * evalLabelReplace, evalLabelJoin. */

#define LABEL_MAX_BYTES (64 * 1024)

static struct dm_str text_of(const struct dm_node *arg)
{
	return (struct dm_str){arg->string, arg->string_n};
}

static bool is_name(const struct dm_node *arg)
{
	return dm_str_is(text_of(arg), DM_LABEL_NAME);
}

static struct dm_str label_of(
    const struct dm_element *el, const struct dm_node *arg)
{
	if (!is_name(arg))
		return dm_labels_get(el->labels, text_of(arg));
	return el->name ? el->name->text : DM_STR("");
}

/* The value that is to be set, into e->buf. Returns 1, 0 where none is, or
 * -1. */
typedef int value_fn(struct dm_expr *e, const struct dm_node *n,
    const struct dm_element *el, struct dm_err *err);

static int replacement(struct dm_expr *e, const struct dm_node *n,
    const struct dm_element *el, struct dm_err *err)
{
	return dm_regex_expand(n->regex, label_of(el, n->args[3]),
	    text_of(n->args[2]), &e->buf, err);
}

static int joined(struct dm_expr *e, const struct dm_node *n,
    const struct dm_element *el, struct dm_err *err)
{
	for (size_t i = 3; i < n->n_args; i++) {
		if (i > 3)
			dm_buf_add_str(&e->buf, text_of(n->args[2]));
		dm_buf_add_str(&e->buf, label_of(el, n->args[i]));
	}
	if (e->buf.n > LABEL_MAX_BYTES)
		return dm_err_set(err, DM_ELIMIT,
		    "a label becomes longer than %d bytes", LABEL_MAX_BYTES);
	return dm_buf_ok(&e->buf, err) < 0 ? -1 : 1;
}

/* The reference of el->labels is the caller's. */
static int set_label(struct dm_expr *e, const struct dm_node *dst,
    struct dm_element *el, struct dm_err *err)
{
	struct dm_str value = dm_buf_str(&e->buf);
	struct dm_labels_builder *b = &e->builder;

	if (!is_name(dst)) {
		dm_labels_builder_start(b, el->labels);
		dm_labels_builder_set(b, text_of(dst), value);
		return dm_labels_builder_done(
		    b, e->querier.pool, &el->labels, err);
	}
	el->name = NULL;
	if (value.n &&
	    dm_labels_name(e->querier.pool, value, &el->name, err) < 0)
		return -1;
	dm_labels_ref(el->labels);
	return 0;
}

static int relabel(struct dm_expr *e, struct dm_node *n, value_fn *value,
    struct dm_element *el, struct dm_err *err)
{
	int rc;

	dm_buf_clear(&e->buf);
	rc = value(e, n, el, err);
	if (rc < 0)
		return -1;
	if (rc > 0)
		return set_label(e, n->args[1], el, err);
	dm_labels_ref(el->labels);
	return 0;
}

/* What becomes of a label set is remembered by its id, unless names play a
 * part. */
static int relabel_cached(struct dm_expr *e, struct dm_node *n, value_fn *value,
    struct dm_element *el, struct dm_err *err)
{
	uint64_t serial = el->labels->serial;
	struct dm_grouped *c = dm_group_cached(n, el->labels->id, err);

	if (!c)
		return -1;
	if (c->serial == serial) {
		el->labels = c->group;
		return 0;
	}
	if (relabel(e, n, value, el, err) < 0)
		return -1;
	dm_labels_unref(c->group);
	c->group = el->labels;
	c->serial = serial;
	return 0;
}

static int each(
    struct dm_expr *e, struct dm_node *n, value_fn *value, struct dm_err *err)
{
	if (dm_vec_copy(e, &n->out, &n->args[0]->out, err) < 0)
		return -1;
	for (size_t i = 0; i < n->out.n; i++) {
		struct dm_element *el = &n->out.p[i];

		if (!n->grouped_by_name) {
			if (relabel_cached(e, n, value, el, err) < 0)
				return -1;
			continue;
		}
		if (relabel(e, n, value, el, err) < 0 ||
		    dm_eval_hold(e, el->labels, err) < 0)
			return -1;
	}
	return dm_eval_check_unique(e, n, err);
}

static int fn_label_replace(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	return each(e, n, replacement, err);
}

static int fn_label_join(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	return each(e, n, joined, err);
}

static int check_labels(
    struct dm_expr *e, struct dm_node *n, size_t from, struct dm_err *err)
{
	n->mixed |= is_name(n->args[1]);
	n->grouped_by_name = is_name(n->args[1]);
	for (size_t i = from; i < n->n_args; i++)
		n->grouped_by_name |= is_name(n->args[i]);
	if (n->args[1]->string_n == 0)
		return dm_expr_error(e, n->args[1]->at, DM_EPARSE, err,
		    "%s needs the name of a label to set", n->function->name);
	return 0;
}

static int check_replace(
    struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	const struct dm_node *pattern = n->args[4];
	struct dm_err why;

	if (check_labels(e, n, 3, err) < 0)
		return -1;
	if (dm_regex_new(text_of(pattern), &n->regex, &why) < 0)
		return dm_expr_error(
		    e, pattern->at, why.code, err, "%s", why.msg);
	if (!dm_regex_has_sure_groups(n->regex) &&
	    memchr(n->args[2]->string, '$', n->args[2]->string_n))
		return dm_expr_error(e, pattern->at, DM_EPARSE, err,
		    "groups of a regular expression that may match nothing "
		    "and are repeated are not supported");
	return 0;
}

static int check_join(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	for (size_t i = 3; i < n->n_args; i++) {
		if (n->args[i]->string_n == 0)
			return dm_expr_error(e, n->args[i]->at, DM_EPARSE, err,
			    "label_join needs names of labels to join");
	}
	return check_labels(e, n, 3, err);
}

const struct dm_function dm_functions_label[] = {
    {.name = "label_replace",
	.ret = DM_EXPR_VECTOR,
	.args = "vtttt",
	.call = fn_label_replace,
	.check = check_replace},
    {.name = "label_join",
	.ret = DM_EXPR_VECTOR,
	.args = "vtt?t*",
	.call = fn_label_join,
	.check = check_join},
    {.name = NULL},
};
