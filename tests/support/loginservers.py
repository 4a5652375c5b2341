"""Real servers to log in to, each started for a few tests; and what the verifiers of connection URLs and strings say of them."""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import regex
from live import QUICK, ask, candidate
from registries import Authority, free_port, program

from leaksieve.ruleset.load import load
from leaksieve.ruleset.verify_load import Tables, read_files
from leaksieve.verifiers.network import Network

USER, PASSWORD = "reader", "canary" + "Password73"
ALLOWED = QUICK._replace(allow_hosts=("127.0.0.1",), timeout=20.0)
FILE = Path(__file__).parents[2] / "rules" / "database.toml"
RULES = ("database-connection-url", "url-basic-auth", "database-jdbc-address", "database-connection-string", "database-connection-string-password-first")
CHECKS = ("connection-url", "connection-string")


@functools.cache
def tables():
    return Tables([table | {"rate": 100.0} for table in read_files([str(FILE)]) if table["id"] in CHECKS])


@functools.cache
def patterns():
    rules = load()
    return [(name, regex.compile(rules.by_id(name)["pattern"].encode())) for name in RULES]


def found(url):
    """The rule that finds the URL or string first, and the parts its pattern gives."""
    for name, pattern in patterns():
        match = pattern.search(url.encode())
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


def unasked(url):
    """Why a URL or string is not asked about, which is said before anything is sent."""
    one = found(url)
    (result,) = ask([one], tables(), ALLOWED, Network(ALLOWED)).results.values()
    assert (result.verdict.state, result.checked) == ("unverifiable", None)
    assert one.subject.secret.reveal().decode() not in repr(result)
    return result.verdict.reason


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

    def run(self, *command, own=True, **more):
        if own:
            self.own()
        return subprocess.run(self._as(command), check=True, capture_output=True, cwd=self.path, timeout=120, **more)

    def start(self, *command, **more):
        self.own()
        log = (self.path / "log").open("wb")
        with log:
            return subprocess.Popen(self._as(command), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.path, **more)

    def _as(self, command):
        if self.account:
            known = pwd.getpwnam(self.account)
            command = ("setpriv", "--reuid", known.pw_uid, "--regid", known.pw_gid, "--clear-groups", *command)
        return [*map(str, command)]

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


