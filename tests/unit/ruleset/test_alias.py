"""A rule under the names it had before: selection, look-up, accepted findings, fingerprints, reports."""

import pytest
from rulebook import FAMILY, ruleset_of, toml

from leaksieve.api import Scanner
from leaksieve.config import AllowEntry, Config
from leaksieve.errors import RulesetError
from leaksieve.ruleset.alias import clashes, find, names, select, table
from leaksieve.ruleset.check import check_paths
from leaksieve.ruleset.template import expand

RENAMED = {"id": '"acme-token"', "aliases": '["acme-key", "acme-old-key"]'}
OTHER = {"id": '"acme-other"', "keywords": '["zork_"]', "pattern": "'(?P<secret>zork_[a-z0-9]{20})(?![a-z0-9])'", "examples": '["zork_<lowernum:20>"]'}
BOTH = toml(RENAMED, OTHER)
SECRET = expand("acme_<lowernum:20>", 3)


def on(ruleset):
    return [rule_id for index, rule_id in enumerate(ruleset.ids) if index not in ruleset.disabled]


def test_former_names_lead_to_the_rule():
    rules = ruleset_of(BOTH)
    assert table(rules) == {"acme-key": "acme-token", "acme-old-key": "acme-token"}
    assert find(rules, "acme-old-key")["id"] == find(rules, "acme-token")["id"] == "acme-token"
    assert names(find(rules, "acme-key")) == ("acme-token", "acme-key", "acme-old-key")
    with pytest.raises(RulesetError, match="no rule is named `acme-old-kye`; did you mean `acme-old-key`"):
        find(rules, "acme-old-kye")


def test_a_rule_without_former_names_keeps_no_trace_of_them():
    assert "aliases" not in ruleset_of(toml()).rule(0)
    assert ruleset_of(toml()).hash == ruleset_of(toml(aliases="[]")).hash != ruleset_of(toml(RENAMED)).hash


@pytest.mark.parametrize(("enable", "disable", "left"), [
    (["acme-key"], [], ["acme-token"]),
    (["acme-old-*"], [], ["acme-token"]),
    ([], ["acme-key"], ["acme-other"]),
    (["acme-*"], [], ["acme-other", "acme-token"]),
    (["acme-other", "acme-key"], ["acme-other"], ["acme-token"]),
])  # fmt: skip
def test_selection_knows_former_names(enable, disable, left):
    assert on(select(ruleset_of(BOTH), enable, disable)) == left


def test_a_name_of_no_rule_is_still_said():
    with pytest.raises(RulesetError, match="no rule is named `acme-keys`"):
        select(ruleset_of(BOTH), ["acme-keys"])


def test_a_current_id_wins_over_a_former_one():
    rules = ruleset_of(toml(RENAMED, {**OTHER, "id": '"acme-key"'}))
    assert find(rules, "acme-key")["id"] == "acme-key"
    assert on(select(rules, ["acme-key"])) == ["acme-key"]


def test_aliases_are_unique_against_all_ids(tmp_path):
    taken = tmp_path / "acme.toml"
    taken.write_text(toml(RENAMED, {**OTHER, "aliases": '["acme-token", "acme-key"]', "counter_examples": '["zork"]'}))
    problems = [problem for problem in check_paths([str(taken)]) if "the alias" in problem]
    assert problems == [
        f"{taken}: rule acme-other: the alias `acme-token` is the id of a rule in {taken}",
        f"{taken}: rule acme-other: the alias `acme-key` is one of acme-token already",
    ]
    assert list(clashes([("a", {"id": "x", "aliases": ["y"]}), ("b", {"id": "z"})])) == []


@pytest.mark.parametrize("bad", ['["Old Id"]', '"old"', '[""]'])
def test_an_alias_is_an_id(bad):
    with pytest.raises(RulesetError, match="alias"):
        ruleset_of(toml(aliases=bad))


def found(text, config=None, **changes):
    return Scanner(ruleset_of(toml({**RENAMED, **changes})), config=config).scan_bytes(text, path="a.txt")


def test_accepted_findings_stay_accepted():
    (plain,) = found(b"x " + SECRET)
    assert plain.allowed == ""
    by_entry = found(b"x " + SECRET, Config(allow=(AllowEntry("known", rules=("acme-old-key",)),)))
    assert by_entry[0].allowed == "configuration: known"
    for name, allowed in (("acme-key", True), ("acme-token", True), ("acme-other", False)):
        (one,) = found(b"x " + SECRET + b"  # leaksieve:allow[" + name.encode() + b"]")
        assert bool(one.allowed) is allowed


def test_a_family_that_was_renamed_keeps_its_fingerprints():
    before = Scanner(ruleset_of(toml())).scan_bytes(SECRET)[0].fingerprint
    renamed = FAMILY.replace('"acme"', '"zenith"')
    rule = {"id": '"zenith-token"', "aliases": '["acme-token"]'}

    def after(family=renamed, **changes):
        return Scanner(ruleset_of(toml({**rule, **changes}, family=family))).scan_bytes(SECRET)[0].fingerprint

    assert after() != before
    assert after(renamed + 'fingerprint_family = "acme"\n') == before
    assert after(fingerprint_family='"acme"') == before
    assert after(renamed + 'fingerprint_family = "other"\n', fingerprint_family='"acme"') == before
    with pytest.raises(RulesetError, match="fingerprint_family `Acme` is not kebab-case"):
        after(fingerprint_family='"Acme"')


def test_sarif_says_the_former_ids():
    import io
    import json

    from leaksieve.coverage import Coverage
    from leaksieve.outcome import rule_info
    from leaksieve.reports import make
    from leaksieve.reports.base import View

    (finding,) = found(b"x " + SECRET)
    reporter, stream = make("sarif"), io.StringIO()
    reporter.start(stream, View())
    reporter.finding(finding, rule_info(ruleset_of(toml(RENAMED)).rule(0)))
    reporter.finish(Coverage())
    (rule,) = json.loads(stream.getvalue())["runs"][0]["tool"]["driver"]["rules"]
    assert rule["deprecatedIds"] == ["acme-key", "acme-old-key"]
