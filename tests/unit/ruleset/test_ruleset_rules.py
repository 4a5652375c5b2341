"""Rule files: what is refused and how it is said; compiling, merging, selecting and loading."""

import importlib
import json
import os
import shutil
import subprocess
import sys

import pytest
from rulebook import FAMILY, ROOT, rules_of, ruleset, ruleset_of, toml

from leaksieve.errors import RulesetError
from leaksieve.ruleset.check import check_paths
from leaksieve.ruleset.compile import compile_rules, merge, read_folder, rule_files
from leaksieve.ruleset.load import Ruleset, load
from leaksieve.ruleset.named import Names, assigned_name, opened
from leaksieve.ruleset.rule import read_rules

loading = importlib.import_module("leaksieve.ruleset.load")


def refusal(text):
    with pytest.raises(RulesetError) as caught:
        rules_of(text)
    return caught.value.line()


def test_the_sound_rule_is_sound():
    (rule,) = rules_of(toml())
    assert (rule["id"], rule["prefix"], rule["lines"], rule["public_prefix"], rule["specificity"]) == ("acme-token", True, False, "acme_", 50)


FILES = [
    ("[family", "not valid TOML"),
    ("x = 1\n" + toml(), "unknown key `x`"),
    ("", r"a [family] table is missing"),
    (FAMILY, "there is no [[rule]] table"),
    (toml(family=FAMILY.replace('"acme"', '"Acme!"')), "is not kebab-case"),
    (toml(family=FAMILY + 'colour = "red"\n'), "[family]: unknown key `colour`"),
    (toml(family=FAMILY.replace('id = "acme"', "")), "`id` must be a non-empty text"),
    (toml(family=FAMILY.replace('name = "Acme"', 'name = " "')), "`name` must be a non-empty text"),
    (toml(family=FAMILY.replace("https://acme.example/docs", "http://acme.example")), "`documentation` must be an https link"),
]


@pytest.mark.parametrize(("text", "said"), FILES)
def test_files_that_are_refused(text, said):
    assert said in refusal(text)


RULES = [
    ({"id": '"Acme_Token"'}, "id is not kebab-case"),
    ({"id": '"other-token"'}, "id must begin with the family id `acme`"),
    ({"severty": '"high"'}, "did you mean `severity`?"),
    ({"zzzzqq": "1"}, "unknown key `zzzzqq`; known: "),
    ({"name": "3"}, "`name` must be a non-empty text"),
    ({"severity": '"awful"'}, "`severity` must be one of info, low"),
    ({"confidence": None}, "`confidence` must be one of low"),
    ({"tags": '"generic"'}, "`tags` must be a list"),
    ({"stop_words": '[""]'}, "`stop_words` must be a list of non-empty texts"),
    ({"min_entropy": "true"}, "`min_entropy` must be a number"),
    ({"min_distinct": "-1"}, "`min_distinct` must be a number, zero or more"),
    ({"near_misses": '["wide"]'}, "not wide"),
    ({"names": '["acme"]'}, "give either `pattern`"),
    ({"pattern": None}, "give either `pattern`"),
    ({"pattern": "'{{nothing}}(?P<secret>acme_x)'"}, "unknown macro {{nothing}}"),
    ({"keywords": None}, "`keywords` is missing"),
    ({"case_sensitive": '"no"'}, "`case_sensitive` must be true or false"),
    ({"pattern": "'(?P<secret>acme_'"}, "pattern does not compile"),
    ({"pattern": "'acme_[a-z]{20}'"}, "no group named `secret`"),
    ({"pattern": "'(?i)(?P<secret>acme_[a-z]{20})'", "case_sensitive": "true"}, "ignores case"),
    ({"pattern": "'(?P<secret>acme_[a-z]+)'"}, "of any length"),
    ({"pattern": "'(?P<secret>acme_[a-z]{20,5000})'"}, "bytes long; bound it to 4096"),
    ({"pattern": "'(?P<secret>acme_(?:[a-z]{1,90}-){1,90})'"}, "nested repeats"),
    ({"pattern": "'(?P<secret>acm[ei]_[a-z]{20})'"}, "keywords are not necessary"),
    ({"keywords": '["a"]'}, "must have 3 or more ASCII characters"),
    ({"keywords": '["acme_\\u00e9"]'}, "must have 3 or more ASCII characters"),
    ({"keywords": '["ac"]', "pattern": "'(?P<secret>ac[a-z]{2}-[a-z]{1,20})'"}, "too short"),
    ({"pattern": "'(?P<x>[a-z])(?P<secret>acme_[a-z]{9}(?P=x))'"}, "which rules may not use"),
    ({"allow": '["("]'}, "does not compile"),
    ({"paths": '["*"]'}, "does not compile"),
    ({"names": "[]", "value": "'[a-z]{9}'", "pattern": None, "keywords": None}, "`names` is empty"),
    ({"names": '["a b c"]', "value": "'[a-z]{9}'", "pattern": None, "keywords": None}, "may hold letters"),
    ({"names": '["acme"]', "value": "'[a-z]{9}'", "pattern": None}, "belongs to rules with a `pattern`"),
    ({"names": '["acme"]', "pattern": None, "keywords": None}, "`value` must be a non-empty text"),
    ({"pattern": "'acme_(?:(?P<secret>[a-z]{8})|none)'"}, "without the group `secret`"),
]


