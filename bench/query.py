#!/usr/bin/python3
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each expression in turn, of dmon-query on a database and of Prometheus by
its HTTP API: the median of the wall clock, and the ratio.
usage: query.py RUNS DATABASE URL EXPRESSIONS FROM TO STEP
       query.py openmetrics < RECORDS: what promtool makes blocks of"""
import json
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request


def openmetrics():
    """Records as OpenMetrics, each metric's lines together."""
    metrics = {}
    for line in sys.stdin:
        r = json.loads(line)
        labels = ",".join(f'{k}="{v}"' for k, v in r["labels"].items())
        for name, v in r["metrics"].items():
            metrics.setdefault(name, []).append(
                f"{name}{{{labels}}} {v} {r['ts']}\n")
    for name, lines in metrics.items():
        print(f"# TYPE {name} unknown")
        sys.stdout.writelines(lines)
    print("# EOF")


def clock(work):
    begun = time.perf_counter()
    n = work()
    return (time.perf_counter() - begun) * 1000, n


def values(answer):
    return sum(len(s["values"]) for s in json.loads(answer)["data"]["result"])


def main():
    runs, database, url, expressions, *times = sys.argv[1:]
    start, end, step = times

    def ours():
        run = subprocess.run(
            ["dmon-query", "-d", database, "--format", "prometheus", "--from",
             start, "--to", end, "--step", step + "s", "--", expression],
            stdout=subprocess.PIPE, check=True)
        return run.stdout

    def theirs():
        data = urllib.parse.urlencode({"query": expression, "start": start,
                                       "end": end, "step": step}).encode()
        return urllib.request.urlopen(url + "/api/v1/query_range",
                                      data).read()

    sums = [0, 0]
    print("  dmon-query  Prometheus  ratio   values  (ms, medians)")
    for line in open(expressions):
        expression = line.strip()
        n = values(theirs())
        if values(ours()) != n:
            sys.exit(f"not the same number of values: {expression}")
        pairs = [(clock(ours)[0], clock(theirs)[0]) for _ in range(int(runs))]
        a, b = (statistics.median(p[i] for p in pairs) for i in (0, 1))
        sums = [sums[0] + a, sums[1] + b]
        print(f"{a:12.1f}{b:12.1f}{a / b:7.2f}{n:9}  {expression}")
    print(f"{sums[0]:12.1f}{sums[1]:12.1f}{sums[0] / sums[1]:7.2f}"
          "           all of them")


if sys.argv[1:] == ["openmetrics"]:
    openmetrics()
else:
    main()
