"""Turns the bytes of a configuration file into a :class:`Config`, or says exactly what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from leaksieve.config import DEFAULTS, AllowEntry, Config
from leaksieve.config.fields import ALLOW_FIELDS, DESCRIBING, FIELDS, SECTION_FIELDS, VERIFY_FIELDS, Field
from leaksieve.config.values import check
from leaksieve.errors import ConfigError

MAX_REGEX = 4096


def parse(data: bytes, where: str, *, table: tuple[str, ...] = ()) -> dict[str, object] | None:
    """Parse TOML and return the table at ``table`` (``()`` is the whole file), ``None`` where there is none.

    ``where`` is the file's name for messages.  Raises ConfigError.
    """
    import tomllib

    try:
        content: object = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"not UTF-8 text (byte {error.start})", where=where) from None
    except ValueError as error:  # TOMLDecodeError, or a number too long for int(); names line and column, repeats at most a character
        raise ConfigError(f"not valid TOML: {error}", where=where) from None
    except RecursionError:
        raise ConfigError("not valid TOML: nested too deeply", where=where) from None
    for name in table:
        if not isinstance(content, dict) or name not in content:
            return None
        content = content[name]
    if not isinstance(content, dict):
        raise ConfigError(f"`{'.'.join(table)}` must be a table", where=where)
    return content


def build(
    values: Mapping[str, object],
    where: str,
    *,
    base: Config = DEFAULTS,
    folder: str = "",
    inside: str | None = None,
    trusted: bool = True,
    path: str = "",
    chain: tuple[str, ...] = (),
    read: list[str] | None = None,
) -> Config:
    """Check a file's keys and lay them over ``base``.

    ``folder`` is what relative rule paths start from.  ``path`` is the file itself: files it extends are read if it is given,
    ``chain`` holds those that led to it, ``read`` those read so far.  ``inside`` is the folder they may not leave
    (for a file that came with the scanned repository).  ``trusted`` is false for such a file: keys
    that could show secrets are refused.  Raises ConfigError.
    """
    checked: dict[str, object] = {}
    found: list[dict[str, object]] = []
    for raw, value in values.items():
        key = raw.replace("-", "_")
        field = FIELDS.get(key)
        if field is None:
            raise ConfigError(unknown(raw, FIELDS), where=where)
        if key in checked:
            raise ConfigError(f"`{raw}` is given twice", where=where, hint="once with hyphens and once with underscores")
        if field.local_only and not trusted:
            raise ConfigError(f"`{raw}` is not taken from the scanned repository", where=where, hint=_instead(key))
        if field.kind == "allow":
            checked[key] = _allow_entries(value, where)
        elif field.kind == "verify":
            checked[key] = verify_table(value, where, folder)
        elif field.kind == "sections":
            found = _sections(value, where)
            checked[key] = ()
        elif field.kind == "paths":
            checked[key] = tuple(_rule_path(path, where, folder, inside) for path in _strings(field, key, value, where))
        else:
            checked[key] = _value(field, raw, value, where)
    names = checked.pop("extends", ())
    assert isinstance(names, tuple)
    if names and path:
        from leaksieve.config.layers import extended

        further = (*chain, os.path.realpath(path))
        under = extended(names, where, path=path, inside=inside, trusted=trusted, chain=further, read=[] if read is None else read)
        base = merge(base, {key: value for key, value in under._asdict().items() if value != getattr(DEFAULTS, key)})
    config = merge(base, checked)
    if not found:
        return config
    from leaksieve.config.layers import sections

    return merge(config, sections(found))


def verify_table(value: object, where: str, folder: str = "") -> dict[str, object]:
    """Check the table of live checks; ``folder`` is what a relative file of certificates starts from.  Raises ConfigError."""
    if not isinstance(value, dict):
        raise ConfigError("`verify` must be a table", where=where)
    checked: dict[str, object] = {}
    for raw, one in value.items():
        key = raw.replace("-", "_")
        field = VERIFY_FIELDS.get(key)
        if field is None:
            raise ConfigError(unknown(raw, VERIFY_FIELDS, prefix="verify."), where=where)
        checked[key] = _value(field, f"verify.{raw}", one, where)
    if "ca_file" in checked:
        checked["ca_file"] = os.path.normpath(os.path.join(folder, str(checked["ca_file"])))
    return checked


def merge(base: Config, values: Mapping[str, object]) -> Config:
    """Lay checked values over ``base``; lists add to those already there, everything else replaces."""
    merged = dict(values)
    for key, value in values.items():
        if isinstance(value, tuple):
            merged[key] = getattr(base, key) + value
    return base._replace(**merged)  # type: ignore[arg-type]


def _instead(key: str) -> str:
    return "use a file named with --verify-config" if key == "verify" else f"use --{key.replace('_', '-')}, or a file named with --config"


def unknown(key: str, known: Iterable[str], *, prefix: str = "") -> str:
    """Say that a key is unknown, with the nearest known one where there is one."""
    import difflib

    name = key if key.isprintable() and len(key) <= 60 else "..."
    near = difflib.get_close_matches(key.replace("-", "_").lower(), list(known), n=1)
    text = f"unknown key `{prefix}{name}`"
    return f"{text}; did you mean `{prefix}{near[0]}`?" if near else text


def _value(field: Field, key: str, value: object, where: str) -> object:
    try:
        return check(field, value)
    except ValueError as error:
        raise ConfigError(f"`{key}` {error}", where=where) from None


def _strings(field: Field, key: str, value: object, where: str) -> tuple[str, ...]:
    checked = _value(field, key, value, where)
    assert isinstance(checked, tuple)
    return checked


def _allow_entries(value: object, where: str) -> tuple[AllowEntry, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ConfigError("`allow` must be a list of tables, each written under [[allow]]", where=where)
    return tuple(_allow_entry(item, number, where) for number, item in enumerate(value, 1))


def _allow_entry(table: dict[str, object], number: int, where: str) -> AllowEntry:
    prefix = f"allow[{number}]."
    checked: dict[str, object] = {}
    for raw, value in table.items():
        key = raw.replace("-", "_")
        field = ALLOW_FIELDS.get(key)
        if field is None:
            raise ConfigError(unknown(raw, ALLOW_FIELDS, prefix=prefix), where=where)
        checked[key] = _value(field, prefix + raw, value, where)
    if "reason" not in checked:
        raise ConfigError(f"`{prefix}reason` is missing", where=where, hint="say why these findings are accepted")
    if not any(checked[key] for key in checked if key not in DESCRIBING):
        raise ConfigError(f"`allow[{number}]` would allow everything", where=where, hint="give at least one of paths, regexes, stop_words, rules, fingerprints")
    entry = AllowEntry(**checked)  # type: ignore[arg-type]
    for pattern in entry.regexes:
        _check_regex(pattern, f"{prefix}regexes", where)
    return entry


def _sections(value: object, where: str) -> list[dict[str, object]]:
    """Sections for folders, with their keys checked."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ConfigError("`directory` must be a list of tables, each written under [[directory]]", where=where)
    found = []
    for number, table in enumerate(value, 1):
        prefix = f"directory[{number}]."
        checked: dict[str, object] = {}
        for raw, one in table.items():
            field = SECTION_FIELDS.get(raw)
            if field is None:
                raise ConfigError(unknown(raw, SECTION_FIELDS, prefix=prefix), where=where)
            checked[raw] = _allow_entries(one, where) if field.kind == "allow" else _value(field, prefix + raw, one, where)
        top = str(checked.get("path", "")).strip("/")
        if not top or any(part in ("", ".", "..") for part in top.split("/")):
            raise ConfigError(f"`{prefix}path` must name a folder below the configuration file's", where=where)
        found.append(checked)
    return found


def _check_regex(pattern: str, key: str, where: str) -> None:
    import regex

    if len(pattern) > MAX_REGEX:
        raise ConfigError(f"`{key}` holds a pattern of {len(pattern)} characters; at most {MAX_REGEX} are allowed", where=where)
    try:
        regex.compile(pattern.encode())
    except (regex.error, RecursionError, OverflowError) as error:
        raise ConfigError(f"`{key}` holds a pattern that does not compile: {error}", where=where) from None


def _rule_path(path: str, where: str, folder: str, inside: str | None) -> str:
    full = os.path.normpath(os.path.join(folder, path))
    if inside is not None and not is_inside(os.path.realpath(full), os.path.realpath(inside)):
        raise ConfigError("`rules` names a path outside the scanned repository", where=where, hint="give it with --rules")
    return full


def is_inside(path: str, folder: str) -> bool:
    """Whether a resolved path is the resolved folder or below it."""
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)
