#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a real engine and the kernel's log tell of containers is heard between
# sweeps, which are far apart here, and raises alerts at once.
. "$(dirname "$0")/../cmd/lib.sh"
. tests/dockerd.sh

at_exit dockerd_stop
dockerd_start "$T/engine" || skip_all "$dockerd_why"
mkfifo "$T/records"
dmon-match -r rules <"$T/records" >"$T/out" 2>"$T/match.err" &
filter=$!
kmsg=
if dmon-collect --list 2>/dev/null | grep -q '^kmsg .*: there$'; then
	kmsg=kmsg
fi
# shellcheck disable=SC2086 # a word or none
dmon-collect -i 5 --docker "unix://$T/engine/sock" engine docker $kmsg \
	>"$T/records" 2>"$T/collect.err" &
collector=$!
at_exit 'kill $collector 2>/dev/null'
until_ok grep -q '"dmon_engine_events_total"' "$T/out"
ok $? "the engine's events can be had"

start() { # NAME OPTION... IMAGE COMMAND...
	name=$1
	shift
	dockerd_client run -d --name "$name" --network none --memory 16m \
		--memory-swap 16m --pids-limit 32 "$@" >>"$T/ids" ||
		skip_all "containers can't be started here"
}
# told NAME ACTION [METRICS]: has an event said so?
told() {
	grep '"kind":"event"' "$T/out" | grep "\"name\":\"$1\"" |
		grep "\"action\":\"$2\"" |
		grep -q "{\"container_event_engine\":1$3"
}
# alert ALERTNAME NAME: has it fired?
alert() {
	grep '"kind":"alert"' "$T/out" | grep '"status":"firing"' |
		grep "\"alertname\":\"$1\"" | grep -q "\"name\":\"$2\""
}

start web busybox:test sleep 1000
for action in create start; do
	until_ok told web $action
	ok $? "$action is told"
done
dockerd_client exec web sh -c 'exit 3'
until_ok told web exec_die ',"container_event_exit_code":3'
ok $? "a program executed by the engine, and how it ended"
grep '"action":"exec_start"' "$T/out" | grep -q '"command":"sh -c exit 3"'
ok $? "which it was"
until_ok alert ContainerEntered web
ok $? "is raised"
# The engine does not always notice it where the container ends at once.
start eater busybox:test sh -c '(x=a; while :; do x=$x$x; done)
	sleep 3
	exit 7'
until_ok told eater oom
ok $? "that memory ran out is told"
until_ok told eater die ',"container_event_exit_code":7'
ok $? "an end is told, and how it was"

# kernel_alert ALERTNAME NAME: as alert, by the end of its label id, as the
# kernel knows no names.
kernel_alert() {
	id=$(dockerd_client inspect -f '{{.Id}}' "$2")
	grep '"kind":"alert"' "$T/out" | grep '"status":"firing"' |
		grep "\"alertname\":\"$1\"" | grep -q "\"id\":\"[^\"]*$id"
}
if [ -n "$kmsg" ]; then
	until_ok kernel_alert ContainerProcessKilledForMemory eater
	ok $? "the kernel's kill is raised"
	grep '"container_event_kernel_info"' "$T/out" |
		grep -q '"text":"oom-kill:constraint=CONSTRAINT_MEMCG'
	ok $? "with what it said"
	start bomb busybox:test sh -c 'i=0
		while [ $i -lt 40 ]; do
			sleep 1000 &
			i=$((i + 1))
		done
		sleep 1000'
	until_ok kernel_alert ContainerForkRefused bomb
	ok $? "a fork that was refused is raised"
else
	skip "the kernel's log can't be read" "the kernel's kill is raised"
	skip "the kernel's log can't be read" "with what it said"
	skip "the kernel's log can't be read" "a refused fork is raised"
fi
dockerd_client kill -s KILL web >/dev/null
until_ok told web kill ',"container_event_signal":9'
ok $? "a signal is told"
dockerd_client rm web >/dev/null
until_ok told web destroy
ok $? "the end is told"

# Where it can't be started it has still been made.
dockerd_client run --rm --name free --network none --privileged \
	busybox:test true >/dev/null 2>&1
until_ok alert ContainerPrivilegedStarted free
ok $? "a privileged container is raised though it was over at once"
! alert ContainerPrivilegedStarted web
ok $? "another is not"

kill $collector
wait $collector
is $? 0 "the collector ends well"
wait $filter
is "$(cat "$T/collect.err" "$T/match.err")" "" "there is nothing to say"
done_testing
