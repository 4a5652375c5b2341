"""Builders of findings and receipts, and one door to every format."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from leaksieve.coverage import Coverage, SourceCoverage
from leaksieve.model import Finding, Occurrence, Skip
from leaksieve.reports import make
from leaksieve.reports.base import RuleInfo, View

MASK = "ghp_a1B2…x9"


def occurrence(path: bytes = b"config/deploy.env", line: int = 12, **changes: Any) -> Occurrence:
    context = f"GITHUB_TOKEN={MASK} # deploys"
    values: dict[str, Any] = {
        "location_id": hashlib.sha256(path + str(line).encode()).hexdigest()[:16],
        "path": path,
        "start_line": line,
        "end_line": line,
        "start_column": 14,
        "end_column": 54,
        "byte_start": 300,
        "byte_end": 340,
        "decoded": (),
        "archive_path": None,
        "context": context,
        "source": {"kind": "file"},
        "allowed": "",
        "already_present": False,
        "line_hash": "1a2b3c4d5e6f7081:1",
    }
    return Occurrence(**{**values, **changes})


def finding(*occurrences: Occurrence, **changes: Any) -> Finding:
    values: dict[str, Any] = {
        "rule_id": "github-classic-token",
        "rule_name": "GitHub personal access token (classic)",
        "severity": "critical",
        "confidence": "high",
        "tags": (),
        "secret": MASK,
        "parts": (),
        "fingerprint": "github:0123456789abcdef0123456789abcdef",
        "proof": "structural",
        "verdict": "",
        "links": (),
        "allowed": "",
        "already_present": False,
        "remediation": {},
        "occurrences": occurrences or (occurrence(),),
    }
    return Finding(**{**values, **changes})


def rule(**changes: Any) -> RuleInfo:
    values: dict[str, Any] = {
        "id": "github-classic-token",
        "name": "GitHub personal access token (classic)",
        "family": "github",
        "provider": "GitHub",
        "severity": "critical",
        "confidence": "high",
        "tags": (),
        "impact": "Whoever holds it acts as its owner on every repository, organisation and package the token was given.",
        "documentation": "https://docs.github.com/en/authentication",
        "rotation": "https://github.com/settings/tokens",
        "revoke": ("Delete the token in the developer settings of the account.", "Look through the security log for its use."),
    }
    return RuleInfo(**{**values, **changes})


def coverage(*skips: Skip, files: int = 1623, size: int = 16_200_000, kind: str = "dir", **changes: Any) -> Coverage:
    receipt = Coverage()
    source = SourceCoverage(kind, ".", "/home/me/project")
    source.expect("files", files)
    if files:
        source.scan("files", files)
        source.scan("bytes", size)
    for skip in skips:
        source.skip(skip)
    receipt.sources.append(source)
    receipt.ruleset_hash = "sha256:feed"
    receipt.rules = 412
    receipt.engine = "aho-corasick"
    receipt.version = "0.1.0"
    receipt.started = "2026-01-02T03:04:05Z"
    receipt.seconds = 0.8
    for name, value in changes.items():
        setattr(receipt, name, value)
    return receipt


def render(fmt: str, findings: Iterable[Finding] = (), receipt: Coverage | None = None, view: View | None = None, rules: Callable[..., RuleInfo] = rule) -> str:
    stream = io.StringIO()
    reporter = make(fmt)
    reporter.start(stream, view or View())
    for one in findings:
        reporter.finding(one, rules(id=one.rule_id, name=one.rule_name, severity=one.severity))
    reporter.finish(receipt or coverage())
    return stream.getvalue()


class Build:
    """The builders above, as one fixture, so that test modules need no imports from each other."""

    MASK = MASK
    occurrence = staticmethod(occurrence)
    finding = staticmethod(finding)
    rule = staticmethod(rule)
    coverage = staticmethod(coverage)
    render = staticmethod(render)


@pytest.fixture
def build() -> type[Build]:
    return Build


# What a scanned repository may put into a path, a line, a commit's author: nothing of it may reach a terminal or a log as such.
HOSTILE = {
    "newline": b"a\nb.txt",
    "carriage": b"a\rb.txt",
    "ansi": b"a\x1b[2J\x1b]0;x\x07b.txt",
    "c1": "a\x9b31mb.txt".encode(),
    "workflow": b"a\n::error file=x::y\r\n::set-output name=z::1",
    "not-utf8": b"a\xff\xfeb\xc3.txt",
    "bidi": "a\u202egpj.sh\u2066\u2069".encode(),
    "zero-width": "a\u200b\u2060\ufeffb".encode(),
    "separators": "a\u2028b\u2029c\x85d".encode(),
    "command": b"::error file=x::y",
    "command-v1": b" ###[error]x ##vso[task.setvariable variable=a]b ##teamcity[x",
    "link": b"[x](http://example.invalid) {0} \\[y\\](z)",
    "tags": "a\U000e0041b".encode(),
}


@pytest.fixture(params=sorted(HOSTILE))
def hostile(request: pytest.FixtureRequest) -> bytes:
    return HOSTILE[request.param]
