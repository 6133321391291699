#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-clean --report: what it counts, what it finds useless, what it proposes.
. "$(dirname "$0")/lib.sh"
. tests/cmd/clean-stream.sh
command -v jq >/dev/null || skip_all "no jq"

# Sixty sweeps of two containers, of which 40 is lost; and of others.
sweeps 'srand(1)
for (t = 1; t <= 60; t++) {
	if (t == 40)
		continue
	for (i = 0; i < 2; i++) {
		p = t == 20 && i ? "-5" : t == 30 ? "null" : int(50 + 20 * rand())
		x = int(1000000 * rand())
		say(t ",\"n\":" i, "\"container_processes\":" p \
		    ",\"container_memory_rss\":" x \
		    ",\"container_memory_cache\":" x \
		    ",\"container_memory_usage_bytes\":" 3 * x + (t % 5) \
		    ",\"container_paused\":0,\"container_spec_cpu_shares\":" i \
		    ",\"container_execs_total\":" (t < 25 ? t * 7 : t) \
		    ",\"go_goroutines\":" int(9 * rand()) \
		    (t == 10 ? "" : ",\"container_threads\":" int(50 + 20 * rand())))
	}
}' | awk 'NR % 2 == 0 { sub("/a", "/b") } { print }' >"$T/in"
echo '{"ts":50,"kind":"sweep","metrics":{"up":1,"scrape_samples_scraped":7}}' \
	>>"$T/in"
sed -n 50p "$T/in" >>"$T/in"
tail -n 1 "$T/in" | sed 's/"ts":[0-9]*/"ts":60/' >>"$T/in"

dmon-clean --report --propose "$T/drop" "$T/in" >"$T/out"
is $? 0 "status 0"
row() { # METRIC: its row, single blanks
	grep "^$1 " "$T/out" | tr -s ' ' | cut -d ' ' -f 2-
}
is "$(row container_processes | cut -d ' ' -f 1-5)" "115 2 1 0 0" \
	"values, missing, impossible"
is "$(row container_threads | cut -d ' ' -f 1-2)" "116 2" \
	"a metric that is absent is missing"
is "$(row container_execs_total | cut -d ' ' -f 1-7)" "118 0 0 0 2 7 168" \
	"resets of a counter, range"
is "$(row container_paused | cut -d ' ' -f 8-)" "maybe always 0" "a constant"
is "$(row container_spec_cpu_shares | cut -d ' ' -f 8-)" \
	"maybe never changes" "each series has its own"
is "$(row container_memory_cache | cut -d ' ' -f 8-)" \
	"maybe copy of container_memory_rss" "a copy"
row container_memory_usage_bytes | grep -q \
	'maybe r [01]\.[09][09]* with container_memory_rss$'
ok $? "a near copy"
is "$(row container_memory_rss | cut -d ' ' -f 8-)" "" "what it is a copy of"
is "$(row container_threads | cut -d ' ' -f 8-)" "" "what is of use"
is "$(row go_goroutines | cut -d ' ' -f 8-)" \
	"drop neither of a host nor of a container" "what is foreign"
is "$(row up | cut -d ' ' -f 8-)" "" "sweeps are not to be dropped"
is "$(tail -n 1 "$T/out")" \
	"records 121, of them changed 3, earlier than others 1, twice 1; sweeps 59, lost 1" \
	"records and sweeps"

is "$(grep -v '^#' "$T/drop")" \
	'{__name__="go_goroutines"}  # neither of a host nor of a container' \
	"proposed: only what is foreign"
is "$(dmon-clean --drop "$T/drop" "$T/in" | grep -c go_goroutines)" 0 \
	"the file works as it is"
sed 's/^# {/{/' "$T/drop" >"$T/edited"
is "$(dmon-clean --drop "$T/edited" "$T/in" | sed -n 1p |
	jq -r '.metrics | keys_unsorted | join(" ")')" \
	"container_processes container_memory_rss container_execs_total container_threads" \
	"and edited"

dmon-clean --report --keep '{__name__=~"go_.*|container_paused"}' \
	--drop 'container_execs_total{}' "$T/in" >"$T/out"
is "$(row go_goroutines | cut -d ' ' -f 8-)$(row container_paused |
	cut -d ' ' -f 8-)" "" "--keep: what the user wants is of use"
is "$(row container_execs_total)" "" "--drop: not in the report"

dmon-clean --report "$T/in" >"$T/out"
dmon-clean --report <"$T/in" >"$T/again"
same "$T/again" "$T/out" "the same each time"
awk 'BEGIN { for (i = 0; i < 3000; i++)
	printf "{\"ts\":%d,\"kind\":\"host\",\"metrics\":{\"node_m%d\":1}}\n", i, i }' |
	dmon-clean --report >"$T/out"
is "$(grep -c '^node_m' "$T/out") $(grep further "$T/out")" \
	"2048 (952 values of further metrics)" "of too many, so many"
dmon-clean --report </dev/null >"$T/out"
is $? 0 "nothing to report"

dmon-clean --propose "$T/x" </dev/null >"$T/o" 2>"$T/e"
is $? 2 "--propose without --report: 2"
dmon-clean --report --propose "$T/none/x" </dev/null >"$T/o" 2>"$T/e"
is $? 4 "--propose where nobody can write: 4"
done_testing
