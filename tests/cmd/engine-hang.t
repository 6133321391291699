#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An engine that hangs costs nobody else anything.
. "$(dirname "$0")/lib.sh"

echo '{"ApiVersion":"1.41"}' >"$T/version"
echo '[]' >"$T/list"
"$build/tests/fake-engine" "$T/sock" "$T" &
engine=$!
at_exit 'kill $engine 2>/dev/null'
until_ok test -S "$T/sock"

sweeps() { # MODE: thirty sweeps, a tenth of a second apart
	echo "$1" >"$T/mode"
	dmon-collect -i 100ms -n 30 --docker "unix://$T/sock" docker \
		>"$T/out" 2>"$T/err"
}
sweeps '* ok'
is $? 0 "an engine without containers"
grep -q '"dmon_engine_containers":0' "$T/out"
ok $? "is told as such"

for mode in '* hang' '* garbage' '* drop' 'list endless' 'list headers' \
	'list deep' 'list half'; do
	sweeps "$mode"
	is $? 0 "$mode: the collector goes on"
	is "$(grep -c '"up":0' "$T/out")" 30 "$mode: with every sweep"
	tail -n 2 "$T/out" | grep -q '"dmon_source_success":0'
	ok $? "$mode: the source has failed"
	is "$(grep -c ' docker: ' "$T/err")" 1 "$mode: which is said once"
done
done_testing
