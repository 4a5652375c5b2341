"""What is made ready before workers are forked is not made again by them."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from leaksieve.engine.confirm import Confirmer
from leaksieve.engine.warm import warming
from leaksieve.ruleset.load import load

PASSWORD = b'password = "tr0ub4dor-und-drei"'


def test_patterns_that_were_warmed_are_not_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ruleset = load()
    re.purge()
    steps = sum(1 for _ in warming(ruleset))
    assert steps > 40
    assert "leaksieve.ruleset.scorer" in sys.modules

    def refuse(*_: Any) -> Any:
        raise AssertionError("compiled again")

    monkeypatch.setattr(sys.modules["re._compiler"], "compile", refuse)
    index = ruleset.ids.index("generic-password")
    assert Confirmer(index, ruleset.rule(index), 2.0).at(PASSWORD, 0, 0)["secret"] == b"tr0ub4dor-und-drei"


def test_rules_that_are_off_are_left_out() -> None:
    ruleset = load()
    fewer = ruleset.select(disable=["generic-*"])
    assert sum(1 for _ in warming(fewer)) < sum(1 for _ in warming(ruleset))
