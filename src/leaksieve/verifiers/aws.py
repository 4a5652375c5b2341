"""AWS keys: STS says whose they are (GetCallerIdentity), which no policy can forbid and which changes nothing.

One signed request (Signature Version 4) for each key; a made-up key is never sent, since a failed
signature shows up in its owner's logs as an attack.  What stands in for it is the account that newer key ids hold in themselves: an
endpoint that names another one does not know the key.
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from leaksieve.engine.canary import is_canary_account
from leaksieve.engine.checks_cloud import aws_account
from leaksieve.verifiers.address import place_of
from leaksieve.verifiers.base import ACTIVE, CANARY, EXPIRED, INACTIVE, UNKNOWN, Call, Failed, Net, Request, Response, Subject, Verdict

_BODY = b"Action=GetCallerIdentity&Version=2011-06-15"
_KEY_ID = re.compile(r"A(?:KIA|SIA)[A-Z0-9]{16}")
_TOKEN = re.compile(r"[\x21-\x7e]{16,4096}")
_CODE = re.compile(rb"<Code>\s*([A-Za-z]{1,64})\s*</Code>")
_ARN = re.compile(rb"<Arn>\s*(arn:aws[a-z-]{0,20}:(?:iam|sts)::([0-9]{12}):([\x21-\x3b\x3d\x3f-\x7e]{1,512}))\s*</Arn>")
_ACCOUNT = re.compile(rb"<Account>\s*([0-9]{12})\s*</Account>")
# The message of a signature that is refused for its time: AWS has no code of its own for that here.
_SKEWED = re.compile(rb"<Message>\s*Signature (?:expired|not yet current)", re.IGNORECASE)
# A key is known in its partition alone; of all regions of one, these take every key of it, temporary ones as well.
_PARTITIONS = {"cn-": ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"), "us-gov-": ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com")}
_USUAL = ("us-east-1", "sts.us-east-1.amazonaws.com")
_KINDS = {"user": "user", "assumed-role": "role session", "federated-user": "federated user", "root": "root user"}


def sts(_table: Mapping[str, Any]) -> Sts:
    """The verifier of access keys and temporary keys."""
    return Sts()


class Sts:
    """See Verifier.  ``clock`` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def calls(self, subject: Subject, endpoint: str) -> Sequence[Call]:
        """One call, to the partition that the key's region names."""
        _pair(subject)
        place = place_of(_url(subject, endpoint)[1])
        return [Call(place.host, place.port, "POST / sts:GetCallerIdentity")]

    async def verify(self, subject: Subject, net: Net) -> Verdict:
        """Ask whose key it is."""
        region, url = _url(subject, net.endpoint)
        request = signed(url, region, *_pair(subject), at=self._clock())
        response = await net.request(request)
        evidence = {"host": request.host, "status": response.status}
        return _identity(subject, response, evidence) if response.status == 200 else _refused(subject, response, evidence)


def _pair(subject: Subject) -> tuple[str, str, str]:
    """Key id, secret key and session token ("" where none belongs to it)."""
    key_id, secret = subject.text("key_id"), subject.text()
    if not _KEY_ID.fullmatch(key_id) or not _TOKEN.fullmatch(secret):
        raise Failed("unfit", "that is no pair of key id and secret key")
    if not key_id.startswith("ASIA"):
        # A long-term key takes no token: one that stands near belongs to another.
        return key_id, secret, ""
    token = subject.text("session_token")
    if not _TOKEN.fullmatch(token):
        raise Failed("unfit", "its session_token is none")
    return key_id, secret, token


def _url(subject: Subject, endpoint: str) -> tuple[str, str]:
    """Region and URL."""
    known = subject.optional("region")
    region, host = next((place for start, place in _PARTITIONS.items() if known.startswith(start)), _USUAL)
    return region, (endpoint or f"https://{host}") + "/"


