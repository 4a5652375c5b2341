"""Private keys and the public halves beside them, all made by openssl and ssh-keygen."""

import json
import subprocess
from datetime import date

import pytest
from live import QUICK, candidate
from live import verdict as judge

from leaksieve.errors import RulesetError
from leaksieve.ruleset.verify import read_verifiers
from leaksieve.ruleset.verify_load import Tables, load_verifiers
from leaksieve.verifiers.publickeys import MAX_FILE, found_in, read

TABLES = Tables([table for table in load_verifiers().all if table["id"] == "private-key"])


def run(*command, cwd=None):
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Keys outside of the folder that is scanned, their public halves in it."""
    here, folder = tmp_path_factory.mktemp("keys"), tmp_path_factory.mktemp("repo")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "deploy@host", "-f", here / "ed")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "passphrase", "-C", "locked@host", "-f", here / "locked")
    run("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-C", "old@host", "-f", here / "rsa")
    run(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        here / "tls.key",
        "-out",
        folder / "server.pem",
        "-days",
        "30",
        "-subj",
        "/CN=acme.example",
    )
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", here / "ec.key")
    run("openssl", "req", "-new", "-key", here / "ec.key", "-out", folder / "request.csr", "-subj", "/CN=ec.acme.example")
    run("openssl", "ec", "-in", here / "ec.key", "-pubout", "-out", folder / "ec.pub.pem")
    run("openssl", "genpkey", "-algorithm", "ed448", "-out", here / "ed448.key")
    run("openssl", "pkey", "-in", here / "ed448.key", "-pubout", "-out", folder / "ed448.pem")
    run("openssl", "x509", "-in", folder / "server.pem", "-outform", "DER", "-out", folder / "server.crt")
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", here / "lonely.key")
    (folder / "ssh").mkdir()
    lines = ["# those who may", f'command="true",no-pty {(here / "ed.pub").read_text()}', (here / "locked.pub").read_text()]
    (folder / "ssh" / "authorized_keys").write_text("\n".join(line.strip() for line in lines) + "\n")
    (folder / "main.tf").write_text(f'resource "key" "k" {{\n  public_key = "{(here / "rsa.pub").read_text().strip()}"\n}}\n')
    return here, folder


def judged(made, name, rule="private-key-pem", folder=True, shape=str, details=None):
    here, place = made
    settings = QUICK._replace(folder=str(place).encode() if folder else None)
    one = candidate(shape((here / name).read_text()), rule, "one")
    one = one._replace(subject=one.subject._replace(details=details or {}))
    from live import ask

    (result,) = ask([one], TABLES, settings).results.values()
    assert result.checked is None
    return result.verdict


def test_an_ssh_key_is_found_where_it_may_log_in(made):
    said = judged(made, "ed", "private-key-openssh")
    assert (said.state, said.reason) == ("unknown", "offline")
    assert said.told == {"kind": "Ed25519", "resources": ["ssh/authorized_keys:2 authorized key (deploy@host)"]}
    assert "one public key or certificate" in said.detail


def test_an_encrypted_one_by_its_fingerprint(made):
    details = {"fingerprint": run("ssh-keygen", "-l", "-f", made[0] / "locked.pub").split()[1], "key_type": "Ed25519"}
    said = judged(made, "locked", "private-key-openssh-encrypted", details=details)
    assert said.told == {"kind": "Ed25519", "resources": ["ssh/authorized_keys:3 authorized key (locked@host)"]}
    said = judged(made, "locked", "private-key-openssh-encrypted")
    assert (said.told, "encrypted" in said.detail) == ({}, True)


def test_certificates_requests_and_public_keys(made):
    said = judged(made, "tls.key", "private-key-pkcs8")
    assert said.told["kind"] == "RSA 2048"
    der, pem = said.told["resources"]
    assert der.startswith("server.crt certificate (CN=acme.example, to 20")
    assert pem.startswith("server.pem:1 certificate (CN=acme.example, to 20")
    said = judged(made, "ec.key")
    assert said.told == {"kind": "EC 256", "resources": ["ec.pub.pem:1 public key", "request.csr:1 certificate request (CN=ec.acme.example)"]}
    assert judged(made, "ed448.key", "private-key-pkcs8").told["resources"] == ["ed448.pem:1 public key"]
    assert judged(made, "rsa").told["resources"] == ["main.tf:2 public key (old@host)"]


@pytest.mark.parametrize(
    "shape",
    [
        lambda text: json.dumps(text)[1:-1],
        lambda text: json.dumps(json.dumps(text))[3:-3],
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\n".join("    " + line for line in text.splitlines()),
        lambda text: '\\n"\n + "'.join(text.splitlines()),
        lambda text: "".join(line for line in text.splitlines() if "-----" not in line),
    ],
)
def test_keys_as_source_code_writes_them(made, shape):
    assert judged(made, "rsa", shape=shape).told["resources"] == ["main.tf:2 public key (old@host)"]


def test_a_key_that_belongs_to_nothing_here(made):
    said = judged(made, "lonely.key", "private-key-pkcs8")
    assert (said.state, said.told) == ("unknown", {"kind": "Ed25519"})
    assert "no public key" in said.detail
    assert "no folder" in judged(made, "ed", "private-key-openssh", folder=False).detail
    assert judged(made, "ed", shape=lambda text: text[:200]).told == {}


def test_hostile_folders_are_read_within_bounds(tmp_path, made):
    here, _ = made
    (tmp_path / "out").symlink_to(here)
    (tmp_path / "ed.pub").symlink_to(here / "ed.pub")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.pub").write_bytes((here / "ed.pub").read_bytes())
    (tmp_path / "large.pub").write_bytes(b"x" * MAX_FILE + (here / "ed.pub").read_bytes())
    import os

    os.mkfifo(tmp_path / "pipe")
    assert found_in(str(tmp_path).encode()) == []
    for data in (
        b"-----BEGIN CERTIFICATE-----\n" + b"A" * 100 + b"\n-----END CERTIFICATE-----",
        b"-----BEGIN PUBLIC KEY-----\n" + b"=" * 100 + b"\n-----END PUBLIC KEY-----",
        b"-----BEGIN CERTIFICATE-----\n" * 5000,
        b"ssh-rsa AAAA" + b"\xff" * 100,
        b"\x30\x82\xff\xff" + b"\0" * 100,
    ):
        assert read("x.crt", data) == []
    (half,) = read("authorized_keys", b"ssh-ed25519 AAAA" + b"C" * 64 + b" \x1b[31mred\n")
    assert half.name == ""


def test_a_check_that_sends_nothing_names_no_hosts():
    code = {"code": "private-key", "calls": ["none"], "offline": True}
    (read_table,) = read_verifiers(
        {"verify": [{**TABLES.all[0], "read": date(2026, 11, 21), **code, "hosts": [], "ports": [443], "control": "none"}]}, "x.toml"
    )
    assert (read_table["offline"], read_table["hosts"]) == (True, [])
    for wrong in ({"hosts": ["a.example"]}, {"endpoint": "acme"}, {"offline": "yes"}, {"offline": False, "endpoint": ""}):
        with pytest.raises(RulesetError, match=r"offline|hosts"):
            read_verifiers({"verify": [{**TABLES.all[0], "read": date(2026, 11, 21), **code, "hosts": [], "ports": [443], **wrong}]}, "x.toml")


def test_the_private_half_is_in_no_verdict(made, capfd):
    said = repr([judged(made, name) for name in ("ed", "rsa", "tls.key", "ec.key")])
    for name in ("ed", "rsa", "tls.key", "ec.key"):
        lines = [line for line in (made[0] / name).read_text().splitlines() if "-----" not in line]
        assert not any(line[:20] in said for line in lines)
    assert capfd.readouterr() == ("", "")
    assert judge((made[0] / "ed").read_text(), TABLES, QUICK, rule="private-key-openssh").state == "unknown"
