/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include "promql/expr.h"

/* info(): labels of info metrics, as target_info, are added to the series of
 * the same instance and job. Source: prometheus promql/info.go. */

/* A series of an info metric, and the next one of the same group. */
struct found {
	const struct dm_labels *labels;
	const struct dm_name *name;
	int64_t t_us;
	size_t next; /* + 1 */
};

struct info {
	struct dm_expr *e;
	struct dm_node *n;
	const struct dm_selector *s; /* of the info metrics */
	struct found *found;
	size_t n_found;
	/* Of the last name that was asked about. */
	bool asked, is_info;
	const struct dm_name *name;
};

static bool is_of_name(const struct dm_matcher *m)
{
	return dm_str_is(m->name_str, DM_LABEL_NAME);
}

/* Is it of an info metric itself? Such are left as they are. */
static int check_info(
    struct info *in, const struct dm_element *el, struct dm_err *err)
{
	struct dm_str name = el->name ? el->name->text : DM_STR("");
	int rc = 1;

	if (in->asked && in->name == el->name)
		return 0;
	if (in->s->name.n)
		rc = dm_str_eq(in->s->name, name);
	for (size_t i = 0; rc > 0 && i < in->s->n; i++) {
		if (is_of_name(&in->s->matchers[i]))
			rc = dm_matcher_match(&in->s->matchers[i], name, err);
	}
	if (rc < 0)
		return -1;
	in->asked = true;
	in->name = el->name;
	in->is_info = rc > 0;
	return 0;
}

/* The slot of its instance and job; NULL with err. */
static struct dm_slot *slot_of(
    struct info *in, const struct dm_element *el, struct dm_err *err)
{
	struct dm_labels *group = dm_group(in->e, in->n, el, err);
	struct dm_slot *s = group ? dm_slot(in->e, 0, group) : NULL;

	if (group && !s)
		dm_err_nomem(err);
	return s;
}

/* Note which instances and jobs are asked for. */
static int note_groups(
    struct info *in, const struct dm_vec *v, struct dm_err *err)
{
	for (size_t i = 0; i < v->n; i++) {
		struct dm_labels *group;
		struct dm_slot *s;

		if (check_info(in, &v->p[i], err) < 0)
			return -1;
		group = dm_group(in->e, in->n, &v->p[i], err);
		if (!group)
			return -1;
		if (in->is_info || group->n == 0)
			continue;
		s = dm_slot(in->e, 0, group);
		if (!s)
			return dm_err_nomem(err);
		dm_slot_note(in->e, 0, s, 0);
	}
	return 0;
}

static int duplicate(const struct info *in, const struct found *a,
    const struct found *b, struct dm_err *err)
{
	struct dm_buf *t = &in->e->buf;

	dm_buf_clear(t);
	dm_labels_print(t, a->name, a->labels);
	dm_buf_add_cstr(t, ", ");
	dm_labels_print(t, b->name, b->labels);
	return dm_expr_error(in->e, in->n->at, DM_EINVAL, err,
	    "found duplicate series for info metric: %s", dm_buf_cstr(t));
}

/* Of each name the group has one, the newest. */
static int add_found(struct info *in, struct dm_slot *s, const struct found *f,
    struct dm_err *err)
{
	for (size_t k = s->index; k; k = in->found[k - 1].next) {
		struct found *other = &in->found[k - 1];

		if (other->name != f->name)
			continue;
		if (other->t_us == f->t_us)
			return duplicate(in, other, f, err);
		if (other->t_us < f->t_us) {
			other->labels = f->labels;
			other->t_us = f->t_us;
		}
		return 0;
	}
	in->found[in->n_found] = *f;
	in->found[in->n_found++].next = s->index;
	s->index = in->n_found;
	return 0;
}

