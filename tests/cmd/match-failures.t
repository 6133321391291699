#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An evaluation that fails is counted, and leaves alerts and series as they
# are: it never reads as "no match".
. "$(dirname "$0")/lib.sh"

# A sweep a second; from 10 to 19 there are two m for one n, and too many p.
awk 'BEGIN {
	head = "{\"ts\":%d,\"kind\":\"container\",\"labels\":{\"instance\":\"n\",\"job\":\"dmon\",\"id\":\"/%s\",\"name\":\"web\"},\"metrics\":{%s}}\n"
	for (t = 0; t < 90; t++) {
		bad = t >= 10 && t < 20
		printf head, 1700000000 + t, "a", "\"m\":5,\"n\":1,\"p\":1"
		if (bad)
			printf head, 1700000000 + t, "b", "\"m\":6,\"n\":1,\"p\":1"
		printf "{\"ts\":%d,\"kind\":\"sweep\",\"labels\":{\"instance\":\"n\",\"job\":\"dmon\"},\"metrics\":{\"up\":1}}\n", 1700000000 + t
	}
}' >"$T/in"
cat >"$T/r.yml" <<'END'
groups:
  - name: match
    rules:
      - alert: Many
        expr: m * on(name) n > 0
        for: 5s
      - record: many
        expr: m * on(name) n
  - name: limit
    limit: 1
    rules:
      - alert: Limited
        expr: p > 0
        for: 15s
  - name: watch
    rules:
      - alert: RulesFail
        expr: increase(prometheus_rule_evaluation_failures_total[10s]) > 0
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.rule_group }}"}
      - alert: Held
        expr: count_over_time(ALERTS{alertname="Many", alertstate="firing"}[90s]) > 1
END
cd "$T" || exit 4
dmon-match --only -r r.yml <in >out 2>err
is $? 0 "status 0"

told() { # NAME: its changes, as SECOND STATUS
	jq -r --arg name "$1" 'select(.kind == "alert" and
		.labels.alertname == $name) |
		"\(.ts - 1700000000) \(.status)"' out | tr '\n' ' '
}
is "$(told Many)" "0 pending 5 firing " "many to many: the alert fires on"
is "$(told Limited)" "0 pending 20 firing " \
	"over the limit: one that is pending waits, and is not forgotten"
is "$(jq -c 'select(.metrics.many? == null and (.metrics | has("many")))' out |
	wc -l)" 0 "the series does not end"
is "$(jq -c 'select(.metrics.many?) | .ts - 1700000000' out | wc -l)" 80 \
	"and is not written either while it can't be told"
is "$(grep -c 'many-to-many\|found duplicate' err)" 2 "each is said once"
is "$(grep -c 'exceeded limit of 1 with 2 alerts' err)" 1 "the limit, too"

counts() { # GROUP: seconds, failures and evaluations, as they were written
	jq -r --arg group "r.yml;$1" 'select(.kind == "rule" and
		.labels.rule_group == $group) | "\(.ts - 1700000000):" +
		"\(.metrics.prometheus_rule_evaluation_failures_total)/" +
		"\(.metrics.prometheus_rule_evaluations_total)"' "${2:-out}" |
		tr '\n' ' '
}
is "$(counts limit)" "0:0/1 10:1/11 11:2/12 12:3/13 13:4/14 14:5/15 15:6/16 16:7/17 17:8/18 18:9/19 19:10/20 40:10/41 " \
	"counts are written at a failure, and once in a minute"
is "$(counts match | tr ' ' '\n' | grep '^19:\|^40:' | tr '\n' ' ')" \
	"19:20/40 40:20/82 " "of each rule"
is "$(told RulesFail)" "11 firing 11 firing 28 resolved 28 resolved " \
	"rules of the same process see them"
is "$(jq -r 'select(.labels.alertname? == "RulesFail") |
	.annotations.summary // empty' out | sort -u | tr '\n' ' ')" \
	"r.yml;limit r.yml;match " "and which group it is"

# What the stream says of them is not counted again.
dmon-match -r r.yml <in >whole 2>err
dmon-match --only -r r.yml <whole >again 2>err
same again out "a recording that has them: the same"

# From one run to the next.
for part in 1 2 3; do
	awk -v part=$part '{ n += /"kind":"sweep"/ && last; last = 0 }
		int(i / 30) + 1 == part
		/"kind":"sweep"/ { i++ }' in |
		dmon-match --only --state state -r r.yml
done >pieces 2>err
same pieces out "in pieces, with --state: the same"

# ALERTS goes on while the rule fails for more than a minute.
sed -n '/"ts":170000001[0-9]/p' in >bad
{
	sed -n '/"ts":170000000[0-9]/p' in
	awk '{ for (i = 0; i < 40; i++) { l = $0
		line[NR] = l } }
		END { for (s = 10; s < 400; s++)
			for (k = 1; k <= 3; k++) { l = line[k]
				sub(/"ts":[0-9]*/, "\"ts\":" 1700000000 + s, l)
				print l } }' bad
} | dmon-match --only -r r.yml >out 2>err
is "$(told Many)" "0 pending 5 firing " "six minutes of failures: it fires on"
is "$(jq -c 'select(.metrics.ALERTS? and .labels.alertname == "Many") |
	.ts - 1700000000' out | tr '\n' ' ')" "0 5 40 100 160 220 280 340 " \
	"and ALERTS says so"
done_testing
