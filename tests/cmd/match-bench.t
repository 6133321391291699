#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The ten rules that bench/ measures with: their alerts are Prometheus's. What
# dmon-match says fires at each second is put to promtool as a unit test; as
# they are, and with thresholds at which each of the ten fires.
. "$(dirname "$0")/lib.sh"
for tool in promtool python3; do
	command -v $tool >/dev/null || skip_all "no $tool"
done

py="python3 tests/cmd/promtool-alerts.py"
# Without the first sweeps: near 0, rate's cut-off is another in Prometheus 3.
"$build/bench/gen-records" 10 110 >"$T/whole" || skip_all "bench/gen-records"
tail -n +221 "$T/whole" >"$T/in"

compare() { # RULES WHAT
	$py ours "$1" >"$T/ours"
	$py theirs "$T/ours" >"$T/theirs"
	dmon-match --only -r "$T/ours" <"$T/in" >"$T/out"
	is $? 0 "$2: dmon-match"
	$py tests "$T/theirs" 1 "$T/in" "$T/out" >"$T/t.yml"
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
for name in $(sed -n 's/.*alert: //p' bench/ten-rules.yml); do
	grep -q "\"$name\".*\"status\":\"firing\"" "$T/out"
	ok $? "$name fires"
done
done_testing
