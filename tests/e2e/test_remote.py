"""Clones from real servers on loopback: HTTPS with a password, redirects, slow, huge and lying ones; and file URLs."""

import base64
import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import pytest
from gitrepo import GitRepo
from gitserver import Authority, GitServer, send

from leaksieve.errors import SourceError, UsageError
from leaksieve.sources.remote import clone, parse_remote
from leaksieve.sources.remote_child import Order
from leaksieve.sources.remote_relay import Relay

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="NOT TESTED: cloning from remotes; the openssl program is missing"),
]

TOKEN = "canary" + "Token42"
SRC = str(Path(__file__).parents[2] / "src")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A folder with ``work`` (a repository with everything in it) and ``bare.git``, its mirror."""
    root = tmp_path_factory.mktemp("served")
    repo = GitRepo(root / "work")
    repo.add("a", "first\n")
    first = repo.commit("first")
    repo.add("a", "first\nsecond\n")
    repo.commit("second")
    repo("branch", "side", first)
    repo("tag", "-a", "v1", "-m", "tagged")
    repo("notes", "add", "-m", "noted")
    repo("update-ref", "refs/pull/7/head", first)
    repo("clone", "-q", "--mirror", str(root / "work"), str(root / "bare.git"))
    return root


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch, authority):
    """Where clones go; empty again after every test."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN", "CI_SERVER_HOST", "SSH_AUTH_SOCK"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    yield folder
    assert os.listdir(folder) == []


def remote(text):
    return parse_remote(text, allow_http=True)


def git(path, *arguments):
    return subprocess.run(["git", "--git-dir", os.fsdecode(path), *arguments], check=True, capture_output=True, text=True).stdout


def listed(path):
    return git(path, "for-each-ref", "--format=%(objectname) %(refname)")


def failure(url, **options):
    with pytest.raises(SourceError) as caught, clone(remote(url), **options):
        pass
    assert TOKEN not in str(caught.value)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_everything_is_cloned(served, authority, temporary):
    seen = []
    with GitServer(served, authority) as server, clone(remote(server.url("bare.git")), progress=seen.append) as got:
        assert listed(got.path) == listed(served / "bare.git")
        assert git(got.path, "symbolic-ref", "HEAD") == "refs/heads/main\n"
        assert git(got.path, "fsck", "--full", "--strict") == ""
        assert Path(os.fsdecode(got.path)).is_relative_to(temporary)
        assert not os.path.exists(got.path + b"/hooks")
        assert (got.references, got.refused, got.shown) == (5, 0, server.url("bare.git"))
        assert got.objects == int(git(got.path, "rev-list", "--all", "--objects", "--count").split()[0])
    assert seen[-1].objects == seen[-1].total == seen[-1].indexed == got.objects
    assert seen[-1].size == got.size > 0


def test_without_pull_requests(served, authority):
    with GitServer(served, authority) as server, clone(remote(server.url("bare.git")), pull_refs=False) as got:
        assert listed(got.path) == "".join(line for line in listed(served / "bare.git").splitlines(keepends=True) if "refs/pull/" not in line)


def test_an_empty_repository(tmp_path, authority):
    GitRepo(tmp_path / "root/empty.git", "--bare")
    with GitServer(tmp_path / "root", authority) as server, clone(remote(server.url("empty.git"))) as got:
        assert (got.references, got.objects, listed(got.path)) == (0, 0, "")


def test_what_libgit2_cannot_fetch_is_said(served, tmp_path, authority):
    GitRepo(tmp_path / "root/other", "--object-format=sha256").commit()
    GitRepo(tmp_path / "x")("clone", "-q", "--depth", "1", (served / "work").as_uri(), str(tmp_path / "root/shallow"))
    with GitServer(tmp_path / "root", authority) as server:
        for name in ("other", "shallow"):
            assert "clone it with git and scan the folder" in failure(server.url(f"{name}/.git"))


