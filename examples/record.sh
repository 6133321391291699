#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Records three real containers with dmon-collect, for a minute: web, which
# works as it should; escape, in which a process enters the host's mount
# namespace after a quarter of a minute; and eater, which eats its memory
# until the kernel ends its process, and is started again.
# examples/recording.ndjson.gz was made by
#
#	sh examples/record.sh examples/recording.ndjson.gz
#
# as root. It starts a Docker engine of its own in a temporary folder and
# takes all of it away again. The containers have no network, and limits of
# memory, processes and CPU; what escapes only sleeps.
set -eu
cd "$(dirname "$0")/.."
PATH=${DM_BUILD:-$PWD/build}:$PATH
out=${1:?usage: sh examples/record.sh FILE.gz [SECONDS]}
seconds=${2:-60}
. tests/dockerd.sh

T=$(mktemp -d "${TMPDIR:-/tmp}/dmon-record.XXXXXX")
host_pid=
finish() {
	[ -z "$host_pid" ] || kill "$host_pid"
	dockerd_stop
	rm -rf "$T"
}
trap finish EXIT
trap 'exit 130' INT TERM

dockerd_start "$T/engine" || {
	echo "record.sh: $dockerd_why" >&2
	exit 4
}
# A process in the host's mount namespace, which the escape aims at.
sleep 1000 &
host_pid=$!

start() { # NAME OPTION... IMAGE COMMAND...
	name=$1
	shift
	dockerd_client run -d --name "$name" --network none --memory 64m \
		--memory-swap 64m --pids-limit 32 --cpus 0.5 "$@"
}

{
	start web busybox:test sh -c 'httpd -p 8080 -h /etc
		while sleep 0.1; do wget -qO /dev/null localhost:8080/passwd
		done'
	start escape --pid host --cap-add SYS_ADMIN --cap-add SYS_PTRACE \
		--security-opt seccomp=unconfined \
		--security-opt apparmor=unconfined busybox:test sh -c "
		sleep 15
		nsenter -t $host_pid -m sleep 25
		sleep 1000"
	# A mebibyte every third of a second, up to 61; then the last three.
	start eater --restart on-failure:3 busybox:test sh -c "awk 'BEGIN {
		mebibyte = sprintf(\"%1048576s\", \"\")
		for (i = 0; i < 100; i++) {
			a[i] = mebibyte i
			system(i == 60 ? \"sleep 12\" : \"sleep 0.3\")
		}
	}'
	sleep 4
	exit 1"
} >"$T/ids"

# What else runs on this machine is nobody's business.
sed 's|.*|"id":"/docker/&|' "$T/ids" >"$T/wanted"
printf '"kind":"%s"\n' host sweep >>"$T/wanted"
dmon-collect -i 1 -n "$seconds" --instance node-1 \
	--docker "unix://$T/engine/sock" | grep -F -f "$T/wanted" |
	grep -v '"mountpoint":"/[^"]' >"$T/records"
gzip -9n <"$T/records" >"$T/records.gz"
cp "$T/records.gz" "$out"
