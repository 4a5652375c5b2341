"""Ids that stand readable inside a token."""

from __future__ import annotations

import re

from leaksieve.engine.checks import SILENT, Proof, Subject
from leaksieve.engine.checks_bytes import moment, unbase64

# Discord counts milliseconds from the first second of 2015.
_DISCORD_EPOCH = 1_420_070_400
_SNOWFLAKE = re.compile(rb"[1-9][0-9]{16,19}")


def _born(snowflake: int) -> str:
    return moment((snowflake >> 22) // 1000 + _DISCORD_EPOCH)


def discord_token(subject: Subject) -> Proof:
    """The first of three parts is base64 of the user's id, whose upper bits are the time the account was made."""
    user = unbase64(subject.value.partition(b".")[0])
    if not _SNOWFLAKE.fullmatch(user):
        return Proof(False)
    return Proof(True, {"user_id": user.decode(), "account_created": _born(int(user))})


_WEBHOOK = re.compile(rb"/webhooks/([1-9][0-9]{16,19})/")


def discord_webhook(subject: Subject) -> Proof:
    """The link holds the webhook's id, and with it when it was made; the token behind it has no structure."""
    found = _WEBHOOK.search(subject.value)
    if found is None:
        return SILENT
    return Proof(None, {"webhook_id": found.group(1).decode(), "issued": _born(int(found.group(1)))})


def telegram(subject: Subject) -> Proof:
    """What stands before the colon is the bot's user id."""
    user, colon, _ = subject.value.partition(b":")
    return Proof(None, {"user_id": user.decode()}) if colon and user.isdigit() else SILENT


def harness(subject: Subject) -> Proof:
    """The second of four parts is the account's id."""
    parts = subject.value.split(b".")
    return Proof(None, {"account": parts[1].decode("ascii")}) if len(parts) == 4 else SILENT


_REFERENCE = re.compile(rb"reftkn:[0-9]{2}:[0-9]{10}:[!-~]+")


def jfrog_reference(subject: Subject) -> Proof:
    """Base64 of a fixed word, two numbers and a random text."""
    return Proof(_REFERENCE.fullmatch(unbase64(subject.value)) is not None)


_NUMBERED = re.compile(rb"[0-9]{6,20}:[^\0]", re.DOTALL)


def atlassian_data_center(subject: Subject) -> Proof:
    """Base64 of the token's number, a colon and random bytes, in Bitbucket behind a prefix."""
    raw = unbase64(subject.value.removeprefix(b"BBDC-"))
    return Proof(_NUMBERED.match(raw) is not None and len(raw) == 33)
