#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The verdicts of `run`, in a table; how good they are, by class.
awk -F '\t' '
function ratio(a, b) { return b ? sprintf("%.3f", a / b) : "-" }
BEGIN {
	n = split("escape dos normal", class, " ")
	form = "%-17s %-6s %-7s %8s  %-32s %s\n"
	printf form, "scenario", "truth", "verdict", "after, s", "first alert", ""
}
{
	printf form, $1, $2, $3, $4 == "-" ? "-" : sprintf("%.2f", $4), $5, $6
	count[$2, $3]++
	truths[$2]++
	verdicts[$3]++
	is[$6]++
	if ($2 == "normal") {
		alarms += $8
		criticals += $7
		# One container each at a time, or more.
		hours += ($11 - $10) / 3600
	}
	if ($6 != "right") {
		if (length(line) + length($1 $6) > 70) {
			not_right = not_right line ",\n\t"
			line = ""
		}
		line = line (line ? ", " : "") $1 " (" $6 ")"
	}
}
END {
	printf "\n%-9s %8s %8s %8s %8s %10s\n", "truth", "escape", "dos",
		"normal", "recall", "precision"
	for (i = 1; i <= n; i++) {
		c = class[i]
		printf "%-9s %8d %8d %8d %8s %10s\n", c, count[c, "escape"],
			count[c, "dos"], count[c, "normal"],
			ratio(count[c, c], truths[c]),
			ratio(count[c, c], verdicts[c])
		right += count[c, c]
	}
	printf "\naccuracy %s (%d of %d); right, and in time: %d\n",
		ratio(right, NR), right, NR, is["right"]
	printf "normal work: %d alerts, %d of them critical, in %.2f" \
		" container-hours: %s an hour\n", alarms, criticals, hours,
		hours ? sprintf("%.2f", alarms / hours) : "-"
	if (line)
		print "not right:\n\t" not_right line
}'
