"""Azure Pipelines: variables as the agent puts them into the environment, with underscores for dots."""

from __future__ import annotations

from collections.abc import Mapping

from leaksieve.cli.ci.job import Job, fetched, object_id, pushed, some, tracking
from leaksieve.errors import UsageError


def job(env: Mapping[str, str]) -> Job:
    """Return what the build's reason asks for.  A push does not say what was there before: what no other branch has is taken for it."""
    reason = env.get("BUILD_REASON", "")
    tip = object_id(env.get("BUILD_SOURCEVERSION"))
    name = env.get("BUILD_SOURCEBRANCH", "")
    if reason == "PullRequest" or env.get("SYSTEM_PULLREQUEST_PULLREQUESTID"):
        target = env.get("SYSTEM_PULLREQUEST_TARGETBRANCH", "")
        bases = tracking(target)
        if not bases:
            raise UsageError("names no branch, so what the change is made against is not known", where="SYSTEM_PULLREQUEST_TARGETBRANCH")
        source = object_id(env.get("SYSTEM_PULLREQUEST_SOURCECOMMITID"))
        number = env.get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER") or env.get("SYSTEM_PULLREQUEST_PULLREQUESTID", "")
        return Job(
            f"pull request {number}",
            heads=some(source, tip, "HEAD"),
            bases=bases,
            merge="HEAD",
            trusted=bases,
            review=True,
            fetch=(*fetched(target), *some(source), *((name,) if name.startswith("refs/pull/") else ())),
        )
    if reason in ("IndividualCI", "BatchedCI"):
        return pushed(name, "", some(tip, "HEAD"))
    return Job(reason or "run", whole=True, heads=some(tip, "HEAD"))
