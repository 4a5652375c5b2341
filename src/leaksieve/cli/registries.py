"""Images by name: in a daemon of this machine, or in a registry."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from leaksieve.errors import UsageError

if TYPE_CHECKING:
    from leaksieve.oci.provider import Provider
    from leaksieve.registry.settings import Reach

# A name like this one was meant to be a file's.
_FILE = re.compile(r"\.(?:tar|tgz|tar\.[a-z0-9]+)$")


class Reaching(NamedTuple):
    """What the command line says of registries: in the clear or not, mirrors, the file with authorities to trust."""

    plain_http: bool = False
    mirrors: tuple[str, ...] = ()
    ca_file: str | None = None


def registry_provider(text: str, reaching: Reaching, platform: str, shown: str) -> Provider:
    """Return the image of a registry.  Raises UsageError and SourceError."""
    from leaksieve.registry.name import parse_name
    from leaksieve.registry.open import open_registry

    return open_registry(parse_name(text, shown), _reach(reaching), os.environ, platform=platform)


def daemon_provider(name: str, shown: str) -> Provider:
    """Return the image of a daemon.  Raises UsageError."""
    from leaksieve.daemon.places import daemons
    from leaksieve.daemon.provider import DaemonProvider

    if not name.isascii() or not name.isprintable() or " " in name:
        raise UsageError("is not the name of an image", where=shown)
    return DaemonProvider(name, daemons(os.environ), shown)


def named_provider(name: str, reaching: Reaching, platform: str) -> Provider:
    """Return what a bare name means: an image that a daemon here has, else one in a registry; says which.  Raises UsageError and SourceError."""
    from leaksieve.cli.talk import Talk
    from leaksieve.registry.name import parse_name

    if _FILE.search(name) and "@" not in name:
        raise UsageError("no such file", where=name, hint="an image of that name in a registry is written registry:...")
    parsed = parse_name(name)
    talk = Talk.current()
    from leaksieve.daemon.client import DaemonError, has
    from leaksieve.daemon.places import daemons
    from leaksieve.daemon.provider import DaemonProvider

    try:
        for daemon in daemons(os.environ):
            try:
                if has(daemon, name):
                    talk.note(f"{name} is taken for daemon:{name}, at {daemon.shown}")
                    return DaemonProvider(name, [daemon], name)
            except DaemonError as error:
                talk.detail(f"{daemon.shown} was not asked for {name}: {error.text}")
    except UsageError as error:
        talk.note(f"no daemon was asked for {name}: {error}")
    talk.note(f"nothing here is called {name}; it is taken for registry:{parsed.shown}")
    return registry_provider(name, reaching, platform, name)


def _reach(reaching: Reaching) -> Reach:
    from urllib.request import getproxies_environment

    from leaksieve.registry.settings import Reach, parse_mirror

    if reaching.ca_file is not None and not os.path.isfile(reaching.ca_file):
        raise UsageError("no such file", where="--registry-ca")
    return Reach(reaching.plain_http, tuple(parse_mirror(text) for text in reaching.mirrors), reaching.ca_file, getproxies_environment())
