#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-query: where it looks, when, formats, limits, exit statuses.
. "$(dirname "$0")/lib.sh"

zcat examples/recording.ndjson.gz >"$T/rec"
dmon-store -d "$T/db" --only "$T/rec"
ok $? "a database"
at=1795512310

# usage: says STATUS TEXT NAME ARGUMENT...: status, and what standard error has
says() {
	status=$1 text=$2 name=$3
	shift 3
	dmon-query "$@" >"$T/out" 2>"$T/err" </dev/null
	is $? "$status" "$name: status"
	if [ -n "$text" ]; then
		grep -qF -e "$text" "$T/err"
		ok $? "$name: it says so"
	else
		is "$(cat "$T/err")" "" "$name: quiet"
	fi
}
q() {
	dmon-query "$@" 2>&1
}

# ---- where ----
e='sum by (name) (container_processes)'
q --at $at "$e" "$T/rec" >"$T/one"
test "$(wc -l <"$T/one")" -gt 2
ok $? "a file"
q --at $at "$e" <"$T/rec" >"$T/two"
same "$T/two" "$T/one" "standard input"
split -n l/3 "$T/rec" "$T/part."
q --at $at "$e" "$T/part.aa" - "$T/part.ac" <"$T/part.ab" >"$T/two"
same "$T/two" "$T/one" "files and standard input"
q -d "$T/db" --at $at "$e" >"$T/two"
same "$T/two" "$T/one" "a database"
printf '%s' "$(tail -n 200 "$T/rec")" >"$T/tail" # without its last newline
q "$e" "$T/tail" >"$T/one"
q "$e" <"$T/rec" >"$T/two"
same "$T/one" "$T/two" "a last line without its newline"
dd if="$T/tail" bs=1 2>/dev/null | q "$e" >"$T/two"
same "$T/two" "$T/one" "byte by byte"

# ---- when ----
is "$(q 'time()' "$T/rec")" 1795512347 "the end of the data"
is "$(q -d "$T/db" 'time()')" 1795512347 "the end of a database"
is "$(q -d "$T/db" --at end-47s 'time()')" 1795512300 "before its end"
is "$(q --at end-47s 'time()' <"$T/rec")" 1795512300 "before a file's end"
is "$(q -d "$T/db" --at 2026-11-24T09:25:00Z 'time()')" 1795512300 "RFC 3339"
is "$(q -d "$T/db" --at 2026-11-24 'time()')" 1795478400 "a date"
before=$(($(date +%s) - 3600))
now=$(q -d "$T/db" --at -1h 'time()')
test "$now" -ge $before -a "$now" -le $((before + 60))
ok $? "an hour ago, to the second"
is "$(q 'time() > bool 1700000000' </dev/null)" 1 "no data ends now"
is "$(q -d "$T/db" --from end-1m --to end-30s --format csv 'time()' |
	sed 1d | tr -d '\r' | cut -d, -f2 | sed -n '1p;$p' | tr '\n' ' ')" \
	"1795512287 1795512317 " "a range has both its ends"
is "$(q -d "$T/db" --from end-5s --step 2s --format csv 'time()' | wc -l)" 4 \
	"a step"
is "$(q -d "$T/db" --at end-1s --format csv 'up[3s]' | sed 1d |
	cut -d, -f1 | sort | tr '\n' ' ')" \
	"2026-11-24T09:25:44Z 2026-11-24T09:25:45Z 2026-11-24T09:25:46Z " \
	"a range vector has its samples' own times"
is "$(q -d "$T/db" 'up[2s]' "$T/rec" 2>&1 | head -n 1)" \
	"dmon-query: files or a database, not both" "not both"
is "$(q -d "$T/db" --from 0 --format csv 'time()' | wc -l)" 249 \
	"a step that fits"

# ---- formats ----
q -d "$T/db" --at $at --format json "$e" >"$T/json"
jq -c . "$T/json" >"$T/again"
is "$(wc -l <"$T/again")" 3 "records are JSON"
is "$(dmon-query 'count({__name__="value"})' "$T/json")" \
	"$(printf '2026-11-24T09:25:10Z\nvalue\n    3')" \
	"and can be asked again"
q -d "$T/db" --at $at --format json container_processes >"$T/json"
is "$(jq -r '.kind, (.metrics | keys[])' "$T/json" | sort -u | tr '\n' ' ')" \
	"container_processes recorded " "their metric has its name"
