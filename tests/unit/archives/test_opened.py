"""An archive as chunks: skips are named up to a limit, names that may be secrets are not, and what was there before is known by member."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from crates import STREAMS, database, notebook, tarred, zipped
from planted import token

from leaksieve.archives.magic import kind_of
from leaksieve.config import Config
from leaksieve.model import Chunk, Provenance, Skip, full_path
from leaksieve.opened import Opening
from leaksieve.pipeline import Plan, run
from leaksieve.sources.stream import LEAD, TAIL, StreamSource

LIMIT = 1 << 20


def opening(data: bytes, *, path: bytes = b"x.zip", base: Callable[[], bytes | None] | None = None, names: bool = True, limit: int = LIMIT) -> Opening:
    chunk = Chunk(data, Provenance("index", path, {"object": "00"}), base)
    return Opening(chunk, kind_of(data) or "", 3, limit, lambda text: b"secret" in text, names=names)


def split(opened: Opening) -> tuple[list[Chunk], list[Skip]]:
    items = list(opened)
    return [one for one in items if isinstance(one, Chunk)], [one for one in items if isinstance(one, Skip)]


def test_members_are_chunks_of_their_own() -> None:
    opened = opening(tarred({"a/b.txt": b"content", "empty": b""}), path=b"x.tar")
    (chunk,), skips = split(opened)
    assert chunk == Chunk(b"content", Provenance("index", b"x.tar", {"object": "00"}, b"a/b.txt"))
    assert full_path(chunk.provenance) == b"x.tar!/a/b.txt"
    assert full_path(Provenance("file", b"plain")) == b"plain"
    assert (skips, opened.whole, opened.archives, opened.members) == ([], True, 1, 2)


def test_skips_are_named_up_to_a_limit_and_counted_beyond() -> None:
    _, skips = split(opening(zipped({f"{number:02}": b"x" * 100 for number in range(33)}), limit=99))
    assert [skip.where for skip in skips[:20]] == [b"x.zip!/%02d" % number for number in range(20)]
    (rest,) = skips[20:]
    assert (rest.where, rest.reason, rest.count) == (b"x.zip", "member-too-large", 13)
    assert sum(skip.count for skip in skips) == 33


def test_names_that_may_be_secrets_are_not_written_on_the_receipt() -> None:
    _, skips = split(opening(zipped({"my-secret": b"x" * 100, "plain": b"x" * 100}), limit=99))
    assert [skip.where for skip in skips] == [b"x.zip", b"x.zip!/plain"]


def test_texts_are_given_where_something_could_be_in_them() -> None:
    data = zipped({"a-secret.txt": b"1", "plain.txt": b"2"}, comment=b"another secret")
    chunks, _ = split(opening(data))
    told = [(chunk.data, chunk.provenance.archive_path, chunk.provenance.details.get("member")) for chunk in chunks if "member" in chunk.provenance.details]
    assert told == [(b"another secret", None, "note"), (b"a-secret.txt", b"a-secret.txt", "name")]
    chunks, _ = split(opening(data, names=False))
    assert [chunk.data for chunk in chunks if "member" in chunk.provenance.details] == [b"another secret"]


def test_what_a_member_replaces_is_the_member_of_that_name() -> None:
    asked = []

    def base() -> bytes:
        asked.append(1)
        return zipped({"a": b"old", "deep.zip": zipped({"b": b"older"})})

    chunks, _ = split(opening(zipped({"a": b"new", "c": b"fresh", "deep.zip": zipped({"b": b"newer"})}), base=base))
    assert asked == []
    before = {chunk.provenance.archive_path: chunk.base and chunk.base() for chunk in chunks}
    assert before == {b"a": b"old", b"c": None, b"deep.zip!/b": b"older"}
    assert asked == [1]


@pytest.mark.parametrize("old", [None, b"", b"no archive", b"PK\x03\x04 and nothing"])
def test_a_base_that_is_no_archive_is_none(old: bytes | None) -> None:
    (chunk,), _ = split(opening(zipped({"a": b"new"}), base=lambda: old))
    assert chunk.base is not None
    assert chunk.base() is None


def test_again_is_said_of_inner_archives_alone() -> None:
    opened = opening(zipped({"in.zip": b"in front" + zipped({"a": b"b"}), "z": b"y"}))
    assert [(item.provenance.archive_path, opened.again) for item in opened if isinstance(item, Chunk)] == [
        (b"in.zip!/a", False), (b"in.zip", True), (b"z", False),
    ]  # fmt: skip


def test_a_stream_too_long_for_one_block_is_not_opened() -> None:
    import random

    data = STREAMS["gzip"](random.Random(1).randbytes(5 * (LEAD + TAIL)))
    source = StreamSource(io.BytesIO(data), path=b"x.gz", block=2 * (LEAD + TAIL))
    outcome = run(Plan(sources=(source,), config=Config()))
    assert outcome.coverage.sources[0].count_by_reason("excluded") == {"archive-not-opened": 1}
    assert outcome.coverage.sources[0].scanned["bytes"] == len(data)


@pytest.mark.parametrize("engine", ["aho-corasick", "hyperscan"])
def test_both_prefilters_find_the_same_in_archives(engine: str) -> None:
    pytest.importorskip("hyperscan")
    data = STREAMS["gzip"](tarred({f"{token(7301)}.txt": b"x", "a.env": f"key = {token(7302)}\n".encode(), "in.zip": zipped({"b": token(7303).encode()})}))
    outcome = run(Plan(sources=(StreamSource(io.BytesIO(data), path=b"x.tgz"),), config=Config(engine=engine, reveal=True)))
    assert {finding.secret: finding.occurrences[0].archive_path for finding in outcome.findings} == {
        token(7301): token(7301).encode() + b".txt", token(7302): b"a.env", token(7303): b"in.zip!/b",
    }  # fmt: skip
    assert (outcome.coverage.sources[0].scanned["archives"], outcome.coverage.sources[0].scanned["members"]) == (2, 4)


SPAWNED = """
import os, sys
from leaksieve.config import Config
from leaksieve.pipeline import Plan, run
from leaksieve.sources.worktree import WorktreeSource

