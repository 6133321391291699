/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/array.h"
#include "store/team.h"

/* From a database into a window. */

/* How many records come between two looks at what there is in the window. */
#define CHECK_RECORDS 16384

/* The scanner gives none that large: the extracted metrics of an identity
 * are the same each time. */
#define SHAPE UINT32_C(0x80000000)

struct filler {
	struct dm_db db;
	struct dm_plan plan;
	struct dm_team team;
	struct dm_scanner *scanner;
	struct dm_window *window;
	int64_t end_id; /* the last record when the plan was made */
	struct dm_chunk *chunks;
	size_t n_chunks, cap_chunks;
	/* As plan.selection.wanted: who they are, once one has come. */
	struct dm_identity **identities;
	struct dm_identity *before; /* who came last */
	/* The names of what the selectors want, by the scanner. */
	uint32_t names[DM_SELECTORS_MAX];
	size_t unchecked;
};

static void filler_release(struct filler *f)
{
	for (size_t i = 0; f->identities && i < f->plan.selection.n; i++) {
		if (f->identities[i])
			dm_window_forget(f->window, f->identities[i]);
		free(f->identities[i]);
	}
	free(f->identities);
	free(f->chunks);
	dm_scanner_free(f->scanner);
	dm_team_release(&f->team);
	dm_plan_release(&f->plan);
	dm_db_close(&f->db);
}

static void forget(void *ctx, struct dm_identity *identity)
{
	struct filler *f = ctx;

	dm_window_forget(f->window, identity);
}

static int feed(struct filler *f, const struct dm_record *r, struct dm_err *err)
{
	struct dm_window_seen seen;

	if (dm_window_record(f->window, f->scanner, r, &seen, err) < 0)
		return -1;
	if (seen.left_out)
		return dm_err_set(err, DM_ELIMIT, DM_WINDOW_LEFT_OUT);
	return 0;
}

/* A text: the first of its identity says who that is. */
static int take_text(struct filler *f, const struct dm_loaded *row,
    struct dm_str text, struct dm_err *err)
{
	struct dm_identity **known;
	struct dm_record record;

	if (dm_db_scan(&f->db, f->scanner, row->id, text, &record, err) < 0)
		return -1;
	if (row->wanted) {
		known = &f->identities[row->wanted - f->plan.selection.wanted];
		if (!*known)
			*known = dm_identity_new(record.identity->kind,
			    record.identity->labels, err);
		if (!*known)
			return -1;
		record.identity = *known;
	}
	return feed(f, &record, err);
}

/* Metrics that have been extracted. */
static int take_metrics(struct filler *f, const struct dm_loaded *row,
    const struct dm_extracted *extracted, struct dm_err *err)
{
	struct dm_identity *identity =
	    f->identities[row->wanted - f->plan.selection.wanted];
	struct dm_metric metrics[DM_EXTRACT_METRICS];

	for (size_t i = 0; i < row->n; i++)
		metrics[i] =
		    (struct dm_metric){.name = f->names[extracted[i].selector],
			.type = DM_VALUE_NUMBER,
			.has_value = true,
			.value = extracted[i].value};
	/* The window goes by it to fetch what it will need next. */
	if (f->before)
		f->before->next = identity;
	f->before = identity;
	return feed(f,
	    &(struct dm_record){.ts_us = row->ts_us,
		.kind = identity->kind_id,
		.identity = identity,
		.metrics = metrics,
		.n_metrics = row->n,
		.shape = SHAPE},
	    err);
}

static int take_batch(
    struct filler *f, const struct dm_batch *b, struct dm_err *err)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct dm_loaded *row = &b->rows[i];
		struct dm_str text = {b->text.p + row->at, row->text_n};

		if ((row->n ? take_metrics(f, row, b->metrics + row->at, err)
			    : take_text(f, row, text, err)) < 0)
			return -1;
	}
	f->unchecked += b->n;
	return 0;
}

static int check_limits(struct filler *f, struct dm_err *err)
{
	const struct dm_store_fill *fill = f->plan.fill;

	if (fill->stop && fill->stop(fill->stop_ctx))
		return dm_err_set(err, DM_ESTOP, "interrupted");
	if (f->unchecked < CHECK_RECORDS)
		return 0;
	f->unchecked = 0;
	if (dm_window_n_samples(f->window) > fill->max_samples)
		return dm_err_set(err, DM_ELIMIT,
		    "the query needs more than %zu samples", fill->max_samples);
	return 0;
}

/* What says that a target sends sweep records. */
static int read_before(struct filler *f, struct dm_err *err)
{
	DM_AUTO_STMT sqlite3_stmt *st = NULL;
	const struct dm_plan_target *t;
	size_t pos = 0;

	if (dm_db_prepare(
		&f->db, "SELECT text FROM record WHERE id = ?1", &st, err) < 0)
		return -1;
	while ((t = dm_map_next(&f->plan.targets, &pos))) {
		struct dm_record record;
		int n;

		if (!t->before_id)
			continue;
		sqlite3_bind_int64(st, 1, t->before_id);
		n = dm_db_step(&f->db, st, err);
		if (n < 0 ||
		    (n > 0 && (dm_db_scan(&f->db, f->scanner, t->before_id,
				   dm_db_text(st, 0), &record, err) < 0 ||
				  feed(f, &record, err) < 0)))
			return -1;
		sqlite3_reset(st);
	}
	return 0;
}

/* The greatest ts; INT64_MIN where there are no records. */
static int find_end(const struct dm_db *db, int64_t *ret_us, struct dm_err *err)
{
	DM_AUTO_STMT sqlite3_stmt *st = NULL;

	if (dm_db_prepare(db, "SELECT max(max_ts_us) FROM span", &st, err) < 0)
		return -1;
	return dm_db_int(db, st, INT64_MIN, ret_us, err);
}

