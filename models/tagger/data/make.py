#!/usr/bin/env python3
"""Makes the training text of dmon-tag: patterns and lexicons in, NDJSON out.

  make.py [-o out/train.ndjson] [-n 25000] [--seed 1]   make it
  make.py --check      parse everything, print the counts, write nothing
  make.py --show N     print N sentences in the marked form, to read

Input, one pattern a line ('#' begins a comment line):
  patterns.{en,zh,mixed}.txt   rules
  patterns.decl.{en,zh}.txt    rules as monitoring systems print them
  halves.{en,zh,mixed}.txt     rules that lack something
  negatives.{en,zh,mixed}.txt  no rules: whatever a slot marks is unmarked
  negatives.decl.{en,zh}.txt   no rules, but of their kind
  lexicon.{en,zh}.txt          '== section [TAG]', then one filler a line
  written.{en,zh}.ndjson       sentences without slots, in the marked form

Markup of patterns and fillers:
  [TAG text]   a span               (a|b|)   one of these
  {slot}       a filler; the slot's section says its tag. In [..] no tag.
  <5-90>       a number, mostly a round one; <0-4.1> with one decimal; it is
               a VALUE where it is in no span
  \\            before [ ] { } ( ) | < : the character itself
  "N* " before a filler: N times as frequent. A filler '~'
  is a blank.
Slots {m} {v} {p} (metric, its value, its value as a share) belong together:
the metric's family is drawn once a sentence; {m2} {v2} have a family of
their own. {m:mem} draws from one family or group of families.
A line that begins with "= " is taken as it is, without markup.
A line of a mixed file begins with "e " or "z ", the language it is built in;
its nouns are drawn from both.
"""
import argparse
import collections
import json
import os
import random
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TAGS = ("METRIC OP VALUE DURATION WINDOW AGG HORIZON TARGET SEVERITY THREAT "
        "ACTION PROCESS PATH CAPABILITY IMAGE PORT USER").split()

# Families of metrics, and the groups that patterns may ask for.
# From lat on: those of the descriptions of alerts.
FAMILIES = ("cpu mem rate cnt ops press evt misc miscn misct "
            "lat lag que err tmp crt fil con rps hit tech").split()
GROUPS = {
    "any": ["cpu"] * 3 + ["mem"] * 6 + ["rate"] * 3 + ["cnt"] * 4 + ["ops"] * 2
           + ["press"] * 2 + ["misc", "misc", "miscn", "miscn", "misct", "evt", "evt",
              "lat", "lag", "que", "err", "tmp", "fil", "con", "rps"],
    "descr": ["lat", "lag", "que", "err", "fil", "fil", "con", "rps", "tech", "cpu",
              "mem", "mem", "rate", "cnt", "ops", "press", "misc", "misct", "tmp"],
    "ratio": ["cpu"] * 3 + ["mem"] * 6 + ["press"] * 2 + ["misc"] * 2,
    "use": ["cpu"] * 2 + ["mem"] * 4,
    "num": ["cnt"] * 4 + ["ops"] * 2 + ["miscn"] * 2,
    "gauge": ["cpu"] * 2 + ["mem"] * 3 + ["rate"] * 2 + ["cnt"] * 2
             + ["press", "misc", "misct", "lat", "lag", "con"],
}
# Sections drawn from either language in a mixed sentence.
BOTH = set("m v p d w h n t ts tp tc th hn s st proc path cap img port user "
           "threat cn c evn agg act person".split())



class Node:
    __slots__ = ("kind", "a", "b")

    def __init__(self, kind, a=None, b=None):
        self.kind, self.a, self.b = kind, a, b


NUM = re.compile(r"<(\d+)-(\d+)(?:\.(\d))?>")


