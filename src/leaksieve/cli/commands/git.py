"""``leaksieve git``: a repository's history, or what is staged in it."""

from __future__ import annotations

from typing import Any

import click

from leaksieve.cli.options import common
from leaksieve.cli.request import Options
from leaksieve.errors import UsageError

_LATER = {
    "unstaged": "--unstaged",
    "range_": "--range",
    "since_commit": "--since-commit",
    "since": "--since",
    "branch": "--branch",
    "first_parent": "--first-parent",
    "reachable_only": "--reachable-only",
}


@click.command("git", help="Scan a repository's whole history, or what is staged in it.")
@click.argument("repo", required=False, metavar="[REPO]")
@click.option("--staged", is_flag=True, help="Scan what is staged.")
@click.option("--unstaged", is_flag=True, help="Scan changes that are not staged (comes later).")
@click.option("--range", "range_", metavar="A..B", help="Scan these commits (comes later).")
@click.option("--since-commit", metavar="REV", help="Scan what came after a commit (comes later).")
@click.option("--since", metavar="DATE", help="Scan what came after a date (comes later).")
@click.option("--branch", multiple=True, metavar="REF", help="Scan one branch (comes later).")
@click.option("--first-parent", is_flag=True, help="Follow first parents alone (comes later).")
@click.option("--reachable-only", is_flag=True, help="Leave out unreachable objects (comes later).")
@click.option("--no-attribution", is_flag=True, help="Do not look for commits and authors.")
@click.option("--no-names", is_flag=True, help="Do not scan names of files.")
@common()
def command(options: Options, repo: str | None, staged: bool, no_attribution: bool, no_names: bool, **later: Any) -> int:
    """Scan the history, or the index."""
    for name, option in _LATER.items():
        if later[name]:
            raise UsageError("comes with a later version", where=f"leaksieve git {option}", hint="the whole history and --staged work now")
    if staged:
        if no_attribution or no_names:
            raise UsageError("what is staged has neither commits nor authors yet", where="--no-attribution" if no_attribution else "--no-names")
        from leaksieve.cli.gate import scan_staged

        return scan_staged(options, repo)
    from leaksieve.cli.history import View, scan_history

    return scan_history(options, repo, View(attribution=not no_attribution, names=not no_names))
