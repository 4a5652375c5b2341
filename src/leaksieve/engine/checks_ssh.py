"""Private keys of SSH programs: OpenSSH, PuTTY, and ssh.com's old format.  Each has the public half in the clear."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from leaksieve.engine.checks import Detail, Proof, Subject
from leaksieve.engine.checks_armour import enclosed, plain
from leaksieve.engine.checks_bytes import Reader

_MAGIC = b"openssh-key-v1\0"
_KEYS = 16
_NAME = re.compile(rb"[a-z0-9@.-]{3,64}")
_KINDS = {
    b"ssh-rsa": "RSA", b"ssh-dss": "DSA", b"ssh-ed25519": "Ed25519", b"ssh-ed448": "Ed448",
    b"ecdsa-sha2-nistp256": "EC P-256", b"ecdsa-sha2-nistp384": "EC P-384", b"ecdsa-sha2-nistp521": "EC P-521",
}  # fmt: skip
# Sizes that the kind's name tells.
_SIZES = {b"ssh-ed25519": 256, b"ecdsa-sha2-nistp256": 256, b"ecdsa-sha2-nistp384": 384, b"ecdsa-sha2-nistp521": 521}


def strings(*texts: bytes) -> bytes:
    """Texts as SSH writes them, each behind its length."""
    return b"".join(len(text).to_bytes(4, "big") + text for text in texts)


def mpint(number: int) -> bytes:
    """A number as SSH writes it: highest byte first, and a zero before a byte that would make it negative."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b""


def fingerprint(blob: bytes) -> str:
    """What ``ssh-keygen -l`` shows of a public key."""
    return "SHA256:" + b64encode(sha256(blob).digest()).decode().rstrip("=")


def described(blob: bytes) -> dict[str, Detail]:
    """Kind, size and fingerprint of a public key; ValueError if it is none."""
    reader = Reader(blob)
    kind = reader.string()
    if not _NAME.fullmatch(kind) or not reader.left:
        raise ValueError("no public key")
    base = kind.removeprefix(b"sk-").removesuffix(b"@openssh.com")
    details: dict[str, Detail] = {"key_type": _KINDS.get(base, kind.decode()) + (" (security key)" if kind[:3] == b"sk-" else "")}
    if kind == b"ssh-rsa":
        reader.string()
    bits = _SIZES.get(base) or (int.from_bytes(reader.string(), "big").bit_length() if kind in (b"ssh-rsa", b"ssh-dss") else 0)
    if bits:
        details["bits"] = bits
    return {**details, "fingerprint": fingerprint(blob)}


def openssh(data: bytes) -> Proof:
    """OpenSSH's container: cipher, key derivation, public keys, and the private ones behind two equal numbers."""
    if not data.startswith(_MAGIC):
        return Proof(False)
    reader = Reader(data[len(_MAGIC) :])
    cipher, derivation, _ = reader.string(), reader.string(), reader.string()
    count = reader.number(4)
    if not 1 <= count <= _KEYS:
        return Proof(False)
    public = [reader.string() for _ in range(count)]
    private = Reader(reader.string())
    details = {**described(public[0]), "encrypted": cipher != b"none"}
    if cipher != b"none":
        return Proof(derivation != b"none" and private.left >= 16, details)
    twice = private.number(4) == private.number(4)
    return Proof(twice, details)


_PUBLIC = re.compile(
    rb"User-Key-File-[23]: ([a-z0-9@.-]+)\s+Encryption: ([a-z0-9-]+)\s.*?Public-Lines: ([0-9]{1,3})\s+(.*?)(?:Key-Derivation|Private-Lines)", re.DOTALL
)


def putty(subject: Subject) -> Proof:
    """PuTTY's file: the public lines hold a key of the kind the head names."""
    found = _PUBLIC.search(plain(subject.value))
    if found is None:
        return Proof(False)
    blob = enclosed(found.group(4))
    details = described(blob)
    return Proof(Reader(blob).string() == found.group(1), {**details, "encrypted": found.group(2) != b"none"})


_SSH2 = re.compile(rb"BEGIN SSH2 ENCRYPTED PRIVATE KEY ----(.*?)(?:---- END|\Z)", re.DOTALL)
_HEADER = re.compile(rb"^[\s>#*|]*(?:Comment|Subject): (?:[^\n\\]|\\\n?)*$", re.MULTILINE)
_SSH2_MAGIC = 0x3F6FF9EB


def ssh2(subject: Subject) -> Proof:
    """ssh.com's container: a fixed number, the length of all, kind, cipher and the key."""
    found = _SSH2.search(plain(subject.value))
    if found is None:
        return Proof(False)
    raw = enclosed(_HEADER.sub(b"", found.group(1)))
    reader = Reader(raw)
    if reader.number(4) != _SSH2_MAGIC or reader.number(4) != len(raw):
        return Proof(False)
    kind, cipher = reader.string(), reader.string()
    reader.string()
    kinds = {"if-modn": "RSA", "dl-modp": "DSA"}
    name = next((name for start, name in kinds.items() if kind.startswith(start.encode())), "")
    return Proof(bool(name), {"key_type": name, "encrypted": cipher != b"none"})
