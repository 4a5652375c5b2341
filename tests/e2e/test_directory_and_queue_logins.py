"""LDAP against a real OpenLDAP, AMQP against a real RabbitMQ, and what others say in these protocols played back."""

import pytest
from answers import raw_server
from loginservers import LDAP, PASSWORD, RabbitMQ, said, served, trusting

pytestmark = pytest.mark.e2e

directory, queue = served(LDAP), served(RabbitMQ)


def test_a_directorys_good_password_is_active_with_whom_it_is_taken_for(directory):
    verdict = said(directory.url())
    assert (verdict.state, verdict.reason, verdict.told) == ("active", "", {"user": "cn=admin,dc=corp"})
    assert verdict.evidence["matched"] == ["the login was accepted", "not encrypted"]


@pytest.mark.parametrize(("user", "password"), [("cn=admin,dc=corp", PASSWORD + "x"), ("cn=nosuch,dc=corp", PASSWORD)])
def test_a_directorys_own_refusal_is_inactive(directory, user, password):
    verdict = said(directory.url(user, password))
    assert (verdict.state, verdict.evidence["matched"][0]) == ("inactive", "LDAP says 49")


def test_a_user_that_is_no_name_says_nothing(directory):
    verdict = said(directory.url("admin"))
    assert (verdict.state, verdict.reason, verdict.detail) == ("unknown", "unexpected", "34")


def test_ldaps_is_verified(directory):
    verdict = said(directory.url(scheme="ldaps"), trusting(directory.authority))
    assert (verdict.state, verdict.evidence["matched"][1]) == ("active", "encrypted, certificate verified")
    assert said(directory.url(scheme="ldaps")).reason == "tls"


def bound(code, diagnosis):
    inside = b"\x0a\x01" + bytes([code]) + b"\x04\x00\x04" + bytes([len(diagnosis)]) + diagnosis
    inside = b"\x02\x01\x01\x61" + bytes([len(inside)]) + inside
    return b"\x30\x84" + len(inside).to_bytes(4, "big") + inside  # as Active Directory counts


@pytest.mark.parametrize(
    ("code", "data", "state"),
    [
        (49, b"52e", "inactive"),
        (49, b"532", "expired"),
        (49, b"533", "inactive"),
        (49, b"775", "unknown"),
        (49, b"531", "unknown"),
        (8, b"0", "unknown"),
        (52, b"0", "unknown"),
    ],
)
def test_what_active_directory_adds_is_heard(code, data, state):
    def handle(connection):
        connection.recv(4096)
        connection.sendall(bound(code, b"80090308: LdapErr: DSID-0C09, comment: x, data " + data + b", v3839"))
        connection.recv(4096)

    with raw_server(handle) as port:
        assert said(f"ldap://svc:{PASSWORD}@127.0.0.1:{port}/").state == state


def test_a_queues_good_password_is_active(queue):
    verdict = said(queue.url())
    assert (verdict.state, verdict.told["user"], verdict.told["kind"][:9]) == ("active", "reader", "RabbitMQ ")
    encrypted = said(queue.url(scheme="amqps"), trusting(queue.authority))
    assert (encrypted.state, encrypted.evidence["matched"][1]) == ("active", "encrypted, certificate verified")
    assert said(queue.url(scheme="amqps")).reason == "tls"
    assert said(queue.url(scheme="amqps", query="?verify=verify_none")).state == "active"


@pytest.mark.parametrize(("user", "password"), [("reader", PASSWORD + "x"), ("nosuch", PASSWORD)])
def test_a_queues_own_refusal_is_inactive(queue, user, password):
    verdict = said(queue.url(user, password))
    assert (verdict.state, verdict.evidence["matched"][0]) == ("inactive", "AMQP says 403")


def test_a_queues_first_user_is_refused_from_elsewhere_whatever_the_password(queue):
    verdict = said(queue.url("guest", PASSWORD))
    assert (verdict.state, verdict.reason) == ("unknown", "unexpected")
