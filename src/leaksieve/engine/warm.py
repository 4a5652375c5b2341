"""What nearly every bulk scan comes to need, made ready while there is time for it: before workers are forked, each of which would make its own."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from leaksieve.engine.confirm import Confirmer
from leaksieve.ruleset.load import Ruleset

_MODULES = ("leaksieve.ruleset.generic", "leaksieve.ruleset.scorer", "leaksieve.ruleset.alias")


def warming(ruleset: Ruleset) -> Iterator[None]:
    """Load how values are judged, and compile the patterns of rules that common words open; a step of a millisecond or a few at a time."""
    for name in _MODULES:
        import_module(name)
        yield
    for index in sorted({index for _, _, _, words in ruleset.gates for _, who in words for index in who} - ruleset.disabled):
        # Any time will do: it is only known that those with one have none to warm.
        Confirmer(index, ruleset.rule(index), 1.0).warm()
        yield