def parse(text, where):
    """A pattern's text as a tree: a list of nodes."""
    pos = 0

    def seq(stop):
        nonlocal pos
        out, lit = [], []

        def flush():
            if lit:
                out.append(Node("lit", "".join(lit)))
                lit.clear()
        while pos < len(text):
            c = text[pos]
            if c == "\\" and pos + 1 < len(text):
                lit.append(text[pos + 1])
                pos += 2
            elif c in stop:
                flush()
                return out
            elif c == "[":
                m = re.compile(r"\[([A-Z]+) ").match(text, pos)
                if not m or m.group(1) not in TAGS:
                    raise SystemExit("%s: bad tag: %s" % (where, text))
                flush()
                pos = m.end()
                body = seq("]")
                if pos >= len(text):
                    raise SystemExit("%s: no ]: %s" % (where, text))
                pos += 1
                out.append(Node("span", m.group(1), body))
            elif c == "(":
                flush()
                pos += 1
                alts = []
                while True:
                    alts.append(seq("|)"))
                    if pos >= len(text):
                        raise SystemExit("%s: no ): %s" % (where, text))
                    pos += 1
                    if text[pos - 1] == ")":
                        break
                out.append(Node("alt", alts))
            elif c == "{":
                end = text.find("}", pos)
                m = re.fullmatch(r"([a-z]+)(\d?)(?::([a-z]+))?",
                                 text[pos + 1:end])
                if end < 0 or not m:
                    raise SystemExit("%s: bad slot: %s" % (where, text))
                flush()
                pos = end + 1
                out.append(Node("slot", m.group(1), (m.group(2), m.group(3))))
            elif c == "<" and NUM.match(text, pos):
                m = NUM.match(text, pos)
                flush()
                pos = m.end()
                out.append(Node("num", (int(m.group(1)), int(m.group(2)),
                                        int(m.group(3) or 0))))
            elif c in "]})":
                raise SystemExit("%s: stray %s: %s" % (where, c, text))
            else:
                lit.append(c)
                pos += 1
        flush()
        return out

    tree = seq("")
    return tree


def slots_of(tree):
    for n in tree:
        if n.kind == "slot":
            yield n
        elif n.kind == "span":
            yield from slots_of(n.b)
        elif n.kind == "alt":
            for alt in n.a:
                yield from slots_of(alt)


class Lexicon:
    def __init__(self, lang):
        self.tag, self.entries, self.weights = {}, {}, {}
        name = None
        path = os.path.join(HERE, "lexicon.%s.txt" % lang)
        for no, line in enumerate(open(path, encoding="utf-8"), 1):
            line = line.rstrip("\n").strip(" ")
            if not line or line.startswith("#"):
                continue
            where = "lexicon.%s.txt:%d" % (lang, no)
            if line.startswith("== "):
                part = line.split()
                name = part[1]
                tag = part[2] if len(part) > 2 else None
                if tag and tag not in TAGS:
                    raise SystemExit("%s: bad tag" % where)
                self.tag.setdefault(name, tag)
                self.entries.setdefault(name, [])
                self.weights.setdefault(name, [])
                continue
            weight = 1
            m = re.match(r"(\d+)\* ", line)
            if m:
                weight, line = int(m.group(1)), line[m.end():]
            # Short fillers may share a line, between two blanks and a slash.
            for item in line.split(" / "):
                self.entries[name].append(
                    parse(" " if item.strip(" ") == "~" else item.strip(" "), where))
                self.weights[name].append(weight)


