"""What cached answers are bound to: the scan's settings, and the very files that were read.

A repository may be hostile, and the ids and checksums in its files are what its maker wrote there.
So an answer is tied to the file on this machine that gave it: the kernel's change time and the
inode cannot be chosen by whoever packed an archive, and a pack that merely claims another one's
checksum is a stranger.
"""

from __future__ import annotations

import os
from hashlib import sha256

from leaksieve import __version__
from leaksieve.config import Config

RECORD = 16
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)

# Settings that cannot change what survives in an object.  A key that is not named here counts,
# so one that is forgotten costs a scan, not a finding.
_WITHOUT_EFFECT = frozenset({
    *("engine", "jobs", "timeout"),  # how the same is done
    *("enable", "disable", "rules", "rules_lock"),  # in the ruleset's hash
    *("confidence", "severity", "fail_on", "allow", "inline_allow", "require_reason", "exclude", "gitignore", "project", "dedupe", "reveal"),  # applied to what survived
    *("require_complete", "allow_incomplete", "exit_zero"),  # the verdict on the run
    "verify",  # asked after the scan
    *("extends", "directory"),  # where the others came from
})  # fmt: skip


def signature(ruleset_hash: str, config: Config, extra: bytes = b"") -> bytes:
    """Return 32 bytes that differ whenever another scan could find something else in an object than this one did.

    That is the engine's complete answer for the object alone: before any allow, exclusion by path, or
    threshold.  ``extra`` is whatever else decides (names scanned or not, versions of decoders).
    """
    settings = [(key, value) for key, value in zip(Config._fields, config, strict=True) if key not in _WITHOUT_EFFECT]
    return sha256(repr((__version__, ruleset_hash, settings, extra)).encode()).digest()


def pack_identity(pack: bytes | int, index: bytes | int) -> bytes:
    """Return 32 bytes that stand for one pack with its index, as they lie on this disk; paths or open descriptors.

    Take it before the pack is read.  Copies, clones and repacked ones are other packs.  Raises OSError.
    """
    digest = sha256()
    for file in (pack, index):
        descriptor = file if isinstance(file, int) else os.open(file, _FLAGS)
        try:
            info = os.fstat(descriptor)
            # The two or more checksums a file ends with; an index names its pack's.
            tail = os.pread(descriptor, 64, max(0, info.st_size - 64))
        finally:
            if descriptor != file:
                os.close(descriptor)
        # Git renews the times of a pack whenever it meets an object again, so one's own is known by its index.
        # Another user could change the pack in place and leave the index alone.
        renewed = file is pack and info.st_uid == os.geteuid()
        digest.update(repr((info.st_ino, info.st_size, None if renewed else (info.st_mtime_ns, info.st_ctime_ns))).encode())
        digest.update(tail)
    return digest.digest()


def loose_record(oid: bytes, info: os.stat_result) -> bytes:
    """Return 16 bytes that stand for a loose object as it lies on this disk; ``info`` is its file's."""
    return sha256(oid + repr((info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)).encode()).digest()[:RECORD]
