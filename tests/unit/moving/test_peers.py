"""Reading the files of other scanners: what is carried over, what is not, and that each is said."""

import json
from hashlib import sha1

import pytest

from leaksieve.config import AllowEntry
from leaksieve.errors import UsageError
from leaksieve.moving.carried import CARRIED, KEPT, NOT, Carried, Known
from leaksieve.moving.files import Settings, read
from leaksieve.moving.kingfisher import repository_id
from leaksieve.moving.names import ours
from leaksieve.moving.patterns import python_pattern

IDS = frozenset(("generic-password", "generic-api-key", "github-classic-token", "slack-webhook", "private-key", "database-connection-url"))


@pytest.fixture
def take(tmp_path):
    """Read one file by name and text."""

    def took(tool, name, text, *named, **others):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        for other, content in others.items():
            (tmp_path / other).write_text(content)
        return read(Settings(str(tmp_path), IDS, "git://example.com/team/repo", "leaksieve.baseline"), tool, named)

    return took


def how(carried: Carried) -> dict[str, str]:
    return {one.what: one.how for one in carried.told}


def lines(carried: Carried) -> dict[str, int]:
    return {one.what: one.line for one in carried.told}


# --- gitleaks and Betterleaks


def test_allow_lists_become_entries_and_exclusions(take):
    carried = take(
        "gitleaks",
        ".gitleaks.toml",
        "[extend]\nuseDefault = true\n\n[[allowlists]]\npaths = ['''^vendor/''', '''\\w+\\.x''']\nregexes = ['''^EXAMPLE''']\nstopwords = ['Sample']\n",
    )
    assert carried.exclude == ["/vendor/"]
    assert [(entry.regexes, entry.stop_words) for entry in carried.allow] == [(("^EXAMPLE",), ()), ((), ("sample",))]
    assert how(carried) == {
        "useDefault": CARRIED, "path ^vendor/": CARRIED, r"path \w+\.x": NOT, "regex ^EXAMPLE": CARRIED, "1 stop words": CARRIED,
    }  # fmt: skip
    assert lines(carried) == {"useDefault": 2, "path ^vendor/": 5, r"path \w+\.x": 5, "regex ^EXAMPLE": 6, "1 stop words": 7}


def test_criteria_that_belong_together_stay_together_or_are_left_out(take):
    text = "[extend]\nuseDefault = true\n[[allowlists]]\ncondition = 'AND'\npaths = ['''^a/''']\nregexes = ['''x''']\n"
    carried = take("gitleaks", ".gitleaks.toml", text)
    assert carried.exclude == []
    assert [(entry.paths, entry.regexes) for entry in carried.allow] == [(("/a/",), ("x",))]
    # Without one of its criteria it would allow more than it did.
    carried = take("gitleaks", ".gitleaks.toml", text.replace("^a/", "\\\\w+b"))
    assert carried.allow == []
    assert how(carried)["allow list with condition AND"] == NOT


@pytest.mark.parametrize("target", ["line", "match"])
def test_an_entry_looks_at_the_secret_alone(take, target):
    carried = take("gitleaks", ".gitleaks.toml", f"[extend]\nuseDefault = true\n[[allowlists]]\nregexTarget = '{target}'\nregexes = ['''x''']\n")
    assert (carried.allow, how(carried)["regex x"]) == ([], NOT)


def test_commits_are_not_carried(take):
    carried = take("gitleaks", ".gitleaks.toml", "[extend]\nuseDefault = true\n[allowlist]\ncommits = ['abcdef0']\n")
    assert how(carried)["commit abcdef0"] == NOT


def test_lists_for_rules_of_theirs_are_for_ours_of_that_name(take):
    carried = take(
        "gitleaks",
        ".gitleaks.toml",
        "[extend]\nuseDefault = true\n[[rules]]\nid = 'generic-api-key'\nentropy = 4\n[[rules.allowlists]]\nregexes = ['''x''']\n"
        "[[allowlists]]\ntargetRules = ['github-pat']\nstopwords = ['y']\n[[allowlists]]\ntargetRules = ['acme-token']\nstopwords = ['z']\n",
    )
    assert carried.allow == [
        AllowEntry("Taken over from .gitleaks.toml, rule github-pat", stop_words=("y",), rules=("github-*",)),
        AllowEntry("Taken over from .gitleaks.toml, rule generic-api-key", regexes=("x",), rules=("generic-api-key",)),
    ]
    assert how(carried)["rule generic-api-key: entropy"] == NOT
    assert how(carried)["allow list for rule acme-token"] == NOT


