"""The parts of a rule are checked when it is read."""

import pytest

from leaksieve.errors import RulesetError
from leaksieve.ruleset.parts import IDENTIFIER, read_parts


def read(*parts, **table):
    rule = {}
    read_parts({**({"parts": list(parts)} if parts else {}), **table}, rule, "x.toml: rule x")
    return rule


def test_a_part_is_read_with_its_defaults():
    (part,) = read({"name": "user", "names": ["user"]})["parts"]
    assert part == {"name": "user", "names": ["user"], "rules": [], "value": IDENTIFIER, "required": False, "lines": 20, "bytes": 2048}


def test_nothing_is_kept_where_there_is_nothing():
    assert read() == {}
    assert "missing" not in read({"name": "user", "names": ["user"]}, missing="keep")


def test_missing_is_kept_where_a_part_is_required():
    assert read({"name": "user", "names": ["user"], "required": True}, missing="lower")["missing"] == "lower"


@pytest.mark.parametrize(
    ("part", "word"),
    [
        ({"names": ["user"]}, "name"),
        ({"name": "User", "names": ["user"]}, "lower-case"),
        ({"name": "user"}, "rules"),
        ({"name": "user", "names": ["a b"]}, "letters"),
        ({"name": "user", "names": "user"}, "list"),
        ({"name": "user", "names": ["user"], "value": "("}, "value"),
        ({"name": "user", "names": ["user"], "value": "a+"}, "bound"),
        ({"name": "user", "names": ["user"], "value": ""}, "value"),
        ({"name": "user", "names": ["user"], "required": "yes"}, "required"),
        ({"name": "user", "names": ["user"], "lines": 0}, "lines"),
        ({"name": "user", "names": ["user"], "bytes": True}, "bytes"),
        ({"name": "user", "names": ["user"], "window": 3}, "unknown key `window`"),
    ],
)
def test_what_is_wrong_is_said_of_the_part(part, word):
    with pytest.raises(RulesetError, match=word):
        read(part)


def test_what_is_wrong_is_said_of_the_rule():
    with pytest.raises(RulesetError, match="same name"):
        read({"name": "user", "names": ["user"]}, {"name": "user", "names": ["login"]})
    with pytest.raises(RulesetError, match="missing"):
        read({"name": "user", "names": ["user"]}, missing="drop")
    with pytest.raises(RulesetError, match="missing"):
        read(missing="maybe")
    with pytest.raises(RulesetError, match="parts"):
        read(parts={"name": "user"})
