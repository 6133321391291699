#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a real engine tells of containers is heard between sweeps, which are far
# apart here, and raises alerts at once.
. "$(dirname "$0")/../cmd/lib.sh"
. tests/dockerd.sh

at_exit dockerd_stop
dockerd_start "$T/engine" || skip_all "$dockerd_why"
mkfifo "$T/records"
dmon-match -r rules <"$T/records" >"$T/out" 2>"$T/match.err" &
filter=$!
dmon-collect -i 5 --docker "unix://$T/engine/sock" engine docker \
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
start eater busybox:test sh -c 'x=a; while :; do x=$x$x; done'
until_ok told eater die ',"container_event_exit_code":137'
ok $? "an end by a signal is told"
until_ok told eater oom
ok $? "and that it was memory"
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
