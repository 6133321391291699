#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The source `posture`: on a recorded tree, as an audit, its table.
. "$(dirname "$0")/lib.sh"

collect() {
	dmon-collect --procfs tests/fixtures/posture/tree/proc \
		--sysfs tests/fixtures/collect/v2/sys --rootfs "$T/none" "$@"
}

# ---- records ----
collect -n 1 posture >"$T/out" 2>"$T/err"
is "$?/$(cat "$T/err")" 0/ "a recorded tree is read, and nothing is amiss"
jq -r 'select(.labels.check) | [.kind, .labels.check, .labels.found // "-",
	(.metrics | to_entries[] | .key, .value)] | @tsv' "$T/out" >"$T/checks"
same "$T/checks" tests/fixtures/posture/checks "its checks are as expected"
jq -c 'select(.kind == "container") | [.labels.id[-70:-60], .metrics]' \
	"$T/out" >"$T/scores"
is "$(cat "$T/scores")" '["ada1f00dad",{"container_posture_score":28}]' \
	"who could not be looked at has no score"
jq -r 'select(.kind == "sweep") | .labels.source // "all"' "$T/out" >"$T/sweeps"
is "$(tr '\n' ' ' <"$T/sweeps")" "posture all " \
	"the engine is asked, but nobody named it"

collect -i 50ms -n 4 posture >"$T/out"
is "$(jq -s 'map(select(.labels.check == "privileged")) | length' "$T/out")" 1 \
	"checks are written once"
is "$(jq -s 'map(select(.metrics.container_posture_score)) | length' \
	"$T/out")" 4 "the score in each sweep"

# ---- the audit ----
collect --audit >"$T/out" 2>"$T/err"
is "$?/$(cat "$T/err")" 0/ "an audit is made"
same "$T/out" tests/fixtures/posture/audit "it is as expected"
grep -q "$(printf '\033')" "$T/out"
is $? 1 "and escapes what a terminal would obey"
collect --audit posture >"$T/again"
same "$T/again" "$T/out" "the source may be named"
if ! command -v script >/dev/null; then
	skip "no script(1)" "on a terminal it needs no option"
	skip "no script(1)" "but is not made of more than one sweep"
else
	line="dmon-collect --procfs tests/fixtures/posture/tree/proc \
		--sysfs tests/fixtures/collect/v2/sys posture"
	script -qec "$line -n 1" /dev/null </dev/null | tr -d '\r' >"$T/typed"
	same "$T/typed" "$T/out" "on a terminal it needs no option"
	script -qec "$line -n 2 -i 10ms" /dev/null </dev/null >"$T/typed"
	grep -q '^{"ts"' "$T/typed"
	ok $? "but is not made of more than one sweep"
fi
collect --audit host >"$T/out" 2>"$T/err"
is "$?/$(wc -c <"$T/out")" 2/0 "of another source there is none"
collect --audit -n 2 >"$T/out" 2>"$T/err"
is "$?/$(wc -c <"$T/out")" 2/0 "nor of two sweeps"
collect --audit >/dev/full 2>"$T/err"
is $? 4 "nor where it can't be written"

# ---- the table ----
sed -n 's/.*{"\([a-z-]*\)", *\(DM_POSTURE_.*\)*$/\1 \2/p
	s/^	\(DM_POSTURE_[A-Z]*\),$/\1/p' lib/collect/posture-table.c |
	tr '\n' ' ' | grep -o '[a-z-]* *DM_POSTURE_[A-Z]*' |
	sed 's/ *DM_POSTURE_/ /' | tr '[:upper:]' '[:lower:]' >"$T/source"
sed -n '/^\.Sh POSTURE/,/^\.Sh HOST/s/^\.It Li \([a-z-]*\) , No \(.*\)/\1 \2/p' \
	man/dmon-metrics.7 >"$T/page"
test "$(wc -l <"$T/source")" -gt 30
ok $? "the source's table is found"
same "$T/page" "$T/source" "dmon-metrics(7) has the source's table"
done_testing
