/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/plan.h"

/*
 * What is stale depends on sweeps, and those on all host, container and
 * process records of a target as long as it sends no sweep records, and on
 * these alone from the first of them on.
 */

void dm_plan_release(struct dm_plan *p)
{
	struct dm_plan_target *t;
	size_t pos = 0;

	while ((t = dm_map_next(&p->targets, &pos))) {
		dm_buf_release(&t->key);
		free(t);
	}
	dm_map_release(&p->targets);
	dm_selection_release(&p->selection);
	dm_selection_release(&p->all);
}

/* The last moment that is read: of those behind it, none is late. */
static int64_t until(const struct dm_interval *i)
{
	return i->to_us > INT64_MAX - DM_LATE_US ? INT64_MAX
						 : i->to_us + DM_LATE_US;
}

static int cmp_ranges(const void *a, const void *b)
{
	const struct dm_store_range *x = a, *y = b;

	return x->from_us < y->from_us ? -1 : x->from_us > y->from_us;
}

/* The selectors' intervals, sorted, those that touch put together. */
static void make_ranges(struct dm_plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->fill->n_selectors; i++) {
		p->wanted[i] = dm_selector_interval(
		    p->fill->selectors[i], p->start_us, p->end_us);
		p->wanted[i].to_us = until(&p->wanted[i]);
		p->ranges[i] = (struct dm_store_range){
		    p->wanted[i].from_us + (p->wanted[i].from_us < INT64_MAX),
		    p->wanted[i].to_us};
	}
	qsort(
	    p->ranges, p->fill->n_selectors, sizeof(p->ranges[0]), cmp_ranges);
	for (size_t i = 0; i < p->fill->n_selectors; i++) {
		const struct dm_store_range *r = &p->ranges[i];

		if (n && r->from_us <= p->ranges[n - 1].to_us) {
			if (r->to_us > p->ranges[n - 1].to_us)
				p->ranges[n - 1].to_us = r->to_us;
		} else {
			p->ranges[n++] = *r;
		}
	}
	p->n_ranges = n;
}

bool dm_plan_wants(
    const struct dm_plan *p, const struct dm_wanted *w, int64_t ts_us)
{
	for (size_t i = 0; !w->named && i < p->n_ranges; i++) {
		if (ts_us >= p->ranges[i].from_us &&
		    ts_us <= p->ranges[i].to_us)
			return true;
	}
	for (size_t i = 0; i < p->fill->n_selectors; i++) {
		if ((w->named >> i & 1) &&
		    dm_interval_has(&p->wanted[i], ts_us))
			return true;
	}
	return false;
}

/* The target of the labels that have been read; new, or known already. */
static int add_target(struct dm_plan *p, struct dm_err *err)
{
	struct dm_selection *s = &p->selection;
	struct dm_plan_target *t;

	if (dm_selection_target(s, err) < 0)
		return -1;
	if (dm_map_get(&p->targets, dm_buf_str(&s->key)))
		return 0;
	t = calloc(1, sizeof(*t));
	if (!t)
		return dm_err_nomem(err);
	t->key = s->key;
	t->first_us = t->first_id = INT64_MAX;
	s->key = (struct dm_buf){0};
	if (dm_map_put(&p->targets, dm_buf_str(&t->key), t, err) < 0) {
		dm_buf_release(&t->key);
		free(t);
		return -1;
	}
	return 0;
}

/* What may match is read: the window says so where it can't be found out
 * whether a series that has samples does. */
static int perhaps(int match, const struct dm_err *why, struct dm_err *err)
{
	if (match < 0 && why->code == DM_ENOMEM)
		return dm_err_nomem(err);
	return match != 0;
}

/* Has an identity a metric that the selector names? 1, 0, -1. */
static int has_metric(const struct dm_plan *p, const struct dm_selector *s,
    sqlite3_stmt *metrics, int64_t identity, struct dm_err *err)
{
	struct dm_err why;
	int n;

	if (!dm_selector_names(s))
		return 1;
	sqlite3_bind_int64(metrics, 1, identity);
	while ((n = dm_db_step(p->db, metrics, err)) > 0) {
		n = perhaps(
		    dm_selector_match_name(s, dm_db_text(metrics, 0), &why),
		    &why, err);
		if (n != 0)
			break;
	}
	sqlite3_reset(metrics);
	return n;
}

static bool has_samples(struct dm_str kind)
{
	enum dm_kind id = dm_kind_of(kind);

	return id != DM_KIND_OTHER && id != DM_KIND_ALERT;
}

