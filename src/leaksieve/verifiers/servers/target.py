"""What a connection URL or string asks for: which protocol, where, as whom, and how it is to be encrypted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from leaksieve.net.address import literal
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
    "mongodb+srv": ("mongodb", 27017, False),
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


# So many servers of one URL are tried.
MOST = 5


class Target(NamedTuple):
    """Where to log in and how.  ``options`` are those of the URL that matter here, their names in small letters without dashes; ``verified`` says that the certificate must hold.

    ``more`` are hosts and ports to try in order where the first cannot be reached; ``srv`` says that the host is a name whose servers stand in DNS.
    """

    protocol: str
    host: str
    port: int
    user: str
    password: Secret
    database: str
    options: Mapping[str, str]
    tls: str
    verified: bool
    more: Sequence[tuple[str, int]] = ()
    srv: bool = False


def read(subject: Subject) -> Target:
    """What the parts of a URL ask for.  Raises Failed for what cannot be asked."""
    scheme = subject.text("scheme").lower().removeprefix("jdbc:")
    srv = scheme == "mongodb+srv"
    if not srv:
        scheme, _, driver = scheme.partition("+")
        if scheme == "smtp" and driver in ("ssl", "tls"):
            scheme = "smtps"
    usual = _known(scheme)[1]
    if srv and (subject.optional("port") or subject.optional("hosts")):
        raise Failed("unfit", "a name of servers in DNS (SRV) has no port and stands alone")
    if srv and literal(subject.text("host")) is not None:
        raise Failed("unfit", "an address is no name of servers in DNS (SRV)")
    port = port_of(subject.optional("port"), usual)
    more = [_place(text, usual) for text in subject.optional("hosts").split(",") if text]
    user, password = unquote(subject.optional("user")), unquote(subject.text())
    return made(scheme, (subject.text("host"), port), (user, password), unquote(subject.optional("database")), _options(subject))._replace(
        more=_first(more), srv=srv
    )


def made(scheme: str, place: tuple[str, int], login: tuple[str, str], database: str, options: Mapping[str, str]) -> Target:
    """The target of a scheme of :func:`read`; ``login`` is user and password, as they are sent.  Raises Failed for what cannot be asked."""
    protocol, _, first = _known(scheme)
    host, port = place
    first = first or (protocol, port) == ("smtp", 465)
    if scheme == "ftps" and port == 21:
        scheme, first = "ftpes", False
    user, password = login
    if any(ord(char) < 32 for char in user + password):
        raise Failed("unfit", "it holds control characters")
    tls, verified = _tls(protocol, scheme, options, first=first)
    return Target(protocol, host_of(host), port, user, Secret(password.encode()), database, options, tls, verified)


def port_of(text: str, usual: int) -> int:
    """A port, the usual one where none is given.  Raises Failed."""
    if not text:
        return usual
    if not text.isascii() or not text.isdigit() or len(text) > 5 or not 0 < int(text) < 65536:
        raise Failed("unfit", "its port is none")
    return int(text)


def option(name: str) -> str:
    """An option's name as ``Target.options`` has it, however its driver writes it."""
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")


def _known(scheme: str) -> tuple[str, int, bool]:
    if scheme not in _SCHEMES:
        raise Failed("no-verifier", "no verifier logs in to this kind of server")
    return _SCHEMES[scheme]


def _place(text: str, usual: int) -> tuple[str, int]:
    host, _, port = text.partition(":")
    return host_of(host), port_of(port, usual)


def _first(places: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple(dict.fromkeys(places))[: MOST - 1]


def _options(subject: Subject) -> dict[str, str]:
    """The options that decide on the login; `tls` and `certificate` hold their driver's own name and the value."""
    pairs = [subject.optional(name).partition("=") for name in ("tls", "certificate")]
    pairs += [(name, "=", subject.optional(name)) for name in ("auth_source", "auth_mechanism")]
    return {option(name): unquote(value) for name, _, value in pairs if value}


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
            # Names of servers in DNS are for clouds: TLS unless the URL says otherwise.
            tls, verified = _mode(options, ("tls", "ssl"), REQUIRED if scheme == "mongodb+srv" else NEVER)
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
