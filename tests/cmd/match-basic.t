#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-match: what goes through, and how it ends.
. "$(dirname "$0")/lib.sh"
. tests/cmd/match-stream.sh

cat >"$T/high.yml" <<'END'
groups:
  - name: g
    rules:
      - alert: High
        expr: m > 60
        labels: {severity: warning}
END

stream 60 >"$T/in"
dmon-match -r "$T/high.yml" <"$T/in" >"$T/out"
is $? 0 "status 0"
grep -v '"kind":"\(alert\|recorded\|rule\)"' "$T/out" >"$T/passed"
same "$T/passed" "$T/in" "what was read goes through"
[ "$(alerts "$T/out" | wc -l)" -gt 20 ]
ok $? "alerts fire"

dmon-match -r "$T/high.yml" --only <"$T/in" >"$T/only"
grep '"kind":"\(alert\|recorded\|rule\)"' "$T/out" >"$T/added"
same "$T/only" "$T/added" "--only writes what is added"

dmon-match -r "$T/high.yml" <"$T/out" >"$T/again"
grep -v '"kind":"\(recorded\|rule\)"' "$T/again" | sort | uniq -c |
	awk '$2 ~ /"kind":"alert"/ && $1 != 2' >"$T/odd"
is "$(wc -l <"$T/odd")" 0 "match | match: the same alerts, behind those read"

awk '{ for (i = 1; i <= length($0); i++) printf "%s", substr($0, i, 1)
	printf "\n" }' "$T/in" | while IFS= read -r line; do
	printf '%s\n' "$line"
done | dmon-match -r "$T/high.yml" >"$T/slow"
same "$T/slow" "$T/out" "in small pieces: the same"

printf '%s' "$(cat "$T/in")" | dmon-match -r "$T/high.yml" >"$T/cut"
same "$T/cut" "$T/out" "without the last newline: the same"

# From any start, the same moments.
for first in 1 7 33; do
	stream $((60 - first)) $first | dmon-match --only -r "$T/high.yml" |
		alerts | awk -v from=$((1700000000 + first)) '$1 > from' \
		>"$T/late"
	alerts "$T/out" | awk -v from=$((1700000000 + first)) '$1 > from' \
		>"$T/all"
	same "$T/late" "$T/all" "from second $first on: the same alerts"
done

dmon-match -r "$T/high.yml" --fail-on warning <"$T/in" >"$T/o"
is $? 1 "--fail-on warning: 1"
dmon-match -r "$T/high.yml" --fail-on critical <"$T/in" >"$T/o"
is $? 0 "--fail-on critical: 0"
dmon-match -r "$T/high.yml" --fail-on dreadful </dev/null >"$T/o" 2>"$T/e"
is $? 2 "--fail-on something else: 2"
echo nonsense | dmon-match -r "$T/high.yml" >"$T/o" 2>"$T/e"
is $? 3 "a line that is no record: 3"
dmon-match -r "$T/high.yml" <"$T/in" >/dev/full 2>"$T/e"
is $? 4 "no space for output: 4"
dmon-match -r "$T/none.yml" </dev/null >"$T/o" 2>"$T/e"
is $? 2 "no such rule file: 2"

# A folder, the folders in it, and neither unit tests nor hidden files.
mkdir -p "$T/rules/a/b" "$T/rules/.hidden"
cp "$T/high.yml" "$T/rules/a.yml"
sed s/High/Other/ "$T/high.yml" >"$T/rules/b.yaml"
sed s/High/Deep/ "$T/high.yml" >"$T/rules/a/b/c.yml"
ln -s .. "$T/rules/a/back"
ln -s "$T/high.yml" "$T/rules/a/linked.yml"
for wrong in c.test.yml c_test.yml c.txt .d.yml .hidden/e.yml; do
	echo wrong >"$T/rules/$wrong"
done
dmon-match --only -r "$T/rules" <"$T/in" | alerts | awk '{ print $2 }' |
	sort -u | tr '\n' ' ' >"$T/names"
is "$(cat "$T/names")" "Deep High Other " "a folder of rules, and those in it"
done_testing