def until(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it does not come up")


@contextlib.contextmanager
def running(folder, command, port, **more):
    """A server that listens on a port by the time this goes on, as its process."""
    process = folder.start(*command, **more)
    try:
        for _ in range(1200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
                break
            assert process.poll() is None, (folder.path / "log").read_text(errors="replace")
            time.sleep(0.05)
        else:
            raise AssertionError("it does not listen")
        yield process
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


class Server:
    """A server with a certificate and ports of its own.  ``account`` is the user of the system that it is where tests run as root."""

    account = None

    def __init__(self):
        self.folder = Folder(self.account)
        self.port, self.tls_port = free_port(), free_port()
        self.authority = Authority(self.folder.path / "tls")

    @contextlib.contextmanager
    def up(self, *more):
        """Start it, and end it with all it has made; a test whose server is not installed is skipped or fails, see ``program``."""
        try:
            with self.started(*more):
                yield self
        finally:
            self.folder.close()


def served(kind, *more):
    """A fixture of a module: one such server, up for all its tests."""

    @pytest.fixture(scope="module")
    def one():
        with kind().up(*more) as server:
            yield server

    return one


class PostgreSQL(Server):
    """With TLS, a superuser, and users of several kinds of login."""

    account = "postgres"

    @contextlib.contextmanager
    def started(self):
        folder, data = self.folder, self.folder.path / "data"
        (folder.path / "pw").write_text(PASSWORD)
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
                    folder.run(postgres_program("psql"), "-h", folder.path, "-p", self.port, "-U", "boss", "-d", "postgres", "-c", roles, own=False)
                    break
                time.sleep(0.1)
            yield

    def url(self, user=USER, password=PASSWORD, database="postgres", query=""):
        return f"postgres://{user}:{password}@127.0.0.1:{self.port}/{database}{query}"


class MariaDB(Server):
    """With TLS, a user of everything, and users of several plugins."""

    account = "mysql"

    @contextlib.contextmanager
    def started(self):
        folder = self.folder
        data, sock, tls = folder.path / "data", folder.path / "sock", self.authority
        # As root the server takes its user's name; the folder is that user's.
        folder.run(program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=socket", "--skip-test-db")
        (folder.path / "users.sql").write_text(
            f"CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
            f"CREATE USER boss@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
            "GRANT ALL PRIVILEGES ON *.* TO boss@'127.0.0.1' WITH GRANT OPTION;\n"
            f"CREATE USER away@'10.9.8.7' IDENTIFIED BY '{PASSWORD}';\n"
            f"SELECT 1 INTO OUTFILE '{folder.path / 'ready'}';\n"  # it listens before it has read this
        )
        options = [f"--datadir={data}", f"--socket={sock}", f"--port={self.port}", "--bind-address=127.0.0.1", "--skip-name-resolve"]
        options += [
            f"--ssl-cert={tls.certificate}",
            f"--ssl-key={tls.key}",
            f"--init-file={folder.path / 'users.sql'}",
            "--innodb-flush-log-at-trx-commit=0",
        ]
        with running(folder, [program("mariadbd"), "--no-defaults", *options], self.port):
            until((folder.path / "ready").exists)
            yield

    def url(self, user=USER, password=PASSWORD, query=""):
        return f"mysql://{user}:{password}@127.0.0.1:{self.port}/app{query}"


class Redis(Server):
    """With users, and TLS on a port of its own."""

    @contextlib.contextmanager
    def started(self, *more):
        tls = self.authority
        config = [
            *("bind 127.0.0.1", f"port {self.port}", "save ''", f"dir {self.folder.path}", "tls-auth-clients no"),
            *(f"tls-port {self.tls_port}", f"tls-cert-file {tls.certificate}", f"tls-key-file {tls.key}", f"tls-ca-cert-file {tls.ca}"),
            *more,
        ]
        (self.folder.path / "redis.conf").write_text("\n".join(config) + "\n")
        with running(self.folder, [program("redis-server"), self.folder.path / "redis.conf"], self.port):
            yield

    def url(self, user="", password=PASSWORD, scheme="redis", query=""):
        return f"{scheme}://{user}:{password}@127.0.0.1:{self.tls_port if scheme == 'rediss' else self.port}/0{query}"


class LDAP(Server):
    """OpenLDAP with one folder of people, and TLS on a port of its own."""

    @contextlib.contextmanager
    def started(self):
        folder, tls = self.folder, self.authority
        (folder.path / "data").mkdir()
        (folder.path / "slapd.conf").write_text(
            "include /etc/ldap/schema/core.schema\n"
            f"pidfile {folder.path}/pid\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
            f"TLSCACertificateFile {tls.ca}\nTLSCertificateFile {tls.certificate}\nTLSCertificateKeyFile {tls.key}\n"
            f'database mdb\nsuffix "dc=corp"\nrootdn "cn=admin,dc=corp"\nrootpw {PASSWORD}\ndirectory {folder.path}/data\n'
        )
        command = [program("slapd"), "-d", "0", "-f", folder.path / "slapd.conf"]
        urls = f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}"
        with running(folder, [*command, "-h", urls], self.tls_port):
            yield

    def url(self, user="cn=admin,dc=corp", password=PASSWORD, scheme="ldap", query=""):
        return f"{scheme}://{user}:{password}@127.0.0.1:{self.tls_port if scheme == 'ldaps' else self.port}/{query}"


class RabbitMQ(Server):
    """With TLS on a port of its own; its first user is as it comes."""

    def __init__(self):
        super().__init__()
        self._dist, self._names = free_port(), free_port()

    @contextlib.contextmanager
    def started(self):
        folder, tls = self.folder, self.authority
        (folder.path / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlisteners.ssl.1 = 127.0.0.1:{self.tls_port}\n"
            f"ssl_options.cacertfile = {tls.ca}\nssl_options.certfile = {tls.certificate}\nssl_options.keyfile = {tls.key}\n"
            f"ssl_options.verify = verify_none\ndefault_user = {USER}\ndefault_pass = {PASSWORD}\nloopback_users.none = true\n"
        )
        erlang = f"-kernel inet_dist_listen_min {self._dist} inet_dist_listen_max {self._dist} -start_epmd false -erl_epmd_port {self._dist}"
        env = {
            **os.environ, "HOME": str(folder.path), "RABBITMQ_NODENAME": "logins@localhost", "RABBITMQ_CONFIG_FILE": str(folder.path / "rabbitmq"),
            "RABBITMQ_MNESIA_BASE": str(folder.path / "data"), "RABBITMQ_LOG_BASE": str(folder.path / "logs"), "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder.path / "plugins"), "RABBITMQ_PID_FILE": str(folder.path / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": erlang + " +S 1:1", "RABBITMQ_DIST_PORT": str(self._dist), "ERL_EPMD_PORT": str(self._names),
        }  # fmt: skip
        # Not Debian's script, which becomes another user.
        server = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        command, names = server if server.exists() else program("rabbitmq-server"), program("epmd")
        try:
            with running(folder, [command], self.tls_port, env=env):
                yield
        finally:
            # Erlang leaves its server of names behind; by its port it is the one started here.
            subprocess.run([names, "-port", str(self._names), "-kill"], capture_output=True, timeout=60, check=False)

    def url(self, user=USER, password=PASSWORD, scheme="amqp", query=""):
        return f"{scheme}://{user}:{password}@127.0.0.1:{self.tls_port if scheme == 'amqps' else self.port}/%2F{query}"
