#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-match --test: unit tests of rules, what Prometheus 3 has beyond the
# promtool that match-test-promtool.t compares with, and what is wrong.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 4

cat >r.yml <<'END'
groups:
  - name: g
    rules:
      - alert: High
        expr: m > 3
        for: 1m
        annotations: {when: '{{ now | toTime }}', url: '{{ pathPrefix }}'}
      - {record: "m:time", expr: time()}
END

# The start of time, and numbers that are next to each other.
cat >three.test.yml <<'END'
rule_files: [r.yml]
evaluation_interval: 1m
fuzzy_compare: true
tests:
  - name: a time
    start_timestamp: 2024-01-01T00:00:00Z
    external_url: http://host/prefix
    input_series:
      - {series: m, values: 1+1x15}
    promql_expr_test:
      - {expr: time(), eval_time: 0, exp_samples: [{value: 1704067200}]}
      - {expr: m:time, eval_time: 5m, exp_samples: [{labels: "m:time", value: 1704067500}]}
      - {expr: timestamp(m), eval_time: 5m, exp_samples: [{value: 1704067500}]}
    alert_rule_test:
      - {eval_time: 3m, alertname: High}
      - eval_time: 4m
        alertname: High
        exp_alerts:
          - exp_annotations: {when: "2024-01-01 00:04:00 +0000 UTC", url: /prefix}
  - name: seconds since 1970, and no interval
    start_timestamp: 1609459200
    input_series:
      - {series: '{"m", "a b"="c"}', values: 0.1 0.1}
    promql_expr_test:
      - {expr: time(), eval_time: 10m, exp_samples: [{value: 1609459800}]}
      - {expr: m + 0.2, eval_time: 1m, exp_samples: [{labels: '{"a b"="c"}', value: 0.3}]}
END
dmon-match --test three.test.yml >o 2>e
is "$? $(cat o e)" "0 Unit Testing:  three.test.yml
  SUCCESS" "start_timestamp, fuzzy_compare, a quoted label"
sed 's/fuzzy_compare: true/fuzzy_compare: false/' three.test.yml >exact.test.yml
dmon-match --test exact.test.yml >o 2>e
is "$? $(sed -n 's/^ *\(exp\|got\): //p' e | tr '\n' ' ')" \
	'1 {a b="c"} 3E-01 {a b="c"} 3.0000000000000004E-01 ' \
	"without fuzzy_compare they differ"

# Groups of Prometheus 3: what they look at, and their labels.
cat >groups.yml <<'END'
groups:
  - name: late
    query_offset: 1m
    labels: {team: a, severity: info}
    rules:
      - {record: seen, expr: m}
      - {alert: Late, expr: m > 1, labels: {severity: critical}}
  - name: limited
    limit: 1
    rules:
      - {record: one, expr: m}
END
cat >groups.test.yml <<'END'
rule_files: [groups.yml]
tests:
  - interval: 1m
    input_series:
      - {series: m, values: 1+1x5}
    promql_expr_test:
      - {expr: seen, eval_time: 2m, exp_samples: [{labels: 'seen{severity="info", team="a"}', value: 2}]}
      - {expr: timestamp(seen), eval_time: 2m, exp_samples: [{labels: '{severity="info", team="a"}', value: 60}]}
      - {expr: 'ALERTS{alertname="Late"} offset 1m', eval_time: 2m, exp_samples: [{labels: 'ALERTS{alertname="Late", alertstate="firing", severity="critical", team="a"}', value: 1}]}
      - {expr: one, eval_time: 0, exp_samples: [{labels: one, value: 1}]}
    alert_rule_test:
      - {eval_time: 1m, alertname: Late}
      - {eval_time: 2m, alertname: Late, exp_alerts: [{exp_labels: {severity: critical, team: a}}]}
END
dmon-match --test groups.test.yml >o 2>e
is "$? $(cat e)" "0 " "query_offset, a group's labels and limit"
awk '{ print }
	/series: m,/ { print "      - {series: \047m{a=\"b\"}\047, values: _ 1}" }' \
	groups.test.yml >limit.test.yml
dmon-match --test limit.test.yml >o 2>e
is "$? $(sed -n 2p e)" "1     rule: one, time: 1m0s, err: exceeded limit of 1 with 2 series" \
	"a limit that is exceeded ends the test"

# More files: the highest status, and each is told of.
dmon-match --test three.test.yml exact.test.yml >o 2>e
is "$? $(grep -c '^  SUCCESS' o) $(grep -c FAILED e)" "1 1 1" "one that fails: 1"
dmon-match --test exact.test.yml none.test.yml three.test.yml >o 2>e
is "$? $(grep -c '^  SUCCESS' o) $(grep -c FAILED e)" "2 1 2" \
	"one that is not there: 2, and the others are run"
