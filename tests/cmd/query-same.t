#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The same query at the same time gives the same answer on the shipped
# recording as it streams by and on a database of it; also where containers
# vanish, targets send no sweep records, and sweeps are cut short.
. "$(dirname "$0")/lib.sh"

zcat examples/recording.ndjson.gz >"$T/whole"
# One container is gone for a while, as its records are.
awk -F'[:,]' '!/"name":"web"/ || $2 % 60 < 20 || $2 % 60 > 30' "$T/whole" \
	>"$T/gone"
# No sweep records: each ts ends the sweep before it.
grep -v '"kind":"sweep"' "$T/gone" >"$T/silent"
# Every third sweep is cut short.
awk -F'[:,]' '$2 % 3 || (!/"kind":"sweep"/ && !/"kind":"process"/)' \
	"$T/gone" >"$T/cut"
# A second target, ten seconds behind in the file.
sed 's/"node-1"/"node-2"/' "$T/silent" >"$T/two"
paste -d '\n' "$T/gone" "$T/two" | grep . >"$T/both"

cat >"$T/queries" <<'END'
{__name__=~".+"}
count by (__name__) ({__name__=~".+"})
container_process_info
container_process_info unless container_process_info offset 5s
rate(container_cpu_usage_seconds_total[20s])
sum by (name) (container_threads) / on () group_left count(up)
container_processes{name="web"}
count(container_processes) or vector(0)
absent(container_processes{name="web"})
changes(container_processes[1m]) + resets(container_cpu_usage_seconds_total[1m])
topk(3, container_memory_working_set_bytes)
quantile(0.9, node_netstat_TcpExt_TCPTimeouts) or max(container_threads offset 25s)
last_over_time(container_processes{name="web"}[15s])
deriv(container_memory_working_set_bytes[30s]) > 0
END
times="1795512287 1795512288 1795512299.5 1795512307 1795512310.25 1795512316
	1795512320.999999 1795512333 end end-1s end+299s end+1h"

compare() { # QUERY OPTION...: of the data in $T/$data
	query=$1
	shift
	dmon-query --format json "$@" "$query" "$T/$data" >"$T/stream" 2>&1
	dmon-query --format json "$@" -d "$T/$data.db" "$query" \
		>"$T/database" 2>&1
	n=$((n + 1))
	[ -s "$T/stream" ] && some=$((some + 1))
	cmp -s "$T/stream" "$T/database" || {
		echo "$* $query"
		diff "$T/stream" "$T/database" | head -n 4
	} >>"$T/differs"
}
for data in whole gone silent cut both; do
	dmon-store -d "$T/$data.db" --only "$T/$data"
	n=0
	some=0
	: >"$T/differs"
	: >"$T/nothing"
	while read -r query; do
		for at in $times; do
			compare "$query" --at "$at"
		done
		compare "$query" --from end-70s --step 700ms
		compare "$query" --from 1795512305 --to 1795512325 --step 1s
	done <"$T/queries"
	same "$T/differs" "$T/nothing" "$data: $n answers are the same"
	test $some -gt $((n / 2))
	ok $? "$data: $some of them are not empty"
done
done_testing
