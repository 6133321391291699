#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What shipped rules have in common: grades, names of attacks, texts, and
# metrics that something writes.
. "$(dirname "$0")/lib.sh"

: >"$T/nothing"
rules=$(ls rules/*.yml | grep -v '\.test\.yml$')

# One line an alert: file, alert, severity, threat, mitre, and which texts.
# shellcheck disable=SC2086 # one argument a file
awk '
	function end() {
		if (alert)
			print file, alert, severity, threat, mitre, texts
		alert = ""
	}
	/^ *- (alert|record):/ {
		end()
		severity = threat = mitre = texts = "-"
		file = FILENAME
		if ($2 == "alert:")
			alert = $3
	}
	/^          severity: / { severity = $2 }
	/^          threat: / { threat = $2 }
	/^          mitre: / { mitre = $2 }
	/^          summary: / { texts = texts "s" }
	/^          description: / { texts = texts "d" }
	END { end() }
' $rules >"$T/alerts"
test "$(wc -l <"$T/alerts")" -eq "$(cat $rules | grep -c '^ *- alert:')"
ok $? "each alert is looked at"
awk '$3 !~ /^(info|warning|critical)$/' "$T/alerts" >"$T/bad"
same "$T/bad" "$T/nothing" "each has a severity"
awk '$4 !~ /^(escape|dos|intrusion|spying|failure|blindness)$/' "$T/alerts" >"$T/bad"
same "$T/bad" "$T/nothing" "each has a threat of those that dmon-rules(5) lists"
for threat in escape dos intrusion spying failure blindness; do
	grep -q "^\.It Cm $threat\$" man/dmon-rules.5
	ok $? "$threat is among them"
done
awk '$5 !~ /^(-|T[0-9][0-9][0-9][0-9](\.[0-9]+)?)$/ ||
	($5 == "-" && $3 != "info" && $4 != "failure")' "$T/alerts" >"$T/bad"
same "$T/bad" "$T/nothing" "each attack names its technique"
awk '$6 != "-sd"' "$T/alerts" >"$T/bad"
same "$T/bad" "$T/nothing" "each says what happened and what to do"
awk '{ print $2 }' "$T/alerts" | sort | uniq -d >"$T/bad"
same "$T/bad" "$T/nothing" "no two have the same name"
for file in $rules; do
	grep -q "^\.It Pa $(basename "$file")\$" man/dmon-rules.5 ||
		echo "$file"
done >"$T/bad"
same "$T/bad" "$T/nothing" "dmon-rules(5) lists each file"

# A name is chosen by whoever starts a container; it stands in no command.
commands='docker|dmon-[a-z]*|nsenter|cp|cat|grep|ls[a-z]*|ps|[a-z]*ctl|find|du'
# shellcheck disable=SC2086
cat $rules | tr -s '\n ' '  ' | sed 's/ - alert: /\n/g' |
	grep -E "[:,] (and )?($commands) [^.:;,]*\{\{ [a-z ]*[\$]labels" >"$T/bad"
same "$T/bad" "$T/nothing" "no label stands in a command"

# A rule over a metric that nothing writes is worse than none.
{
	gzip -dc examples/recording.ndjson.gz | jq -r '.metrics | keys[]'
	grep -o '[a-z][a-z0-9_]*_[a-z0-9_]*' man/dmon-metrics.7
	# shellcheck disable=SC2086
	sed -n 's/^ *- record: //p' $rules
	echo up
	# dmon-match writes these of itself.
	echo prometheus_rule_evaluation_failures_total
	echo dmon_clock_set_back_total
} | sort -u >"$T/written"
# shellcheck disable=SC2086
awk '
	/^        expr:/ { on = 1 }
	/^        [a-z_]*:/ && !/expr:/ { on = 0 }
	/^      - / { on = 0 }
	on { print }
' $rules | sed 's/"[^"]*"//g; s/expr://' |
	grep -o '[a-zA-Z_:][a-zA-Z0-9_:]*' |
	grep '^\(up\|container\|node\|dmon\|process\|scrape\|prometheus\)[_:]\|^up$' |
	sort -u >"$T/used"
test "$(wc -l <"$T/used")" -gt 80
ok $? "rules look at many metrics"
comm -13 "$T/written" "$T/used" >"$T/bad"
same "$T/bad" "$T/nothing" "each is written by something"
done_testing
