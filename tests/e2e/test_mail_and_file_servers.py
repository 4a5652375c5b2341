"""SMTP against a real Exim and FTP against a real ProFTPD, of Debian: what they say of logins, and what their logs say of the one who asked."""

import ftplib

import pytest
from loginservers import ALLOWED, PASSWORD, said, served, trusting, until
from mailandfiles import ALWAYS, UNDER_TLS, Exim, ProFTPD, takes

pytestmark = pytest.mark.e2e

mail, files = served(Exim), served(ProFTPD)
VERIFIED = ["the login was accepted", "encrypted, certificate verified"]


def test_mail_is_logged_in_to_under_tls_and_none_is_sent():
    with Exim().up() as mail:
        for scheme in ("smtp", "smtps"):
            verdict = said(mail.url(scheme=scheme), trusting(mail.authority))
            assert (verdict.state, verdict.told, verdict.evidence["matched"]) == ("active", {"user": "reader"}, VERIFIED)
        assert sorted(mail.heard(2)) == ["EHLO,AUTH", "EHLO,STARTTLS,EHLO,AUTH"]
        assert not list(mail.folder.path.glob("spool/*/*"))


@pytest.mark.parametrize(("user", "password"), [("reader", PASSWORD + "x"), ("nosuch", PASSWORD)])
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_mail_servers_own_refusal_is_inactive(mail, user, password, scheme):
    verdict = said(mail.url(user, password, scheme), trusting(mail.authority))
    assert (verdict.state, verdict.evidence["matched"]) == ("inactive", ["SMTP says 535", VERIFIED[1]])


def test_a_mail_server_of_another_authority_sees_no_password():
    with Exim().up() as mail:
        for scheme in ("smtp", "smtps"):
            verdict = said(mail.url(scheme=scheme))
            assert (verdict.state, verdict.reason) == ("unknown", "tls")
        blind = said(mail.url(query="?tls=skip-verify"))
        assert (blind.state, blind.evidence["matched"][1]) == ("active", "encrypted, certificate not verified (as the URL asks for)")
        # Of the two before, nothing but what comes ahead of the handshake.
        until(lambda: "EHLO,STARTTLS,EHLO,AUTH" in mail.heard(0))
        assert sum("AUTH" in commands for commands in mail.heard(0)) == 1


def test_a_mail_server_that_takes_logins_under_tls_alone_says_nothing_without(mail):
    verdict = said(mail.url(query="?tls=none"))
    assert (verdict.state, verdict.reason, verdict.detail) == ("unknown", "unexpected", "the server takes no logins before TLS, and the URL asks for none")