/* The identity in the row id, kind, labels: does selector i want it? */
static int look_at(struct dm_plan *p, size_t i, sqlite3_stmt *row,
    sqlite3_stmt *metrics, struct dm_err *err)
{
	const struct dm_selector *s = p->fill->selectors[i];
	struct dm_selection *sel = &p->selection;
	int64_t id = sqlite3_column_int64(row, 0);
	struct dm_str kind = dm_db_text(row, 1);
	struct dm_err why;
	int n;

	if (!has_samples(kind))
		return 0;
	if (dm_pairs_read(&sel->pairs, dm_db_text(row, 2), err) < 0)
		return -1;
	n = perhaps(dm_pairs_match(&sel->pairs, s, &why), &why, err);
	if (n > 0 && !s->name.n)
		n = has_metric(p, s, metrics, id, err);
	if (n <= 0)
		return n;
	if (dm_selection_add(sel, id, UINT64_C(1) << i, err) < 0)
		return -1;
	return dm_selection_sweeps(kind) ? add_target(p, err) : 0;
}

/* The identities that a selector wants. */
static int select_by(struct dm_plan *p, size_t i, struct dm_err *err)
{
	const struct dm_selector *s = p->fill->selectors[i];
	DM_AUTO_STMT sqlite3_stmt *st = NULL;
	DM_AUTO_STMT sqlite3_stmt *metrics = NULL;
	int n;

	if (dm_db_prepare(p->db,
		s->name.n
		    ? "SELECT i.id, i.kind, i.labels FROM identity_metric AS im"
		      " JOIN identity AS i ON i.id = im.identity WHERE"
		      " im.metric = (SELECT id FROM metric WHERE name = ?1)"
		    : "SELECT id, kind, labels FROM identity",
		&st, err) < 0 ||
	    dm_db_prepare(p->db,
		"SELECT m.name FROM identity_metric AS im"
		" JOIN metric AS m ON m.id = im.metric WHERE im.identity = ?1",
		&metrics, err) < 0)
		return -1;
	if (s->name.n && dm_db_bind(p->db, st, 1, s->name, err) < 0)
		return -1;
	while ((n = dm_db_step(p->db, st, err)) > 0) {
		if (look_at(p, i, st, metrics, err) < 0)
			return -1;
	}
	return n;
}

/* Does a sweep record say that its target was up? Nobody says that it was
 * down but who writes records for one that has fallen silent. */
static bool says_up(struct dm_scanner *scanner, struct dm_str line)
{
	struct dm_record r;

	if (dm_scan(scanner, line, &r, NULL) < 0)
		return false; /* what reads it in earnest will say so */
	for (size_t i = 0; i < r.n_metrics; i++) {
		if (dm_str_is(dm_scan_name(scanner, r.metrics[i].name), "up"))
			return dm_metric_value(&r.metrics[i]) != 0;
	}
	return true;
}

/* The first record of the statement's (id, ts_us, text) that says up. */
static int first_up(const struct dm_plan *p, sqlite3_stmt *st,
    struct dm_scanner *scanner, int64_t *ret_id, int64_t *ret_us,
    struct dm_err *err)
{
	int n;

	while ((n = dm_db_step(p->db, st, err)) > 0) {
		if (says_up(scanner, dm_db_text(st, 2)))
			break;
	}
	if (n > 0) {
		*ret_id = sqlite3_column_int64(st, 0);
		*ret_us = sqlite3_column_int64(st, 1);
	}
	sqlite3_reset(st);
	return n;
}

struct sweeps {
	sqlite3_stmt *before, *after;
	struct dm_scanner *scanner;
};

/* An identity whose records end sweeps of the target. */
static int note_sweeps(struct dm_plan *p, const struct sweeps *s,
    struct dm_plan_target *t, int64_t id, struct dm_err *err)
{
	int64_t found_id, found_us;
	int n;

	sqlite3_bind_int64(s->before, 1, id);
	sqlite3_bind_int64(s->before, 2, p->ranges[0].from_us);
	n = first_up(p, s->before, s->scanner, &found_id, &found_us, err);
	if (n > 0 && (!t->before_id || found_us > t->before_us)) {
		t->before_id = found_id;
		t->before_us = found_us;
	}
	if (n != 0)
		return n < 0 ? -1 : 0;
	sqlite3_bind_int64(s->after, 1, id);
	sqlite3_bind_int64(s->after, 2, p->ranges[0].from_us);
	sqlite3_bind_int64(s->after, 3, p->ranges[p->n_ranges - 1].to_us);
	n = first_up(p, s->after, s->scanner, &found_id, &found_us, err);
	if (n > 0 && found_us < t->first_us) {
		t->first_id = found_id;
		t->first_us = found_us;
	}
	return n < 0 ? -1 : 0;
}

