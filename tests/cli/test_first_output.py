"""Somebody at a terminal sees at once that something is going on, and nothing of it afterwards."""

import os
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of POSIX")


def at_a_terminal(place, *args):
    """Run the program at a terminal of its own; return all that was written there."""
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        try:
            os.chdir(place.path)
            os.execvpe(sys.executable, place.command(*args), place.env | {"TERM": "xterm"})
        finally:
            os._exit(127)
    seen = []
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        seen.append(data)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return b"".join(seen).decode()


def test_a_scan_of_a_history_says_something_before_it_begins(repo):
    seen = at_a_terminal(repo, "git")
    first, _, rest = seen.partition("reading ...")
    assert first.strip("\r") == ""
    assert rest.startswith("\r" + " " * len("reading ...") + "\r"), "it is wiped before the report"
    assert "No secrets found" in rest


def test_the_gate_on_a_commit_keeps_quiet(repo):
    repo.write("a.py", "x = 1\n")
    repo.git("add", "a.py")
    assert "reading" not in at_a_terminal(repo, "git", "--staged")


def test_nothing_of_it_where_nobody_looks(repo):
    done = repo.run("git")
    assert "reading" not in done.out + done.err