def test_rules_that_can_all_be_honoured_are_read_where_they_are(take):
    carried = take("gitleaks", ".gitleaks.toml", "[[rules]]\nid = 'acme'\nregex = '''acme_[a-z]{20}'''\nkeywords = ['acme_']\n")
    assert carried.rules == [".gitleaks.toml"]
    assert how(carried)["rule acme"] == KEPT
    assert "in place of the built-in ones" in next(one.why for one in carried.told if one.what == "no useDefault")


def test_of_other_rules_those_that_can_are_copied_as_they_stand(take):
    good = "[[rules]]\nid = 'acme'   # ours\nregex = '''acme_[a-z]{20}'''\n"
    bad = "[[rules]]\nid = 'other'\nregex = '''o_[a-z]{20}'''\nvalidate = 'http.get(x)'\n"
    carried = take("betterleaks", ".betterleaks.toml", f"[extend]\nuseDefault = true\n\n{bad}\n{good}\n[[allowlists]]\npaths = ['''^a/''']\n")
    (edit,) = carried.edits
    assert (edit.path, carried.rules) == ("leaksieve-rules.toml", ["leaksieve-rules.toml"])
    assert good in edit.new
    assert "other" not in edit.new
    assert "useDefault = true" in edit.new
    assert how(carried) == {"useDefault": CARRIED, "path ^a/": CARRIED, "rule acme": CARRIED, "rule other": NOT}


def test_switched_off_rules_are_named(take):
    carried = take("gitleaks", ".gitleaks.toml", "[extend]\nuseDefault = true\ndisabledRules = ['generic-api-key', 'slack-legacy', 'acme-x']\n")
    assert carried.disable == ["generic-api-key"]
    whys = {one.what: one.why for one in carried.told}
    assert "`slack-*`" in whys["disabled rule slack-legacy"]
    assert whys["disabled rule acme-x"] == "leaksieve has no rule of this id"


@pytest.mark.parametrize("text", ["[[rules", "x = 1\n"])
def test_a_file_that_does_not_hold_is_told(take, text):
    assert how(take("gitleaks", ".gitleaks.toml", text))["the file"] == NOT


def test_ignore_files_are_by_place_or_by_value(take):
    commit, sha = "ab" * 20, "0f" * 32
    carried = take("gitleaks", ".gitleaksignore", f"# ours\n\n{commit}:a:b.py:generic-api-key:12\nc.py:aws:3 # why\n{sha}\nnonsense\n")
    assert carried.known == [
        Known(".gitleaksignore", 3, "a:b.py", 12, commit),
        Known(".gitleaksignore", 4, "c.py", 3),
        Known(".gitleaksignore", 5, digest=("sha256", sha)),
    ]
    assert lines(carried) == {"the entry": 6}


def test_a_report_is_a_baseline(take, tmp_path):
    report = [
        {"RuleID": "x", "File": "a.py", "StartLine": 3, "Commit": "abc", "Secret": "val"},
        {"RuleID": "x", "File": "b.py", "StartLine": 4, "Secret": "REDACTED"},
        {},
    ]
    carried = take("gitleaks", "report.json", json.dumps(report), str(tmp_path / "report.json"))
    assert carried.known == [Known("report.json", 0, "a.py", 3, "abc", value="val"), Known("report.json", 0, "b.py", 4)]
    assert how(carried)["finding 3"] == NOT


def test_a_report_of_betterleaks_in_its_newer_form(take, tmp_path):
    finding = {"rule_id": "x", "rule_hash": "y", "match": {"value": "val"}, "attributes": {"git.sha": "abc"}, "location": {"path": "a.py", "start_line": 3}}
    carried = take(None, "report.json", json.dumps({"schema_version": "1", "findings": [finding]}), str(tmp_path / "report.json"))
    assert carried.known == [Known("report.json", 0, "a.py", 3, "abc", value="val")]


# --- detect-secrets


def baseline(**fields):
    return json.dumps({"version": "1.5.0", "plugins_used": [], "results": {}, **fields}, indent=2)


def test_a_baseline_of_detect_secrets(take):
    digest = sha1(b"x").hexdigest()
    entries = [
        {"type": "Secret Keyword", "hashed_secret": digest, "line_number": 3},
        {"type": "Secret Keyword", "hashed_secret": digest[::-1], "line_number": 4, "is_secret": False},
        {"type": "Secret Keyword", "hashed_secret": "none", "line_number": 5, "is_secret": True},
    ]
    carried = take("detect-secrets", ".secrets.baseline", baseline(results={"a\\b.py": entries}))
    assert [(known.path, known.at, known.digest, known.reason) for known in carried.known] == [
        ("a/b.py", 3, ("sha1", digest), ""),
        ("a/b.py", 4, ("sha1", digest[::-1]), "Audited as no secret in .secrets.baseline"),
    ]
    assert carried.known[0].line > 1


