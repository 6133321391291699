#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Random expressions on random series: Prometheus must make the same of them.
. "$(dirname "$0")/lib.sh"

if ! command -v promtool >/dev/null; then
	echo "1..0 # SKIP promtool is missing (Debian: prometheus)"
	exit 0
fi
seeds="1 2 3"
[ -z "$DM_LONG" ] || seeds=$(seq 1 50)
for seed in $seeds; do
	"$build/tests/unit/promql-cases" "$seed" 150 >"$T/cases.yaml"
	ok $? "seed $seed: cases are written"
	promtool test rules "$T/cases.yaml" >"$T/out" 2>&1
	status=$?
	ok $status "seed $seed: promtool agrees"
	[ $status -eq 0 ] || head -n 20 "$T/out" | sed 's/^/# /'
done

# It would say so if it did not.
awk '/^ *value: / && !done { sub(/value: -?/, "&7"); done = 1 } { print }' \
	"$T/cases.yaml" >"$T/wrong.yaml"
! promtool test rules "$T/wrong.yaml" >/dev/null 2>&1
ok $? "promtool notices one wrong digit"
done_testing
