"""ggshield: its configuration file, of both versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from leaksieve.moving.carried import CARRIED, Carried, Known, line_of
from leaksieve.moving.names import ours

_SHA = re.compile(r"[0-9a-f]{64}")
# Settings that say nothing of what is found, and where their like is.
_ELSEWHERE = {
    "exit_zero": "`--exit-zero` on the command line: a repository's own file may not let findings pass",
    "show_secrets": "`--reveal` on the command line: a repository's own file may not show secrets",
    "verbose": "`-v` on the command line",
    "debug": "`-vv` on the command line",
    "max_commits_for_hook": "there is no limit here",
    "instance": "nothing is sent to a server",
    "api_url": "nothing is sent to a server",
    "dashboard_url": "nothing is sent to a server",
    "allow_self_signed": "nothing is sent to a server",
    "insecure": "nothing is sent to a server",
    "all_policies": "leaksieve looks for secrets alone",
    "ignore_default_excludes": "nothing is left out by default but what git ignores",
    "ignore_known_secrets": "there is no server that knows them; a baseline does that",
    "with_incident_details": "there is no server that knows them",
    "prereceive_remediation_message": "no such text here",
    "source_uuid": "nothing is sent to a server",
    "iac": "leaksieve looks for secrets alone",
    "sca": "leaksieve looks for secrets alone",
    "sast": "leaksieve looks for secrets alone",
}


def read_config(carried: Carried, data: Mapping[str, Any], text: str, where: str, ids: frozenset[str]) -> None:
    """Take over a configuration file; ``ids`` are the rules of ours."""
    settings = {str(key).replace("-", "_"): (str(key), value) for key, value in data.items()}
    version = settings.pop("version", ("version", 1))[1]
    if version == 1:
        scopes = {"ignored_paths": "paths_ignore", "ignored_matches": "matches_ignore", "ignored_detectors": "banlisted_detectors"}
        inner = {name: settings.pop(old) for name, old in scopes.items() if old in settings}
    elif version == 2:
        secret = settings.pop("secret", ("secret", {}))[1]
        inner = {str(key).replace("-", "_"): (str(key), value) for key, value in secret.items()} if isinstance(secret, dict) else {}
    else:
        carried.lost(where, line_of(text, "version"), f"version {version}", "only versions 1 and 2 are known")
        return
    _paths(carried, _list(inner.pop("ignored_paths", ("", []))[1]), text, where)
    for match in _list(inner.pop("ignored_matches", ("", []))[1]):
        _match(carried, match, text, where)
    for name in _list(inner.pop("ignored_detectors", ("", []))[1]):
        _detector(carried, str(name), text, where, ids)
    for key, (spelled, value) in {**settings, **inner}.items():
        if value in (False, None, "", [], {}):
            continue
        carried.lost(where, line_of(text, spelled), spelled, _ELSEWHERE.get(key, "leaksieve has nothing like it"))


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | set | tuple) else []


def _paths(carried: Carried, globs: list[Any], text: str, where: str) -> None:
    """Globs over the whole path, in which ``*`` stands for no slash."""
    taken_back: list[str] = []
    for one in globs:
        glob = str(one)
        made = _gitignore(glob)
        # What takes folders back comes first: it must not take back what the others leave out.
        (taken_back if len(made) > 1 else carried.exclude).extend(made)
        carried.tell(where, line_of(text, glob), f"path {glob}", CARRIED, f"exclude {' '.join(made)}")
    carried.exclude[:0] = taken_back


def _gitignore(glob: str) -> list[str]:
    glob = glob.removeprefix("./").lstrip("/")
    if glob.endswith("/**/*"):
        return [f"/{glob[:-4]}"] if not glob.startswith("**/") else [glob[:-4]]
    if glob.endswith("/**"):
        return [f"/{glob[:-2]}"] if not glob.startswith("**/") else [glob[:-2]]
    anchored = glob if glob.startswith("**/") else f"/{glob}"
    if glob.endswith("/*"):
        # The files of a folder, not those of folders in it.
        return [anchored, f"!{anchored}/"]
    return [anchored]


def _match(carried: Carried, match: object, text: str, where: str) -> None:
    value = (match.get("match") or match.get("matches")) if isinstance(match, dict) else match
    name = str(match.get("name") or "") if isinstance(match, dict) else ""
    if not isinstance(value, str) or not value:
        carried.lost(where, 0, "a match", "it names no value")
        return
    line = line_of(text, value)
    reason = f"Ignored in {where}" + (f": {name}" if name and name.isprintable() and name != value else "")
    if _SHA.fullmatch(value):
        carried.known.append(Known(where, line, digest=("ggshield", value), reason=reason))
    else:
        carried.known.append(Known(where, line, value=value, reason=f"Ignored in {where}"))


def _detector(carried: Carried, name: str, text: str, where: str, ids: frozenset[str]) -> None:
    near = ours(name, ids)
    line = line_of(text, name)
    if near in ids:
        carried.disable.append(near)
        carried.tell(where, line, f"detector {name}", CARRIED, f"disable {near}")
    else:
        hint = f"; those of the same provider are `{near}`: `--disable` or `disable` switches them off" if near else ""
        carried.lost(where, line, f"detector {name}", f"leaksieve has no rule of this name{hint}")
