/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/stat.h>

#include "base/map.h"
#include "store/db.h"
#include "store/store.h"

/* Of all records of an identity, by the index. */
#define OF_ITS_RECORDS(what)                                                   \
	"(SELECT " what "(ts_us) FROM record WHERE identity = i.id)"

static const char sql_metrics[] =
    "WITH seen AS MATERIALIZED (SELECT i.id AS id, i.kind AS kind,"
    " " OF_ITS_RECORDS("min") " AS first, " OF_ITS_RECORDS(
	"max") " AS last"
	       " FROM identity AS i)"
	       " SELECT m.name, s.kind, count(*), min(s.first), max(s.last)"
	       " FROM metric AS m JOIN identity_metric AS im ON im.metric = "
	       "m.id"
	       " JOIN seen AS s ON s.id = im.identity"
	       " WHERE s.first IS NOT NULL GROUP BY m.name, s.kind"
	       " ORDER BY m.name, s.kind";

static const char sql_series[] =
    "SELECT i.labels FROM identity AS i"
    " JOIN identity_metric AS im ON im.identity = i.id"
    " WHERE im.metric = (SELECT id FROM metric WHERE name = ?1)";

static const char sql_all_series[] =
    "SELECT labels FROM identity AS i WHERE EXISTS"
    " (SELECT 1 FROM identity_metric WHERE identity = i.id)";

static const char sql_alerts[] =
    "SELECT (SELECT text FROM record WHERE identity = i.id AND ts_us <= ?1"
    " ORDER BY ts_us DESC, id DESC LIMIT 1)"
    " FROM identity AS i WHERE i.kind = 'alert' ORDER BY i.labels";

/* An open database and a statement. */
struct asked {
	struct dm_db db;
	sqlite3_stmt *st;
};

static void asked_release(struct asked *a)
{
	sqlite3_finalize(a->st);
	dm_db_close(&a->db);
}

static int ask(
    struct asked *a, const char *path, const char *sql, struct dm_err *err)
{
	if (dm_db_open(&a->db, path, false, DM_DB_READ_WAIT_MS, err) < 0)
		return -1;
	return dm_db_prepare(&a->db, sql, &a->st, err);
}

static int catalog_metrics(void *ctx,
    int (*each)(
	void *to, const struct dm_catalog_metric *m, struct dm_err *err),
    void *to, struct dm_err *err)
{
	DM_CLEANUP(asked_release) struct asked a = {0};
	int n;

	if (ask(&a, ctx, sql_metrics, err) < 0)
		return -1;
	while ((n = dm_db_step(&a.db, a.st, err)) > 0) {
		struct dm_catalog_metric m = {
		    .name = dm_db_text(a.st, 0),
		    .kind = dm_db_text(a.st, 1),
		    .n_series = (uint64_t)sqlite3_column_int64(a.st, 2),
		    .first_us = sqlite3_column_int64(a.st, 3),
		    .last_us = sqlite3_column_int64(a.st, 4),
		};

		if (each(to, &m, err) < 0)
			return -1;
	}
	return dm_db_check(&a.db, err) < 0 ? -1 : n;
}

/* One text a row; NULL is left out. */
static int each_text(struct asked *a,
    int (*each)(void *to, struct dm_str text, struct dm_err *err), void *to,
    struct dm_err *err)
{
	int n;

	while ((n = dm_db_step(&a->db, a->st, err)) > 0) {
		if (sqlite3_column_type(a->st, 0) != SQLITE_NULL &&
		    each(to, dm_db_text(a->st, 0), err) < 0)
			return -1;
	}
	return dm_db_check(&a->db, err) < 0 ? -1 : n;
}

static int catalog_series(void *ctx, struct dm_str metric,
    int (*each)(void *to, struct dm_str labels, struct dm_err *err), void *to,
    struct dm_err *err)
{
	DM_CLEANUP(asked_release) struct asked a = {0};

	if (ask(&a, ctx, metric.n ? sql_series : sql_all_series, err) < 0 ||
	    (metric.n && dm_db_bind(&a.db, a.st, 1, metric, err) < 0))
		return -1;
	return each_text(&a, each, to, err);
}

static int catalog_alerts(void *ctx, int64_t at_us,
    int (*each)(void *to, struct dm_str line, struct dm_err *err), void *to,
    struct dm_err *err)
{
	DM_CLEANUP(asked_release) struct asked a = {0};

	if (ask(&a, ctx, sql_alerts, err) < 0)
		return -1;
	sqlite3_bind_int64(a.st, 1, at_us);
	return each_text(&a, each, to, err);
}

static int catalog_end(void *ctx, int64_t *ret_us, struct dm_err *err)
{
	uint64_t version;
	int64_t greatest_us;

	if (dm_store_look(ctx, &version, &greatest_us, err) < 0)
		return -1;
	if (greatest_us == INT64_MIN) {
		dm_err_set(err, DM_ENODATA, "there are no records in it");
		return dm_err_file(err, ctx);
	}
	*ret_us = greatest_us;
	return 0;
}

struct dm_catalog dm_store_catalog(const char *path)
{
	return (struct dm_catalog){
	    .ctx = (char *)path,
	    .metrics = catalog_metrics,
	    .series = catalog_series,
	    .alerts = catalog_alerts,
	    .end = catalog_end,
	};
}

/* Records are added behind the last and removed before the first. */
static const char sql_look[] =
    "SELECT max(max_ts_us), min(first_id), max(last_id) FROM span";

static int look(
    struct asked *a, uint64_t *ret_version, int64_t *ret_us, struct dm_err *err)
{
	struct {
		int64_t greatest_us, first_id, last_id;
		uint64_t device, inode, modified_ns;
	} seen = {.greatest_us = INT64_MIN};
	struct stat st = {0};

	if (dm_db_step(&a->db, a->st, err) < 0)
		return -1;
	if (sqlite3_column_type(a->st, 0) != SQLITE_NULL)
		seen.greatest_us = sqlite3_column_int64(a->st, 0);
	seen.first_id = sqlite3_column_int64(a->st, 1);
	seen.last_id = sqlite3_column_int64(a->st, 2);
	/* It may be another file of the same name. */
	if (stat(a->db.path, &st) == 0) {
		seen.device = st.st_dev;
		seen.inode = st.st_ino;
		seen.modified_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000 +
				   (uint64_t)st.st_mtim.tv_nsec;
	}
	*ret_version = dm_hash(&seen, sizeof(seen));
	*ret_us = seen.greatest_us;
	return 0;
}

int dm_store_look(const char *path, uint64_t *ret_version,
    int64_t *ret_greatest_us, struct dm_err *err)
{
	DM_CLEANUP(asked_release) struct asked a = {0};
	uint64_t version;
	int64_t greatest_us;

	if (ask(&a, path, sql_look, err) < 0)
		return -1;
	if (look(&a, &version, &greatest_us, err) < 0 ||
	    dm_db_check(&a.db, err) < 0)
		return -1;
	*ret_version = version;
	*ret_greatest_us = greatest_us;
	return 0;
}