@pytest.mark.parametrize(("keys", "said"), RULES, ids=[said for _, said in RULES])
def test_rules_that_are_refused(keys, said):
    """One line: the file, the rule, what is wrong."""
    line = refusal(toml(**keys))
    assert said in line
    assert line.startswith("acme.toml: rule ")
    assert "\n" not in line


def test_names_are_known_however_their_parts_are_joined():
    names = Names(["ddapi", "datadog"], [(1,), (2, 3)])
    assert names.within(b"DD_API_KEY") == ((1, 0),)
    assert names.within(b"my.dd-api.key") == ((1, 3),)
    assert names.within(b"prodDdApiKey") == ((1, 4),)
    assert names.within(b"add_api_key") == ()
    assert names.within(b"thedatadogkey") == ((2, 3), (3, 3))
    assert names.within(b"dataDog_key_datadog") == ((2, 0), (3, 0), (2, 12), (3, 12))
    assert names.within(b"dd") == ()


def test_the_assigned_name_is_taken_whole():
    data = b'x = f(my-db.api_key2["a"])'
    place = data.index(b"api")
    assert data[slice(*assigned_name(data, place, 3))] == b"my-db.api_key2"
    assert assigned_name(b"key", 0, 3) == (0, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"DD_API_KEY=abcd1", True),
        (b"DD_API=abcd1", True),
        (b"DD_APP=abcd1", False),
        (b"DD_APP_KEY=abcde", False),
        (b'DD_APP_KEY="abcdefghijkl"', True),
        (b"DD_APP_KEY=ABCDEFGHIJKLMNOP", True),
        (b"DD_APP_PASSWORD=abcd", True),
        (b"DD_APP_KEY and abcd1", False),
    ],
)
def test_a_name_opens_by_a_credential_word_with_a_value(text: bytes, expected: bool):
    assert opened(text, 0) is expected


def test_an_id_used_twice():
    with pytest.raises(RulesetError, match="used twice"):
        compile_rules(rules_of(toml({}, {})))
    one = compile_rules(rules_of(toml()))
    with pytest.raises(RulesetError, match="`acme-token` is a built-in one's"):
        merge(one, one)


def test_merging_finds_what_each_finds():
    """Indices of the second's rules are shifted: keywords, gates and lines all lead to the right rule."""
    from leaksieve.engine.matcher import Engine

    generic = toml(id='"acme-secret"', tags='["generic"]', keywords='["secret"]', pattern="'(?i:secret){{assign}}{{text}}'", case_sensitive="false")
    text = merge(compile_rules(rules_of(toml())), compile_rules(rules_of(generic)))
    both = Ruleset(text)
    assert both.ids == ["acme-token", "acme-secret"]
    assert [both.rule(index)["id"] for index in range(2)] == both.ids
    data = b"x acme_" + b"ab12c" * 4 + b"\nsecret = 'Kq81mZ0pLw92xVbT44'\n"
    assert [match.rule_id for match in Engine(both).scan(data).matches] == ["acme-token", "acme-secret"]
    assert both.hash not in (Ruleset(compile_rules(rules_of(toml()))).hash, Ruleset(compile_rules(rules_of(generic))).hash)


def test_selecting():
    rules = ruleset()
    assert rules.select() is rules
    some = rules.select(enable=["github-*"], disable=["github-classic-token"])
    names = {name for index, name in enumerate(some.ids) if index not in some.disabled}
    assert names
    assert all(name.startswith("github-") for name in names)
    assert "github-classic-token" not in names
    assert len(some) == len(names) < len(rules)
    assert some.hash != rules.hash
    assert rules.select(disable=["github-*"]).hash != some.hash
    with pytest.raises(RulesetError, match="did you mean `github-classic-token`"):
        rules.select(disable=["github-clasic-token"])
    with pytest.raises(RulesetError, match="names them all"):
        rules.select(enable=["qqqqqqqq"])
    assert rules.by_id("github-classic-token")["family"] == "github"
    with pytest.raises(KeyError):
        rules.by_id("nothing")


@pytest.mark.parametrize("text", ["", "{}", '{"format": 99}', "[1"])
def test_a_compiled_file_that_cannot_be_read(text):
    with pytest.raises(RulesetError, match="reinstall"):
        Ruleset(text)


