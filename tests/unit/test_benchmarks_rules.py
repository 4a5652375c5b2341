"""The rules that the benchmark makes up are rules."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import rules

from leaksieve.ruleset.extended import _compiled
from leaksieve.ruleset.load import Ruleset


def test_files_of_both_forms_hold_as_many_rules_as_they_say():
    empty = Ruleset(_compiled("", ["x"], [b"[[rules]]\nid = 'x'\nregex = 'xxx'\n"]))
    assert len(empty) == 1
    own, foreign = rules.own(8).encode(), rules.foreign(8).encode().replace(b"useDefault = true", b"")
    assert len(Ruleset(_compiled("", ["f"], [foreign]))) == 8
    both = Ruleset(_compiled("", ["o", "f"], [own.replace(b"made-up", b"own"), foreign]))
    assert len(both) == 16
    assert not both.foreign["whole"]
    assert rules.words(5) == rules.words(5)
