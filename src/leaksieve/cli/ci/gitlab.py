"""GitLab CI: everything is in predefined variables."""

from __future__ import annotations

from collections.abc import Mapping

from leaksieve.cli.ci.job import Job, fetched, object_id, pushed, some, tracking
from leaksieve.errors import UsageError


def job(env: Mapping[str, str]) -> Job:
    """Return what the pipeline's source asks for; all but changes and pushes (a schedule, a button) asks for everything."""
    source = env.get("CI_PIPELINE_SOURCE", "")
    tip = object_id(env.get("CI_COMMIT_SHA"))
    if not tip:
        raise UsageError("holds no commit", where="CI_COMMIT_SHA")
    # Either says it, and a change that is taken for less is judged by what is in itself.
    if env.get("CI_MERGE_REQUEST_IID") or source == "merge_request_event":
        return _request(env, tip)
    if source == "external_pull_request_event":
        target = env.get("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME")
        base = some(object_id(env.get("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA")), *tracking(target))
        return _based(
            "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA", Job("pull request", heads=(tip,), bases=base, trusted=base, review=True, fetch=fetched(target))
        )
    if source == "push":
        name = env.get("CI_COMMIT_TAG") or env.get("CI_COMMIT_BRANCH") or ""
        return pushed(name, object_id(env.get("CI_COMMIT_BEFORE_SHA")), (tip,), env.get("CI_DEFAULT_BRANCH", ""))
    return Job(source.replace("_", " ") or "run", whole=True, heads=(tip,))


def _request(env: Mapping[str, str], tip: str) -> Job:
    target = env.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
    # The first is there in pipelines for merged results and trains alone; CI_COMMIT_SHA is the merge itself then.
    at = object_id(env.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA"))
    parted = object_id(env.get("CI_MERGE_REQUEST_DIFF_BASE_SHA"))
    bases = some(at, parted, *tracking(target))
    found = Job(
        f"merge request {env.get('CI_MERGE_REQUEST_IID', '')}".rstrip(),
        heads=some(tip),
        bases=bases,
        trusted=some(at, *tracking(target), parted),
        review=True,
        fetch=(*some(at, parted), *fetched(target)),
    )
    return _based("CI_MERGE_REQUEST_DIFF_BASE_SHA", found)


def _based(variable: str, found: Job) -> Job:
    if not found.bases:
        raise UsageError("holds no commit, so what the change is made against is not known", where=variable)
    return found
