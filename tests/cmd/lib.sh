# SPDX-License-Identifier: GPL-3.0-or-later
# What tests of the programs share. A test begins with
#	. "$(dirname "$0")/lib.sh"
# and ends with `done_testing`. It stands in the source tree's root ($top),
# finds the built programs first in PATH, and has a folder of its own, $T.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 4
build=${DM_BUILD:-$top/build}
PATH=$build:$PATH
export LC_ALL=C
T=$(mktemp -d "${TMPDIR:-/tmp}/dmon-test.XXXXXX") || exit 4
tap_n=0
tap_failed=0

# Commands to run at the end, latest first: at_exit 'kill $pid'
tap_at_exit=
at_exit() {
	tap_at_exit="$1
$tap_at_exit"
}
tap_end() {
	eval "$tap_at_exit"
	rm -rf "$T"
}
trap tap_end EXIT
trap 'exit 130' INT TERM HUP PIPE

# ok CONDITION-STATUS NAME, as in: test -s "$f"; ok $? "there is output"
ok() {
	tap_n=$((tap_n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_n - $2"
	else
		echo "not ok $tap_n - $2"
		tap_failed=$((tap_failed + 1))
	fi
}

# is GOT EXPECTED NAME
is() {
	if [ "$1" = "$2" ]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		printf '#   got:      %s\n#   expected: %s\n' "$1" "$2" |
			sed '2,$s/^\([^#]\)/#   \1/'
	fi
}

# same GOT-FILE EXPECTED-FILE NAME
same() {
	if cmp -s "$1" "$2"; then
		ok 0 "$3"
	else
		ok 1 "$3"
		diff "$2" "$1" | head -n 20 | sed 's/^/#   /'
	fi
}

# skip REASON NAME
skip() {
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $2 # SKIP $1"
}

# The whole test can't run here.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# Wait for a command to succeed, 30 s at most: until_ok test -s "$f"
until_ok() {
	tap_tries=0
	until "$@" >/dev/null 2>&1; do
		tap_tries=$((tap_tries + 1))
		[ $tap_tries -lt 300 ] || return 1
		sleep 0.1
	done
}

done_testing() {
	echo "1..$tap_n"
	[ $tap_failed -eq 0 ]
	exit
}
