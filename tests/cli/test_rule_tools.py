"""``leaksieve rules test|explain|diff|lock`` as processes, and what ``-v`` says of dropped candidates."""

import json
import re
from pathlib import Path

import pytest
from rulebook import toml

from leaksieve.ruleset.template import expand

SECRET = expand("acme_<lowernum:20>", 3).decode()


@pytest.fixture
def rules(place):
    place.write("rules/acme.toml", toml())
    return place


def test_rules_that_hold(rules):
    done = rules.run("rules", "test", "rules")
    assert (done.code, done.out, done.err) == (0, "1 rule, 1 example, 1 counter-example: every one holds\n", "")


def test_rules_that_do_not_hold_are_exit_2_and_listed(rules):
    rules.write("rules/acme.toml", toml(examples='["k=ghp_<alnum:36>", "k=acme_<lowernum:20> ghp_<alnum:36>", "k=acme_<lowernum:20>"]'))
    done = rules.run("rules", "test", "rules")
    assert done.code == 2
    assert done.out == (
        "rules/acme.toml: rule acme-token: example `k=ghp_<alnum:36>` the pattern does not find a secret in it\n"
        "rules/acme.toml: rule acme-token: example `k=acme_<lowernum:20> ghp_<alnum:36>` github-classic-token fires as well and is not in `also`\n"
        "1 rule, 3 examples, 1 counter-example: 1 rule fails\n"
    )
    told = json.loads(rules.run("rules", "test", "rules", "--json").out)
    assert {key: told[key] for key in ("rules", "examples", "counter_examples", "failed_rules", "problems")} == {
        "rules": 1, "examples": 3, "counter_examples": 1, "failed_rules": 1, "problems": [],
    }  # fmt: skip
    assert [(one["rule_id"], one["file"], one["kind"]) for one in told["failures"]] == [("acme-token", "rules/acme.toml", "example")] * 2


def test_files_that_cannot_be_read_are_said(rules):
    rules.write("rules/b.toml", "[family]\n")
    done = rules.run("rules", "test", "rules")
    assert done.code == 2
    assert done.out.startswith("rules/b.toml: [family]: `id` must be")
    assert done.out.endswith("1 rule, 1 example, 1 counter-example: 1 problem in the files\n")


def test_built_in_rules_are_tested_without_a_path(place):
    done = place.run("rules", "test", "--rule", "github-classic-*")
    assert done.code == 0, done
    assert done.out.startswith("1 rule, 2 examples, ")
    assert "none of these rules is named `nothing-*`" in place.run("rules", "test", "--rule", "nothing-*").err


@pytest.mark.parametrize("args", [("test", "gone"), ("explain",), ("explain", "x", "--rule", "githb"), ("diff", "builtin", "builtin"), ("diff", "gone", "builtin", "--on", "."), ("lock", "-c", "gone.toml")])  # fmt: skip
def test_mistakes_are_exit_2(place, args):
    done = place.run("rules", *args)
    assert (done.code, done.out) == (2, ""), done
    assert done.err.count("\n") == 1


def test_explain_says_how_a_text_was_scanned(rules):
    rules.write("rules/acme.toml", toml({}, {"id": '"acme-wide"', "specificity": "20", "min_entropy": "1", "pattern": "'(?P<secret>acme_[a-z0-9]{20})'"}))
    done = rules.run("rules", "explain", f"x = 1\ny: {SECRET} acme_nope", "--rules", "rules", "--path", "conf/a.ini")
    assert (done.code, done.err) == (0, "")
    head, *rest = done.out.splitlines()
    assert head.startswith("conf/a.ini: 44 bytes, ")
    assert rest == [
        "",
        "2:4  keyword `acme_` opens acme-token, acme-wide",
        "2:30  keyword `acme_` opens acme-token, acme-wide",
        "",
        f"acme-token matches at 2:4-2:29: acme_{SECRET[5:9]}…{SECRET[-2:]}",
        f"  25 bytes, {_entropy(SECRET):.2f} bits of entropy a byte",
        "  kept: severity high, confidence high (the rule's)",
        "",
        f"acme-wide matches at 2:4-2:29: acme_{SECRET[5:9]}…{SECRET[-2:]}",
        f"  25 bytes, {_entropy(SECRET):.2f} bits of entropy a byte",
        "  dropped, overlap: acme-token is more specific and reports the same bytes",
        "",
        "2 candidates, 1 kept",
    ]


def _entropy(text):
    from leaksieve.ruleset.values import entropy

    return entropy(text.encode())


