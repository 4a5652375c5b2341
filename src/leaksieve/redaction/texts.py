"""Redaction of texts and of values that hold texts, as programs have them: thread-safe, and quick where there is nothing."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, final

from leaksieve.config import Config
from leaksieve.redaction.marks import Marker
from leaksieve.redaction.spotter import Spotter, redact_bytes

# Values inside values: deeper ones are taken for hostile, or circular.
_DEEPEST = 8
TOO_DEEP = "[REDACTED:too-deep]"


@final
class Redactor:
    """Redacts texts and values with one set of rules.  Shared between threads; survives a fork."""

    def __init__(self, config: Config | None = None, key: bytes | None = None, spotter: Spotter | None = None) -> None:
        self._spotter = spotter or Spotter(config or Config(), Marker(key))
        self._spotter.warm()
        self._renew()
        if hasattr(os, "register_at_fork"):
            # Another thread may hold the lock at that moment, and is not there in the child to let it go.
            renewal = weakref.WeakMethod(self._renew)
            os.register_at_fork(after_in_child=lambda: (renew := renewal()) and renew())

    def _renew(self) -> None:
        self._lock = threading.Lock()

    def text(self, text: str) -> str:
        """The text, redacted; the same object where nothing was replaced."""
        data = text.encode("utf-8", "surrogatepass")
        with self._lock:
            out, places = redact_bytes(self._spotter, data)
        return out.decode("utf-8", "surrogatepass") if places else text

    def data(self, data: bytes) -> bytes:
        """The same for bytes."""
        with self._lock:
            return redact_bytes(self._spotter, data)[0]

    def named(self, name: str, value: str) -> str:
        """A text that is known by a name, which may be what tells that it is a secret."""
        out = self.text(value)
        if out is not value or not name:
            return out
        head = f'{name} = "'
        whole = self.text(f'{head}{value}"')
        if whole.startswith(head) and whole.endswith('"'):
            within = whole[len(head) : -1]
            return value if within == value else within
        # What was replaced reaches past the value: all of it is secret.
        return self._all_of(value)

    def value(self, value: Any, name: str = "", depth: int = 0) -> Any:
        """A value with every text in it redacted: mappings (their keys as well), lists, tuples and sets are looked into.

        Any other object whose text holds a secret is replaced by its text, redacted.  The same object where nothing was replaced.
        """
        if isinstance(value, str):
            return self.named(name, value) if name else self.text(value)
        if isinstance(value, (bytes, bytearray)):
            out = self.data(bytes(value))
            return value if out == value else out
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if not isinstance(value, (Mapping, list, tuple, set, frozenset)):
            return self._object(value)
        if depth >= _DEEPEST:
            return TOO_DEEP
        if isinstance(value, Mapping):
            pairs = [
                (self.text(key) if isinstance(key, str) else key, self.value(item, key if isinstance(key, str) else "", depth + 1))
                for key, item in value.items()
            ]
            same = all(key is old and item is was for (key, item), (old, was) in zip(pairs, value.items(), strict=True))
            return value if same else dict(pairs)
        items = [self.value(item, name, depth + 1) for item in value]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*items)
        kind = next(kind for kind in (list, tuple, set, frozenset) if isinstance(value, kind))
        return kind(items)

    def _object(self, value: object) -> object:
        """What a formatter would write of an object: an address, a path, an exception."""
        kind = type(value)
        if kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__:
            return value
        for told in (str, repr):
            text = ""
            # Anybody's `__str__` may raise anything; the formatter will meet it again.
            with suppress(Exception):
                text = told(value)
            out = self.text(text)
            if out is not text:
                return out
        return value

    @staticmethod
    def _all_of(value: str) -> str:
        return "[REDACTED]" + "\n" * value.count("\n")
