#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-store and dmon-replay: bytes, order, views, faults.
. "$(dirname "$0")/lib.sh"

gen() { "$build/bench/gen-records" 20 $(($1 / 20)); }
gen 20000 >"$T/in" || skip_all "bench/gen-records"

dmon-store -d "$T/a.db" "$T/in" >"$T/out"
is $? 0 "stores"
same "$T/out" "$T/in" "passes on what came, byte for byte"
dmon-replay -d "$T/a.db" >"$T/out"
same "$T/out" "$T/in" "gives back what came"
is "$(sqlite3 "$T/a.db" 'pragma integrity_check')" ok "integrity"

# Odd lines: blanks, any order of members, escapes, SQL, other members.
cat >"$T/odd" <<'EOF'
  {"labels": {"b":"\u00e9","a":"x'; DROP TABLE record; --"} , "ts" : 5,"x":[1,{"y":null}]}	
{"ts":1.5}
{"ts":-1.000001,"kind":"\u0063ontainer","metrics":{"m":null,"n":"NaN"}}
{"ts":2,"kind":"container","labels":{"a":"\"\\\n%s"},"metrics":{"m'":1}}
{"ts":3,"kind":"of a kind","labels":{}}
{"ts":4,"kind":"container","labels":{"b":"1","a":"2"}}
{"ts":4,"kind":"container","labels":{"a":"2","b":"1"}}
EOF
printf '%s\n' '{"ts":9,"kind":"alert","labels":{"alertname":"A","severity":"critical"},"metrics":{},"status":"firing","value":2.5,"annotations":{"s":"t"},"startsAt":"x","endsAt":"y","fingerprint":"0123456789abcdef"}' >>"$T/odd"
dmon-store -d "$T/odd.db" <"$T/odd" >"$T/out"
same "$T/out" "$T/odd" "odd records are passed on as they are"
dmon-replay -d "$T/odd.db" >"$T/out"
same "$T/out" "$T/odd" "and given back as they are"
is "$(sqlite3 "$T/odd.db" "select labels from identity where id =
	(select identity from record where id = 1)")" \
	"{\"a\":\"x'; DROP TABLE record; --\",\"b\":\"é\"}" "labels are sorted"
is "$(sqlite3 "$T/odd.db" "select count(distinct identity) from record
	where id in (6, 7)")" 1 "labels in another order are the same"
is "$(sqlite3 "$T/odd.db" "select time from records where id in (2, 3)
	order by id" | tr '\n' ' ')" \
	"1970-01-01T00:00:01.500000Z 1969-12-31T23:59:58.999999Z " "time as text"
is "$(sqlite3 "$T/odd.db" "select alertname, severity, status, value,
	annotations, fingerprint from alerts")" \
	'A|critical|firing|2.5|{"s":"t"}|0123456789abcdef' "alerts"
is "$(sqlite3 "$T/odd.db" "select name, kind, records from series
	order by name" | tr '\n' ' ')" \
	"m|container|1 m'|container|1 n|container|1 " "series"
dmon-replay -d "$T/odd.db" --select '{a="x'\''; DROP TABLE record; --"}' \
	>"$T/out"
sed -n 1p "$T/odd" >"$T/expected"
same "$T/out" "$T/expected" "a selector is no SQL"

# Wrong usage: what is wrong, and where help is.
for args in '--keep 30' '--keep 0.5' '--keep 3e1' '--keep 0' '--batch x' \
	'--nonesuch' '--wait'; do
	dmon-store -d "$T/new.db" $args </dev/null >"$T/out" 2>"$T/err"
	is "$?/$(wc -l <"$T/err" | tr -d ' ')" 2/2 "$args: status 2, two lines"
	is "$(tail -n 1 "$T/err")" "dmon-store: try 'dmon-store -h'" \
		"$args: the last says how to go on"
done
dmon-store -d "$T/new.db" --keep 30 2>&1 </dev/null | grep -q 'has no unit'
ok $? "a number of what to keep has no unit"
test ! -e "$T/new.db"
ok $? "none has made a database"

# Bad lines.
{ sed -n 1p "$T/in"; echo rubbish; sed -n 2,3p "$T/in"; } >"$T/bad"
sed -n 1,3p "$T/in" >"$T/good"
dmon-store -d "$T/b.db" --rejects "$T/rejects" "$T/bad" >"$T/out" 2>"$T/err"
is $? 3 "a bad line: status 3"
same "$T/out" "$T/good" "the good ones are passed on"
is "$(cat "$T/rejects")" rubbish "the bad one is kept"
# Many of them: the first of each file are named, the others counted.
seq 21 >"$T/21"
seq 1000 >"$T/1000"
dmon-store -d "$T/m.db" --rejects "$T/rejects2" "$T/21" "$T/in" "$T/1000" - \
	<"$T/bad" >"$T/out" 2>"$T/err"
