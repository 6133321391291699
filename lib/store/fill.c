/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/extract.h"

/* From a database into a window. */

struct filler {
	struct dm_db db;
	struct dm_plan plan;
	struct dm_spans spans;
	struct dm_scanner *scanner;
	struct dm_extract extract;
	struct dm_window *window;
};

static void filler_release(struct filler *f)
{
	dm_spans_release(&f->spans);
	dm_scanner_free(f->scanner);
	dm_extract_release(&f->extract);
	dm_plan_release(&f->plan);
	dm_db_close(&f->db);
}

static void forget(void *ctx, struct dm_identity *identity)
{
	struct filler *f = ctx;

	dm_window_forget(f->window, identity);
	dm_extract_forget(&f->extract);
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

static int read_line(struct filler *f, int64_t id, struct dm_str line,
    struct dm_record *ret, struct dm_err *err)
{
	struct dm_err why;

	if (dm_scan(f->scanner, line, ret, &why) == 0)
		return 0;
	if (why.code == DM_ENOMEM)
		return dm_err_nomem(err);
	return dm_db_damaged(&f->db, id, why.msg, err);
}

static int take(void *ctx, sqlite3_stmt *row, struct dm_err *err)
{
	struct filler *f = ctx;
	int64_t identity = sqlite3_column_int64(row, DM_ROW_IDENTITY);
	int64_t ts_us = sqlite3_column_int64(row, DM_ROW_TS_US);
	const struct dm_wanted *w =
	    dm_selection_find(f->spans.selection, identity);
	struct dm_record record;
	struct dm_str text;

	if (!w || !dm_plan_wants(&f->plan, w, ts_us))
		return 0;
	text = dm_spans_text(row);
	if (f->spans.selection != &f->plan.selection)
		w = dm_selection_find(&f->plan.selection, identity);
	if (w && dm_extract(&f->extract, w, text, ts_us, &record))
		return feed(f, &record, err);
	if (read_line(f, sqlite3_column_int64(row, DM_ROW_ID), text, &record,
		err) < 0)
		return -1;
	if (w)
		dm_extract_learn(&f->extract, w, &record);
	return feed(f, &record, err);
}

static int check_limits(const struct filler *f, struct dm_err *err)
{
	const struct dm_store_fill *fill = f->plan.fill;

	if (fill->stop && fill->stop(fill->stop_ctx))
		return dm_err_set(err, DM_ESTOP, "interrupted");
	if (dm_window_n_samples(f->window) > fill->max_samples)
		return dm_err_set(err, DM_ELIMIT,
		    "the query needs more than %zu samples", fill->max_samples);
	return 0;
}

static int read_until(struct filler *f, int64_t end_id,
    const struct dm_selection *selection, struct dm_err *err)
{
	int n;

	f->spans.selection = selection;
	f->spans.end_id = end_id;
	do {
		n = dm_spans_part(&f->spans, take, f, err);
		if (n < 0 || check_limits(f, err) < 0)
			return -1;
	} while (n > 0);
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
		    (n > 0 && (read_line(f, t->before_id, dm_db_text(st, 0),
				   &record, err) < 0 ||
				  feed(f, &record, err) < 0)))
			return -1;
		sqlite3_reset(st);
	}
	return 0;
}

static int read_all(struct filler *f, struct dm_err *err)
{
	int64_t end_id = f->spans.end_id, first = f->plan.all_until_id, t_us;
	int n;

	if (f->plan.selection.n == 0)
		return 0;
	if (first && read_until(f, first < end_id ? first : end_id,
			 &f->plan.all, err) < 0)
		return -1;
	if (read_until(f, end_id, &f->plan.selection, err) < 0)
		return -1;
	while ((n = dm_window_end_sweep(f->window, &t_us, err)) > 0)
		;
	return n;
}

/* The greatest ts; INT64_MIN where there are no records. */
static int find_end(const struct dm_db *db, int64_t *ret_us, struct dm_err *err)
{
	DM_AUTO_STMT sqlite3_stmt *st = NULL;

	if (dm_db_prepare(db, "SELECT max(max_ts_us) FROM span", &st, err) < 0)
		return -1;
	return dm_db_int(db, st, INT64_MIN, ret_us, err);
}

/* What has to be known before records are read: of one moment. */
static int prepare(struct filler *f, struct dm_err *err)
{
	const struct dm_store_fill *fill = f->plan.fill;
	int64_t greatest_us;

	if (find_end(&f->db, &greatest_us, err) < 0 ||
	    fill->when(fill->when_ctx, greatest_us, &f->plan.start_us,
		&f->plan.end_us, err) < 0 ||
	    dm_spans_open(&f->spans, err) < 0 ||
	    dm_plan_make(&f->plan, err) < 0 || read_before(f, err) < 0)
		return -1;
	f->spans.n_ranges = f->plan.n_ranges;
	return dm_extract_open(&f->extract, err);
}

int dm_store_fill(const char *path, const struct dm_store_fill *fill,
    struct dm_window *w, struct dm_err *err)
{
	DM_CLEANUP(filler_release) struct filler f = {.window = w};
	int status;

	f.plan.db = f.spans.db = &f.db;
	f.plan.fill = fill;
	f.spans.ranges = f.plan.ranges;
	f.extract.plan = &f.plan;
	if (dm_db_open(&f.db, path, false, DM_DB_READ_WAIT_MS, err) < 0 ||
	    dm_scanner_new(forget, &f, &f.scanner, err) < 0 ||
	    dm_db_exec(&f.db, "BEGIN", err) < 0)
		return -1;
	f.extract.scanner = f.scanner;
	status = prepare(&f, err);
	sqlite3_exec(f.db.sql, "ROLLBACK", NULL, NULL, NULL);
	if (status == 0)
		status = read_all(&f, err);
	return dm_db_check(&f.db, err) < 0 ? -1 : status;
}
