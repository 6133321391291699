#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-match: rules are read again, live.
. "$(dirname "$0")/lib.sh"
. tests/cmd/match-stream.sh

rule() {
	printf '      - {alert: %s, expr: "m >= %s"}\n' "$1" "$2"
}
rules() {
	printf 'groups:\n  - name: g\n    rules:\n'
	cat
}
mkdir "$T/r"
(rule Always 0; rule Old 0) | rules >"$T/r/a.yml"
mkfifo "$T/fifo"
dmon-match --only -r "$T/r" <"$T/fifo" >"$T/o" 2>"$T/e" &
pid=$!
at_exit "kill $pid 2>/dev/null"
exec 9>"$T/fifo"

# One sweep after the other, until a line comes out (or on standard error).
next=0
sweeps_until() {
	tries=0
	until grep -q "$1" "$2"; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || return 1
		stream 1 $next >&9
		next=$((next + 1))
		sleep 0.1
	done
}
sweeps_until '"Old".*"status":"firing"' "$T/o"
ok $? "the first rules fire"

echo 'groups: [{name: g, rules: [{alert: x, expr: "m >"}]}]' >"$T/r/b.yml"
sweeps_until 'old ones stay in force' "$T/e"
ok $? "wrong rules are said"
grep -q "b.yml:1:[0-9]*: " "$T/e"
ok $? "with their place"
grep -q resolved "$T/o"
is $? 1 "and the old ones stay in force"

(rule Always 0; rule New 0) | rules >"$T/r/a.yml"
rm "$T/r/b.yml"
sweeps_until '"New".*"status":"firing"' "$T/o"
ok $? "new rules are taken"
grep -q '"Old".*"status":"resolved"' "$T/o"
ok $? "the alerts of one that has gone are resolved"
is "$(grep '"kind":"alert"' "$T/o" | grep '"Always"' | grep -c '"/b"')" 1 \
	"those of one that stays go on"

(rule Always 0; rule Hup 0) | rules >"$T/r/a.yml"
kill -HUP $pid
until_ok grep -q '"New".*"status":"resolved"' "$T/o"
ok $? "SIGHUP: at once"

mv "$T/r/a.yml" "$T/a"
kill -HUP $pid
until_ok grep -q 'r: no rule files any more' "$T/e"
ok $? "a folder whose files have gone is said"
until_ok eval '[ "$(grep -c "old ones stay in force" "$T/e")" -eq 2 ]'
ok $? "and its rules stay in force"
sweeps_until '"Hup".*"status":"firing"' "$T/o"
grep -q '"Hup".*"status":"resolved"' "$T/o"
is $? 1 "none of their alerts ends"
echo 'groups: []' >"$T/r/a.yml"
kill -HUP $pid
until_ok grep -q '"Hup".*"status":"resolved"' "$T/o"
ok $? "a file that has no rules ends them"
exec 9>&-
wait $pid
is $? 0 "status 0"
done_testing
