"""``leaksieve git``: a repository's staged changes (and later its whole history)."""

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
    "no_attribution": "--no-attribution",
    "no_names": "--no-names",
}


@click.command("git", help="Scan what is staged in a repository.")
@click.argument("repo", required=False, metavar="[REPO]")
@click.option("--staged", is_flag=True, help="Scan what is staged.")
@click.option("--unstaged", is_flag=True, help="Scan changes that are not staged (comes later).")
@click.option("--range", "range_", metavar="A..B", help="Scan these commits (comes later).")
@click.option("--since-commit", metavar="REV", help="Scan what came after a commit (comes later).")
@click.option("--since", metavar="DATE", help="Scan what came after a date (comes later).")
@click.option("--branch", multiple=True, metavar="REF", help="Scan one branch (comes later).")
@click.option("--first-parent", is_flag=True, help="Follow first parents alone (comes later).")
@click.option("--reachable-only", is_flag=True, help="Leave out unreachable objects (comes later).")
@click.option("--no-attribution", is_flag=True, help="Do not look for authors (comes later).")
@click.option("--no-names", is_flag=True, help="Do not scan names of files and refs (comes later).")
@common()
def command(options: Options, repo: str | None, staged: bool, **later: Any) -> int:
    """Scan the index."""
    for name, option in _LATER.items():
        if later[name]:
            raise UsageError("comes with a later version", where=f"leaksieve git {option}", hint="--staged works now")
    if not staged:
        raise UsageError("history scanning comes with a later version", where="leaksieve git", hint="--staged works now")
    from leaksieve.cli.gate import scan_staged

    return scan_staged(options, repo)
