#!/usr/bin/env python3
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tagger's weights as bytes: each matrix as I8, with a scale a row (NAME.scale,
lib/tag/safetensors.h), everything else as F32. Reads a folder, writes another."""
import argparse
import json
import os
import shutil
import sys

import safetensors.torch
import torch


def rows_as_bytes(w):
    scale = w.abs().amax(1).clamp(min=1e-12) / 127
    q = (w / scale[:, None]).round().clamp(-127, 127).to(torch.int8)
    return q, scale


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("tagger")
    p.add_argument("out")
    p.add_argument("--back", action="store_true",
                   help="write what the bytes stand for, as F32, to judge them")
    args = p.parse_args()
    os.makedirs(args.out, exist_ok=True)
    found = {}
    for name in sorted(os.listdir(args.tagger)):
        if name.endswith(".safetensors"):
            found.update(safetensors.torch.load_file(
                os.path.join(args.tagger, name)))
    out = {}
    for name, w in found.items():
        w = w.float()
        if w.dim() != 2:
            out[name] = w
            continue
        q, scale = rows_as_bytes(w)
        if args.back:
            out[name] = q.float() * scale[:, None]
        else:
            out[name], out[name + ".scale"] = q, scale
    safetensors.torch.save_file(
        out, os.path.join(args.out, "model.safetensors"), {"format": "pt"})
    with open(os.path.join(args.tagger, "config.json")) as f:
        c = json.load(f)
    c["dtype"] = "float32" if args.back else "int8"
    with open(os.path.join(args.out, "config.json"), "w") as f:
        json.dump(c, f, indent=1, ensure_ascii=False)
        f.write("\n")
    for name in ("vocab.txt", "tokenizer_config.json"):
        shutil.copy(os.path.join(args.tagger, name), args.out)


if __name__ == "__main__":
    sys.exit(main())
