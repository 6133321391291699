/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_STORE_WRITER_H
#define DM_STORE_WRITER_H

#include "base/map.h"
#include "store/db.h"
#include "store/pairs.h"
#include "store/store.h"

/* What the files of the writer share. */

/* A span ends with so many records, or once it is so long. */
#define DM_SPAN_RECORDS 4096
#define DM_SPAN_US	(3600 * INT64_C(1000000))

/** An identity's row, shared by those of the scanner that mean the same. */
struct dm_store_row {
	int64_t id; /* 0: the row may have gone, look again */
	unsigned refs;
	uint32_t shape;	 /* of its last record, whose metrics are noted */
	uint32_t *names; /* the scanner's ids of metrics noted, sorted */
	uint64_t epoch;	 /* the scanner's, when these were of it */
	size_t n_names;
};

/** Records stored one behind the other. */
struct dm_store_span {
	int64_t first_id, last_id; /* last < first: empty */
	int64_t min_us, max_us;
};

enum dm_store_statement {
	DM_ST_BEGIN,
	DM_ST_COMMIT,
	DM_ST_DATA_VERSION,
	DM_ST_INSERT_RECORD,
	DM_ST_FIND_IDENTITY,
	DM_ST_INSERT_IDENTITY,
	DM_ST_FIND_METRIC,
	DM_ST_INSERT_METRIC,
	DM_ST_INSERT_PAIR,
	DM_ST_LAST_SPAN,
	DM_ST_LAST_RECORD,
	DM_ST_NEWEST,
	DM_ST_PUT_SPAN,
	DM_ST_OLD_SPAN,
	DM_ST_DELETE_RECORDS,
	DM_ST_DELETE_SPAN,
	DM_ST_MOVE_SPAN,
	DM_ST_UNUSED_IDENTITY,
	DM_ST_DELETE_PAIRS,
	DM_ST_DELETE_IDENTITY,
	DM_ST_FREE_PAGES,
	DM_ST_ALL_PAGES,
	DM_ST_VACUUM,
	DM_ST_N,
};

struct dm_store {
	struct dm_db db;
	struct dm_store_options options;
	const struct dm_scanner *scanner;
	sqlite3_stmt *st[DM_ST_N];
	bool in_batch;
	int64_t data_version;
	int wal_pages;

	struct dm_map rows;    /* struct dm_store_row by its id */
	struct dm_pairs pairs; /* scratch: an identity's labels */
	struct dm_buf labels;  /* scratch */
	uint32_t *names;       /* scratch: a record's names */
	size_t cap_names;
	int64_t *metrics; /* rows of metric, by the scanner's id */
	size_t n_metrics;
	uint64_t epoch; /* the scanner's, whose ids they are */

	struct dm_store_span span; /* the last one */
	bool span_changed;
	int64_t newest_us;	 /* of all records */
	size_t batch_records;	 /* of this batch */
	int64_t unused_after_id; /* where the look for unused rows goes on */
};

/** The row of a record's identity, new if need be, its metrics noted. */
int dm_store_row_of(struct dm_store *s, const struct dm_record *r,
    struct dm_store_row **ret, struct dm_err *err) DM_MUST_CHECK;

/** A row, or all, must be looked for again. */
void dm_store_row_drop(struct dm_store *s, int64_t id);
void dm_store_rows_drop(struct dm_store *s);

/** Delete a bounded part of what is older than options.keep_us. */
int dm_store_expire(struct dm_store *s, struct dm_err *err) DM_MUST_CHECK;

#endif
