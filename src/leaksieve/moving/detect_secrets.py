"""detect-secrets: its baseline, which holds its settings as well."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from leaksieve.config import AllowEntry
from leaksieve.moving.carried import CARRIED, Carried, Known, line_of
from leaksieve.moving.path_regex import gitignore
from leaksieve.moving.patterns import checked

_SHA1 = re.compile(r"[0-9a-f]{40}")
_OWN = re.compile(r"detect_secrets\.filters\.")
_USUAL = (("Base64HighEntropyString", 4.5), ("HexHighEntropyString", 3))


def read_baseline(carried: Carried, data: Mapping[str, Any], text: str, where: str, root: str) -> None:
    """Take over a baseline; ``root`` is where a list of words that it names is looked for."""
    if not where.startswith(".."):
        # As long as it is there, and in the history.
        carried.exclude.append(f"/{where}")
        carried.tell(where, 0, "the file itself", CARRIED, f"exclude /{where}: hashes look like secrets")
    _filters(carried, data, text, where, root)
    for plugin in data.get("plugins_used") or []:
        if not isinstance(plugin, dict):
            continue
        name = str(plugin.get("name", "plugin"))
        if isinstance(plugin.get("path"), str):
            carried.lost(where, line_of(text, name), f"plugin {name}", "it is a program of your own; write it as a rule (docs/writing-rules.md)")
        for key, value in plugin.items():
            # The usual ones stand in every baseline, whoever made it.
            if key not in ("name", "path") and value and (name, value) not in _USUAL:
                carried.lost(where, line_of(text, name), f"{key} {value} of {name}", "values are weighed in another way; `--confidence` shows more or less")
    exclude = data.get("exclude")
    if isinstance(exclude, dict):
        _files(carried, exclude.get("files"), text, where)
        _lines(carried, exclude.get("lines"), text, where)
    words = data.get("word_list")
    if isinstance(words, dict):
        _words(carried, words.get("file"), text, where, root)
    results = data.get("results")
    for path, entries in results.items() if isinstance(results, dict) else ():
        start = max(text.find(f'"{path}"'), 0)
        for one in entries if isinstance(entries, list) else ():
            digest = str(one.get("hashed_secret", "")) if isinstance(one, dict) else ""
            line = line_of(text, digest, start)
            if not _SHA1.fullmatch(digest):
                carried.lost(where, line, f"a secret in {path}", "its hash is none")
                continue
            number = one.get("line_number")
            reason = f"Audited as no secret in {where}" if one.get("is_secret") is False else ""
            if one.get("is_secret") is True:
                carried.tell(where, line, f"{path}: audited as a secret", CARRIED, "in the baseline; revoke it")
            carried.known.append(Known(where, line, path.replace("\\", "/"), number if isinstance(number, int) else 0, digest=("sha1", digest), reason=reason))


def _filters(carried: Carried, data: Mapping[str, Any], text: str, where: str, root: str) -> None:
    for one in data.get("filters_used") or []:
        path = str(one.get("path", "")) if isinstance(one, dict) else ""
        name = path.rpartition(".")[2]
        patterns = one.get("pattern") if isinstance(one, dict) else None
        if path.endswith("regex.should_exclude_file"):
            _files(carried, patterns, text, where)
        elif path.endswith("regex.should_exclude_line"):
            _lines(carried, patterns, text, where)
        elif path.endswith("regex.should_exclude_secret"):
            _secrets(carried, patterns, text, where)
        elif path.endswith("wordlist.should_exclude_secret"):
            _words(carried, one.get("file_name"), text, where, root)
        elif not _OWN.match(path):
            carried.lost(
                where, line_of(text, path), f"filter {name or path}", "it is a program of your own; an [[allow]] entry by path, rule, regex or word may do"
            )


def _each(patterns: object) -> list[str]:
    found = patterns if isinstance(patterns, list) else [patterns]
    return [one for one in found if isinstance(one, str) and one]


def _at(text: str, pattern: str) -> int:
    import json

    return line_of(text, json.dumps(pattern)[1:-1])


def _files(carried: Carried, patterns: object, text: str, where: str) -> None:
    for source in _each(patterns):
        made = gitignore(source)
        if made is None:
            carried.lost(where, _at(text, source), f"files {source}", "no gitignore pattern means the same; write one by hand under `exclude`")
            continue
        carried.exclude += made
        carried.tell(where, _at(text, source), f"files {source}", CARRIED, f"exclude {' '.join(made)}")


def _lines(carried: Carried, patterns: object, text: str, where: str) -> None:
    for source in _each(patterns):
        carried.lost(
            where,
            _at(text, source),
            f"lines {source}",
            "leaksieve judges secrets, not lines; an [[allow]] entry by regex over the secret, or a comment on the line, may do",
        )


def _secrets(carried: Carried, patterns: object, text: str, where: str) -> None:
    good = []
    for source in _each(patterns):
        if checked(source) is None:
            carried.lost(where, _at(text, source), f"secrets {source}", "it does not compile here")
            continue
        good.append(source)
        carried.tell(where, _at(text, source), f"secrets {source}", CARRIED, "[[allow]] regexes")
    if good:
        carried.allow.append(AllowEntry(f"Taken over from {where}", regexes=tuple(good)))


def _words(carried: Carried, name: object, text: str, where: str, root: str) -> None:
    if not isinstance(name, str) or not name:
        return
    line = line_of(text, name)
    full = os.path.realpath(os.path.join(root, name))
    try:
        if not full.startswith(os.path.realpath(root) + os.sep):
            raise OSError
        with open(full, encoding="utf-8") as file:
            words = [word for raw in file if len(word := raw.strip()) > 2]
    except (OSError, UnicodeDecodeError):
        carried.lost(where, line, f"words of {name}", "the file cannot be read")
        return
    if words:
        carried.allow.append(AllowEntry(f"Words of {name}, taken over from {where}", stop_words=tuple(dict.fromkeys(words))))
        carried.tell(where, line, f"words of {name}", CARRIED, f"[[allow]] stop_words, {len(words)} of them")
