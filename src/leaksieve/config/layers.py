"""Configurations made of several: files that extend others, and sections for single folders of a repository."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from leaksieve.config import DEFAULTS, AllowEntry, Config
from leaksieve.config.read import build, is_inside, parse
from leaksieve.errors import ConfigError

# Files that extend one another, in one line.
MOST_DEEP = 10
# Files read for one configuration, each as often as it is named: some that name one another many times would be read for ever.
MOST_FILES = 200


def extended(names: Sequence[str], where: str, *, path: str, inside: str | None, trusted: bool, chain: tuple[str, ...], read: list[str]) -> Config:
    """Return what the files that a file extends add up to, in their order: later ones win, lists of all add up.

    ``path`` is the file that names them, relative to its folder; ``inside`` the folder they may not leave, for a file that
    came with the scanned repository, with ``trusted`` false; such a one must have the same owner as well.  ``chain`` holds the
    resolved paths that led here, ``read`` those of all files that were read so far.  Raises ConfigError.
    """
    from leaksieve.config.discover import PYPROJECT, PYPROJECT_TABLE, _bytes, shown

    folder = os.path.dirname(os.path.abspath(path))
    config = DEFAULTS
    for name in names:
        full = os.path.normpath(os.path.join(folder, name))
        real = os.path.realpath(full)
        if inside is not None and not is_inside(real, os.path.realpath(inside)):
            raise ConfigError("`extends` names a file outside the scanned repository", where=where, hint="name a file that extends it with --config")
        if real in chain:
            raise ConfigError(f"`extends` leads in a circle, back to {shown(os.path.basename(name))}", where=where)
        if len(chain) >= MOST_DEEP:
            raise ConfigError(f"`extends` is {MOST_DEEP} files deep", where=where)
        read.append(real)
        if len(read) > MOST_FILES:
            raise ConfigError(f"`extends` leads to more than {MOST_FILES} files", where=where)
        try:
            if inside is not None and os.stat(full).st_uid != os.stat(path).st_uid:
                raise ConfigError(f"`extends` names {shown(name)}, which belongs to another user", where=where)
            data = _bytes(full, inside=inside)
        except (OSError, ValueError) as error:
            raise ConfigError(f"`extends` names {shown(name)}, which cannot be read: {getattr(error, 'strerror', None) or error}", where=where) from None
        table = PYPROJECT_TABLE if os.path.basename(full) == PYPROJECT else ()
        values = parse(data, shown(full), table=table)
        if values is None:
            raise ConfigError("holds no [tool.leaksieve] table", where=shown(full))
        # What the first of several said stays for the lists alone.
        config = build(values, shown(full), base=config, folder=os.path.dirname(full), inside=inside, trusted=trusted, path=full, chain=chain, read=read)
        config = config._replace(extends=(*config.extends, full))
    return config


def sections(found: Sequence[Mapping[str, object]]) -> dict[str, tuple[object, ...]]:
    """Turn checked sections (path, exclude, disable, allow) into exclusions and allow entries of the whole repository."""
    exclude: list[str] = []
    allow: list[AllowEntry] = []
    for section in found:
        top = str(section["path"]).strip("/")
        exclude += [below(top, pattern) for pattern in _texts(section.get("exclude"))]
        rules = _texts(section.get("disable"))
        if rules:
            allow.append(AllowEntry(f"Rules switched off in {top}", paths=(f"/{top}/",), rules=rules))
        entries = section.get("allow", ())
        assert isinstance(entries, tuple)
        allow += [entry._replace(paths=tuple(below(top, path) for path in entry.paths) or (f"/{top}/",)) for entry in entries]
    return {"exclude": tuple(exclude), "allow": tuple(allow)}


def below(top: str, pattern: str) -> str:
    """Return a gitignore pattern of one folder as one of the repository."""
    if pattern.startswith("#"):
        return pattern
    sign, body = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    anchored = "/" in body.rstrip("/")
    return f"{sign}/{top}/{'' if anchored else '**/'}{body.lstrip('/')}"


def _texts(value: object) -> tuple[str, ...]:
    assert value is None or isinstance(value, tuple)
    return value or ()
