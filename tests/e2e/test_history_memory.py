"""An object that takes more memory than there is costs itself, not the scan."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import packcraft as craft
from gitrepo import GitRepo
from planted import token

from leaksieve.cli.history import CHAIN_LIMIT
from leaksieve.config import Config
from leaksieve.engine.increment import Incremental
from leaksieve.gitobjects.repository import discover
from leaksieve.history_run import HistoryRun, Settings
from leaksieve.ruleset.load import load
from leaksieve.sources.history import HistorySource

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("error", [MemoryError, SystemError])
def test_an_object_too_large_for_memory_is_one_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    repo = GitRepo(tmp_path / "repo", "--template=")
    large = craft.whole("blob", b"too large\n")
    craft.write_pack(repo.top / ".git/objects", [large, craft.whole("blob", f"key = {token(470)}\n".encode())])
    repo.add("loose.env", f"key = {token(471)}\n")
    repo.add("large.txt", "too large, loose\n")
    scan = Incremental.scan

    def short(self: Incremental, data: bytes) -> Any:
        if data.startswith(b"too large"):
            raise error
        return scan(self, data)

    monkeypatch.setattr(Incremental, "scan", short)
    source = HistorySource(discover(repo.path), requested="repo", max_file_size=1 << 20, chain_limit=CHAIN_LIMIT)
    run = HistoryRun(source, load(), Config(reveal=True), Settings(1, spawn=False, attribution=False, names=True, hashes=False))
    located = run.run()
    assert {each.secret.reveal() for each in located} == {token(470).encode(), token(471).encode()}
    failed = {skip.where for skip in source.coverage.skips if skip.kind == "failed" and skip.reason == "out-of-memory"}
    assert failed == {large.oid.hex().encode(), repo("hash-object", "large.txt").strip()}
    assert source.coverage.scanned["blobs"] == 2
