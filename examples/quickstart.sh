#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# From a fresh clone to stored alerts: installs what is missing (Debian, as
# root), builds, watches this machine's containers for half a minute, and
# says what was seen. Where no container runs, a recording is watched.
# usage: sh examples/quickstart.sh [SECONDS]
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-30}

. examples/packages.sh
install_missing build run

build=$PWD/build-quickstart
log=$build/build.log
mkdir -p "$build"
echo "Building in $build ..."
{
	{ [ -x configure ] && [ configure -nt configure.ac ]; } ||
		autoreconf -fi
	cd "$build"
	[ -f Makefile ] || ../configure -q CFLAGS='-O2 -g'
	make -s -j"$(nproc)" bin-programs
	cd ..
} >"$log" 2>&1 || {
	tail -n 20 "$log" >&2
	exit 4
}
PATH=$build:$PATH
db=$build/dmon-$(date +%Y%m%d-%H%M%S).db

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
cat <<END

All of it is in $db. Next:
  PATH=$build:\$PATH
  dmon-replay -d $db --kind alert
  dmon-replay -d $db | dmon-match --only -r rules
  sqlite3 -readonly -box $db 'select time, severity, alertname, status from alerts'
  dmon-collect -i 1 | dmon-match -r rules | dmon-store -d $db >/dev/null
  make -C $build install        man dmon
END
