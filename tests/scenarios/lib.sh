# SPDX-License-Identifier: GPL-3.0-or-later
# What scenarios may use (see run), and how they are judged.

now() {
	date +%s.%3N
}

case_defaults() {
	wants=
	within=1
	crosses=0
	lasts=4
	alone=
	host=
	setup() { :; }
	attack() { go; }
	clean() { :; }
}

# box SCRIPT [OPTION...]: a container named as the scenario, and ".$part" if
# that is set. It waits for `go`, then runs SCRIPT and stays for a while. The
# scenario's folder is /suite in it.
box() {
	box_script=$1
	shift
	dockerd_client run -d --name "$name${part:+.$part}" --network none \
		--memory 64m --memory-swap 64m --pids-limit 64 --cpus 0.5 \
		--ulimit core=0 --log-opt max-size=1m --log-opt max-file=1 \
		-v "$S:/suite:ro" "$@" busybox:test sh -c "
		[ -n '${part-}' ] || read -r go </suite/go
		$box_script
		exec sleep 3000"
}

# What an attacker needs, who has been given too much.
laden='--cap-add SYS_ADMIN --cap-add SYS_PTRACE
	--security-opt seccomp=unconfined --security-opt apparmor=unconfined'

# Lets the scenario's container go on, from now on it counts.
go() {
	now >"$S/began"
	timeout 5 sh -c "echo go >'$S/go'"
}

# box_pid [PART]: the first process of a container, as the host counts.
box_pid() {
	dockerd_client inspect -f '{{.State.Pid}}' "$name${1:+.$1}"
}

# A cable from the scenario's container to its PART: eth0 in both, with
# 10.9.8.1 and 10.9.8.2.
cable() { # PART
	cable_1=$(box_pid)
	cable_2=$(box_pid "$1")
	ip link add eth0 netns "$cable_1" type veth \
		peer name eth0 netns "$cable_2"
	nsenter -t "$cable_1" -n sh -c \
		'ip addr add 10.9.8.1/24 brd + dev eth0; ip link set eth0 up'
	nsenter -t "$cable_2" -n sh -c \
		'ip addr add 10.9.8.2/24 brd + dev eth0; ip link set eth0 up'
}

alone() { echo "$alone"; }
print_truth() { echo "$truth"; }

# When it is to end, in whole seconds.
over() {
	[ "$truth" != normal ] || lasts=$normal_lasts
	awk -v lasts="$lasts" '{ printf "%d\n", $1 + lasts + 1 }' "$S/began"
}

# The identities of its containers, as a regex.
case_ids() {
	awk -v name="$name" '$2 == name || index($2, name ".") == 1 {
		printf "%s%s", n++ ? "|" : "", $1 }' "$T/ids"
}

# One line: name, truth, verdict, first alert after, which, right or wrong,
# criticals of any threat, alerts that count, containers, from when, to when.
judge() {
	judge_ids=$(case_ids)
	jq -nr --arg name "$name" --arg truth "$truth" --arg wants "$wants" \
		--arg ids "$judge_ids" --arg host "$host" \
		--argjson began "$(cat "$S/began")" \
		--argjson ended "$(cat "$S/ended")" \
		--argjson due "$((within + crosses))" \
		--argjson crosses "$crosses" \
		-f tests/scenarios/verdict.jq "$T/$(cat "$S/phase").alerts"
}

# The scenario's own records of at most 100 seconds, and what ends a sweep; of
# the host's where they are needed.
records() {
	records_ids=$(case_ids)
	grep -E "${records_ids:-no container}|\"kind\":\"(sweep|host|event)\"" \
		"$T/$(cat "$S/phase").records" |
		jq -c --arg ids "$records_ids" --arg host "$host" --arg name "$name" \
		--argjson began "$(cat "$S/began")" \
		--argjson ended "$(cat "$S/ended")" '
		select(.ts > $began - 5 and .ts < $ended and .ts < $began + 100)
		| if $ids != "" and ((.labels.id // "") | test($ids)) then .
		elif .kind == "sweep" and (.labels | has("source") | not) then .
		elif .kind == "event" and .labels.what then
			select(.labels as $l | $host | contains($l.what))
		elif .kind == "host" and $host != ""
			and ((.labels.mountpoint // "") |
				. == "" or endswith("/suite-" + $name)) then .
		else empty end'
}

# Alerts about the host that no scenario is about.
strangers() {
	for strangers_phase in attacks normal; do
		[ -f "$T/$strangers_phase.alerts" ] || continue
		jq -r 'select(.status == "firing" and .labels.id == null and
			.labels.severity != "info") |
			"\(.labels.severity) \(.labels.alertname)"' \
			"$T/$strangers_phase.alerts" | sort | uniq -c |
			sed "s/^ */about the host ($strangers_phase): /"
	done
}