def signed(url: str, region: str, key_id: str, secret: str, token: str, *, at: float) -> Request:
    """The request with its signature: a pure function of what is in it and the time (seconds since 1970)."""
    place = place_of(url)
    day = time.strftime("%Y%m%d", time.gmtime(at))
    stamp = day + time.strftime("T%H%M%SZ", time.gmtime(at))
    usual = place.port == (443 if place.scheme == "https" else 80)
    host = f"[{place.host}]" if ":" in place.host else place.host
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", "host": host if usual else f"{host}:{place.port}", "x-amz-date": stamp}
    if token:
        headers["x-amz-security-token"] = token
    path = quote("/" + url.partition("://")[2].partition("/")[2], safe="/-_.~%")
    names = ";".join(sorted(headers))
    canonical = "\n".join(("POST", path, "", *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names, sha256(_BODY).hexdigest()))
    scope = f"{day}/{region}/sts/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, sha256(canonical.encode()).hexdigest()))
    key = b"AWS4" + secret.encode()
    for step in (day, region, "sts", "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    del headers["host"]  # the client writes it, as it stands here
    authorization = f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return Request("POST", url, {**headers, "authorization": authorization}, _BODY)


def _identity(subject: Subject, response: Response, evidence: dict[str, object]) -> Verdict:
    arn, account = _ARN.search(response.body), _ACCOUNT.search(response.body)
    if b"GetCallerIdentityResponse" not in response.body or arn is None or account is None or arn[2] != account[1]:
        return Verdict(UNKNOWN, "unexpected", "", evidence)
    number = account[1].decode()
    evidence["matched"] = ["status 200", "Arn", "Account"]
    if is_canary_account(number):
        return Verdict(CANARY, detail="its account is one of canaries", evidence=evidence)
    held = aws_account(subject.text("key_id").encode())
    if held and held != number:
        return Verdict(UNKNOWN, "no-difference", "it names another account than the key id holds", evidence)
    kind, _, name = arn[3].decode().partition("/")
    if kind not in _KINDS:
        return Verdict(UNKNOWN, "unexpected", "", evidence)
    told: dict[str, object] = {"account": number, "user": name or "root", "name": arn[1].decode(), "kind": _KINDS[kind]}
    # Names that begin so are reserved: the role was made by IAM Identity Center for this set of permissions.
    if kind == "assumed-role" and name.startswith("AWSReservedSSO_"):
        told["permissions"] = [name.removeprefix("AWSReservedSSO_").rpartition("/")[0].rpartition("_")[0]]
    privileged = kind == "root" or told.get("permissions") == ["AdministratorAccess"]
    return Verdict(ACTIVE, evidence=evidence, told=told, privileged=privileged)


def _refused(subject: Subject, response: Response, evidence: dict[str, object]) -> Verdict:
    found = _CODE.search(response.body)
    code = found[1].decode() if found else ""
    evidence["matched"] = [f"status {response.status}", *([f"code {code}"] if code else [])]
    unexpected = f"status {response.status}" + (f", code {code}" if code else "")
    if code in ("Throttling", "ThrottlingException", "RequestLimitExceeded"):
        return Verdict(UNKNOWN, "rate-limited", "", evidence)
    if code == "RequestTimeTooSkewed" or (code == "SignatureDoesNotMatch" and _SKEWED.search(response.body)):
        return Verdict(UNKNOWN, "unexpected", "this machine's clock and that of AWS differ too much", evidence)
    if response.status != 403:
        # Every refusal of a key that AWS documents is a 403: whoever says it otherwise is not AWS.
        return Verdict(UNKNOWN, "unexpected", unexpected, evidence)
    if code in ("ExpiredToken", "ExpiredTokenException"):
        return Verdict(EXPIRED, evidence=evidence)
    if code == "InvalidClientTokenId":
        partition = "" if "region" in subject.parts else "it was asked about outside of China and GovCloud, which have keys of their own"
        return Verdict(INACTIVE, detail=partition, evidence=evidence)
    if code == "SignatureDoesNotMatch":
        # The secret of a key id never changes.  If the id was only found near it, it may well be another's.
        if subject.rule_id == "aws-key-pair":
            return Verdict(INACTIVE, detail="the key id exists, and this is not its secret", evidence=evidence)
        return Verdict(UNKNOWN, "unexpected", "the key id near it exists, and this is not its secret: it may belong to another id", evidence)
    return Verdict(UNKNOWN, "unexpected", unexpected, evidence)