class Maker:
    def __init__(self, seed):
        self.rnd = random.Random(seed)
        self.lex = {"en": Lexicon("en"), "zh": Lexicon("zh")}

    # Numbers and names.

    def number(self, lo, hi, dec):
        r = self.rnd
        if dec:
            return "%.*f" % (dec, r.uniform(lo, hi))
        if r.random() < 0.3 or hi - lo < 4:
            return str(r.randint(lo, hi))
        nice = [n for n in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 20, 24, 25,
                            30, 32, 40, 45, 50, 60, 64, 70, 75, 80, 85, 90, 95,
                            98, 99, 100, 120, 128, 150, 200, 250, 256, 300,
                            400, 500, 512, 600, 750, 768, 800, 900, 1000, 1024,
                            1200, 1500, 2000, 2048, 2500, 3000, 4000, 4096,
                            5000, 8000, 10000, 12000, 15000, 20000, 50000,
                            65000, 100000, 200000, 500000, 1000000)
                if lo <= n <= hi]
        n = r.choice(nice) if nice else r.randint(lo, hi)
        if n >= 1000 and r.random() < 0.15:
            return format(n, ",")
        return str(n)

    def name(self, lang):
        r = self.rnd

        def w():
            return self.text("word", "en")
        if lang == "zh" and r.random() < 0.15:
            return self.text("zhname", "zh")
        k = r.random()
        if k < 0.30:
            return w()
        if k < 0.46:
            return w() + "-" + w()
        if k < 0.54:
            return w() + "-" + str(r.randint(0, 20))
        if k < 0.60:
            return w() + "_" + w()
        if k < 0.65:
            return w() + "." + w()
        if k < 0.70:
            return w() + str(r.randint(1, 12)).zfill(r.choice((1, 1, 2)))
        if k < 0.76:
            return w() + r.choice("-_") + w() + r.choice("-_") + str(r.randint(1, 9))
        if k < 0.80:
            return w() + "-" + w() + "-" + w()
        if k < 0.86:
            while True:
                h = "".join(r.choice("0123456789abcdef")
                            for _ in range(r.choice((8, 12, 12, 7, 10, 64))))
                if re.search("[a-f]", h) and re.search("[0-9]", h):
                    return h
        if k < 0.89:
            x = "bcdfghjklmnpqrstvwxz2456789"
            return (w() + "-" + "".join(r.choice(x) for _ in range(r.choice((8, 9, 10))))
                    + "-" + "".join(r.choice(x) for _ in range(5)))
        if k < 0.92:
            return w().upper() if r.random() < 0.5 else w().capitalize()
        if k < 0.94:
            return w() + "-*"
        if k < 0.96:
            return r.choice("abcdefgxyz") + str(r.randint(1, 99))
        return w() + r.choice(("@", "/", ":")) + w() if r.random() < 0.3 else w() + w()

    def host(self):
        r = self.rnd
        k = r.random()
        base = self.text("hostword", "en")
        if k < 0.35:
            return base + "-" + str(r.randint(1, 40))
        if k < 0.55:
            return base + str(r.randint(1, 40)).zfill(r.choice((1, 2, 2, 3)))
        if k < 0.65:
            return "%s.%s.%s" % (base + str(r.randint(1, 9)), self.text("word", "en"),
                                 r.choice(("com", "local", "internal", "lan", "cn", "net")))
        if k < 0.77:
            return r.choice(("10.%d.%d.%d", "192.168.%d.%d", "172.16.%d.%d")).replace(
                "%d", "{}").format(*(r.randint(0, 250) for _ in range(3)))
        if k < 0.85:
            return base + "-" + self.text("word", "en")
        if k < 0.93:
            return self.text("word", "en") + "-" + base + r.choice(("", "-2", "7"))
        return "ip-10-%d-%d-%d" % tuple(r.randint(0, 250) for _ in range(3))

    def text(self, section, lang):
        out = []
        self.section(section, lang, out, None, {})
        return "".join(c for c, _ in out)

    # Expansion. A sentence is a list of (character, span); span is None or a
    # list [TAG], one object for each span.

    def section(self, name, lang, out, span, state):
        lex = self.lex[lang]
        if name not in lex.entries:
            lex = self.lex["zh" if lang == "en" else "en"]
        if name not in lex.entries:
            raise SystemExit("no section " + name)
        entry = self.rnd.choices(lex.entries[name], lex.weights[name])[0]
        if span is None and lex.tag[name]:
            span = [lex.tag[name]]
        self.expand(entry, lang, out, span, state)

    def slot(self, node, lang, out, span, state):
        name, (num, fam) = node.a, node.b
        if state.get("mixed") and name in BOTH and self.rnd.random() < 0.5:
            lang = "zh" if lang == "en" else "en"
        if name == "name":
            out.extend((c, span) for c in self.name(lang))
            return
        if name == "host":
            out.extend((c, span) for c in self.host())
            return
        if name in ("m", "v", "p"):
            key = "family" + num
            cur = state.get(key)
            if cur and (fam in (None, cur) or cur in GROUPS.get(fam, ())):
                fam = cur
            if fam is None:
                fam = "ratio" if num in state.get("ratio", ()) else "any"
            if fam in GROUPS:
                fam = self.rnd.choice(GROUPS[fam])
            state[key] = fam
            name += ":" + fam if name != "p" else ""
        self.section(name, lang, out, span, state)

    def expand(self, tree, lang, out, span, state):
        for n in tree:
            if n.kind == "lit":
                out.extend((c, span) for c in n.a)
            elif n.kind == "num":
                sp = span or ["VALUE"]
                text = self.number(*n.a)
                if sp[0] != "VALUE":
                    text = text.replace(",", "")
                out.extend((c, sp) for c in text)
            elif n.kind == "alt":
                self.expand(self.rnd.choice(n.a), lang, out, span, state)
            elif n.kind == "span":
                self.expand(n.b, lang, out, span if span else [n.a], state)
            else:
                self.slot(n, lang, out, span, state)

    def sentence(self, tree, lang, mixed):
        state = {"mixed": mixed,
                 "ratio": {n.b[0] for n in slots_of(tree) if n.a == "p"}}
        out = []
        self.expand(tree, lang, out, None, state)
        return tidy(out)

    # Noise.

    def noise(self, s, lang, kind):
        r = self.rnd
        if r.random() < 0.12:
            return s
        if lang != "zh":
            s = self.noise_en(s, kind)
        if lang != "en":
            s = self.noise_zh(s, kind)
        text = "".join(c for c, _ in s)
        k = r.random()
        if k < 0.02 and lang != "zh":
            s = [(c.upper(), sp) for c, sp in s]
        elif k < 0.35 and lang == "en":
            s = [(c.lower(), sp) for c, sp in s]
        elif k < 0.75 and s and lang == "en" and s[0][0].islower() \
                and not (s[0][1] and s[0][1][0] == "TARGET"):
            s[0] = (s[0][0].upper(), s[0][1])
        if r.random() < 0.03:
            i = text.find(" ")
            if i > 0:
                s.insert(i, (" ", s[i][1]))
        end = s[-1][0] if s else ""
        k = r.random()
        if end in ".!。！":
            if k < 0.3:
                s = s[:-1]
        elif end not in "?？)）" and end:
            if k < 0.30 and (lang != "zh"):
                s.append((".", None))
            elif k < 0.30:
                s.append(("。", None))
            elif k < 0.33:
                s.append(("!" if lang != "zh" else "！", None))
        return tidy(s)

    def noise_en(self, s, kind):
        r = self.rnd
        if r.random() < 0.25:
            s = british(s)
        # Blanks beside signs of comparison.
        if r.random() < 0.45:
            s = [x for i, x in enumerate(s)
                 if not (x[0] == " " and x[1] is None and (
                     (i and s[i - 1][0] in "<>=≥≤") or
                     (i + 1 < len(s) and s[i + 1][0] in "<>=≥≤")))]
        # "90 %" and "90%", "2 GB" and "2GB".
        if r.random() < 0.15:
            out = []
            for i, x in enumerate(s):
                if (x[1] and x[1][0] in ("VALUE", "DURATION", "WINDOW", "HORIZON")
                        and i and s[i - 1][1] is x[1] and s[i - 1][0].isdigit()
                        and (x[0].isalpha() or x[0] == "%")):
                    out.append((" ", x[1]))
                out.append(x)
            s = out
        elif r.random() < 0.15:
            s = [x for i, x in enumerate(s)
                 if not (x[0] == " " and x[1] and x[1][0] in ("VALUE", "DURATION", "WINDOW")
                         and s[i - 1][0].isdigit())]
        if r.random() < 0.2:
            s = [x for x in s if not (x[0] in ",;" and x[1] is None)]
        elif r.random() < 0.06:
            s = [x for i, x in enumerate(s)
                 if not (x[0] == " " and i and s[i - 1][0] == "," and x[1] is None)]
        if r.random() < 0.12:
            s = self.typo(s)
        k = r.random()
        if k < 0.03 and kind != "none":
            s = plain(r.choice(("hey, ", "hi, ", "hey ", "Hello, ", "ok, ", "so ", "also, ",
                                "new rule: ", "rule: ", "- ", "* ", "1. ", "2) ", "pls ",
                                "Hi team, ", "and ", "then ", "TODO: ", "well, "))) + s
        elif k < 0.06 and kind != "none":
            while s and s[-1][0] in ".!":
                s = s[:-1]
            if s and s[-1][0] != "?":
                s = s + plain(r.choice((" please", ", please", ", thanks", " thx", " thanks!",
                                        " pls", ", thank you", " plz", " ok?", " asap",
                                        ", cheers", " :)", " - thanks")))
        return s

    def typo(self, s):
        r = self.rnd
        # Now and then a marked word is mistyped too, and is marked all the same.
        also = ("METRIC", "OP", "ACTION") if r.random() < 0.2 else ()
        text = "".join(c if sp is None or sp[0] in also else "\0" for c, sp in s)
        words = [m for m in re.finditer(r"(?<![\w\-\0])[A-Za-z]{4,}(?![\w\-\0])", text)
                 if m.group().lower() not in ("free", "left", "remaining", "available")]
        if not words:
            return s
        m = r.choice(words)
        i = r.randrange(m.start() + 1, m.end() - 1)
        k = r.random()
        if k < 0.4:
            return s[:i] + [s[i + 1], s[i]] + s[i + 2:]
        if k < 0.75:
            return s[:i] + s[i + 1:]
        return s[:i] + [s[i]] + s[i:]

    def noise_zh(self, s, kind):
        r = self.rnd
        # 超过了80%: 了 is no part of the comparison.
        if r.random() < 0.06:
            for i in range(1, len(s) - 1):
                a, b = s[i - 1][1], s[i][1]
                if a and b and a[0] == "OP" and b[0] == "VALUE" and s[i - 1][0] in "过到破出":
                    s = s[:i] + [("了", None)] + s[i:]
                    break
        k = r.random()
        if k < 0.25:        # blanks between Chinese and the rest: all,
            out = []
            for i, x in enumerate(s):
                if i and x[0] != " " and s[i - 1][0] != " " and (
                        (han(x[0]) and latin(s[i - 1][0])) or
                        (latin(x[0]) and han(s[i - 1][0]))):
                    out.append((" ", x[1] if x[1] is s[i - 1][1] else None))
                out.append(x)
            s = out
        elif k < 0.60:      # or none
            s = [x for i, x in enumerate(s)
                 if not (x[0] == " " and 0 < i < len(s) - 1 and
                         (han(s[i - 1][0]) or han(s[i + 1][0])))]
        wide = {"，": ",", "。": ".", "：": ":", "；": ";", "！": "!", "？": "?",
                "（": "(", "）": ")"}
        k = r.random()
        if k < 0.3:
            s = [(wide.get(c, c) if sp is None else c, sp) for c, sp in s]
        elif k < 0.6:
            back = {v: k for k, v in wide.items()}
            back.pop(".")
            s = [(back.get(c, c) if sp is None and i and han(s[i - 1][0]) else c, sp)
                 for i, (c, sp) in enumerate(s)]
        elif k < 0.68:
            s = [((" " if c in "，,；;" else c) if sp is None else c, sp) for c, sp in s]
        elif k < 0.76:
            s = [x for x in s if not (x[0] in "，,；;" and x[1] is None)]
        k = r.random()
        if k < 0.05:
            s = [(chr(ord(c) + 0xfee0) if "0" <= c <= "9" and sp and
                  sp[0] in ("VALUE", "DURATION", "WINDOW", "HORIZON") else c, sp)
                 for c, sp in s]
        if k < 0.12:
            s = [("％" if c == "%" else c, sp) for c, sp in s]
        if r.random() < 0.08:
            swap = {"的": "得", "请": "清", "当": "但", "就": "旧", "时": "是", "帮": "邦",
                    "在": "再", "候": "后", "给": "個", "会": "回"}
            where = [i for i, (c, sp) in enumerate(s) if sp is None and c in swap]
            if where:
                i = r.choice(where)
                if r.random() < 0.5:
                    s[i] = (swap[s[i][0]], None)
                else:
                    s = s[:i] + s[i + 1:]
        k = r.random()
        if kind == "none":
            k = k * 25      # no "please" with what is no wish
        if k < 0.04:
            while s and s[-1][0] in "。.！!":
                s = s[:-1]
            if s and s[-1][0] not in "?？":
                s = s + plain(r.choice(("，谢谢", " 谢谢", "，多谢", "谢谢!", "，麻烦了", "哈", "，辛苦",
                                        "，thx", "！！", "~", "，拜托", "，谢了")))
        elif k < 0.07:
            s = plain(r.choice(("你好，", "嗨，", "麻烦", "另外，", "还有，", "规则：", "新增规则：",
                                "那个，", "帮忙", "喂，", "1、", "- ", "再加一条：", "嗯，"))) + s
        return s


