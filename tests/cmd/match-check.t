#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-match --check: every error of every file, with its place.
. "$(dirname "$0")/lib.sh"

mkdir -p "$T/rules/deep"
cat >"$T/rules/good.yml" <<'END'
groups:
  - name: g
    rules:
      - {alert: A, expr: m > 1}
      - {record: "m:sum", expr: sum(m)}
END
cat >"$T/rules/deep/bad.yml" <<'END'
groups:
  - name: g
    interval: soon
    rules:
      - alert: A
        expr: m >
        annotations: {s: "{{ nonsense }}"}
  - name: g
    rules:
      - record: a b
        expr: 'm{a="b"'
END
cat >"$T/rules/twice.yaml" <<'END'
groups:
  - name: g
    rules:
      - {alert: A, expr: m > 1, labels: {a: b}}
      - {alert: A, expr: m > 2, labels: {a: c}}
  - name: h
    rules:
      - {alert: A, expr: m > 3, labels: {a: b}}
END

cd "$T" || exit 4
dmon-match --check rules/good.yml >o 2>e
is "$? $(cat o e)" "0 Checking rules/good.yml
  SUCCESS: 2 rules found" "a good file"
dmon-match --check -r rules/good.yml rules/twice.yaml >o 2>e
is "$? $(grep -c SUCCESS o)" "0 2" "-r and arguments"
is "$(cat e)" "dmon-match: rules/twice.yaml:8: warning: duplicate rule: alert \"A\" with these labels is in line 4 already" \
	"a rule that is there already is warned of"

cat >severity.yml <<'END'
groups:
  - name: g
    rules:
      - {alert: A, expr: m, labels: {severity: critcal}}
      - {alert: B, expr: m, labels: {severity: critical}}
      - {alert: C, expr: m, labels: {severity: ""}}
      - {alert: D, expr: m, labels: {severity: "{{ $value }}"}}
      - {record: r, expr: m, labels: {severity: page}}
  - name: h
    labels: {severity: page}
    rules:
      - {alert: E, expr: m}
      - {alert: F, expr: m, labels: {severity: info}}
END
dmon-match --check severity.yml >o 2>e
is "$? $(cat e)" "0 dmon-match: severity.yml:4: warning: alert \"A\": the severity \"critcal\" is not info, warning or critical: --fail-on passes it over
dmon-match: severity.yml:12: warning: alert \"E\": the severity \"page\" is not info, warning or critical: --fail-on passes it over" \
	"a severity that is none of ours is warned of"

dmon-match --check rules >o 2>e
is $? 2 "a folder with a wrong file: 2"
cat >expected <<'END'
Checking rules/deep/bad.yml
  FAILED: 6 errors

Checking rules/good.yml
  SUCCESS: 2 rules found

Checking rules/twice.yaml
  SUCCESS: 3 rules found

END
same o expected "each file is told of"
sed -n 's/^dmon-match: \(rules.deep[^ ]*\): .*/\1/p' e >places
cat >expected <<'END'
rules/deep/bad.yml:3:15
rules/deep/bad.yml:6:18
rules/deep/bad.yml:7:30
rules/deep/bad.yml:8:5
rules/deep/bad.yml:10:17
rules/deep/bad.yml:11:23
END
same places expected "all errors of a file, each with its place"
dmon-match -r rules </dev/null >o 2>e
is "$? $(grep -c 'rules/deep/bad.yml:' e)" "2 6" "and so where they are to be used"

mkdir empty
dmon-match --check empty >o 2>e
is "$? $(cat o e)" "2 dmon-match: empty: no rule files" "an empty folder: 2"
dmon-match -r empty </dev/null >o 2>e
is "$? $(cat o e)" "0 dmon-match: empty: warning: no rule files" \
	"where it is to be used it is warned of"
dmon-match --check none >o 2>e
is "$? $(cat e)" "2 dmon-match: none: No such file or directory" "no such file: 2"
dmon-match --check --test rules/good.yml >o 2>e
is $? 2 "--check --test: 2"
dmon-match --test >o 2>e
is $? 2 "--test without files: 2"
dmon-match --external-label 1a=b -r rules/good.yml </dev/null >o 2>e
is $? 2 "--external-label of a wrong name: 2"

