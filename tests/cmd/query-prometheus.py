# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of query-prometheus.t that a shell has no words for.

make FILE                 records, made up to be clear of what Prometheus 2.42
                          and 3 do differently
write URL FILE            send their samples to Prometheus by remote write,
                          with the markers of staleness that a scrape gives
compare URL DATABASE DATA QUERIES
                          put each query to both
differ URL DATABASE DATA QUERIES
                          say which of them have the same answers after all
"""
import json, math, struct, subprocess, sys, urllib.error, urllib.parse
import urllib.request

# Samples lie a quarter of a second behind whole ones, so that no range, no
# lookback and no step of a subquery begins or ends at one: 3 leaves out what
# lies at the beginning, 2.42 has it.
MADE_T0 = 1795400000
MADE_STEP = 15
MADE_N = 241

# When queries are put: at these times, and from, to and step of a range. None
# is a step of a subquery, so that none lies at the beginning of its range.
TIMES = {
    "made": ([MADE_T0 + t for t in (600.5, 1800.625, 3590.5, 3800.5)],
             (MADE_T0 + 300.5, MADE_T0 + 3500.5, 97)),
    # Its samples lie at whole seconds.
    "recording": ([1795512299.5, 1795512330.5],
                  (1795512290.5, 1795512346.5, 7)),
}
TOLERANCE = 1e-12


# ---- records ----

def noise(i, k):
    """Some number from 0 to 1, the same at each run."""
    x = (i * 2654435761 + k * 40503 + 12345) & 0xffffffff
    x ^= x >> 13
    x = x * 1274126177 & 0xffffffff
    return (x ^ x >> 16) / 2**32


def made_container(i, k, state):
    """The metrics of container k at sweep i. Counters are far from zero, so
    that what 3 does about that in rate() makes no difference."""
    reset = k == 2 and i % 100 == 60
    n = state.setdefault(k, 1e6 * (k + 1))
    state[k] = 5e5 + k if reset else n + int(1000 * noise(i, k)) / 8
    wave = math.sin(i / (7 + k))
    m = {
        "requests_total": state[k],
        "temperature_celsius": round(20 + 30 * wave, 3),
        "memory_bytes": int(2e8 + 1e8 * noise(i, k + 50)),
        "constant": 2.385,
        "zero": 0,
        "level": (i // 10 + k) % 5,
        "start_time_seconds": MADE_T0 - 86400 * (k + 1) - 0.5,
    }
    if k == 1 and i % 7 == 3:
        m["temperature_celsius"] = "NaN"
    if k == 3 and i % 11 == 5:
        m["temperature_celsius"] = "-Inf" if i % 2 else "+Inf"
    if k == 4 and i % 5 == 2:
        m["memory_bytes"] = None
    return m


def made_histogram(i, k, state):
    """Cumulative buckets that grow; their label le is part of who it is."""
    bounds = ["0.1", "0.5", "1", "2.5", "10", "+Inf"]
    counts = state.setdefault(("h", k), [1e4 * (b + 1) for b in range(6)])
    for b in range(6):
        counts[b] += sum(int(20 * noise(i, 100 + 10 * k + j))
                         for j in range(b + 1))
    return list(zip(bounds, counts))


def record(ts, kind, labels, metrics):
    return json.dumps({"ts": ts, "kind": kind, "labels": labels,
                       "metrics": metrics}, separators=(",", ":"))


def make(file):
    state = {}
    with open(file, "w") as f:
        for i in range(MADE_N):
            ts = MADE_T0 + i * MADE_STEP + 0.25
            for node in ("n1", "n2"):
                target = {"instance": node, "job": "dmon"}
                base = 0 if node == "n1" else 3
                for k in range(base, base + 3):
                    # One comes and goes, one goes for good.
                    if k == 1 and i // 20 % 3 == 2 or k == 5 and i > 150:
                        continue
                    labels = dict(target, name="c%d" % k, zone="ab"[k % 2])
                    print(record(ts, "container", labels,
                                 made_container(i, k, state)), file=f)
                    info = dict(labels, image="img:%d" % (k // 2))
                    print(record(ts, "container", info, {"info": 1}), file=f)
                    for le, n in made_histogram(i, k, state):
                        print(record(ts, "container", dict(labels, le=le),
                                     {"latency_seconds_bucket": n}), file=f)
                print(record(ts, "sweep", target, {"up": 1}), file=f)
            if i % 4 == 0:  # lasts for five minutes, or until written again
                print(record(ts, "recorded", {"job": "dmon"},
                             {"job:load:sum": i % 100 / 4}), file=f)


# ---- samples ----

def number(v):
    return float(v) if isinstance(v, str) else v


STALE = struct.unpack("<d", struct.pack("<Q", 0x7ff0000000000002))[0]


def samples(file):
    """(series, ms, value bits) of records in order of time, all of whose
    targets end each sweep by a sweep record."""
    sweeping = {}  # of a target: what the sweep has so far
    live = {}      # of a target: what the last sweep had
    for line in open(file):
        r = json.loads(line)
        labels, kind = r["labels"], r["kind"]
        target = (labels.get("instance"), labels.get("job"))
        ms = round(r["ts"] * 1000)
        for name, v in r["metrics"].items():
            if v is None:
                continue
            series = tuple(sorted(dict(labels, __name__=name).items()))
            yield series, ms, struct.pack("<d", number(v))
            if kind in ("host", "container", "process"):
                sweeping.setdefault(target, set()).add(series)
        if kind == "sweep" and "source" not in labels:
            now = sweeping.pop(target, set())
            for series in live.get(target, set()) - now:
                yield series, ms, struct.pack("<Q", 0x7ff0000000000002)
            live[target] = now


# ---- remote write: protocol buffers in a snappy block of literals ----

def varint(n):
    b = b""
    while n > 127:
        b += bytes([n & 127 | 128])
        n >>= 7
    return b + bytes([n])


def field(n, data):
    return varint(n << 3 | 2) + varint(len(data)) + data


def snappy(data):
    out = varint(len(data))
    for i in range(0, len(data), 60000):
        piece = data[i:i + 60000]
        out += b"\xf4" + struct.pack("<H", len(piece) - 1) + piece
    return out


def send(url, batch):
    body = b""
    for series, points in batch.items():
        text = b"".join(field(1, field(1, n.encode()) + field(2, v.encode()))
                        for n, v in series)
        text += b"".join(field(2, b"\x09" + bits + b"\x10" + varint(ms))
                         for ms, bits in points)
        body += field(1, text)
    request = urllib.request.Request(url + "/api/v1/write", snappy(body), {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0"})
    urllib.request.urlopen(request).read()


def write(url, file):
    batch, n, total = {}, 0, 0
    for series, ms, bits in samples(file):
        batch.setdefault(series, []).append((ms, bits))
        n += 1
        if n == 5000:
            send(url, batch)
            batch, n, total = {}, 0, total + n
    send(url, batch)
    print(total + n)


# ---- comparison ----

def read_answer(answer):
    """{(labels): [(t, v)…]}, and the kind and the labels in order."""
    kind, result = answer["data"]["resultType"], answer["data"]["result"]
    if kind in ("scalar", "string"):
        result = [{"metric": {}, "value": result}]
    return {tuple(sorted(s["metric"].items())):
            [(t, v if kind == "string" else float(v))
             for t, v in s.get("values") or [s["value"]]]
            for s in result}, (kind, [s["metric"] for s in result])


def ask_prometheus(url, query, times):
    """As read_answer, or None and a message."""
    if isinstance(times, tuple):
        path = "query_range"
        args = dict(zip(("start", "end", "step"), times))
    else:
        path, args = "query", {"time": times}
    data = urllib.parse.urlencode(dict(args, query=query)).encode()
    try:
        return read_answer(json.load(
            urllib.request.urlopen(url + "/api/v1/" + path, data)))
    except urllib.error.HTTPError as e:
        return None, json.load(e)["error"]


def ask_dmon(database, query, times):
    if isinstance(times, tuple):
        args = ["--from", str(times[0]), "--to", str(times[1]),
                "--step", "%ds" % times[2]]
    else:
        args = ["--at", str(times)]
    run = subprocess.run(["dmon-query", "-d", database, "--format",
                          "prometheus", *args, "--", query],
                         capture_output=True)
    if run.returncode == 2:
        return None, run.stderr.decode().splitlines()[0]
    if run.returncode:
        raise SystemExit(run.stderr.decode())
    return read_answer(json.loads(run.stdout))


def same_value(a, b):
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b or abs(a - b) <= TOLERANCE * max(abs(a), abs(b))


def difference(query, theirs, ours):
    """What differs first, or None."""
    (a, more_a), (b, more_b) = theirs, ours
    if a is None or b is None:
        return None if a is b else "error: %s / %s" % (
            more_a if a is None else "none", more_b if b is None else "none")
    for series in sorted(set(a) | set(b)):
        x, y = a.get(series, []), b.get(series, [])
        if [t for t, _ in x] != [t for t, _ in y]:
            return "%s: at %s / %s" % (dict(series), [t for t, _ in x][:5],
                                       [t for t, _ in y][:5])
        for (t, v), (_, w) in zip(x, y):
            if not same_value(v, w):
                return "%s at %s: %r / %r" % (dict(series), t, v, w)
    if more_a[0] != more_b[0]:
        return "the kind: %s / %s" % (more_a[0], more_b[0])
    if query.startswith("sort") and more_a != more_b:
        return "the order"
    return None


def read_queries(file, data):
    section = None
    for line in open(file):
        line = line.rstrip("\n")
        if line.startswith("["):
            section = line[1:-1]
        elif line and not line.startswith("#") and section == data:
            yield line


def compare(url, database, data, queries):
    instants, ranged = TIMES[data]
    n = values = different = 0
    for query in read_queries(queries, data):
        for times in [*instants, ranged]:
            theirs = ask_prometheus(url, query, times)
            ours = ask_dmon(database, query, times)
            n += 1
            values += sum(map(len, (theirs[0] or {}).values()))
            what = difference(query, theirs, ours)
            if what:
                different += 1
                print("%s\n  %s\n  %s" % (query, times, what))
    print("%d answers, %d values, %d different" % (n, values, different))


def differ(url, database, data, queries):
    n = 0
    for line in open(queries):
        if not line.startswith(data + " "):
            continue
        _, time, query = line.rstrip("\n").split(" ", 2)
        theirs = ask_prometheus(url, query, float(time))
        ours = ask_dmon(database, query, float(time))
        n += 1
        if ours[0] is None:
            print("%s: refused: %s" % (query, ours[1]))
        elif not difference(query, theirs, ours):
            print("%s: is the same" % query)
    print("%d differ" % n)


globals()[sys.argv[1]](*sys.argv[2:])
