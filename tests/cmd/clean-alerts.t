#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Cleaning hides no attack: of each recording of a scenario the shipped rules
# say the same with and without it.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip_all "no jq"

# Who, from when to when, with all that is said of it.
alerts() {
	dmon-match --only -r rules | grep '"kind":"alert"' |
		jq -cS 'del(.clean)' | sort
}

n=0
differ=0
for recording in tests/scenarios/recordings/*.ndjson.gz; do
	name=$(basename "$recording" .ndjson.gz)
	gzip -dc "$recording" >"$T/in"
	alerts <"$T/in" >"$T/without"
	dmon-clean "$T/in" >"$T/cleaned"
	cmp -s "$T/cleaned" "$T/in" && cp "$T/without" "$T/with" ||
		alerts <"$T/cleaned" >"$T/with"
	same "$T/with" "$T/without" "$name: the same alerts"
	dmon-clean --glitches remove --missing last "$T/in" >"$T/more"
	cmp -s "$T/more" "$T/cleaned" || alerts <"$T/more" >"$T/with"
	same "$T/with" "$T/without" "$name: also with all that it can do"
	n=$((n + $(wc -l <"$T/without")))
done

# Records with values that can't be, in every fifth of a container: what was
# raised still is, of the same, no later; and nothing else is.
raised() {
	jq -c 'select(.status == "firing") |
		[.labels.alertname, .fingerprint, .startsAt]' | sort -u
}
for name in memory memory-renaming fork-bomb net-flood descriptors; do
	gzip -dc "tests/scenarios/recordings/$name.ndjson.gz" >"$T/in"
	awk '/"kind":"container"/ && ++n % 5 == 0 {
		sub(/"container_memory_working_set_bytes":[0-9]+/,
			"\"container_memory_working_set_bytes\":1e300")
		sub(/"container_processes":[0-9]+/, "\"container_processes\":-1")
		sub(/"container_network_transmit_bytes_total":[0-9]+/,
			"\"container_network_transmit_bytes_total\":1e20")
		} { print }' "$T/in" >"$T/damaged"
	alerts <"$T/in" | raised >"$T/without"
	dmon-clean --missing last "$T/damaged" | alerts | raised >"$T/with"
	same "$T/with" "$T/without" "$name, damaged and cleaned: raised the same"
	alerts <"$T/damaged" | raised >"$T/damaged.alerts"
	cmp -s "$T/damaged.alerts" "$T/without" || differ=$((differ + 1))
done
[ $differ -ge 1 ]
ok $? "not cleaned they would not be"
[ $n -ge 60 ]
ok $? "there are alerts"
done_testing
