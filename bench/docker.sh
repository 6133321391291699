#!/bin/sh
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
# What the docker source costs: containers made without an engine, and an
# engine (tests/fake-engine) whose answers are as long as Docker's, 1 kB a
# listed container and 6 kB for one's details. CPU time of all sweeps at -i 1
# divided by their number, the first with all the details included.
# usage: sh bench/docker.sh [sweeps [containers ...]]
# Needs root. DM_BUILD is the build folder.
build=${DM_BUILD:-build}
sweeps=${1:-130}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- 10 100 1000
tmp=$(mktemp -d) || exit 4
making=
engine=
end() {
	[ -z "$engine" ] || kill "$engine"
	[ -z "$making" ] || { kill "$making" && wait "$making"; }
	making=
	engine=
}
trap 'end; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

pad() { # BYTES
	printf "%$1s" '' | tr ' ' x
}

answers() { # FOLDER
	echo '{"Version":"20.10","ApiVersion":"1.41"}' >"$1/version"
	ls /sys/fs/cgroup/pids/docker /sys/fs/cgroup/docker 2>/dev/null |
		grep -E '^[0-9a-f]{64}$' | sort -u >"$1/ids"
	awk -v pad="$(pad 700)" 'BEGIN { printf "[" } {
		printf "%s{\"Id\":\"%s\",\"Names\":[\"/c%d\"],", \
			(NR > 1 ? "," : ""), $1, NR
		printf "\"Image\":\"busybox\",\"State\":\"running\","
		printf "\"Status\":\"Up 2 minutes\",\"Labels\":{\"a\":\"%s\"}}",
			pad
	} END { print "]" }' "$1/ids" >"$1/list"
	while read -r id; do
		echo "{\"Id\":\"$id\",\"Config\":{\"Image\":\"busybox\"}," \
			"\"State\":{\"Pid\":1},\"HostConfig\":{\"Memory\":" \
			"67108864},\"Pad\":\"$details_pad\"}" >"$1/$id"
	done <"$1/ids"
}
details_pad=$(pad 5800)

measure() { # SOURCE...
	"$build/dmon-collect" -i 1 -n "$sweeps" --docker "unix://$tmp/e/sock" \
		"$@" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		grep VmHWM /proc/$pid/status 2>/dev/null >"$tmp/hwm.new" &&
			mv "$tmp/hwm.new" "$tmp/hwm"
		sleep 0.5
	done
	wait $pid || cat "$tmp/err" >&2
	cpu=$(sed -n 's/.*"process_cpu_seconds_total":\([0-9.]*\).*/\1/p' \
		"$tmp/out" | tail -n 1)
	awk "BEGIN { printf \"%.1f ms CPU a sweep, \", 1000 * $cpu / $sweeps }"
	awk '{ printf "%.1f MiB\n", $2 / 1024 }' "$tmp/hwm"
}

for n; do
	rm -rf "$tmp/in" "$tmp/ready" "$tmp/e"
	mkfifo "$tmp/in"
	"$build/bench/mkcontainers" -n "$n" 0<>"$tmp/in" >"$tmp/ready" &
	making=$!
	until [ -s "$tmp/ready" ]; do
		kill -0 $making 2>/dev/null || exit 4
		sleep 0.2
	done
	mkdir "$tmp/e"
	answers "$tmp/e"
	"$build/tests/fake-engine" "$tmp/e/sock" "$tmp/e" &
	engine=$!
	sleep 0.5
	echo "$n containers, $sweeps sweeps, docker alone: $(measure docker)"
	echo "    $(grep -c '"name":"c' "$tmp/out") records with names, $(
		grep -c ' /version' "$tmp/e/log") versions, $(
		grep -c 'json?all' "$tmp/e/log") lists, $(
		grep -c '/json HTTP' "$tmp/e/log") details asked for"
	echo "    all sources: $(measure)"
	end
done
