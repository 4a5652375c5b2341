"""What a login comes to, whatever the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from leaksieve.model import EMPTY


class Accepted(NamedTuple):
    """The server took the credential.  ``told`` has keys of TOLD; ``privileged`` says that it may do nearly anything there."""

    told: Mapping[str, object] = EMPTY
    privileged: bool = False


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """The server's own word that this user and password are not right: ``code`` in its protocol, ``detail`` for a person."""

    def __init__(self, code: str, detail: str = "", *, expired: bool = False) -> None:
        self.code = code
        self.detail = detail
        self.expired = expired
        super().__init__(code)
