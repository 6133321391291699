#!/usr/bin/env python3
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pretrain a small bilingual BERT from nothing, by masked words, within a given
time: the learning rate follows the clock, so that its decay always ends."""
import argparse
import contextlib
import os
import shutil
import signal
import sys
import time

import torch
from torch.nn import functional as F

import bert
import tokens

IGNORED = -100      # a label cross_entropy skips
EXTRA = 1.25        # room for masked words above the mean share


class Feed:
    """Rows of [CLS] and length-1 tokens out of each stream in turn, as many
    of each as its share says. All of it stays on the device."""

    def __init__(self, streams, shares, length, batch, device):
        self.length, self.device = length, device
        total = sum(shares[k] for k in streams)
        self.take = {k: round(batch * shares[k] / total) for k in streams}
        largest = max(self.take, key=self.take.get)
        self.take[largest] += batch - sum(self.take.values())
        self.text = {k: torch.from_numpy(v.astype("int16")).to(device)
                     for k, v in streams.items()}
        self.order = {k: torch.empty(0, dtype=torch.long, device=device)
                      for k in streams}
        self.epochs = {k: 0 for k in streams}

    def shuffle(self, k):
        """Where the rows of the next pass over a stream begin."""
        step = self.length - 1
        rows = len(self.text[k]) // step - 1
        first = int(torch.randint(step, (1,)))
        self.epochs[k] += 1
        return torch.randperm(rows, device=self.device) * step + first

    def next(self):
        parts = []
        for k, n in self.take.items():
            while len(self.order[k]) < n:
                self.order[k] = torch.cat([self.order[k], self.shuffle(k)])
            at, self.order[k] = self.order[k][:n], self.order[k][n:]
            at = at[:, None] + torch.arange(self.length - 1,
                                            device=self.device)
            parts.append(self.text[k][at].long())
        ids = torch.cat(parts)
        return F.pad(ids, (1, 0), value=tokens.CLS)


class Masker:
    """Hides words: whole words, however many pieces they have, and spans of
    Chinese characters. Of the hidden tokens 8 of 10 become [MASK], one any
    other token and one stays."""

    def __init__(self, vocabulary, share, device):
        self.share, self.size = share, len(vocabulary)
        kind = [(w.startswith("##"), tokens.is_chinese(w), i < tokens.SPECIAL)
                for i, w in enumerate(vocabulary)]
        self.tail, self.chinese, self.special = (
            torch.tensor(k, device=device) for k in zip(*kind))

    def __call__(self, ids, generator=None):
        """The ids to read; where tokens are hidden (flat), and their labels."""
        def rand():
            return torch.rand(ids.shape, device=ids.device,
                              generator=generator)
        chinese = self.chinese[ids]
        after = chinese & F.pad(chinese[:, :-1], (1, 0))
        starts = ~(self.tail[ids] | (after & (rand() < 0.4)))
        word = starts.long().cumsum(1).clamp(max=ids.shape[1] - 1)
        hidden = (rand().gather(1, word) < self.share) & ~self.special[ids]
        how = rand()
        other = torch.randint(tokens.SPECIAL, self.size, ids.shape,
                              device=ids.device, generator=generator)
        read = torch.where(hidden & (how < 0.8), tokens.MASK, ids)
        read = torch.where(hidden & (how > 0.9), other, read)
        room = int(ids.numel() * self.share * EXTRA)
        at = hidden.flatten().byte().argsort(descending=True)[:room]
        labels = torch.where(hidden.flatten()[at], ids.flatten()[at], IGNORED)
        return read, at, labels


def shifted(ids, positions, generator=None):
    """Positions, most rows from 0, one in five from further on, so that those
    past the rows' length are learnt too."""
    rows, length = ids.shape
    start = torch.randint(positions - length + 1, (rows, 1),
                          device=ids.device, generator=generator)
    late = torch.rand(rows, 1, device=ids.device, generator=generator) < 0.2
    return torch.where(late, start, 0) + torch.arange(length,
                                                      device=ids.device)


