"""The record of a triage: what was decided, so that it can be left and taken up again.

A small JSON file, written anew after every decision, whole or not at all.  It holds fingerprints, ids of rules,
reasons and, for values that could be guessed, the path as a baseline has it; never a secret.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from leaksieve.errors import ConfigError

SCHEMA = "leaksieve-audit/1"
NAME = ".leaksieve-audit.json"
MAX_BYTES = 64 * 1024 * 1024


class Decision(NamedTuple):
    """One finding's verdict.  ``entry`` is what a baseline would hold, ``pending`` says that it is not written where it belongs yet."""

    fingerprint: str
    rule_id: str
    verdict: str
    reason: str
    entry: str
    at: str
    pending: bool


class Record:
    """Decisions by fingerprint, in the order they were taken; ``key`` is (source, id) of the key the fingerprints were made with."""

    def __init__(self, path: str, key: tuple[str, str] | None, decisions: dict[str, Decision] | None = None) -> None:
        self.path = path
        self.key = key
        self.decisions = decisions or {}

    def take(self, decision: Decision) -> None:
        """Note a decision and put it on the disk."""
        self.decisions[decision.fingerprint] = decision
        self.save()

    def drop(self, fingerprint: str) -> None:
        """Forget a decision."""
        self.decisions.pop(fingerprint, None)
        self.save()

    def pending(self) -> list[Decision]:
        """Return what is not written where it belongs yet."""
        return [decision for decision in self.decisions.values() if decision.pending]

    def settle(self) -> None:
        """Note that everything is written."""
        self.decisions = {name: decision._replace(pending=False) for name, decision in self.decisions.items()}
        self.save()

    def save(self) -> None:
        """Write the file.  Raises UsageError."""
        from leaksieve.cli.outputs import put

        key = None if self.key is None else {"source": self.key[0], "id": self.key[1]}
        told = {"schema": SCHEMA, "key": key, "decisions": [decision._asdict() for decision in self.decisions.values()]}
        # A link in its place is replaced and not followed: the repository may have brought it.
        put(self.path, (json.dumps(told, indent=1) + "\n").encode(), self.path)


def load(path: str, key: tuple[str, str] | None) -> Record:
    """Read a record, or begin one.  Raises ConfigError for one that does not hold or was made with another key."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Record(path, key)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=path) from None
    hint = "--state names another file"
    try:
        told = json.loads(data) if len(data) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or (decisions := _decisions(told)) is None:
        raise ConfigError("is no record of a triage", where=path, hint=hint)
    was = told.get("key")
    if decisions and key is not None and was is not None and was.get("id") != key[1]:
        raise ConfigError(f"was made with another key ({was.get('source')}) than these findings ({key[0]})", where=path, hint=hint)
    return Record(path, key, decisions)


def _decisions(told: dict[str, Any]) -> dict[str, Decision] | None:
    from leaksieve.cli.audit.verdicts import BY_NAME
    from leaksieve.config.accept import is_fingerprint

    if told.get("schema") != SCHEMA or not isinstance(told.get("decisions"), list):
        return None
    if not (told.get("key") is None or isinstance(told["key"], dict)):
        return None
    out = {}
    for each in told["decisions"]:
        if not isinstance(each, dict) or set(each) != set(Decision._fields) or not isinstance(each["pending"], bool):
            return None
        texts = [value for name, value in each.items() if name != "pending"]
        if not all(isinstance(value, str) and value.isprintable() for value in texts):
            return None
        # What is pending is written into other files.
        if not is_fingerprint(each["fingerprint"]) or each["verdict"] not in BY_NAME or each["entry"].partition(" ")[0] != each["fingerprint"]:
            return None
        if not each["rule_id"] or " " in each["rule_id"]:
            return None
        out[each["fingerprint"]] = Decision(**each)
    return out
