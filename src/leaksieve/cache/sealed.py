"""Files that only this user's runs can have written: each carries a code made with a key kept beside it.

A file is its magic, an HMAC-SHA256 over its content, and the content.  The key of the code and
the file's name depend on what the file is for, so that a file moved to another name does not
verify.  A file is never changed in place: a new one takes its name when it is whole.
"""

from __future__ import annotations

import hmac
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from leaksieve.cache.place import UnusableError

MIB = 1 << 20
TOTAL = 256 * MIB
FILES = 4096
UNUSED_DAYS = 90

_MAGIC = b"LSCACHE1"
_HEAD = len(_MAGIC) + 32
_DAY = 86400.0
_KEY = b"key"
_LOCK = b"lock"
_TEMPORARY = b"tmp-"
_NAME_LENGTH = 40
# Runs hold the lock for some ten milliseconds; one that was stopped in the middle must not stop the others.
_PATIENCE = 2.0

_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Sealed:
    """The authenticated files of one private directory; owns the descriptor it is given.

    ``notes`` collects plain sentences for a debug log: files that were ignored, writes that failed.
    Raises UnusableError or OSError when no key can be read or made.
    """

    def __init__(self, directory: int) -> None:
        self.notes: list[str] = []
        self._directory = directory
        try:
            self._key = self._read_key() or self._make_key()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the directory; reading and writing fail from here on."""
        if self._directory >= 0:
            os.close(self._directory)
            self._directory = -1

    def read(self, purpose: tuple[bytes, ...], limit: int) -> bytes | None:
        """Return the content last written for ``purpose``, or None when there is none that verifies; ``limit`` in bytes."""
        name, key = self._derive(purpose)
        try:
            head, content = self._load(name, limit)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.notes.append(f"a cache file was not read: {error.strerror}")
            return None
        if not hmac.compare_digest(head, _MAGIC + hmac.digest(key, content, "sha256")):
            self.notes.append("a cache file did not verify and was ignored")
            return None
        return content

    def write(self, purpose: tuple[bytes, ...], content: bytes) -> None:
        """Put ``content`` in place of what was there, whole or not at all.  Raises OSError."""
        name, key = self._derive(purpose)
        self._replace(name, _MAGIC + hmac.digest(key, content, "sha256"), content)

    def forget(self, purpose: tuple[bytes, ...]) -> None:
        """Remove what was written for ``purpose``, if anything was."""
        self._remove(self._derive(purpose)[0])

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Keep other runs from writing meanwhile; False when that took too long or cannot be done.

        Without the lock nothing breaks: the later of two writers may undo what the earlier one added.
        """
        try:
            descriptor = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=self._directory)
        except OSError:
            yield False
            return
        try:
            yield _acquire(descriptor)
        finally:
            os.close(descriptor)

    def trim(self, total: int = TOTAL, files: int = FILES) -> None:
        """Remove what was not used for long, then the longest unused until ``total`` bytes and ``files`` hold.  Raises OSError."""
        now = time.time()
        found: list[tuple[float, int, bytes]] = []
        for entry in os.listdir(self._directory):
            name = os.fsencode(entry)
            if not (name.startswith(_TEMPORARY) or len(name) == _NAME_LENGTH):
                continue
            try:
                info = os.stat(name, dir_fd=self._directory, follow_symlinks=False)
            except FileNotFoundError:
                continue
            # A time far in the future comes from a wrong clock; such a file must not outlive all others.
            age = now - info.st_mtime if info.st_mtime < now + _DAY else UNUSED_DAYS * _DAY
            if age > UNUSED_DAYS * _DAY or (name.startswith(_TEMPORARY) and age > _DAY / 24):
                self._remove(name)
            else:
                found.append((age, info.st_size, name))
        found.sort()
        size = 0
        for number, (_, length, name) in enumerate(found):
            size += length
            if size > total or number >= files:
                self._remove(name)

    def _derive(self, purpose: tuple[bytes, ...]) -> tuple[bytes, bytes]:
        text = b"".join(len(part).to_bytes(4) + part for part in purpose)
        name = hmac.digest(self._key, b"name" + text, "sha256").hex()[:_NAME_LENGTH]
        return name.encode(), hmac.digest(self._key, b"code" + text, "sha256")

    def _load(self, name: bytes, limit: int) -> tuple[bytes, bytes]:
        """Return a file's head and its content of at most ``limit`` bytes; both empty, which never verifies, for what is no file of ours."""
        descriptor = os.open(name, _READ, dir_fd=self._directory)
        try:
            info = os.fstat(descriptor)
            if not stat.S_ISREG(info.st_mode) or info.st_uid != os.geteuid() or not _HEAD <= info.st_size <= _HEAD + limit:
                return b"", b""
            if time.time() - info.st_mtime > _DAY:
                with suppress(OSError):  # a read-only cache serves as well
                    os.utime(descriptor)
            return _read_all(descriptor, _HEAD), _read_all(descriptor, info.st_size - _HEAD)
        finally:
            os.close(descriptor)

    def _replace(self, name: bytes, *parts: bytes) -> None:
        temporary = _TEMPORARY + os.urandom(12).hex().encode()
        descriptor = os.open(temporary, _WRITE, 0o600, dir_fd=self._directory)
        try:
            try:
                for part in parts:
                    rest = memoryview(part)
                    while rest:
                        rest = rest[os.write(descriptor, rest) :]
            finally:
                os.close(descriptor)
            os.replace(temporary, name, src_dir_fd=self._directory, dst_dir_fd=self._directory)
        except BaseException:
            self._remove(temporary)
            raise

    def _remove(self, name: bytes) -> None:
        with suppress(OSError):  # another run removed it, or the next one will
            os.unlink(name, dir_fd=self._directory)

    def _read_key(self) -> bytes | None:
        """Read the key, or return None when there is none that was made here and kept private."""
        try:
            descriptor = os.open(_KEY, _READ, dir_fd=self._directory)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.notes.append(f"the cache's key was not read: {error.strerror}")
            return None
        try:
            info = os.fstat(descriptor)
            if stat.S_ISREG(info.st_mode) and info.st_uid == os.geteuid() and not info.st_mode & 0o077:
                key = os.read(descriptor, 33)
                if len(key) == 32:
                    return key
        finally:
            os.close(descriptor)
        self.notes.append("the cache's key did not hold; the cache starts anew")
        return None

    def _make_key(self) -> bytes:
        """Make a key; of several runs doing so at once all end up with the same one.  Raises UnusableError."""
        try:
            with self.lock():
                if (key := self._read_key()) is None:
                    self._replace(_KEY, os.urandom(32))
                    key = self._read_key()
        except OSError as error:
            raise UnusableError(f"the cache directory cannot be written: {error.strerror}") from error
        if key is None:
            raise UnusableError("the cache's key cannot be kept private on this file system")
        return key


def _acquire(descriptor: int) -> bool:
    import fcntl

    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        except OSError:  # a file system without locks
            return False
        else:
            return True


def _read_all(descriptor: int, size: int) -> bytes:
    data = os.read(descriptor, size)
    while len(data) < size:
        more = os.read(descriptor, size - len(data))
        if not more:
            break
        data += more
    return data
