"""One secret in the text report: where, what, why it matters, what to do, where else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leaksieve.model import Finding, Occurrence
from leaksieve.reports.base import RuleInfo
from leaksieve.reports.render import encoding, path_text, visible
from leaksieve.reports.text_style import Style, cells, counted, wrap

_LABEL = 8  # "  why   ", "  store "
_CONTEXT_LINES = 3
_NAMED_PLACES = 3
_DAY = len("2024-01-31")
# So many digits of a digest tell layers apart.
_SHORT = 12
# Verdicts that stand beside a finding's name; the others need a sentence.
TELLING = ("active", "inactive", "expired", "canary")
# Parts whose value is an option of a URL as it stands there, with the name that its driver has for it.
_OPTIONS = ("tls", "certificate")
# What a place in a history is called when HEAD does not have it.
_WHERE = {
    "ref": "not at HEAD, still in the history",
    "stash": "in a stash",
    "notes": "in git notes",
    "unreachable": "in no branch or tag, still in the object store",
    "dangling": "in no commit, still in the object store",
    "index": "staged, in no commit",
    "ref-name": "in the name of a reference",
}


def parts_of(finding: Finding) -> list[tuple[str, str]]:
    """Return the further parts of a credential as names and values; an option of a URL has its own name, so that `tls=true` is not named twice."""
    shown = []
    for name, value in finding.parts:
        option, _, chosen = value.partition("=")
        shown.append((visible(option), visible(chosen)) if name in _OPTIONS and chosen else (visible(name), visible(value)))
    return shown


def order(finding: Finding) -> tuple[bytes, int, int, str]:
    """Sort key: file, line, column, rule."""
    shown = primary(finding)
    return (shown.path, shown.start_line, shown.start_column, finding.rule_id) if shown else (b"", 0, 0, finding.rule_id)


def primary(finding: Finding) -> Occurrence | None:
    """Return the place to show: the first that is neither allowed nor was there before; one that is still there comes before history."""
    live = [one for one in finding.occurrences if not one.allowed and not one.already_present]
    present = [one for one in live if (one.source.get("kind") != "git" or one.source.get("at_head")) and not one.source.get("deleted_later")]
    return next(iter(present or live or finding.occurrences), None)


def place(occurrence: Occurrence) -> str:
    """``path:line:column``, whole, on one line; what an archive holds as ``archive!/member:line:column``."""
    path = path_text(occurrence.path) or _unnamed(occurrence)
    if occurrence.archive_path:
        path += "!/" + path_text(occurrence.archive_path).lstrip("/")
    return f"{path}:{occurrence.start_line}:{occurrence.start_column}"


def places(finding: Finding) -> list[str]:
    """Return the places that count, each once."""
    return list(dict.fromkeys(place(one) for one in finding.occurrences if not one.allowed))


def _unnamed(occurrence: Occurrence) -> str:
    source = occurrence.source
    if source.get("kind") == "git":
        # A tag's own id: what it leads to is the commit.
        held = source.get("object") if source.get("object_type") == "tag" else source.get("commit") or source.get("object")
        return visible(f"{source.get('object_type', 'object')} {str(held or '')[:12]}").rstrip()
    if source.get("kind") == "image":
        return _words_of(source)
    return visible(str(source.get("where") or source.get("kind") or "input"))


def origin(occurrence: Occurrence, *, verbose: bool = False) -> str:
    """Return where the bytes come from when that is not simply the file as it lies there; "" otherwise.

    ``verbose`` adds how many references lead to it.
    """
    source = occurrence.source
    kind = source.get("kind")
    words = ""
    if kind == "git":
        words = _past(source, verbose=verbose)
    elif kind == "image":
        words = in_image(source, verbose=verbose)
    if occurrence.decoded:
        words = "; ".join(filter(None, (words, visible(encoding(occurrence.decoded)))))
    return words


def in_image(source: Mapping[str, Any], *, verbose: bool = False) -> str:
    """Return which layer or which words of an image hold it, the step that brought it in, and whether it can still be seen."""
    parts = [f"image {visible(str(source.get('image', '')))}"]
    layer, index = str(source.get("layer") or ""), source.get("layer_index")
    if layer:
        short = layer if verbose else layer.removeprefix("sha256:")[:_SHORT]
        parts.append(f"layer {index} ({visible(short)})" if index is not None else f"layer {visible(short)}")
    elif source.get("where"):
        parts.append(_words_of(source))
    if source.get("base_layer"):
        parts.append("of the base image")
    words = [", ".join(parts)]
    if source.get("created_by"):
        words.append(f"step {visible(str(source['created_by']))}")
    if source.get("deleted_later"):
        where = f"layer {source['deleted_in']}" if source.get("deleted_in") is not None else "a later layer"
        by = f" ({visible(str(source['deleted_by']))})" if source.get("deleted_by") else ""
        words.append(f"deleted by {where}{by}, still in the image")
    elif source.get("visible"):
        words.append("visible in the final image")
    others = source.get("images") or ()
    if len(others) > 1:
        words.append(f"in {len(others):,} images")
    return "; ".join(words)


def _words_of(source: Mapping[str, Any]) -> str:
    """Name what of an image is in no file: ``env DB_PASSWORD``, ``history step 4``."""
    name = source.get("name") or (f"step {source['step']}" if source.get("step") is not None else "")
    return visible(f"{source.get('where') or 'config'} {name}".rstrip())


def _past(source: Mapping[str, Any], *, verbose: bool) -> str:
    """Who brought it in and when, whether it is still there, how long it was, and where it came from."""
    commit = str(source.get("commit") or "")
    if not commit and "at_head" not in source:
        # Nobody asked for commits.
        return f"in {objects:,} objects" if (objects := int(source.get("objects") or 1)) > 1 else ""
    parts = []
    if commit:
        who = ", ".join(visible(text) for text in (str(source.get("date") or "")[:_DAY], str(source.get("author") or "")) if text)
        parts.append(("tag of " if source.get("object_type") == "tag" else "") + f"commit {visible(commit[:12])}" + (f" ({who})" if who else ""))
        if source.get("at_boundary"):
            parts[0] += " or an earlier one that this shallow clone lacks"
    parts.append(_whereabouts(source))
    if source.get("exposed_hours") is not None:
        parts.append(f"exposed for {_duration(float(source['exposed_hours']))}")
    if source.get("renamed_from"):
        parts.append(f"renamed from {visible(str(source['renamed_from']))} in {visible(str(source.get('renamed_in') or '')[:12])}".removesuffix(" in "))
    if verbose and int(source.get("ref_count") or 0) > 1:
        parts.append(f"in {int(source['ref_count']):,} references")
    return "; ".join(parts)


def _whereabouts(source: Mapping[str, Any]) -> str:
    if source.get("at_head"):
        return "still at HEAD"
    where = str(source.get("where") or ("" if source.get("reachable", True) else "unreachable"))
    if where in ("", "ref") and source.get("object_type") in ("commit", "tag"):
        return f"in the text of the {source['object_type']}"
    if not where:
        # Of a part of a history only versions are known: HEAD's may be a later one that still has the secret.
        return "this version is not at HEAD"
    return _WHERE.get(where) or visible(where)


def _duration(hours: float) -> str:
    if hours < 1:
        return "less than an hour"
    return counted(round(hours), "hour") if hours < 2 * 24 else counted(round(hours / 24), "day")


def _excerpt(line: str, secret: str, column: int, room: int) -> tuple[str, int, int]:
    """Cut a long line down to ``room`` code points around the masked secret; return it with the secret's start (-1: not seen) and length.

    The mask is looked for by its text, since masking has moved what stands behind it; where the
    same mask stands twice the one nearest to the column is meant.
    """
    starts = []
    at = line.find(secret) if secret else -1
    while at >= 0:
        starts.append(at)
        at = line.find(secret, at + 1)
    start = min(starts, key=lambda found: abs(found - column)) if starts else -1
    length = len(secret)
    if len(line) <= room:
        return line, start, length
    left = max(0, min((start if start >= 0 else min(column, len(line))) - max(0, (room - length) // 2), len(line) - room))
    text = line[left : left + room]
    if left:
        text = "…" + text[1:]
    if left + room < len(line):
        text = text[:-1] + "…"
    return text, (start - left if start >= 0 else -1), length


def _context(occurrence: Occurrence, secret: str, style: Style) -> list[str]:
    """Return the masked line with a marker under the secret; of a block its first lines."""
    raw = [visible(line.replace("\t", " ")) for line in occurrence.context.rstrip("\r\n").split("\n")]
    if not any(line.strip() for line in raw):
        return []
    number = str(occurrence.start_line)
    head, gutter = f"  {number} │ ", "  " + " " * len(number) + " │ "
    room = max(style.width - len(gutter), 20)
    text, start, length = _excerpt(raw[0], visible(secret), occurrence.start_column - 1, room)
    lines = [style.paint("dim", head) + text]
    if start >= 0:
        width = cells(text[start : start + length])
        lines.append(style.paint("dim", gutter) + " " * cells(text[:start]) + style.paint("bad", "^" * max(width, 1)))
    lines += [style.paint("dim", gutter) + _excerpt(line, "", 0, room)[0] for line in raw[1:_CONTEXT_LINES]]
    if len(raw) > _CONTEXT_LINES:
        lines.append(style.paint("dim", gutter) + f"… {counted(len(raw) - _CONTEXT_LINES, 'more line')}")
    return lines


def _labelled(label: str, words: list[str], style: Style) -> list[str]:
    lines = wrap(words, style.width, f"  {label:<{_LABEL - 2}}", " " * _LABEL)
    if lines:
        lines[0] = style.paint("dim", lines[0][:_LABEL]) + lines[0][_LABEL:]
    return lines


def steps(rule: RuleInfo) -> list[str]:
    """Return what to do, one step at least; not made harmless."""
    return [step for step in rule.revoke if step.strip()] or ["Revoke it where it was issued and replace it."]


def stores(finding: Finding) -> list[str]:
    """Return the entries of secret stores that hold the value, each on one line."""
    return [visible(" ".join(str(link[key]) for key in ("store", "name", "path") if link.get(key))) for link in finding.links]


def advice(rule: RuleInfo, style: Style) -> list[str]:
    """Why a leak of this kind matters and what to do first; said once per rule."""
    lines = _labelled("why", visible(rule.impact).split(), style)
    lines += _labelled("fix", visible(steps(rule)[0]).split(), style)
    link = visible(rule.rotation or rule.documentation)
    return lines + ([" " * _LABEL + link] if link else [])


def _elsewhere(finding: Finding, shown: Occurrence, style: Style, *, unfolded: bool) -> list[str]:
    """Name the further places: a few, the rest counted."""
    # A file and its version at HEAD are one place to the reader.
    others = [text for text in places(finding) if text != place(shown)]
    if not others:
        return []
    named = others if unfolded or len(others) <= _NAMED_PLACES else others[:_NAMED_PLACES]
    rest = len(others) - len(named)
    pieces = [text + ("," if index < len(named) - 1 else "") for index, text in enumerate(named)]
    # "and 12 more places" belongs together, so that no line ends on a bare number.
    tail = [f"and {rest:,} more"] if rest else []
    return _labelled("also", [f"in {counted(len(others), 'more place')}:", *pieces, *tail], style)


def told(finding: Finding, shown: Occurrence) -> Occurrence:
    """Return what knows most of a place: of a file that was scanned with its history, the version at HEAD."""
    if shown.source.get("kind") == "git":
        return shown
    here = place(shown)
    past = [one for one in finding.occurrences if one.source.get("at_head") and one.decoded == shown.decoded and place(one) == here]
    return past[0] if past else shown


def about(details: Mapping[str, object]) -> str:
    """What the value says of itself in one line, "" when it says nothing."""
    words = []
    for name, value in details.items():
        shown = visible(name.replace("_", " "))
        if value is True:
            words.append(shown)
        elif value is not False:
            words.append(f"{shown} {visible(str(value))}")
        elif name == "encrypted":
            words.append("not encrypted")
    return "; ".join(words)


def block(finding: Finding, rule: RuleInfo, style: Style, *, explain: bool, unfolded: bool, verbose: bool = False) -> list[str]:
    """Return the lines of one secret."""
    shown = primary(finding)
    title = f"  {style.severity(finding.severity)}  {style.paint('bold', visible(finding.rule_name) or finding.rule_id)}"
    if finding.verdict in TELLING:
        title += "  " + style.paint("bad" if finding.verdict == "active" else "dim", finding.verdict.upper())
    if "test" in finding.tags:
        title += style.paint("dim", "  (test or example)")
    if shown is None:
        return [title]
    lines = [style.paint("bold", place(shown)), title, *_context(shown, finding.secret, style)]
    if not lines[2:] and finding.secret:
        lines.append("  " + visible(finding.secret))
    lines += _labelled("about", about(finding.details).split(), style)
    if finding.verification:
        from leaksieve.reports.judgement import judgement

        lines += _labelled("live", judgement(finding).split(), style)
    if finding.parts:
        lines += _labelled("with", ", ".join(map("=".join, parts_of(finding))).split(), style)
    lines += _labelled("from", origin(told(finding, shown), verbose=verbose).split(), style)
    for entry in stores(finding):
        lines += _labelled("store", entry.split(), style)
    if shown.owners:
        lines += _labelled("owner", [visible(owner) for owner in shown.owners], style)
    hidden = shown.allowed or finding.allowed
    if hidden:
        lines += _labelled("allow", visible(hidden).split(), style)
    elif finding.already_present:
        lines += _labelled("old", ["it", "stood", "there", "before", "this", "change"], style)
    lines += _elsewhere(finding, shown, style, unfolded=unfolded)
    if verbose and finding.remediation.get("history"):
        lines += _labelled("past", visible(str(finding.remediation["history"])).split(), style)
    return lines + (advice(rule, style) if explain else [])
