"""Canary tokens: credentials planted so that whoever tries them is noticed.

They are marked, never tried: a live check would set off its owner's alarm.
"""

from __future__ import annotations

# Hosts of the public service that hands canaries out, and the AWS accounts behind its keys as published by researchers.
_HOSTS = (b"canarytokens.com", b"canarytokens.org", b"canarytokens.net")
_ACCOUNTS = frozenset(("052310077262", "171436882533", "534261010715", "595918472158", "717712589309", "819147034852", "992382622183"))


def is_canary(value: bytes) -> bool:
    """Whether a credential is known to be a canary: by its host, or by the account in an AWS key id."""
    if value.startswith((b"AKIA", b"ASIA")):
        from leaksieve.engine.checks_cloud import aws_account

        return is_canary_account(aws_account(value))
    return b"canarytokens" in value and any(host in value for host in _HOSTS)


def is_canary_account(number: str) -> bool:
    """Whether an AWS account, by its number, is known to be one of canaries."""
    return number in _ACCOUNTS
