"""Redaction of streams: made-up logs through ``leaksieve redact``, whole process, how long a lone line takes, and an editor's buffer.

The logs are made anew each time.  One is an access log without a candidate; one is JSON with several fields named like
credentials in every line, which hold none; one has a token in every thousandth line.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.session import Section, Session

RUNS = 5
ACCESS = 4000
JSON = 1000
LONE = 50
# Bytes of an editor's buffer, which is a module of this repository.
BUFFER = 16_000
_MB = 1_000_000


def access_line(chance: random.Random) -> str:
    """A line of a web server."""
    path = chance.choice(("/", "/static/app.js", "/img/logo.png", f"/items/{chance.randrange(99_999)}", f"/search?q=shoes&page={chance.randrange(99)}"))
    agent = chance.choice(("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36", "curl/8.4.0"))
    host = ".".join(str(chance.randrange(256)) for _ in range(4))
    when = f"12/Mar/2024:{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02} +0000"
    return f'{host} - - [{when}] "GET {path} HTTP/1.1" {chance.choice((200, 304, 404))} {chance.randrange(99_999)} "https://shop.example/" "{agent}"\n'


def json_line(chance: random.Random) -> str:
    """A line of a service, with names of credentials and no credential."""
    return (
        f'{{"ts": "2024-03-12T{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02}Z", "level": "info", "service": "gateway", '
        f'"msg": "request completed", "token_type": "bearer", "password_changed": {chance.choice(("true", "false"))}, "api_key_id": {chance.randrange(10**6)}, '
        f'"secret_count": {chance.randrange(9)}, "auth_method": "{chance.choice(("password", "sso", "token"))}", "user": "user{chance.randrange(10**5)}", '
        f'"duration_ms": {chance.randrange(5000)}, "path": "/api/v1/items/{chance.randrange(10**5)}"}}\n'
    )


def leaky_line(chance: random.Random) -> str:
    """An access log's line, at times with a token."""
    if chance.randrange(1000):
        return access_line(chance)
    token = "".join(chance.choice("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(24))
    return f"charged with {'sk_' + 'live_'}{token}\n"


def bench(session: Session) -> list[Section]:
    """Megabytes a second of each log, beside ``cat``, and milliseconds of a lone line."""
    folder, runs = session.folder("redact"), session.runs or RUNS
    rows, data = ["| log | MB | redact, MB/s (median) | best | cat \\| redact \\| cat, MB/s | command |", "|---|---|---|---|---|---|"], {}
    command = f"{os.path.basename(session.leaksieve.program)} redact < LOG > /dev/null"
    for name, line, size in (("access log", access_line, ACCESS), ("JSON, names of credentials", json_line, JSON), ("access log, leaks", leaky_line, JSON)):
        path = _log(os.path.join(folder, "log"), line, size)
        seconds = [_timed(session, path) for _ in range(runs)]
        piped = [_timed(session, path, piped=True) for _ in range(runs)]
        rate, best, through = (size / value for value in (statistics.median(seconds), min(seconds), statistics.median(piped)))
        rows.append(f"| {name} | {size} | {rate:.0f} | {best:.0f} | {through:.0f} | `{command}` |")
        data[name] = {"seconds": seconds, "piped": piped, "megabytes": size}
        os.unlink(path)
    lone = _lone(session)
    note = f"A lone line, from its write to its redacted whole, standard input open: median {statistics.median(lone) * 1000:.1f} ms, worst of {len(lone)} {max(lone) * 1000:.1f} ms."
    buffers = _buffers(session)
    start, clean, found = (statistics.median(buffers[name]) * 1000 for name in ("python", "clean", "finding"))
    editor = f"An editor's buffer of {BUFFER // 1000} kB through `leaksieve stdin --stdin-path NAME -f json`: {clean:.0f} ms without a finding, {found:.0f} ms with one; `python -c pass` took {start:.0f} ms beside it."
    return [Section("Redaction of streams", "\n".join(rows), {**data, "lone": lone, "buffers": buffers}, (note, editor))]


def _log(path: str, line: Callable[[random.Random], str], megabytes: int) -> str:
    chance = random.Random(5)
    part = "".join(line(chance) for _ in range(250_000)).encode()
    with open(path, "wb") as file:
        left = megabytes * _MB
        while left > 0:
            left -= file.write(part[:left])
    return path


def _timed(session: Session, path: str, *, piped: bool = False) -> float:
    began = time.perf_counter()
    if piped:
        call = ["sh", "-c", 'cat "$1" | "$2" redact | cat >/dev/null', "sh", path, session.leaksieve.program]
        subprocess.run(call, check=True, env=session.environment)
    else:
        with open(path, "rb") as log, open(os.devnull, "wb") as nowhere:
            subprocess.run([session.leaksieve.program, "redact"], stdin=log, stdout=nowhere, check=True, env=session.environment)
    return time.perf_counter() - began


def _lone(session: Session) -> list[float]:
    found = []
    with subprocess.Popen([session.leaksieve.program, "redact"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=session.environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(LONE + 1):
            began = time.perf_counter()
            os.write(process.stdin.fileno(), b"line %d, user bob, 200 OK\n" % number)
            process.stdout.readline()
            if number:
                found.append(time.perf_counter() - began)
            time.sleep(0.05)
        process.stdin.close()
    return found


def _buffers(session: Session) -> dict[str, list[float]]:
    with open(os.path.join(os.path.dirname(__file__), "..", "src", "leaksieve", "engine", "matcher.py"), "rb") as file:
        clean = file.read(BUFFER)
    scan = [session.leaksieve.program, "stdin", "--stdin-path", "matcher.py", "-f", "json"]
    leaky = clean + b"\n" + leaky_line(_Always()).encode()
    cases = {"python": ([sys.executable, "-c", "pass"], b"", 0), "clean": (scan, clean, 0), "finding": (scan, leaky, 1)}
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(LONE):
        for name, (command, text, code) in cases.items():
            began = time.perf_counter()
            done = subprocess.run(command, input=text, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=session.environment, check=False)
            found[name].append(time.perf_counter() - began)
            assert done.returncode == code, (name, done.returncode)
    return found


class _Always(random.Random):
    """Chance that always takes what is rare."""

    def randrange(self, *_: int) -> int:
        return 0
