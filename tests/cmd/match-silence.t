#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-match --silence: a target that says nothing is down.
. "$(dirname "$0")/lib.sh"
. tests/cmd/match-stream.sh

cat >"$T/r.yml" <<'END'
groups:
  - name: g
    rules:
      - alert: Down
        expr: up == 0
        for: 200ms
      - alert: Some
        expr: m >= 0
END
mkfifo "$T/fifo"
dmon-match --silence 300ms --interval 100ms -r "$T/r.yml" <"$T/fifo" \
	>"$T/o" &
pid=$!
at_exit "kill $pid 2>/dev/null"
exec 9>"$T/fifo"
stream 3 >&9
until_ok grep -q '"Some".*"status":"firing"' "$T/o"
ok $? "alerts fire"
until_ok grep -q '"Down".*"status":"firing"' "$T/o"
ok $? "up is 0 for long enough"
grep '"kind":"sweep"' "$T/o" | grep -q '"instance":"n1".*"up":0'
ok $? "by a sweep record in the stream"
stream 2 500 >&9
until_ok grep -q '"Down".*"status":"resolved"' "$T/o"
ok $? "the next real sweep brings it back"
exec 9>&-
wait $pid
is $? 0 "status 0"

grep -v '"kind":"\(alert\|recorded\|rule\)"' "$T/o" >"$T/recording"
dmon-match --interval 100ms -r "$T/r.yml" <"$T/recording" >"$T/o2"
same "$T/o2" "$T/o" "the replay has the same alerts"
done_testing
