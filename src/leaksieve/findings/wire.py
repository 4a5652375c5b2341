"""How located findings go through a pipe from a worker to its parent.

A private encoding of plain tuples, made by ``marshal``: both ends are the same program, and
``Secret`` refuses to be pickled.  The bytes hold secrets in clear text; they never go to disk.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable
from typing import Any

from leaksieve.model import Located, Provenance
from leaksieve.secret import Secret


def encode(located: Iterable[Located]) -> bytes:
    """Return the bytes for :func:`decode`.

    ``Provenance.details`` may hold plain JSON values only (dict, list, str, int, float, bool, None);
    a value of another type is a ValueError.
    """
    # The places of one file share one record, here and after the pipe, where it is kept for every finding.
    plain: dict[int, tuple[Provenance, tuple[object, ...]]] = {}
    return marshal.dumps([_flat(place, plain) for place in located])


def decode(data: bytes) -> list[Located]:
    """Return what :func:`encode` was given.  Only for bytes that this program wrote."""
    known: dict[int, Provenance] = {}
    return [_located(place, known) for place in marshal.loads(data)]  # noqa: S302 - from our own worker, over our own pipe


def _flat(place: Located, plain: dict[int, tuple[Provenance, tuple[object, ...]]]) -> tuple[object, ...]:
    rule_id, secret, parts, provenance, *rest = place
    # The record itself is kept beside its plain form: its id must not pass to another meanwhile.
    _, flat = plain.get(id(provenance)) or plain.setdefault(id(provenance), (provenance, tuple(provenance._replace(details=dict(provenance.details)))))
    return (rule_id, secret.reveal(), tuple((name, part.reveal()) for name, part in parts) if parts else (), flat, *rest)


def _located(flat: tuple[Any, ...], known: dict[int, Provenance]) -> Located:
    rule_id, secret, parts, plain, *rest = flat
    # The whole list is alive while it is read, so that ids are names.
    provenance = known.get(id(plain)) or known.setdefault(id(plain), Provenance(*plain))
    return Located(rule_id, Secret(secret), tuple((name, Secret(part)) for name, part in parts) if parts else (), provenance, *rest)
