"""Redis' logins against the real server."""

import pytest
from answers import raw_server
from loginservers import PASSWORD, Redis, said, served, trusting

pytestmark = pytest.mark.e2e

server = served(Redis, f"requirepass {PASSWORD}", f"user reader on >{PASSWORD} ~* +@read +acl|whoami", f"user gone off >{PASSWORD} +@all")


def test_the_servers_password_opens_everything(server):
    verdict = said(server.url())
    assert (verdict.state, verdict.privileged, verdict.told["user"]) == ("active", True, "default")
    assert verdict.told["kind"].startswith("Redis ")
    assert verdict.evidence["matched"] == ["the login was accepted", "not encrypted"]
    assert said(server.url("default")).state == "active"


def test_a_user_of_few_commands_is_active_and_not_privileged(server):
    verdict = said(server.url("reader"))
    assert (verdict.state, verdict.privileged, verdict.told["user"]) == ("active", False, "reader")


@pytest.mark.parametrize(("user", "password"), [("", PASSWORD + "x"), ("reader", PASSWORD + "x"), ("nosuch", PASSWORD), ("gone", PASSWORD)])
def test_the_servers_own_refusal_is_inactive(server, user, password):
    verdict = said(server.url(user, password))
    assert (verdict.state, verdict.evidence["matched"][0]) == ("inactive", "Redis says WRONGPASS")


def test_tls_is_spoken_where_the_scheme_says_so_and_its_certificate_verified(server):
    verdict = said(server.url(scheme="rediss"), trusting(server.authority))
    assert (verdict.state, verdict.evidence["matched"][1]) == ("active", "encrypted, certificate verified")
    assert said(server.url(scheme="rediss")).reason == "tls"
    blind = said(server.url(scheme="rediss", query="?ssl_cert_reqs=none"))
    assert (blind.state, blind.evidence["matched"][1]) == ("active", "encrypted, certificate not verified (as the URL asks for)")


def test_a_server_without_a_password_says_nothing():
    with Redis().up() as one:
        verdict = said(one.url("default"))
    assert (verdict.state, verdict.reason) == ("unknown", "no-difference")


@pytest.mark.parametrize(
    ("answers", "state", "reason"),
    [
        ([b"-NOAUTH Authentication required.\r\n", b"-ERR invalid password\r\n"], "inactive", ""),  # before version 6
        ([b"-NOAUTH Authentication required.\r\n", b"-ERR max number of clients reached\r\n"], "unknown", "unexpected"),
        ([b"-LOADING Redis is loading the dataset in memory\r\n"], "unknown", "unexpected"),
        ([b"-DENIED Redis is running in protected mode\r\n"], "unknown", "unexpected"),
        ([b"HTTP/1.1 400 Bad Request\r\n"], "unknown", "malformed"),
        ([b"*3000000000\r\n"], "unknown", "malformed"),
        ([b"$3000000000\r\n"], "unknown", "too-large"),
        ([b"-NOAUTH x\r\n", b"+OK\r\n"], "active", ""),  # what follows is not needed
    ],
)
def test_what_else_it_may_say(answers, state, reason):
    def handle(connection):
        for answer in answers:
            connection.recv(4096)
            connection.sendall(answer)

    with raw_server(handle) as port:
        verdict = said(f"redis://:{PASSWORD}@127.0.0.1:{port}/0")
    assert (verdict.state, verdict.reason) == (state, reason)
