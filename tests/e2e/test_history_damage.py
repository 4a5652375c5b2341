"""What is broken, missing or made to hurt is said, costs nothing but itself, and neither hangs nor fills the memory."""

from __future__ import annotations

import os
import shutil
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import layouts
import packcraft as craft
from gitrepo import GitRepo
from hurtful import GIGABYTE
from planted import token
from realrun import leaksieve
from wreck import Wreck, check, scanned

# A pack ends in a checksum; where it is cut off its last bytes are taken for that.
CHECKSUM = 20
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Wreck:
    return Wreck(tmp_path_factory.mktemp("sound") / "repo", make=True)


@pytest.fixture
def wreck(sound: Wreck, tmp_path: Path) -> Wreck:
    layouts.copied(sound.repo, tmp_path / "repo")
    out = Wreck(tmp_path / "repo", make=False)
    for path in out.objects.glob("pack/*"):
        path.chmod(0o644)
    return out


def overwrite(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at, os.SEEK_END if at < 0 else os.SEEK_SET)
        file.write(data)


def test_the_sound_repository_has_everything_and_deltas(sound: Wreck) -> None:
    chains = sound.chains()
    assert sum(len(chain) > 1 for chain in chains.values()) > 8
    run = scanned(sound.repo.top)
    check(run, {*sound.tokens.values(), sound.loose}, failed=False)


# -- the pack's bytes


@pytest.mark.parametrize("share", [0, 8, 0.1, 0.5, 0.9])
def test_a_pack_that_is_cut_off(wreck: Wreck, share: float) -> None:
    size = wreck.pack.stat().st_size
    keep = int(size * share) if share < 1 else int(share)
    whole = {secret for secret, chain in wreck.chains().items() if all(each.offset + each.length <= keep - CHECKSUM for each in chain)}
    os.truncate(wreck.pack, keep)
    check(scanned(wreck.repo.top), whole | {wreck.loose}, failed=True)


@pytest.mark.parametrize("bytes_", [1, 20])
def test_a_pack_whose_checksum_is_cut_off_still_holds_its_objects(wreck: Wreck, bytes_: int) -> None:
    os.truncate(wreck.pack, wreck.pack.stat().st_size - bytes_)
    check(scanned(wreck.repo.top), {*wreck.tokens.values(), wreck.loose}, failed=None)


@pytest.mark.parametrize("name", ["0", "11", "12", "23", "base"])
def test_one_damaged_stream_costs_what_is_built_on_it(wreck: Wreck, name: str) -> None:
    chains = wreck.chains()
    longest = max(chains.values(), key=len)
    hurt = longest[-1] if name == "base" else chains[wreck.tokens[name]][0]
    assert hurt.length > 20
    # The end of the stream: its checksum, which only what is inflated to the end meets.
    overwrite(wreck.pack, hurt.offset + hurt.length - 6, b"\xff" * 6)
    rest = {secret for secret, chain in chains.items() if hurt not in chain}
    assert len(rest) < len(chains)
    run = scanned(wreck.repo.top)
    check(run, rest | {wreck.loose}, failed=True)
    assert any(skip.get("object") == hurt.oid or hurt.oid in str(skip) for skip in run.failed), run.failed


def test_a_damaged_commit_or_tree_is_said_and_the_rest_found(wreck: Wreck) -> None:
    packed = wreck.packed()
    for name in ("main~5", "main~3^{tree}"):
        entry = packed[wreck.repo.id(name)]
        overwrite(wreck.pack, entry.offset + entry.length - 6, b"\xff" * 6)
    run = scanned(wreck.repo.top)
    check(run, {*wreck.tokens.values(), wreck.loose}, failed=True)


def test_zeros_over_a_stretch_of_the_pack(wreck: Wreck) -> None:
    size = wreck.pack.stat().st_size
    low, high = size // 3, size // 2
    whole = {secret for secret, chain in wreck.chains().items() if all(each.offset + each.length <= low or each.offset >= high for each in chain)}
    overwrite(wreck.pack, low, bytes(high - low))
    check(scanned(wreck.repo.top), whole | {wreck.loose}, failed=True)


def test_a_broken_head_of_the_pack(wreck: Wreck) -> None:
    overwrite(wreck.pack, 0, b"KCAP")
    check(scanned(wreck.repo.top), {wreck.loose}, failed=True)


# -- the index


def _fanout_falls(idx: bytearray) -> None:
    idx[8 + 4 * 100 : 8 + 4 * 101] = (0xFFFF).to_bytes(4)


def _count_huge(idx: bytearray) -> None:
    idx[8 + 4 * 255 : 8 + 4 * 256] = (0x7FFFFFFF).to_bytes(4)


def _count_small(idx: bytearray) -> None:
    count = int.from_bytes(idx[1028:1032])
    idx[1028:1032] = (count - 3).to_bytes(4)


