"""``leaksieve audit`` at a real terminal: verdicts, undo, filters, leaving and going on, and that no secret shows unless asked for."""

import json
import os
import re
import sys

import pytest

from leaksieve.ruleset.template import expand

pytestmark = pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")
if os.name != "nt":
    from terminal import Terminal

PROMPT = "\n> "
PAGE, BACK = "\x1b[?1049h", "\x1b[?1049l"


class Shop:
    """A folder with three secrets: GitHub's in a.env, Stripe's in b.env, a password that could be guessed in c.env."""

    def __init__(self, place, token):
        self.place = place
        self.terminals = []
        self.values = {"a": token, "b": expand("sk_live_<alnum:24>", 5).decode(), "c": "Tr0mbone" + "99"}
        place.write("a.env", f"GITHUB_TOKEN={self.values['a']}\n")
        place.write("b.env", f"STRIPE_KEY={self.values['b']}\n")
        place.write("c.env", f"DB_PASSWORD={self.values['c']}\n")

    def audit(self, *args, **env):
        self.terminals.append(Terminal([sys.executable, "-P", "-m", "leaksieve", "audit", *args], cwd=self.place.path, env={**self.place.env, **env}))
        return self.terminals[-1]

    def report(self, name="r.json"):
        return self.place.run("dir", ".", "-q", "-f", "json", "-o", name)

    def found(self, *args):
        """What a scan still holds against someone, by path."""
        findings = json.loads(self.place.run("dir", ".", "-q", "-f", "json", *args).out)["findings"]
        return sorted(one["path"] for one in findings if not one["allowed"])

    def text(self, name):
        return (self.place.path / name).read_text()

    def state(self):
        return {one["fingerprint"]: one for one in json.loads(self.text(".leaksieve-audit.json"))["decisions"]}


@pytest.fixture
def shop(place, token):
    one = Shop(place, token)
    yield one
    for terminal in one.terminals:
        terminal.close()


def test_every_verdict_goes_where_it_belongs(shop):
    at = shop.audit()
    assert "a.env:1:14" in at.expect(PROMPT)
    at.press("f")
    at.expect(r"reason \[not a secret\]: ")
    at.type("shown in a talk")
    head = at.expect(PROMPT)
    assert "2 of 3" in head
    assert "b.env:1:12" in head
    at.press("r")
    assert "c.env:1:13" in at.expect(PROMPT)
    at.press("b")
    at.expect("reason: ")
    at.type("")
    at.expect("That was the last one")
    at.press("u")
    assert "c.env" in at.expect(PROMPT)
    at.press("b")
    at.expect("reason: ")
    at.type("")
    at.expect("That was the last one")
    at.press("q")
    assert at.end() == 0
    assert "1 real, 1 in the baseline, 1 false alarms" in at.heard
    assert not any(value in at.heard for value in shop.values.values())
    assert re.fullmatch(
        r'\[\[allow\]\]\nreason = "shown in a talk"\nfingerprints = \["ls1-[0-9a-f]{32}"\]  # github-classic-token\n', shop.text("leaksieve.toml")
    )
    assert re.search(r"^ls1w-[0-9a-f]{8} generic-password c\.env$", shop.text("leaksieve.baseline"), re.MULTILINE)
    assert shop.found("-b", "leaksieve.baseline") == ["b.env"]
    state = shop.text(".leaksieve-audit.json")
    assert not any(value in state for value in shop.values.values())
    assert sorted((one["verdict"], one["pending"]) for one in shop.state().values()) == [("false", False), ("known", False), ("real", False)]
    # A real one is not asked about again, unless that is wanted.
    at = shop.audit()
    assert at.end() == 0
    assert "1 of 1 findings were decided before" in at.heard
    at = shop.audit("--again")
    assert "b.env" in at.expect(PROMPT)
    at.press("x")
    at.expect(r"reason \[revoked\]: ")
    at.type("")
    at.expect("That was the last one")
    at.press(" ")
    assert at.end() == 0
    assert shop.found("-b", "leaksieve.baseline") == []


def test_undo_skip_filter_and_help(shop):
    at = shop.audit()
    at.expect(PROMPT)
    at.press("u")
    at.expect("Nothing to undo")
    at.expect("> ")
    at.press("?")
    assert "take back the last" in at.expect(PROMPT)
    at.press("y")
    at.expect("No such key: y")
    at.expect("> ")
    at.press("\x1b[A")
    at.expect("> ")
    at.press("s")
    assert "b.env" in at.expect(PROMPT)
    at.press("t")
    at.expect(r"reason \[test value\]: ")
    at.type("")
    assert "c.env" in at.expect(PROMPT)
    at.press("u")
    assert "b.env" in at.expect(PROMPT)
    at.press("u")
    assert "a.env" in at.expect(PROMPT)
    at.press("/")
    at.expect("show only: ")
    at.type("GENERIC c.env")
    assert "c.env" in at.expect(PROMPT)
    at.press("s")
    at.expect("Nothing more matches the filter")
    assert "a.env" in at.expect(PROMPT)
    at.press("q")
    assert at.end() == 0
    assert "nothing was decided" in at.heard
    assert "3 findings left" in at.heard
    assert not (shop.place.path / "leaksieve.toml").exists()


