"""Detection on labelled real files, scored by a scorer that is given, not part of this project."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from typing import Any

from benchmarks import figures
from benchmarks.measure import say
from benchmarks.session import Section, Session, Unavailable, folder_from

LABELS = "LEAKSIEVE_BENCH_LABELS"
SCORER = "LEAKSIEVE_BENCH_SCORER"
ARCHIVE = "creddata-dev.tgz"
SUBSETS = ("all", "structured", "generic", "no_uuid")
# The shipped default first: the figure that counts.
CONFIDENCES = ("medium", "low", "high")
_REPOSITORY = re.compile(r"dev/(?:data|meta)/([0-9a-f]{8})(?:/|\.csv$)")


def is_locked(repository: str) -> bool:
    """Whether a repository (its id in hexadecimal) is kept for measuring: nobody reads it or tunes on it."""
    return int(repository, 16) % 4 == 0


def wanted(member: str, *, locked: bool) -> bool:
    """Whether a member of the archive belongs to the open (or to the locked) part."""
    found = _REPOSITORY.match(member)
    return found is not None and is_locked(found.group(1)) == locked


def unpack(archive: str, target: str, *, locked: bool) -> str:
    """Unpack one part, and nothing of the other; the folder that holds its ``data`` and ``meta``."""
    with tarfile.open(archive) as tar:
        for member in tar:
            if wanted(member.name, locked=locked):
                tar.extract(member, target, filter="data")
    return os.path.join(target, "dev")


def bench(session: Session) -> list[Section]:
    """The scores of the open part at every confidence; with ``--locked`` those of the locked part too."""
    archive = os.path.join(folder_from(LABELS, f"the folder that holds {ARCHIVE}"), ARCHIVE)
    if not os.path.exists(archive):
        raise Unavailable(f"{archive} does not exist")
    scorer = folder_from(SCORER, "the scorer's program")
    sections = []
    for locked in (False, True) if session.locked else (False,):
        name = "locked" if locked else "open"
        root = unpack(archive, session.folder(f"labels-{name}"), locked=locked)
        count = len(os.listdir(os.path.join(root, "meta")))
        rows: list[tuple[str, ...]] = []
        data = {}
        for confidence in CONFIDENCES:
            say(f"Labels: {name} part, confidence {confidence}")
            score = _score(session, scorer, root, confidence)
            data[confidence] = score
            rows += _rows(confidence, score)
        title = f"Labels: {name} part, {count} repositories"
        heads = ("confidence", "labels", "T", "found", "F hit", "X hit", "precision", "recall", "F1", "findings", "unlabelled")
        sections.append(Section(title, figures.table(heads, rows), data))
        if not locked:
            sections.append(Section(f"{title}, by category, confidence {CONFIDENCES[0]}", _categories(data[CONFIDENCES[0]]), {}))
    return sections


def _score(session: Session, scorer: str, root: str, confidence: str) -> dict[str, Any]:
    report = os.path.join(root, "report.sarif")
    options = () if confidence == CONFIDENCES[0] else ("--confidence", confidence)
    done = session.call("dir", "data", *options, "-f", "sarif", "-o", report, "--exit-zero", cwd=root)
    if done.returncode != 0:
        raise Unavailable(f"leaksieve exits {done.returncode}: {done.stderr.strip()[-300:]}")
    out = os.path.join(root, "score.json")
    call = [sys.executable, scorer, "--root", root, report, "--name", confidence, "--columns", "--by-category", "--json", out]
    scored = subprocess.run(call, capture_output=True, text=True, check=False)
    if scored.returncode != 0:
        raise Unavailable(f"the scorer exits {scored.returncode}: {scored.stderr.strip()[-300:]}")
    say(scored.stdout)
    with open(out, encoding="utf-8") as file:
        found: dict[str, Any] = json.load(file)
    return dict(found[confidence])


def _rows(confidence: str, score: dict[str, Any]) -> list[tuple[str, ...]]:
    findings = score["findings"]
    rows = []
    for subset in SUBSETS:
        part = score[subset]
        last = (str(findings.get("findings", 0)), str(findings.get("on_unlabelled", 0))) if subset == "all" else ("", "")
        rows.append((confidence, subset, *_cells(part), *last))
    return rows


def _cells(part: dict[str, Any]) -> tuple[str, ...]:
    return (*(str(part[key]) for key in ("T", "TP", "FP", "FP_X")), *(figures.number(part[key], 3) for key in ("precision_FX", "recall", "f1_FX")))


def _categories(score: dict[str, Any]) -> str:
    rows = [(name, *_cells(part)) for name, part in sorted(score["cat"].items(), key=lambda item: -item[1]["T"]) if part["T"]]
    return figures.table(("category", "T", "found", "F hit", "X hit", "precision", "recall", "F1"), rows)