/* The target of the labels in a row's column 2, or NULL; -1 on error. */
static int target_of(struct dm_plan *p, sqlite3_stmt *row,
    struct dm_plan_target **ret, struct dm_err *err)
{
	struct dm_selection *s = &p->selection;

	if (dm_pairs_read(&s->pairs, dm_db_text(row, 2), err) < 0 ||
	    dm_selection_target(s, err) < 0)
		return -1;
	*ret = dm_map_get(&p->targets, dm_buf_str(&s->key));
	return 0;
}

/* The sweep records that end sweeps are wanted of each target. */
static int select_sweeps(
    struct dm_plan *p, const struct sweeps *s, struct dm_err *err)
{
	struct dm_selection *sel = &p->selection;
	DM_AUTO_STMT sqlite3_stmt *st = NULL;
	struct dm_plan_target *t;
	int n;

	if (dm_db_prepare(p->db,
		"SELECT id, kind, labels FROM identity WHERE kind = 'sweep'",
		&st, err) < 0)
		return -1;
	while ((n = dm_db_step(p->db, st, err)) > 0) {
		int64_t id = sqlite3_column_int64(st, 0);

		if (target_of(p, st, &t, err) < 0)
			return -1;
		if (!t || dm_pairs_get(&sel->pairs, DM_STR("source")).n)
			continue;
		if (dm_selection_add(sel, id, 0, err) < 0 ||
		    note_sweeps(p, s, t, id, err) < 0)
			return -1;
	}
	return n;
}

/* Targets that have not sent a sweep record yet: all that they have. */
static int select_all(struct dm_plan *p, struct dm_err *err)
{
	DM_AUTO_STMT sqlite3_stmt *st = NULL;
	struct dm_plan_target *t;
	int n;

	if (dm_db_prepare(p->db,
		"SELECT id, kind, labels FROM identity"
		" WHERE kind IN ('host', 'container', 'process')",
		&st, err) < 0)
		return -1;
	while ((n = dm_db_step(p->db, st, err)) > 0) {
		if (target_of(p, st, &t, err) < 0)
			return -1;
		if (t && !t->before_id &&
		    dm_selection_add(
			&p->all, sqlite3_column_int64(st, 0), 0, err) < 0)
			return -1;
	}
	for (size_t i = 0; n == 0 && i < p->selection.n; i++)
		n = dm_selection_add(&p->all, p->selection.wanted[i].id,
		    p->selection.wanted[i].named, err);
	dm_selection_sort(&p->all);
	return n;
}

static int look_for_sweeps(struct dm_plan *p, struct dm_err *err)
{
	DM_AUTO_SCANNER struct dm_scanner *scanner = NULL;
	DM_AUTO_STMT sqlite3_stmt *before = NULL;
	DM_AUTO_STMT sqlite3_stmt *after = NULL;
	struct dm_plan_target *t;
	size_t pos = 0;

	if (dm_scanner_new(NULL, NULL, &scanner, err) < 0 ||
	    dm_db_prepare(p->db,
		"SELECT id, ts_us, text FROM record"
		" WHERE identity = ?1 AND ts_us < ?2 ORDER BY ts_us DESC",
		&before, err) < 0 ||
	    dm_db_prepare(p->db,
		"SELECT id, ts_us, text FROM record WHERE identity = ?1"
		" AND ts_us BETWEEN ?2 AND ?3 ORDER BY ts_us",
		&after, err) < 0 ||
	    select_sweeps(p, &(struct sweeps){before, after, scanner}, err) < 0)
		return -1;
	while ((t = dm_map_next(&p->targets, &pos))) {
		if (!t->before_id && t->first_id > p->all_until_id)
			p->all_until_id = t->first_id;
	}
	dm_selection_sort(&p->selection);
	return p->all_until_id ? select_all(p, err) : 0;
}

int dm_plan_make(struct dm_plan *p, struct dm_err *err)
{
	if (p->fill->n_selectors > DM_SELECTORS_MAX)
		return dm_err_set(
		    err, DM_ELIMIT, "more than %d selectors", DM_SELECTORS_MAX);
	make_ranges(p);
	for (size_t i = 0; i < p->fill->n_selectors; i++) {
		if (select_by(p, i, err) < 0)
			return -1;
	}
	if (p->targets.n)
		return look_for_sweeps(p, err);
	dm_selection_sort(&p->selection);
	return 0;
}
