#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The alerts of dmon-match are those of Prometheus: what it says fires at each
# second is put to promtool as a unit test.
. "$(dirname "$0")/lib.sh"
. tests/cmd/match-stream.sh
command -v promtool >/dev/null || skip_all "no promtool"

cat >"$T/r.yml" <<'END'
groups:
  - name: g
    rules:
      - record: m:recent
        expr: avg_over_time(m[2500ms])
      - alert: Now
        expr: m > 60
      - alert: For
        expr: m > 30
        for: 2s
      - alert: Keep
        expr: m > 80
        keep_firing_for: 4s
      - alert: Both
        expr: m > 40
        for: 1s
        keep_firing_for: 2s
        labels:
          severity: "{{ if gt $value 70.0 }}high{{ else }}low{{ end }}"
      - alert: Recorded
        expr: m:recent > 50
        for: 1s
      - alert: Alerting
        expr: ALERTS{alertname="For", alertstate="pending"} == 1
END
stream 60 >"$T/in"
dmon-match --only -r "$T/r.yml" <"$T/in" >"$T/out"

# The same samples, as promtool writes them.
cat >"$T/t.yml" <<'END'
rule_files: [r.yml]
evaluation_interval: 1s
tests:
  - interval: 1s
    input_series:
END
for c in a b c; do
	printf '      - series: m{instance="n1", job="dmon", id="/%s"}\n' $c
	printf '        values:'
	for i in $(seq 0 59); do
		v=$(sed -n "s/^{\"ts\":$((1700000000 + i)),.*\"\/$c\"}.*\"m\":\([0-9]*\),.*/\1/p" "$T/in")
		printf ' %s' "${v:-stale}"
	done
	echo
done >>"$T/t.yml"
echo '    alert_rule_test:' >>"$T/t.yml"
sed -n 's/^{"ts":\([0-9]*\),"kind":"alert","labels":{\(.*\)},"metrics":{}.*"status":"\([a-z]*\)".*/\1 \3 \2/p' \
	"$T/out" >"$T/changes"
for alert in Now For Keep Both Recorded Alerting; do
	awk -v alert=$alert '
		BEGIN { want = "\"alertname\":\"" alert "\"" }
		index($0, want) { n++; at[n] = $1; is[n] = $2; l[n] = $3 }
		END {
			k = 1
			for (t = 0; t < 60; t++) {
				for (; k <= n && at[k] <= 1700000000 + t; k++)
					firing[l[k]] = is[k] == "firing"
				printf "      - eval_time: %ds\n", t
				printf "        alertname: %s\n", alert
				printf "        exp_alerts:\n"
				for (x in firing) {
					if (!firing[x])
						continue
					labels = x
					gsub(/"alertname":"[A-Za-z]*",/, "", labels)
					gsub(/":"/, "\": \"", labels)
					printf "          - exp_labels: {%s}\n", labels
				}
			}
		}' "$T/changes" >>"$T/t.yml"
	grep -q "\"$alert\".*\"firing\"" "$T/out"
	ok $? "$alert fires"
done
promtool test rules "$T/t.yml" >"$T/said" 2>&1
ok $? "Prometheus has the same alerts firing, second by second"
grep -A12 FAILED "$T/said" | head -n 20 | sed 's/^/# /'
done_testing
