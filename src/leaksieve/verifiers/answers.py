"""What an answer means under a table's conditions, and what it tells of the credential."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from leaksieve.ruleset.jsonpath import look_up, parse
from leaksieve.verifiers.base import EXPIRED, INACTIVE, LONGEST, TOLD, Response, Verdict

DEAD = (INACTIVE, EXPIRED)
_UNREAD = "what this provider answers was not held against its documentation yet"
# So many values of a list are told, each up to LONGEST.
MOST = 50
# So many letters of a credential in a row are a part of it that is not told; of a short one the half.
_TELLING = (12, 16)
_TYPES: dict[str, Any] = {"text": str, "number": (int, float), "flag": bool, "list": list, "object": dict, "null": type(None)}


def meaning(answers: list[dict[str, Any]], response: Response) -> tuple[dict[str, Any], list[str]] | None:
    """The first answer that holds, with the conditions that held, in words; None where none does."""
    for answer in answers:
        matched = _holds(answer, response)
        if matched is not None:
            return answer, matched
    return None


def _holds(answer: dict[str, Any], response: Response) -> list[str] | None:
    if response.status not in answer["status"]:
        return None
    matched = [f"status {response.status}"]
    for name, wanted in answer.get("header", ()):
        value = response.headers.get(name)
        if not _meets([] if value is None else [value], wanted):
            return None
        matched.append(f"header {name}")
    for path, wanted in answer.get("json", ()):
        if not _meets(look_up(response.json(), parse(path)), wanted):
            return None
        matched.append(f"json {path}")
    if "contains" in answer or "absent" in answer:
        if any(text.encode() not in response.body for text in answer.get("contains", ())):
            return None
        if any(text.encode() in response.body for text in answer.get("absent", ())):
            return None
        matched.append("text")
    return matched


def _meets(values: list[object], wanted: Any) -> bool:
    if isinstance(wanted, dict):
        ((kind, what),) = wanted.items()
        if kind == "present":
            return bool(values) is what
        if kind == "not":
            return bool(values) and not any(_equal(value, what) for value in values)
        if kind == "type":
            return any(isinstance(value, _TYPES[what]) and (what == "flag" or not isinstance(value, bool)) for value in values)
        return any(isinstance(value, str) and re.search(what, value[:1000]) for value in values)
    choices = wanted if isinstance(wanted, list) else [wanted]
    return any(_equal(value, choice) for value in values for choice in choices)


def _equal(value: object, wanted: object) -> bool:
    # True == 1 in Python, and nowhere in JSON.
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted


def told(tells: Mapping[str, Mapping[str, str]], response: Response, hidden: list[str]) -> dict[str, object]:
    """What an answer tells, by the keys of TOLD; anything of the credential (``hidden``) in it is left out."""
    found: dict[str, object] = {}
    for key in TOLD:
        place = tells.get(key)
        if place is None:
            continue
        values: list[object]
        if "text" in place:
            values = [place["text"]]
        elif "header" in place:
            value = response.headers.get(place["header"].lower())
            values = [] if value is None else [value]
        else:
            values = look_up(response.json(), parse(place["json"]))
        # Before anything is cut: a half would not be known for what it is.
        whole = [value for value in values if not (isinstance(value, str) and gives_away(value, hidden))]
        texts = [text[:LONGEST] for value in whole for text in _texts(value, place.get("split", "")) if not gives_away(text, hidden)]
        texts = list(dict.fromkeys(texts))
        if key in ("scopes", "permissions", "resources"):
            if whole:
                found[key] = texts[:MOST]
        elif texts:
            found[key] = ", ".join(texts[:MOST])[:LONGEST]
    return found


def gives_away(text: str, hidden: Iterable[str]) -> bool:
    """Whether what would be shown of a text holds a credential, or a good part of one; of a text only its first LONGEST letters are shown."""
    for secret in hidden:
        if secret in text:
            return True
        least, most = _TELLING
        run = min(max(len(secret) // 2, least), most)
        if any(text[at : at + run] in secret for at in range(min(len(text) - run + 1, LONGEST))):
            return True
    return False


def _texts(value: object, split: str) -> list[str]:
    """A value as texts: of an object the names of what is true in it, with what else it says."""
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, int | float):
        return [str(value)]
    if isinstance(value, str):
        parts = value.split(split) if split else [value]
        return [part.strip() for part in parts if part.strip()]
    if isinstance(value, list):
        return [text for one in value[:MOST] for text in _texts(one, "")]
    if isinstance(value, dict):
        named = [(str(name), one) for name, one in list(value.items())[:MOST]]
        return [name if one is True else f"{name}:{one}" for name, one in named if one is True or (isinstance(one, str | int | float) and one is not False)]
    return []


def doubted(verdict: Verdict, table: Mapping[str, Any]) -> Verdict:
    """The verdict; one that a provider's answer calls dead says so in its detail where nobody has read the provider's page yet.

    "active" rests on what the answer tells, and on the control probe.
    """
    # Without evidence nobody was asked: it is dead by its own term.
    if verdict.state not in DEAD or not verdict.evidence or table["read"]:
        return verdict
    return verdict._replace(detail="; ".join(filter(None, (verdict.detail, _UNREAD))))
