"""``leaksieve redact`` from the command line: streams that stay open, pipes that break, much data, and what the exit code says."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest
from tests.support import leaks

MARK = re.compile(rb"\[REDACTED:[a-z0-9-]+:[0-9a-f]{8}\]")
COMMAND = (sys.executable, "-m", "leaksieve", "redact")


def run(data: bytes, *args: str, key: str | None = None, check: int | None = 0) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([*COMMAND, *args], input=data, capture_output=True, env=environment(key), check=False, timeout=120)
    if check is not None:
        assert done.returncode == check, done.stderr
    return done


def environment(key: str | None = None) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name != "LEAKSIEVE_KEY"}
    return env if key is None else {**env, "LEAKSIEVE_KEY": key}


def read_until(descriptor: int, end: bytes, seconds: float = 60.0) -> bytes:
    data, deadline = b"", time.monotonic() + seconds
    while not data.endswith(end):
        ready, _, _ = select.select([descriptor], [], [], max(deadline - time.monotonic(), 0))
        assert ready, f"nothing came; so far {data!r}"
        piece = os.read(descriptor, 65536)
        assert piece
        data += piece
    return data


def test_secrets_go_and_all_else_stays():
    token, block = leaks.token(), leaks.key_block()
    before, after = b"\xff\xfe\x00 first\r\n\r\n", b"\0last, without an end \xc3"
    done = run(before + b"stripe " + token + b"\n" + block + after, "--fail-on", "info", check=1)
    assert token not in done.stdout
    assert not [line for line in leaks.secret_lines(block) if line in done.stdout]
    assert done.stdout.startswith(before + b"stripe [REDACTED:stripe-")
    assert done.stdout.endswith(b"\n\n" + after)
    assert done.stdout.count(b"\n") == (before + b"\n" + block).count(b"\n")
    assert done.stderr == b""


def test_placeholders_are_the_same_with_a_key_and_not_without():
    data = b"stripe %s again %s other %s\n" % (leaks.token(), leaks.token(), leaks.token(2))
    marks = [MARK.findall(run(data, key=key).stdout) for key in ("one", "one", "two", None, None)]
    assert all(len(found) == 3 and found[0] == found[1] != found[2] for found in marks)
    assert marks[0] == marks[1]
    assert len({tuple(found) for found in marks}) == 4


def test_a_line_comes_out_while_the_input_stays_open():
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdin
        assert process.stdout
        for line, expected in ((b"one line\n", b"one line\n"), (b"stripe %s\n" % leaks.token(), None), (b"three\n", b"three\n")):
            os.write(process.stdin.fileno(), line)
            out = read_until(process.stdout.fileno(), b"\n")
            assert out == expected or MARK.search(out)
        # A secret in two writes, a key line by line.
        token = leaks.token(3)
        os.write(process.stdin.fileno(), b"stripe " + token[:12])
        time.sleep(0.2)
        os.write(process.stdin.fileno(), token[12:] + b"\n")
        assert MARK.search(read_until(process.stdout.fileno(), b"\n"))
        for line in leaks.key_block().splitlines(keepends=True):
            os.write(process.stdin.fileno(), line)
            time.sleep(0.05)
        out = read_until(process.stdout.fileno(), b"\n" * leaks.key_block().count(b"\n"))
        assert out.startswith(b"[REDACTED:private-key-pem:")
        process.stdin.close()
        assert process.wait(60) == 0


def test_a_terminal_is_read_line_by_line():
    parent, child = pty.openpty()
    with subprocess.Popen(COMMAND, stdin=child, stdout=subprocess.PIPE, env=environment()) as process:
        os.close(child)
        assert process.stdout
        os.write(parent, b"typed\n")
        assert read_until(process.stdout.fileno(), b"\n") == b"typed\n"
        os.write(parent, b"\x04")
        assert process.wait(60) == 0
    os.close(parent)


def test_a_reader_that_goes_away_ends_it_quietly():
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            for _ in range(200):
                os.write(process.stdin.fileno(), b"some line\n" * 10_000)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""


def test_ctrl_c_writes_what_was_read():
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        assert process.stdin
        assert process.stdout
        os.write(process.stdin.fileno(), b"one\n")
        assert read_until(process.stdout.fileno(), b"\n") == b"one\n"
        os.write(process.stdin.fileno(), b"stripe " + leaks.token())
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out = process.stdout.read()
        assert process.wait(60) == 130
    assert out.startswith(b"stripe [REDACTED:")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_much_data_in_blocks(jobs):
    lines = [b'{"n": %d, "token_type": "bearer", "password_changed": false, "key_id": %d}\n' % (n, n * 7919) for n in range(40_000)]
    plain = b"".join(lines)
    secrets = [leaks.token(seed) for seed in range(40)]
    for place, token in enumerate(secrets):
        lines[place * 900 + 3] = b"stripe " + token + b"\n"
    lines[39_000] = leaks.key_block()
    data = b"".join(lines) * 2
    assert run(plain * 2, "-j", jobs).stdout == plain * 2
    out = run(data, "-j", jobs, key="k").stdout
    assert not [secret for secret in (*secrets, *leaks.secret_lines(leaks.key_block())) if secret in out]
    assert len(MARK.findall(out)) == 2 * 41
    assert MARK.sub(b"", out).count(b"\n") == data.count(b"\n")
    # Whatever ran it, the bytes are the same.
    assert out == run(data, "-j", "2", key="k").stdout


def test_a_line_without_end_takes_bounded_memory():
    resource = pytest.importorskip("resource")
    size = 60 * 1024 * 1024
    with subprocess.Popen([*COMMAND, "-j", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdin
        assert process.stdout
        if not os.fork():
            for _ in range(60):
                os.write(process.stdin.fileno(), b"x, " * (size // 60 // 3))
            os._exit(0)
        process.stdin.close()
        count = 0
        while piece := process.stdout.read(1 << 20):
            count += len(piece)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        os.wait()
    assert count == size // 60 // 3 * 3 * 60
    assert usage.ru_maxrss < 400 * 1024 * (1024 if sys.platform == "darwin" else 1)
    assert resource


def test_options():
    data = b"stripe " + leaks.token() + b"\n"
    assert run(data, "--disable", "*stripe*", "--confidence", "high").stdout == data
    assert b"1 place redacted" in run(data, "-v").stderr
    assert run(data, "--fail-on", "low", check=1).stdout != data
    assert run(b"nothing\n", "--fail-on", "low").stdout == b"nothing\n"
    assert run(b"", check=0).stdout == b""
    assert b"--confidence" in run(data, "--confidence", "none", check=2).stderr
    assert b"every rule is switched off" in run(data, "--disable", "*", check=2).stderr
    if os.path.exists("/dev/full"):
        with open("/dev/full", "wb", buffering=0) as full:
            done = subprocess.run(COMMAND, input=data, stdout=full, stderr=subprocess.PIPE, check=False, env=environment())
        assert (done.returncode, b"cannot write to standard output" in done.stderr) == (2, True)
