"""Private keys made by the programs that people make them with, against what those programs say of them."""

import base64
import shutil
import subprocess
from time import process_time

import pytest

from leaksieve.engine.checks import Proof, examine, refused
from leaksieve.engine.checks_pgp import crc24
from leaksieve.ruleset.template import expand

needs_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed: keys of OpenSSH are NOT tested")
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: PKCS#1, PKCS#8 and SEC 1 keys are NOT tested")
needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed: OpenPGP keys are NOT tested")


def run(folder, *words, **options):
    return subprocess.run(words, cwd=folder, check=True, capture_output=True, timeout=60, **options).stdout


def listed(folder, public):
    """Size and fingerprint as ssh-keygen prints them."""
    size, print_of, *_ = run(folder, "ssh-keygen", "-l", "-f", public).decode().split()
    return {"bits": int(size), "fingerprint": print_of}


@needs_keygen
@pytest.mark.parametrize(
    ("kind", "size", "name"),
    [("rsa", "1024", "RSA"), ("ed25519", "256", "Ed25519"), ("ecdsa", "256", "EC P-256"), ("ecdsa", "384", "EC P-384"), ("ecdsa", "521", "EC P-521")],
)
@pytest.mark.parametrize("passphrase", ["", "correct horse"])
def test_openssh(tmp_path, kind, size, name, passphrase):
    run(tmp_path, "ssh-keygen", "-q", "-t", kind, "-b", size, "-N", passphrase, "-C", "somebody@example", "-f", "key")
    text = (tmp_path / "key").read_bytes()
    expected = Proof(True, {"key_type": name, "encrypted": bool(passphrase), **listed(tmp_path, "key.pub")})
    assert examine("private-key", text) == expected
    for spelled in written(text):
        assert examine("private-key", spelled) == expected


def written(text):
    """A block as it stands in source code, configuration and environment files."""
    lines = text.strip().split(b"\n")
    yield b"\\n".join(lines)
    yield b"\\\\n".join(lines)
    yield b"\r\n".join(lines)
    yield b" ".join(lines)
    yield b"\n    ".join(lines)
    yield b"\n# ".join(lines)
    yield b"\n// ".join(lines)
    yield b"' .\n  '".join(lines)
    yield b"\\u000a".join(lines)
    yield b"&#xA;".join(lines)
    yield b"`n".join(lines)
    yield b"<br/>".join(lines)
    yield b'\\n" +\n    "'.join(lines)
    yield b"',\n'".join(lines)
    yield base64.b64encode(text)


def openssl(folder, *words):
    run(folder, "openssl", *words)
    return (folder / "key").read_bytes()


@needs_openssl
@needs_keygen
@pytest.mark.parametrize(
    ("words", "begins", "name"),
    [
        (("genrsa", "-traditional", "-out", "key", "1024"), b"-----BEGIN RSA PRIVATE KEY-----", "RSA"),
        (("genrsa", "-out", "key", "1024"), b"-----BEGIN PRIVATE KEY-----", "RSA"),
        (("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key"), b"-----BEGIN EC PRIVATE KEY-----", "EC P-256"),
        (("ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", "key"), b"-----BEGIN EC PRIVATE KEY-----", "EC P-384"),
        (("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521", "-out", "key"), b"-----BEGIN PRIVATE KEY-----", "EC P-521"),
    ],
)
def test_keys_of_openssl(tmp_path, words, begins, name):
    text = openssl(tmp_path, *words)
    assert text.startswith(begins)
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "key.pub").write_bytes(run(tmp_path, "ssh-keygen", "-y", "-f", "key"))
    expected = Proof(True, {"key_type": name, "encrypted": False, **listed(tmp_path, "key.pub")})
    for spelled in (text, *written(text)):
        assert examine("private-key", spelled) == expected


@needs_openssl
@pytest.mark.parametrize(("algorithm", "bits"), [("Ed25519", 256), ("X25519", 256), ("Ed448", 456), ("X448", 448)])
def test_newer_curves(tmp_path, algorithm, bits):
    text = openssl(tmp_path, "genpkey", "-algorithm", algorithm, "-out", "key")
    assert examine("private-key", text) == Proof(True, {"key_type": algorithm, "bits": bits, "encrypted": False})


