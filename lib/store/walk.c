/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/pairs.h"
#include "store/db.h"
#include "store/store.h"

/* One transaction reads so many records. */
#define PART_RECORDS 1000

enum {
	ST_ALL,
	ST_NAMED,
	ST_METRICS,
	ST_RECORDS,
	ST_N
};

static const char *const statements[ST_N] = {
    /* The next identity behind ?1; ST_NAMED: that has a metric ?2. */
    [ST_ALL] = "SELECT id, kind, labels FROM identity"
	       " WHERE id > ?1 AND kind <> 'alert' ORDER BY id LIMIT 1",
    [ST_NAMED] = "SELECT i.id, i.kind, i.labels FROM identity_metric AS im"
		 " JOIN identity AS i ON i.id = im.identity"
		 " WHERE im.metric = (SELECT id FROM metric WHERE name = ?2)"
		 " AND im.identity > ?1 AND i.kind <> 'alert'"
		 " ORDER BY im.identity LIMIT 1",
    [ST_METRICS] = "SELECT m.id, m.name FROM identity_metric AS im"
		   " JOIN metric AS m ON m.id = im.metric"
		   " WHERE im.identity = ?1 AND im.metric > ?2"
		   " ORDER BY im.metric LIMIT 1",
    /* Goes on behind the record of the time ?2 and the id ?4. */
    [ST_RECORDS] = "SELECT id, ts_us, text FROM record"
		   " WHERE identity = ?1 AND ts_us BETWEEN ?2 AND ?3"
		   " AND (ts_us > ?2 OR id > ?4)"
		   " ORDER BY ts_us, id LIMIT ?5",
};

struct dm_store_walk {
	struct dm_db db;
	const struct dm_selector *selector;
	int64_t from_us, to_us;
	struct dm_scanner *scanner;
	struct dm_pairs pairs;
	sqlite3_stmt *st[ST_N];
	/* where it stands */
	int64_t identity, metric;
	struct dm_buf kind, labels, name;
	uint32_t name_id;
	struct dm_store_sample *samples;
	size_t n, cap;
};

static int open_walk(
    struct dm_store_walk *w, const char *path, struct dm_err *err)
{
	if (dm_db_open(&w->db, path, false, DM_DB_READ_WAIT_MS, err) < 0 ||
	    dm_scanner_new(NULL, NULL, &w->scanner, err) < 0)
		return -1;
	for (size_t i = 0; i < ST_N; i++) {
		if (dm_db_prepare(&w->db, statements[i], &w->st[i], err) < 0)
			return -1;
	}
	return 0;
}

int dm_store_walk_open(const char *path, const struct dm_selector *selector,
    int64_t from_us, int64_t to_us, struct dm_store_walk **ret,
    struct dm_err *err)
{
	DM_AUTO_STORE_WALK struct dm_store_walk *w = calloc(1, sizeof(*w));

	if (!w)
		return dm_err_nomem(err);
	w->selector = selector;
	w->from_us = from_us;
	w->to_us = to_us;
	if (open_walk(w, path, err) < 0)
		return -1;
	*ret = dm_steal(&w);
	return 0;
}

void dm_store_walk_free(struct dm_store_walk *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < ST_N; i++)
		sqlite3_finalize(w->st[i]);
	dm_scanner_free(w->scanner);
	dm_pairs_release(&w->pairs);
	dm_buf_release(&w->kind);
	dm_buf_release(&w->labels);
	dm_buf_release(&w->name);
	free(w->samples);
	dm_db_close(&w->db);
	free(w);
}

static void set_text(struct dm_buf *b, struct dm_str text)
{
	dm_buf_clear(b);
	dm_buf_add_str(b, text);
}

/* On to the next identity whose labels match: 1, 0 at the end, -1. */
static int next_identity(struct dm_store_walk *w, struct dm_err *err)
{
	bool named = w->selector->name.n > 0;
	DM_AUTO_RESET sqlite3_stmt *st = w->st[named ? ST_NAMED : ST_ALL];
	int n;

	if (named && dm_db_bind(&w->db, st, 2, w->selector->name, err) < 0)
		return -1;
	for (;;) {
		sqlite3_bind_int64(st, 1, w->identity);
		n = dm_db_step(&w->db, st, err);
		if (n <= 0)
			return n;
		w->identity = sqlite3_column_int64(st, 0);
		w->metric = 0;
		if (dm_pairs_read(&w->pairs, dm_db_text(st, 2), err) < 0)
			return -1;
		if (dm_pairs_match(&w->pairs, w->selector))
			break;
		sqlite3_reset(st);
	}
	set_text(&w->kind, dm_db_text(st, 1));
	set_text(&w->labels, dm_db_text(st, 2));
	if (dm_buf_ok(&w->kind, err) < 0 || dm_buf_ok(&w->labels, err) < 0)
		return -1;
	return 1;
}

