"""What can be said of a finding, by which key, and what becomes of it."""

from __future__ import annotations

from typing import NamedTuple

# Where a verdict is written to: nowhere (it stays a finding), the baseline, the allow entries of the configuration.
NOWHERE, BASELINE, ALLOW = "", "baseline", "allow"


class Verdict(NamedTuple):
    """One verdict: its key, its name in the record, what is said of it, where it goes, and the reason where none is typed."""

    key: str
    name: str
    about: str
    goes: str
    reason: str


VERDICTS = (
    Verdict("r", "real", "real, and stays a finding", NOWHERE, ""),
    Verdict("b", "known", "real, and goes into the baseline until it is dealt with", BASELINE, "known"),
    Verdict("t", "test", "a test value: an allow entry", ALLOW, "test value"),
    Verdict("f", "false", "no secret: an allow entry", ALLOW, "not a secret"),
    Verdict("x", "revoked", "revoked already: an allow entry", ALLOW, "revoked"),
)
BY_KEY = {verdict.key: verdict for verdict in VERDICTS}
BY_NAME = {verdict.name: verdict for verdict in VERDICTS}
