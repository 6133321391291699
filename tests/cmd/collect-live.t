#!/bin/sh
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-collect on real cgroups and namespaces, which bench/mkcontainers makes.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" = 0 ] || skip_all "not root"
mk=$build/bench/mkcontainers
mark=$(printf '%08x' $$)
id=$mark$(printf '%056x' 0)
mkfifo "$T/in"
at_exit '"$mk" --clean -m "$mark" 2>/dev/null'

start() {
	"$mk" -n 2 -m "$mark" 0<>"$T/in" >"$T/ready" 2>"$T/why" &
	making=$!
	until_ok test -s "$T/ready"
}
stop() {
	kill $making
	wait $making
}
start || skip_all "no containers can be made here: $(head -n 1 "$T/why")"

# Whatever else runs on this machine is left out.
mkfifo "$T/records"
grep --line-buffered -e "$id" -e '"up":' <"$T/records" >"$T/out" &
dmon-collect -i 100ms cgroup proc >"$T/records" 2>"$T/err" &
pid=$!
at_exit 'kill $pid 2>/dev/null'

# The last sweep that is whole, into $T/sweep.
last_sweep() {
	tail -n 500 "$T/out" | awk '{ s = s $0 "\n" } /"up":1/ { whole = s; s = "" }
		END { printf "%s", whole }' >"$T/sweep"
}
shows() {
	last_sweep
	grep -q "\"id\":\"[^\"]*/$id\"},.*\"container_processes\":$1[,}]" \
		"$T/sweep"
}
misses() {
	last_sweep
	[ -s "$T/sweep" ] && ! grep -q "$id" "$T/sweep"
}
started() {
	sed -n "s/.*$id\"},.*\"container_start_time_seconds\":\([0-9.]*\).*/\1/p" \
		"$T/sweep"
}

until_ok shows 2
ok $? "a container and its two processes"
is "$(grep -c "\"kind\":\"process\".*$id" "$T/sweep")" \
	"$(grep -c "\"kind\":\"process\".*$id.*\"pid\":" "$T/sweep")" \
	"its processes have records"
grep -q "$id.*\"container_memory_working_set_bytes\":" "$T/sweep"
ok $? "its memory"
first=$(started)
for p in $(cat /sys/fs/cgroup/*/docker/"$id"/cgroup.procs \
	/sys/fs/cgroup/docker/"$id"/cgroup.procs 2>/dev/null | sort -u); do
	grep -q "$id.*\"pid\":\"$p\"" "$T/sweep"
	ok $? "process $p is among them"
	victim=$p
done

# One process less: v1 would go on listing it to an open descriptor.
kill -KILL "$victim"
until_ok shows 1
ok $? "a process that ended is not counted"

stop
until_ok misses
ok $? "a container that was removed has no record"
sleep 1.1
start
until_ok shows 2
ok $? "one that came back under its name has"
again=$(started)
awk "BEGIN { exit !($again > $first) }"
ok $? "and is a new one: $first, then $again"
stop

kill -TERM $pid
wait $pid
is $? 0 "exit status"
is "$(grep -v "sweep came late" "$T/err")" "" "no complaint"

# What a killed run leaves behind is found again by its mark.
start
kill -KILL $making
wait $making 2>/dev/null
"$mk" --clean -m "$mark"
is $? 0 "--clean"
is "$(find /sys/fs/cgroup -maxdepth 3 -name "$mark*")" "" "nothing is left"
done_testing
