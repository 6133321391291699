#!/usr/bin/env python3
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gather English and Chinese text out of packages that packages.txt names with
their versions, Debian's as NAME=VERSION and PyPI's as NAME==VERSION: fetch
each, take its text, drop it; then put all together, each line once. Nothing is
installed."""
import argparse
import bz2
import gzip
import hashlib
import io
import lzma
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import markup

CHINESE = re.compile(r"[\u4e00-\u9fff]")
FOREIGN = re.compile(r"[\u3040-\u30ff\uac00-\ud7af\u0400-\u04ff\u0600-\u06ff"
                     r"\u0e00-\u0e7f\ufffd]")
COMMON = frozenset("the of to a is and in for be or that this it as with are by "
                   "on an not you if can from will".split())
TW = re.compile(r"zh[_-](tw|hk|hant)|chinesetrad|\btw\b", re.I)
OTHER = re.compile(  # a folder or ending of another language
    r"[/._-](?:af|ar|ast|be|bg|bn|br|bs|ca|cs|cy|da|de|el|eo|es|et|eu|fa|fi|fr|ga|gl|"
    r"gu|he|hi|hr|hu|hy|it|id|is|ja|ka|kk|km|kn|ko|lt|lv|mk|ml|mn|mr|nb|ne|nl|"
    r"nn|no|oc|pa|pl|pt|ro|ru|sk|sl|sq|sr|sv|ta|te|th|tr|uk|ur|uz|vi)"
    r"(?:[-_][a-z]{2})?(?:[._@][\w-]+)?/", re.I)
MESSAGES = re.compile(r"(?:^|[/._-])zh[_-](cn|tw|hans|hant|hk)", re.I)
READERS = [     # what a path is like, how it is read, whether it is pairs
    (r"\.mo$", markup.from_mo, True),
    (r"\.po$", markup.from_po, True),
    (r"\.qm$", markup.from_qm, True),
    (r"/zh[-_](?:hans|cn)\.json$", markup.from_json, True),
    (r"/po\.zh_(CN|TW)\.(?:manifest\.)?js$", markup.from_cockpit, True),
    (r"zh[-_](CN|TW)\S*\.(properties|ftl|ini|dtd|lang|txt|ts)$",
     markup.from_values, False),
    (r"\.py$", markup.from_code, False),
    (r"/man/(?:zh_(?:CN|TW)[^/]*/)?man\d/", markup.from_man, False),
    (r"\.(x?html?|docbook|page|xml|xhp|cache)$", markup.from_markup, False),
    (r"\.(txt|md|rst|info(-\d+)?|adoc|asciidoc|mdwn|pod)$|/README[^/]*$|"
     r"/doc/.*/[A-Z]+$|/fortunes/[\w-]+$", markup.from_text, False),
]
LEAVE = re.compile(r"(?i)changelog|copyright|licen[sc]e|/COPYING|/genindex|"
                   r"/search\.html|/AUTHORS|/THANKS|/CREDITS|_modules/|"
                   r"/examples?/.*\.xml$|py-modindex|\.svg$|/releasenotes/")


def unpacked(path, data):
    for end, tool in ((".gz", gzip), (".bz2", bz2), (".xz", lzma)):
        if path.endswith(end):
            try:
                return path[:-len(end)], tool.decompress(data)
            except (OSError, EOFError, lzma.LZMAError):
                return path, b""
    return path, data


def files(folder):
    """Path and bytes of each, those in zip archives too."""
    for where, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(where, name)
            inside = path[len(folder):]
            if os.path.islink(path) or not os.path.isfile(path) or \
                    os.path.getsize(path) > 60 << 20:
                continue
            if re.search(r"zh[-_](CN|TW)\S*\.(xpi|zip)$", path) or \
                    path.endswith("/translations.zip"):
                with zipfile.ZipFile(path) as z:
                    for n in z.namelist():
                        yield inside + "/" + n, lambda n=n, z=z: z.read(n)
                continue

            def read(path=path):
                with open(path, "rb") as f:
                    data = f.read()
                ours = os.path.join(os.path.dirname(path), "en.json")
                if path.endswith(".json") and os.path.exists(ours):
                    with open(ours, "rb") as f:
                        data = f.read() + b"\0" + data
                return data
            yield inside, read


def kind_of(line):
    """en, zh, or neither: by its letters and words."""
    dense = len(line) - line.count(" ")
    chinese = len(CHINESE.findall(line))
    if FOREIGN.search(line):
        return None
    if chinese >= 5 and chinese >= 0.25 * dense:
        return "zh"
    words = line.split(" ")
    if chinese or len(words) < 5 or not dense:
        return None
    letters = sum(c.isascii() and c.isalpha() for c in line)
    if letters < 0.75 * dense or dense > 12 * len(words):
        return None
    common = sum(w.lower() in COMMON for w in words)
    return "en" if common * 12 >= len(words) else None


def take(path, read):
    """(stream, lines) of the texts in a file."""
    bare = re.sub(r"\.(gz|bz2|xz)$", "", path)
    foreign = OTHER.search(path) and not bare.endswith(".py")
    for like, reader, both in READERS:
        if not re.search(like, bare):
            continue
        if LEAVE.search(bare) or (foreign and not MESSAGES.search(path)) or \
                (both and not MESSAGES.search(path)):
            return
        data = unpacked(path, read())[1]
        if not both and re.search(r"\.(xml|cache)$", bare) and \
                b"<para" not in data and b"<p" not in data:
            return
        far = "tw" if TW.search(path) else "zh"
        if both:
            yield far + "pair", [
                f"{a}\t{b}" for a, b in reader(data)
                if len(CHINESE.findall(b)) >= 2 and a != b
                and "\ufffd" not in b and not CHINESE.search(a)]
            return
        lines = {"en": [], "zh": []}
        for p in reader(data):
            kind = kind_of(p)
            if kind:
                lines[kind].append(p)
        yield "en", lines["en"]
        yield far, lines["zh"]
        return


def licences(folder, name):
    """The short names of the licences its copyright file lists."""
    for where, _, names in os.walk(folder):     # PyPI's
        if where.endswith(".dist-info") and "METADATA" in names:
            with open(os.path.join(where, "METADATA"), encoding="utf-8") as f:
                return re.search(r"(?m)^License(?:-Expression)?: *(.*)",
                                 f.read())[1]
    path = os.path.join(folder, "usr/share/doc", name, "copyright")
    if not os.path.isfile(path):
        return "as its source package"
    with open(path, encoding="utf-8", errors="replace") as f:
        text = f.read()
    found = dict.fromkeys(re.findall(r"(?m)^License: *(\S[^\n]{0,40})", text))
    if not found:
        found = dict.fromkeys(
            re.findall(r"common-licenses/([\w.-]*\w)", text) or
            re.findall(r"\b(MIT|BSD|Apache|public domain)\b", text))
    return ", ".join(found) or "see its copyright file"


def extract(job):
    """The text of one package into cache/text/NAME.STREAM; the .deb is dropped."""
    deb, name, cache = job
    folder = os.path.join(cache, "tmp", name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    if deb.endswith(".whl"):
        with zipfile.ZipFile(deb) as z:
            z.extractall(folder, [n for n in z.namelist() if wanted(n)])
    else:
        tar = subprocess.run(["dpkg-deb", "--fsys-tarfile", deb],
                             capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(tar)) as t:
            t.extractall(folder, [m for m in t
                                  if m.isfile() and wanted(m.name)])
        del tar
    out, size = {}, 0
    for path, read in files(folder):
        for stream, lines in take(path, read):
            if lines:
                text = "\n".join(lines) + "\n\n"
                size += len(text)
                out.setdefault(stream, []).append(text)
    for stream, parts in out.items():
        with open(os.path.join(cache, "text", f"{name}.{stream}"), "w",
                  encoding="utf-8", errors="replace") as f:
            f.writelines(parts)
    with open(os.path.join(cache, "text", name + ".done"), "w") as f:
        f.write(licences(folder, name) + "\n")
    shutil.rmtree(folder)
    os.remove(deb)
    return name, size


def wanted(path):
    """Whether a file of a package may hold text."""
    chinese = MESSAGES.search(path)
    if re.search(r"\.(mo|po|qm)$|/po\..*\.js", path):
        return bool(chinese)
    if re.match(r"[^.][^/]*/.*\.py$", path):     # only PyPI's
        return True
    if OTHER.search(path) and not chinese:
        return False
    return "/copyright" in path or bool(re.search(
        r"dist-info/METADATA$|"
        r"/i18n/(.*/)?(en|zh-hans|zh[-_]cn)\.json$|"
        r"\.(properties|ftl|ini|xpi|zip|x?html?|docbook|page|xml|xhp|cache|txt|"
        r"md|rst|info(-\d+)?|adoc|mdwn|pod|\d\w*)(\.(gz|bz2|xz))?$|"
        r"/README[^/]*$|/man/|/fortunes/|/doc/.*/[A-Z]+(\.gz)?$", path))


def fetch(args):
    for name in ("debs", "tmp", "text"):
        os.makedirs(os.path.join(args.cache, name), exist_ok=True)
    with open(args.packages, encoding="utf-8") as f:
        pinned = [line.split()[0] for line in f
                  if line.strip() and not line.startswith("#")]
    left = [p for p in pinned if not os.path.exists(
        os.path.join(args.cache, "text", p.split("=")[0] + ".done"))]
    with multiprocessing.Pool(args.jobs) as pool:
        pending = []
        for i in range(0, len(left), 60):
            part = left[i:i + 60]
            found = download(part, os.path.join(args.cache, "debs"))
            for r in pending:
                r.wait()
            pending = [pool.apply_async(extract, (f + (args.cache,),),
                                        error_callback=print) for f in found]
            print(f"{i + len(part)} of {len(left)}", flush=True)
        for r in pending:
            r.wait()


def download(packages, folder):
    """[(file, package)]"""
    debian = [p for p in packages if "==" not in p]
    python = [p for p in packages if "==" in p]
    for tool, names in ((["apt-get", "-qq", "download"], debian),
                        (["pip", "download", "-q", "--no-deps"], python)):
        if names:
            done = subprocess.run(tool + names, cwd=folder, text=True,
                                  stderr=subprocess.PIPE)
            if done.returncode:
                print(done.stderr, file=sys.stderr)
    names = {p.split("=")[0] for p in packages}
    found = [(os.path.join(folder, f), re.split(r"[_-]\d", f)[0]
              .replace("_", "-") if f.endswith(".whl") else f.split("_")[0])
             for f in os.listdir(folder)]
    return [f for f in found if f[1] in names]


class Once:
    """Says of a line whether it is the first of its kind; those in the files
    `without` count as seen."""

    def __init__(self, without=()):
        self.seen = set()
        for path in without:
            with open(path, encoding="utf-8") as f:
                for text in re.findall(r'"((?:[^"\\]|\\.)*)"', f.read()):
                    self(text)

    def __call__(self, line):
        key = re.sub(r"[\d\s]+|[^\w]", "", line.lower())
        h = hashlib.blake2b(key.encode(), digest_size=8).digest()
        if h in self.seen:
            return False
        self.seen.add(h)
        return True


def simplified(text):
    """Traditional Chinese in simplified characters and mainland's words."""
    return subprocess.run(["opencc", "-c", "tw2sp.json"], input=text, text=True,
                          capture_output=True, check=True).stdout


