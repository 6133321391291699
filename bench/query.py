#!/usr/bin/python3
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each expression in turn: to dmon-query on a database, a process for each and
one that is asked at its prompt, and to Prometheus by its HTTP API: the medians
of the wall clock, and their ratios.
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
    work()
    return (time.perf_counter() - begun) * 1000


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

    prompt = subprocess.Popen(["dmon-query", "-d", database],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    prompt.stdin.write(f"\\format prometheus\n\\range {start} {end} {step}s\n"
                       .encode())
    prompt.stdin.flush()
    prompt.stdout.readline()
    prompt.stdout.readline()

    def asked():
        prompt.stdin.write(expression.encode() + b"\n")
        prompt.stdin.flush()
        return prompt.stdout.readline()

    def theirs():
        data = urllib.parse.urlencode({"query": expression, "start": start,
                                       "end": end, "step": step}).encode()
        return urllib.request.urlopen(url + "/api/v1/query_range",
                                      data).read()

    ways = [ours, asked, theirs]
    sums = [0] * 3
    print(" process  prompt  Prometheus      ratios    values  (ms, medians)")
    for line in open(expressions):
        expression = line.strip()
        n = {values(way()) for way in ways}
        if len(n) != 1:
            sys.exit(f"not the same number of values: {expression}")
        runs_ms = [[clock(way) for way in ways] for _ in range(int(runs))]
        ms = [statistics.median(r[i] for r in runs_ms) for i in range(3)]
        sums = [a + b for a, b in zip(sums, ms)]
        print_line(ms, n.pop(), expression)
    print_line(sums, "", "all of them")
    prompt.stdin.close()
    prompt.wait()


def print_line(ms, n, what):
    a, b, c = ms
    print(f"{a:8.1f}{b:8.1f}{c:12.1f}{a / c:7.2f}{b / c:6.2f}{n:9}  {what}")


if sys.argv[1:] == ["openmetrics"]:
    openmetrics()
else:
    main()
