"""Clouds: the account behind a key id, and what signed links say of their term."""

from __future__ import annotations

import re
from base64 import b32decode
from calendar import timegm
from collections.abc import Mapping
from urllib.parse import parse_qsl

from leaksieve.engine.checks import SILENT, Detail, Proof, Subject
from leaksieve.engine.checks_bytes import moment, term, unbase64

_KEY_ID = re.compile(rb"A[A-Z]{3}[A-Z2-7]{16}")


def aws_account(key_id: bytes) -> str:
    """The account number in an AWS key id, "" where there is none.

    Sixteen characters of base32 follow the kind.  Their first bit tells newer ids, which have the
    account in the 40 bits after it (public research; AWS does not document it).
    """
    if not _KEY_ID.fullmatch(key_id):
        return ""
    number = int.from_bytes(b32decode(key_id[4:]), "big")
    account = number >> 39 & (1 << 40) - 1
    return f"{account:012d}" if number >> 79 and account < 10**12 else ""


def aws_key_id(subject: Subject) -> Proof:
    """A key id carries no check digits, only its account; the id may be a part of its own beside the secret key."""
    account = aws_account(subject.parts.get("key_id", subject.value))
    return Proof(None, {"account": account} if account else {})


_BEDROCK = re.compile(rb"BedrockAPIKey-[a-z0-9]{1,40}-at-([0-9]{12})(?:\+[0-9]+)?:.")


def bedrock(subject: Subject) -> Proof:
    """A long-term Bedrock key: after its mark, base64 of user, account and the secret."""
    found = _BEDROCK.match(unbase64(subject.value[4:]))
    return Proof(True, {"account": found.group(1).decode()}) if found else Proof(False)


_STAMP = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d)(?::?(\d\d))?(?:\.\d+)?Z?)?\Z")


def seconds(text: str) -> int | None:
    """Seconds since 1970 of an ISO 8601 time in UTC, with or without separators."""
    found = _STAMP.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(number or 0) for number in found.groups())
    if year < 1970 or not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    return timegm((year, month, day, hour, minute, second))


def signed_link(subject: Subject) -> Proof:
    """A prefix and base64 of an address signed for AWS: short-term Bedrock keys, tokens of EKS."""
    _, _, text = subject.value.rpartition(b"-key-" if subject.value.startswith(b"bedrock") else b".")
    query = _query(unbase64(text).decode("ascii").partition("?")[2])
    credential = query.get("X-Amz-Credential", "").split("/")
    if len(credential) != 5:
        return Proof(False)
    details: dict[str, Detail] = {"account": account} if (account := aws_account(credential[0].encode())) else {}
    details["region"] = credential[2]
    issued = seconds(query.get("X-Amz-Date", ""))
    if issued is not None:
        details["issued"] = moment(issued)
        if query.get("X-Amz-Expires", "").isdecimal():
            details |= term(issued + int(query["X-Amz-Expires"][:9]), subject.now)
    return Proof(True, details)


def azure_sas(subject: Subject) -> Proof:
    """A shared access signature: the signature itself has no structure, what it signs (the part ``grant``) has a term."""
    grant = subject.parts.get("grant")
    if grant is None:
        return SILENT
    query = _query(grant.replace(b"&amp;", b"&").replace(b"\\u0026", b"&").replace(b";", b"&").decode("latin-1"))
    details: dict[str, Detail] = {"permissions": query["sp"]} if query.get("sp", "-").isalpha() else {}
    if (begins := seconds(query.get("st", ""))) is not None:
        details["issued"] = moment(begins)
    if (ends := seconds(query.get("se", ""))) is not None:
        details |= term(ends, subject.now)
    return Proof(None, details)


def _query(text: str) -> Mapping[str, str]:
    return dict(parse_qsl(text, max_num_fields=100))
