# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain paragraphs, and pairs of messages, out of the formats that packages
hold text in. A reader takes bytes and gives paragraphs, or pairs (English,
Chinese)."""
import hashlib
import html
import json
import re
import struct

SKIP = re.compile(
    r"<(script|style|pre|nav|head|header|footer|programlisting|screen|svg|math|"
    r"synopsis|cmdsynopsis|button|form|code-block|abstract-|legalnotice)\b"
    r"[^>]*>.*?</\1\s*>|<!--.*?-->|<\?.*?\?>|<!\[CDATA\[|\]\]>|<!DOCTYPE.*?>",
    re.S | re.I)
INLINE = frozenset("""a abbr acronym app application b cite citetitle classname
cmd code command computeroutput constant del dfn em email emphasis envar file
filename firstterm font function gui guibutton guiicon guilabel guimenu
guimenuitem guisubmenu guiseq i img input interface ins kbd key keycap keycombo
keyseq link literal mark menuchoice option output package parameter phrase
productname prompt q quote replaceable samp shortcut small span strong sub sup
sys systemitem tt type u ulink userinput var varname wbr xref bold italic
o:p ph emph ahelp item""".split())
TAG = re.compile(r"</?([A-Za-z][\w:.-]*)[^<>]*>")
SPACE = re.compile(r"\s+")
BETWEEN = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef]) "
                     r"(?=[\u3000-\u9fff\uff00-\uffef])")


def flat(text):
    """One line; no space where a line was broken between Chinese."""
    return BETWEEN.sub("", SPACE.sub(" ", text)).strip()


def untag(text):
    return TAG.sub(lambda m: "" if m[1].lower() in INLINE else "\n\n", text)


def from_markup(data):
    text = untag(SKIP.sub("\n\n", data.decode("utf-8", "replace")))
    text = html.unescape(text).replace("¶", "").replace("\u00ad", "")
    return [flat(p) for p in re.split(r"\n\s*\n", text)]


ESCAPE = re.compile(
    r"\\(?:f(?:\[[^]]*\]|\(..|.)|s[-+]?\d|\[([^]]*)\]|\((..)|\*(?:\(..|\[[^]]*\]|.)"
    r"|([-e&|^%/,:0~ '`.t\\]))")
GLYPHS = {"aq": "'", "oq": "'", "cq": "'", "lq": '"', "rq": '"', "dq": '"',
          "bu": "-", "em": "-", "en": "-", "hy": "-", "co": "(c)", "rs": "\\",
          "ti": "~", "ha": "^", "ga": "`", "mu": "×", "<=": "≤", ">=": "≥",
          "->": "→", "de": "°", "or": "|", "at": "@"}
BREAK = frozenset("SH SS PP P LP IP TP HP Sh Ss Pp It Bl El br sp TQ RS RE nf fi "
                  "EX EE Bd Ed UNINDENT INDENT".split())
FONT = frozenset("B I R BR RB BI IB RI IR SM SB Nm Fl Ar Pa Em Sy Li Va Ic Cm Ev "
                 "Dv Er Xr Ql Dq Sq Qq Pq Op Tn Dl Fn Vt Ft No An Lk Ux Nd "
                 "Aq Cd In Mt Ms Fa Ad".split())
FLUSH = frozenset("B I R SM SB Nm Fl Ar Em Sy Xr Va Ev".split())


def glyph(m):
    if m[3] is not None:
        return {"e": "\\", "-": "-", "0": " ", "~": " ", " ": " ", "'": "'",
                "`": "`", ".": ".", "\\": "\\", "t": " "}.get(m[3], "")
    return GLYPHS.get(m[1] or m[2], " ")


def from_man(data):
    """The running text of a page: what stands between nf and fi is left out."""
    paragraphs, words, shown = [], [], True

    def end():
        if words:
            paragraphs.append(flat(" ".join(words)))
            words.clear()
    for line in data.decode("utf-8", "replace").split("\n"):
        m = re.match(r"[.']\s*([A-Za-z]+)?(.*)", line)
        if not m:
            if not line.strip():
                end()
            elif shown:
                words.append(ESCAPE.sub(glyph, line))
            continue
        name, rest = m[1], re.sub(r'\s*(?<!\\)\\".*', "", m[2])
        if name in BREAK:
            end()
            shown = {"nf": False, "EX": False, "Bd": False, "fi": True,
                     "EE": True, "Ed": True}.get(name, shown)
        elif name in FONT and shown:
            parts = [ESCAPE.sub(glyph, p[0] or p[1]) for p in
                     re.findall(r'"([^"]*)"|(\S+)', rest)]
            words.append((" " if name in FLUSH else "").join(parts))
    end()
    return paragraphs


def from_text(data):
    """Paragraphs of wrapped lines; what is indented far is no prose."""
    text = data.decode("utf-8", "replace").replace("\r", "")
    text = re.sub(r"(?m)^\s*(```|~~~).*?^\s*\1", "", text, flags=re.S)
    found = []
    for p in re.split(r"\n[\s=*#.~^+-]*\n", text):
        lines = [li for li in p.split("\n")
                 if not re.match(r"\t| {8}|\.\. |File: |\s*[-=*#|+]{4,}", li)]
        start, now = r"\s*(?:[*+#>o-]|\d+[.)])+\s+", []
        for line in lines:
            if re.match(start, line) and now:
                found.append(flat(" ".join(now)))
                now = []
            now.append(re.sub("^" + start, "", line))
        found.append(flat(" ".join(now)))
    return [re.sub(r"\[([^]]+)\]\([^)]*\)|[*`|]+", r"\1", p) for p in found]


def from_code(data):
    """The Chinese in a program's comments and documentation, a line each."""
    found = []
    for line in data.decode("utf-8", "replace").split("\n"):
        if not re.search("[\u4e00-\u9fff]{2}", line):
            continue
        line = re.sub(r'^\s*(:param \w+:|r?"""|#+|//)*\s*|"""$', "", line)
        line = re.sub(r"</?[A-Za-z][^<>]*>|\*\*|`|&quot;|\\", " ", line)
        found.append(flat(html.unescape(line)))
    return found


