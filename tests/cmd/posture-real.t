#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The source `posture` on a real engine: a container of each kind.
. "$(dirname "$0")/lib.sh"
. tests/dockerd.sh

at_exit dockerd_stop
dockerd_start "$T/engine" || skip_all "$dockerd_why"
host=unix://$T/engine/sock

start() { # NAME OPTION...
	started=$1
	shift
	dockerd_client run -d --name "$started" --network none "$@" \
		busybox:test sleep 1000 >/dev/null 2>&1
}
start plain || skip_all "containers can't be started here"
start hard --read-only --cap-drop ALL --security-opt no-new-privileges \
	--user 1000 --memory 64m --pids-limit 16 --cpus 0.5
start socket -v "$T/engine/sock:/var/run/docker.sock"
start root -v /:/host:ro
start folders -v /etc:/host/etc -v "$T:/mine"
start open --security-opt seccomp=unconfined --pid host --uts host \
	--security-opt systempaths=unconfined
start ipc --ipc host
start devices --device /dev/null:/dev/other --cap-add SYS_ADMIN
start latest --device-cgroup-rule 'b 8:* r'

dmon-collect -n 1 --docker "$host" --registry ghcr.io posture >"$T/out" \
	2>"$T/err"
is "$?/$(cat "$T/err")" 0/ "all are looked at"

# found NAME [METRIC]: the checks for which a container has 1
found() {
	jq -r --arg name "$1" --arg metric "${2:-container_posture}" '
		select(.labels.name == $name and .metrics[$metric] == 1)
		| .labels.check' "$T/out" | sort | tr '\n' ' '
}
# Those that depend on the machine, and those that all but one have.
usual() {
	tr ' ' '\n' | grep -v -e apparmor -e selinux -e host-cgroup -e host-user \
		-e '^$' -e unlimited -e image -e new-priv -e root-user \
		-e rootfs -e kept | tr '\n' ' '
}
is "$(found plain | tr ' ' '\n' | grep -v -e apparmor -e host-cgroup |
	tr '\n' ' ')" "capabilities-kept cpu-unlimited host-user image-registry \
image-unpinned memory-unlimited new-privileges pids-unlimited root-user \
rootfs-writable " "what docker run gives without being asked"
is "$(found hard | tr ' ' '\n' | grep -v -e apparmor -e host-cgroup |
	tr '\n' ' ')" "host-user image-registry image-unpinned " \
	"what is left where all is given up"
is "$(found socket | usual)" "runtime-socket " "an engine's socket"
is "$(found root | usual)" "host-root " "the host's root, and no more"
is "$(found folders | usual)" "host-path-write " "a folder of the host"
is "$(found open | usual)" "host-pid host-uts proc-sys-writable \
proc-unmasked seccomp-off " "one that is wide open"
is "$(found ipc | usual)" "host-ipc " "the host's shared memory"
is "$(found devices | usual)" "capabilities-added capabilities-dangerous \
host-device " "a capability and a device"
is "$(found latest | usual)" "host-device " "a rule for devices"
is "$(jq -r 'select(.metrics.container_posture_differs == 1)
	| .labels.name' "$T/out")" "" "all have what was asked for"
jq -r 'select(.labels.name == "folders" and .labels.found and
	.labels.check == "host-path-write") | .labels.found' "$T/out" >"$T/what"
is "$(cat "$T/what")" "/etc at /host/etc (rw)" "and it says which"
is "$(jq -c 'select(.labels.name == "hard")
	| .metrics.container_posture_score // empty' "$T/out" |
	awk '$1 > 80')" \
	"$(jq -c 'select(.labels.name == "hard")
	| .metrics.container_posture_score // empty' "$T/out")" \
	"a hard one has a good score"

dmon-collect --audit --docker "$host" >"$T/out" 2>"$T/err"
is "$?/$(grep -c '^[a-z.]* (busybox:test): score [0-9]* of 100$' "$T/out")" \
	0/9 "an audit tells of each"

# ---- what a name hides: a mount of the host's root, called otherwise ----
mkdir "$T/innocent"
if ! mount --bind / "$T/innocent" 2>/dev/null; then
	skip "no mount" "what was not declared is told"
	skip "no mount" "and raises an alert"
else
	at_exit 'umount "$T/innocent"'
	dmon-collect -i 1 -n 60 --docker "$host" posture >"$T/out" &
	collector=$!
	at_exit 'kill $collector 2>/dev/null'
	start hides -v "$T/innocent:/data:ro"
	differs() {
		[ "$(found hides container_posture_differs)" = "host-root " ]
	}
	until_ok differs
	ok $? "what was not declared is told"
	kill $collector
	wait $collector
	# Rules look four times a minute.
	{
		cat "$T/out"
		jq -c 'select(.kind != "info") | .ts += 15' "$T/out"
	} | dmon-match --only -r rules/posture.yml >"$T/alerts"
	is "$(jq -r 'select(.status == "firing" and .labels.severity ==
		"critical") | .labels.alertname + " " + .labels.name' \
		"$T/alerts")" "ContainerHostMountNotDeclared hides" \
		"and raises an alert"
	dockerd_client rm -f hides >/dev/null 2>&1
fi
done_testing
