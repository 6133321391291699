#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-clean: what goes through untouched, what is listed, and how it ends.
. "$(dirname "$0")/lib.sh"
. tests/cmd/clean-stream.sh
command -v jq >/dev/null || skip_all "no jq"

zcat examples/recording.ndjson.gz >"$T/recording"
dmon-clean --glitches off "$T/recording" >"$T/out"
is $? 0 "a recording: status 0"
same "$T/out" "$T/recording" "nothing in it is impossible: byte for byte"
dmon-clean --glitches off --only "$T/recording" >"$T/out"
is "$(wc -c <"$T/out")" 0 "--only: nothing was changed"

# Blanks, orders, kinds and members that nobody knows.
cat >"$T/odd" <<'END'
 { "metrics" : { "container_processes" : 3 } , "ts" : 1.50 , "kind":"container" } 
{"ts":2,"kind":"unheard of","metrics":{"container_processes":-3}}
{"ts":3,"metrics":{"container_processes":-3},"clean":[1,2]}
{"ts":4,"kind":"event","metrics":{"container_processes":-3}}
{"ts":5,"kind":"container","metrics":{"somebody_elses":-1e300,"container_health_state":-1}}
{"ts":6,"kind":"container"}
{"ts":7,"kind":"container","labels":{},"metrics":{"container_processes":1e300},"clean":"mine"}
END
dmon-clean "$T/odd" >"$T/out"
same "$T/out" "$T/odd" "what it does not know goes through"
printf '{"ts":1}' | dmon-clean >"$T/out"
is "$(cat "$T/out")" '{"ts":1}' "a last line without its newline"

sweeps 'for (t = 1; t <= 9; t++)
	say(t, sprintf("\"container_processes\":%s", t == 4 ? "-5" : t))' \
	>"$T/in"
dmon-clean "$T/in" >"$T/out"
is "$(listed <"$T/out")" "4 container_processes range -5" \
	"below zero"
jq -c '.metrics += (.clean // {} | map_values(.was)) | del(.clean)' \
	"$T/out" >"$T/back"
same "$T/back" "$T/in" "what was there can be put back"
sed 4d "$T/in" >"$T/others"
sed 4d "$T/out" >"$T/rest"
same "$T/rest" "$T/others" "all others are as they were"

sweeps 'for (t = 1; t <= 9; t++)
	say(t, sprintf("\"container_processes\":%s",
	    t == 4 ? "184467440737095516150000001" : t))' | dmon-clean >"$T/out"
grep -q '"was":184467440737095516150000001}' "$T/out"
ok $? "a number that no double holds stays as it was written"

# A counter that begins anew, again and again.
sweeps 'for (t = 1; t <= 60; t++)
	say(t, sprintf("\"container_cpu_usage_seconds_total\":%g,\"container_execs_total\":%d", t % 7, t % 11))' \
	>"$T/in"
dmon-clean "$T/in" >"$T/out"
same "$T/out" "$T/in" "resets of counters are no anomaly"

# Four CPUs that are busy, read late: 4 s in 1 s, then 8 in 1.
{
	for cpu in 0 1 2 3; do
		echo '{"ts":1,"kind":"host","labels":{"instance":"n","job":"d","cpu":"'$cpu'"},"metrics":{"node_cpu_seconds_total":1}}'
	done
	sweeps 'for (t = 1; t <= 40; t++) {
		v += t % 3 == 0 ? 8 : t % 3 == 1 ? 0 : 4
		say(t, "\"container_cpu_usage_seconds_total\":" v) }'
} >"$T/in"
dmon-clean "$T/in" >"$T/out"
same "$T/out" "$T/in" "a CPU hog is not impossible"
{
	head -n 4 "$T/in"
	sweeps 'for (t = 1; t <= 40; t++) {
		v += t == 20 ? 900 : 4
		say(t, "\"container_cpu_usage_seconds_total\":" (t == 10 ? v + 900 : v)) }'
} | dmon-clean | listed >"$T/list"
is "$(cat "$T/list")" "10 container_cpu_usage_seconds_total rate 940
20 container_cpu_usage_seconds_total rate 976" \
	"more than its CPUs can: once, and then it is where it is"

# Time.
sweeps 'for (t = 1; t <= 40; t++)
	say(t == 5 ? 2 : t == 8 ? 7 : t >= 20 ? t - 15 : t,
	    "\"container_processes\":1")' | dmon-clean >"$T/out"
is "$(listed <"$T/out" | grep -c ' ts back ')" 10 \
	"a step back, and a clock that is set: nine sweeps until it is believed"
is "$(listed <"$T/out" | grep ' ts twice ')" \
	"7 ts twice null" "the same sweep twice"
is "$(jq .metrics.container_processes "$T/out" | sort -u)" 1 \
	"all values are passed on"

dmon-clean "$T/out" >"$T/again"
same "$T/again" "$T/out" "clean | clean: nothing is listed twice"

echo nonsense | dmon-clean >"$T/o" 2>"$T/e"
is $? 3 "a line that is no record: 3"
dmon-clean <"$T/in" >/dev/full 2>"$T/e"
is $? 4 "no space for output: 4"
dmon-clean --wrong </dev/null >"$T/o" 2>"$T/e"
is $? 2 "an option that there is not: 2"
done_testing