def test_its_filters_and_plugins(take):
    filters = [
        {"path": "detect_secrets.filters.regex.should_exclude_file", "pattern": ["package-lock\\.json$", "\\w+x"]},
        {"path": "detect_secrets.filters.regex.should_exclude_line", "pattern": ["a line"]},
        {"path": "detect_secrets.filters.regex.should_exclude_secret", "pattern": ["^dummy", "("]},
        {"path": "detect_secrets.filters.wordlist.should_exclude_secret", "file_name": "words.txt"},
        {"path": "detect_secrets.filters.heuristic.is_sequential_string"},
        {"path": "file://filters.py::mine"},
    ]
    plugins = [{"name": "AWSKeyDetector"}, {"name": "Mine", "path": "file://plugin.py"}]
    carried = take("detect-secrets", ".secrets.baseline", baseline(filters_used=filters, plugins_used=plugins), **{"words.txt": "sample\nab\nsample\n"})
    assert carried.exclude == ["/.secrets.baseline", "*package-lock.json"]
    assert [(entry.regexes, entry.stop_words) for entry in carried.allow] == [(("^dummy",), ()), ((), ("sample",))]
    assert {what for what, word in how(carried).items() if word == NOT} == {"files \\w+x", "lines a line", "secrets (", "filter py::mine", "plugin Mine"}


def test_its_plugins_say_what_is_not_as_usual(take):
    usual = [
        {"name": "Base64HighEntropyString", "limit": 4.5},
        {"name": "HexHighEntropyString", "limit": 3.0},
        {"name": "KeywordDetector", "keyword_exclude": ""},
    ]
    older = [{"name": "HexHighEntropyString", "hex_limit": 3}, {"name": "Base64HighEntropyString", "base64_limit": 4.5}, {"name": "AWSKeyDetector"}, None]
    for plugins in (usual, older):
        assert NOT not in how(take("detect-secrets", ".secrets.baseline", baseline(plugins_used=plugins))).values()
    changed = [{"name": "Base64HighEntropyString", "limit": 3.0}, {"name": "KeywordDetector", "keyword_exclude": "fixture"}]
    lost = {what for what, word in how(take("detect-secrets", ".secrets.baseline", baseline(plugins_used=changed))).items() if word == NOT}
    assert lost == {"limit 3.0 of Base64HighEntropyString", "keyword_exclude fixture of KeywordDetector"}


def test_the_older_form_of_its_filters(take):
    carried = take(
        "detect-secrets", ".secrets.baseline", baseline(exclude={"files": "go.sum$|^a/", "lines": "x"}, word_list={"file": "/etc/passwd", "hash": "x"})
    )
    assert "/a/" in carried.exclude
    assert how(carried)["lines x"] == NOT
    # A list of words is not read from outside the project.
    assert how(carried)["words of /etc/passwd"] == NOT


# --- ggshield


def test_both_versions_of_its_configuration(take):
    sha = "0a" * 32
    one = f"paths-ignore:\n  - '**/README.md'\nmatches-ignore:\n  - name: demo\n    match: {sha}\n  - plain\nshow-secrets: true\n"
    two = f"version: 2\nsecret:\n  ignored_paths:\n    - '**/README.md'\n  ignored_matches:\n    - name: demo\n      match: {sha}\n    - plain\n  show_secrets: true\n"
    for text in (one, two):
        carried = take("ggshield", ".gitguardian.yaml", text)
        assert carried.exclude == ["**/README.md"]
        assert [(known.digest, known.value, known.reason) for known in carried.known] == [
            (("ggshield", sha), "", "Ignored in .gitguardian.yaml: demo"),
            (("", ""), "plain", "Ignored in .gitguardian.yaml"),
        ]
        assert {one.what.replace("-", "_"): one.how for one in carried.told if one.how == NOT} == {"show_secrets": NOT}


@pytest.mark.parametrize(
    ("glob", "patterns"),
    [
        ("LICENSE", ["/LICENSE"]), ("*.log", ["/*.log"]), ("doc/*", ["/doc/*", "!/doc/*/"]), ("tests/**/*", ["/tests/"]), ("tests/**", ["/tests/"]),
        ("**/x.ts", ["**/x.ts"]), ("**/dist/**", ["**/dist/"]), ("./a/b", ["/a/b"]),
    ],
)  # fmt: skip
def test_its_globs_are_over_the_whole_path(take, glob, patterns):
    assert take("ggshield", ".gitguardian.yaml", f"version: 2\nsecret:\n  ignored_paths: ['{glob}']\n").exclude == patterns


