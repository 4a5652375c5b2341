"""Logins from connection strings that are no URLs, against real servers."""

import pytest
from answers import raw_server
from loginservers import ALLOWED, PASSWORD, MariaDB, PostgreSQL, said, served, trusting
from registries import free_port

pytestmark = pytest.mark.e2e

postgresql, mysql = served(PostgreSQL), served(MariaDB)
POSTGRESQL = [
    '"Host=127.0.0.1;Port={port};Username=reader;Password={password};Database=postgres;SSL Mode=Disable"',
    "Driver={{PostgreSQL Unicode}};Server=127.0.0.1;Port={port};Database=postgres;Uid=reader;Pwd={password};sslmode=disable",
    "host=127.0.0.1 port={port} user=reader password={password} dbname=postgres sslmode=disable",
    "password={password} user=reader host=127.0.0.1 port={port} dbname=postgres sslmode=disable",
    "jdbc:postgresql://127.0.0.1:{port}/postgres?user=reader&password={password}&sslmode=disable",
]
MYSQL = [
    "Server=127.0.0.1;Port={port};Database=app;Uid=reader;Pwd={password};SslMode=None",
    "Driver={{MariaDB ODBC 3.1 Driver}};Server=127.0.0.1;Port={port};Database=app;User=reader;Password={password};SslMode=disabled",
    "jdbc:mysql://127.0.0.1:{port}/app?user=reader&password={password}&sslMode=DISABLED",
]


def filled(text, server, password=PASSWORD):
    return text.format(port=server.port, password=password)


@pytest.mark.parametrize("text", POSTGRESQL)
def test_a_postgresql_strings_password_is_tried(postgresql, text):
    verdict = said(filled(text, postgresql))
    assert (verdict.state, verdict.told["user"], verdict.evidence["matched"]) == ("active", "reader", ["the login was accepted", "not encrypted"])
    dead = said(filled(text, postgresql, PASSWORD + "x"))
    assert (dead.state, dead.evidence["matched"][0]) == ("inactive", "PostgreSQL says 28P01")


@pytest.mark.parametrize("text", MYSQL)
def test_a_mysql_strings_password_is_tried(mysql, text):
    verdict = said(filled(text, mysql))
    assert (verdict.state, verdict.evidence["matched"]) == ("active", ["the login was accepted", "not encrypted"])
    dead = said(filled(text, mysql, PASSWORD + "x"))
    assert (dead.state, dead.evidence["matched"][0]) == ("inactive", "MySQL says 1045")


@pytest.mark.parametrize(("mode", "verified"), [("Require", False), ("VerifyFull", True), ("Prefer", True)])
def test_a_strings_own_words_say_how_it_is_encrypted(postgresql, mode, verified):
    text = f'"Host=127.0.0.1;Port={postgresql.port};Username=reader;Password={PASSWORD};Database=postgres;SSL Mode={mode}"'
    verdict = said(text, trusting(postgresql.authority))
    assert (verdict.state, "not verified" in verdict.evidence["matched"][1]) == ("active", not verified)
    assert said(text).state == ("unknown" if verified else "active")


def test_the_next_host_is_tried_where_one_is_down(postgresql):
    verdict = said(f'"host=127.0.0.1,127.0.0.1 port={free_port()},{postgresql.port} user=reader password={PASSWORD} dbname=postgres sslmode=disable"')
    assert verdict.state == "active"
    verdict = said(f"postgres://reader:{PASSWORD}@127.0.0.1:{free_port()},127.0.0.1:{postgresql.port}/postgres?sslmode=disable")
    assert verdict.state == "active"


def test_the_first_servers_refusal_stands(postgresql):
    seen = []
    with raw_server(lambda _: seen.append(1)) as port:
        verdict = said(f"postgres://reader:{PASSWORD}x@127.0.0.1:{postgresql.port},127.0.0.1:{port}/postgres?sslmode=disable")
    assert (verdict.state, seen) == ("inactive", [])


def test_a_private_server_in_a_string_is_left_alone_unless_the_user_names_it():
    seen = []
    with raw_server(lambda _: seen.append(1)) as port:
        verdict = said(f'"Host=127.0.0.1;Port={port};Username=reader;Password={PASSWORD};Database=d"', ALLOWED._replace(allow_hosts=()))
    assert (verdict.reason, seen) == ("private-address", [])


def test_a_string_that_wants_tls_is_not_sent_to_a_server_without():
    seen = []

    def handle(connection):
        seen.append(connection.recv(100))
        connection.sendall(b"N")
        seen.append(connection.recv(100))

    with raw_server(handle) as port:
        verdict = said(f'"Host=127.0.0.1;Port={port};Username=reader;Password={PASSWORD};Database=d;SSL Mode=Require"')
    assert (verdict.state, verdict.reason) == ("unknown", "tls")
    assert seen[1:] in ([], [b""])