def some(documents, most):
    """All of a package's documents, or, by hash, about `most` characters."""
    total = sum(map(len, documents))
    for d in documents:
        h = hashlib.blake2b(d.encode(), digest_size=4).digest()
        if int.from_bytes(h, "big") * total < most * 2**32:
            yield d


def documents(args, names, stream, most):
    parts = []
    for n in names:
        path = os.path.join(args.cache, "text", f"{n}.{stream}")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                parts += some([d for d in f.read().split("\n\n")
                               if d.strip()],
                              most if stream == "en" else 1e12)
    if stream.startswith("tw"):
        parts = simplified("\n\n".join(parts)).split("\n\n")
    return parts


def once(parts, first, least):
    """The documents' lines that are seen for the first time."""
    for d in parts:
        lines = [li for li in d.split("\n") if len(li) >= least and first(li)]
        if lines:
            yield lines


def paired(parts, first, known):
    """Pairs whose Chinese is new; where the English has been seen with
    another wording, the Chinese alone."""
    for d in parts:
        lines = []
        for li in d.split("\n"):
            ours, _, theirs = li.partition("\t")
            if len(CHINESE.findall(theirs)) >= 4 and first(theirs):
                lines.append(("" if ours in known else ours) + "\t" + theirs)
                known.add(ours)
        if lines:
            yield lines


