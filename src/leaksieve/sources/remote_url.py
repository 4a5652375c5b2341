"""What a text names: a repository on another machine, or a local path.

Only https, ssh and file URLs (plain http when it was switched on) and ``user@host:path`` are taken,
and of those only spellings that every program on the way reads alike: whatever could be an option
to ssh, hide a host or smuggle a line into a protocol is refused, with a line on what to write instead.
"""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn
from urllib.parse import quote, unquote_to_bytes

from leaksieve.errors import UsageError
from leaksieve.secret import Secret

DEFAULT_PORTS = {"https": 443, "http": 80, "ssh": 22}

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.-]*::")
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?")
_IPV6 = re.compile(r"\[[0-9a-f:.]{2,45}\]")
_SSH_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}")
# A remote shell, however it is quoted for, never sees these.
_NOT_FOR_SHELLS = frozenset("'\"`\\!$&|;<>()*?[]{}#%")
# Bytes that are never escaped by an honest program: they stand for themselves, or end or climb a path.
_NEVER_ESCAPED = re.compile(rb"[A-Za-z0-9._~/\\%\x00-\x1f\x7f-]")


class RemoteUrl(NamedTuple):
    """A repository elsewhere.  ``host`` is in lower case, an IPv6 address in brackets; it is empty for file.

    ``path`` is as the server gets it (percent-encoded for http and https); ``relative`` says that an
    ssh path starts at the home folder.  ``user`` and ``password`` stood in the URL and are shown
    nowhere, except an ssh user, which is no secret.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    relative: bool = False
    user: Secret | None = None
    password: Secret | None = None

    @property
    def shown(self) -> str:
        """The URL for people: without anything that could be a credential."""
        if self.relative:
            return f"{self._ssh_user}{self.host}:{self.path}"
        user = self._ssh_user if self.scheme == "ssh" else ""
        return f"{self.scheme}://{user}{self.authority}{self.path}"

    @property
    def authority(self) -> str:
        """Host and, where it is not the scheme's own, port."""
        return self.host if self.port in (None, DEFAULT_PORTS.get(self.scheme)) else f"{self.host}:{self.port}"

    @property
    def _ssh_user(self) -> str:
        return f"{self.user.reveal().decode()}@" if self.user else ""

    def same_origin(self, url: str) -> bool:
        """Whether an absolute URL has this one's scheme, host and port."""
        scheme, _, rest = url.partition("://")
        host = rest.partition("/")[0].rpartition("@")[2].lower()
        port = re.search(r":([0-9]+)$", host)
        number = int(port[1]) if port else DEFAULT_PORTS.get(scheme)
        name = host[: port.start()] if port else host
        return (scheme, name, number) == (self.scheme, self.host, self.port or DEFAULT_PORTS.get(self.scheme))


def parse_remote(text: str, *, allow_http: bool = False) -> RemoteUrl | None:
    """Return what ``text`` names elsewhere, or None when it is a local path.  Touches neither disk nor network.

    Raises UsageError for URLs that are not taken.  A local path that looks like a URL is written with
    ``./`` in front.
    """
    if _HELPER.match(text):
        _refuse(
            text, "names a program to fetch with, which is never run", "use an https, ssh or file URL; a local path of that name is written with ./ in front"
        )
    before, mark, _ = text.partition("://")
    if not mark:
        return _parse_scp(text)
    if "/" in before:
        return None
    found = _SCHEME.match(text)
    if found is None:
        _refuse(text, "is not a URL that can be read", "use https://, ssh:// or file://")
    scheme = found[1].lower()
    if scheme == "http" and not allow_http:
        _refuse(text, "plain http shows what is fetched, credentials too, to everyone on the way", "use https://, or allow plain http explicitly")
    if scheme not in ("https", "http", "ssh", "file"):
        _refuse(text, f"{scheme}:// is not supported", "use https://, ssh:// or file://")
    _check_characters(text)
    authority, slash, path = text[found.end() :].partition("/")
    path = slash + path
    if scheme == "file":
        return _file(text, authority, path)
    if {"?", "#"}.intersection(text):
        _refuse(text, "has a query or a fragment, which a repository's address has not", "give a credential in LEAKSIEVE_GIT_TOKEN and leave the rest out")
    userinfo, at, place = authority.rpartition("@")
    host, port = _split_port(text, place)
    user, password = _userinfo(text, userinfo) if at else (None, None)
    if scheme == "ssh":
        _check_ssh(text, user, path)
        if password is not None:
            _refuse(text, "a password for ssh is not used", "use a key in the ssh agent or a key file, and leave the password out")
    else:
        _check_http_path(text, path)
        path = quote(path, safe="/%:@!$&'()*+,;=~")
    if not path.strip("/"):
        _refuse(text, "names no repository on its host", "add its path")
    return RemoteUrl(scheme, host, port, path, False, Secret(user) if user else None, Secret(password) if password else None)


def shown_remote(text: str) -> str:
    """Show a text that may be a URL with everything left out that could be a credential; for messages about URLs that do not parse."""
    found = re.match(r"[A-Za-z0-9+.-]*:(:|//)", text)
    head, rest = (found[0], text[found.end() :]) if found else ("", text)
    if "@" in rest and re.search("[?#]", rest):
        rest = "..."  # which of the two ends what cannot be told
    rest = re.split("[?#]", rest.rpartition("@")[2])[0]
    return "".join(char if char.isprintable() else "?" for char in head + rest)[:200]


