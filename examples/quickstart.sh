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

sh examples/watch.sh "$db" "$seconds"
cat <<END

All of it is in $db. Next:
  PATH=$build:\$PATH
  dmon-query -d $db                     then \\alerts, \\d, \\help
  dmon-replay -d $db --kind alert
  dmon-replay -d $db | dmon-match --only -r rules
  sqlite3 -readonly -box $db 'select time, severity, alertname, status from alerts'
  dmon-collect -i 1 | dmon-match -r rules | dmon-store -d $db >/dev/null
  make -C $build install        man dmon
END
