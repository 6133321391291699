#!/usr/bin/env python3
"""check.py [FILE...] - check tagged sentences against models/tagger/GUIDELINE.

Without FILE: heldout.*.ndjson and alerts.*.ndjson beside this script. A line
with "quotes" in place of "rule" is an alert text of others: it is compared
with its source in ../fixtures/alerts as well.
Prints "file:line: reason" for each fault and exits 1, else the counts.
"""
import json
import os
import re
import sys
from collections import Counter

TAGS = ("METRIC OP VALUE DURATION WINDOW AGG HORIZON TARGET SEVERITY THREAT "
        "ACTION PROCESS PATH CAPABILITY IMAGE PORT USER").split()
ACTIONS = "notify email page pause stop kill restart throttle isolate".split()
BY = {"bytes": ("bytes", "ratio"), "n": ("count", "ratio"), "r": ("ratio",),
      "bs": ("bytes/s",), "ns": ("count/s",), "c": ("count",), "st": ()}
QUANT = {
    "cpu_usage": ("cores", "ratio"), "cpu_throttled": BY["r"],
    "cpu_pressure": BY["r"], "memory_usage": BY["bytes"],
    "memory_rss": BY["bytes"], "memory_cache": BY["bytes"],
    "memory_pressure": BY["r"], "swap_usage": BY["bytes"],
    "processes": BY["n"], "threads": BY["n"], "forks": BY["ns"],
    "disk_usage": BY["bytes"], "inodes": BY["n"], "disk_read": BY["bs"],
    "disk_write": BY["bs"], "disk_io": BY["bs"], "disk_operations": BY["ns"],
    "io_pressure": BY["r"], "network_receive": BY["bs"],
    "network_transmit": BY["bs"], "network_traffic": BY["bs"],
    "network_packets": BY["ns"], "network_errors": BY["ns"],
    "network_drops": BY["ns"], "connections": BY["c"],
    "open_files": BY["n"], "log_bytes": BY["bs"], "restarts": BY["c"],
    "exits": BY["c"], "started": BY["st"], "oom_kills": BY["c"],
    "unhealthy": BY["st"], "uptime": ("seconds",), "containers": BY["c"],
    "load": BY["c"], "temperature": ("celsius",), "host_entered": BY["st"],
    "privileged": BY["st"]}
STATES = {"exits", "started", "oom_kills", "unhealthy", "host_entered",
          "privileged"}
NAMED = {"threat": "THREAT", "process": "PROCESS", "path": "PATH",
         "capability": "CAPABILITY", "image": "IMAGE", "port": "PORT",
         "user": "USER"}
THREATS = ("escape", "dos", "mining", "spoofing")
OPS = (">", ">=", "<", "<=", "==", "!=")
AGGS = re.compile(r"(avg|max|min|sum|increase|p\d\d)$")
SEV = {}
for grade, words in (
        ("critical", "critical crit severe serious urgent emergency fatal "
         "page-worthy p0 p1 sev1 严重 紧急 致命 危急 重大"),
        ("warning", "warning warn warned warns moderate minor p2 sev2 警告 预警 一般 次要"),
        ("info", "info informational notice low p3 sev3 提示 信息")):
    for word in words.split():
        SEV[word] = grade
CJK = re.compile(r"[\u3400-\u9fff]")
LATIN = re.compile(r"[A-Za-z]+")
SOURCE = {}
PAIRS = (("(", ")"), ("（", "）"), ("“", "”"), ("「", "」"), ("《", "》"),
         ("‘", "’"), ("{", "}"))
SOURCES = {"awesome-prometheus-alerts.en.ndjson": "description",
           "nightingale.zh.ndjson": "name"}
UNITS = set(u for units in QUANT.values() for u in units)
FLAGS = {"turned", "wanted", "differs"}
START = set("/.\"“「`~<>＜＞=≥≤!-_")
END = set("]-%％℃°\"”」`<>＜＞=≥≤/_*+")


def spans(marked):
    """(text, [(tag, begin, end)]) of a marked sentence."""
    text, found, tag, begin, i = "", [], None, 0, 0
    while i < len(marked):
        c = marked[i]
        if c == "\\":
            if i + 1 == len(marked) or marked[i + 1] not in "[]\\":
                raise ValueError("backslash before no bracket or backslash")
            text += marked[i + 1]
            i += 2
            continue
        if c == "[":
            if tag:
                raise ValueError("spans nest")
            m = re.match(r"\[([A-Z]+) ", marked[i:])
            if not m or m.group(1) not in TAGS:
                raise ValueError("unknown tag at %r" % marked[i:i + 16])
            tag, begin = m.group(1), len(text)
            i += m.end()
            continue
        if c == "]":
            if not tag:
                raise ValueError("bracket closes no span")
            if begin == len(text):
                raise ValueError("empty span")
            found.append((tag, begin, len(text)))
            tag = None
        else:
            text += c
        i += 1
    if tag:
        raise ValueError("span not closed")
    return text, found


