"""Real servers to log in to, each started for a few tests; and what the verifier of connection URLs says of them."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import regex
from live import QUICK, ask, candidate
from registries import Authority, free_port, program

from leaksieve.ruleset.load import load
from leaksieve.ruleset.verify_load import Tables, read_files
from leaksieve.verifiers.network import Network

USER, PASSWORD = "reader", "canary" + "Password73"
ALLOWED = QUICK._replace(allow_hosts=("127.0.0.1",), timeout=20.0)
FILE = Path(__file__).parents[2] / "rules" / "database.toml"
RULES = ("database-connection-url", "url-basic-auth")

_tables = None


def tables():
    global _tables  # noqa: PLW0603  read once for all tests
    if _tables is None:
        table = next(table for table in read_files([str(FILE)]) if table["id"] == "connection-url")
        _tables = Tables([table | {"rate": 100.0}])
    return _tables


def found(url):
    """The rule that finds the URL first, and the parts its pattern gives."""
    rules = load()
    for name in RULES:
        match = regex.search(rules.by_id(name)["pattern"].encode(), url.encode())
        if match:
            parts = {key: value.decode() for key, value in match.groupdict().items() if value is not None and key != "secret"}
            return candidate(match["secret"].decode(), name, parts=parts)
    raise AssertionError("no rule finds it")


def said(url, settings=ALLOWED, network=None):
    """The verdict on a URL; its password stands nowhere in what comes out."""
    one = found(url)
    (result,) = ask([one], tables(), settings, network or Network(settings)).results.values()
    assert one.subject.secret.reveal().decode() not in repr(result)
    return result.verdict


def trusting(authority):
    """Settings that trust the authority of a test."""
    return ALLOWED._replace(ca_file=str(authority.ca))


class Folder:
    """A folder that belongs to a user of the system where tests run as root: servers refuse to be root, and pytest's folders are root's alone."""

    def __init__(self, user):
        self.path = Path(tempfile.mkdtemp(prefix="ls-"))
        self.account = user if os.geteuid() == 0 else None

    def own(self):
        """Give everything in it to that user."""
        if self.account:
            known = pwd.getpwnam(self.account)
            for path in (self.path, *self.path.rglob("*")):
                os.chown(path, known.pw_uid, known.pw_gid)

    def run(self, *command, **more):
        self.own()
        return subprocess.run(self._as(command), check=True, capture_output=True, cwd=self.path, timeout=120, **more)

    def start(self, *command, **more):
        self.own()
        log = (self.path / "log").open("wb")
        with log:
            return subprocess.Popen(self._as(command), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.path, **more)

    def _as(self, command):
        return [*(("setpriv", "--reuid", self.account, "--regid", self.account, "--clear-groups") if self.account else ()), *map(str, command)]

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


@contextlib.contextmanager
def running(folder, command, port, **more):
    """A server that listens on a port by the time this goes on."""
    process = folder.start(*command, **more)
    try:
        for _ in range(1200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
                break
            assert process.poll() is None, (folder.path / "log").read_text(errors="replace")
            time.sleep(0.05)
        else:
            raise AssertionError("it does not listen")
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def postgres_program(name):
    """Where Debian keeps it: beside other versions, not on the path."""
    for place in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")):
        return str(place)
    return program(name)


class PostgreSQL:
    """With TLS, a superuser, and users of several kinds of login."""

    def __init__(self):
        self.folder = Folder("postgres")
        self.port = free_port()
        self.authority = Authority(self.folder.path / "tls")

    @contextlib.contextmanager
    def up(self):
        folder, data = self.folder, self.folder.path / "data"
        (folder.path / "pw").write_text(PASSWORD)
        try:
            initdb = postgres_program("initdb")
            folder.run(initdb, "-D", data, "-U", "boss", "--pwfile", folder.path / "pw", "-A", "scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C")
            self.authority.key.chmod(0o600)
            (data / "pg_hba.conf").write_text(
                "local all all trust\n"
                "host all open 127.0.0.1/32 trust\n"
                "host all away 127.0.0.1/32 reject\n"
                "hostssl all secret 127.0.0.1/32 password\n"
                "hostnossl all secret 127.0.0.1/32 password\n"
                "host all old 127.0.0.1/32 md5\n"
                "host all all 127.0.0.1/32 scram-sha-256\n"
            )
            roles = f"""
                CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'; CREATE ROLE secret LOGIN PASSWORD '{PASSWORD}';
                CREATE ROLE open LOGIN; CREATE ROLE away LOGIN PASSWORD '{PASSWORD}'; CREATE ROLE nobody PASSWORD '{PASSWORD}';
                SET password_encryption = 'md5'; CREATE ROLE old LOGIN PASSWORD '{PASSWORD}';
            """
            options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder.path}", "-c", "fsync=off", "-p", self.port]
            options += ["-c", "ssl=on", "-c", f"ssl_cert_file={self.authority.certificate}", "-c", f"ssl_key_file={self.authority.key}"]
            with running(folder, [postgres_program("postgres"), "-D", data, *options], self.port):
                for _ in range(200):  # it listens before it is ready
                    with contextlib.suppress(subprocess.CalledProcessError):
                        folder.run(postgres_program("psql"), "-h", folder.path, "-p", self.port, "-U", "boss", "-d", "postgres", "-c", roles)
                        break
                    time.sleep(0.1)
                yield self
        finally:
            folder.close()

    def url(self, user=USER, password=PASSWORD, database="postgres", query=""):
        return f"postgres://{user}:{password}@127.0.0.1:{self.port}/{database}{query}"
