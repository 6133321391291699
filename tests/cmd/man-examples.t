#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The examples of the man pages, as typed. What would run for ever ends after
# one sweep, rules are those in rules/, and the files that they name are there.
. "$(dirname "$0")/lib.sh"

command -v bash >/dev/null || skip_all "no bash, for its pipefail"
command -v jq >/dev/null || skip_all "no jq"
command -v sqlite3 >/dev/null || skip_all "no sqlite3"

w=$T/w
mkdir -p "$w/bin" "$w/lib" "$T/recorded"
ln -s "$top/rules" "$top/examples" "$w"
cp rules/escape.yml "$w/candidate.yml"
zcat examples/recording.ndjson.gz >"$w/recording.ndjson"
cp "$w/recording.ndjson" "$w/night.ndjson"
dmon-match -r rules "$w/recording.ndjson" |
	dmon-store -d "$T/recorded/dmon.db" >/dev/null
ok $? "a database to look at"

cat >"$w/bin/dmon-collect" <<END
#!/bin/sh
case " \$* " in *" -i "*) set -- "\$@" -n 1 ;; esac
exec "$build/dmon-collect" "\$@"
END
cat >"$w/bin/dmon-match" <<END
#!/bin/sh
case " \$* " in *" -r "* | *" --test "* | *" --check "*) ;;
*) set -- -r "$top/rules" "\$@" ;;
esac
exec "$build/dmon-match" "\$@"
END
chmod +x "$w/bin/dmon-collect" "$w/bin/dmon-match"
PATH=$w/bin:$PATH

for page in man/*.[1-9]; do
	name=$(basename "$page")
	# Each example to a file of its own.
	awk -v out="$T/$name" '
		function text(s) { gsub(/\\e/, "\\", s); return s }
		/^\.Sh / { on = $0 == ".Sh EXAMPLES" }
		!on { next }
		/^\.Ed/ { literal = 0 }
		literal { print text($0) >file }
		/^\.Bd -literal/ { literal = 1; file = out "-" ++n }
		/^\.Dl [$#] / {
			file = out "-" ++n
			print text(substr($0, 7)) >file
		}' "$page"
	for example in "$T/$name"-*; do
		[ -f "$example" ] || continue
		title="$name: $(head -n 1 "$example" | cut -c1-60)"
		sed -i "s|/etc/dmon/log|$top/rules/log|
			s|/etc/dmon/rules|$top/rules|; s|/var/lib/dmon|$w/lib|
			s|^\* \* \* \* \* ||" "$example"
		rm -f "$w"/dmon.db*
		cp "$T"/recorded/dmon.db* "$w"
		(cd "$w" && bash -o pipefail "$example" >"$T/out" 2>"$T/err" \
			</dev/null)
		status=$?
		expected=0
		# They say so: the recording has a critical alert, and nobody
		# who was logged in.
		grep -q -e --fail-on -e follow.sh "$example" && expected=1
		is $status $expected "$title"
		[ $status -eq $expected ] || sed 's/^/#   /' "$T/err"
		# No source need be there, but all else must be quiet.
		grep -v -e '^dmon-collect: ' -e '^follow.sh: nothing of ' \
			"$T/err" >"$T/said"
		is "$(cat "$T/said")" "" "$title: quiet"
	done
done

done_testing
