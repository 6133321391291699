#!/usr/bin/env python3
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between text and token ids. As a program: pack the text that corpus.py wrote
into a folder small enough to travel, and say how well a vocabulary covers it."""
import argparse
import bz2
import hashlib
import multiprocessing
import os
import re

import numpy
import tokenizers

STREAMS = ("en", "zh", "pair")
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)
SPECIAL = len(SPECIALS)
CHUNK = 4 << 20     # characters of text a file


def is_chinese(c):
    """As BERT's tokenizer sees it: what it sets apart with spaces."""
    return len(c) == 1 and any(low <= ord(c) <= high for low, high in (
        (0x4e00, 0x9fff), (0x3400, 0x4dbf), (0x20000, 0x2fa1f),
        (0xf900, 0xfaff)))


def read_vocabulary(path):
    with open(path, encoding="utf-8") as f:
        words = f.read().split("\n")
    return words[:-1] if words[-1] == "" else words


def tokenizer(path):
    """BertTokenizer's: a word of more than 100 characters is [UNK]."""
    words = {w: i for i, w in enumerate(read_vocabulary(path))}
    t = tokenizers.Tokenizer(tokenizers.models.WordPiece(
        words, unk_token="[UNK]", max_input_chars_per_word=100))
    t.normalizer = tokenizers.normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, lowercase=True)
    t.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    return t


def encode(t, text, side=None):
    """The ids of a text, [SEP] after each line. Of pairs, both sides, which of
    them first as their length falls, or only the given one."""
    parts = []
    for line in text.split("\n"):
        both = line.split("\t")
        if side is not None:
            both = both[side:side + 1]
        elif len(line) % 2:
            both.reverse()
        parts += [p for p in both if p]
    ids = []
    for e in t.encode_batch(parts, add_special_tokens=False):
        ids += e.ids
        ids.append(SEP)
    return numpy.array(ids, dtype=numpy.uint16)


def documents(path):
    """Blank lines part them."""
    with open(path, encoding="utf-8") as f:
        for d in f.read().split("\n\n"):
            if d.strip("\n"):
                yield d.strip("\n")


def place(document):
    """A number from 0 to 1 that a document has by its hash."""
    return int(hashlib.md5(document.encode()).hexdigest()[:8], 16) / 2**32


def chunks(docs):
    part, full = [], 0
    for d in docs:
        part.append(d)
        full += len(d)
        if full > CHUNK:
            yield "\n".join(part)
            part, full = [], 0
    if part:
        yield "\n".join(part)


def write_chunk(job):
    path, text = job
    with open(path, "wb") as f:
        f.write(bz2.compress(text.encode()))
    return os.path.getsize(path)


def pack(corpus, out, most):
    """Of each stream about `most` characters, 0.5 % of it held aside."""
    os.makedirs(out, exist_ok=True)
    jobs = []
    for k in STREAMS:
        docs = list(documents(os.path.join(corpus, k + ".txt")))
        share = min(most / sum(map(len, docs)), 1)
        held = [d.lower() for d in docs if place(d) < share / 200]
        train = [d.lower() for d in docs if share / 200 <= place(d) < share]
        for name, docs in (("held", held), ("train", train)):
            jobs += [(os.path.join(out, f"{k}.{name}.{i:03}.bz2"), text)
                     for i, text in enumerate(chunks(docs))]
    with multiprocessing.Pool() as pool:
        sizes = pool.map(write_chunk, jobs, chunksize=1)
    print(f"{len(jobs)} files, {sum(sizes) / 2**20:.1f} MiB")


def read_chunk(job):
    """[(stream, use, ids)]: pairs are read as Chinese text, too."""
    path, vocab = job
    k, use = re.match(r"(\w+)\.(\w+)\.", os.path.basename(path)).groups()
    t = tokenizer(vocab)
    with open(path, "rb") as f:
        text = bz2.decompress(f.read()).decode()
    found = [(k, use, encode(t, text))]
    if k == "pair":
        found.append(("zh", use, encode(t, text, 1)))
    return found


def load(folder, vocab, few=False):
    """The ids of each stream, to train on and held aside. few: some of them."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    names = sorted(n for n in os.listdir(folder) if n.endswith(".bz2"))
    if few:
        names = [n for n in names if n.endswith(".000.bz2")]
    with multiprocessing.Pool() as pool:
        read = pool.map(read_chunk, [(os.path.join(folder, n), vocab)
                                     for n in names], chunksize=1)
    found = {"train": {}, "held": {}}
    for part in read:
        for k, use, ids in part:
            found[use].setdefault(k, []).append(ids)
    return [{k: numpy.concatenate(v) for k, v in sorted(found[use].items())}
            for use in ("train", "held")]


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("corpus")
    p.add_argument("out")
    p.add_argument("-v", "--vocab", required=True)
    p.add_argument("--most", type=float, default=130e6,
                   help="characters a stream has at most")
    args = p.parse_args()
    pack(args.corpus, args.out, args.most)
    for use, streams in zip(("train", "held"), load(args.out, args.vocab)):
        for k, ids in streams.items():
            print(f"{use} {k}: {len(ids)} tokens, "
                  f"{(ids == UNK).mean():.4%} unknown")


if __name__ == "__main__":
    main()
