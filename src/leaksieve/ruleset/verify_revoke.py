"""The `revoke` of a ``[[verify]]`` table: the one request with which a credential ends itself."""

from __future__ import annotations

from typing import Any

from leaksieve.ruleset.given import Given
from leaksieve.ruleset.verify_answers import read_answer
from leaksieve.ruleset.verify_request import BODIES, host_of, read_request

REVOKE_KEYS = {"documentation", "effect", "method", "url", "headers", "auth", *BODIES, "done"}


def read_revoke(given: Given, out: dict[str, Any]) -> dict[str, Any]:
    """The request, to a host that the check (``out``, as read) may reach.  Raises RulesetError."""
    raw = given.raw["revoke"]
    if not isinstance(raw, dict):
        raise given.fail("`revoke` must be a table")
    given.known(raw, REVOKE_KEYS, "revoke.")
    # It is authorised as the check is, unless it says otherwise.
    one = Given({"auth": given.raw.get("auth", "none"), **raw}, f"{given.where}: revoke")
    made: dict[str, Any] = {"documentation": one.link("documentation"), "effect": one.text("effect"), "method": raw.get("method", "POST")}
    if made["method"] not in ("POST", "DELETE"):
        raise one.fail("`method` must be POST or DELETE")
    request, used = read_request(one)
    url = request["url"]
    if url.startswith("/") and not out["endpoint"]:
        raise one.fail("a `url` that is a path alone wants `endpoint`")
    if not url.startswith("/") and url != "{secret}" and host_of(one, url) not in out["hosts"]:
        raise one.fail("`url` leads to another host than the check")
    if lacking := sorted(used - {"secret"} - set(out.get("needs", used))):
        raise one.fail(f"the check has no part `{lacking[0]}`")
    if not isinstance(raw.get("done"), dict):
        raise one.fail("`done` must be a table: what the answer is when it is done")
    return {**made, **request, "done": read_answer(one, {**raw["done"], "verdict": "unknown"}, 0)}
