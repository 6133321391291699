#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the kernel says of processes, on a real engine: what lives for
# milliseconds is seen, an escape among it; a runtime that enters a container
# is none; nothing is lost.
. "$(dirname "$0")/../cmd/lib.sh"
. tests/dockerd.sh

dmon-collect --list 2>/dev/null | grep -q '^procevents .*: there$' ||
	skip_all "the kernel does not tell: no CAP_NET_ADMIN in the first namespaces"
at_exit dockerd_stop
dockerd_start "$T/engine" || skip_all "$dockerd_why"
sleep 1000 &
host_pid=$!
at_exit 'kill $host_pid'

mkfifo "$T/records"
# What else runs on this machine is left out.
{
	dmon-match -r rules <"$T/records" 2>"$T/match.err"
	echo $? >"$T/match.status"
} | grep --line-buffered -e '"kind":"\(event\|alert\|loss\)"' \
	-e '"container_execs_total"' -e '"dmon_process_events_total"' \
	>"$T/out" &
filter=$!
dmon-collect -i 1 --docker "unix://$T/engine/sock" procevents proc docker \
	>"$T/records" 2>"$T/collect.err" &
collector=$!
at_exit 'kill $collector 2>/dev/null'

start() { # NAME OPTION... IMAGE COMMAND...
	name=$1
	shift
	dockerd_client run -d --name "$name" --network none --memory 64m \
		--memory-swap 64m --pids-limit 32 "$@" >>"$T/ids" ||
		skip_all "containers can't be started here"
}
free='--cap-add SYS_ADMIN --cap-add SYS_PTRACE
	--security-opt seccomp=unconfined --security-opt apparmor=unconfined'
until_ok grep -q '"dmon_process_events_total"' "$T/out"
start web busybox:test sh -c 'while sleep 0.2; do uptime; done'
# Half a second after its start, and over in 50 ms.
start escape --pid host $free busybox:test sh -c "
	sleep 0.5
	nsenter -t $host_pid -m /bin/sleep 0.05
	sleep 1000"
# Its program is named as a runtime's is.
start feigned --pid host $free busybox:test sh -c "
	cp /bin/busybox /tmp/runc
	sleep 0.5
	(exec -a nsenter /tmp/runc -t $host_pid -m /bin/sleep 0.05)
	sleep 1000"
# Where the host's root is in reach, a program of the host can be executed.
start outside --pid host $free busybox:test sh -c "
	sleep 0.5
	/proc/$host_pid/root$(readlink -f "$(command -v busybox)") sleep 0.05
	sleep 1000"
start many --cpus 1 busybox:test sh -c 'i=0
	while [ $i -lt 2000 ]; do
		/bin/busybox true
		i=$((i + 1))
	done
	sleep 1000'

# alert ALERTNAME CONTAINER: has it fired?
alert() {
	id=$(dockerd_client inspect -f '{{.Id}}' "$2")
	grep '"kind":"alert"' "$T/out" | grep '"status":"firing"' |
		grep "\"alertname\":\"$1\"" | grep -q "$id"
}
until_ok alert ContainerEscapeExecuted escape
ok $? "an escape that is over in 50 ms is raised"
until_ok alert ContainerEscapeExecuted feigned
ok $? "also where the program is called runc"
grep '"alertname":"ContainerEscapeExecuted"' "$T/out" |
	grep -q '(sleep) executed a program in the host'
ok $? "and says which program"

count() { # METRIC
	sed -n "s/.*\"name\":\"many\".*\"$1\":\([0-9]*\).*/\1/p" "$T/out" |
		tail -n 1
}
until_ok alert ContainerForeignProgramExecuted outside
ok $? "so is a program from outside"

ended() {
	[ "$(count container_execs_total)" -ge 2001 ]
}
# Another listener is no loss.
dmon-collect -i 100ms -n 3 procevents >/dev/null
until_ok ended
ok $? "2,000 programs of a millisecond each are counted"
[ "$(count container_forks_total)" -ge 2000 ]
ok $? "so are their forks"
is "$(sed -n 's/.*"dmon_process_events_lost_total":\([0-9]*\).*/\1/p' \
	"$T/out" | sort -u)" 0 "nothing is lost"

# An engine's own way in.
dockerd_client exec web sh -c 'cp /bin/busybox /tmp/entered
	(exec -a sleep /tmp/entered 0.3)'
dockerd_client run --rm --name short --network none busybox:test true
entered() {
	grep '"name":"web"' "$T/out" | grep -q '"comm":"entered"'
}
until_ok entered
ok $? "what docker exec runs is seen"

is "$(cat "$T/collect.err" "$T/match.err")" "" "nobody has anything to say"

# More than waits to be read: what is lost is counted.
kill -STOP $collector
dockerd_client run --name flood --network none --pids-limit 100 busybox:test \
	sh -c 'i=0
	while [ $i -lt 12000 ]; do
		: & : & : & : &
		i=$((i + 1))
		[ $((i % 20)) != 0 ] || wait
	done' >/dev/null
kill -CONT $collector
until_ok grep -q '"kind":"loss".*"dmon_events_lost":[1-9]' "$T/out"
ok $? "a flood that loses says how much"
until_ok grep -q '"alertname":"ProcessEventsLost".*"status":"firing"' "$T/out"
ok $? "and raises an alert"

kill $collector
wait $collector
is $? 0 "the collector ends well"
wait $filter
is "$(cat "$T/match.status")" 0 "and so does the filter"
ids=$(dockerd_client ps -a --format '{{.Names}} {{.ID}}' --no-trunc)
for name in web many; do
	id=$(echo "$ids" | sed -n "s/^$name //p")
	! grep '"kind":"alert"' "$T/out" | grep "$id" |
		grep '"threat":"escape"' | grep -v '"severity":"info"' \
		>"$T/raised"
	ok $? "$name is under no suspicion"
	head -n 3 "$T/raised" | cut -c 1-300 | sed 's/^/#   /'
done
done_testing
