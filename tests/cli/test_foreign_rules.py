"""The files of other scanners given to --rules, by the real program."""

import json

ACME = """
[[rules]]
id = "Acme.Token"
description = "Acme token"
regex = '''(?i)\\bacme_[a-z0-9]{32}\\b'''
keywords = ["acme_"]
tags = ["acme"]
"""
TOKEN = "acme_" + "a1b2c3d4" * 4


def findings(done):
    return [(finding["rule_id"], finding["path"]) for finding in json.loads(done.out)["findings"]]


def test_a_scan_with_another_tools_file(place, token):
    place.write("r.toml", ACME + "[[allowlists]]\npaths = ['''^tree/vendor/''']\n".replace("tree/", ""))
    place.write("tree/a.py", f"x = '{TOKEN}'\ny = '{token}'\n")
    place.write("tree/vendor/a.py", f"x = '{TOKEN}'\n")
    done = place.run("dir", "tree", "--rules", "r.toml", "-f", "json")
    assert done.code == 1
    assert findings(done) == [("Acme.Token", "a.py")]
    found = json.loads(done.out)["findings"][0]
    assert (found["rule_name"], found["severity"], found["confidence"], found["tags"]) == ("Acme token", "high", "medium", ["acme"])
    assert "r.toml: 1 rule of another tool's form; the built-in rules are off (useDefault is not set)" in done.err
    again = place.run("dir", "tree", "--rules", "r.toml", "-f", "json")
    assert json.loads(again.out)["findings"][0]["fingerprint"] == found["fingerprint"]
    kept = list((place.path.parent / "home").rglob("history-1/*"))
    assert kept
    assert all(TOKEN.encode() not in file.read_bytes() for file in kept)
    for form in ("text", "sarif", "jsonl"):
        assert place.run("dir", "tree", "--rules", "r.toml", "-f", form).code == 1


def test_the_built_in_rules_beside_it(place, token):
    place.write("leaksieve.toml", 'rules = ["r.toml"]\n')
    place.write("r.toml", "[extend]\nuseDefault = true\n" + ACME)
    place.write("a.py", f"x = '{TOKEN}'\ny = '{token}'\n")
    done = place.run("scan", ".", "-f", "json")
    assert done.code == 1
    assert {rule_id for rule_id, _ in findings(done)} == {"Acme.Token", "github-token-classic"} or len(findings(done)) == 2
    assert "the built-in rules are on as well" in done.err


def test_rules_can_be_listed_shown_and_switched_off(place):
    place.write("r.toml", ACME + ACME.replace("Acme.Token", "other").replace("acme_", "other_"))
    assert place.run("rules", "list", "--rules", "r.toml").out.splitlines()[0].startswith("Acme.Token")
    assert "acme_" in place.run("rules", "show", "Acme.Token", "--rules", "r.toml").out
    place.write("tree/a.py", f"x = '{TOKEN}'\n")
    assert place.run("dir", "tree", "--rules", "r.toml", "--disable", "Acme.*").code == 0
    assert place.run("dir", "tree", "--rules", "r.toml", "--enable", "Acme.Token").code == 1


def test_what_is_not_supported_is_exit_2_and_named(place):
    place.write("r.toml", ACME + "validate = 'x'\n")
    place.write("a.py", "x\n")
    for command in (["dir", "a.py", "--rules", "r.toml"], ["rules", "list", "--rules", "r.toml"], ["rules", "check", "r.toml"]):
        done = place.run(*command)
        assert done.code == 2, done
        assert "r.toml: rule Acme.Token: `validate` is not supported; remove it" in done.err + done.out


def test_rules_check_reads_them(place):
    place.write("r.toml", ACME)
    done = place.run("rules", "check", "r.toml")
    assert done.code == 0, done


def test_commits_of_allow_lists_and_whole_buffers_in_histories(repo):
    repo.write("a.py", f"x = '{TOKEN}'\n")
    repo.write("b.py", "open(\n" + "y\n" * 40 + "key=abcdefgh\n)\n")
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "second")
    first = repo.git("rev-parse", "HEAD").strip()
    repo.write("b.py", "open(\n" + "y\n" * 3000 + "key=abcdefgh\n)\n")
    repo.git("commit", "-q", "-am", "third")
    whole = "[[rules]]\nid = 'whole'\nregex = '''open\\([^)]*key=([a-z]+)[^)]*\\)'''\nkeywords = ['open']\n"
    rules = repo.path.parent / "r.toml"
    rules.write_text(ACME + whole)
    done = repo.run("git", ".", "--rules", str(rules), "-f", "json")
    assert done.code == 1
    assert sorted(findings(done)) == [("Acme.Token", "a.py"), ("whole", "b.py")]
    rules.write_text(f"[[allowlists]]\ncommits = ['{first.upper()}']\n" + ACME + whole)
    allowed = repo.run("git", ".", "--rules", str(rules), "-f", "json")
    marked = {finding["rule_id"]: finding["allowed"] for finding in json.loads(allowed.out)["findings"]}
    assert marked["Acme.Token"] == f"commit {first[:12]} is in an allow list of the rule file"
