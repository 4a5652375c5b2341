"""JSON Web Tokens: terms read offline, signatures tried with the keys that an issuer shows."""

import hmac
import json
import time

import pytest
from answers import Answer
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from failing import assert_silent, holds_against_all, judged
from live import QUICK, ask, candidate, plan

from leaksieve.ruleset.verify_load import Tables, load_verifiers
from leaksieve.verifiers.jose import encoded
from leaksieve.verifiers.memory import Memory
from leaksieve.verifiers.network import Network

TABLES = Tables([table for table in load_verifiers().all if table["id"] == "json-web-token"])
ISSUER = "https://id.acme.example/tenant-1"


def number(value, size):
    return encoded(value.to_bytes(size, "big"))


class Signer:
    """A key with its algorithm and its public half as a JSON Web Key."""

    def __init__(self, algorithm, key_id="key-1"):
        self.algorithm, self.key_id = algorithm, key_id
        if algorithm in ("RS256", "PS256"):
            self.key = rsa.generate_private_key(65537, 2048)
            public = self.key.public_key().public_numbers()
            self.public = {"kty": "RSA", "n": number(public.n, 256), "e": number(public.e, 3)}
        elif algorithm == "ES256":
            self.key = ec.generate_private_key(ec.SECP256R1())
            public = self.key.public_key().public_numbers()
            self.public = {"kty": "EC", "crv": "P-256", "x": number(public.x, 32), "y": number(public.y, 32)}
        else:
            self.key = ed25519.Ed25519PrivateKey.generate()
            self.public = {"kty": "OKP", "crv": "Ed25519", "x": encoded(self.key.public_key().public_bytes_raw())}
        self.public |= {"kid": key_id, "use": "sig"}

    def sign(self, data):
        match self.algorithm:
            case "RS256":
                return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
            case "PS256":
                return self.key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
            case "ES256":
                first, second = decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
                return first.to_bytes(32, "big") + second.to_bytes(32, "big")
        return self.key.sign(data)

    def token(self, header=None, **claims):
        claims = {"iss": ISSUER, "sub": "user-7", "aud": "api", "exp": int(time.time()) + 3600, "scope": "read write", **claims}
        header = {"alg": self.algorithm, "typ": "JWT", "kid": self.key_id, **(header or {})}
        parts = [encoded(json.dumps({key: value for key, value in part.items() if value is not None}).encode()) for part in (header, claims)]
        return ".".join((*parts, encoded(self.sign(".".join(parts).encode()))))


@pytest.fixture(scope="module")
def signer():
    return Signer("RS256")


def issuer(*keys, name=ISSUER, where=f"{ISSUER}/keys"):
    def decide(asked):
        assert asked.method == "GET"
        assert "Authorization" not in asked.headers
        if asked.path == "/tenant-1/.well-known/openid-configuration":
            return Answer(200, {"issuer": name, "jwks_uri": where})
        return Answer(200, {"keys": list(keys)}) if asked.path == "/tenant-1/keys" else Answer(404)

    return decide


def one(token):
    return candidate(token, "jwt-token", "one")


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_a_signature_that_holds_makes_it_active(algorithm, capfd, caplog):
    signer = Signer(algorithm)
    other = Signer("RS256", "key-0")
    said, asked = judged(one(signer.token()), TABLES, issuer(other.public, {"kty": "nonsense"}, signer.public))
    assert (said.state, said.privileged) == ("active", False)
    assert "session" in said.detail
    told = {key: value for key, value in said.told.items() if key != "expires"}
    assert told == {"organisation": ISSUER, "account": "api", "user": "user-7", "scopes": ["read", "write"]}
    assert said.told["expires"].startswith("20")
    assert [(ask.headers["X-Meant-For"], ask.path.rpartition("/")[2]) for ask in asked] == [
        ("id.acme.example", "openid-configuration"),
        ("id.acme.example", "keys"),
    ]
    assert not any(signer.token().split(".")[1][:20] in str(ask.headers) + ask.path + ask.body.decode() for ask in asked)
    assert_silent([said.evidence, said.detail], one(signer.token()), capfd, caplog)


def test_a_term_that_is_over_asks_nobody(signer):
    for exp, state in ((time.time() - 4000, "expired"), (1, "expired"), (time.time() - 30, "active")):
        said, asked = judged(one(signer.token(exp=exp)), TABLES, issuer(signer.public))
        assert (said.state, bool(asked)) == (state, state == "active")


def test_a_forged_one_is_inactive_and_an_unknown_key_says_nothing(signer):
    forged = Signer("RS256")
    assert judged(one(forged.token()), TABLES, issuer(signer.public))[0].state == "inactive"
    said, _ = judged(one(signer.token({"kid": "key-9"})), TABLES, issuer(signer.public))
    assert (said.state, said.reason) == ("unknown", "unexpected")
    assert judged(one(signer.token({"kid": None})), TABLES, issuer(signer.public))[0].state == "active"
    assert judged(one(forged.token({"kid": None})), TABLES, issuer(signer.public))[0].state == "unknown"
    # An algorithm that the key is not for: nothing is believed.
    assert judged(one(signer.token({"alg": "ES256"})), TABLES, issuer(signer.public))[0].state == "unknown"
    assert judged(one(signer.token()), TABLES, issuer({**signer.public, "use": "enc"}))[0].state == "unknown"
    small = {**signer.public, "n": encoded(b"\xff" * 16)}
    assert judged(one(signer.token()), TABLES, issuer(small))[0].state == "unknown"