def test_a_detached_head_that_no_reference_leads_to(tmp_path, authority):
    repo = GitRepo(tmp_path / "root/r")
    repo.commit()
    repo("checkout", "-q", "--detach")
    head = repo.commit("detached")
    with GitServer(tmp_path / "root", authority) as server, clone(remote(server.url("r/.git"))) as got:
        assert git(got.path, "rev-parse", "HEAD").strip() == head
        assert git(got.path, "fsck", "--full", "--strict") == ""


def test_a_password_from_the_environment(served, authority, monkeypatch):
    monkeypatch.setenv("LEAKSIEVE_GIT_USERNAME", "me")
    monkeypatch.setenv("LEAKSIEVE_GIT_TOKEN", TOKEN)
    with GitServer(served, authority, password=("me", TOKEN)) as server:
        with clone(remote(server.url("bare.git"))) as got:
            assert got.references == 5
        monkeypatch.setenv("LEAKSIEVE_GIT_HOST", "elsewhere.example")
        assert "asks for a credential" in failure(server.url("bare.git"))


def test_a_password_in_the_url_is_used_and_not_shown(served, authority):
    with GitServer(served, authority, password=("me", TOKEN)) as server:
        with clone(remote(server.url("bare.git", user=f"me:{TOKEN}"))) as got:
            assert got.shown == server.url("bare.git")
            for folder, _, files in os.walk(os.path.dirname(got.path)):
                for name in files:
                    with open(os.path.join(folder, name), "rb") as file:
                        assert TOKEN.encode() not in file.read()
        assert "refuses the credential from the URL" in failure(server.url("bare.git", user=f"you:{TOKEN}"))


def test_without_a_credential(served, authority):
    with GitServer(served, authority, password=("me", TOKEN)) as server:
        assert "LEAKSIEVE_GIT_TOKEN" in failure(server.url("bare.git"))
        assert server.authorizations == [None]


@pytest.mark.parametrize("status", [301, 302, 307])
def test_no_credential_follows_a_redirect_to_another_host(served, authority, status):
    with GitServer(served, authority) as second:

        def away(handler):
            if not handler.headers.get("Authorization"):
                return False
            send(handler, status, b"", {"Location": second.url(handler.path[1:], host="127.0.0.1")})
            return True

        with GitServer(served, authority, password=("me", TOKEN), answer=away) as first:
            text = failure(first.url("bare.git", user=f"me:{TOKEN}"))
        assert f"redirects to https://127.0.0.1:{second.port}, which is not followed" in text
        assert second.requests == []


def test_no_credential_follows_a_redirect_to_another_port(served, authority):
    with GitServer(served, authority, password=("me", TOKEN)) as second:

        def away(handler):
            if not handler.headers.get("Authorization"):
                return False
            send(handler, 302, b"", {"Location": second.url(handler.path[1:])})
            return True

        with GitServer(served, authority, password=("me", TOKEN), answer=away) as first:
            assert "which is not followed" in failure(first.url("bare.git", user=f"me:{TOKEN}"))
        assert second.requests == []


def test_no_redirect_to_plain_http(served, authority):
    with GitServer(served) as second:

        def away(handler):
            send(handler, 302, b"", {"Location": second.url(handler.path[1:])})
            return True

        with GitServer(served, authority, answer=away) as first:
            assert "redirect" in failure(first.url("bare.git", user=f"me:{TOKEN}"))
        assert second.requests == []


def test_a_redirect_on_the_same_host_is_followed(served, authority):
    def renamed(handler):
        if not handler.path.startswith("/old/"):
            return False
        send(handler, 301, b"", {"Location": handler.path.replace("/old/", "/bare.git/")})
        return True

    with GitServer(served, authority, password=("me", TOKEN), answer=renamed) as server, clone(remote(server.url("old", user=f"me:{TOKEN}"))) as got:
        assert got.references == 5


def test_plain_http_is_switched_on_or_refused(served):
    with GitServer(served) as server:
        with pytest.raises(UsageError, match="plain http"):
            parse_remote(server.url("bare.git"))
        with clone(remote(server.url("bare.git"))) as got:
            assert got.references == 5