python3 - "$T" >"$T/csv-read" <<'END'
import csv, subprocess, sys
e = '{name="web"}'
out = subprocess.run(["dmon-query", "-d", sys.argv[1] + "/db", "--format",
                      "csv", e], capture_output=True, check=True).stdout
rows = list(csv.reader(out.decode().splitlines(keepends=True), strict=True))
assert rows[0][:2] == ["time", "__name__"] and rows[0][-1] == "value"
assert all(len(r) == len(rows[0]) for r in rows) and len(rows) > 100
print(len({tuple(r[1:-1]) for r in rows[1:]}) == len(rows) - 1)
END
is "$(cat "$T/csv-read")" True "Python reads the CSV, a row for each series"
q -d "$T/db" --at $at --human container_memory_working_set_bytes |
	grep -q 'MiB$'
ok $? "numbers for people"
q -d "$T/db" --from end-60s --chart --size 60x15 "$e" >"$T/chart"
is "$(wc -l <"$T/chart")" 14 "a chart of its size"
LC_ALL=C grep -q '[^ -~]' "$T/chart"
is $? 1 "of ASCII"
if locale -a 2>/dev/null | grep -qi '^C.utf-\?8$'; then
	LC_ALL=C.UTF-8 dmon-query -d "$T/db" --from end-60s --chart up |
		grep -q "$(printf '\342\240\211\342\240\211')"
	ok $? "of braille"
else
	skip "no C.UTF-8" "of braille"
fi
printf '%s%s%s\n' '{"ts":1,"kind":"container","labels":{"name":"' \
	'\u001b[31m\u009b31m\n\"' '"},"metrics":{"m":1}}' >"$T/hostile"
sed 's/u001b/u0007/' "$T/hostile" >"$T/another"
cat "$T/another" >>"$T/hostile"
for format in table csv json; do
	script -qec "dmon-query --format $format '{name!=\"\"}' $T/hostile" \
		/dev/null </dev/null >"$T/out"
	grep -q '\(x\|u00\)1b\[31m' "$T/out"
	ok $? "--format $format: a terminal is shown control characters"
	LC_ALL=C grep -q "$(printf '\033\|\302\233')" "$T/out"
	is $? 1 "--format $format: but does not get them"
done
chart="dmon-query --from 0 --to 2 --chart '{name!=\"\"}' $T/hostile"
TERM=xterm script -qec "$chart" /dev/null </dev/null | grep -q "$(printf '\033\[36m')"
ok $? "colours on a terminal"
TERM=xterm NO_COLOR=1 script -qec "$chart" /dev/null </dev/null |
	grep -q "$(printf '\033')"
is $? 1 "none with NO_COLOR"

# ---- exit statuses ----
says 2 "which expression?" "no expression"
says 2 "1:7: unexpected" "a wrong expression" -d "$T/db" 'sum(up'
is "$(tail -n 2 "$T/err")" "$(printf 'sum(up\n      ^')" "and where"
says 2 "range vector" "a range vector at each step" --from 0 --to 1 'up[5m]'
says 2 "many" "one that has no value" -d "$T/db" \
	'container_processes * on (job) container_threads'
for bad in "--at x" "--from 1 --to 2 --at 3" "--to 2" "--step 1s" "--chart" \
	"--from 1 --step 0" "--format xml" "--size 5" "--size 0x5" \
	"--fail-on x" "--max-samples 0" "--nothing" "-d $T/db up file"; do
	says 2 dmon-query "$bad" $bad up
done
says 2 "may have 11000" "too many steps" --from 0 --to 11000 --step 1s up
says 0 "" "not too many steps" --from 0 --to 10999 --step 1s up
says 2 "more than 100 samples" "too many samples" -d "$T/db" \
	--max-samples 100 '{__name__=~".+"}'
