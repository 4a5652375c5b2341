"""Whose certificates are trusted: the system's authorities, and the user's own."""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import Final

# Where systems keep what they trust, for a Python that was built without knowing.
_BUNDLES: Final = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem")


def trusting(file: str | None = None, folder: str | None = None) -> ssl.SSLContext:
    """Return a client's context that trusts the system, and the authorities in a file (PEM) and a folder (of OpenSSL's hashed names).

    Raises OSError for what cannot be read, in which a file without any certificate is included.
    """
    context = ssl.create_default_context()
    # Demands more of company authorities' certificates than browsers, git and container tools do.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if file or folder:
        context.load_verify_locations(file, folder)
    if not context.cert_store_stats()["x509_ca"] and not ssl.get_default_verify_paths().capath:
        for bundle in _BUNDLES:
            with suppress(OSError):
                context.load_verify_locations(bundle)
                break
    return context
