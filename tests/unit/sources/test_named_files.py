"""Files named one by one: each is read, or the receipt says why not."""

import os

from leaksieve.model import Chunk
from leaksieve.sources.named import NamedFilesSource


def scan(root, *paths, **options):
    source = NamedFilesSource(os.fsencode(root), [os.fsencode(path) for path in paths], **{"max_file_size": 1000, **options})
    chunks = [item for unit in source.units() for item in source.read(unit)]
    assert all(isinstance(chunk, Chunk) for chunk in chunks)
    skips = {(skip.where, skip.kind, skip.reason) for skip in source.coverage.skips}
    return {chunk.provenance.path: chunk.data for chunk in chunks}, skips, source.coverage


def test_files_are_read_under_their_paths(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"1")
    (tmp_path / "y").write_bytes(b"22")
    chunks, skips, coverage = scan(tmp_path, "y", "a/x", "y")
    assert chunks == {b"a/x": b"1", b"y": b"22"}
    assert skips == set()
    assert coverage.expected == {"files": 2, "bytes": 3}


def test_what_is_not_read_is_said(tmp_path):
    (tmp_path / "big").write_bytes(b"x" * 1001)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("big")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "x").write_bytes(b"x")
    chunks, skips, coverage = scan(tmp_path, "big", "folder", "link", "pipe", "gone", "vendor/x", exclude=(b"/vendor/",))
    assert chunks == {}
    assert coverage.expected == {}
    assert skips == {
        (b"big", "excluded", "too-large"),
        (b"folder", "excluded", "submodule"),
        (b"link", "excluded", "symlink"),
        (b"pipe", "excluded", "special-file"),
        (b"gone", "failed", "unresolved-path"),
        (b"vendor/x", "excluded", "excluded-by-config"),
    }


def test_many_files_make_several_units(tmp_path):
    for number in range(130):
        (tmp_path / str(number)).write_bytes(b"x")
    source = NamedFilesSource(os.fsencode(tmp_path), [str(number).encode() for number in range(130)], max_file_size=10)
    units = list(source.units())
    assert len(units) == 3
    assert sum(1 for unit in units for _ in source.read(unit)) == 130
