#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-query's answers are those of Prometheus: both are given the same samples
# and asked the same questions. tests/fixtures/query/queries.txt has them;
# differs.txt what can't be the same, and why.
. "$(dirname "$0")/lib.sh"

command -v prometheus >/dev/null || skip_all "no prometheus"
command -v python3 >/dev/null || skip_all "no python3"

lists=tests/fixtures/query
py="python3 tests/cmd/query-prometheus.py"
port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
url=http://127.0.0.1:$port

printf 'global: {evaluation_interval: 1m}\n' >"$T/prometheus.yml"
prometheus --config.file="$T/prometheus.yml" --storage.tsdb.path="$T/tsdb" \
	--storage.tsdb.retention.time=100y --web.listen-address="127.0.0.1:$port" \
	--web.enable-remote-write-receiver --log.level=warn >"$T/log" 2>&1 &
prometheus=$!
at_exit 'kill $prometheus; wait $prometheus'
until_ok python3 -c "import urllib.request
urllib.request.urlopen('$url/-/ready')" || {
	cat "$T/log"
	skip_all "prometheus does not start"
}

$py make "$T/made"
zcat examples/recording.ndjson.gz >"$T/recording"
for data in made recording; do
	echo "# $data: $($py write "$url" "$T/$data") samples"
	dmon-store -d "$T/$data.db" --only "$T/$data"
	$py compare "$url" "$T/$data.db" $data $lists/queries.txt >"$T/out"
	is "$?/$(sed '$d' "$T/out" | head -n 100)" "0/" "$data: the same answers"
	echo "# $data: $(tail -n 1 "$T/out")"
	test "$(tail -n 1 "$T/out" | cut -d' ' -f1)" -gt 100
	ok $? "$data: there are enough"
	$py differ "$url" "$T/$data.db" $data $lists/differs.txt >"$T/out"
	is "$?/$(sed '$d' "$T/out")" "0/" "$data: what differs does"
done
done_testing
