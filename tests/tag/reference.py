#!/usr/bin/env python3
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make tests/fixtures/tag: a small BertForTokenClassification of random
weights, what it says of some sentences, and how the reference tokenizer cuts
some thousand lines. Needs numpy, safetensors and tokenizers (PyPI).

reference.py make      write tests/fixtures/tag again
reference.py cut VOCAB <lines >tokens
                       a line "id:begin:end ..." for each line of input
reference.py logits MODEL <lines >logits
                       as expected.txt below, of any folder
"""
import json
import math
import os
import random
import sys
import unicodedata

import numpy as np
from safetensors import safe_open
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "fixtures", "tag")

CONFIG = {
    "architectures": ["BertForTokenClassification"],
    "model_type": "bert",
    "hidden_size": 20,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 36,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 48,
    "type_vocab_size": 2,
    "id2label": {str(i): label for i, label in enumerate(
        ["O", "B-METRIC", "I-METRIC", "B-OP", "I-OP", "B-VALUE", "I-VALUE",
         "NORULE", "RULE"])},
}

CHINESE = ("容器内存使用率超过百分之八十持续分钟告警严重发出通知的主机进程数量磁盘"
           "写入速度网络重启次停止当并且或者不低于预计未来小时平均最大")
PIECES = ("memory cpu usage container alert when uses more than for minutes "
          "critical warning the of disk network process is not above below "
          "host web exceeds percent notify admin re ##start ##s ##ing ##ed "
          "##er ##age ##ion un ##able 80 90 10 ##0 ##00 mb gb gi ##b kib "
          "over un ##load ##ed seconds hour if all any db front ##end "
          "привет мир при ##вет café cafe naïve naive ##ß straße 안녕 ガ か "
          "²").split()


def vocabulary():
    v = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    v += [chr(c) for c in range(33, 127) if not chr(c).isupper()]
    v += ["##" + c for c in "abcdefghijklmnopqrstuvwxyz0123456789"]
    v += list("абвгд") + ["##" + c for c in "абвгд"]
    v += list("αβγωσς") + ["##" + c for c in "αβγωσς"]
    v += list("，。、：；！？（）《》“”…—％")
    v += list(dict.fromkeys(CHINESE)) + PIECES
    return list(dict.fromkeys(v))


def tokenizer(vocab, lower=True):
    t = Tokenizer(models.WordPiece({p: i for i, p in enumerate(vocab)},
                                   unk_token="[UNK]",
                                   max_input_chars_per_word=100))
    t.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=None,
        lowercase=lower)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return t


def cut(t, line):
    """[(id, begin, end)], bytes, of bytes: [CLS] and [SEP] are left out."""
    text, begins, ends, at = [], [], [], 0
    for c in line.decode("utf-8", "surrogateescape"):
        n = 1 if 0xdc80 <= ord(c) <= 0xdcff else len(c.encode())
        if n > 1 or ord(c) < 0x80:
            text.append(c)
            begins.append(at)
            ends.append(at + n)
        at += n
    e = t.encode("".join(text))
    return [(i, begins[b], ends[max(b, f - 1)])
            for i, (b, f) in zip(e.ids, e.offsets)]


# ---- the model, in double precision ----

def norm(x, w, b, eps):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * w + b


ERF = np.vectorize(math.erf)


def forward(config, w, ids):
    def linear(x, name):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    def layer_norm(x, name):
        return norm(x, w[name + ".weight"], w[name + ".bias"],
                    config["layer_norm_eps"])

    n, heads = len(ids), config["num_attention_heads"]
    e = "bert.embeddings."
    x = layer_norm(w[e + "word_embeddings.weight"][ids]
                   + w[e + "position_embeddings.weight"][:n]
                   + w[e + "token_type_embeddings.weight"][0],
                   e + "LayerNorm")
    for i in range(config["num_hidden_layers"]):
        p = "bert.encoder.layer.%d." % i
        q, k, v = (linear(x, p + "attention.self." + s)
                   .reshape(n, heads, -1).transpose(1, 0, 2)
                   for s in ("query", "key", "value"))
        s = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
        s = np.exp(s - s.max(-1, keepdims=True))
        s /= s.sum(-1, keepdims=True)
        y = (s @ v).transpose(1, 0, 2).reshape(n, -1)
        x = layer_norm(x + linear(y, p + "attention.output.dense"),
                       p + "attention.output.LayerNorm")
        y = linear(x, p + "intermediate.dense")
        y = y * 0.5 * (1 + ERF(y / math.sqrt(2)))
        x = layer_norm(x + linear(y, p + "output.dense"),
                       p + "output.LayerNorm")
    return linear(x, "classifier")


def weights(rng, n_vocab):
    h, m = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    w = {}

    def linear(name, rows, columns):
        w[name + ".weight"] = rng.normal(0, columns ** -0.5,
                                         (rows, columns))
        w[name + ".bias"] = rng.normal(0, 0.3, rows)

    def layer_norm(name):
        w[name + ".weight"] = rng.normal(1, 0.2, h)
        w[name + ".bias"] = rng.normal(0, 0.2, h)

    e = "bert.embeddings."
    for name, rows in (("word", n_vocab),
                       ("position", CONFIG["max_position_embeddings"]),
                       ("token_type", CONFIG["type_vocab_size"])):
        w[e + name + "_embeddings.weight"] = rng.normal(0, 1, (rows, h))
    layer_norm(e + "LayerNorm")
    for i in range(CONFIG["num_hidden_layers"]):
        p = "bert.encoder.layer.%d." % i
        for s in ("query", "key", "value"):
            linear(p + "attention.self." + s, h, h)
        linear(p + "attention.output.dense", h, h)
        layer_norm(p + "attention.output.LayerNorm")
        linear(p + "intermediate.dense", m, h)
        linear(p + "output.dense", h, m)
        layer_norm(p + "output.LayerNorm")
    linear("classifier", len(CONFIG["id2label"]), h)
    return {k: v.astype(np.float32) for k, v in w.items()}


def bf16(a):
    """To the nearest, ties to even: the upper halves of floats."""
    u = a.astype(np.float32).view(np.uint32).astype(np.uint64)
    return ((u + 0x7fff + (u >> 16 & 1)) >> 16).astype(np.uint16)


def pack(a, dtype):
    """A tensor's own (name suffix, dtype, shape, bytes), and its values."""
    if dtype == "F16":
        a = a.astype(np.float16)
        return [("", dtype, a.shape, a.tobytes())], a
    if dtype == "BF16":
        u = bf16(a)
        return ([("", dtype, a.shape, u.tobytes())],
                (u.astype(np.uint32) << 16).view(np.float32))
    if dtype == "I8" and a.ndim == 2:
        s = (np.abs(a).max(1) / 127).astype(np.float32)
        q = np.rint(a / s[:, None]).astype(np.int8)
        return ([("", "I8", a.shape, q.tobytes()),
                 (".scale", "F32", s.shape, s.tobytes())],
                q * s[:, None].astype(np.float64))
    return [("", "F32", a.shape, a.astype(np.float32).tobytes())], a


