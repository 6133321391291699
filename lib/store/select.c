/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/select.h"

#include "base/array.h"

/* So many identities are read in one transaction. */
#define PART 1000

void dm_selection_release(struct dm_selection *s)
{
	struct dm_buf *target;
	size_t pos = 0;

	while ((target = dm_map_next(&s->targets, &pos))) {
		dm_buf_release(target);
		free(target);
	}
	dm_map_release(&s->targets);
	dm_pairs_release(&s->pairs);
	dm_buf_release(&s->key);
	free(s->wanted);
	*s = (struct dm_selection){0};
}

static int cmp_wanted(const void *a, const void *b)
{
	int64_t x = ((const struct dm_wanted *)a)->id;
	int64_t y = ((const struct dm_wanted *)b)->id;

	return x < y ? -1 : x > y;
}

const struct dm_wanted *dm_selection_find(
    const struct dm_selection *s, int64_t id)
{
	const struct dm_wanted key = {.id = id};

	if (!s->n)
		return NULL;
	return bsearch(&key, s->wanted, s->n, sizeof(key), cmp_wanted);
}

int dm_selection_add(
    struct dm_selection *s, int64_t id, uint64_t named, struct dm_err *err)
{
	if (dm_array_grow(&s->wanted, s->n, &s->cap, sizeof(*s->wanted), err) <
	    0)
		return -1;
	s->wanted[s->n++] = (struct dm_wanted){.id = id, .named = named};
	return 0;
}

static bool kind_asked(const struct dm_store_query *q, struct dm_str kind)
{
	for (size_t i = 0; i < q->n_kinds; i++) {
		if (dm_str_eq(q->kinds[i], kind))
			return true;
	}
	return q->n_kinds == 0;
}

/* Is one that is read in s->pairs asked for, and for which metrics? 1, 0, or
 * -1 where that can't be found out. */
static int asked(const struct dm_selection *s, const struct dm_store_query *q,
    struct dm_str kind, uint64_t *ret_named, struct dm_err *err)
{
	uint64_t named = 0;
	bool undecided = false;

	*ret_named = 0;
	if (!kind_asked(q, kind))
		return 0;
	if (q->n_selectors == 0)
		return q->n_kinds || !q->no_sweeps || !dm_str_is(kind, "sweep");
	for (size_t i = 0; i < q->n_selectors; i++) {
		int n = dm_pairs_match(&s->pairs, &q->selectors[i], err);

		undecided |= n < 0;
		if (n <= 0)
			continue;
		if (!dm_selector_names(&q->selectors[i]))
			return 1;
		named |= UINT64_C(1) << i;
	}
	*ret_named = named;
	return undecided ? -1 : named != 0;
}

/* Has an identity had metrics that selectors name? Leaves their bits. */
static int keep_named(struct dm_selection *s, const struct dm_store_query *q,
    int64_t id, uint64_t *named, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *st = s->names;
	uint64_t found = 0;
	int n = 1;

	sqlite3_bind_int64(st, 1, id);
	while (found != *named && (n = dm_db_step(s->db, st, err)) > 0) {
		struct dm_str name = dm_db_text(st, 0);

		for (size_t i = 0; i < q->n_selectors; i++) {
			uint64_t bit = *named & UINT64_C(1) << i;
			int match = 0;

			if (bit & ~found)
				match = dm_selector_match_name(
				    &q->selectors[i], name, err);
			if (match < 0)
				return -1;
			if (match)
				found |= bit;
		}
	}
	*named = found;
	return n < 0 ? -1 : 0;
}

/* Has an identity records in the time that is asked for? 1, 0, or -1. */
static int has_records(struct dm_selection *s, const struct dm_store_query *q,
    int64_t id, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *st = s->has;

	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, q->from_us);
	sqlite3_bind_int64(st, 3, q->to_us);
	return dm_db_step(s->db, st, err);
}

int dm_selection_target(struct dm_selection *s, struct dm_err *err)
{
	dm_buf_clear(&s->key);
	dm_buf_add_str(&s->key, dm_pairs_get(&s->pairs, DM_STR("instance")));
	dm_buf_add_char(&s->key, '\xff'); /* in no text */
	dm_buf_add_str(&s->key, dm_pairs_get(&s->pairs, DM_STR("job")));
	return dm_buf_ok(&s->key, err);
}

/* The target of an identity that is asked for, which is in s->pairs. */
static int add_target(struct dm_selection *s, const struct dm_store_query *q,
    int64_t id, struct dm_err *err)
{
	struct dm_buf *target;
	int n;

	if (dm_selection_target(s, err) < 0)
		return -1;
	if (dm_map_get(&s->targets, dm_buf_str(&s->key)))
		return 0;
	n = has_records(s, q, id, err);
	if (n <= 0)
		return n;
	target = calloc(1, sizeof(*target));
	if (!target)
		return dm_err_nomem(err);
	*target = s->key;
	s->key = (struct dm_buf){0};
	if (dm_map_put(&s->targets, dm_buf_str(target), target, err) < 0) {
		dm_buf_release(target);
		free(target);
		return -1;
	}
	return 0;
}

