"""What every format shares: harmless text out of hostile bytes, and records as plain JSON values.

Nothing heavy is imported here: the text report of a staged scan comes through this module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from leaksieve import __version__
from leaksieve.coverage import Coverage, SourceCoverage
from leaksieve.model import Finding, Occurrence, Skip

SCHEMA = "leaksieve/1"
TOOL_NAME = "leaksieve"
TOOL_URI = "https://pypi.org/project/leaksieve/"
_OBJECT_ID_LENGTHS = (40, 64)


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, as surrogateescape keeps it
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


# GitHub, Azure Pipelines and TeamCity take ##[command], ##vso[command] and the like anywhere in a log line for an order.
_LOG_COMMAND = re.compile(r"##(?=[\w.-]*\[)")


def visible(text: str) -> str:
    """Return text with everything a terminal or an editor would act on instead of show written as an escape.

    That is control, format (bidirectional, zero-width), private, unassigned and surrogate code
    points, line breaks, and spaces other than the plain one; and the
    opening of a command to a CI system that reads its jobs' logs.
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _escape(char) for char in text)
    return _LOG_COMMAND.sub(r"#\\x23", text) if "##" in text else text


def path_text(path: bytes) -> str:
    """Return a path for a person: UTF-8, one line, bad bytes and control characters as visible escapes."""
    return visible(path.decode("utf-8", "surrogateescape"))


