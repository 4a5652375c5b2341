"""Plausibility of generic values: is what is assigned to a password, token or key a value at all?"""

from __future__ import annotations

from typing import Any


def implausible(rule: dict[str, Any], secret: bytes, match: Any) -> str:
    """Why a value matched by a generic rule is no credential ("" if it may be one)."""
    return ""