bool dm_selection_sweeps(struct dm_str kind)
{
	enum dm_kind id = dm_kind_of(kind);

	return id == DM_KIND_HOST || id == DM_KIND_CONTAINER ||
	       id == DM_KIND_PROCESS;
}

typedef int look_fn(struct dm_selection *s, const struct dm_store_query *q,
    int64_t id, struct dm_str kind, struct dm_err *err);

static int look_for_asked(struct dm_selection *s,
    const struct dm_store_query *q, int64_t id, struct dm_str kind,
    struct dm_err *err)
{
	uint64_t named;
	int n = asked(s, q, kind, &named, err);

	/* Of one that has no records there it need not be known. */
	if (n < 0 && (n = has_records(s, q, id, err)) > 0)
		return -1;
	if (n <= 0)
		return n;
	if (named) {
		if (keep_named(s, q, id, &named, err) < 0)
			return -1;
		if (!named)
			return 0;
	}
	if (dm_selection_add(s, id, named, err) < 0)
		return -1;
	return dm_selection_sweeps(kind) ? add_target(s, q, id, err) : 0;
}

static int look_for_sweeps(struct dm_selection *s,
    const struct dm_store_query *q, int64_t id, struct dm_str kind,
    struct dm_err *err)
{
	(void)q;
	if (!dm_str_is(kind, "sweep"))
		return 0;
	if (dm_selection_target(s, err) < 0)
		return -1;
	if (!dm_map_get(&s->targets, dm_buf_str(&s->key)))
		return 0;
	return dm_selection_add(s, id, 0, err);
}

static int walk(struct dm_selection *s, const struct dm_store_query *q,
    look_fn *look, struct dm_err *err)
{
	DM_AUTO_STMT sqlite3_stmt *st = NULL;
	int64_t after = 0;
	int n, seen;

	if (dm_db_prepare(s->db,
		"SELECT id, kind, labels FROM identity WHERE id > ?1"
		" ORDER BY id LIMIT ?2",
		&st, err) < 0)
		return -1;
	do {
		sqlite3_bind_int64(st, 1, after);
		sqlite3_bind_int64(st, 2, PART);
		for (seen = 0; (n = dm_db_step(s->db, st, err)) > 0; seen++) {
			after = sqlite3_column_int64(st, 0);
			if (dm_pairs_read(&s->pairs, dm_db_text(st, 2), err) <
				0 ||
			    look(s, q, after, dm_db_text(st, 1), err) < 0)
				return -1;
		}
		if (n < 0)
			return -1;
	} while (seen == PART);
	return 0;
}

/* One that is wanted for its metrics and as a sweep is wanted whole. */
static void join(struct dm_wanted *a, const struct dm_wanted *b)
{
	a->named = a->named && b->named ? a->named | b->named : 0;
}

void dm_selection_sort(struct dm_selection *s)
{
	size_t n = 0;

	if (s->n)
		qsort(s->wanted, s->n, sizeof(*s->wanted), cmp_wanted);
	for (size_t i = 0; i < s->n; i++) {
		if (n && s->wanted[n - 1].id == s->wanted[i].id)
			join(&s->wanted[n - 1], &s->wanted[i]);
		else
			s->wanted[n++] = s->wanted[i];
	}
	s->n = n;
}

static int prepare(struct dm_selection *s, struct dm_err *err)
{
	if (dm_db_prepare(s->db,
		"SELECT m.name FROM identity_metric AS im"
		" JOIN metric AS m ON m.id = im.metric"
		" WHERE im.identity = ?1",
		&s->names, err) < 0)
		return -1;
	return dm_db_prepare(s->db,
	    "SELECT 1 FROM record WHERE identity = ?1"
	    " AND ts_us BETWEEN ?2 AND ?3 LIMIT 1",
	    &s->has, err);
}

static void finalize(struct dm_selection *s)
{
	sqlite3_finalize(s->names);
	sqlite3_finalize(s->has);
	s->names = s->has = NULL;
}

int dm_selection_make(struct dm_selection *s, const struct dm_db *db,
    const struct dm_store_query *q, struct dm_err *err)
{
	int status;

	if (q->n_selectors > DM_SELECTORS_MAX)
		return dm_err_set(
		    err, DM_EINVAL, "more than %d selectors", DM_SELECTORS_MAX);
	s->db = db;
	status = prepare(s, err);
	if (status == 0)
		status = walk(s, q, look_for_asked, err);
	if (status == 0 && !q->no_sweeps && s->targets.n)
		status = walk(s, q, look_for_sweeps, err);
	finalize(s);
	if (status == 0)
		dm_selection_sort(s);
	return status;
}