def well_formed(text: str) -> str:
    """Return text without lone surrogates, which many JSON readers refuse; they become escapes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(_escape(char) if "\ud800" <= char <= "\udfff" else char for char in text)
    return text


def plain(value: object) -> object:
    """Return a value made of JSON's own types only (mappings, tuples and bytes turned into them)."""
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, bytes):
        return _path_value(value)
    if isinstance(value, Mapping):
        return {well_formed(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [plain(item) for item in value]
    return well_formed(str(value))


def _path_value(path: bytes) -> str:
    return well_formed(path.decode("utf-8", "surrogateescape"))


def _path_fields(name: str, path: bytes | None) -> dict[str, object]:
    """``{name: text}``, and ``name_bytes`` (base64) when the text is not the exact path."""
    if path is None:
        return {name: None}
    try:
        return {name: path.decode()}
    except UnicodeDecodeError:
        from base64 import b64encode

        return {name: _path_value(path), f"{name}_bytes": b64encode(path).decode()}


def tool_dict() -> dict[str, object]:
    """Return name, version and address of this tool."""
    return {"name": TOOL_NAME, "version": __version__, "uri": TOOL_URI}


def occurrence_dict(occurrence: Occurrence) -> dict[str, object]:
    """Return one place as JSON values, fields in the documented order."""
    return {
        "location_id": occurrence.location_id,
        **_path_fields("path", occurrence.path),
        "start_line": occurrence.start_line,
        "end_line": occurrence.end_line,
        "start_column": occurrence.start_column,
        "end_column": occurrence.end_column,
        "byte_start": occurrence.byte_start,
        "byte_end": occurrence.byte_end,
        "decoded": list(occurrence.decoded),
        **_path_fields("archive_path", occurrence.archive_path),
        "context": well_formed(occurrence.context),
        "source": {"kind": "file", **_object(occurrence.source)},
        "allowed": well_formed(occurrence.allowed) or None,
        "already_present": occurrence.already_present,
        "owners": [well_formed(owner) for owner in occurrence.owners],
    }


def _object(mapping: Mapping[str, object]) -> dict[str, object]:
    return {well_formed(key): plain(value) for key, value in mapping.items()}


def finding_dict(finding: Finding, *, first_only: bool = False) -> dict[str, object]:
    """Return a folded finding as JSON values, fields in the documented order.

    The first occurrence's fields stand at top level too; where both have a field (``allowed``,
    ``already_present``) the finding's own stays.  ``first_only`` leaves the further occurrences to
    lines of their own.
    """
    shown = finding.occurrences[:1] if first_only else finding.occurrences
    occurrences = [occurrence_dict(occurrence) for occurrence in shown]
    record: dict[str, object] = {
        "rule_id": finding.rule_id,
        "rule_name": well_formed(finding.rule_name),
        "severity": finding.severity,
        "confidence": finding.confidence,
        "tags": list(finding.tags),
        "secret": well_formed(finding.secret),
        "parts": {name: well_formed(masked) for name, masked in finding.parts},
        "fingerprint": finding.fingerprint,
        "proof": finding.proof or "none",
        "details": _object(finding.details),
        "verdict": finding.verdict or None,
        "verification": _object(finding.verification) or None,
        "links": [_object(link) for link in finding.links],
        "allowed": well_formed(finding.allowed) or None,
        "already_present": finding.already_present,
        "baselined": finding.baselined,
        "remediation": _object(finding.remediation),
        "occurrences": occurrences,
    }
    for name, value in (occurrences[0] if occurrences else {}).items():
        record.setdefault(name, value)
    return record


def skip_names_object(source: SourceCoverage, skip: Skip) -> bool:
    """Tell whether a skip's place is a git object id rather than a path."""
    return source.kind == "git" and len(skip.where) in _OBJECT_ID_LENGTHS and not skip.where.strip(b"0123456789abcdef")


def _skip_dict(source: SourceCoverage, skip: Skip) -> dict[str, object]:
    record: dict[str, object] = {"class": skip.kind}
    if skip.where:
        record.update(_path_fields("object" if skip_names_object(source, skip) else "path", skip.where))
    record.update(reason=skip.reason, detail=well_formed(skip.detail) or None, count=skip.count)
    return record


def _source_dict(source: SourceCoverage) -> dict[str, object]:
    return {
        "kind": source.kind,
        "requested": well_formed(source.requested),
        "resolved": well_formed(source.resolved),
        "expected": dict(source.expected),
        "scanned": dict(source.scanned),
        "shallow": source.shallow,
        "partial": source.partial,
        "submodules": [well_formed(name) for name in source.submodules],
        "skipped": [_skip_dict(source, skip) for skip in source.skips],
    }


def coverage_dict(coverage: Coverage) -> dict[str, object]:
    """Return the receipt as JSON values, fields in the documented order."""
    path = coverage.config_path
    return {
        "complete": coverage.complete,
        "sources": [_source_dict(source) for source in coverage.sources],
        "ruleset": {"hash": coverage.ruleset_hash, "rules": coverage.rules},
        "config": {"path": None if path is None else well_formed(path), "origin": coverage.config_origin},
        "key": None if coverage.key is None else {"source": coverage.key[0], "id": coverage.key[1]},
        "engine": coverage.engine,
        "version": coverage.version or __version__,
        "started": coverage.started,
        "seconds": round(coverage.seconds, 3),
        "strict": coverage.strict,
        "interrupted": coverage.interrupted,
        "notes": [well_formed(note) for note in (*coverage.notes, *coverage.warnings)],
        "baseline": None if coverage.baseline is None else plain(coverage.baseline),
        "verification": None if coverage.verification is None else plain(coverage.verification),
        "allow": {
            "inline": coverage.inline_allowed,
            "entries": [plain(entry) for entry in coverage.allow],
            "exclude": [plain(entry) for entry in coverage.exclude],
        },
    }


# Decoders that read what nobody would call encoded: a name and its value in two fields, a manifest's values.
_READ_AS = {"pair": "", "kubernetes-secret": "base64 in a Kubernetes Secret"}


def encoding(decoders: tuple[str, ...]) -> str:
    """How a value is encoded, outermost first, as a phrase; empty where it is plain."""
    names = [name for name in (_READ_AS.get(one, one) for one in decoders) if name]
    return f"encoded as {', '.join(names)}" if names else ""
