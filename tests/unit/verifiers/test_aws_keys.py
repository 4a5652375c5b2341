"""AWS keys against moto, which checks signatures itself, and against the errors that STS documents."""

import time
from calendar import timegm

import pytest
from answers import Answer, provider
from failing import assert_silent, holds_against_all, judged
from fakeaws import aws
from live import QUICK, Rerouted, ask, candidate
from live import verdict as judge

from leaksieve.ruleset.verify_load import Tables, load_verifiers
from leaksieve.verifiers.aws import Sts, signed
from leaksieve.verifiers.base import Call, Failed
from leaksieve.verifiers.memory import Memory
from leaksieve.verifiers.network import Network
from leaksieve.verifiers.plan import plan

TABLES = Tables([table for table in load_verifiers().all if table["id"] == "aws-sts"])
SECRET = "q7Rk" + "aB3/xY9+" * 4 + "wZ5T"
# Older than the ids that hold their account.
KEY_ID = "AKIA" + "I" * 8 + "QWERTY77"


def pair(secret=SECRET, key_id=KEY_ID, rule="aws-key-pair", **parts):
    return candidate(secret, rule, "one", parts={"key_id": key_id, **parts})


def error(code, message="The text of it.", status=403):
    xml = f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>'
    return Answer(status, f"{xml}</Error><RequestId>01234567-89ab</RequestId></ErrorResponse>", {"Content-Type": "text/xml"})


def identity(arn, account="123456789012"):
    xml = f"<Arn>{arn}</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>{account}</Account>"
    return Answer(
        200,
        f'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>{xml}</GetCallerIdentityResult></GetCallerIdentityResponse>',
    )


@pytest.fixture(scope="module")
def real():
    with aws() as server:
        yield server


def asked(real, key_id, secret, rule="aws-key-pair", **parts):
    settings = QUICK._replace(endpoints={"aws": [real["url"]]}, retries=0)
    return judge(secret, TABLES, settings, Network(settings), rule=rule, parts={"key_id": key_id, **parts})


def test_a_users_key_is_active_and_says_whose_it_is(real):
    said = asked(real, *real["user"])
    assert (said.state, said.told, said.privileged) == (
        "active",
        {"account": "123456789012", "user": "alice", "name": "arn:aws:iam::123456789012:user/alice", "kind": "user"},
        False,
    )
    assert said.evidence == {"host": "127.0.0.1", "status": 200, "matched": ["status 200", "Arn", "Account"], "control": "none"}


def test_a_session_needs_its_token(real):
    key_id, secret, token = real["role"]
    said = asked(real, key_id, secret, session_token=token)
    assert (said.state, said.told["user"], said.told["kind"]) == ("active", "deploy/ci", "role session")
    said = asked(real, key_id, secret)
    assert (said.state, said.reason) == ("unverifiable", "missing-parts")


def test_a_token_near_a_long_term_key_is_not_sent(real):
    assert asked(real, *real["user"], session_token="x" * 200).state == "active"


def test_a_wrong_secret_and_an_unknown_id(real):
    key_id, secret = real["user"]
    wrong = secret[:-4] + "AAAA"
    said = asked(real, key_id, wrong)
    assert (said.state, said.evidence["matched"][1]) == ("inactive", "code SignatureDoesNotMatch")
    # An id that only stands near may be another secret's.
    said = asked(real, key_id, wrong, rule="aws-secret-access-key")
    assert (said.state, said.reason) == ("unknown", "unexpected")
    assert "another id" in said.detail
    assert asked(real, KEY_ID, secret).state == "inactive"


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (error("InvalidClientTokenId"), "inactive", ""),
        (error("SignatureDoesNotMatch"), "inactive", ""),
        (error("ExpiredToken"), "expired", ""),
        (error("ExpiredTokenException"), "expired", ""),
        (error("SignatureDoesNotMatch", "Signature expired: 20261121T000000Z is now earlier than 20261121T010000Z"), "unknown", "unexpected"),
        (error("SignatureDoesNotMatch", "Signature not yet current: 20261121T020000Z"), "unknown", "unexpected"),
        (error("RequestTimeTooSkewed"), "unknown", "unexpected"),
        (error("AccessDenied"), "unknown", "unexpected"),
        (error("OptInRequired"), "unknown", "unexpected"),
        (error("Throttling", status=400), "unknown", "rate-limited"),
        (error("InvalidClientTokenId", status=401), "unknown", "unexpected"),
        (error("SignatureDoesNotMatch", status=400), "unknown", "unexpected"),
        (error("ExpiredToken", status=400), "unknown", "unexpected"),
        (identity("arn:aws:iam::123456789012:user/a b"), "unknown", "unexpected"),
        (identity("arn:aws:iam::123456789012:user/a", "210987654321"), "unknown", "unexpected"),
        (identity("arn:aws:iam::123456789012:mystery/a"), "unknown", "unexpected"),
    ],
)
def test_what_sts_documents(answer, state, reason):
    said, requests = judged(pair(), TABLES, lambda _: answer)
    assert (said.state, said.reason) == (state, reason)
    assert len(requests) == 1, "one request for each key"


