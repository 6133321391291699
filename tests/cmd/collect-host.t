#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The source `host`: on a recorded tree, and beside node_exporter.
. "$(dirname "$0")/lib.sh"

collect() {
	dmon-collect -n 1 --procfs "$1" --rootfs "$T/none" host
}

# A recorded tree.
collect tests/fixtures/host/procfs >"$T/out" 2>"$T/err"
is "$?" 0 "a recorded tree is read"
is "$(cat "$T/err")" "" "and nothing is amiss"
# One line a sample: name, labels but the target's, value.
samples() {
	python3 -c '
import json, sys
for line in sys.stdin:
    r = json.loads(line)
    if r["kind"] != "host":
        continue
    for k in ("instance", "job"):
        r["labels"].pop(k)
    for name, value in r["metrics"].items():
        print(name, ",".join("%s=%s" % (k, v)
            for k, v in sorted(r["labels"].items())), repr(value), sep="\t")
' | sort
}
samples <"$T/out" | grep -v '^node_time_seconds\|_mem_bytes' >"$T/samples"
same "$T/samples" tests/fixtures/host/samples "its values are as expected"

# Missing, empty and binary files take only their own values away.
cp -R tests/fixtures/host/procfs "$T/broken"
rm "$T/broken/meminfo" "$T/broken/pressure/io" "$T/broken/1/mounts"
: >"$T/broken/vmstat"
head -c 3000 /dev/urandom >"$T/broken/diskstats"
head -c 3000 /dev/urandom >"$T/broken/net/dev"
collect "$T/broken" >"$T/out" 2>"$T/err"
is "$?" 0 "broken files do not stop it"
samples <"$T/out" >"$T/broken.out"
ok "$(grep -q '^node_context_switches_total' "$T/broken.out"; echo $?)" \
	"what is whole is told"
is "$(grep -c '^node_\(memory\|pressure_io\|vmstat\|filesystem\)' \
	"$T/broken.out")" 0 "what is missing is not"
rm "$T/broken/stat"
collect "$T/broken" >"$T/out" 2>"$T/err"
ok "$(grep -q '"source":"host"},"metrics":{"dmon_source_success":0' "$T/out"
	echo $?)" "without stat the source has failed"

# Every sample beside node_exporter's of the same name and labels.
if ! exporter=$(command -v prometheus-node-exporter); then
	skip "no prometheus-node-exporter" "same as node_exporter"
	done_testing
fi
# /run and the like: Debian's build leaves other trees out than upstream's.
port=$((20000 + $$ % 20000))
"$exporter" --web.listen-address=127.0.0.1:$port --collector.processes \
	--no-collector.netdev.netlink --collector.netdev.device-exclude='^$' \
	--collector.filesystem.mount-points-exclude='^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)' \
	>"$T/exporter.log" 2>&1 &
pid=$!
at_exit "kill $pid 2>/dev/null"
fetch() {
	python3 -c "
import urllib.request
sys_out = urllib.request.urlopen('http://127.0.0.1:$port/metrics').read()
open('$T/theirs', 'wb').write(sys_out)"
}
if ! until_ok fetch; then
	skip "node_exporter does not start" "same as node_exporter"
	done_testing
fi
dmon-collect -n 1 host >"$T/ours"
fetch
# Values change from one look to the next; those that do not must be equal,
# and counters may not be more than theirs, which were read later.
python3 - "$T/ours" "$T/theirs" >"$T/differences" <<'EOF'
import json, re, sys
theirs = {}
for line in open(sys.argv[2]):
    m = re.match(r'(node_\w+)(?:\{(.*)\})? (\S+)$', line)
    if m:
        labels = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', m[2] or "")
        theirs[m[1], tuple(sorted(labels))] = float(m[3])
# Deliberate: file systems that a program or another machine answers for are
# left out, and so nothing of ours is without a counterpart.
fixed = re.compile("_limit$|_max_|_maximum|MemTotal|boot_time|_size_bytes|_readonly|"
    "device_error|Hugepagesize|DirectMap1G")
n = 0
for line in open(sys.argv[1]):
    r = json.loads(line)
    if r["kind"] != "host":
        continue
    labels = tuple(sorted((k, v) for k, v in r["labels"].items()
        if k not in ("instance", "job")))
    for name, value in r["metrics"].items():
        n += 1
        if (name, labels) not in theirs:
            print("node_exporter has no", name, labels)
            continue
        other = theirs[name, labels]
        if fixed.search(name) and value != other:
            print(name, labels, value, "but there", other)
        # _total: theirs are later, in the same unit, and of the same order.
        if name.endswith("_total") and not value <= other * (1 + 1e-12) <= value * 1.5 + 1e5:
            print(name, labels, value, "but there", other)
if n < 100:
    print("only", n, "samples")
EOF
is "$(cat "$T/differences")" "" \
	"every sample has its counterpart in node_exporter"

done_testing
