"""Loading the compiled ruleset, lazily: header first, a rule's own line when it is needed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from leaksieve.errors import RulesetError
from leaksieve.ruleset.encoded import HEAD, unpacked_forms

if TYPE_CHECKING:
    from leaksieve.ruleset.extended import Keep

_HERE = os.path.dirname(__file__)
BUILTIN = os.path.join(_HERE, "builtin.jsonl")
# The line of the first rule in a compiled ruleset, behind the header, what encoded text needs, and the names.
FIRST_RULE = 3


class Ruleset:
    """Compiled rules.  ``ids`` in index order; ``words`` are the keywords by number, ``ignore`` says of each (0 or 1) whether case
    counts not; ``gates`` are the words that count only with a tail, with the indices of their rules;
    ``names`` is how many names there are in :attr:`named`.

    ``hash`` identifies the content (hexadecimal SHA-256 of the rules, and of the selection when one was made).
    """

    __slots__ = ("_heads", "_lines", "_rules", "_second", "_who", "disabled", "foreign", "gates", "hash", "ids", "ignore", "names", "words")

    def __init__(self, text: str, disabled: frozenset[int] = frozenset()) -> None:
        lines = text.split("\n")
        try:
            header = json.loads(lines[0])
            if header["format"] != 4:
                raise ValueError(f"format {header['format']}")
        except (ValueError, KeyError) as error:
            raise RulesetError(f"the compiled ruleset cannot be read: {error}", where=BUILTIN, hint="reinstall leaksieve") from None
        self.ids: list[str] = header["ids"]
        literals = header["literals"]
        self.words: list[str] = literals["words"].split("\n") if literals["ignore"] else []
        self.ignore: str = literals["ignore"]
        self._who: list[str] = literals["who"].split(",")
        self.gates: list[tuple[str, str, int, list[tuple[str, list[int]]]]] = header["gates"]
        self.names: int = header["named"]
        self._heads: str = header["heads"]
        # What rules of other tools ask of a scan; empty when there are none.
        self.foreign: dict[str, Any] = header.get("foreign", {})
        self.disabled = disabled
        self.hash: str = header["hash"]
        if disabled:
            from hashlib import sha256

            self.hash = sha256((self.hash + ",".join(self.ids[i] for i in sorted(disabled))).encode()).hexdigest()
        self._lines = lines
        self._rules: dict[int, dict[str, Any]] = {}
        self._second: dict[str, Any] | None = None

    def __len__(self) -> int:
        return len(self.ids) - len(self.disabled)

    @property
    def lines(self) -> tuple[str, ...]:
        """The compiled text it was made from: from :data:`FIRST_RULE` on a line for each rule, those switched off as well."""
        return tuple(self._lines)

    def rule(self, index: int) -> dict[str, Any]:
        """The rule at an index, parsed on first use."""
        rule = self._rules.get(index)
        if rule is None:
            rule = json.loads(self._lines[FIRST_RULE + index])
            if "category" in rule:  # a row of the provider table
                from leaksieve.ruleset.providers import expanded

                rule = expanded(rule)
            self._rules[index] = rule
        return rule

    def by_id(self, rule_id: str) -> dict[str, Any]:
        """The rule with this id; KeyError if there is none."""
        try:
            return self.rule(self.ids.index(rule_id))
        except ValueError:
            raise KeyError(rule_id) from None

    def who(self, number: int) -> list[int]:
        """The rules that a keyword opens, by the keyword's number."""
        return [int(index) for index in self._who[number].split()]

    @property
    def encoded(self) -> list[tuple[str, str, int]]:
        """Encoded spellings of the keywords: (literal, encoding, base64 phase)."""
        return unpacked_forms(self._later()["forms"])

    @property
    def encoded_words(self) -> list[str]:
        """Their literals alone."""
        words = self._later()["forms"]["words"]
        return words.split("\n") if words else []

    @property
    def encoded_heads(self) -> frozenset[str]:
        """What those of printable characters begin with, :data:`~leaksieve.ruleset.encoded.HEAD` characters of each."""
        return frozenset(self._heads[at : at + HEAD] for at in range(0, len(self._heads), HEAD))

    @property
    def leads(self) -> dict[int, tuple[str, int]]:
        """What must follow weak keywords, by the keyword's number: a pattern of classes and how many."""
        return {number: (text, length) for number, text, length in self._later()["leads"]}

    @property
    def named(self) -> tuple[list[str], list[tuple[int, ...]]]:
        """The names that rules without keywords go by (normal, see :mod:`leaksieve.ruleset.named`), and the indices of each one's rules that are switched on."""
        table = json.loads(self._lines[2])
        off = self.disabled
        who = [tuple(map(int, who.split())) for who in table["who"].split(",")]
        return table["words"].split("\n"), [tuple(index for index in every if index not in off) for every in who] if off else who

    def _later(self) -> dict[str, Any]:
        if self._second is None:
            self._second = json.loads(self._lines[1])
        return self._second

    def select(self, enable: Iterable[str] = (), disable: Iterable[str] = ()) -> Ruleset:
        """The same rules with some switched off, by id or glob; RulesetError for a pattern that names none."""
        enable, disable = tuple(enable), tuple(disable)
        if not enable and not disable:
            return self
        off = set(self.disabled)
        if enable:
            off |= set(range(len(self.ids))) - self._matching(enable)
        off |= self._matching(disable)
        return Ruleset("\n".join(self._lines), frozenset(off))

    def _matching(self, globs: Iterable[str]) -> set[int]:
        from fnmatch import fnmatchcase

        found: set[int] = set()
        for glob in globs:
            here = {index for index, rule_id in enumerate(self.ids) if fnmatchcase(rule_id, glob)}
            if not here:
                from difflib import get_close_matches

                near = get_close_matches(glob, self.ids, 1)
                raise RulesetError(f"no rule is named `{glob}`", hint=f"did you mean `{near[0]}`?" if near else "`leaksieve rules list` names them all")
            found |= here
        return found


