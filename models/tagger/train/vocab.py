#!/usr/bin/env python3
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make vocab.txt, a WordPiece vocabulary in BERT's conventions (lower case, no
accents, Chinese characters apart), from the text that corpus.py wrote. Numbers
are read digit by digit: no piece but a single digit has one."""
import argparse
import collections
import itertools
import os
import string

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

import tokens

# Written next to a number without a space: they must be a piece after one.
UNITS = """s m h d w y ms us ns sec secs second seconds min mins minute minutes
hr hrs hour hours day days week weeks k kb kib mb mib gb gib tb tib pb pib b kbps
mbps gbps kbit mbit gbit bps bit bits byte bytes pct percent x hz khz mhz ghz rpm
qps rps iops th st nd rd core cores cpu cpus c mi gi ki ti""".split()
# What sentences about containers are made of, however rare in the text.
WORDS = """cpu memory container containers docker podman kubernetes pod pods
image images host hosts oom oomkilled threshold thresholds percent percentage
average avg max min maximum minimum sum rate alert alerts critical warning info
severity notify notification pause stop kill restart restarts throttled
throttling swap disk network latency bytes inode inodes cgroup namespace
privileged capability capabilities syscall process processes thread threads
exceeds exceed above below within forecast predict predicted usage utilization
quota limit limits request requests socket sockets packet packets dropped errors
received transmitted filesystem mount volume volumes registry prometheus grafana
webhook escalate admin administrator root shell bash curl nginx redis mysql
postgres mongodb elasticsearch kafka rabbitmq mib gib kib minutes seconds hours
""".split()
CHINESE = ("，。、；：？！“”‘’（）《》〈〉【】「」『』〔〕［］｛｝…—～·％＋－＝＜＞／＼"
           "＊＆＃＠＄＾＿｜｀￥〇々※№℃°±×÷≤≥≈∞→←↑↓•●■□▲△★☆✓✗µμαβλσπ²³½"
           "①②③④⑤⑥⑦⑧⑨⑩－–―′″‰€£¥©®™§¶«»‹›„‚")
FULL = [chr(c) for c in range(0xff10, 0xff1a)] + \
    [chr(c) for c in range(0xff41, 0xff5b)]


def characters(paths, least):
    """The Chinese characters that occur `least` times, in their order."""
    count = collections.Counter()
    for path in paths:
        with open(path, encoding="utf-8") as f:
            for line in f:
                count.update(line)
    return sorted(c for c, n in count.items()
                  if n >= least and tokens.is_chinese(c))


def pieces(paths, size):
    """Word pieces of ASCII letters, the most useful first."""
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(),
         pre_tokenizers.Digits(individual_digits=True)])
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=["[UNK]"], limit_alphabet=60,
        initial_alphabet=list(string.ascii_lowercase), show_progress=False)

    def lines():    # one in four is enough to count words
        for path in paths:
            with open(path, encoding="utf-8") as f:
                for line in itertools.islice(f, 0, None, 4):
                    yield line.encode("ascii", "replace").decode()
    t.train_from_iterator(lines(), trainer)
    found = sorted(t.get_vocab().items(), key=lambda item: item[1])
    return [w for w, _ in found if w.removeprefix("##").isascii()
            and w.removeprefix("##").isalpha()]


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("corpus", help="folder that corpus.py wrote")
    p.add_argument("out")
    p.add_argument("--size", type=int, default=12032)
    p.add_argument("--least", type=int, default=10,
                   help="times a Chinese character occurs to be in it")
    args = p.parse_args()
    paths = [os.path.join(args.corpus, n + ".txt") for n in tokens.STREAMS]
    single = list(string.punctuation) + list(string.digits + CHINESE) + FULL + \
        list(string.ascii_lowercase)
    fixed = dict.fromkeys(tokens.SPECIALS + single)
    fixed.update(dict.fromkeys("##" + c for c in single
                               if c not in string.punctuation))
    fixed.update(dict.fromkeys(["##" + u for u in UNITS] + UNITS + WORDS))
    chinese = characters(paths[1:], args.least)
    fixed.update(dict.fromkeys(chinese))
    print(f"{len(chinese)} Chinese characters, {len(fixed)} fixed in all")
    for w in pieces(paths, args.size):
        if len(fixed) == args.size:
            break
        fixed[w] = None
    if len(fixed) != args.size:
        raise SystemExit(f"only {len(fixed)} pieces")
    with open(args.out, "w", encoding="utf-8") as f:
        f.writelines(w + "\n" for w in fixed)


if __name__ == "__main__":
    main()
