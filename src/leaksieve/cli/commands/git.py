"""``leaksieve git``: a repository's history or a part of it, what is staged in it, or what is not staged yet."""

from __future__ import annotations

import click

from leaksieve.cli.options import common
from leaksieve.cli.request import Options
from leaksieve.errors import UsageError


@click.command("git", help="Scan a repository's whole history, a part of it, or what is staged.")
@click.argument("repo", required=False, metavar="[REPO|URL]")
@click.option("--staged", is_flag=True, help="Scan what is staged.")
@click.option("--unstaged", is_flag=True, help="Scan changes to tracked files that are not staged.")
@click.option("--range", "range_", metavar="A..B", default="", help="Scan what these commits bring in.")
@click.option("--since-commit", metavar="REV", default="", help="Scan what is reachable now and was not from this commit.")
@click.option("--since", metavar="DATE", default="", help="Scan commits from this date on (YYYY-MM-DD, or RFC 3339).")
@click.option("--branch", metavar="REF", default="", help="Scan what one branch, tag or commit reaches.")
@click.option("--first-parent", is_flag=True, help="Follow first parents alone.")
@click.option("--reachable-only", is_flag=True, help="Leave out what no reference reaches.")
@click.option("--no-attribution", is_flag=True, help="Do not look for commits, authors and paths.")
@click.option("--no-names", is_flag=True, help="Do not scan names of files and references.")
@click.option("--allow-http", is_flag=True, help="Clone over plain http, which anyone on the way can read.")
@common()
def command(
    options: Options,
    repo: str | None,
    staged: bool,
    unstaged: bool,
    range_: str,
    since_commit: str,
    since: str,
    branch: str,
    first_parent: bool,
    reachable_only: bool,
    no_attribution: bool,
    no_names: bool,
    allow_http: bool,
) -> int:
    """Scan the history, a part of it, the index, or the working tree's changes."""
    narrow = (range_, branch, since_commit, since, first_parent, reachable_only)
    if staged or unstaged:
        if staged and unstaged:
            raise UsageError("--staged and --unstaged exclude each other")
        if any(narrow) or no_attribution or no_names:
            raise UsageError("changes that are not committed have neither commits nor authors yet", hint="leave out the options for history")
        if staged:
            from leaksieve.cli.gate import scan_staged

            return scan_staged(options, repo)
        from leaksieve.cli.gate import scan_unstaged

        return scan_unstaged(options, repo)
    from leaksieve.cli.history import Extent, scan_history

    return scan_history(options, repo, Extent(not no_attribution, not no_names, narrow if any(narrow) else None, allow_http))