def han(c):
    return "\u4e00" <= c <= "\u9fff"


def latin(c):
    return c.isascii() and (c.isalnum() or c in "%<>=/-_")


def plain(text):
    return [(c, None) for c in text]


BRITISH = (("utilization", "utilisation"), ("notice", "notice"), ("behavior", "behaviour"),
           ("summarize", "summarise"), ("unrecognized", "unrecognised"),
           ("containerized", "containerised"), ("color", "colour"))


def british(s):
    text = "".join(c for c, _ in s)
    for a, b in BRITISH:
        for m in reversed(list(re.finditer(a, text, re.I))):
            i, j = m.span()
            if len(a) == len(b):
                s = s[:i] + [(y if x[0].islower() else y.upper(), x[1])
                             for x, y in zip(s[i:j], b)] + s[j:]
    return s


def tidy(s):
    """Blanks: none at the ends, none doubled where a slot came up empty."""
    out = []
    for c, sp in s:
        if c == " " and (not out or out[-1][0] == " "):
            continue
        if c in ",.;:，。；" and sp is None and out and out[-1] == (" ", None):
            out.pop()
        out.append((c, sp))
    while out and out[-1][0] == " ":
        out.pop()
    # No span begins or ends with a blank.
    for i in range(len(out)):
        c, sp = out[i]
        if c == " " and sp is not None:
            before = i and out[i - 1][1] is sp
            after = i + 1 < len(out) and out[i + 1][1] is sp
            if not (before and after):
                out[i] = (c, None)
    return out


