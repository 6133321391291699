#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Shipped rules are right for Prometheus and for dmon-match; each alert has a
# unit test in which it fires and one in which it does not, and both agree.
. "$(dirname "$0")/lib.sh"

# promtool ARGUMENT... NAME
promtool_ok() {
	promtool_name=$1
	shift
	if ! command -v promtool >/dev/null; then
		skip "no promtool" "$promtool_name"
		return
	fi
	promtool "$@" >"$T/out" 2>&1
	ok $? "$promtool_name"
	[ $tap_failed -eq 0 ] || grep -A12 FAILED "$T/out" | sed 's/^/# /'
}

for rules in rules/*.yml bench/ten-rules.yml; do
	case $rules in *.test.yml) continue ;; esac
	dmon-match --check -r "$rules" >"$T/out" 2>&1
	ok $? "dmon-match takes $rules"
	promtool_ok "promtool takes $rules" check rules "$rules"
done

for rules in rules/*.yml; do
	case $rules in *.test.yml) continue ;; esac
	tests=${rules%.yml}.test.yml
	promtool_ok "$tests passes" test rules "$tests"
	dmon-match --test "$tests" >"$T/out" 2>&1
	ok $? "$tests passes with dmon-match too"
	for alert in $(sed -n 's/^ *- alert: //p' "$rules"); do
		grep -A1 "alertname: $alert\$" "$tests" |
			grep -q 'exp_alerts:$'
		ok $? "$tests: $alert fires"
		grep -q "alertname: $alert, exp_alerts: \[\]" "$tests"
		ok $? "$tests: $alert is quiet"
	done
done
done_testing
