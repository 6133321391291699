#!/bin/sh
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
# A sweep of dmon-collect beside what the engine's own tools take for the
# same containers: docker stats --no-stream, and docker top of each. The
# engine's CPU time counts with its client's: both are spent on the host.
# usage: sh bench/docker-stats.sh [CONTAINERS]     as root
cd "$(dirname "$0")/.." || exit 4
build=${DM_BUILD:-build}
n=${1:-40}
. tests/dockerd.sh
T=$(mktemp -d) || exit 4
trap 'dockerd_stop; rm -rf "$T"' EXIT
trap 'exit 130' INT TERM
dockerd_start "$T/engine" || { echo "$dockerd_why" >&2; exit 4; }
i=0
while [ $i -lt "$n" ]; do
	i=$((i + 1))
	dockerd_client run -d --name "c$i" --network none --memory 32m \
		--pids-limit 8 busybox:test sh -c 'sleep 1000; :' >/dev/null ||
		exit 4
done

# CPU seconds of the engine, its containerd and what they have waited for.
engine_cpu() {
	for p in $(pgrep -f "$T/engine"); do
		cat "/proc/$p/stat" 2>/dev/null
	done | sed 's/.*) //' | awk -v hz="$(getconf CLK_TCK)" '
		{ s += $12 + $13 + $14 + $15 } END { print s / hz }'
}
# cpu COMMAND...: CPU seconds of a command and of the engine meanwhile
cpu() {
	before=$(engine_cpu)
	/usr/bin/python3 -c 'import os, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
t = os.times(); print(t[2] + t[3])' "$@" >"$T/own"
	awk -v own="$(cat "$T/own")" -v a="$before" -v b="$(engine_cpu)" \
		'BEGIN { print own + b - a }'
}
sweeps=20
dmon=$(cpu "$build/dmon-collect" -i 1 -n $sweeps \
	--docker "unix://$T/engine/sock")
stats=$(cpu docker -H "unix://$T/engine/sock" stats --no-stream)
top=$(cpu sh -c 'for c in $(docker -H "$0" ps -q); do
	docker -H "$0" top "$c"; done' "unix://$T/engine/sock")
awk -v n="$n" -v d="$dmon" -v s="$stats" -v t="$top" -v k=$sweeps 'BEGIN {
	d /= k
	printf "%d containers: dmon-collect %.1f ms CPU a sweep, docker stats " \
		"%.1f ms (%.0f times that), docker top %.1f ms (%.0f times)\n",
		n, 1000 * d, 1000 * s, s / d, 1000 * t, t / d
}'
