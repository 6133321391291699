#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a user did, by a database of dmon-store: sessions on hosts and in
# containers, whom they became, and what was executed in those in containers.
# Times are as dmon-replay takes them. The programs must be in PATH, and jq.
# usage: sh examples/follow.sh DATABASE USER FROM TO
set -eu
usage='usage: sh examples/follow.sh DATABASE USER FROM TO'
db=${1:?$usage}
user=${2:?$usage}

# What is sampled of a session is said once; it counts from its first record.
# Names are chosen by others: no control characters.
dmon-replay -d "$db" --from "${3:?$usage}" --to "${4:?$usage}" --no-sweeps |
	grep -e '_session_[a-z_]*info":1' -e '"container_event_info":1' \
		-e '_event_session_[cou]' |
	jq -nr --arg user "$user" '
	def key: [.instance, .id, .session];
	# root in a container is anybody.
	def who: .login // if .id then null else .user end;
	def place: (.name // .id // .instance) + " session \(.session)";
	def session: place + ": \(.how)" +
		if .tty then " on \(.tty)" else "" end +
		if .from then " from \(.from)" else "" end +
		if .client then ", out of session \(.client)" else "" end +
		", as \(.user)";
	[inputs] as $all
	# Its sessions: by login where that is known.
	| ($all | map(select(.labels.how and (.labels | who) == $user).labels | key)
		| unique) as $mine
	| [$all[] | select(.labels | key as $k | $mine | bsearch($k) >= 0)]
	| reduce .[] as $r ({seen: {}, out: []};
		($r.labels | key | tojson) as $k | $r.labels as $l
		| if $r.metrics.container_session_info or
			$r.metrics.node_session_info
		then if .seen[$k] then . else .seen[$k] = true
			| .out += [[$r.ts, ($l | session)]] end
		elif $l.how then .info = $l
		elif $r.metrics.container_event_info
		then .out += [[$r.ts, ($l | place) +
			": \($l.exe // $l.comm), as \($l.user)"]]
		elif $r.metrics.container_event_session_uid or
			$r.metrics.host_event_session_uid
		then .out += [[$r.ts, ($l | place) + ": becomes \(.info.to)"]]
		elif $r.metrics.container_event_session_closed or
			$r.metrics.host_event_session_closed
		then .out += [[$r.ts, ($l | place) + ": over"]]
		else . end)
	| .out | sort_by(.[0])[]
	| "\(.[0] | floor | todate)  \(.[1])" | gsub("[[:cntrl:]]"; "?")'