def save(path, w, dtype):
    header, data, values = {}, b"", {}
    for name, a in w.items():
        parts, value = pack(a, dtype)
        values[name] = value.astype(np.float64)
        for suffix, kind, shape, some in parts:
            header[name + suffix] = {
                "dtype": kind, "shape": list(shape),
                "data_offsets": [len(data), len(data) + len(some)]}
            data += some
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text + data)
    return values


def load(path):
    w = {}
    with safe_open(path, "np") as f:
        for name in f.keys():
            w[name] = f.get_tensor(name).astype(np.float64)
    for name in [n for n in w if n.endswith(".scale")]:
        w[name[:-6]] *= w.pop(name)[:, None]
    return w


def write_logits(f, config, vocab, w, lines):
    """A line "= text", then for each token a line "id logit..."."""
    t = tokenizer(vocab)
    for line in lines:
        ids = ([vocab.index("[CLS]")] + [i for i, _, _ in cut(t, line)]
               + [vocab.index("[SEP]")])
        f.write("= %s\n" % line.decode())
        for i, row in zip(ids, forward(config, w, ids)):
            f.write("%d %s\n" % (i, " ".join("%.5f" % x for x in row)))


SENTENCES = """Alert critical when container web uses more than 90% of memory
容器 web 的CPU使用率连续5分钟超过80%时发出严重告警

memory > 2GB
Naïve café restarts, 10 times within the hour!
磁盘写入速度高于 100 MB/s，持续 10 分钟
未来10分钟内预计内存会超过限制的容器，提前警告并通知管理员
unloaded overload reuses restarting
привет мир αβγ
x
%%%%,,,,....;;;;::::!!!!????((((
if not below 80 percent for all hosts or any db frontend notify admin"""


# ---- lines for the tokenizer ----

RANGES = [(0x20, 0x7e)] * 6 + [
    (0x00, 0x09), (0x0b, 0x1f), (0x7f, 0xa0), (0xa0, 0xff), (0x100, 0x17f),
    (0x180, 0x24f), (0x300, 0x36f), (0x370, 0x3ff), (0x400, 0x4ff),
    (0x590, 0x5f4), (0x600, 0x6ff), (0x900, 0x97f), (0xe00, 0xe5b),
    (0x1100, 0x11ff), (0x1e00, 0x1fff), (0x2000, 0x206f), (0x20d0, 0x20f0),
    (0x2100, 0x22ff), (0x2e80, 0x2fd5), (0x3000, 0x30ff), (0x3400, 0x3410),
    (0x4e00, 0x9fa5), (0xac00, 0xd7a3), (0xe000, 0xe010), (0xf900, 0xfad9),
    (0xfb00, 0xfb4f), (0xfe00, 0xfe6f), (0xff01, 0xffee), (0xfff0, 0xffff),
    (0x1d150, 0x1d164), (0x1f600, 0x1f64f), (0x20000, 0x20010),
    (0x2f800, 0x2fa1d), (0xe0001, 0xe007f), (0x10fff0, 0x10ffff)]

