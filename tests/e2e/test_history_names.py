"""A secret used as a name of a file, a folder, a branch or a tag stands in no field of any report."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from gitrepo import GitRepo
from planted import token
from realrun import leaksieve

pytestmark = pytest.mark.e2e


def test_names_are_masked_everywhere_unless_revealed(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    names = [token(700 + number) for number in range(4)]
    repo.write(f"{names[0]}.txt", b"nothing\n")
    repo.write(f"{names[1]}/inside.env", f"t = {token(710)}\n".encode())
    top = tmp_path / "repo"
    repo("add", ".")
    repo("commit", "-qm", "names")
    repo("branch", f"leak/{names[2]}")
    repo("tag", names[3])
    for form in ("text", "json", "jsonl", "sarif"):
        plain = leaksieve("git", ".", "-f", form, "--no-cache", "-vv", cwd=top)
        assert plain.code == 1, plain
        for name in names:
            assert name.encode() not in plain.out, (form, name)
            assert name not in plain.err, (form, name)
    told = leaksieve("git", ".", "-f", "json", "--no-cache", "--reveal", cwd=top)
    for name in names:
        assert name.encode() in told.out
