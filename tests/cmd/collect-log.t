#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The source `log` on files of the host: what patterns find in them, however
# they are written.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip_all "no jq"

R=$T/root
L=$R/var/log
mkdir -p "$L/app"

# What is wrong with patterns.
wrong() { # LINE WHY
	printf '# one\n\nfine /a a\n%s\n' "$1" >"$T/wrong"
	dmon-collect --log "$T/wrong" -n 1 log >"$T/out" 2>"$T/err"
	is "$? $(cat "$T/err")" "2 dmon-collect: $T/wrong:4: $2" "refused: $1"
}
name='a line begins with a name: letters, digits and _, 64 of them at most'
wrong '1a /a a' "$name"
wrong 'a-b /a a' "$name"
where='neither /a/path nor container:NAME stands behind the name'
wrong 'a' "$where"
wrong 'a var/log a' "$where"
wrong 'a /a' 'there is no regular expression'
wrong 'a /a (a' \
	'regular expression, character 3: a ")" is missing at the end'
wrong 'a container:( a' \
	'regular expression, character 2: a ")" is missing at the end'
wrong 'a /a (?P<text>a)' "the group text can't be a label"
wrong 'a /a (?P<__a>a)' "the group __a can't be a label"
wrong 'a /a (?P<b>a)|(?P<b>c)' 'two groups are named b'
wrong 'a /a (?P<b>(a*)*)' 'regular expression: a group that may match nothing is repeated, so that none can be given out'
wrong 'a /a (?=a)' 'regular expression, character 1: this kind of group (?…) is not supported (RE2 syntax)'
i=0
while [ $i -lt 65 ]; do
	echo "a /a a"
	i=$((i + 1))
done >"$T/many"
dmon-collect --log "$T/many" -n 1 log >"$T/out" 2>"$T/err"
is "$? $(cat "$T/err")" \
	"2 dmon-collect: $T/many:65: more than 64 patterns" "too many"
dmon-collect --log "$T/none" -n 1 log >"$T/out" 2>"$T/err"
is "$(cat "$T/err")" \
	"dmon-collect: $T/none: No such file or directory" "none at all"

