"""A tree whose `.git` leads to somebody else's repository is scanned as plain files, and that is said."""

from __future__ import annotations

import subprocess
import sys

from leaksieve import scan
from leaksieve.ruleset.template import expand

TOKEN = expand("ghp_<crc32-github:30>", 9)


def test_it_is_said_and_the_files_are_scanned(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path / "victim")], check=True)
    tree = tmp_path / "evil"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {tmp_path / 'victim' / '.git'}\n")
    (tree / "a.env").write_bytes(b"key = " + TOKEN)
    done = subprocess.run([sys.executable, "-m", "leaksieve", "dir", "."], cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "scanned without its repository" in done.stderr
    report = scan(tree)
    assert [finding.rule_id for finding in report.findings] == ["github-classic-token"]
    assert any("scanned without its repository" in note for note in report.coverage.notes)