def source_rules(compiled: str) -> str | None:
    """The ``rules/`` folder of the checkout this package runs from, if it does and it is newer than the compiled file."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(_HERE)))
    folder = os.path.join(root, "rules")
    if os.path.basename(os.path.dirname(os.path.dirname(_HERE))) != "src" or not os.path.isfile(os.path.join(root, "build_rules.py")):
        return None
    try:
        built = os.stat(compiled).st_mtime_ns
        with os.scandir(folder) as entries:
            if os.stat(folder).st_mtime_ns <= built and all(entry.stat().st_mtime_ns <= built for entry in entries):
                return None
    except OSError:
        pass
    return folder if os.path.isdir(folder) else None


def packaged(compiled: str, made: Callable[[str], str]) -> str:
    """The text of a compiled file of the package; in a checkout whose ``rules/`` are newer, what ``made`` compiles of that folder.

    Raises RulesetError.
    """
    newer = source_rules(compiled)
    if newer is not None:
        return made(newer)
    try:
        with open(compiled, encoding="utf-8", newline="\n") as file:
            return file.read()
    except FileNotFoundError:
        raise RulesetError("a compiled file of the package is missing", where=compiled, hint="reinstall leaksieve") from None


def _compiled(folder: str) -> str:
    from leaksieve.ruleset.compile import compile_folder

    return compile_folder(folder)


def load(extra: Iterable[str] = (), keep: Keep | None = None) -> Ruleset:
    """The built-in rules, plus the rule files or folders in ``extra``; ``keep`` is where compiled ones are kept between runs.

    Other tools' files (see ``ruleset.foreign``) take the built-in rules' place unless they say otherwise.
    A checkout whose ``rules/`` are newer than the compiled file compiles them in memory.
    Raises RulesetError for rules that do not hold.
    """
    text = packaged(BUILTIN, _compiled)
    extra = tuple(extra)
    if extra:
        from leaksieve.ruleset.extended import extended

        text = extended(text, extra, keep)
    return Ruleset(text)
