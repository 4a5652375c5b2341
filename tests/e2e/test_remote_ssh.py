"""Clones over ssh from a real sshd on loopback."""

import getpass
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from gitrepo import GitRepo
from sshserver import SSHD, Sshd, keygen

from leaksieve.errors import SourceError
from leaksieve.sources.remote import clone, parse_remote

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(SSHD is None or shutil.which("ssh-agent") is None, reason="NOT TESTED: cloning over ssh; the openssh-server package is missing"),
]
PHRASE = "canary" + "Phrase"


class Served(Sshd):
    """Lets two keys in, one of them locked; ``home`` is that of a user who knows it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        (self.home / ".ssh").mkdir(parents=True, mode=0o700)
        for name, phrase in (("host", ""), ("id", ""), ("locked", PHRASE), ("stranger", "")):
            keygen(folder / name, "ed25519", phrase=phrase)
        (folder / "authorized").write_text((folder / "id.pub").read_text() + (folder / "locked.pub").read_text())
        super().__init__(folder, "PasswordAuthentication no")
        self.know(f"[localhost]:{self.port}")

    def know(self, place: str) -> None:
        kind, key, *_ = (self.folder / "host.pub").read_text().split()
        (self.home / ".ssh/known_hosts").write_text(f"{place} {kind} {key}\n")

    def url(self, path: object) -> str:
        return f"ssh://{getpass.getuser()}@localhost:{self.port}{path}"


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    server = Served(tmp_path_factory.mktemp("sshd"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    repo = GitRepo(tmp_path_factory.mktemp("served") / "r")
    repo.add("a", "x")
    repo.commit()
    repo("update-ref", "refs/pull/1/head", "HEAD")
    return repo


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch, sshd):
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("HOME", str(sshd.home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    yield folder
    assert os.listdir(folder) == []


def failure(url):
    with pytest.raises(SourceError) as caught, clone(parse_remote(url), timeout=20):
        pass
    assert PHRASE not in str(caught.value)
    return str(caught.value)


def test_a_key_file(sshd, repo, monkeypatch):
    monkeypatch.setenv("LEAKSIEVE_SSH_KEY", str(sshd.folder / "id"))
    with clone(parse_remote(sshd.url(repo.top))) as got:
        listed = subprocess.run(["git", "--git-dir", os.fsdecode(got.path), "for-each-ref"], capture_output=True, check=True).stdout
        assert listed == repo("for-each-ref")
        assert got.shown == sshd.url(repo.top)


def test_a_key_with_a_passphrase(sshd, repo, monkeypatch):
    monkeypatch.setenv("LEAKSIEVE_SSH_KEY", str(sshd.folder / "locked"))
    monkeypatch.setenv("LEAKSIEVE_SSH_KEY_PASSPHRASE", PHRASE)
    with clone(parse_remote(sshd.url(repo.top))) as got:
        assert got.references == 2
    monkeypatch.setenv("LEAKSIEVE_SSH_KEY_PASSPHRASE", "wrong")
    assert "LEAKSIEVE_SSH_KEY" in failure(sshd.url(repo.top))


def test_the_usual_key_file(sshd, repo):
    usual = sshd.home / ".ssh/id_ed25519"
    shutil.copy(sshd.folder / "id", usual)
    try:
        with clone(parse_remote(sshd.url(repo.top))) as got:
            assert got.references == 2
    finally:
        usual.unlink()


def test_the_agent(sshd, repo, monkeypatch, tmp_path_factory):
    place = str(tmp_path_factory.mktemp("agent") / "s")
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", place], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", place)
        end = time.monotonic() + 5
        while not os.path.exists(place) and time.monotonic() < end:
            time.sleep(0.02)
        subprocess.run(["ssh-add", "-q", sshd.folder / "id"], check=True)
        with clone(parse_remote(sshd.url(repo.top))) as got:
            assert got.references == 2
    finally:
        agent.terminate()
        agent.wait()


def test_no_key_and_a_strangers_key(sshd, repo, monkeypatch):
    assert "there is none" in failure(sshd.url(repo.top))
    monkeypatch.setenv("LEAKSIEVE_SSH_KEY", str(sshd.folder / "stranger"))
    assert "accepts no key of LEAKSIEVE_SSH_KEY" in failure(sshd.url(repo.top))


def test_the_host_key_is_checked(sshd, repo, monkeypatch):
    monkeypatch.setenv("LEAKSIEVE_SSH_KEY", str(sshd.folder / "id"))
    known = sshd.home / ".ssh/known_hosts"
    before = known.read_text()
    try:
        known.unlink()
        assert "known_hosts" in failure(sshd.url(repo.top))
        known.write_text(f"[localhost]:{sshd.port} " + (sshd.folder / "stranger.pub").read_text())
        assert "known_hosts" in failure(sshd.url(repo.top))
        known.write_text(before)
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", known], check=True, capture_output=True)
        with clone(parse_remote(sshd.url(repo.top))) as got:
            assert got.references == 2
    finally:
        known.write_text(before)


def test_no_command_of_the_users_ssh_configuration_runs(sshd, repo, monkeypatch, tmp_path):
    monkeypatch.setenv("LEAKSIEVE_SSH_KEY", str(sshd.folder / "id"))
    config = sshd.home / ".ssh/config"
    config.write_text(f"Host *\n  ProxyCommand touch {tmp_path}/ran\n")
    monkeypatch.setenv("GIT_SSH_COMMAND", f"touch {tmp_path}/ran")
    try:
        with clone(parse_remote(sshd.url(repo.top))) as got:
            assert got.references == 2
    finally:
        config.unlink()
    assert not (tmp_path / "ran").exists()


def test_nothing_there(sshd, tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKSIEVE_SSH_KEY", str(sshd.folder / "id"))
    assert sshd.url(tmp_path / "gone") in failure(sshd.url(tmp_path / "gone"))