def test_explain_of_one_rule_says_why_it_was_not_tried_or_does_not_match(rules):
    def ask(text, *more):
        done = rules.run("rules", "explain", text, "--rules", "rules", "--rule", "acme-token", *more)
        assert done.code == 0, done
        return done.out

    assert "acme-token was not tried: none of its keywords stands in the text: `acme_`\n" in ask("nothing here")
    assert "was not tried: `acme_` stands in the text in another case" in ask(SECRET.upper())
    assert "acme-token was tried at 1:3 and does not match: it fits up to 1:12, and what follows does not" in ask("x acme_abcd!")
    assert "it fits up to 1:10, and more is wanted" in ask("acme_abcd")
    rules.write("leaksieve.toml", 'disable = ["acme-token"]\nrules = ["rules"]\n')
    done = rules.run("rules", "explain", SECRET, "--rule", "acme-token")
    assert "acme-token was not tried: the configuration switches it off" in done.out


def test_explain_as_json_keeps_the_secret_unless_told(rules):
    text = f"# {SECRET}  leaksieve:allow[acme-token] -- known"
    plain = rules.run("rules", "explain", "-", "--rules", "rules", "--json", stdin=text.encode())
    assert SECRET not in plain.out
    told = json.loads(plain.out)
    assert told["schema"] == "leaksieve-explain/1"
    (candidate,) = told["candidates"]
    assert {key: candidate[key] for key in ("rule_id", "line", "column", "end_column", "kept", "reason", "length", "shown", "allowed")} == {
        "rule_id": "acme-token", "line": 1, "column": 3, "end_column": 28, "kept": True, "reason": None, "length": 25, "shown": True,
        "allowed": "inline comment leaksieve:allow[acme-token] (known)",
    }  # fmt: skip
    shown = rules.run("rules", "explain", text, "--rules", "rules", "-f", "json", "--reveal")
    assert json.loads(shown.out)["candidates"][0]["secret"] == SECRET


def test_the_fields_of_an_explanation_are_documented(rules):
    page = (Path(__file__).parents[2] / "docs" / "rule-tools.md").read_text(encoding="utf-8")

    def documented(heading):
        table = page.split(f"| {heading} | meaning |\n|---|---|\n", 1)[1].split("\n\n", 1)[0]
        return sorted(name for line in table.split("\n") for name in re.findall(r"`([a-z_]+)`", line.split(" | ")[0]))

    told = json.loads(rules.run("rules", "explain", f"x {SECRET} acme_no", "--rules", "rules", "--json").out)
    assert documented("field") == sorted(told)
    assert documented("field of a candidate") == sorted(told["candidates"][0])
    about = json.loads(rules.run("rules", "explain", "x acme_no", "--rules", "rules", "--rule", "acme-token", "--json").out)
    prose = page.split("| field | meaning |", 1)[1]
    names = {*about["rule"], *about["words"][0], *about["rules"][0], *about["rules"][0]["places"][0], *about["rules"][0]["places"][0]["fits_until"]}
    assert [name for name in names if f"`{name}`" not in prose] == []


def test_explain_says_what_speaks_for_a_generic_secret(place):
    value = expand("<pass:14>", 4).decode()
    text = f'db_password = "{value}"'
    told = json.loads(place.run("rules", "explain", text, "--path", "app.ini", "--json").out)
    (one,) = [each for each in told["candidates"] if each["rule_id"] == "generic-password"]
    assert one["kept"]
    assert one["weights"]
    assert one["score"]["sum"] >= one["score"]["low"]
    assert one["confidence_from"] == "the sum of what speaks for and against it"
    dropped = place.run("rules", "explain", "password = changeme", "--path", "app.py").out
    assert "dropped, weak" in dropped or "dropped, placeholder" in dropped or "dropped, identifier" in dropped


def test_diff_says_what_is_gained_lost_and_judged_otherwise(rules):
    rules.write("tree/a.txt", f"x {SECRET}\n")
    rules.write("new/acme.toml", toml(severity='"low"'))
    done = rules.run("rules", "diff", "rules", "new", "--on", "tree", "--exit-code")
    assert (done.code, done.err) == (1, "")
    lines = done.out.splitlines()
    assert lines[1] == "rules: 0 added, 0 removed"
    assert lines[2].startswith(f"~ acme-token high -> low high  a.txt:1:3  acme_{SECRET[5:9]}…{SECRET[-2:]}  ls1-")
    assert lines[3] == "0 gained, 0 lost, 1 changed"
    assert rules.run("rules", "diff", "rules", "new", "--on", "tree").code == 0
    same = rules.run("rules", "diff", "rules", "rules", "--on", "tree", "--exit-code")
    assert (same.code, same.out.splitlines()[-1]) == (0, "0 gained, 0 lost, 0 changed")
    rules.write("new/acme.toml", toml(id='"acme-other"', pattern="'(?P<secret>acme_[a-z0-9]{16,20})(?![a-z0-9])'"))
    rules.write("new/acme.toml", (rules.path / "new/acme.toml").read_text().replace("acme-other", "zenith-key").replace('id = "acme"', 'id = "zenith"'))
    told = json.loads(rules.run("rules", "diff", "rules", "new", "--on", "tree", "--json").out)
    assert told["rules"] == {"added": ["zenith-key"], "removed": ["acme-token"]}
    (gained,), (lost,) = told["gained"], told["lost"]
    assert (gained["rule_id"], lost["rule_id"]) == ("zenith-key", "acme-token")
    assert gained["replaces"] == [{"rule_id": "acme-token", "fingerprint": lost["fingerprint"]}]
    assert lost["replaced_by"] == [{"rule_id": "zenith-key", "fingerprint": gained["fingerprint"]}]
    assert gained["places"] == [{"path": "a.txt", "line": 1, "column": 3}]
    assert SECRET not in json.dumps(told)


