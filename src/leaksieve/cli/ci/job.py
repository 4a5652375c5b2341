"""What a CI job is to scan, as its host says it, and which host that is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple

from leaksieve.errors import UsageError

# Host -> the variable that tells it, and what that must say ("" for anything at all).
HOSTS = {
    "github": ("GITHUB_ACTIONS", "true"),
    "gitlab": ("GITLAB_CI", "true"),
    "azure": ("TF_BUILD", "true"),
    "bitbucket": ("BITBUCKET_BUILD_NUMBER", ""),
    "jenkins": ("JENKINS_URL", ""),
}
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_BAD_IN_NAMES = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/]|[/.]$|\.lock$|/\.")


class Job(NamedTuple):
    """What is to be scanned.

    ``what`` names the event for a person.  ``whole`` asks for the whole history, ``nothing`` says why there is nothing to scan.
    Otherwise it is what the first of ``heads`` that is here has and the first of ``bases`` that is here has not.
    ``known`` leaves out what other branches have, too, and does without a base.  ``merge`` is a revision that may be the host's merge
    of the change into its target; the target's side is left out then.
    ``trusted`` are revisions of which the first that is here says how to scan (none: the head); ``review`` says
    that whoever wrote the change may not have a say in that.  ``fetch`` is what to get from the host if something is not here: ids, and names of references.
    """

    what: str
    whole: bool = False
    nothing: str = ""
    heads: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    known: bool = False
    merge: str = ""
    trusted: tuple[str, ...] = ()
    review: bool = False
    may_be_empty: bool = False
    fetch: tuple[str, ...] = ()


def host_of(env: Mapping[str, str]) -> str:
    """Return the host whose variables are there.  Raises UsageError."""
    for host, (name, wanted) in HOSTS.items():
        value = env.get(name, "")
        if value and wanted in ("", value.lower()):
            return host
    raise UsageError(
        "no CI system is known by its variables here", hint="name one with --provider, or the change with --base REV; `leaksieve git` scans everything"
    )


def job_of(host: str, env: Mapping[str, str]) -> Job:
    """Return what the host wants scanned.  Raises UsageError where it says nothing that can be understood."""
    found = import_module(f"leaksieve.cli.ci.{host}").job(env)
    assert isinstance(found, Job)
    return found


def given(base: str, head: str) -> Job:
    """Return the job for ends named on the command line."""
    return Job(f"{base}..{head}", heads=(head,), bases=(base,), trusted=(base,), review=True)


def object_id(text: object) -> str:
    """Return a full object id, "" for anything else, all zeros included."""
    return text if isinstance(text, str) and _ID.fullmatch(text) and text.strip("0") else ""


def branch(text: object) -> str:
    """Return the short name of a branch, "" for what is none: names come from whoever pushes."""
    name = text.removeprefix("refs/heads/") if isinstance(text, str) else ""
    return "" if not name or len(name) > 1000 or _BAD_IN_NAMES.search(name) else name


def tracking(text: object) -> tuple[str, ...]:
    """Return the remote-tracking reference of a branch, as one revision or none."""
    name = branch(text)
    return (f"refs/remotes/origin/{name}",) if name else ()


def fetched(text: object) -> tuple[str, ...]:
    """Return what to fetch for a branch, as one reference or none."""
    name = branch(text)
    return (f"refs/heads/{name}",) if name else ()


def some(*texts: str) -> tuple[str, ...]:
    """Those that are not empty, each once."""
    return tuple(dict.fromkeys(filter(None, texts)))


def pushed(name: str, before: str, after: tuple[str, ...], default: str = "") -> Job:
    """Return the job for a push to a reference: ``before`` is "" for a new one, ``default`` the main branch where the host tells it."""
    other = default if branch(name) != branch(default) else ""
    return Job(
        f"push to {name}",
        heads=after,
        bases=some(before, *(() if before else tracking(other))),
        known=True,
        may_be_empty=True,
        fetch=(*some(before), *fetched(other)),
    )
