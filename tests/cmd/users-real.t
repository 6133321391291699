#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The source `users` on a real engine: terminals in containers, whose they are
# and what was executed there; with an sshd of the test's own where there is
# one.
. "$(dirname "$0")/lib.sh"
. tests/dockerd.sh
command -v jq >/dev/null || skip_all "no jq"
command -v script >/dev/null || skip_all "no script(1)"

at_exit dockerd_stop
dockerd_start "$T/engine" || skip_all "$dockerd_why"
dockerd_client run -d -t --name web --network none --memory 64m \
	--pids-limit 32 busybox:test sleep 1000 >"$T/id" ||
	skip_all "containers can't be started here"
id=$(cat "$T/id")
export DOCKER_HOST="unix://$T/engine/sock" DOCKER_CONFIG="$T/engine"

heard=
dmon-collect --list 2>/dev/null | grep -q '^procevents .*: there$' &&
	heard=procevents
# shellcheck disable=SC2086 # one or none
dmon-collect -i 500ms --docker "$DOCKER_HOST" users docker engine $heard \
	>"$T/all" 2>"$T/err" &
collector=$!
at_exit 'kill $collector 2>/dev/null; wait $collector'
# shellcheck disable=SC2016
at_exit '[ ! -s "$T/clients" ] || kill $(cat "$T/clients") 2>/dev/null'

# What never says anything, nor ends.
mkfifo "$T/silence"
exec 9<>"$T/silence"

# A terminal on this machine, in which a command runs.
terminal() {
	setsid script -qfc "$1" /dev/null >"$T/typed" 2>&1 <&9 &
	echo $! >>"$T/clients"
}
# last LABELS-FILTER: the labels of the last session in the container so
last() {
	grep '"container_session_info":1' "$T/all" | grep "$id" |
		jq -c "select($1).labels" | tail -n 1
}
is_there() {
	[ "$(last "$1")" ]
}
until_ok grep -q '"container_sessions":0' "$T/all"
ok $? "the container's own terminal is no session"

terminal "docker exec -it web sh -c 'sleep 3; ls /; sleep 1000'"
until_ok is_there '.labels.client'
ok $? "exec with a terminal"
last .labels.client | jq -r '"\(.how) \(.tty) \(.user)"' >"$T/got"
echo 'exec pts/1 root' >"$T/expected"
same "$T/got" "$T/expected" "how, on which terminal of the container's, as whom"
client=$(last .labels.client | jq -r .client)
first=$(last .labels.client | jq -r .session)
ok "$(tr '\0' ' ' <"/proc/$client/cmdline" | grep -q "exec"; echo $?)" \
	"the session that it was asked for in is this machine's"
ok "$(grep -q "\"session\":\"$client\".*\"node_session_info\":1" "$T/all"
	echo $?)" "and is told of"
if [ "$heard" ]; then
	until_ok grep -q "\"exe\":\"/bin/busybox\".*\"session\":\"$first\"" \
		"$T/all"
	ok $? "what is executed there has its number"
else
	skip "no process events" "what is executed there has its number"
fi

dockerd_client exec -d web sleep 1000
until_ok is_there '.labels.tty == null'
is "$(last '.labels.tty == null' | jq -r '"\(.how) \(.user) \(.client)"')" \
	"exec root null" "exec without a terminal, whose client has gone"
kill "$(cat "$T/clients")"
kill -9 "$first"
until_ok grep -q "\"session\":\"$first\".*\"container_event_session_closed\":1" \
	"$T/all"
ok $? "a session is over"

# By ssh: from where, and as whom.
sshd=$(command -v sshd || ls /usr/sbin/sshd 2>/dev/null)
port=$((20000 + $$ % 20000))
serve() {
	[ "$sshd" ] || return 1
	ssh-keygen -qt ed25519 -N '' -f "$T/key" &&
		ssh-keygen -qt ed25519 -N '' -f "$T/host" &&
		cp "$T/key.pub" "$T/authorized" && mkdir -p /run/sshd || return 1
	cat >"$T/sshd_config" <<-END
		Port $port
		ListenAddress 127.0.0.1
		HostKey $T/host
		AuthorizedKeysFile $T/authorized
		PermitRootLogin yes
		StrictModes no
		UsePAM no
		PidFile $T/sshd.pid
	END
	"$sshd" -f "$T/sshd_config" -E "$T/sshd.log"
}
come() {
	ssh -tt -F /dev/null -i "$T/key" -p "$port" \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		root@127.0.0.1 "$@"
}
if serve; then
	# shellcheck disable=SC2016
	at_exit 'kill $(cat "$T/sshd.pid")'
	come "DOCKER_HOST=$DOCKER_HOST docker exec -it web \
		sh -c 'sleep 3; ls /; sleep 1000'" >"$T/ssh" 2>&1 <&9 &
	echo $! >>"$T/clients"
	until_ok is_there '.labels.from'
	is "$(last .labels.from | jq -r '"\(.how) \(.login) \(.from)"')" \
		"exec root 127.0.0.1" "exec by one who came by ssh"
	client=$(last .labels.from | jq -r .client)
	is "$(grep '"node_session_info":1' "$T/all" | tail -n 500 |
		jq -r "select(.labels.session == \"$client\").labels |
		\"\(.how) \(.user) \(.login) \(.from)\"" | tail -n 1)" \
		"ssh root root 127.0.0.1" "whose session is told of"
	session=$(last .labels.from | jq -r .session)
	# What is executed is told of where process events are.
	[ -z "$heard" ] || until_ok grep -q \
		"\"session\":\"$session\"}.*\"container_event_info\"" "$T/all"
	dockerd_client exec web cat /etc/passwd >/dev/null
	until_ok grep -q '"cat /etc/passwd"' "$T/all"
	dmon-store -d "$T/dmon.db" <"$T/all" >/dev/null 2>&1
	sh examples/follow.sh "$T/dmon.db" root -1h 9999999999 |
		sed "s/^[^ ]*  //; s/pts.[0-9]*/PTS/; s/^$(uname -n) /vm /" |
		sort -u >"$T/followed"
	cat >"$T/expected" <<-END
		vm session $client: ssh on PTS from 127.0.0.1, as root
		web session $session: exec on PTS from 127.0.0.1, out of session $client, as root, by root
	END
	grep -e "^vm session $client: ssh" -e "^web session $session: exec" \
		"$T/followed" >"$T/got"
	sort -o "$T/expected" "$T/expected"
	same "$T/got" "$T/expected" "and can be followed"
	if [ "$heard" ]; then
		grep -q "^web session $session: sh (/bin/busybox), as root" \
			"$T/followed"
		ok $? "to what was executed"
	else
		skip "no process events" "to what was executed"
	fi
	grep -q "^web: exec_start cat /etc/passwd, by whom is not known" \
		"$T/followed"
	ok $? "and to what was too short to see whose it is"
else
	skip "no sshd" "exec by one who came by ssh"
	skip "no sshd" "whose session is told of"
	skip "no sshd" "and can be followed"
	skip "no sshd" "to what was executed"
	skip "no sshd" "and to what was too short to see whose it is"
fi
is "$(grep -v "a sweep came late" "$T/err")" "" \
	"there is nothing to complain about"
done_testing
