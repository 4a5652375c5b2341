"""``leaksieve image``: container images."""

from __future__ import annotations

import click

from leaksieve.cli.options import common
from leaksieve.cli.request import Options


@click.command("image", help="Scan container images: every layer, deleted files, configuration and history.")
@click.argument("references", nargs=-1, required=True, metavar="REF...")
@click.option("--platform", metavar="OS/ARCH", default="", help="Of images for several platforms, scan this one, or all.  [default: all that are there]")
@click.option("--own-layers", is_flag=True, help="Leave out what stands in layers of the base image alone.")
@common()
def command(options: Options, references: tuple[str, ...], platform: str, own_layers: bool) -> int:
    """Scan what each reference leads to."""
    from leaksieve.cli.images import scan_images

    return scan_images(options, references, platform=platform, own_layers=own_layers)
