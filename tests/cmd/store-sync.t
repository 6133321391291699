#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 leaves the kernel's cache, a power cut does not: seen by strace,
# records go on only after the log that holds them has been synced.
. "$(dirname "$0")/lib.sh"

command -v strace >/dev/null || skip_all "no strace"
strace -f -o "$T/trace" true 2>/dev/null || skip_all "ptrace is not allowed"
gen="$build/bench/gen-records"
"$gen" 10 1 >"$T/in" || skip_all "bench/gen-records"

trace() { # as dmon-store -d "$T/db" with these arguments
	strace -f -y -o "$T/trace" \
		-e trace=fdatasync,fsync,pwrite64,pwritev,write,writev \
		dmon-store -d "$T/db" "$@" >"$T/out"
}

# The trace as a list: "log BYTES", "sync" of the log, "out BYTES".
events() {
	sed 's/^[0-9]* *//' "$T/trace" | awk '
		/^pwritev?6?4?\([0-9]+<[^>]*db-wal>/ { print "log", $NF }
		/^f(data)?sync\([0-9]+<[^>]*db-wal>\) *= 0$/ { print "sync" }
		/^writev?\(1</ { print "out", $NF }'
}

# No output with a part of the log unsynced, nor more of it than the log has.
# And, where each batch is one write: a new sync before each.
check() { # EACH
	events | awk -v each="$1" '
		$1 == "log" { unsynced += $2 }
		$1 == "sync" {
			safe += unsynced
			unsynced = 0
			fresh = 1
		}
		$1 == "out" {
			outs++
			acknowledged += $2
			if (unsynced) print "unsynced log at output " outs
			if (acknowledged > safe) print "output " outs \
				" is more than the log has"
			if (each && !fresh) print "no sync for output " outs
			fresh = 0
		}
		END { print (outs > 1 ? "outputs" : "too few outputs") }'
}

for i in 1 2 3 4 5 6 7 8; do
	"$gen" 10 1
	sleep 0.05
done | trace --batch 1ms
is $? 0 "a slow input"
is "$(check 1)" outputs "each batch is synced before it goes on"
is "$(wc -l <"$T/out" | tr -d ' ')" $((8 * $(wc -l <"$T/in"))) "all went on"

# The database is not new any more; the log is moved into it several times.
"$gen" 1000 60 >"$T/in"
trace "$T/in"
is $? 0 "a large file"
is "$(check 0)" outputs "no output before its log is synced"
grep -q "pwrite64([0-9]*<[^>]*/db>" "$T/trace"
ok $? "though the log was moved into the database"
same "$T/out" "$T/in" "all went on"

# Expiry writes to the log too.
"$gen" 100 200 >"$T/in"
trace --keep 1s "$T/in"
is $? 0 "with old records to delete"
is "$(check 0)" outputs "no output before its log is synced"
done_testing
