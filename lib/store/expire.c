/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time.h"
#include "store/writer.h"

/* A step looks at so many identities. */
#define LOOK_IDENTITIES 64

/*
 * Older than what: the newest record, so that a recording of last year can
 * be stored; but never than a moment that has not come, so that one record
 * with a wrong ts does not delete all others.
 */
static int64_t cutoff_us(const struct dm_store *s)
{
	int64_t now = dm_time_now_us();
	int64_t newest = s->newest_us < now ? s->newest_us : now;

	return newest < INT64_MIN + s->options.keep_us
		   ? INT64_MIN
		   : newest - s->options.keep_us;
}

/* Delete a span's records up to a budget, and the span with its last. */
static int delete_from_span(struct dm_store *s, int64_t first, int64_t last,
    int64_t *budget, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *delete = s->st[DM_ST_DELETE_RECORDS];
	int64_t until = last;
	sqlite3_stmt *st;

	/* A span that is damaged may begin and end anywhere. */
	if (first > 0 && last > first && last - first >= *budget)
		until = first + *budget - 1;
	sqlite3_bind_int64(delete, 1, first);
	sqlite3_bind_int64(delete, 2, until);
	if (dm_db_run(&s->db, delete, err) < 0)
		return -1;
	*budget -= sqlite3_changes(s->db.sql) + 1;
	st = s->st[until == last ? DM_ST_DELETE_SPAN : DM_ST_MOVE_SPAN];
	sqlite3_bind_int64(st, 1, first);
	if (until != last)
		sqlite3_bind_int64(st, 2, until + 1);
	return dm_db_run(&s->db, st, err);
}

static int expire_records(struct dm_store *s, struct dm_err *err)
{
	/* Faster than records come, or it would never be done. */
	int64_t budget = 256 + 2 * (int64_t)s->batch_records;
	sqlite3_stmt *st = s->st[DM_ST_OLD_SPAN];

	sqlite3_bind_int64(st, 1, cutoff_us(s));
	sqlite3_bind_int64(st, 2, s->span.first_id);
	while (budget > 0) {
		int64_t first, last;
		int n = dm_db_step(&s->db, st, err);

		if (n <= 0)
			return n;
		first = sqlite3_column_int64(st, 0);
		last = sqlite3_column_int64(st, 1);
		sqlite3_reset(st);
		if (delete_from_span(s, first, last, &budget, err) < 0)
			return -1;
	}
	return 0;
}

static int delete_identity(struct dm_store *s, int64_t id, struct dm_err *err)
{
	sqlite3_stmt *pairs = s->st[DM_ST_DELETE_PAIRS];
	sqlite3_stmt *identity = s->st[DM_ST_DELETE_IDENTITY];

	sqlite3_bind_int64(pairs, 1, id);
	sqlite3_bind_int64(identity, 1, id);
	dm_store_row_drop(s, id);
	if (dm_db_run(&s->db, pairs, err) < 0)
		return -1;
	return dm_db_run(&s->db, identity, err);
}

/* Go on through the identities, round and round. */
static int expire_identities(struct dm_store *s, struct dm_err *err)
{
	DM_AUTO_RESET sqlite3_stmt *st = s->st[DM_ST_UNUSED_IDENTITY];
	int64_t unused[LOOK_IDENTITIES];
	size_t n_unused = 0, n_seen = 0;
	int n;

	sqlite3_bind_int64(st, 1, s->unused_after_id);
	sqlite3_bind_int64(st, 2, LOOK_IDENTITIES);
	while ((n = dm_db_step(&s->db, st, err)) > 0) {
		s->unused_after_id = sqlite3_column_int64(st, 0);
		if (!sqlite3_column_int(st, 1))
			unused[n_unused++] = s->unused_after_id;
		if (++n_seen == LOOK_IDENTITIES)
			break;
	}
	sqlite3_reset(st);
	if (n < 0)
		return -1;
	if (n_seen < LOOK_IDENTITIES)
		s->unused_after_id = 0;
	for (size_t i = 0; i < n_unused; i++) {
		if (delete_identity(s, unused[i], err) < 0)
			return -1;
	}
	return 0;
}

/* Free pages are used again; where they are many the file shrinks. */
static int shrink(struct dm_store *s, struct dm_err *err)
{
	int64_t unused, all;
	int n;

	if (dm_db_int(&s->db, s->st[DM_ST_FREE_PAGES], 0, &unused, err) < 0 ||
	    dm_db_int(&s->db, s->st[DM_ST_ALL_PAGES], 0, &all, err) < 0)
		return -1;
	if (unused < 512 || unused < all / 4)
		return 0;
	do {
		n = dm_db_step(&s->db, s->st[DM_ST_VACUUM], err);
	} while (n > 0);
	return n;
}

int dm_store_expire(struct dm_store *s, struct dm_err *err)
{
	if (expire_records(s, err) < 0 || expire_identities(s, err) < 0)
		return -1;
	return shrink(s, err);
}
