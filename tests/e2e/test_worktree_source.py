"""Working trees on a real disk: everything readable is read, everything else is accounted for."""

import itertools
import os
import socket
import stat
import subprocess
import threading

import pytest

from leaksieve.errors import SourceError
from leaksieve.model import Chunk, Skip
from leaksieve.sources import worktree_read
from leaksieve.sources.worktree import WorktreeSource

pytestmark = pytest.mark.e2e

LIMIT = 1 << 20


def make(root, files):
    for name, content in files.items():
        path = os.path.join(os.fsencode(root), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


def source_of(root, **options):
    options.setdefault("max_file_size", LIMIT)
    return WorktreeSource(os.fsencode(root), requested=os.fsdecode(root), **options)


def scan(root, **options):
    """Read a whole target: contents by path, and every skip, planned or met while reading."""
    source = source_of(root, **options)
    contents, skips = {}, []
    for unit in source.units():
        for item in source.read(unit):
            if isinstance(item, Chunk):
                assert item.provenance.kind == "file"
                contents[item.provenance.path] = item.data
            else:
                skips.append(item)
    return contents, source.coverage.skips + skips, source.coverage


def reasons(skips):
    return {(skip.kind, skip.reason, skip.where) for skip in skips}


def git(root, *args):
    environment = {"PATH": os.environ["PATH"], "HOME": os.fspath(root), "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    return subprocess.run(["git", *args], cwd=root, env=environment, check=True, capture_output=True).stdout


def test_every_file_is_read_once_and_counted(tmp_path):
    files = {f"d{number % 7}/f{number:03d}": b"x" * number for number in range(200)}
    make(tmp_path, files)
    contents, skips, coverage = scan(tmp_path)
    assert contents == {name.encode(): content for name, content in files.items()}
    assert skips == []
    assert coverage.expected == {"files": 200, "bytes": sum(range(200))}
    assert coverage.kind == "file"


def test_units_are_small_batches_in_a_stable_order_and_large_files_alone(tmp_path):
    make(tmp_path, {f"f{number:03d}": b"x" for number in range(150)})
    make(tmp_path, {"f050-large": b"x" * (3 << 20)})
    first, second = (list(source_of(tmp_path, max_file_size=1 << 30).units()) for _ in range(2))
    assert first == second
    batches = [entries for _, _, entries in first]
    assert [b"f050-large", 3 << 20] in [list(entries[0][:2]) for entries in batches if len(entries) == 1]
    small = [path for entries in batches for path, size, _ in entries if size == 1]
    assert small == sorted(small)
    assert max(map(len, batches)) == 64


def test_odd_names_come_through_as_they_are(tmp_path):
    names = [b"\xff\xfe", b"two\nlines", b"-rf", b" ", b"a\\b", b"\x1b[31m", b"a'\"b", "é".encode()]
    make(tmp_path, {b"\xff/" + name: name for name in names})
    contents, skips, _ = scan(tmp_path)
    assert contents == {b"\xff/" + name: name for name in names}
    assert skips == []


def test_special_files_and_links_are_recorded_and_never_waited_for(tmp_path):
    make(tmp_path, {"real": b"content", "sub/deep": b"d", "../outside": b"o"})
    os.mkfifo(tmp_path / "pipe")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.fspath(tmp_path / "socket"))
    os.mknod(tmp_path / "device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    for name, target in {
        "to-real": "real", "to-dir": "sub", "to-nothing": "gone", "to-outside": "../outside", "loop": "loop", "self": ".", "sub/up": "..",
    }.items():  # fmt: skip
        os.symlink(target, tmp_path / name)
    contents, skips, coverage = scan(tmp_path)
    listener.close()
    assert set(contents) == {b"real", b"sub/deep"}
    assert reasons(skips) == {
        *(("excluded", "special-file", name) for name in (b"pipe", b"socket", b"device")),
        *(("excluded", "symlink", name) for name in (b"to-dir", b"to-nothing", b"to-outside", b"loop", b"self", b"sub/up")),
    }
    assert coverage.count("failed") == 0


def test_a_link_into_git_is_recorded(tmp_path):
    make(tmp_path, {".git/config": b"[core]", "a": b"a"})
    os.symlink(".git/config", tmp_path / "link")
    contents, skips, _ = scan(tmp_path)
    assert set(contents) == {b"a"}
    assert reasons(skips) == {("excluded", "symlink", b"link")}


def test_what_stands_behind_a_named_link_is_scanned(tmp_path):
    make(tmp_path, {"tree/file": b"f"})
    os.symlink("tree", tmp_path / "to-tree")
    os.symlink("tree/file", tmp_path / "to-file")
    assert scan(tmp_path / "to-tree")[0] == {b"file": b"f"}
    assert scan(tmp_path / "to-file", prefix=b"p/")[0] == {b"p/to-file": b"f"}


def test_one_file_even_if_ignored_is_scanned_unless_the_configuration_excludes_it(tmp_path):
    make(tmp_path, {".gitignore": b"*", "sub/file.txt": b"f"})
    options = {"repo_root": os.fsencode(tmp_path), "prefix": b"sub/"}
    contents, _, coverage = scan(tmp_path / "sub/file.txt", **options)
    assert contents == {b"sub/file.txt": b"f"}
    assert coverage.expected == {"files": 1, "bytes": 1}
    for pattern in (b"*.txt", b"/sub/file.txt", b"sub/"):
        contents, skips, _ = scan(tmp_path / "sub/file.txt", exclude=(pattern,), **options)
        assert contents == {}
        assert reasons(skips) == {("excluded", "excluded-by-config", b"sub/file.txt")}


def test_a_target_that_is_not_there_or_not_a_file_is_an_error(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="gone: no such file or directory"):
        list(source_of(tmp_path / "gone").units())
    with pytest.raises(SourceError, match="leaksieve stdin"):
        list(source_of(tmp_path / "pipe").units())


def test_what_git_ignores_is_left_out_and_counted(tmp_path):
    git(tmp_path, "init", "-q")
    make(tmp_path, {
        ".gitignore": b"*.log\n/build/\n.env*\n!keep.log\n", ".git/info/exclude": b"private\n", "a.log": b"", "b.log": b"", "keep.log": b"k", "private": b"p",
        "build/x": b"x", "src/.gitignore": b"/gen\n", "src/gen": b"g", "src/main": b"m", ".env": b"E", "src/.env.local": b"E", ".env.example": b"e",
    })  # fmt: skip
    exclude = os.fsencode(tmp_path / ".git/info/exclude")
    contents, skips, coverage = scan(tmp_path, repo_root=os.fsencode(tmp_path), info_exclude=exclude)
    listed = git(tmp_path, "ls-files", "-o", "--exclude-standard", "-z").split(b"\0")
    assert set(contents) == set(listed) - {b""}
    assert reasons(skips) == {
        ("excluded", "ignored", b""), ("excluded", "ignored", b"build/"), ("excluded", "ignored-secrets-file", b".env"),
        ("excluded", "ignored-secrets-file", b"src/.env.local"),
    }  # fmt: skip
    # a.log, b.log, private, src/gen, .env.example; and the directory.
    assert coverage.count_by_reason("excluded") == {"ignored": 6, "ignored-secrets-file": 2}
    assert len(scan(tmp_path, gitignore=False)[0]) == 12


def test_tracked_files_are_scanned_although_ignored(tmp_path):
    make(tmp_path, {".gitignore": b"/vendor/\n*.log\n", "vendor/a/kept": b"k", "vendor/a/not": b"n", "vendor/b/not": b"n", "x.log": b"x", "y.log": b"y"})
    contents, skips, _ = scan(tmp_path, tracked=frozenset({b"vendor/a/kept", b"x.log", b".gitignore"}))
    assert set(contents) == {b".gitignore", b"vendor/a/kept", b"x.log"}
    assert Skip("excluded", b"vendor/b/", "ignored", "directory, not entered") in skips
    assert sum(skip.count for skip in skips) == 3


def test_the_rules_of_the_repository_hold_in_a_part_of_it_but_not_against_naming_it(tmp_path):
    make(tmp_path, {
        ".gitignore": b"*.log\n/build/\n/build/deep/\nsub/x\n", "build/a": b"a", "build/a.log": b"", "build/deep/b": b"b", "build/.gitignore": b"",
        "sub/x": b"x",
    })  # fmt: skip
    top = os.fsencode(tmp_path)
    contents, skips, _ = scan(tmp_path / "build", repo_root=top, prefix=b"build/")
    assert set(contents) == {b"build/a", b"build/.gitignore"}
    assert ("excluded", "ignored", b"build/deep/") in reasons(skips)
    assert scan(tmp_path / "sub", repo_root=top)[0] == {}
    assert scan(tmp_path / "sub")[0] == {b"x": b"x"}


def test_configured_exclusions_hold_for_tracked_files_and_count_from_the_reported_root(tmp_path):
    make(tmp_path, {"a.min.js": b"", "fixtures/x": b"x", "b.js": b"b"})
    contents, skips, _ = scan(tmp_path, exclude=(b"*.min.js", b"/web/fixtures/"), prefix=b"web/", tracked={b"a.min.js"})
    assert set(contents) == {b"web/b.js"}
    assert reasons(skips) == {("excluded", "excluded-by-config", b"web/a.min.js"), ("excluded", "excluded-by-config", b"web/fixtures/")}
    contents, skips, _ = scan(tmp_path, exclude=(b"web",), prefix=b"web/")
    assert contents == {}
    assert reasons(skips) == {("excluded", "excluded-by-config", b"web/")}


def test_a_repository_within_is_scanned_by_its_own_rules(tmp_path):
    make(tmp_path, {
        ".gitignore": b"*.txt\n", "nested/a.txt": b"a", "nested/.gitignore": b"b\n", "nested/b": b"b", "module/.git": b"gitdir: ../.git/modules/m\n",
        "module/c": b"c",
    })  # fmt: skip
    git(tmp_path / "nested", "init", "-q")
    make(tmp_path, {"nested/.git/info/exclude": b"private\n", "nested/private": b"p"})
    contents, _, coverage = scan(tmp_path)
    assert set(contents) == {b".gitignore", b"nested/a.txt", b"nested/.gitignore", b"module/c"}
    assert coverage.submodules == ["module", "nested"]


def test_an_ignore_file_that_is_a_link_or_a_directory_has_no_say(tmp_path):
    make(tmp_path, {"rules": b"*", "sub/.gitignore/x": b"x", "sub/y": b"y"})
    os.symlink("rules", tmp_path / ".gitignore")
    assert set(scan(tmp_path)[0]) == {b"rules", b"sub/.gitignore/x", b"sub/y"}


def test_files_over_the_limit_are_named_with_their_size(tmp_path):
    make(tmp_path, {"big": b"x" * 101, "fits": b"x" * 100})
    contents, skips, coverage = scan(tmp_path, max_file_size=100)
    assert set(contents) == {b"fits"}
    assert [(skip.kind, skip.reason, skip.where) for skip in skips] == [("excluded", "too-large", b"big")]
    assert "101" in skips[0].detail
    assert coverage.expected == {"files": 1, "bytes": 100}


def test_what_changes_between_planning_and_reading_is_a_skip(tmp_path):
    make(tmp_path, dict.fromkeys(("gone", "link", "pipe", "dir", "grown", "stays", "parent/file"), b"x"))
    source = source_of(tmp_path)
    units = list(source.units())
    for name in ("gone", "link", "pipe", "dir", "parent/file"):
        os.unlink(tmp_path / name)
    os.symlink("stays", tmp_path / "link")
    os.mkfifo(tmp_path / "pipe")
    os.mkdir(tmp_path / "dir")
    os.rmdir(tmp_path / "parent")
    make(tmp_path, {"parent": b"now a file", "grown": b"x" * (LIMIT + 1)})
    items = [item for unit in units for item in source.read(unit)]
    assert [item.provenance.path for item in items if isinstance(item, Chunk)] == [b"stays"]
    assert reasons(item for item in items if isinstance(item, Skip)) == {
        *(("failed", "vanished", name) for name in (b"gone", b"link", b"pipe", b"dir", b"parent/file")),
        ("excluded", "too-large", b"grown"),
    }


def test_a_directory_that_vanishes_during_the_walk_is_a_skip(tmp_path):
    make(tmp_path, {"a/x": b"x" * (3 << 20), "b/y": b"y"})
    source = source_of(tmp_path, max_file_size=1 << 30)
    planning = source.units()
    next(planning)
    os.rename(tmp_path / "b", tmp_path.parent / "moved")
    assert list(planning) == []
    assert reasons(source.coverage.skips) == {("failed", "vanished", b"b/")}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be able to become somebody else")
def test_what_may_not_be_read_is_a_failure(tmp_path):
    """Run as nobody in a child process, since permissions do not hold for root."""
    make(tmp_path, {"open": b"o", "locked": b"l", "dir/x": b"x"})
    os.chmod(tmp_path / "locked", 0)
    os.chmod(tmp_path / "dir", 0)
    for path in [tmp_path, *tmp_path.parents]:
        if path != path.parent and not path.stat().st_mode & 0o005:
            path.chmod(0o755)
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        answer = b"died"
        try:
            os.setuid(65534)
            contents, skips, _ = scan(tmp_path)
            answer = repr((sorted(contents), sorted(reasons(skips)))).encode()
            try:
                list(source_of(tmp_path / "dir").units())
            except SourceError as error:
                answer += str(error).encode()
        finally:
            os.write(sender, answer)
            os._exit(0)
    os.close(sender)
    os.waitpid(child, 0)
    with os.fdopen(receiver, "rb") as pipe:
        said = pipe.read().decode()
    assert said.startswith(repr(([b"open"], [("failed", "unreadable", b"dir/"), ("failed", "unreadable", b"locked")])))
    assert "permission denied" in said


class Writing:
    """Stands in for ``os`` and lets somebody write to the file between two reads of it."""

    def __init__(self, path, times):
        self.path, self.times = path, times

    def __getattr__(self, name):
        return getattr(os, name)

    def read(self, fd, size):
        data = os.read(fd, size)
        if self.times:
            self.times -= 1
            before = os.stat(self.path)
            with open(self.path, "ab") as file:
                file.write(b"+more")
            os.utime(self.path, ns=(before.st_atime_ns, before.st_mtime_ns + 1000))
        return data


@pytest.mark.parametrize(("writes", "complete"), [(1, True), (100, False)])
def test_a_file_written_to_while_it_is_read_is_read_again_once(tmp_path, monkeypatch, writes, complete):
    make(tmp_path, {"log": b"start"})
    source = source_of(tmp_path, max_file_size=200)
    (unit,) = source.units()
    monkeypatch.setattr(worktree_read, "os", Writing(tmp_path / "log", writes))
    chunk, *skips = source.read(unit)
    assert chunk.data.startswith(b"start+more")
    assert len(chunk.data) <= 200
    assert reasons(skips) == (set() if complete else {("failed", "changed-while-read", b"log")})


def test_a_file_that_grows_all_the_time_ends_at_the_limit(tmp_path):
    make(tmp_path, {"log": b"x" * 1000})
    source = source_of(tmp_path, max_file_size=1 << 16)
    (unit,) = source.units()
    stop = threading.Event()

    def append():
        with open(tmp_path / "log", "ab", buffering=0) as file:
            while not stop.wait(0.0001):
                file.write(b"y" * 5000)

    writer = threading.Thread(target=append)
    writer.start()
    try:
        for _ in range(100):
            for item in source.read(unit):
                assert isinstance(item, Skip) or len(item.data) <= 1 << 16
    finally:
        stop.set()
        writer.join()


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="no /proc")
def test_a_file_that_claims_to_be_empty_is_read_up_to_the_limit():
    contents, skips, _ = scan("/proc/self/status")
    assert b"VmRSS" in contents[b"status"]
    assert skips == []
    contents, skips, _ = scan("/proc/self/status", max_file_size=10)
    assert len(contents[b"status"]) == 10
    assert reasons(skips) == {("excluded", "too-large", b"status")}


