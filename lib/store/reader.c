/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/spans.h"

/* One transaction gives up to so much. */
#define PART_RECORDS 1000
#define PART_BYTES   (1024 * 1024)

struct item {
	int64_t ts_us;
	size_t at, n; /* in text */
};

struct dm_store_reader {
	struct dm_db db;
	struct dm_store_query q;
	struct dm_store_range range;
	struct dm_selection selection;
	struct dm_scanner *scanner; /* where metrics are asked for */
	struct dm_spans spans;
	/* the part that has been read */
	struct item items[PART_RECORDS];
	size_t n, pos;
	struct dm_buf text;
};

static int open_reader(
    struct dm_store_reader *r, const char *path, struct dm_err *err)
{
	const struct dm_store_query *q = &r->q;

	r->range = (struct dm_store_range){q->from_us, q->to_us};
	r->spans.db = &r->db;
	r->spans.ranges = &r->range;
	r->spans.n_ranges = 1;
	if (dm_db_open(&r->db, path, false, DM_DB_READ_WAIT_MS, err) < 0 ||
	    dm_spans_open(&r->spans, err) < 0)
		return -1;
	if (!q->n_selectors && !q->n_kinds && !q->no_sweeps)
		return 0;
	r->spans.selection = &r->selection;
	if (dm_scanner_new(NULL, NULL, &r->scanner, err) < 0)
		return -1;
	return dm_selection_make(&r->selection, &r->db, q, err);
}

int dm_store_reader_open(const char *path, const struct dm_store_query *query,
    struct dm_store_reader **ret, struct dm_err *err)
{
	for (int tries = 1;; tries++) {
		DM_AUTO_STORE_READER struct dm_store_reader *r =
		    calloc(1, sizeof(*r));
		struct dm_err changed;
		int status;

		if (!r)
			return dm_err_nomem(err);
		r->q = *query;
		status = open_reader(r, path, err);
		if (dm_db_check(&r->db, &changed) == 0) {
			if (status == 0)
				*ret = dm_steal(&r);
			return status;
		}
		if (tries == DM_DB_TRIES) {
			*err = changed;
			return -1;
		}
	}
}

void dm_store_reader_free(struct dm_store_reader *r)
{
	if (!r)
		return;
	dm_spans_release(&r->spans);
	dm_selection_release(&r->selection);
	dm_scanner_free(r->scanner);
	dm_buf_release(&r->text);
	dm_db_close(&r->db);
	free(r);
}

/* Has a record a metric that the selector names? 1, 0, or -1. */
static int one_named(const struct dm_store_reader *r,
    const struct dm_selector *s, const struct dm_record *record,
    struct dm_err *err)
{
	int n = 0;

	for (size_t i = 0; n == 0 && i < record->n_metrics; i++)
		n = dm_selector_match_name(
		    s, dm_scan_name(r->scanner, record->metrics[i].name), err);
	return n;
}

/* Does a record have a metric that is asked for? 1, 0, or -1. */
static int has_metric(struct dm_store_reader *r, const struct dm_wanted *w,
    int64_t id, struct dm_str line, struct dm_err *err)
{
	struct dm_record record;
	int n = 0;

	if (dm_db_scan(&r->db, r->scanner, id, line, &record, err) < 0)
		return -1;
	for (size_t i = 0; n == 0 && i < r->q.n_selectors; i++) {
		if (w->named >> i & 1)
			n = one_named(r, &r->q.selectors[i], &record, err);
	}
	return n;
}

/* Is a row asked for? 1, 0, or -1. */
static int is_asked(
    struct dm_store_reader *r, sqlite3_stmt *st, struct dm_err *err)
{
	int64_t ts_us = sqlite3_column_int64(st, DM_ROW_TS_US);
	const struct dm_wanted *w;

	if (ts_us < r->q.from_us || ts_us > r->q.to_us)
		return 0;
	if (!r->spans.selection)
		return 1;
	w = dm_selection_find(
	    &r->selection, sqlite3_column_int64(st, DM_ROW_IDENTITY));
	if (!w || !w->named)
		return w != NULL;
	return has_metric(
	    r, w, sqlite3_column_int64(st, DM_ROW_ID), dm_spans_text(st), err);
}

static int take(void *ctx, sqlite3_stmt *st, struct dm_err *err)
{
	struct dm_store_reader *r = ctx;
	struct dm_str line;
	int asked = is_asked(r, st, err);

	if (asked <= 0)
		return asked;
	line = dm_spans_text(st);
	if (line.n == 0 || memchr(line.p, '\n', line.n))
		return dm_db_damaged(&r->db,
		    sqlite3_column_int64(st, DM_ROW_ID), "it is no line", err);
	r->items[r->n++] = (struct item){
	    sqlite3_column_int64(st, DM_ROW_TS_US), r->text.n, line.n};
	dm_buf_add_str(&r->text, line);
	if (dm_buf_ok(&r->text, err) < 0)
		return -1;
	return r->n == PART_RECORDS || r->text.n >= PART_BYTES;
}

/* Once more, to go on where we are. Identities keep their ids. */
static int reopen(struct dm_store_reader *r, struct dm_err *err)
{
	DM_AUTO_FREE char *path = dm_str_dup(dm_str(r->db.path));
	int64_t next_id = r->spans.next_id, end_id = r->spans.end_id;

	if (!path)
		return dm_err_nomem(err);
	dm_spans_release(&r->spans);
	dm_db_close(&r->db);
	if (dm_db_open(&r->db, path, false, DM_DB_READ_WAIT_MS, err) < 0 ||
	    dm_spans_open(&r->spans, err) < 0)
		return -1;
	r->spans.next_id = next_id;
	r->spans.end_id = end_id;
	return 0;
}

/* The next part: 1, 0 at the end, or -1. */
static int read_part(struct dm_store_reader *r, struct dm_err *err)
{
	int64_t from_id = r->spans.next_id;

	for (int tries = 1;; tries++) {
		struct dm_err changed;
		int n;

		r->n = r->pos = 0;
		dm_buf_clear(&r->text);
		n = dm_spans_part(&r->spans, take, r, err);
		if (dm_db_check(&r->db, &changed) == 0)
			return n;
		r->n = 0;
		if (tries == DM_DB_TRIES) {
			*err = changed;
			return -1;
		}
		r->spans.next_id = from_id;
		if (reopen(r, err) < 0)
			return -1;
	}
}

int dm_store_reader_next(
    struct dm_store_reader *r, struct dm_stored *ret, struct dm_err *err)
{
	while (r->pos == r->n) {
		int n = read_part(r, err);

		if (n <= 0)
			return n;
	}
	ret->ts_us = r->items[r->pos].ts_us;
	ret->line = (struct dm_str){
	    r->text.p + r->items[r->pos].at, r->items[r->pos].n};
	r->pos++;
	return 1;
}
