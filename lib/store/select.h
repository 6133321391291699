/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_STORE_SELECT_H
#define DM_STORE_SELECT_H

#include "base/map.h"
#include "store/db.h"
#include "store/pairs.h"
#include "store/store.h"

/** An identity that is asked for. */
struct dm_wanted {
	int64_t id;
	/* 0: all its records; else a bit for each selector whose labels
	 * match, and a record must have a metric that one of them names. */
	uint64_t named;
};

/** The identities that a query asks for. */
struct dm_selection {
	struct dm_wanted *wanted; /* by id */
	size_t n, cap;
	/* while it is made: */
	const struct dm_db *db;
	sqlite3_stmt *names;   /* of an identity's metrics */
	sqlite3_stmt *has;     /* a record in a time range */
	struct dm_map targets; /* whose sweeps come along */
	struct dm_pairs pairs;
	struct dm_buf key;
};

#define DM_SELECTORS_MAX 64

/**
 * Look through all identities, a part of them at a time.
 * Returns 0, or -1 with DM_EINVAL for too many selectors, or an error of the
 * database's.
 */
int dm_selection_make(struct dm_selection *s, const struct dm_db *db,
    const struct dm_store_query *q, struct dm_err *err) DM_MUST_CHECK;
void dm_selection_release(struct dm_selection *s);

/** One more, at its end; dm_selection_find needs them sorted. */
int dm_selection_add(struct dm_selection *s, int64_t id, uint64_t named,
    struct dm_err *err) DM_MUST_CHECK;

/** Sort by id, and put together what belongs to the same. */
void dm_selection_sort(struct dm_selection *s);

/** The target of the labels in s->pairs, as a key in s->key. */
int dm_selection_target(
    struct dm_selection *s, struct dm_err *err) DM_MUST_CHECK;

/** Do host, container and process records come in sweeps: is it theirs? */
bool dm_selection_sweeps(struct dm_str kind);

/** The entry of an identity, or NULL. */
const struct dm_wanted *dm_selection_find(
    const struct dm_selection *s, int64_t id);

#endif