dmon-query --max-samples 100 '{__name__=~".+"}' "$T/rec" >"$T/out" 2>"$T/err"
is "$?/$(cat "$T/out")" 2/ "too many samples of a stream"
says 2 "ends before it begins" "a range backwards" --from end --to end-1s up
says 2 "beyond the years" "a time before all time" --at end-2562047788h up
says 4 "No such file" "no such database" -d "$T/none" up
says 4 "No such file" "no such file" up "$T/none"
says 4 "is not a database" "something else" -d "$T/rec" up
says 0 "" "no series" -d "$T/db" none
says 1 "" "--fail-on empty" -d "$T/db" --fail-on empty none
says 0 "" "--fail-on empty with a series" -d "$T/db" --fail-on empty up
says 1 "" "--fail-on any" -d "$T/db" --fail-on any up
says 0 "" "--fail-on any without" -d "$T/db" --fail-on any none
{ echo nonsense && cat "$T/rec"; } >"$T/bad"
says 3 "$T/bad:1:1: " "a bad line" --rejects "$T/rejects" 'count(up)' "$T/bad"
test -s "$T/out"
ok $? "is no reason not to answer"
is "$(cat "$T/rejects")" nonsense "and is kept"
says 3 "$T/bad:1:1: " "--strict" --strict 'count(up)' "$T/bad"
is "$(cat "$T/out")" "" "does not answer"
dmon-query -d "$T/db" up >/dev/full 2>"$T/err"
is $? 4 "/dev/full: status"
grep -q "No space left" "$T/err"
ok $? "/dev/full: it says so"
(dmon-query -d "$T/db" --format csv '{__name__=~".+"}' 2>"$T/err"
	echo $? >"$T/status") | head -n 1 >/dev/null
is "$(cat "$T/err")" "" "nobody reads it"
dmon-store -d "$T/empty.db" --only </dev/null
says 0 "" "an empty database" -d "$T/empty.db" up

# ---- ended ----
mkfifo "$T/fifo"
dmon-query 'count(up)' "$T/fifo" >"$T/out" 2>&1 &
query=$!
exec 3<>"$T/fifo"
head -n 100 "$T/rec" >&3
sleep 0.2
kill -INT $query
wait $query
is $? 0 "SIGINT ends a stream"
exec 3>&-
is "$(tail -n 1 "$T/out")" "    1" "what has come is asked"
dmon-query -d "$T/db" --from end-10000s --step 1s \
	'sum({__name__=~".+"}) + count_over_time({__name__=~".+"}[1h])' \
	>"$T/out" 2>"$T/err" &
query=$!
sleep 0.3
kill -TERM $query
wait $query
is "$?/$(cat "$T/out" "$T/err")" "4/dmon-query: interrupted" \
	"SIGTERM ends a query"

# ---- lines from a pipe are a script ----
printf '%s\n' '# a comment' '1 +' '1' '\format json' 'count(up' ')' >"$T/script"
dmon-query -d "$T/db" <"$T/script" >"$T/out" 2>"$T/err"
is "$?/$(cat "$T/err")" 0/ "a script"
is "$(sed -n '1p;3p' "$T/out" | tr '\n' ' ')" \
	'2 {"ts":1795512347,"kind":"recorded","labels":{},"metrics":{"value":1}} ' \
	"its answers"
printf '1 +' | dmon-query -d "$T/db" >"$T/out" 2>"$T/err"
is "$?/$(tail -n 1 "$T/err")" "2/1:4: unexpected end of the expression, expected an expression" \
	"a script that goes wrong"
printf '\\q\nnonsense here' | dmon-query -d "$T/db" >"$T/out" 2>&1
is "$?/$(cat "$T/out")" 0/ "quit"
is "$(printf '\\d container_processes\n' | dmon-query -d "$T/db" |
	sed -n 's/^name  *//p')" "3       eater, escape, web" "a metric"
cat >"$T/r.yml" <<'END'
groups:
  - name: g
    rules:
      - alert: Present
        expr: container_processes{name="web"} > 0
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.name }} is here"}
      - alert: Soon
        expr: container_processes{name="web"} > 0
        for: 1h
END
dmon-match --only -r "$T/r.yml" "$T/rec" | dmon-store -d "$T/db" --only
printf '%s\n' '\alerts end' '\alerts 1795512287' |
	dmon-query -d "$T/db" >"$T/out"
is "$(sed -n '3,4p' "$T/out" | tr -s ' ' | cut -d' ' -f1,3- |
	sed 's/ {.*//')" \
	"$(printf 'firing critical Present web is here\npending Soon')" "alerts"
is "$(sed -n '$p' "$T/out")" "2026-11-24T09:24:47Z  no alerts" \
	"before there was one"

done_testing
