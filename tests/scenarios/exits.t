#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the kernel says of processes that have ended, on a real engine: programs
# too short for any sweep are accounted for, one that a signal ends is told of;
# and a process that has left one hierarchy of control groups is seen.
. "$(dirname "$0")/../cmd/lib.sh"
. tests/dockerd.sh

dmon-collect --list 2>/dev/null | grep -q '^procevents .*: there$' ||
	skip_all "the kernel does not tell: no CAP_NET_ADMIN in the first namespaces"
at_exit dockerd_stop
dockerd_start "$T/engine" || skip_all "$dockerd_why"

mkfifo "$T/records"
# What else runs on this machine is left out.
{
	dmon-match -r rules/events.yml <"$T/records" 2>"$T/match.err"
	echo $? >"$T/match.status"
} | grep --line-buffered -e '"kind":"\(event\|alert\)"' \
	-e '"container_execs_total"' -e '"dmon_process_events_total"' \
	>"$T/out" &
filter=$!
dmon-collect -i 1 --docker "unix://$T/engine/sock" procevents cgroup docker \
	>"$T/records" 2>"$T/collect.err" &
collector=$!
at_exit 'kill $collector 2>/dev/null'

start() { # NAME COMMAND...
	name=$1
	shift
	dockerd_client run -d --name "$name" --network none --memory 64m \
		--memory-swap 64m --pids-limit 32 busybox:test "$@" \
		>>"$T/ids" || skip_all "containers can't be started here"
}
value() { # NAME METRIC
	sed -n "s/.*\"name\":\"$1\".*\"$2\":\([0-9.]*\).*/\1/p" "$T/out" |
		tail -n 1
}
until_ok grep -q '"dmon_process_events_total"' "$T/out"
start burn sh -c 'sleep 2
	i=0
	while [ $i -lt 200 ]; do
		/bin/busybox sh -c "j=0
			while [ \$j -lt 2000 ]; do j=\$((j + 1)); done"
		i=$((i + 1))
	done
	/bin/busybox sh -c "kill -SEGV \$\$"
	exec sleep 1000'

ended() {
	[ "$(value burn container_exits_total)" -ge 201 ]
}
until_ok ended
ok $? "programs of milliseconds are counted"
if grep -q taskstats "$T/collect.err"; then
	skip "$(cat "$T/collect.err")" "what they computed is accounted for"
	skip "the same" "who it was that a signal ended is told"
else
	share() {
		awk "BEGIN { exit !($(value burn \
			container_exited_cpu_seconds_total) >= 0.3 * $(value \
			burn container_cpu_usage_seconds_total)) }"
	}
	until_ok share
	ok $? "what they computed is most of what the container did"
	echo "# $(value burn container_exited_cpu_seconds_total) of" \
		"$(value burn container_cpu_usage_seconds_total) s"
	grep '"name":"burn"' "$T/out" | grep '"container_event_info":1' |
		grep -v '"exe"' | grep -q '"comm":"busybox","user":"root"'
	ok $? "and who it was that a signal ended is told"
fi
grep '"name":"burn"' "$T/out" | grep -q \
	'"container_event_signaled":1,"container_event_signal":11[,}]'
ok $? "a process that a signal ended is told of"
is "$(value burn container_signaled_total)" 1 "and counted"

# One of v1's hierarchies, but not that by which containers are found.
start partly sh -c 'while sleep 0.1; do /bin/busybox true; done'
pid=$(dockerd_client inspect -f '{{.State.Pid}}' partly)
tasks=/sys/fs/cgroup/freezer/cgroup.procs
left() {
	grep '"kind":"alert"' "$T/out" |
		grep '"alertname":"ContainerCgroupLeft"' |
		grep -q "$(dockerd_client inspect -f '{{.Id}}' partly)"
}
seen() {
	[ "$(value partly container_execs_total)" -gt 10 ]
}
until_ok seen
left
is $? 1 "who is where it was born has left nothing"
if [ -w "$tasks" ] && grep -q ':freezer:/.*docker' "/proc/$pid/cgroup"; then
	echo "$pid" >"$tasks"
	until_ok left
	ok $? "who has left one hierarchy is seen"
else
	skip "no freezer of cgroup v1" "who has left one hierarchy is seen"
fi

kill $collector
wait $collector
is $? 0 "the collector ends well"
wait $filter
is "$(cat "$T/match.status")" 0 "and so does the filter"
done_testing