def test_its_detectors_and_what_is_elsewhere(take):
    text = "version: 2\nexit_zero: true\nverbose: false\ninstance: https://x.example\nsecret:\n  ignored_detectors: [Generic Password, Slack Bot, Acme]\nnovelty: 1\n"
    carried = take("ggshield", ".gitguardian.yaml", text)
    assert carried.disable == ["generic-password"]
    assert {what for what, word in how(carried).items() if word == NOT} == {"exit_zero", "instance", "novelty", "detector Slack Bot", "detector Acme"}
    assert take("ggshield", ".gitguardian.yaml", "version: 3\n").told[0].how == NOT


# --- Kingfisher


def test_both_versions_of_its_baselines(take):
    one = "ExactFindings:\n  matches:\n  - filepath: repo/src/a.rs\n    fingerprint: '389162583612032034'\n    linenum: 52\n    lastupdated: now\n"
    two = (
        "version: 2\nfingerprint_algorithm: kingfisher-v1\nrepositories:\n- id: git://example.com/team/other\n  findings:\n  - {path: b.rs, fingerprint: '2', line: 1}\n"
        "- id: git://example.com/team/repo\n  findings:\n  - {path: src/a.rs, fingerprint: '1', line: 52}\n"
    )
    assert take("kingfisher", "kingfisher-baseline.yml", one).known == [Known("kingfisher-baseline.yml", 4, "repo/src/a.rs", 52)]
    carried = take("kingfisher", "kingfisher-baseline.yml", two)
    assert [(known.path, known.at) for known in carried.known] == [("src/a.rs", 52)]
    assert how(carried)["repository git://example.com/team/other"] == NOT
    assert how(take("kingfisher", "kingfisher-baseline.yml", "version: 3\n"))["the baseline"] == NOT


@pytest.mark.parametrize(
    "address",
    ["https://Example.COM/team/repo.git", "git@example.com:team/repo.git", "ssh://git@example.com:22/team/repo", "https://u:p@example.com/team/repo?x#y"],
)
def test_what_it_calls_a_repository(address):
    assert repository_id(address) == "git://example.com/team/repo"
    assert repository_id("/a/folder") == repository_id("") == ""


# --- TruffleHog


def test_its_findings(take, tmp_path):
    finding = {"SourceMetadata": {"Data": {"Git": {"commit": "abc", "file": "a.py", "line": 3}}}, "DetectorName": "Github", "Raw": "value", "Verified": False}
    text = json.dumps({"level": "info-0", "msg": "running"}) + "\n" + json.dumps(finding) + "\n" + json.dumps({"Raw": "x"}) + "\n"
    carried = take("trufflehog", "found.json", text, str(tmp_path / "found.json"))
    assert carried.known == [Known("found.json", 2, "a.py", 3, "abc", value="value")]
    assert lines(carried) == {"a finding": 3}


def test_a_job_and_the_file_it_names(take, tmp_path):
    (tmp_path / "skip.txt").write_text("# none of ours\n^vendor/\n\\w+x\n")
    carried = take(
        "trufflehog",
        ".github/workflows/ci.yml",
        "jobs:\n  scan:\n    steps:\n    - uses: trufflesecurity/trufflehog@main\n      with:\n        extra_args: --only-verified --exclude-paths=skip.txt --exclude-detectors aws\n",
    )
    assert carried.exclude == ["/vendor/"]
    assert {(one.where, one.line, one.what) for one in carried.told if one.how == NOT} == {
        ("skip.txt", 3, r"path \w+x"), (".github/workflows/ci.yml", 6, "--only-verified"), (".github/workflows/ci.yml", 6, "--exclude-detectors aws"),
    }  # fmt: skip
    assert carried.advice[0].startswith(".github/workflows/ci.yml: in place of")


# --- hooks

HOOKS = """\
# our hooks
repos:
  - repo: https://github.com/gitleaks/gitleaks   # pinned
    rev: v8.30.1
    hooks:
      - id: gitleaks
        exclude: ^vendor/

  # formatting
  - repo: https://github.com/psf/black
    rev: 24.1.0
    hooks: [{id: black}]
  - repo: https://github.com/Yelp/detect-secrets
    rev: v1.5.0
    hooks:
      - id: detect-secrets
"""


