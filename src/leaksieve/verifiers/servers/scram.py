"""The client's side of SCRAM (RFC 5802, RFC 7677): proves that one knows a password without sending it, and sees the server prove it too."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from base64 import b64decode, b64encode

from leaksieve.verifiers.base import Failed

# Servers count to 4,096, 10,000 or 15,000; more than this is there to keep us busy.
_MOST = 200_000


class Scram:
    """One exchange: :meth:`first`, :meth:`answer` to what comes back, :meth:`check` of what comes back then.

    ``digest`` is "sha1" or "sha256".  ValueError for what the server says against the protocol, Failed for a server that does not prove itself.
    """

    def __init__(self, digest: str, user: str, password: str, nonce: str = "") -> None:
        self._digest = digest
        self._password = (password if password.isascii() else unicodedata.normalize("NFKC", password)).encode()
        self._nonce = nonce or b64encode(secrets.token_bytes(18)).decode()
        self._bare = f"n={user.replace('=', '=3D').replace(',', '=2C')},r={self._nonce}"
        self._proof = b""
        self.proved = False

    def first(self) -> bytes:
        """What the client begins with."""
        return b"n,," + self._bare.encode()

    def answer(self, text: bytes) -> bytes:
        """The proof.  Takes a noticeable time: that is what it is for."""
        fields = _fields(text)
        count = int(fields["i"])
        if not fields["r"].startswith(self._nonce) or not 0 < count <= _MOST:
            raise ValueError
        salted = hashlib.pbkdf2_hmac(self._digest, self._password, b64decode(fields["s"], validate=True), count)
        key = hmac.digest(salted, b"Client Key", self._digest)
        last = f"c=biws,r={fields['r']}"
        whole = f"{self._bare},{text.decode()},{last}".encode()
        signature = hmac.digest(hashlib.new(self._digest, key).digest(), whole, self._digest)
        self._proof = hmac.digest(hmac.digest(salted, b"Server Key", self._digest), whole, self._digest)
        proof = bytes(one ^ other for one, other in zip(key, signature, strict=True))
        return f"{last},p={b64encode(proof).decode()}".encode()

    def check(self, text: bytes) -> None:
        """See that the server knows the password as well: one that says yes to everybody does not."""
        if not hmac.compare_digest(b64decode(_fields(text)["v"], validate=True), self._proof):
            raise Failed("no-difference", "the server does not prove that it knows the password")
        self.proved = True


def _fields(text: bytes) -> dict[str, str]:
    return {field[0]: field[2:] for field in text.decode().split(",") if field[1:2] == "="}
