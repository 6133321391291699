/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/select.h"
#include "store/writer.h"

/* One transaction gives up to so much, and looks at so many records. */
#define PART_RECORDS 1000
#define PART_BYTES   (1024 * 1024)
#define PART_LOOKS   (4 * DM_SPAN_RECORDS)

/* With more identities, or more records of them in a span, a span is read
 * whole rather than by its index. */
#define FEW_IDENTITIES 128
#define FEW_RECORDS    (DM_SPAN_RECORDS / 4)

enum {
	ST_SPAN,
	ST_SCAN,
	ST_PROBE,
	ST_N
};

static const char *const statements[ST_N] = {
    [ST_SPAN] =
	"SELECT first_id, last_id, min_ts_us, max_ts_us, encoding FROM span"
	" WHERE first_id >= coalesce((SELECT max(first_id) FROM span"
	"  WHERE first_id <= ?1), ?1)"
	" AND last_id >= ?1 AND first_id <= ?2"
	" AND max_ts_us >= ?3 AND min_ts_us <= ?4"
	" ORDER BY first_id LIMIT 1",
    [ST_SCAN] = "SELECT id, identity, ts_us, text FROM record"
		" WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
    [ST_PROBE] = "SELECT id FROM record WHERE identity = ?1"
		 " AND ts_us BETWEEN ?2 AND ?3 AND id BETWEEN ?4 AND ?5",
};

struct item {
	int64_t ts_us;
	size_t at, n; /* in text */
};

struct span {
	int64_t first, last, min_us, max_us;
};

struct dm_store_reader {
	struct dm_db db;
	struct dm_store_query q;
	bool all; /* there is no selection */
	struct dm_selection selection;
	struct dm_scanner *scanner; /* where metrics are asked for */
	sqlite3_stmt *st[ST_N];
	int64_t next_id, end_id;
	/* the part that has been read */
	struct item items[PART_RECORDS];
	size_t n, pos;
	struct dm_buf text;
	size_t looks;
	int64_t ids[FEW_RECORDS]; /* of a span, by the index */
};

static int open_reader(
    struct dm_store_reader *r, const char *path, struct dm_err *err)
{
	const struct dm_store_query *q = &r->q;

	if (dm_db_open(&r->db, path, false, DM_DB_READ_WAIT_MS, err) < 0 ||
	    dm_db_ask(
		&r->db, "SELECT max(last_id) FROM span", &r->end_id, err) < 0)
		return -1;
	if (r->end_id == INT64_MAX)
		return dm_db_damaged(&r->db, r->end_id, "there is none", err);
	for (size_t i = 0; i < ST_N; i++) {
		if (dm_db_prepare(&r->db, statements[i], &r->st[i], err) < 0)
			return -1;
	}
	r->all = !q->n_selectors && !q->n_kinds && !q->no_sweeps;
	if (r->all)
		return 0;
	if (dm_scanner_new(NULL, NULL, &r->scanner, err) < 0)
		return -1;
	return dm_selection_make(&r->selection, &r->db, q, err);
}

int dm_store_reader_open(const char *path, const struct dm_store_query *query,
    struct dm_store_reader **ret, struct dm_err *err)
{
	DM_AUTO_STORE_READER struct dm_store_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return dm_err_nomem(err);
	r->q = *query;
	r->next_id = 1;
	if (open_reader(r, path, err) < 0)
		return -1;
	*ret = dm_steal(&r);
	return 0;
}

void dm_store_reader_free(struct dm_store_reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < ST_N; i++)
		sqlite3_finalize(r->st[i]);
	dm_selection_release(&r->selection);
	dm_scanner_free(r->scanner);
	dm_buf_release(&r->text);
	dm_db_close(&r->db);
	free(r);
}

static bool one_named(const struct dm_store_reader *r,
    const struct dm_selector *s, const struct dm_record *record)
{
	for (size_t i = 0; i < record->n_metrics; i++) {
		if (dm_selector_name_matches(
			s, dm_scan_name(r->scanner, record->metrics[i].name)))
			return true;
	}
	return false;
}

/* Does a record have a metric that is asked for? 1, 0, or -1. */
static int has_metric(struct dm_store_reader *r, const struct dm_wanted *w,
    int64_t id, struct dm_str line, struct dm_err *err)
{
	struct dm_record record;
	struct dm_err why;

	if (dm_scan(r->scanner, line, &record, &why) < 0)
		return dm_db_damaged(&r->db, id, why.msg, err);
	for (size_t i = 0; i < r->q.n_selectors; i++) {
		if ((w->named >> i & 1) &&
		    one_named(r, &r->q.selectors[i], &record))
			return 1;
	}
	return 0;
}

/* Is a row (id, identity, ts_us, text) asked for? 1, 0, or -1. */
static int is_asked(
    struct dm_store_reader *r, sqlite3_stmt *st, struct dm_err *err)
{
	int64_t ts_us = sqlite3_column_int64(st, 2);
	const struct dm_wanted *w;

	if (ts_us < r->q.from_us || ts_us > r->q.to_us)
		return 0;
	if (r->all)
		return 1;
	w = dm_selection_find(&r->selection, sqlite3_column_int64(st, 1));
	if (!w || !w->named)
		return w != NULL;
	return has_metric(
	    r, w, sqlite3_column_int64(st, 0), dm_db_text(st, 3), err);
}

