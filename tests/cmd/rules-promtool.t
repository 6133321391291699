#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Shipped rules are right for Prometheus and for dmon-match, and each has a
# unit test in which it fires and one in which it does not.
. "$(dirname "$0")/lib.sh"

for rules in rules/*.yml bench/ten-rules.yml; do
	case $rules in *.test.yml) continue ;; esac
	dmon-match --check "$rules" >"$T/out" 2>&1
	ok $? "dmon-match takes $rules"
	if ! command -v promtool >/dev/null; then
		skip "no promtool" "promtool takes $rules"
		continue
	fi
	promtool check rules "$rules" >"$T/out" 2>&1
	ok $? "promtool takes $rules"
done

for rules in rules/*.yml; do
	case $rules in *.test.yml) continue ;; esac
	tests=${rules%.yml}.test.yml
	dmon-match --test "$tests" >"$T/out" 2>&1
	ok $? "$tests passes"
	grep -A12 FAILED "$T/out" | head -n 20 | sed 's/^/# /'
	if command -v promtool >/dev/null; then
		promtool test rules "$tests" >"$T/out" 2>&1
		ok $? "$tests passes in promtool"
	else
		skip "no promtool" "$tests passes in promtool"
	fi
	for alert in $(sed -n 's/^ *- alert: //p' "$rules"); do
		grep -A1 "alertname: $alert\$" "$tests" |
			grep -q 'exp_alerts:$'
		ok $? "$tests: $alert fires"
		grep -q "alertname: $alert, exp_alerts: \[\]" "$tests"
		ok $? "$tests: $alert is quiet"
	done
done
done_testing
