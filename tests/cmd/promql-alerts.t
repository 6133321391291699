#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Expressions that people have written for Prometheus: what promtool takes is
# taken, each that is not is listed with its reason.
. "$(dirname "$0")/lib.sh"
command -v promtool >/dev/null || skip_all "no promtool"

# A rule has two lines: the second is its expression's.
rules() { # FILE.ndjson
	echo 'groups:'
	echo '  - name: g'
	echo '    rules:'
	sed -E 's/.*"expr": ("(\\.|[^"\\])*").*/\1/' "$1" | awk '{
		printf "      - record: r%d\n        expr: %s\n", NR, $0
	}'
}

# As LINE, of rules that were refused.
refused_by_promtool() {
	promtool check rules "$1" 2>&1 |
		sed -n 's/^[^ ]*\.yml: \([0-9]*\):.*could not parse.*/\1/p'
}
refused_by_dmon() {
	dmon-match --check -r "$1" 2>&1 |
		sed -n 's/^dmon-match: [^ ]*\.yml:\([0-9]*\):.*/\1/p'
}

for name in awesome-prometheus-alerts.en nightingale.zh; do
	from=tests/fixtures/alerts/$name.ndjson
	rules "$from" >"$T/$name.yml"
	is "$(grep -c 'expr: "' "$T/$name.yml")" "$(wc -l <"$from")" \
		"$name: all expressions are read"
	refused_by_promtool "$T/$name.yml" | sort >"$T/promtool"
	refused_by_dmon "$T/$name.yml" | sort >"$T/dmon"
	[ "$(wc -l <"$T/promtool")" -eq 1 ]
	ok $? "$name: promtool takes all but one"
	dmon-match --check -r "$T/$name.yml" 2>&1 |
		sed -n 's/^dmon-match: [^ ]*\.yml:/# refused: /p'
	comm -13 "$T/promtool" "$T/dmon" >"$T/only"
	is "$(cat "$T/only")" "" "$name: what promtool takes is taken"
	same "$T/dmon" "$T/promtool" "$name: what it refuses is refused"
done
done_testing
