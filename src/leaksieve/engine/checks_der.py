"""Private keys in DER: PKCS#1, PKCS#8 (also encrypted), SEC 1, and OpenSSL's form of DSA."""

from __future__ import annotations

from collections.abc import Mapping

from leaksieve.engine.checks import Detail, Proof
from leaksieve.engine.checks_bytes import Reader
from leaksieve.engine.checks_ssh import fingerprint, mpint, strings

_INTEGER, _BITS, _OCTETS, _OID, _SEQUENCE = 0x02, 0x03, 0x04, 0x06, 0x30
# Powers of longer numbers would take too long: no standard has larger ones, and anyone may write some into a file.
_LONGEST_DSA, _LONGEST_PRIVATE = 4096, 512

Item = tuple[int, bytes]

# Object identifiers in their encoded form.
_RSA = bytes.fromhex("2a864886f70d010101")
_RSA_PSS = bytes.fromhex("2a864886f70d01010a")
_EC = bytes.fromhex("2a8648ce3d0201")
_DSA = bytes.fromhex("2a8648ce380401")
_DH = bytes.fromhex("2a864886f70d010301")
_OTHERS: Mapping[bytes, tuple[str, int]] = {
    bytes.fromhex("2b656e"): ("X25519", 256),
    bytes.fromhex("2b656f"): ("X448", 448),
    bytes.fromhex("2b6570"): ("Ed25519", 256),
    bytes.fromhex("2b6571"): ("Ed448", 456),
}
# Curve -> its name, its size, and what SSH calls it.
_CURVES: Mapping[bytes, tuple[str, int, bytes]] = {
    bytes.fromhex("2a8648ce3d030107"): ("P-256", 256, b"nistp256"),
    bytes.fromhex("2b81040022"): ("P-384", 384, b"nistp384"),
    bytes.fromhex("2b81040023"): ("P-521", 521, b"nistp521"),
    bytes.fromhex("2b8104000a"): ("secp256k1", 256, b""),
    bytes.fromhex("2b81040021"): ("P-224", 224, b""),
    bytes.fromhex("2a8648ce3d030101"): ("P-192", 192, b""),
}


def items(data: bytes) -> list[Item]:
    """Tag and content of each element; ValueError where a length does not fit."""
    reader, out = Reader(data), []
    while reader.left:
        tag, size = reader.number(1), reader.number(1)
        if size > 0x84 or size == 0x80:
            raise ValueError("no DER length")
        if size > 0x80:
            size = reader.number(size & 0x7F)
        out.append((tag, reader.take(size)))
    return out


def key(data: bytes, label: bytes) -> Proof:
    """What a block's bytes are; ``label`` is only needed to tell DSA from RSA, whose numbers look alike."""
    outer = items(data)
    if len(outer) != 1 or outer[0][0] != _SEQUENCE:
        return Proof(False)
    inner = items(outer[0][1])
    tags = [tag for tag, _ in inner]
    if tags[:3] == [_INTEGER, _SEQUENCE, _OCTETS]:
        return _pkcs8(inner)
    if tags == [_SEQUENCE, _OCTETS]:
        return Proof(_algorithm(inner[0][1])[0] != b"", {"encrypted": True})
    if tags[:2] == [_INTEGER, _OCTETS]:
        return _sec1(inner, b"")
    if set(tags) == {_INTEGER} and len(tags) > 5:
        numbers = [int.from_bytes(body, "big") for _, body in inner]
        return _dsa(numbers[1:4], numbers[5], numbers[4]) if label == b"DSA PRIVATE KEY" and len(numbers) == 6 else _rsa(numbers)
    # Key and algorithm, a bare RSA key, or a signed certificate.
    public = tags in ([_SEQUENCE, _BITS], [_INTEGER, _INTEGER], [_SEQUENCE, _SEQUENCE, _BITS])
    return Proof(False, public=public)


def _known(kind: str, bits: int, print_of: bytes | None) -> dict[str, Detail]:
    details: dict[str, Detail] = {"key_type": kind, "bits": bits, "encrypted": False}
    if print_of is not None:
        details["fingerprint"] = fingerprint(print_of)
    return details


def _rsa(numbers: list[int]) -> Proof:
    """Version, modulus, exponents, primes (their product is the modulus), and what follows from them."""
    if len(numbers) < 9:
        return Proof(False)
    version, modulus, exponent, _, first, second = numbers[:6]
    whole = first * second == modulus if version == 0 else not modulus % (first * second or 1)
    return Proof(whole and first > 1 and second > 1, _known("RSA", modulus.bit_length(), strings(b"ssh-rsa", mpint(exponent), mpint(modulus))))


def _dsa(domain: list[int], private: int, public: int = 0) -> Proof:
    """Numbers of the group, the private number and the public one, which is the generator to the power of the former."""
    prime, order, generator = domain
    if not 1 < prime.bit_length() <= _LONGEST_DSA or private.bit_length() > _LONGEST_PRIVATE:
        return Proof(False)
    power = pow(generator, private, prime)
    blob = strings(b"ssh-dss", *(mpint(number) for number in (prime, order, generator, power)))
    return Proof(public in (0, power), _known("DSA", prime.bit_length(), blob))


def _sec1(inner: list[Item], curve: bytes) -> Proof:
    """Version 1, the private number, and, each in a wrapping of its own, the curve and the public point."""
    point = b""
    for tag, body in inner[2:]:
        wrapped = items(body)[0]
        if tag == 0xA0 and wrapped[0] == _OID:
            curve = wrapped[1]
        elif tag == 0xA1 and wrapped[0] == _BITS:
            point = wrapped[1][1:]
    if int.from_bytes(inner[0][1], "big") != 1:
        return Proof(False)
    name, bits, ssh = _CURVES.get(curve, ("", len(inner[1][1]) * 8, b""))
    blob = strings(b"ecdsa-sha2-" + ssh, ssh, point) if ssh and point[:1] == b"\x04" else None
    return Proof(True, _known(f"EC {name}".rstrip(), bits, blob))


def _algorithm(body: bytes) -> tuple[bytes, list[Item]]:
    """Object identifier and parameters."""
    inner = items(body)
    return (inner[0][1], inner[1:]) if inner and inner[0][0] == _OID else (b"", [])


def _pkcs8(inner: list[Item]) -> Proof:
    algorithm, parameters = _algorithm(inner[1][1])
    body = inner[2][1]
    if algorithm in (_RSA, _RSA_PSS):
        return key(body, b"RSA PRIVATE KEY")
    if algorithm == _EC:
        curve = parameters[0][1] if parameters and parameters[0][0] == _OID else b""
        tag, content = items(body)[0]
        return _sec1(items(content), curve) if tag == _SEQUENCE else Proof(False)
    if algorithm == _DSA and parameters and parameters[0][0] == _SEQUENCE:
        domain = [int.from_bytes(number, "big") for _, number in items(parameters[0][1])]
        return _dsa(domain, int.from_bytes(items(body)[0][1], "big")) if len(domain) == 3 else Proof(False)
    if algorithm in _OTHERS:
        kind, bits = _OTHERS[algorithm]
        tag, content = items(body)[0]
        # The public half, which a newer form has behind the key.
        public = next((more[1:] for number, more in inner[3:] if number == 0x81), b"")
        blob = strings(b"ssh-ed25519", public) if kind == "Ed25519" and public else None
        return Proof(tag == _OCTETS and len(content) == (bits + 7) // 8, _known(kind, bits, blob))
    kind = "Diffie-Hellman" if algorithm == _DH else ""
    return Proof(bool(algorithm), {"key_type": kind, "encrypted": False} if kind else {"encrypted": False})
