/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_STORE_DB_H
#define DM_STORE_DB_H

#include <sqlite3.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/str.h"
#include "record/scan.h"

/* The store's own: an SQLite database with dmon's schema, dmon-db(5). */

/* "DMON", and the version of the schema that this program writes. */
#define DM_DB_APPLICATION_ID 0x444d4f4e
#define DM_DB_VERSION	     1

/* How long a reader waits for a writer that recovers the log. */
#define DM_DB_READ_WAIT_MS 10000

/* How often one that is written to under a reader without its log is opened
 * again. */
#define DM_DB_TRIES 10

struct dm_db {
	sqlite3 *sql;
	char *path; /* for messages */
	/* Its log is not there, or empty, and can't be made by this user: the
	 * file is read as one that does not change, and dm_db_check says
	 * whether it did. How it was when it was opened. */
	bool unlogged;
	struct stat was;
};

/**
 * Open a database, and with `write` create it where there is none.
 * @wait_ms  how long to wait for another's lock
 * Returns 0, or -1 with the file named in err: DM_EPERM, DM_EBUSY, DM_ESYS
 * (damaged, not dmon's, of a newer version, I/O), DM_EINVAL, DM_ENOMEM.
 */
int dm_db_open(struct dm_db *db, const char *path, bool write, int wait_ms,
    struct dm_err *err) DM_MUST_CHECK;
void dm_db_close(struct dm_db *db);

/**
 * Is what has been read since the database was opened to be believed? To be
 * asked behind each part that is read, before it is used; also where reading
 * it failed.
 * Returns 0, or -1 with DM_EBUSY: it was read without its log, and has been
 * written to meanwhile; open it again.
 */
int dm_db_check(const struct dm_db *db, struct dm_err *err) DM_MUST_CHECK;

/** Set err from what SQLite said last. Returns -1. */
int dm_db_fail(const struct dm_db *db, const char *doing, struct dm_err *err);

/** Set err: what a record's row says can't be. Returns -1. */
int dm_db_damaged(const struct dm_db *db, int64_t record_id, const char *why,
    struct dm_err *err);

/** Scan a record's text, which was one when it was stored. */
int dm_db_scan(const struct dm_db *db, struct dm_scanner *scanner,
    int64_t record_id, struct dm_str text, struct dm_record *ret,
    struct dm_err *err) DM_MUST_CHECK;

/** Run statements that return nothing. */
int dm_db_exec(
    const struct dm_db *db, const char *sql, struct dm_err *err) DM_MUST_CHECK;

int dm_db_prepare(const struct dm_db *db, const char *sql, sqlite3_stmt **ret,
    struct dm_err *err) DM_MUST_CHECK;

/** 1: a row; 0: done, and the statement is reset; -1: an error, and it is
 * reset. */
int dm_db_step(
    const struct dm_db *db, sqlite3_stmt *st, struct dm_err *err) DM_MUST_CHECK;

/** Step a statement that returns no row. */
int dm_db_run(
    const struct dm_db *db, sqlite3_stmt *st, struct dm_err *err) DM_MUST_CHECK;

/** The one integer of a statement's first row; or_else where there is no row
 * or it is NULL. The statement is reset. */
int dm_db_int(const struct dm_db *db, sqlite3_stmt *st, int64_t or_else,
    int64_t *ret, struct dm_err *err) DM_MUST_CHECK;

/** As dm_db_int, of a statement's text. */
int dm_db_ask(const struct dm_db *db, const char *sql, int64_t *ret,
    struct dm_err *err) DM_MUST_CHECK;

/** Bind a text; it must live until the statement is reset. */
int dm_db_bind(const struct dm_db *db, sqlite3_stmt *st, int index,
    struct dm_str text, struct dm_err *err) DM_MUST_CHECK;

/** A column's text, lent until the next step. */
struct dm_str dm_db_text(sqlite3_stmt *st, int column);

static inline void dm_db_reset_cleanup(sqlite3_stmt **st)
{
	sqlite3_reset(*st);
}
/** A lent statement that is reset at the end of its scope. */
#define DM_AUTO_RESET DM_CLEANUP(dm_db_reset_cleanup)

static inline void dm_db_finalize_cleanup(sqlite3_stmt **st)
{
	sqlite3_finalize(*st);
}
#define DM_AUTO_STMT DM_CLEANUP(dm_db_finalize_cleanup)

/** The statements that make an empty database one of version 1. */
extern const char dm_db_schema[];

#endif