def test_certificates_are_checked(served, authority, tmp_path, monkeypatch):
    with GitServer(served, authority) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path / "other").ca))
        monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
        assert "cannot be trusted" in failure(server.url("bare.git", user=f"me:{TOKEN}"))
        assert server.requests == []
        monkeypatch.setenv("GIT_SSL_CAINFO", str(authority.ca))
        with clone(remote(server.url("bare.git"))) as got:
            assert got.references == 5
        monkeypatch.setenv("GIT_SSL_CAINFO", str(tmp_path / "missing"))
        with pytest.raises(UsageError, match="GIT_SSL_CAINFO"), clone(remote(server.url("bare.git"))):
            pass


def test_no_configuration_of_the_user_has_a_say(served, authority, tmp_path, monkeypatch):
    home = tmp_path / "home"
    (home / ".config/git").mkdir(parents=True)
    with GitServer(served, authority) as trap, GitServer(served, authority) as server:
        text = textwrap.dedent(f"""\
            [url "{trap.url("")}"]
                insteadOf = {server.url("")}
            [http]
                proxy = http://127.0.0.1:1
                sslVerify = false
            [credential]
                helper = "!touch {tmp_path}/ran"
            """)
        for name in (".gitconfig", ".config/git/config"):
            (home / name).write_text(text)
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
        with clone(remote(server.url("bare.git"))) as got:
            assert got.references == 5
        assert trap.requests == []
        assert not (tmp_path / "ran").exists()


class Proxy:
    """A proxy that tunnels to wherever it is asked, for those who know the password."""

    def __init__(self, password):
        self.wanted = b"Proxy-Authorization: Basic " + base64.b64encode(password.encode())
        self.heads = []
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.sockets.append(client)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            self.heads.append(head)
            if self.wanted not in head:
                client.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
                client.shutdown(socket.SHUT_WR)
                continue
            host, port = head.split()[1].split(b":")
            server = socket.create_connection((host.decode(), int(port)))
            self.sockets.append(server)
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=(one, other), daemon=True).start()

    def close(self):
        for each in (self.listener, *self.sockets):
            each.close()

    @staticmethod
    def pump(one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


def test_proxies_come_from_the_environment(served, authority, monkeypatch):
    proxy = Proxy("me:" + TOKEN)
    with GitServer(served, authority, password=("me", "other" + TOKEN)) as server, contextlib.closing(proxy):
        url = server.url("bare.git", user="me:other" + TOKEN)
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{TOKEN}@127.0.0.1:{proxy.port}")
        with clone(remote(url)) as got:
            assert got.references == 5
        assert proxy.heads
        # What the server is shown goes through the tunnel; the proxy sees its own password alone.
        assert not any(b"\nAuthorization" in head for head in proxy.heads)
        assert not any("proxy-authorization" in headers for _, _, headers in server.requests)
        server.requests.clear()
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:wrong{TOKEN}@127.0.0.1:{proxy.port}")
        assert "no way to localhost" in failure(url)
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{TOKEN}@127.0.0.1:1")
        assert "through the proxy 127.0.0.1" in failure(url)
        assert server.requests == []
        monkeypatch.setenv("NO_PROXY", "localhost")
        with clone(remote(url)) as got:
            assert got.references == 5


@pytest.mark.parametrize("secure", [True, False])
def test_answers_that_end_with_their_connection(served, authority, secure):
    """As from a CGI server that speaks HTTP 1.0."""

    def plain(handler):
        handler.close_connection = True
        handler.protocol_version = "HTTP/1.0"
        original = handler.send_header
        handler.send_header = lambda name, value: None if name == "Content-Length" else original(name, value)
        return False

    with (
        GitServer(served, authority if secure else None, answer=plain, password=("me", TOKEN)) as server,
        clone(remote(server.url("bare.git", user=f"me:{TOKEN}"))) as got,
    ):
        assert got.references == 5


def test_the_relay_serves_nobody_else(served, authority):
    """Anyone on the machine can reach its port; only who knows its secret path is served."""
    with GitServer(served, authority, password=("me", TOKEN)) as server:
        nothing = dict.fromkeys(Order._fields)
        order = {**nothing, "scheme": "https", "host": "localhost", "port": server.port, "path": "/bare.git", "user": "me", "password": TOKEN}
        with Relay(Order(**{**order, "authorities": [None, None], "max_bytes": 10**6, "idle_seconds": 5})) as relay:

            def status(method, path):
                port = int(relay.url.split(":")[2].split("/")[0])
                with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                    connection.request(method, path)
                    return connection.getresponse().status

            path = relay.url[relay.url.index("/", 8) :]
            service = "/info/refs?service=git-upload-pack"
            assert status("GET", path + service) == 200
            server.requests.clear()
            for wrong in (
                service,
                "/" + "0" * 32 + "/r" + service,
                path,
                path + "/../x" + service,
                path + "/info/refs?service=git-receive-pack",
                path + "/HEAD",
            ):
                assert status("GET", wrong) == 404
            assert status("POST", path + "/git-receive-pack") == 404
        assert server.requests == []


def test_a_server_that_never_ends(served, authority):
    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(b"fff0")
        for _ in range(200):
            handler.wfile.write(b"x")
            time.sleep(0.05)
        return True

    with GitServer(served, authority, answer=drip) as server:
        begun = time.monotonic()
        assert "took longer than 0.6 s" in failure(server.url("bare.git"), timeout=0.6)
        assert time.monotonic() - begun < 3


@pytest.mark.parametrize(("limit", "words"), [({"max_bytes": 50_000}, "larger than 50,000 bytes"), ({"max_objects": 10}, "more than 10 objects")])
@pytest.mark.parametrize("scheme", ["https", "file"])
def test_limits(tmp_path, authority, limit, words, scheme):
    repo = GitRepo(tmp_path / "root/r")
    for number in range(12):
        repo.add(str(number), os.urandom(20_000))
    repo.commit()
    with GitServer(tmp_path / "root", authority) as server:
        assert words in failure(server.url("r/.git") if scheme == "https" else repo.top.as_uri(), **limit)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-200] + bytes(200), lambda data: data[: len(data) // 2], lambda _: b"0008NAK\n", lambda _: b"garbage" * 100]
)
def test_broken_data(served, authority, damage):
    def broken(handler):
        if handler.command != "POST":
            return False
        send(
            handler,
            200,
            damage(b"0008NAK\nPACK" + bytes((0, 0, 0, 2, 0, 0, 0, 9)) + os.urandom(2000)),
            {"Content-Type": "application/x-git-upload-pack-result"},
        )
        return True

    with GitServer(served, authority, answer=broken) as server:
        assert server.url("bare.git") in failure(server.url("bare.git"), timeout=10)


