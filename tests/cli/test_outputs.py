"""Formats and the files they go to."""

import pytest

from leaksieve.cli.outputs import Output, pair
from leaksieve.errors import UsageError


def test_text_on_stdout_is_the_default():
    assert pair((), ()) == [Output("text", "-")]


def test_the_nth_output_belongs_to_the_nth_format(tmp_path):
    a, b = str(tmp_path / "a.json"), str(tmp_path / "b.sarif")
    assert pair(("json", "sarif", "text"), (a, b)) == [Output("json", a), Output("sarif", b), Output("text", "-")]
    assert pair(("text", "sarif"), ("-", b)) == [Output("text", "-"), Output("sarif", b)]
    assert pair((), (a,)) == [Output("text", a)]
    c = str(tmp_path / "gl-secret-detection-report.json")
    assert pair(("json", "gitlab"), (a, c)) == [Output("json", a), Output("gitlab", c)]


@pytest.mark.parametrize(
    ("formats", "outputs", "message"),
    [
        (("text", "json"), (), "only one report can go to standard output"),
        (("text", "json"), ("-",), "only one report can go to standard output"),
        (("json",), ("a", "b"), "2 outputs for 1 formats"),
        (("json", "sarif"), ("x", "./x"), "written to the same file"),
        (("text", "sarif"), ("out.sarif",), "would hold the text report"),
        (("json",), ("no/such/folder/x.json",), "does not exist"),
    ],
)
def test_mistakes_are_said_before_scanning(formats, outputs, message):
    with pytest.raises(UsageError, match=message):
        pair(formats, outputs)
