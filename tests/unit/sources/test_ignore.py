"""Reading ignore files: what git would not read has no say, and hostile ones cost no time."""

import os
import time

import pytest

from leaksieve.sources import ignore
from leaksieve.sources.ignore import IgnoreList, Scope, pattern_lines, read_ignore_file


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"\xef\xbb\xbfa\n# comment\n\nb\r\n", [b"a", b"b"]),
        (b"a  \nb\\ \nc\\  \nd\\\\ \ne\t\n", [b"a", b"b\\ ", b"c\\ ", b"d\\\\", b"e\t"]),
        (b"a\r\r\n\\#b\n #c", [b"a\r", b"\\#b", b" #c"]),
        (b"a\0b\n", [b"a"]),
        (b"last\r", [b"last"]),
    ],
)
def test_lines_are_cut_as_git_cuts_them(data, lines):
    assert pattern_lines(data) == lines


def test_later_and_deeper_rules_win():
    outside = IgnoreList(b"*.a\n*.b\n")
    top = Scope.root(outside).enter(b"", IgnoreList(b"!*.a\n*.c\n"))
    deep = top.enter(b"x", IgnoreList(b"*.a\n!/keep.c\n"))
    assert not top.ignores_file(b"1.a")
    assert top.ignores_file(b"1.b")
    assert deep.ignores_file(b"1.a")
    assert deep.ignores_file(b"1.c")
    assert not deep.ignores_file(b"keep.c")


@pytest.mark.parametrize(
    "pattern",
    [
        b"*a" * 60 + b"b",
        b"*?" * 60 + b"b",
        b"*[ab]" * 60 + b"/" + b"*a" * 60 + b"b",
        b"**/a/" * 60 + b"b",
        b"a/" + b"**/*a*/" * 60 + b"b",
        b"*" * 3000 + b"b",
        b"[a-z" * 3000,
    ],
)
def test_no_pattern_takes_long(pattern):
    scope = Scope.root(IgnoreList(pattern))
    started = time.process_time()
    name = b"a" * 250
    for _ in range(20):
        below = scope.enter(b"/".join([b"a"] * 100))
        for each in (scope, below):
            assert not each.ignores_file(name)
            each.suspects({name: None}.keys())
    assert time.process_time() - started < 2


def test_what_git_would_not_read_has_no_say(tmp_path, monkeypatch):
    here = os.fsencode(tmp_path)
    (tmp_path / "rules").write_bytes(b"*")
    os.symlink("rules", tmp_path / "link")
    os.mkfifo(tmp_path / "pipe")
    for name in (b"/link", b"/pipe", b"/gone", b""):
        assert read_ignore_file(here + name) is None
    assert read_ignore_file(here + b"/link", follow=True)
    monkeypatch.setattr(ignore, "MAX_IGNORE_FILE", 0)
    assert read_ignore_file(here + b"/rules") is None
