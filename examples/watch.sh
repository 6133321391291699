#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Watch this machine's containers, or where none runs a recording, by the rules
# in rules/: print alerts as they fire and a summary, and keep all records in a
# database. The programs must be in PATH, and jq and sqlite3.
# usage: sh examples/watch.sh DATABASE [SECONDS]
set -eu
db=${1:?usage: sh examples/watch.sh DATABASE [SECONDS]}
seconds=${2:-30}
case $db in
/*) ;;
*) db=$PWD/$db ;;
esac
cd "$(dirname "$0")/.."

# Names are chosen by whoever starts a container: no control characters.
show='select(.kind == "alert" and .status == "firing") |
	"  \(.startsAt)  \(.labels.severity // "-")  \(.labels.alertname): " +
	(.annotations.summary // "") | gsub("[[:cntrl:]]"; "?")'
watch() {
	dmon-match -r rules | dmon-store -d "$db" |
		grep --line-buffered '"kind":"alert"' |
		jq --unbuffered -r "$show" || true
}

if dmon-collect -n 1 2>/dev/null | grep -q '"kind":"container"'; then
	what="this machine's containers"
	echo "Watching $what for $seconds seconds; alerts as they fire:"
	dmon-collect -i 1 -n "$seconds" | watch
else
	what="a recording of three containers (examples/record.sh made it)"
	echo "No container runs here. Watching $what; alerts as they fire:"
	gzip -dc examples/recording.ndjson.gz | watch
fi

ask() { sqlite3 -readonly "$db" "$1"; }
echo
echo "Seen: $what"
echo "  containers  $(ask "select count(distinct labels ->> 'id')
	from identity where kind = 'container'")"
echo "  records     $(ask 'select count(*) from record')"
for severity in critical warning info; do
	printf '  %-10s  %s alerts\n' $severity "$(ask "select count(*)
		from alerts where status = 'firing' and
		severity = '$severity'")"
done
