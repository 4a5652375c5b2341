"""Azure's client secrets, account keys and shared access signatures, against servers that check them as Microsoft describes."""

import hmac
import json
import time
from base64 import b64decode, b64encode
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import pytest
from answers import Answer
from failing import assert_silent, holds_against_all, judged
from live import QUICK, ask, candidate

from leaksieve.ruleset.verify_load import Tables, load_verifiers
from leaksieve.verifiers.azure_storage import AccountKey, signed
from leaksieve.verifiers.jose import encoded
from leaksieve.verifiers.network import Network

BY_ID = {table["id"]: table for table in load_verifiers().all}
LOGIN, KEYS, SAS = (Tables([BY_ID[name]]) for name in ("azure-client-secret", "azure-storage-key", "azure-storage-sas"))
SECRET = "aB3" + "8Q~" + "xY7_kL9pQr" * 3 + "wZ4v"
TENANT, CLIENT = "aaaabbbb-0000-cccc-1111-dddd2222eeee", "00001111-aaaa-2222-bbbb-3333cccc4444"
KEY = b64encode(bytes(range(7, 71))).decode()
ACCOUNT = "acmeprod1"


def secret(**parts):
    return candidate(SECRET, "azure-entra-client-secret", "one", parts={"tenant_id": TENANT, "client_id": CLIENT, **parts})


def token(**claims):
    claims = {"appid": CLIENT, "tid": TENANT, "oid": "5555", "app_displayname": "deployer", "roles": ["User.Read.All"], **claims}
    return ".".join((encoded(b'{"alg":"RS256"}'), encoded(json.dumps(claims).encode()), encoded(b"x" * 256)))


def entra(**claims):
    def decide(asked):
        assert (asked.method, asked.path) == ("POST", f"/{TENANT}/oauth2/v2.0/token")
        assert asked.headers["X-Meant-For"] == "login.microsoftonline.com"
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        assert form == {
            "client_id": CLIENT,
            "client_secret": SECRET,
            "grant_type": "client_credentials",
            "scope": "https://graph.microsoft.com/.default",
        }
        return Answer(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token(**claims)})

    return decide


def refused(code, status=401):
    text = f"AADSTS{code}: The text of it. Trace ID: 0000"
    return Answer(status, {"error": "invalid_client", "error_description": text, "error_codes": [code], "timestamp": "2026-11-21 02:02:12Z"})


def test_a_client_secret_tells_application_and_permissions(capfd, caplog):
    said, asked = judged(secret(), LOGIN, entra())
    assert (said.state, said.privileged, len(asked)) == ("active", False, 1)
    assert said.told == {
        "account": CLIENT,
        "organisation": TENANT,
        "user": "5555",
        "name": "deployer",
        "kind": "application",
        "permissions": ["User.Read.All"],
    }
    assert_silent([said], secret(), capfd, caplog, [token()])
    assert judged(secret(), LOGIN, entra(roles=["RoleManagement.ReadWrite.Directory"]))[0].privileged
    assert judged(secret(), LOGIN, entra(roles=None))[0].told["permissions"] == []


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (refused(7000215), "inactive"),
        (refused(7000222), "expired"),
        (refused(7000112), "inactive"),
        (refused(700016, 400), "unknown"),
        (refused(90002, 400), "unknown"),
        (refused(53003, 400), "unknown"),
        (refused(50196, 400), "unknown"),
        (refused(7000215, 403), "unknown"),
        (Answer(401, {"error": "invalid_client", "error_codes": ["7000215"]}), "unknown"),
        (Answer(401, {"error": "invalid_client", "error_description": "AADSTS7000215"}), "unknown"),
        (Answer(200, {"token_type": "Bearer", "access_token": "opaque"}), "unknown"),
        (Answer(200, {"token_type": "Bearer", "access_token": token(appid="another")}), "unknown"),
        (Answer(200, {"access_token": token()}), "unknown"),
    ],
)
def test_what_entra_documents(answer, state):
    said, asked = judged(secret(), LOGIN, lambda _: answer)
    assert (said.state, len(asked)) == (state, 1)
    assert (said.reason == "") == (state != "unknown")


