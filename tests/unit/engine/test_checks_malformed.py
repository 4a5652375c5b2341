"""Keys and tokens written byte by byte: forms that programs rarely write, and forms that are broken."""

from base64 import b64encode, urlsafe_b64encode
from hashlib import blake2b, sha1, sha256, sha512

import pytest

from leaksieve.engine import checks_der, checks_macaroon, checks_pgp, checks_signing
from leaksieve.engine.checks import Proof, Subject

MADE = 1_600_000_000
ISSUED = "2020-09-13T12:26:40Z"


# OpenPGP


def armoured(raw):
    label = b" PGP PRIVATE " + b"KEY BLOCK-----"
    return Subject(b"-----BEGIN" + label + b"\n\n" + b64encode(raw) + b"\n-----END" + label)


def packet(body, *, tag=5, length=None):
    """A packet with a header of the newer form."""
    return bytes([0xC0 | tag]) + (bytes([len(body)]) if length is None else length) + body


def public_half(algorithm, numbers, *, version=4, made=MADE):
    count = len(numbers).to_bytes(4, "big") if version == 6 else b""
    return bytes([version]) + made.to_bytes(4, "big") + bytes([algorithm]) + count + numbers


def number(bits):
    return bits.to_bytes(2, "big") + b"\x81" * ((bits + 7) // 8)


ED25519 = public_half(27, b"\x11" * 32)
UNPROTECTED = b"\0" + b"\x22" * 34


def fingerprint4(half):
    return sha1(b"\x99" + len(half).to_bytes(2, "big") + half, usedforsecurity=False).hexdigest().upper()


@pytest.mark.parametrize("size", [192, 300, 8383])
def test_a_packet_of_medium_length(size):
    body = ED25519 + UNPROTECTED.ljust(size - len(ED25519), b"\0")
    high, low = divmod(size - 192, 256)
    expected = Proof(True, {"key_type": "OpenPGP Ed25519", "encrypted": False, "fingerprint": fingerprint4(ED25519), "issued": ISSUED})
    assert checks_pgp.pgp_key(armoured(packet(body, length=bytes([192 + high, low])))) == expected
    with pytest.raises(ValueError, match="ends early"):
        checks_pgp.pgp_key(armoured(packet(body[:-1], length=bytes([192 + high, low]))))


def test_a_packet_with_its_length_in_four_bytes():
    body = ED25519 + UNPROTECTED
    assert checks_pgp.pgp_key(armoured(packet(body, length=b"\xff" + len(body).to_bytes(4, "big")))) == checks_pgp.pgp_key(armoured(packet(body)))
    with pytest.raises(ValueError, match="ends early"):
        checks_pgp.pgp_key(armoured(packet(body, length=b"\xff" + (len(body) + 1).to_bytes(4, "big"))))


@pytest.mark.parametrize("length", [224, 230, 254])
def test_a_key_in_parts_is_none(length):
    with pytest.raises(ValueError, match="in parts"):
        checks_pgp.pgp_key(armoured(packet(b"\x04" * 300, length=bytes([length]))))


@pytest.mark.parametrize(("version", "algorithm"), [(3, 27), (5, 27), (4, 0), (4, 99)])
def test_an_unknown_version_or_algorithm_proves_nothing(version, algorithm):
    body = public_half(algorithm, b"\x11" * 32, version=version) + UNPROTECTED
    assert checks_pgp.pgp_key(armoured(packet(body))) == Proof(False)


def test_version_6_has_a_fingerprint_of_its_own():
    half = public_half(27, b"\x11" * 32, version=6)
    digest = sha256(b"\x9b" + len(half).to_bytes(4, "big") + half).hexdigest().upper()
    expected = Proof(True, {"key_type": "OpenPGP Ed25519", "encrypted": False, "fingerprint": digest, "issued": ISSUED})
    assert checks_pgp.pgp_key(armoured(packet(half + UNPROTECTED))) == expected


def test_a_key_without_a_date_says_none():
    half = public_half(1, number(1024) + number(17), made=0)
    expected = Proof(True, {"key_type": "OpenPGP RSA", "encrypted": True, "fingerprint": fingerprint4(half), "bits": 1024})
    assert checks_pgp.pgp_key(armoured(packet(half + b"\xfe"))) == expected


@pytest.mark.parametrize(("algorithm", "size", "name"), [(25, 32, "X25519"), (26, 56, "X448"), (27, 32, "Ed25519"), (28, 57, "Ed448")])
def test_keys_of_a_fixed_size(algorithm, size, name):
    half = public_half(algorithm, b"\x11" * size)
    expected = Proof(True, {"key_type": f"OpenPGP {name}", "encrypted": False, "fingerprint": fingerprint4(half), "issued": ISSUED})
    assert checks_pgp.pgp_key(armoured(packet(half + b"\0"))) == expected
    with pytest.raises(ValueError, match="ends early"):
        checks_pgp.pgp_key(armoured(packet(half)))


def test_ecdh_has_its_derivation_behind_the_point():
    half = public_half(18, b"\x03\x2b\x65\x6e" + number(263) + b"\x03\x01\x08\x07")
    proof = checks_pgp.pgp_key(armoured(packet(half + b"\0")))
    assert proof == Proof(True, {"key_type": "OpenPGP ECDH", "encrypted": False, "fingerprint": fingerprint4(half), "issued": ISSUED})


# minisign and signify


def minisign(*, algorithm=b"Ed", derivation=b"\0\0", checksum=b"B2", check=None, more=b""):
    identity, key = b"\x07" * 8, b"\x33" * 64
    if check is None:
        check = blake2b(algorithm + identity + key, digest_size=32).digest()
    return checks_signing.minisign(Subject(b64encode(algorithm + derivation + checksum + bytes(48) + identity + key + check + more)))


def test_minisign_with_the_wrong_layout():
    assert minisign().passed is True
    for change in ({"algorithm": b"Ee"}, {"checksum": b"B3"}, {"more": b"\0"}):
        assert minisign(**change) == Proof(False)


def test_minisign_without_a_checksum_has_nothing_to_go_by():
    details = {"key_type": "minisign", "encrypted": False}
    assert minisign(check=bytes(32)) == Proof(None, details)
    assert minisign(check=b"\x01" * 32) == Proof(False, details)
    assert minisign(check=bytes(32), derivation=b"Sc") == Proof(True, details | {"encrypted": True})


def signify(*, algorithm=b"Ed", derivation=b"BK", rounds=0, check=None, more=b""):
    key = b"\x44" * 64
    check = sha512(key).digest()[:8] if check is None else check
    return checks_signing.signify(Subject(b64encode(algorithm + derivation + rounds.to_bytes(4, "big") + bytes(16) + check + bytes(8) + key + more)))


def test_signify_with_the_wrong_layout():
    assert signify() == Proof(True, {"key_type": "signify", "encrypted": False})
    assert signify(check=bytes(8)).passed is False
    assert signify(check=bytes(8), rounds=42) == Proof(True, {"key_type": "signify", "encrypted": True})
    for change in ({"algorithm": b"Ee"}, {"derivation": b"BL"}, {"more": b"\0"}):
        assert signify(**change) == Proof(False)


# DER


def der(tag, *contents):
    body = b"".join(contents)
    return bytes([tag, len(body)] if len(body) < 128 else [tag, 0x82, *len(body).to_bytes(2, "big")]) + body


def integer(value):
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def sequence(*contents):
    return der(0x30, *contents)


def rsa(*numbers):
    return checks_der.key(sequence(*map(integer, numbers)), b"RSA PRIVATE KEY")


def test_rsa_with_numbers_left_out():
    whole = (0, 3233, 17, 2753, 61, 53, 53, 49, 38)
    assert rsa(*whole).passed is True
    assert rsa(*whole[:8]) == rsa(*whole[:6]) == Proof(False)


P256 = bytes.fromhex("2a8648ce3d030107")


def sec1(version, *more):
    return checks_der.key(sequence(integer(version), der(0x04, b"\x55" * 32), *more), b"EC PRIVATE KEY")


def test_sec1_passes_over_what_it_does_not_know():
    curve, point = der(0xA0, der(0x06, P256)), der(0xA1, der(0x03, b"\0\x04" + b"\x66" * 64))
    known = sec1(1, curve, point)
    assert known.passed is True
    assert known.details["key_type"] == "EC P-256"
    assert str(known.details["fingerprint"]).startswith("SHA256:")
    assert sec1(1, curve, der(0xA2, der(0x04, b"x")), point) == known
    # The right tags around the wrong things: neither a curve nor a point.
    assert sec1(1, der(0xA0, der(0x04, P256)), der(0xA1, der(0x04, b"\0\x04"))) == Proof(True, {"key_type": "EC", "bits": 256, "encrypted": False})


@pytest.mark.parametrize("version", [0, 2, 257])
def test_sec1_of_another_version(version):
    assert sec1(version, der(0xA0, der(0x06, P256))) == Proof(False)


def pkcs8(algorithm):
    return checks_der.key(sequence(integer(0), sequence(algorithm), der(0x04, integer(7))), b"PRIVATE KEY")


def test_pkcs8_of_other_algorithms():
    assert pkcs8(der(0x06, bytes.fromhex("2a864886f70d010301"))) == Proof(True, {"key_type": "Diffie-Hellman", "encrypted": False})
    assert pkcs8(der(0x06, bytes.fromhex("2a0304"))) == Proof(True, {"encrypted": False})
    assert pkcs8(integer(5)).passed is False


# Macaroons


def macaroon(caveats, *, head=b"\x02\x01a\0", tail=b"\0\x06\x20" + bytes(32)):
    raw = b"\x02" + head + b"".join(caveats) + tail
    return checks_macaroon.pypi(Subject(b"py" + b"pi-" + urlsafe_b64encode(raw).rstrip(b"=")))


CAVEAT = b"\x02\x02{}\0"


def test_a_macaroon_with_too_long_a_number():
    assert macaroon([], head=b"\x82\x80\x80\x80\x00\x01a\0").passed is True
    with pytest.raises(ValueError, match="too long"):
        macaroon([], head=b"\x82\x80\x80\x80\x80\x00\x01a\0")


def test_a_macaroon_with_a_field_twice():
    assert macaroon([], head=b"\x01\x01h\x02\x01a\0") == Proof(True, {"issuer": "h"})
    with pytest.raises(ValueError, match="twice"):
        macaroon([], head=b"\x02\x01a\x02\x01b\0")


def test_a_macaroon_with_more_caveats_than_are_read():
    assert macaroon([CAVEAT] * 99).passed is True
    assert macaroon([CAVEAT] * 100) == Proof(False)


def test_a_macaroon_without_its_signature():
    assert macaroon([CAVEAT], tail=b"\0\x05\x20" + bytes(32)) == Proof(False)
    assert macaroon([CAVEAT], tail=b"\0\x06\x1f" + bytes(32)).passed is False