source = WorktreeSource(os.fsencode(sys.argv[1]), requested=".", max_file_size=1 << 30)
outcome = run(Plan(sources=(source,), config=Config(), jobs=2, spawn=True))
print(sorted(finding.occurrences[0].archive_path for finding in outcome.findings), source.coverage.scanned["archives"])
"""


def test_workers_that_share_nothing_open_them_too(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.zip").write_bytes(zipped({f"{number}.env": f"key = {token(7310 + number)}\n".encode(), "pad": bytes(1000)}))
    (tmp_path / "large.txt").write_bytes(b"plain text\n" * 400_000)
    # In a process of its own: the pool outlives the call, and other tests count children.
    done = subprocess.run([sys.executable, "-c", SPAWNED, str(tmp_path)], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "[b'0.env', b'1.env', b'2.env'] 3", done.stderr


def test_rows_are_chunks_where_something_could_be_in_them() -> None:
    data = database(
        "CREATE TABLE t(k TEXT, v TEXT, w TEXT); CREATE TABLE u(only TEXT)",
        ("INSERT INTO t VALUES(?, ?, ?)", ("no such thing", "nothing here", "nor in here")),
        ("INSERT INTO t VALUES(?, ?, ?)", ("the secret", "nothing here", "another secret")),
        ("INSERT INTO u VALUES(?)", ("secret alone",)),
    )
    opened = opening(data, path=b"x.sqlite")
    given = [(item.provenance.archive_path, item.data, opened.again) for item in opened if isinstance(item, Chunk)]
    assert [one for one in given if one[0] != b"sqlite_schema"] == [
        (b"t.k 2", b"k: the secret", False),
        (b"t.w 2", b"w: another secret", False),
        (b"t 2", b"k: the secret\nv: nothing here\nw: another secret", True),
        (b"u.only 1", b"only: secret alone", False),
    ]


def test_what_a_row_replaces_is_the_row_of_that_name() -> None:
    statement = "INSERT INTO t VALUES(?)"
    old = database("CREATE TABLE t(v TEXT)", (statement, ("secret one",)))
    new = database("CREATE TABLE t(v TEXT)", (statement, ("secret one",)), (statement, ("secret two",)))
    chunks, _ = split(opening(new, path=b"x.sqlite", base=lambda: old))
    before = {chunk.provenance.archive_path: chunk.base and chunk.base() for chunk in chunks}
    assert (before[b"t.v 1"], before[b"t.v 2"]) == (b"v: secret one", None)


def test_a_notebook_is_the_chunk_itself() -> None:
    (chunk, further), _ = split(opening(notebook(["the secret\n"], "a\nb\n"), path=b"n.ipynb"))
    assert (chunk.provenance.archive_path, further.provenance.archive_path) == (None, b"text 1")
    assert full_path(chunk.provenance) == b"n.ipynb"