cat rules/log.patterns - >"$T/patterns" <<'END'
app	/var/log/app/*.log	(?P<what>[a-z]+)=(?P<value>.*)
app	/var/log/app/*.log	^never mind
odd	/var/log/app/[o]dd.txt	\x{fffd}(?P<rest>.*)$
late	/var/log/later	^(?P<n>\d+)$
pipe	/var/log/pipe	a
END
collect() {
	dmon-collect -i 100ms --instance n --rootfs "$R" --log "$T/patterns" \
		log >"$T/out" 2>"$T/err" &
	collector=$!
	at_exit "kill $collector 2>/dev/null"
	until_ok grep -q '"source":"log"' "$T/out"
}
finish() {
	kill $collector
	wait $collector
}
# found PATTERN FILTER: what the records about it say, one a line
found() {
	jq -r --arg pattern "$1" "select(.metrics.node_event_log_info
		and .labels.pattern == \$pattern).labels | $2" "$T/out"
}
counts() { # PATTERN
	jq -r --arg pattern "$1" 'select(.labels.pattern == $pattern)
		.metrics.node_log_matches_total // empty' "$T/out" | tail -n 1
}
total() { # METRIC
	jq -r "select(.kind == \"host\").metrics.$1 // empty" "$T/out" |
		tail -n 1
}
has() { # PATTERN FILTER TEXT
	found "$1" "$2" | grep -qxF -e "$3"
}
appears() { # PATTERN FILTER TEXT NAME
	until_ok has "$1" "$2" "$3"
	ok $? "$4"
}
none() { # PATTERN FILTER TEXT NAME
	! has "$1" "$2" "$3"
	ok $? "$4"
}

echo 'old=1' >"$L/app/a.log"
printf 'half=' >"$L/app/b.log"
touch "$L/app/odd.txt" "$L/auth.log"
mkfifo "$L/pipe"
collect
ok $? "it starts"

# What sshd, su and sudo of Debian 12 log, and its tools for accounts.
for form in auth auth-old; do
	cat "tests/fixtures/log/$form" >>"$L/auth.log"
	until_ok eval '[ "$(counts user_removed)" = '"$([ $form = auth ] && echo 1 || echo 2)"' ]'
	ok $? "$form: it is read"
	for pattern in $(sed -n 's/^\([a-z_]*\) .*/\1/p' rules/log.patterns |
		uniq); do
		found "$pattern" "[\"$pattern\", (to_entries[] | select(.key |
			IN(\"instance\", \"job\", \"file\", \"pattern\",
				\"text\") | not) | \"\(.key)=\(.value)\")] |
			join(\" \")"
	done >"$T/found"
	sort "$T/found" >"$T/sorted"
	[ $form = auth ] && cp "$T/sorted" "$T/once"
done
same "$T/once" tests/fixtures/log/found "what it says is found"
sort "$T/once" "$T/once" >"$T/twice"
same "$T/sorted" "$T/twice" "and the same in the older form"
is "$(found ssh_accepted .text | head -n 1)" \
	"$(grep -m 1 Accepted tests/fixtures/log/auth)" "with the line"
is "$(found ssh_accepted .file | sort -u)" /var/log/auth.log "and its file"

# Lines as they come.
none app .what old "what was there is not told"
echo 'whole=a b' >>"$L/app/a.log"
appears app '"\(.what) \(.value)"' 'whole a b' "a line that is added"
printf 'cut=one' >>"$L/app/a.log"
sleep 0.5
none app .what cut "a line without its end is not told"
printf ' two\r\n' >>"$L/app/a.log"
appears app '"\(.what) \(.value)"' 'cut one two' "until its end has come"
echo 'second=2, never mind third=3' >>"$L/app/b.log"
appears app .what second "what was begun before"
is "$(found app .what | grep -c second)" 1 "a name is told once a line"
head -c 8500 /dev/zero | tr '\0' x >"$T/long"
{ cat "$T/long"; printf 'beyond=1\nnext=1\n'; } >>"$L/app/a.log"
appears app .what next "a line behind one that is too long"
none app .what beyond "of which the rest is not looked at"
until_ok eval '[ "$(total dmon_log_lines_cut_total)" = 1 ]'
ok $? "which is counted"
printf 'a\000b\377 \033[2J\\\n' >>"$L/app/odd.txt"
appears odd .rest "$(printf ' \033[2J\\\\')" "bytes that are no UTF-8"
found odd .text | grep -q '^a\\x00b'
ok $? "and such that are nothing to be seen"

# Other files.
mv "$L/app/a.log" "$L/app/a.log.1"
echo 'renamed=1' >>"$L/app/a.log.1"
appears app .what renamed "the old file, as long as there is no new one"
echo 'new=1' >"$L/app/a.log"
appears app .what new "a new one, from its beginning"
cp "$L/app/a.log" "$L/app/a.copy"
: >"$L/app/a.log"
sleep 0.5
echo 'emptied=1' >>"$L/app/a.log"
appears app .what emptied "one that was emptied"
echo 17 >"$L/later"
appears late .n 17 "one that comes later, from its beginning"
echo 'globbed=1' >"$L/app/c.log"
appears app .what globbed "one that comes later, by a glob"
is "$(grep ' log: ' "$T/err")" "dmon-collect: log: $L/pipe is no file" \
	"what is none is said once"
jq -c 'select(.kind == "event") | [.ts, .labels.pattern, .metrics]' \
	"$T/out" | sort | uniq -d >"$T/twice"
is "$(wc -l <"$T/twice")" 0 "no two events are one sample"

# Too much of it.
before=$(counts app)
i=0
while [ $i -lt 300 ]; do
	echo "many=$i"
	i=$((i + 1))
done >>"$L/app/c.log"
until_ok eval '[ "$(counts app)" = '$((before + 300))' ]'
ok $? "matches are counted, all"
until_ok eval '[ "$(total dmon_log_events_lost_total)" != 0 ]'
ok $? "and not all of them told"
sleep 1.2
is $(($(found app .what | grep -c many) + $(jq -r \
	'.metrics.dmon_events_lost // empty' "$T/out" |
	awk '{ n += $1 } END { print n }'))) 300 \
	"how many were not is in records of loss"
truncate -s +40M "$L/app/b.log"
printf '\nbehind=1\n' >>"$L/app/b.log"
appears app .what behind "what is behind too much"
[ "$(total node_log_skipped_bytes_total)" -gt 20000000 ]
ok $? "of which some is skipped, and counted"
is "$(jq -r 'select(.metrics.dmon_log_bytes_lost).labels.file' "$T/out")" \
	/var/log/app/b.log "and in a record of loss"
finish
is $? 0 "it ends well"

# Files that are read when it starts have been told; not by one that failed.
collect
sleep 0.5
is "$(found app .what | wc -l)" 0 "it begins anew at the ends"
finish

# More files than are followed, until they are deleted.
i=0
while [ $i -lt 300 ]; do
	: >"$L/app/x$i.log"
	i=$((i + 1))
done
collect
until_ok grep -q 'log: more than 256 files to follow' "$T/err"
ok $? "too many files are said"
rm "$L"/app/*.log
echo 'room=1' >"$L/app/z.log"
appears app .what room "those that are gone make room for others"
! ls -l /proc/$collector/fd | grep -q deleted
ok $? "and are not kept open"
finish
done_testing