@needs_openssl
def test_a_curve_that_ssh_does_not_know(tmp_path):
    text = openssl(tmp_path, "ecparam", "-name", "secp256k1", "-genkey", "-noout", "-out", "key")
    assert examine("private-key", text) == Proof(True, {"key_type": "EC secp256k1", "bits": 256, "encrypted": False})


@needs_openssl
def test_encrypted_keys(tmp_path):
    plain = openssl(tmp_path, "genrsa", "-traditional", "-out", "key", "1024")
    old = run(tmp_path, "openssl", "rsa", "-in", "key", "-traditional", "-aes128", "-passout", "pass:swordfish")
    assert b"Proc-Type" in old
    for spelled in (old, *written(old)):
        assert examine("private-key", spelled) == Proof(True, {"encrypted": True, "cipher": "AES-128-CBC"})
    new = run(tmp_path, "openssl", "pkcs8", "-topk8", "-in", "key", "-passout", "pass:swordfish")
    assert new.startswith(b"-----BEGIN ENCRYPTED")
    assert examine("private-key", new) == Proof(True, {"encrypted": True})
    assert examine("private-key", plain).details["encrypted"] is False


@needs_openssl
def test_dsa_in_both_forms(tmp_path):
    openssl(tmp_path, "dsaparam", "-genkey", "-noout", "-out", "key", "1024")
    new = run(tmp_path, "openssl", "pkcs8", "-topk8", "-nocrypt", "-in", "key")
    old = run(tmp_path, "openssl", "dsa", "-in", "key")
    assert (new[:27], old[:31]) == (b"-----BEGIN PRIVATE KEY-----", b"-----BEGIN DSA PRIVATE KEY-----")
    first, second = examine("private-key", new), examine("private-key", old)
    assert first == second
    assert first.passed
    assert (first.details["key_type"], first.details["bits"]) == ("DSA", 1024)


RULE = {"proof": "private-key", "on_failed_proof": "keep"}


@needs_openssl
def test_public_material_under_a_wrong_label_is_refused(tmp_path):
    text = openssl(tmp_path, "genrsa", "-traditional", "-out", "key", "1024")
    public = run(tmp_path, "openssl", "rsa", "-in", "key", "-pubout").replace(b"PUBLIC", b"PRIVATE")
    bare = run(tmp_path, "openssl", "rsa", "-in", "key", "-RSAPublicKey_out").replace(b"PUBLIC", b"PRIVATE")
    certificate = run(tmp_path, "openssl", "req", "-x509", "-new", "-key", "key", "-subj", "/CN=example").replace(b"CERTIFICATE", b"PRIVATE KEY")
    for block in (public, bare, certificate):
        assert examine("private-key", block) == Proof(False, public=True)
        assert refused(RULE, block, {}) == "public-material"
    assert refused(RULE, text, {}) == ""


@needs_openssl
def test_a_key_that_was_cut_or_changed_fails_and_stays(tmp_path):
    text = openssl(tmp_path, "genrsa", "-traditional", "-out", "key", "1024")
    lines = text.split(b"\n")
    cut = b"\n".join(lines[:5])
    # A line of the modulus with its characters turned around.
    changed = b"\n".join((*lines[:2], lines[2][::-1], *lines[3:]))
    for block in (cut, changed, text.replace(b"MII", b"AII", 1)):
        assert examine("private-key", block).passed is False
        assert refused(RULE, block, {}) == ""


