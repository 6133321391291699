#!/usr/bin/env python3
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Teach a pretrained folder to tag sentences (tagged.py says how they are
written), judge it on groups of them left aside, and save it."""
import argparse
import os
import random
import shutil
import time

import numpy
import torch
from torch.nn import functional as F

import bert
import tagged
import tokens


def prepare(sentences, tokenizer, names, longest):
    """(sentence, ids, offsets, labels) of each; says which don't fit."""
    found, odd = [], []
    for s in sentences:
        ids, offsets = tagged.encode(tokenizer, s, longest)
        labels, whole = tagged.label(s, offsets, names)
        found.append((s, ids, offsets, labels))
        if not whole:
            odd.append(s["text"])
    if odd:
        print(f"{len(odd)} sentences have spans that are not whole tokens, as "
              f"{odd[0]!r}")
    return found


def batches(items, size, shuffle):
    """Sentences of about one length together."""
    if shuffle:
        order = sorted(items, key=lambda i: len(i[1]) + random.random() * 8)
    else:
        order = sorted(items, key=lambda i: len(i[1]))
    parts = [order[i:i + size] for i in range(0, len(order), size)]
    if shuffle:
        random.shuffle(parts)
    return parts


def tensors(items, device):
    n = max(len(i[1]) for i in items)
    ids = torch.tensor([i[1] + [tokens.PAD] * (n - len(i[1])) for i in items])
    labels = torch.tensor([i[3] + [-100] * (n - len(i[3])) for i in items])
    ids = ids.to(device)
    return ids, labels.to(device), (ids != tokens.PAD)[:, None, None]


class Noise:
    """Other digits for digits, and now and then an unknown word: the model
    must not know numbers and names by heart."""

    def __init__(self, vocabulary, share, device):
        digits = [[vocabulary.index(p + str(d)) for d in range(10)]
                  for p in ("", "##")]
        kind = torch.zeros(len(vocabulary), dtype=torch.long)
        for i, d in enumerate(digits):
            kind[d] = i + 1
        self.kind, self.share = kind.to(device), share
        self.digits = torch.tensor(digits, device=device)

    def __call__(self, ids):
        kind = self.kind[ids]
        other = self.digits[(kind - 1).clamp(min=0),
                            torch.randint(10, ids.shape, device=ids.device)]
        row = torch.rand(len(ids), 1, device=ids.device) < 0.5
        ids = torch.where((kind > 0) & row, other, ids)
        lost = torch.rand(ids.shape, device=ids.device) < self.share
        return torch.where(lost & (ids >= tokens.SPECIAL), tokens.UNK, ids)


@torch.no_grad()
def judge(model, items, names, device):
    model.eval()
    score, add = tagged.Score(), tagged.legal(names)
    for part in batches(items, 64, False):
        ids, _, mask = tensors(part, device)
        out = model.labels(model.encode(ids, mask=mask)).float().cpu().numpy()
        for (s, own, offsets, _), scores in zip(part, out):
            labels = tagged.decode(scores[:len(own)], names, add)
            score.add(s, tagged.spans(labels, offsets, names),
                      names[labels[0]] == tagged.RULE)
    model.train()
    return score


def train(model, items, dev, names, args):
    device = torch.device(args.device)
    noise = Noise(tokens.read_vocabulary(args.vocab), args.noise, device)
    optimizer = torch.optim.AdamW(bert.groups(model, args.decay), lr=args.rate,
                                  betas=(0.9, 0.98))
    total = args.epochs * -(-len(items) // args.batch)
    step, begun = 0, time.monotonic()
    model.train()
    for epoch in range(args.epochs):
        lost = 0.0
        for part in batches(items, args.batch, True):
            for group in optimizer.param_groups:
                group["lr"] = args.rate * bert.slope(step / total, 0.1)
            ids, labels, mask = tensors(part, device)
            out = model.labels(model.encode(noise(ids), mask=mask))
            loss = F.cross_entropy(out.flatten(0, 1), labels.flatten(),
                                   label_smoothing=args.smooth)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            lost, step = lost + loss.item(), step + 1
        score = judge(model, dev, names, device) if dev else tagged.Score()
        print(f"{time.monotonic() - begun:6.1f} epoch {epoch + 1} loss "
              f"{lost * args.epochs / total:.4f} dev F1 " +
              " ".join(f"{k} {score.f1(k):.4f}" for k in ("en", "zh")),
              flush=True)
    return score


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("pretrained")
    p.add_argument("sentences", nargs="+", help="NDJSON files")
    p.add_argument("-o", "--out", required=True)
    p.add_argument("--dev", type=float, default=0.1, help="share of groups")
    p.add_argument("--epochs", type=int, default=8)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--rate", type=float, default=3e-4)
    p.add_argument("--decay", type=float, default=0.01)
    p.add_argument("--dropout", type=float, default=0.1)
    p.add_argument("--noise", type=float, default=0.03)
    p.add_argument("--smooth", type=float, default=0.0)
    p.add_argument("--longest", type=int, default=256)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--device", default="cuda" if torch.cuda.is_available()
                   else "cpu")
    return p.parse_args()


def main():
    args = arguments()
    random.seed(args.seed)
    numpy.random.seed(args.seed)
    torch.manual_seed(args.seed)
    args.vocab = os.path.join(args.pretrained, "vocab.txt")
    sentences = tagged.read(args.sentences)
    names = tagged.label_names(sentences)
    known, dev = tagged.split(sentences, args.dev)
    print(f"{len(known)} sentences to learn, {len(dev)} to judge by, "
          f"{len(names)} labels")
    tokenizer = tokens.tokenizer(args.vocab)
    known, dev = (prepare(s, tokenizer, names, args.longest)
                  for s in (known, dev))
    model = bert.read(args.pretrained, len(names), args.dropout)
    score = train(model.to(args.device), known, dev, names, args)
    print("\n".join(score.lines()))
    bert.write(args.out, model, {
        "id2label": {str(i): n for i, n in enumerate(names)},
        "label2id": {n: i for i, n in enumerate(names)}},
        torch.float32)
    shutil.copy(args.vocab, os.path.join(args.out, "vocab.txt"))
    with open(os.path.join(args.out, "tokenizer_config.json"), "w") as f:
        f.write('{"tokenizer_class": "BertTokenizer", "do_lower_case": true}\n')


if __name__ == "__main__":
    main()
