# SPDX-License-Identifier: GPL-3.0-or-later
# What R makes of each series (first file) beside what dmon does (second),
# given the series (third).
FILENAME == ARGV[1] { r[$1] = $0; next }
FILENAME == ARGV[2] { own[$1] = $0; next }
{
	split(r[$1], a)
	split(own[$1], b)
	name = $1 " (" $2 "," $3 "," $4 ")(" $5 "," $6 "," $7 ")" $8
	if (a[2] == "error") {
		refused++
		print name ": R gives up:" substr(r[$1], index(r[$1], ":") + 1)
		next
	}
	if (b[4] == "" || b[2] + 0 == 0) {
		failed++
		print name ": dmon gives up: " own[$1]
		next
	}
	ours += b[3]; theirs += a[3]
	worst = a[2] - b[2] > worst ? a[2] - b[2] : worst
	if (a[2] - b[2] > 1e-3)
		print name ": log likelihood worse by " a[2] - b[2]
	if (b[2] - a[2] > 1e-3) {
		better++
		print name ": log likelihood better by " b[2] - a[2]
	}
	n = sum = squares = 0
	for (i = 11; i <= NF; i++)
		if ($i != "NA") { n++; sum += $i; squares += $i * $i }
	deviation = sqrt(squares / n - (sum / n) ^ 2)
	far = 0
	for (i = 4; i <= 23; i++) {
		e = a[i] - b[i] > 0 ? a[i] - b[i] : b[i] - a[i]
		far = e > far ? e : far
	}
	if (far > 1e-3 * deviation) {
		differ++
		printf "%s: forecasts differ by %.4f deviations," \
			" log likelihoods by %.5f\n", name, far / deviation,
			b[2] - a[2]
	} else
		same++
}
END {
	printf "R gave up: %d, dmon: %d; log likelihood worse by at most" \
		" %.6f, better by 1e-3 in %d; forecasts and errors equal to" \
		" 1e-3 deviations in %d, not in %d; R took %.1f s, dmon" \
		" %.3f s\n", refused, failed, worst, better, same, differ,
		theirs, ours
}