@needs_gpg
@pytest.mark.parametrize(("algorithm", "name", "bits"), [("rsa1024", "RSA", 1024), ("ed25519", "EdDSA", None), ("nistp256", "ECDSA", None)])
@pytest.mark.parametrize("passphrase", ["", "swordfish"])
def test_openpgp(tmp_path, algorithm, name, bits, passphrase):
    home = tmp_path / "g"
    home.mkdir(mode=0o700)
    gpg = ("gpg", "--homedir", str(home), "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", passphrase)
    try:
        run(tmp_path, *gpg, "--faked-system-time", "20240102T030405!", "--quick-generate-key", "nobody@example", algorithm, "sign", "0")
        text = run(tmp_path, *gpg, "--armor", "--export-secret-keys")
        listing = run(tmp_path, *gpg, "--with-colons", "--list-keys").decode()
    finally:
        subprocess.run(("gpgconf", "--homedir", str(home), "--kill", "gpg-agent"), check=False, capture_output=True, timeout=20)
    print_of = next(line for line in listing.splitlines() if line.startswith("fpr")).split(":")[9]
    details = {"key_type": f"OpenPGP {name}", "encrypted": bool(passphrase), "fingerprint": print_of, "issued": "2024-01-02T03:04:05Z"}
    expected = Proof(True, {**details, "bits": bits} if bits else details)
    for spelled in (text, text.replace(b"\n", b"\\n"), text.replace(b"\n\n", b"\nComment: a = key\n\n", 1)):
        assert examine("pgp-key", spelled) == expected
    assert examine("pgp-key", text.replace(text[200:202], text[201:199:-1], 1)).passed is (text[200] == text[201])


def test_the_checksum_of_an_armour_is_the_published_one():
    assert crc24(b"123456789") == 0x21CF02


def test_an_armour_with_a_public_key_inside_is_public():
    raw = bytearray(base64.b64decode(expand("<pgp-key:1700000000>")))
    raw[0] = 0xC6
    block = b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n" + base64.b64encode(raw) + b"\n-----END"
    assert examine("pgp-key", block) == Proof(False, public=True)
    assert refused({"proof": "pgp-key"}, block, {}) == "public-material"


def putty(blob, kind="ssh-ed25519", encryption="none"):
    text = base64.b64encode(blob).decode()
    head = f"PuTTY-User-Key-File-3: {kind}\nEncryption: {encryption}\nComment: me@host\nPublic-Lines: 2\n{text[:64]}\n{text[64:]}\n"
    middle = "Key-Derivation: Argon2id\n" if encryption != "none" else ""
    return f"{head}{middle}Private-Lines: 1\n{'A' * 44}\nPrivate-MAC: {'0' * 64}\n".encode()


@needs_keygen
def test_putty(tmp_path):
    run(tmp_path, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key")
    blob = base64.b64decode((tmp_path / "key.pub").read_bytes().split()[1])
    details = {"key_type": "Ed25519", **listed(tmp_path, "key.pub")}
    assert examine("putty-key", putty(blob)) == Proof(True, {**details, "encrypted": False})
    assert examine("putty-key", putty(blob, encryption="aes256-cbc").replace(b"\n", b"\r\n")) == Proof(True, {**details, "encrypted": True})
    assert examine("putty-key", putty(blob, "ssh-rsa")).passed is False
    assert examine("putty-key", putty(b"\0\0\0\x0b" + blob[20:])).passed is False


def test_ssh2():
    block = expand(
        '---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: "2048-bit rsa, \\\nme@host"\n<ssh2-key:512>\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\n'
    )
    assert examine("ssh2-key", block) == Proof(True, {"key_type": "RSA", "encrypted": True})
    assert b"P2/56w" in block
    assert examine("ssh2-key", block.replace(b"P2/56w", b"P2/57w")).passed is False


@needs_openssl
def test_a_key_as_bare_base64(tmp_path):
    text = openssl(tmp_path, "genrsa", "-out", "key", "1024")
    bare = b"".join(line for line in text.split(b"\n") if b"---" not in line)
    assert examine("private-key", bare) == examine("private-key", text)
    assert examine("private-key", bare).passed
    assert examine("private-key", base64.b64encode(b"no key")).passed is False


def der(tag, *parts):
    body = b"".join(parts)
    length = bytes((len(body),)) if len(body) < 128 else b"\x83" + len(body).to_bytes(3, "big")
    return bytes((tag,)) + length + body


def test_numbers_that_would_take_too_long_are_left_alone():
    numbers = [0, (1 << 3000) + 1, 3, 2, 4, (1 << 300_000) - 1]
    block = der(0x30, *(der(2, b"\0" + number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in numbers))
    text = b"-----BEGIN DSA PRIVATE KEY-----\n" + base64.b64encode(block) + b"\n-----END DSA PRIVATE KEY-----"
    started = process_time()
    assert examine("private-key", text) == Proof(False)
    assert process_time() - started < 1