static int find_series(struct info *in, struct dm_err *err)
{
	struct dm_expr *e = in->e;
	const struct dm_node *sel = in->n->args[1];
	int64_t t = dm_node_time(e, sel), oldest = t - DM_LOOKBACK_US;
	struct dm_series_set set;

	if (e->querier.select(
		e->querier.ctx, sel->handle, oldest, t, &set, err) < 0)
		return -1;
	if (dm_eval_has_too_many(e, set.n))
		return dm_eval_too_many(e, err);
	in->found =
	    dm_eval_scratch(&e->scratch->work, set.n * sizeof(*in->found), err);
	if (!in->found)
		return -1;
	for (size_t i = 0; i < set.n; i++) {
		const struct dm_series *s = set.series[i];
		const struct dm_element el = {s->labels, s->name, 0};
		size_t k = dm_series_until(s, t);
		struct dm_slot *slot;

		if (k == 0 || s->p[k - 1].t_us <= oldest ||
		    dm_is_stale(s->p[k - 1].v))
			continue;
		slot = slot_of(in, &el, err);
		if (!slot)
			return -1;
		if (dm_slot_is_noted(e, 0, slot) &&
		    add_found(in, slot,
			&(struct found){
			    s->labels, s->name, s->p[k - 1].t_us, 0},
			err) < 0)
			return -1;
	}
	return 0;
}

/* Is it one of those that are asked for: where none is, all are? */
static bool is_wanted(const struct dm_selector *s, struct dm_str name)
{
	bool any = false;

	if (dm_str_is(name, "__type__") || dm_str_is(name, "__unit__"))
		return false;
	for (size_t i = 0; i < s->n; i++) {
		if (is_of_name(&s->matchers[i]))
			continue;
		if (dm_str_eq(s->matchers[i].name_str, name))
			return true;
		any = true;
	}
	return !any;
}

/* The labels of the element's own stay as they are. */
static int add_labels(struct info *in, const struct dm_labels *own,
    const struct dm_labels *more, bool *changed, struct dm_err *err)
{
	struct dm_labels_builder *b = &in->e->builder;

	for (size_t i = 0; i < more->n; i++) {
		const struct dm_label *l = &more->pairs[i];
		struct dm_str before = dm_labels_builder_get(b, l->name);

		if (!is_wanted(in->s, l->name) || dm_labels_get(own, l->name).n)
			continue;
		if (before.n && !dm_str_eq(before, l->value))
			return dm_expr_error(in->e, in->n->at, DM_EINVAL, err,
			    "conflicting label: %.*s", (int)l->name.n,
			    l->name.p);
		dm_labels_builder_set(b, l->name, l->value);
		*changed = true;
	}
	return 0;
}

/* Without an info series: does it fit what is asked of their labels? */
static bool may_lack(const struct dm_selector *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!is_of_name(&s->matchers[i]) &&
		    !dm_matcher_matches(&s->matchers[i], DM_STR("")))
			return false;
	}
	return true;
}

static int enrich(
    struct info *in, const struct dm_element *from, struct dm_err *err)
{
	struct dm_expr *e = in->e;
	struct dm_element el = *from;
	struct dm_slot *s = slot_of(in, from, err);
	bool changed = false;
	size_t k;

	if (!s)
		return -1;
	k = dm_slot_is_noted(e, 0, s) ? s->index : 0;
	if (k == 0 && !may_lack(in->s))
		return 0;
	dm_labels_builder_start(&e->builder, from->labels);
	for (; k; k = in->found[k - 1].next) {
		if (add_labels(in, from->labels, in->found[k - 1].labels,
			&changed, err) < 0)
			return -1;
	}
	if (changed && (dm_labels_builder_done(&e->builder, e->querier.pool,
			    &el.labels, err) < 0 ||
			   dm_eval_hold(e, el.labels, err) < 0))
		return -1;
	in->n->out.p[in->n->out.n++] = el;
	return 0;
}

static int fn_info(struct dm_expr *e, struct dm_node *n, struct dm_err *err)
{
	const struct dm_vec *v = &n->args[0]->out;
	struct info in = {.e = e, .n = n, .s = &n->args[1]->selector};

	if (dm_vec_reserve(e, &n->out, v->n, err) < 0)
		return -1;
	if (v->n == 0)
		return 0;
	if (dm_slots_begin(e, 0, err) < 0 || note_groups(&in, v, err) < 0 ||
	    find_series(&in, err) < 0)
		return -1;
	for (size_t i = 0; i < v->n; i++) {
		if (check_info(&in, &v->p[i], err) < 0)
			return -1;
		if (in.is_info)
			n->out.p[n->out.n++] = v->p[i];
		else if (enrich(&in, &v->p[i], err) < 0)
			return -1;
	}
	return dm_eval_check_unique(e, n, err);
}

const struct dm_function dm_functions_info[] = {
    DM_CALL("info", DM_EXPR_VECTOR, "v?l", fn_info),
    {.name = NULL},
};
