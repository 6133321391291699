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
is "$? $(grep -vc '"kind":"alert"\|"recorded"\|"rule"' "$T/o")" \
	"0 $(wc -l <"$T/in")" "nor is it needed where files are named"

# FIFOs.
mkfifo "$T/fifo"
dmon-match -r "$T/r.yml" "$T/fifo" >"$T/o" &
pid=$!
at_exit 'kill -9 $pid 2>/dev/null'
cat "$T/in" >"$T/fifo"
wait $pid
is "$? $(grep -c '"kind":"container"' "$T/o")" \
	"0 $(grep -c '"kind":"container"' "$T/in")" "a FIFO is read to its end"
dmon-match -r "$T/r.yml" "$T/fifo" "$T/in" >"$T/o" &
pid=$!
sleep 0.2
kill $pid
gone() { ! kill -0 $pid; }
until_ok gone
ok $? "SIGTERM ends the wait for one that nobody writes to"

cp -R tests/fixtures/collect/v2/sys "$T/sys"
for file in $(cd "$T/sys" && find . -name memory.current -o -name cpu.stat \
	-o -name cgroup.procs -o -name pids.max); do
	rm "$T/sys/$file"
	mkfifo "$T/sys/$file"
done
timeout -k 1 60 dmon-collect --procfs tests/fixtures/collect/proc \
	--sysfs "$T/sys" -n 2 -i 100ms cgroup >"$T/o" 2>"$T/e"
is "$? $(grep -c '"up":1' "$T/o")" "0 2" "FIFOs in a tree of cgroups"

# Metric names that would fill memory go again.
name=$(printf '%0900000d' 0)
{
	head -n 1 "$T/in"
	for i in $(seq 150); do
		echo "{\"ts\":1,\"metrics\":{\"$i$name\":1}}"
	done
	head -n 1 "$T/in"
} | (
	ulimit -v 100000
	dmon-match -r "$T/r.yml" 2>"$T/e"
) | cut -c 1-200 >"$T/o"
said="names of 135 MB are not kept in memory of 100 MB"
if (ulimit -v 100000 && dmon-match --version) >/dev/null 2>&1; then
	is "$(wc -l <"$T/e") $(grep -v '"rule"' "$T/o" | tail -n 1)" \
		"0 $(head -n 1 "$T/in")" "$said"
else
	skip "a sanitizer needs more" "$said"
fi

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
