#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What README and dmon-record(5) show is what the shipped recording and rules
# give today. DM_GOLDEN_UPDATE=1 writes it there instead.
. "$(dirname "$0")/lib.sh"

command -v jq >/dev/null || skip_all "no jq"
command -v sqlite3 >/dev/null || skip_all "no sqlite3"

# Lines of at most so many bytes; a blank where one ends is dropped, a
# container's identity cut.
fold_json() { # WIDTH
	sed 's,\(/docker/[0-9a-f]\{8\}\)[0-9a-f]*,\1...,g' |
		awk -v width="$1" '{
			line = ""
			while (match($0, /[^,{ ]*[,{ ]|[^,{ ]+$/)) {
				word = substr($0, 1, RLENGTH)
				$0 = substr($0, RLENGTH + 1)
				if (line != "" && length(line word) > width) {
					sub(/ $/, "", line)
					print line
					line = ""
				}
				line = line word
			}
			print line
		}'
}

# As mdoc has it in a literal block.
mdoc() {
	sed 's/\\/\\e/g; s/^[.'\'']/\\\&&/'
}

# usage: shown FILE NAME: what it shows under this name, or with NEW, the
# file with that file's text there instead
in_readme() { # NAME [NEW]
	awk -v name="$1" -v new="${2-}" '
		function put(  l) { while ((getline l <new) > 0) print l }
		on && /^[^ ]/ { on = 0 }
		!on && ((name == "quickstart" && /^    No container runs here/) ||
			(name == "alert" && /^    {"ts":/)) {
			on = 1
			if (new) { put(); print "" }
		}
		on && !new { held = held $0 "\n" }
		on && new { next }
		new { print }
		END { sub(/\n\n$/, "\n", held); printf "%s", held }' README
}
in_page() { # NAME [NEW]
	awk -v name="$1" -v new="${2-}" '
		function put(  l) { while ((getline l <new) > 0) print l }
		on && /^\.Ed/ { on = 0 }
		on && !new { print }
		on && new { next }
		new { print }
		at && /^\.Bd/ { on = 1; if (new) put() }
		{ at = $0 == ".\\\" shown: " name }' man/dmon-record.5
}

shown() { # FILE WHERE NAME: $T/NAME is what is to be there
	# Without it there would be no place to write it to the next time.
	test "$(wc -l <"$T/$3")" -gt 2
	ok $? "there is something to show: $3"
	[ "$(wc -l <"$T/$3")" -gt 2 ] || return
	if [ -n "${DM_GOLDEN_UPDATE:-}" ]; then
		"$2" "$3" "$T/$3" >"$T/new" && cp "$T/new" "$1"
		ok $? "$1: $3 (written)"
		return
	fi
	"$2" "$3" >"$T/is"
	same "$T/is" "$T/$3" "$1: $3"
}

# The quickstart, where no container runs.
mkdir "$T/bin"
printf '#!/bin/sh\nexit 0\n' >"$T/bin/dmon-collect"
chmod +x "$T/bin/dmon-collect"
PATH=$T/bin:$PATH sh examples/watch.sh "$T/db" >"$T/out" 2>"$T/err"
is "$?/$(cat "$T/err")" 0/ "what the quickstart shows"
[ ! -s "$T/err" ] || done_testing
sed 's/^\(.\)/    \1/' "$T/out" >"$T/quickstart"
shown README in_readme quickstart

dmon-replay -d "$T/db" >"$T/records"
first() { # FILTER: the first record of which it is true
	jq -c "select($1)" "$T/records" | head -n 1
}
first '.kind == "alert" and .status == "firing" and
	.labels.threat == "escape" and .labels.severity == "critical"' |
	fold_json 72 | sed 's/^/    /' >"$T/alert"
shown README in_readme alert

first '.metrics.container_process_namespace_state == 9' |
	jq -c '.metrics |= { container_process_namespace_state,
		container_process_threads }' | fold_json 72 | mdoc >"$T/process"
ts=$(jq -r 'select(.kind == "sweep").ts' "$T/records" | head -n 1)
for source in '"cgroup"' null; do
	first ".kind == \"sweep\" and .ts == $ts and
		.labels.source == $source" | fold_json 72
done | mdoc >"$T/sweeps"
first '.kind == "alert" and .status == "resolved"' >"$T/resolved"
fold_json 72 <"$T/resolved" | mdoc >"$T/alert"
name=$(jq -r .labels.alertname "$T/resolved")
first ".kind == \"recorded\" and .metrics == { ALERTS: null } and
	.labels.alertname == \"$name\" and
	.labels.alertstate == \"firing\"" | fold_json 72 | mdoc >"$T/recorded"
for name in process sweeps alert recorded; do
	shown man/dmon-record.5 in_page $name
done
done_testing
