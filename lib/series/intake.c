/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "series/window-impl.h"

#include "base/array.h"

/*
 * From records to samples. What is known of an identity hangs on it; which
 * of its metrics somebody wants is known for the shape it had last.
 */

static enum dm_lasting lasting_of(
    enum dm_kind kind, const struct dm_labels *labels)
{
	switch (kind) {
	case DM_KIND_HOST:
	case DM_KIND_CONTAINER:
	case DM_KIND_PROCESS:
		return DM_LAST_SWEEP;
	case DM_KIND_SWEEP:
		return dm_labels_get(labels, DM_STR("source")).n ? DM_LAST_LONG
								 : DM_LAST_END;
	case DM_KIND_EVENT:
		return DM_LAST_EVENT;
	case DM_KIND_FORECAST:
	case DM_KIND_RECORDED:
	case DM_KIND_INFO:
	case DM_KIND_LOSS:
	case DM_KIND_ACTION:
	case DM_KIND_RULE:
		return DM_LAST_LONG;
	case DM_KIND_ALERT:
	case DM_KIND_OTHER:
		break;
	}
	return DM_LAST_NONE;
}

static bool has_target(enum dm_kind kind)
{
	return kind == DM_KIND_HOST || kind == DM_KIND_CONTAINER ||
	       kind == DM_KIND_PROCESS || kind == DM_KIND_SWEEP;
}

/* The labels' texts, unescaped: all of them in the buffer first, which may
 * move while it grows, each with a NUL behind it, as none has one in it. */
static int read_labels(struct dm_window *w, struct dm_str object,
    struct dm_labels **ret, struct dm_err *err)
{
	struct dm_str rest = object, name, value;
	const char *p;

	dm_buf_clear(&w->scratch);
	while (object.n && dm_json_member(&rest, &name, &value)) {
		dm_json_unquote(&w->scratch, name);
		dm_buf_add_char(&w->scratch, '\0');
		dm_json_unquote(&w->scratch, value);
		dm_buf_add_char(&w->scratch, '\0');
	}
	if (dm_buf_ok(&w->scratch, err) < 0)
		return -1;
	dm_labels_builder_start(&w->builder, NULL);
	for (p = w->scratch.p; p && p < w->scratch.p + w->scratch.n;) {
		name = dm_str(p);
		value = dm_str(p + name.n + 1);
		p = value.p + value.n + 1;
		if (!dm_str_is(name, DM_LABEL_NAME))
			dm_labels_builder_set(&w->builder, name, value);
	}
	return dm_labels_builder_done(&w->builder, w->pool, ret, err);
}

static int new_entity(struct dm_window *w, struct dm_identity *identity,
    struct dm_entity **ret, struct dm_err *err)
{
	struct dm_entity *e = calloc(1, sizeof(*e));

	if (!e)
		return dm_err_nomem(err);
	if (read_labels(w, identity->labels, &e->labels, err) < 0) {
		free(e);
		return -1;
	}
	e->lasting = lasting_of(identity->kind_id, e->labels);
	if (has_target(identity->kind_id)) {
		if (dm_sweep_target(w, e->labels, &e->target, err) < 0) {
			dm_labels_unref(e->labels);
			free(e);
			return -1;
		}
		e->target->entities++;
	}
	identity->user = e;
	*ret = e;
	return 0;
}

void dm_window_forget(struct dm_window *w, struct dm_identity *identity)
{
	struct dm_entity *e = identity->user;

	(void)w;
	identity->user = NULL;
	if (!e)
		return;
	if (e->target)
		e->target->entities--;
	dm_labels_unref(e->labels);
	free(e->wanted);
	free(e);
}

static bool is_name_wanted(const struct dm_window *w, struct dm_str text)
{
	const struct dm_name name = {.text = text};

	if (dm_map_get(&w->own, text))
		return false;
	for (size_t i = 0; i < w->n_selections; i++) {
		const struct dm_selector *s = &w->selections[i]->selector;
		bool other = s->name.n && !dm_str_eq(s->name, text);

		for (size_t j = 0; !other && j < s->n; j++)
			other =
			    dm_str_is(s->matchers[j].name_str, DM_LABEL_NAME) &&
			    dm_matcher_match(
				&s->matchers[j], name.text, NULL) == 0;
		if (!other)
			return true;
	}
	return false;
}