def advertise(*lines):
    def packet(line):
        return b"%04x" % (len(line) + 4) + line

    return packet(b"# service=git-upload-pack\n") + b"0000" + b"".join(packet(line) for line in lines) + b"0000"


def test_an_object_that_is_advertised_and_not_sent(served, authority):
    oid = git(served / "bare.git", "rev-parse", "main").strip().encode()

    def answer(handler):
        if handler.command == "POST":
            body = subprocess.run(["git", "--git-dir", str(served / "bare.git"), "pack-objects", "--stdout"], input=b"", capture_output=True, check=True).stdout
            send(handler, 200, b"0008NAK\n" + body, {"Content-Type": "application/x-git-upload-pack-result"})
        else:
            lines = advertise(oid + b" refs/heads/main\0ofs-delta\n")
            send(handler, 200, lines, {"Content-Type": "application/x-git-upload-pack-advertisement"})
        return True

    with GitServer(served, authority, answer=answer) as server:
        assert "did not send 1 of the objects" in failure(server.url("bare.git"), timeout=10)


def test_references_with_odd_names(served, authority, tmp_path):
    oid = git(served / "bare.git", "rev-parse", "main").strip().encode()
    bad = [
        b"refs/heads/../../../../escaped",
        b"refs/heads/a..b",
        b"refs/heads/x.lock",
        b"refs/heads/a b",
        b"refs/heads/\x1b[31m",
        b"refs/heads/-",
        b"/etc/x",
        b"config",
        b"refs/heads/a\\b",
    ]
    good = [
        b"refs/heads/a",
        b"refs/heads/a/b",
        b"refs/heads/A",
        b"refs/heads/\xc3\xa9",
        b"refs/heads/\xff",
        b"refs/heads/$(touch x)",
        b"refs/heads/;x|y",
        b"refs/heads/main",
        b"refs/heads/" + b"x" * 300,
    ]
    symref = b"refs/heads/gone"

    def answer(handler):
        if handler.command == "POST":
            return False
        names = bad + good
        lines = [oid + b" HEAD\0ofs-delta side-band-64k symref=HEAD:" + symref + b"\n"] + [oid + b" " + name + b"\n" for name in names]
        send(handler, 200, advertise(*lines), {"Content-Type": "application/x-git-upload-pack-advertisement"})
        return True

    with GitServer(served, authority, answer=answer) as server, clone(remote(server.url("bare.git")), timeout=10) as got:
        names = sorted(line.split(b" ", 1)[1] for line in Path(os.fsdecode(got.path), "packed-refs").read_bytes().splitlines()[1:])
        # One holds a space; a lone dash is allowed after all.
        assert set(names) == {*good, b"refs/heads/-"} - {b"refs/heads/$(touch x)"}
        assert got.references + got.refused == len(bad + good)
        folder = Path(os.fsdecode(got.path))
        assert {entry.name for entry in folder.iterdir()} == {"HEAD", "config", "objects", "packed-refs", "refs"}
        assert not any(each.is_file() for each in (folder / "refs").rglob("*"))
        assert (folder / "HEAD").read_bytes() == b"ref: refs/heads/gone\n"
    symref = b"refs/heads/../../config"
    with GitServer(served, authority, answer=answer) as server:
        assert "invalid response" in failure(server.url("bare.git"), timeout=10)


