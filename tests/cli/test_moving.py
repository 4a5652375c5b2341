"""`leaksieve import` as a user runs it: shown first, written on demand, once."""

import json
import os
from hashlib import sha1, sha256

import pytest

from leaksieve.ruleset.template import expand


@pytest.fixture
def shop(place, token):
    """A repository with a token, a password, and another token that only the history has."""
    place.old = expand("ghp_<crc32-github:30>", 21).decode()
    place.password = "tr0ub4dor" + "&3xyQ9"
    place.git("init", "-q", "-b", "main")
    place.write("old.py", f"x = 1\nt = '{place.old}'\n")
    place.git("add", ".")
    place.git("commit", "-qm", "old")
    place.first = place.git("rev-parse", "HEAD").strip()
    (place.path / "old.py").unlink()
    place.write("src/a.py", f"token = '{token}'\ndb_password = '{place.password}'\n")
    place.git("add", "-A")
    place.git("commit", "-qm", "new")
    return place


def failing(place, *args):
    done = place.run("scan", ".", "-f", "json", "-q", *args)
    return {finding["rule_id"] for finding in json.loads(done.out)["findings"] if not finding["allowed"]}


def told(done):
    """(file:line, outcome) -> the rest of the line."""
    return {(parts[0], parts[1]): parts[2] for parts in (line.split(": ", 2) for line in done.out.split("\n\n")[0].splitlines()) if len(parts) == 3}


def test_it_shows_first_and_writes_on_demand_and_a_second_run_adds_nothing(shop, token):
    shop.write(".gitleaksignore", f"src/a.py:generic-api-key:2\n{shop.first}:old.py:github-pat:2\ngone.py:x:1\n")
    before = sorted(path.name for path in shop.path.iterdir())
    done = shop.run("import")
    assert done.code == 0
    assert sorted(path.name for path in shop.path.iterdir()) == before
    assert "in the baseline: generic-password at src/a.py:2" in told(done)[".gitleaksignore:1", "carried"]
    assert "in the baseline: github-classic-token at old.py:2" in told(done)[".gitleaksignore:2", "carried"]
    assert told(done)[".gitleaksignore:3", "not carried"] == "gone.py:1: gone.py is not there any more"
    assert "+++ leaksieve.baseline" in done.out
    assert "`--write` writes leaksieve.baseline" in done.err
    assert not any(secret in done.out + done.err for secret in (token, shop.old, shop.password))
    done = shop.run("import", "--write")
    assert (done.code, "wrote leaksieve.baseline" in done.err) == (0, True)
    written = (shop.path / "leaksieve.baseline").read_text()
    assert len(failing(shop, "-b", "leaksieve.baseline")) == 1
    assert "nothing to write: everything is there already" in shop.run("import", "gitleaks", "--write").err
    assert (shop.path / "leaksieve.baseline").read_text() == written


def test_bytes_of_a_hook_file_that_are_no_text_stay(shop):
    head = b"# caf\xe9\r\nrepos:\r\n"
    (shop.path / ".pre-commit-config.yaml").write_bytes(head + b"- repo: https://github.com/gitleaks/gitleaks\r\n  rev: v8\r\n  hooks:\r\n  - id: gitleaks\r\n")
    assert shop.run("import", "--write").code == 0
    made = (shop.path / ".pre-commit-config.yaml").read_bytes()
    assert made.startswith(head + b"- repo: local\r\n")


def test_hashes_of_values_are_found_again(shop, token):
    def entry(value, line, **more):
        return {"type": "x", "hashed_secret": sha1(value.encode()).hexdigest(), "line_number": line, **more}

    # The last one was made of more of the line than the secret.
    entries = [entry(token, 9), entry(shop.password, 2, is_secret=False), entry(f"'{token}'", 1)]
    shop.write(".secrets.baseline", json.dumps({"results": {"src/a.py": entries, "src/b.py": [entry("x", 1)]}}, indent=1))
    done = shop.run("import", "detect-secrets", "--write")
    assert done.code == 0
    assert [outcome for _, outcome in told(done)].count("not carried") == 1
    config = (shop.path / "leaksieve.toml").read_text()
    assert 'reason = "Audited as no secret in .secrets.baseline"' in config
    assert failing(shop, "-b", "leaksieve.baseline", "--tree") == set()
    assert "not needed any more, once you are content: .secrets.baseline" in done.err


