#!/bin/sh
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
# What process events cost: 100 idle containers, and one of a real engine in
# which programs are executed; dmon-collect with its source procevents and
# without, and auditd, where it is installed, with rules for the same system
# calls. CPU time by the second.
# usage: sh bench/events.sh [SECONDS [MICROSECONDS-BETWEEN-PROGRAMS ...]]
# Needs root. DM_BUILD is the build folder.
build=${DM_BUILD:-build}
seconds=${1:-60}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- 28000 1000
cd "$(dirname "$0")/.." || exit 4
. tests/dockerd.sh
tmp=$(mktemp -d) || exit 4
making=
audit=
end() {
	[ -z "$audit" ] || { auditctl -D; auditctl -e 0; kill "$audit"; } \
		>/dev/null 2>&1
	[ -z "$making" ] || kill "$making"
	dockerd_stop
	wait
	rm -rf "$tmp"
}
trap end EXIT
trap 'exit 130' INT TERM

dockerd_start "$tmp/engine" || {
	echo "$dockerd_why" >&2
	exit 4
}
mkfifo "$tmp/in"
"$build/bench/mkcontainers" -n 100 0<>"$tmp/in" >"$tmp/ready" &
making=$!
until [ -s "$tmp/ready" ]; do
	kill -0 $making 2>/dev/null || exit 4
	sleep 0.2
done

collect() { # SOURCE...
	"$build/dmon-collect" -i 1 -n "$seconds" \
		--docker "unix://$tmp/engine/sock" "$@" >"$tmp/out"
	last() {
		sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" "$tmp/out" | tail -n 1
	}
	awk "BEGIN { printf \"%.1f ms\n\",
		1000 * $(last process_cpu_seconds_total) / $seconds }"
}
# CPU time of auditd and of the kernel's thread that feeds it, in ticks.
audit_ticks() {
	for p in $audit $(pgrep -x kauditd); do
		cut -d' ' -f14,15 "/proc/$p/stat"
	done | awk '{ n += $1 + $2 } END { print n }'
}
audit_all() {
	command -v auditd >/dev/null || return
	mkdir -p "$tmp/audit/log" "$tmp/audit/plugins"
	sed -e "s|^log_file.*|log_file = $tmp/audit/log/log|" \
		-e 's/^log_group.*/log_group = root/' \
		-e 's/^log_format.*/log_format = RAW/' \
		-e "s|^plugin_dir.*|plugin_dir = $tmp/audit/plugins|" \
		/etc/audit/auditd.conf >"$tmp/audit/auditd.conf"
	auditd -n -c "$tmp/audit" >/dev/null 2>&1 &
	audit=$!
	sleep 1
	auditctl -e 1 >/dev/null && auditctl -b 8192 >/dev/null &&
		auditctl -a always,exit -F arch=b64 -S execve -S execveat \
			-S clone -S clone3 -S fork -S vfork -S exit_group \
			-S ptrace -S setuid -S setresuid >/dev/null
	before=$(audit_ticks)
	sleep "$seconds"
	awk "BEGIN { printf \"%.1f ms\n\",
		10 * ($(audit_ticks) - $before) / $seconds }"
	auditctl -s | sed -n 's/^lost /auditd lost /p'
	auditctl -D >/dev/null 2>&1
	auditctl -e 0 >/dev/null
	kill $audit
	wait $audit
	audit=
}

for pause; do
	dockerd_client run -d --name "load$pause" --network none \
		--pids-limit 64 busybox:test sh -c "while :; do
			/bin/busybox true
			usleep $pause
		done" >/dev/null
	printf 'without procevents:   '
	collect docker cgroup network proc host
	printf 'with procevents:      '
	collect docker cgroup network proc procevents host
	awk "BEGIN { printf \"    events a second:  %.0f, lost %d\n\",
		$(last dmon_process_events_total) / $seconds,
		$(last dmon_process_events_lost_total) }"
	executed=$(grep -c '"container_event_exec":1' "$tmp/out")
	seen=$(grep '"container_event_exec":1' "$tmp/out" |
		grep -c namespace_state)
	echo "    executed:         $executed, looked at in time $seen"
	printf 'auditd:               '
	audit_all
	dockerd_client rm -f "load$pause" >/dev/null
done
