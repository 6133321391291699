#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What containers of a real engine log, by each driver that it can read, is
# found while sweeps are far apart; and a flood is raised, whatever is kept of
# it.
. "$(dirname "$0")/../cmd/lib.sh"
. tests/dockerd.sh
command -v jq >/dev/null || skip_all "no jq"

at_exit dockerd_stop
dockerd_start "$T/engine" || skip_all "$dockerd_why"
cat >"$T/patterns" <<'END'
error	container:(json|tty|local|new|noisy|none)	^ERROR (?P<what>\S*)
END
start() { # NAME OPTION... IMAGE COMMAND...
	name=$1
	shift
	dockerd_client run -d --name "$name" --network none --memory 32m \
		--memory-swap 32m --pids-limit 32 --cpus 0.5 "$@" >>"$T/ids" ||
		skip_all "containers can't be started here"
}
# says NAME WORD: has it been found?
says() {
	grep '"container_event_log_info"' "$T/out" |
		grep "\"name\":\"$1\"" | grep -q "\"what\":\"$2\""
}
says_ok() {
	until_ok says "$1" "$2"
	ok $? "$3"
}

# Each says what it is told to.
talk='while read -r l; do echo "$l"; echo "$l" >&2; done </suite/NAME'
mkdir "$T/suite"
for name in json local tty none; do
	mkfifo "$T/suite/$name"
	case $name in
	json) set -- --log-driver json-file --log-opt max-size=1m ;;
	local) set -- --log-driver local ;;
	tty) set -- -t --log-opt max-size=1m ;;
	none) set -- --log-driver none ;;
	esac
	start $name "$@" -v "$T/suite:/suite:ro" busybox:test sh -c \
		"echo ERROR old; $(echo "$talk" | sed "s/NAME/$name/")"
done
mkfifo "$T/records"
dmon-match -r rules <"$T/records" >"$T/out" 2>"$T/match.err" &
filter=$!
dmon-collect -i 1 --docker "unix://$T/engine/sock" --log "$T/patterns" \
	log docker >"$T/records" 2>"$T/collect.err" &
collector=$!
at_exit 'kill $collector 2>/dev/null'
for name in json local tty; do
	until_ok eval "grep '\"name\":\"$name\"' '$T/out' |
		grep -q container_log_skipped_seconds_total"
	ok $? "$name: it is followed"
done
sleep 1
for name in json local tty none; do
	timeout 5 sh -c "echo ERROR $name >'$T/suite/$name'" &
done
wait $!
for name in json local tty; do
	says_ok $name $name "$name: what it says is found"
done
says json old
ok $((! $?)) "what it said before is not"
is "$(grep -c 'none' "$T/collect.err")" 0 "one that can't be read is left alone"
start new --log-opt max-size=1m busybox:test sh -c \
	'echo ERROR first; sleep 5; echo ERROR last'
says_ok new first "what a new one says, from its beginning"
says_ok new last "to its end"
for name in json local tty; do
	until_ok eval "grep '\"name\":\"$name\"' '$T/out' |
		grep -q '\"container_log_bytes_total\":[1-9]'"
	ok $? "$name: its size is there"
done

# Far more than can be read, kept in a megabyte or two.
alert() { # ALERTNAME NAME
	grep '"kind":"alert"' "$T/out" | grep '"status":"firing"' |
		grep "\"alertname\":\"$1\"" | grep -q "\"name\":\"$2\""
}
flood="sleep 3; timeout 60 yes ERROR flood $(printf '%0200d' 0); sleep 1000"
flood() { # NAME OPTION...
	name=$1
	shift
	start "$name" "$@" busybox:test sh -c "$flood"
	until_ok alert ContainerLogFlood "$name"
	ok $? "$name: a flood is raised"
	dockerd_client kill "$name" >/dev/null
}
flood noisy --log-opt max-size=1m --log-opt max-file=1
flood three --log-opt max-size=1m --log-opt max-file=3
flood unread --log-driver local
alert ContainerLogFlood json
ok $((! $?)) "and no other one's"
until_ok alert LogSkipped noisy ||
	until_ok grep -q '"alertname":"LogSkipped".*"status":"firing"' "$T/out"
ok $? "that not all of it was told is raised"
is "$(jq -r '.metrics.dmon_sweeps_missed_total // empty' "$T/out" |
	sort -u | wc -l)" 1 "no sweep is late for it"

kill $collector
wait $collector
is $? 0 "the collector ends well"
wait $filter
grep -v ' sweep: ' "$T/collect.err" "$T/match.err" >"$T/said"
is "$(cat "$T/said")" "" "there is nothing to say"
done_testing
