/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_STORE_SPANS_H
#define DM_STORE_SPANS_H

#include "store/select.h"

/* With more identities, or more records of them in a span, a span is read
 * whole rather than by its index. */
#define DM_SPANS_FEW_IDENTITIES 128
#define DM_SPANS_FEW_RECORDS	1024

/** A part of time: from_us <= t <= to_us. */
struct dm_store_range {
	int64_t from_us, to_us;
};

/**
 * Rows of the table record in the order stored, from the spans that some
 * parts of time touch. Rows that nobody asked for come as well.
 */
struct dm_spans {
	/* set by the caller */
	const struct dm_db *db;
	const struct dm_store_range *ranges; /* sorted, apart, one at least */
	size_t n_ranges;
	const struct dm_selection *selection; /* NULL: all are asked for */
	int64_t next_id;		      /* where to go on */
	int64_t end_id;			      /* the last one */
	/* its own */
	sqlite3_stmt *st[3];
	size_t looks; /* at rows, in this part */
	int64_t ids[DM_SPANS_FEW_RECORDS];
};

/** The columns of a row. */
enum {
	DM_ROW_ID,
	DM_ROW_IDENTITY,
	DM_ROW_TS_US,
	DM_ROW_TEXT
};

/** Takes a row. Returns 0, 1 to end this part behind it, or -1 with err. */
typedef int dm_row_fn(void *ctx, sqlite3_stmt *row, struct dm_err *err);

/** Prepare, from the first record to the last that is there now. */
int dm_spans_open(struct dm_spans *s, struct dm_err *err) DM_MUST_CHECK;
void dm_spans_release(struct dm_spans *s);

/**
 * Read a bounded part in one transaction.
 * Returns 1 where more may come, 0 at the end, -1 on error.
 */
int dm_spans_part(struct dm_spans *s, dm_row_fn *row, void *ctx,
    struct dm_err *err) DM_MUST_CHECK;

/** A row's text, lent until the next one. */
struct dm_str dm_spans_text(sqlite3_stmt *row);

#endif