def test_diff_looks_into_histories(repo):
    repo.write("rules/acme.toml", toml())
    repo.write("none/zork.toml", toml(pattern="'(?P<secret>acme_[A-Z]{20})'"))
    repo.write("secret.txt", SECRET)
    repo.git("add", "secret.txt")
    repo.git("commit", "-q", "-m", "oops")
    repo.git("rm", "-q", "secret.txt")
    repo.git("commit", "-q", "-m", "gone")
    done = repo.run("rules", "diff", "none", "rules", "--on", ".", "--exit-code")
    assert done.code == 1, done
    assert done.out.splitlines()[-1] == "1 gained, 0 lost, 0 changed"
    assert repo.run("rules", "diff", "none", "rules", "--on", ".", "--exit-code", "--tree").code == 0


def test_a_locked_configuration_refuses_other_rules(rules):
    rules.write("leaksieve.toml", '# ours\nrules = ["rules"]  # all of them\n\n[[allow]]\nreason = "x"\nrules = ["none"]\n')
    rules.write("tree/a.txt", "nothing\n")
    done = rules.run("rules", "lock")
    assert (done.code, done.err) == (0, "")
    assert "leaksieve.toml: locked to sha256:" in done.out
    text = (rules.path / "leaksieve.toml").read_text()
    lines = text.splitlines()
    assert lines[2].startswith('rules_lock = "sha256:')
    assert [*lines[:2], *lines[3:]] == ["# ours", 'rules = ["rules"]  # all of them', "", "[[allow]]", 'reason = "x"', 'rules = ["none"]']
    assert rules.run("dir", "tree", "-c", "leaksieve.toml").code == 0
    assert rules.run("config", "check").code == 0
    assert "is locked already" in rules.run("rules", "lock").out
    rules.write("rules/acme.toml", toml(severity='"low"'))
    for args in (("dir", "tree", "-c", "leaksieve.toml"), ("config", "check"), ("rules", "explain", "x")):
        done = rules.run(*args)
        assert (done.code, done.out) == (2, ""), done
        assert done.err.startswith("leaksieve: the rules are not those the configuration is locked to: they are sha256:")
        assert done.err.count("sha256:") == 2
        assert done.err.count("\n") == 1
    assert rules.run("rules", "lock").code == 0
    assert rules.run("config", "check").code == 0


def test_a_lock_without_a_configuration_makes_one(repo):
    (repo.path / "sub").mkdir()
    done = repo.run("rules", "lock")
    assert done.code == 0
    assert (repo.path / "leaksieve.toml").read_text().startswith('rules_lock = "sha256:')
    assert repo.run("git", "--staged").code == 0


def test_former_names_are_understood(rules):
    rules.write("rules/acme.toml", toml(aliases='["acme-old"]'))
    shown = rules.run("rules", "show", "acme-old", "--rules", "rules")
    assert "acme-token" in shown.out
    assert "acme-old" in shown.out
    rules.write("tree/a.txt", f"x {SECRET}\n")
    assert rules.run("dir", "tree", "--rules", "rules", "--enable", "acme-old").code == 1
    assert rules.run("dir", "tree", "--rules", "rules", "--disable", "acme-old").code == 0


def test_v_counts_what_was_dropped_and_vv_says_each(rules):
    rules.write("rules/acme.toml", toml(min_entropy="4.9", examples="[]"))
    rules.write("tree/a.txt", f"\nx {SECRET}\n")
    quiet, one, two = (rules.run("dir", "tree", "--rules", "rules", *more) for more in ((), ("-v",), ("-vv",)))
    assert quiet.err == ""
    assert one.err == "leaksieve: candidates that were dropped: 1 low-entropy (-vv says each of them)\n"
    shown = f"acme_{SECRET[5:9]}…{SECRET[-2:]}"
    assert two.err.splitlines() == [
        f"leaksieve: a.txt:2: acme-token {shown} dropped, low-entropy: {_entropy(SECRET):.2f} bits of entropy a byte, at least 4.9 are wanted",
        "leaksieve: candidates that were dropped: 1 low-entropy",
    ]


def test_ids_of_rules_are_completed(place):
    words = "leaksieve rules show github-cl"
    done = place.run(_LEAKSIEVE_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD="3")
    assert done.out.splitlines() == ["plain,github-classic-token", *(line for line in done.out.splitlines()[1:] if line.startswith("plain,github-cl"))]
