"""The scanners compared: where they are, which version, and how each is called."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from glob import escape, glob
from typing import NamedTuple

from benchmarks.measure import Command

LEAKSIEVE = "leaksieve"
PEERS = ("betterleaks", "kingfisher", "detect-secrets")
# Betterleaks says 1 for findings and for errors alike unless told another code for findings.
BETTERLEAKS_FOUND = 10
BETTERLEAKS = ("--no-banner", "--log-level=error", f"--exit-code={BETTERLEAKS_FOUND}")
KINGFISHER_QUIET = ("--no-validate", "--no-update-check")
KINGFISHER = (*KINGFISHER_QUIET, "--git-history", "none")
# What a scanner needs of the environment; everything else would be one machine's habit.
KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class Tool(NamedTuple):
    """One scanner; ``hook`` is its program for staged files where that is another one."""

    name: str
    program: str
    version: str
    hook: str = ""

    def staged(self, repository: str, files: list[str]) -> Command:
        """The call for what is staged in a repository."""
        if self.name == "betterleaks":
            return self._command(self.program, ["git", "--staged", *BETTERLEAKS, "."], repository, BETTERLEAKS_FOUND)
        if self.name == "kingfisher":
            return self._command(self.program, ["scan", ".", "--staged", *KINGFISHER], repository, 200)
        if self.name == "detect-secrets":
            return self._command(self.hook, ["--no-verify", *files], repository, 1)
        return self._command(self.program, ["git", "--staged"], repository, 1)

    def tree(self, folder: str, *options: str) -> Command:
        """The call for a folder of files; ``options`` go to leaksieve."""
        if self.name == "betterleaks":
            return self._command(self.program, ["fs", *BETTERLEAKS, "."], folder, BETTERLEAKS_FOUND)
        if self.name == "kingfisher":
            return self._command(self.program, ["scan", ".", *KINGFISHER], folder, 200)
        if self.name == "detect-secrets":
            # It exits 0 whether or not it found something.
            return self._command(self.program, ["scan", "--all-files", "--no-verify", "."], folder)
        return self._command(self.program, ["dir", ".", *options], folder, 1)

    def history(self, repository: str, *options: str) -> Command:
        """The call for all that a clone has ever held, with further options."""
        if self.name == "betterleaks":
            return self._command(self.program, ["git", *BETTERLEAKS, *options, "."], repository, BETTERLEAKS_FOUND)
        if self.name == "kingfisher":
            return self._command(self.program, ["scan", ".", *KINGFISHER_QUIET, "--git-history", "full", *options], repository, 200)
        # Without a cache: every round does the whole work.
        return self._command(self.program, ["git", ".", "--no-cache", "-f", "json", *options], repository, 1)

    def rescan(self, repository: str, *options: str) -> Command:
        """Leaksieve's call that keeps, and uses, what it found out about a repository."""
        return self._command(self.program, ["git", ".", "--cache", "-f", "json", *options], repository, 1)

    def _command(self, program: str, arguments: list[str], cwd: str, *found: int) -> Command:
        shown = " ".join((os.path.basename(program), *arguments))
        return Command(self.name, (program, *arguments), cwd, shown, found=frozenset(found))


class NoTool(Exception):  # noqa: N818  it names what is missing
    """A scanner that is not installed."""


def find(name: str) -> Tool:
    """The scanner of this name; NoTool says what to do where it is not found."""
    variable = "LEAKSIEVE_BENCH_" + name.upper().replace("-", "_")
    given = os.environ.get(variable)
    beside = os.path.join(os.path.dirname(sys.executable), name) if name == LEAKSIEVE else ""
    program = given or (beside if os.access(beside, os.X_OK) else None) or shutil.which(name)
    if not program or not os.access(program, os.X_OK):
        raise NoTool(f"{name} is not installed" if not given else f"{variable}: {given} is not a program")
    program = os.path.abspath(program)
    if name == "detect-secrets":
        hook = os.path.join(os.path.dirname(program), "detect-secrets-hook")
        if not os.access(hook, os.X_OK):
            raise NoTool(f"detect-secrets-hook is not beside {program}")
        return Tool(name, program, version_of(program), hook)
    if name != LEAKSIEVE:
        program = binary_behind(program, name)
    return Tool(name, program, version_of(program))


def binary_behind(script: str, package: str) -> str:
    """The program itself where ``script`` is a Python wheel's wrapper around it: starting Python is not what is measured."""
    environment = os.path.dirname(os.path.dirname(os.path.realpath(script)))
    for path in sorted(glob(os.path.join(escape(environment), "lib", "python*", "site-packages", package, "bin", package))):
        if os.access(path, os.X_OK):
            return path
    return script


def version_of(program: str) -> str:
    """What the program says of its version, on one line."""
    for arguments in (["--version"], ["version"]):
        done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
        words = done.stdout.split()
        if done.returncode == 0 and words:
            return words[-1]
    return "unknown"


def environment(home: str) -> dict[str, str]:
    """What every command runs with: an empty home (its caches last for the session), no git configuration, bytecode allowed."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "HOME": home, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_TERMINAL_PROMPT": "0"}


_UNCOMPILED = """
import importlib, importlib.util, os, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
import leaksieve.cli.main, leaksieve.cli.gate, leaksieve.cli.execute, leaksieve.pipeline, click, ahocorasick, regex
for name, module in sorted(sys.modules.items()):
    path = getattr(module, "__file__", None) or ""
    if path.endswith(".py") and name != "__main__" and not os.path.exists(importlib.util.cache_from_source(path)):
        print(name)
"""


def uncompiled(tool: Tool, environment: Mapping[str, str], *more: str) -> list[str]:
    """Modules that a scan imports, and these with theirs, that have no bytecode beside them (read-only installations): each costs its compilation at every start."""
    python = interpreter(tool)
    if python is None:
        return []
    done = subprocess.run([python, "-c", _UNCOMPILED, *more], capture_output=True, text=True, env=dict(environment), check=False)
    return done.stdout.split() if done.returncode == 0 else [f"(cannot be told: {done.stderr.strip().splitlines()[-1:]})"]


def interpreter(tool: Tool) -> str | None:
    """The Python a tool's script runs with; None where it is no such script."""
    with open(tool.program, "rb") as file:
        first = file.readline()
    if not first.startswith(b"#!") or b"python" not in first:
        return None
    return os.fsdecode(first[2:].strip()).split()[0]
