/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/writer.h"

/*
 * Which row of `identity` a record's kind and labels have, and which metrics
 * it is known to have: looked for once, and then hung on the scanner's
 * identity, so that a record costs a pointer.
 */

static struct dm_str key_of(const int64_t *id)
{
	return (struct dm_str){(const char *)id, sizeof(*id)};
}

static void unref(struct dm_store_row *row)
{
	if (--row->refs)
		return;
	free(row->names);
	free(row);
}

/* The map holds a reference as well: a row that no identity points at is
 * cheap to keep and often needed again, but must not pile up. */
#define IDLE_ROWS_MAX 100000

void dm_store_row_drop(struct dm_store *s, int64_t id)
{
	struct dm_store_row *row = dm_map_remove(&s->rows, key_of(&id));

	if (!row)
		return;
	row->id = 0;
	unref(row);
}

void dm_store_rows_drop(struct dm_store *s)
{
	struct dm_store_row *row;
	size_t pos = 0;

	while ((row = dm_map_next(&s->rows, &pos))) {
		row->id = 0;
		unref(row);
	}
	dm_map_clear(&s->rows);
}

void dm_store_forget(struct dm_identity *identity)
{
	struct dm_store_row *row = identity->user;

	identity->user = NULL;
	unref(row);
}

/* The id of an identity in the database, new if need be. */
static int find_id(struct dm_store *s, const struct dm_identity *identity,
    int64_t *ret, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *find = s->st[DM_ST_FIND_IDENTITY];
	DM_AUTO_RESET sqlite3_stmt *insert = s->st[DM_ST_INSERT_IDENTITY];
	struct dm_str labels;

	if (dm_pairs_read(&s->pairs, identity->labels, err) < 0 ||
	    dm_pairs_canonical(&s->pairs, &s->labels, err) < 0)
		return -1;
	labels = dm_buf_str(&s->labels);
	if (dm_db_bind(&s->db, find, 1, labels, err) < 0 ||
	    dm_db_bind(&s->db, find, 2, identity->kind, err) < 0 ||
	    dm_db_int(&s->db, find, 0, ret, err) < 0)
		return -1;
	if (*ret)
		return 0;
	if (dm_db_bind(&s->db, insert, 1, labels, err) < 0 ||
	    dm_db_bind(&s->db, insert, 2, identity->kind, err) < 0 ||
	    dm_db_run(&s->db, insert, err) < 0)
		return -1;
	*ret = sqlite3_last_insert_rowid(s->db.sql);
	return 0;
}

static int find_row(struct dm_store *s, struct dm_identity *identity,
    struct dm_store_row **ret, struct dm_err *err)
{
	struct dm_store_row *row;
	int64_t id;

	if (find_id(s, identity, &id, err) < 0)
		return -1;
	row = dm_map_get(&s->rows, key_of(&id));
	if (!row) {
		if (s->rows.n >= IDLE_ROWS_MAX)
			dm_store_rows_drop(s);
		row = calloc(1, sizeof(*row));
		if (!row)
			return dm_err_nomem(err);
		row->id = id;
		if (dm_map_put(&s->rows, key_of(&row->id), row, err) < 0) {
			free(row);
			return -1;
		}
		row->refs = 1; /* the map's */
	}
	if (identity->user)
		dm_store_forget(identity);
	row->refs++;
	identity->user = row;
	*ret = row;
	return 0;
}

static int metric_id(
    struct dm_store *s, uint32_t name, int64_t *ret, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *find = s->st[DM_ST_FIND_METRIC];
	DM_AUTO_RESET sqlite3_stmt *insert = s->st[DM_ST_INSERT_METRIC];
	struct dm_str text = dm_scan_name(s->scanner, name);

	if (dm_db_bind(&s->db, find, 1, text, err) < 0 ||
	    dm_db_int(&s->db, find, 0, ret, err) < 0)
		return -1;
	if (*ret)
		return 0;
	if (dm_db_bind(&s->db, insert, 1, text, err) < 0 ||
	    dm_db_run(&s->db, insert, err) < 0)
		return -1;
	*ret = sqlite3_last_insert_rowid(s->db.sql);
	return 0;
}

static int note_metric(struct dm_store *s, const struct dm_store_row *row,
    uint32_t name, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *insert = s->st[DM_ST_INSERT_PAIR];

	if (name >= s->n_metrics) {
		size_t n = dm_scan_n_names(s->scanner) + 64;
		int64_t *metrics = realloc(s->metrics, n * sizeof(*metrics));

		if (!metrics)
			return dm_err_nomem(err);
		memset(metrics + s->n_metrics, 0,
		    (n - s->n_metrics) * sizeof(*metrics));
		s->metrics = metrics;
		s->n_metrics = n;
	}
	if (!s->metrics[name] && metric_id(s, name, &s->metrics[name], err) < 0)
		return -1;
	sqlite3_bind_int64(insert, 1, row->id);
	sqlite3_bind_int64(insert, 2, s->metrics[name]);
	return dm_db_run(&s->db, insert, err);
}

static int cmp_names(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool has_name(const struct dm_store_row *row, uint32_t name)
{
	return row->n_names && bsearch(&name, row->names, row->n_names,
				   sizeof(name), cmp_names);
}

/* The names that the row does not have yet go into s->names. */
static int new_names(struct dm_store *s, const struct dm_store_row *row,
    const struct dm_record *r, size_t *ret, struct dm_err *err)
{
	size_t n = 0;

	if (r->n_metrics > s->cap_names) {
		void *names =
		    realloc(s->names, r->n_metrics * sizeof(*s->names));

		if (!names)
			return dm_err_nomem(err);
		s->names = names;
		s->cap_names = r->n_metrics;
	}
	for (size_t i = 0; i < r->n_metrics; i++) {
		if (!has_name(row, r->metrics[i].name))
			s->names[n++] = r->metrics[i].name;
	}
	*ret = n;
	return 0;
}

static int note_metrics(struct dm_store *s, struct dm_store_row *row,
    const struct dm_record *r, struct dm_err *err)
{
	uint32_t *names;
	size_t n = 0;

	if (new_names(s, row, r, &n, err) < 0)
		return -1;
	if (n) {
		names = realloc(
		    row->names, (row->n_names + n) * sizeof(*row->names));
		if (!names)
			return dm_err_nomem(err);
		row->names = names;
	}
	for (size_t i = 0; i < n; i++) {
		if (note_metric(s, row, s->names[i], err) < 0)
			return -1;
		row->names[row->n_names + i] = s->names[i];
	}
	row->n_names += n;
	if (n)
		qsort(row->names, row->n_names, sizeof(*row->names), cmp_names);
	row->shape = r->shape;
	return 0;
}

/* What is known by ids that mean nothing any more. */
static void forget_names(struct dm_store *s, struct dm_store_row *row)
{
	uint64_t epoch = dm_scan_epoch(s->scanner);

	if (s->epoch != epoch && s->n_metrics > 0)
		memset(s->metrics, 0, s->n_metrics * sizeof(*s->metrics));
	s->epoch = epoch;
	if (row->epoch != epoch)
		row->n_names = row->shape = 0;
	row->epoch = epoch;
}

int dm_store_row_of(struct dm_store *s, const struct dm_record *r,
    struct dm_store_row **ret, struct dm_err *err)
{
	struct dm_store_row *row = r->identity->user;

	if ((!row || !row->id) && find_row(s, r->identity, &row, err) < 0)
		return -1;
	forget_names(s, row);
	if ((r->shape == 0 || r->shape != row->shape) &&
	    note_metrics(s, row, r, err) < 0)
		return -1;
	*ret = row;
	return 0;
}
