/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/db.h"

/* A moment as text, to the microsecond, before 1970 too. */
#define SQL_TIME(us)                                                           \
	"strftime('%Y-%m-%dT%H:%M:%S',"                                        \
	" (" us " - (" us " % 1000000 + 1000000) % 1000000) / 1000000,"        \
	" 'unixepoch') || printf('.%06dZ',"                                    \
	" (" us " % 1000000 + 1000000) % 1000000)"

/* clang-format off */
#define TABLES \
	"CREATE TABLE identity(" \
	" id INTEGER PRIMARY KEY AUTOINCREMENT," \
	" kind TEXT NOT NULL," \
	" labels TEXT NOT NULL," \
	" UNIQUE(labels, kind));" \
	"CREATE TABLE metric(" \
	" id INTEGER PRIMARY KEY," \
	" name TEXT NOT NULL UNIQUE);" \
	"CREATE TABLE identity_metric(" \
	" identity INTEGER NOT NULL REFERENCES identity(id)," \
	" metric INTEGER NOT NULL REFERENCES metric(id)," \
	" PRIMARY KEY(identity, metric)) WITHOUT ROWID;" \
	"CREATE INDEX identity_metric_by_metric ON identity_metric(metric);" \
	"CREATE TABLE record(" \
	" id INTEGER PRIMARY KEY," \
	" identity INTEGER NOT NULL REFERENCES identity(id)," \
	" ts_us INTEGER NOT NULL," \
	" text TEXT NOT NULL);" \
	"CREATE INDEX record_by_identity ON record(identity, ts_us);" \
	"CREATE TABLE span(" \
	" first_id INTEGER PRIMARY KEY," \
	" last_id INTEGER NOT NULL," \
	" min_ts_us INTEGER NOT NULL," \
	" max_ts_us INTEGER NOT NULL," \
	" encoding INTEGER NOT NULL DEFAULT 0);" \
	"CREATE INDEX span_by_max_ts ON span(max_ts_us);"

#define VIEW_RECORDS \
	"CREATE VIEW records AS" \
	" SELECT r.id AS id, " SQL_TIME("r.ts_us") " AS time," \
	" r.ts_us / 1e6 AS ts, i.kind AS kind, i.labels AS labels," \
	" r.text AS text" \
	" FROM record AS r JOIN identity AS i ON i.id = r.identity;"

#define VIEW_ALERTS \
	"CREATE VIEW alerts AS" \
	" SELECT r.id AS id, " SQL_TIME("r.ts_us") " AS time," \
	" json_extract(i.labels, '$.alertname') AS alertname," \
	" json_extract(i.labels, '$.severity') AS severity," \
	" json_extract(r.text, '$.status') AS status," \
	" i.labels AS labels," \
	" json_extract(r.text, '$.value') AS value," \
	" json_extract(r.text, '$.annotations') AS annotations," \
	" json_extract(r.text, '$.startsAt') AS startsAt," \
	" json_extract(r.text, '$.endsAt') AS endsAt," \
	" json_extract(r.text, '$.fingerprint') AS fingerprint" \
	" FROM identity AS i JOIN record AS r ON r.identity = i.id" \
	" WHERE i.kind = 'alert';"

#define OF_ITS_RECORDS(what) \
	" (SELECT " what " FROM record AS r WHERE r.identity = i.id)"

#define VIEW_SERIES \
	"CREATE VIEW series AS" \
	" SELECT m.name AS name, i.kind AS kind, i.labels AS labels," \
	OF_ITS_RECORDS(SQL_TIME("min(r.ts_us)")) " AS first_time," \
	OF_ITS_RECORDS(SQL_TIME("max(r.ts_us)")) " AS last_time," \
	OF_ITS_RECORDS("count(*)") " AS records" \
	" FROM identity_metric AS im" \
	" JOIN metric AS m ON m.id = im.metric" \
	" JOIN identity AS i ON i.id = im.identity;"
/* clang-format on */

/* What a person reads here stands, with its reasons, in dmon-db(5). */
const char dm_db_schema[] = TABLES VIEW_RECORDS VIEW_ALERTS VIEW_SERIES;