@pytest.mark.parametrize("kind", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_every_kind_of_login_with_and_without_tls(kind):
    with Exim().up(ALWAYS, takes(kind)) as mail:
        settings = trusting(mail.authority)
        assert said(mail.url(), settings).evidence["matched"] == VERIFIED
        assert said(mail.url(query="?tls=none"), settings).evidence["matched"] == ["the login was accepted", "not encrypted"]
        for query in ("", "?tls=none"):
            verdict = said(mail.url(password=PASSWORD + "x", query=query), settings)
            assert (verdict.state, verdict.evidence["matched"][0]) == ("inactive", "SMTP says 535")
        assert all(commands.count("AUTH") == 1 for commands in mail.heard(4))


@pytest.mark.parametrize(
    ("config", "reason", "detail", "heard"),
    [
        (("tls_advertise_hosts =", ALWAYS, takes("PLAIN")), "tls", "the server offers no TLS", "EHLO"),
        ((), "unexpected", "the server takes no logins", "EHLO,STARTTLS,EHLO"),
        ((UNDER_TLS, "acl_smtp_auth = no", "begin acl\nno:\n deny message = not from here", takes("PLAIN")), "unexpected", "503", "EHLO,STARTTLS,EHLO,AUTH"),
        (
            (UNDER_TLS, takes("PLAIN").rpartition("server_condition")[0] + "server_condition = ${lookup{x}lsearch{/nonexistent}}"),
            "server-error",
            "435",
            "EHLO,STARTTLS,EHLO,AUTH",
        ),
        (("acl_smtp_connect = no", "begin acl\nno:\n deny"), "unexpected", "550", None),
    ],
)
def test_what_says_nothing_of_the_password(config, reason, detail, heard):
    with Exim().up(*(config or ("",))) as mail:
        verdict = said(mail.url(), trusting(mail.authority))
        assert (verdict.state, verdict.reason, verdict.detail) == ("unknown", reason, detail)
        if heard:
            assert mail.heard(1) == [heard]


@pytest.mark.parametrize(("scheme", "way"), [("ftp", "not encrypted"), ("ftpes", VERIFIED[1]), ("ftps", VERIFIED[1])])
def test_files_are_logged_in_to_and_nothing_else(scheme, way):
    with ProFTPD().up() as files:
        verdict = said(files.url(scheme=scheme), trusting(files.authority))
        assert (verdict.state, verdict.told, verdict.evidence["matched"]) == ("active", {"user": "reader"}, ["the login was accepted", way])
        expected = [*(["AUTH 234"] if scheme == "ftpes" else []), "USER 331", "PASS 230"]
        assert files.heard(len(expected)) == expected


@pytest.mark.parametrize(("user", "password"), [("reader", PASSWORD + "x"), ("nosuch", PASSWORD)])
@pytest.mark.parametrize("scheme", ["ftp", "ftpes", "ftps"])
def test_a_file_servers_own_refusal_is_inactive(files, user, password, scheme):
    verdict = said(files.url(user, password, scheme), trusting(files.authority))
    assert (verdict.state, verdict.evidence["matched"][0], verdict.detail) == (
        "inactive",
        "FTP says 530",
        "FTP says the same of a user who may not log in by it",
    )


def test_a_file_server_of_another_authority_is_told_no_name():
    with ProFTPD().up() as files:
        for scheme in ("ftpes", "ftps"):
            assert said(files.url(scheme=scheme)).reason == "tls"
        assert [line for line in files.heard() if not line.startswith("AUTH")] == []


def test_a_file_server_that_wants_tls_is_sent_no_password_without():
    with ProFTPD().up("TLSRequired on") as files:
        verdict = said(files.url())
        assert (verdict.state, verdict.reason, verdict.detail) == ("unknown", "unexpected", "550")
        assert said(files.url(scheme="ftpes"), trusting(files.authority)).state == "active"
        assert files.heard(4) == ["USER 550", "AUTH 234", "USER 331", "PASS 230"]


def test_a_file_server_without_tls_is_told_no_name():
    with ProFTPD().up("TLSEngine off") as files:
        verdict = said(files.url(scheme="ftpes"), trusting(files.authority))
        assert (verdict.state, verdict.reason, verdict.detail) == ("unknown", "tls", "the server offers no TLS")
        assert [line.split()[0] for line in files.heard(1)] == ["AUTH"]


def test_a_file_server_that_is_open_to_all_says_nothing():
    users, one = ("reader", "anonymous", "ftp"), ProFTPD()
    with one.up(one.anonymous(*users)) as files:
        for user in users:
            verdict = said(files.url(user))
            assert (verdict.state, verdict.reason, verdict.detail) == ("unknown", "no-difference", "the server does not ask for the password"), user
        assert files.heard(3) == ["USER 331"] * 3


def test_a_refusal_for_the_number_of_logins_is_not_one_of_the_password():
    with ProFTPD().up("MaxClientsPerUser 1") as files, ftplib.FTP() as first:
        first.connect("127.0.0.1", files.port, timeout=20)
        first.login("reader", PASSWORD)
        verdict = said(files.url(), ALLOWED)
        assert files.heard(4) == ["USER 331", "PASS 230", "USER 331", "PASS 530"]
    assert (verdict.state, verdict.reason, verdict.detail) == ("unknown", "unexpected", "530, for another reason than user and password")
