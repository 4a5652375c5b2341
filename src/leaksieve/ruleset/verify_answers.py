"""The answers of ``[[verify]]`` tables: which one means what, and what it tells of the credential."""

from __future__ import annotations

from typing import Any

from leaksieve.ruleset.given import Given
from leaksieve.ruleset.jsonpath import parse
from leaksieve.ruleset.linear import problems
from leaksieve.ruleset.syntax import Walker

ANSWER_KEYS = {"verdict", "status", "header", "json", "contains", "absent", "note"}
VALUE_KEYS = {"present", "matches", "type", "not"}
TYPES = ("text", "number", "flag", "list", "object", "null")
VERDICTS = ("active", "inactive", "expired", "unknown")
# What a provider may tell; the same as leaksieve.verifiers.base.TOLD, which a test holds to it.
TOLD = (
    *("account", "organisation", "team", "user", "name", "email", "kind"),
    *("scopes", "permissions", "resources", "plan", "created", "expires", "last_used"),
)


def read_answers(given: Given) -> list[dict[str, Any]]:
    """The `answers` of a check.  Raises RulesetError."""
    answers = given.raw.get("answers")
    if not isinstance(answers, list) or not answers or not all(isinstance(answer, dict) for answer in answers):
        raise given.fail("`answers` must be a list of tables, each with a `verdict`")
    read = [read_answer(given, answer, number) for number, answer in enumerate(answers, 1)]
    if not any(answer["verdict"] == "active" for answer in read):
        raise given.fail("no answer means active")
    # Some providers tell nobody that a credential is dead: it might be known to another region, or may not ask this.
    if not any(answer["verdict"] == "inactive" or (answer["verdict"] == "unknown" and "note" in answer) for answer in read):
        raise given.fail("no answer means inactive, nor unknown with a `note` that says why")
    return read


def read_answer(given: Given, table: dict[str, Any], number: int) -> dict[str, Any]:
    """One answer, the one of that number; conditions become lists of place and value.  Raises RulesetError."""
    name = f"answers[{number}]"
    given.known(table, ANSWER_KEYS, name + ".")
    verdict = table.get("verdict")
    if verdict not in VERDICTS:
        raise given.fail(f"`{name}.verdict` must be one of {', '.join(VERDICTS)}")
    status = table.get("status", [])
    status = [status] if isinstance(status, int) else status
    if not isinstance(status, list) or not status or not all(type(one) is int and 100 <= one <= 599 for one in status):
        raise given.fail(f"`{name}.status` must be a status or a list of them")
    if any(one == 429 or one >= 500 for one in status):
        raise given.fail(f"`{name}`: 429 and 5xx are never an answer about a credential")
    answer: dict[str, Any] = {"verdict": verdict, "status": status}
    for key in ("contains", "absent"):
        texts = table.get(key, [])
        texts = [texts] if isinstance(texts, str) else texts
        if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
            raise given.fail(f"`{name}.{key}` must be a text or a list of texts")
        if texts:
            answer[key] = texts
    for key in ("header", "json"):
        conditions = table.get(key, {})
        if not isinstance(conditions, dict):
            raise given.fail(f"`{name}.{key}` must be a table")
        if conditions:
            answer[key] = [
                [place.lower() if key == "header" else _path(given, place), _value(given, value, f"{name}.{key}")] for place, value in conditions.items()
            ]
    if "note" in table:
        if not isinstance(table["note"], str) or not table["note"]:
            raise given.fail(f"`{name}.note` is a text that a person reads beside the verdict")
        answer["note"] = table["note"]
    _careful(given, answer, name)
    return answer


def _careful(given: Given, answer: dict[str, Any], name: str) -> None:
    """What a firewall, a proxy or a sandbox could answer as well says nothing."""
    told = any(key in answer for key in ("json", "header", "contains"))
    if answer["verdict"] == "active":
        if any(300 <= one < 400 or one == 401 for one in answer["status"]):
            raise given.fail(f"`{name}`: a redirect or 401 does not mean active")
        if not told and any(one not in (204, 205) for one in answer["status"]) and given.raw.get("method") != "HEAD":
            raise given.fail(f"`{name}`: a status alone does not mean active; say what the body or a header holds (`json`, `header`, `contains`)")
    elif answer["verdict"] in ("inactive", "expired") and not told and answer["status"] != [401]:
        raise given.fail(f"`{name}`: only 401 means {answer['verdict']} by itself; say what the body or a header holds")


def _path(given: Given, path: str) -> str:
    try:
        parse(path)
    except ValueError as error:
        raise given.fail(str(error)) from None
    return path


def _value(given: Given, value: Any, name: str) -> Any:
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list) and value and all(isinstance(one, str | bool | int | float) for one in value):
        return value
    if isinstance(value, dict) and len(value) == 1 and value.keys() <= VALUE_KEYS:
        ((key, wanted),) = value.items()
        if key == "present" and isinstance(wanted, bool):
            return value
        if key == "type" and wanted in TYPES:
            return value
        if key == "not" and isinstance(wanted, str | bool | int | float):
            return value
        if key == "matches" and isinstance(wanted, str):
            try:
                slow = problems(Walker(wanted))
            except ValueError as error:
                raise given.fail(f"`{name}`: {error}") from None
            if slow:
                raise given.fail(f"`{name}`: {slow[0]}")
            return value
    raise given.fail(
        f"`{name}` must hold a value, a list of values, or a table: present = true, type = one of {', '.join(TYPES)}, matches = a pattern, not = a value"
    )


def read_tells(given: Given, tells: Any, name: str) -> dict[str, dict[str, str]]:
    """What an answer tells, by the keys of :data:`TOLD`; ``name`` is the key it stands under.  Raises RulesetError."""
    if not isinstance(tells, dict):
        raise given.fail(f"`{name}` must be a table")
    out = {}
    for key, place in tells.items():
        if key not in TOLD:
            raise given.fail(f"`{name}` knows {', '.join(TOLD)}, not {key}")
        place = {"json": place} if isinstance(place, str) else place
        if not isinstance(place, dict) or len({"json", "header", "text"} & place.keys()) != 1 or not place.keys() <= {"json", "header", "text", "split"}:
            raise given.fail(f"`{name}.{key}` must be a JSON path, or a table with `json`, `header` or `text`, and `split` if it is a list in one text")
        if not all(isinstance(value, str) and value for value in place.values()):
            raise given.fail(f"`{name}.{key}` must hold texts")
        if "json" in place:
            _path(given, place["json"])
        out[key] = dict(place)
    return out
