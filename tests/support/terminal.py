"""Runs a program at a real terminal (a pty) and talks to it as a person does: waits for words, presses keys."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

# Seconds; processes may be stopped for a while on a busy machine.
PATIENCE = 300


class Terminal:
    """A program with a terminal of its own; ``heard`` is all it wrote."""

    def __init__(self, command, *, cwd, env, columns=100):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))

        # A session of its own, with the pty as its terminal: Ctrl-C reaches the program as the terminal's signal.
        starter = "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
        self._process = subprocess.Popen(
            [command[0], "-c", starter, *command], cwd=cwd, env={"TERM": "xterm", "NO_COLOR": "1", **env}, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self._ours = ours
        self.heard = ""
        self._seen = 0

    def expect(self, pattern):
        """Wait for words that come after those that were waited for before; returns everything up to them."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = re.compile(pattern).search(self.heard, self._seen)
            if found:
                passed = self.heard[self._seen : found.end()]
                self._seen = found.end()
                return passed
            assert time.monotonic() < deadline, f"never heard {pattern!r} in {self.heard[self._seen :]!r}"
            assert self._listen(0.2), f"ended without {pattern!r}: {self.heard[self._seen :]!r}"

    def _listen(self, seconds):
        if not select.select([self._ours], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self._ours, 65536)
        except OSError:  # the other end is gone
            return False
        self.heard += piece.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(piece)

    def _settings(self):
        return termios.tcgetattr(self._ours)[3]

    def press(self, key):
        """Press a key once the program waits for one, without a line end."""
        self._wait(raw=True)
        os.write(self._ours, key.encode())

    def type(self, line):
        """Type a line once the program waits for one."""
        self._wait(raw=False)
        os.write(self._ours, line.encode() + b"\n")

    def _wait(self, *, raw):
        """Until the terminal is set to give single keys, or lines: what is typed before is thrown away."""
        deadline = time.monotonic() + PATIENCE
        while bool(self._settings() & termios.ICANON) == raw:
            assert time.monotonic() < deadline, self.heard
            self._listen(0.01)

    def end(self):
        """Wait for the end; returns the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._listen(0.2) and time.monotonic() < deadline:
            if self._process.poll() is not None and not select.select([self._ours], [], [], 0)[0]:
                break
        return self._process.wait(PATIENCE)

    def interrupt(self):
        """Press Ctrl-C while a line is typed: the terminal makes a signal of it.

        Again if nothing comes of it, as a person does: a signal just before the program sleeps in reading does not wake it.
        """
        self._wait(raw=False)
        before, deadline = len(self.heard), time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            os.write(self._ours, b"\x03")
            pause = time.monotonic() + 2
            while time.monotonic() < pause:
                if not self._listen(0.1) or self._process.poll() is not None:
                    return
                if "interrupted" in self.heard[before:]:
                    return

    def kill(self):
        """End it as losing power would."""
        self._process.kill()
        self._process.wait()

    def close(self):
        """Leave nothing behind."""
        if self._process.poll() is None:
            self.kill()
        os.close(self._ours)
