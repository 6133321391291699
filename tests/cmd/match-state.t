#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-match --state: a stream in pieces gives what it gives as a whole.
. "$(dirname "$0")/lib.sh"
. tests/cmd/match-stream.sh

cat >"$T/r.yml" <<'END'
groups:
  - name: g
    rules:
      - record: m:avg
        expr: avg_over_time(m[10s])
      - record: m:sum
        expr: sum(m)
      - alert: High
        expr: m > 60
        for: 2s
        keep_firing_for: 3s
        labels: {severity: "{{ if gt $value 90.0 }}critical{{ else }}info{{ end }}"}
      - alert: Average
        expr: m:avg > 45
      - alert: Quick
        expr: rate(total[10s]) > 1.5
      - alert: Known
        expr: ALERTS{alertname="High", alertstate="firing"} == 1
  - name: slow
    interval: 7s
    rules:
      - record: m:slow
        expr: max by (id) (m)
END

stream 60 >"$T/in"
dmon-match --only -r "$T/r.yml" <"$T/in" >"$T/whole"

pieces() {
	rm -f "$T/state"
	for first in $(seq 0 "$1" 59); do
		n=$1
		[ $((first + n)) -le 60 ] || n=$((60 - first))
		stream $n "$first" |
			dmon-match --only --state "$T/state" -r "$T/r.yml" ||
			echo "status $?"
	done
}
for n in 1 2 7; do
	pieces $n >"$T/pieces"
	same "$T/pieces" "$T/whole" "pieces of $n sweeps: the same"
done

[ "$(grep -c '"High"' "$T/whole")" -gt 10 ]
ok $? "and there are alerts"

# Rules that have gone since end what they had.
stream 30 | dmon-match --only --state "$T/s" -r "$T/r.yml" >"$T/o"
grep -v Average "$T/r.yml" | sed '/m:avg > 45/d' >"$T/r2.yml"
mkdir "$T/2" && mv "$T/r2.yml" "$T/2/r.yml"
printf '' | dmon-match --only --state "$T/s" -r "$T/2/r.yml" >"$T/o2"
is "$? $(grep -c . "$T/o2")" "0 $(alerts "$T/o" | awk '
	$2 == "Average" { is[$3] = $4 }
	END { for (i in is) n += is[i] == "firing"; print n * 3 }')" \
	"the alerts of a rule that has gone are resolved"
grep -q '"Average".*"status":"resolved"' "$T/o2"
ok $? "as resolved"

# A state that can't be used.
stream 30 | dmon-match --only --state "$T/s" -r "$T/r.yml" >"$T/o"
cp "$T/s" "$T/good"
for damage in 's/"dmon-match":1/"dmon-match":99/' '$d' '2d' 's/"status":2/"status":7/' \
	'1s/.*/hello/'; do
	sed "$damage" "$T/good" >"$T/s"
	cp "$T/s" "$T/bad"
	dmon-match --state "$T/s" -r "$T/r.yml" </dev/null >"$T/o" 2>"$T/e"
	is "$? $(wc -l <"$T/e")" "4 1" "damaged by $damage: refused"
	same "$T/s" "$T/bad" "and left alone"
done
dmon-match --state "$T/s" -r "$T/r.yml" </dev/null 2>&1 | grep -q "$T/s"
ok $? "the message names the file"

# Output that can't be written leaves the old state.
cp "$T/good" "$T/s"
stream 10 30 | dmon-match --state "$T/s" -r "$T/r.yml" >/dev/full 2>"$T/e"
is $? 4 "no space: 4"
same "$T/s" "$T/good" "and the old state"

# A folder is no state.
mkdir "$T/folder"
dmon-match --state "$T/folder" -r "$T/r.yml" </dev/null >"$T/o" 2>"$T/e"
is "$? $(cat "$T/e")" "4 dmon-match: $T/folder: Is a directory" "a folder: 4"
is "$(ls -d "$T"/folder*)" "$T/folder" "and nothing is left beside it"

# Locked.
mkfifo "$T/fifo"
dmon-match --state "$T/s" -r "$T/r.yml" <"$T/fifo" >"$T/o" &
pid=$!
exec 9>"$T/fifo"
stream 1 30 >&9
until_ok test -s "$T/o"
dmon-match --state "$T/s" -r "$T/r.yml" </dev/null >"$T/o2" 2>"$T/e"
is $? 4 "a second run: 4"
exec 9>&-
wait $pid
is $? 0 "the first one goes on"
dmon-match --state "$T/s" -r "$T/r.yml" </dev/null >"$T/o2" 2>"$T/e"
is $? 0 "then it is free"
done_testing
