"""A directory or one file on disk: planned by a walk in the parent, read in the workers.

The walk never follows a symbolic link, never enters ``.git`` and opens no file but ignore files
and those over the size limit (which may be archives: of these only members are bound to it).
What it leaves out it leaves out by a rule that the receipt names:

===================== ======== ==============================================================
reason                class    what
===================== ======== ==============================================================
ignored               excluded by git's ignore rules (a directory counts once, and is named)
ignored-secrets-file  excluded likewise, but its name promises secrets; each one is named
excluded-by-config    excluded by a pattern of the configuration, tracked or not
symlink               excluded a link to anything but a file that is in the tree anyway
special-file          excluded pipe, socket, device
too-large             excluded over the size limit, and no archive
unreadable            failed   no permission, or the disk said no
vanished              failed   there when listed, gone or something else when read
changed-while-read    failed   written to while it was read, twice
path-too-long         failed   deeper than the system can open
===================== ======== ==============================================================
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from stat import S_ISDIR, S_ISREG
from typing import Final, NamedTuple, Protocol

from leaksieve.coverage import SourceCoverage
from leaksieve.errors import SourceError
from leaksieve.model import Chunk, Skip
from leaksieve.sources.base import Unit
from leaksieve.sources.ignore import IgnoreList, Scope, read_ignore_file
from leaksieve.sources.worktree_names import looks_like_secrets
from leaksieve.sources.worktree_read import DIRECTORY_FLAGS, FILE_FLAGS, ONE_CALL, is_archive, open_below, read_files, too_large

# A unit holds about this much: enough to make its way between processes worth it, little enough to share the work evenly.
_UNIT_FILES: Final = 64
_UNIT_BYTES: Final = 2 * 1024 * 1024
# Nothing sane nests deeper, and each further level costs more to reach.
_LONGEST_PATH: Final = 64 * 1024
_NAME_MAX: Final = 256


class _Entry(Protocol):
    """The part of ``os.DirEntry`` a walk needs."""

    def is_dir(self, *, follow_symlinks: bool = True) -> bool: ...
    def is_file(self, *, follow_symlinks: bool = True) -> bool: ...
    def is_symlink(self) -> bool: ...
    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result: ...


class _Directory(NamedTuple):
    """A directory still to be walked.

    ``path`` counts from the target, ``rules_path`` from where the ignore rules do (the repository
    it lies in); ``lost`` is true inside an ignored directory, entered for its tracked files alone.
    """

    path: bytes
    rules_path: bytes
    scope: Scope
    lost: bool


class WorktreeSource:
    """One directory, or one single file.

    ``root`` is the path to scan (if it is a link itself, it is followed) and ``requested`` how the
    user wrote it.  ``max_file_size`` is in bytes.  With ``gitignore``, ignored files are left out
    unless ``tracked`` (paths relative to ``root``; ``None``: nothing is known to be tracked) holds
    them; the rules of ``repo_root`` down to ``root`` count too, and those of ``info_exclude`` (the
    path of that file).  A target named by the user is scanned even if it is ignored itself.

    ``exclude`` holds patterns in the syntax of ignore files.  They count from where the reported
    paths do, and also for a file named by the user.  ``prefix`` (empty or ending in ``/``) is put
    before every reported path; a single file is reported as prefix and base name.
    """

    def __init__(
        self,
        root: bytes,
        *,
        requested: str,
        max_file_size: int,
        gitignore: bool = True,
        tracked: Collection[bytes] | None = None,
        repo_root: bytes | None = None,
        info_exclude: bytes | None = None,
        exclude: tuple[bytes, ...] = (),
        prefix: bytes = b"",
    ) -> None:
        self.coverage = SourceCoverage("file", requested, os.fsdecode(root).encode("utf-8", "backslashreplace").decode())
        # Workers may have another working directory.
        self._root = os.path.join(os.getcwdb(), root) if not os.path.isabs(root) else root
        self._limit = max_file_size
        self._gitignore = gitignore
        self._tracked = tracked if isinstance(tracked, set | frozenset) else frozenset(tracked or ())
        self._tracked_directories: set[bytes] | None = None
        self._repo_root = repo_root
        self._info_exclude = info_exclude
        self._exclude = Scope.root(IgnoreList(b"\n".join(exclude)))
        self._prefix = prefix
        self._real_root = b""
        self._ignored_files = 0

    def units(self) -> Iterator[Unit]:
        """Plan in path order.  Raises SourceError when the target is missing, unreadable or no file or directory."""
        try:
            status = os.stat(self._root)
            if S_ISDIR(status.st_mode):
                with os.scandir(self._root):
                    pass
        except OSError as error:
            raise SourceError((error.strerror or str(error)).lower(), where=self.coverage.requested, hint="nothing of it was scanned") from error
        if S_ISDIR(status.st_mode):
            yield from self._tree()
        elif S_ISREG(status.st_mode):
            yield from self._single(status.st_size)
        else:
            raise SourceError("not a regular file or directory", where=self.coverage.requested, hint="pipe its content into `leaksieve stdin`")

    def read(self, unit: Unit) -> Iterator[Chunk | Skip]:
        """Read the files of one unit; each yields a chunk (empty files too), a skip, or a chunk and what is wrong with it."""
        return read_files(unit, self._limit, self._prefix)

    def _single(self, size: int) -> Iterator[Unit]:
        name = os.path.basename(self._root.rstrip(b"/"))
        where = self._prefix + name
        directory = self._prefix.rstrip(b"/")
        if self._prefix_excluded() or self._exclude.enter(directory).ignores_file(name):
            self._skip_configured(where)
        elif size > self._limit and not self._is_archive(b"", b"", -1):
            self.coverage.skip(too_large(where, size, self._limit))
        else:
            self._expect(1, size)
            # Its own links are followed, once and for all; what it is called does not change by that.
            yield ("file", os.path.realpath(self._root), name, size)

    def _tree(self) -> Iterator[Unit]:
        if self._prefix_excluded():
            self._skip_configured(self._prefix)
            return
        batch: list[tuple[bytes, int, int]] = []
        total = 0
        try:
            for entry in self._files():
                size = entry[1]
                if size >= _UNIT_BYTES:
                    self._expect(1, size)
                    yield ("files", self._root, (entry,))
                    continue
                batch.append(entry)
                total += size
                if len(batch) >= _UNIT_FILES or total >= _UNIT_BYTES:
                    self._expect(len(batch), total)
                    yield ("files", self._root, tuple(batch))
                    batch = []
                    total = 0
            if batch:
                self._expect(len(batch), total)
                yield ("files", self._root, tuple(batch))
        finally:
            # Also when planning was broken off: what is known by then belongs on the receipt.
            if self._ignored_files:
                self.coverage.skip(Skip("excluded", self._prefix, "ignored", "single files, by git's ignore rules", self._ignored_files))
                self._ignored_files = 0

    def _files(self) -> Iterator[tuple[bytes, int, int]]:
        """Walk the tree; yield path, size and time of the last change (nanoseconds) of every file to read, record everything else."""
        skip = self.coverage.skip
        prefix, limit, tracked = self._prefix, self._limit, self._tracked
        pending = [self._start()]
        while pending:
            here = pending.pop()
            fd = -1
            try:
                listing, fd = self._list(here.path)
                here = self._with_rules(here, listing, fd)
                path, rules_path, scope, lost = here
                before = path + b"/" if path else b""
                below = rules_path + b"/" if rules_path else b""
                exclude = self._exclude.enter((prefix + path).rstrip(b"/"))
                excluded = exclude.suspects(listing.keys())
                suspects = listing.keys() if lost else scope.suspects(listing.keys())
                directories = []
                for name in sorted(listing):
                    entry = listing[name]
                    inner = before + name
                    try:
                        if entry.is_dir(follow_symlinks=False):
                            if name in excluded and exclude.ignores_directory(name):
                                self._skip_configured(prefix + inner + b"/")
                            elif name not in suspects:
                                directories.append(_Directory(inner, below + name, scope, lost=False))
                            else:
                                gone = lost or scope.ignores_directory(name)
                                if gone and not self._holds_tracked(inner):
                                    skip(Skip("excluded", prefix + inner + b"/", "ignored", "directory, not entered"))
                                else:
                                    directories.append(_Directory(inner, below + name, scope, gone))
                            continue
                        if name in excluded and exclude.ignores_file(name):
                            self._skip_configured(prefix + inner)
                        elif name in suspects and (lost or scope.ignores_file(name)) and inner not in tracked:
                            self._skip_ignored(name, inner)
                        elif entry.is_file(follow_symlinks=False):
                            status = entry.stat(follow_symlinks=False)
                            if status.st_size > limit and not self._is_archive(path, name, fd):
                                skip(too_large(prefix + inner, status.st_size, limit))
                            else:
                                yield inner, status.st_size, status.st_mtime_ns
                        elif entry.is_symlink():
                            self._skip_link(inner)
                        else:
                            skip(Skip("excluded", prefix + inner, "special-file", "pipe, socket or device"))
                    except FileNotFoundError:
                        skip(Skip("failed", prefix + inner, "vanished", "gone while its directory was listed"))
                    except OSError as error:
                        skip(Skip("failed", prefix + inner, "unreadable", error.strerror or str(error)))
                directories.reverse()
                pending += directories
            except FileNotFoundError:
                skip(Skip("failed", prefix + here.path + b"/", "vanished", "directory gone before it was listed"))
            except _TooDeepError:
                skip(Skip("failed", prefix + here.path[:_NAME_MAX] + b"...", "path-too-long", f"a directory path of {len(here.path)} bytes"))
            except OSError as error:
                skip(Skip("failed", prefix + here.path + b"/", "unreadable", error.strerror or str(error)))
            finally:
                if fd >= 0:
                    os.close(fd)

    def _list(self, path: bytes) -> tuple[dict[bytes, _Entry], int]:
        """Return a directory's entries by name, and the descriptor they depend on (or -1)."""
        absolute = self._root + b"/" + path if path else self._root
        if len(absolute) + _NAME_MAX < ONE_CALL:
            with os.scandir(absolute) as found:
                return {entry.name: entry for entry in found}, -1
        if len(path) > _LONGEST_PATH:
            raise _TooDeepError
        fd = open_below(self._root, path, DIRECTORY_FLAGS)
        try:
            with os.scandir(fd) as deep:
                return {os.fsencode(entry.name): entry for entry in deep}, fd
        except OSError:
            os.close(fd)
            raise

    def _start(self) -> _Directory:
        """Return the root with the rules that come from above it."""
        scope = Scope.root()
        rules_path = b""
        if self._gitignore:
            if self._info_exclude:
                scope = Scope.root(read_ignore_file(self._info_exclude, follow=True))
            if self._repo_root is not None:
                top = os.path.realpath(self._repo_root)
                real = os.path.realpath(self._root)
                if real.startswith(top.rstrip(b"/") + b"/"):
                    rules_path = real[len(top.rstrip(b"/")) + 1 :]
                    at = b""
                    for component in rules_path.split(b"/"):
                        scope = scope.enter(at, read_ignore_file(os.path.join(top, at, b".gitignore")))
                        at = at + b"/" + component if at else component
        return _Directory(b"", rules_path, scope, lost=False)

    def _with_rules(self, here: _Directory, listing: dict[bytes, _Entry], fd: int) -> _Directory:
        """Take ``.git`` out of a listing and put the directory's own ignore file in force."""
        path, rules_path, scope, lost = here
        absolute = self._root + b"/" + path if path else self._root
        git = listing.pop(b".git", None)
        if git is not None and path and (git.is_file(follow_symlinks=False) or (fd < 0 and os.path.lexists(absolute + b"/.git/HEAD"))):
            self.coverage.submodules.append((self._prefix + path).decode("utf-8", "backslashreplace"))
            # A repository of its own: the rules of the one around it say nothing about its files.
            rules_path, lost = b"", False
            scope = Scope.root(read_ignore_file(absolute + b"/.git/info/exclude") if self._gitignore and fd < 0 else None)
        own = None
        if self._gitignore and not lost and b".gitignore" in listing:
            own = read_ignore_file(absolute + b"/.gitignore") if fd < 0 else read_ignore_file(b".gitignore", dir_fd=fd)
        return _Directory(path, rules_path, scope if lost else scope.enter(rules_path, own), lost)

    def _holds_tracked(self, directory: bytes) -> bool:
        if self._tracked_directories is None:
            known: set[bytes] = set()
            for path in self._tracked:
                # The path itself too: a tracked submodule is a directory.
                while path and path not in known:
                    known.add(path)
                    path = path.rpartition(b"/")[0]
            self._tracked_directories = known
        return directory in self._tracked_directories

    def _prefix_excluded(self) -> bool:
        at = b""
        for component in self._prefix.rstrip(b"/").split(b"/"):
            if component and self._exclude.enter(at).ignores_directory(component):
                return True
            at = at + b"/" + component if at else component
        return False

    def _skip_configured(self, where: bytes) -> None:
        self.coverage.skip(Skip("excluded", where, "excluded-by-config", "a pattern of the configuration"))

    def _skip_ignored(self, name: bytes, path: bytes) -> None:
        if looks_like_secrets(name):
            self.coverage.skip(Skip("excluded", self._prefix + path, "ignored-secrets-file", "ignored by git, but its name promises secrets"))
        else:
            self._ignored_files += 1

    def _skip_link(self, path: bytes) -> None:
        """Record a link, unless it points to a file that the walk meets anyway."""
        self._real_root = self._real_root or os.path.realpath(self._root).rstrip(b"/") + b"/"
        target = os.path.realpath(self._root + b"/" + path)
        what = "points to nothing"
        try:
            status = os.stat(target)
        except OSError:
            pass
        else:
            what = "points to a directory"
            if S_ISREG(status.st_mode):
                what = "points outside what is scanned"
                if target.startswith(self._real_root) and b".git" not in target[len(self._real_root) :].split(b"/"):
                    return
        self.coverage.skip(Skip("excluded", self._prefix + path, "symlink", f"not followed: {what}"))

    def _is_archive(self, directory: bytes, name: bytes, fd: int) -> bool:
        """Whether a file over the limit is an archive: of that only members are bound to it."""
        where = name if fd >= 0 else b"/".join(part for part in (self._root, directory, name) if part)
        try:
            opened = os.open(where, FILE_FLAGS if name else FILE_FLAGS & ~getattr(os, "O_NOFOLLOW", 0), dir_fd=fd if fd >= 0 else None)
        except OSError:
            return False
        try:
            return is_archive(opened)
        except OSError:
            return False
        finally:
            os.close(opened)

    def _expect(self, files: int, size: int) -> None:
        self.coverage.expect("files", files)
        self.coverage.expect("bytes", size)


class _TooDeepError(Exception):
    """A path longer than the walk is ready to follow."""
