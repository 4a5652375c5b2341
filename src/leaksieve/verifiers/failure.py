"""What goes wrong on the way to a provider."""

from __future__ import annotations

import ssl
from typing import Any

from leaksieve.net.failure import chain
from leaksieve.verifiers.base import Failed


def explained(error: Exception, aiohttp: Any = None) -> Failed:
    """What went wrong, from the kind of the error alone: its text may hold the request."""
    for link in chain(error):
        if isinstance(link, Failed):
            return link
    if isinstance(error, TimeoutError):
        return Failed("timeout")
    if isinstance(error, ssl.SSLCertVerificationError) or (aiohttp and isinstance(error, aiohttp.ClientConnectorCertificateError)):
        return Failed("tls", "the certificate cannot be trusted")
    if isinstance(error, ssl.SSLError) or (aiohttp and isinstance(error, aiohttp.ClientSSLError)):
        return Failed("tls", "the handshake failed")
    if aiohttp:
        if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError):
            return Failed("proxy")
        if isinstance(error, aiohttp.ClientResponseError | aiohttp.ClientPayloadError | aiohttp.InvalidURL):
            return Failed("malformed")
        if isinstance(error, aiohttp.ClientError):
            return Failed("connection")
    if isinstance(error, OSError):
        return Failed("connection")
    return Failed("unfit" if isinstance(error, ValueError) else "internal")
