"""SMTP and FTP: what servers of many kinds say played back, with TLS of every kind."""

import contextlib
import ssl
from base64 import b64decode, b64encode

import pytest
from answers import raw_server
from loginservers import ALLOWED, PASSWORD, said, trusting
from registries import Authority

pytestmark = pytest.mark.e2e
PLAIN = b64encode(b"\0reader\0" + PASSWORD.encode()).decode()
EHLO = "250-mail.corp\r\n250-SIZE 1000\r\n250 "


class Talk:
    """A server that answers line for line: ``lines`` maps what a line begins with to its answer, where it may start TLS."""

    def __init__(self, greeting, lines, context=None, *, at_once=False):
        self.greeting, self.lines, self.context, self.at_once = greeting, lines, context, at_once
        self.heard = []

    def __call__(self, connection):
        with contextlib.ExitStack() as opened:
            self.talk(connection, opened)

    def talk(self, connection, opened):
        if self.at_once:
            connection = opened.enter_context(self.context.wrap_socket(connection, server_side=True))
        file = connection.makefile("rwb")
        file.write(self.greeting.encode())
        file.flush()
        while line := file.readline().decode().strip():
            self.heard.append((line, isinstance(connection, ssl.SSLSocket)))
            answer = next((answer for start, answer in self.lines.items() if line.startswith(start)), "500 what\r\n")
            file.write(answer.encode())
            file.flush()
            if line in ("STARTTLS", "AUTH TLS") and answer[0] == "2":
                connection = opened.enter_context(self.context.wrap_socket(connection, server_side=True))
                file = connection.makefile("rwb")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("ca"))
    return authority.context(), trusting(authority)


def mail(auth="235 2.7.0 ok\r\n", ways="AUTH PLAIN LOGIN", tls="STARTTLS", context=None, more=(), **options):
    offers = EHLO.replace("250 ", f"250-{tls}\r\n250 ") + ways + "\r\n"
    return Talk("220 mail.corp\r\n", {"EHLO": offers, "STARTTLS": "220 go\r\n", "AUTH PLAIN": auth, **dict(more), "QUIT": "221 bye\r\n"}, context, **options)


def mailed(server, settings=ALLOWED, scheme="smtp", query="?tls=none", user="reader"):
    with raw_server(server) as port:
        return said(f"{scheme}://{user}:{PASSWORD}@127.0.0.1:{port}/{query}", settings)


def test_mail_goes_under_tls_first_and_nothing_is_sent_before(authority):
    context, settings = authority
    server = mail(context=context)
    verdict = mailed(server, settings, query="")
    assert (verdict.state, verdict.told, verdict.evidence["matched"][1]) == ("active", {"user": "reader"}, "encrypted, certificate verified")
    assert [line for line, encrypted in server.heard if not encrypted] == ["EHLO leaksieve.invalid", "STARTTLS"]
    assert (f"AUTH PLAIN {PLAIN}", True) in server.heard
    assert mailed(mail(context=context), query="").reason == "tls"
    assert mailed(mail(context=context, at_once=True), settings, "smtps").state == "active"


def test_mail_without_tls_gets_no_password_unless_the_url_says_so():
    server = mail(tls="8BITMIME")
    verdict = mailed(server, query="")
    assert (verdict.state, verdict.reason) == ("unknown", "tls")
    assert len(server.heard) == 1
    assert mailed(mail()).evidence["matched"] == ["the login was accepted", "not encrypted"]


def test_what_is_slipped_in_before_tls_is_not_taken_for_the_servers_word(authority):
    context, settings = authority
    server = mail(context=context)
    server.lines["STARTTLS"] = "220 go\r\n235 ok\r\n"
    assert mailed(server, settings, query="").state == "unknown"


@pytest.mark.parametrize(
    ("auth", "state", "reason"),
    [
        ("535 5.7.8 Authentication credentials invalid\r\n", "inactive", ""),
        ("535 Incorrect authentication data\r\n", "inactive", ""),
        ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled\r\n", "unknown", "unexpected"),
        ("534 5.7.9 Application-specific password required\r\n", "unknown", "unexpected"),
        ("530 5.7.0 Must issue a STARTTLS command first\r\n", "unknown", "unexpected"),
        ("535 5.7.0 Too many bad auth attempts\r\n", "unknown", "unexpected"),
        ("535-5.7.8 Error: authentication failed:\r\n535 5.7.8 This user does not have access rights to this service\r\n", "unknown", "unexpected"),
        ("535-5.7.8 Username and Password not accepted. For more information, go to\r\n535 5.7.8 https://mail.example/p=BadCredentials\r\n", "inactive", ""),
        ("454 4.7.0 Temporary authentication failure\r\n", "unknown", "server-error"),
        ("235 " + "x" * 20000 + "\r\n", "unknown", "malformed"),
        ("hello\r\n", "unknown", "malformed"),
    ],
)
def test_what_a_mail_server_may_say(auth, state, reason):
    server = mail(auth)
    verdict = mailed(server)
    assert (verdict.state, verdict.reason) == (state, reason)
    assert sum(line.startswith("AUTH") for line, _ in server.heard) == 1


