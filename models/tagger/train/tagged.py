# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tagged sentences: reading, labels for their tokens, and back to spans.

A line is {"text": ..., "lang": "en"|"zh", "spans": [[start, end, "TYPE"], ...],
"group": pattern, "kind": "rule", "half" or "none"}; start and end count code
points. A token's label is O, B-TYPE or I-TYPE. [CLS] has RULE or NORULE, which
no other token has."""
import collections
import hashlib
import json

import numpy

import tokens

RULE, NORULE = "RULE", "NORULE"


def read(paths):
    found = []
    for path in paths:
        with open(path, encoding="utf-8") as f:
            found += [json.loads(line) for line in f if line.strip()]
    return found


def split(sentences, share):
    """Those to train on and those of some groups, by the groups' hash."""
    parts = [], []
    for s in sentences:
        group = str(s.get("group", s["text"]))
        h = int(hashlib.md5(group.encode()).hexdigest()[:8], 16) / 2**32
        parts[h < share].append(s)
    return parts


def label_names(sentences):
    types = sorted({t for s in sentences for _, _, t in s["spans"]})
    return ["O"] + [p + t for t in types for p in ("B-", "I-")] + [RULE, NORULE]


def is_rule(s):
    return s.get("kind", "rule") != "none"


def encode(tokenizer, s, longest):
    """Ids with [CLS] and [SEP], and where each stands in the text."""
    e = tokenizer.encode(s["text"], add_special_tokens=False)
    ids = [tokens.CLS] + e.ids[:longest - 2] + [tokens.SEP]
    return ids, [(0, 0)] + e.offsets[:longest - 2] + [(0, 0)]


def label(s, offsets, names):
    """The number of each token's label; and whether the spans can be had back
    from them."""
    number = {n: i for i, n in enumerate(names)}
    labels = [0] * len(offsets)
    labels[0] = number[RULE if is_rule(s) else NORULE]
    for start, end, kind in s["spans"]:
        inside = [i for i, (a, b) in enumerate(offsets)
                  if a < end and b > start and b > a]
        for i in inside:
            labels[i] = number[("B-" if i == inside[0] else "I-") + kind]
    got = spans(labels, offsets, names)
    return labels, got == sorted((a, b, t) for a, b, t in s["spans"])


def spans(labels, offsets, names):
    found = []
    for i in range(1, len(labels) - 1):
        name, (start, end) = names[labels[i]], offsets[i]
        if name.startswith("B-"):
            found.append((start, end, name[2:]))
        elif name.startswith("I-") and found:
            found[-1] = (found[-1][0], end, name[2:])
    return sorted(found)


def legal(names):
    """What may follow what, as numbers to add: 0 or a large negative one."""
    n = len(names)
    add = numpy.zeros((n + 1, n), dtype=numpy.float32)  # the last row: at first
    for j, name in enumerate(names):
        if name in (RULE, NORULE):
            add[:, j] = -1e4
        if name.startswith("I-"):
            add[:, j] = -1e4
            add[names.index("B-" + name[2:]), j] = add[j, j] = 0
    return add


def decode(scores, names, add):
    """The best legal labels: [CLS]'s apart, the others' by Viterbi."""
    first = len(names) - 2 + int(scores[0, -2:].argmax())
    inner = scores[1:-1]
    if not len(inner):
        return [first, 0]
    best, back = inner[0] + add[-1], []
    for row in inner[1:]:
        ways = best[:, None] + add[:-1]
        back.append(ways.argmax(0))
        best = ways.max(0) + row
    path = [int(best.argmax())]
    for b in reversed(back):
        path.append(int(b[path[-1]]))
    return [first] + path[::-1] + [0]


class Score:
    """Strict F1 of spans, by language and by type, and rule or not."""

    def __init__(self):
        self.count = collections.defaultdict(collections.Counter)

    def add(self, s, found, rule):
        want = {(a, b, t) for a, b, t in s["spans"]}
        for t, which in [(t, "missed") for t in want - set(found)] + \
                [(t, "wrong") for t in set(found) - want] + \
                [(t, "right") for t in want & set(found)]:
            for key in (s["lang"], t[2]):
                self.count[key][which] += 1
        key = s["lang"] + (" rules" if is_rule(s) else " others")
        self.count[key]["right" if rule == is_rule(s) else "missed"] += 1
        key = s["lang"] + " sentences"
        whole = want == set(found) and rule == is_rule(s)
        self.count[key]["right" if whole else "missed"] += 1

    def f1(self, key):
        c = self.count[key]
        return 2 * c["right"] / max(2 * c["right"] + c["missed"] + c["wrong"],
                                    1)

    def lines(self):
        for key in sorted(self.count, key=lambda k: (k.isupper(), k)):
            c = self.count[key]
            n = c["right"] + c["missed"]
            if key[2:].startswith(" "):
                yield f"{key}: {c['right'] / n:.4f} right of {n}"
            else:
                yield f"{key}: F1 {self.f1(key):.4f} of {n} spans"
