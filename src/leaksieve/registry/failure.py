"""What can go wrong on the way to a registry, in words that hold nothing of the request."""

from __future__ import annotations

import re
from typing import Final

from leaksieve.net.failure import chain, cut_off, unknown, untrusted

# Statuses that pass by themselves.
PASSING: Final = frozenset({429, 500, 502, 503, 504})
_CODE: Final = re.compile(r"[A-Z][A-Z_]{2,40}")


class WebError(Exception):
    """``reason`` is the skip's code, the text a phrase for a person; ``passing`` says that trying again may help, after ``asked`` seconds."""

    def __init__(self, reason: str, detail: str, *, hint: str = "", passing: bool = False, asked: float = 0.0, absent: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.hint = hint
        self.passing = passing
        self.asked = asked
        self.absent = absent

    @property
    def line(self) -> str:
        """What happened and what to do."""
        return f"{self.detail}; {self.hint}" if self.hint else self.detail


def broken() -> tuple[type[Exception], ...]:
    """What a client's errors are; anything else is a mistake of ours, and no matter of the network."""
    from http.client import HTTPException

    from urllib3.exceptions import HTTPError

    return HTTPError, HTTPException, OSError, ValueError


def explained(error: Exception, host: str) -> WebError:
    """What went wrong, from the kind of the error alone: its text may hold an address with a signature in it."""
    import socket
    import ssl

    from urllib3 import exceptions as kinds

    links = chain(error)
    for each in links:
        if isinstance(each, ssl.SSLCertVerificationError):
            return WebError("tls", untrusted(host, each), hint="name your own authority with --registry-ca")
        if isinstance(each, socket.gaierror):
            return WebError("connection", unknown(host), hint="check the name and the network", passing=each.errno == socket.EAI_AGAIN)
    for each in links:
        if isinstance(each, ssl.SSLError):
            wrong = "WRONG_VERSION_NUMBER" in str(each.reason) or "HTTP_REQUEST" in str(each.reason) or "RECORD_LAYER" in str(each.reason)
            if wrong:
                return WebError("tls", f"{host} does not speak TLS", hint="if it is meant to be reached in the clear, add --plain-http")
            return WebError("tls", f"the TLS handshake with {host} failed")
        if isinstance(each, kinds.ProxyError):
            return WebError("proxy", f"the proxy does not let it through to {host}", hint="check the proxy in the environment", passing=True)
        # The client counts a connection that was refused among those that took too long.
        if isinstance(each, kinds.TimeoutError | TimeoutError) and not isinstance(each, kinds.NewConnectionError):
            return WebError("timeout", f"{host} does not answer in time", hint="check the network", passing=True)
    if any(isinstance(each, kinds.LocationParseError | ValueError) for each in links) and not any(isinstance(each, OSError) for each in links):
        return WebError("malformed", f"{host} answers with something that is no HTTP", passing=True)
    why = next((each.strerror for each in links if isinstance(each, OSError) and each.strerror), "it was cut")
    return WebError("connection", cut_off(host, why.lower()), hint="check the network", passing=True)


def refusal(status: int, body: bytes, what: str, host: str) -> WebError:
    """Say what a status other than success means; ``what`` was asked for."""
    code = _code(body)
    said = f" ({code})" if code else ""
    if status == 404:
        return WebError("missing-blob", f"{host} has no such {what}{said}", absent=True)
    if status in (401, 403):
        return WebError("denied", f"{host} does not give it out{said}", hint="it may not exist, or needs another login")
    if status == 429:
        return WebError("rate-limited", f"{host} takes no more requests for now", hint="try again later, or log in", passing=True)
    return WebError("unreadable", f"{host} answers with status {status}{said}", passing=status in PASSING)


def _code(body: bytes) -> str:
    """The code a registry gives: one word, which can hold nothing of ours."""
    import json

    try:
        errors = json.loads(body)["errors"]
        code = errors[0]["code"]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return ""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