# Of later Unicode than the tables that the reference carries, or of another
# category there.
LATER = {0x2e5d, 0x8d3, 0x61d, 0x1dfa, 0x20c0} | set(range(0x2bbd, 0x2c00))


def odd_line(r, words):
    out = []
    for _ in range(r.randint(1, 12)):
        if r.random() < 0.4:
            out.append(r.choice(words))
        else:
            lo, hi = r.choice(RANGES)
            for _ in range(r.choice((1, 1, 2, 5))):
                c = r.randint(lo, hi)
                if c not in LATER and (
                        c < 0x600 or unicodedata.category(chr(c)) != "Cn"):
                    out.append(chr(c))
        if r.random() < 0.4:
            out.append(r.choice(" \t \u3000 "))
    line = "".join(out).replace("\n", " ").encode()
    if r.random() < 0.1:
        line = bytearray(line + b" ")
        for _ in range(3):
            line[r.randrange(len(line))] = r.choice(
                (0x80, 0xc3, 0xe4, 0xf0, 0xff, 0xed))
        line = bytes(line)
    return line.replace(b"\n", b" ")


def lines():
    r = random.Random(7)
    sentences = []
    for name in ("heldout.en", "heldout.zh", "alerts.en", "alerts.zh"):
        with open(os.path.join(HERE, name + ".ndjson"), "rb") as f:
            sentences += [json.loads(s)["marked"].encode() for s in f]
    words = PIECES + [c for c in CHINESE] + [
        "Ünïcödé", "ÅÄÖ", "İstanbul", "ΣΊΣΥΦΟΣ", "ǅ", "ﬁne", "①", "½",
        "a\u0301\u0323b", "x" * 100, "y" * 101, "don't", "node-1:9100",
        "[CLS]", "[MASK]", "##ing", "中文ABC中文", "e\u0301\u0327", "ß", "ẞ"]
    sample = sorted(r.sample(range(len(sentences)), 500))
    return ([sentences[i].replace(b"\n", b" ") for i in sample]
            + [odd_line(r, words) for _ in range(1500)])


def fnv(tokens):
    """FNV-1a, of ids, begins and ends as four bytes each."""
    h = 0xcbf29ce484222325
    for token in tokens:
        for n in token:
            for b in n.to_bytes(4, "little"):
                h = (h ^ b) * 0x100000001b3 & 0xffffffffffffffff
    return h


def make():
    vocab = vocabulary()
    CONFIG["vocab_size"] = len(vocab)
    w = weights(np.random.default_rng(7), len(vocab))
    sentences = [s.encode() for s in SENTENCES.split("\n")]
    for dtype in ("F32", "F16", "BF16", "I8"):
        folder = os.path.join(OUT, dtype.lower())
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "config.json"), "w") as f:
            json.dump(CONFIG, f, indent=1)
            f.write("\n")
        with open(os.path.join(folder, "vocab.txt"), "w") as f:
            f.writelines(p + "\n" for p in vocab)
        values = save(os.path.join(folder, "model.safetensors"), w, dtype)
        with open(os.path.join(folder, "expected.txt"), "w") as f:
            write_logits(f, CONFIG, vocab, values,
                         sentences if dtype == "F32" else sentences[:3])
    t = tokenizer(vocab)
    with open(os.path.join(OUT, "lines.txt"), "wb") as f, \
            open(os.path.join(OUT, "lines.sums"), "w") as sums:
        for line in lines():
            f.write(line + b"\n")
            sums.write("%016x\n" % fnv(cut(t, line)))


def read_vocab(path):
    with open(path, encoding="utf-8", newline="\n") as f:
        return [line.rstrip("\r\n") for line in f]


def main():
    what = sys.argv[1:2]
    if what == ["make"]:
        make()
        return
    given = [s.rstrip(b"\n") for s in sys.stdin.buffer]
    if what == ["cut"]:
        t = tokenizer(read_vocab(sys.argv[2]))
        for line in given:
            print(" ".join("%d:%d:%d" % x for x in cut(t, line)))
    elif what == ["logits"]:
        folder = sys.argv[2]
        with open(os.path.join(folder, "config.json")) as f:
            config = json.load(f)
        write_logits(sys.stdout, config,
                     read_vocab(os.path.join(folder, "vocab.txt")),
                     load(os.path.join(folder, "model.safetensors")), given)
    else:
        sys.exit(__doc__)


main()
