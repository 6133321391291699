# SPDX-License-Identifier: GPL-3.0-or-later
"""The alerts of dmon-match put to promtool as unit tests.

ours [-a] RULES... >FILE  all rules in one file, without intervals, as promtool
                          evaluates all groups at each time; with -a they have
                          annotations
theirs FILE >RULES        the same for promtool 2, whose ranges have their
                          left border in them, unlike those of Prometheus 3:
                          shorter by a millisecond they see the same samples
tests [-a] RULES INTERVAL RECORDS ALERTS >TESTS
                          the samples of RECORDS, and of each alert at each
                          evaluation what is firing, as ALERTS says, which is
                          what dmon-match --only wrote of RECORDS; RULES are
                          theirs, INTERVAL is from one evaluation to the next

promtool's time begins at 0: the first record's is that, and metrics that are
times are moved alike. Samples of events are left out, as what promtool takes
lies at equal distances; what dmon-match records itself is not there anyway.
With -a annotations are compared, at the evaluations where dmon-match has said
what they are of all that fires: as an alert fires, and the last time before
it is resolved. It tells how they are then, promtool as they are ever.
"""
import json
import re
import sys

LASTING = ("host", "container", "process")
UNITS = {"ms": 1, "s": 1000, "m": 60000, "h": 3600000}
IS_TIME = re.compile("(_time_seconds|_last_seen)$")


def read(name):
    with open(name) as lines:
        return [json.loads(line) for line in lines]


def lines_of(name):
    """Lines of a rule file, and whether each is of annotations."""
    indent = None
    with open(name) as lines:
        for line in lines:
            depth = len(line) - len(line.lstrip())
            if indent is not None and line.strip() and depth <= indent:
                indent = None
            if line.lstrip().startswith("annotations:"):
                indent = depth
            yield line, indent is not None


def print_ours(annotated, names):
    print("groups:")
    for name in names:
        for line, annotation in lines_of(name):
            if (annotated or not annotation) and not re.match(
                    "groups:| *interval:", line):
                print(line, end="")


def print_theirs(name):
    def shorter(match):
        number, unit = match.groups()
        return "[%dms]" % (int(number) * UNITS[unit] - 1)
    for line, annotation in lines_of(name):
        print(line if annotation else re.sub(r"\[(\d+)(ms|[smh])\]", shorter,
                                             line), end="")


def text(value):
    """A value as promtool has it; numbers as Python prints them."""
    if value is None:
        return "stale"
    return repr(value) if not isinstance(value, str) else value


def series_of(records, first, step):
    """Series, each with its values by time; and the targets' sweeps."""
    series, sweeps = {}, {}
    for record in records:
        at = (record["ts"] - first) / step
        assert at == int(at), "samples between two steps: " + str(record)
        if record["kind"] not in LASTING + ("sweep",):
            continue
        labels = record["labels"]
        target = labels["instance"], labels["job"]
        sweeps.setdefault(target, set()).add(int(at))
        about = "{%s}" % ",".join(
            "%s=%s" % (k, json.dumps(v, ensure_ascii=False))
            for k, v in labels.items())
        for name, value in record["metrics"].items():
            if value is not None and IS_TIME.search(name):
                value -= first
            lasting = record["kind"] in LASTING
            values = series.setdefault(name + about, (target, lasting, {}))[2]
            values.setdefault(int(at), value)
    return series, sweeps


def samples(series, sweeps, steps):
    """As promtool takes them; a sweep without a series makes it stale."""
    for name, (target, lasting, values) in series.items():
        line, there = [], False
        for at in range(steps):
            if at in values:
                line.append(text(values[at]))
                there = values[at] is not None
            elif lasting and there and at in sweeps[target]:
                line.append("stale")
                there = False
            else:
                line.append("_")
        yield {"series": name, "values": " ".join(line)}


def changes_of(alerts, first):
    """By alert: who fires from when until when, and its texts at either."""
    changes = {}
    for record in alerts:
        if record["kind"] != "alert" or record["status"] in ("pending",
                                                             "dropped"):
            continue
        labels = dict(record["labels"])
        fired = changes.setdefault(labels.pop("alertname"), [])
        who = json.dumps(labels, sort_keys=True)
        at = record["ts"] - first
        if record["status"] == "firing":
            fired.append([who, at, float("inf"),
                          record["annotations"], None])
        else:
            last = [f for f in fired if f[0] == who][-1]
            last[2], last[4] = at, record["annotations"]
    return changes


def texts_at(fired, at, interval):
    """The annotations of an alert, where they are known at this time."""
    _, begin, end, at_begin, at_end = fired
    if at == begin:
        return at_begin
    return at_end if at == end - interval else None


def tests(name, fired, times, interval, annotated):
    for at in times:
        firing = [f for f in fired if f[1] <= at < f[2]]
        expected = [{"exp_labels": json.loads(f[0])} for f in firing]
        if annotated:
            texts = [texts_at(f, at, interval) for f in firing]
            if not texts or None in texts:
                continue
            for alert, annotations in zip(expected, texts):
                alert["exp_annotations"] = annotations
        yield {"eval_time": "%ds" % at, "alertname": name,
               "exp_alerts": expected}


def print_tests(annotated, rules, interval, records, alerts):
    interval = int(interval)
    with open(rules) as lines:
        text_of_rules = lines.read()
    records = read(records)
    times = sorted({r["ts"] for r in records})
    first, step = times[0], min(b - a for a, b in zip(times, times[1:]))
    assert interval % step == 0
    series, sweeps = series_of(records, first, step)
    changes = changes_of(read(alerts), first)
    evaluations = range(0, int(times[-1] - first) + 1, interval)
    names = re.findall(r"^ *- alert: (\w+)$", text_of_rules, re.M)
    assert names and set(changes) <= set(names)
    # YAML has JSON in it. The order of groups would else be any.
    json.dump({
        "rule_files": [rules],
        "evaluation_interval": "%ds" % interval,
        "group_eval_order": re.findall(r"^ *- name: ([\w-]+)$",
                                       text_of_rules, re.M),
        "tests": [{
            "interval": "%ds" % step,
            "input_series": list(samples(
                series, sweeps, int((times[-1] - first) / step) + 1)),
            "alert_rule_test": [
                test for name in names for test in tests(
                    name, changes.get(name, []), evaluations, interval,
                    annotated)],
        }]}, sys.stdout, ensure_ascii=False, indent=1)


def main(what, *arguments):
    annotated = arguments[0] == "-a"
    arguments = arguments[annotated:]
    if what == "ours":
        print_ours(annotated, arguments)
    elif what == "theirs":
        print_theirs(*arguments)
    else:
        print_tests(annotated, *arguments)


main(*sys.argv[1:])