def spans_of(s):
    spans, i = [], 0
    while i < len(s):
        sp = s[i][1]
        j = i + 1
        while j < len(s) and s[j][1] is sp:
            j += 1
        if sp is not None:
            spans.append([i, j, sp[0]])
        i = j
    return spans


def marked(text, spans):
    def esc(t):
        return re.sub(r"([\[\]\\])", r"\\\1", t)
    out, at = [], 0
    for i, j, tag in spans:
        out += [esc(text[at:i]), "[", tag, " ", esc(text[i:j]), "]"]
        at = j
    return "".join(out) + esc(text[at:])


def from_marked(line, where):
    """The characters and spans of a sentence in the marked form."""
    out, span, i = [], None, 0
    while i < len(line):
        c = line[i]
        if c == "\\":
            i += 1
            out.append((line[i], span))
        elif c == "[":
            m = re.compile(r"\[([A-Z]+) ").match(line, i)
            if not m or m.group(1) not in TAGS or span:
                raise SystemExit("%s: bad span: %s" % (where, line))
            span, i = [m.group(1)], m.end() - 1
        elif c == "]":
            if not span:
                raise SystemExit("%s: stray ]: %s" % (where, line))
            span = None
        else:
            out.append((c, span))
        i += 1
    if span:
        raise SystemExit("%s: no ]: %s" % (where, line))
    return out