is $? 3 "many bad lines: status 3"
is "$(sed "s,^dmon-store: ,,; s,^$T/,,; s/:.*: expected/: expected/" "$T/err" |
	uniq -c | awk '{ printf "%s", $1; $1 = ""; print }')" \
"20 21: expected '{': not a JSON object
1 21: further bad lines are counted only
1 21: 21 bad lines in all
20 1000: expected '{': not a JSON object
1 1000: further bad lines are counted only
1 1000: 100 bad lines so far
1 1000: 1000 bad lines so far
1 1000: 1000 bad lines in all
1 <stdin>: expected '{': not a JSON object" "each file's first are named"
cat "$T/21" "$T/1000" "$T/rejects" >"$T/expected"
same "$T/rejects2" "$T/expected" "all of them are kept"
for tool in gzip zstd xz bzip2; do
	command -v $tool >/dev/null || { skip "no $tool" "$tool"; continue; }
	$tool -c "$T/in" >"$T/packed"
	dmon-store -d "$T/m.db" "$T/packed" "$T/in" >"$T/out" 2>"$T/err"
	is $? 3 "a file of $tool's: status 3"
	is "$(head -n 1 "$T/err" | sed 's/: try .*//')" \
		"dmon-store: $T/packed:1: looks like $tool" "and it says so"
	again=$(sed -n '1s/.*: try //p' "$T/err")
	$again <"$T/packed" >"$T/unpacked"
	same "$T/unpacked" "$T/in" "$again unpacks it"
	is "$(grep -c ':[0-9]*:' "$T/err")" 1 "nothing else of it is named"
	same "$T/out" "$T/in" "the next file is read"
done
dmon-store -d "$T/s.db" --strict "$T/bad" >"$T/out" 2>"$T/err"
is $? 3 "strict: status 3"
is "$(sqlite3 "$T/s.db" 'select count(*) from record')" 1 \
	"strict stores what came before"
sed -n 1p "$T/in" | cmp -s - "$T/out"
ok $? "and passes it on"
printf '{"ts":1}' | dmon-store -d "$T/l.db" >"$T/out"
echo '{"ts":1}' >"$T/expected"
same "$T/out" "$T/expected" "a last line gets its newline"
dmon-store -d "$T/l.db" --only "$T/in" >"$T/out"
is "$(wc -c <"$T/out" | tr -d ' ')" 0 "--only writes nothing"
is "$(sqlite3 "$T/l.db" 'select count(*) from record')" \
	$(($(wc -l <"$T/in") + 1)) "and stores"

# What a signal ends has been stored.
mkfifo "$T/fifo"
dmon-store -d "$T/t.db" --batch 1h <"$T/fifo" >"$T/out" &
pid=$!
exec 9>"$T/fifo"
cat "$T/good" >&9
until_ok sqlite3 "$T/t.db" 'select 1 from record limit 0' # it has been made
until_ok sh -c "sqlite3 '$T/t.db' 'begin immediate; rollback' 2>&1 |
	grep -q locked"
is "$(wc -c <"$T/out" | tr -d ' ')" 0 "held until the batch closes"
dmon-store -d "$T/t.db" --wait 10ms "$T/good" >"$T/second" 2>"$T/err"
is $? 4 "a second writer gives up"
grep -q "t.db: write: another program holds the database" "$T/err"
ok $? "and says why"
is "$(wc -c <"$T/second" | tr -d ' ')" 0 "and acknowledges nothing"
dmon-replay -d "$T/t.db" >"$T/second"
is $? 0 "a reader is not held up"
kill -TERM $pid
wait $pid
is $? 0 "SIGTERM ends it"
exec 9>&-
same "$T/out" "$T/good" "what was held is passed on"
dmon-replay -d "$T/t.db" >"$T/out"
same "$T/out" "$T/good" "and stored"

# Faults.
refuse() { # DATABASE PATTERN NAME
	sed -n 1,5p "$T/in" | dmon-store --wait 10ms -d "$1" >"$T/out" 2>"$T/err"
	is $? 4 "$3: dmon-store ends with 4"
	grep -q -- "$2" "$T/err" || sed 's/^/# /' "$T/err"
	grep -q -- "$2" "$T/err"
	ok $? "$3: says so, with the file's name"
	is "$(wc -c <"$T/out" | tr -d ' ')" 0 "$3: acknowledges nothing"
}
refuse "$T/none/x.db" "none/x.db: .*No such file" "no folder"
echo 'no database, but a text of some length' >"$T/text.db"
refuse "$T/text.db" "text.db: .*not a database" "not a database"
sqlite3 "$T/other.db" 'create table t(x)'
refuse "$T/other.db" "other.db: is not a database of dmon's" "another's"
cp "$T/b.db" "$T/newer.db"
sqlite3 "$T/newer.db" 'pragma user_version = 2' >/dev/null
refuse "$T/newer.db" "newer.db: is a database of version 2" "newer"
dmon-replay -d "$T/newer.db" >"$T/out" 2>"$T/err"
is $? 4 "newer: dmon-replay ends with 4"
dmon-replay -d "$T/nothing.db" >"$T/out" 2>"$T/err"
is $? 4 "replay of nothing: status 4"
grep -q "nothing.db: .*No such file" "$T/err"
ok $? "and it says so"
test ! -e "$T/nothing.db"
ok $? "and makes none"

# A full disk: files can't grow beyond a limit.
gen 10000 >"$T/more"
cp "$T/b.db" "$T/full.db"
(ulimit -f 2048; trap '' XFSZ; dmon-store -d "$T/full.db" "$T/more") \
	>"$T/out" 2>"$T/err"
is $? 4 "a full disk: status 4"
grep -q "full.db: write: " "$T/err"
ok $? "it says which file"
is "$(wc -c <"$T/out" | tr -d ' ')" 0 "nothing is acknowledged"
dmon-replay -d "$T/full.db" | cmp -s - "$T/good"
ok $? "the database holds what it held before"
dmon-store -d "$T/full.db" "$T/more" | cmp -s - "$T/more"
ok $? "and takes more when there is room"
dmon-store -d "$T/c.db" "$T/good" >/dev/full 2>"$T/err"
is $? 4 "standard output full: status 4"

dmon-store "$T/good" >"$T/out" 2>"$T/err"
is $? 2 "no database: wrong usage"
dmon-replay -d "$T/a.db" extra >"$T/out" 2>"$T/err"
is $? 2 "an argument too many: wrong usage"
done_testing
