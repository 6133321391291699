#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The alerts of all shipped rules are those of Prometheus's own rule manager,
# in promtool: on the recording of three containers, and on what is made of it
# so that all of them fire. See promtool-alerts.py for how, and for where
# promtool 2 is another thing than Prometheus 3.
. "$(dirname "$0")/lib.sh"
for tool in promtool jq python3; do
	command -v $tool >/dev/null || skip_all "no $tool"
done

py="python3 tests/cmd/promtool-alerts.py"
gzip -dc examples/recording.ndjson.gz >"$T/recorded"
first=$(jq -n input.ts "$T/recorded")
rules=$(ls rules/*.yml | grep -v '\.test\.yml$')
for a in '' -a; do
	# shellcheck disable=SC2086 # words
	$py ours $a $rules >"$T/ours$a"
	$py theirs "$T/ours$a" >"$T/theirs$a"
done

# made FILTER STEP FILE: the recording, by functions of rules-prometheus.jq
made() {
	jq -c --argjson first "$first" --argjson step "$2" \
		"$(cat tests/cmd/rules-prometheus.jq) $1" "$T/recorded" >"$T/$3"
}

# compare RECORDS INTERVAL WHAT [-a]: with -a their annotations
compare() {
	a=${4:-}
	dmon-match --only --interval "$2s" -r "$T/ours$a" "$T/$1" \
		>"$T/$1.out" 2>"$T/err"
	is "$? $(cat "$T/err")" "0 " "$3: no rule fails"
	# shellcheck disable=SC2086 # none or one
	$py tests $a "$T/theirs$a" "$2" "$T/$1" "$T/$1.out" >"$T/$1$a.yml"
	promtool test rules "$T/$1$a.yml" >"$T/said" 2>&1
	status=$?
	ok $status "$3: promtool sees the same${a:+, and the same texts}"
	[ $status -eq 0 ] || head -n 30 "$T/said" | cut -c1-300 | sed 's/^/#   /'
}

compare recorded 1 "as recorded"
made gone 1 gone
compare gone 1 "containers that vanish while they fire"
made storm 1 storm-1s
compare storm-1s 1 "all goes wrong, within a minute"

# No multiple of it is five minutes, which is how long a sample lasts: in 2.42
# its end is in.
step=22
made 'stretched | storm' $step storm
compare storm $step "all goes wrong, within twenty minutes"
compare storm $step "the same" -a
made 'stretched | storm | lost' $step this
made 'stretched | other' $step other
jq -cs 'sort_by(.ts)[]' "$T/this" "$T/other" >"$T/lost"
compare lost $step "hosts that are lost"
compare lost $step "the same" -a
made 'stretched | untold' $step untold
compare untold $step "nobody says up"
compare untold $step "the same" -a

# These are about what Prometheus and dmon-match say of themselves, and
# promtool does not.
jq -r 'select(.status == "firing").labels.alertname' "$T"/*.out |
	sort -u >"$T/fired"
sed -n 's/^ *- alert: //p' $rules | grep -vx -e RuleFails -e ClockWasWrong | sort >"$T/all"
same "$T/fired" "$T/all" "each alert fires, and so has been compared firing"
jq -r '.tests[].alert_rule_test[].alertname' \
	"$T"/*-a.yml | sort -u >"$T/texts"
same "$T/texts" "$T/all" "and so have its annotations"
done_testing
