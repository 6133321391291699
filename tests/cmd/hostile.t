#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What is done to harm: no hang, no crash, nothing lost without a word.
. "$(dirname "$0")/lib.sh"
. tests/cmd/match-stream.sh

cat >"$T/r.yml" <<'END'
groups:
  - name: g
    rules:
      - alert: High
        expr: m > 60
END
stream 3 >"$T/in"

# Descriptors that are closed at the start.
dmon-match -r "$T/r.yml" "$T/in" >&- 2>"$T/e"
is $? 4 "standard output is closed: said, not lost"
dmon-store -d "$T/db" "$T/in" >&- 2>"$T/e"
is $? 4 "of dmon-store as well"
dmon-match -r "$T/r.yml" <&- >"$T/o" 2>"$T/e"
is "$? $(wc -c <"$T/o")" "4 0" "standard input is closed: no empty stream"
dmon-match -r "$T/r.yml" "$T/in" <&- 2>&- >"$T/o"
is "$? $(grep -vc '"kind":"alert"\|"recorded"' "$T/o")" \
	"0 $(wc -l <"$T/in")" "nor is it needed where files are named"

# A database that somebody has prepared.
dmon-store -d "$T/trigger.db" --only "$T/in" 2>/dev/null
sqlite3 "$T/trigger.db" "CREATE TRIGGER undo AFTER INSERT ON record
	BEGIN DELETE FROM record WHERE id = new.id; END"
dmon-store -d "$T/trigger.db" "$T/in" >"$T/o"
is "$? $(dmon-replay -d "$T/trigger.db" | wc -l)" \
	"0 $((2 * $(wc -l <"$T/in")))" "a trigger does not undo what is stored"

dmon-store -d "$T/view.db" --only "$T/in" 2>/dev/null
sqlite3 "$T/view.db" "DROP VIEW records; DROP VIEW alerts; DROP VIEW series;
	ALTER TABLE record RENAME TO hidden; CREATE VIEW record AS
	WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c)
	SELECT x AS id, 1 AS identity, 1 AS ts_us, 'x' AS text FROM c"
timeout 60 dmon-replay -d "$T/view.db" >"$T/o" 2>"$T/e"
is "$? $(wc -c <"$T/o")" "4 0" "a view in a table's place is not read"

dmon-store -d "$T/huge.db" --only "$T/in" 2>/dev/null
sqlite3 "$T/huge.db" "UPDATE record SET text = zeroblob(100000000)
	WHERE id = 2"
dmon-replay -d "$T/huge.db" >"$T/o" 2>"$T/e"
is "$? $(grep -c 'huge.db: ' "$T/e")" "4 1" "a value beyond all bounds: said"

done_testing
