#!/usr/bin/python3
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a live series costs dmon-match: memory above what one container
takes, a series, with and without its samples (16 bytes each that are kept);
CPU time a sweep, the first of 30 included, reading and all. Behind the one
container come events that no rule looks at, so that buffers of the stream are
as full as with many.
usage: series.py BUILD"""
import os
import subprocess
import sys
import tempfile

METRICS = """container_cpu_usage_seconds_total container_cpu_user_seconds_total
container_cpu_system_seconds_total container_cpu_cfs_periods_total
container_cpu_cfs_throttled_periods_total container_memory_usage_bytes
container_memory_working_set_bytes container_memory_rss container_memory_cache
container_memory_failcnt container_spec_memory_limit_bytes
container_fs_reads_bytes_total container_fs_writes_bytes_total
container_processes container_threads""".split()
SWEEPS = 30
EVENT = ('{"ts":1795476029,"kind":"event","labels":{"instance":"node-1"},'
         '"metrics":{"padding":1}}\n')
PADDING_BYTES = 2 << 20


def plain_rules(path):
    """A rule for each metric, without a range."""
    with open(path, "w") as f:
        f.write("groups:\n  - name: plain\n    rules:\n")
        for metric in METRICS:
            f.write(f"      - alert: {metric}\n        expr: {metric} > 1e15\n")


def run(arguments, said):
    """CPU seconds and peak bytes. The peak is time(1)'s, as that of a child
    of ours would be ours at least."""
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        os.execv("/usr/bin/time",
                 ["time", "-o", said, "-f", "%M"] + arguments)
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"series.py: status {status}")
    with open(said) as f:
        return usage.ru_utime + usage.ru_stime, int(f.read()) * 1024


def kept(match, rules, stream, state):
    """Series and samples in the window at the end."""
    subprocess.run([match, "-r", rules, "--only", "--state", state, stream],
                   stdout=subprocess.DEVNULL, check=True)
    series = samples = 0
    with open(state) as f:
        for line in f:
            if line.startswith('{"window":"series"'):
                series += 1
                samples += line[line.index('"t":['):].count(",") // 2 + 1
    os.unlink(state)
    return series, samples


def main():
    build, here = sys.argv[1], os.path.dirname(os.path.abspath(__file__))
    match = build + "/dmon-match"
    with tempfile.TemporaryDirectory() as tmp:
        plain = tmp + "/plain.yml"
        plain_rules(plain)
        for rules in plain, here + "/ten-rules.yml":
            print(os.path.basename(rules))
            for containers in 1, 67, 667, 6667:
                stream = tmp + "/stream"
                with open(stream, "w") as f:
                    subprocess.run([build + "/bench/gen-records",
                                    str(containers), str(SWEEPS)],
                                   stdout=f, check=True)
                if containers == 1:
                    with open(stream, "a") as f:
                        f.write(EVENT * (PADDING_BYTES // len(EVENT)))
                runs = [run([match, "-r", rules, "--only", stream],
                            tmp + "/time") for _ in range(5)]
                cpu, peak = (min(r[i] for r in runs) for i in (0, 1))
                series, samples = kept(match, rules, stream, tmp + "/state")
                if containers == 1:
                    least = peak
                    continue
                whole = (peak - least) / series
                print(f"{series:8d} series {samples / series:5.1f} samples "
                      f"each {whole:6.0f} bytes, without them "
                      f"{whole - 16 * samples / series:6.0f}; "
                      f"{1000 * cpu / SWEEPS:7.2f} ms CPU a sweep")


main()
