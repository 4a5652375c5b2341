"""Private keys tried at a real sshd on loopback, and at servers that are none."""

import getpass
import json
import logging
import os
import shutil
import subprocess
import sys
import time

import pytest
from answers import raw_server
from live import QUICK, ask, candidate
from registries import free_port
from sshserver import SSHD, Sshd, keygen

from leaksieve.cli.request import Options
from leaksieve.cli.verifying import settings_for
from leaksieve.config import Config
from leaksieve.engine.checks_ssh import mpint, strings
from leaksieve.errors import UsageError
from leaksieve.net.address import account_of
from leaksieve.ruleset.verify_load import Tables, load_verifiers

asyncssh = pytest.importorskip("asyncssh") if not os.environ.get("CI") else __import__("asyncssh")
pytestmark = [pytest.mark.e2e]
if not os.environ.get("CI"):
    pytestmark.append(pytest.mark.skipif(SSHD is None, reason="NOT TESTED: logins over ssh; the openssh-server package is missing"))
TABLES = Tables([table | {"rate": 100.0} for table in load_verifiers().all if table["id"] == "private-key"])
ME = getpass.getuser()
KINDS = {"ed": ("ed25519",), "rsa": ("rsa", "-b", "2048"), "ec": ("ecdsa", "-b", "256"), "old": ("rsa", "-b", "2048", "-m", "PEM")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    here = tmp_path_factory.mktemp("sshd")
    keygen(here / "host", "ed25519")
    for name, kind in KINDS.items():
        keygen(here / name, *kind)
    keygen(here / "stranger", "ed25519")
    keygen(here / "locked", "ed25519", phrase="canary" + "Phrase")
    (here / "authorized").write_text("".join((here / f"{name}.pub").read_text() for name in (*KINDS, "locked")))
    return here


@pytest.fixture(scope="module")
def sshd(folder):
    server = Sshd(folder, "PasswordAuthentication no")
    yield server
    server.stop()


def said(value, port, *, user=ME, details=None, scanned=None, timeout=20.0):
    ssh = f"ssh://{user}@127.0.0.1:{port}"
    settings = QUICK._replace(endpoints={"ssh": (ssh,)}, folder=scanned, timeout=timeout)
    one = candidate(value, "private-key-openssh", "one")
    one = one._replace(subject=one.subject._replace(details=details or {}))
    (result,) = ask([one], TABLES, settings).results.values()
    assert value.splitlines()[2] not in repr(result)
    return result.verdict


@pytest.mark.parametrize("name", KINDS)
def test_a_key_that_logs_in(sshd, folder, name, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    text = (folder / name).read_text()
    verdict = said(text, sshd.port)
    assert (verdict.state, verdict.privileged, verdict.told["user"]) == ("active", ME == "root", ME)
    assert verdict.told["resources"] == [f"ssh://{ME}@127.0.0.1:{sshd.port} (logs in)"]
    shown = subprocess.run(["ssh-keygen", "-l", "-f", folder / "host.pub"], capture_output=True, text=True, check=True).stdout.split()[1]
    assert verdict.evidence == {
        "host": "127.0.0.1",
        "matched": ["the server knows the public key", "the login was accepted", f"host key ssh-ed25519 {shown}, not compared with any known one"],
        "control": "none",
    }
    out, err = capfd.readouterr()
    assert text.splitlines()[2] not in out + err + caplog.text


def test_the_public_key_is_asked_about_first_and_nothing_is_opened(sshd, folder):
    before = len(sshd.said())
    assert said((folder / "ed").read_text(), sshd.port).state == "active"
    log = sshd.said()[before:]
    assert (
        log.index("Postponed publickey") < log.index("Accepted publickey")
        if "Postponed" in log
        else log.index("Accepted key") < log.index("Accepted publickey")
    )
    assert "Starting session" not in log
    assert "session_new" not in log


def test_a_stranger_is_refused_before_anything_is_signed(sshd, folder):
    verdict = said((folder / "stranger").read_text(), sshd.port)
    assert (verdict.state, verdict.reason, verdict.told["kind"]) == ("unknown", "elsewhere", "Ed25519")
    assert verdict.evidence["matched"][0] == "the server does not take the public key"
    assert said((folder / "ed").read_text(), sshd.port, user="nosuchuser").reason == "elsewhere"


def test_an_encrypted_key_is_unverifiable_and_not_tried(sshd, folder):
    before = len(sshd.said())
    verdict = said((folder / "locked").read_text(), sshd.port, details={"encrypted": True}, scanned=bytes(folder))
    assert (verdict.state, verdict.reason) == ("unverifiable", "encrypted")
    pem = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:x"], capture_output=True, text=True, check=True).stdout
    assert said(pem, sshd.port).reason == "encrypted"
    assert len(sshd.said()) == before


def test_a_server_that_wants_a_password_too(folder):
    server = Sshd(folder, "PasswordAuthentication yes", "AuthenticationMethods publickey,password")
    try:
        verdict = said((folder / "ed").read_text(), server.port)
    finally:
        server.stop()
    assert (verdict.state, verdict.reason) == ("unknown", "unexpected")
    assert verdict.evidence["matched"][0] == "the server knows the public key"


def test_the_folder_is_looked_at_as_well(sshd, folder, tmp_path):
    shutil.copy(folder / "ed.pub", tmp_path / "id.pub")
    verdict = said((folder / "ed").read_text(), sshd.port, scanned=bytes(tmp_path))
    assert verdict.told["resources"][1:] == ["id.pub:1 public key (deploy)"]


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"])
def test_keys_in_puttys_files(sshd, folder, kind):
    from base64 import b64encode

    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    name = {"ssh-ed25519": "ed", "ssh-rsa": "rsa"}.get(kind, "ec")
    key = load_ssh_private_key((folder / name).read_bytes(), None)
    if name == "ed":
        private = strings(key.private_bytes_raw())
    elif name == "rsa":
        numbers = key.private_numbers()
        private = strings(*map(mpint, (numbers.d, numbers.p, numbers.q, numbers.iqmp)))
    else:
        private = strings(mpint(key.private_numbers().private_value))
    public = (folder / f"{name}.pub").read_text().split()[1]
    text = "\n".join(
        [f"PuTTY-User-Key-File-3: {kind}", "Encryption: none", "Comment: deploy", "Public-Lines: 1", public, "Private-Lines: 1", b64encode(private).decode()]
    )
    assert said(text + "\nPrivate-MAC: 00\n", sshd.port).state == "active"


def test_down_slow_and_no_ssh(folder):
    text = (folder / "ed").read_text()
    assert said(text, free_port()).reason == "connection"
    with raw_server(lambda _: time.sleep(2)) as port:
        assert said(text, port, timeout=0.5).reason == "timeout"
    for words in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n" + b"\xff" * 64, b"SSH-1.5-old\r\n", b""):
        with raw_server(lambda connection, words=words: connection.sendall(words)) as port:
            verdict = said(text, port, timeout=5.0)
        assert (verdict.state, verdict.reason) in [("unknown", reason) for reason in ("malformed", "connection", "unexpected", "timeout")]


def test_a_key_that_ssh_does_not_have(sshd):
    pem = subprocess.run(["openssl", "genpkey", "-algorithm", "x25519"], capture_output=True, text=True, check=True).stdout
    settings = QUICK._replace(endpoints={"ssh": (f"ssh://{ME}@127.0.0.1:{sshd.port}",)})
    (result,) = ask([candidate(pem, "private-key-pkcs8")], TABLES, settings).results.values()
    assert (result.verdict.state, result.verdict.reason) == ("unknown", "unfit")


def leaksieve(tree, home, *more):
    call = [sys.executable, "-m", "leaksieve", "scan", str(tree), "--no-repo-config", *more]
    return subprocess.run(call, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "HOME": str(home)}, timeout=120, check=False)


def test_from_the_command_line(sshd, folder, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    shutil.copy(folder / "ed", tree / "deploy_key")
    place = f"{ME}@localhost:{sshd.port}"
    plan = leaksieve(tree, tmp_path, "--verify-plan", "--verify-ssh", place)
    assert f"localhost:{sshd.port}  log in as {ME} with the key (SSH; no shell, no command)  1 credential (private-key)" in plan.stdout
    ran = leaksieve(tree, tmp_path, "--verify", "--verify-ssh", place, "--format", "json")
    (one,) = json.loads(ran.stdout)["findings"]
    assert (one["verdict"], one["verification"]["identity"]["user"]) == ("active", ME)
    assert not (tmp_path / ".ssh").exists()
    assert (folder / "ed").read_text().splitlines()[2] not in ran.stdout + ran.stderr
    off = leaksieve(tree, tmp_path, "--verify", "--format", "json")
    (one,) = json.loads(off.stdout)["findings"]
    assert (one["verdict"], one["verification"]["reason"]) == ("unknown", "offline")


@pytest.mark.parametrize(
    "more",
    [
        ("--verify-ssh", "me@host"),
        ("--verify", "--verify-ssh", "host"),
        ("--verify", "--verify-ssh", "me@host:99999"),
        ("--verify", "--verify-ssh", "me@0x7f000001"),
        ("--verify", "--verify-ssh", "-oProxyCommand=x@host"),
        ("--verify", "--verify-endpoint", "ssh=https://host.example"),
    ],
)
def test_what_is_no_account_is_said_before_anything(more, tmp_path):
    ran = leaksieve(tmp_path, tmp_path, *more)
    assert ran.returncode == 2, ran.stderr
    assert "ssh" in ran.stderr


def test_a_configuration_names_no_server(tmp_path):
    (tmp_path / "verify.toml").write_text('[verify.endpoints]\nssh = "https://host.example"\n')
    ran = leaksieve(tmp_path, tmp_path, "--verify", "--verify-config", str(tmp_path / "verify.toml"))
    assert ran.returncode == 2
    assert "--verify-ssh" in ran.stderr


def test_without_the_client_it_is_said_before_anything(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UsageError) as failed:
        settings_for(Options(verify_ssh=("me@host.example",)), Config())
    assert "leaksieve[ssh]" in failed.value.hint


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]"])
def test_metadata_hosts_are_never_reached(folder, host):
    settings = QUICK._replace(endpoints={"ssh": (f"ssh://me@{host}:22",)})
    (result,) = ask([candidate((folder / "ed").read_text(), "private-key-openssh")], TABLES, settings).results.values()
    assert (result.verdict.state, result.verdict.reason) == ("unknown", "private-address")


@pytest.mark.parametrize("text", ["a@b@corp.example", "svc$@host", "me@[::1]:2222", "ssh://me@host.example:22"])
def test_accounts_are_read_in_one_way(text):
    account = account_of(text)
    assert account_of(account.url) == account