printf 'groups: [{name: g, interval: 292y}, {name: h, interval: 293y}]' >long.yml
dmon-match --check long.yml >o 2>e
is "$? $(cat e)" \
	'2 dmon-match: long.yml:1:57: interval: not a duration: "293y"' \
	"durations are bounded, as in Prometheus"
dmon-match --silence 293y -r rules/good.yml </dev/null >o 2>e
is $? 2 "and those of options"
dmon-match --silence 1e11 -r rules/good.yml </dev/null >o 2>e
is $? 2 "in seconds, too"

# A short file that would become a huge one.
{
	printf 'groups:\n- name: g\n  rules: &r\n'
	yes '  - {record: a, expr: b}' | head -n 1000
	seq -f '%.0f' 1000 | sed 's/.*/- {name: g&, rules: *r}/'
} >bomb.yml
dmon-match --check bomb.yml >o 2>e
is "$? $(cat e)" \
	"2 dmon-match: bomb.yml:1042:22: what the aliases stand for is too much in all" \
	"rules behind many aliases"
{
	printf 'tests:\n- promql_expr_test: &e\n'
	yes -- '  - {expr: vector(1), exp_samples: [{value: 1}]}' | head -n 1000
	yes -- '- promql_expr_test: *e' | head -n 1000
} >bomb.test.yml
dmon-match --test bomb.test.yml >o 2>e
is "$? $(grep -c 'bomb.test.yml:1026:21: what the aliases' e)" "2 1" \
	"and tests"
{
	printf 'groups:\n- name: g\n  labels:\n'
	seq -f '    l%.0f: x' 2000
	printf '  rules:\n'
	yes '  - {record: a, expr: b}' | head -n 2000
} >labels.yml
dmon-match --check labels.yml >o 2>e
is "$? $(cat e)" \
	"2 dmon-match: labels.yml:4:5: these labels, of each rule, are too much in all" \
	"a group's many labels of many rules"

# Many of what must be unlike.
{
	printf 'groups:\n- name: g\n  rules:\n  - alert: a\n    expr: m\n'
	printf '    annotations:\n'
	seq -f '      a%.0f: x' 10001
} >annotations.yml
dmon-match --check annotations.yml >o 2>e
is "$? $(cat e)" \
	"2 dmon-match: annotations.yml:7:7: annotations: more than 10000" \
	"more annotations than an alert can have"
{
	printf 'groups:\n'
	seq -f '- name: g%.0f' 50000
	printf -- '- name: g1\n'
} >groups.yml
dmon-match --check groups.yml >o 2>e
is "$? $(cat e)" \
	"2 dmon-match: groups.yml:50002:3: group \"g1\" is there already in this file" \
	"the last of 50,001 groups has the name of the first"
{
	printf 'groups:\n- name: g\n  labels: {l2: group, l3: group}\n  rules:\n'
	printf '  - alert: a\n    expr: m\n    labels:\n'
	seq -f '      l%.0f: own' 9000 -1 2
} >sorted.yml
echo '{"ts":1,"kind":"host","labels":{"instance":"h"},"metrics":{"m":1}}' >one
dmon-match --only -r sorted.yml one 2>e | grep -o '"l[1-4]":"[a-z]*"' |
	head -n 3 | tr '\n' ' ' >o
is "$(cat o e)" '"l2":"own" "l3":"own" "l4":"own" ' \
	"a rule's own labels count, and not the group's"
{
	printf 'groups:\n- name: g\n  rules:\n'
	yes '  - {alert: a, expr: m}' | head -n 30000
} >alike.yml
dmon-match --only -r alike.yml --state state one >o 2>e
is "$? $(grep -c '"status":"firing"' o) $(grep -o '"alert":"alike[^"]*"' state |
	sort -u | wc -l)" "0 30000 30000" "rules that are alike are kept apart"
dmon-match --only -r alike.yml --state state /dev/null >o 2>e
is "$? $(grep -c '"alert":' state)" "0 30000" "and so where they are restored"

# As promtool finds them, where it can be told: whether, and in how many rules.
command -v promtool >/dev/null || {
	skip "no promtool" "promtool counts as many rules"
	done_testing
}
for f in rules/good.yml rules/twice.yaml; do
	promtool check rules $f 2>&1 | grep -o '[0-9]* rules found' >p
	dmon-match --check $f 2>&1 | grep -o '[0-9]* rules found' >d
	[ -s p ] || echo "3 rules found" >p # it stops at duplicates
	same d p "promtool counts as many rules in $f"
done
done_testing