def test_hooks_are_replaced_where_they_stand(take):
    carried = take(None, ".pre-commit-config.yaml", HOOKS)
    (edit,) = carried.edits
    assert edit.old == HOOKS
    kept = HOOKS[HOOKS.index("\n  # formatting") : HOOKS.index("  - repo: https://github.com/Yelp")]
    assert edit.new.startswith("# our hooks\nrepos:\n  - repo: local\n    hooks:\n    - id: leaksieve\n")
    assert kept in edit.new
    assert "entry: leaksieve hook pre-commit -b leaksieve.baseline\n" in edit.new
    assert "gitleaks" not in edit.new
    assert "detect-secrets" not in edit.new
    assert edit.new.count("id: leaksieve") == 1
    assert carried.exclude == ["/vendor/"]
    # Read again, there is nothing left to do.
    with pytest.raises(UsageError, match="no files"):
        take(None, ".pre-commit-config.yaml", edit.new)


def test_line_endings_stay_and_only_the_named_scanner_goes(take, tmp_path):
    path = tmp_path / ".pre-commit-config.yaml"
    take_text = HOOKS.replace("\n", "\r\n")
    path.write_bytes(take_text.encode())
    carried = read(Settings(str(tmp_path), IDS, "", "leaksieve.baseline"), "detect-secrets", ())
    (edit,) = carried.edits
    assert "gitleaks/gitleaks" in edit.new
    assert edit.new.count("\n") == edit.new.count("\r\n")


def test_a_push_hook_stays_one_and_a_local_hook_is_told(take):
    text = "repos:\n- repo: https://github.com/gitguardian/ggshield\n  rev: v1\n  hooks:\n  - id: ggshield-push\n    stages: [push]\n- repo: local\n  hooks:\n  - id: th\n    entry: trufflehog git file://.\n    language: system\n"
    carried = take(None, ".pre-commit-config.yaml", text)
    assert "entry: leaksieve hook pre-push\n" in carried.edits[0].new
    assert lines(carried)["local hook trufflehog"] == 10


# --- all of them


def test_a_file_is_told_by_its_name_or_by_what_is_in_it(take, tmp_path):
    (tmp_path / "b.json").write_text(baseline())
    assert take(None, "x.toml", "[[allowlists]]\nstopwords = ['y']\n[extend]\nuseDefault = true\n", str(tmp_path / "x.toml"), str(tmp_path / "b.json")).allow
    with pytest.raises(UsageError, match="cannot be told"):
        take(None, "y.txt", "hello", str(tmp_path / "y.txt"))
    with pytest.raises(UsageError, match="no such file"):
        take(None, "y.txt", "hello", str(tmp_path / "z.txt"))


@pytest.mark.parametrize(
    ("tool", "name", "text"),
    [
        ("detect-secrets", ".secrets.baseline", "{"), ("detect-secrets", ".secrets.baseline", "[]"), ("ggshield", ".gitguardian.yaml", "a: [\n"),
        ("ggshield", ".gitguardian.yaml", "- a\n"), ("ggshield", ".gitguardian.yaml", "a: &x [1]\nb: *x\n"), ("ggshield", ".gitguardian.yaml", "!!python/object:os.system {}\n"),
    ],
)  # fmt: skip
def test_a_file_of_another_form_is_refused(take, tool, name, text):
    with pytest.raises(UsageError):
        take(tool, name, text)


def test_nothing_to_read_is_said(tmp_path):
    with pytest.raises(UsageError, match="no files of gitleaks were found"):
        read(Settings(str(tmp_path), IDS, "", "b"), "gitleaks", ())


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Generic Password", "generic-password"),
        ("generic-api-key", "generic-api-key"),
        ("Secret Keyword", "generic-*"),
        ("github-pat", "github-*"),
        ("acme", ""),
    ],
)
def test_names(name, rule):
    assert ours(name, IDS) == rule


@pytest.mark.parametrize(("source", "pattern"), [("^abc[0-9]+", "^abc[0-9]+"), ("a$", r"a\Z"), ("(", None), (r"\z", r"\Z")])
def test_patterns(source, pattern):
    assert python_pattern(source) == pattern


def test_a_link_that_leads_out_of_the_project_is_not_read(tmp_path):
    (tmp_path / "outside").write_text("a.py:rule:1\n")
    root = tmp_path / "repo"
    root.mkdir()
    (root / ".gitleaksignore").symlink_to(tmp_path / "outside")
    (root / ".pre-commit-config.yaml").symlink_to(tmp_path / "outside")
    with pytest.raises(UsageError, match="no files"):
        read(Settings(str(root), IDS, "", "b"), None, ())
