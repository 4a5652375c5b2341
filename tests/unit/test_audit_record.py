"""What a triage keeps between runs, and its loop without a terminal."""

import json

import pytest

from leaksieve.cli.audit.record import Decision, Record, load
from leaksieve.cli.audit.triage import Settings, Triage
from leaksieve.cli.audit.writing import Places, write_out
from leaksieve.config.discover import load as load_config
from leaksieve.errors import ConfigError, UsageError
from leaksieve.findings.baseline import load as load_baseline
from leaksieve.model import Finding, Occurrence
from leaksieve.reports.base import RuleInfo
from leaksieve.reports.text_style import Style

KEY = ("project", "0123456789abcdef")


def fingerprint(number):
    return f"ls1-{number:032x}"


def decision(number, verdict="false", **changes):
    values = {"rule_id": "generic-password", "verdict": verdict, "reason": "demo", "entry": fingerprint(number), "at": "2026-01-02T03:04:05Z", "pending": True}
    return Decision(fingerprint(number), **{**values, **changes})


def finding(number, **changes):
    place = Occurrence("l", b"a%d.py" % number, 1, 1, 1, 9, 0, 8, (), None, "x = abc…z", {"kind": "file"}, "", already_present=False, line_hash="")
    values = {"rule_id": "a-rule", "rule_name": "A rule", "severity": "high", "confidence": "high", "tags": (), "secret": "abc…z", "parts": ()}
    values |= {"fingerprint": fingerprint(number), "proof": "none", "verdict": "", "links": (), "allowed": "", "already_present": False, "remediation": {}}
    return Finding(**{**values, **changes}, occurrences=(place,))


class Keys:
    """A person with a plan: keys and lines that are given one after another."""

    style = Style(color=False, width=80)

    def __init__(self, *given):
        self.given = list(given)
        self.said = []

    def show(self, *lines):
        self.said += lines

    def key(self, prompt):
        return self._next()

    def line(self, prompt):
        self.said.append(prompt)
        return self._next()

    def page(self, *lines):
        return True

    def _next(self):
        if not self.given:
            raise EOFError
        return self.given.pop(0)


def triage(tmp_path, count, *given, worded=str, require_reason=False, **changes):
    queue = [finding(number, **changes) for number in range(count)]
    rule = RuleInfo("a-rule", "A rule", "", "", "high", "high", (), "", "", "", ())
    record = Record(str(tmp_path / "state"), KEY)
    keys = Keys(*given)
    entries = {one.fingerprint: one.fingerprint for one in queue}
    one = Triage(queue, dict.fromkeys({each.rule_id for each in queue}, rule), entries, record, keys, Settings(require_reason, worded, lambda _: ["x"]))
    try:
        one.run()
    except EOFError:
        keys.said.append("END")
    return one, record, keys


def test_a_record_is_read_back_and_says_what_is_outstanding(tmp_path):
    path = str(tmp_path / "state")
    record = Record(path, KEY)
    record.take(decision(1))
    record.take(decision(2, "real", pending=False))
    again = load(path, KEY)
    assert again.decisions == record.decisions
    assert [one.fingerprint for one in again.pending()] == [fingerprint(1)]
    again.drop(fingerprint(1))
    assert [*load(path, KEY).decisions] == [fingerprint(2)]
    assert load(str(tmp_path / "none"), KEY).decisions == {}
    with pytest.raises(ConfigError, match="made with another key"):
        load(path, ("project", "f" * 16))


@pytest.mark.parametrize(
    "changes",
    [
        {"fingerprint": "ls1-x"},
        {"fingerprint": 7},
        {"verdict": "fine"},
        {"reason": "a\nb"},
        {"entry": fingerprint(2)},
        {"entry": fingerprint(1) + "\nls1-"},
        {"rule_id": "a b"},
        {"rule_id": ""},
        {"pending": "yes"},
        {"more": 1},
    ],
)
def test_a_record_that_was_tampered_with_is_refused(tmp_path, changes):
    path = tmp_path / "state"
    Record(str(path), KEY).take(decision(1))
    told = json.loads(path.read_text())
    told["decisions"][0] |= changes
    path.write_text(json.dumps(told))
    with pytest.raises(ConfigError, match="is no record of a triage"):
        load(str(path), KEY)


def test_entries_of_one_reason_are_one_and_nothing_is_written_twice(tmp_path):
    record = Record(str(tmp_path / "state"), KEY)
    for number, verdict, reason in ((1, "false", "demo"), (2, "test", "demo"), (3, "revoked", "gone"), (4, "known", ""), (5, "real", "")):
        record.take(decision(number, verdict, reason=reason))
    places = Places(str(tmp_path / "b"), str(tmp_path), None, "ada", "2999-01-31")
    kept = dict(record.decisions)
    assert len(write_out(record, places)) == 2
    assert write_out(record, places) == []
    # As after a sudden end between the writing and the noting of it.
    record.decisions = kept
    write_out(record, places)
    allow = load_config(str(tmp_path / "leaksieve.toml")).config.allow
    assert [(one.reason, one.fingerprints, one.owner, one.expires) for one in allow] == [
        ("demo", (fingerprint(1), fingerprint(2)), "ada", "2999-01-31"),
        ("gone", (fingerprint(3),), "ada", "2999-01-31"),
    ]
    baseline = load_baseline(str(tmp_path / "b"))
    assert (baseline.key, [*baseline.entries]) == (KEY, [fingerprint(4)])


def test_what_cannot_be_written_stays_outstanding(tmp_path):
    (tmp_path / "leaksieve.toml").write_text("allow = []\n")
    record = Record(str(tmp_path / "state"), KEY)
    record.take(decision(1))
    with pytest.raises(ConfigError, match="no entry can be added"):
        write_out(record, Places(str(tmp_path / "b"), str(tmp_path), None, "", ""))
    assert len(load(record.path, KEY).pending()) == 1


def test_undo_goes_back_through_verdicts_and_skips(tmp_path):
    one, record, keys = triage(tmp_path, 3, "r", "s", "f", "why", "u", "u", "u", "u", "q")
    assert record.decisions == {}
    assert any("Nothing to undo" in line for line in keys.said)
    assert record.pending() == []
    assert one.told() == ["nothing was decided", "3 findings left; the next `leaksieve audit` goes on with them"]


def test_the_end_of_input_keeps_what_was_decided(tmp_path):
    one, record, keys = triage(tmp_path, 3, "x", "", "", "f")
    assert [(each.verdict, each.reason) for each in record.decisions.values()] == [("revoked", "revoked")]
    assert keys.said[-1] == "END"
    assert one.told()[0] == "1 revoked"


def test_reasons_are_asked_for_until_they_will_do(tmp_path):
    def worded(text):
        if "bad" in text:
            raise UsageError("holds what looks like a secret")
        return text

    _, record, keys = triage(tmp_path, 1, "f", "", "f", "bad one", "good one", worded=worded, require_reason=True)
    assert [each.reason for each in record.decisions.values()] == ["good one"]
    assert any("A reason is needed" in line for line in keys.said)
    assert "It holds what looks like a secret." in keys.said


def test_ids_of_rules_are_one_word_in_what_is_written(tmp_path):
    _, record, _ = triage(tmp_path, 1, "b", "", rule_id="a b")
    assert [each.rule_id for each in record.decisions.values()] == ["a-b"]
    assert load(record.path, KEY).decisions == record.decisions