def test_another_cloud_is_reached_by_its_address_alone():
    settings = QUICK._replace(endpoints={"azure": ["https://login.microsoftonline.us"]}, retries=0)

    async def nowhere(_host, _port):
        return []

    (result,) = ask([secret()], LOGIN, settings, Network(settings, nowhere)).results.values()
    assert result.verdict.reason == "unresolved"
    from leaksieve.verifiers.azure import _request

    request = _request(secret().subject, "https://login.microsoftonline.us")
    assert (request.host, b"https%3A%2F%2Fgraph.microsoft.us%2F.default" in request.body) == ("login.microsoftonline.us", True)


@pytest.mark.parametrize("parts", [{"tenant_id": "../evil"}, {"tenant_id": "a..b"}, {"tenant_id": "x/y.com"}, {"client_id": "me"}])
def test_ids_that_are_none_are_not_sent(parts):
    said, asked = judged(secret(**parts), LOGIN, entra())
    assert (said.state, said.reason, asked) == ("unverifiable", "unfit", [])


# --- storage


def account_key(value=KEY, account=ACCOUNT, rule="azure-account-key"):
    return candidate(value, rule, "one", parts={"account": account})


def info():
    return Answer(200, "", {"x-ms-account-kind": "StorageV2", "x-ms-sku-name": "Standard_LRS", "x-ms-version": "2021-08-06"})


def storage_error(code, detail=""):
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>The text.</Message><AuthenticationErrorDetail>{detail}</AuthenticationErrorDetail></Error>'
    return Answer(403, body, {"x-ms-error-code": code})


def storage(key):
    """Get Account Information, authorised with Shared Key: the string to sign is put together from the request alone."""

    def decide(asked):
        host = asked.headers["X-Meant-For"]
        account = host.partition(".")[0]
        own = sorted((name.lower(), value) for name, value in asked.headers.items() if name.lower().startswith("x-ms-"))
        fixed = ("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date", "if-modified-since", "if-match")
        lines = [asked.method, *(asked.headers.get(name, "") for name in (*fixed, "if-none-match", "if-unmodified-since", "range"))]
        parts = urlsplit(asked.path)
        query = "".join(f"\n{name}:{value}" for name, value in sorted(parse_qsl(parts.query)))
        text = "\n".join(lines) + "\n" + "".join(f"{name}:{value}\n" for name, value in own) + f"/{account}{parts.path}{query}"
        made = b64encode(hmac.digest(b64decode(key), text.encode(), "sha256")).decode()
        assert parts.query == "restype=account&comp=properties"
        if asked.headers["Authorization"] != f"SharedKey {account}:{made}":
            return storage_error("AuthenticationFailed", "The MAC signature found in the HTTP request 'x' is not the same as any computed signature.")
        return info()

    return decide


def test_an_account_key_signs_and_is_not_sent():
    said, (asked,) = judged(account_key(), KEYS, storage(KEY))
    assert (said.state, said.told, said.privileged) == ("active", {"account": ACCOUNT, "kind": "StorageV2", "plan": "Standard_LRS"}, True)
    assert said.evidence["host"] == f"{ACCOUNT}.blob.core.windows.net"
    assert KEY[:40] not in str(asked.headers) + asked.path
    encoded_in_link = KEY.replace("=", "%3D")
    assert judged(account_key(encoded_in_link), KEYS, storage(KEY))[0].state == "active"


def test_a_key_that_was_regenerated_is_dead():
    said, asked = judged(account_key(), KEYS, storage(b64encode(b"k" * 64).decode()))
    assert (said.state, len(asked)) == ("inactive", 1)


@pytest.mark.parametrize(
    "answer",
    [
        storage_error("AuthenticationFailed", "Request date header too old: 'Sat, 21 Nov 2026 00:00:00 GMT'"),
        storage_error("AuthenticationFailed"),
        storage_error("KeyBasedAuthenticationNotPermitted"),
        storage_error("AuthorizationFailure"),
        storage_error("AccountIsDisabled"),
        Answer(200, "", {"x-ms-account-kind": "StorageV2"}),
        Answer(404, "", {"x-ms-error-code": "ResourceNotFound"}),
    ],
)
def test_other_answers_say_nothing_of_the_key(answer):
    said, _ = judged(account_key(), KEYS, lambda _: answer)
    assert (said.state, said.reason) == ("unknown", "unexpected")