def test_nothing_in_a_hostile_repository_runs(tmp_path, authority):
    mark = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {mark}\n")
    script.chmod(0o755)
    repo = GitRepo(tmp_path / "root/r")
    repo.add(".gitmodules", f'[submodule "x"]\n\tpath = x\n\turl = ext::{script}\n\tupdate = !{script}\n')
    repo.add(".gitattributes", "* filter=evil diff=evil\n")
    repo("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},x")
    repo.commit()
    for hook in ("post-checkout", "pre-receive", "reference-transaction", "post-index-change"):
        shutil.copy(script, repo.top / ".git/hooks" / hook)
    for key in ("core.fsmonitor", "core.sshCommand", "uploadpack.packObjectsHook", "filter.evil.smudge", "diff.evil.textconv", "core.pager"):
        repo("config", key, str(script))
    mark.unlink(missing_ok=True)
    with clone(remote(repo.top.as_uri())) as got:
        assert got.references == 1
        assert not (Path(os.fsdecode(got.path)) / "hooks").exists()
        assert "evil" not in (Path(os.fsdecode(got.path)) / "config").read_text()
    with GitServer(tmp_path / "root", authority) as server, clone(remote(server.url("r/.git"))) as got:
        assert got.references == 1
    assert not mark.exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://localhost:1/a", "localhost"),
        ("https://no-such-host.invalid/a", "cannot be found"),
        ("ssh://git@localhost:1/a", "localhost"),
    ],
)
def test_nobody_there(url, words):
    assert words in failure(url, timeout=20)


def test_not_a_repository(served, authority):
    with GitServer(served, authority) as server:
        assert "no such repository" in failure(server.url("nothing.git"))

    def page(handler):
        send(handler, 200, b"<html>", {"Content-Type": "text/html"})
        return True

    with GitServer(served, authority, answer=page) as server:
        assert "not answer like a git server" in failure(server.url("bare.git"))


INTERRUPTED = """
import sys
from leaksieve.sources.remote import clone, parse_remote
try:
    with clone(parse_remote(sys.argv[1])):
        print("cloned", flush=True)
        sys.stdin.read()
except KeyboardInterrupt as error:
    print(type(error).__name__, flush=True)
    sys.exit(130)
"""


