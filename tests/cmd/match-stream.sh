# SPDX-License-Identifier: GPL-3.0-or-later
# A stream for tests of dmon-match: stream SWEEPS [FIRST] writes that many
# sweeps, a second each, of target n1: containers a, b, c with a metric m
# between 0 and 100, always the same for the same time. c is gone from 20 to
# 29, and a has no m from 40 to 44.
stream() {
	awk -v n="$1" -v first="${2:-0}" 'BEGIN {
		for (i = first; i < first + n; i++) {
			ts = 1700000000 + i
			for (c = 0; c < 3; c++) {
				x = (i * 7 + c * 31 + int(i / 5) * 13) % 101
				if (c == 2 && i >= 20 && i < 30)
					continue
				if (c == 0 && i >= 40 && i < 45)
					x = "null"
				printf "{\"ts\":%d,\"kind\":\"container\",", ts
				printf "\"labels\":{\"instance\":\"n1\","
				printf "\"job\":\"dmon\",\"id\":\"/%s\"},",
					substr("abc", c + 1, 1)
				printf "\"metrics\":{\"m\":%s,\"total\":%d}}\n",
					x, i * (c + 1)
			}
			printf "{\"ts\":%d,\"kind\":\"sweep\",", ts
			printf "\"labels\":{\"instance\":\"n1\","
			printf "\"job\":\"dmon\"},\"metrics\":{\"up\":1}}\n"
		}
	}'
}

# Only the alerts, a line each: time, status, labels but severity, value.
alerts() {
	sed -n 's/^{"ts":\([0-9.]*\),"kind":"alert","labels":{"alertname":"\([^"]*\)","id":"\/\([^"]*\)".*"status":"\([a-z]*\)".*$/\1 \2 \3 \4/p' "$@"
}