NAMES = """web nginx redis db-1 api worker mysql postgres frontend backend
/var/log/syslog /etc/passwd /tmp/data /usr/bin/curl eth0 sda1 node-3 app.log
config.yaml prod-web-2 cache kafka root admin alice http://example.org:8080
192.168.1.10 10.0.0.5 busybox alpine:3.19 python3 java bash test gateway
payment orders dockemon etcd-0 main.c report.txt my-container user42""".split()
HOLE = re.compile(r"%(?:(\d+)\$)?[-+ #0']*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|"
                  r"l|z|j|t|q|L)?([diouxXcsfgeFGEpSb])(?![a-zA-Z])|%L?(\d)|"
                  r"%\((\w+)\)([sdi])|\$?\{(\w*)\}|\$(\d)(?!\d)")


def fill(text, seed):
    """Numbers and names for a message's holes, the same in its translation."""
    seen = [0]

    def value(m):
        key = m[1] or m[3] or m[4] or m[6] or m[7]
        if not key:
            seen[0] += 1
            key = str(seen[0])
        h = int(hashlib.md5(f"{seed}{key}".encode()).hexdigest(), 16)
        kind = m[2] or m[5] or "s"
        if kind in "diouxX":
            return str(h % (100 if h & 1024 else 4096) >> (h >> 20) % 4)
        if kind in "fgeFGE":
            return f"{h % 10000 / 100:.{(h >> 20) % 3}f}"
        return NAMES[h % len(NAMES)]
    return HOLE.sub(value, text).replace("%%", "%")


def message(text, seed):
    """A message without accelerators, markup and holes."""
    text = re.sub(r"\s*[(（][_&~][A-Za-z0-9][)）]", "", text)
    text = re.sub(r"(?<![A-Za-z0-9])[_~](?=[A-Za-z])", "", text)
    text = re.sub(r"&(?=[A-Za-z0-9](?!\w*;))", "", text)
    text = html.unescape(re.sub(r"</?[A-Za-z][^<>]*>", "", text))
    text = text.replace("\\n", " ").replace("\x04", " ")
    return flat(fill(text, seed)).replace("\t", " ")


