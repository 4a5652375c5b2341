"""Configuration files: what holds, and what is said of what does not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from leaksieve.config import DEFAULTS, AllowEntry, Config
from leaksieve.config.fields import ALLOW_FIELDS, FIELDS
from leaksieve.config.read import build, parse
from leaksieve.config.schema import default_text, schema
from leaksieve.errors import ConfigError

DOCS = Path(__file__).parents[3] / "docs" / "configuration.md"


def read(text: str, **options) -> Config:
    values = parse(text.encode(), "leaksieve.toml")
    assert values is not None
    return build(values, "leaksieve.toml", **options)


def problem(text: str, **options) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text, **options)
    line = caught.value.line()
    assert line.startswith("leaksieve.toml: ")
    assert "\n" not in line
    return line


def test_empty_file_gives_the_defaults():
    assert read("") == DEFAULTS


def test_every_key_is_taken():
    config = read(
        """
        engine = "hyperscan"
        jobs = 3
        max_file_size = "1.5 MiB"
        max-decode-depth = 0
        max_archive_depth = 5
        rule_timeout = "500ms"
        timeout = "5m"
        confidence = "low"
        severity = "high"
        fail_on = "critical"
        enable = ["github-*"]
        disable = ["generic-*"]
        exclude = ["/vendor/"]
        project = "shop"
        inline_allow = false
        gitignore = false
        dedupe = false
        reveal = true
        require_complete = "strict"
        allow_incomplete = true
        exit_zero = true
        [[allow]]
        reason = "test server"
        paths = ["/tests/"]
        stop-words = ["example"]
        """
    )
    assert config == Config(
        engine="hyperscan",
        jobs=3,
        max_file_size=1572864,
        max_decode_depth=0,
        max_archive_depth=5,
        rule_timeout=0.5,
        timeout=300.0,
        confidence="low",
        severity="high",
        fail_on="critical",
        enable=("github-*",),
        disable=("generic-*",),
        exclude=("/vendor/",),
        project="shop",
        inline_allow=False,
        gitignore=False,
        dedupe=False,
        reveal=True,
        require_complete="strict",
        allow_incomplete=True,
        exit_zero=True,
        allow=(AllowEntry("test server", paths=("/tests/",), stop_words=("example",)),),
    )


def test_the_record_is_immutable_and_every_field_is_described():
    with pytest.raises(AttributeError):
        DEFAULTS.reveal = True
    assert tuple(FIELDS) == Config._fields
    assert tuple(ALLOW_FIELDS) == AllowEntry._fields


@pytest.mark.parametrize(
    ("text", "value"),
    [("1048576", 1 << 20), ('"1 MiB"', 1 << 20), ('"1MB"', 10**6), ('"2 kib"', 2048), ('"7"', 7), ('"10 b"', 10)],
)
def test_sizes(text, value):
    assert read(f"max_file_size = {text}").max_file_size == value


@pytest.mark.parametrize("text", ["0", "-1", "true", '"1 parsec"', '"nan"', '"1_0"', '"inf"', '"1e3"', '""', "1.5", '"0.1 B"', '"9999 TiB"', "[]"])
def test_bad_sizes_are_named(text):
    line = problem(f"max_file_size = {text}")
    assert "`max_file_size` must be a size" in line
    assert '"100 MiB"' in line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('fail_onn = "high"', "unknown key `fail_onn`; did you mean `fail_on`?"),
        ("Reveal = true", "did you mean `reveal`?"),
        ("zzzzzzzz = 1", "unknown key `zzzzzzzz`"),
        ('fail_on = "huge"', '`fail_on` must be one of info, low, medium, high, critical (got "huge")'),
        ('fail-on = "huge"', "`fail-on` must be"),
        ("fail_on = 3", "(got 3)"),
        ('fail_on = "low"\nfail-on = "low"', "`fail-on` is given twice"),
        ("jobs = 0", '`jobs` must be a whole number from 1 to 1024, or "auto" (got 0)'),
        ("jobs = true", "(got true)"),
        ("jobs = 1.0", "(got 1.0)"),
        ("max_decode_depth = 17", "from 0 to 16"),
        ("timeout = 0", "`timeout` must be a time"),
        ("timeout = nan", "`timeout` must be a time"),
        ("timeout = inf", "`timeout` must be a time"),
        ('reveal = "yes"', "`reveal` must be true or false"),
        ("reveal = 1", "`reveal` must be true or false"),
        ('exclude = "x"', "`exclude` must be a list of texts"),
        ("exclude = [1]", "`exclude` must be a list of texts (got 1)"),
        ('exclude = [" "]', "`exclude` must not hold empty texts"),
        ('project = "  "', "`project` must not be empty"),
        ('project = "a\\u0007b"', "control characters"),
        ("allow = 3", "`allow` must be a list of tables"),
        ("[allow]\nreason = 'x'", "`allow` must be a list of tables"),
        ("[[allow]]\npaths = ['a']", "`allow[1].reason` is missing"),
        ("[[allow]]\nreason = 'x'", "`allow[1]` would allow everything"),
        ("[[allow]]\nreason = 'x'\npaths = []", "`allow[1]` would allow everything"),
        ("[[allow]]\nreason = 'x'\npath = ['a']", "unknown key `allow[1].path`; did you mean `allow[1].paths`?"),
        ("[[allow]]\nreason = 'x'\nregexes = ['(']", "`allow[1].regexes` holds a pattern that does not compile"),
        ("a = ", "not valid TOML"),
        ("a = " + "9" * 5000, "not valid TOML"),
        ("a = " + "[" * 5000, "not valid TOML: nested too deeply"),
    ],
)
def test_mistakes_name_the_file_the_key_and_what_is_allowed(text, expected):
    assert expected in problem(text)


def test_a_long_wrong_value_is_not_repeated():
    value = "a1B2" * 50
    line = problem(f'engine = "{value}"')
    assert value not in line
    assert "a text of 200 characters" in line


def test_undecodable_bytes():
    with pytest.raises(ConfigError, match=r"f: not UTF-8 text \(byte 1\)"):
        parse(b"a\xff", "f")


def test_byte_order_mark_is_no_mistake():
    assert parse(b"\xef\xbb\xbfjobs = 1", "f") == {"jobs": 1}


def test_lists_add_to_those_below_and_single_values_replace():
    base = Config(disable=("a",), fail_on="low")
    assert build({"disable": ["b"], "fail_on": "high"}, "f", base=base) == Config(disable=("a", "b"), fail_on="high")


def test_reveal_is_refused_from_the_scanned_repository():
    for value in ("true", "false"):
        assert "`reveal` is not taken from the scanned repository" in problem(f"reveal = {value}", trusted=False)


def test_rule_paths_are_relative_to_the_file(tmp_path):
    assert read('rules = ["more/x.toml"]', folder="/base").rules == ("/base/more/x.toml",)


def test_rules_outside_the_repository_are_refused(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "link").symlink_to(outside)
    (tmp_path / "root-twin").mkdir()
    for path in ("../outside", "link", str(outside), "../root-twin"):
        assert "outside the scanned repository" in problem(f'rules = ["{path}"]', folder=str(root), inside=str(root), trusted=False)
    assert read('rules = ["mine"]', folder=str(root), inside=str(root)).rules == (str(root / "mine"),)


def test_schema_is_valid_and_agrees_with_the_reader():
    document = schema()
    jsonschema.Draft202012Validator.check_schema(document)
    validator = jsonschema.Draft202012Validator(document)
    good = {"fail-on": "high", "max_file_size": "100 MiB", "jobs": "auto", "timeout": "5m", "allow": [{"reason": "x", "paths": ["a"]}]}
    assert list(validator.iter_errors(good)) == []
    build(good, "f")
    for bad in ({"fail_onn": 1}, {"fail_on": "huge"}, {"jobs": 0}, {"max_file_size": "1 parsec"}, {"allow": [{"paths": ["a"]}]}, {"allow": [{"reason": "x"}]}):
        assert list(validator.iter_errors(bad)), bad
        with pytest.raises(ConfigError):
            build(bad, "f")
    json.dumps(document)


def documented() -> dict[str, str]:
    rows = {}
    section = DOCS.read_text().split("## Keys")[1].split("\n## ")[0]
    for line in section.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            rows[cells[0]] = cells[1]
    return rows


def test_the_documented_defaults_are_those_of_the_record():
    assert documented() == {key: default_text(key) for key in FIELDS}
    assert (DEFAULTS.confidence, DEFAULTS.fail_on, DEFAULTS.max_file_size) == ("medium", "medium", 104857600)
    assert (DEFAULTS.max_decode_depth, DEFAULTS.max_archive_depth, DEFAULTS.rule_timeout) == (3, 3, 2.0)
    assert DEFAULTS.timeout is None
    assert DEFAULTS.jobs is None


def test_the_examples_in_the_documentation_hold():
    blocks = DOCS.read_text().split("```toml\n")[1:]
    assert blocks
    for block in blocks:
        read(block.split("```")[0])


def test_importing_the_record_is_cheap():
    code = "import sys, leaksieve.config.discover as d; d.discover('.'); print(*sorted(sys.modules))"
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    out = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, env=env, cwd=Path(__file__).parent).stdout.split()
    assert not {"tomllib", "dataclasses", "inspect", "json", "regex", "click"} & set(out)
