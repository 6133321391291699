#!/usr/bin/python3
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dmon-match and Prometheus with the same rules beside each other, live: each
sweep on standard input is put through dmon-match, and shown on a page that
Prometheus scrapes once a second. CPU time of both, from the WARMUPth sweep to
the end of input; the page and this program cost neither.
usage: rules.py FOLDER WARMUP RULES DMON-MATCH < RECORDS
RULES is a folder of them, FOLDER is for Prometheus's data."""
import glob
import http.server
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request

page = b""


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


def about(labels, known={}):
    """The labels of a record as they stand on a page, from JSON's text."""
    if labels not in known:
        known[labels] = ",".join(
            f"{k}={json.dumps(v, ensure_ascii=False)}"
            for k, v in json.loads(labels).items())
    return known[labels]


def exposition(lines):
    """A sweep as a page; `up` and its like are Prometheus's own to say. By
    the text, as dmon-collect writes it: json.loads would take too long."""
    out = []
    for line in lines:
        _, _, rest = line.decode().partition('"labels":')
        labels, _, metrics = rest.partition(',"metrics":{')
        for metric in metrics.rstrip("}\n").split(","):
            name, _, value = metric.replace('"', "").partition(":")
            if name and value != "null" and name != "up" and \
                    not name.startswith("scrape_"):
                out.append(f"{name}{{{about(labels)}}} {value}\n")
    return "".join(out).encode()


def free_port():
    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        return server.server_port


def prometheus(folder, scraped, instance, rules):
    port = free_port()
    with open(folder + "/prometheus.yml", "w") as config:
        json.dump({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s",
                       "evaluation_interval": "1s"},
            "rule_files": rules,
            "scrape_configs": [{
                "job_name": "dmon", "honor_labels": True,
                "static_configs": [{"targets": [f"127.0.0.1:{scraped}"],
                                    "labels": {"instance": instance}}]}],
        }, config)
    log = open(folder + "/log", "w")
    return port, subprocess.Popen(
        ["prometheus", "--config.file=" + folder + "/prometheus.yml",
         "--storage.tsdb.path=" + folder + "/data", "--log.level=warn",
         f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)


def cpu(process):
    with open(f"/proc/{process.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(process):
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status
                    if line.startswith("VmHWM"))


def ask(port, expression):
    url = f"http://127.0.0.1:{port}/api/v1/query?query=" + \
        urllib.request.quote(expression)
    with urllib.request.urlopen(url) as answer:
        result = json.load(answer)["data"]["result"]
    return float(result[0]["value"][1]) if result else 0


def main():
    global page
    folder, warmup, rules, dmon_match = sys.argv[1:]
    rules = [os.path.abspath(name) for name in glob.glob(rules + "/*.yml")
             if not name.endswith(".test.yml")]
    match = subprocess.Popen([dmon_match] + [
        word for name in rules for word in ("-r", name)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    peer, sweep, sweeps = None, [], 0
    for line in sys.stdin.buffer:
        match.stdin.write(line)
        sweep.append(line)
        if b'"kind":"sweep"' not in line or b'"source":' in line:
            continue
        match.stdin.flush()
        page, sweep, sweeps = exposition(sweep), [], sweeps + 1
        if peer is None:
            port, peer = prometheus(folder, server.server_port,
                                    json.loads(line)["labels"]["instance"],
                                    rules)
        if sweeps == int(warmup):
            begun = time.monotonic(), cpu(match), cpu(peer)
    seconds = time.monotonic() - begun[0]
    ours, theirs = cpu(match) - begun[1], cpu(peer) - begun[2]
    print(f"dmon-match: {1000 * ours / (sweeps - int(warmup)):.1f} ms a sweep, "
          f"{resident(match):.1f} MiB")
    print(f"prometheus: {1000 * theirs / seconds:.1f} ms a second, "
          f"{resident(peer):.1f} MiB, {ask(port, 'scrape_samples_scraped'):.0f}"
          " samples a scrape, scrapes that failed: "
          f"{100 * (1 - ask(port, 'avg_over_time(up[50s])')):.0f} %")
    print(f"{sweeps - int(warmup)} sweeps in {seconds:.0f} s")
    peer.terminate()
    peer.wait()
    match.stdin.close()
    sys.exit(match.wait())


main()
