"""What a connection URL asks for: which protocol, where, as whom, and how it is to be encrypted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from leaksieve.secret import Secret
from leaksieve.verifiers.address import host_of
from leaksieve.verifiers.base import Failed, Subject

# How TLS is to be spoken: not at all, if the server offers it, after a word of the protocol, from the first byte.
NEVER, OFFERED, REQUIRED, FIRST = "never", "offered", "required", "first"

# Scheme -> protocol, port, and whether TLS comes first.
_SCHEMES = {
    "postgres": ("postgresql", 5432, False),
    "postgresql": ("postgresql", 5432, False),
    "postgis": ("postgresql", 5432, False),
    "cockroachdb": ("postgresql", 26257, False),
    "redshift": ("postgresql", 5439, False),
    "mysql": ("mysql", 3306, False),
    "mariadb": ("mysql", 3306, False),
    "mongodb": ("mongodb", 27017, False),
    "redis": ("redis", 6379, False),
    "rediss": ("redis", 6379, True),
    "amqp": ("amqp", 5672, False),
    "amqps": ("amqp", 5671, True),
    "ldap": ("ldap", 389, False),
    "ldaps": ("ldap", 636, True),
    "smtp": ("smtp", 587, False),
    "smtps": ("smtp", 465, True),
    "ftp": ("ftp", 21, False),
    "ftps": ("ftp", 990, True),
    "ftpes": ("ftp", 21, False),
}
# Words of drivers for the same: off, if offered, without looking at the certificate.  All others ask for everything.
_OFF = {"disable", "disabled", "none", "off", "false", "0", "no"}
_IF_OFFERED = {"", "allow", "prefer", "preferred"}
_UNSEEN = {"require", "required", "no-verify", "skip-verify"}
# Options that say that the certificate is not to be looked at, with the values that say so.
_TRUSTING = {
    "tlsinsecure": "true",
    "tlsallowinvalidcertificates": "true",
    "tlsallowinvalidhostnames": "true",
    "sslcertreqs": "none",
    "verify": "verifynone",
    "trustservercertificate": "true",
    "verifyservercertificate": "false",
}


class Target(NamedTuple):
    """Where to log in and how.  ``options`` are those of the URL that matter here, their names in small letters without dashes; ``verified`` says that the certificate must hold."""

    protocol: str
    host: str
    port: int
    user: str
    password: Secret
    database: str
    options: Mapping[str, str]
    tls: str
    verified: bool


def read(subject: Subject) -> Target:
    """What the parts of a URL ask for.  Raises Failed for what cannot be asked."""
    scheme = subject.text("scheme").lower().removeprefix("jdbc:")
    if scheme == "mongodb+srv":
        raise Failed("unfit", "its servers stand in a DNS record that is not looked up (SRV)")
    scheme, _, driver = scheme.partition("+")
    if scheme == "smtp" and driver in ("ssl", "tls"):
        scheme = "smtps"
    if scheme not in _SCHEMES:
        raise Failed("no-verifier", "no verifier logs in to this kind of server")
    protocol, usual, first = _SCHEMES[scheme]
    port = int(subject.optional("port") or usual)
    if not 0 < port < 65536:
        raise Failed("unfit", "its port is none")
    options = _options(subject)
    first = first or (protocol, port) == ("smtp", 465)
    if scheme == "ftps" and port == 21:
        scheme, first = "ftpes", False
    user, password = unquote(subject.optional("user")), unquote(subject.text())
    if any(ord(char) < 32 for char in user + password):
        raise Failed("unfit", "it holds control characters")
    tls, verified = _tls(protocol, scheme, options, first=first)
    database = unquote(subject.optional("database"))
    return Target(protocol, host_of(subject.text("host")), port, user, Secret(password.encode()), database, options, tls, verified)


def _options(subject: Subject) -> dict[str, str]:
    """The options that decide on the login; `tls` and `certificate` hold their driver's own name and the value."""
    pairs = [subject.optional(name).partition("=") for name in ("tls", "certificate")]
    pairs += [(name, "=", subject.optional(name)) for name in ("auth_source", "auth_mechanism")]
    return {name.lower().replace("-", "").replace("_", ""): unquote(value) for name, _, value in pairs if value}


def _tls(protocol: str, scheme: str, options: Mapping[str, str], *, first: bool) -> tuple[str, bool]:
    trusting = any(options.get(name, "").lower().replace("_", "").removeprefix("cert") == value for name, value in _TRUSTING.items())
    if first:
        return FIRST, not trusting
    match protocol:
        case "postgresql" | "mysql":
            tls, verified = _mode(options, ("sslmode", "usessl", "requiressl", "tls", "ssl"), OFFERED)
        case "smtp":
            # Whoever stands between can take the offer out of the answer: without it a password is sent only where the URL says so.
            tls, verified = _mode(options, ("tls", "ssl", "encryption", "secure"), REQUIRED)
            tls = REQUIRED if tls == OFFERED else tls
        case "mongodb":
            tls, verified = _mode(options, ("tls", "ssl"), NEVER)
            tls = FIRST if tls == REQUIRED else tls
        case _:
            # These have a scheme of their own for TLS.
            tls, verified = (REQUIRED if scheme == "ftpes" else NEVER), True
    return tls, verified and not trusting


def _mode(options: Mapping[str, str], names: Sequence[str], usual: str) -> tuple[str, bool]:
    """How TLS is spoken, and whether its certificate must hold."""
    word = next((options[name].lower().replace("_", "-") for name in names if name in options), None)
    if word is None:
        return usual, True
    if word in _OFF:
        return NEVER, True
    if word in _IF_OFFERED:
        return OFFERED, True
    return REQUIRED, word not in _UNSEEN
