"""``leaksieve allow``: accepts a finding by its fingerprint, in the configuration."""

from __future__ import annotations

import click

from leaksieve.cli.talk import Talk
from leaksieve.errors import ExitCode, UsageError

_ABOUT = """Accept findings by their fingerprints (reports name them), with a reason: adds an [[allow]] entry to the end of the
configuration file and leaves the rest of it as it is. The file is the one --config names, else that of the project the
current directory belongs to, else a new leaksieve.toml at its root. An entry is bound to the value: another value in the same place is a new finding."""


@click.command("allow", help=_ABOUT)
@click.argument("fingerprints", nargs=-1, required=True, metavar="FINGERPRINT...")
@click.option("--reason", required=True, metavar="TEXT", help="Why this is accepted; written down, so no secret belongs in it.")
@click.option("--owner", metavar="NAME", help="Who answers for it.")
@click.option("--expires", metavar="DAY", help="Last day it holds (2027-01-31), or for how many days from now (90d).  [default: no end]")
@click.option("-c", "--config", metavar="FILE", help="Configuration file to write to.")
def command(fingerprints: tuple[str, ...], reason: str, owner: str | None, expires: str | None, config: str | None) -> int:
    """Add one entry for what is not accepted yet."""
    from leaksieve.cli.accepting import add, brief, holding, last_day, place_for, worded
    from leaksieve.cli.places import project_root
    from leaksieve.config import AllowEntry
    from leaksieve.config.accept import is_fingerprint

    for each in fingerprints:
        if not is_fingerprint(each):
            raise UsageError(
                f"{each!a} is no fingerprint" if len(each) <= 80 else "is no fingerprint", where="leaksieve allow", hint="reports name it: ls1-... or ls1w-..."
            )
    place = place_for(project_root("."), config)
    talk = Talk.current()
    fresh = []
    for each in dict.fromkeys(fingerprints):
        held = holding(place, each)
        if held is None:
            fresh.append(each)
        else:
            talk.note(f"{each} is accepted already: {held.text()}")
    if fresh:
        entry = AllowEntry(
            worded(reason, "--reason"),
            fingerprints=tuple(fresh),
            owner=worded(owner, "--owner") if owner is not None else "",
            expires=last_day(expires) if expires is not None else "",
        )
        add(place, [(entry, ())])
        talk.note(f"{brief(place.path)}: accepts {', '.join(fresh)}; {entry.text()}")
    return ExitCode.CLEAN