def check(text, spans, where):
    at = 0
    for i, j, tag in spans:
        piece = text[i:j]
        if not (at <= i < j <= len(text)) or tag not in TAGS:
            raise SystemExit("%s: bad spans: %s" % (where, text))
        if piece[0] in " ,，。;；、" or piece[-1] in " ,，。;；、:：":
            raise SystemExit("%s: span with a blank or comma: %r in %s" % (where, piece, text))
        at = j


def read_patterns(name):
    path = os.path.join(HERE, name)
    out, seen = [], set()
    if not os.path.exists(path):
        return out
    for no, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.rstrip("\n").strip(" ")
        if not line or line.startswith("#"):
            continue
        if line in seen:
            print("%s:%d: twice: %s" % (name, no, line), file=sys.stderr)
            continue
        seen.add(line)
        base = None
        if ".mixed." in name:
            base = {"e ": "en", "z ": "zh"}.get(line[:2])
            if not base:
                raise SystemExit("%s:%d: neither 'e ' nor 'z '" % (name, no))
            line = line[2:]
        tree = ([Node("lit", line[2:])] if line.startswith("= ")
                else parse(line, "%s:%d" % (name, no)))
        out.append(("%s:%d" % (name, no), base, tree, line))
    return out


SHARE = {"en": 0.45, "zh": 0.45, "mixed": 0.10}
KINDS = (("patterns", "rule", 0.72), ("halves", "half", 0.08),
         ("negatives", "none", 0.20))
