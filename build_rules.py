"""Build hook: compiles ``rules/*.toml`` into the one ruleset file inside the package, their examples and verify tables into others.

It runs for wheels, source distributions and editable installs alike, with nothing but the
standard library (the compiler lives in ``src/leaksieve/ruleset`` and has no dependencies).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RulesBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Writes ``builtin.jsonl``, ``examples.jsonl`` and ``verify.jsonl`` into ``src/leaksieve/ruleset``."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  the signature is the hook's
        """Compile the rules before files are collected."""
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        try:
            from leaksieve.ruleset.compile import compile_folder
            from leaksieve.ruleset.editions import examples_text
            from leaksieve.ruleset.verify_load import compile_verifiers

            rules = str(root / "rules")
            texts = {"builtin.jsonl": compile_folder(rules), "examples.jsonl": examples_text(rules), "verify.jsonl": compile_verifiers(rules)}
        finally:
            sys.path.pop(0)
        for name, text in texts.items():
            (root / "src" / "leaksieve" / "ruleset" / name).write_text(text, encoding="utf-8", newline="\n")
