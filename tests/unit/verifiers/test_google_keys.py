"""Google's service account keys and refresh tokens, against a server that checks what it is sent and answers as Google documents."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from answers import Answer
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from failing import assert_silent, holds_against_all, judged
from live import candidate

from leaksieve.ruleset.verify_load import Tables, load_verifiers
from leaksieve.verifiers.google import refresh_token, service_account
from leaksieve.verifiers.jose import encoded, holds, opened

BY_ID = {table["id"]: table for table in load_verifiers().all}
ACCOUNTS, GRANTS = Tables([BY_ID["google-service-account"]]), Tables([BY_ID["google-refresh-token"]])
EMAIL = "deploy@acme-prod.iam.gserviceaccount.com"
MINTED = "ya29.c." + "b0Aa1x" * 8
REFRESH = "1//0" + "gR7xQ2" * 15
CLIENT = {"client_id": "123456789012-" + "a1b2c3d4" * 4 + ".apps.googleusercontent.com", "client_secret": "GOCSPX-" + "Zy9_" * 7}


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


def pem(key, line="\\n"):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode().strip().replace("\n", line)


def account(key, line="\\n", **parts):
    return candidate(pem(key, line), "google-service-account-key", "one", parts={"client_email": EMAIL, "key_id": "0f" * 20, **parts})


def grant(**parts):
    return candidate(REFRESH, "google-oauth-refresh-token", "one", parts={**CLIENT, **parts})


def google(known):
    """The token endpoint for one service account key, and tokeninfo."""
    numbers = known.public_key().public_numbers()
    public = {"kty": "RSA", "n": encoded(numbers.n.to_bytes(256, "big")), "e": encoded(numbers.e.to_bytes(3, "big"))}

    def decide(asked):
        assert asked.headers["X-Meant-For"] == "oauth2.googleapis.com"
        if asked.path.startswith("/tokeninfo"):
            assert parse_qs(urlsplit(asked.path).query) == {"access_token": [MINTED]}
            return Answer(200, {"azp": "1098", "aud": "1098", "scope": "https://www.googleapis.com/auth/userinfo.email", "expires_in": "299", "email": EMAIL})
        assert (asked.method, asked.path) == ("POST", "/token")
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        header, claims, data, signature = opened(form["assertion"])
        assert (header["alg"], header["kid"], claims["iss"], claims["aud"]) == ("RS256", "0f" * 20, EMAIL, "https://oauth2.googleapis.com/token")
        assert claims["scope"] == "https://www.googleapis.com/auth/userinfo.email"
        assert abs(claims["iat"] - time.time()) < 100
        assert claims["exp"] - claims["iat"] <= 3600
        if not holds(signature, data, "RS256", public):
            return Answer(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        return Answer(200, {"access_token": MINTED, "expires_in": 299, "token_type": "Bearer"})

    return decide


@pytest.mark.parametrize("line", ["\\n", "\\\\n", "\n", "\\r\\n"])
def test_a_service_account_key_is_exchanged_for_the_least(key, line, capfd, caplog):
    said, asked = judged(account(key, line), ACCOUNTS, google(key))
    assert (said.state, said.privileged) == ("active", False)
    assert said.told == {"account": "acme-prod", "user": "1098", "email": EMAIL, "kind": "service account"}
    assert said.evidence["control"] == "none"
    assert len(asked) == 2
    assert_silent([said], account(key), capfd, caplog, [MINTED])


def test_a_deleted_key_is_dead(key):
    said, asked = judged(account(key), ACCOUNTS, google(rsa.generate_private_key(65537, 2048)))
    assert (said.state, len(asked)) == ("inactive", 1)
    assert said.evidence["matched"] == ["status 400", "error invalid_grant"]


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (400, {"error": "invalid_grant", "error_description": "Invalid grant: account not found"}, "inactive"),
        (401, {"error": "disabled_client", "error_description": "The OAuth client was disabled."}, "inactive"),
        (
            400,
            {"error": "invalid_grant", "error_description": "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."},
            "unknown",
        ),
        (400, {"error": "invalid_grant", "error_description": "Something new"}, "unknown"),
        (401, {"error": "invalid_client", "error_description": "The OAuth client was not found."}, "unknown"),
        (400, {"error": "invalid_scope"}, "unknown"),
        (403, {"error": "disabled_client"}, "unknown"),
        (200, {"access_token": MINTED}, "unknown"),
        (200, {"access_token": MINTED, "token_type": "Mac"}, "unknown"),
    ],
)
def test_other_answers_to_a_service_account(key, status, body, state):
    assert judged(account(key), ACCOUNTS, lambda _: Answer(status, body))[0].state == state


def test_a_description_that_fails_changes_no_verdict(key):
    right = google(key)
    for info in (Answer(500), Answer(200, "?"), Answer(302, "", {"Location": "https://evil.example/"}), Answer(200, {"azp": 5, "email": ["x"]})):
        said, _ = judged(account(key), ACCOUNTS, lambda asked, info=info: info if asked.path.startswith("/tokeninfo") else right(asked))
        assert (said.state, said.told) == ("active", {"account": "acme-prod", "email": EMAIL, "kind": "service account"})


def test_what_is_no_service_account_key_is_not_sent(key):
    for one in (
        account(key, client_email="me@gmail.com"),
        candidate(pem(ec.generate_private_key(ec.SECP256R1())), "google-service-account-key", parts={"client_email": EMAIL}),
        candidate("-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----", "google-service-account-key", parts={"client_email": EMAIL}),
        candidate(pem(key), "google-service-account-key"),
    ):
        said, asked = judged(one, ACCOUNTS, google(key))
        assert (said.state, asked) == ("unverifiable", [])


def refreshed(asked):
    """The token endpoint for refresh tokens."""
    if asked.path.startswith("/tokeninfo"):
        return Answer(200, {"azp": CLIENT["client_id"], "sub": "11223344", "email": "anna@acme.example", "scope": "openid"})
    form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
    assert form == {"grant_type": "refresh_token", "refresh_token": REFRESH, **CLIENT}
    return Answer(200, {"access_token": MINTED, "expires_in": 3599, "scope": "openid https://www.googleapis.com/auth/cloud-platform", "token_type": "Bearer"})


def test_a_refresh_token_tells_user_and_scopes(capfd, caplog):
    said, asked = judged(grant(), GRANTS, refreshed)
    assert (said.state, said.privileged, len(asked)) == ("active", True, 2)
    assert said.told == {
        "user": "11223344",
        "email": "anna@acme.example",
        "kind": "user's grant",
        "scopes": ["https://www.googleapis.com/auth/cloud-platform", "openid"],
    }
    assert_silent([said], grant(), capfd, caplog, [MINTED, CLIENT["client_secret"]])


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, "inactive"),
        ({"error": "invalid_grant", "error_description": "reauth related error (invalid_rapt)", "error_subtype": "invalid_rapt"}, "unknown"),
        ({"error": "deleted_client", "error_description": "The OAuth client was deleted."}, "inactive"),
        ({"error": "invalid_client"}, "unknown"),
        ({"error": "unauthorized_client"}, "unknown"),
        ({"error": "org_internal"}, "unknown"),
    ],
)
def test_other_answers_to_a_refresh_token(body, state):
    assert judged(grant(), GRANTS, lambda _: Answer(400, body))[0].state == state


def test_a_refresh_token_needs_its_client():
    one = candidate(REFRESH, "google-oauth-refresh-token", parts={"client_id": CLIENT["client_id"]})
    said, asked = judged(one, GRANTS, refreshed)
    assert (said.state, said.reason, asked) == ("unverifiable", "missing-parts", [])


def test_the_plan_names_both_calls(key):
    calls = service_account(BY_ID["google-service-account"]).calls(account(key).subject, "")
    assert [(call.host, call.what) for call in calls] == [("oauth2.googleapis.com", "POST /token"), ("oauth2.googleapis.com", "GET /tokeninfo (if active)")]
    assert len(refresh_token(BY_ID["google-refresh-token"]).calls(grant().subject, "")) == 2


def test_failures_say_nothing_of_either(key, capfd, caplog):
    caplog.set_level(0)
    holds_against_all(account(key), ACCOUNTS, capfd, caplog)
    holds_against_all(grant(), GRANTS, capfd, caplog, [CLIENT["client_secret"]])
