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
[ $n -ge 60 ]
ok $? "there are alerts"
done_testing
