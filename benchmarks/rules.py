"""Thousands of rules of a user's own, in leaksieve's form and in gitleaks': what reading them costs, and what scanning with them.

The rules are made up for the measurement; their words are drawn at random, so that nothing in a tree is theirs.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

from benchmarks import tools
from benchmarks.measure import Command
from benchmarks.session import Section, Session
from benchmarks.tree import exported

RULES = 5000
RUNS = 5
_HEAD = """[family]
id = "made-up"
name = "Made up"
documentation = "https://example.com/"
rotation = "https://example.com/"
impact = "Nothing."
revoke = ["Nothing."]
"""
_OWN = (
    r"(?<![A-Za-z0-9_])(?P<secret>{word}_[a-zA-Z0-9]{{36}})(?![A-Za-z0-9_])",
    r"(?i){word}{{{{assign}}}}(?P<secret>[a-f0-9]{{32}}){{{{end}}}}",
)
_FOREIGN = (
    r"\b({word}_[a-zA-Z0-9]{{36}})\b",
    r"(?i)(?:{word})[\w.-]{{0,20}}[ \t]{{0,5}}(?:=|:=|:)[ \t\x60'\x22]{{0,5}}([a-f0-9]{{32}})(?:[\x60'\x22\s;]|$)",
    r"(?i)({word}-(?:live|test)-[a-z0-9=_\-]{{40,64}})(?:['\x22\s;]|$)",
    r"{word}:[A-Za-z0-9+/]{{43}}=",
)


def words(count: int = RULES) -> list[str]:
    """Made-up words, the same ones each time."""
    chance = random.Random(11)
    found: set[str] = set()
    while len(found) < count:
        found.add("".join(chance.choice("bcdfghjlmnprtvz") + chance.choice("aeiou") for _ in range(4)) + chance.choice("123456789"))
    return sorted(found)


def own(count: int = RULES) -> str:
    """A file of leaksieve's own form."""
    return "".join(_own(count))


def _own(count: int) -> Iterator[str]:
    yield _HEAD
    for number, word in enumerate(words(count)):
        pattern = _OWN[number % len(_OWN)].format(word=word)
        yield f'\n[[rule]]\nid = "made-up-{word}"\nname = "Key of {word}"\nseverity = "high"\nconfidence = "high"\nkeywords = ["{word}"]\npattern = \'{pattern}\'\n'


def foreign(count: int = RULES) -> str:
    """A file of gitleaks' form that leaves the built-in rules on."""
    return "".join(_foreign(count))


def _foreign(count: int) -> Iterator[str]:
    yield "[extend]\nuseDefault = true\n"
    for number, word in enumerate(words(count)):
        pattern = _FOREIGN[number % len(_FOREIGN)].format(word=word)
        yield f"\n[[rules]]\nid = \"made-up-{word}\"\nregex = '''{pattern}'''\nentropy = 3.0\nkeywords = [\"{word}\"]\n"


def bench(session: Session) -> list[Section]:
    """Listing the rules (reading them, from nothing and from the cache) and scanning trees, without such files and with each."""
    folder = session.folder("rules")
    files = {}
    for name, text in (("own", own()), ("gitleaks", foreign())):
        files[name] = os.path.join(folder, f"{name}.toml")
        with open(files[name], "w", encoding="utf-8") as file:
            file.write(text)
    empty = os.path.join(folder, "empty")
    os.makedirs(empty, exist_ok=True)
    sections = [
        session.compare(
            f"Reading {RULES:,} rules",
            [
                _command(session.leaksieve, "built-in rules", empty),
                *(_command(session.leaksieve, f"{name} form, from nothing", empty, "--rules", path, "--no-cache") for name, path in files.items()),
                *(_command(session.leaksieve, f"{name} form, again", empty, "--rules", path) for name, path in files.items()),
            ],
            RUNS,
            memory_runs=1,
        )
    ]
    for name, tree, count, size in exported(session):
        commands = [
            _command(session.leaksieve, "built-in rules", tree),
            *(_command(session.leaksieve, f"and {RULES:,} of {form} form", tree, "--rules", path) for form, path in files.items()),
        ]
        sections.append(session.compare(f"Scanning with {RULES:,} more rules: {name}, {count:,} files, {size / 1e6:.1f} MB", commands, RUNS, memory_runs=1))
    return sections


def _command(tool: tools.Tool, name: str, tree: str, *more: str) -> Command:
    return tool.tree(tree, *more)._replace(name=name)
