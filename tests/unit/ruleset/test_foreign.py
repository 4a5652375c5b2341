"""Reading other tools' rule files: what is read, what is refused, and in what words."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from leaksieve.engine.matcher import Engine
from leaksieve.errors import RulesetError
from leaksieve.model import Match
from leaksieve.ruleset.compile import compile_folder
from leaksieve.ruleset.extended import extended
from leaksieve.ruleset.load import BUILTIN, Ruleset, packaged

TOKEN = "acme_" + "a1B2c3D4" * 4
HEX = "0f1e2d3c4b5a6978" * 2
ACME = """
[[rules]]
id = "acme"
regex = '''\\bacme_[A-Za-z0-9]{32}\\b'''
keywords = ["acme_"]
"""


@cache
def built_in() -> str:
    return packaged(BUILTIN, compile_folder)


def ruleset(folder: Path, text: str, **more: str) -> Ruleset:
    file = folder / "rules.toml"
    file.write_text(text)
    for name, content in more.items():
        (folder / f"{name}.toml").write_text(content)
    return Ruleset(extended(built_in() if "useDefault" in text else "", [str(file)]))


def live(rules: Ruleset, data: str | bytes, path: bytes = b"src/a.py", **options: Any) -> list[Match]:
    raw = data.encode() if isinstance(data, str) else data
    prefilters = ("aho-corasick",) if len(rules) > 100 else ("aho-corasick", "hyperscan")
    found = [Engine(rules, prefilter=prefilter, **options).scan(raw, path).matches for prefilter in prefilters]
    assert found[0] == found[-1]
    return [match for match in found[0] if not match.rejected]


def values(rules: Ruleset, data: str | bytes, path: bytes = b"src/a.py") -> list[bytes]:
    return [match.secret.reveal() for match in live(rules, data, path)]


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(RulesetError) as caught:
        ruleset(folder, text)
    return caught.value.line().removeprefix(str(folder / "rules.toml"))


def test_a_rule_is_read_with_what_reports_say_of_it(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, ACME.replace('"acme"', '"Acme Token.1"') + 'description = "Acme token"\ntags = ["one", "Two"]\n')
    assert rules.ids == ["Acme Token.1"]
    rule = rules.rule(0)
    assert (rule["name"], rule["family"], rule["severity"], rule["confidence"], rule["tags"]) == (
        "Acme token",
        "Acme Token.1",
        "high",
        "medium",
        ["one", "Two"],
    )
    assert values(rules, f"x = {TOKEN}\n") == [TOKEN.encode()]


def test_the_file_replaces_the_built_in_rules_unless_it_extends_them(tmp_path: Path) -> None:
    alone = ruleset(tmp_path, ACME)
    assert alone.ids == ["acme"]
    assert "the built-in rules are off" in alone.foreign["notes"][0]
    beside = ruleset(tmp_path, "[extend]\nuseDefault = true\ndisabledRules = ['x']\n" + ACME)
    assert len(beside) == len(Ruleset(built_in())) + 1
    assert "the built-in rules are on as well" in beside.foreign["notes"][0]
    assert "--disable" in beside.foreign["notes"][1]
    assert values(beside, f"x = {TOKEN}\n") == [TOKEN.encode()]


def test_keys_are_read_in_any_case(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, "[[Rules]]\nID = 'x'\nRegex = 'key=(a+)(b+)'\nsecretgroup = 2\n")
    assert values(rules, "key=aabb") == [b"bb"]


@pytest.mark.parametrize(
    ("regex", "group", "text", "secret"),
    [
        ("token=(?:(x+)|(y+))", 0, "token=yyy", b"yyy"),
        ("token=(x*)(y+)", 0, "token=yyy", b"yyy"),
        ("token=(x*)(y+)", 2, "token=xyyy", b"yyy"),
        ("token=y+", 0, "token=yyy", b"token=yyy"),
        ("token=(x*)y+", 0, "token=yyy", b"token=yyy"),
    ],
)
def test_which_group_is_the_secret(tmp_path: Path, regex: str, group: int, text: str, secret: bytes) -> None:
    rules = ruleset(tmp_path, f"[[rules]]\nid = 'x'\nregex = '{regex}'\nsecretGroup = {group}\n")
    assert values(rules, text) == [secret]


def test_entropy_is_a_threshold_that_must_be_passed(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, "[[rules]]\nid = 'x'\nregex = 'token=([a-z]+)'\nentropy = 2.0\n")
    assert values(rules, "token=abcd token=abcde") == [b"abcde"]
    filtered = ruleset(tmp_path, "[[rules]]\nid = 'x'\nregex = 'token=([a-z]+)'\nfilter = 'entropy(finding[\"secret\"]) <= 2.0'\n")
    assert values(filtered, "token=abcd token=abcde") == [b"abcde"]


def test_keywords_may_stand_anywhere_in_the_text(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, f"[[rules]]\nid = 'x'\nregex = '[0-9a-f]{{{len(HEX)}}}'\nkeywords = ['Globex']\n")
    assert values(rules, f"{HEX}\n") == []
    assert values(rules, f"{HEX}\n\nfar away: GLOBEX\n") == [HEX.encode()]
    # The same bytes once more: a rule that has searched a buffer searches the next one too.
    engine = Engine(rules)
    data = f"{HEX} globex globex".encode()
    assert [len(engine.scan(data).matches) for _ in range(3)] == [1, 1, 1]


def test_keywords_are_asked_for_even_where_the_pattern_has_a_text_of_its_own(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, "[[rules]]\nid = 'x'\nregex = 'prefix-[0-9]{8}'\nkeywords = ['globex']\n")
    assert rules.words == ["prefix-"]
    assert values(rules, "prefix-12345678") == []
    assert values(rules, "prefix-12345678 Globex") == [b"prefix-12345678"]


def test_rules_without_keywords_and_text_look_at_everything(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, "[[rules]]\nid = 'x'\nregex = '[A-Z]{4}[0-9]{8}'\n")
    assert values(rules, "ABCD12345678 and EFGH12345678") == [b"ABCD12345678", b"EFGH12345678"]
    assert "searched for in every file" in rules.foreign["notes"][1]
    assert values(rules, "") == []


def test_matches_of_any_length_and_over_lines(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, "[[rules]]\nid = 'x'\nregex = '''BEGIN\\n([\\s\\S]*?)\\nEND'''\n[[rules]]\nid = 'y'\nregex = '''open\\([^)\\n]*(z+)'''\n")
    body = "x" * 300_000
    assert values(rules, f"BEGIN\n{body}\nEND BEGIN\nq\nEND") == [body.encode(), b"q"]
    assert values(rules, "open(" + "a" * 50_000 + "zz\nopen(zzz) open(z") == [b"z", b"z", b"z"]


def test_a_pattern_is_exact_beside_text_that_is_not_ascii(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, "[[rules]]\nid = 'x'\nregex = '''(?i)geheim:(.{3})\\b'''\n")
    assert values(rules, "geheim:äöu geheim:abc") == ["äöu".encode(), b"abc"]


def test_encoded_secrets_are_found(tmp_path: Path) -> None:
    from base64 import b64encode

    rules = ruleset(tmp_path, ACME)
    assert values(rules, b"x: " + b64encode(f"a={TOKEN}; b".encode())) == [TOKEN.encode()]


def test_rules_for_paths(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, "[[rules]]\nid = 'file'\npath = '''\\.p12$'''\n" + ACME + "path = '''^src/'''\n")
    assert [match.rule_id for match in live(rules, "anything", b"a/key.p12")] == ["file"]
    assert live(rules, "anything", b"a/key.p12x") == []
    assert values(rules, TOKEN, b"src/a") == [TOKEN.encode()]
    assert values(rules, TOKEN, b"lib/src/a") == []


ALLOW = ACME + "[[rules.allowlists]]\n"


@pytest.mark.parametrize(
    ("lists", "line", "path", "allowed"),
    [
        ("stopwords = ['A1b2']", "{}", b"a", True),
        ("stopwords = ['zz']", "{} zz", b"a", False),
        ("regexes = ['^acme_a1']", "{}", b"a", True),
        ("regexes = ['x =']", "x = {}", b"a", False),
        ("regexTarget = 'line'\nregexes = ['x =']", "x = {}", b"a", True),
        ("regexTarget = 'line'\nregexes = ['x =']", "x =\n{}\nx =", b"a", False),
        ("regexTarget = 'match'\nregexes = ['^acme']", "{}", b"a", True),
        ("paths = ['''^vendor/''']", "{}", b"vendor/a", True),
        ("paths = ['''^vendor/''']", "{}", b"a/vendor/a", False),
        ("paths = ['''^vendor/''']\nstopwords = ['zz']", "{}", b"vendor/a", True),
        ("condition = 'AND'\npaths = ['''^vendor/''']\nregexTarget = 'line'\nregexes = ['x =']", "x = {}", b"vendor/a", True),
        ("condition = 'AND'\npaths = ['''^vendor/''']\nregexTarget = 'line'\nregexes = ['x =']", "y = {}", b"vendor/a", False),
        ("condition = 'AND'\npaths = ['''^vendor/''']\nregexTarget = 'line'\nregexes = ['x =']", "x = {}", b"src/a", False),
        ("condition = '&&'\nstopwords = ['zz']\nregexes = ['^acme_a1']", "{}", b"a", False),
        ("condition = 'and'\npaths = ['''^vendor/''']", "{}", b"vendor/a", True),
        ("condition = 'OR'\nstopwords = ['zz']\nregexes = ['^acme_a1']", "{}", b"a", True),
    ],
)
@pytest.mark.parametrize("where", ["rule", "file", "single", "target", "built-in"])
def test_allow_lists(tmp_path: Path, lists: str, line: str, path: bytes, allowed: bool, where: str) -> None:
    text = {
        "rule": ACME + "[[rules.allowlists]]\n" + lists,
        "file": "[[allowlists]]\n" + lists + ACME,
        "single": ACME + "[rules.allowlist]\n" + lists,
        "target": "[[allowlists]]\ntargetRules = ['acme']\n" + lists + ACME,
        "built-in": "[extend]\nuseDefault = true\n[allowlist]\n" + lists + ACME,
    }[where]
    assert (values(ruleset(tmp_path, text), line.format(TOKEN), path) == []) == allowed


def test_a_list_for_all_rules_holds_for_the_built_in_ones_too(tmp_path: Path) -> None:
    pat = "ghp_" + "a1B2c3D4e5F6g7H8i9" * 2
    rules = ruleset(
        tmp_path,
        "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['^vendor/']\n[[allowlists]]\ncondition = 'AND'\npaths = ['^lib/']\nstopwords = ['a1b2']\n",
    )
    assert values(rules, f"token = '{pat}'", b"src/a") == [pat.encode()]
    assert values(rules, f"token = '{pat}'", b"vendor/a") == []
    assert values(rules, f"token = '{pat}'", b"lib/a") == []
    assert rules.hash != Ruleset(built_in()).hash
    password = 'password = "tR4$vbn!qWz8"\n'
    assert values(rules, password, b"src/a.py") != []
    assert values(rules, password, b"vendor/a.py") == []


def test_a_list_with_targets_leaves_other_rules_alone(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, "[[allowlists]]\ntargetRules = ['other']\nstopwords = ['a1']\n" + ACME + "[[rules]]\nid = 'other'\nregex = 'other_[a-z0-9]+'\n")
    assert values(rules, f"{TOKEN} other_a1b2") == [TOKEN.encode()]


PAIR = """
[[rules]]
id = "key"
regex = 'key=([a-z]+)'
[[rules.required]]
id = "helper"
{bounds}
[[rules]]
id = "helper"
regex = 'name=([a-z]+)'
skipReport = {skip}
"""


@pytest.mark.parametrize(
    ("bounds", "text", "found"),
    [
        ("", "key=abc\n\n\n\nname=xyz", True),
        ("", "key=abc", False),
        ("withinLines = 1", "key=abc\nname=xyz", True),
        ("withinLines = 1", "key=abc\n\nname=xyz", False),
        ("withinLines = 0", "name=xyz key=abc", True),
        ("withinColumns = 3", "   name=xyz\nkey=abc", True),
        ("withinColumns = 3", "    name=xyz\nkey=abc", False),
        ("withinLines = 2\nwithinColumns = 3", "name=xyz\n\n key=abc", True),
        ("withinLines = 2\nwithinColumns = 3", "name=xyz\n\n\n key=abc", False),
    ],
)
def test_required_parts(tmp_path: Path, bounds: str, text: str, found: bool) -> None:
    rules = ruleset(tmp_path, PAIR.format(bounds=bounds, skip="true"))
    matches = live(rules, text)
    assert [(match.rule_id, match.secret.reveal()) for match in matches] == ([("key", b"abc")] if found else [])
    if found:
        assert [(name, part.reveal()) for name, part in matches[0].parts] == [("helper", b"xyz")]


def test_a_required_rule_that_is_reported_is_a_finding_too(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, PAIR.format(bounds="", skip="false"))
    assert [match.rule_id for match in live(rules, "key=abc name=xyz")] == ["key", "helper"]


def test_a_file_extends_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    base = ACME + "[[rules]]\nid = 'b'\nregex = 'bbb_[0-9]+'\nkeywords = ['bbb']\ntags = ['x']\n[[rules]]\nid = 'c'\nregex = 'ccc_[0-9]+'\n"
    rules = ruleset(tmp_path, "[extend]\npath = 'base.toml'\ndisabledRules = ['c']\n[[rules]]\nid = 'b'\nregex = 'bbb_([0-9]+)'\ntags = ['y']\n", base=base)
    assert rules.ids == ["acme", "b"]
    assert rules.by_id("b")["tags"] == ["x", "y"]
    assert values(rules, "bbb_12 ccc_34") == [b"12"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[[rules]]\nid = 'x'\nregex = 'a'\nfilter = 'true'", ": rule x: `filter` is not supported but for one comparison of entropy(finding[\"secret\"]); remove it, or write the rule in leaksieve's own format"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\nvalidate = 'x'", ": rule x: `validate` is not supported; remove it, or write the rule in leaksieve's own format"),
        ("prefilter = 'x'\n" + ACME, ": `prefilter` is not supported; remove it, or write the rule in leaksieve's own format"),
        ("filter = 'x'\n" + ACME, ": `filter` is not supported; remove it, or write the rule in leaksieve's own format"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\ntokenEfficiency = true", ": rule x: `tokenEfficiency` is not supported; remove it, or write the rule in leaksieve's own format"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\ncomponents = []", ": rule x: `components` is not supported; remove it, or write the rule in leaksieve's own format"),
        ("[[rules]]\nid = 'x'\nregexp = 'a'", ": rule x: unknown key `regexp`; did you mean `regex`?"),
        ("[[rules]]\nid = 'x'\nregex = '(?=a)'", ": rule x: `regex` does not compile: `(?=` is no part of this syntax"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\nsecretGroup = 1", ": rule x: `secretGroup` is 1, and `regex` has 0 groups"),
        ("[[rules]]\nid = 'x'\npath = '('", ": rule x: `path` does not compile: missing closing `)`"),
        ("[[rules]]\nid = 'x'", ": rule x: has neither `regex` nor `path`; rules that change one of the other tool's own are not supported: give it a regex"),
        ("[[rules]]\nregex = 'a'", ": rule 1: `id` must be a printable text"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\n[[rules]]\nid = 'x'\nregex = 'b'", ": rule x: two rules have this id"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\nkeywords = 'a'", ": rule x: `keywords` must be a list of non-empty texts"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\nentropy = 'a'", ": rule x: `entropy` must be a number, zero or more"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\n[[rules.allowlists]]\ncondition = 'NOR'\npaths = ['a']", ": rule x: [[allowlists]]: `condition` must be OR or AND, not `NOR`"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\n[[rules.allowlists]]\nregexTarget = 'file'\npaths = ['a']", ": rule x: [[allowlists]]: `regexTarget` must be one of secret, match, line, not `file`"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\n[[rules.allowlists]]\ndescription = 'd'", ": rule x: [[allowlists]]: an allow list needs one of commits, paths, regexes, stopwords"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\n[[rules.allowlists]]\npaths = ['*']", ": rule x: [[allowlists]]: `paths`: `*` does not compile: missing argument to a repetition"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\n[rules.allowlist]\npaths = ['a']\n[[rules.allowlists]]\npaths = ['a']", ": rule x: `allowlist` and `allowlists` exclude each other"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\n[[rules.required]]\nid = 'y'", ": rule x: `required` names `y`, and there is no such rule"),
        ("[[allowlists]]\ntargetRules = ['y']\npaths = ['a']\n" + ACME, ": [[allowlists]]: `targetRules` names `y`, and there is no such rule"),
        ("[extend]\nuseDefault = true\npath = 'x'\n" + ACME, ": [extend]: `useDefault` and `path` exclude each other"),
        ("[extend]\nurl = 'https://x'\n" + ACME, ": [extend]: `url` is not supported; remove it, or write the rule in leaksieve's own format"),
        ("title = 'x'\nrules = []", ": there is no [[rules]] table, and `useDefault` is not set: nothing could be found"),
        ("[[rules]\n", ": not valid TOML: Expected ']]' at the end of an array declaration (at line 1, column 8)"),
    ],
)  # fmt: skip
def test_what_cannot_be_honoured_is_refused_by_name(tmp_path: Path, text: str, line: str) -> None:
    assert refusal(tmp_path, text) == line


def test_compiled_files_are_kept_until_something_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept: dict[bytes, bytes] = {}

    class Keep:
        def get(self, key: bytes) -> bytes | None:
            return kept.get(key)

        def put(self, key: bytes, data: bytes) -> None:
            kept[key] = data

    file, base = tmp_path / "r.toml", tmp_path / "base.toml"
    base.write_text("[[rules]]\nid = 'b'\nregex = 'bbb_[0-9]+'\n")
    file.write_text("[extend]\npath = 'base.toml'\n" + ACME)
    first = extended("base", [str(file)], Keep())
    assert len(kept) == 1
    monkeypatch.setattr("leaksieve.ruleset.extended._compiled", lambda *_: pytest.fail("compiled again"))
    assert extended("base", [str(file)], Keep()) == first
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    base.write_text("[[rules]]\nid = 'c'\nregex = 'ccc_[0-9]+'\n")
    assert Ruleset(extended("base", [str(file)], Keep())).ids == ["acme", "c"]
    file.write_text(ACME)
    assert Ruleset(extended("base", [str(file)], Keep())).ids == ["acme"]