@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "Terminated"), (signal.SIGKILL, "")])
@pytest.mark.parametrize("when", ["cloning", "scanning"])
def test_a_run_that_is_ended(served, authority, temporary, number, name, when):
    def hang(handler):
        if when == "cloning" and handler.command == "POST":
            time.sleep(6)
        return False

    with GitServer(served, authority, answer=hang) as server:
        run = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED, server.url("bare.git", user=f"me:{TOKEN}")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": SRC},
        )
        with run:
            if when == "scanning":
                assert run.stdout.readline() == b"cloned\n"
            else:
                wait_for(lambda: any(method == "POST" for method, *_ in server.requests))
            assert len(os.listdir(temporary)) == 1
            run.send_signal(number)
            begun = time.monotonic()
            assert run.stdout.readline().decode().strip() == name
            assert run.wait() == (130 if name else -signal.SIGKILL)
            assert time.monotonic() - begun < 2
        if number == signal.SIGKILL and when == "scanning":
            shutil.rmtree(temporary / os.listdir(temporary)[0])  # the next run does, a day later
        wait_for(lambda: not os.listdir(temporary))


def wait_for(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_credential_is_in_no_command_line_or_environment(served, authority, monkeypatch):
    if not os.path.isdir("/proc/self"):
        pytest.skip("NOT TESTED: command lines of processes; there is no /proc")
    monkeypatch.setenv("LEAKSIEVE_GIT_TOKEN", TOKEN)
    seen = []

    def look(_):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                line = Path("/proc", pid, "cmdline").read_bytes()
                if b"remote_child" in line:
                    seen.append(line + Path("/proc", pid, "environ").read_bytes())
            except OSError:
                continue
        return False

    with GitServer(served, authority, password=("x-access-token", TOKEN), answer=look) as server, clone(remote(server.url("bare.git"))):
        pass
    assert seen
    assert not any(TOKEN.encode() in each for each in seen)


@pytest.mark.parametrize("options", [(), ("--bare",), ("--object-format=sha256",)])
def test_file_urls_copy_the_object_store_as_it_is(tmp_path, options):
    repo = GitRepo(tmp_path / "a b", *options)
    tree = repo("write-tree" if "--bare" not in options else "mktree", stdin=b"").decode().strip()
    commit = repo("commit-tree", tree, "-m", "one").decode().strip()
    repo("update-ref", "refs/heads/main", commit)
    repo("update-ref", "refs/heads/other", commit)
    repo("pack-refs", "--all")
    repo("repack", "-adq")
    repo("update-ref", "refs/heads/loose", commit)
    dangling = repo("hash-object", "-w", "--stdin", stdin=b"dangling").decode().strip()
    with clone(remote(repo.top.as_uri())) as got:
        assert listed(got.path) == repo("for-each-ref", "--format=%(objectname) %(refname)").decode()
        assert git(got.path, "cat-file", "blob", dangling) == "dangling"
        assert git(got.path, "symbolic-ref", "HEAD") == "refs/heads/main\n"
        assert git(got.path, "fsck", "--full", "--strict").strip() == f"dangling blob {dangling}"


def test_file_urls_stay_inside_the_folder_they_name(tmp_path):
    secret = GitRepo(tmp_path / "secret")
    secret.add("a", "x")
    secret.commit()
    repo = GitRepo(tmp_path / "r")
    repo.add("b", "y")
    repo.commit()
    info = repo.top / ".git/objects/info/alternates"
    info.write_text(str(secret.top / ".git/objects") + "\n")
    assert "borrows objects from outside" in failure(repo.top.as_uri())
    info.unlink()
    repo("repack", "-adq")
    pack = next((repo.top / ".git/objects/pack").glob("*.pack"))
    pack.rename(tmp_path / "moved")
    pack.symlink_to(tmp_path / "moved")
    assert "leads out of it" in failure(repo.top.as_uri())
    pack.unlink()
    os.mkfifo(pack)
    assert "cannot be read" in failure(repo.top.as_uri(), timeout=10)
    (tmp_path / "r/plain").mkdir()
    assert "not a git repository" in failure((tmp_path / "r/plain").as_uri())
    assert "not a git repository" in failure((tmp_path / "missing").as_uri())
