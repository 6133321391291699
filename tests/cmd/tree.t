#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What HACKING asks of the source tree, as far as it can be counted.
. "$(dirname "$0")/lib.sh"

: >"$T/nothing"
none() { # WHAT: nothing has been found
	same "$T/found" "$T/nothing" "$1"
}

sources=$(ls lib/*/*.[ch] cmd/*.[ch])
others=$(ls tests/*.[ch] tests/*/*.[ch] bench/*.c)
scripts=$(ls tests/*.sh tests/cmd/*.t tests/cmd/*.sh examples/*.sh bench/*.sh \
	tests/scenarios/*.t tests/scenarios/*.sh tests/scenarios/*/*.sh \
	tests/scenarios/run)

for f in $sources $others $scripts; do
	sed -n 1,3p "$f" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' ||
		echo "$f"
done >"$T/found"
none "each file says its licence"

for f in $sources $others; do
	cat Makefile.am */local.mk */*/local.mk |
		grep -q "\(^\|[[:space:]]\)$f\([[:space:]]\|\$\)" || echo "$f"
done >"$T/found"
none "each C file is in a build fragment"

if ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	skip "no git repository" "programs built in the tree are ignored"
else
	sed -n 's/^\([a-z]*_PROGRAMS\|UNIT_TESTS\|FUZZ_TARGETS\) += //p' \
		*/local.mk */*/local.mk | tr ' ' '\n' | grep -v '^\$' |
		while read -r program; do
			git check-ignore -q "$program" || echo "$program"
		done >"$T/found"
	git ls-files -ci --exclude-standard >>"$T/found"
	none "programs built in the tree are ignored, nothing else is"
fi

awk 'FNR == 601 { print FILENAME }' $sources >"$T/found"
none "no file is longer than 600 lines"

awk '/^{/ { from = FNR }
	/^}/ && from { if (FNR - from > 60) print FILENAME ":" from; from = 0 }
	' $sources >"$T/found"
none "no function is longer than 60 lines"

grep -nw 'goto [a-z_]*;' $sources >"$T/found"
none "there is no goto"

# An area may include these, itself and base.
may() {
	case $1 in
	base) echo ;;
	record) echo ;;
	series) echo record ;;
	promql) echo record series ;;
	rules) echo record series promql ;;
	query) echo record series promql ;;
	clean) echo record series promql ;;
	tag) echo record series rules ;;
	view) echo record series query ;;
	*) echo record series ;;
	esac
}
for area in lib/*/; do
	area=$(basename "$area")
	sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "lib/$area"/*.[ch] |
		sort -u | while read -r other; do
			case " $area base $(may "$area") " in
			*" $other "*) ;;
			*) echo "lib/$area includes $other" ;;
			esac
		done
done >"$T/found"
none "dependencies point one way"

# Sanitizers bring calls of their own.
if ! command -v nm >/dev/null; then
	skip "no nm" "lib neither prints nor exits nor runs programs"
elif nm "$build/libdmon.a" 2>/dev/null | grep -q __asan_init; then
	skip "built with ASan" "lib neither prints nor exits nor runs programs"
else
	nm "$build/libdmon.a" | grep -q ' T dm_scan$'
	ok $? "nm reads libdmon.a"
	nm -A "$build/libdmon.a" | grep -E ' U (__)?(v?f?printf(_chk)?|puts|fputs|putchar|perror|v?dprintf(_chk)?|std(in|out|err)|v?syslog(_chk)?|_?exit|quick_exit|abort|(secure_)?getenv|environ|system|popen|v?fork|posix_spawnp?|f?exec(v|l)[a-z]*)$' \
		>"$T/found"
	none "lib neither prints nor exits nor runs programs"
	nm "$build/libdmon.a" | sed -n 's/.* [TDBR] //p' | sort | uniq -d \
		>"$T/found"
	none "no two areas give the same name"
fi

done_testing
