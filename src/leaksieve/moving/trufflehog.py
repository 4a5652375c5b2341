"""TruffleHog: findings it reported as JSON, files of paths to leave out, and what a CI job passes to it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

from leaksieve.moving.carried import CARRIED, Carried, Known
from leaksieve.moving.path_regex import gitignore

_CALL = re.compile(r"trufflesecurity/trufflehog|\btrufflehog\b")
_EXTRA = re.compile(r"^\s*(?:extra_args|args)\s*:\s*(.+?)\s*$")
_RUN = re.compile(r"\btrufflehog\s+(?:git|filesystem|github|gitlab|docker|s3|gcs)\b(.*)$")
_VALUE = {
    "-x",
    "--exclude-paths",
    "-i",
    "--include-paths",
    "--exclude-detectors",
    "--include-detectors",
    "--results",
    "--exclude-globs",
    "--since-commit",
    "--branch",
    "--config",
}


def read_findings(carried: Carried, found: list[tuple[int, Any]], where: str) -> None:
    """Take over findings, with the line of the file each stands on."""
    for line, one in found:
        if not isinstance(one, dict) or "SourceMetadata" not in one:
            if isinstance(one, dict) and not {"DetectorName", "Raw"} & set(one):
                continue  # a line of its log
            carried.lost(where, line, "a finding", "it does not say where it was")
            continue
        metadata = one.get("SourceMetadata")
        inner = metadata.get("Data") if isinstance(metadata, dict) else None
        place = next((each for each in inner.values() if isinstance(each, dict)), {}) if isinstance(inner, dict) else {}
        raw = one.get("Raw")
        number = place.get("line")
        carried.known.append(
            Known(
                where,
                line,
                path=str(place.get("file") or ""),
                at=number if isinstance(number, int) else 0,
                commit=str(place.get("commit") or ""),
                value=raw if isinstance(raw, str) else "",
            )
        )


def read_paths(carried: Carried, text: str, where: str) -> None:
    """Take over a file of regular expressions over paths, one on a line."""
    for number, raw in enumerate(text.splitlines(), 1):
        source = raw.strip()
        if not source or source.startswith("#"):
            continue
        made = gitignore(source)
        if made is None:
            carried.lost(where, number, f"path {source}", "no gitignore pattern means the same; write one by hand under `exclude`")
        else:
            carried.exclude += made
            carried.tell(where, number, f"path {source}", CARRIED, f"exclude {' '.join(made)}")


def read_job(carried: Carried, text: str, where: str) -> list[str]:
    """Say what a CI job's call becomes; return the files of paths it names."""
    files: list[str] = []
    found = False
    for number, line in enumerate(text.splitlines(), 1):
        if _CALL.search(line) and not line.lstrip().startswith("#"):
            found = True
        words = (_EXTRA.match(line) if found else None) or _RUN.search(line)
        if words:
            files += _arguments(carried, words[1], where, number)
    if found:
        carried.advice.append(
            f"{where}: in place of TruffleHog's step: `pip install leaksieve`, then `leaksieve ci` (with the whole history fetched); see docs/ci.md"
        )
    return files


def _arguments(carried: Carried, text: str, where: str, line: int) -> list[str]:
    files = []
    for name, value in _options(text):
        if name in ("-x", "--exclude-paths"):
            files.append(value)
        elif name == "--only-verified" or (name == "--results" and "unverified" not in value):
            carried.lost(
                where,
                line,
                f"{name} {value}".strip(),
                "leaksieve asks no provider unless told to: `--verify --fail-on-verified` fails for live credentials alone; without it every finding counts",
            )
        elif name in ("-i", "--include-paths"):
            carried.lost(where, line, f"{name} {value}", "name the paths on the command line instead: leaksieve dir PATH...")
        elif name == "--exclude-detectors":
            carried.lost(where, line, f"{name} {value}", "`--disable RULE` does that; `leaksieve rules list` names the rules")
        elif name == "--exclude-globs":
            carried.exclude += [each for each in value.split(",") if each]
            carried.tell(where, line, f"{name} {value}", CARRIED, f"exclude {value.replace(',', ' ')}")
        elif name == "--config":
            carried.lost(where, line, f"{name} {value}", "detectors of one's own are rules here (docs/writing-rules.md)")
    return files


def _options(text: str) -> Iterator[tuple[str, str]]:
    try:
        words = shlex.split(text.strip().strip("'\""))
    except ValueError:
        words = text.split()
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            continue
        name, equals, value = word.partition("=")
        yield name, value if equals or name not in _VALUE else next(rest, "")
