"""leaksieve: finds leaked credentials in trees, staged changes, git history and images.

The public names are loaded when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leaksieve.api import Report, Scanner, scan
    from leaksieve.model import Finding
    from leaksieve.ruleset import Ruleset

__version__ = "0.1.0"
__all__ = ["Finding", "Report", "Ruleset", "Scanner", "__version__", "scan"]

_HOMES = {
    "Finding": "leaksieve.model",
    "Report": "leaksieve.api",
    "Ruleset": "leaksieve.ruleset",
    "Scanner": "leaksieve.api",
    "scan": "leaksieve.api",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
