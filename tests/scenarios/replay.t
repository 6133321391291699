#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Recordings of the scenarios (run -o), judged again by today's rules: they
# are what they were taken for (what was missed may be found), and no normal
# work raises anything critical.
. "$(dirname "$0")/../cmd/lib.sh"
. tests/scenarios/lib.sh
command -v jq >/dev/null || skip_all "no jq"

# A recording has the scenario's own containers only.
case_ids() {
	echo .
}
replay() { # BEGAN ENDED
	S=$T/$name
	mkdir "$S"
	echo "$1" >"$S/began"
	echo "$2" >"$S/ended"
	echo "$name" >"$S/phase"
	gzip -dc "tests/scenarios/recordings/$name.ndjson.gz" |
		dmon-match --only -r rules >"$T/$name.alerts"
	(
		case_defaults
		. "tests/scenarios/cases/$name.sh"
		judge
	)
}

tab=$(printf '\t')
while IFS=$tab read -r name truth verdict _ _ _ _ _ _ began ended; do
	replay "$began" "$ended" >"$T/line"
	got=$(cut -f 3 "$T/line")
	[ "$got" != "$truth" ] || verdict=$truth
	is "$got" "$verdict" "$name is taken for $verdict"
	[ "$truth" != normal ] || is "$(cut -f 7 "$T/line")" 0 \
		"$name raises nothing critical"
done <tests/scenarios/recordings/verdicts
[ $tap_n -ge 40 ]
ok $? "there are recordings"
done_testing
