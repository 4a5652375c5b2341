"""Checks of tokens against vectors worked out by another route: the standard library, published samples, plain arithmetic."""

import base64
import json
import zlib
from binascii import crc_hqx
from datetime import UTC, datetime
from hashlib import blake2b, sha256, sha512

import pytest

from leaksieve.engine import checks
from leaksieve.engine.checks import CHECKS, SILENT, Proof, examine, holds, passes, refused
from leaksieve.ruleset.template import expand
from leaksieve.ruleset.template_sums import SUMS

NOW = datetime(2025, 6, 1, tzinfo=UTC).timestamp()
ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base(number, alphabet, width):
    text = ""
    while number:
        text = alphabet[number % len(alphabet)] + text
        number //= len(alphabet)
    return text.rjust(width, alphabet[0])


def b64u(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def jwt(claims, header=None, signature="c2lnbmF0dXJl"):
    return f"{b64u(header or {'alg': 'HS256', 'typ': 'JWT'})}.{b64u(claims)}.{signature}".encode()


def test_every_named_check_is_there():
    for name in CHECKS:
        assert callable(checks._load(name)), name
        assert examine(name, b"").passed is not True, name


def test_a_check_nobody_knows_is_silent_here_and_an_error_in_rule_files():
    assert examine("crc99", b"x") is SILENT
    assert not passes("crc99", b"x")
    with pytest.raises(KeyError):
        holds("crc99", b"x")


CRC = {
    "crc32-github": lambda body: f"ghp_{body}{base(zlib.crc32(body.encode()), ALNUM, 6)}",
    "crc32-hex-all": lambda body: f"ATBB{body}{zlib.crc32(b'ATBB' + body.encode()):08X}",
    "crc32-hex-all-lower": lambda body: f"cnvca{body}{zlib.crc32(b'cnvca' + body.encode()):08x}",
    "crc32-hex-body": lambda body: f"cfut_{body}{zlib.crc32(body.encode()):08x}",
    "crc32-base62-all": lambda body: f"apify_api_{body}{base(zlib.crc32(b'apify_api_' + body.encode()), ALNUM[:10] + ALNUM[36:] + ALNUM[10:36], 6)}",
    "crc32-grafana": lambda body: f"glsa_{body}_{zlib.crc32(b'glsa_' + body.encode()).to_bytes(4, 'little').hex()}",
}


@pytest.mark.parametrize("name", CRC)
@pytest.mark.parametrize("body", ["aB3" * 10, "0" * 30, "Zz9_y" * 6])
def test_a_checksum_holds_and_one_changed_character_breaks_it(name, body):
    if name == "crc32-grafana":
        body = body.replace("_", "x")
    token = CRC[name](body)
    assert passes(name, token.encode())
    assert not passes(name, token.replace(body[5], "q", 1).encode())
    assert examine(name, token[:-1].encode() + b"~") == Proof(False)


def test_the_prefix_of_a_github_like_token_may_hold_an_underscore():
    body = "aB3" * 10
    assert passes("crc32-github", f"salad_cloud_acme_{body}{base(zlib.crc32(body.encode()), ALNUM, 6)}".encode())


def test_an_equals_sign_may_be_escaped():
    head = "ATATT3xFfGF0" + "aB3_" * 30 + "="
    check = f"{zlib.crc32(head.encode()):08X}"
    for sign in ("=", "%3D", "%3d", "\\="):
        assert passes("crc32-hex-all", (head[:-1] + sign + check).encode())


def gitlab(payload, prefix="glpat-", version=""):
    encoded = b64u(payload)
    text = f"{prefix}{encoded}.{version}{base(len(encoded), ALNUM[:10] + ALNUM[36:], 2)}"
    return (text + base(zlib.crc32(text.encode()), ALNUM[:10] + ALNUM[36:], 7)).encode()


def test_gitlab_tells_whom_a_routable_token_belongs_to():
    random = bytes(range(200, 216))
    told = {"organization_id": 1, "group_id": 8, "project_id": int("rz", 36), "user_id": 35}
    routing = b"c:1\ng:8\no:1\np:rz\nu:z"
    assert examine("crc32-gitlab", gitlab(routing + random + b"\x10")) == Proof(True, {**told})
    assert examine("crc32-gitlab", gitlab(random + routing + b"\x10", version="01.")) == Proof(True, {**told})
    assert examine("crc32-gitlab", gitlab(routing + random + b"\x10", prefix="glrt-t1_")) == Proof(True, {**told})
    assert examine("crc32-gitlab", gitlab(random + b"\x10")) == Proof(True)
    assert examine("crc32-gitlab", b"glpat-" + b"aB3_-" * 4) is SILENT
    token = gitlab(routing + random + b"\x10")
    assert examine("crc32-gitlab", token[:20] + bytes([token[20] ^ 1]) + token[21:]) == Proof(False)


def sealed(head, size=32):
    body = head + bytes(range(size))
    assert crc_hqx(b"123456789", 0) == 0x31C3  # the published check value of this CRC
    return base64.b32encode(body + crc_hqx(body, 0).to_bytes(2, "little")).rstrip(b"=")


@pytest.mark.parametrize(("kind", "letter"), [("user", "U"), ("account", "A"), ("operator", "O"), ("server", "N"), ("cluster", "C"), ("curve", "X")])
def test_nats_seeds(kind, letter):
    # The letter is five bits of base32; it stands between the seed's own five and the key.
    number = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".index(letter)
    seed = sealed(bytes((18 << 3 | number >> 2, (number & 3) << 6)))
    assert seed[:2].decode() == "S" + letter
    assert examine("crc16-nats", seed) == Proof(True, {"key_type": f"{kind} seed"})
    assert examine("crc16-nats", seed[:20] + b"A" + seed[21:]).passed is (seed[20:21] == b"A")
    assert not passes("crc16-nats", sealed(bytes((17 << 3, 0))))


def test_stellar_seeds():
    assert passes("crc16-stellar", sealed(bytes((144,))))
    assert sealed(bytes((144,))).startswith(b"S")
    assert not passes("crc16-stellar", sealed(bytes((48,))))
    assert not passes("crc16-stellar", sealed(bytes((144,)), 31))


def base58check(body):
    raw = body + sha256(sha256(body).digest()).digest()[:4]
    text = base(int.from_bytes(raw, "big"), "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", 0)
    return ("1" * (len(raw) - len(raw.lstrip(b"\0"))) + text).encode()


KEY = bytes(range(100, 132))


@pytest.mark.parametrize(("version", "tail", "network", "start"), [(0x80, b"", "main", b"5"), (0x80, b"\1", "main", b"K"), (0xEF, b"\1", "test", b"c")])
def test_wallet_import_format(version, tail, network, start):
    text = base58check(bytes((version,)) + KEY + tail)
    assert text.startswith(start) or (start == b"K" and text.startswith(b"L"))
    assert examine("base58-wif", text) == Proof(True, {"network": network})
    assert not passes("base58-wif", text[:-1] + (b"2" if text[-1:] != b"2" else b"3"))


def test_wallet_import_format_wants_a_key():
    assert not passes("base58-wif", base58check(b"\x80" + KEY[:-1]))
    assert not passes("base58-wif", base58check(b"\x80" + KEY + b"\2"))
    assert not passes("base58-wif", base58check(b"\0" + KEY))  # an address' version
    assert not passes("base58-wif", b"0OIl")
    assert not passes("base58-wif", b"z" * 100_000)


@pytest.mark.parametrize(("version", "start", "network"), [("0488ade4", b"xprv", "main"), ("049d7878", b"yprv", "main"), ("04b2430c", b"zprv", "main"), ("04358394", b"tprv", "test")])  # fmt: skip
def test_extended_keys(version, start, network):
    text = base58check(bytes.fromhex(version) + b"\3" + bytes(40) + b"\0" + KEY)
    assert text.startswith(start)
    assert examine("base58-bip32", text) == Proof(True, {"network": network, "depth": 3})
    assert not passes("base58-bip32", base58check(bytes.fromhex(version) + b"\3" + bytes(40) + b"\2" + KEY))  # a public key's first byte
    assert not passes("base58-bip32", base58check(bytes.fromhex("0488b21e") + b"\3" + bytes(40) + b"\0" + KEY))  # xpub


@pytest.mark.parametrize("text", [b"a12uel5l", b"A12UEL5L", b"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", b"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", b"a1lqfn3a"])  # fmt: skip
def test_bech32_as_published(text):
    assert passes("bech32", text)
    assert not passes("bech32", text[:-1] + (b"q" if text[-1:].lower() != b"q" else b"p"))


@pytest.mark.parametrize("text", [b"", b"1", b"12uel5l", b"A12uEL5L", b"a12uel5b", b"a1qqqqq", b"nothing", b"a" * 600 + b"1" + b"q" * 6])
def test_not_bech32(text):
    assert not passes("bech32", text)


def test_age_keys_say_their_kind():
    key = expand("<sum:bech32:AGE-SECRET-KEY-1{bech32:52}>")
    assert examine("bech32-age", key) == Proof(True, {"key_type": "X25519"})
    assert examine("bech32-age", expand("<sum:bech32:AGE-SECRET-KEY-PQ-1{bech32:52}>")).details == {"key_type": "ML-KEM-768 with X25519"}
    assert not passes("bech32-age", expand("<sum:bech32:AGE-SECRET-KEY-1{bech32:51}>"))
    assert not passes("bech32-age", expand("<sum:bech32:NSEC1{bech32:52}>"))


def test_luhn():
    assert passes("luhn", b"79927398713")
    assert passes("luhn", b"7992 7398-713")
    for last in b"012456789":
        assert not passes("luhn", b"7992739871" + bytes((last,)))
    assert not passes("luhn", b"7")
    assert not passes("luhn", b"7992739871x")


def test_a_uuid_of_a_known_version_proves_nothing_and_another_fails():
    assert examine("uuid", b"amzn.mws." + b"0dd5a4f6-9e3b-4c1d-8a2f-0b1c2d3e4f50") == Proof(None, {"uuid_version": 4})
    assert examine("uuid", b"0dd5a4f6-9e3b-0c1d-8a2f-0b1c2d3e4f50") == Proof(False)
    assert examine("uuid", b"0dd5a4f6-9e3b-4c1d-ca2f-0b1c2d3e4f50") == Proof(False)


def test_jwt_tells_issuer_and_term_and_not_the_person():
    token = jwt({"iss": "https://id.example", "sub": "ann@example.org", "name": "Ann", "iat": 1748000000, "exp": 1748736001, "secret": "x"})
    details = {
        "algorithm": "HS256",
        "issuer": "https://id.example",
        "issued": datetime.fromtimestamp(1748000000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "expires": datetime.fromtimestamp(1748736001, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "expired": False,
    }
    assert examine("jwt", token, now=NOW) == Proof(True, details)
    assert examine("jwt", token, now=NOW + 5000).details["expired"] is True
    assert examine("jwt", token).details["expired"] is False  # nobody knows the time
    assert examine("jwt", b"wrkaus-" + token, now=NOW).details == details


@pytest.mark.parametrize("claims", [{}, {"exp": "soon"}, {"exp": True}, {"exp": -1}, {"exp": 1e300}, {"exp": float("inf")}, {"exp": float("nan")}, {"iss": 7}, {"iss": "x" * 5000}])  # fmt: skip
def test_jwt_with_strange_claims(claims):
    assert examine("jwt", jwt(claims), now=NOW) == Proof(True, {"algorithm": "HS256"})


def test_jwt_without_a_signature_is_noted():
    unsigned = jwt({"iss": "me"}, {"alg": "none"}, "")
    assert examine("jwt", unsigned) == Proof(True, {"algorithm": "none", "unsigned": True, "issuer": "me"})
    assert not passes("jwt", jwt({"iss": "me"}, signature=""))


def test_jwt_encrypted():
    token = ".".join([b64u({"alg": "RSA-OAEP", "enc": "A256GCM"}), *[b64u(b"0123456789")] * 4]).encode()
    assert examine("jwt", token) == Proof(True, {"algorithm": "RSA-OAEP", "encrypted": True})


@pytest.mark.parametrize(
    "token",
    [b"eyJ", b"eyJhbGciOiJIUzI1NiJ9", b"eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ", b"eyJhbGciOiJIUzI1NiJ9.W10.c2ln", b"eyJ0eXAiOiJKV1QifQ.eyJhIjoxfQ.c2ln", b"eyJhbGciOiJIUzI1NiJ9.e%30.c2ln"],
)  # fmt: skip
def test_no_jwt(token):
    assert examine("jwt", token).passed is False


def test_what_holds_no_jwt_has_nothing_to_check():
    assert examine("jwt", b"glcbt-64_" + b"a" * 20) is SILENT


def test_json_nested_without_end_is_no_crash():
    assert examine("jwt", b64u(b'{"a":' + b"[" * 100_000).encode()).passed is False


def test_tokens_of_json():
    org = b64u({"iat": 1748000000.5, "url": "https://sentry.io", "region_url": "https://us.sentry.io", "org": "acme"})
    assert examine("json-sentry", f"sntrys_{org}_{'a_b' * 14}c".encode()).passed is False  # the random part begins behind the last underscore
    assert examine("json-sentry", f"sntrys_{org}_{'ab3' * 14}c".encode()) == Proof(
        True, {"issuer": "https://sentry.io", "organization": "acme", "issued": "2025-05-23T11:33:20Z"}
    )
    cloud = base64.b64encode(json.dumps({"o": "12", "n": "ci", "k": "hidden" * 4, "m": {"r": "eu"}}).encode())
    assert examine("json-grafana", b"glc_" + cloud) == Proof(True, {"name": "ci", "organization": "12"})
    old = base64.b64encode(json.dumps({"k": "hidden" * 4, "n": "ci", "id": 3}).encode())
    assert examine("json-grafana", old) == Proof(True, {"name": "ci", "organization": "3"})
    assert examine("json-grafana", b"glc_" + b64u({"n": "ci"}).encode()).passed is False
    assert examine("json-onepassword", b"ops_" + b64u({"signInAddress": "my.1password.eu", "secretKey": "x"}).encode()) == Proof(
        True, {"account": "my.1password.eu"}
    )
    assert examine("json-mapbox", f"sk.{b64u({'u': 'acme', 'a': 'x'})}.{'a' * 22}".encode()) == Proof(True, {"account": "acme"})
    assert examine("json-mapbox", b"sk.eyJ.a.b.c").passed is False
    tunnel = base64.b64encode(json.dumps({"a": "0" * 32, "t": "uuid", "s": "hidden"}).encode())
    assert examine("json-cloudflare-tunnel", tunnel) == Proof(True, {"account": "0" * 32, "tunnel": "uuid"})


def test_aws_account_of_published_ids():
    assert examine("aws-key-id", b"ASIA" + b"Y34FZKBOKMUTVV7A") == Proof(None, {"account": "609629065308"})
    assert examine("aws-key-id", b"x" * 40, {"key_id": b"ASIA" + b"Y34FZKBOKMUTVV7A"}).details == {"account": "609629065308"}
    # Ids of the older kind do not hold it.
    assert examine("aws-key-id", b"AKIA" + b"IOSFODNN7EXAMPLE") == SILENT
    assert examine("aws-key-id", b"AKIA" + b"1" * 16) == SILENT


@pytest.mark.parametrize("account", [1, 123456789012, 999999999999])
def test_aws_account_by_arithmetic(account):
    bits = f"1{account:040b}" + "01" * 19 + "1"
    text = "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[int(bits[at : at + 5], 2)] for at in range(0, 80, 5))
    assert examine("aws-key-id", b"AKIA" + text.encode()).details == {"account": f"{account:012d}"}


def test_signed_links_of_aws():
    query = "X-Amz-Credential=ASIA" + "Y34FZKBOKMUTVV7A%2F20250531%2Feu-west-1%2Fsts%2Faws4_request&X-Amz-Date=20250531T120000Z&X-Amz-Expires=43200"
    details = {"account": "609629065308", "region": "eu-west-1", "issued": "2025-05-31T12:00:00Z", "expires": "2025-06-01T00:00:00Z", "expired": False}
    token = b"k8s-aws-v1." + b64u(f"https://sts.eu-west-1.amazonaws.com/?{query}".encode()).encode()
    assert examine("aws-signed-link", token, now=NOW) == Proof(True, details)
    assert examine("aws-signed-link", token, now=NOW + 1).details["expired"] is True
    assert examine("aws-signed-link", b"bedrock-api-key-" + base64.b64encode(f"bedrock.amazonaws.com/?{query}".encode()), now=NOW).details == details
    assert examine("aws-signed-link", b"k8s-aws-v1." + b64u(b"https://sts.amazonaws.com/").encode()).passed is False


def test_bedrock_keys_name_their_account():
    def key(text):
        return b"ABSK" + base64.b64encode(text)

    assert examine("aws-bedrock", key(b"BedrockAPIKey-ab12-at-123456789012:" + b"x" * 40)) == Proof(True, {"account": "123456789012"})
    assert examine("aws-bedrock", key(b"BedrockAPIKey-ab12-at-123456789012+1:" + b"x" * 40)).details == {"account": "123456789012"}
    assert examine("aws-bedrock", key(b"somethingelse" * 6)) == Proof(False)


@pytest.mark.parametrize(
    "grant",
    [
        b"sv=2022-11-02&sp=rw&st=2025-01-01T00:00:00Z&se=2025-05-31T23:59:59Z&",
        b"sv=2022-11-02&sp=rw&st=2025-01-01T00%3A00%3A00Z&se=2025-05-31T23%3A59%3A59Z&",
        b"sv=2022-11-02&amp;sp=rw&amp;st=2025-01-01&amp;se=2025-05-31T23%3A59%3A59.0000000Z&amp;",
        b"sv=2022-11-02\\u0026sp=rw\\u0026st=2025-01-01\\u0026se=2025-05-31T23%3A59%3A59Z\\u0026",
    ],
)
def test_shared_access_signatures_have_a_term(grant):
    details = {"permissions": "rw", "issued": "2025-01-01T00:00:00Z", "expires": "2025-05-31T23:59:59Z", "expired": True}
    assert examine("azure-sas", b"sig", {"grant": grant}, NOW) == Proof(None, details)


@pytest.mark.parametrize("ends", [b"2025-13-01", b"2025-00-10", b"never", b"0001-01-01", b""])
def test_a_term_that_is_no_date(ends):
    assert examine("azure-sas", b"sig", {"grant": b"sv=1&se=" + ends}, NOW) == Proof(None)
    assert examine("azure-sas", b"sig") is SILENT


def test_ids_inside_tokens():
    # The id of the reference's example: 2016-04-30 11:18:25.796 UTC.
    user = b"175928847299117063"
    token = base64.b64encode(user) + b".XYZabc." + b"a1B2" * 7
    assert examine("discord-token", token) == Proof(True, {"user_id": user.decode(), "account_created": "2016-04-30T11:18:25Z"})
    assert examine("discord-token", b"M" + b"a" * 23 + b".XYZabc." + b"a1B2" * 7).passed is False
    link = b"https://discord.com/api/webhooks/" + user + b"/" + b"a1B2" * 17
    assert examine("discord-webhook", link) == Proof(None, {"webhook_id": user.decode(), "issued": "2016-04-30T11:18:25Z"})
    assert examine("telegram-token", b"1234567890:AA" + b"x" * 33) == Proof(None, {"user_id": "1234567890"})
    assert examine("telegram-token", b"x:AA") is SILENT
    assert examine("harness-token", b"pat.AbCdEfGhIjKlMnOpQrStUv." + b"0" * 24 + b"." + b"x" * 20) == Proof(None, {"account": "AbCdEfGhIjKlMnOpQrStUv"})


def test_readable_base64_of_jfrog_and_atlassian():
    assert passes("jfrog-reference", base64.b64encode(b"reftkn:01:1700000000:" + b"aB3" * 9))
    assert not passes("jfrog-reference", base64.b64encode(b"reftkn:no:1700000000:" + b"aB3" * 9))
    raw = b"123456789012:" + bytes(range(1, 21))
    assert passes("atlassian-data-center", base64.b64encode(raw))
    assert passes("atlassian-data-center", b"BBDC-" + base64.urlsafe_b64encode(raw))
    assert not passes("atlassian-data-center", base64.b64encode(b"12345678901x:" + bytes(range(1, 21))))


def field(kind, data):
    return bytes((kind,)) + (bytes((len(data),)) if len(data) < 128 else bytes((len(data) & 127 | 128, len(data) >> 7))) + data


def macaroon(*caveats, signature=bytes(32)):
    raw = b"\2" + field(1, b"pypi.org") + field(2, b"0" * 36) + b"\0"
    raw += b"".join(field(2, json.dumps(caveat).encode()) + b"\0" for caveat in caveats) + b"\0" + field(6, signature)
    return b"pypi-" + b64u(raw).encode()


@pytest.mark.parametrize(
    ("caveats", "told"),
    [
        ([{"version": 1, "permissions": "user"}], {"scope": "user"}),
        ([{"version": 1, "permissions": {"projects": ["one", "two"]}}], {"scope": "one, two"}),
        ([[1, ["one"]], [0, 1748000000, 1747000000]], {"scope": "one", "expires": "2025-05-23T11:33:20Z", "expired": True}),
        ([[3, "who"], "odd", [True, 1], []], {}),
        ([[1, ["x" * 150]]], {"scope": "x" * 150}),
    ],
)
def test_macaroons_of_pypi(caveats, told):
    assert examine("macaroon-pypi", macaroon(*caveats), now=NOW) == Proof(True, {"issuer": "pypi.org", **told})


def test_a_macaroon_must_end_in_its_signature():
    assert macaroon().startswith(b"pypi-AgEIcHlwaS5vcmc")
    assert examine("macaroon-pypi", macaroon(signature=bytes(31))).passed is False
    assert examine("macaroon-pypi", macaroon()[:-4]).passed is False
    assert examine("macaroon-pypi", macaroon() + b"AAAA").passed is False


def minisign(key=KEY * 2, derivation=b"\0\0", check=None):
    number = b"12345678"
    check = blake2b(b"Ed" + number + key, digest_size=32).digest() if check is None else check
    return base64.b64encode(b"Ed" + derivation + b"B2" + bytes(48) + number + key + check)


def test_signing_keys():
    assert examine("minisign-key", minisign()) == Proof(True, {"key_type": "minisign", "encrypted": False})
    assert minisign().startswith(b"RWQAAEIy")
    assert not passes("minisign-key", minisign(check=b"x" * 32))
    assert examine("minisign-key", minisign(derivation=b"Sc", check=b"x" * 32)) == Proof(True, {"key_type": "minisign", "encrypted": True})

    def signify(rounds, check):
        return base64.b64encode(b"EdBK" + rounds.to_bytes(4, "big") + bytes(16) + check + bytes(8) + KEY * 2)

    assert examine("signify-key", signify(0, sha512(KEY * 2).digest()[:8])) == Proof(True, {"key_type": "signify", "encrypted": False})
    assert not passes("signify-key", signify(0, bytes(8)))
    assert examine("signify-key", signify(42, bytes(8))).details == {"key_type": "signify", "encrypted": True}


def test_a_match_is_refused_only_where_the_rule_wants_it_or_the_material_is_public():
    token = CRC["crc32-github"]("aB3" * 10).encode()
    wrong = token[:-1] + b"~"
    rule = {"proof": "crc32-github", "on_failed_proof": "drop"}
    assert (refused(rule, token, {}), refused(rule, wrong, {"user": None})) == ("", "failed-check")
    assert refused({**rule, "on_failed_proof": "lower"}, wrong, {}) == ""
    assert refused({**rule, "proof": "aws-key-id"}, b"AKIA" + b"A" * 16, {}) == ""  # nothing to go by is no failure


@pytest.mark.parametrize("name", SUMS)
def test_template_sums_are_those_the_checks_read(name):
    body = {"bech32": "<sum:bech32:a1{bech32:20}>".replace("a1", "A1"), "crc32-gitlab": "<sum:crc32-gitlab:glpat-{alnum:36}.>"}.get(
        name, f"<sum:{name}:acme_{{alnum:30}}>"
    )
    for seed in range(5):
        assert passes(name, expand(body, seed))


def test_an_unknown_sum_is_an_error():
    with pytest.raises(ValueError, match="unknown checksum"):
        expand("<sum:crc99:x>")