def test_matches_of_ggshield_by_hash_and_by_value(shop, token):
    one, two = sha256(f"{token},apikey".encode()).hexdigest(), sha256(shop.password.encode()).hexdigest()
    shop.write(
        ".gitguardian.yaml", f"version: 2\nsecret:\n  ignored_matches:\n  - {{name: demo, match: {one}}}\n  - {{name: pw, match: {two}}}\n  - {shop.old}\n"
    )
    done = shop.run("import", "--write")
    assert done.code == 0
    assert failing(shop) == set()
    assert "Ignored in .gitguardian.yaml: demo" in (shop.path / "leaksieve.toml").read_text()
    assert shop.old not in (shop.path / "leaksieve.toml").read_text()


def test_findings_of_trufflehog_and_baselines_of_kingfisher(shop, token):
    finding = {"SourceMetadata": {"Data": {"Git": {"commit": shop.first, "file": "old.py", "line": 2}}}, "DetectorName": "Github", "Raw": "something else"}
    shop.write("found.json", json.dumps(finding) + "\n")
    shop.write("kingfisher-baseline.yml", "ExactFindings:\n  matches:\n  - {filepath: work/src/a.py, fingerprint: '12', linenum: 1}\n")
    assert shop.run("import", "trufflehog", "found.json", "--write").code == 0
    assert shop.run("import", "kingfisher", "--write").code == 0
    assert len((shop.path / "leaksieve.baseline").read_text().splitlines()) == 4
    assert failing(shop, "-b", "leaksieve.baseline") == {"generic-password"}


def test_nothing_that_is_there_is_lost(shop):
    shop.write("leaksieve.toml", "# ours\nfail_on = 'low'\nexclude = ['/mine/']\n")
    shop.write(".gitleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''^src/''']\n")
    assert shop.run("import", "--write").code == 0
    text = (shop.path / "leaksieve.toml").read_text()
    assert text.startswith("# ours\nfail_on = 'low'\nexclude = [")
    assert "'/mine/'" in text
    assert failing(shop, "--tree") == set()


def test_rules_are_read_where_they_stay(shop):
    shop.write(".gitleaks.toml", "[extend]\nuseDefault = true\n[[rules]]\nid = 'acme'\nregex = '''acme_[0-9]{8}'''\nkeywords = ['acme_']\n")
    shop.write("b.txt", "acme_12345678\n")
    assert shop.run("import", "--write").code == 0
    assert "acme" in failing(shop, "--tree")
    assert shop.run("config", "check").code == 0


def test_a_hook_that_has_no_baseline_names_none(shop):
    shop.write(".pre-commit-config.yaml", "repos:\n- repo: https://github.com/gitleaks/gitleaks\n  rev: v8\n  hooks:\n  - id: gitleaks\n")
    assert shop.run("import", "--write").code == 0
    assert "entry: leaksieve hook pre-commit\n" in (shop.path / ".pre-commit-config.yaml").read_text()


def test_in_a_job_nothing_is_written_unasked(shop):
    shop.write(".gitleaksignore", "src/a.py:x:1\n")
    assert shop.run("import", "--write", CI="true").code == 2
    assert shop.run("import", CI="true").code == 0
    assert shop.run("import", "--write", "--yes", CI="true").code == 0


def test_a_file_that_is_there_is_not_replaced(shop):
    shop.write(
        ".betterleaks.toml",
        "[extend]\nuseDefault = true\n[[rules]]\nid = 'a'\nregex = 'a_[0-9]{8}'\n[[rules]]\nid = 'b'\nregex = 'b_[0-9]{8}'\nvalidate = 'x'\n",
    )
    shop.write("leaksieve-rules.toml", "# mine\n")
    done = shop.run("import", "--write")
    assert (done.code, "is there already, and is not replaced" in done.err) == (2, True)
    assert (shop.path / "leaksieve-rules.toml").read_text() == "# mine\n"


def test_nothing_to_take_over_is_wrong_usage(place):
    assert place.run("import").code == 2
    named = place.run("import", "gitleaks", "nowhere.toml")
    assert (named.code, "scanners" in named.err) == (2, False)
    mistyped = place.run("import", "gitleak")
    assert (mistyped.code, "gitleak: no such file; the scanners that are known: gitleaks, betterleaks" in mistyped.err) == (2, True), mistyped


def test_what_is_no_file_is_not_waited_for(shop):
    os.mkfifo(shop.path / "pipe.toml")
    (shop.path / "folder.toml").mkdir()
    for name, why in (("pipe.toml", "not a regular file"), ("folder.toml", "is a directory")):
        done = shop.run("import", "gitleaks", name)
        assert (done.code, f"{name}: cannot be read: {why}" in done.err) == (2, True), done