static int take(struct dm_store_reader *r, sqlite3_stmt *st, struct dm_err *err)
{
	struct dm_str line;
	int asked = is_asked(r, st, err);

	r->looks++;
	r->next_id = sqlite3_column_int64(st, 0) + 1;
	if (asked <= 0)
		return asked;
	line = dm_db_text(st, 3);
	if (line.n == 0 || memchr(line.p, '\n', line.n))
		return dm_db_damaged(
		    &r->db, r->next_id - 1, "it is no line", err);
	r->items[r->n++] =
	    (struct item){sqlite3_column_int64(st, 2), r->text.n, line.n};
	dm_buf_add_str(&r->text, line);
	return dm_buf_ok(&r->text, err);
}

static bool part_full(const struct dm_store_reader *r)
{
	return r->n == PART_RECORDS || r->text.n >= PART_BYTES ||
	       r->looks >= PART_LOOKS;
}

/* Records first to last, in order; 1 when they have all been read. */
static int scan(
    struct dm_store_reader *r, int64_t first, int64_t last, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *st = r->st[ST_SCAN];
	int n;

	sqlite3_bind_int64(st, 1, first);
	sqlite3_bind_int64(st, 2, last);
	while (!part_full(r)) {
		n = dm_db_step(&r->db, st, err);
		if (n < 0 || (n > 0 && take(r, st, err) < 0))
			return -1;
		if (n == 0)
			return 1;
	}
	return 0;
}

static int cmp_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/*
 * The ids of what is asked for of a span, by the index.
 * Returns 1, 0 where it is as well read whole, or -1.
 */
static int probe(struct dm_store_reader *r, const struct span *p, size_t *ret_n,
    struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *st = r->st[ST_PROBE];
	size_t count = 0;
	int n;

	if (r->all || r->selection.n > FEW_IDENTITIES)
		return 0;
	sqlite3_bind_int64(
	    st, 2, p->min_us > r->q.from_us ? p->min_us : r->q.from_us);
	sqlite3_bind_int64(
	    st, 3, p->max_us < r->q.to_us ? p->max_us : r->q.to_us);
	sqlite3_bind_int64(st, 4, p->first);
	sqlite3_bind_int64(st, 5, p->last);
	for (size_t i = 0; i < r->selection.n; i++) {
		sqlite3_bind_int64(st, 1, r->selection.wanted[i].id);
		while ((n = dm_db_step(&r->db, st, err)) > 0) {
			if (count == FEW_RECORDS)
				return 0;
			r->ids[count++] = sqlite3_column_int64(st, 0);
		}
		if (n < 0)
			return -1;
	}
	qsort(r->ids, count, sizeof(*r->ids), cmp_ids);
	*ret_n = count;
	return 1;
}

static int read_span(
    struct dm_store_reader *r, const struct span *p, struct dm_err *err)
{
	size_t count = 0;
	int n = probe(r, p, &count, err);

	if (n < 0)
		return -1;
	if (n == 0) {
		n = scan(r, p->first, p->last, err);
		if (n > 0)
			r->next_id = p->last + 1;
		return n < 0 ? -1 : 0;
	}
	r->looks += r->selection.n;
	for (size_t i = 0; i < count; i++) {
		if (part_full(r))
			return 0;
		if (scan(r, r->ids[i], r->ids[i], err) < 0)
			return -1;
	}
	r->next_id = p->last + 1;
	return 0;
}

/* The next span that the time range touches, from next_id on. */
static int next_span(
    struct dm_store_reader *r, struct span *ret, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *st = r->st[ST_SPAN];
	int n;

	sqlite3_bind_int64(st, 1, r->next_id);
	sqlite3_bind_int64(st, 2, r->end_id);
	sqlite3_bind_int64(st, 3, r->q.from_us);
	sqlite3_bind_int64(st, 4, r->q.to_us);
	n = dm_db_step(&r->db, st, err);
	if (n <= 0)
		return n;
	ret->first = sqlite3_column_int64(st, 0);
	ret->last = sqlite3_column_int64(st, 1);
	ret->min_us = sqlite3_column_int64(st, 2);
	ret->max_us = sqlite3_column_int64(st, 3);
	if (sqlite3_column_int64(st, 4) != 0) {
		dm_err_set(err, DM_ESYS,
		    "records are stored in a way that this dmon doesn't know");
		return dm_err_file(err, r->db.path);
	}
	if (ret->first < r->next_id)
		ret->first = r->next_id;
	if (ret->last > r->end_id)
		ret->last = r->end_id;
	return 1;
}

static int read_spans(struct dm_store_reader *r, struct dm_err *err)
{
	struct span span;

	while (!part_full(r) && r->next_id <= r->end_id) {
		int n = next_span(r, &span, err);

		if (n < 0)
			return -1;
		if (n == 0)
			r->next_id = INT64_MAX;
		else if (read_span(r, &span, err) < 0)
			return -1;
	}
	return 0;
}

static int read_part(struct dm_store_reader *r, struct dm_err *err)
{
	int status;

	r->n = r->pos = 0;
	r->looks = 0;
	dm_buf_clear(&r->text);
	if (dm_db_exec(&r->db, "BEGIN", err) < 0)
		return -1;
	status = read_spans(r, err);
	/* A read has nothing to commit, and so nothing that can fail. */
	sqlite3_exec(r->db.sql, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

int dm_store_reader_next(
    struct dm_store_reader *r, struct dm_stored *ret, struct dm_err *err)
{
	while (r->pos == r->n) {
		if (r->next_id > r->end_id)
			return 0;
		if (read_part(r, err) < 0)
			return -1;
	}
	ret->ts_us = r->items[r->pos].ts_us;
	ret->line = (struct dm_str){
	    r->text.p + r->items[r->pos].at, r->items[r->pos].n};
	r->pos++;
	return 1;
}
