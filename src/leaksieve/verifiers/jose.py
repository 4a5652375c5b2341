"""What signed tokens are made of: base64url, JSON and signatures, through a library that does nothing but cryptography."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

_HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_CURVES: dict[str, tuple[type[ec.EllipticCurve], str, int]] = {
    "P-256": (ec.SECP256R1, "ES256", 32),
    "P-384": (ec.SECP384R1, "ES384", 48),
    "P-521": (ec.SECP521R1, "ES512", 66),
}
# Algorithms whose signatures anyone can check with a public key.
ASYMMETRIC = frozenset(("EdDSA", *(kind + size for kind in ("RS", "PS", "ES") for size in _HASHES)))


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """What base64url without padding stands for; ValueError where it is none."""
    try:
        return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("no base64url") from None


def opened(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Header, claims, what is signed, and the signature; ValueError where that is no token."""
    first, second, third = token.split(".")
    try:
        header, claims = json.loads(decoded(first)), json.loads(decoded(second))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if isinstance(header, dict) and isinstance(claims, dict):
        return header, claims, f"{first}.{second}".encode(), decoded(third)
    raise ValueError("no objects")


def claims_of(token: object) -> dict[str, Any]:
    """The claims of a token that its issuer has just handed over; empty where it has none to read."""
    try:
        return opened(token)[1] if isinstance(token, str) else {}
    except ValueError:
        return {}


def signed(claims: Mapping[str, object], key: rsa.RSAPrivateKey, key_id: str) -> str:
    """A token signed with RS256."""
    header = {"alg": "RS256", "typ": "JWT", **({"kid": key_id} if key_id else {})}
    text = ".".join(encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{text}.{encoded(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def holds(signature: bytes, data: bytes, algorithm: str, key: Mapping[str, Any]) -> bool:
    """Whether a signature is that of a public JSON Web Key.  ValueError where key and algorithm do not go together."""
    try:
        match key.get("kty"), algorithm[:2]:
            case "RSA", "RS" | "PS":
                _rsa(signature, data, algorithm, key)
            case "EC", "ES":
                _ec(signature, data, algorithm, key)
            case "OKP", "Ed":
                _ed(signature, data, key)
            case _:
                raise ValueError("another kind of key")
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, KeyError, TypeError, AttributeError):
        raise ValueError("no such key") from None
    return True


def _rsa(signature: bytes, data: bytes, algorithm: str, key: Mapping[str, Any]) -> None:
    chosen = _HASHES[algorithm[2:]]
    modulus = decoded(key["n"])
    if not 128 <= len(modulus) <= 2048:
        raise ValueError("a modulus of no use")
    public = rsa.RSAPublicNumbers(int.from_bytes(decoded(key["e"]), "big"), int.from_bytes(modulus, "big")).public_key()
    scheme = padding.PKCS1v15() if algorithm.startswith("RS") else padding.PSS(padding.MGF1(chosen), chosen.digest_size)
    public.verify(signature, data, scheme, chosen)


def _ec(signature: bytes, data: bytes, algorithm: str, key: Mapping[str, Any]) -> None:
    curve, named, size = _CURVES[key["crv"]]
    if named != algorithm or len(signature) != 2 * size:
        raise ValueError("another curve")
    public = ec.EllipticCurvePublicNumbers(int.from_bytes(decoded(key["x"]), "big"), int.from_bytes(decoded(key["y"]), "big"), curve()).public_key()
    halves = (int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))
    public.verify(encode_dss_signature(*halves), data, ec.ECDSA(_HASHES[algorithm[2:]]))


def _ed(signature: bytes, data: bytes, key: Mapping[str, Any]) -> None:
    kinds: dict[str, Any] = {"Ed25519": ed25519.Ed25519PublicKey, "Ed448": ed448.Ed448PublicKey}
    kinds[key["crv"]].from_public_bytes(decoded(key["x"])).verify(signature, data)
