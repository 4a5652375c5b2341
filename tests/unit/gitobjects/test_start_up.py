"""A staged scan starts in milliseconds: what its reader imports is part of the promise."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"dataclasses", "re", "hashlib", "subprocess", "platformdirs", "pygit2", "json", "logging", "inspect", "pathlib", "tempfile"}
PROBE = """
import sys, typing, leaksieve.model
before = set(sys.modules)
import leaksieve.sources.index, leaksieve.gitobjects.repository, leaksieve.gitobjects.roots
print(*sorted(set(sys.modules) - before))
"""


def test_the_reader_imports_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "leaksieve.gitobjects.index" in loaded
    assert not loaded & HEAVY


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are not limited there")
def test_more_small_packs_than_descriptors(tmp_path: object) -> None:
    """Pack indexes are read, not kept open, when they are small."""
    import resource
    from pathlib import Path

    from leaksieve.gitobjects.files import map_regular

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    file = Path(str(tmp_path)) / "small"
    file.write_bytes(b"x" * 1000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        kept = [map_regular(bytes(file)) for _ in range(100)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(kept) == 100