# Beyond the n sentences, as a share of n: descriptions and titles of alerts,
# what looks like them and is none, wishes turned into questions and reports.
DECL = (("patterns.decl", "rule", 0.13), ("negatives.decl", "none", 0.022))
TURNED = 0.008


RARE = set("threat cap img port user path proc agg h nh w lw".split())

OWNER = set("ts tp t tc th n hn".split())



# A wish made a question, or a report of what has been: no rule any more. Only
# patterns that begin with a lead and a when, or end with a Chinese demand,
# and have no other demand in them.
TURN = {
    "en": ("did it happen that {}?", "has it ever happened that {}?",
           "how often did it happen that {}?", "why is nobody told when {}?",
           "what does it mean when {}?", "yesterday it happened that {}",
           "last week it was reported twice that {}", "what happens when {}?",
           "it is known that {}", "do we already have a rule for when {}?"),
    "zh": ("昨天{}了", "为什么{}的时候没人知道？", "上周出现过{}的情况", "{}是什么意思？",
           "有没有出现过{}？", "{}一般是什么原因？", "已经有{}的规则了吗？",
           "上个月{}过三次，已经处理", "{}会怎么样？"),
}


def turnable(lang, line):
    """The middle of a pattern of wishes that may be turned, or None."""
    if lang == "en":
        head, tail = "{lead} {when} ", ""
    else:
        head, tail = "{when}", "，{tell}"
    if not (line.startswith(head) and line.endswith(tail)):
        return None
    body = line[len(head):len(line) - len(tail)]
    if re.search(r"\{(lead|when|tell|tail|act|actit|s|sevword)\d?\}|ACTION|SEVERITY|[,，;；.。?？!:：]",
                 body) or re.search(r"\b(alert|tell|send|warn|please)\b|告|报|请", body):
        return None
    return body


