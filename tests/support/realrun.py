"""Runs the real program on a repository, within limits, and reads its JSON."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

SRC = Path(__file__).parents[2] / "src"
MEGABYTE = 1 << 20
TIMEOUT = 60.0


class HungError(AssertionError):
    """The program did not end in time."""


class Run(NamedTuple):
    """What a run left behind.  ``peak`` is the largest resident set of any of its processes, in bytes; ``seconds`` is wall time."""

    code: int
    out: bytes
    err: str
    peak: int
    seconds: float

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report."""
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed

    @property
    def secrets(self) -> dict[str, dict[str, Any]]:
        """Revealed secret -> finding, of every rule."""
        return {finding["secret"]: finding for finding in self.report["findings"]}

    @property
    def source(self) -> dict[str, Any]:
        """The receipt of the only source."""
        (only,) = self.report["coverage"]["sources"]
        return dict(only)

    @property
    def failed(self) -> list[dict[str, Any]]:
        """The receipt's failed skips."""
        return [skip for source in self.report["coverage"]["sources"] for skip in source["skipped"] if skip["class"] == "failed"]

    def __repr__(self) -> str:
        return f"exit {self.code} in {self.seconds:.2f} s, {self.peak >> 20} MB\nstdout: {self.out[:3000]!r}\nstderr: {self.err[:3000]}"


def environment(home: Path) -> dict[str, str]:
    """What the program sees of the world: a path, an empty home, no git configuration."""
    known = {name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_START", "TMPDIR") if name in os.environ}
    return {**known, "HOME": str(home), "PYTHONPATH": str(SRC), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "LC_ALL": "C.UTF-8"}


def leaksieve(*arguments: str, cwd: Path, megabytes: int | None = None, timeout: float = TIMEOUT, env: Mapping[str, str] = {}) -> Run:
    """Run the program in ``cwd``; ``megabytes`` limits the writable memory of each of its processes.  Raises HungError after ``timeout`` seconds."""

    def limit() -> None:
        if megabytes is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (megabytes * MEGABYTE,) * 2)

    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "leaksieve", *arguments],
            cwd=cwd,
            env={**environment(Path(home)), **env},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            preexec_fn=limit,  # noqa: PLW1509  the tests' process has no threads of its own
        )
        try:
            status, peak = _wait(process, began + timeout)
        finally:
            # Workers must not outlive a run that hangs; a group that is gone already is fine.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        out.seek(0)
        err.seek(0)
        return Run(status, out.read(), err.read().decode(errors="replace"), peak, time.perf_counter() - began)


def _wait(process: subprocess.Popen[bytes], until: float) -> tuple[int, int]:
    """(Exit code, peak resident bytes); waits with wait4, since only it tells the peak of this one run."""
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            unit = 1 if sys.platform == "darwin" else 1024
            return process.returncode, usage.ru_maxrss * unit
        if time.perf_counter() > until:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise HungError(f"{process.args!r} did not end in time")
        time.sleep(0.005)


def history(repo: Path, *options: str, cwd: Path | None = None, megabytes: int | None = None, timeout: float = TIMEOUT) -> Run:
    """``leaksieve git REPO`` with secrets revealed, as JSON."""
    return leaksieve("git", str(repo), "-f", "json", "--reveal", *options, cwd=cwd or repo.parent, megabytes=megabytes, timeout=timeout)
