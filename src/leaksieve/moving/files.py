"""Which files of a folder belong to which scanner, and reading them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from leaksieve.errors import UsageError
from leaksieve.gitobjects.files import read_regular
from leaksieve.moving.carried import Carried

TOOLS = ("gitleaks", "betterleaks", "detect-secrets", "trufflehog", "kingfisher", "ggshield")
HOOKS = (".pre-commit-config.yaml", ".pre-commit-config.yml")
MAX_BYTES = 64 * 1024 * 1024
_NAMES = {
    "gitleaks": (".gitleaks.toml", "gitleaks.toml", ".gitleaksignore"),
    "betterleaks": (".betterleaks.toml", "betterleaks.toml", ".betterleaksignore"),
    "detect-secrets": (".secrets.baseline",),
    "trufflehog": (".trufflehog-exclude-paths.txt", ".trufflehog-exclude.txt", "trufflehog-exclude-paths.txt", "trufflehog-exclude.txt", ".trufflehogignore", ".trufflehog.json", "trufflehog.json"),
    "kingfisher": ("kingfisher-baseline.yml", "kingfisher-baseline.yaml", ".kingfisher-baseline.yml", ".kingfisher-baseline.yaml", "baseline-file.yml", "baseline-file.yaml"),
    "ggshield": (".gitguardian.yaml", ".gitguardian.yml"),
}  # fmt: skip
_JOBS = (".gitlab-ci.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", "Jenkinsfile", ".circleci/config.yml")


class Settings(NamedTuple):
    """What reading needs to know: the project's folder, the rules' ids, the address of the repository's origin, and the baseline to be written."""

    root: str
    ids: frozenset[str]
    remote: str
    baseline: str


def read(settings: Settings, tool: str | None, named: Sequence[str]) -> Carried:
    """Take over the files named, or those found in the project; ``tool`` None stands for every one.

    Raises UsageError for a file that cannot be read or is none of these, and where there is nothing to read.
    """
    carried = Carried()
    tools = (tool,) if tool else TOOLS
    done = False
    for path in named:
        _named(carried, settings, tool, path)
        done = True
    if not named:
        for each in tools:
            for name in _NAMES[each]:
                done = _found(carried, settings, each, name) or done
        if "trufflehog" in tools:
            done = _jobs(carried, settings) or done
    if not named or any(os.path.basename(path) in HOOKS for path in named):
        before = len(carried.told)
        _hooks(carried, settings, frozenset(tools))
        done = done or len(carried.told) > before
    if not done:
        what = f"of {tool}" if tool else "of " + ", ".join(TOOLS)
        raise UsageError(f"no files {what} were found", where=settings.root, hint="name the file: leaksieve import TOOL FILE")
    return carried


def _found(carried: Carried, settings: Settings, tool: str, name: str) -> bool:
    path = os.path.join(settings.root, name)
    if not _is_here(settings, path):
        return False
    if tool == "kingfisher" and name.startswith("baseline-file") and "fingerprint" not in text_of(path, name):
        return False
    _read_as(carried, settings, tool, path, name)
    return True


def _named(carried: Carried, settings: Settings, tool: str | None, path: str) -> None:
    name = os.path.basename(path)
    if name in HOOKS:
        return
    if not os.path.lexists(path):
        # The first word may have been meant for a scanner's name.
        raise UsageError("no such file", where=path, hint="" if tool else f"the scanners that are known: {', '.join(TOOLS)}")
    guess = tool or next((each for each, names in _NAMES.items() if name in names), None)
    if guess is None:
        guess = _guessed(text_of(path, path))
    if guess is None:
        raise UsageError("cannot be told to be any scanner's", where=path, hint="say which: leaksieve import TOOL FILE")
    _read_as(carried, settings, guess, path, os.path.relpath(path, settings.root))


def _guessed(text: str) -> str | None:
    """The tool whose file this looks like."""
    signs = {
        '"hashed_secret"': "detect-secrets",
        '"plugins_used"': "detect-secrets",
        '"SourceMetadata"': "trufflehog",
        '"RuleID"': "gitleaks",
        '"rule_hash"': "betterleaks",
        "ExactFindings:": "kingfisher",
        "fingerprint_algorithm: kingfisher": "kingfisher",
        "[[rules]]": "gitleaks",
        "[allowlist]": "gitleaks",
        "[[allowlists]]": "gitleaks",
        "ignored_matches:": "ggshield",
        "ignored_paths:": "ggshield",
        "matches-ignore:": "ggshield",
        "paths-ignore:": "ggshield",
    }
    return next((tool for sign, tool in signs.items() if sign in text), None)


