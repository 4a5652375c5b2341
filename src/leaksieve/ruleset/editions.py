"""Rulesets other than the one in use: another version's, a folder of rules alone, or the usual one with some rules exchanged."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from leaksieve.errors import RulesetError
from leaksieve.ruleset.load import BUILTIN, FIRST_RULE, Ruleset, load

BUILTIN_NAME = "builtin"
# What the compiled ruleset leaves out, for `rules test`: one line for each rule, beside it in the package.
EXAMPLES = os.path.join(os.path.dirname(BUILTIN), "examples.jsonl")
_KEPT = ("id", "examples", "counter_examples", "also")
_FILE = os.path.basename(BUILTIN)
# Where an unpacked package has its ruleset, from the folder it was unpacked in and from folders on the way.
_WITHIN = (os.path.join("leaksieve", "ruleset", _FILE), os.path.join("src", "leaksieve", "ruleset", _FILE), os.path.join("ruleset", _FILE), _FILE)
# Far above any real one.
_MOST_BYTES = 256 * 1024 * 1024


def edition(name: str) -> Ruleset:
    """The ruleset that a word or path stands for; RulesetError where there is none.

    ``builtin``, a rule file or a folder of them (without the built-in rules, unless another tool's file wants them), a compiled ruleset
    (``.jsonl``), a wheel of leaksieve, or the folder one was unpacked in.
    """
    if name == BUILTIN_NAME:
        return load()
    if os.path.isdir(name):
        inner = next((path for path in (os.path.join(name, within) for within in _WITHIN) if os.path.isfile(path)), None)
        return _compiled(_text(inner), inner) if inner else _sources(name)
    if name.endswith(".whl"):
        return _compiled(_packed(name), name)
    if name.endswith(".jsonl"):
        return _compiled(_text(name), name)
    return _sources(name)


def sources() -> str | None:
    """The ``rules/`` folder of the checkout this package runs from, if it does."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(BUILTIN))))
    folder = os.path.join(root, "rules")
    return folder if os.path.isfile(os.path.join(root, "build_rules.py")) and os.path.isdir(folder) else None


def examples_text(folder: str) -> str:
    """The text of the package's file of examples, from the project's folder of rules."""
    from leaksieve.ruleset.compile import read_folder

    rules = sorted(read_folder(folder), key=lambda rule: str(rule["id"]))
    return "".join(json.dumps({key: rule[key] for key in _KEPT}, separators=(",", ":")) + "\n" for rule in rules)


def with_examples(ruleset: Ruleset) -> list[dict[str, Any]]:
    """The built-in rules with the examples that the package carries; RulesetError where it carries none."""
    try:
        with open(EXAMPLES, encoding="utf-8") as file:
            told = {line["id"]: line for line in map(json.loads, file)}
    except (OSError, ValueError, KeyError):
        raise RulesetError("the examples of the built-in rules are missing", where=EXAMPLES, hint="reinstall leaksieve") from None
    rules = [ruleset.rule(index) for index in range(len(ruleset.ids))]
    return [{**rule, **told[rule["id"]]} for rule in rules if rule["id"] in told]


def exchanged(base: Ruleset, rules: Sequence[dict[str, Any]]) -> Ruleset:
    """The rules of ``base`` with finished rules added; those of ``base`` that have one of their ids are switched off."""
    from leaksieve.ruleset.compile import compile_rules, merge

    text = compile_rules(list(rules))
    ids: list[str] = json.loads(text.split("\n", 1)[0])["ids"]
    place = {rule_id: index for index, rule_id in enumerate(base.ids)}
    fresh = Ruleset(text)
    same = [rule_id in place and _bare(base.rule(place[rule_id])) == _bare(fresh.rule(number)) for number, rule_id in enumerate(ids)]
    if all(same):
        return base
    lines = list(base.lines)
    header = json.loads(lines[0])
    off = frozenset(place[rule_id] for rule_id in ids if rule_id in place)
    for index in off:
        # An id that no rule can have.
        header["ids"][index] = f"{base.ids[index]}/off"
        lines[FIRST_RULE + index] = json.dumps({**base.rule(index), "id": header["ids"][index]}, sort_keys=True, separators=(",", ":"))
    lines[0] = json.dumps(header, sort_keys=True, separators=(",", ":"))
    return Ruleset(merge("\n".join(lines), text), off | base.disabled)


def _bare(rule: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if key != "builtin"}


def _sources(path: str) -> Ruleset:
    from leaksieve.ruleset.compile import compile_rules, read_folder, rule_files

    files = rule_files(path)
    if not files:
        raise RulesetError("holds no rule files", where=path, hint="give a folder of .toml files, a compiled ruleset, a wheel, or `builtin`")
    if any(map(_is_foreign, files)):
        # Those say themselves whether the built-in rules are on as well.
        return load((path,))
    return Ruleset(compile_rules(read_folder(path)))


def _is_foreign(path: str) -> bool:
    import tomllib

    from leaksieve.ruleset.foreign import is_foreign

    try:
        return bool(is_foreign(tomllib.loads(_text(path))))
    except tomllib.TOMLDecodeError:
        return False  # who reads it says what is wrong with it


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", newline="\n") as file:
            return file.read(_MOST_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        raise RulesetError(f"cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}", where=path) from None


def _packed(path: str) -> str:
    """The ruleset inside a wheel."""
    import zlib
    from lzma import LZMAError
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(path) as wheel, wheel.open(_WITHIN[0].replace(os.sep, "/")) as file:
            return file.read(_MOST_BYTES).decode()
    except (OSError, EOFError, BadZipFile, KeyError, ValueError, RuntimeError, zlib.error, LZMAError):
        # No zip, one without that file, or damaged; RuntimeError is said of what is encrypted, or packed in some way of its own.
        raise RulesetError("is not a wheel of leaksieve", where=path) from None


def _compiled(text: str, path: str) -> Ruleset:
    try:
        return Ruleset(text)
    except (RulesetError, KeyError, TypeError, AttributeError):
        # A header of another version, or of nobody's.
        raise RulesetError(
            "is not a ruleset that this version can read", where=path, hint="use the program it came with, or the rule files it was made from"
        ) from None
