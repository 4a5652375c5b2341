"""``leaksieve rules lock``: ties the configuration to the ruleset in use."""

from __future__ import annotations

import os

import click

from leaksieve.cli.talk import answer, harmless

_ABOUT = """Write the hash of the ruleset in use into the configuration file (by default the current repository's; a new leaksieve.toml if there is none).
A scan with other rules is exit 2 then. The rest of the file stays as it is."""


@click.command("lock", help=_ABOUT)
@click.option("-c", "--config", "path", metavar="FILE", help="Configuration file, in place of the repository's own.")
@click.option("--rules", "extra", multiple=True, metavar="PATH", help="Further rule file or folder that scans are given with --rules.")
def command(path: str | None, extra: tuple[str, ...]) -> int:
    """Lock, and say to what."""
    from leaksieve import __version__
    from leaksieve.cli.places import project_root
    from leaksieve.config import discover
    from leaksieve.config.lock import value
    from leaksieve.ruleset import load

    root = project_root(".")
    found = discover.load(path) if path is not None else discover.discover(root, trusted=True)
    ruleset = load((*found.config.rules, *map(os.path.abspath, extra)))
    lock = value(ruleset.hash, __version__)
    target = found.path or os.path.join(root, discover.NAMES[0])
    changed = _write(target, lock)
    answer(harmless(f"{target}: {'locked' if changed else 'is locked already'} to sha256:{ruleset.hash} ({len(ruleset):,} rules, leaksieve {__version__})"))
    return 0


def _write(path: str, lock: str) -> bool:
    """Put the lock into the file, whole or not at all; whether that changed anything."""
    from leaksieve.config.discover import PYPROJECT, PYPROJECT_TABLE, shown
    from leaksieve.config.lock import written
    from leaksieve.errors import UsageError

    table = PYPROJECT_TABLE if os.path.basename(path) == PYPROJECT else ()
    # The file itself, where its name is a link.
    path = os.path.realpath(path)
    try:
        before = b""
        if os.path.exists(path):
            with open(path, "rb") as file:
                before = file.read()
        text = before.decode("utf-8")
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        after = (mark + written(text.removeprefix(mark), lock, table, shown(path))).encode()
        if after == before:
            return False
        fresh = f"{path}.{os.getpid()}.tmp"
        try:
            with open(fresh, "xb") as file:
                if before:
                    os.chmod(fresh, os.stat(path).st_mode & 0o7777)
                file.write(after)
            os.replace(fresh, path)
        finally:
            if os.path.lexists(fresh):
                os.unlink(fresh)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=shown(path)) from None
    return True
