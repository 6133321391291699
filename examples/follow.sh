#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a user did, or who was in a container, by a database of dmon-store:
# sessions on hosts and in containers, whom they became, what was executed in
# those in containers, and what an engine was asked to execute or copy there.
# Times are as dmon-replay takes them. The programs must be in PATH, and jq.
# Exits with 1 where there is nothing, else as dmon-replay does.
# usage: sh examples/follow.sh DATABASE USER|container:NAME FROM TO
if [ $# -ne 4 ] || [ -z "$2" ]; then
	sed -n 's/^# usage/usage/p' "$0" >&2
	exit 2
fi

# The last line is dmon-replay's status where that is not 0.
{
	dmon-replay -d "$1" --from "$3" --to "$4" --no-sweeps \
		--select node_session_info --select container_session_info \
		--select node_session_start_time_seconds \
		--select container_session_start_time_seconds \
		--select host_event_session_info \
		--select host_event_session_closed \
		--select container_event_session_info \
		--select container_event_session_closed \
		--select container_event_info --select container_event_exec \
		--select container_event_engine_info || echo $?
} | jq -nr --arg who "$2" '
	# Texts are chosen by others: nothing that a terminal would obey.
	def plain: gsub("[[:cntrl:]\\p{Cf}\\p{Zl}\\p{Zp}]"; "?");
	def place: .name // .id // .instance;
	def how: "\(.how)" + if .tty then " on \(.tty)" else "" end +
		if .from then " from \(.from)" else "" end +
		if .client then ", out of session \(.client)" else "" end +
		", as \(.user)";
	def is_asked: ($who | ltrimstr("container:")) as $name
		| .name == $name or .id == $name or
		($name | test("^[0-9a-f]{12,64}$")) and
		(.id // "" | contains($name));

	# What a record says (text) of a session (l); what was executed has
	# its session in the record before.
	def fact($m; $before):
		if $m.container_event_exec then
			.pid as $pid | $before
			| select(.session and .pid == $pid and
				$m.container_event_runtime_setup != 1)
			| {l: ., text: ("\(.comm // "?") (\(.exe // "?"))" +
				", as \(.user)"), leads: (.pid == .session)}
		elif $m.container_event_info then empty
		elif $m.container_event_engine_info then
			select(.action | IN("exec_start", "archive-path",
				"extract-to-dir"))
			| {l: ., text: "\(.action) \(.command // .path)"}
		elif .how then {l: ., is: .,
			text: (if .to then "becomes \(.to)" else null end)}
		elif $m.container_event_session_closed or
			$m.host_event_session_closed then {l: ., text: "over"}
		else {l: ., ts: ($m.node_session_start_time_seconds //
			$m.container_session_start_time_seconds)} end;
	[foreach inputs as $r ([]; [.[1], $r];
		if $r | type == "number" then "" | halt_error($r) else . end
		| .[0].labels as $before | {ts: $r.ts} + ($r.labels
			| fact($r.metrics; $before))
		| .at = (.l | [.instance, .id, .session]))]

	# Each session, of when and whose it is: root in a container is anybody.
	# An engine does not say who asked it.
	| [group_by(.at)[] | if .[0].l.action then .[] | [.] else . end
		| {at: .[0].at, l: .[0].l, is: (map(.is) | add),
		first: (map(.ts | numbers) | min), last: (map(.ts) | max),
		leads: any(.[]; .leads), told: map(select(.text)),
		# Until it is sampled again.
		grace: (if any(.[]; .text == "over") then 0 else 60 end)}]
	| (map(select(.at[1] == null)
		| {(.at | tojson): (.is | .login // .user)}) | add) as $hosts
	| map(.by = (.is.login // if .at[1] then
		$hosts[[.at[0], null, .is.client] | tojson]
		else .is.user end)
		| select(.is or .l.action or .leads and .last - .first < 10))

	# Of a user what is his, and what may be.
	| map(select(.by == $who)) as $his
	| map(select(if $who | startswith("container:") then .l | is_asked
		elif .by then .by == $who
		else . as $s | .is.how != "tty" and any($his[];
			.at[0] == $s.at[0] and .first <= $s.first and
			$s.first <= .last + .grace) end)
		| (.l | place + if .session then " session \(.session)"
			else "" end) as $place
		| (if .at[1] == null then "" elif .by then ", by \(.by)"
			else ", by whom is not known" end) as $by
		| if .is then [.first, 0, "\($place): \(.is | how)\($by)"]
			else empty end,
		(.is as $is | .told[] | [.ts, 1, "\($place): \(.text)" +
			if $is then "" else $by end]))
	| if . == [] then "follow.sh: nothing of \($who | plain)\n"
		| halt_error(1) else . end
	| sort_by(.[:2])[] | "\(.[0] | floor | todate)  \(.[2] | plain)"'
