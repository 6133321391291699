/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"

/* A row holds a line of a MiB, or the kind and labels of one. */
#define VALUE_MAX_BYTES (16 << 20)

static enum dm_code code_of_sqlite(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return DM_EBUSY;
	case SQLITE_NOMEM:
		return DM_ENOMEM;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return DM_EPERM;
	default:
		return DM_ESYS;
	}
}

int dm_db_fail(const struct dm_db *db, const char *doing, struct dm_err *err)
{
	int rc = sqlite3_extended_errcode(db->sql);
	const char *why = sqlite3_errmsg(db->sql);
	int errnum = 0;

	if ((rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN)
		errnum = sqlite3_system_errno(db->sql);
	if ((rc & 0xff) == SQLITE_BUSY)
		why = "another program holds the database";
	else if ((rc & 0xff) == SQLITE_CORRUPT)
		why = "the database is damaged";
	/* Only a database that is being made has a rollback journal. */
	if (rc == SQLITE_READONLY_ROLLBACK)
		dm_err_set(err, DM_ESYS,
		    "is not a database of dmon's yet: what made it was ended");
	else if (errnum)
		dm_err_set(err, code_of_sqlite(rc), "%s: %s (%s)", doing, why,
		    strerror(errnum));
	else
		dm_err_set(err, code_of_sqlite(rc), "%s: %s", doing, why);
	return dm_err_file(err, db->path);
}

int dm_db_damaged(const struct dm_db *db, int64_t record_id, const char *why,
    struct dm_err *err)
{
	dm_err_set(err, DM_ESYS, "record %lld is damaged: %s",
	    (long long)record_id, why);
	return dm_err_file(err, db->path);
}

int dm_db_scan(const struct dm_db *db, struct dm_scanner *scanner,
    int64_t record_id, struct dm_str text, struct dm_record *ret,
    struct dm_err *err)
{
	struct dm_err why;

	if (dm_scan(scanner, text, ret, &why) == 0)
		return 0;
	if (why.code == DM_ENOMEM)
		return dm_err_nomem(err);
	return dm_db_damaged(db, record_id, why.msg, err);
}

int dm_db_exec(const struct dm_db *db, const char *sql, struct dm_err *err)
{
	if (sqlite3_exec(db->sql, sql, NULL, NULL, NULL) != SQLITE_OK)
		return dm_db_fail(db, "database", err);
	return 0;
}

int dm_db_prepare(const struct dm_db *db, const char *sql, sqlite3_stmt **ret,
    struct dm_err *err)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v3(db->sql, sql, -1, SQLITE_PREPARE_PERSISTENT, &st,
		NULL) != SQLITE_OK)
		return dm_db_fail(db, "database", err);
	*ret = st;
	return 0;
}

int dm_db_step(const struct dm_db *db, sqlite3_stmt *st, struct dm_err *err)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE) {
		sqlite3_reset(st);
		return 0;
	}
	dm_db_fail(
	    db, sqlite3_db_readonly(db->sql, "main") ? "read" : "write", err);
	sqlite3_reset(st);
	return -1;
}

int dm_db_run(const struct dm_db *db, sqlite3_stmt *st, struct dm_err *err)
{
	if (dm_db_step(db, st, err) < 0)
		return -1;
	sqlite3_reset(st);
	return 0;
}

int dm_db_int(const struct dm_db *db, sqlite3_stmt *st, int64_t or_else,
    int64_t *ret, struct dm_err *err)
{
	int n = dm_db_step(db, st, err);

	if (n < 0)
		return -1;
	*ret = or_else;
	if (n > 0 && sqlite3_column_type(st, 0) != SQLITE_NULL)
		*ret = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return 0;
}

int dm_db_ask(
    const struct dm_db *db, const char *sql, int64_t *ret, struct dm_err *err)
{
	DM_AUTO_STMT sqlite3_stmt *st = NULL;

	if (dm_db_prepare(db, sql, &st, err) < 0)
		return -1;
	return dm_db_int(db, st, 0, ret, err);
}

