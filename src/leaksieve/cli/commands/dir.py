"""``leaksieve dir``: working trees and files."""

from __future__ import annotations

import click

from leaksieve.cli.options import common
from leaksieve.cli.request import Options


@click.command("dir", help="Scan working trees and files.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@common(ignore_files=True)
def command(options: Options, paths: tuple[str, ...]) -> int:
    """Scan the paths as they stand."""
    from leaksieve.cli.trees import scan_trees

    return scan_trees(options, paths, classify=False, histories=False)
