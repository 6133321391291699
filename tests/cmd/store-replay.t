#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-replay by time, kind and selectors, against grep and awk; at a pace,
# beside a writer and with clocks that step back.
. "$(dirname "$0")/lib.sh"

gen="$build/bench/gen-records"
size() { wc -c <"$1" | tr -d ' '; }

# Two targets in turn, 202 identities, six spans, one metric in few records.
"$gen" 100 120 >"$T/one" || skip_all "bench/gen-records"
sed 's/"instance":"node-1"/"instance":"node-2"/' "$T/one" >"$T/two"
paste -d '\n' "$T/one" "$T/two" | awk '
	/"name":"web-7"/ && ++n % 9 == 0 { sub("container_threads", "rare") }
	/"name":"db-6"/ && ++m % 9 == 0 { sub("container_threads\":[0-9]*",
		"rare\":null") }
	{ print }' >"$T/in"
rm "$T/one" "$T/two"

# ---- a slow reader beside a writer ----
"$gen" 10 2000 >"$T/slow"
dmon-store -d "$T/slow.db" --only "$T/slow"
dmon-replay -d "$T/slow.db" --speed 50 >"$T/out" &
slow=$!
dmon-replay -d "$T/slow.db" --speed 50 --select '{name=~"web-.*"}' \
	>"$T/out2" &
slow2=$!
until_ok test -s "$T/out" && until_ok test -s "$T/out2"
"$gen" 1000 300 | dmon-store -d "$T/slow.db" --only &
store=$!
most=0
while kill -0 $store 2>/dev/null; do
	now=$(size "$T/slow.db-wal")
	[ "$now" -le $most ] || most=$now
	sleep 0.05
done
wait $store
is $? 0 "300,000 records beside slow readers"
kill $slow && kill $slow2
ok $? "which are still reading"
wait $slow $slow2
cmp "$T/out" "$T/slow" 2>&1 | grep -q EOF
ok $? "what was stored"
echo "# the longest log: $most bytes, of $(size "$T/slow.db") in all"
test "$(size "$T/slow.db")" -gt 200000000
ok $? "the database is large"
test "$most" -gt 0 -a "$most" -lt 100663296
ok $? "its log stays below 96 MiB"
rm -f "$T/slow"*

# ---- selections, against grep and awk ----
dmon-store -d "$T/in.db" --only "$T/in"
expect() { # NAME ARGUMENT...; $T/expected is expected
	name=$1
	shift
	dmon-replay -d "$T/in.db" "$@" >"$T/out"
	same "$T/out" "$T/expected" "$name"
	test -s "$T/expected"
	ok $? "$name: it is something"
}
export TZ=XYZ-3
sweeps='"kind":"sweep"'
cp "$T/in" "$T/expected"
expect "all"
grep -E "\"name\":\"web-7\"|$sweeps" "$T/in" >"$T/expected"
expect "one name of two targets" --select '{name="web-7"}'
grep -E "\"name\":\"web-7\"" "$T/in" >"$T/expected"
expect "no sweeps" --select '{name="web-7"}' --no-sweeps
grep -E "\"name\":\"web-7\"|$sweeps" "$T/in" | grep node-2 >"$T/expected"
expect "one target, with its sweeps only" \
	--select '{name="web-7",instance="node-2"}'
grep -E "\"name\":\"web-1.\"|$sweeps" "$T/in" >"$T/expected"
expect "a regex, by the index" --select '{name=~"web-1."}'
grep -E "\"name\":\"web-1.\"" "$T/in" >"$T/expected"
expect "a regex without sweeps" --select '{name=~"web-1."}' --no-sweeps
grep -E "\"name\":\"db-|$sweeps" "$T/in" >"$T/expected"
expect "too many records for the index" --select '{name=~"db-.*"}'
grep -E "\"name\":\"db-" "$T/in" >"$T/expected"
expect "these without sweeps" \
	--select '{name=~"db-.*"}' --no-sweeps
grep -E "\"name\":\"web-|$sweeps" "$T/in" >"$T/expected"
expect "too many identities" --select '{name=~"web-.*"}'
grep -v "\"name\":\"web-7\"" "$T/in" >"$T/expected"
expect "not equal" \
	--select '{job="dmon",name!="web-7"}'
grep -vE "\"name\":\"web-|$sweeps" "$T/in" >"$T/expected"
expect "no match" \
	--select '{name!~"web.*",name!=""}' --no-sweeps
grep -E "\"name\":\"(web-7|db-6)\"" "$T/in" >"$T/expected"
expect "either of two" \
	--no-sweeps --select '{name="web-7"}' --select '{name="db-6"}'
grep -E "\"rare\":|$sweeps" "$T/in" >"$T/expected"
expect "a metric's name" --select rare
grep -E "\"name\":\"db-6\".*\"rare\":null" "$T/in" >"$T/expected"
expect "a metric that is null" --select 'rare{name=~"db.*"}' --no-sweeps
grep -E "\"rare\":" "$T/in" >"$T/expected"
expect "a regex for a metric's name" \
	--select '{__name__=~"ra.e"}' --no-sweeps
