"""Which deleted file a new one may be a renamed copy of."""

from __future__ import annotations

from collections.abc import Callable, Iterable

# A new file is compared with so many deleted ones, of at most so many bytes.
_CANDIDATES = 50
CANDIDATE_LIMIT = 1024 * 1024
# As git's own default: half of the lines must be the same.
_SIMILAR = 0.5


class Origins:
    """The files one change deletes, as (path, raw id); ``moved`` are ids of new files, whose unchanged originals are nobody else's."""

    def __init__(self, deleted: Iterable[tuple[bytes, bytes]], moved: Iterable[bytes]) -> None:
        gone = list(deleted)
        self._exact = {oid for _, oid in gone}
        taken = self._exact.intersection(moved)
        self._by_key: dict[bytes, list[bytes]] = {}
        for path, oid in gone:
            if oid not in taken:
                for key in _keys(path):
                    self._by_key.setdefault(key, []).append(oid)

    def of(self, path: bytes, oid: bytes) -> tuple[bytes, ...]:
        """Raw ids, likeliest first: the same content, the same name, the same suffix, any."""
        if oid in self._exact:
            return (oid,)
        found: dict[bytes, None] = {}
        for key in _keys(path):
            for each in self._by_key.get(key, ()):
                found[each] = None
                if len(found) >= _CANDIDATES:
                    return tuple(found)
        return tuple(found)


def _keys(path: bytes) -> tuple[bytes, bytes, bytes]:
    name = path.rpartition(b"/")[2]
    return name, b"." + name.rpartition(b".")[2], b""


def most_similar(data: bytes, origins: tuple[bytes, ...], read: Callable[[bytes, int], bytes | None]) -> bytes | None:
    """Return the content of the origin that has most lines in common with ``data``, None when none has half of them.

    ``read(id, limit)`` gives a file's content, or None when it cannot be had within ``limit`` bytes.
    """
    lines = _lines(data)
    best: bytes | None = None
    best_score = _SIMILAR
    for oid in origins:
        text = read(oid, max(CANDIDATE_LIMIT, len(data) if len(origins) == 1 else 0))
        if text is None:
            continue
        if text == data:
            return text
        others = _lines(text)
        score = len(lines & others) / max(len(lines), len(others))
        if score > best_score or (best is None and score == best_score):
            best, best_score = text, score
    return best


def _lines(data: bytes) -> set[bytes]:
    """The lines, in whichever line ending: a file that is renamed may get another with it."""
    return set((data.replace(b"\r\n", b"\n") if b"\r\n" in data else data).split(b"\n"))