def test_a_secret_is_shown_on_a_key_alone_and_taken_away_again(shop):
    at = shop.audit("--path", "/a.env")
    at.expect(PROMPT)
    assert shop.values["a"] not in at.heard
    at.press("v")
    at.expect("Any key hides this")
    at.press("z")
    at.expect("> ")
    at.press("q")
    assert at.end() == 0
    before, page = at.heard.split(PAGE)
    page, after = page.split(BACK)
    assert f"GITHUB_TOKEN={shop.values['a']}" in page
    assert shop.values["a"] not in before + after
    at = shop.audit("--path", "a.env", TERM="dumb")
    at.expect(PROMPT)
    at.press("v")
    at.expect("no page that can be taken away")
    at.press("q")
    assert at.end() == 0
    assert shop.values["a"] not in at.heard


def test_ctrl_c_keeps_what_was_decided(shop):
    at = shop.audit()
    at.expect(PROMPT)
    at.press("f")
    at.expect("reason.*: ")
    at.type("")
    at.expect(PROMPT)
    at.press("\x03")
    assert at.end() == 130
    assert shop.found() == ["b.env", "c.env"]
    # In the middle of a reason: that finding is not decided.
    at = shop.audit()
    assert "1 of 2" in at.expect(PROMPT)
    at.press("f")
    at.expect("reason.*: ")
    at.interrupt()
    assert at.end() == 130
    assert shop.found() == ["b.env", "c.env"]


def test_what_was_decided_outlives_a_sudden_end_and_is_written_the_next_time(shop):
    at = shop.audit()
    at.expect(PROMPT)
    at.press("f")
    at.expect("reason.*: ")
    at.type("")
    at.expect(PROMPT)
    at.kill()
    assert [one["pending"] for one in shop.state().values()] == [True]
    assert shop.found() == ["a.env", "b.env", "c.env"]
    at = shop.audit()
    assert "b.env" in at.expect(PROMPT)
    assert "1 of 3 findings were decided before" in at.heard
    at.press("q")
    assert at.end() == 0
    assert shop.found() == ["b.env", "c.env"]


def test_a_report_is_read_and_filters_hold(shop):
    shop.report()
    shop.place.write("empty/x", "")
    at = shop.audit("--report", "r.json", "--rule", "stripe-*", "--rule", "github-*", "--path", "b.*", "--owner", "ada", "--expires", "2999-01-31")
    assert "1 of 1" in at.expect(PROMPT)
    at.press("v")
    at.expect("Any key")
    at.press(" ")
    at.expect("> ")
    at.press("p")
    assert "b.env:1:12" in at.expect("> ")
    at.press("f")
    at.expect("reason.*: ")
    at.type(f"see {shop.values['a']}")
    at.expect("holds what looks like a secret")
    at.expect("reason.*: ")
    at.type("demo")
    at.expect("That was the last one")
    at.press(" ")
    assert at.end() == 0
    assert shop.values["b"] in at.heard.split(PAGE)[1].split(BACK)[0]
    assert 'owner = "ada"\nexpires = 2999-01-31\n' in shop.text("leaksieve.toml")
    assert shop.found() == ["a.env", "c.env"]


def test_a_reason_may_be_required(shop):
    at = shop.audit("--require-reason", "--path", "a.env")
    at.expect(PROMPT)
    at.press("f")
    at.expect("reason: ")
    at.type("")
    at.expect("A reason is needed")
    at.expect("> ")
    at.press("b")
    at.expect("reason: ")
    at.type("rotated in March")
    at.expect("That was the last one")
    at.press(" ")
    assert at.end() == 0
    assert re.search(r"^# ls1-[0-9a-f]{32}: rotated in March$", shop.text("leaksieve.baseline"), re.MULTILINE)


def test_a_history_is_asked_about_and_shown_too(shop):
    place = shop.place
    place.git("init", "-q", "-b", "main")
    place.git("add", ".")
    place.git("commit", "-q", "-m", "one")
    place.git("rm", "-q", "a.env", "b.env", "c.env")
    place.git("commit", "-q", "-m", "two")
    at = shop.audit("--history", "--rule", "github-*")
    assert "not at HEAD" in at.expect(PROMPT)
    at.press("v")
    at.expect("Any key")
    at.press(" ")
    at.expect("> ")
    at.press("q")
    assert at.end() == 0
    assert shop.values["a"] in at.heard.split(PAGE)[1].split(BACK)[0]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "leaksieve audit: needs a terminal, for it asks about one finding after another"),
        (("-f", "json"), "takes neither -f nor -o"),
        (("--report", "r.json", "."), "a report is read in place of a scan"),
        (("--tree", "--history"), "exclude each other"),
    ],
)
def test_without_a_terminal_or_with_mistakes_it_is_one_line_and_exit_2(place, args, message):
    done = place.run("audit", *args)
    assert (done.code, done.out) == (2, ""), done
    assert message in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "text", "args", "message"),
    [
        (".leaksieve-audit.json", "{}", (), "is no record of a triage"),
        ("s", '{"schema": "leaksieve-audit/1", "key": null, "decisions": [{"fingerprint": "x"}]}', ("--state", "s"), "s: is no record of a triage"),
        ("leaksieve.toml", "x = \n", (), "not valid TOML"),
        ("leaksieve.baseline", "what\n", (), "is no baseline"),
        ("r.json", "what\n", ("--report", "r.json"), "is not a report of leaksieve"),
    ],
)
def test_files_that_do_not_hold_are_said_before_anything_is_asked(shop, name, text, args, message):
    shop.place.write(name, text)
    at = shop.audit(*args)
    assert at.end() == 2
    assert message in at.heard
    assert "> " not in at.heard