def test_no_term_and_one_that_has_not_begun(signer):
    said, _ = judged(one(signer.token(exp=None)), TABLES, issuer(signer.public))
    assert (said.state, "no term" in said.detail) == ("active", True)
    said, asked = judged(one(signer.token(nbf=time.time() + 4000)), TABLES, issuer(signer.public))
    assert (said.state, said.reason, asked) == ("unknown", "offline", [])


def shared(**claims):
    parts = [encoded(json.dumps(part).encode()) for part in ({"alg": "HS256"}, {"iss": ISSUER, "exp": int(time.time()) + 3600, **claims})]
    return ".".join((*parts, encoded(hmac.digest(b"acme", ".".join(parts).encode(), "sha256"))))


@pytest.mark.parametrize(
    "claims",
    [{"iss": None}, {"iss": "acme"}, {"iss": 5}, {"iss": "http://id.acme.example"}, {"iss": "https://id.acme.example:8443"}]
    + [{"iss": f"https://{host}/"} for host in ("user@id.acme.example", "0x7f.1", "2130706433", "id.acme.example\\@evil.example")]
    + [{"iss": "https://id.acme.example/?x=1"}, {"iss": "https://id.acme.example/#x"}],
)
def test_who_names_no_issuer_is_read_offline(signer, claims):
    said, asked = judged(one(signer.token(**claims)), TABLES, issuer(signer.public))
    assert (said.state, said.reason, asked) == ("unknown", "offline", [])


def test_a_shared_key_is_nobodys_to_check():
    said, asked = judged(one(shared()), TABLES, issuer())
    assert (said.state, said.reason, asked) == ("unknown", "offline", [])
    assert "term is not over" in said.detail
    assert judged(one(shared(exp=1)), TABLES, issuer())[0].state == "expired"


def test_a_canary_is_not_contacted(signer):
    said, asked = judged(one(signer.token(iss="https://canarytokens.com/x")), TABLES, issuer(signer.public))
    assert (said.state, asked) == ("canary", [])


def test_the_issuer_must_be_who_it_says_and_keep_its_keys_at_home(signer):
    for name in ("https://evil.example", None, "https://id.acme.example/tenant-2"):
        said, _ = judged(one(signer.token()), TABLES, issuer(signer.public, name=name))
        assert (said.state, said.reason) == ("unknown", "unexpected")
    for where in ("https://evil.example/keys", "http://id.acme.example/tenant-1/keys", "https://169.254.169.254/latest", "https://id.acme.example:22/k"):
        said, asked = judged(one(signer.token()), TABLES, issuer(signer.public, where=where))
        assert (said.state, said.reason, len(asked)) == ("unknown", "host-not-allowed", 1)


def test_an_issuer_that_is_not_public_is_not_reached(signer):
    for address in ("10.0.0.1", "169.254.169.254", "127.0.0.1", "::1", "::ffff:10.0.0.1"):

        async def resolver(_host, _port, address=address):
            return [address]

        (result,) = ask([one(signer.token())], TABLES, QUICK, Network(QUICK, resolver)).results.values()
        assert result.verdict.reason == "private-address"
    (result,) = ask([one(signer.token(iss="https://169.254.169.254/"))], TABLES, QUICK, Network(QUICK)).results.values()
    assert result.verdict.reason == "private-address"


def test_an_issuer_is_asked_once_and_only_so_many_are(signer):
    from answers import provider
    from live import Rerouted

    many = [one(signer.token(sub=f"user-{index}"))._replace(key=str(index)) for index in range(30)]
    with provider(issuer(signer.public)) as server:
        results = ask(many, TABLES, QUICK, Rerouted(QUICK, server.url)).results
    assert ({result.verdict.state for result in results.values()}, len(server.asked)) == ({"active"}, 2)
    many = [one(signer.token(iss=f"https://id{index}.acme.example"))._replace(key=str(index)) for index in range(30)]
    with provider(lambda _: Answer(404)) as server:
        results = ask(many, TABLES, QUICK, Rerouted(QUICK, server.url)).results
    assert len(server.asked) <= 24  # twenty, and what was under way
    assert {result.verdict.reason for result in results.values()} <= {"unexpected", "limit"}


def test_what_is_no_token_is_not_asked_about():
    for text in ("a.b", "a.b.c.d.e", "eyJ9.eyJ9.", f"{encoded(b'[]')}.{encoded(b'{}')}.eA", f"{encoded(b'[' * 100_000)}.{encoded(b'{}')}.eA"):
        said, asked = judged(one(text), TABLES, issuer())
        assert (said.state, said.reason, asked) == ("unverifiable", "unfit", [])


def test_the_plan_says_that_the_token_is_not_sent(signer):
    lines = plan([one(signer.token())], TABLES, QUICK, Memory(None, 0, time.time)).lines
    assert [(line.host, "not sent" in line.what, line.control) for line in lines] == [("id.acme.example", True, False)] * 2


def test_failures_say_nothing_of_it(signer, capfd, caplog):
    caplog.set_level(0)
    holds_against_all(one(signer.token()), TABLES, capfd, caplog)
