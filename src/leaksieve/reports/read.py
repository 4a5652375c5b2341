"""Reads a JSON or JSONL report back into findings and receipt.

A report may come from anywhere, so every field that a format relies on is checked for its kind;
what does not hold is a UsageError with the field's name.  Fields that a later version added are
not kept.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from leaksieve.coverage import Coverage, SourceCoverage
from leaksieve.errors import UsageError
from leaksieve.model import CONFIDENCES, EMPTY, SEVERITIES, Finding, Occurrence, Skip
from leaksieve.reports.base import RuleInfo
from leaksieve.reports.render import SCHEMA, visible

_PROOFS = ("none", "structural", "verified")
_VERDICTS = ("", "active", "inactive", "expired", "unknown", "canary", "unverifiable")
# Tags that belong to a finding, not to its rule.
_OF_FINDINGS = ("test", "expired", "canary")
# Of a source, what formats count with or write as it is.
_NUMBERS = ("exposed_hours", "ref_count", "objects", "layer_index", "deleted_in", "exposed_layers", "step")


class Report(NamedTuple):
    """A report that was read: findings in its order, and the receipt."""

    findings: list[Finding]
    coverage: Coverage


def read_report(data: bytes, where: str) -> Report:
    """Return the report in ``data``; ``where`` names it in errors.  Raises UsageError for anything that is no whole report."""
    try:
        return _Reader(where).report(data)
    except RecursionError:
        raise UsageError("is nested too deep", where=where) from None


def rule_of(finding: Finding) -> RuleInfo:
    """Return what a finding says of its rule; family and provider are not in reports."""
    told = finding.remediation
    steps = told.get("revoke")
    return RuleInfo(
        id=finding.rule_id,
        name=finding.rule_name,
        family="",
        provider="",
        severity=finding.severity,
        confidence=finding.confidence,
        tags=tuple(tag for tag in finding.tags if tag not in _OF_FINDINGS),
        impact=str(told.get("impact") or ""),
        documentation=str(told.get("documentation") or ""),
        rotation=str(told.get("rotation") or ""),
        revoke=tuple(str(step) for step in steps) if isinstance(steps, list) else (),
    )


def rules_of(findings: list[Finding]) -> dict[str, RuleInfo]:
    """Return the rules of findings; of each rule the most severe finding speaks, since tests and what has expired are lowered."""
    rules: dict[str, RuleInfo] = {}
    for finding in findings:
        known = rules.get(finding.rule_id)
        if known is None or SEVERITIES.index(finding.severity) > SEVERITIES.index(known.severity):
            rules[finding.rule_id] = rule_of(finding)
    return rules


class _Fields:
    """A JSON object whose fields are asked for by kind."""

    def __init__(self, value: object, name: str, where: str) -> None:
        self.where = where
        self.name = name
        if not isinstance(value, dict):
            self.wrong("", "an object")
        self.values: dict[str, Any] = value

    def wrong(self, field: str, kind: str) -> NoReturn:
        name = ".".join(part for part in (self.name, field) if part) or "the report"
        raise UsageError(f"is not a report of leaksieve: {name} is not {kind}", where=self.where)

    def text(self, field: str, default: str | None = None) -> str:
        value = self.values.get(field)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            self.wrong(field, "a text")
        return value

    def label(self, field: str, default: str | None = None) -> str:
        """An id, which formats write as it is: nothing in it that a terminal or a log acts on."""
        value = self.text(field, default)
        if visible(value) != value:
            self.wrong(field, "a name")
        return value

    def labels(self, field: str) -> tuple[str, ...]:
        return tuple(each if visible(each) == each else self.wrong(field, "a list of names") for each in self.texts(field))

    def flat(self, field: str) -> dict[str, Any]:
        """An object of texts, numbers, truth values and lists of texts."""
        values = self.object(field)
        if not all(_is_flat(value) for value in values.values()):
            self.wrong(field, "an object of texts and numbers")
        return values

    def word(self, field: str, known: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(field, default)
        if value not in known:
            self.wrong(field, "one of " + ", ".join(each for each in known if each))
        return value

    def number(self, field: str, default: int | None = None) -> int:
        value = self.values.get(field, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
            self.wrong(field, "a number")
        return value

    def truth(self, field: str, *, default: bool = False) -> bool:
        value = self.values.get(field, default)
        if not isinstance(value, bool):
            self.wrong(field, "true or false")
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        return tuple(each if isinstance(each, str) else self.wrong(field, "a list of texts") for each in self.items(field))

    def items(self, field: str) -> list[Any]:
        value = self.values.get(field, [])
        if not isinstance(value, list):
            self.wrong(field, "a list")
        return value

    def object(self, field: str) -> dict[str, Any]:
        value = self.values.get(field, {})
        if not isinstance(value, dict):
            self.wrong(field, "an object")
        return value

    def path(self, field: str) -> bytes:
        exact = self.values.get(f"{field}_bytes")
        if exact is None:
            return self.text(field).encode("utf-8", "surrogatepass")
        try:
            return b64decode(exact, validate=True)
        except (TypeError, ValueError):
            self.wrong(f"{field}_bytes", "base64")

    def below(self, field: str) -> list[_Fields]:
        name = ".".join(part for part in (self.name, field) if part)
        return [_Fields(each, f"{name}[{number}]", self.where) for number, each in enumerate(self.items(field))]


class _Reader:
    def __init__(self, where: str) -> None:
        self._where = where

    def report(self, data: bytes) -> Report:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise UsageError("is not a report of leaksieve: not UTF-8", where=self._where) from None
        whole = self._whole(text)
        if whole is None:
            return self._lines(text)
        self._schema(whole)
        findings = [self._finding(fields, fields.below("occurrences")) for fields in whole.below("findings")]
        return Report(findings, self._coverage(_Fields(whole.values.get("coverage"), "coverage", self._where)))

    def _whole(self, text: str) -> _Fields | None:
        """The one object of a JSON report; None where it is lines."""
        try:
            value = _parsed(text)
        except ValueError:
            return None
        fields = _Fields(value, "", self._where)
        return None if "type" in fields.values else fields

    def _lines(self, text: str) -> Report:
        found: dict[str, list[tuple[_Fields, list[_Fields]]]] = {}
        order: list[tuple[_Fields, list[_Fields]]] = []
        coverage = None
        # Not splitlines(), which also splits at what JSON allows inside a text.
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            if coverage is not None:
                raise UsageError(f"is not a report of leaksieve: line {number} stands behind the receipt", where=self._where)
            try:
                fields = _Fields(_parsed(line), f"line {number}", self._where)
            except ValueError:
                raise UsageError(f"is not a report of leaksieve: line {number} is not JSON", where=self._where) from None
            kind = fields.text("type", "")
            if kind == "finding":
                entry = (fields, fields.below("occurrences"))
                found.setdefault(fields.text("fingerprint"), []).append(entry)
                order.append(entry)
            elif kind == "occurrence":
                known = found.get(fields.text("fingerprint"))
                if not known:
                    fields.wrong("fingerprint", "that of a finding before it")
                known[-1][1].append(fields)
            elif kind == "coverage":
                self._schema(fields)
                coverage = self._coverage(fields)
        if coverage is None:
            raise UsageError("is not a whole report of leaksieve: the receipt is missing", where=self._where, hint="was the scan or the copy cut short?")
        return Report([self._finding(fields, places) for fields, places in order], coverage)

    def _schema(self, fields: _Fields) -> None:
        schema = fields.values.get("schema")
        if schema != SCHEMA:
            said = f"its schema is {schema!r}" if isinstance(schema, str) else "it names no schema"
            raise UsageError(f"is not a report of leaksieve in JSON or JSONL: {said}, not {SCHEMA}", where=self._where)

    def _finding(self, fields: _Fields, places: list[_Fields]) -> Finding:
        if not places:
            fields.wrong("occurrences", "a list of places")
        parts = fields.object("parts")
        links = fields.items("links")
        if not all(isinstance(value, str) for value in parts.values()):
            fields.wrong("parts", "an object of texts")
        if not all(isinstance(link, dict) and all(_is_flat(value) for value in link.values()) for link in links):
            fields.wrong("links", "a list of objects")
        return Finding(
            rule_id=fields.label("rule_id"),
            rule_name=fields.text("rule_name"),
            severity=fields.word("severity", SEVERITIES),
            confidence=fields.word("confidence", CONFIDENCES),
            tags=fields.labels("tags"),
            secret=fields.text("secret"),
            parts=tuple(parts.items()),
            fingerprint=fields.label("fingerprint"),
            proof=fields.word("proof", _PROOFS, "none"),
            verdict=fields.word("verdict", _VERDICTS, ""),
            links=tuple(links),
            allowed=fields.text("allowed", ""),
            already_present=fields.truth("already_present"),
            remediation=fields.flat("remediation"),
            occurrences=tuple(_occurrence(each) for each in places),
            details=fields.flat("details") or EMPTY,
            baselined=fields.truth("baselined"),
            verification=self._verification(fields) or EMPTY,
        )

    def _verification(self, fields: _Fields) -> dict[str, object]:
        """What a live check said."""
        if fields.values.get("verification") is None:
            return {}
        told = _Fields(fields.values["verification"], f"{fields.name}.verification".lstrip("."), self._where)
        words = {name: told.text(name, "") or None for name in ("verifier", "reason", "detail")}
        if (checked := told.label("checked", "")) and not _is_time(checked):
            told.wrong("checked", "a time")
        facts = {name: told.flat(name) for name in ("evidence", "identity", "access")}
        return {**words, "checked": checked or None, "cached": told.truth("cached"), **facts, "privileged": told.truth("privileged")}

    def _coverage(self, fields: _Fields) -> Coverage:
        if "complete" not in fields.values:
            raise UsageError("does not say whether its scan is complete", where=self._where, hint="give a report that leaksieve wrote")
        coverage = Coverage()
        coverage.sources = [_source(each) for each in fields.below("sources")]
        ruleset = _Fields(fields.object("ruleset"), "coverage.ruleset", self._where)
        config = _Fields(fields.object("config"), "coverage.config", self._where)
        coverage.ruleset_hash, coverage.rules = ruleset.text("hash", ""), ruleset.number("rules", 0)
        coverage.config_path, coverage.config_origin = config.text("path", "") or None, config.text("origin", "")
        if fields.values.get("key") is not None:
            key = _Fields(fields.values["key"], "coverage.key", self._where)
            coverage.key = (key.label("source"), key.label("id"))
        coverage.engine, coverage.version = fields.text("engine", ""), fields.text("version", "")
        coverage.started = fields.label("started", "")
        if coverage.started and not _is_time(coverage.started):
            fields.wrong("started", "a time")
        seconds = fields.values.get("seconds", 0)
        if not _is_number(seconds) or not 0 <= seconds < 1e12:
            fields.wrong("seconds", "a number")
        coverage.seconds = float(seconds)
        coverage.strict, coverage.interrupted = fields.truth("strict"), fields.truth("interrupted")
        coverage.notes = list(fields.texts("notes"))
        self._excuses(fields, coverage)
        if coverage.complete and not fields.truth("complete"):
            # Written by another version, or by hand: it must not come out as a scan that lacks nothing.
            raise UsageError("says that its scan is incomplete, but not what is missing", where=self._where)
        return coverage

    def _excuses(self, fields: _Fields, coverage: Coverage) -> None:
        """What baselines and allow entries hid."""
        if fields.values.get("baseline") is not None:
            told = _Fields(fields.values["baseline"], "coverage.baseline", self._where)
            counts = {name: told.number(name, 0) for name in ("entries", "matched", "findings")}
            stale = None if told.values.get("stale") is None else told.number("stale")
            coverage.baseline = {"files": list(told.texts("files")), **counts, "stale": stale}
        if fields.values.get("verification") is not None:
            told = _Fields(fields.values["verification"], "coverage.verification", self._where)
            calls = [
                {
                    **{name: call.text(name) for name in ("verifier", "host")},
                    "port": call.number("port"),
                    "what": call.text("what"),
                    "credentials": call.number("credentials"),
                    "control": call.truth("control"),
                }
                for call in told.below("calls")
            ]
            verdicts = _Fields(told.object("verdicts"), "coverage.verification.verdicts", self._where)
            coverage.verification = {"calls": calls, "verdicts": {name: verdicts.number(name) for name in verdicts.values}}
        allow = _Fields(fields.object("allow"), "coverage.allow", self._where)
        coverage.inline_allowed = allow.number("inline", 0)
        for entry in allow.below("entries"):
            words = {name: entry.text(name, "") or None for name in ("owner", "expires")}
            coverage.allow.append({"reason": entry.text("reason"), **words, "expired": entry.truth("expired"), "places": entry.number("places", 0)})
        coverage.exclude = [{"pattern": entry.text("pattern"), "places": entry.number("places", 0)} for entry in allow.below("exclude")]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1 << 63


def _is_flat(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, str) for each in value)
    return value is None or isinstance(value, str | bool) or _is_number(value)


def _is_time(text: str) -> bool:
    from datetime import datetime

    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _parsed(text: str) -> object:
    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)  # NaN and Infinity are no JSON

    return json.loads(text, parse_constant=refuse)


def _occurrence(fields: _Fields) -> Occurrence:
    source: Mapping[str, object] = fields.flat("source")
    if not isinstance(source.get("kind"), str):
        fields.wrong("source.kind", "a text")
    for name in _NUMBERS:
        if source.get(name) is not None and not _is_number(source[name]):
            fields.wrong(f"source.{name}", "a number")
    for name in ("refs", "images", "platforms"):
        if source.get(name) is not None and not isinstance(source[name], list):
            fields.wrong(f"source.{name}", "a list of texts")
    return Occurrence(
        location_id=fields.label("location_id", ""),
        path=fields.path("path"),
        start_line=fields.number("start_line"),
        end_line=fields.number("end_line"),
        start_column=fields.number("start_column"),
        end_column=fields.number("end_column"),
        byte_start=fields.number("byte_start"),
        byte_end=fields.number("byte_end"),
        decoded=fields.labels("decoded"),
        archive_path=None if fields.values.get("archive_path") is None else fields.path("archive_path"),
        context=fields.text("context", ""),
        source=source,
        allowed=fields.text("allowed", ""),
        already_present=fields.truth("already_present"),
        line_hash="",
        owners=tuple(fields.texts("owners")) if "owners" in fields.values else (),
    )


def _source(fields: _Fields) -> SourceCoverage:
    source = SourceCoverage(fields.text("kind"), fields.text("requested", ""), fields.text("resolved", ""))
    for units, counts in (("expected", source.expected), ("scanned", source.scanned)):
        counted = _Fields(fields.object(units), f"{fields.name}.{units}", fields.where)
        for unit in counted.values:
            counts[unit] = counted.number(unit)
    source.shallow, source.partial = fields.truth("shallow"), fields.truth("partial")
    source.submodules = list(fields.texts("submodules"))
    for skip in fields.below("skipped"):
        kind = skip.word("class", ("excluded", "failed"))
        name = next((name for name in ("path", "object") if skip.values.get(name) is not None), None)
        where = skip.path(name) if name else b""
        source.skip(Skip("failed" if kind == "failed" else "excluded", where, skip.text("reason"), skip.text("detail", ""), skip.number("count", 1)))
    return source