def test_the_other_ways_to_log_in():
    user, password = (b64encode(text.encode()).decode() for text in ("reader", PASSWORD))
    login = mail(ways="AUTH LOGIN", more={"AUTH LOGIN": "334 VXNlcm5hbWU6\r\n", user: "334 UGFzc3dvcmQ6\r\n", password: "235 ok\r\n"})
    assert mailed(login).state == "active"
    challenge = mail(ways="AUTH PLAIN CRAM-MD5", more={"AUTH CRAM-MD5": "334 PDE4OTZAbWFpbC5jb3JwPg==\r\n", "cmVhZGVy": "235 ok\r\n"})
    assert mailed(challenge).state == "active"
    assert b64decode(challenge.heard[-2][0]).startswith(b"reader ")
    assert PASSWORD.encode() not in b64decode(challenge.heard[-2][0])
    assert mailed(mail(ways="AUTH XOAUTH2")).reason == "unexpected"
    assert mailed(mail(ways="HELP")).reason == "unexpected"


def files(user="331 password please\r\n", password="230 hello\r\n", greeting="220-welcome\r\n220 ready\r\n", **options):
    return Talk(greeting, {"USER": user, "PASS": password, "AUTH TLS": "234 go\r\n", "QUIT": "221 bye\r\n"}, **options)


def filed(server, settings=ALLOWED, scheme="ftp", user="reader"):
    with raw_server(server) as port:
        return said(f"{scheme}://{user}:{PASSWORD}@127.0.0.1:{port}/", settings)


@pytest.mark.parametrize(
    ("server", "state", "reason"),
    [
        ({}, "active", ""),
        ({"password": "530 Login incorrect.\r\n"}, "inactive", ""),
        ({"password": "530 User cannot log in, home directory inaccessible.\r\n"}, "unknown", "unexpected"),
        ({"password": "530 Too many connections of locked, sorry.\r\n"}, "unknown", "unexpected"),
        ({"user": "331 Guest login ok, send your e-mail address as password\r\n"}, "unknown", "no-difference"),
        ({"password": "230-Mail anonymous remarks to us.\r\n230 User reader logged in\r\n"}, "active", ""),
        ({"password": "230 Welcome, our e-mail address is office@files.corp\r\n"}, "active", ""),
        ({"password": "230 Anonymous access granted, restrictions apply\r\n"}, "unknown", "no-difference"),
        ({"user": "530 This FTP server is anonymous only.\r\n"}, "unknown", "unexpected"),
        ({"user": "530 Non-anonymous sessions must use encryption.\r\n"}, "unknown", "unexpected"),
        ({"user": "230 come in\r\n"}, "unknown", "no-difference"),
        ({"password": "332 account\r\n"}, "unknown", "unexpected"),
        ({"greeting": "421 too many\r\n"}, "unknown", "server-error"),
        ({"greeting": "SSH-2.0-OpenSSH\r\n"}, "unknown", "malformed"),
    ],
)
def test_what_a_file_server_may_say(server, state, reason):
    verdict = filed(files(**server))
    assert (verdict.state, verdict.reason) == (state, reason)


def test_a_user_that_servers_let_in_with_any_password_says_nothing():
    for user in ("anonymous", "ftp", "Anonymous"):
        verdict = filed(files("331 Please specify the password.\r\n", "230 Login successful.\r\n"), user=user)  # as vsftpd speaks
        assert (verdict.state, verdict.reason) == ("unknown", "no-difference")
    assert filed(files("331 Please specify the password.\r\n", "530 Login incorrect.\r\n"), user="anonymous").state == "inactive"


def test_a_users_name_is_none_of_the_servers_words():
    assert filed(files("331 Password required for guest\r\n", "230 User guest logged in\r\n"), user="guest").state == "active"
    assert filed(files(password="530 User otp: login incorrect\r\n"), user="otp").state == "inactive"


def test_file_servers_under_tls(authority):
    context, settings = authority
    server = files(context=context)
    verdict = filed(server, settings, "ftpes")
    assert (verdict.state, verdict.evidence["matched"][1]) == ("active", "encrypted, certificate verified")
    assert [line for line, encrypted in server.heard if not encrypted] == ["AUTH TLS"]
    assert filed(files(context=context, at_once=True), settings, "ftps").state == "active"
    assert filed(files(context=context), scheme="ftpes").reason == "tls"
