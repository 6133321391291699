#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The docker source on a real engine, which is killed and comes back.
. "$(dirname "$0")/lib.sh"
. tests/dockerd.sh

# A name in the list of certificates, for TLS.
certs() {
	mkdir "$T/certs" && (
		cd "$T/certs" || exit 1
		openssl req -x509 -newkey rsa:2048 -nodes -days 2 \
			-subj /CN=dmon-test-ca -keyout ca-key.pem -out ca.pem
		for who in server client; do
			openssl req -newkey rsa:2048 -nodes -subj /CN=$who \
				-keyout $who-key.pem -out $who.csr
			echo subjectAltName=IP:127.0.0.1 >$who.ext
			openssl x509 -req -in $who.csr -CA ca.pem \
				-CAkey ca-key.pem -CAcreateserial -days 2 \
				-extfile $who.ext -out $who.pem
		done
		mv client.pem cert.pem && mv client-key.pem key.pem
	) >/dev/null 2>&1
}

port=$((20000 + $$ % 20000))
tls=
command -v openssl >/dev/null && certs && tls="-H tcp://127.0.0.1:$port
	--tlsverify --tlscacert $T/certs/ca.pem
	--tlscert $T/certs/server.pem --tlskey $T/certs/server-key.pem"

at_exit dockerd_stop
# shellcheck disable=SC2086 # options, a word each
dockerd_start "$T/engine" --live-restore $tls || skip_all "$dockerd_why"
dockerd_client run -d --name web --network none --memory 64m \
	--pids-limit 32 --label 'com.example/tier=a"b\c' \
	busybox:test sleep 1000 >/dev/null ||
	skip_all "containers can't be started here"
host=unix://$T/engine/sock

dmon-collect -i 1 --docker "$host" --label com.example/tier docker cgroup \
	>"$T/out" 2>"$T/err" &
collector=$!
at_exit 'kill $collector 2>/dev/null'

# The container web's records that have no further labels, the last one.
web() {
	grep '"name":"web".*"container_memory_usage_bytes"' "$T/out" |
		tail -n 1
}
what() { # JQ-EXPRESSION
	web | jq -r "$1"
}
# value METRIC VALUE: has web's last record this?
value() {
	[ "$(what ".metrics.$1")" = "$2" ]
}
source_ok() {
	[ "$(grep '"source":"docker"' "$T/out" | tail -n 1 |
		jq .metrics.dmon_source_success)" = "$1" ]
}

until_ok value container_declared_pids_limit 32
ok $? "a container's limits are told"
is "$(what .labels.image)" busybox:test "so is its image"
is "$(what .labels.container_label_com_example_tier)" 'a"b\\c' \
	"and a label, escaped as bytes from outside are"
web | grep -o '"container_[a-z_]*":' | sort | uniq -d >"$T/twice"
is "$(cat "$T/twice")" "" "no two sources tell the same metric"

dockerd_client pause web >/dev/null
until_ok value container_paused 1
ok $? "a pause is seen"
dockerd_client unpause web >/dev/null

dockerd_client run -d --name fails --network none --restart on-failure:3 \
	busybox:test sh -c 'sleep 2; exit 1' >/dev/null
until_ok grep -q '"name":"fails".*"container_restarts_total":[1-3]' "$T/out"
ok $? "restarts are counted"
dockerd_client rm -f fails >/dev/null

dockerd_kill
until_ok source_ok 0
ok $? "an engine that has gone is a source that fails"
sleep 2
value container_running null
ok $? "what it said is not repeated"
is "$(what .labels.name)" web "the name stays"
test "$(what .metrics.container_memory_usage_bytes)" != null
ok $? "the other sources go on"

# shellcheck disable=SC2086
dockerd_again --live-restore $tls
until_ok source_ok 1
ok $? "it is asked again when it has come back"
until_ok value container_running 1
ok $? "and tells again"

kill $collector
wait $collector
is $? 0 "SIGTERM ends the collector well"
is "$(jq -s 'map(select(.kind == "sweep" and .labels.source == null).ts) |
	[.[1:], .[:-1]] | transpose | map(.[0] - .[1]) | max' "$T/out")" 1 \
	"no sweep was late"

if [ -z "$tls" ]; then
	skip "openssl makes no certificates" "an engine is reached by TLS"
	skip "openssl makes no certificates" "not without certificates"
else
	dmon-collect -n 1 --docker "tcp://127.0.0.1:$port" \
		--docker-certs "$T/certs" docker >"$T/out" 2>"$T/err"
	grep -q '"name":"web"' "$T/out"
	ok $? "an engine is reached by TLS"
	dmon-collect -n 1 --docker "tcp://127.0.0.1:$port" docker \
		>"$T/out" 2>"$T/err"
	source_ok 0
	ok $? "not without certificates"
fi
done_testing