def test_loading_an_installed_package(tmp_path, monkeypatch):
    """No checkout around: the compiled file is all there is, and its absence is one line."""
    builtin = tmp_path / "builtin.jsonl"
    monkeypatch.setattr(loading, "BUILTIN", str(builtin))
    monkeypatch.setattr(loading, "source_rules", lambda _: None)
    for extra in ((), (str(tmp_path),)):
        with pytest.raises(RulesetError, match=r"is missing.*reinstall"):
            load(extra)
    builtin.write_text(compile_rules(rules_of(toml())))
    assert load().ids == ["acme-token"]
    more = tmp_path / "more.toml"
    more.write_text(toml(id='"acme-other"', keywords='["acmo_"]', pattern="'(?P<secret>acmo_[a-z]{9})'"))
    assert load([str(more)]).ids == ["acme-token", "acme-other"]
    with pytest.raises(RulesetError, match="cannot be read"):
        load([str(tmp_path / "none")])


def test_a_checkout_whose_rules_are_newer_compiles_them(tmp_path):
    """Edit a rule, scan at once: no build step in between."""
    shutil.copytree(ROOT / "src" / "leaksieve", tmp_path / "src" / "leaksieve", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "build_rules.py", tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "acme.toml").write_text(toml())
    builtin = tmp_path / "src" / "leaksieve" / "ruleset" / "builtin.jsonl"
    builtin.write_text(compile_rules(rules_of(toml(id='"acme-old"'))))

    def ids():
        code = "from leaksieve.ruleset import load; print(*load().ids)"
        done = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONPATH": str(tmp_path / "src"), "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    os.utime(builtin, (1, 1))
    assert ids() == ["acme-token"]
    for path in (tmp_path / "rules", tmp_path / "rules" / "acme.toml"):
        os.utime(path, (1, 1))
    os.utime(builtin, (2, 2))
    assert ids() == ["acme-old"]
    builtin.unlink()
    assert ids() == ["acme-token"]


def test_folders_and_files(tmp_path):
    (tmp_path / "b.toml").write_text(toml())
    (tmp_path / "notes.txt").write_text("no")
    assert rule_files(str(tmp_path)) == [str(tmp_path / "b.toml")]
    assert [rule["id"] for rule in read_folder(str(tmp_path / "b.toml"))] == ["acme-token"]
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RulesetError, match="cannot be read"):
        read_folder(str(tmp_path))
    assert "cannot be read" in check_paths([str(tmp_path)])[0] or "cannot be read" in check_paths([str(tmp_path)])[-1]


CHECKS = [
    ({"examples": "[]"}, "`examples` is missing"),
    ({"counter_examples": "[]"}, "`counter_examples` is missing"),
    ({"examples": '["k=acme_<lowernum:19>"]'}, "pattern does not match"),
    ({"examples": '["k=acme_<nothing:20>"]'}, "unknown placeholder"),
    ({"counter_examples": '["acme_<nothing:20>"]'}, "unknown placeholder"),
    ({"counter_examples": '["acme_<lowernum:20>"]'}, "counter-example `acme_<lowernum:20>` matches"),
    ({"min_entropy": "7"}, "dropped by filter low-entropy"),
    ({"pattern": "'(?P<secret>acme_[a-z0-9]{20})(?![A-Za-z0-9_])'"}, "near-miss `glued`"),
    ({"pattern": "'(?<![A-Za-z0-9_])(?P<secret>acme_[a-z0-9]{20})'"}, "near-miss `long`"),
    ({"pattern": "'oops'"}, "no group named `secret`"),
    ({"severity": '"x"'}, "`severity` must be one of"),
]


@pytest.mark.parametrize(("keys", "said"), CHECKS, ids=[said for _, said in CHECKS])
def test_the_checker_names_the_problem(tmp_path, keys, said):
    path = tmp_path / "acme.toml"
    path.write_text(toml(**keys))
    problems = check_paths([str(path)])
    assert any(said in line for line in problems), problems
    assert all(line.startswith(str(path)) for line in problems)


def test_the_checker_is_content_and_knows_ids_across_files(tmp_path):
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(toml())
    assert check_paths([str(tmp_path / "a.toml")]) == []
    assert any("is used in" in line for line in check_paths([str(tmp_path)]))


def test_the_compiled_text_is_what_the_scan_reads():
    """Header, forms, one line a rule; nothing that is only for checking."""
    lines = compile_rules(rules_of(toml())).rstrip("\n").split("\n")
    assert json.loads(lines[0])["ids"] == ["acme-token"]
    assert "b" in json.loads(lines[1])["forms"]["kinds"]
    assert not {"examples", "counter_examples", "near_misses"} & set(json.loads(lines[2]))
    assert compile_rules(rules_of(toml())) == compile_rules(rules_of(toml()))
    assert ruleset_of(toml()).encoded


def test_read_rules_keeps_a_rules_own_words_over_the_familys():
    (rule,) = read_rules(toml(impact='"It orders more."'), "acme.toml")
    assert rule["impact"] == "It orders more."