def test_trees_deeper_than_one_path_can_say_are_read(tmp_path):
    """Built and taken down step by step: no single call can name its bottom."""
    root = tmp_path / "deep"
    root.mkdir()
    name = "d" * 200
    top = at = os.open(root, os.O_RDONLY)
    opened = [top]
    for level in range(60):
        os.mkdir(name, dir_fd=at)
        at = os.open(name, os.O_RDONLY, dir_fd=at)
        opened.append(at)
        for file, content in ((".gitignore", b"*.o\n"), ("x.o", b""), ("\udcff", b"level %d" % level)):
            fd = os.open(file, os.O_WRONLY | os.O_CREAT, dir_fd=at)
            os.write(fd, content)
            os.close(fd)
    try:
        contents, skips, _ = scan(root)
        bottom = b"/".join([os.fsencode(name)] * 60)
        assert contents[bottom + b"/\xff"] == b"level 59"
        assert len(contents) == 120
        assert [(skip.reason, skip.count) for skip in skips] == [("ignored", 60)]
    finally:
        for parent, below in reversed(list(itertools.pairwise(opened))):
            for file in os.listdir(below):
                if file != name:
                    os.unlink(file, dir_fd=below)
            os.rmdir(name, dir_fd=parent)
        for fd in opened:
            os.close(fd)
