#!/usr/bin/python3
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two commands in turn, A B A B ...: the median of each one's CPU time, its
peak memory, and the ratio B/A pair by pair.
usage: pairs.py RUNS 'COMMAND A' 'COMMAND B'"""
import os
import statistics
import sys


def run(command):
    """CPU seconds and peak MiB of a command and its children."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1)
        os.execvp("sh", ["sh", "-c", "exec " + command])
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"pairs.py: {command}: status {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    runs, commands = int(sys.argv[1]), sys.argv[2:4]
    for command in commands:  # a warm-up, not counted
        run(command)
    pairs = [[run(command) for command in commands] for _ in range(runs)]
    for i, command in enumerate(commands):
        cpu = [pair[i][0] for pair in pairs]
        print(f"{statistics.median(cpu):8.3f} s CPU (min {min(cpu):.3f}, max "
              f"{max(cpu):.3f}), {max(p[i][1] for p in pairs):6.1f} MiB  "
              f"{command}")
    ratios = [pair[1][0] / pair[0][0] for pair in pairs]
    print(f"{statistics.median(ratios):8.2f} times as fast, pair by pair "
          f"(min {min(ratios):.2f}, max {max(ratios):.2f})")


main()
