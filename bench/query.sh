#!/bin/sh
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-query on a database beside Prometheus's HTTP API on the same samples:
# 20 expressions over 1,000 containers (each expression reads 1,000 series or
# more), an hour at 15 seconds.
# usage: sh bench/query.sh [RUNS [CONTAINERS]]
build=${DM_BUILD:-build}
here=$(dirname "$0")
tmp=$(mktemp -d) || exit 4
PATH=$build:$PATH
trap 'kill $prometheus 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

"$build/bench/gen-records" "${2:-1000}" 241 15 >"$tmp/records" || exit 4
dmon-store -d "$tmp/dmon.db" --only "$tmp/records" || exit 4
/usr/bin/python3 "$here/query.py" openmetrics <"$tmp/records" >"$tmp/om"
promtool tsdb create-blocks-from openmetrics "$tmp/om" "$tmp/tsdb" \
	>"$tmp/log" 2>&1 || { cat "$tmp/log" && exit 4; }
rm "$tmp/om"

port=$(/usr/bin/python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
echo 'global: {}' >"$tmp/prometheus.yml"
prometheus --config.file="$tmp/prometheus.yml" --storage.tsdb.path="$tmp/tsdb" \
	--storage.tsdb.retention.time=100y --log.level=error \
	--web.listen-address="127.0.0.1:$port" >>"$tmp/log" 2>&1 &
prometheus=$!
until curl -fs -o /dev/null "http://127.0.0.1:$port/-/ready"; do
	kill -0 $prometheus || exit 4
	sleep 0.2
done
wc -c "$tmp/records" "$tmp/dmon.db" | sed '$d'
# The first sweep is at 1795476000, see gen-records.c.
/usr/bin/python3 "$here/query.py" "${1:-5}" "$tmp/dmon.db" \
	"http://127.0.0.1:$port" "$here/queries.txt" 1795476000.5 1795479600.5 15