def _count_none(idx: bytearray) -> None:
    idx[8:1032] = bytes(1024)


def _offset_outside(idx: bytearray) -> None:
    count = int.from_bytes(idx[1028:1032])
    at = 1032 + 24 * count
    idx[at : at + 4] = (0x7FFFFFF0).to_bytes(4)


def _offset_large(idx: bytearray) -> None:
    count = int.from_bytes(idx[1028:1032])
    at = 1032 + 24 * count
    idx[at : at + 4] = (0x80000005).to_bytes(4)


def _offset_inside(idx: bytearray) -> None:
    count = int.from_bytes(idx[1028:1032])
    at = 1032 + 24 * count + 4 * 7
    idx[at : at + 4] = (int.from_bytes(idx[at : at + 4]) + 5).to_bytes(4)


def _offset_twice(idx: bytearray) -> None:
    count = int.from_bytes(idx[1028:1032])
    at = 1032 + 24 * count
    idx[at : at + 4] = idx[at + 4 : at + 8]


def _cut_in_half(idx: bytearray) -> None:
    del idx[len(idx) // 2 :]


def _cut_short(idx: bytearray) -> None:
    del idx[100:]


def _emptied(idx: bytearray) -> None:
    idx.clear()


def _version(idx: bytearray) -> None:
    idx[4:8] = (9).to_bytes(4)


def _magic(idx: bytearray) -> None:
    idx[:4] = b"junk"


@pytest.mark.parametrize(
    "damage",
    [
        _fanout_falls,
        _count_huge,
        _count_small,
        _count_none,
        _offset_outside,
        _offset_large,
        _offset_inside,
        _offset_twice,
        _cut_in_half,
        _cut_short,
        _emptied,
        _version,
        _magic,
    ],
)
def test_a_damaged_index_is_said(wreck: Wreck, damage: Callable[[bytearray], None]) -> None:
    data = bytearray(wreck.idx.read_bytes())
    damage(data)
    wreck.idx.write_bytes(data)
    run = scanned(wreck.repo.top)
    whole = {*wreck.tokens.values(), wreck.loose} <= set(run.secrets)
    # What can be read past the damage need not be complained of.
    check(run, {wreck.loose}, failed=None if whole else True)


def test_an_index_without_its_pack(wreck: Wreck) -> None:
    wreck.pack.rename(wreck.pack.with_suffix(".elsewhere"))
    check(scanned(wreck.repo.top), {wreck.loose}, failed=True)


def test_a_pack_without_its_index(wreck: Wreck) -> None:
    wreck.idx.unlink()
    check(scanned(wreck.repo.top), {wreck.loose}, failed=True)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser reads everything")
@pytest.mark.parametrize("suffix", [".pack", ".idx"])
def test_an_unreadable_pack(wreck: Wreck, suffix: str) -> None:
    wreck.pack.with_suffix(suffix).chmod(0)
    check(scanned(wreck.repo.top), {wreck.loose}, failed=True)


@pytest.mark.parametrize("damage", ["garbage", "cut", "stranger"])
def test_a_damaged_multi_pack_index_hides_nothing(wreck: Wreck, damage: str) -> None:
    wreck.repo("multi-pack-index", "write", "--bitmap")
    midx = wreck.objects / "pack/multi-pack-index"
    midx.chmod(0o644)
    if damage == "garbage":
        midx.write_bytes(b"MIDX\1\1" + os.urandom(500))
    elif damage == "cut":
        os.truncate(midx, 200)
    else:
        midx.write_bytes(midx.read_bytes().replace(wreck.idx.name.encode(), b"pack-" + b"0" * 40 + b".idx"))
    check(scanned(wreck.repo.top), {*wreck.tokens.values(), wreck.loose}, failed=None)


@pytest.mark.parametrize("damage", ["garbage", "cut", "lies"])
def test_a_damaged_commit_graph_misleads_nobody(wreck: Wreck, damage: str) -> None:
    wreck.repo("commit-graph", "write", "--reachable")
    graph = wreck.objects / "info/commit-graph"
    graph.chmod(0o644)
    data = graph.read_bytes()
    if damage == "garbage":
        graph.write_bytes(data[:40] + os.urandom(len(data) - 40))
    elif damage == "cut":
        graph.write_bytes(data[: len(data) * 2 // 3])
    else:
        # Every parent position says another commit.
        graph.write_bytes(data[:-600] + bytes(580) + data[-20:])
    run = scanned(wreck.repo.top)
    check(run, {*wreck.tokens.values(), wreck.loose}, failed=None)
    if damage != "lies":
        source = run.secrets[wreck.tokens["3"]]["occurrences"][0]["source"]
        assert source["commit"] == wreck.repo.id("main~8")


# -- loose objects


def _loose_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])


def _loose_empty(path: Path) -> None:
    path.write_bytes(b"")


def _loose_garbage(path: Path) -> None:
    path.write_bytes(b"not zlib at all")


def _loose_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _loose_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _loose_of_no_type(path: Path) -> None:
    path.write_bytes(zlib.compress(b"blub 3\0abc"))


def _loose_longer(path: Path) -> None:
    path.write_bytes(zlib.compress(b"blob 3\0abcdef"))


def _loose_shorter(path: Path) -> None:
    path.write_bytes(zlib.compress(b"blob 300\0abcdef"))


def _loose_without_end_of_header(path: Path) -> None:
    path.write_bytes(zlib.compress(b"blob " + b"1" * 500))


def _loose_bomb(path: Path) -> None:
    path.write_bytes(craft.zeros(GIGABYTE))


def _loose_bomb_in_order(path: Path) -> None:
    stream = zlib.compressobj(9)
    head = b"blob %d\0" % GIGABYTE
    block = bytes(1 << 20)
    # The checksum is wrong: nobody should get that far.
    body = stream.compress(head) + stream.flush(zlib.Z_FULL_FLUSH) + stream.compress(block) + stream.flush(zlib.Z_FULL_FLUSH)
    again = stream.compress(block) + stream.flush(zlib.Z_FULL_FLUSH)
    path.write_bytes(body + again * 1023 + b"\x03\x00" + bytes(4))


@pytest.mark.parametrize(
    "damage",
    [
        _loose_cut, _loose_empty, _loose_garbage, _loose_fifo, _loose_folder, _loose_of_no_type, _loose_longer, _loose_shorter, _loose_without_end_of_header,
        _loose_bomb, _loose_bomb_in_order,
    ],
)  # fmt: skip
def test_a_damaged_loose_object(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    repo = GitRepo(tmp_path / "repo", "--template=")
    kept, lost = token(470), token(471)
    repo.add("kept.env", f"key = {kept}\n")
    repo.add("lost.env", f"key = {lost}\n")
    oid = repo.id(":lost.env")
    repo.commit()
    path = repo.top / f".git/objects/{oid[:2]}/{oid[2:]}"
    path.chmod(0o644)
    damage(path)
    run = scanned(repo.top)
    # Larger than the limit, and says so itself, is policy; everything else is damage.
    check(run, {kept}, failed=damage is not _loose_bomb_in_order)
    assert lost not in run.secrets


@pytest.mark.parametrize("what", [":gone.env", "HEAD^{tree}", "HEAD~1", "v1"])
def test_a_missing_object_in_a_full_clone_is_said(tmp_path: Path, what: str) -> None:
    repo = GitRepo(tmp_path / "repo", "--template=")
    kept = token(472)
    repo.add("kept.env", f"key = {kept}\n")
    repo.commit()
    repo("tag", "-a", "v1", "-m", "one")
    repo.add("gone.env", "plain\n")
    repo.commit()
    oid = repo.id(what)
    (repo.top / f".git/objects/{oid[:2]}/{oid[2:]}").unlink()
    run = scanned(repo.top)
    check(run, {kept}, failed=True)
    assert any(oid in str(skip) for skip in run.failed), run.failed


def test_names_among_the_objects_that_are_none(wreck: Wreck) -> None:
    """Files git itself leaves there, and others', are no objects and no failures."""
    for name in ("ab/tmp_obj_Xy12", "pack/tmp_pack_Xy12", "pack/tmp_idx_Xy12", "zz/whatever", "ab/short", "info/packs", "pack/pack-x.keep", "pack/README"):
        path = wreck.objects / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    check(scanned(wreck.repo.top), {*wreck.tokens.values(), wreck.loose}, failed=False)


# -- what is said


def test_nothing_found_in_a_broken_repository_is_exit_3(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo", "--template=")
    repo.add("plain.txt", "nothing here\n" * 50)
    repo.commit()
    repo("gc", "-q")
    (pack,) = (repo.top / ".git/objects/pack").glob("*.pack")
    pack.chmod(0o644)
    os.truncate(pack, pack.stat().st_size // 2)
    run = scanned(repo.top)
    assert run.code == 3, run
    assert run.failed
    allowed = leaksieve("git", str(repo.top), "--allow-incomplete", cwd=tmp_path)
    assert allowed.code == 0, allowed


def test_findings_of_an_incomplete_scan_are_called_so(wreck: Wreck) -> None:
    os.truncate(wreck.pack, wreck.pack.stat().st_size // 2)
    run = leaksieve("git", str(wreck.repo.top), cwd=wreck.repo.top.parent, timeout=30)
    assert run.code == 1, run
    assert "incomplete" in (run.out.decode() + run.err).lower(), run


def test_a_repository_without_objects_directory_is_an_error(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo", "--template=")
    shutil.rmtree(repo.top / ".git/objects")
    run = leaksieve("git", str(repo.top), cwd=tmp_path, timeout=30)
    # git calls it no repository either.
    assert run.code in (2, 3), run