def edges(text, found, glued=False):
    """Faults of spans; glued: words may be, as RedisCPU."""
    for tag, b, e in found:
        s = text[b:e]
        if not (s[0].isalnum() or s[0] in START):
            yield "%s span %r starts badly" % (tag, s)
        if not (s[-1].isalnum() or s[-1] in END):
            yield "%s span %r ends badly" % (tag, s)
        if any(s.count(x) != s.count(y) for x, y in PAIRS):
            yield "%s span %r: pair not closed" % (tag, s)
        if s.count('"') % 2 or s.count("`") % 2:
            yield "%s span %r: quote not closed" % (tag, s)
        for near, at in ((text[b - 1:b] + s[0], "start"),
                         (s[-1] + text[e:e + 1], "end")):
            if glued and re.match(r"[a-z][A-Z]$", near):
                continue
            if re.match(r"[A-Za-z]{2}$|\d\d$", near):
                yield "%s span %r: %s within a word" % (tag, s, at)
        if tag != "TARGET" and re.match(r"(the|its|of) ", s, re.I):
            yield "%s span %r: article or owner" % (tag, s)


def condition(c):
    if not isinstance(c, dict):
        yield "condition is no object"
        return
    what = c.get("what")
    if what in NAMED:
        if set(c) != {"what", "is"}:
            yield "%s: keys %s" % (what, sorted(c))
            return
        is_ = c["is"]
        if what == "port":
            if type(is_) is not int or not 0 < is_ < 65536:
                yield "port %r" % (is_,)
        elif not isinstance(is_, str) or not is_:
            yield "%s is no name" % what
        elif what == "threat" and is_ not in THREATS:
            yield "unknown threat %r" % is_
        elif what == "capability" and (
                is_.startswith("CAP_") or not re.match(r"[A-Z_]+$", is_)):
            yield "capability %r" % is_
        return
    if what not in QUANT:
        yield "unknown quantity %r" % (what,)
        return
    extra = set(c) - {"what", "op", "value", "unit", "agg", "window",
                      "horizon", "of", "left"}
    if extra:
        yield "unknown keys %s" % sorted(extra)
    if c.get("of", "host") != "host":
        yield "of %r" % c["of"]
    if c.get("left", True) is not True or (
            "left" in c and c.get("unit") not in ("bytes", "count")):
        yield "left without an amount"
    have = {"op", "value", "unit"} & set(c)
    if not have:
        if what not in STATES:
            yield "%s is no state" % what
    elif len(have) != 3:
        yield "%s: only %s" % (what, sorted(have))
    else:
        if c["op"] not in OPS:
            yield "op %r" % (c["op"],)
        if type(c["value"]) not in (int, float) or c["value"] < 0:
            yield "value %r" % (c["value"],)
        units = QUANT[what]
        if c.get("agg") in ("sum", "increase"):
            units = units + tuple(u[:-2] for u in units if u.endswith("/s"))
        if c["unit"] not in units:
            yield "%s in %r" % (what, c["unit"])
        elif c["unit"] == "ratio" and type(c["value"]) in (int, float) \
                and c["value"] > 4:
            yield "ratio %r" % c["value"]
    if "agg" in c and not AGGS.match(str(c["agg"])):
        yield "agg %r" % (c["agg"],)
    if "window" in c and "agg" not in c:
        yield "window without agg"
    for key in ("window", "horizon"):
        if key in c and (type(c[key]) not in (int, float) or c[key] <= 0):
            yield "%s %r" % (key, c[key])


