#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Templates that look at samples, at the time and at what dmon-match was told.
. "$(dirname "$0")/lib.sh"
. tests/cmd/match-stream.sh

cat >"$T/r.yml" <<'END'
groups:
  - name: g
    rules:
      - alert: High
        expr: m > 60
        for: 2s
        keep_firing_for: 2s
        labels:
          site: "{{ $externalLabels.site }}"
          crowd: '{{ with query "count(m)" }}{{ . | first | value }}{{ end }}'
        annotations:
          others: '{{ range printf "m{id!=%q}" $labels.id | query | sortByLabel "id" }}{{ .Labels.id }} {{ .Value }} {{ end }}'
          total: '{{ printf "total{id=''%s''}" $labels.id | query | first | value }}'
          at: "{{ now }}"
          url: "{{ externalURL }}{{ $externalLabels.zone }}"
END
stream 60 >"$T/in"
told() {
	dmon-match --only -r "$T/r.yml" --external-label site=north \
		--external-label zone=z --external-url http://h/p "$@"
}
told <"$T/in" >"$T/out"
is $? 0 "status 0"

# What m and total were at a time, of one container and of the others.
awk -v FS='[:,"{}]+' '/"m"/ {
		ts = $3; id = $0; sub(/.*"id":"/, "", id); sub(/".*/, "", id)
		m = $0; sub(/.*"m":/, "", m); sub(/,.*/, "", m)
		t = $0; sub(/.*"total":/, "", t); sub(/}.*/, "", t)
		print ts, id, m, t
	}' "$T/in" >"$T/samples"
jq -r 'select(.kind == "alert") | [.ts, .status, .labels.id, .labels.crowd,
	.labels.site, .annotations.at, .annotations.total, .annotations.url,
	.annotations.others] | @tsv' "$T/out" >"$T/alerts"
[ "$(wc -l <"$T/alerts")" -gt 20 ]
ok $? "there are alerts"
awk -F '\t' 'FILENAME ~ /samples/ {
		split($0, s, " ")
		if (s[3] != "null") {
			m[s[1], s[2]] = s[3]
			n[s[1]]++
		}
		total[s[1], s[2]] = s[4]
		next
	}
	{
		# It is over at .ts, and tells of when it was there last.
		at = sprintf("%d", $6)
		over = $2 == "resolved" || $2 == "dropped"
		if (over ? at + 0 >= $1 + 0 : at != $1)
			print "at:", $0
		if ($4 != n[at])
			print "crowd:", $0
		if ($7 != total[at, $3])
			print "total:", $0
		others = ""
		for (i = 1; i <= 3; i++) {
			id = "/" substr("abc", i, 1)
			if (id != $3 && (at, id) in m)
				others = others id " " m[at, id] " "
		}
		if ($9 != others)
			print "others:", $0, "|" others
		if ($5 != "north" || $8 != "http://h/pz")
			print "told:", $0
	}' "$T/samples" "$T/alerts" >"$T/odd"
is "$(cat "$T/odd")" "" "each tells of the samples at its last evaluation"
grep -q 'resolved' "$T/alerts" && grep -q '	2	' "$T/alerts" &&
	grep -q '	3	' "$T/alerts"
ok $? "while there were two, and three"

for n in 1 7; do
	rm -f "$T/state"
	for first in $(seq 0 $n 59); do
		k=$n
		[ $((first + k)) -le 60 ] || k=$((60 - first))
		stream $k "$first" | told --state "$T/state"
	done >"$T/pieces"
	same "$T/pieces" "$T/out" "with --state, in pieces of $n sweeps: the same"
done
done_testing
