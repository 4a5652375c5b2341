"""Jenkins: the variables of the git plugin and of multibranch pipelines."""

from __future__ import annotations

from collections.abc import Mapping

from leaksieve.cli.ci.job import Job, branch, fetched, object_id, pushed, some, tracking
from leaksieve.errors import UsageError


def job(env: Mapping[str, str]) -> Job:
    """Return what is built: a change request, or what came since the last build; the first build of a branch is what no other branch has."""
    heads = some(object_id(env.get("GIT_COMMIT")), "HEAD")
    number = env.get("CHANGE_ID", "")
    if number:
        target = env.get("CHANGE_TARGET", "")
        bases = tracking(target)
        if not bases:
            raise UsageError("names no branch, so what the change is made against is not known", where="CHANGE_TARGET")
        return Job(f"change request {number}", heads=heads, bases=bases, trusted=bases, review=True, fetch=fetched(target))
    name = env.get("BRANCH_NAME") or branch((env.get("GIT_BRANCH") or "").removeprefix("origin/"))
    if not name:
        return Job("build", whole=True, heads=heads)
    # Of a build that failed nobody knows what it has seen.
    before = object_id(env.get("GIT_PREVIOUS_SUCCESSFUL_COMMIT"))
    return pushed(name, before, heads)