def rule(r, found, text):
    tags = Counter(t for t, _, _ in found)
    if r is None:
        if found:
            yield "no rule, but spans"
        return
    if not isinstance(r, dict):
        yield "rule is no object"
        return
    if not found:
        yield "rule, but no spans"
    if "missing" in r:
        m = r["missing"]
        if set(r) != {"missing"} or not isinstance(m, list) or not m or \
                len(set(m)) != len(m) or set(m) - {"metric", "value", "name"}:
            yield "missing %r" % (r,)
            return
        for key, tag in (("metric", "METRIC"), ("value", "VALUE")):
            if key in m and tags[tag]:
                yield "%s is missing, but marked" % key
        return
    extra = set(r) - {"all", "any", "target", "for", "severity", "action"}
    if extra:
        yield "unknown keys %s" % sorted(extra)
    if ("all" in r) == ("any" in r):
        yield "wants one of all and any"
        return
    conds = r["all"] if "all" in r else r["any"]
    if not isinstance(conds, list) or not conds:
        yield "no conditions"
        return
    if "any" in r and len(conds) < 2:
        yield "any of one condition"
    for c in conds:
        faults = list(condition(c))
        for f in faults:
            yield f
        if faults:
            return
    names = []
    for t in r.get("target", []):
        if not isinstance(t, list) or len(t) != 3 or \
                t[0] not in ("name", "image", "instance") or \
                t[1] not in ("=", "!=", "=~", "!~") or not t[2]:
            yield "target %r" % (t,)
            return
        names.append(t)
        if t[1] in ("=~", "!~"):
            try:
                re.compile(t[2])
            except re.error:
                yield "target: bad expression %r" % t[2]
        elif t[2] not in text:
            yield "target %r is not in the sentence" % t[2]
    if "target" in r and not names:
        yield "empty target"
    if any(t[0] != "image" for t in names) and not tags["TARGET"]:
        yield "target without TARGET"
    if r.get("severity") not in ("critical", "warning", "info"):
        yield "severity %r" % (r.get("severity"),)
    elif not tags["SEVERITY"] and r["severity"] != "warning":
        yield "severity without SEVERITY"
    for tag, b, e in found:
        if tag == "SEVERITY":
            got = SEV.get(text[b:e].lower())
            if got != r.get("severity"):
                yield "SEVERITY %r, severity %r" % (text[b:e],
                                                    r.get("severity"))
    if ("for" in r) != bool(tags["DURATION"]):
        yield "for without DURATION or the reverse"
    if "for" in r and (type(r["for"]) not in (int, float) or r["for"] <= 0):
        yield "for %r" % (r["for"],)
    act = r.get("action", [])
    if not isinstance(act, list) or set(act) - set(ACTIONS) or \
            ("action" in r and not act):
        yield "action %r" % (act,)
    elif len(act) != tags["ACTION"]:
        yield "%d actions, %d marked" % (len(act), tags["ACTION"])
    for key, tag in (("window", "WINDOW"), ("horizon", "HORIZON")):
        if any(key in c for c in conds) != bool(tags[tag]):
            yield "%s without %s or the reverse" % (key, tag)
    if tags["AGG"] and not any("agg" in c for c in conds):
        yield "AGG without agg"
    if any(c.get("agg", "increase") != "increase" for c in conds) \
            and not tags["AGG"]:
        yield "agg without AGG"
    for what, tag in NAMED.items():
        n = sum(c["what"] == what for c in conds)
        if tag == "IMAGE":
            n += any(t[0] == "image" for t in names)
        if bool(n) != bool(tags[tag]):
            yield "%s without %s or the reverse" % (what, tag)
        for c in conds:
            if c["what"] == what and what != "threat" and \
                    str(c["is"]).lower() not in text.lower():
                yield "%s %r is not in the sentence" % (what, c["is"])
    if any("value" in c for c in conds) != bool(tags["VALUE"]):
        yield "value without VALUE or the reverse"
    if not tags["METRIC"] and any(
            c["what"] not in NAMED and c.get("unit") != "cores"
            for c in conds):
        yield "quantity without METRIC"
    if tags["METRIC"] and all(c["what"] in NAMED for c in conds):
        yield "METRIC without quantity"


def comparison(q):
    if not isinstance(q, dict) or not {"op", "value", "unit"} <= set(q):
        yield "quotes without op, value and unit"
        return
    extra = set(q) - {"op", "value", "unit", "left", "horizon"}
    if extra:
        yield "unknown keys %s in quotes" % sorted(extra)
    if q["op"] not in OPS:
        yield "op %r" % (q["op"],)
    if type(q["value"]) not in (int, float) or q["value"] < 0:
        yield "value %r" % (q["value"],)
    if q["unit"] not in UNITS:
        yield "unit %r" % (q["unit"],)
    if q.get("left", True) is not True:
        yield "left %r" % (q["left"],)
    if type(q.get("horizon", 1)) is not int or q.get("horizon", 1) <= 0:
        yield "horizon %r" % (q["horizon"],)


def source(o, text):
    name, _, line = o["source"].rpartition(":")
    if name not in SOURCES or not line.isdigit():
        return "source %r" % o["source"]
    if name not in SOURCE:
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                            os.pardir, "fixtures", "alerts", name)
        with open(path, encoding="utf-8") as f:
            SOURCE[name] = [json.loads(x) for x in f]
    if not 0 < int(line) <= len(SOURCE[name]):
        return "source %r" % o["source"]
    made = SOURCE[name][int(line) - 1]
    if made[SOURCES[name]].strip() != text or made["expr"] != o["expr"]:
        return "not as in %s" % o["source"]
    return None