static int grow_names(
    struct dm_window *w, const struct dm_scanner *scanner, struct dm_err *err)
{
	size_t n = 2 * dm_scan_n_names(scanner) + 16;
	struct dm_window_name *p = realloc(w->names, n * sizeof(*p));

	if (!p)
		return dm_err_nomem(err);
	memset(p + w->n_names, 0, (n - w->n_names) * sizeof(*p));
	w->names = p;
	w->n_names = n;
	return 0;
}

static int find_name(struct dm_window *w, struct dm_str text,
    struct dm_window_name *n, struct dm_err *err)
{
	struct dm_err why = {0};

	n->name = NULL;
	n->left_out = false;
	n->generation = w->generation;
	if (!is_name_wanted(w, text) ||
	    dm_labels_name(w->pool, text, &n->name, &why) == 0)
		return 0;
	n->left_out = why.code == DM_ELIMIT;
	return n->left_out ? 0 : dm_err_nomem(err);
}

/* The name of a metric; its `name` is NULL where nobody wants it. */
static int metric_name(struct dm_window *w, const struct dm_scanner *scanner,
    uint32_t id, const struct dm_window_name **ret, struct dm_err *err)
{
	struct dm_window_name *n;

	if (id >= w->n_names && grow_names(w, scanner, err) < 0)
		return -1;
	n = &w->names[id];
	if (n->generation != w->generation &&
	    find_name(w, dm_scan_name(scanner, id), n, err) < 0)
		return -1;
	*ret = n;
	return 0;
}

/* It will hardly change. */
static void trim_wanted(struct dm_entity *e)
{
	void *p = e->n_wanted
		      ? realloc(e->wanted, e->n_wanted * sizeof(*e->wanted))
		      : NULL;

	if (!p)
		return;
	e->wanted = p;
	e->cap_wanted = e->n_wanted;
}

/* Learn which metrics of the record are wanted, nulls included. */
static int learn(struct dm_window *w, const struct dm_scanner *scanner,
    struct dm_entity *e, const struct dm_record *r, bool *ret_left_out,
    struct dm_err *err)
{
	const struct dm_window_name *n;
	struct dm_kept *k;

	e->n_wanted = 0;
	e->shape = 0;
	for (size_t i = 0; i < r->n_metrics; i++) {
		if (metric_name(w, scanner, r->metrics[i].name, &n, err) < 0)
			return -1;
		*ret_left_out |= n->left_out;
		if (!n->name)
			continue;
		if (dm_window_series(w, n->name, e->labels, &k, err) < 0 ||
		    dm_array_grow(&e->wanted, e->n_wanted, &e->cap_wanted,
			sizeof(*e->wanted), err) < 0)
			return -1;
		if (k)
			e->wanted[e->n_wanted++] =
			    (struct dm_wanted){(uint32_t)i, k};
	}
	trim_wanted(e);
	e->shape = r->shape;
	e->generation = w->generation;
	return 0;
}

static int take_null(struct dm_window *w, const struct dm_entity *e,
    struct dm_kept *k, int64_t ts_us, struct dm_err *err)
{
	if (e->lasting == DM_LAST_EVENT || k->s.n == 0)
		return 0;
	return dm_kept_add(&w->keeper, k, ts_us, dm_stale(), err);
}

