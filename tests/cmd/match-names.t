#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Any number of metric names: those that no rule looks at take no room.
. "$(dirname "$0")/lib.sh"

cat >"$T/r.yml" <<'END'
groups:
  - name: g
    rules:
      - alert: New
        expr: wanted > 1
      - alert: Event
        expr: happened > 0
END
cat >"$T/all.yml" <<'END'
groups:
  - name: g
    interval: 1h
    rules:
      - record: n
        expr: count({__name__=~"a.*|wanted"})
END
# 200,000 names in 200 records of as many shapes, then what rules look at.
names() {
	awk 'BEGIN {
		for (i = 0; i < 200; i++) {
			printf "{\"ts\":1700000000,\"kind\":\"container\","
			printf "\"labels\":{\"instance\":\"n\",\"job\":\"j\","
			printf "\"id\":\"/a\"},\"metrics\":{"
			for (k = 0; k < 1000; k++)
				printf "\"a%d_%d\":1,", i, k
			printf "\"wanted\":1}}\n"
		}
		printf "{\"ts\":1700000001,\"kind\":\"container\","
		printf "\"labels\":{\"instance\":\"n\",\"job\":\"j\","
		printf "\"id\":\"/a\"},\"metrics\":{\"wanted\":2}}\n"
		printf "{\"ts\":1700000001,\"kind\":\"event\",\"labels\":{},"
		printf "\"metrics\":{\"happened\":1}}\n"
	}'
}
names >"$T/in"
dmon-match -r "$T/r.yml" <"$T/in" >"$T/o" 2>"$T/e"
is "$? $(cat "$T/e")" "0 " "200,000 names of metrics"
is "$(sed -n 's/.*"alertname":"\([A-Za-z]*\)".*"status":"firing".*/\1/p' "$T/o" |
	tr '\n' ' ')" "Event New " "new ones are known still"

dmon-match -r "$T/all.yml" <"$T/in" >"$T/o" 2>"$T/e"
is "$? $(cat "$T/e")" "0 dmon-match: selectors want the samples of too many\
 different metric names: new ones are left out from now on" \
	"as many that a rule looks at: said once"
dmon-query --at 1700000000 'count({__name__=~"a.*"})' <"$T/in" >"$T/o" 2>"$T/e"
is "$? $(cat "$T/e")" "2 dmon-query: selectors want the samples of too many\
 different metric names" "a query of them fails"

# The database has what belongs to which.
dmon-store -d "$T/db" <"$T/in" >"$T/o" 2>"$T/e"
is "$? $(cat "$T/e")" "0 " "they are stored"
same "$T/o" "$T/in" "and go on"
for name in a0_0 a63_17 a150_999 wanted; do
	is "$(dmon-query -d "$T/db" --at 1700000001 --format json "count_over_time($name[1m])" |
		grep -c '"value":\(1\|2\)')" 1 "$name is found there"
done
done_testing
