"""What a login comes to, whatever the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from leaksieve.model import EMPTY
from leaksieve.verifiers.base import Failed


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


def no_tls() -> Failed:
    """The URL wants TLS and the server has none: nothing is sent without it."""
    return Failed("tls", "the server offers no TLS")


def not_encrypted() -> Failed:
    """The server wants to see the password itself where others could see it too."""
    return Failed("tls", "the server wants the password itself, over a connection that is not encrypted")


def not_asked() -> Failed:
    """The server lets in whoever comes, so it says nothing of the password."""
    return Failed("no-difference", "the server does not ask for the password")


def refused_otherwise(code: int) -> Failed:
    """The server refuses with its code for a wrong password, and gives another reason."""
    return Failed("unexpected", f"{code}, for another reason than user and password")


def other_login() -> Failed:
    """None of the kinds of login that the server takes is spoken here."""
    return Failed("unexpected", "the server asks for a kind of login that is not known here")
