"""Putting result tables into the benchmarks' README."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).with_name("README.md")


def update(path: Path, name: str, text: str) -> None:
    """Replace what stands between the markers of a benchmark; ValueError where they are missing."""
    old = path.read_text(encoding="utf-8")
    begin, end = f"<!-- table:{name} -->", f"<!-- /table:{name} -->"
    pattern = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.DOTALL)
    new, count = pattern.subn(lambda _: f"{begin}\n\n{text}\n\n{end}", old)
    if count != 1:
        raise ValueError(f"{path} must hold {begin} and {end} once, not {count} times")
    path.write_text(new, encoding="utf-8", newline="\n")
