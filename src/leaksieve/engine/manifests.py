r"""Kubernetes Secrets, read as the cluster reads them.

Everything under ``data`` is base64 and everything under ``stringData`` plain, and all of it is secret,
however short.  A manifest is rewritten with its values decoded, in quotes and behind a mark that no
file holds, for rules to find: ``password: ...`` becomes ``KubernetesSecretData password: "..."``, decoded.
"""

from __future__ import annotations

import binascii
import re

from leaksieve.engine.mapping import Decoded

NAME = "kubernetes-secret"
MARK = b"KubernetesSecretData "
# How far from the manifest's kind its values may stand, bytes; the reach of every decoder of text.
REACH = 4096
_BORDER = b"\n---"
_BLOCK = re.compile(
    rb"(?m)^(?P<indent>[ \t]*(?:- )?)(?P<kind>data|stringData):[ \t]*(?:#[^\n]*)?\r?\n|(?P<json>[\"'](?P<field>data|stringData)\\?[\"']\s{0,4}:\s{0,4}\{)"
)
_LINE = re.compile(
    rb"(?P<indent>[ \t]*)(?P<name>[\"']?[A-Za-z0-9_.\-]{1,128}[\"']?):[ \t]+(?P<quote>[\"']?)(?P<value>[^\s\"'#][^\r\n\"']{0,2047}?)(?P=quote)[ \t]*\r?(?:\n|\Z)"
)
_FIELD = re.compile(rb"\s*,?\s*\\?\"(?P<name>[A-Za-z0-9_.\-]{1,128})\\?\"\s{0,4}:\s{0,4}\\?\"(?P<value>[^\"\\\r\n]{0,2048})\\?\"")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}\Z")
_KIND = re.compile(rb"(kind\\?\"?: ?\\?\"?)Secret(?![A-Za-z])")
_PLAIN = re.compile(rb"[\x20-\x7e\x80-\xff]+\Z")


def kubernetes_secret(data: bytes, place: int) -> Decoded | None:
    """The manifest around a place with its secret values written out; None where it has none that can be read."""
    low, high = max(place - REACH, 0), min(place + REACH, len(data))
    border = data.rfind(_BORDER, low, place)
    low = border + 1 if border >= 0 else low
    border = data.find(_BORDER, place, high)
    cut = border < 0 and high < len(data)
    high = border + 1 if border >= 0 else high
    text = data[low:high]
    if not _KIND.search(text):
        return None
    out = bytearray()
    starts, origins = [0], [low]
    last = 0

    def border_at(origin: int) -> None:
        if starts[-1] == len(out):
            origins[-1] = low + origin
        else:
            starts.append(len(out))
            origins.append(low + origin)

    for begin, start, end, encoded in _entries(text):
        value = _decoded(text[start:end]) if encoded else text[start:end]
        if value is None or start < last:
            continue
        quote = b"'" if b'"' in value else b'"'
        if quote in value:
            continue
        out += text[last:begin]
        border_at(begin)
        out += MARK
        border_at(begin)
        # Quotes that stand around the value go, its own come.
        out += text[begin:start].rstrip(b"\\\"'") if text[start - 1 : start] in b"\"'" else text[begin:start]
        border_at(start)
        out += quote
        border_at(start)
        if encoded:
            # Three bytes are four characters: each byte leads to the character that its first bits stand in.
            starts += range(len(out) + 1, len(out) + len(value))
            origins += [low + start + number * 4 // 3 for number in range(1, len(value))]
        out += value
        border_at(end)
        out += quote
        last = end + len(text[end : end + 2]) - len(text[end : end + 2].lstrip(b"\\\"'"))
        border_at(last)
    if not last:
        return None
    out += text[last:]
    # What comes out is no manifest to be read again.
    plain = _KIND.sub(rb"\1secret", bytes(out))
    return Decoded(plain, NAME, starts, origins, (1, 1), high, cut)


def _entries(text: bytes) -> list[tuple[int, int, int, bool]]:
    """Where an entry, its value and the value's end stand, and whether it is base64."""
    found = []
    for block in _BLOCK.finditer(text):
        if block["json"]:
            at, encoded, line = block.end(), block["field"] == b"data", _FIELD
        else:
            at, encoded, line = block.end(), block["kind"] == b"data", _LINE
        while (entry := line.match(text, at)) is not None:
            if line is _LINE and len(entry["indent"]) <= len(block["indent"]):
                break
            found.append((entry.start("name") - (line is _FIELD), *entry.span("value"), encoded))
            at = entry.end()
    return sorted(found)


def _decoded(value: bytes) -> bytes | None:
    """The one line of text that a value encodes; blocks are found by what they hold."""
    if len(value) % 4 or not _BASE64.match(value):
        return None
    plain = binascii.a2b_base64(value).rstrip(b"\r\n")
    return plain if _PLAIN.match(plain) else None
