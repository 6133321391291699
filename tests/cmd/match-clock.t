#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-match: a time that was wrong does not end detection.
. "$(dirname "$0")/lib.sh"
. tests/cmd/match-stream.sh

cat >"$T/r.yml" <<'END'
groups:
  - name: g
    rules:
      - record: m:max
        expr: max_over_time(m[5s])
      - alert: High
        expr: m > 60
      - alert: Long
        expr: m:max >= 0
        for: 3s
        keep_firing_for: 2s
      - alert: Event
        expr: escaped > 0
  - name: slow
    interval: 5s
    rules:
      - alert: Slow
        expr: m >= 0
END
match() {
	dmon-match -r "$T/r.yml" "$@"
}
# shift SECONDS: times of records that much later
shift_ts() {
	awk -v by="$1" '{
		match($0, /[0-9]+/)
		printf "%s%d%s\n", substr($0, 1, RSTART - 1),
			substr($0, RSTART, RLENGTH) + by,
			substr($0, RSTART + RLENGTH)
	}'
}
event() {
	echo '{"ts":'"$1"',"kind":"event","labels":{"id":"/e"},"metrics":{"escaped":1}}'
}
# Alerts until second N of the stream / from it on.
until_s() {
	alerts | awk -v t=$((1700000000 + $1)) '$1 < t'
}
from_s() {
	alerts | awk -v t=$((1700000000 + $1)) '$1 >= t && $1 < 2e9'
}

stream 60 | match --only >"$T/right"

# An event of the year 9999: ten sweeps later rules go on, and whatever is
# pending or firing is so still.
{ stream 20; event 253402300799; stream 40 20; } >"$T/in"
match --only <"$T/in" >"$T/o" 2>"$T/e"
is $? 0 "an event of 9999: status 0"
until_s 20 <"$T/right" >"$T/before"
until_s 20 <"$T/o" >"$T/got"
same "$T/got" "$T/before" "the same until then"
from_s 35 <"$T/right" >"$T/behind"
from_s 35 <"$T/o" >"$T/got"
same "$T/got" "$T/behind" "and from 15 s later on"
[ "$(wc -l <"$T/behind")" -gt 10 ]
ok $? "which are not few"
is "$(grep -c '"ts":2534.*"alert"' "$T/o")" 1 \
	"at 9999 there is the event's own alert only"
is "$(cat "$T/e")" "dmon-match: a sweep is 251702300779 s older than the last\
 one evaluated: rules wait until its clock has caught up
dmon-match: the last evaluation was 251702300770 s ahead of the last 10\
 sweeps: its clock was wrong, and rules go on from theirs" "it is said"
grep -q '^{"ts":1700000029,"kind":"rule","labels":{},"metrics":{"dmon_clock_set_back_total":1}}$' \
	"$T/o"
ok $? "and counted"
match <"$T/in" >"$T/recording" 2>"$T/e"
grep -v '"kind":"\(alert\|recorded\|rule\)"' "$T/recording" |
	match --only >"$T/again" 2>"$T/e"
same "$T/again" "$T/o" "a replay gives the same"

# An alert of the event's ends when rules go on.
event_of() {
	sed -n 's/.*"alertname":"Event".*"status":"\([a-z]*\)".*"startsAt":"\(....\).*/\1 \2/p' "$1"
}
is "$(event_of "$T/o")" "firing 9999
resolved 2023" "times of alerts that were in the future are not any more"

# A sweep of the year 9999; with states of a run for each sweep as well.
{ stream 20; stream 1 20 | shift_ts 250000000000; stream 40 20; } >"$T/in"
match --only <"$T/in" >"$T/o" 2>"$T/e"
from_s 35 <"$T/o" >"$T/got"
same "$T/got" "$T/behind" "a sweep of 9999: the same from 15 s later on"
awk -v t="$T" '{ print >(t "/piece." n + 100) } /"sweep"/ { n++ }' "$T/in"
for piece in "$T"/piece.*; do
	match --only --state "$T/state" <"$piece"
done >"$T/pieces" 2>"$T/e"
same "$T/pieces" "$T/o" "a run for each sweep, with --state: the same"

# A clock that is an hour ahead for some sweeps, and is set right.
{ stream 20; stream 15 20 | shift_ts 3600; stream 40 20; } >"$T/in"
match --only <"$T/in" >"$T/o" 2>"$T/e"
from_s 36 <"$T/right" >"$T/behind"
from_s 36 <"$T/o" | awk '$1 < 1700003600' >"$T/got"
same "$T/got" "$T/behind" "an hour ahead and back"
[ "$(grep -c '"ts":17000036.*"firing"' "$T/o")" -gt 3 ]
ok $? "with alerts within that hour"
is "$(alerts "$T/o" | awk '$1 == 1700000029 || $1 == 1700000030' |
	grep -c "Long.*resolved")" 0 "nothing ends because the clock is set"

# Of a target that sends no sweep records.
grep -v '"sweep"' "$T/in" | match --only >"$T/o" 2>"$T/e"
stream 60 | grep -v '"sweep"' | match --only | from_s 36 >"$T/behind"
from_s 36 <"$T/o" | awk '$1 < 1700003600' >"$T/got"
same "$T/got" "$T/behind" "the same of a target that sends no sweep records"

# A record of the future in a sweep that was cut short: its target goes on.
{ stream 20; stream 1 20 | shift_ts 250000000000 | head -n 1; stream 40 20
} | match --only >"$T/o" 2>"$T/e"
stream 60 | match --only | from_s 35 >"$T/behind"
from_s 35 <"$T/o" >"$T/got"
same "$T/got" "$T/behind" "a sweep of 9999 that was cut short"
is "$(cat "$T/e")" "" "which is nothing to say"

# A slow clock beside one that is right sets nothing back, and is said once.
for i in $(seq 0 39); do
	stream 1 "$i" | sed 's/"n1"/"slow"/' | shift_ts -600
	stream 1 "$i"
done >"$T/in"
match --only <"$T/in" >"$T/o" 2>"$T/e"
is "$(grep -c . "$T/e") $(grep -c older "$T/e")" "1 1" "a slow clock: said once"
is "$(grep -c set_back "$T/o")" 0 "nothing is set back"
stream 40 | match --only | from_s 0 | grep High | sort >"$T/right"
grep -v '"slow"' "$T/o" | from_s 0 | grep High | sort >"$T/got"
same "$T/got" "$T/right" "the other target is evaluated as ever"

# A target that is down says nothing of the clock.
{
	stream 20
	stream 1 20 | sed 's/"n1"/"n2"/g' | shift_ts 3600
	for i in $(seq 20 39); do
		stream 1 "$i"
		[ $((i % 5)) -ne 0 ] || echo '{"ts":'$((1700003600 + i))',
"kind":"sweep","labels":{"instance":"n2","job":"dmon"},"metrics":{"up":0}}' |
			tr -d '\n' | sed 's/$/\n/'
	done
} | match --only >"$T/o" 2>"$T/e"
grep -q dmon_clock_set_back_total "$T/o"
ok $? "records of up 0 in the future do not keep it there"

# --silence goes on from a target's last ts, which may be the last there is.
mkfifo "$T/fifo"
match --silence 100ms <"$T/fifo" >"$T/o" 2>"$T/e" &
pid=$!
exec 9>"$T/fifo"
echo '{"ts":253402300799.99,"kind":"sweep","labels":{"instance":"n","job":"j"},"metrics":{"up":1}}' >&9
until_ok grep -q '"up":0' "$T/o"
ok $? "--silence in the last second of 9999"
exec 9>&-
wait $pid
is $? 0 "ends well"
done_testing
