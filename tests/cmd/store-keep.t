#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# --keep: old records go, a few with each batch, and what only they needed.
. "$(dirname "$0")/lib.sh"

command -v sqlite3 >/dev/null || skip_all "no sqlite3"
gen="$build/bench/gen-records"
ask() { sqlite3 "$T/db" "$1"; }

# What came long ago, of containers that are no more.
"$gen" 300 40 | sed 's/"ts":17954/"ts":17953/; s/node-1/old/;
	s/container_threads/only_old/' >"$T/old" || skip_all "bench/gen-records"
old=$(wc -l <"$T/old" | tr -d ' ')
dmon-store -d "$T/db" --only "$T/old"
is "$(ask 'select count(*) from record')" "$old" "old records"
is "$(ask 'select count(*) from identity')" 301 "of 301 identities"
dmon-store -d "$T/db" --only --keep 1d "$T/old"
is "$(ask 'select count(*) from record')" $((2 * old)) "none is too old yet"
pages=$(ask 'pragma page_count')

# One new batch takes a few of them along.
"$gen" 20 1 >"$T/new"
dmon-store -d "$T/db" --only --keep 1h "$T/new"
left=$(ask "select count(*) from record where id <= $((2 * old))")
test "$left" -lt $((2 * old)) -a "$left" -gt $((2 * old - 2000))
ok $? "a batch of 21 deletes some, not all"
is "$(ask 'select min(id) from record')" $((2 * old - left + 1)) \
	"from the first on"
is "$(ask 'select min(first_id) from span')" $((2 * old - left + 1)) \
	"and its span begins later"

# Batch by batch they all go; each deletes a bounded part.
batches=0 most=0
while [ "$left" -gt 0 ] && [ $batches -lt 200 ]; do
	dmon-store -d "$T/db" --only --keep 1h "$T/new"
	now=$(ask "select count(*) from record where id <= $((2 * old))")
	[ $((left - now)) -le $most ] || most=$((left - now))
	left=$now
	batches=$((batches + 1))
done
is "$left" 0 "all of them go"
test $most -le 1000 -a $batches -gt 10
ok $? "in small steps"
echo "# $batches batches of 21, at most $most deleted with one"
is "$(ask 'select count(*) from record')" $((21 * (batches + 1))) \
	"what is new stays"
is "$(ask 'select count(*) from span where last_id <= '$((2 * old)))" 0 \
	"the spans of the old have gone"

# Identities without records go too, a few each time.
until [ "$(ask 'select count(*) from identity')" -le 21 ] ||
	[ $batches -ge 400 ]; do
	dmon-store -d "$T/db" --only --keep 1h "$T/new"
	batches=$((batches + 1))
done
is "$(ask 'select count(*) from identity')" 21 "identities without records go"
is "$(ask "select count(*) from identity_metric where identity not in
	(select id from identity)")" 0 "and what is noted of their metrics"
is "$(ask "select count(*) from series where name = 'only_old'")" 0 \
	"no series is left of them"
test "$(ask 'pragma page_count')" -lt $((pages / 2))
ok $? "the file shrinks"
is "$(ask 'pragma integrity_check')" ok "integrity"

# An identity that went and comes again within one run; a long stream.
{
	sed -n 1,50p "$T/old"
	"$gen" 50 400 30
	sed -n 1,50p "$T/old" | sed 's/"ts":17953/"ts":17955/'
	"$gen" 5 4000 3 | sed 's/"ts":17954/"ts":17955/'
} >"$T/in"
dmon-store -d "$T/run.db" --keep 1h --batch 1ms "$T/in" >"$T/out"
is $? 0 "identities that go and come again"
same "$T/out" "$T/in" "all is passed on"
dmon-replay -d "$T/run.db" >"$T/out"
tail -n "$(wc -l <"$T/out")" "$T/in" | cmp - "$T/out"
ok $? "what is left is the end of it"
test "$(wc -l <"$T/out")" -lt "$(wc -l <"$T/in")"
ok $? "and less than all"
is "$(sqlite3 "$T/run.db" "select count(*) from record where identity
	not in (select id from identity)")" 0 "each record has its identity"
dmon-replay -d "$T/run.db" --select '{name=~"web.*"}' --no-sweeps >"$T/sel"
grep '"name":"web' "$T/out" >"$T/expected"
same "$T/sel" "$T/expected" "and is found by it"
is "$(sqlite3 "$T/run.db" 'pragma integrity_check')" ok "integrity"

# One wrong ts in the future does not delete all.
{ sed -n 1,5000p "$T/old"; echo '{"ts":9e9,"kind":"event"}'
	sed -n 5001,9000p "$T/old"; } >"$T/in"
now=$(date +%s)
sed "s/\"ts\":17[0-9]*/\"ts\":$now/" "$T/in" >"$T/future"
dmon-store -d "$T/future.db" --only --keep 1h "$T/future"
dmon-replay -d "$T/future.db" >"$T/out"
same "$T/out" "$T/future" "a record of the future deletes nothing"
done_testing
