"""Public halves of keys in a folder: authorized keys, public keys, certificates and requests for them, with where they stand."""

from __future__ import annotations

import os
import re
import stat
import warnings
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key, load_pem_public_key

# A folder is anyone's: what is read of it is bounded.
MAX_FILE = 512 * 1024
MAX_FILES = 50_000
MAX_BYTES = 256 * 1024 * 1024
MAX_FOUND = 5_000
_PEM = re.compile(
    rb"-----BEGIN (CERTIFICATE|X509 CERTIFICATE|TRUSTED CERTIFICATE|PUBLIC KEY|RSA PUBLIC KEY|(?:NEW )?CERTIFICATE REQUEST)-----[A-Za-z0-9+/=\s]{40,100000}?-----END \1-----"
)
_SSH = re.compile(
    rb"(?<![A-Za-z0-9-])(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)"
    rb"[ \t]{1,4}(AAAA[A-Za-z0-9+/]{40,12000}={0,2})(?:[ \t]{1,4}([^\s\"'#,][^\r\n\"',]{0,99}))?"
)
_DER = (b".der", b".cer", b".crt", b".csr", b".p10")
_SKIPPED = {b".git", b".hg", b".svn"}


class PublicHalf(NamedTuple):
    """``marks`` tell keys apart, see :func:`marks_of`; ``place`` is path and line, ``what`` its kind, ``name`` a comment or subject, ``ends`` a date or ""."""

    marks: frozenset[str]
    place: str
    what: str
    name: str = ""
    ends: str = ""

    def __str__(self) -> str:
        about = ", ".join(filter(None, (self.name, f"to {self.ends}" if self.ends else "")))
        return f"{self.place} {self.what}" + (f" ({about})" if about else "")


def marks_of(public: Any) -> frozenset[str]:
    """What tells a public key from any other, in the forms that files have it in."""
    marks = {"spki " + sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()}
    try:
        blob = b64decode(public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1])
        marks.add(ssh_mark(blob))
    except (UnsupportedAlgorithm, ValueError, TypeError):
        pass  # SSH has no such keys
    return frozenset(marks)


def ssh_mark(blob: bytes) -> str:
    """The mark of a key as SSH writes it: the fingerprint that ssh-keygen shows."""
    from leaksieve.engine.checks_ssh import fingerprint

    return fingerprint(blob)


def found_in(folder: bytes) -> list[PublicHalf]:
    """All that are found in the files of a folder and those below it; links are not followed, what cannot be read is left out."""
    found: list[PublicHalf] = []
    left = MAX_BYTES
    for number, path in enumerate(_files(folder)):
        if number >= MAX_FILES or len(found) >= MAX_FOUND or left <= 0:
            break
        data = _content(path)
        left -= len(data)
        found += read(os.fsdecode(os.path.relpath(path, folder)), data)
    return found[:MAX_FOUND]


def _files(folder: bytes) -> Iterator[bytes]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(names):
            yield os.path.join(here, name)


def _content(path: bytes) -> bytes:
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        with os.fdopen(file, "rb") as stream:
            known = os.fstat(file)
            return stream.read(MAX_FILE) if stat.S_ISREG(known.st_mode) and known.st_size <= MAX_FILE else b""
    except OSError:
        return b""


def read(path: str, data: bytes) -> list[PublicHalf]:
    """The public halves in one file."""
    found = []
    if b"-----BEGIN " in data:
        for match in _PEM.finditer(data):
            found += _block(_place(path, data, match), match[1].decode(), match[0])
    if b"AAAA" in data:
        for match in _SSH.finditer(data):
            try:
                blob = b64decode(match[1] + b"=" * (-len(match[1]) % 4), validate=True)
            except Error:
                continue
            known = os.path.basename(path)
            what = "authorized key" if known.startswith("authorized_keys") else "host key" if known.startswith("known_hosts") else "public key"
            name = (match[2] or b"").decode("utf-8", "replace").strip()
            found.append(PublicHalf(frozenset((ssh_mark(blob),)), _place(path, data, match), what, name if name.isprintable() else ""))
    if data[:1] == b"\x30" and os.fsencode(path).lower().endswith(_DER):
        found += _block(path, "CERTIFICATE", data) or _block(path, "CERTIFICATE REQUEST", data) or _block(path, "PUBLIC KEY", data)
    return found


def _place(path: str, data: bytes, match: re.Match[bytes]) -> str:
    line = data.count(b"\n", 0, match.start()) + 1
    return f"{path}:{line}"


def _block(place: str, label: str, data: bytes) -> list[PublicHalf]:
    pem = data.startswith(b"-----")
    label = label.removeprefix("NEW ").removeprefix("X509 ").removeprefix("TRUSTED ")
    try:
        with warnings.catch_warnings():
            # Old certificates break rules that libraries warn of.
            warnings.simplefilter("ignore")
            match label:
                case "CERTIFICATE":
                    held = x509.load_pem_x509_certificate(_plain(data)) if pem else x509.load_der_x509_certificate(data)
                    ends = held.not_valid_after_utc.strftime("%Y-%m-%d")
                    return [PublicHalf(marks_of(held.public_key()), place, "certificate", _subject(held), ends)]
                case "CERTIFICATE REQUEST":
                    request = x509.load_pem_x509_csr(_plain(data)) if pem else x509.load_der_x509_csr(data)
                    return [PublicHalf(marks_of(request.public_key()), place, "certificate request", _subject(request))]
            public = load_pem_public_key(data) if pem else load_der_public_key(data)
            return [PublicHalf(marks_of(public), place, "public key")]
    except (ValueError, TypeError, UnsupportedAlgorithm, OverflowError):
        return []


def _plain(data: bytes) -> bytes:
    return data.replace(b"NEW CERTIFICATE", b"CERTIFICATE").replace(b"X509 CERTIFICATE", b"CERTIFICATE").replace(b"TRUSTED CERTIFICATE", b"CERTIFICATE")


def _subject(held: x509.Certificate | x509.CertificateSigningRequest) -> str:
    text = held.subject.rfc4514_string()[:100]
    return text if text.isprintable() else ""