def quotes(o, found, text):
    for key in FLAGS & set(o):
        if o[key] is not True:
            yield "%s %r" % (key, o[key])
    q, n = o["quotes"], 1
    for key in ("and", "or"):
        if isinstance(q, dict) and key in q:
            n += 1
            for f in comparison(q[key]):
                yield f
            q = {k: v for k, v in q.items() if k != key}
    for f in comparison(q):
        yield f
    tags = Counter(t for t, _, _ in found)
    if tags["VALUE"] != n:
        yield "%d values, %d marked" % (n, tags["VALUE"])
    if isinstance(q, dict) and ("horizon" in q) != bool(tags["HORIZON"]):
        yield "horizon without HORIZON or the reverse"
    for t, b, e in found:
        if t == "SEVERITY" and text[b:e].lower() not in SEV:
            yield "SEVERITY %r" % text[b:e]
    fault = source(o, text)
    if fault:
        yield fault


def language(lang, text, path):
    cjk, latin = len(CJK.findall(text)), len(LATIN.findall(text))
    if lang not in ("en", "zh", "mixed"):
        return "lang %r" % (lang,)
    if lang == "en" and cjk:
        return "en with Chinese"
    if lang == "zh" and not cjk:
        return "zh without Chinese"
    if lang == "mixed" and (cjk < 2 or latin < 2):
        return "mixed in one language"
    for own in ("en", "zh"):
        if ".%s." % own in os.path.basename(path) and \
                lang not in (own, "mixed"):
            return "%s in the file of %s" % (lang, own)
    return None


def main(paths):
    here = os.path.dirname(os.path.abspath(__file__))
    paths = paths or [os.path.join(here, "%s.%s.ndjson" % (x, y))
                      for x in ("heldout", "alerts") for y in ("en", "zh")]
    bad, ids, texts = 0, {}, {}
    tags, kinds, langs = {}, {}, {}
    for path in paths:
        shown = os.path.relpath(path)
        tags[shown], kinds[shown] = Counter(), Counter()
        langs[shown] = Counter()
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")
        if lines.pop() != "":
            print("%s:%d: no newline at the end" % (shown, len(lines) + 1))
            bad += 1
        for n, line in enumerate(lines, 1):
            faults = []
            try:
                o = json.loads(line)
                if not isinstance(o, dict):
                    raise ValueError("no object")
                strings, rest = ["id", "lang", "marked"], {"rule"}
                if "quotes" in o:
                    strings += ["expr", "source"]
                    rest = {"quotes"} | FLAGS & set(o)
                if set(o) != set(strings) | rest:
                    raise ValueError("keys are not %s" % ", ".join(
                        strings + sorted(rest)))
                if not all(isinstance(o[k], str) for k in strings):
                    raise ValueError("no string in %s" % ", ".join(strings))
                text, found = spans(o["marked"])
                for seen, key in ((ids, o["id"]), (texts, text)):
                    if key in seen:
                        faults.append("%r also in %s" % (key, seen[key]))
                    seen[key] = "%s:%d" % (shown, n)
                if text != text.strip() or not text:
                    faults.append("blank at an end of the sentence")
                fault = language(o["lang"], text, path)
                if fault:
                    faults.append(fault)
                faults += edges(text, found, "quotes" in o)
                if "quotes" in o:
                    faults += quotes(o, found, text)
                else:
                    faults += rule(o["rule"], found, text)
                tags[shown].update(t for t, _, _ in found)
                langs[shown][o["lang"]] += 1
                kinds[shown]["quotes" if "quotes" in o else
                             "none" if o["rule"] is None else "half"
                             if "missing" in o["rule"] else "rule"] += 1
            except (ValueError, KeyError, TypeError, OSError) as e:
                faults.append(str(e))
            for fault in faults:
                print("%s:%d: %s" % (shown, n, fault))
            bad += len(faults)
    if bad:
        return 1
    print("%-12s" % "" + "".join("%20s" % os.path.basename(p) for p in tags))
    for t in TAGS:
        print("%-12s" % t + "".join("%20d" % tags[p][t] for p in tags))
    for k in ("rule", "half", "none", "quotes"):
        print("%-12s" % k + "".join("%20d" % kinds[p][k] for p in kinds))
    for k in ("en", "zh", "mixed"):
        print("%-12s" % k + "".join("%20d" % langs[p][k] for p in langs))
    print("%-12s" % "sentences" + "".join(
        "%20d" % sum(langs[p].values()) for p in langs))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
