"""Bitbucket Pipelines.  A pull request's pipeline merges the target into the checkout before it runs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from leaksieve.cli.ci.job import Job, fetched, object_id, pushed, some, tracking
from leaksieve.errors import UsageError

# Bitbucket gives the target's commit in twelve digits.
_SHORT = re.compile(r"[0-9a-f]{7,64}")


def job(env: Mapping[str, str]) -> Job:
    """Return what the pipeline is for.  A push does not say what was there before: what no other branch has is taken for it."""
    tip = object_id(env.get("BITBUCKET_COMMIT"))
    heads = some(tip, "HEAD")
    number = env.get("BITBUCKET_PR_ID", "")
    if number:
        target = env.get("BITBUCKET_PR_DESTINATION_BRANCH", "")
        commit = env.get("BITBUCKET_PR_DESTINATION_COMMIT", "")
        bases = some(commit if _SHORT.fullmatch(commit) else "", *tracking(target))
        if not bases:
            raise UsageError("holds no commit, so what the change is made against is not known", where="BITBUCKET_PR_DESTINATION_COMMIT")
        return Job(f"pull request {number}", heads=heads, bases=bases, merge="HEAD", trusted=bases, review=True, fetch=fetched(target))
    name = env.get("BITBUCKET_TAG") or env.get("BITBUCKET_BRANCH") or ""
    return pushed(name, "", heads) if name else Job("run", whole=True, heads=heads)
