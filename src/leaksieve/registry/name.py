"""Names of images in registries: HOST[:PORT]/NAME[:TAG][@DIGEST], and the short forms that mean Docker Hub."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from leaksieve.errors import UsageError
from leaksieve.net.hub import HUB, HUB_NAMES
from leaksieve.oci.digest import is_digest

_PART: Final = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_REPOSITORY: Final = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_LONGEST: Final = 255


class Name(NamedTuple):
    """An image in a registry.  ``host`` has a port only where one was written; ``digest`` "" where none was, and counts for more than ``tag``."""

    host: str
    repository: str
    tag: str
    digest: str

    @property
    def shown(self) -> str:
        """The whole name, as every client understands it."""
        return f"{self.host}/{self.repository}" + (f"@{self.digest}" if self.digest else f":{self.tag}")

    @property
    def version(self) -> str:
        """What the registry is asked for."""
        return self.digest or self.tag

    def other(self, digest: str) -> str:
        """The name of something else in the same repository."""
        return f"{self.host}/{self.repository}@{digest}"


def parse_name(text: str, where: str = "") -> Name:
    """Take a name apart.  Raises UsageError for what is none."""
    where = where or text
    rest, at, digest = text.partition("@")
    if at and not is_digest(digest):
        # Not repeated: what stands before the @ may be a password.
        if "/" in digest or ":" not in digest:
            raise UsageError(
                "a name of an image has no login in it", where="the reference", hint="log in with docker or podman, or set LEAKSIEVE_REGISTRY_USERNAME"
            )
        raise UsageError("behind the @ there is no digest", where="the reference", hint="write sha256: and 64 hexadecimal digits")
    host, slash, path = rest.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, path = HUB, rest
    host = host.lower()
    repository, colon, tag = path.partition(":")
    if host in HUB_NAMES:
        host = HUB
    if host == HUB and "/" not in repository:
        repository = f"library/{repository}"
    if not _HOST.fullmatch(host) or (_port(host) or 1) > 65535:
        raise UsageError("has no valid host", where=where, hint="write HOST/NAME:TAG")
    if not _REPOSITORY.fullmatch(repository) or len(repository) > _LONGEST:
        what = "must be in lower case" if _REPOSITORY.fullmatch(repository.lower()) else "is not the name of an image"
        raise UsageError(what, where=where, hint="write HOST/NAME:TAG or HOST/NAME@sha256:...")
    if (colon and not tag) or (tag and not _TAG.fullmatch(tag)):
        raise UsageError("has no valid tag", where=where)
    return Name(host, repository, tag or "latest", digest)


def _port(host: str) -> int:
    tail = host.rpartition("]")[2].rpartition(":")[2] if ":" in host.rpartition("]")[2] else ""
    return int(tail) if tail else 0