grep -q '^dmon-match: none.test.yml: No such file' e
ok $? "which is said"

mkdir folder
dmon-match --test folder >o 2>e
is "$? $(grep -c 'dmon-match: folder: ' e)" "2 1" "a folder: 2"

# What is wrong with a file, all of it.
cat >wrong.test.yml <<'END'
rule_files: [r.yml]
evaluation_interval: often
group_eval_order: [g, h, g]
fuzzy_compare: perhaps
tests:
  - interval: 1m
    start_timestamp: yesterday
    input_series:
      - {series: 'm{a="b"', values: 1}
      - {series: 'm', values: '1 2 {{schema:0 count:4}}'}
      - {series: 'm', values: '1 2x'}
      - {series: '{a="b"}', values: 1}
      - {values: 1, value: 2}
    alert_rule_test:
      - {eval_time: 1m, exp_alerts: []}
      - {eval_time: 1 minute, alertname: High, exp_alerts: {}}
      - {eval_time: 1m, alertname: High, exp_alerts: [{labels: {a: b}}]}
    promql_expr_test:
      - {expr: 'sum(m', eval_time: 1m}
      - {expr: 'm[5m]', eval_time: 1m}
      - {eval_time: 1m}
      - {expr: m, eval_time: 1m, exp_samples: [{labels: 'm{a}', value: 1}]}
      - {expr: m, eval_time: 1m, exp_samples: [{value: one}, {value: "1"}]}
      - {expr: m, eval_time: 1m, exp_samples: [{histogram: '{{sum:1}}'}]}
END
dmon-match --test wrong.test.yml >o 2>e
is "$? $(grep -c SUCCESS o)" "2 0" "a wrong file: 2"
sed -n 's/^dmon-match: wrong.test.yml:\([0-9:]*\): .*/\1/p' e >places
cat >expected <<'END'
2:22
4:16
3:26
7:22
9:26
10:36
11:36
12:18
13:21
13:9
15:9
16:21
16:60
17:56
19:22
20:16
21:9
22:61
23:56
23:70
24:60
END
same places expected "each error has its place"
is "$(grep -c 'native histograms are not supported' e)" 2 \
	"native histograms are refused clearly"

printf 'rule_files: [bad.yml]\ntests: [{interval: 1m}]\n' >bad.test.yml
printf 'groups:\n- {name: g, rules: [{alert: A, expr: m >}]}\n' >bad.yml
dmon-match --test bad.test.yml >o 2>e
is "$? $(sed -n 's/^dmon-match: \([^ ]*\) .*/\1/p' e)" "2 bad.yml:2:41:" \
	"a wrong rule file: 2, with the place"

# What would go on for ever does not.
printf 'rule_files: [r.yml]\ntests:\n- name: long\n  interval: 1m\n' >head
{
	cat head
	echo '  promql_expr_test: [{expr: m, eval_time: 100y}]'
} >long.test.yml
dmon-match --test long.test.yml >o 2>e
is "$? $(grep -c 'test long: more than 10000000 evaluations' e)" "2 1" \
	"a test of a hundred years is refused"
{
	cat head
	echo '  input_series: [{series: m, values: 0x18446744073709551614 _x99999999999 1+1x9999999999}]'
	echo '  promql_expr_test: [{expr: m, eval_time: 1h, exp_samples: [{labels: m, value: 0}]}]'
} >many.test.yml
dmon-match --test many.test.yml >o 2>e
is $? 0 "as many values as can be written cost nothing"

# Names and labels that would move a terminal.
cat >hostile.test.yml <<'END'
rule_files: [r.yml]
tests:
- name: "a\e[31m\nb"
  interval: 1m
  input_series: [{series: "m{a=\"\\x1b[31m\\n\"}", values: 9x9}]
  alert_rule_test: [{eval_time: 5m, alertname: "High\e[0m"}, {eval_time: 5m, alertname: High}]
  promql_expr_test: [{expr: "m + 0 # \e[1m", eval_time: 1m}]
END
dmon-match --test hostile.test.yml >o 2>e
is "$? $(tr -d '\n -~' <e | wc -c)" "1 0" "no control characters are printed"
grep -q 'Labels:{a="\\x1b\[31m\\n", alertname="High"}' e
ok $? "labels are quoted as in promtool"
dmon-match --test hostile.test.yml >/dev/full 2>e
is $? 4 "no space for output: 4"
done_testing
