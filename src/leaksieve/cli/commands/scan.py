"""``leaksieve scan``: whatever the target is."""

from __future__ import annotations

import click

from leaksieve.cli.options import common
from leaksieve.cli.request import Options
from leaksieve.errors import UsageError


@click.command("scan", help="Scan directories, files, images and repositories with their history, and say what each was taken for.")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--tree", is_flag=True, help="Scan the working tree alone.")
@click.option("--history", is_flag=True, help="Scan the history alone.")
@common(ignore_files=True)
def command(options: Options, targets: tuple[str, ...], tree: bool, history: bool) -> int:
    """Classify the targets, say so, scan them."""
    if tree and history:
        raise UsageError("--tree and --history exclude each other", hint="without both, the tree and the history are scanned")
    from leaksieve.cli.remote import remote_of

    remotes = [url for target in targets if (url := remote_of(target)) is not None]
    if remotes:
        from leaksieve.cli.remote import scan_remote

        if len(targets) > 1 or tree:
            raise UsageError("a URL is scanned by itself, and has a history but no tree" if tree else "a URL is scanned by itself", where=remotes[0].shown)
        return scan_remote(options, remotes[0])
    from leaksieve.cli.images import is_image

    images = [target for target in targets if is_image(target)]
    if images:
        from leaksieve.cli.images import scan_images

        if len(images) < len(targets) or tree or history:
            raise UsageError("images are scanned by themselves, and have neither a tree nor a history", where=images[0])
        return scan_images(options, images, classify=True)
    from leaksieve.cli.trees import scan_trees

    return scan_trees(options, targets, classify=True, trees=not history, histories=not tree)
