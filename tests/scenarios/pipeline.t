#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# From live containers to stored alerts and back: one works as it should, one
# is escaped from into the host's mount namespace, one eats its memory.
. "$(dirname "$0")/../cmd/lib.sh"
. tests/dockerd.sh

at_exit dockerd_stop
dockerd_start "$T/engine" || skip_all "$dockerd_why"
sleep 1000 &
host_pid=$!
at_exit 'kill $host_pid'

start() { # NAME OPTION... IMAGE COMMAND...
	name=$1
	shift
	dockerd_client run -d --name "$name" --network none --memory 64m \
		--memory-swap 64m --pids-limit 32 --cpus 0.5 "$@" >>"$T/ids" ||
		skip_all "containers can't be started here"
}
start web busybox:test sh -c 'while sleep 0.1; do uptime; done'
start escape --pid host --cap-add SYS_ADMIN --cap-add SYS_PTRACE \
	--security-opt seccomp=unconfined \
	--security-opt apparmor=unconfined busybox:test sh -c "
	sleep 5
	nsenter -t $host_pid -m sleep 600"
start eater busybox:test awk 'BEGIN {
	mebibyte = sprintf("%1048576s", "")
	for (i = 0; i < 61; i++)
		a[i] = mebibyte i
	system("sleep 600")
}'

mkfifo "$T/records"
{
	dmon-match -r rules <"$T/records" 2>"$T/match.err"
	echo $? >"$T/match.status"
} | {
	dmon-store -d "$T/dmon.db" >"$T/out" 2>"$T/store.err"
	echo $? >"$T/store.status"
} &
filters=$!
dmon-collect -i 1 --instance node-1 --docker "unix://$T/engine/sock" \
	>"$T/records" 2>"$T/collect.err" &
collector=$!
at_exit 'kill $collector 2>/dev/null'

# alert ALERTNAME CONTAINER: has it fired?
alert() {
	grep '"kind":"alert"' "$T/out" | grep '"status":"firing"' |
		grep "\"alertname\":\"$1\"" | grep -q "\"name\":\"$2\""
}
until_ok alert ContainerEscape escape
ok $? "the escape raises its alert"
until_ok alert ContainerMemoryExhausted eater
ok $? "so does the container that fills its memory"
kill $collector
wait $collector
is $? 0 "the collector ends well"
wait $filters
is "$(cat "$T/match.status" "$T/store.status" | tr '\n' ' ')" "0 0 " \
	"and the filters behind it"

is "$(jq -r 'select(.metrics.container_process_namespace_state == 9) |
	.labels.name // empty' "$T/out" | sort -u)" escape "the escape's state is 9"
grep '"name":"web"' "$T/out" | grep -q '"container_cpu_usage_seconds_total"'
ok $? "the well-behaved one is measured, by its name"
! grep '"kind":"alert"' "$T/out" | grep -q '"name":"web"'
ok $? "and raises none"

dmon-replay -d "$T/dmon.db" >"$T/replayed"
is $? 0 "the database gives back"
same "$T/replayed" "$T/out" "what it stored, byte for byte"

# The live run's alerts, from its samples alone.
alerts() {
	jq -c 'select(.kind == "alert") | [.status, .labels, .value, .startsAt]'
}
alerts <"$T/out" >"$T/live"
grep -v '"kind":"\(alert\|recorded\|rule\)"' "$T/replayed" |
	dmon-match --only -r rules | alerts >"$T/again"
same "$T/again" "$T/live" "a replay raises the live run's alerts"

dmon-replay -d "$T/dmon.db" --select '{name="eater"}' --no-sweeps |
	jq -r 'select(.kind != "alert").labels.name' | sort -u >"$T/names"
is "$(cat "$T/names")" eater "one container is selected by its name"
is "$(sqlite3 -readonly "$T/dmon.db" 'select count(*) from records')" \
	"$(wc -l <"$T/out")" "sqlite3 sees all records"
done_testing
