/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/writer.h"

/* When the log is moved into the database, in its pages of 8 KiB: 32 MiB,
 * once a commit where no reader is in the way. Past 128 MiB the writer waits
 * a little for readers. */
#define CHECKPOINT_PAGES 4096
#define INSIST_PAGES	 16384
#define INSIST_MS	 250

static const char *const statements[DM_ST_N] = {
    [DM_ST_BEGIN] = "BEGIN IMMEDIATE",
    [DM_ST_COMMIT] = "COMMIT",
    [DM_ST_DATA_VERSION] = "PRAGMA data_version",
    [DM_ST_INSERT_RECORD] = "INSERT INTO record(id, identity, ts_us, text)"
			    " VALUES(?1, ?2, ?3, ?4)",
    [DM_ST_FIND_IDENTITY] =
	"SELECT id FROM identity WHERE labels = ?1 AND kind = ?2",
    [DM_ST_INSERT_IDENTITY] =
	"INSERT INTO identity(labels, kind) VALUES(?1, ?2)",
    [DM_ST_FIND_METRIC] = "SELECT id FROM metric WHERE name = ?1",
    [DM_ST_INSERT_METRIC] = "INSERT INTO metric(name) VALUES(?1)",
    [DM_ST_INSERT_PAIR] =
	"INSERT OR IGNORE INTO identity_metric(identity, metric)"
	" VALUES(?1, ?2)",
    [DM_ST_LAST_SPAN] = "SELECT first_id, last_id, min_ts_us, max_ts_us"
			" FROM span ORDER BY first_id DESC LIMIT 1",
    [DM_ST_LAST_RECORD] = "SELECT max(id) FROM record",
    [DM_ST_NEWEST] = "SELECT max(max_ts_us) FROM span",
    [DM_ST_PUT_SPAN] = "INSERT OR REPLACE INTO"
		       " span(first_id, last_id, min_ts_us, max_ts_us)"
		       " VALUES(?1, ?2, ?3, ?4)",
    [DM_ST_OLD_SPAN] = "SELECT first_id, last_id FROM span"
		       " WHERE max_ts_us < ?1 AND first_id <> ?2"
		       " ORDER BY max_ts_us LIMIT 1",
    [DM_ST_DELETE_RECORDS] = "DELETE FROM record WHERE id BETWEEN ?1 AND ?2",
    [DM_ST_DELETE_SPAN] = "DELETE FROM span WHERE first_id = ?1",
    [DM_ST_MOVE_SPAN] = "UPDATE span SET first_id = ?2 WHERE first_id = ?1",
    [DM_ST_UNUSED_IDENTITY] =
	"SELECT i.id, EXISTS(SELECT 1 FROM record AS r"
	" WHERE r.identity = i.id)"
	" FROM identity AS i WHERE i.id > ?1 ORDER BY i.id LIMIT ?2",
    [DM_ST_DELETE_PAIRS] = "DELETE FROM identity_metric WHERE identity = ?1",
    [DM_ST_DELETE_IDENTITY] = "DELETE FROM identity WHERE id = ?1",
    [DM_ST_FREE_PAGES] = "PRAGMA freelist_count",
    [DM_ST_ALL_PAGES] = "PRAGMA page_count",
    [DM_ST_VACUUM] = "PRAGMA incremental_vacuum(256)",
};

static int note_wal(void *ctx, sqlite3 *sql, const char *name, int pages)
{
	struct dm_store *s = ctx;

	(void)sql;
	(void)name;
	s->wal_pages = pages;
	return SQLITE_OK;
}

static int open_store(struct dm_store *s, const char *path, struct dm_err *err)
{
	if (dm_db_open(&s->db, path, true, s->options.wait_ms, err) < 0)
		return -1;
	for (size_t i = 0; i < DM_ST_N; i++) {
		if (dm_db_prepare(&s->db, statements[i], &s->st[i], err) < 0)
			return -1;
	}
	s->data_version = -1;
	sqlite3_wal_hook(s->db.sql, note_wal, s);
	return 0;
}

int dm_store_open(const char *path, const struct dm_store_options *options,
    struct dm_store **ret, struct dm_err *err)
{
	DM_AUTO_STORE struct dm_store *s = calloc(1, sizeof(*s));

	if (!s)
		return dm_err_nomem(err);
	s->options = *options;
	if (open_store(s, path, err) < 0)
		return -1;
	*ret = dm_steal(&s);
	return 0;
}

void dm_store_free(struct dm_store *s)
{
	if (!s)
		return;
	dm_store_rows_drop(s);
	dm_map_release(&s->rows);
	dm_pairs_release(&s->pairs);
	dm_buf_release(&s->labels);
	free(s->names);
	free(s->metrics);
	for (size_t i = 0; i < DM_ST_N; i++)
		sqlite3_finalize(s->st[i]);
	/* Rolls back what is open. */
	dm_db_close(&s->db);
	free(s);
}

void dm_store_set_scanner(struct dm_store *s, const struct dm_scanner *scanner)
{
	s->scanner = scanner;
}

