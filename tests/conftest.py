"""Guards for every test: no network, no home folder, no git configuration of whoever runs them."""

import os
import socket
import sys
from pathlib import Path

import hypothesis
import pytest

sys.path.insert(0, str(Path(__file__).parent / "support"))

# The same examples on every run: a gate that fails by chance teaches nobody.  `--hypothesis-profile=explore` draws new ones.
hypothesis.settings.register_profile("fixed", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("explore", deadline=None, print_blob=True)
hypothesis.settings.load_profile("fixed")

_LOOPBACK = ("127.", "::1", "localhost")
_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex


class NetworkUsedError(AssertionError):
    """A test tried to reach another machine."""


def _check(sock, address):
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(_LOOPBACK):
        raise NetworkUsedError(f"a test may not connect to {address[0]}")


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_the_user(tmp_path_factory):
    """Programs that a test starts see an empty home and no git configuration; sockets reach this machine only."""
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    patch.setenv("HOME", str(home))
    patch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    patch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
    patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    patch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    patch.setenv("GIT_TERMINAL_PROMPT", "0")
    for name in [
        name for name in os.environ if name.startswith(("LEAKSIEVE_", "GIT_")) and name not in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_TERMINAL_PROMPT")
    ]:
        patch.delenv(name)

    def connect(sock, address):
        _check(sock, address)
        return _connect(sock, address)

    def connect_ex(sock, address):
        _check(sock, address)
        return _connect_ex(sock, address)

    patch.setattr(socket.socket, "connect", connect)
    patch.setattr(socket.socket, "connect_ex", connect_ex)
    yield
    patch.undo()
