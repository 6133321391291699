#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A handful of the scenarios, in short, on a real engine: those that are over
# in a moment, those that are close to each other. All is in tests/scenarios/run.
. "$(dirname "$0")/../cmd/lib.sh"
. tests/dockerd.sh

for program in jq perl ip nsenter; do
	command -v $program >/dev/null || skip_all "no $program"
done
dmon-collect --list 2>/dev/null | grep -q '^procevents .*: there$' ||
	skip_all "the kernel does not tell: no CAP_NET_ADMIN in the first namespaces"
at_exit dockerd_stop
dockerd_start "$T/engine" || skip_all "$dockerd_why"
dockerd_client run --rm --network none busybox:test true ||
	skip_all "containers can't be started here"
dockerd_stop

DM_BUILD=$build tests/scenarios/run -t 20 -o "$T/out" nsenter-mnt-short \
	runc-named chroot-host-short leaked-directory ptrace memory fork-bomb \
	idle daemon debugger exec rename >"$T/table" 2>"$T/err"
is $? 0 "the scenarios run"
sed 's/^/# /' "$T/table" "$T/err"
is "$(wc -l <"$T/out/verdicts")" 12 "all of them"
while read -r name truth verdict _; do
	is "$verdict" "$truth" "$name"
done <"$T/out/verdicts"
ls "$T/out"/*.ndjson.gz | xargs gzip -dc | jq -es 'length > 100' >/dev/null
ok $? "and are recorded"
done_testing
