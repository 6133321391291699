/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/team.h"

#include <sched.h>
#include <signal.h>

#include "store/writer.h"

/* For less than so many records a thread is not worth its while. */
#define RECORDS_EACH (4 * DM_SPAN_RECORDS)
/* In KiB. They read on and on: what has been read leaves room for what comes,
 * near the processor. */
#define CACHE "PRAGMA cache_size=-256"

static size_t n_members(int64_t records)
{
	size_t cpus = 1, n = (size_t)(records / RECORDS_EACH);
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		cpus = (size_t)CPU_COUNT(&set);
	if (n > cpus)
		n = cpus;
	if (n > DM_TEAM_MAX)
		n = DM_TEAM_MAX;
	return n ? n : 1;
}

/* Are members' databases, which have been opened after it, the same file? */
static bool has_stayed(const struct dm_db *db)
{
	int moved = 0;

	return sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_HAS_MOVED,
		   &moved) == SQLITE_OK &&
	       !moved;
}

static int open_databases(
    struct dm_team *t, const struct dm_db *db, struct dm_err *err)
{
	for (size_t i = 0; i < t->n; i++) {
		struct dm_db *own = &t->members[i].db;

		if (dm_db_open(own, db->path, false, DM_DB_READ_WAIT_MS, err) <
			0 ||
		    dm_db_exec(own, CACHE, err) < 0)
			return -1;
	}
	if (!has_stayed(db))
		t->n = 1;
	return 0;
}

int dm_team_open(struct dm_team *t, const struct dm_plan *plan,
    const struct dm_db *db, int64_t records, struct dm_err *err)
{
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->changed, NULL);
	t->n = n_members(records);
	if (t->n > 1 && open_databases(t, db, err) < 0)
		return -1;
	for (size_t i = 0; i < t->n; i++) {
		struct dm_team_member *m = &t->members[i];

		m->team = t;
		if (dm_load_open(&m->load, plan, t->n > 1 ? &m->db : db, err) <
		    0)
			return -1;
	}
	return 0;
}

void dm_team_release(struct dm_team *t)
{
	for (size_t i = 0; i < DM_TEAM_MAX; i++) {
		dm_load_release(&t->members[i].load);
		dm_db_close(&t->members[i].db);
	}
	if (t->n == 0)
		return;
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
}

int dm_team_check(const struct dm_team *t, struct dm_err *err)
{
	for (size_t i = 0; i < DM_TEAM_MAX; i++) {
		if (dm_db_check(&t->members[i].db, err) < 0)
			return -1;
	}
	return 0;
}

/* The member's next batch: behind the one before it, or in its next chunk. */
static void fetch(struct dm_team_member *m)
{
	const struct dm_team *t = m->team;

	if (m->status == 0)
		dm_load_seek(&m->load, t->chunks[m->chunk].first_id,
		    t->chunks[m->chunk].last_id, t->selection);
	m->status = dm_load_part(&m->load, &m->err);
	if (m->status == 0)
		m->chunk += t->n;
}

/* Wait until the batch is full, or is not: false where all ends. */
static bool wait_for(struct dm_team_member *m, bool is_full)
{
	struct dm_team *t = m->team;
	bool stop;

	pthread_mutex_lock(&t->lock);
	while (!t->stop && m->is_full != is_full)
		pthread_cond_wait(&t->changed, &t->lock);
	stop = t->stop;
	pthread_mutex_unlock(&t->lock);
	return !stop;
}

static void hand_over(struct dm_team_member *m, bool is_full)
{
	struct dm_team *t = m->team;

	pthread_mutex_lock(&t->lock);
	m->is_full = is_full;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

static void *work(void *ctx)
{
	struct dm_team_member *m = ctx;

	while (m->chunk < m->team->n_chunks && m->status >= 0 &&
	       wait_for(m, false)) {
		fetch(m);
		hand_over(m, true);
	}
	return NULL;
}

/* Signals are for the thread that was there before. */
static void start_threads(struct dm_team *t)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	/* They wait for the lock until it is known how many they are. */
	pthread_mutex_lock(&t->lock);
	while (t->n_threads < t->n &&
	       pthread_create(&t->members[t->n_threads].thread, NULL, work,
		   &t->members[t->n_threads]) == 0)
		t->n_threads++;
	t->n = t->n_threads ? t->n_threads : 1;
	pthread_mutex_unlock(&t->lock);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void dm_team_start(struct dm_team *t, const struct dm_chunk *chunks, size_t n,
    const struct dm_selection *selection)
{
	t->chunks = chunks;
	t->n_chunks = n;
	t->selection = selection;
	t->chunk = 0;
	t->lent = NULL;
	t->stop = false;
	for (size_t i = 0; i < t->n; i++) {
		t->members[i].chunk = i;
		t->members[i].status = 0;
		t->members[i].is_full = false;
	}
	if (t->n > 1)
		start_threads(t);
}

/* The batch that was lent has been used. */
static void give_back(struct dm_team *t)
{
	struct dm_team_member *m = t->lent;

	if (!m)
		return;
	if (m->status == 0)
		t->chunk++;
	t->lent = NULL;
	hand_over(m, false);
}

int dm_team_next(
    struct dm_team *t, const struct dm_batch **ret, struct dm_err *err)
{
	struct dm_team_member *m;

	give_back(t);
	if (t->chunk == t->n_chunks)
		return 0;
	m = &t->members[t->chunk % t->n];
	if (t->n_threads == 0)
		fetch(m);
	else
		wait_for(m, true);
	if (m->status < 0) {
		*err = m->err;
		return -1;
	}
	t->lent = m;
	*ret = &m->load.batch;
	return 1;
}

void dm_team_stop(struct dm_team *t)
{
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
	while (t->n_threads)
		pthread_join(t->members[--t->n_threads].thread, NULL);
}
