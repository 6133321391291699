#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a rule looks at beside its range is kept in the stream: what it records
# is what dmon-query finds at that time when it has all records.
. "$(dirname "$0")/lib.sh"
. tests/cmd/match-stream.sh

stream 800 | awk '{ print }
	/"kind":"sweep"/ {
		ts = substr($0, 7, 10)
		printf "{\"ts\":%d,\"kind\":\"host\",\"labels\":{", ts
		printf "\"instance\":\"n1\",\"job\":\"dmon\",\"ver\":\"%d\"},",
			(ts - 1700000000) / 150
		print "\"metrics\":{\"target_info\":1}}"
	}' | awk '/"kind":"sweep"/ { sweep = $0; next }
	/target_info/ { print; print sweep; next }
	{ print }' >"$T/in"
# c comes for a minute and goes for a minute, and so a marker stands behind its
# last sample.
awk -F'[:,]' '!/"\/c"/ || ($2 - 1700000000) % 120 >= 30 &&
	($2 - 1700000000) % 120 < 90' "$T/in" >"$T/gaps"

cat >"$T/exprs" <<'END'
info(m)
info(m, {ver=~".+"})
info(rate(total[1m] offset 4m))
info(m offset 6m or vector(1))
info(last_over_time(m[2m:30s] offset 3m))
increase(total[20s] anchored)
changes(m[20s] anchored offset 1m)
rate(total[10s] smoothed offset 6m)
m smoothed offset 400
m + fill (0) m{id="/a"} offset 5m
m{id="/b"} - on (instance) group_right fill_left (7) m{id=~"/[ac]"} offset 1m
END
# Time, labels and value of what records say.
values() {
	jq -r '"\(.ts) \(.labels | del(.rule_group) | to_entries | sort |
		map("\(.key)=\(.value)") | join(",")) \(.metrics[])"' | sort
}
# Each rule alone, as others may have the same series kept for longer.
while read -r e; do
	cat >"$T/r.yml" <<END
groups: [{name: g, interval: 1m, rules: [{record: r, expr: '$e'}]}]
END
	dmon-match --only -r "$T/r.yml" <"$T/gaps" | grep '{"r":[0-9+-]' |
		values >"$T/match"
	cut -d ' ' -f 1 "$T/match" | sort -u | while read -r at; do
		dmon-query --format json --at "$at" "$e" "$T/gaps"
	done | values >"$T/query"
	same "$T/match" "$T/query" "$e"
	[ "$(wc -l <"$T/match")" -gt 10 ]
	ok $? "$e: it is there"
done <"$T/exprs"
done_testing