/* Unsigned: a damaged span may begin and end anywhere. */
static uint64_t apart_us(int64_t a, int64_t b)
{
	return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

static bool span_has_all(const struct dm_store_span *p)
{
	return (uint64_t)p->last_id - (uint64_t)p->first_id + 1 >=
	       DM_SPAN_RECORDS;
}

static bool span_full(const struct dm_store_span *p)
{
	return span_has_all(p) ||
	       (p->max_us > p->min_us &&
		   apart_us(p->max_us, p->min_us) >= DM_SPAN_US);
}

static void span_start(struct dm_store *s)
{
	s->span = (struct dm_store_span){
	    .first_id = s->span.last_id + 1,
	    .last_id = s->span.last_id,
	    .min_us = INT64_MAX,
	    .max_us = INT64_MIN,
	};
}

/* Another has written, or nothing has been read yet. */
static int reload(struct dm_store *s, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *st = s->st[DM_ST_LAST_SPAN];
	int64_t last;
	int n;

	dm_store_rows_drop(s);
	if (dm_db_int(&s->db, s->st[DM_ST_LAST_RECORD], 0, &last, err) < 0 ||
	    dm_db_int(&s->db, s->st[DM_ST_NEWEST], INT64_MIN, &s->newest_us,
		err) < 0 ||
	    (n = dm_db_step(&s->db, st, err)) < 0)
		return -1;
	s->span.last_id = last;
	if (n > 0 && sqlite3_column_int64(st, 1) > last)
		s->span.last_id = sqlite3_column_int64(st, 1);
	if (s->span.last_id >= INT64_MAX / 2)
		return dm_db_damaged(
		    &s->db, s->span.last_id, "no id comes after it", err);
	span_start(s);
	if (n > 0 && sqlite3_column_int64(st, 1) == s->span.last_id) {
		s->span.first_id = sqlite3_column_int64(st, 0);
		s->span.min_us = sqlite3_column_int64(st, 2);
		s->span.max_us = sqlite3_column_int64(st, 3);
		if (span_full(&s->span))
			span_start(s);
	}
	return 0;
}

static int begin(struct dm_store *s, struct dm_err *err)
{
	int64_t version;

	if (dm_db_run(&s->db, s->st[DM_ST_BEGIN], err) < 0)
		return -1;
	s->in_batch = true;
	s->batch_records = 0;
	if (dm_db_int(&s->db, s->st[DM_ST_DATA_VERSION], 0, &version, err) < 0)
		return -1;
	if (version == s->data_version)
		return 0;
	s->data_version = version;
	return reload(s, err);
}

static int put_span(struct dm_store *s, struct dm_err *err)
{
	sqlite3_stmt *st = s->st[DM_ST_PUT_SPAN];

	sqlite3_bind_int64(st, 1, s->span.first_id);
	sqlite3_bind_int64(st, 2, s->span.last_id);
	sqlite3_bind_int64(st, 3, s->span.min_us);
	sqlite3_bind_int64(st, 4, s->span.max_us);
	s->span_changed = false;
	return dm_db_run(&s->db, st, err);
}

/* After a pause what is new gets a span of its own, or what is old would
 * stay as long as it does. */
static bool is_far(const struct dm_store_span *p, int64_t ts_us)
{
	return p->last_id >= p->first_id &&
	       (apart_us(ts_us, p->min_us) >= DM_SPAN_US ||
		   apart_us(ts_us, p->max_us) >= DM_SPAN_US);
}

static int extend_span(struct dm_store *s, int64_t ts_us, struct dm_err *err)
{
	struct dm_store_span *p = &s->span;

	/* One a batch: clocks that are far apart may take turns. */
	if (span_has_all(p) || (s->batch_records == 0 && is_far(p, ts_us))) {
		if (s->span_changed && put_span(s, err) < 0)
			return -1;
		span_start(s);
	}
	p->last_id++;
	if (ts_us < p->min_us)
		p->min_us = ts_us;
	if (ts_us > p->max_us)
		p->max_us = ts_us;
	if (ts_us > s->newest_us)
		s->newest_us = ts_us;
	s->span_changed = true;
	return 0;
}

int dm_store_add(
    struct dm_store *s, const struct dm_record *r, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *st = s->st[DM_ST_INSERT_RECORD];
	struct dm_store_row *row;

	if (!s->in_batch && begin(s, err) < 0)
		return -1;
	if (dm_store_row_of(s, r, &row, err) < 0 ||
	    extend_span(s, r->ts_us, err) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, s->span.last_id);
	sqlite3_bind_int64(st, 2, row->id);
	sqlite3_bind_int64(st, 3, r->ts_us);
	if (dm_db_bind(&s->db, st, 4, r->line, err) < 0)
		return -1;
	s->batch_records++;
	return dm_db_run(&s->db, st, err);
}

/*
 * A checkpoint that finds readers in its way, or the disk full, has done no
 * harm: the log still has all of it. The next commit tries again.
 */
static void checkpoint(struct dm_store *s)
{
	int mode = SQLITE_CHECKPOINT_PASSIVE;

	if (s->wal_pages < CHECKPOINT_PAGES)
		return;
	if (s->wal_pages >= INSIST_PAGES) {
		mode = SQLITE_CHECKPOINT_RESTART;
		sqlite3_busy_timeout(s->db.sql, INSIST_MS);
	}
	sqlite3_wal_checkpoint_v2(s->db.sql, "main", mode, NULL, NULL);
	sqlite3_busy_timeout(s->db.sql, s->options.wait_ms);
}

int dm_store_commit(struct dm_store *s, struct dm_err *err)
{
	if (!s->in_batch)
		return 0;
	if (s->span_changed && put_span(s, err) < 0)
		return -1;
	if (span_full(&s->span))
		span_start(s);
	if (s->options.keep_us && dm_store_expire(s, err) < 0)
		return -1;
	if (dm_db_run(&s->db, s->st[DM_ST_COMMIT], err) < 0)
		return -1;
	s->in_batch = false;
	checkpoint(s);
	return 0;
}