/* On to the identity's next metric whose name matches: 1, 0, -1. */
static int next_metric(struct dm_store_walk *w, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *st = w->st[ST_METRICS];
	int n;

	for (;;) {
		sqlite3_bind_int64(st, 1, w->identity);
		sqlite3_bind_int64(st, 2, w->metric);
		n = dm_db_step(&w->db, st, err);
		if (n <= 0)
			return n;
		w->metric = sqlite3_column_int64(st, 0);
		if (dm_selector_name_matches(w->selector, dm_db_text(st, 1)))
			break;
		sqlite3_reset(st);
	}
	set_text(&w->name, dm_db_text(st, 1));
	if (dm_buf_ok(&w->name, err) < 0 ||
	    dm_scan_name_id(
		w->scanner, dm_buf_str(&w->name), &w->name_id, err) < 0)
		return -1;
	return 1;
}

static int add_sample(struct dm_store_walk *w, int64_t ts_us,
    const struct dm_metric *m, struct dm_err *err)
{
	if (w->n == w->cap) {
		size_t cap = w->cap ? 2 * w->cap : 256;
		void *grown = realloc(w->samples, cap * sizeof(*w->samples));

		if (!grown)
			return dm_err_nomem(err);
		w->samples = grown;
		w->cap = cap;
	}
	w->samples[w->n++] = (struct dm_store_sample){
	    .ts_us = ts_us,
	    .value = dm_metric_value(m),
	    .missing = m->type == DM_VALUE_NULL,
	};
	return 0;
}

/* The metric's sample of a row: id, ts_us, text. */
static int take(struct dm_store_walk *w, sqlite3_stmt *st, struct dm_err *err)
{
	struct dm_record record;
	struct dm_err why;

	if (dm_scan(w->scanner, dm_db_text(st, 2), &record, &why) < 0)
		return dm_db_damaged(
		    &w->db, sqlite3_column_int64(st, 0), why.msg, err);
	for (size_t i = 0; i < record.n_metrics; i++) {
		if (record.metrics[i].name == w->name_id)
			return add_sample(w, sqlite3_column_int64(st, 1),
			    &record.metrics[i], err);
	}
	return 0;
}

static int read_samples(struct dm_store_walk *w, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *st = w->st[ST_RECORDS];
	int64_t after_us = w->from_us, after_id = 0;
	int n, seen;

	w->n = 0;
	do {
		sqlite3_bind_int64(st, 1, w->identity);
		sqlite3_bind_int64(st, 2, after_us);
		sqlite3_bind_int64(st, 3, w->to_us);
		sqlite3_bind_int64(st, 4, after_id);
		sqlite3_bind_int(st, 5, PART_RECORDS);
		for (seen = 0; (n = dm_db_step(&w->db, st, err)) > 0; seen++) {
			if (take(w, st, err) < 0)
				return -1;
			after_id = sqlite3_column_int64(st, 0);
			after_us = sqlite3_column_int64(st, 1);
		}
		if (n < 0)
			return -1;
	} while (seen == PART_RECORDS);
	return 0;
}

/* On to the next metric that has samples: 1, 0 at the end, -1. */
static int next_series(struct dm_store_walk *w, struct dm_err *err)
{
	int n;

	do {
		n = w->identity ? next_metric(w, err) : 0;
		while (n == 0) {
			n = next_identity(w, err);
			if (n <= 0)
				return n;
			n = next_metric(w, err);
		}
		if (n < 0 || read_samples(w, err) < 0)
			return -1;
	} while (w->n == 0);
	return 1;
}

int dm_store_walk_next(
    struct dm_store_walk *w, struct dm_store_series *ret, struct dm_err *err)
{
	int n = next_series(w, err);

	if (dm_db_check(&w->db, err) < 0)
		return -1;
	if (n <= 0)
		return n;
	*ret = (struct dm_store_series){
	    .kind = dm_buf_str(&w->kind),
	    .name = dm_buf_str(&w->name),
	    .labels = dm_buf_str(&w->labels),
	    .samples = w->samples,
	    .n = w->n,
	};
	return 1;
}
