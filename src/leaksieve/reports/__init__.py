"""Report formats: a registry of strings, so that a format costs nothing until it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from leaksieve.errors import UsageError

if TYPE_CHECKING:
    from leaksieve.reports.base import Reporter

_REGISTRY = {
    "text": "leaksieve.reports.text:TextReporter",
    "json": "leaksieve.reports.json:JsonReporter",
    "jsonl": "leaksieve.reports.jsonl:JsonlReporter",
    "sarif": "leaksieve.reports.sarif:SarifReporter",
    "gitlab": "leaksieve.reports.gitlab:GitlabReporter",
    "junit": "leaksieve.reports.junit:JunitReporter",
    "csv": "leaksieve.reports.csv:CsvReporter",
    "html": "leaksieve.reports.html:HtmlReporter",
    "github": "leaksieve.reports.github:GithubReporter",
    "markdown": "leaksieve.reports.markdown:MarkdownReporter",
}
FORMATS = tuple(_REGISTRY)


def make(format: str) -> Reporter:  # noqa: A002 - the option is called format
    """Return a new reporter for a format name.  Raises UsageError for a name that is unknown."""
    if format not in _REGISTRY:
        raise UsageError(f"unknown format {format!r}; available: {', '.join(FORMATS)}")
    from importlib import import_module

    module, _, name = _REGISTRY[format].partition(":")
    return cast("Reporter", getattr(import_module(module), name)())


__all__ = ["FORMATS", "make"]
