"""What stands in place of a secret: a placeholder that names the rule and tells equal secrets from different ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, final

from leaksieve.findings.pem import normalised

_TAG = 8
_BREAKS = re.compile(rb"\r?\n")
_WIDE_BREAKS = re.compile(rb"(?:\r\0)?\n\0")
_WIDE_BREAKS_BIG = re.compile(rb"(?:\0\r)?\0\n")


class Edit(NamedTuple):
    """Bytes ``[start, end)`` to be replaced by ``label``; ``wide`` says that they are UTF-16; ``severity`` is the rule's rank."""

    start: int
    end: int
    label: bytes
    wide: bool
    severity: int


@final
class Marker:
    """Makes placeholders under one key: the same secret has the same one wherever the key is the same.

    The tag is keyed, so nobody can test a guess against a redacted log.  Without a ``key`` one is drawn that ends with the process.
    """

    __slots__ = ("_digest", "_key", "_known")

    def __init__(self, key: bytes | None = None) -> None:
        import hmac

        if not key:
            from os import urandom

            key = urandom(32)
        self._digest: Callable[[bytes, bytes, str], bytes] = hmac.digest
        self._key = hmac.digest(b"leaksieve redaction key 1", key, "sha256")
        self._known: dict[tuple[str, bytes], bytes] = {}

    def label(self, rule_id: str, value: bytes) -> bytes:
        """The placeholder of a secret, such as ``[REDACTED:github-classic-token:5d41402a]``; a private key has one however it is wrapped."""
        known = self._known.get((rule_id, value))
        if known is None:
            if len(self._known) > 1000:
                self._known.clear()
            tag = self._digest(self._key, normalised(value), "sha256").hex()[:_TAG]
            known = self._known[rule_id, value] = f"[REDACTED:{rule_id}:{tag}]".encode()
        return known


def filling(edit: Edit, replaced: bytes) -> bytes:
    """What is written in place of the bytes of an edit (or of the part of them that is left): as many line breaks as they hold stay."""
    kind = _BREAKS if not edit.wide else _WIDE_BREAKS_BIG if edit.label.startswith(b"\0") else _WIDE_BREAKS
    breaks = kind.findall(replaced)
    text = b"".join((edit.label, *breaks))
    # Text in big-endian order that ends with the data ends in the middle of a pair.
    return text[:-1] if edit.wide and len(replaced) % 2 and not breaks else text


def merged(edits: Sequence[Edit]) -> list[Edit]:
    """Edits in order of place, each byte in one of them; where several overlap the first one's label stands for all."""
    out: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if out and edit.start < out[-1].end:
            last = out[-1]
            out[-1] = last._replace(end=max(last.end, edit.end), severity=max(last.severity, edit.severity))
        else:
            out.append(edit)
    return out
