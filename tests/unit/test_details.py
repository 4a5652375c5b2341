"""From bytes to findings: what checks make of severity, confidence, tags and details."""

from __future__ import annotations

import base64

import pytest

from leaksieve.api import Scanner
from leaksieve.ruleset.template import expand

JWT = '<b64u:{{"alg":"HS256","typ":"JWT"}}>.<b64u:{{"iss":"{issuer}","sub":"ann@example.org","exp":{exp}}}>.<base64url:43>'
SAMPLES = {
    "jwt-token": "token = " + JWT.format(issuer="https://id.example", exp=1_500_000_000),
    "aws-access-key-id": "aws_access_key_id = AKIA<b32:16>",
    "private-key-openssh": "-----BEGIN OPENSSH PRIVATE KEY-----\n<openssh-key:0>\n-----END OPENSSH PRIVATE KEY-----\n",
    "private-key-pkcs8": "-----BEGIN PRIVATE KEY-----\n<der-pkcs8:512>\n-----END PRIVATE KEY-----\n",
    "discord-bot-login": 'client.run("<b64:{int:18}>.<base64url:6>.<base64url:38>")',
    "telegram-bot-token": "TELEGRAM_BOT_TOKEN=<int:10>:AA<base64url:33>",
    "pypi-api-token": "TWINE_PASSWORD=pypi-<macaroon-pypi:0>",
    "gitlab-access-token": "GITLAB_TOKEN=<sum:crc32-gitlab:glpat-{base64url:36}.>",
}


@pytest.fixture(scope="module")
def scanner():
    return Scanner()


def found(scanner, template, path="settings.py"):
    (finding,) = scanner.scan_bytes(expand(template, 3), path)
    return finding


@pytest.mark.parametrize("rule_id", SAMPLES)
def test_details_never_hold_the_secret(scanner, rule_id):
    finding = found(scanner, SAMPLES[rule_id])
    assert finding.rule_id == rule_id
    value = expand(SAMPLES[rule_id], 3).decode()
    for detail in finding.details.values():
        if isinstance(detail, str) and detail in value:
            # Public ids and the kind of token may be spelled in it; a run that could be the secret may not.
            assert detail.isdecimal(), detail


def test_an_expired_token_counts_less_and_a_live_one_does_not(scanner):
    dead = found(scanner, SAMPLES["jwt-token"])
    live = found(scanner, "token = " + JWT.format(issuer="https://id.example", exp=4_000_000_000))
    assert (dead.severity, live.severity) == ("low", "medium")
    assert ("expired" in dead.tags, "expired" in live.tags) == (True, False)
    assert (dead.proof, dead.confidence, live.confidence) == ("structural", "high", "high")
    assert dead.details == {"algorithm": "HS256", "issuer": "https://id.example", "expires": "2017-07-14T02:40:00Z", "expired": True}


@pytest.mark.parametrize("issuer", ["https://bob:hunter2@id.example", "ann@example.org", "x" * 300])
def test_issuers_that_are_not_told(scanner, issuer):
    assert "issuer" not in found(scanner, "token = " + JWT.format(issuer=issuer, exp=4_000_000_000)).details


def test_a_signature_tells_its_term_and_shows_its_link(scanner):
    link = "https://x.blob.core.windows.net/c/f?sv=2022-11-02&se=2021-01-01T00%3A00%3A00Z&sp=racwl&sig=<alnum:43>%3D"
    finding = found(scanner, link)
    assert finding.rule_id == "azure-sas-token"
    assert (finding.severity, finding.proof) == ("low", "none")
    assert finding.details == {"permissions": "racwl", "expires": "2021-01-01T00:00:00Z", "expired": True}
    assert "grant" not in dict(finding.parts)
    assert "se=2021-01-01" in finding.occurrences[0].context


def test_a_private_key_says_what_it_opens(scanner):
    details = found(scanner, SAMPLES["private-key-openssh"]).details
    assert (details["key_type"], details["bits"], details["encrypted"]) == ("Ed25519", 256, False)
    assert str(details["fingerprint"]).startswith("SHA256:")


def test_made_up_check_digits_are_still_reported(scanner):
    finding = found(scanner, "GITHUB_TOKEN=ghp_<alnum:36>")
    assert (finding.rule_id, finding.proof, finding.severity) == ("github-classic-token", "none", "critical")


def test_public_keys_under_a_private_label_are_not(scanner):
    # SubjectPublicKeyInfo: algorithm and a bit string.
    body = base64.b64encode(bytes.fromhex("305c300d06092a864886f70d0101010500034b00") + bytes(range(74)))
    block = b"-----BEGIN PRIVATE KEY-----\n" + body + b"\n-----END PRIVATE KEY-----\n"
    assert scanner.scan_bytes(block, "key.pem") == []
    assert scanner.scan_bytes(block.replace(body, body[::-1]), "key.pem") != []
