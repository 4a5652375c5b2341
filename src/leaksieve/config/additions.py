"""Adds settings to a configuration file: what is in it stays byte for byte as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from leaksieve.config import AllowEntry, Config
from leaksieve.config.accept import listed, quoted, with_entries
from leaksieve.config.read import build, merge, parse
from leaksieve.errors import ConfigError

# What editors of one system put before UTF-8.
_MARK = "\ufeff".encode()
_HINT = "add it by hand; the file writes this key in a form that is not edited"


def with_settings(data: bytes, where: str, lists: Mapping[str, Sequence[str]], allow: Sequence[AllowEntry], *, table: tuple[str, ...] = ()) -> bytes:
    """Return a configuration file's bytes with items added to lists of the top level, and with allow entries; what it has already is not added again.

    ``table`` is where the configuration stands in the file, as for :func:`leaksieve.config.read.parse`; ``where`` names it in
    errors.  Raises ConfigError for a file that does not hold, or to which something cannot be added.
    """
    before = _built(data, where, table)
    text = data.decode("utf-8-sig")
    ending = "\r\n" if "\r\n" in text else "\n"
    added: dict[str, tuple[str, ...]] = {}
    for key, items in lists.items():
        # Rule files are kept with the folder they were found from, so they are compared as they are written.
        have = _written(text, where, table, key)
        fresh = tuple(item for item in dict.fromkeys(items) if item not in have)
        if fresh:
            text = _with_items(text, key, fresh, table, ending)
            added[key] = fresh
    made = (_MARK if data.startswith(_MARK) else b"") + text.encode()
    try:
        got = _built(made, where, table)
    except ConfigError:
        raise ConfigError("cannot be added to", where=where, hint=_HINT) from None
    if _comparable(got) != _comparable(merge(before, added)):
        raise ConfigError("cannot be added to", where=where, hint=_HINT)
    entries = [entry for entry in dict.fromkeys(allow) if entry not in before.allow]
    return with_entries(made, where, [(entry, ()) for entry in entries], table=table) if entries else made


def _built(data: bytes, where: str, table: tuple[str, ...]) -> Config:
    return build(parse(data, where, table=table) or {}, where)


def _comparable(config: Config) -> Config:
    """The configuration with its lists in any order, and without what depends on the folder it was read from."""
    return config._replace(exclude=tuple(sorted(config.exclude)), disable=tuple(sorted(config.disable)), rules=("",) * len(config.rules))


def _written(text: str, where: str, table: tuple[str, ...], key: str) -> list[object]:
    found = (parse(text.encode(), where, table=table) or {}).get(key, [])
    return found if isinstance(found, list) else []


def _with_items(text: str, key: str, items: Sequence[str], table: tuple[str, ...], ending: str) -> str:
    """The text with items at the beginning of a list that is there, or with the list before everything else of its table."""
    body = 0
    if table:
        head = re.search(r"^\[" + re.escape(".".join(table)) + r"\][ \t]*(?:#[^\n]*)?\r?\n", text, re.MULTILINE)
        if head is None:
            prefix = "" if not text or text.endswith("\n") else ending
            return text + prefix + (ending if text.strip() else "") + "[" + ".".join(table) + "]" + ending + _new_list(key, items, ending)
        body = head.end()
    following = re.search(r"^[ \t]*\[", text[body:], re.MULTILINE)
    end = body + following.start() if following else len(text)
    there = re.search(rf"^[ \t]*{key}[ \t]*=[ \t]*\[", text[body:end], re.MULTILINE)
    if there:
        at = body + there.end()
        rest = text[at:].lstrip(" \t")
        more = "".join(f"{ending}    {quoted(item)}," for item in items)
        return text[:at] + more + ("" if rest.startswith(("\r", "\n")) else ending + ("" if rest.startswith("]") else "    ")) + rest
    # Comments at the top of a file speak of the file.
    at = body
    if not table:
        while text.startswith("#", at):
            at = text.find("\n", at) + 1 or len(text)
    piece = _new_list(key, items, ending)
    if at and not text[:at].endswith("\n"):
        piece = ending + piece
    after = text[at:]
    return text[:at] + piece + (ending if after.strip() and after.lstrip().startswith("[") and not after.startswith(("\r", "\n")) else "") + after


def _new_list(key: str, items: Sequence[str], ending: str) -> str:
    return "".join(line + ending for line in listed(key, items))
