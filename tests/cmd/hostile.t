#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What is done to harm: no hang, no crash, nothing lost without a word.
. "$(dirname "$0")/lib.sh"
. tests/cmd/match-stream.sh

cat >"$T/r.yml" <<'END'
groups:
  - name: g
    rules:
      - alert: High
        expr: m > 60
END
stream 3 >"$T/in"

# Descriptors that are closed at the start.
dmon-match -r "$T/r.yml" "$T/in" >&- 2>"$T/e"
is $? 4 "standard output is closed: said, not lost"
dmon-store -d "$T/db" "$T/in" >&- 2>"$T/e"
is $? 4 "of dmon-store as well"
dmon-match -r "$T/r.yml" <&- >"$T/o" 2>"$T/e"
is "$? $(wc -c <"$T/o")" "4 0" "standard input is closed: no empty stream"
dmon-match -r "$T/r.yml" "$T/in" <&- 2>&- >"$T/o"
is "$? $(grep -vc '"kind":"alert"\|"recorded"' "$T/o")" \
	"0 $(wc -l <"$T/in")" "nor is it needed where files are named"

done_testing
