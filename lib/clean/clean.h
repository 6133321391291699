/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_CLEAN_CLEAN_H
#define DM_CLEAN_CLEAN_H

#include "clean/choice.h"
#include "record/scan.h"

/**
 * Cleans a stream of records: the callbacks of a struct dm_filter, whose ctx
 * it is, run with `only` set, as it writes what it passes on itself.
 */
struct dm_clean;

/* What becomes of missing values. */
enum dm_missing {
	DM_MISSING_LEFT,
	DM_MISSING_LAST,
	DM_MISSING_LINEAR, /* on a line to the next one: lines are held back */
};

/* What becomes of values that stand out alone. */
enum dm_glitches {
	DM_GLITCHES_FLAG, /* they stay; the next record tells of them */
	DM_GLITCHES_OFF,
	DM_GLITCHES_REMOVE, /* they become missing: lines are held back */
};

#define DM_CLEAN_LAG_MAX 60

struct dm_clean_options {
	bool report; /* write a table at the end, and no records */
	struct dm_choices choices; /* lent */
	enum dm_missing missing;
	enum dm_glitches glitches;
	unsigned lag; /* sweeps in a row that are filled; up to the above */
	bool only;    /* write only the records that have been changed */
};

int dm_clean_new(const struct dm_clean_options *options, struct dm_clean **ret,
    struct dm_err *err) DM_MUST_CHECK;
/** The scanner must have been freed, or be the one that it was run with. */
void dm_clean_free(struct dm_clean *c);

int dm_clean_start(void *ctx, struct dm_scanner *scanner, struct dm_err *err);
int dm_clean_record(void *ctx, const struct dm_record *r, struct dm_buf *out,
    struct dm_err *err);
/** What is held back goes out. */
int dm_clean_end(void *ctx, struct dm_buf *out, struct dm_err *err);
/** With options.report, after the end: a file for --drop. */
int dm_clean_propose(
    struct dm_clean *c, struct dm_buf *b, struct dm_err *err) DM_MUST_CHECK;
void dm_clean_forget(void *ctx, struct dm_identity *identity);

#endif
