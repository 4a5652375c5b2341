"""A format is loaded when asked for, and a name without a format says what there is."""

from __future__ import annotations

import subprocess
import sys

import pytest

from leaksieve.errors import UsageError
from leaksieve.reports import FORMATS, make


@pytest.mark.parametrize("fmt", FORMATS)
def test_every_format_can_be_made(fmt):
    assert hasattr(make(fmt), "finish")
    assert make(fmt) is not make(fmt)


def test_an_unknown_format_is_a_usage_error():
    with pytest.raises(UsageError, match="unknown format 'xml'; available: text"):
        make("xml")


def test_the_text_format_loads_nothing_heavy():
    """A staged scan reports as text and has no milliseconds to spare."""
    code = "import sys; from leaksieve.reports import make; make('text'); import leaksieve.reports.output; print(*sorted(sys.modules))"
    loaded = set(
        subprocess.run(
            [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"], check=True, capture_output=True, text=True
        ).stdout.split()
    )
    bare = set(subprocess.run([sys.executable, "-I", "-c", "import sys; print(*sys.modules)"], check=True, capture_output=True, text=True).stdout.split())
    heavy = {
        "json",
        "sarif_om",
        "attr",
        "inspect",
        "dataclasses",
        "logging",
        "tempfile",
        "random",
        "urllib.parse",
        "base64",
        "datetime",
        "unicodedata",
        "textwrap",
    }
    assert not heavy & (loaded - bare)
