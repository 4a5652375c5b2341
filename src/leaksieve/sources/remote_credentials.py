"""Credentials for one remote repository, each bound to the host it was meant for.

Sources, the first that applies: the URL itself; ``LEAKSIEVE_GIT_TOKEN`` (with ``LEAKSIEVE_GIT_USERNAME``,
and only for ``LEAKSIEVE_GIT_HOST`` where that is set); the tokens that CI systems set, for their own
host alone; a git credential helper the user named.  For ssh: ``LEAKSIEVE_SSH_KEY`` (with
``LEAKSIEVE_SSH_KEY_PASSPHRASE``), else the agent, else the usual key files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from leaksieve.errors import SourceError, UsageError
from leaksieve.secret import Secret
from leaksieve.sources.remote_url import RemoteUrl

# Forges take any user name with a token; this one also suits GitHub's installation tokens.
_ANY_USER = b"x-access-token"
_USUAL_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
_HELPER_SECONDS = 120


class Credentials(NamedTuple):
    """What may be shown to one remote's host.  ``origin`` says in words where it came from ("" for nothing).

    ``keys`` are paths of private ssh key files, tried in order after the agent (if ``agent``).
    """

    origin: str = ""
    user: Secret | None = None
    password: Secret | None = None
    agent: bool = False
    keys: tuple[str, ...] = ()
    passphrase: Secret | None = None


def credentials_for(url: RemoteUrl, environ: Mapping[str, str], *, helper: str | None = None) -> Credentials:
    """Return what to show ``url``'s host if it asks.

    ``helper`` is a git credential helper as in git's own ``credential.helper``: a name (``libsecret``), or a
    program's absolute path, with arguments; it is run without a shell.  Raises UsageError when the
    environment's values cannot be used, SourceError when the helper fails.
    """
    if url.scheme == "file":
        return Credentials()
    if url.scheme == "ssh":
        return _for_ssh(url, environ)
    if url.password is not None:
        return Credentials("the URL", url.user or Secret(b""), url.password)
    named = _from_variables(url, environ)
    if named is not None:
        name, user, token = named
        if not token.isprintable() or not user.isprintable():
            raise UsageError("holds spaces at its ends or control characters", where=name, hint="set it to the token alone")
        return Credentials(name, url.user or Secret(user.encode()), Secret(token.encode()))
    if helper is not None:
        return _from_helper(url, helper, environ)
    # A URL's user alone may be a token.
    return Credentials("the URL", url.user, Secret(b"")) if url.user else Credentials()


def _from_variables(url: RemoteUrl, environ: Mapping[str, str]) -> tuple[str, str, str] | None:
    """(variable, user, token) of the first that is meant for the URL's host."""
    token = environ.get("LEAKSIEVE_GIT_TOKEN", "")
    bound = environ.get("LEAKSIEVE_GIT_HOST", "").lower()
    if token and bound in ("", url.host, url.authority):
        return "LEAKSIEVE_GIT_TOKEN", environ.get("LEAKSIEVE_GIT_USERNAME") or _ANY_USER.decode(), token
    if url.scheme != "https":
        return None  # nobody asked for these to travel in the clear
    if url.authority == "github.com":
        for name in ("GH_TOKEN", "GITHUB_TOKEN"):
            if token := environ.get(name, ""):
                return name, _ANY_USER.decode(), token
    # On a GitLab runner the tokens are that GitLab's; sending them to gitlab.com would hand a company's token to another.
    server = environ.get("CI_SERVER_HOST", "").lower()
    port = environ.get("CI_SERVER_PORT", "")
    gitlab = (f"{server}:{port}" if port not in ("", "443") else server) if server else "gitlab.com"
    if url.authority == gitlab:
        if token := environ.get("GITLAB_TOKEN", ""):
            return "GITLAB_TOKEN", "oauth2", token
        if server and (token := environ.get("CI_JOB_TOKEN", "")):
            return "CI_JOB_TOKEN", "gitlab-ci-token", token
    return None


def _for_ssh(url: RemoteUrl, environ: Mapping[str, str]) -> Credentials:
    user = url.user or Secret((environ.get("LEAKSIEVE_GIT_USERNAME") or _login_name(environ)).encode())
    phrase = environ.get("LEAKSIEVE_SSH_KEY_PASSPHRASE", "")
    passphrase = Secret(phrase.encode()) if phrase else None
    key = environ.get("LEAKSIEVE_SSH_KEY", "")
    if key:
        if not os.path.isfile(key):
            raise UsageError("names no file", where="LEAKSIEVE_SSH_KEY", hint="set it to the path of a private key")
        return Credentials("LEAKSIEVE_SSH_KEY", user, None, False, (os.path.abspath(key),), passphrase)
    folder = os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".ssh")
    keys = tuple(path for path in (os.path.join(folder, name) for name in _USUAL_KEYS) if os.path.isfile(path))
    return Credentials("the ssh agent or key files", user, None, bool(environ.get("SSH_AUTH_SOCK")), keys, passphrase)


def _login_name(environ: Mapping[str, str]) -> str:
    for name in ("LOGNAME", "USER", "USERNAME"):
        if environ.get(name):
            return environ[name]
    return "git"


def _from_helper(url: RemoteUrl, helper: str, environ: Mapping[str, str]) -> Credentials:
    import shlex
    import shutil
    import subprocess

    try:
        words = shlex.split(helper)
    except ValueError as error:
        raise UsageError(f"cannot be split into words ({error})", where="credential helper", hint="give a helper's name or absolute path") from None
    if not words or words[0].startswith(("!", "-")):
        raise UsageError("is not a helper's name or absolute path", where="credential helper", hint="shell commands are not run; write a script and name it")
    program: str | None = words[0]
    if not os.path.isabs(words[0]):
        if "/" in words[0]:
            raise UsageError("is a relative path", where="credential helper", hint="give an absolute path or a name such as libsecret")
        program = shutil.which(f"git-credential-{words[0]}", path=environ.get("PATH"))
    if program is None:
        raise UsageError(f"no program git-credential-{words[0]} on the PATH", where="credential helper", hint="install it or give its absolute path")
    request = f"protocol={url.scheme}\nhost={url.authority}\n".encode()
    if url.user is not None:
        request += b"username=" + url.user.reveal() + b"\n"
    try:
        done = subprocess.run(
            [program, *words[1:], "get"],
            input=request + b"\n",
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_HELPER_SECONDS,
            check=False,
            cwd="/",
            env={**environ, "GIT_TERMINAL_PROMPT": "0"},
        )
    except subprocess.TimeoutExpired:
        raise SourceError(f"gave no answer in {_HELPER_SECONDS} s", where="credential helper") from None
    except OSError as error:
        raise UsageError(f"cannot be run ({error.strerror})", where="credential helper") from None
    answer = dict(line.split(b"=", 1) for line in done.stdout.splitlines() if b"=" in line)
    if done.returncode or not answer.get(b"password"):
        raise SourceError(f"has no credential for {url.authority}", where="credential helper", hint="log in with it first, or set LEAKSIEVE_GIT_TOKEN")
    return Credentials("the credential helper", Secret(answer.get(b"username", b"")), Secret(answer[b"password"]))
