#!/bin/sh
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
# A sweep of dmon-collect beside what the engine's own tools take for the
# same containers: docker stats --no-stream, and docker top of each. The
# engine's CPU time counts with its client's: both are spent on the host; but
# not what it takes in 20 s if it is left alone.
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
# cpu COMMAND...: CPU ms of a command, and of the engine meanwhile
cpu() {
	before=$(engine_cpu)
	/usr/bin/python3 -c 'import os, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
t = os.times(); print(t[2] + t[3])' "$@" >"$T/own"
	awk -v own="$(cat "$T/own")" -v a="$before" -v b="$(engine_cpu)" \
		'BEGIN { print 1000 * own, 1000 * (b - a) }'
}
sweeps=20
{
	cpu sleep $sweeps
	cpu "$build/dmon-collect" -i 1 -n $sweeps \
		--docker "unix://$T/engine/sock"
	cpu docker -H "unix://$T/engine/sock" stats --no-stream
	cpu sh -c 'for c in $(docker -H "$0" ps -q); do
		docker -H "$0" top "$c"; done' "unix://$T/engine/sock"
} | awk -v n="$n" -v k=$sweeps '
	NR == 1 { idle = $2 }
	NR == 2 { own = $1 / k; engine = ($2 - idle) / k; d = own + engine }
	NR == 2 { printf "%d containers: dmon-collect, a sweep: %.1f ms CPU and " \
		"%.1f of the engine\n", n, own, engine }
	NR > 2 { printf "docker %s: %.0f ms and %.0f, %.0f times that\n",
		NR == 3 ? "stats" : "top", $1, $2, ($1 + $2) / d }'
