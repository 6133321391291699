#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A container that dies and returns: matched live, replayed whole, and
# replayed alone, its alerts are the same.
. "$(dirname "$0")/lib.sh"

cat >"$T/rules.yml" <<'E2'
groups:
  - name: g
    rules:
      - alert: Busy
        expr: container_processes > 5
        for: 3s
        labels: {severity: warning}
      - alert: Growing
        expr: rate(container_cpu_usage_seconds_total[5s]) > 0.5
        labels: {severity: critical}
E2
# Sweeps of a and b; a is gone in 12 to 20, and b in none. The sweep at 30 is
# cut short: its own record is missing, and a as well.
awk 'BEGIN {
	for (t = 1; t <= 40; t++) {
		for (c = 1; c <= 2; c++) {
			name = c == 1 ? "a" : "b"
			if (name == "a" && ((t >= 12 && t <= 20) || t == 30))
				continue
			printf "{\"ts\":%d,\"kind\":\"container\",\"labels\":{\"instance\":\"n\",\"job\":\"dmon\",\"id\":\"/docker/%s\",\"name\":\"%s\"},\"metrics\":{\"container_processes\":%d,\"container_cpu_usage_seconds_total\":%.1f}}\n", \
				1795476000 + t, name, name, c == 1 ? 9 : 3, t * 0.9
		}
		if (t != 30)
			printf "{\"ts\":%d,\"kind\":\"sweep\",\"labels\":{\"instance\":\"n\",\"job\":\"dmon\"},\"metrics\":{\"up\":1}}\n", 1795476000 + t
	}
}' >"$T/in"

alerts() {
	jq -c 'select(.kind == "alert") |
		[.ts, .status, .labels.alertname, .labels.name, .value]'
}
dmon-match -r "$T/rules.yml" "$T/in" | dmon-store -d "$T/d.db" >"$T/out"
alerts <"$T/out" >"$T/live"
is "$(grep -c '"a"' "$T/live")" 8 "a: its alerts, twice"
is "$(jq -c 'select(.[3] == "a" and .[2] == "Busy") | [.[0] - 1795476000, .[1]]' \
	"$T/live" | tr '\n' ' ')" \
	'[1,"pending"] [4,"firing"] [12,"resolved"] [21,"pending"] [24,"firing"] ' \
	"when they came and went"

dmon-replay -d "$T/d.db" | grep -v '"kind":"alert"' |
	grep -v '"kind":"\(recorded\|rule\)"' >"$T/samples"
same "$T/samples" "$T/in" "the samples come back"
dmon-match --only -r "$T/rules.yml" "$T/samples" | alerts >"$T/whole"
same "$T/whole" "$T/live" "replayed whole: the same alerts"

dmon-replay -d "$T/d.db" --select '{name="a"}' --kind container --kind sweep |
	dmon-match --only -r "$T/rules.yml" | alerts >"$T/alone"
grep '"a"' "$T/live" >"$T/expected"
same "$T/alone" "$T/expected" "replayed alone: the same alerts"

dmon-replay -d "$T/d.db" --select '{name="a"}' --no-sweeps --kind container |
	dmon-match --only -r "$T/rules.yml" | alerts >"$T/sweepless"
! cmp -s "$T/sweepless" "$T/expected"
ok $? "without sweeps nobody can tell that it has gone"
done_testing