def make(args):
    mk = Maker(args.seed)
    rows, seen = [], set()
    frames = {}

    def add(s, lang, group, kind, where):
        if kind == "none":
            s = [(c, None) for c, _ in s]
        text = "".join(c for c, _ in s)
        spans = spans_of(s)
        check(text, spans, where)
        if text in seen or not text:
            return False
        seen.add(text)
        rows.append({"text": text, "lang": lang, "spans": spans,
                     "group": group, "kind": kind})
        return True

    for lang in ("en", "zh", "mixed"):
        for stem, kind, part in KINDS + DECL:
            pats = read_patterns("%s.%s.txt" % (stem, lang))
            decl = stem.endswith(".decl")
            if not pats:
                continue
            frames[lang, "decl " + kind if decl else kind] = len(pats)
            want = int(args.n * part * (1 if decl else SHARE[lang]))
            # A pattern with few slots is not repeated as often.
            # Tags that few patterns have get more, and rules that name nobody.
            room = [(1 + min(12, 2 * sum(1 for _ in slots_of(t)))) *
                    (1.6 if RARE & {x.a for x in slots_of(t)} else 1) *
                    (1 if OWNER & {x.a for x in slots_of(t)} or "[TARGET" in line
                     else 2)
                    for _, _, t, line in pats]
            scale = want / sum(room)
            for (where, base, tree, line), k in zip(pats, room):
                group = where.replace(".txt", "")
                n = max(1, int(k * scale + mk.rnd.random()))
                for _ in range(n):
                    for _ in range(4):
                        s = mk.sentence(tree, base or lang, lang == "mixed")
                        if kind == "rule" and not any(sp for _, sp in s):
                            raise SystemExit(where + ": no span")
                        s = mk.noise(s, lang, "none" if decl else kind)
                        if add(s, lang, group, kind, where):
                            break
    for lang in ("en", "zh"):
        bodies = [(w, b) for w, _, _, line in read_patterns("patterns.%s.txt" % lang)
                  for b in [turnable(lang, line)] if b]
        frames[lang, "turned"] = len(bodies)
        for _ in range(int(args.n * TURNED) if bodies else 0):
            where, body = mk.rnd.choice(bodies)
            text = mk.rnd.choice(TURN[lang])
            s = mk.sentence(parse(text.replace("{}", body), where), lang, False)
            add(mk.noise(s, lang, "none"), lang, "turned." + where.replace(".txt", ""),
                "none", where)
    for lang in ("en", "zh"):
        name = "written.%s.ndjson" % lang
        path = os.path.join(HERE, name)
        if not os.path.exists(path):
            continue
        no = 0
        for no, line in enumerate(open(path, encoding="utf-8"), 1):
            where = "%s:%d" % (name, no)
            row = json.loads(line)
            kind = row.get("kind", "rule")
            s = from_marked(row["marked"], where)
            add(s, row.get("lang", lang), where, kind, where)
            for _ in range(2):
                add(mk.noise(list(s), row.get("lang", lang), kind), row.get("lang", lang),
                    where, kind, where)
        frames[lang, "written"] = no
    mk.rnd.shuffle(rows)
    return rows, frames


def counts(rows, frames):
    print("sentences:", len(rows))
    for what in ("lang", "kind"):
        c = collections.Counter(r[what] for r in rows)
        print("  by %s: %s" % (what, ", ".join("%s %d (%.0f%%)" % (k, n, 100 * n / len(rows))
                                                for k, n in c.most_common())))
    print("patterns:")
    for (lang, kind), n in sorted(frames.items()):
        print("  %-6s %-8s %5d" % (lang, kind, n))
    print("spans and different texts, by tag:")
    n, texts = collections.Counter(), collections.defaultdict(set)
    sents = collections.Counter()
    for r in rows:
        for i, j, tag in r["spans"]:
            n[tag, r["lang"]] += 1
            n[tag] += 1
            texts[tag].add(r["text"][i:j].lower())
        for tag in {t for _, _, t in r["spans"]}:
            sents[tag] += 1
    print("  %-11s %7s %7s %7s %7s %9s %9s" % ("tag", "all", "en", "zh", "mixed", "different", "sentences"))
    for tag in TAGS:
        print("  %-11s %7d %7d %7d %7d %9d %9d" % (tag, n[tag], n[tag, "en"], n[tag, "zh"],
                                               n[tag, "mixed"], len(texts[tag]), sents[tag]))
    orders = {(r["lang"], tuple(t for _, _, t in r["spans"])) for r in rows if r["spans"]}
    print("different orders of tags:", len(orders))
    lens = sorted(len(r["text"]) for r in rows)
    print("characters a sentence: median %d, 99%% %d, most %d" % (
        lens[len(lens) // 2], lens[len(lens) * 99 // 100], lens[-1]))


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("-o", default=os.path.join(HERE, "out", "train.ndjson"))
    ap.add_argument("-n", type=int, default=25000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--check", action="store_true")
    ap.add_argument("--show", type=int)
    args = ap.parse_args()
    rows, frames = make(args)
    if args.show:
        for r in rows[:args.show]:
            print("%-6s %-5s %s" % (r["lang"], r["kind"], marked(r["text"], r["spans"])))
        return
    counts(rows, frames)
    if args.check:
        return
    os.makedirs(os.path.dirname(os.path.abspath(args.o)), exist_ok=True)
    with open(args.o, "w", encoding="utf-8") as f:
        for r in rows:
            f.write(json.dumps(r, ensure_ascii=False, separators=(",", ":")) + "\n")
    print("written:", args.o)


if __name__ == "__main__":
    main()