def loss_of(model, read, positions, at, labels):
    x = model.encode(read, positions)
    x = x.reshape(-1, x.shape[-1])[at]
    return F.cross_entropy(model.words(x).float(), labels,
                           ignore_index=IGNORED)


class Run:
    def __init__(self, args, vocabulary, train, held):
        self.args, self.device = args, torch.device(args.device)
        self.start, self.stopped = time.monotonic(), False
        c = bert.config(len(vocabulary), args.hidden, args.layers, args.heads,
                        args.ffn, args.positions)
        self.model = bert.Bert(c).to(self.device)
        self.masker = Masker(vocabulary, args.mask, self.device)
        self.feed = Feed(train, args.shares, args.length, args.batch,
                         self.device)
        self.held = {k: v for k, v in held.items()
                     if len(v) > 2 * args.length}
        self.optimizer = torch.optim.AdamW(
            bert.groups(self.model, args.decay), lr=args.rate,
            betas=(0.9, 0.98), eps=1e-6,
            **({"fused": True} if self.device.type == "cuda" else {}))
        self.scale, self.best, self.good = 1.0, float("inf"), None
        os.makedirs(args.out, exist_ok=True)
        self.log = open(os.path.join(args.out, "log.txt"), "a")
        signal.signal(signal.SIGTERM, self.stop)

    def stop(self, *_):
        self.stopped = True

    def say(self, text):
        line = f"{time.monotonic() - self.start:6.1f} {text}"
        print(line, flush=True)
        self.log.write(line + "\n")
        self.log.flush()

    def half(self):
        if self.device.type == "cuda":
            return torch.autocast("cuda", torch.bfloat16)
        return contextlib.nullcontext()

    @torch.no_grad()
    def judge(self):
        """Loss and hits on text held aside, the same words hidden each time."""
        self.model.eval()
        found = []
        for k, text in self.held.items():
            g = torch.Generator(self.device).manual_seed(1)
            n = self.args.length - 1
            rows = min(len(text) // n, self.args.judge)
            ids = torch.from_numpy(text[:rows * n].astype("int64"))
            ids = F.pad(ids.view(rows, n), (1, 0), value=tokens.CLS)
            read, at, labels = self.masker(ids.to(self.device), g)
            with self.half():
                x = self.model.encode(read).reshape(-1, self.args.hidden)
                scores = self.model.words(x[at]).float()
            loss = F.cross_entropy(scores, labels, ignore_index=IGNORED)
            hits = (scores.argmax(-1) == labels).sum() / (labels >= 0).sum()
            found.append(f"{k} {loss:.3f} {hits:.3f}")
        self.model.train()
        return ", ".join(found)

    def save(self):
        bert.write(self.args.out, self.model, split=True)

    def guard(self, loss):
        """Remember a good state; return to it when training blew up."""
        if loss == loss and loss < self.best + 0.7:
            if loss < self.best:
                self.best = loss
                self.good = [
                    {k: v.clone() for k, v in self.model.state_dict().items()},
                    {p: {k: v.clone() for k, v in s.items()}
                     for p, s in self.optimizer.state.items()}]
            return
        self.say(f"loss {loss:.3f} after {self.best:.3f}: back, half the rate")
        self.scale /= 2
        if self.good:
            self.model.load_state_dict(self.good[0])
            for p, s in self.good[1].items():
                for k, v in s.items():
                    self.optimizer.state[p][k].copy_(v)

    def step(self, compute, done):
        rate = (self.args.rate * self.scale *
                bert.slope(done, self.args.warm))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        ids = self.feed.next()
        read, at, labels = self.masker(ids)
        positions = shifted(ids, self.args.positions)
        with self.half():
            loss = compute(self.model, read, positions, at, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.detach()

    def compiled(self):
        """The function that computes the loss, compiled where that works."""
        if not self.args.compile:
            return loss_of
        try:
            compute = torch.compile(loss_of, dynamic=False)
            for _ in range(3):
                self.step(compute, 0.0)
            self.say("compiled")
            return compute
        except Exception as e:  # whatever the compiler lacks there
            self.say(f"not compiled: {type(e).__name__}: {str(e)[:500]}")
            self.optimizer.zero_grad(set_to_none=True)
            return loss_of

    def train(self):
        args = self.args
        all_, inner = bert.parameters(self.model.config)
        self.say(f"{all_} parameters, {inner} without embeddings; " +
                 ", ".join(f"{k}: {len(v)} tokens, {self.feed.take[k]} rows"
                           for k, v in self.feed.text.items()))
        self.model.train()
        compute = self.compiled()
        begun = time.monotonic()
        end = self.start + args.seconds - args.reserve
        steps, losses, told, since = 0, [], begun, 0
        while not self.stopped:
            now = time.monotonic()
            done = ((now - begun) / (end - begun) if not args.steps
                    else steps / args.steps)
            if done >= 1:
                break
            losses.append(self.step(compute, done))
            steps += 1
            if steps % 16 == 0 and self.device.type == "cuda":
                torch.cuda.synchronize()    # the clock must not run ahead
            if now - told < args.every:
                continue
            mean = torch.stack(losses).mean().item()
            speed = ((steps - since) * args.batch * args.length /
                     (time.monotonic() - told))
            self.say(f"step {steps} loss {mean:.3f} {speed / 1e3:.0f}k tokens/s"
                     f" epochs {self.feed.epochs} | held: {self.judge()}")
            if done > args.warm:
                self.guard(mean)
            losses, told, since = [], time.monotonic(), steps
            if done > 0.4:
                self.save()
        self.say(f"{'stopped' if self.stopped else 'done'}, {steps} steps of "
                 f"{args.batch * args.length} tokens | held: {self.judge()}")
        self.save()
        self.say("saved")


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("corpus", help="folder that tokens.py wrote")
    p.add_argument("-o", "--out", required=True)
    p.add_argument("-v", "--vocab", required=True)
    p.add_argument("--seconds", type=float, default=480,
                   help="for all, reading and writing included")
    p.add_argument("--reserve", type=float, default=8,
                   help="seconds of them for the end")
    p.add_argument("--steps", type=int, help="instead of the clock")
    p.add_argument("--hidden", type=int, default=384)
    p.add_argument("--layers", type=int, default=6)
    p.add_argument("--heads", type=int, default=12)
    p.add_argument("--ffn", type=int, default=1536)
    p.add_argument("--positions", type=int, default=256)
    p.add_argument("--length", type=int, default=128)
    p.add_argument("--batch", type=int, default=1024, help="rows")
    p.add_argument("--rate", type=float, default=8e-4)
    p.add_argument("--warm", type=float, default=0.06)
    p.add_argument("--decay", type=float, default=0.01)
    p.add_argument("--mask", type=float, default=0.2)
    p.add_argument("--every", type=float, default=30, help="seconds")
    p.add_argument("--judge", type=int, default=1024, help="rows")
    p.add_argument("--shares", default="en=45,zh=40,pair=15")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--device", default="cuda" if torch.cuda.is_available()
                   else "cpu")
    p.add_argument("--no-compile", dest="compile", action="store_false")
    p.add_argument("--check", action="store_true",
                   help="a few small steps, to see that all of it works")
    args = p.parse_args()
    args.shares = {k: float(v) for k, v in
                   (s.split("=") for s in args.shares.split(","))}
    if args.check:
        args.steps, args.batch, args.length = 20, 8, 64
        args.every, args.judge, args.compile = 5, 16, False
    return args


def main():
    args = arguments()
    begun = time.monotonic()
    torch.manual_seed(args.seed)
    torch.set_float32_matmul_precision("high")
    vocabulary = tokens.read_vocabulary(args.vocab)
    train, held = tokens.load(args.corpus, args.vocab, args.check)
    run = Run(args, vocabulary, train, held)
    run.start = begun
    run.say(f"read; torch {torch.__version__} on {args.device}")
    shutil.copy(args.vocab, os.path.join(args.out, "vocab.txt"))
    run.train()


if __name__ == "__main__":
    sys.exit(main())