/* The spans from first_id to last_id that the plan's time touches. */
static int list_chunks(
    struct filler *f, int64_t first_id, int64_t last_id, struct dm_err *err)
{
	const struct dm_plan *p = &f->plan;
	DM_AUTO_STMT sqlite3_stmt *st = NULL;
	int n;

	f->n_chunks = 0;
	if (dm_db_prepare(&f->db,
		"SELECT max(first_id, ?1), min(last_id, ?2) FROM span"
		" WHERE last_id >= ?1 AND first_id <= ?2"
		" AND max_ts_us >= ?3 AND min_ts_us <= ?4 ORDER BY first_id",
		&st, err) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, first_id);
	sqlite3_bind_int64(st, 2, last_id);
	sqlite3_bind_int64(st, 3, p->ranges[0].from_us);
	sqlite3_bind_int64(st, 4, p->ranges[p->n_ranges - 1].to_us);
	while ((n = dm_db_step(&f->db, st, err)) > 0) {
		struct dm_chunk c = {
		    sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1)};

		/* Damaged ones may overlap. */
		if (f->n_chunks &&
		    c.first_id <= f->chunks[f->n_chunks - 1].last_id)
			c.first_id = f->chunks[f->n_chunks - 1].last_id + 1;
		if (c.first_id > c.last_id)
			continue;
		if (dm_array_grow(&f->chunks, f->n_chunks, &f->cap_chunks,
			sizeof(*f->chunks), err) < 0)
			return -1;
		f->chunks[f->n_chunks++] = c;
	}
	return n;
}

static int use_batches(struct filler *f, struct dm_err *err)
{
	const struct dm_batch *batch;
	int n;

	while ((n = dm_team_next(&f->team, &batch, err)) > 0) {
		if (take_batch(f, batch, err) < 0 || check_limits(f, err) < 0)
			return -1;
	}
	f->unchecked = CHECK_RECORDS;
	return n < 0 ? -1 : check_limits(f, err);
}

static int read_records(struct filler *f, int64_t first_id, int64_t last_id,
    const struct dm_selection *selection, struct dm_err *err)
{
	int status;

	if (list_chunks(f, first_id, last_id, err) < 0)
		return -1;
	dm_team_start(&f->team, f->chunks, f->n_chunks, selection);
	status = use_batches(f, err);
	dm_team_stop(&f->team);
	return status;
}

static int read_all(struct filler *f, struct dm_err *err)
{
	int64_t all_until_id = f->plan.all_until_id, t_us;
	int n;

	if (f->plan.selection.n == 0)
		return 0;
	if (all_until_id > f->end_id)
		all_until_id = f->end_id;
	if (all_until_id &&
	    read_records(f, 1, all_until_id, &f->plan.all, err) < 0)
		return -1;
	if (read_records(
		f, all_until_id + 1, f->end_id, &f->plan.selection, err) < 0)
		return -1;
	while ((n = dm_window_end_sweep(f->window, &t_us, err)) > 0)
		;
	return n;
}

static int open_team(struct filler *f, struct dm_err *err)
{
	int64_t records = 0;

	if (list_chunks(f, 1, f->end_id, err) < 0)
		return -1;
	for (size_t i = 0; i < f->n_chunks; i++)
		records += f->chunks[i].last_id - f->chunks[i].first_id + 1;
	return dm_team_open(&f->team, &f->plan, &f->db, records, err);
}

static int prepare_selectors(struct filler *f, struct dm_err *err)
{
	const struct dm_store_fill *fill = f->plan.fill;

	for (size_t i = 0; i < fill->n_selectors; i++) {
		struct dm_str name = fill->selectors[i]->name;

		if (name.n &&
		    dm_scan_name_id(f->scanner, name, &f->names[i], err) < 0)
			return -1;
	}
	f->identities =
	    calloc(f->plan.selection.n + 1, sizeof(struct dm_identity *));
	return f->identities ? 0 : dm_err_nomem(err);
}

/* What has to be known before records are read: of one moment. */
static int prepare(struct filler *f, struct dm_err *err)
{
	const struct dm_store_fill *fill = f->plan.fill;
	int64_t greatest_us;

	if (find_end(&f->db, &greatest_us, err) < 0 ||
	    dm_db_ask(
		&f->db, "SELECT max(last_id) FROM span", &f->end_id, err) < 0 ||
	    fill->when(fill->when_ctx, greatest_us, &f->plan.start_us,
		&f->plan.end_us, err) < 0 ||
	    dm_plan_make(&f->plan, err) < 0 || read_before(f, err) < 0)
		return -1;
	if (f->plan.selection.n == 0)
		return 0;
	return prepare_selectors(f, err) < 0 ? -1 : open_team(f, err);
}

int dm_store_fill(const char *path, const struct dm_store_fill *fill,
    struct dm_window *w, struct dm_err *err)
{
	DM_CLEANUP(filler_release) struct filler f = {.window = w};
	int status;

	f.plan.db = &f.db;
	f.plan.fill = fill;
	if (dm_db_open(&f.db, path, false, DM_DB_READ_WAIT_MS, err) < 0 ||
	    dm_scanner_new(forget, &f, &f.scanner, err) < 0 ||
	    dm_db_exec(&f.db, "BEGIN", err) < 0)
		return -1;
	status = prepare(&f, err);
	sqlite3_exec(f.db.sql, "ROLLBACK", NULL, NULL, NULL);
	if (status == 0)
		status = read_all(&f, err);
	if (dm_db_check(&f.db, err) < 0 || dm_team_check(&f.team, err) < 0)
		return -1;
	return status;
}
