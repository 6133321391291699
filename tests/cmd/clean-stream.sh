# SPDX-License-Identifier: GPL-3.0-or-later
# What tests of dmon-clean share.

# usage: sweeps SCRIPT: records of one container, which awk says with
# say(TS, METRICS)
sweeps() {
	awk "function say(t, metrics) {
		printf \"{\\\"ts\\\":%s,\\\"kind\\\":\\\"container\\\",\" \\
		    \"\\\"labels\\\":{\\\"instance\\\":\\\"n\\\",\\\"job\\\":\\\"d\\\",\\\"id\\\":\\\"/a\\\"},\" \\
		    \"\\\"metrics\\\":{%s}}\\n\", t, metrics
	}
	BEGIN { $1 }"
}

# What was listed: ts, metric, reason, was
listed() {
	jq -r '.ts as $t | .clean // empty | to_entries[] |
		"\($t) \(.key) \(.value.reason) \(.value.was)"'
}