grep -E "\"rare\":|\"name\":\"web-1\"" "$T/in" >"$T/expected"
expect "a name or labels" \
	--select rare --select '{name="web-1"}' --no-sweeps
grep "$sweeps" "$T/in" >"$T/expected"
expect "a kind" --kind sweep
grep "$sweeps" "$T/in" >"$T/expected"
expect "this kind, asked for" --kind sweep --no-sweeps
grep '"kind":"container"' "$T/in" >"$T/expected"
expect "another kind" --kind container --no-sweeps
cp "$T/in" "$T/expected"
expect "a kind brings sweeps" --kind container
grep '"kind":"container"' "$T/in" >"$T/expected"
expect "no kind, no sweeps" --no-sweeps
grep "$sweeps" "$T/in" | grep node-2 >"$T/expected"
expect "sweeps of one" \
	--kind sweep --select '{instance="node-2"}'

between() { # FROM TO
	sed 's/^{"ts":\([0-9.]*\)/\1 &/' "$T/in" |
		awk -v from="$1" -v to="$2" '$1 >= from && $1 < to' |
		sed 's/^[^ ]* //'
}
between 1795476030 1795476060 >"$T/expected"
expect "a time range" \
	--from 1795476030 --to 1795476060
between 1795476030 1795476060 >"$T/range"
expect "as RFC 3339" --from "$(date -u -d @1795476030 +%FT%TZ)" \
	--to "$(date -u -d @1795476060 +%FT%TZ)"
cp "$T/range" "$T/expected"
expect "without a zone it is UTC, whatever TZ says" \
	--from "$(date -u -d @1795476030 '+%F %T')" \
	--to "$(date -u -d @1795476060 +%FT%H:%M)"
expect "with an offset" --to "$(TZ=XYZ-1:30 date -d @1795476060 +%FT%T%:z)" \
	--from "$(TZ=XYZ+5 date -d @1795476030 '+%F %T%:z')"
grep -E "\"name\":\"web-7\"|$sweeps" "$T/range" >"$T/expected"
expect "a name in it" \
	--from 1795476030 --to 1795476060 --select '{name="web-7"}'
grep -E "\"name\":\"web-" "$T/range" >"$T/expected"
expect "many names in it" --no-sweeps \
	--from 1795476030 --to 1795476060 --select '{name=~"web-.*"}'
between 1795476100 1e12 >"$T/expected"
expect "from a time on" --from 1795476100
between 0 1795476001 >"$T/expected"
expect "up to a time" --to 1795476001
grep -E "\"rare\":|$sweeps" "$T/in" | grep -v node-1 >"$T/expected"
expect "a metric's name: sweeps of that target only" \
	--select 'rare{instance="node-2"}'
nothing() { # NAME ARGUMENT...
	name=$1
	shift
	dmon-replay -d "$T/in.db" "$@" >"$T/out"
	is "$?/$(size "$T/out")" 0/0 "$name"
}
nothing "nothing selected" --select '{name="none"}'
nothing "a metric that nobody has: no sweeps either" --select web
nothing "nor of a kind" --select web --kind container
nothing "nor by a regex" --select '{__name__=~"web.*"}'
nothing "nobody who matches has the metric" --select 'rare{name="web-8"}'
"$gen" 1 4 | awk '!/"kind":"container"/ || /^{"ts":1795476000,/' >"$T/one"
dmon-store -d "$T/one.db" --only "$T/one"
dmon-replay -d "$T/one.db" --kind container >"$T/out"
same "$T/out" "$T/one" "sweeps show that a container has vanished"
dmon-replay -d "$T/one.db" --kind container --from 1795476001 >"$T/out"
is "$(size "$T/out")" 0 "but not where it had vanished before"
dmon-replay -d "$T/in.db" --from 1795476060 --to 1795476030 >"$T/out"
is "$?/$(size "$T/out")" 0/0 "an empty time range"
dmon-replay -d "$T/in.db" --select '{name=~"["}' >"$T/out" 2>"$T/err"
is $? 2 "a bad regex"

# ---- speed, where clocks step back ----
awk 'function put(ts) {
		printf "{\"ts\":%d,\"kind\":\"event\",\"n\":%d}\n", ts, ++n }
	BEGIN {
		for (i = 0; i < 100; i++) put(1000000 + i)
		for (i = 0; i < 100; i++) put(i) # by 11 days
		for (i = 0; i < 100; i++) put(1000100 + i - 50)
		for (i = 0; i < 5; i++) { put(-1e9); put(1000151 + i) }
	}' >"$T/in"
dmon-store -d "$T/back.db" --only "$T/in"
timeout 30 dmon-replay -d "$T/back.db" --speed 1000x >"$T/out"
is $? 0 "--speed with clocks that step back"
same "$T/out" "$T/in" "in the order stored"
awk '{ sub(/"ts":[-0-9]*/, "\"ts\":1"); print }' "$T/in" >"$T/same"
dmon-store -d "$T/same.db" --only "$T/same"
timeout 30 dmon-replay -d "$T/same.db" --speed 0.001 >"$T/out"
is $? 0 "--speed where no time passes"
same "$T/out" "$T/same" "all of them"
done_testing
