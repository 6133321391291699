/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/spans.h"

#include "store/writer.h"

/* One transaction looks at so many records. */
#define PART_LOOKS (4 * DM_SPAN_RECORDS)

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

struct span {
	int64_t first, last, min_us, max_us;
};

struct taker {
	dm_row_fn *row;
	void *ctx;
};

int dm_spans_open(struct dm_spans *s, struct dm_err *err)
{
	_Static_assert(DM_COUNT(s->st) == ST_N, "one for each statement");
	s->next_id = 1;
	if (dm_db_ask(s->db, "SELECT max(last_id) FROM span", &s->end_id, err) <
	    0)
		return -1;
	if (s->end_id == INT64_MAX)
		return dm_db_damaged(s->db, s->end_id, "there is none", err);
	for (size_t i = 0; i < ST_N; i++) {
		if (dm_db_prepare(s->db, statements[i], &s->st[i], err) < 0)
			return -1;
	}
	return 0;
}

void dm_spans_release(struct dm_spans *s)
{
	for (size_t i = 0; i < ST_N; i++) {
		sqlite3_finalize(s->st[i]);
		s->st[i] = NULL;
	}
}

struct dm_str dm_spans_text(sqlite3_stmt *row)
{
	/* As a blob it is not copied to put a NUL behind it. */
	const char *p = sqlite3_column_blob(row, DM_ROW_TEXT);

	if (!p)
		return DM_STR("");
	return (struct dm_str){
	    p, (size_t)sqlite3_column_bytes(row, DM_ROW_TEXT)};
}

/* Records first to last, in order: 1 when they have all been read, 0 when
 * the part is full. */
static int scan(struct dm_spans *s, int64_t first, int64_t last,
    const struct taker *t, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *st = s->st[ST_SCAN];
	int n, enough;

	sqlite3_bind_int64(st, 1, first);
	sqlite3_bind_int64(st, 2, last);
	while (s->looks < PART_LOOKS) {
		n = dm_db_step(s->db, st, err);
		if (n <= 0)
			return n < 0 ? -1 : 1;
		s->looks++;
		enough = t->row(t->ctx, st, err);
		if (enough || s->looks == PART_LOOKS)
			s->next_id = sqlite3_column_int64(st, DM_ROW_ID) + 1;
		if (enough)
			return enough < 0 ? -1 : 0;
	}
	return 0;
}

static int cmp_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* From the first part of time to the last. */
static struct dm_store_range whole(const struct dm_spans *s)
{
	return (struct dm_store_range){
	    s->ranges[0].from_us, s->ranges[s->n_ranges - 1].to_us};
}

/*
 * The ids of what is asked for of a span, by the index.
 * Returns 1, 0 where it is as well read whole, or -1.
 */
static int probe(
    struct dm_spans *s, const struct span *p, size_t *ret_n, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *st = s->st[ST_PROBE];
	struct dm_store_range range = whole(s);
	size_t count = 0;
	int n;

	if (!s->selection || s->selection->n > DM_SPANS_FEW_IDENTITIES)
		return 0;
	sqlite3_bind_int64(
	    st, 2, p->min_us > range.from_us ? p->min_us : range.from_us);
	sqlite3_bind_int64(
	    st, 3, p->max_us < range.to_us ? p->max_us : range.to_us);
	sqlite3_bind_int64(st, 4, p->first);
	sqlite3_bind_int64(st, 5, p->last);
	for (size_t i = 0; i < s->selection->n; i++) {
		sqlite3_bind_int64(st, 1, s->selection->wanted[i].id);
		while ((n = dm_db_step(s->db, st, err)) > 0) {
			if (count == DM_SPANS_FEW_RECORDS)
				return 0;
			s->ids[count++] = sqlite3_column_int64(st, 0);
		}
		if (n < 0)
			return -1;
	}
	qsort(s->ids, count, sizeof(*s->ids), cmp_ids);
	*ret_n = count;
	return 1;
}

static int read_span(struct dm_spans *s, const struct span *p,
    const struct taker *t, struct dm_err *err)
{
	size_t count = 0;
	int n = probe(s, p, &count, err);

	if (n < 0)
		return -1;
	if (n == 0) {
		n = scan(s, p->first, p->last, t, err);
		if (n > 0)
			s->next_id = p->last + 1;
		return n;
	}
	s->looks += s->selection->n;
	for (size_t i = 0; i < count; i++) {
		n = scan(s, s->ids[i], s->ids[i], t, err);
		if (n <= 0)
			return n;
	}
	s->next_id = p->last + 1;
	return 1;
}

static bool is_touched(const struct dm_spans *s, const struct span *p)
{
	for (size_t i = 0; i < s->n_ranges; i++) {
		if (p->max_us >= s->ranges[i].from_us &&
		    p->min_us <= s->ranges[i].to_us)
			return true;
	}
	return false;
}

/* The next span from next_id on that the whole of time touches. */
static int next_span(struct dm_spans *s, struct span *ret, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *st = s->st[ST_SPAN];
	struct dm_store_range range = whole(s);
	int n;

	sqlite3_bind_int64(st, 1, s->next_id);
	sqlite3_bind_int64(st, 2, s->end_id);
	sqlite3_bind_int64(st, 3, range.from_us);
	sqlite3_bind_int64(st, 4, range.to_us);
	n = dm_db_step(s->db, st, err);
	if (n <= 0)
		return n;
	ret->first = sqlite3_column_int64(st, 0);
	ret->last = sqlite3_column_int64(st, 1);
	ret->min_us = sqlite3_column_int64(st, 2);
	ret->max_us = sqlite3_column_int64(st, 3);
	if (sqlite3_column_int64(st, 4) != 0) {
		dm_err_set(err, DM_ESYS,
		    "records are stored in a way that this dmon doesn't know");
		return dm_err_file(err, s->db->path);
	}
	if (ret->first < s->next_id)
		ret->first = s->next_id;
	if (ret->last > s->end_id)
		ret->last = s->end_id;
	return 1;
}

static int read_spans(
    struct dm_spans *s, const struct taker *t, struct dm_err *err)
{
	struct span span = {0};
	int n = 1;

	while (n > 0 && s->looks < PART_LOOKS && s->next_id <= s->end_id) {
		n = next_span(s, &span, err);
		if (n == 0)
			s->next_id = s->end_id + 1;
		else if (n > 0 && is_touched(s, &span))
			n = read_span(s, &span, t, err);
		else if (n > 0)
			s->next_id = span.last + 1;
	}
	return n < 0 ? -1 : 0;
}

int dm_spans_part(
    struct dm_spans *s, dm_row_fn *row, void *ctx, struct dm_err *err)
{
	const struct taker taker = {row, ctx};
	int status;

	if (s->next_id > s->end_id)
		return 0;
	s->looks = 0;
	if (dm_db_exec(s->db, "BEGIN", err) < 0)
		return -1;
	status = read_spans(s, &taker, err);
	/* A read has nothing to commit, and so nothing that can fail. */
	sqlite3_exec(s->db->sql, "ROLLBACK", NULL, NULL, NULL);
	return status < 0 ? -1 : 1;
}
