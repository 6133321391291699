/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_CLEAN_EDIT_H
#define DM_CLEAN_EDIT_H

#include "base/buf.h"

/* The changes of a line, and how they are listed in it. */

enum dm_reason {
	DM_REASON_RANGE,  /* below 0, or more than the metric can be */
	DM_REASON_LIMIT,  /* more than its limit in the record, or the host's */
	DM_REASON_RATE,	  /* grown by more than can be in that time */
	DM_REASON_BACK,	  /* (of ts) earlier than what came before */
	DM_REASON_TWICE,  /* (of ts) this sweep has been there */
	DM_REASON_GLITCH, /* a lone value */
	DM_REASON_NULL,	  /* missing */
	DM_REASON_ABSENT, /* not even named */
	DM_N_REASONS
};

struct dm_edit {
	uint32_t at, n; /* what of the line is replaced; n 0: nothing */
	uint32_t name;	/* of whom, in names, a C string */
	enum dm_reason reason : 8;
	bool has_was;	/* `was` of another place than at, n */
	bool has_value; /* of the replacement; else it is null */
	bool added;	/* the metric is put in behind what stands at `at` */
	bool open;	/* it is not known yet what becomes of it */
	bool cut;	/* taken out without a word, it was asked for */
	bool inert;	/* nothing so far: it is as if it was not there */
	double was, value;
	int64_t ts_us; /* when `was` was there; 0: now */
};

/** {0} is none. */
struct dm_edits {
	struct dm_edit *p;
	size_t n, cap;
	struct dm_buf names;
};

void dm_edits_release(struct dm_edits *e);
void dm_edits_clear(struct dm_edits *e);

/**
 * Add one; those that replace or add must come in the order of `at`.
 * @name  the metric's, or "ts"; copied
 */
int dm_edits_add(struct dm_edits *e, const struct dm_edit *edit,
    struct dm_str name, struct dm_err *err) DM_MUST_CHECK;

/**
 * Write a line with its changes, and a newline. What is in its member "clean"
 * already stands, and what is listed there is not changed again. Where that
 * member is no object, or the line would get too long, it is written as it
 * was.
 * @line  a record's, checked
 * Returns 1 if it was changed, 0 if not, or -1 with err.
 */
int dm_edits_apply(const struct dm_edits *e, struct dm_str line,
    struct dm_buf *out, struct dm_err *err) DM_MUST_CHECK;

#endif
