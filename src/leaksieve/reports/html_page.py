"""The page of the HTML report: its policy, its one block of data, and what is readable without a script."""

from __future__ import annotations

import os
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape

from leaksieve.coverage import Coverage, SourceCoverage
from leaksieve.model import SEVERITIES, Finding
from leaksieve.reports import text_receipt
from leaksieve.reports.base import RuleInfo, View
from leaksieve.reports.html_data import data, state
from leaksieve.reports.json import compact
from leaksieve.reports.render import path_text, visible
from leaksieve.reports.standing import failures, left_out, notes, scanned, verdict
from leaksieve.reports.text_finding import place, primary
from leaksieve.reports.text_style import Style, counted

_ASSETS = os.path.join(os.path.dirname(__file__), "html_assets")
_SCRIPTS = ("parts.js", "pictures.js", "table.js")
_LISTED = 500
_WORST = 50
_ONE_LINE = Style(color=False, width=1_000_000)
_OPEN = ("fails", "below")


def page(findings: Sequence[tuple[Finding, RuleInfo]], coverage: Coverage, view: View) -> Iterator[str]:
    """Yield the page in pieces."""
    style, script = _asset("page.css"), "\n".join(_asset(name) for name in _SCRIPTS)
    opened = [finding for finding, _ in findings if state(finding, view) in _OPEN]
    title = text_receipt.summary(opened, view, _ONE_LINE)[0] if opened else "no secrets that count"
    yield _head(title, style, script)
    yield f'<header>\n<h1>leaksieve</h1>\n<p class="sum">{_text(title)}</p>\n{_standing(coverage)}\n'
    yield '<button type="button" id="theme" hidden>Theme: as the system</button>\n</header>\n<main id="main" tabindex="-1">\n'
    yield _without_script(findings, opened)
    yield _asset("page.html")
    yield _receipt(coverage)
    yield "</main>\n"
    block = compact(data(findings, coverage, view))
    # In JSON these can only stand in texts; as escapes nothing there can end the block.
    for char in "<>&":
        block = block.replace(char, f"\\u{ord(char):04x}")
    yield f'<script type="application/json" id="data">{block}</script>\n<script>{script}</script>\n</body>\n</html>\n'


