#!/usr/bin/env python3
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between text and token ids. As a program: pack the text that corpus.py wrote
into a folder small enough to travel, and say how well a vocabulary covers it."""
import argparse
import hashlib
import lzma
import multiprocessing
import os
import re

import numpy
import tokenizers

STREAMS = ("en", "zh", "pair")
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)
SPECIAL = len(SPECIALS)
CHUNK = 2 << 20     # characters of text a file


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


def apart(document):
    """Whether a document, by its hash, is one of the 0.5 % held aside."""
    return int(hashlib.md5(document.encode()).hexdigest(), 16) % 200 == 0


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


def squeeze(text):
    return lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)


def stretch(data):
    return lzma.decompress(data).decode()


def write_chunk(job):
    path, text = job
    with open(path, "wb") as f:
        f.write(squeeze(text))
    return os.path.getsize(path)


def pack(corpus, out):
    os.makedirs(out, exist_ok=True)
    jobs = []
    for k in STREAMS:
        aside = {True: [], False: []}
        for d in documents(os.path.join(corpus, k + ".txt")):
            aside[apart(d)].append(d.lower())
        for name, docs in (("held", aside[True]), ("train", aside[False])):
            jobs += [(os.path.join(out, f"{k}.{name}.{i:03}.xz"), text)
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
        text = stretch(f.read())
    found = [(k, use, encode(t, text))]
    if k == "pair":
        found.append(("zh", use, encode(t, text, 1)))
    return found


def load(folder, vocab, few=False):
    """The ids of each stream, to train on and held aside. few: some of them."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    names = sorted(n for n in os.listdir(folder) if n.endswith(".xz"))
    if few:
        names = [n for n in names if n.endswith(".000.xz")]
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
    args = p.parse_args()
    pack(args.corpus, args.out)
    for use, streams in zip(("train", "held"), load(args.out, args.vocab)):
        for k, ids in streams.items():
            print(f"{use} {k}: {len(ids)} tokens, "
                  f"{(ids == UNK).mean():.4%} unknown")


if __name__ == "__main__":
    main()
