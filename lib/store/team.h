/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_STORE_TEAM_H
#define DM_STORE_TEAM_H

#include <pthread.h>

#include "store/load.h"

/* So many read at once: with more, SQLite's share is no longer what takes
 * the time. */
#define DM_TEAM_MAX 4

/** Records by their ids that one member reads. */
struct dm_chunk {
	int64_t first_id, last_id;
};

struct dm_team_member {
	struct dm_team *team;
	struct dm_db db; /* with others only: its own */
	struct dm_load load;
	size_t chunk;
	int status; /* of its batch, as dm_load_part's */
	struct dm_err err;
	bool is_full; /* the batch waits to be used; under team->lock */
	pthread_t thread;
};

/**
 * Several threads that read a database for one, which gets their batches in
 * the order stored: the chunks are dealt out in turn. Where there is one
 * processor or little to read, there is no thread.
 */
struct dm_team {
	struct dm_team_member members[DM_TEAM_MAX];
	size_t n;
	size_t n_threads; /* that run; 0: the caller reads, for member 0 */
	const struct dm_chunk *chunks;
	size_t n_chunks;
	const struct dm_selection *selection;
	size_t chunk; /* the one that is being used */
	struct dm_team_member *lent;
	bool stop;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

/**
 * @db       the one that the plan has been made of; it may be used while the
 *           team reads
 * @records  about so many will be read
 */
int dm_team_open(struct dm_team *t, const struct dm_plan *plan,
    const struct dm_db *db, int64_t records, struct dm_err *err) DM_MUST_CHECK;
void dm_team_release(struct dm_team *t);

/**
 * Begin to read. Members read on while the caller uses a batch, but not when
 * theirs has not been fetched.
 * @chunks, @selection  lent until dm_team_stop
 */
void dm_team_start(struct dm_team *t, const struct dm_chunk *chunks, size_t n,
    const struct dm_selection *selection);

/** The next batch, lent until the next call: 1, 0 at the end, or -1. */
int dm_team_next(struct dm_team *t, const struct dm_batch **ret,
    struct dm_err *err) DM_MUST_CHECK;

/** Wait for all to end, wherever they are. */
void dm_team_stop(struct dm_team *t);

/** As dm_db_check, of the members' databases. */
int dm_team_check(const struct dm_team *t, struct dm_err *err) DM_MUST_CHECK;

#endif
