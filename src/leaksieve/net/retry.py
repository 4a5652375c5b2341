"""How long a server asks to be left alone."""

from __future__ import annotations


def retry_after(text: str) -> float:
    """Seconds of a Retry-After, 0 where it does not say."""
    if text.isascii() and text.isdigit():
        return float(text[:7])
    if text:
        from datetime import UTC, datetime
        from email.utils import parsedate_to_datetime

        try:
            return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError):
            pass
    return 0.0
