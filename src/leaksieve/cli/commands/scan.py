"""``leaksieve scan``: whatever the target is."""

from __future__ import annotations

import click

from leaksieve.cli.options import common
from leaksieve.cli.request import Options
from leaksieve.errors import UsageError


@click.command("scan", help="Scan directories and files, and say what each was taken for.")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--tree", is_flag=True, help="Scan the working tree alone.")
@click.option("--history", is_flag=True, help="Scan the history alone (comes later).")
@common(ignore_files=True)
def command(options: Options, targets: tuple[str, ...], tree: bool, history: bool) -> int:
    """Classify the targets, say so, scan them."""
    if history:
        raise UsageError("history scanning comes with a later version")
    from leaksieve.cli.trees import scan_trees

    return scan_trees(options, targets, classify=True, tree_only=tree)
