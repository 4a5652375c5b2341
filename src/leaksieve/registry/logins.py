"""Logins to registries: which one is meant for a host, out of the environment and the files that Docker and Podman write."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from leaksieve.errors import UsageError
from leaksieve.net.hub import HUB, HUB_LOGIN, HUB_NAMES
from leaksieve.oci.fields import mapping
from leaksieve.registry.helper import ask
from leaksieve.secret import Secret

_PREFIX: Final = "LEAKSIEVE_REGISTRY_"
_LARGEST: Final = 4 * 1024 * 1024
# Docker Hub has gone by many names.
_HUB_KEYS: Final = (HUB_LOGIN, *HUB_NAMES)


class Login(NamedTuple):
    """What may be shown to one registry.  ``origin`` says in words where it came from ("" for nothing).

    ``password`` is for ``user``; with ``identity`` it is a token that others are got with.  ``bearer`` is shown as it is.
    """

    origin: str = ""
    user: str = ""
    password: Secret | None = None
    identity: bool = False
    bearer: Secret | None = None


def login_for(host: str, repository: str, environ: Mapping[str, str]) -> Login:
    """Return what to show ``host`` (with its port, where it has one) if it asks, for this repository.

    Raises UsageError for variables and files that cannot be used.
    """
    named = _from_variables(host, environ)
    if named is not None:
        return named
    for origin, document, trusted in _documents(environ):
        found = _from_document(origin, document, host, repository, environ if trusted else None)
        if found is not None:
            return found
    return Login()


def _from_variables(host: str, environ: Mapping[str, str]) -> Login | None:
    user, password, token, bound = (environ.get(_PREFIX + name, "") for name in ("USERNAME", "PASSWORD", "TOKEN", "HOST"))
    if not password and not token:
        return None
    if not bound:
        raise UsageError("does not say which registry it is for", where=_PREFIX + ("TOKEN" if token else "PASSWORD"), hint=f"set {_PREFIX}HOST to its host")
    if bound.lower() not in ((host, *_HUB_KEYS) if host == HUB else (host,)):
        return None
    if not all(each.isprintable() for each in (user, password, token)) or (token and not token.isascii()):
        raise UsageError("holds control characters", where=_PREFIX + ("TOKEN" if token else "PASSWORD"), hint="set it to the value alone")
    if token:
        return Login(_PREFIX + "TOKEN", bearer=Secret(token.encode()))
    return Login(_PREFIX + "PASSWORD", user, Secret(password.encode("utf-8", "surrogateescape")))


def _documents(environ: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Yield (where it is, its fields, whether helpers that it names may be run), in the order in which they count."""
    inline = environ.get("DOCKER_AUTH_CONFIG", "")
    if inline:
        yield "DOCKER_AUTH_CONFIG", _fields("DOCKER_AUTH_CONFIG", inline), True
    named = environ.get("REGISTRY_AUTH_FILE", "")
    if named:
        if not os.path.isfile(named):
            raise UsageError("names no file", where="REGISTRY_AUTH_FILE")
        yield from _file(named)
        return
    home = environ.get("HOME", "")
    docker = environ.get("DOCKER_CONFIG", "") or os.path.join(home, ".docker")
    places = [
        os.path.join(environ.get("XDG_RUNTIME_DIR", ""), "containers", "auth.json"),
        os.path.join(environ.get("XDG_CONFIG_HOME", "") or os.path.join(home, ".config"), "containers", "auth.json"),
        os.path.join(docker, "config.json"),
    ]
    for path in places:
        # A relative one would be read from wherever the command runs: from the repository, that is.
        if os.path.isabs(path):
            yield from _file(path)


def _file(path: str) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    try:
        with open(path, encoding="utf-8") as file:
            info = os.fstat(file.fileno())
            text = file.read(_LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}", where=path) from None
    # What others may write to names no program for us to run.
    own = not hasattr(os, "geteuid") or (info.st_uid in (0, os.geteuid()) and not info.st_mode & 0o002)
    yield path, _fields(path, text), own


def _fields(where: str, text: str) -> Mapping[str, Any]:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("is no JSON", where=where) from None
    return mapping(fields)


def _from_document(origin: str, fields: Mapping[str, Any], host: str, repository: str, environ: Mapping[str, str] | None) -> Login | None:
    keys = _HUB_KEYS if host == HUB else (host,)
    helpers = mapping(fields.get("credHelpers"))
    chosen = next((helpers[key] for key in keys if isinstance(helpers.get(key), str)), fields.get("credsStore"))
    if isinstance(chosen, str) and chosen:
        if environ is None:
            raise UsageError("names a credential helper, but others may write to it", where=origin, hint="make it yours alone")
        answer = ask(chosen, HUB_LOGIN if host == HUB else host, environ)
        if answer is not None:
            user, secret = answer
            origin = f"docker-credential-{chosen}"
            return Login(origin, "", secret, identity=True) if user == "<token>" else Login(origin, user, secret)
    entry = _entry(mapping(fields.get("auths")), keys, repository)
    return _read(origin, entry) if entry is not None else None


def _entry(auths: Mapping[str, Any], keys: tuple[str, ...], repository: str) -> Mapping[str, Any] | None:
    """The entry that fits best: of the repository, of the folders it lies in, of the host."""
    parts = repository.split("/")
    for count in range(len(parts), -1, -1):
        for key in keys:
            path = "/".join([key, *parts[:count]])
            if isinstance(auths.get(path), dict):
                return mapping(auths[path])
    for key, entry in auths.items():
        # Old logins are kept under whole addresses.
        scheme, separator, rest = key.partition("://")
        if separator and scheme in ("https", "http") and rest.partition("/")[0].lower() in keys and isinstance(entry, dict):
            return entry
    return None


def _read(origin: str, entry: Mapping[str, Any]) -> Login | None:
    for name in ("registrytoken", "identitytoken"):
        token = entry.get(name)
        if isinstance(token, str) and token:
            if name == "registrytoken":
                return Login(origin, bearer=_secret(origin, token))
            return Login(origin, "", _secret(origin, token), identity=True)
    user, password = entry.get("username"), entry.get("password")
    packed = entry.get("auth")
    if isinstance(packed, str) and packed:
        try:
            user, _, password = base64.b64decode(packed, validate=True).decode().partition(":")
        except ValueError:
            raise UsageError("holds a login that cannot be read", where=origin, hint="log in again") from None
        password = password.rstrip("\0")
    if isinstance(user, str) and isinstance(password, str) and user:
        return Login(origin, user, _secret(origin, password))
    return None


def _secret(origin: str, text: str) -> Secret:
    if not text.isprintable():
        raise UsageError("holds a login with control characters in it", where=origin, hint="log in again")
    return Secret(text.encode())
