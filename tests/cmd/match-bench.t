#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The ten rules that bench/ measures with: their alerts are Prometheus's. What
# dmon-match says fires at each second is put to promtool as a unit test; as
# they are, and with thresholds at which each of the ten fires.
# promtool is older than Prometheus 3, whose ranges are open on the left: it
# is given ranges shorter by a millisecond, which see the same samples.
. "$(dirname "$0")/lib.sh"
command -v promtool >/dev/null || skip_all "no promtool"

cat >"$T/convert.py" <<'END'
import collections, json, sys

def quote(labels):
    return "{%s}" % ", ".join(
        "%s: %s" % (k, json.dumps(v)) for k, v in sorted(labels.items()))

series, first = collections.OrderedDict(), None
for line in open(sys.argv[1]):
    record = json.loads(line)
    first = first or record["ts"]
    if record["kind"] != "container":
        continue
    for name, value in record["metrics"].items():
        labels = ", ".join("%s=%s" % (k, json.dumps(v))
                           for k, v in record["labels"].items())
        series.setdefault("%s{%s}" % (name, labels), []).append(repr(value))
sweeps = max(len(v) for v in series.values())
assert all(len(v) == sweeps for v in series.values())

changes = collections.defaultdict(list)
for line in open(sys.argv[2]):
    record = json.loads(line)
    if record["kind"] == "alert" and record["status"] != "dropped":
        labels = dict(record["labels"])
        name = labels.pop("alertname")
        changes[name].append((record["ts"] - first, quote(labels),
            record["status"] == "firing"))
print("rule_files: [prom.yml]\nevaluation_interval: 1s\ntests:\n"
      "  - interval: 1s\n    input_series:")
for name, values in series.items():
    print("      - series: %s\n        values: %s" %
          (json.dumps(name), " ".join(values)))
print("    alert_rule_test:")
for name in sys.argv[3:]:
    firing, todo = set(), changes[name]
    for t in range(sweeps):
        while todo and todo[0][0] <= t:
            _, labels, on = todo.pop(0)
            (firing.add if on else firing.discard)(labels)
        print("      - {eval_time: %ds, alertname: %s, exp_alerts: [%s]}" % (t,
            name, ", ".join("{exp_labels: %s}" % x for x in sorted(firing))))
END

# Without the first sweeps: near 0, rate's cut-off is another in Prometheus 3.
"$build/bench/gen-records" 10 110 >"$T/whole" || skip_all "bench/gen-records"
tail -n +221 "$T/whole" >"$T/in"
names=$(sed -n 's/.*alert: //p' bench/ten-rules.yml)

compare() { # RULES WHAT
	sed -e '/annotations:/,/summary:/d' "$1" >"$T/ours.yml"
	sed -e 's/\[5m\]/[299999ms]/; s/\[1m\]/[59999ms]/' "$T/ours.yml" \
		>"$T/prom.yml"
	dmon-match --only -r "$T/ours.yml" <"$T/in" >"$T/out"
	is $? 0 "$2: dmon-match"
	/usr/bin/python3 "$T/convert.py" "$T/in" "$T/out" $names >"$T/t.yml"
	promtool test rules "$T/t.yml" >"$T/said" 2>&1
	status=$?
	ok $status "$2: promtool sees the same alerts at each second"
	[ $status -eq 0 ] || head -n 30 "$T/said" | sed 's/^/#   /'
}
compare bench/ten-rules.yml "as they are"
sed -e '/expr: rate(container_cpu_system/s/0\.9/0.031/' \
	-e '/expr: rate(container_cpu_usage/s/0\.95/0.104/' \
	-e 's/> 38/> 25/; s/bytes > 0\.9/bytes > 0.5/; s/900e6/100e6/' \
	-e 's/> 0\.5$/> 0.103/; s/1e15/200e6/; s/> 1e9/> 161e3/' \
	-e 's/> increase(container_fs_w/> 0.61 * increase(container_fs_w/' \
	-e 's/> 1000/> 0.3/' \
	bench/ten-rules.yml >"$T/lower.yml"
compare "$T/lower.yml" "with lower thresholds"
for name in $names; do
	grep -q "\"$name\".*\"status\":\"firing\"" "$T/out"
	ok $? "$name fires"
done
done_testing
