"""``leaksieve stdin``: what is piped in."""

from __future__ import annotations

import click

from leaksieve.cli.options import common
from leaksieve.cli.request import Options


@click.command("stdin", help="Scan what is piped in.")
@click.option("--stdin-path", metavar="NAME", default="<stdin>", help="Path to report it under.  [default: <stdin>]")
@common()
def command(options: Options, stdin_path: str) -> int:
    """Scan standard input as one file."""
    from leaksieve.cli.trees import scan_stdin

    return scan_stdin(options, stdin_path)
