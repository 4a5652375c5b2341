"""The built-in rules and the files a user lays over them: rules of our own form, and other tools' files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Protocol

from leaksieve import __version__
from leaksieve.errors import RulesetError
from leaksieve.ruleset.compile import compile_rules, finish, merge, rule_files
from leaksieve.ruleset.foreign import is_foreign, read_foreign
from leaksieve.ruleset.rule import read_rules

# Raised when compiled rules change in what they hold.
_EDITION = b"1"
_OWN = re.compile(rb"^[ \t]*\[[ \t]*family[ \t]*\]", re.MULTILINE)


class Keep(Protocol):
    """Where compiled rules are kept between runs; what comes back is what was put there."""

    def get(self, key: bytes) -> bytes | None:
        """What was last put under a key of 32 bytes."""

    def put(self, key: bytes, data: bytes) -> None:
        """Keep it, if that can be done."""


def extended(base: str, paths: Sequence[str], keep: Keep | None = None) -> str:
    """The compiled text of a ruleset and of rule files or folders, from ``keep`` if nothing has changed since.

    RulesetError for rules that do not hold.
    """
    files = [file for path in paths for file in rule_files(path)]
    contents = [_content(file) for file in files]
    digest = sha256(_EDITION + __version__.encode() + sha256(base.encode()).digest())
    for file, content in zip(files, contents, strict=True):
        digest.update(os.fsencode(file) + b"\0" + sha256(content).digest())
    key = digest.digest()
    if keep is not None:
        known = keep.get(key)
        if known is not None:
            text = known.decode()
            further = json.loads(text[: text.index("\n")]).get("foreign", {}).get("read", [])
            if all(_hash(path) == there for path, there in further):
                return text
    text = _compiled(base, files, contents)
    if keep is not None:
        keep.put(key, text.encode())
    return text


def _compiled(base: str, files: list[str], contents: list[bytes]) -> str:
    rules: list[dict[str, Any]] = []
    others = []
    for file, content in zip(files, contents, strict=True):
        # One of ours is parsed where it is read: reading thousands of rules twice would be felt.
        data = None if _OWN.search(content) else _parsed(file, content)
        if data is not None and is_foreign(data):
            others.append((file, read_foreign(data, file)))
            rules += others[-1][1].rules
        else:
            rules += [finish(rule, file) for rule in read_rules(_decoded(file, content), file)]
    text = compile_rules(rules)
    if not others:
        return merge(base, text)
    default = any(other.default for _, other in others)
    notes = [
        f"{file}: {_count(len(other.rules))} of another tool's form; {'the built-in rules are on as well' if default else 'the built-in rules are off (useDefault is not set)'}"
        for file, other in others
    ]
    everywhere = [one for _, other in others if other.default for one in other.everywhere]
    if default:
        if everywhere:
            base = _with_lists(base, everywhere)
        text = merge(base, text)
    head, _, rest = text.partition("\n")
    header = json.loads(head)
    numbers = {rule_id: number for number, rule_id in enumerate(header["ids"])}
    foreign = [rule for _, other in others for rule in other.rules]
    always = [rule["id"] for rule in foreign if rule["foreign"]["always"] and rule["foreign"]["scope"] != "path"]
    if always:
        shown = ", ".join(f"`{rule_id}`" for rule_id in always[:3]) + (f" and {len(always) - 3} more" if len(always) > 3 else "")
        notes.append(f"searched for in every file, which takes time, because they have no keywords and their patterns no fixed text: {shown}")
    header["foreign"] = {
        "always": [numbers[rule["id"]] for rule in foreign if rule["foreign"]["always"]],
        "whole": any(rule["foreign"]["always"] or rule["foreign"]["words"] or rule["foreign"]["scope"] != "window" for rule in foreign),
        "commits": any(one["commits"] for rule in foreign for one in rule["lists"]) or any(one["commits"] for one in everywhere),
        "notes": [*notes, *(note for _, other in others for note in other.notes)],
        "read": [pair for _, other in others for pair in other.read],
    }
    # Allow lists for all rules change what the built-in ones find, which their hash must tell.
    header["hash"] = sha256((header["hash"] + json.dumps(everywhere)).encode()).hexdigest() if everywhere else header["hash"]
    return json.dumps(header, sort_keys=True, separators=(",", ":")) + "\n" + rest


def _with_lists(base: str, lists: list[dict[str, Any]]) -> str:
    """The compiled rules, each with allow lists."""
    lines = base.rstrip("\n").split("\n")
    count = len(json.loads(lines[0])["ids"])
    addition = ',"lists":' + json.dumps(lists, sort_keys=True, separators=(",", ":")) + "}"
    lines[-count:] = [line.removesuffix("}") + addition for line in lines[-count:]]
    return "\n".join(lines) + "\n"


def _count(rules: int) -> str:
    return "1 rule" if rules == 1 else f"{rules} rules"


def _parsed(file: str, content: bytes) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(_decoded(file, content))
    except tomllib.TOMLDecodeError as error:
        raise RulesetError(f"not valid TOML: {error}", where=file) from None


def _decoded(file: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise RulesetError(f"cannot be read: {error}", where=file) from None


def _content(file: str) -> bytes:
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise RulesetError(f"cannot be read: {error.strerror}", where=file) from None


def _hash(path: str) -> str:
    try:
        return sha256(_content(path)).hexdigest()
    except RulesetError:
        return ""