def _asset(name: str) -> str:
    with open(os.path.join(_ASSETS, name), encoding="utf-8", newline="") as file:
        return file.read()


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _head(title: str, style: str, script: str) -> str:
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>leaksieve: {_text(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n'
        '<a class="skip" href="#main">Skip to the findings</a>\n'
    )


def _text(text: str) -> str:
    return escape(visible(text), quote=True)


def _standing(coverage: Coverage) -> str:
    kind, word = ("complete", "Complete") if coverage.complete else ("incomplete", "Incomplete")
    more = "" if coverage.complete else f" {_text(verdict(coverage))}"
    return f'<p class="standing {kind}"><strong>{word}.</strong> {_text(scanned(coverage))}{more}</p>'


def _without_script(findings: Sequence[tuple[Finding, RuleInfo]], opened: list[Finding]) -> str:
    """Return the summary for browsers that run no scripts: numbers, and the worst findings."""
    by_severity = Counter(finding.severity for finding in opened)
    by_rule = Counter(finding.rule_name or finding.rule_id for finding in opened)
    rows = [(severity, f"{by_severity[severity]:,}") for severity in reversed(SEVERITIES) if by_severity[severity]]
    worst = [
        (finding.severity, finding.rule_name or finding.rule_id, place(shown), finding.secret) for finding in opened[:_WORST] if (shown := primary(finding))
    ]
    out = ["<noscript>\n<p>Without scripts this page shows a summary; the table, the pictures and the details need them.</p>"]
    if len(findings) > len(opened):
        out.append(f"<p>{counted(len(findings) - len(opened), 'finding')} more are accepted or were there before.</p>")
    if opened:
        out.append(_table("By severity", ("severity", "secrets"), rows))
        out.append(_table("By rule", ("rule", "secrets"), [(name, f"{count:,}") for name, count in by_rule.most_common(10)]))
        caption = "Findings" if len(opened) <= _WORST else f"The worst {_WORST} of {len(opened):,} findings"
        out.append(_table(caption, ("severity", "what", "where", "secret"), worst))
    return "\n".join(out) + "\n</noscript>\n"


def _table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in columns)
    body = "\n".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table>\n<caption>{_text(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'


def _bounded(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    rest = len(rows) - _LISTED
    return rows if rest <= 0 else [*rows[:_LISTED], (f"and {rest:,} more", *("" for _ in rows[0][1:]))]


def _receipt(coverage: Coverage) -> str:
    """Return what was and was not scanned, in full."""
    out = ['<section aria-labelledby="receipt">\n<h2 id="receipt">What was scanned</h2>']
    sentences = " ".join(filter(None, (verdict(coverage), scanned(coverage), left_out(coverage))))
    out.append(f"<p>{_text(sentences)}</p>")
    failed = [(path or "something", why) for path, why in failures(coverage)]
    if failed:
        out.append(_table("Could not be scanned", ("what", "why"), _bounded([*failed])))
    out.append(_table("Sources", ("kind", "asked for", "found at", "scanned"), [_source(source) for source in coverage.sources]))
    skipped = [
        (path_text(skip.where) or "further ones", text_receipt.reason_words(skip.reason), f"{skip.count:,}")
        for source in coverage.sources
        for skip in source.skips
        if skip.kind == "excluded"
    ]
    if skipped:
        table = _table("Left out on purpose", ("what", "why", "how many"), _bounded([*skipped]))
        out.append(f"<details><summary>Left out on purpose: {counted(len(skipped), 'entry', 'entries')}</summary>\n{table}\n</details>")
    if coverage.allow:
        out.append(_table("Allow entries of the configuration", ("reason", "owner", "until", "places"), [_allow(entry) for entry in coverage.allow]))
    facts = _facts(coverage)
    out.append("<dl>\n" + "\n".join(f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>" for name, value in facts if value) + "\n</dl>")
    said = notes(coverage)
    if said:
        out.append("<h3>Notes</h3>\n<ul>\n" + "\n".join(f"<li>{_text(note)}</li>" for note in said[:_LISTED]) + "\n</ul>")
    return "\n".join(out) + "\n</section>\n"


def _source(source: SourceCoverage) -> tuple[str, str, str, str]:
    amounts = ", ".join(f"{count:,} {unit}" for unit, count in source.scanned.items() if count)
    limits = [name for name, holds in (("shallow clone", source.shallow), ("partial clone", source.partial)) if holds]
    return source.kind, source.requested, source.resolved, "; ".join(filter(None, (amounts, *limits)))


def _allow(entry: dict[str, object]) -> tuple[str, str, str, str]:
    until = str(entry.get("expires") or "")
    return str(entry["reason"]), str(entry.get("owner") or ""), until + (" (expired)" if entry.get("expired") else ""), f"{entry.get('places', 0):,}"


def _facts(coverage: Coverage) -> list[tuple[str, str]]:
    baseline = coverage.baseline
    known = ""
    if baseline is not None:
        files = baseline.get("files")
        named = ", ".join(str(file) for file in files) if isinstance(files, list) else ""
        known = f"{named}: {baseline.get('matched'):,} of {baseline.get('entries'):,} entries found"
    return [
        ("Started", f"{coverage.started}, took {coverage.seconds:.1f} s" if coverage.started else ""),
        ("Rules", f"{coverage.rules:,} ({coverage.ruleset_hash})"),
        ("Configuration", coverage.config_path or coverage.config_origin),
        ("Baseline", known),
        ("Comments that allow a finding", f"{coverage.inline_allowed:,} places" if coverage.inline_allowed else ""),
        ("leaksieve", " ".join(filter(None, (coverage.version, coverage.engine and f"({coverage.engine})")))),
    ]
