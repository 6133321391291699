#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The recording that is shipped has what it is shipped for, and no more.
. "$(dirname "$0")/lib.sh"

gz=examples/recording.ndjson.gz
test "$(wc -c <$gz)" -lt 300000
ok $? "it is small"
gzip -dc $gz >"$T/records"
jq -c . "$T/records" >"$T/again"
is "$(wc -l <"$T/again")" "$(wc -l <"$T/records")" "each line is JSON"
is "$(jq -r .labels.instance "$T/records" | sort -u)" node-1 \
	"it names no other host"
is "$(jq -r '.labels.name // empty' "$T/records" | sort -u | tr '\n' ' ')" \
	"eater escape web " "it has three containers"
is "$(jq -s 'map(select(.kind == "sweep" and .labels.source == null).ts) |
	[.[1:], .[:-1]] | transpose | map(.[0] - .[1]) | unique | tojson' \
	"$T/records")" '"[1]"' "its sweeps are a second apart"
is "$(jq -r 'select(.metrics.container_process_namespace_state > 1) |
	[.labels.name, .metrics.container_process_namespace_state] |
	tojson' "$T/records" | sort -u)" '["escape",9]' \
	"one container is escaped from, into the host's mount namespace"
is "$(jq -r 'select(.metrics.container_spec_memory_limit_bytes > 0) |
	select(.metrics.container_memory_working_set_bytes >
		0.97 * .metrics.container_spec_memory_limit_bytes) |
	.labels.name' "$T/records" | sort -u)" eater "one fills its memory"
is "$(jq -r 'select(.metrics.container_oom_events_total > 0).labels.name' \
	"$T/records" | sort -u)" eater "until the kernel ends its process"
is "$(jq -r 'select(.metrics.container_restarts_total > 0).labels.name' \
	"$T/records" | sort -u)" eater "and it starts again"
done_testing