static int take_samples(struct dm_window *w, const struct dm_entity *e,
    const struct dm_record *r, struct dm_err *err)
{
	for (size_t i = 0; i < e->n_wanted; i++) {
		const struct dm_metric *m = &r->metrics[e->wanted[i].metric];
		struct dm_kept *k = e->wanted[i].kept;
		int rc;

		if (m->type == DM_VALUE_NULL) {
			rc = take_null(w, e, k, r->ts_us, err);
		} else {
			rc = dm_kept_add(
			    &w->keeper, k, r->ts_us, dm_metric_value(m), err);
			if (rc == 0 && e->lasting == DM_LAST_EVENT)
				rc = dm_kept_add(&w->keeper, k, r->ts_us + 1,
				    dm_stale(), err);
		}
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* Those of a sweep: a series that is in it is alive, a null is nothing. */
static int take_swept(struct dm_window *w, const struct dm_entity *e,
    const struct dm_record *r, struct dm_err *err)
{
	struct dm_swept *t = e->target;
	uint32_t sweep = t->open && r->ts_us == t->sweep_us ? t->sweep : 0;

	for (size_t i = 0; i < e->n_wanted; i++) {
		const struct dm_metric *m = &r->metrics[e->wanted[i].metric];
		struct dm_kept *k = e->wanted[i].kept;

		if (m->type == DM_VALUE_NULL)
			continue;
		if (dm_kept_add(
			&w->keeper, k, r->ts_us, dm_metric_value(m), err) < 0)
			return -1;
		if (!k->seen && dm_sweep_live(t, k, err) < 0)
			return -1;
		if (sweep && k->seen != sweep) {
			k->seen = sweep;
			t->n_seen++;
		}
	}
	return 0;
}

/* Does it say that its target is down? */
static bool says_up(const struct dm_scanner *scanner, const struct dm_record *r)
{
	for (size_t i = 0; i < r->n_metrics; i++) {
		if (dm_str_is(dm_scan_name(scanner, r->metrics[i].name), "up"))
			return dm_metric_value(&r->metrics[i]) != 0;
	}
	return true;
}

/* Where the samples of an entity will stand. */
DM_FETCHES fetch_samples(const struct dm_entity *e)
{
	for (size_t i = 0; i < e->n_wanted; i++) {
		const struct dm_kept *k = e->wanted[i].kept;

		__builtin_prefetch(k->s.p + k->s.n, 1);
	}
}

DM_FETCHES fetch_series(const struct dm_entity *e)
{
	for (size_t i = 0; i < e->n_wanted; i++) {
		const struct dm_kept *k = e->wanted[i].kept;

		__builtin_prefetch(&k->s.near[1], 1);
		__builtin_prefetch(&k->keep_us, 1);
	}
}

DM_FETCHES fetch_wanted(const struct dm_entity *e)
{
	for (size_t i = 0; i < e->n_wanted; i += 4)
		__builtin_prefetch(&e->wanted[i]);
}

/* Whoever came behind it last time will likely do so again: what belongs to
 * them lies all over memory, and is fetched before it is needed, one step of
 * the way with each record. */
DM_FETCHES fetch_ahead(
    const struct dm_window *w, const struct dm_identity *identity)
{
	const struct dm_entity *e;

	for (int ahead = 1; ahead <= 9 && identity->next; ahead++) {
		identity = identity->next;
		e = identity->user;
		if (ahead == 9)
			__builtin_prefetch(&identity->user);
		else if (ahead == 7)
			__builtin_prefetch(e);
		else if (!e || e->generation != w->generation)
			return; /* its series may have gone */
		else if (ahead == 5)
			fetch_wanted(e);
		else if (ahead == 3)
			fetch_series(e);
		else if (ahead == 1)
			fetch_samples(e);
	}
}

int dm_window_record(struct dm_window *w, const struct dm_scanner *scanner,
    const struct dm_record *r, struct dm_window_seen *ret, struct dm_err *err)
{
	struct dm_entity *e = r->identity->user;

	*ret = (struct dm_window_seen){.event = r->kind == DM_KIND_EVENT};
	if (!e && new_entity(w, r->identity, &e, err) < 0)
		return -1;
	if (scanner != w->scanner ||
	    dm_scan_epoch(scanner) != w->scanner_epoch) {
		w->scanner = scanner;
		w->scanner_epoch = dm_scan_epoch(scanner);
		w->generation++;
	}
	w->last_target = e->target;
	if (e->lasting == DM_LAST_NONE)
		return 0;
	if (e->target && dm_sweep_note(w, e, r->ts_us, ret, err) < 0)
		return -1;
	if ((e->shape == 0 || e->shape != r->shape ||
		e->generation != w->generation) &&
	    learn(w, scanner, e, r, &ret->left_out, err) < 0)
		return -1;
	fetch_ahead(w, r->identity);
	if ((e->lasting == DM_LAST_SWEEP ? take_swept(w, e, r, err)
					 : take_samples(w, e, r, err)) < 0)
		return -1;
	if (e->lasting != DM_LAST_END)
		return 0;
	return dm_sweep_close(
	    w, e->target, r->ts_us, says_up(scanner, r), ret, err);
}
