"""Adds allow entries to a configuration file: at its end, so that everything else in it stays byte for byte as it was."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leaksieve.config import AllowEntry
from leaksieve.config.read import build, parse
from leaksieve.errors import ConfigError

_FINGERPRINT = re.compile(r"ls1-[0-9a-f]{32}|ls1w-[0-9a-f]{8}")
# An entry, and a word for people beside each of its fingerprints; none at all for one that needs no words.
Accepted = tuple[AllowEntry, Sequence[str]]
_LISTS = ("paths", "regexes", "stop_words", "rules", "fingerprints")


def is_fingerprint(text: str) -> bool:
    """Whether a text is a whole fingerprint."""
    return _FINGERPRINT.fullmatch(text) is not None


def with_entries(data: bytes, where: str, added: Sequence[Accepted], *, table: tuple[str, ...] = ()) -> bytes:
    """Return a configuration file's bytes with allow entries added, in the file's own line ending.

    Each entry goes with one comment for each of its fingerprints ("" for none), or with none.  ``table`` is where the configuration
    stands in the file, as for :func:`leaksieve.config.read.parse`; ``where`` names it in errors.  Raises ConfigError for
    a file that does not hold, or that writes its entries in a form to which nothing can be added.
    """
    before = build(parse(data, where, table=table) or {}, where)
    ending = "\r\n" if b"\r\n" in data else "\n"
    head = "[[" + ".".join((*table, "allow")) + "]]"
    blocks = [ending.join([head, *_lines(entry, comments)]) + ending for entry, comments in added]
    text = data + (b"" if not data or data.endswith(b"\n") else ending.encode())
    text += ((ending if data.strip() else "") + ending.join(blocks)).encode()
    hint = "write each entry under its own [[allow]], not as one list"
    try:
        after = build(parse(text, where, table=table) or {}, where)
    except ConfigError:
        raise ConfigError("no entry can be added at its end", where=where, hint=hint) from None
    # Entries of sections for folders come last, wherever they stand in the file.
    wanted = sorted((*before.allow, *(entry for entry, _ in added)))
    if after._replace(allow=()) != before._replace(allow=()) or sorted(after.allow) != wanted:
        raise ConfigError("no entry can be added at its end", where=where, hint=hint)
    return text


def _lines(entry: AllowEntry, comments: Sequence[str]) -> list[str]:
    lines = [f"reason = {quoted(entry.reason)}"]
    if entry.owner:
        lines.append(f"owner = {quoted(entry.owner)}")
    if entry.expires:
        lines.append(f"expires = {entry.expires}")
    for key in _LISTS:
        items = getattr(entry, key)
        if items:
            lines += listed(key, items, comments if key == "fingerprints" else ())
    return lines


def listed(key: str, items: Sequence[str], comments: Sequence[str] = ()) -> list[str]:
    """Return the lines of a list: one item stands beside its key, several have a line each, with their comments ("" for none) if there are any."""
    told = [f"  # {comment}" if comment else "" for comment in comments or [""] * len(items)]
    if len(items) == 1:
        return [f"{key} = [{quoted(items[0])}]{told[0]}"]
    return [f"{key} = [", *(f"    {quoted(item)},{comment}" for item, comment in zip(items, told, strict=True)), "]"]


def quoted(text: str) -> str:
    """Return a TOML string: literal where that is easier on the eye, else basic."""
    if "\\" in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\U{ord(char):08X}" for char in escaped) + '"'
