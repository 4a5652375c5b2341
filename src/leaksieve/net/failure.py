"""What goes wrong on the way to a server, in words that hold nothing of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl


def printable(text: str) -> str:
    """Return a text from outside, fit for one line."""
    return "".join(char if char.isprintable() else "?" for char in text)[:200]


def chain(error: BaseException) -> list[BaseException]:
    """Return an error and those behind it, the outermost first; clients hide them in different places."""
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        inner: Any = getattr(link, "original_error", None) or getattr(link, "reason", None)
        link = inner if isinstance(inner, BaseException) else link.__cause__ or link.__context__
    return links


def untrusted(host: str, error: ssl.SSLCertVerificationError) -> str:
    """Say that a certificate is not trusted, and why."""
    return f"{host} shows a certificate that cannot be trusted ({printable(error.verify_message)})"


def unknown(host: str) -> str:
    """Say that a name does not resolve."""
    return f"{host} cannot be found"


def cut_off(host: str, why: str) -> str:
    """Say that a connection failed; ``why`` is the system's word for it."""
    return f"the connection to {host} failed ({printable(why)})"
