"""The exit code follows from what was found and what was missed, and from nothing else."""

import itertools

import pytest

from leaksieve.cli.exits import exit_code, fails, is_shown, widened
from leaksieve.config import Config
from leaksieve.coverage import Coverage, SourceCoverage
from leaksieve.model import SEVERITIES, Finding, Occurrence, Skip


def finding(**changes) -> Finding:
    values = dict.fromkeys(Finding._fields, "")
    return Finding(**{**values, "severity": "high", "already_present": False, "occurrences": (place(),), **changes})


def place(**changes) -> Occurrence:
    return Occurrence(**{**dict.fromkeys(Occurrence._fields, ""), "already_present": False, **changes})


def coverage(*, failed=0, excluded=0, interrupted=False, strict=False) -> Coverage:
    receipt, source = Coverage(), SourceCoverage("file", "x")
    for _ in range(failed):
        source.skip(Skip("failed", b"x", "unreadable"))
    for _ in range(excluded):
        source.skip(Skip("excluded", b"x", "too-large"))
    receipt.sources.append(source)
    receipt.interrupted, receipt.strict = interrupted, strict
    return receipt


@pytest.mark.parametrize(
    ("failing", "receipt", "config", "code"),
    [
        (0, {}, {}, 0),
        (1, {}, {}, 1),
        (0, {"failed": 1}, {}, 3),
        (1, {"failed": 1}, {}, 1),
        (0, {"excluded": 1}, {}, 0),
        (0, {"excluded": 1, "strict": True}, {}, 3),
        (1, {"interrupted": True}, {}, 130),
        (0, {"interrupted": True, "failed": 1}, {}, 130),
        (1, {}, {"exit_zero": True}, 0),
        (1, {"failed": 1}, {"exit_zero": True}, 3),
        (1, {"failed": 1}, {"exit_zero": True, "allow_incomplete": True}, 0),
        (0, {"failed": 1}, {"allow_incomplete": True}, 0),
        (1, {"failed": 1}, {"allow_incomplete": True}, 1),
        (0, {"interrupted": True}, {"exit_zero": True, "allow_incomplete": True}, 130),
    ],
)
def test_table(failing, receipt, config, code):
    assert exit_code(failing, coverage(**receipt), Config(**config)) == code


@pytest.mark.parametrize(("severity", "limit"), list(itertools.product(SEVERITIES, SEVERITIES)))
def test_fail_on_is_a_threshold(severity, limit):
    assert fails(finding(severity=severity), Config(fail_on=limit)) is (SEVERITIES.index(severity) >= SEVERITIES.index(limit))


def test_accepted_and_older_places_do_not_fail():
    accepted, older = place(allowed="because"), place(already_present=True)
    assert not fails(finding(occurrences=(accepted,)), Config())
    assert not fails(finding(occurrences=(older, accepted)), Config())
    assert fails(finding(occurrences=(accepted, place(), older)), Config())


@pytest.mark.parametrize(("severity", "limit"), list(itertools.product(SEVERITIES, SEVERITIES)))
def test_what_fails_is_scanned_for_even_where_it_is_not_shown(severity, limit):
    config = Config(severity=severity, fail_on=limit)
    assert is_shown(limit, widened(config))
    assert not is_shown("info", widened(config)) or "info" in (severity, limit)
