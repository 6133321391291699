# SPDX-License-Identifier: GPL-3.0-or-later
# Judges a scenario by its alerts: see lib.sh, judge, and run.
def about_it:
	if .labels.id then
		.labels.id as $id | $ids != "" and ($id | test($ids))
	else
		$host != "" and ([.labels.alertname, .labels.what // empty]
			| join(" ") | test("^(\($host))$"))
		and (.labels.mountpoint // "/suite-\($name)"
			| endswith("/suite-\($name)"))
		and .at >= $began
	end;
def counts:
	(.labels.severity | . == "warning" or . == "critical")
	and (.labels.threat | . == "escape" or . == "dos" or . == "spying")
	and .labels.mitre != "T1610";

[inputs | select(.kind == "alert" and .status == "firing")
	| .at = (.seen // .ts) | select(.at <= $ended) | select(about_it)]
| sort_by(.at) as $all
| [$all[] | select(counts)] as $alerts
| (if any($alerts[]; .labels.threat == "escape") then "escape"
	elif ($alerts | length) > 0 then "dos" else "normal" end) as $verdict
| [$alerts[] | select(.labels.alertname as $a
	| $wants | split(" ") | index($a))] as $wanted
| ($wanted[0] // $alerts[0]) as $first
| (if $first then $first.at - $began - $crosses else null end) as $after
| (if $verdict != $truth then (if $verdict == "normal" then "missed"
		else "wrong" end)
	elif $truth == "normal" then "right"
	elif ($wanted | length) == 0 then "wrong alert"
	elif any($alerts[]; .at < $began) then "before it began"
	elif $wanted[0].at - $began > $due then "late"
	else "right" end) as $is
| [$name, $truth, $verdict,
	(if $after then ($after * 100 | round / 100) else "-" end),
	($first.labels.alertname // "-"), $is,
	([$all[] | select(.labels.severity == "critical")] | length),
	($alerts | length), ($ids | split("|") | length), $began, $ended]
| @tsv
