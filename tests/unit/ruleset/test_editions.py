"""Rulesets other than the one in use."""

import json
import os
import zipfile

import pytest
from rulebook import RULES, rules_of, ruleset_of, toml

from leaksieve.errors import RulesetError
from leaksieve.ruleset.compile import compile_rules
from leaksieve.ruleset.editions import edition, examples_text, exchanged, sources, with_examples

OTHER = {"id": '"acme-other"', "keywords": '["zork_"]', "pattern": "'(?P<secret>zork_[a-z0-9]{20})(?![a-z0-9])'"}
TEXT = compile_rules(rules_of(toml()))


def test_sources_compiled_wheel_and_unpacked_give_the_same(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "acme.toml").write_text(toml())
    (tmp_path / "some.jsonl").write_text(TEXT)
    inner = tmp_path / "unpacked" / "leaksieve" / "ruleset"
    inner.mkdir(parents=True)
    (inner / "builtin.jsonl").write_text(TEXT)
    with zipfile.ZipFile(tmp_path / "leaksieve-1.whl", "w") as wheel:
        wheel.writestr("leaksieve/ruleset/builtin.jsonl", TEXT)
    hashes = {edition(str(tmp_path / name)).hash for name in ("rules", "rules/acme.toml", "some.jsonl", "unpacked", "unpacked/leaksieve", "leaksieve-1.whl")}
    assert hashes == {ruleset_of(toml()).hash}


@pytest.mark.parametrize(("name", "content", "said"), [
    ("gone", None, "cannot be read"),
    ("bad.jsonl", b"{}\n", "is not a ruleset that this version can read"),
    ("bad.jsonl", b"[]\n", "is not a ruleset that this version can read"),
    ("bad.jsonl", b'{"format": 3}\n', "is not a ruleset that this version can read"),
    ("bad.jsonl", b'{"format": 3, "ids": [], "literals": {"ignore": 1, "words": 2, "who": 3}}\n', "is not a ruleset that this version can read"),
    ("bad.jsonl", b"\xff", "cannot be read: not UTF-8"),
    ("bad.whl", b"no zip", "is not a wheel of leaksieve"),
    ("bad.toml", b"x = 1", "unknown key"),
    ("empty/x.txt", b"", "holds no rule files"),
])  # fmt: skip
def test_what_is_no_ruleset_is_said(tmp_path, name, content, said):
    path = tmp_path / name
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    with pytest.raises(RulesetError, match=said):
        edition(str(path.parent if path.parent != tmp_path else path))


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_wheel_is_said_to_be_none(tmp_path, packing):
    """Wherever the damage is, and whatever the file was packed with; the first ten bytes LZMA may pass over (a version, how far back it looks)."""
    path = tmp_path / "leaksieve-1.whl"
    with zipfile.ZipFile(path, "w", packing) as wheel:
        wheel.writestr("leaksieve/ruleset/builtin.jsonl", TEXT)
        stream = len("leaksieve/ruleset/builtin.jsonl") + 40
    whole = path.read_bytes()
    for place in range(stream, stream + 40):
        path.write_bytes(whole[:place] + bytes((whole[place] ^ 0xFF,)) + whole[place + 1 :])
        with pytest.raises(RulesetError, match="is not a wheel of leaksieve"):
            edition(str(path))


def test_a_file_of_another_tools_form_stands_for_what_it_says(tmp_path):
    file = tmp_path / "other.toml"
    file.write_text('title = "x"\n[[rules]]\nid = "zork"\ndescription = "Zork"\nregex = \'zork_[0-9]{8}\'\nkeywords = ["zork_"]\n')
    assert edition(str(file)).ids == ["zork"]


def test_rules_are_exchanged_for_those_of_the_same_id():
    base = ruleset_of(toml({}, OTHER))
    longer = rules_of(toml(pattern="'(?P<secret>acme_[a-z0-9]{30})(?![a-z0-9])'"))
    mixed = exchanged(base, longer)
    on = [rule_id for index, rule_id in enumerate(mixed.ids) if index not in mixed.disabled]
    assert sorted(on) == ["acme-other", "acme-token"]
    assert "{30}" in mixed.by_id("acme-token")["pattern"]
    assert exchanged(base, rules_of(toml())) is base


def test_the_examples_that_the_package_carries_are_those_of_the_rules(tmp_path, monkeypatch):
    (tmp_path / "acme.toml").write_text(toml(also='["x"]'))
    file = tmp_path / "examples.jsonl"
    file.write_text(examples_text(str(tmp_path)))
    monkeypatch.setattr("leaksieve.ruleset.editions.EXAMPLES", str(file))
    (rule,) = with_examples(ruleset_of(toml()))
    assert (rule["examples"], rule["counter_examples"], rule["also"]) == (["k=acme_<lowernum:20>"], ["acme_short"], ["x"])
    assert json.loads(file.read_text())["id"] == rule["id"]
    file.unlink()
    with pytest.raises(RulesetError, match="missing"):
        with_examples(ruleset_of(toml()))


def test_a_checkout_knows_its_own_rules():
    assert os.path.samefile(sources(), RULES)