def _read_as(carried: Carried, settings: Settings, tool: str, path: str, shown: str) -> None:
    text = text_of(path, shown)
    readers: dict[str, Callable[[Carried, Settings, str, str], None]] = {
        "gitleaks": _gitleaks,
        "betterleaks": _gitleaks,
        "detect-secrets": _detect_secrets,
        "trufflehog": _trufflehog,
        "kingfisher": _kingfisher,
        "ggshield": _ggshield,
    }
    readers[tool](carried, settings, text, shown)


def _gitleaks(carried: Carried, settings: Settings, text: str, shown: str) -> None:
    from leaksieve.moving.gitleaks import read_config, read_ignore, read_report

    if shown.endswith(".toml"):
        read_config(carried, text, shown, shown, settings.ids)
    elif text.lstrip().startswith(("[", "{")):
        found = _json(text, shown)
        found = found.get("findings") if isinstance(found, dict) else found
        read_report(carried, found if isinstance(found, list) else [], shown)
    else:
        read_ignore(carried, text, shown)


def _detect_secrets(carried: Carried, settings: Settings, text: str, shown: str) -> None:
    from leaksieve.moving.detect_secrets import read_baseline

    data = _json(text, shown)
    if not isinstance(data, dict) or "results" not in data:
        raise UsageError("is no baseline of detect-secrets: it has no results", where=shown)
    read_baseline(carried, data, text, shown, settings.root)


def _trufflehog(carried: Carried, settings: Settings, text: str, shown: str) -> None:
    from leaksieve.moving.trufflehog import read_findings, read_job, read_paths

    if text.lstrip().startswith(("{", "[")):
        read_findings(carried, _lines_of_json(text, shown), shown)
    elif shown.endswith((".yml", ".yaml")):
        for name in read_job(carried, text, shown):
            _list_of_paths(carried, settings, name)
    else:
        read_paths(carried, text, shown)


def _kingfisher(carried: Carried, settings: Settings, text: str, shown: str) -> None:
    from leaksieve.moving.kingfisher import read_baseline

    read_baseline(carried, _yaml(text, shown), text, shown, settings.remote)


def _ggshield(carried: Carried, settings: Settings, text: str, shown: str) -> None:
    from leaksieve.moving.ggshield import read_config

    read_config(carried, _yaml(text, shown), text, shown, settings.ids)


def _jobs(carried: Carried, settings: Settings) -> bool:
    """CI jobs that call TruffleHog, and the files they name."""
    from leaksieve.moving.trufflehog import read_job

    folder = os.path.join(settings.root, ".github", "workflows")
    workflows = sorted(f".github/workflows/{name}" for name in os.listdir(folder) if name.endswith((".yml", ".yaml"))) if os.path.isdir(folder) else []
    done = False
    for name in (*workflows, *_JOBS):
        path = os.path.join(settings.root, name)
        if not _is_here(settings, path):
            continue
        before = len(carried.advice)
        files = read_job(carried, text_of(path, name), name)
        done = done or len(carried.advice) > before
        for each in files:
            if each not in _NAMES["trufflehog"]:
                _list_of_paths(carried, settings, each)
    return done


def _list_of_paths(carried: Carried, settings: Settings, name: str) -> None:
    from leaksieve.moving.trufflehog import read_paths

    path = os.path.normpath(os.path.join(settings.root, name))
    if _is_here(settings, path):
        read_paths(carried, text_of(path, name), os.path.normpath(name))
    else:
        carried.lost(name, 0, "paths to leave out", "there is no such file here")


def _hooks(carried: Carried, settings: Settings, tools: frozenset[str]) -> None:
    from leaksieve.moving.precommit import read_hooks

    for name in HOOKS:
        path = os.path.join(settings.root, name)
        if _is_here(settings, path):
            read_hooks(carried, text_of(path, name), name, tools, settings.baseline)


def _is_here(settings: Settings, path: str) -> bool:
    """Whether there is such a file in the project; a link that leads out of it is nobody's wish."""
    return os.path.isfile(path) and os.path.realpath(path).startswith(os.path.realpath(settings.root) + os.sep)


def text_of(path: str, shown: str) -> str:
    """Return a file's text, whatever bytes are in it.  Raises UsageError."""
    try:
        data = read_regular(os.fsencode(path), MAX_BYTES)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=shown) from None
    return data.decode("utf-8-sig", "surrogateescape")


def _json(text: str, shown: str) -> Any:
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("is no JSON", where=shown) from None


def _lines_of_json(text: str, shown: str) -> list[tuple[int, Any]]:
    """JSON on each line, or one list of all."""
    if text.lstrip().startswith("["):
        found = _json(text, shown)
        return [(0, one) for one in found] if isinstance(found, list) else []
    return [(number, _json(line, f"{shown}:{number}")) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _yaml(text: str, shown: str) -> dict[str, Any]:
    import yaml

    # References can make a small file endless; none of these files needs one.
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise UsageError("refers to parts of itself (YAML aliases), which is not read", where=shown)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        raise UsageError("is no YAML", where=shown) from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UsageError("is no table of settings", where=shown)
    return data
