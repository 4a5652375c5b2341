"""What is trusted when a registry shows its certificate: the system, the user's own authority, and what Docker and Podman keep for a host."""

from __future__ import annotations

import glob
import os
import ssl
from collections.abc import Sequence
from typing import Final

from leaksieve.errors import UsageError
from leaksieve.net.certificates import trusting

# Folders with one for each host, HOST or HOST:PORT; authorities are in *.crt, a certificate of ours in NAME.cert with NAME.key.
FOLDERS: Final = ("/etc/containers/certs.d", "/etc/docker/certs.d")


def context_for(authority: str, ca_file: str | None, folders: Sequence[str]) -> ssl.SSLContext:
    """Return the context for a host (with its port where it is not 443).  Raises UsageError for files that cannot be used."""
    try:
        context = trusting()
    except OSError:
        raise UsageError("the certificates to trust cannot be read", hint="check SSL_CERT_FILE") from None
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError):
            raise UsageError("holds no certificates that can be read", where="--registry-ca") from None
    for folder in folders:
        _own(context, os.path.join(folder, authority.replace("/", "")))
    return context


def _own(context: ssl.SSLContext, folder: str) -> None:
    if not os.path.isdir(folder):
        return
    try:
        for authority in sorted(glob.glob(os.path.join(glob.escape(folder), "*.crt"))):
            context.load_verify_locations(authority)
        for certificate in sorted(glob.glob(os.path.join(glob.escape(folder), "*.cert"))):
            context.load_cert_chain(certificate, certificate.removesuffix(".cert") + ".key")
    except (OSError, ssl.SSLError):
        raise UsageError("holds certificates or keys that cannot be read", where=folder) from None
