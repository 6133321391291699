#!/bin/sh
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
# What a sweep costs: containers of two processes each, made without an
# engine; CPU time of all sweeps at -i 1 divided by their number, start and
# slow turns included, and the most memory that was resident.
# usage: sh bench/collect.sh [sweeps [containers ...]]
# Needs root. DM_BUILD is the build folder.
build=${DM_BUILD:-build}
sweeps=${1:-60}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- 10 100 1000
tmp=$(mktemp -d) || exit 4
making=
end() {
	[ -n "$making" ] && kill "$making" 2>/dev/null && wait "$making"
	making=
}
trap 'end; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# value LABEL-TEXT METRIC: the mean over the sweeps
mean() {
	grep "\"kind\":\"sweep\".*$1" "$tmp/out" |
		sed -n "s/.*\"$2\":\([0-9.e-]*\).*/\1/p" |
		awk '{ s += $1; n++ } END { if (n) printf "%.1f", 1000 * s / n }'
}

for n; do
	rm -f "$tmp/in" "$tmp/ready"
	mkfifo "$tmp/in"
	"$build/bench/mkcontainers" -n "$n" 0<>"$tmp/in" >"$tmp/ready" &
	making=$!
	until [ -s "$tmp/ready" ]; do
		kill -0 $making 2>/dev/null || exit 4
		sleep 0.2
	done
	"$build/dmon-collect" -i 1 -n "$sweeps" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		grep VmHWM /proc/$pid/status 2>/dev/null >"$tmp/hwm.new" &&
			mv "$tmp/hwm.new" "$tmp/hwm"
		ls /proc/$pid/fd 2>/dev/null | wc -l >"$tmp/fds.new"
		[ "$(cat "$tmp/fds.new")" -gt 3 ] && mv "$tmp/fds.new" "$tmp/fds"
		sleep 0.5
	done
	wait $pid || cat "$tmp/err" >&2
	cpu=$(sed -n 's/.*"process_cpu_seconds_total":\([0-9.]*\).*/\1/p' \
		"$tmp/out" | tail -n 1)
	missed=$(sed -n 's/.*"dmon_sweeps_missed_total":\([0-9]*\).*/\1/p' \
		"$tmp/out" | tail -n 1)
	echo "$n containers, $sweeps sweeps: $(awk "BEGIN {
		printf \"%.1f\", 1000 * $cpu / $sweeps }") ms CPU a sweep," \
		"$(awk '{ printf "%.1f", $2 / 1024 }' "$tmp/hwm") MiB," \
		"$(cat "$tmp/fds") descriptors, $missed missed," \
		"$(($(wc -c <"$tmp/out") / 1024 / sweeps)) KiB of records a sweep"
	for source in $(grep -o '"source":"[a-z]*"' "$tmp/out" | sort -u |
		cut -d'"' -f4); do
		echo "    $source: $(mean "\"source\":\"$source\"" \
			dmon_source_duration_seconds) ms"
	done
	echo "    whole sweep: $(mean '"up":1' scrape_duration_seconds) ms"
	end
done