def test_keys_of_other_services_and_made_up_accounts_are_not_sent():
    cosmos = "a" * 76 + "ACDb" + "xYz12A=="
    for one in (account_key(cosmos, rule="azure-marked-account-key"), account_key(account="evil.example"), account_key(account="a-b-c"), account_key("%%%")):
        said, asked = judged(one, KEYS, storage(KEY))
        assert (said.state, asked) == ("unverifiable", [])
    assert judged(candidate(KEY, "azure-account-key"), KEYS, storage(KEY))[0].reason == "missing-parts"


SIGNATURE = quote(b64encode(bytes(range(60, 92))).decode(), safe="")
# Its term ends long after these tests.
WHOLE = "sv=2022-11-02&ss=bfqt&srt=sco&sp=rl&se=2999-01-01T00:00:00Z&st=2024-01-01T00:00:00Z&spr=https&"


def signature(grant=WHOLE, **parts):
    return candidate(SIGNATURE, "azure-sas-token", "one", parts={"grant": grant, **parts})


def test_a_signature_whose_term_is_over_is_expired_and_nobody_is_asked():
    old = signature("sv=2022-11-02&st=2024-01-01T00%3A00%3A00Z&se=2025-01-01T00%3A00%3A00Z&sr=c&sp=racwl&", account=ACCOUNT)
    said, asked = judged(old, SAS, lambda _: info())
    assert (said.state, asked) == ("expired", [])
    assert said.told == {"kind": "signature of a resource", "permissions": ["racwl"], "expires": "2025-01-01T00:00:00Z"}
    just = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    assert judged(signature(f"sv=2022-11-02&se={just}&sr=c&sp=r&"), SAS, lambda _: info())[0].state == "unknown"


def test_a_signature_for_the_account_is_asked_about_where_the_account_is_known():
    said, (asked,) = judged(signature(account=ACCOUNT), SAS, lambda _: info())
    assert (said.state, said.told["permissions"], said.told["kind"], said.privileged) == ("active", ["rl"], "account signature", False)
    query = dict(parse_qsl(urlsplit(asked.path).query))
    assert query.items() >= {"restype": "account", "comp": "properties", "ss": "bfqt", "sig": b64encode(bytes(range(60, 92))).decode()}.items()
    assert urlsplit(asked.path).path == "/"
    for one in (signature(), signature("sv=2022-11-02&se=2999-01-01&sr=c&sp=rl&", account=ACCOUNT), signature(WHOLE.replace("sco", "o"), account=ACCOUNT)):
        said, asked = judged(one, SAS, lambda _: info())
        assert (said.state, said.reason, asked) == ("unknown", "missing-parts", [])


def test_a_signature_that_does_not_match_is_dead_if_its_terms_are_whole():
    mismatch = storage_error("AuthenticationFailed", "Signature did not match. String to sign used was acmeprod1")
    assert judged(signature(account=ACCOUNT), SAS, lambda _: mismatch)[0].state == "inactive"
    assert judged(signature(WHOLE.replace("&spr=https", ""), account=ACCOUNT), SAS, lambda _: mismatch)[0].state == "unknown"


def test_a_grant_smuggles_nothing():
    """Terms are fields of the query, whatever they hold."""
    _, (asked,) = judged(signature(WHOLE + "restype=container&comp=list&sr=%26x%3D1&", account=ACCOUNT), SAS, lambda _: info())
    query = parse_qsl(urlsplit(asked.path).query)
    assert [value for name, value in query if name in ("restype", "comp")] == ["account", "properties"]
    assert ("x", "1") not in query


def test_failures_say_nothing_of_any(capfd, caplog):
    caplog.set_level(0)
    holds_against_all(secret(), LOGIN, capfd, caplog)
    holds_against_all(account_key(), KEYS, capfd, caplog)
    holds_against_all(signature(account=ACCOUNT), SAS, capfd, caplog)
    assert KEY not in repr(signed(f"{ACCOUNT}.blob.core.windows.net", ACCOUNT, b64decode(KEY), at=0))
    assert AccountKey().calls(account_key().subject, "")[0].host == f"{ACCOUNT}.blob.core.windows.net"