def _refuse(text: str, why: str, hint: str) -> NoReturn:
    raise UsageError(why, where=shown_remote(text), hint=hint)


def _check_characters(text: str) -> None:
    if not text.isprintable() or " " in text:
        _refuse(text, "holds spaces or control characters", "write a space in a path as %20")
    if "\\" in text:
        _refuse(text, "holds a backslash, which programs read differently", "use / between the parts of a path")


def _split_port(text: str, place: str) -> tuple[str, int | None]:
    place = place.lower()
    bracket = _IPV6.match(place)
    if bracket:
        host, rest = bracket[0], place[bracket.end() :]
    else:
        host, colon, digits = place.partition(":")
        rest = colon + digits
        if not host or not host.isascii() or not _HOST.fullmatch(host) or ".." in host:
            _refuse(text, "has no valid host name", "a host is letters, digits, dots and inner dashes; write international names as xn--")
    if not rest:
        return host, None
    if not re.fullmatch(r":[0-9]{1,5}", rest) or not 0 < int(rest[1:]) < 65536:
        _refuse(text, "has no valid port", "a port is a number from 1 to 65535")
    return host, int(rest[1:])


def _userinfo(text: str, userinfo: str) -> tuple[bytes | None, bytes | None]:
    user, colon, password = userinfo.partition(":")
    parts = []
    for part in (user, password):
        if re.search(r"%(?![0-9A-Fa-f]{2})", part) or "@" in part:
            _refuse(
                text,
                "the user name or password in it is not encoded properly",
                "write special characters as %XX, or give the credential in LEAKSIEVE_GIT_TOKEN",
            )
        raw = unquote_to_bytes(part)
        if re.search(rb"[\x00-\x1f\x7f]", raw):
            _refuse(text, "the user name or password in it holds control characters", "give the credential in LEAKSIEVE_GIT_TOKEN")
        parts.append(raw)
    if parts[0].startswith(b"-"):
        _refuse(text, "the user name starts with a dash", "leave it out")
    return parts[0] or None, (parts[1] or None) if colon else None


def _check_ssh(text: str, user: bytes | None, path: str) -> None:
    if user is not None and not _SSH_USER.fullmatch(user.decode("latin-1")):
        _refuse(text, "has no valid user name", "a user is letters, digits, dots, dashes and underscores")
    if not path.isprintable() or _NOT_FOR_SHELLS.intersection(path):
        _refuse(
            text,
            "the path holds characters that mean something to a shell",
            "reach the repository under another name, or clone it yourself and scan the folder",
        )
    if path.lstrip("/").startswith("-"):
        _refuse(text, "the path starts with a dash and could be taken for an option", "write it as an absolute path that does not")
    _check_segments(text, path)


def _check_segments(text: str, path: str) -> None:
    if {".", ".."}.intersection(path.split("/")):
        _refuse(text, "the path holds . or .. parts", "write where it leads")


def _check_http_path(text: str, path: str) -> None:
    _check_segments(text, path)
    for part in path.split("%")[1:]:
        if not re.match(r"[0-9A-Fa-f]{2}", part) or _NEVER_ESCAPED.match(bytes.fromhex(part[:2])):
            _refuse(text, "the path holds escapes that hide what it is", "write letters, dots, dashes and slashes as themselves")


def _file(text: str, authority: str, path: str) -> RemoteUrl:
    if authority not in ("", "localhost"):
        _refuse(text, "a file URL names no host", "write file:///path")
    if re.search(r"%(?![0-9A-Fa-f]{2})", path):
        _refuse(text, "the path is not encoded properly", "write a percent sign as %25")
    if re.search(rb"[\x00-\x1f\x7f]", unquote_to_bytes(path)):
        _refuse(text, "the path holds control characters", "name the folder itself instead of a URL")
    _check_segments(text, unquote_to_bytes(path).decode("latin-1"))
    return RemoteUrl("file", "", None, path)


def _parse_scp(text: str) -> RemoteUrl | None:
    """``user@host:path``; without a user it is a local path, as is anything with a slash before the colon."""
    head, colon, path = text.partition(":")
    user, at, host = head.rpartition("@")
    if host.startswith("[") and not _IPV6.fullmatch(host.lower()):
        # An IPv6 address has colons of its own.
        found = re.match(r"([^/@\s]+)@(\[[0-9A-Fa-f:.]+\]):", text)
        if found:
            user, at, host, colon, path = found[1], "@", found[2], ":", text[found.end() :]
    if re.match(r"[^/@:]+:[^/@]*@[^/@:]+[/:]", text):
        _refuse(text, "looks like a URL with a password, but names no protocol", "put https:// in front, or ./ if it is a local path")
    if not colon or not at or "/" in head:
        return None
    _check_characters(text)
    name, port = _split_port(text, host)
    _check_ssh(text, user.encode(), path)
    if not path.strip("/"):
        _refuse(text, "names no repository on its host", "add its path")
    return RemoteUrl("ssh", name, port, path, not path.startswith("/"), Secret(user.encode()))