def pairs(found):
    return [(message(a, a), message(b, a)) for a, b in found if a and b]


def from_mo(data):
    magic = data[:4]
    order = {b"\xde\x12\x04\x95": "<", b"\x95\x04\x12\xde": ">"}.get(magic)
    if order is None:
        return []
    n, at, to = struct.unpack(order + "3I", data[8:20])
    found = []
    for i in range(n):
        both = []
        for table in (at, to):
            size, where = struct.unpack_from(order + "2I", data, table + 8 * i)
            both.append(data[where:where + size].decode("utf-8", "replace"))
        ours, theirs = both[0].split("\x04")[-1], both[1]
        if "\0" in ours:    # the plural reads best with any number
            ours, theirs = ours.split("\0")[-1], theirs.split("\0")[-1]
        found.append((ours, theirs))
    return pairs(found)


def from_po(data):
    text = data.decode("utf-8", "replace")
    found = []
    for block in re.split(r"\n\s*\n", text):
        if "#, fuzzy" in block or "\n#~" in block:
            continue
        field, have = None, {}
        for line in block.split("\n"):
            m = re.match(r'(?:(msg\w+)(?:\[(\d)\])?\s+)?"(.*)"\s*$', line)
            if m:
                field = m[1] or field
                have[field] = ("" if m[1] else have.get(field, "")) + m[3]
        ours = have.get("msgid_plural") or have.get("msgid", "")
        found.append((ours.replace('\\"', '"'),
                      have.get("msgstr", "").replace('\\"', '"')))
    return pairs(found)


def from_qm(data):
    """Qt's compiled translations: sections, in one of them tagged messages."""
    found, at = [], 16
    while at + 5 <= len(data):
        kind, size = struct.unpack_from(">BI", data, at)
        if kind == 0x69:
            found += qm_messages(data[at + 5:at + 5 + size])
        at += 5 + size
    return pairs(found)


def qm_messages(data):
    found, at, ours, theirs = [], 0, "", ""
    while at < len(data):
        kind, at = data[at], at + 1
        if kind == 1:
            found.append((ours, theirs))
            ours, theirs = "", ""
        elif kind in (3, 6, 7, 8) and at + 4 <= len(data):
            size, = struct.unpack_from(">I", data, at)
            size = 0 if size == 0xffffffff else size
            value, at = data[at + 4:at + 4 + size], at + 4 + size
            if kind == 3:
                theirs = value.decode("utf-16-be", "replace")
            elif kind == 6:
                ours = value.decode("utf-8", "replace").rstrip("\0")
        elif kind == 5:
            at += 4
        else:
            break
    return found


def from_cockpit(data):
    """Cockpit's po.zh_CN.js: a call with one object of messages."""
    text = data.decode("utf-8", "replace")
    m = re.search(r"\((\{.*\})\s*\)", text, re.S)
    try:
        messages = json.loads(m[1])
    except (TypeError, ValueError):
        return []
    return pairs((k.split("\x04")[-1], v[-1]) for k, v in messages.items()
                 if k and isinstance(v, list) and isinstance(v[-1], str))


def from_json(data):
    """Two objects of messages by key, the English one first."""
    try:
        ours, theirs = (json.loads(d) for d in data.split(b"\0"))
    except ValueError:
        return []
    return pairs((ours[k], v) for k, v in theirs.items()
                 if isinstance(v, str) and isinstance(ours.get(k), str))


def from_values(data):
    """The right sides of NAME = VALUE: properties, ftl, ini."""
    found = []
    for line in data.decode("utf-8", "replace").split("\n"):
        m = re.match(r"\s*[\w.-]+\s*[=:]\s*(.+)|\s{2,}(\S.*)", line)
        if m:
            value = m[1] or m[2]
            value = re.sub(r"\\u([0-9a-fA-F]{4})",
                           lambda u: chr(int(u[1], 16)), value)
            found.append(message(value, value))
    return found
