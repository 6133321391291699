#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-match --test beside promtool: unit tests that pass, and each with a
# digit changed in ten of its lines in turn (with DM_LONG in all; and then
# those of the shipped rules, too, for which promtool takes its time), most of
# which fail. Both say the same, word by word: what differs, and which
# alerts there were; of an evaluation that failed, that it did.
. "$(dirname "$0")/lib.sh"
command -v promtool >/dev/null || skip_all "no promtool"

fixtures=$top/tests/fixtures/rules
cp -r "$fixtures" "$T/"
[ -z "$DM_LONG" ] || cp -r "$top/rules" "$T/"

# Runs both on a file in the present folder; fails where they disagree.
both() {
	promtool test rules "$1" >"$T/p.out" 2>"$T/p.err"
	p=$?
	dmon-match --test "$1" >"$T/d.out" 2>"$T/d.err"
	d=$?
	if [ $d -eq 2 ]; then # wrong files: promtool has other words for it
		[ $p -eq 1 ]
		return
	fi
	sed -i 's/, err: .*/, err/' "$T/p.err" "$T/d.err"
	[ $d -eq $p ] && cmp -s "$T/p.out" "$T/d.out" &&
		cmp -s "$T/p.err" "$T/d.err"
}
why() {
	echo "#   promtool: $p, dmon-match: $d"
	diff "$T/p.err" "$T/d.err" | head -n 15 | sed 's/^/#   /'
}

mutants() { # FILE
	awk '/^tests:/ { on = 1 } on && /[0-9]/ && !/SPDX/ { print FNR }' "$1" |
		awk -v all="${DM_LONG:+$([ -f "$fixtures/$1" ] && echo 1)}" '
			{ line[NR] = $0 }
			END {
				n = all || NR < 10 ? NR : 10
				for (i = 1; i <= n; i++)
					print line[int(i * NR / n)]
			}' >"$T/lines"
	while read -r line; do
		sed "${line}y/0123456789/1234567890/" "$1" >mutant.yml
		both mutant.yml || {
			echo "line $line"
			why
		}
		[ $p -eq 0 ] || echo . >>"$T/failed"
	done <"$T/lines"
}

for f in "$T"/rules/*.test.yml; do
	name=$(basename "$f")
	cd "$(dirname "$f")" || exit 4
	both "$name"
	same=$?
	ok $same "$name: the same"
	[ $same -eq 0 ] || why
	mutants "$name" >"$T/odd"
	[ ! -s "$T/odd" ]
	ok $? "$name, changed: the same"
	head -n 20 "$T/odd" | sed 's/^/# /'
done
[ "$(wc -l <"$T/failed")" -gt 30 ]
ok $? "and $(wc -l <"$T/failed" | tr -d ' ') of them fail"

# Templates: what each expands to.
cd "$T" || exit 4
{
	printf 'groups:\n- name: g\n  rules:\n  - alert: A\n    expr: m > 0\n'
	printf '    annotations:\n'
	awk '{ gsub(/\047/, "\047\047")
		printf "      a%03d: \047%s\047\n", NR, $0 }' \
		"$fixtures/templates.txt"
} >templates.yml
cat >templates.test.yml <<'END'
rule_files: [templates.yml]
tests:
- interval: 1m
  external_labels: {foo: bar, zed: z}
  external_url: http://x/y
  input_series:
  - {series: 'm{x="1",host="a.b.c:80"}', values: '5'}
  - {series: 'n{x="1",y="q"}', values: '7'}
  - {series: 'n{x="2",y="p"}', values: '8'}
  - {series: 'n{x="3",y="p"}', values: '-1.5'}
  alert_rule_test:
  - {eval_time: 1m, alertname: A, exp_alerts: []}
END
both templates.test.yml
for said in p d; do
	grep Annotations "$T/$said.err" | sed 's/", \(a[0-9]*=\)/"\n\1/g' \
		>"$T/$said.texts"
done
is "$(grep -c '=' "$T/d.texts")" "$(wc -l <"$fixtures/templates.txt")" \
	"each template is expanded"
! grep -q '<error' "$T/d.texts"
ok $? "without an error"
same "$T/d.texts" "$T/p.texts" "to the same as in promtool"
done_testing
