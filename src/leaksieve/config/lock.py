"""The ruleset a configuration is locked to, and writing it into the file its owner keeps.

The text is edited, not written anew, so that comments and layout stay as they are.  What comes out
is read again: it must say what it said before, and the lock, or nothing is written.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import NamedTuple

from leaksieve.errors import ConfigError

KEY = "rules_lock"
FORM = re.compile(r"sha256:([0-9a-f]{64})(?:@([0-9A-Za-z.+!_-]{1,60}))?")
_SPELLINGS = (KEY, KEY.replace("_", "-"))
_TOKEN = re.compile(
    r'"""(?:\\[\s\S]|[^\\])*?"""(?!")' r"|'''[\s\S]*?'''(?!')" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'" r"|#[^\n]*|[\[\]{}\n]|[^\"'#\[\]{}\n]+|[\"']"
)
_LINE = re.compile(r"(\s*[^=\n]+=[ \t]*)(\"[^\"\\\n]*\"|'[^'\n]*')([ \t]*(?:#[^\n]*)?\r?\n?)")


class _Statement(NamedTuple):
    """One key or header of a TOML file; ``path`` is where it leads, "" of what it says."""

    start: int
    end: int
    header: bool
    path: tuple[str, ...]


def value(ruleset_hash: str, version: str) -> str:
    """What the key holds: the hash, and the version it was taken from for people to see."""
    return f"sha256:{ruleset_hash}@{version}"


def verify(lock: str, ruleset_hash: str) -> None:
    """Raise ConfigError where a ruleset is not the one locked to."""
    found = FORM.fullmatch(lock)
    if found is None:
        raise ConfigError(f'`{KEY}` must be "sha256:" and 64 hexadecimal digits')
    if found[1] != ruleset_hash:
        since = f" of leaksieve {found[2]}" if found[2] else ""
        raise ConfigError(
            f"the rules are not those the configuration is locked to: they are sha256:{ruleset_hash}, the lock is sha256:{found[1]}{since}",
            hint="see `leaksieve rules diff`, then accept them with `leaksieve rules lock`",
        )


def written(text: str, lock: str, table: tuple[str, ...], where: str) -> str:
    """The file's text with the lock in the table that holds the configuration; ConfigError where it cannot be put there safely."""
    before = tomllib.loads(text)
    _inside(before, table).update({KEY: lock})
    for spelling in _SPELLINGS[1:]:
        _inside(before, table).pop(spelling, None)
    try:
        after = _edited(text, f'"{lock}"', table)
        if _plain(tomllib.loads(after), table) == before:
            return after
    except (LookupError, tomllib.TOMLDecodeError):
        pass
    raise ConfigError(f'cannot be edited safely; add this line to the configuration yourself: {KEY} = "{lock}"', where=where)


def _inside(content: dict[str, object], table: tuple[str, ...]) -> dict[str, object]:
    for name in table:
        inner = content[name]
        assert isinstance(inner, dict)
        content = inner
    return content


def _plain(content: dict[str, object], table: tuple[str, ...]) -> dict[str, object]:
    """The content with the key in its usual spelling."""
    inner = _inside(content, table)
    for spelling in _SPELLINGS[1:]:
        if spelling in inner:
            inner[KEY] = inner.pop(spelling)
    return content


def _edited(text: str, quoted: str, table: tuple[str, ...]) -> str:
    """Raises LookupError where there is no place for the key."""
    statements = list(_statements(text))
    wanted = {(*table, spelling) for spelling in _SPELLINGS}
    for one in statements:
        if not one.header and one.path in wanted:
            line = _LINE.fullmatch(text[one.start : one.end])
            if line is None:
                raise LookupError(KEY)
            return text[: one.start] + line[1] + quoted + line[3] + text[one.end :]
    newline = "\r\n" if "\r\n" in text else "\n"
    line_ = f"{KEY} = {quoted}{newline}"
    first = next((place for place, one in enumerate(statements) if one.header and (not table or one.path == table)), None)
    if not table:
        keys = statements[:first]
        if keys:
            return _inserted(text, keys[-1].end, line_, newline)
        # Nothing stands before the first header: the key goes above it and the comment that belongs to it.
        return _above(text, statements[0].start, line_ + newline) if statements else _inserted(text, len(text), line_, newline)
    if first is not None and text[statements[first].start :].lstrip()[:2] != "[[":
        section = [statements[first]]
        for one in statements[first + 1 :]:
            if one.header:
                break
            section.append(one)
        return _inserted(text, section[-1].end, line_, newline)
    inner = next((one for one in statements if one.header and one.path[: len(table)] == table), None)
    if inner is None:
        raise LookupError(KEY)
    return _above(text, inner.start, f"[{'.'.join(table)}]{newline}{line_}{newline}")


def _inserted(text: str, place: int, line: str, newline: str) -> str:
    head = text[:place]
    return head + (newline if head and not head.endswith("\n") else "") + line + text[place:]


def _above(text: str, place: int, lines: str) -> str:
    """Text with lines above a statement and the comment lines right before it."""
    while place:
        start = text.rfind("\n", 0, place - 1) + 1
        if not text[start:place].lstrip().startswith("#"):
            break
        place = start
    return text[:place] + lines + text[place:]


def _statements(text: str) -> Iterator[_Statement]:
    """Keys with their values, and headers, in order; each takes whole lines."""
    header: tuple[str, ...] = ()
    start = depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        if (token[0] == "\n" and not depth) or token.end() == len(text):
            piece = text[start : token.end()]
            told = piece.strip()
            if told and not told.startswith("#"):
                path = tuple(_keys(tomllib.loads(piece)))
                if told.startswith("["):
                    header = path
                    yield _Statement(start, token.end(), True, path)
                else:
                    yield _Statement(start, token.end(), False, header + path)
            start = token.end()


def _keys(content: object) -> Iterator[str]:
    """The names on the way to what one statement says."""
    while True:
        if isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict):
            content = content[0]  # [[header]]
        if not isinstance(content, dict) or len(content) != 1:
            return
        ((name, content),) = content.items()
        yield name
