/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "base/num.h"
#include "promql/expr.h"

/* A number's decimal digits, and how many of them stand before the point. */
struct digits {
	char text[40];
	int n, point;
};

/* Of a text as dm_num_add writes it. */
static struct digits digits_of(struct dm_str s)
{
	struct digits d = {.point = -1};
	size_t i = 0;
	int exponent = 0, sign = 1;

	for (; i < s.n && s.p[i] != 'e'; i++) {
		if (s.p[i] == '.')
			d.point = d.n;
		else if (d.n < (int)sizeof(d.text))
			d.text[d.n++] = s.p[i];
	}
	if (d.point < 0)
		d.point = d.n;
	for (i++; i < s.n; i++) {
		if (s.p[i] == '-')
			sign = -1;
		else if (s.p[i] != '+')
			exponent = exponent * 10 + (s.p[i] - '0');
	}
	d.point += sign * exponent;
	return d;
}

static void add_zeros(struct dm_buf *b, int n)
{
	while (n-- > 0)
		dm_buf_add_char(b, '0');
}

/* Without an exponent, as few digits as say it all.
 * Source: Go, strconv.FormatFloat(v, 'f', -1, 64). */
static void add_value(struct dm_buf *b, double v)
{
	DM_AUTO_BUF struct dm_buf text = {0};
	struct digits d;

	if (isnan(v) || isinf(v)) {
		dm_buf_add_cstr(b, isnan(v) ? "NaN" : v < 0 ? "-Inf" : "+Inf");
		return;
	}
	if (signbit(v))
		dm_buf_add_char(b, '-');
	dm_num_add(&text, fabs(v));
	if (text.failed) {
		b->failed = true;
		return;
	}
	if (!memchr(text.p, 'e', text.n)) {
		dm_buf_add_str(b, dm_buf_str(&text));
		return;
	}
	d = digits_of(dm_buf_str(&text));
	if (d.point <= 0) {
		dm_buf_add_cstr(b, "0.");
		add_zeros(b, -d.point);
		dm_buf_add(b, d.text, (size_t)d.n);
	} else if (d.point >= d.n) {
		dm_buf_add(b, d.text, (size_t)d.n);
		add_zeros(b, d.point - d.n);
	} else {
		dm_buf_add(b, d.text, (size_t)d.point);
		dm_buf_add_char(b, '.');
		dm_buf_add(b, d.text + d.point, (size_t)(d.n - d.point));
	}
}

/* What an element is counted under; held. NULL with err. */
static struct dm_labels *group_of(struct dm_expr *e, const struct dm_node *n,
    const struct dm_element *el, struct dm_err *err)
{
	struct dm_str label = {n->args[0]->string, n->args[0]->string_n};
	struct dm_labels_builder *b = &e->builder;
	struct dm_labels *group;

	dm_buf_clear(&e->buf);
	add_value(&e->buf, el->value);
	if (dm_buf_ok(&e->buf, err) < 0)
		return NULL;
	dm_labels_builder_start(b, el->labels);
	if (n->grouped_by_name && el->name)
		dm_labels_builder_set(b, DM_STR(DM_LABEL_NAME), el->name->text);
	if (n->on || !dm_str_is(label, DM_LABEL_NAME))
		dm_labels_builder_set(b, label, dm_buf_str(&e->buf));
	if (n->on)
		dm_labels_builder_keep(b, n->names.p, n->names.n);
	else
		dm_labels_builder_drop(b, n->names.p, n->names.n);
	if (dm_labels_builder_done(b, e->querier.pool, &group, err) < 0 ||
	    dm_eval_hold(e, group, err) < 0)
		return NULL;
	return group;
}

int dm_eval_count_values(struct dm_expr *e, struct dm_node *n,
    const struct dm_vec *in, struct dm_err *err)
{
	for (size_t i = 0; i < in->n; i++) {
		struct dm_labels *group = group_of(e, n, &in->p[i], err);
		struct dm_slot *s = group ? dm_slot(e, 0, group) : NULL;

		if (!group)
			return -1;
		if (!s)
			return dm_err_nomem(err);
		if (!dm_slot_is_noted(e, 0, s)) {
			dm_slot_note(e, 0, s, n->out.n);
			n->out.p[n->out.n++] =
			    (struct dm_element){.labels = group};
		}
		n->out.p[s->index].value++;
	}
	for (size_t i = 0; n->grouped_by_name && i < n->out.n; i++) {
		if (dm_eval_take_name(e, &n->out.p[i], err) < 0)
			return -1;
	}
	return 0;
}
