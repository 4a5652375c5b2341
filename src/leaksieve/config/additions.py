"""Adds settings to a configuration file: what is in it stays byte for byte as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from leaksieve.config import AllowEntry, Config
from leaksieve.config.read import build, parse
from leaksieve.errors import ConfigError

_LIST = ("paths", "regexes", "stop_words", "rules", "fingerprints")
_HINT = "add it by hand; the file writes this key in a form that is not edited"


def with_settings(data: bytes, where: str, lists: Mapping[str, Sequence[str]], allow: Sequence[AllowEntry], *, table: tuple[str, ...] = ()) -> bytes:
    """Return a configuration file's bytes with items added to lists of the top level, and with allow entries; what it has already is not added again.

    ``table`` is where the configuration stands in the file, as for :func:`leaksieve.config.read.parse`; ``where`` names it in
    errors.  Raises ConfigError for a file that does not hold, or to which something cannot be added.
    """
    before = _built(data, where, table)
    text = data.decode("utf-8-sig")
    ending = "\r\n" if "\r\n" in text else "\n"
    wanted = {key: tuple(dict.fromkeys(items)) for key, items in lists.items()}
    after = before
    for key, items in wanted.items():
        # Rule files are kept with the folder they were found from, so they are compared as they are written.
        have = _written(text, where, table, key)
        fresh = [item for item in items if item not in have]
        if fresh:
            text = _with_items(text, key, fresh, table, ending)
            after = after._replace(**{key: (*getattr(before, key), *fresh)})  # type: ignore[arg-type]
    fresh_entries = [entry for entry in dict.fromkeys(allow) if entry not in before.allow]
    if fresh_entries:
        head = "[[" + ".".join((*table, "allow")) + "]]"
        blocks = [ending.join([head, *_entry(entry)]) + ending for entry in fresh_entries]
        text += ("" if not text or text.endswith("\n") else ending) + (ending if text.strip() else "") + ending.join(blocks)
        after = after._replace(allow=(*before.allow, *fresh_entries))
    made = text.encode()
    try:
        got = _built(made, where, table)
    except ConfigError:
        raise ConfigError("cannot be added to", where=where, hint=_HINT) from None
    if _comparable(got) != _comparable(after):
        raise ConfigError("cannot be added to", where=where, hint=_HINT)
    return made


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
    if len(items) == 1:
        return f"{key} = [{quoted(items[0])}]{ending}"
    return f"{key} = [{ending}" + "".join(f"    {quoted(item)},{ending}" for item in items) + f"]{ending}"


def _entry(entry: AllowEntry) -> list[str]:
    lines = [f"reason = {quoted(entry.reason)}"]
    if entry.owner:
        lines.append(f"owner = {quoted(entry.owner)}")
    if entry.expires:
        lines.append(f"expires = {entry.expires}")
    for key in _LIST:
        items = getattr(entry, key)
        if len(items) == 1:
            lines.append(f"{key} = [{quoted(items[0])}]")
        elif items:
            lines += [f"{key} = [", *(f"    {quoted(item)}," for item in items), "]"]
    return lines


def quoted(text: str) -> str:
    """Return a TOML string: literal where that is easier on the eye, else basic."""
    if "\\" in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\U{ord(char):08X}" for char in escaped) + '"'
