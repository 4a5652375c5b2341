"""The manual pages say what the program says."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pages():
    # In a process of its own: click keeps with a command how it was asked for help first.
    code = "import json, runpy, sys; print(json.dumps(runpy.run_path(sys.argv[1])['pages']()))"
    done = subprocess.run([sys.executable, "-c", code, ROOT / "docs" / "make_man.py"], capture_output=True, check=True)
    return json.loads(done.stdout)


def test_the_pages_are_those_of_the_program(pages):
    written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "man").iterdir()}
    assert sorted(written) == sorted(pages), "run `make man`"
    assert written == pages, "run `make man`"


def test_no_line_is_taken_for_a_command_that_is_none(pages):
    known = (".TH ", ".SH ", ".PP", ".TP", ".B ", "\\&")
    for name, text in pages.items():
        for line in text.splitlines():
            assert line.startswith(known) or line[0] not in ".'", f"{name}: {line}"


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_pages_can_be_set(pages):
    text = pages["leaksieve-git.1"]
    done = subprocess.run(["groff", "-ww", "-man", "-Tutf8", "-P-c"], input=text.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    # Bold is written by striking a character twice.
    shown = re.sub(r".\x08|\x1b\[[0-9;]*m", "", done.stdout.decode())
    assert "--since-commit" in shown
    assert "EXIT STATUS" in shown
