"""MySQL's logins against a real MariaDB, and what MySQL alone does against its protocol played back."""

import hashlib
import struct

import pytest
from answers import raw_server
from loginservers import PASSWORD, MariaDB, said, served, trusting

pytestmark = pytest.mark.e2e
NO_TLS = "?ssl-mode=DISABLED"

server = served(MariaDB)


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql", "jdbc:mysql"])
def test_a_good_password_is_active_with_the_servers_version(server, scheme):
    verdict = said(server.url(query=NO_TLS).replace("mysql", scheme, 1))
    assert (verdict.state, verdict.reason, verdict.privileged) == ("active", "", False)
    assert verdict.told["kind"].startswith("MariaDB 1")
    assert verdict.evidence["matched"] == ["the login was accepted", "not encrypted"]


def test_who_was_granted_everything_is_privileged(server):
    verdict = said(server.url("boss", query=NO_TLS))
    assert (verdict.state, verdict.privileged, verdict.told["permissions"]) == ("active", True, ["all privileges"])


@pytest.mark.parametrize(("user", "password"), [("reader", PASSWORD + "x"), ("away", PASSWORD)])
def test_the_servers_own_refusal_is_inactive_and_says_what_else_it_may_mean(server, user, password):
    verdict = said(server.url(user, password, query=NO_TLS))
    assert (verdict.state, verdict.evidence["matched"][0]) == ("inactive", "MySQL says 1045")
    assert "may not log in from here" in verdict.detail


def test_a_user_that_is_not_there_is_not_active(server):
    """MariaDB hides who is there: it asks such a user for any of its kinds of login."""
    verdict = said(server.url("nosuch", query=NO_TLS))
    assert (verdict.state, verdict.reason) in (("inactive", ""), ("unknown", "unexpected"))


@pytest.mark.parametrize("query", ["", "?ssl-mode=VERIFY_IDENTITY", "?tls=true", "?useSSL=true"])
def test_tls_is_spoken_and_its_certificate_verified(server, query):
    verdict = said(server.url(query=query), trusting(server.authority))
    assert (verdict.state, verdict.evidence["matched"][1]) == ("active", "encrypted, certificate verified")
    stranger = said(server.url(query=query))
    assert (stranger.state, stranger.reason) == ("unknown", "tls")


@pytest.mark.parametrize("query", ["?ssl-mode=REQUIRED", "?tls=skip-verify", "?useSSL=true&verifyServerCertificate=false"])
def test_a_url_that_says_so_is_taken_without_looking_at_the_certificate(server, query):
    verdict = said(server.url(query=query))
    assert (verdict.state, verdict.evidence["matched"][1]) == ("active", "encrypted, certificate not verified (as the URL asks for)")


SALT = b"abcdefgh" + b"ijklmnopqrst"


def packet(number, body):
    return len(body).to_bytes(3, "little") + bytes([number]) + body


def mysql8(*answers, seen=None):
    """MySQL 8's greeting without TLS, then what it says to whatever comes."""

    def handle(connection):
        greeting = b"\x0a8.4.0\0" + struct.pack("<I8sxHBHHB10x", 1, SALT[:8], 0xF7FF & ~0x800, 45, 2, 0xDFFF, 21) + SALT[8:] + b"\0caching_sha2_password\0"
        connection.sendall(packet(0, greeting))
        got = connection.recv(4096)
        if seen is not None:
            seen.append(got)
        for number, answer in answers:
            connection.sendall(packet(number, answer))
        connection.recv(4096)

    return raw_server(handle)


def test_mysqls_own_login_proves_the_password_without_sending_it():
    seen = []
    with mysql8((2, b"\x01\x03"), (3, b"\x00\x00\x00\x02\x00\x00\x00"), seen=seen) as port:
        verdict = said(f"mysql://reader:{PASSWORD}@127.0.0.1:{port}/app?ssl-mode=DISABLED")
    assert (verdict.state, verdict.told["kind"]) == ("active", "MySQL 8.4.0")
    (sent,) = seen
    once = hashlib.sha256(PASSWORD.encode()).digest()
    proof = bytes(a ^ b for a, b in zip(once, hashlib.sha256(hashlib.sha256(once).digest() + SALT).digest(), strict=True))
    assert proof in sent
    assert PASSWORD.encode() not in sent


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (b"\x01\x04", "unknown", "tls"),  # it wants to see the password
        (b"\xfemysql_clear_password\0", "unknown", "tls"),
        (b"\xff" + struct.pack("<H", 1862) + b"#HY000expired", "expired", ""),
        (b"\xff" + struct.pack("<H", 3118) + b"#HY000locked", "unknown", "unexpected"),
        (b"\xff" + struct.pack("<H", 1130) + b"no", "unknown", "unexpected"),
        (b"\xff" + struct.pack("<H", 1040) + b"#08004Too many connections", "unknown", "server-error"),
        (b"\xfeclient_ed25519\0" + b"x" * 32, "unknown", "unexpected"),  # MariaDB asks so of users that are not there as well
        (b"\x07", "unknown", "malformed"),
    ],
)
def test_what_mysql_may_say(answer, state, reason):
    with mysql8((2, answer)) as port:
        verdict = said(f"mysql://reader:{PASSWORD}@127.0.0.1:{port}/app")
    assert (verdict.state, verdict.reason) == (state, reason)


def test_tls_that_the_url_demands_is_not_given_up():
    seen = []
    with mysql8(seen=seen) as port:
        verdict = said(f"mysql://reader:{PASSWORD}@127.0.0.1:{port}/app?ssl-mode=REQUIRED")
    assert (verdict.state, verdict.reason) == ("unknown", "tls")
    assert seen == [b""]
