"""``leaksieve image``: container images."""

from __future__ import annotations

import click

from leaksieve.cli.options import common
from leaksieve.cli.request import Options


@click.command("image", help="Scan container images: every layer, deleted files, configuration and history.")
@click.argument("references", nargs=-1, required=True, metavar="REF...")
@click.option(
    "--platform",
    metavar="OS/ARCH",
    default="",
    help="Of images for several platforms, scan this one, or all.  [default: all that are there; of a registry's, this machine's]",
)
@click.option("--own-layers", is_flag=True, help="Leave out what stands in layers of the base image alone.")
@click.option("--plain-http", is_flag=True, help="Reach registries in the clear, logins included.")
@click.option(
    "--registry-mirror",
    "mirrors",
    multiple=True,
    metavar="[REGISTRY=]URL",
    help="Ask this one before the registry (Docker Hub, where none is named); repeatable.",
)
@click.option("--registry-ca", "ca_file", metavar="FILE", help="Authorities to trust besides the system's when registries show their certificates.")
@common()
def command(
    options: Options, references: tuple[str, ...], platform: str, own_layers: bool, plain_http: bool, mirrors: tuple[str, ...], ca_file: str | None
) -> int:
    """Scan what each reference leads to."""
    from leaksieve.cli.images import scan_images
    from leaksieve.cli.registries import Reaching

    return scan_images(options, references, platform=platform, own_layers=own_layers, reaching=Reaching(plain_http, mirrors, ca_file))
