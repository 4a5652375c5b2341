"""Medians and ratios, and the Markdown tables that show them."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from benchmarks.measure import Measured

MEGABYTE = 1_000_000


class Figures(NamedTuple):
    """Medians of one command: seconds and bytes (None where nothing was measured).

    ``ratio`` is the reference's median wall time over this one's, ``paired`` the median of the
    ratios within each round; under 1 the reference is faster.
    """

    wall: float | None
    cpu: float | None
    anonymous: float | None
    file_backed: float | None
    resident: float | None
    ratio: float | None
    paired: float | None


def figures(measured: Measured, reference: Measured) -> Figures:
    """The figures of a command beside those of the reference."""
    runs = measured.runs
    if not runs:
        return Figures(None, None, None, None, None, None, None)
    wall = median(one.wall for one in runs)
    ratio = paired = None
    if reference.runs:
        ratio = median(one.wall for one in reference.runs) / wall
        paired = median(ours.wall / theirs.wall for ours, theirs in zip(reference.runs, runs, strict=True))
    memory = measured.memory
    return Figures(
        wall,
        median(one.cpu for one in runs),
        median(one.anonymous for one in memory) if memory else None,
        median(one.file_backed for one in memory) if memory else None,
        median(one.resident for one in memory) if memory else median(one.rss for one in runs),
        ratio,
        paired,
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "|".join("---" for _ in heads) + "|"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


HEADS = ("tool", "wall s", "CPU s", "anonymous MB", "file-backed MB", "resident MB", "exit", "leaksieve / it", "pair by pair", "command")


def compared(all_measured: Sequence[Measured], reference: str = "leaksieve") -> str:
    """The table of a comparison: one row per command, void ones named as such."""
    by_name = {measured.command.name: measured for measured in all_measured}
    rows = []
    for measured in all_measured:
        command = f"`{measured.command.shown}`"
        if measured.void:
            rows.append((measured.command.name, f"void ({measured.void})", *[""] * (len(HEADS) - 3), command))
            continue
        one = figures(measured, by_name[reference])
        exits = ", ".join(str(code) for code in sorted({run.exit for run in measured.runs}))
        same = measured.command.name == reference
        rows.append(
            (
                measured.command.name,
                number(one.wall, 3),
                number(one.cpu, 3),
                *(number(size / MEGABYTE if size is not None else None, 1) for size in (one.anonymous, one.file_backed, one.resident)),
                exits,
                "" if same else number(one.ratio, 2),
                "" if same else number(one.paired, 2),
                command,
            )
        )
    return table(HEADS, rows)


def number(value: float | None, digits: int) -> str:
    """A figure, or a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def raw(all_measured: Sequence[Measured]) -> list[dict[str, object]]:
    """Every single run, for ``--json``."""
    return [
        {
            "tool": measured.command.name,
            "command": measured.command.shown,
            "void": measured.void or None,
            "runs": [{"wall": one.wall, "cpu": one.cpu, "rss": one.rss, "exit": one.exit} for one in measured.runs],
            "memory": [one._asdict() for one in measured.memory],
        }
        for measured in all_measured
    ]