def test_root_and_administrators_are_privileged():
    said, _ = judged(pair(), TABLES, lambda _: identity("arn:aws:iam::123456789012:root"))
    assert (said.state, said.told["user"], said.privileged) == ("active", "root", True)
    role = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/alice"
    said, _ = judged(pair(), TABLES, lambda _: identity(role))
    assert (said.told["permissions"], said.privileged) == (["AdministratorAccess"], True)


def test_an_endpoint_that_answers_any_key_is_seen_by_the_account():
    """The key id holds 600000000009, by the published way to read it."""
    number = 1 << 79 | 600000000009 << 39 | 12345
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    key_id = "AKIA" + "".join(letters[number >> shift & 31] for shift in range(75, -5, -5))
    said, _ = judged(pair(key_id=key_id), TABLES, lambda _: identity("arn:aws:iam::123456789012:user/a"))
    assert (said.state, said.reason) == ("unknown", "no-difference")
    said, _ = judged(pair(key_id=key_id), TABLES, lambda _: identity("arn:aws:iam::600000000009:user/a", "600000000009"))
    assert said.state == "active"


def test_a_canary_is_never_contacted_and_one_that_shows_only_then_is_said():
    number = 1 << 79 | 717712589309 << 39 | 12345
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    planted = "AKIA" + "".join(letters[number >> shift & 31] for shift in range(75, -5, -5))
    said, requests = judged(pair(key_id=planted), TABLES, lambda _: error("InvalidClientTokenId"))
    assert (said.state, requests) == ("canary", [])
    said, _ = judged(pair(), TABLES, lambda _: identity("arn:aws:iam::717712589309:user/a", "717712589309"))
    assert said.state == "canary"


def test_the_partition_is_that_of_the_region():
    for region, host in (("cn-northwest-1", "sts.cn-north-1.amazonaws.com.cn"), ("us-gov-east-1", "sts.us-gov-west-1.amazonaws.com")):
        _, requests = judged(pair(region=region), TABLES, lambda _: error("InvalidClientTokenId"))
        assert requests[0].headers["X-Meant-For"] == host
    said, requests = judged(pair(), TABLES, lambda _: error("InvalidClientTokenId"))
    assert requests[0].headers["X-Meant-For"] == "sts.us-east-1.amazonaws.com"
    assert "China" in said.detail
    # What stands for a region in a file leads nowhere else.
    assert Sts().calls(pair(region="evil.example/#").subject, "") == [Call("sts.us-east-1.amazonaws.com", 443, "POST / sts:GetCallerIdentity")]


def test_the_same_key_is_asked_about_once():
    with provider(lambda _: error("InvalidClientTokenId")) as server:
        many = [pair() for _ in range(20)]
        many = [one._replace(key=str(number)) for number, one in enumerate(many)]
        results = ask(many, TABLES, QUICK, Rerouted(QUICK, server.url)).results
    assert (len(results), len(server.asked)) == (20, 1)


def test_only_what_can_be_signed_is():
    for parts in ({}, {"key_id": "AKIA" + "a" * 16}):
        with pytest.raises(Failed) as caught:
            Sts().calls(candidate(SECRET, parts=parts).subject, "")
        assert caught.value.reason in ("missing-parts", "unfit")


def test_the_signature_is_botocores():
    """The same request, signed by AWS's own library."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    at = time.time()
    ours = signed("https://sts.us-east-1.amazonaws.com/", "us-east-1", KEY_ID, SECRET, "token/+=", at=at)
    theirs = AWSRequest("POST", ours.url, {"Content-Type": ours.headers["content-type"]}, ours.body)
    auth = SigV4Auth(Credentials(KEY_ID, SECRET, "token/+="), "sts", "us-east-1")
    auth.add_auth(theirs)
    # Its clock may be a second ahead.
    stamp = theirs.headers["X-Amz-Date"]
    again = signed("https://sts.us-east-1.amazonaws.com/", "us-east-1", KEY_ID, SECRET, "token/+=", at=timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ")))
    assert again.headers["authorization"] == theirs.headers["Authorization"]


def test_failures_say_nothing_of_the_key(capfd, caplog):
    caplog.set_level(0)
    holds_against_all(pair(), TABLES, capfd, caplog)
    token = "IQoJ" + "b3JpZ2lu" * 30
    holds_against_all(pair(key_id="ASIA" + KEY_ID[4:], session_token=token), TABLES, capfd, caplog, [token])
    assert SECRET not in repr(signed("https://sts.us-east-1.amazonaws.com/", "us-east-1", KEY_ID, SECRET, "", at=0))
    assert_silent([plan([pair()], TABLES, QUICK, Memory(None, 0, time.time))], pair(), capfd, caplog)
