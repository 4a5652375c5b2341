"""GitHub Actions, and Gitea's and Forgejo's, which give the same: the event is a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from leaksieve.cli.ci.job import Job, branch, fetched, object_id, pushed, some, tracking
from leaksieve.errors import UsageError

_MOST_BYTES = 64 * 1024 * 1024


def job(env: Mapping[str, str]) -> Job:
    """Return what the event asks for; all but changes and pushes (a schedule, a button) asks for everything."""
    name = env.get("GITHUB_EVENT_NAME", "")
    event = _event(env.get("GITHUB_EVENT_PATH", ""))
    # Either says it, and a change that is taken for less is judged by what is in itself.
    if isinstance(event.get("pull_request"), dict) or name.startswith("pull_request"):
        return _request(_table(event, "pull_request"))
    if name == "merge_group":
        group = _table(event, "merge_group")
        base, head = object_id(group.get("base_sha")), object_id(group.get("head_sha"))
        return _known("merge group", Job("merge group", heads=some(head), bases=some(base), trusted=some(base), review=True, fetch=some(base, head)))
    if name == "push":
        return _push(event, object_id(env.get("GITHUB_SHA")))
    return Job(name.replace("_", " ") or "run", whole=True, heads=some(object_id(env.get("GITHUB_SHA")), "HEAD"))


def _request(request: dict[str, Any]) -> Job:
    base, head = _table(request, "base"), _table(request, "head")
    number = request.get("number")
    ends = object_id(base.get("sha")), object_id(head.get("sha"))
    numbered = isinstance(number, int) and number > 0
    found = Job(
        f"pull request {number}" if numbered else "pull request",
        heads=some(ends[1]),
        bases=some(ends[0], *tracking(base.get("ref"))),
        merge="HEAD",
        trusted=some(ends[0], *tracking(base.get("ref"))),
        review=True,
        fetch=(*some(f"refs/pull/{number}/head" if numbered else "", ends[0]), *fetched(base.get("ref"))),
    )
    return _known("pull_request", found)


def _push(event: dict[str, Any], sha: str) -> Job:
    name = str(event.get("ref") or "")
    if event.get("deleted") is True:
        return Job(f"push to {name}", nothing="the reference was deleted, which brings nothing in")
    main = branch(_table(event, "repository").get("default_branch"))
    found = pushed(name, object_id(event.get("before")), some(object_id(event.get("after")), sha), main)
    return _known("push", found)


def _known(what: str, found: Job) -> Job:
    if not found.heads or not (found.bases or found.known):
        raise UsageError(f"does not say which commits this {what} is about", where="GITHUB_EVENT_PATH")
    return found


def _table(table: dict[str, Any], name: str) -> dict[str, Any]:
    value = table.get(name)
    return value if isinstance(value, dict) else {}


def _event(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            event = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"names no event that can be read ({type(error).__name__})", where="GITHUB_EVENT_PATH") from None
    if not isinstance(event, dict):
        raise UsageError("names a file that holds no event", where="GITHUB_EVENT_PATH")
    return event
