"""Labels of a CredData build: which values in which lines are credentials."""

from __future__ import annotations

import csv
import glob
import os
from collections import defaultdict
from typing import NamedTuple


class Label(NamedTuple):
    """One label: ``truth`` is T (a credential), F (none) or X (an example); lines are 1-based, columns 0-based characters, -1 where unknown."""

    truth: str
    first: int
    last: int
    start: int
    end: int
    kinds: frozenset[str]


def read(root: str) -> dict[str, list[Label]]:
    """Labels by path (``data/...``) of the build at ``root``, which holds ``meta/*.csv`` and ``data/``."""
    found: dict[str, list[Label]] = defaultdict(list)
    for name in sorted(glob.glob(os.path.join(root, "meta", "*.csv"))):
        with open(name, encoding="utf-8") as file:
            for row in csv.DictReader(file):
                label = Label(
                    row["GroundTruth"], int(row["LineStart"]), int(row["LineEnd"]), int(row["ValueStart"] or -1), int(row["ValueEnd"] or -1),
                    frozenset(row["Category"].split(":")),
                )  # fmt: skip
                found[row["FilePath"]].append(label)
    return found


def hit(label: Label, line: int, start: int, end: int) -> bool:
    """Whether a value (1-based line, columns in characters) overlaps the label."""
    if not label.first <= line <= label.last:
        return False
    known = label.first == label.last and 0 <= label.start < label.end
    return not known or (start < label.end and label.start < end)
