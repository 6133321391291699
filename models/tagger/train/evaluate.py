#!/usr/bin/env python3
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a tagger by sentences in the guideline's form (tests/tag)."""
import argparse
import json
import re
import sys

import torch

import bert
import finetune
import tagged
import tokens


def parse(marked):
    """Text and spans of a marked sentence."""
    text, spans, at = "", [], 0
    open_ = None
    while at < len(marked):
        c = marked[at]
        if c == "\\":
            text += marked[at + 1]
            at += 2
            continue
        tag = re.compile(r"\[([A-Z]+) ").match(marked, at)
        if tag:
            open_ = (len(text), tag.group(1))
            at = tag.end()
            continue
        if c == "]" and open_:
            spans.append([open_[0], len(text), open_[1]])
            open_ = None
        else:
            text += c
        at += 1
    return text, spans


def read(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            s = json.loads(line)
            text, spans = parse(s["marked"])
            rule = s.get("rule", {})
            yield {"text": text, "spans": spans, "lang": s["lang"],
                   "id": s["id"], "kind": "none" if rule is None else
                   "half" if "missing" in rule else "rule"}


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("tagger")
    p.add_argument("sentences", nargs="+")
    p.add_argument("--wrong", action="store_true",
                   help="print what was marked otherwise")
    args = p.parse_args()
    with open(args.tagger + "/config.json") as f:
        labels = json.load(f)["id2label"]
    names = [labels[str(i)] for i in range(len(labels))]
    tokenizer = tokens.tokenizer(args.tagger + "/vocab.txt")
    model = bert.read(args.tagger, len(names))
    model.eval()
    add = tagged.legal(names)
    for path in args.sentences:
        score = tagged.Score()
        sentences = list(read(path))
        for s in sentences:
            ids, offsets = tagged.encode(tokenizer, s, 256)
            with torch.no_grad():
                scores = model.labels(model.encode(
                    torch.tensor([ids]))).float()[0].numpy()
            found = tagged.decode(scores, names, add)
            spans = tagged.spans(found, offsets, names)
            score.add(s, spans, names[found[0]] == tagged.RULE)
            wanted = {tuple(x) for x in s["spans"]}
            got = {tuple(x) for x in spans}
            if args.wrong and wanted != got:
                show = lambda x: " ".join(
                    f"[{k} {s['text'][a:b]}]" for a, b, k in sorted(x))
                print(f"{s['id']} {s['text']}\n  is    {show(got - wanted)}"
                      f"\n  wants {show(wanted - got)}")
        print(path)
        print("\n".join("  " + line for line in score.lines()))


if __name__ == "__main__":
    sys.exit(main())
