#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# All shipped rules over the recording of three real containers: what fired is
# what happened, and whoever vanishes under an alert is not thought well.
. "$(dirname "$0")/lib.sh"

gzip -dc examples/recording.ndjson.gz >"$T/records"
first=$(jq -n 'input.ts' "$T/records")

# fired FILE: severity, alert, container and, of who vanished, its alert
fired() {
	dmon-match --only -r rules "$1" >"$T/out" 2>"$T/err"
	echo "status $?" >>"$T/err"
	jq -r 'select(.kind == "alert" and .status == "firing").labels |
		[.severity, .alertname, .name // "-", .firing // empty] |
		join(" ")' "$T/out" | sort -u
}
is "$(fired "$T/records")" "critical ContainerEscape escape
critical ContainerMemoryExhausted eater
critical ContainerOutOfMemory eater
info ContainerSharesHostProcesses escape
warning ContainerDangerousCapabilities escape
warning ContainerMemoryHigh eater" "what happened is said, and no more"
is "$(cat "$T/err")" "status 0" "no rule fails"
! grep '"kind":"alert"' "$T/out" | grep -q '"name":"web"'
ok $? "the well-behaved one is not even under suspicion"
! jq -r 'select(.kind == "alert").annotations[]' "$T/out" |
	grep -e '<no value>' -e 'error expanding'
ok $? "all texts could be made"

# The escape is over, and its alert goes on.
! grep '"ContainerEscape"' "$T/out" | grep -q '"status":"resolved"'
ok $? "an escape that is over is not resolved"
grep '"ContainerEscape"' "$T/out" | grep '"status":"firing"' |
	grep -q '(sleep) is in the host'
ok $? "its alert says what runs"
! grep '"ContainerEscape"' "$T/out" | grep -q '"comm":'
ok $? "but not in a label, as it is the process that chooses it"

# It is gone three seconds after its escape.
jq -c --argjson cut $((first + 17)) \
	'select(.labels.name != "escape" or .ts < $cut)' \
	"$T/records" >"$T/vanished"
is "$(fired "$T/vanished" | grep Vanished)" \
	"critical ContainerVanishedAfterEscape escape ContainerEscape" \
	"a container that vanishes after its escape is an alert"

# So is the eater, at its limit; for good this time.
jq -c --argjson cut $((first + 22)) \
	'select(.labels.name != "eater" or .ts < $cut)' \
	"$T/records" >"$T/vanished"
is "$(fired "$T/vanished" | grep Vanished)" \
	"warning ContainerVanishedWhileFiring eater ContainerMemoryExhausted" \
	"and one that vanishes at its limit"

# Its processes are there and can't be looked at any more.
jq -c --argjson cut $((first + 17)) 'select(.kind != "process" or .ts < $cut) |
	if .ts >= $cut and .labels.source == "proc"
	then .metrics.dmon_source_success = 0 else . end' \
	"$T/records" >"$T/blind"
is "$(fired "$T/blind" | grep -e Vanished -e NotWatched)" \
	"critical ContainersNotWatched -
warning ContainerVanishedWhileFiring escape ContainerEscape" \
	"and so is a source that fails meanwhile"
done_testing
