"""Credential helpers: the programs docker-credential-NAME that keep logins for Docker, Podman and others."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Final

from leaksieve.errors import SourceError, UsageError
from leaksieve.secret import Secret

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SECONDS: Final = 60
_LARGEST: Final = 1024 * 1024
# What helpers have no business with.
_OURS: Final = ("LEAKSIEVE_",)


def ask(name: str, server: str, environ: Mapping[str, str]) -> tuple[str, Secret] | None:
    """Ask a helper for the login to a server: (user, password), None where it has none.

    The program is looked for on the PATH, in absolute folders alone, and runs without a shell and away from where the command runs.
    Raises UsageError for a name that is none and a program that is not there, SourceError for one that fails.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        raise UsageError("names a credential helper by something that is no name", where="the login file", hint="it is the NAME of docker-credential-NAME")
    import shutil
    import subprocess

    where = f"docker-credential-{name}"
    folders = [folder for folder in environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(folder)]
    program = shutil.which(where, path=os.pathsep.join(folders)) if folders else None
    if program is None:
        raise UsageError("is not on the PATH, and the login file names it", where=where, hint="install it, or log in again")
    try:
        done = subprocess.run(
            [program, "get"],
            input=server.encode() + b"\n",
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
            cwd="/",
            env={key: value for key, value in environ.items() if not key.startswith(_OURS)},
        )
    except subprocess.TimeoutExpired:
        raise SourceError(f"gave no answer in {_SECONDS} s", where=where) from None
    except OSError as error:
        raise UsageError(f"cannot be run ({error.strerror})", where=where) from None
    output = done.stdout[:_LARGEST]
    if done.returncode:
        # This very sentence is the protocol's way to say that there is none.
        if b"credentials not found" in output.lower():
            return None
        raise SourceError(f"failed for {server} (exit {done.returncode})", where=where, hint="run it by hand to see why")
    try:
        fields = json.loads(output)
        user, secret = fields["Username"], fields["Secret"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise SourceError("gave an answer that cannot be read", where=where) from None
    if not isinstance(user, str) or not isinstance(secret, str) or not secret.isprintable() or not user.isprintable():
        raise SourceError("gave an answer that cannot be read", where=where)
    return (user, Secret(secret.encode())) if secret else None
