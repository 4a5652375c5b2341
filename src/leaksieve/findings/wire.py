"""How located findings go through a pipe from a worker to its parent.

A private encoding of plain tuples, made by ``marshal``: both ends are the same program, and
``Secret`` refuses to be pickled.  The bytes hold secrets in clear text; they never go to disk.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable

from leaksieve.model import Located, Provenance
from leaksieve.secret import Secret


def encode(located: Iterable[Located]) -> bytes:
    """Return the bytes for :func:`decode`.

    ``Provenance.details`` may hold plain JSON values only (dict, list, str, int, float, bool, None);
    a value of another type is a ValueError.
    """
    return marshal.dumps([_flat(place) for place in located])


def decode(data: bytes) -> list[Located]:
    """Return what :func:`encode` was given.  Only for bytes that this program wrote."""
    return [_located(place) for place in marshal.loads(data)]  # noqa: S302 - from our own worker, over our own pipe


def _flat(place: Located) -> tuple[object, ...]:
    provenance = place.provenance
    plain = tuple(provenance._replace(details=dict(provenance.details)))
    parts = tuple((name, part.reveal()) for name, part in place.parts)
    return tuple(place._replace(secret=place.secret.reveal(), parts=parts, provenance=plain))  # type: ignore[arg-type]


def _located(flat: tuple[object, ...]) -> Located:
    place = Located(*flat)  # type: ignore[arg-type]
    parts = tuple((name, Secret(part)) for name, part in place.parts)  # type: ignore[arg-type]
    provenance = Provenance(*place.provenance)
    return place._replace(secret=Secret(place.secret), parts=parts, provenance=provenance)  # type: ignore[arg-type]