int dm_db_bind(const struct dm_db *db, sqlite3_stmt *st, int index,
    struct dm_str text, struct dm_err *err)
{
	/* A NULL pointer would bind NULL. */
	if (sqlite3_bind_text64(st, index, text.p ? text.p : "", text.n,
		SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
		return dm_db_fail(db, "database", err);
	return 0;
}

struct dm_str dm_db_text(sqlite3_stmt *st, int column)
{
	const char *p = (const char *)sqlite3_column_text(st, column);

	if (!p)
		return DM_STR("");
	return (struct dm_str){p, (size_t)sqlite3_column_bytes(st, column)};
}

/* Is it ours, and not newer than this program? */
static int check_version(const struct dm_db *db, struct dm_err *err)
{
	int64_t id, version;

	if (dm_db_ask(db, "PRAGMA application_id", &id, err) < 0 ||
	    dm_db_ask(db, "PRAGMA user_version", &version, err) < 0)
		return -1;
	if (id != DM_DB_APPLICATION_ID)
		dm_err_set(err, DM_ESYS, "is not a database of dmon's");
	else if (version > DM_DB_VERSION)
		dm_err_set(err, DM_ESYS,
		    "is a database of version %lld; this dmon knows only %d",
		    (long long)version, DM_DB_VERSION);
	else if (version < 1)
		dm_err_set(err, DM_ESYS, "has no valid version");
	else
		return 0;
	return dm_err_file(err, db->path);
}

/* Nothing in it yet: a new file, or one that is empty. */
static int is_empty(const struct dm_db *db, bool *ret, struct dm_err *err)
{
	int64_t tables, id;

	if (dm_db_ask(db, "SELECT count(*) FROM sqlite_master", &tables, err) <
		0 ||
	    dm_db_ask(db, "PRAGMA application_id", &id, err) < 0)
		return -1;
	*ret = tables == 0 && id == 0;
	return 0;
}

static int create_tables(const struct dm_db *db, struct dm_err *err)
{
	char pragmas[96];
	bool empty;

	if (dm_db_exec(db, "BEGIN IMMEDIATE", err) < 0 ||
	    is_empty(db, &empty, err) < 0)
		return -1;
	if (empty) { /* no other was quicker */
		snprintf(pragmas, sizeof(pragmas),
		    "PRAGMA application_id=%d; PRAGMA user_version=%d",
		    DM_DB_APPLICATION_ID, DM_DB_VERSION);
		if (dm_db_exec(db, dm_db_schema, err) < 0 ||
		    dm_db_exec(db, pragmas, err) < 0)
			return -1;
	}
	return dm_db_exec(db, "COMMIT", err);
}

static int want_wal(const struct dm_db *db, struct dm_err *err)
{
	DM_AUTO_STMT sqlite3_stmt *st = NULL;
	int n;

	if (dm_db_prepare(db, "PRAGMA journal_mode=WAL", &st, err) < 0 ||
	    (n = dm_db_step(db, st, err)) < 0)
		return -1;
	if (n > 0 && dm_str_is(dm_db_text(st, 0), "wal"))
		return 0;
	dm_err_set(err, DM_ESYS,
	    "this filesystem can't hold a write-ahead log (no shared memory)");
	return dm_err_file(err, db->path);
}

/* SQLite has opened it to read, and does not say why. */
static int fail_write(const struct dm_db *db, struct dm_err *err)
{
	int fd = open(db->path, O_RDWR | O_CLOEXEC);

	if (fd >= 0) {
		close(fd);
		dm_err_set(err, DM_EPERM, "can't be written to");
	} else {
		dm_err_errno(err, errno, "can't be written to");
	}
	return dm_err_file(err, db->path);
}

static int prepare_write(const struct dm_db *db, struct dm_err *err)
{
	int persist = 1;
	bool empty;

	if (sqlite3_db_readonly(db->sql, "main"))
		return fail_write(db, err);
	/* A reader without write permission needs the log's files. */
	sqlite3_file_control(
	    db->sql, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
	if (is_empty(db, &empty, err) < 0)
		return -1;
	if (empty &&
	    dm_db_exec(db,
		"PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL",
		err) < 0)
		return -1;
	if ((!empty && check_version(db, err) < 0) || want_wal(db, err) < 0 ||
	    dm_db_exec(db,
		"PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
		"PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=0;"
		"PRAGMA journal_size_limit=67108864",
		err) < 0)
		return -1;
	return empty ? create_tables(db, err) : 0;
}

/*
 * Why a file can't be opened: SQLite tries one way after another, and tells of
 * the last; the system knows about the first.
 */
static int fail_open(const struct dm_db *db, bool write, struct dm_err *err)
{
	int fd = open(db->path,
	    write ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0644);

	if (fd >= 0) {
		close(fd);
		return dm_db_fail(db, "open", err);
	}
	dm_err_errno(err, errno, "open");
	return dm_err_file(err, db->path);
}

/* A path as SQLite takes it. One of its own keeps names like ":memory:" and
 * "file:...?..." what they are on the command line. */
static void add_path(struct dm_buf *b, const struct dm_db *db)
{
	if (db->path[0] != '/')
		dm_buf_add_cstr(b, "./");
	dm_buf_add_cstr(b, db->path);
}

/* As a URI, that says of a file that nobody writes to it. */
static void add_uri(struct dm_buf *b, const struct dm_db *db)
{
	DM_AUTO_BUF struct dm_buf plain = {0};

	add_path(&plain, db);
	b->failed = b->failed || plain.failed;
	dm_buf_add_cstr(b, "file:");
	for (size_t i = 0; i < plain.n; i++)
		if (strchr("%?#", plain.p[i]))
			dm_buf_addf(b, "%%%02x", (unsigned)plain.p[i]);
		else
			dm_buf_add_char(b, plain.p[i]);
	dm_buf_add_cstr(b, "?immutable=1");
}

static int open_file(struct dm_db *db, bool write, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf name = {0};
	int flags = SQLITE_OPEN_NOMUTEX;
	struct stat st;

	flags |= write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
		       : SQLITE_OPEN_READONLY;
	if (stat(db->path, &st) == 0 && S_ISDIR(st.st_mode)) {
		dm_err_errno(err, EISDIR, "open");
		return dm_err_file(err, db->path);
	}
	if (db->unlogged) {
		add_uri(&name, db);
		flags |= SQLITE_OPEN_URI;
	} else {
		add_path(&name, db);
	}
	dm_buf_add_char(&name, '\0');
	if (dm_buf_ok(&name, err) < 0)
		return -1;
	if (sqlite3_open_v2(name.p, &db->sql, flags, NULL) != SQLITE_OK)
		return db->sql ? fail_open(db, write, err) : dm_err_nomem(err);
	return 0;
}

static int connect_db(
    struct dm_db *db, bool write, int wait_ms, struct dm_err *err)
{
	sqlite3_close_v2(db->sql);
	db->sql = NULL;
	if (open_file(db, write, err) < 0)
		return -1;
	sqlite3_extended_result_codes(db->sql, 1);
	sqlite3_busy_timeout(db->sql, wait_ms);
	/* The file may be somebody else's work. */
	sqlite3_db_config(
	    db->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	/* Our views are for people. What is not ours could undo what is
	 * written, or be a table that has no end. */
	sqlite3_db_config(
	    db->sql, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)NULL);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_ENABLE_VIEW, 0, (int *)NULL);
	sqlite3_limit(db->sql, SQLITE_LIMIT_LENGTH, VALUE_MAX_BYTES);
	return dm_db_exec(db, "PRAGMA cell_size_check=1", err);
}

/* Are there records in its log, as far as we can see? */
static bool has_log(const struct dm_db *db)
{
	DM_AUTO_BUF struct dm_buf name = {0};
	struct stat st;

	dm_buf_addf(&name, "%s-wal", db->path);
	if (stat(dm_buf_cstr(&name), &st) < 0)
		return errno != ENOENT || name.failed;
	return st.st_size > 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* What is written goes into the log first, and from there into the file. */
int dm_db_check(const struct dm_db *db, struct dm_err *err)
{
	struct stat st;

	if (!db->unlogged || (!has_log(db) && stat(db->path, &st) == 0 &&
				 is_same(&st, &db->was)))
		return 0;
	dm_err_set(err, DM_EBUSY, "has been written to while it was read");
	return dm_err_file(err, db->path);
}

/* SQLite wants to make the log's files, or one of them, and may not. */
static bool wants_log(const struct dm_db *db)
{
	int rc = sqlite3_extended_errcode(db->sql);

	return rc == SQLITE_READONLY_DIRECTORY ||
	       rc == SQLITE_READONLY_CANTINIT || (rc & 0xff) == SQLITE_CANTOPEN;
}

/*
 * Who may not write there can't make the log's files. Where there are no
 * records in the log the file has them all, and is read as it lies.
 */
static int open_unlogged(struct dm_db *db, int wait_ms, struct dm_err *err)
{
	if (stat(db->path, &db->was) < 0)
		return dm_err_errno(err, errno, "open");
	if (has_log(db)) {
		dm_err_set(err, DM_EPERM,
		    "its log's files are not all there, and this user can't "
		    "make them; one who may write there can: "
		    "dmon-store -d FILE </dev/null");
		return dm_err_file(err, db->path);
	}
	db->unlogged = true;
	if (connect_db(db, false, wait_ms, err) < 0 ||
	    check_version(db, err) < 0)
		return -1;
	return 0;
}

static int open_to_read(struct dm_db *db, int wait_ms, struct dm_err *err)
{
	struct dm_err changed;
	int status = -1;

	for (int tries = 0; tries < DM_DB_TRIES && status < 0; tries++) {
		db->unlogged = false;
		if (connect_db(db, false, wait_ms, err) < 0)
			return -1;
		status = check_version(db, err);
		if (status == 0 || !wants_log(db))
			return status;
		status = open_unlogged(db, wait_ms, err);
		if (dm_db_check(db, &changed) == 0)
			return status;
		*err = changed;
		status = -1;
	}
	return status;
}

static int open_db(
    struct dm_db *db, bool write, int wait_ms, struct dm_err *err)
{
	if (!write)
		return open_to_read(db, wait_ms, err);
	if (connect_db(db, true, wait_ms, err) < 0)
		return -1;
	return prepare_write(db, err);
}

int dm_db_open(struct dm_db *db, const char *path, bool write, int wait_ms,
    struct dm_err *err)
{
	*db = (struct dm_db){0};
	if (!*path)
		return dm_err_set(err, DM_EINVAL, "the database has no name");
	db->path = dm_str_dup(dm_str(path));
	if (!db->path)
		return dm_err_nomem(err);
	if (open_db(db, write, wait_ms, err) < 0) {
		dm_db_close(db);
		return -1;
	}
	return 0;
}

void dm_db_close(struct dm_db *db)
{
	sqlite3_close_v2(db->sql);
	free(db->path);
	*db = (struct dm_db){0};
}