def merge(args):
    """The three streams out of all packages' text, in the list's order."""
    out = os.path.join(args.cache, "corpus")
    os.makedirs(out, exist_ok=True)
    with open(args.packages, encoding="utf-8") as f:
        names = [line.split("=")[0] for line in f
                 if line.strip() and not line.startswith("#")]

    def write(stream, documents_):
        path = os.path.join(out, stream + ".txt")
        with open(path, "w", encoding="utf-8") as f:
            for lines in documents_:
                f.write("\n".join(lines) + "\n\n")
        print(f"{stream}.txt: {os.path.getsize(path) / 1e6:.1f} MB", flush=True)

    def read(*streams):
        for stream in streams:
            yield from documents(args, names, stream, args.most)
    chinese, english = Once(args.without), Once(args.without)
    write("pair", paired(read("zhpair", "twpair"), chinese, set()))
    write("zh", once(read("zh", "tw"), chinese, 8))
    write("en", once(read("en"), english, 25))
    with open(os.path.join(out, "licences.txt"), "w", encoding="utf-8") as f:
        for n in names:
            path = os.path.join(args.cache, "text", n + ".done")
            if os.path.exists(path):
                with open(path, encoding="utf-8") as g:
                    f.write(f"{n}: {g.read().strip()}\n")


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("what", choices=("fetch", "merge"))
    p.add_argument("cache")
    p.add_argument("-p", "--packages", default=os.path.join(
        os.path.dirname(os.path.abspath(__file__)), "packages.txt"))
    p.add_argument("--most", type=float, default=6e6,
                   help="characters of English to take from one package")
    p.add_argument("--without", nargs="*", default=(),
                   help="files of quoted texts that must not be in it")
    p.add_argument("-j", "--jobs", type=int, default=2)
    args = p.parse_args()
    {"fetch": fetch, "merge": merge}[args.what](args)


if __name__ == "__main__":
    main()
