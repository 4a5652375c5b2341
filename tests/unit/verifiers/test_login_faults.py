"""Servers that are down, slow or strange: the verdict is "unknown" with the reason, after one connection, and the password shows nowhere."""

import logging
import random
import socket
import struct
import time

import pytest
from answers import raw_server
from loginservers import ALLOWED, PASSWORD, found, said, unasked
from mongoserver import Mongo
from registries import free_port

from leaksieve.verifiers.base import Failed, Subject
from leaksieve.verifiers.servers.bson import dump, load
from leaksieve.verifiers.servers.scram import Scram
from leaksieve.verifiers.servers.target import read

SCHEMES = ["postgres", "mysql", "mongodb", "redis", "rediss", "amqp", "amqps", "ldap", "ldaps", "smtp", "smtps", "ftp", "ftps", "ftpes"]
QUICK = ALLOWED._replace(timeout=0.5)


def url(scheme, port, query=""):
    return f"{scheme}://reader:{PASSWORD}@127.0.0.1:{port}/app{query}"


def quiet(capfd, caplog):
    out, err = capfd.readouterr()
    assert PASSWORD not in out + err + caplog.text


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_server_that_is_down(scheme, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    verdict = said(url(scheme, free_port()))
    assert (verdict.state, verdict.reason) == ("unknown", "connection")
    quiet(capfd, caplog)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("drip", [False, True])
def test_a_server_that_is_slow(scheme, drip, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    seen = []

    def handle(connection):
        seen.append(1)
        for _ in range(100):
            if drip:
                connection.sendall(b"2")
            time.sleep(0.05)

    with raw_server(handle) as port:
        verdict = said(url(scheme, port), QUICK)
    assert verdict.state == "unknown"
    assert verdict.reason in (("timeout", "malformed", "tls", "too-large") if drip else ("timeout",))
    assert len(seen) == 1
    quiet(capfd, caplog)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(6))
def test_a_server_that_talks_rubbish(scheme, seed, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    seen = []
    rubbish = [b"", random.Random(seed).randbytes(900), b"\0" * 300_000, b"\xff" * 300_000, b"HTTP/1.1 200 OK\r\n\r\n", b"220 x\r\n" * 60_000][seed]

    def handle(connection):
        seen.append(1)
        connection.sendall(rubbish)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with raw_server(handle) as port:
        verdict = said(url(scheme, port), ALLOWED._replace(timeout=5.0))
    assert verdict.state == "unknown"
    assert verdict.reason in ("connection", "malformed", "too-large", "tls", "unexpected"), verdict
    assert len(seen) == 1
    quiet(capfd, caplog)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_private_servers_are_left_alone_unless_the_user_names_them(scheme):
    seen = []
    with raw_server(lambda _: seen.append(1)) as port:
        verdict = said(url(scheme, port), ALLOWED._replace(allow_hosts=()))
    assert (verdict.reason, seen) == ("private-address", [])


@pytest.mark.parametrize("port", [22, 80, 443, 1023])
def test_ports_of_other_services_are_left_alone(port):
    assert said(url("postgres", port)).reason == "host-not-allowed"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://reader:{}@git.corp/x", "no-verifier"),
        ("mssql://sa:{}@db.corp:1433/x", "no-verifier"),
        ("mongodb+srv://svc:{}@cluster0.abcde.mongodb.net:27017/x", "unfit"),
        ("mongodb+srv://svc:{}@cluster0.abcde.mongodb.net,cluster1.abcde.mongodb.net/x", "unfit"),
        ("mongodb+srv://svc:{}@192.0.2.7/x", "unfit"),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_is_sent(text, reason):
    assert unasked(text.format(PASSWORD)) == reason


@pytest.mark.parametrize(
    ("text", "tls", "verified", "port"),
    [
        ("postgres://u:{}@h.corp/d", "offered", True, 5432),
        ("postgres://u:{}@h.corp/d?sslmode=disable", "never", True, 5432),
        ("postgres://u:{}@h.corp/d?sslmode=require", "required", False, 5432),
        ("postgres://u:{}@h.corp/d?a=b&sslmode=verify-full#x", "required", True, 5432),
        ("postgres://u:{}@h.corp/d?sslmode=surprise", "required", True, 5432),
        ("mysql://u:{}@h.corp/d?ssl-mode=VERIFY_CA", "required", True, 3306),
        ("mongodb://u:{}@h.corp,h2.corp:27018/d?replicaSet=r&tls=true", "first", True, 27017),
        ("mongodb://u:{}@h.corp/d?tls=true&tlsAllowInvalidCertificates=true", "first", False, 27017),
        ("rediss://u:{}@h.corp?ssl_cert_reqs=CERT_NONE", "first", False, 6379),
        ("smtp://u:{}@h.corp", "required", True, 587),
        ("smtp://u:{}@h.corp:465", "first", True, 465),
        ("smtp+ssl://u:{}@h.corp", "first", True, 465),
        ("ftps://u:{}@h.corp:21", "required", True, 21),
        ("ldap://cn=a,dc=b:{}@h.corp", "never", True, 389),
    ],
)
def test_how_a_url_is_to_be_encrypted(text, tls, verified, port):
    target = read(found(text.format(PASSWORD)).subject)
    assert (target.tls, target.verified, target.port) == (tls, verified, port)
    assert PASSWORD not in repr(target)


@pytest.mark.parametrize("part", [{"user": "a%0d%0aQUIT"}, {"port": "0"}, {"port": "99999"}, {"host": "127.1"}])
def test_what_would_break_out_of_its_place_is_not_sent(part):
    one = found("ftp://u:" + PASSWORD + "@h.corp").subject
    secret = type(one.secret)
    with pytest.raises(Failed) as raised:
        read(Subject(one.rule_id, one.secret, {**one.parts, **{name: secret(value.encode()) for name, value in part.items()}}))
    assert raised.value.reason == "unfit"


# The examples of RFC 5802 and RFC 7677; their password is the word in both.
@pytest.mark.parametrize(
    ("digest", "nonce", "first", "proof", "last"),
    [
        (
            "sha1",
            "fyko+d2lbbFgONRv9qkxdawL",
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        ),
        (
            "sha256",
            "rOprNGfwEbeRWgbNEkqO",
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        ),
    ],
)
def test_scram_is_as_its_documents_say(digest, nonce, first, proof, last):
    scram = Scram(digest, "user", "pencil", nonce)
    assert scram.first() == f"n,,n=user,r={nonce}".encode()
    assert scram.answer(first.encode()).endswith(proof.encode())
    with pytest.raises(Failed):
        scram.check(b"v=" + last[2:].swapcase().encode())
    assert not scram.proved
    scram.check(last.encode())
    assert scram.proved
    with pytest.raises(ValueError):
        scram.answer(first.replace("i=4096", "i=2000000000").encode())


def test_bson_is_as_its_document_says():
    assert dump({"hello": "world"}) == b"\x16\x00\x00\x00\x02hello\x00\x06\x00\x00\x00world\x00\x00"
    whole = {"a": 1, "b": True, "c": b"\x00\x01", "d": {"e": "f"}}
    assert load(dump(whole)) == whole
    other = b"\x01x\0" + struct.pack("<d", 1.0) + b"\x09t\0" + b"\0" * 8 + b"\x12n\0" + struct.pack("<q", 7) + b"\x04l\0" + dump({"0": "z"})
    assert load(struct.pack("<i", len(other) + 5) + other + b"\0") == {"x": 1.0, "t": None, "n": 7, "l": ["z"]}


def mongo(server, query="?authSource=admin"):
    with raw_server(server) as port:
        return said(f"mongodb://reader:{PASSWORD}@127.0.0.1:{port}/app{query}")


def test_mongodb_is_asked_where_the_url_says_the_user_is_known():
    server = Mongo(PASSWORD)
    verdict = mongo(server)
    assert (verdict.state, verdict.privileged) == ("active", True)
    assert verdict.told == {"user": "reader@admin", "permissions": ["root@admin"], "kind": "MongoDB 7.0.14"}
    assert [next(iter(command)) for command in server.commands] == ["hello", "saslStart", "saslContinue", "connectionStatus", "buildInfo"]
    assert server.commands[1]["$db"] == "admin"
    other = Mongo(PASSWORD)
    mongo(other, "")
    assert other.commands[1]["$db"] == "app"


def test_mongodbs_own_refusal_is_inactive_and_no_other():
    assert mongo(Mongo(PASSWORD + "x")).state == "inactive"
    assert mongo(Mongo(PASSWORD + "x", code=11600)).reason == "unexpected"
    assert mongo(Mongo(PASSWORD, mechanisms=["GSSAPI"])).reason == "unexpected"
    assert mongo(Mongo(PASSWORD), "?authMechanism=PLAIN").reason == "unexpected"


def test_a_mongodb_that_says_yes_to_everybody_says_nothing():
    assert mongo(Mongo(PASSWORD, proves=False)).reason == "no-difference"
