#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Readers: with read permission only, beside a writer, after it, and after it
# was killed; and a slow one that must not make the log grow.
. "$(dirname "$0")/lib.sh"

gen() { "$build/bench/gen-records" "$@"; }
gen 20 50 >"$T/in"
mkdir "$T/db"
chmod 755 "$T" "$T/db"
mkfifo "$T/fifo"

if [ "$(id -u)" -ne 0 ] || ! setpriv --reuid=65534 --regid=65534 \
	--clear-groups true 2>/dev/null; then
	skip "not root" "readers as nobody"
else
	# What nobody runs must not lie where only root may look.
	cp "$build/dmon-replay" "$build/dmon-store" "$T/"
	nobody() {
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	}
	reads() { # NAME
		nobody "$T/dmon-replay" -d "$T/db/a.db" >"$T/out" 2>"$T/err"
		is $? 0 "nobody reads $1"
		same "$T/out" "$T/expected" "and gets it all"
	}
	umask 022
	sed -n 1,500p "$T/in" >"$T/expected"
	dmon-store -d "$T/db/a.db" --batch 1ms <"$T/fifo" >"$T/stored" &
	pid=$!
	exec 9>"$T/fifo"
	cat "$T/expected" >&9
	until_ok cmp "$T/stored" "$T/expected"
	reads "beside a writer"
	sed -n 501,600p "$T/in" >&9
	sed -n 1,600p "$T/in" >"$T/expected"
	until_ok cmp "$T/stored" "$T/expected"
	kill -9 $pid
	exec 9>&-
	wait $pid 2>/dev/null
	reads "after kill -9"
	test -s "$T/db/a.db-wal"
	ok $? "from a log that was not moved into the database"
	sed -n 601,900p "$T/in" | dmon-store -d "$T/db/a.db" >"$T/stored"
	sed -n 1,900p "$T/in" >"$T/expected"
	reads "after the writer has ended"
	dmon-replay -d "$T/db/a.db" >"$T/out"
	same "$T/out" "$T/expected" "so does the owner"
	reads "after another reader"
	echo '{"ts":1}' | nobody "$T/dmon-store" -d "$T/db/a.db" \
		>"$T/out" 2>"$T/err"
	is $? 4 "nobody can't write: status 4"
	grep -q "a.db: can't be written to: Permission denied" "$T/err"
	ok $? "and is told why"
	echo '{"ts":1}' | nobody "$T/dmon-store" -d "$T/db/new.db" \
		>"$T/out" 2>"$T/err"
	is $? 4 "nor make one: status 4"
	grep -q "new.db: open: Permission denied" "$T/err"
	ok $? "and is told why"

	# The log's files gone, as sqlite3 leaves a database that it could
	# write to.
	gone() {
		rm "$T/db/a.db-wal" "$T/db/a.db-shm"
	}
	gone
	reads "where the log's files are gone"
	: >"$T/db/a.db-wal"
	reads "where the log is empty and its index gone"
	dmon-store -d "$T/db/a.db" --only "$T/in"
	cat "$T/in" >>"$T/expected"
	gone
	[ -p "$T/slow" ] || mkfifo "$T/slow"
	nobody "$T/dmon-replay" -d "$T/db/a.db" >"$T/slow" &
	pid=$!
	exec 8<"$T/slow"
	head -c 1000 <&8 >"$T/out"
	rewrite() { # every page, while it is read
		python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("DELETE FROM identity_metric")
db.execute("VACUUM")' "$T/db/a.db"
	}
	if ! command -v python3 >/dev/null; then
		skip "no python3" "it is written to while it is read"
		kill $pid
	else
		rewrite
		ok $? "it is written to while it is read"
	fi
	cat <&8 >>"$T/out"
	exec 8<&-
	wait $pid
	is $? 0 "the reader reads on"
	# head took some bytes of it that it did not write.
	tail -c 1000000 "$T/expected" >"$T/last"
	tail -c 1000000 "$T/out" >"$T/got"
	same "$T/got" "$T/last" "and gets what was there"
	sed -n 1,100p "$T/in" >"$T/more"
	dmon-store -d "$T/db/a.db" <"$T/fifo" >"$T/stored" &
	pid=$!
	exec 9>"$T/fifo"
	cat "$T/more" >&9
	until_ok cmp "$T/stored" "$T/more"
	rm "$T/db/a.db-shm"
	nobody "$T/dmon-replay" -d "$T/db/a.db" >"$T/out" 2>"$T/err"
	is $? 4 "records in the log, and no way to read it: status 4"
	grep -q "its log's files are not all there" "$T/err"
	ok $? "and it says so"
	exec 9>&-
	wait $pid
	chmod 600 "$T/db/a.db"
	nobody "$T/dmon-replay" -d "$T/db/a.db" >"$T/out" 2>"$T/err"
	is $? 4 "without read permission: status 4"
	grep -q "a.db: open: Permission denied" "$T/err"
	ok $? "and it says so"
fi

# A replay that is read very slowly, while 100 MB are written: the log stays
# within what starts a checkpoint, and a batch.
dmon-store -d "$T/b.db" "$T/in" >"$T/out"
gen 200 600 >"$T/more"
dmon-store -d "$T/b.db" "$T/more" >"$T/out"
[ -p "$T/slow" ] || mkfifo "$T/slow"
dmon-replay -d "$T/b.db" >"$T/slow" &
pid=$!
exec 8<"$T/slow"
head -c 1000 <&8 >"$T/out"
dmon-store -d "$T/b.db" "$T/more" >"$T/out"
same "$T/out" "$T/more" "a writer beside a reader that stands still"
test -d "/proc/$pid"
ok $? "the reader is still there"
dmon-replay -d "$T/b.db" --from 1795476001 --to 1795476002 >"$T/out2"
size=$(wc -c <"$T/b.db-wal")
test "$size" -lt 67108864
ok $? "the log has stayed small: $size bytes"
cat <&8 >"$T/out"
exec 8<&-
wait $pid
is $? 0 "the reader ends well"
# head took some of it; the rest is what was there when it began, not more.
cat "$T/in" "$T/more" >"$T/all"
tail -n 100000 "$T/all" >"$T/expected"
tail -n 100000 "$T/out" >"$T/got"
same "$T/got" "$T/expected" "with the last record that was there at first"
done_testing
