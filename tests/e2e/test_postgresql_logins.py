"""PostgreSQL's logins against the real server."""

import pytest
from loginservers import PASSWORD, PostgreSQL, said, served, trusting

pytestmark = pytest.mark.e2e
NO_TLS = "?sslmode=disable"

server = served(PostgreSQL)


def test_a_good_password_is_active_with_who_it_is_and_how_it_was_sent(server):
    verdict = said(server.url(query=NO_TLS))
    assert (verdict.state, verdict.reason, verdict.privileged) == ("active", "", False)
    assert verdict.told["user"] == "reader"
    assert verdict.told["kind"].startswith("PostgreSQL 1")
    assert verdict.evidence == {"host": "127.0.0.1", "matched": ["the login was accepted", "not encrypted"], "control": "none"}


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg2", "jdbc:postgresql", "cockroachdb", "POSTGRES"])
def test_every_spelling_of_the_scheme_is_the_same_server(server, scheme):
    assert said(server.url(query=NO_TLS).replace("postgres", scheme, 1)).state == "active"


def test_a_superuser_is_privileged(server):
    verdict = said(server.url("boss", query=NO_TLS))
    assert (verdict.state, verdict.privileged, verdict.told["permissions"]) == ("active", True, ["superuser"])


def test_old_password_hashes_are_known(server):
    assert said(server.url("old", query=NO_TLS)).state == "active"
    assert said(server.url("old", PASSWORD + "x", query=NO_TLS)).state == "inactive"


@pytest.mark.parametrize(("user", "password", "code"), [("reader", PASSWORD + "x", "28P01"), ("nosuch", PASSWORD, "28P01"), ("nobody", PASSWORD, "28000")])
def test_the_servers_own_refusal_is_inactive(server, user, password, code):
    verdict = said(server.url(user, password, query=NO_TLS))
    assert (verdict.state, verdict.evidence["matched"][0]) == ("inactive", f"PostgreSQL says {code}")


def test_a_database_that_is_not_there_says_nothing_against_the_password(server):
    assert said(server.url(database="nosuch", query=NO_TLS)).state == "active"


def test_an_address_that_may_not_log_in_says_nothing_of_the_password(server):
    verdict = said(server.url("away", query=NO_TLS))
    assert (verdict.state, verdict.reason) == ("unknown", "unexpected")


def test_a_server_that_asks_for_no_password_says_nothing(server):
    verdict = said(server.url("open", query=NO_TLS))
    assert (verdict.state, verdict.reason) == ("unknown", "no-difference")


@pytest.mark.parametrize("query", ["", "?sslmode=prefer", "?sslmode=verify-full", "?application_name=x&sslmode=verify-ca", "?ssl=true"])
def test_tls_is_spoken_and_its_certificate_verified(server, query):
    verdict = said(server.url(query=query), trusting(server.authority))
    assert (verdict.state, verdict.evidence["matched"][1]) == ("active", "encrypted, certificate verified")
    stranger = said(server.url(query=query))
    assert (stranger.state, stranger.reason, stranger.detail) == ("unknown", "tls", "the certificate cannot be trusted")


def test_a_url_that_says_so_is_taken_without_looking_at_the_certificate_and_that_is_told(server):
    verdict = said(server.url(query="?sslmode=require"))
    assert (verdict.state, verdict.evidence["matched"][1]) == ("active", "encrypted, certificate not verified (as the URL asks for)")


def test_the_password_itself_goes_out_encrypted_or_where_the_url_forbids_tls(server):
    assert said(server.url("secret"), trusting(server.authority)).state == "active"
    assert said(server.url("secret", query=NO_TLS)).state == "active"


def test_a_percent_sign_in_a_url_is_read_as_drivers_do(server):
    assert said(server.url(password="%63anaryPassword73", query=NO_TLS)).state == "active"
