#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The pages in man/ are good mdoc and say what the programs say.
. "$(dirname "$0")/lib.sh"

command -v mandoc >/dev/null || skip_all "no mandoc"

# usage: section PAGE NAME: its source, without comments
section() {
	awk -v name="$2" '
		/^\.\\"/ { next }
		/^\.Sh / { on = substr($0, 5) == name; next }
		on' "$1"
}

# On one line, with single blanks.
words() {
	tr -s ' \t\n' '   ' | sed 's/^ //; s/ $//'
}

# usage: synopsis PAGE: as mandoc renders it, lines long enough to break none
synopsis() {
	mandoc -T ascii -O width=1000 "$1" |
		sed "s/.$(printf '\b')//g" |
		sed -n '/^SYNOPSIS$/,/^DESCRIPTION$/p' | sed '1d;$d' | words
}

table() {
	section "$1" "EXIT STATUS" | sed '/^\.El$/q'
}

table man/dmon.7 >"$T/table"
test -s "$T/table"
ok $? "dmon.7 has the table of exit statuses"

for page in man/*.[1-9]; do
	mandoc -T lint -W warning "$page" >"$T/lint"
	: >"$T/nothing"
	same "$T/lint" "$T/nothing" "$page: lint"

	title=$(sed -n 's/^\.Dt //p' "$page")
	is "$title" "$(basename "$page" | tr 'a-z.' 'A-Z ')" "$page: title"
	is "$(grep '^\.Os' "$page")" ".Os dmon" "$page is dmon's, not a system's"

	grep -q "^dist_man_MANS.*[ =]$page\( \|\$\)" man/local.mk
	ok $? "$page is installed"

	sed -n 's/^\.Xr \(dmon[a-z-]*\) \([1-9]\).*/man\/\1.\2/p' "$page" |
		sort -u | while read -r other; do
			[ -f "$other" ] || echo "$other"
		done >"$T/missing"
	same "$T/missing" "$T/nothing" "$page: those it refers to are there"
done

for source in cmd/dmon-*.c; do
	program=$(basename "$source" .c)
	page=$(ls "man/$program".[18] 2>/dev/null)
	[ -n "$page" ]
	ok $? "$program has a page"
	[ -n "$page" ] || continue

	is "$("$program" -h | sed '1s/^usage: //' | words)" \
		"$(synopsis "$page")" "$program -h is the page's synopsis"
	section "$page" EXAMPLES | grep -q "$program"
	ok $? "$page has examples of it"
	table "$page" >"$T/own"
	same "$T/own" "$T/table" "$page has the table of exit statuses"
	for option in $(section "$page" SYNOPSIS |
		sed -n 's/^.*Fl \(Fl \|\)\(-*[a-z][a-z-]*\).*/\2/p'); do
		section "$page" DESCRIPTION | grep '^\.It Fl' |
			grep -q -e "Fl -*${option#-}\( \|\$\)" \
				-e "Fl Fl ${option#-}\( \|\$\)"
		ok $? "$page says what -$option does"
	done
	is "$("$program" --version | cut -d' ' -f1)" "$program" \
		"$program --version says its name"
done

done_testing
