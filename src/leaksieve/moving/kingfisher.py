"""Kingfisher: its baselines, of both versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leaksieve.moving.carried import Carried, Known, line_of


def read_baseline(carried: Carried, data: Mapping[str, Any], text: str, where: str, remote: str) -> None:
    """Take over a baseline; ``remote`` is the address of this repository's origin, "" where it has none.

    Its fingerprints hold byte offsets, so entries are found again by path and line.
    """
    if "ExactFindings" in data:
        exact = data["ExactFindings"]
        matches = exact.get("matches") if isinstance(exact, dict) else None
        for one in matches if isinstance(matches, list) else ():
            _one(carried, one, "filepath", "linenum", text, where)
        return
    if data.get("version") != 2:
        carried.lost(where, line_of(text, "version"), "the baseline", f"version {data.get('version')} is not known; 1 and 2 are")
        return
    repositories = [one for one in data.get("repositories") or [] if isinstance(one, dict)]
    mine = [one for one in repositories if remote and str(one.get("id", "")) == remote]
    for one in repositories:
        name = str(one.get("id", ""))
        if len(repositories) > 1 and one not in mine and not name.startswith("local://"):
            carried.lost(
                where,
                line_of(text, name),
                f"repository {name}",
                "it is not this one" if remote else "several repositories, and this one has no origin to tell which it is",
            )
            continue
        for each in one.get("findings") or []:
            _one(carried, each, "path", "line", text, where)


def repository_id(address: str) -> str:
    """Return what a baseline calls a repository by its address: scheme, credentials and suffix off, host in lower case."""
    address = address.strip().partition("?")[0].partition("#")[0]
    scheme, _, rest = address.rpartition("://")
    if not scheme:
        host, _, path = address.partition(":")
        if not path or "/" in host:
            return ""
        rest = f"{host}/{path}"
    host, _, path = rest.rpartition("@")[2].partition("/")
    return f"git://{host.partition(':')[0].lower()}/{path.strip('/').removesuffix('.git')}" if path else ""


def _one(carried: Carried, one: object, path: str, line: str, text: str, where: str) -> None:
    if not isinstance(one, dict) or not isinstance(one.get(path), str):
        carried.lost(where, 0, "an entry", "it names no file")
        return
    number = one.get(line)
    at = line_of(text, str(one.get("fingerprint", "")))
    carried.known.append(Known(where, at, one[path], number if isinstance(number, int) else 0))
