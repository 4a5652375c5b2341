"""The reader of git's files against git itself, and against bytes nobody should have written."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from gitrepo import GitRepo

from leaksieve.errors import SourceError
from leaksieve.gitobjects.cachetree import parse_cache_tree
from leaksieve.gitobjects.commits import parse_commit
from leaksieve.gitobjects.delta import apply_delta, delta_sizes
from leaksieve.gitobjects.errors import BadDataError, ObjectError
from leaksieve.gitobjects.ewah import read_ewah
from leaksieve.gitobjects.index import Index, read_index
from leaksieve.gitobjects.inflate import inflate, inflate_prefix
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.repository import discover
from leaksieve.gitobjects.staged import staged_changes
from leaksieve.gitobjects.trees import parse_tree

WITH_GIT = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
PURE = settings(max_examples=150, deadline=None)

NAMES = st.sampled_from(["a", "b", "a.b", "a-b", "a0", "é", "x y", "TREE", "long" * 70])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
MODES = st.sampled_from(["100644", "100755", "120000", "160000"])


def without_clashes(paths: list[str]) -> list[str]:
    """Drop the paths below which others lie: no index holds both."""
    return [path for path in paths if not any(other.startswith(path + "/") for other in paths)]


Listed = tuple[str, str, int]
FILES = st.lists(st.tuples(PATHS, MODES, st.integers(1, 9)), max_size=25, unique_by=lambda each: each[0]).map(
    lambda each: [entry for entry in each if entry[0] in without_clashes([path for path, _, _ in each])]
)


def listing(entries: list[Listed], width: int) -> bytes:
    return b"".join(f"{mode} {number:0{width}x}\t{path}\0".encode() for path, mode, number in entries)


def as_git_lists(index: Index) -> bytes:
    return b"".join(b"%06o %b %d\t%b\0" % (mode, oid.hex().encode(), stage, path) for path, oid, mode, stage, _ in index)


@pytest.fixture(scope="module", params=["sha1", "sha256"])
def empty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    return GitRepo(tmp_path_factory.mktemp("empty") / "repo", f"--object-format={request.param}")


@WITH_GIT
@given(first=FILES, second=FILES, version=st.sampled_from(["2", "4"]), split=st.booleans())
def test_the_index_reads_as_git_lists_it(empty: GitRepo, first: list[Listed], second: list[Listed], version: str, split: bool) -> None:
    file = empty.top / ".git/index"
    file.unlink(missing_ok=True)
    width = len(empty("hash-object", "-t", "tree", "/dev/null").strip())
    empty("update-index", "-z", "--index-info", stdin=listing(first, width))
    empty("update-index", "--index-version", version, *(["--split-index"] if split else []))
    gone = b"".join(f"0 {0:0{width}x}\t{path}\0".encode() for path, _, _ in first[::3])
    options = ["-c", "splitIndex.maxPercentChange=100"]
    empty(*options, "update-index", "--replace", "-z", "--index-info", stdin=gone + listing(second, width))
    index = read_index(discover(empty.path))
    expected = empty("ls-files", "--stage", "-z")
    assert index is not None
    assert as_git_lists(index) == expected
    files, gitlinks, _ = index.paths()
    assert sorted(files + gitlinks) == sorted(path for path, _, _, _, _ in index)
    assert sorted(gitlinks) == sorted(path for path, _, mode, _, _ in index if mode == 0o160000)


CHANGES = st.lists(st.tuples(st.integers(0, 23), st.sampled_from(["edit", "remove", "add", "mode"])), max_size=8)


@pytest.fixture(scope="module")
def populated(tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    repo = GitRepo(tmp_path_factory.mktemp("populated") / "repo")
    for number in range(24):
        repo.write(f"d{number % 4}/e{number % 3}/f{number}.txt", f"{number}\n")
    repo("add", ".")
    repo.commit()
    return repo


@WITH_GIT
@given(changes=CHANGES, version=st.sampled_from(["2", "4"]), written=st.booleans())
def test_the_staged_plan_is_what_git_diff_says(populated: GitRepo, changes: list[tuple[int, str]], version: str, written: bool) -> None:
    repo = populated
    repo("read-tree", "HEAD")
    repo("update-index", "--index-version", version)
    blob = repo.id("HEAD:d1/e1/f1.txt")
    lines = []
    for number, what in changes:
        path = f"d{number % 4}/e{number % 3}/f{number}.txt"
        mode, oid, target = "100644", blob, path
        if what == "remove":
            mode, oid = "0", "0" * 40
        elif what == "add":
            target = f"d{number % 4}/new{number}/f.txt"
        elif what == "mode":
            mode, oid = "100755", repo.id(f"HEAD:{path}")
        lines.append(f"{mode} {oid}\t{target}\0")
    repo("update-index", "-z", "--index-info", stdin="".join(lines).encode())
    if written:
        # Fills the cache-tree for directories that do differ from HEAD's.
        repo("write-tree")
    found = discover(repo.path)
    index = read_index(found)
    assert index is not None
    result = staged_changes(index, ObjectStore(found), bytes.fromhex(repo.id("HEAD^{tree}")))
    expected = repo("diff-index", "--cached", "--no-renames", "--diff-filter=d", "--name-only", "-z", "HEAD").split(b"\0")[:-1]
    assert [change.path for change in result.changed] == expected
    gone = repo("diff-index", "--cached", "--no-renames", "--diff-filter=D", "--name-only", "-z", "HEAD").split(b"\0")[:-1]
    if any(change.before is None for change in result.changed):
        assert sorted(path for path, _ in result.deleted) == gone


def history(repo: GitRepo) -> None:
    """Thirty commits on three files, such as delta chains are made for; one file is large, one is noise."""
    random = Random(7)
    lines = [f"line {number} {random.random()}" for number in range(400)]
    for number in range(30):
        lines[random.randrange(400)] = f"changed {number}"
        lines.insert(random.randrange(400), f"added {number}")
        repo.write("text.txt", "\n".join(lines))
        repo.write(f"dir{number % 3}/small.txt", f"{number}\n")
        repo("add", ".")
        repo.commit(f"commit {number}")
    repo.write("noise.bin", random.randbytes(300_000))
    repo.write("zeros.bin", bytes(2_000_000))
    repo.write("empty", b"")
    repo("add", ".")
    repo.commit("last")
    repo("tag", "-a", "-m", "a tag", "v1")


def all_objects(repo: GitRepo) -> dict[bytes, tuple[str, bytes]]:
    text = repo("cat-file", "--batch", "--batch-all-objects")
    found = {}
    at = 0
    while at < len(text):
        end = text.index(b"\n", at)
        name, kind, size = text[at:end].split()
        found[bytes.fromhex(name.decode())] = (kind.decode(), text[end + 1 : end + 1 + int(size)])
        at = end + 2 + int(size)
    return found


@pytest.fixture(scope="module", params=["sha1", "sha256"])
def grown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[GitRepo, dict[bytes, tuple[str, bytes]]]:
    repo = GitRepo(tmp_path_factory.mktemp("grown") / "repo", f"--object-format={request.param}")
    history(repo)
    return repo, all_objects(repo)


def repack(repo: GitRepo, *options: str) -> None:
    repo(*options, "repack", "-q", "-adf", "--depth=50", "--window=50")


def wide_offsets(repo: GitRepo) -> None:
    repack(repo)
    for pack in (repo.top / ".git/objects/pack").glob("*.pack"):
        pack.with_suffix(".idx").unlink()
        repo("index-pack", "--index-version=2,0x100", str(pack))


FORMS: dict[str, Callable[[GitRepo], object]] = {
    "loose": lambda repo: None,
    "two packs": lambda repo: (repo("pack-objects", "-q", ".git/objects/pack/pack", stdin=repo("rev-parse", "HEAD")), repo("repack", "-q", "-d")),
    "gc": lambda repo: repo("gc", "-q"),
    "deep": repack,
    "deltas by id": lambda repo: repack(repo, "-c", "repack.useDeltaBaseOffset=false"),
    "index version 1": lambda repo: repack(repo, "-c", "pack.indexVersion=1"),
    "wide offsets": wide_offsets,
    "several packs and an index over them": lambda repo: repo("multi-pack-index", "write"),
}


def index_bytes(repo: GitRepo) -> bytes:
    return max((repo.top / ".git/objects/pack").glob("*.idx")).read_bytes()


def longest_chain(repo: GitRepo) -> int:
    text = repo("verify-pack", "-sv", str(max((repo.top / ".git/objects/pack").glob("*.idx")))).decode()
    return max([int(line.split()[3].rstrip(":")) for line in text.splitlines() if line.startswith("chain length")], default=0)


# What tells that a form was really made.
HOLDS: dict[str, Callable[[GitRepo], bool]] = {
    "two packs": lambda repo: len(list((repo.top / ".git/objects/pack").glob("*.idx"))) >= 2,
    "deep": lambda repo: longest_chain(repo) > 10,
    "deltas by id": lambda repo: longest_chain(repo) > 10,
    "index version 1": lambda repo: index_bytes(repo)[:4] != b"\xfftOc",
    "wide offsets": lambda repo: b"\x80\0\0\0" in index_bytes(repo),
    "several packs and an index over them": lambda repo: (repo.top / ".git/objects/pack/multi-pack-index").exists(),
}


def test_objects_read_as_git_prints_them_however_they_are_kept(grown: tuple[GitRepo, dict[bytes, tuple[str, bytes]]]) -> None:
    repo, expected = grown
    for name, form in FORMS.items():
        form(repo)
        assert HOLDS.get(name, lambda repo: True)(repo), f"git did not make the form {name!r}"
        store = ObjectStore(discover(repo.path))
        for oid, (kind, data) in expected.items():
            assert store.read(oid) == (kind, data), name
            assert store.header(oid) == (kind, len(data)), name
            head = store.peek(oid, 10)
            assert (head[0], head[1][:10]) == (kind, data[:10]), name
            if data:
                with pytest.raises(ObjectError) as caught:
                    store.read(oid, len(data) - 1)
                assert caught.value.reason == "too-large"
        assert bytes(store.hash_size) not in store


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[GitRepo, list[bytes], dict[str, bytes]]:
    repo = GitRepo(tmp_path_factory.mktemp("packed") / "repo")
    for number in range(12):
        repo.write("text.txt", "".join(f"line {n}\n" for n in range(40 + number)))
        repo("add", ".")
        repo.commit()
    repack(repo)
    files = {file.suffix: file.read_bytes() for file in (repo.top / ".git/objects/pack").glob("*") if file.suffix in (".pack", ".idx")}
    return repo, list(all_objects(repo)), files


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_pack_gives_errors_that_are_values(packed: tuple[GitRepo, list[bytes], dict[str, bytes]], data: st.DataObject) -> None:
    repo, oids, files = packed
    suffix = data.draw(st.sampled_from([".pack", ".idx"]))
    damaged = damage(data, files[suffix])
    for file in (repo.top / ".git/objects/pack").glob("*"):
        if file.suffix in files:
            file.unlink()
            file.write_bytes(damaged if file.suffix == suffix else files[file.suffix])
    store = ObjectStore(discover(repo.path))
    for oid in oids:
        for attempt, number in ((store.read, 10_000), (store.peek, 20)):
            # Nothing but an ObjectError may come out of it.
            with suppress(ObjectError):
                attempt(oid, number)
            with suppress(ObjectError):
                store.header(oid)


def damage(data: st.DataObject, whole: bytes) -> bytes:
    """Cut a file off, or overwrite a few bytes."""
    if data.draw(st.booleans()):
        return whole[: data.draw(st.integers(0, len(whole)))]
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    return bytes(changed)


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    found = []
    for version in ("2", "4"):
        repo = GitRepo(tmp_path_factory.mktemp("index") / "repo")
        for number in range(12):
            repo.write(f"d{number % 3}/{'x' * number}.txt", "x")
        repo("add", ".")
        repo("write-tree")
        repo("update-index", "--index-version", version)
        found.append((repo.top / ".git/index").read_bytes())
    return found


@PURE
@given(data=st.data())
def test_a_damaged_index_gives_one_error(indexes: list[bytes], data: st.DataObject) -> None:
    damaged = damage(data, data.draw(st.sampled_from(indexes)))
    try:
        index = Index(damaged, 20)
    except BadDataError:
        return
    assert len(list(index)) == len(index) == sum(map(len, index.paths()))


@PURE
@given(st.binary(max_size=200))
def test_parsers_of_any_bytes_give_a_result_or_one_error(data: bytes) -> None:
    for attempt in (
        lambda: parse_tree(data, 20),
        lambda: parse_commit(data, 20),
        lambda: parse_commit(b"tree " + b"a" * 40 + b"\nparent " + data, 20),
        lambda: parse_cache_tree(data, 20),
        lambda: parse_cache_tree(b"\x003 1\n" + data, 20),
        lambda: read_ewah(data, 0, 50),
        lambda: delta_sizes(data),
        lambda: apply_delta(b"base", data, 1000),
        lambda: apply_delta(b"base", b"\x04\x20" + data, 1000),
        lambda: inflate(data, 0, 10),
    ):
        try:
            attempt()
        except BadDataError:
            continue


COPIES = st.tuples(st.integers(0, 299), st.integers(1, 300))
INSERTS = st.binary(min_size=1, max_size=127)


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


@PURE
@given(base=st.binary(min_size=300, max_size=300), steps=st.lists(COPIES | INSERTS, max_size=10))
def test_a_delta_builds_what_its_steps_say(base: bytes, steps: list[tuple[int, int] | bytes]) -> None:
    program, expected = b"", b""
    for step in steps:
        if isinstance(step, bytes):
            program += bytes([len(step)]) + step
            expected += step
        else:
            offset, length = step[0], min(step[1], 300 - step[0])
            program += bytes([0x80 | 0x03 | 0x30]) + offset.to_bytes(2, "little") + length.to_bytes(2, "little")
            expected += base[offset : offset + length]
    delta = varint(300) + varint(len(expected)) + program
    assert apply_delta(base, delta, len(expected)) == expected
    with pytest.raises(BadDataError):
        apply_delta(base, varint(300) + varint(len(expected) + 1) + program, 1000_000)
    if expected:
        with pytest.raises(BadDataError, match="limit"):
            apply_delta(base, delta, len(expected) - 1)


def test_copies_with_every_length_of_numbers() -> None:
    base = bytes(range(256)) * 0x12001
    for program, expected in (
        (b"\x80", base[:0x10000]),
        (b"\x81\x07", base[7 : 7 + 0x10000]),
        (b"\xa2\x01\x02", base[0x100 : 0x100 + 0x200]),
        (b"\x98\x01\x05", base[0x1000000:0x1000005]),
        (b"\xc4\x01\x01", base[0x10000:0x20000]),
        (b"\xff\x01\x01\x01\x01\x03\x02\x01", base[0x1010101 : 0x1010101 + 0x10203]),
    ):
        assert apply_delta(base, varint(len(base)) + varint(len(expected)) + program, 1 << 20) == expected


@pytest.mark.parametrize(
    ("program", "why"),
    [
        (b"\x90\x06", "past its base"),
        (b"\x91\x01\x04", "past its base"),
        (b"\x00", "unknown"),
        (b"\x06ab", "cut off"),
        (b"\x91\x01", "cut off"),
        (b"\x04abcd", "less"),
    ],
)
def test_deltas_that_do_not_hold(program: bytes, why: str) -> None:
    with pytest.raises(BadDataError, match=why):
        apply_delta(b"base", varint(4) + varint(6) + program, 100)


@PURE
@given(data=st.binary(max_size=2000), before=st.binary(max_size=20), after=st.binary(max_size=600), level=st.integers(0, 9), most=st.integers(1, 3000))
def test_inflating_gives_the_stream_and_nothing_but(data: bytes, before: bytes, after: bytes, level: int, most: int) -> None:
    stream = zlib.compress(data, level)
    buffer = before + stream + after
    assert inflate(buffer, len(before), len(data)) == data
    assert inflate_prefix(buffer, len(before), most) == data[:most]
    for wrong in (len(data) - 1, len(data) + 1):
        if wrong >= 0:
            with pytest.raises(BadDataError):
                inflate(buffer, len(before), wrong)
    with pytest.raises(BadDataError):
        inflate(before + stream[:-1], len(before), len(data))


@PURE
@given(bits=st.sets(st.integers(0, 700)), run=st.integers(0, 5))
def test_a_bitmap_gives_back_its_bits(bits: set[int], run: int) -> None:
    words = [sum(1 << bit for bit in range(64) if 64 * word + bit in bits) for word in range(11)]
    # A run of full or empty words first, then the words as they are.
    for full in (0, 1):
        body = (full | run << 1 | 11 << 33).to_bytes(8) + b"".join(word.to_bytes(8) for word in words)
        data = b"head" + (64 * (11 + run)).to_bytes(4) + (12).to_bytes(4) + body + bytes(4) + b"tail"
        expected = [*(range(64 * run) if full else ()), *sorted(bit + 64 * run for bit in bits)]
        assert read_ewah(data, 4, 64 * (11 + run)) == (expected, len(data) - 4)
        if expected:
            with pytest.raises(BadDataError):
                read_ewah(data, 4, expected[-1])


def test_a_bitmap_that_claims_the_earth_costs_nothing() -> None:
    data = (64).to_bytes(4) + (1).to_bytes(4) + (1 | 0xFFFFFFFF << 1).to_bytes(8) + bytes(4)
    with pytest.raises(BadDataError):
        read_ewah(data, 0, 100)


def test_a_sparse_index_reads_as_git_lists_it(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    for number in range(30):
        repo.write(f"d{number % 5}/e{number % 2}/f{number}.txt", f"{number}\n")
    repo("add", ".")
    repo.commit()
    repo("sparse-checkout", "init", "--cone", "--sparse-index")
    repo("sparse-checkout", "set", "d1", "d3/e0")
    index = read_index(discover(repo.path))
    assert index is not None
    assert index.sparse
    assert as_git_lists(index) == repo("ls-files", "--sparse", "--stage", "-z")
    assert index.paths()[2] == [b"d0/", b"d2/", b"d3/e1/", b"d4/"]


def test_an_index_without_its_checksum_is_read(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.add("a", "a")
    file = repo.top / ".git/index"
    file.write_bytes(file.read_bytes()[:-20] + bytes(20))
    index = read_index(discover(repo.path))
    assert index is not None
    assert index.paths()[0] == [b"a"]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_repository_never_crashes_a_staged_plan(indexes: list[bytes], empty: GitRepo, data: st.DataObject) -> None:
    file = empty.top / ".git/index"
    file.write_bytes(damage(data, indexes[0]))
    found = discover(empty.path)
    try:
        index = read_index(found)
        if index is not None:
            staged_changes(index, ObjectStore(found), None)
    except SourceError:
        pass
    finally:
        file.unlink()
