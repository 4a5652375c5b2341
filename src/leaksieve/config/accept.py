"""Adds allow entries to a configuration file: at its end, so that everything else in it stays byte for byte as it was."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leaksieve.config import AllowEntry
from leaksieve.config.read import build, parse
from leaksieve.errors import ConfigError

_FINGERPRINT = re.compile(r"ls1-[0-9a-f]{32}|ls1w-[0-9a-f]{8}")
# An entry accepts findings by fingerprint, one on a line where there are several, with a word for people beside each.
Accepted = tuple[AllowEntry, Sequence[str]]


def is_fingerprint(text: str) -> bool:
    """Whether a text is a whole fingerprint."""
    return _FINGERPRINT.fullmatch(text) is not None


def with_entries(data: bytes, where: str, added: Sequence[Accepted], *, table: tuple[str, ...] = ()) -> bytes:
    """Return a configuration file's bytes with allow entries added, in the file's own line ending.

    Each entry goes with one comment for each of its fingerprints ("" for none).  ``table`` is where the configuration
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
    if after != before._replace(allow=before.allow + tuple(entry for entry, _ in added)):
        raise ConfigError("no entry can be added at its end", where=where, hint=hint)
    return text


def _lines(entry: AllowEntry, comments: Sequence[str]) -> list[str]:
    lines = [f"reason = {_quoted(entry.reason)}"]
    if entry.owner:
        lines.append(f"owner = {_quoted(entry.owner)}")
    if entry.expires:
        lines.append(f"expires = {entry.expires}")
    told = [f"  # {comment}" if comment else "" for comment in comments]
    if len(entry.fingerprints) == 1:
        return [*lines, f"fingerprints = [{_quoted(entry.fingerprints[0])}]{told[0]}"]
    named = [f"    {_quoted(each)},{comment}" for each, comment in zip(entry.fingerprints, told, strict=True)]
    return [*lines, "fingerprints = [", *named, "]"]


def _quoted(text: str) -> str:
    """Return a TOML basic string; control characters are refused before."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
