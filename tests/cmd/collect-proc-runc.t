#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A runtime at work, looked at a hundred times a second: containers that are
# started and entered again and again must not look like escapes.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" = 0 ] || skip_all "needs root"
command -v runc >/dev/null || skip_all "no runc"

id=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
name=dmon-test-$id
for folder in usr etc proc dev tmp; do
	mkdir -p "$T/rootfs/$folder"
done
for link in bin lib lib64; do
	[ -L "/$link" ] || skip_all "/$link is no link into /usr"
	ln -s "usr/$link" "$T/rootfs/$link"
done
cat >"$T/config.json" <<END
{"ociVersion":"1.0.2","root":{"path":"rootfs"},"hostname":"test",
"process":{"user":{"uid":0,"gid":0},"args":["/usr/bin/sleep","600"],
 "env":["PATH=/usr/bin"],"cwd":"/","noNewPrivileges":true,
 "capabilities":{"bounding":["CAP_KILL"],"effective":["CAP_KILL"],
  "permitted":["CAP_KILL"]}},
"mounts":[{"destination":"/proc","type":"proc","source":"proc"},
 {"destination":"/dev","type":"tmpfs","source":"tmpfs"},
 {"destination":"/usr","type":"bind","source":"/usr",
  "options":["rbind","ro"]}],
"linux":{"cgroupsPath":"/docker/$id","namespaces":[{"type":"pid"},
 {"type":"network"},{"type":"ipc"},{"type":"uts"},{"type":"mount"}]}}
END
at_exit 'runc delete -f "$name" >/dev/null 2>&1'
run() {
	runc run -d -b "$T" "$name" </dev/null >"$T/runc" 2>&1
}
run || skip_all "runc: $(tail -n 1 "$T/runc" | tr -d '#')"

dmon-collect -i 10ms -n 600 proc >"$T/all" 2>"$T/err" &
collector=$!
until_ok grep "$id" "$T/all"
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	runc exec "$name" /usr/bin/sleep 0.02 </dev/null >/dev/null 2>&1
done
started=0
for n in 1 2 3 4 5 6 7 8 9 10; do
	runc delete -f "$name" >/dev/null 2>&1
	run && started=$((started + 1))
	sleep 0.05
done
is "$started" 10 "the container was started again ten times"
kill "$collector" 2>/dev/null
wait "$collector"

grep "$id" "$T/all" | grep '"kind":"process"' | grep -v '"comm":' >"$T/mine"
ok "$([ "$(grep -c '"container_process_namespace_state":1,' "$T/mine")" \
	-gt 50 ]; echo $?)" "its processes were seen, with state 1"
is "$(grep -v '"container_process_runtime_setup":1' "$T/mine" |
	grep -o '"container_process_namespace_state":[0-9]*' |
	sort -u)" '"container_process_namespace_state":1' \
	"none had another, but for the runtime's own"
is "$(grep -v '"container_process_runtime_setup":1' "$T/mine" |
	grep -o '"container_process_foreign_[a-z]*":1' | sort -u)" "" \
	"nor a foreign root or working directory"
is "$(grep 'namespace_state":1,' "$T/mine" | tail -n 1 |
	grep -o '"container_process_capabilities_[a-z]*":[0-9]*' |
	cut -d_ -f4 | tr '\n' ' ')" \
	'effective":32 permitted":32 inheritable":0 bounding":32 ambient":0 ' \
	"the last one has the capabilities it was given"
done_testing
