"""The ruleset: what is looked for.

Importing this costs next to nothing; :func:`load` reads the compiled built-in rules, and adds or
removes what a configuration asks for.
"""

from __future__ import annotations

from leaksieve.ruleset.load import Ruleset, load

__all__ = ["Ruleset", "load"]
