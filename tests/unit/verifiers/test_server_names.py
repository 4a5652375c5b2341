"""Servers of a URL beyond its first: several hosts, and names of servers in DNS (mongodb+srv).  The password goes to one of them at most."""

import ssl
import time

import pytest
from answers import raw_server
from live import ask
from loginservers import ALLOWED, PASSWORD, found, said, tables, trusting
from mongoserver import Mongo
from nameserver import name_server
from registries import Authority, free_port

from leaksieve.net.records import Records
from leaksieve.verifiers.memory import Memory
from leaksieve.verifiers.network import Network
from leaksieve.verifiers.plan import plan

NAME = "cluster0.abcde.db.test"
SERVICE = f"_mongodb._tcp.{NAME}"
PLAIN = "?tls=false"


def url(query="", scheme="mongodb+srv", hosts=NAME):
    return f"{scheme}://reader:{PASSWORD}@{hosts}/app{query}"


def to(*addresses):
    async def resolver(_host, _port):
        return list(addresses)

    return resolver


def looked_up(records, query=PLAIN, settings=ALLOWED, resolver=None, name=NAME):
    """The verdict on a name of servers, and what the name server was asked."""
    with name_server(records) as server:
        network = Network(settings, resolver or to("127.0.0.1"), Records(["127.0.0.1"], server.port))
        return said(url(query, hosts=name), settings, network), server.asked


def test_the_servers_of_a_name_are_looked_up_and_one_is_asked():
    mongo = Mongo(PASSWORD)
    with raw_server(mongo) as port:
        records = {(SERVICE, "SRV"): [f"0 0 {port} a.abcde.db.test."], (NAME, "TXT"): ['"authSource=people&" "replicaSet=r0"']}
        verdict, asked = looked_up(records)
    assert (verdict.state, verdict.evidence["host"]) == ("active", "a.abcde.db.test")
    assert mongo.commands[1]["$db"] == "people"
    assert asked == [(SERVICE, "SRV"), (NAME, "TXT")]


def test_a_word_of_the_url_counts_more_than_one_in_dns():
    mongo = Mongo(PASSWORD)
    with raw_server(mongo) as port:
        records = {(SERVICE, "SRV"): [f"0 0 {port} a.abcde.db.test."], (NAME, "TXT"): ['"authSource=people"']}
        verdict, _ = looked_up(records, PLAIN + "&authSource=admin")
    assert (verdict.state, mongo.commands[1]["$db"]) == ("active", "admin")


def test_tls_is_spoken_unless_the_url_says_otherwise_under_the_servers_own_name(tmp_path):
    authority = Authority(tmp_path)
    own = authority.authority.issue_cert("a.abcde.db.test")

    def encrypted(certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)

        def handle(connection):
            with context.wrap_socket(connection, server_side=True) as inner:
                Mongo(PASSWORD)(_Whole(inner))

        return raw_server(handle)

    with encrypted(own) as port:
        records = {(SERVICE, "SRV"): [f"0 0 {port} a.abcde.db.test."]}
        verdict, _ = looked_up(records, "", trusting(authority))
        assert (verdict.state, verdict.evidence["matched"][1]) == ("active", "encrypted, certificate verified")
    with encrypted(authority.server) as port:
        records = {(SERVICE, "SRV"): [f"0 0 {port} a.abcde.db.test."]}
        verdict, _ = looked_up(records, "", trusting(authority))
        assert (verdict.state, verdict.reason) == ("unknown", "tls")


class _Whole:
    """A connection under TLS, which knows no flag for reading all of it."""

    def __init__(self, inner):
        self._inner = inner
        self.sendall = inner.sendall

    def recv(self, count, _flags=0):
        got = b""
        while len(got) < count and (more := self._inner.recv(count - len(got))):
            got += more
        return got


@pytest.mark.parametrize(
    ("server", "name"),
    [
        ("a.evil.test", NAME),
        ("evilabcde.db.test", NAME),
        ("abcde.db.test", NAME),
        ("a.evil.test", "db.test"),
        ("db.test", "db.test"),
        ("x.test", "db.test"),
    ],
)
def test_a_server_outside_its_names_domain_is_not_asked(server, name):
    seen = []
    with raw_server(lambda _: seen.append(1)) as port:
        both = [f"0 0 {port} {server}.", f"1 0 {port} a.{name}."]
        verdict, _ = looked_up({(f"_mongodb._tcp.{name}", "SRV"): both}, name=name)
    assert (verdict.state, verdict.reason, seen) == ("unknown", "host-not-allowed", [])


@pytest.mark.parametrize("texts", [['"tls=false"'], ['"authSource=a"', '"replicaSet=b"'], ['"authSource"'], ['"\\255"'], ['"authSource=a&readPreference=x"']])
def test_what_dns_may_not_say_is_not_followed(texts):
    seen = []
    with raw_server(lambda _: seen.append(1)) as port:
        verdict, _ = looked_up({(SERVICE, "SRV"): [f"0 0 {port} a.abcde.db.test."], (NAME, "TXT"): texts})
    assert (verdict.reason, seen) == ("malformed", [])


def test_names_without_servers_and_name_servers_that_do_not_answer():
    verdict, _ = looked_up({})
    assert (verdict.state, verdict.reason) == ("unknown", "unresolved")
    with name_server({}) as server:
        server.silent = True
        settings = ALLOWED._replace(timeout=1.0)
        verdict = said(url(), settings, Network(settings, to("127.0.0.1"), Records(["127.0.0.1"], server.port)))
    assert (verdict.reason, verdict.detail) == ("unresolved", "the name servers do not answer")


@pytest.mark.parametrize("address", ["10.0.0.5", "169.254.169.254", "::1", "127.0.0.1"])
def test_servers_that_dns_leads_into_private_networks_are_left_alone(address):
    seen = []
    with raw_server(lambda _: seen.append(1)) as port:
        verdict, _ = looked_up({(SERVICE, "SRV"): [f"0 0 {port} a.abcde.db.test."]}, settings=ALLOWED._replace(allow_hosts=()), resolver=to(address))
    assert (verdict.reason, seen) == ("private-address", [])


def test_ports_of_other_services_are_left_alone_in_dns_too():
    verdict, _ = looked_up({(SERVICE, "SRV"): ["0 0 443 a.abcde.db.test."]})
    assert verdict.reason == "host-not-allowed"


def test_the_plan_names_the_domain_and_asks_no_name_server():
    with name_server({}) as server:
        made = plan([found(url())], tables(), ALLOWED, Memory(None, 0, lambda: 0.0))
        (call,) = made.jobs[0].calls
        assert (call.host, server.asked) == ("*.abcde.db.test", [])
        assert "DNS" in call.what


@pytest.mark.parametrize("scheme", ["mongodb", "mongodb+srv"])
def test_the_next_server_is_tried_where_one_cannot_be_reached(scheme):
    down = free_port()
    with raw_server(Mongo(PASSWORD)) as port:
        if scheme == "mongodb":
            verdict = said(url(scheme=scheme, hosts=f"127.0.0.1:{down},127.0.0.1:{port}", query="?authSource=admin"))
        else:
            records = {(SERVICE, "SRV"): [f"0 0 {down} a.abcde.db.test.", f"1 0 {port} b.abcde.db.test."]}
            verdict, _ = looked_up(records)
            assert verdict.evidence["host"] == "b.abcde.db.test"
    assert verdict.state == "active"


@pytest.mark.parametrize("scheme", ["mongodb", "redis", "amqp", "postgres"])
@pytest.mark.parametrize("answer", [b"", b"rubbish" * 9, None])
def test_no_second_server_is_asked_once_one_has_taken_the_connection(scheme, answer):
    seen = []

    def first(connection):
        connection.recv(1)
        if answer is None:
            time.sleep(2.0)
        connection.sendall(answer or b"")

    with raw_server(first) as one, raw_server(lambda _: seen.append(1)) as other:
        verdict = said(url(scheme=scheme, hosts=f"127.0.0.1:{one},127.0.0.1:{other}"), ALLOWED._replace(timeout=1.0))
    assert (verdict.state, seen) == ("unknown", [])


def test_where_no_server_can_be_reached_the_first_says_why_and_few_are_tried():
    ports = [free_port() for _ in range(9)]
    one = found(url(scheme="postgres", hosts=",".join(f"127.0.0.1:{port}" for port in ports)))
    calls = plan([one], tables(), ALLOWED, Memory(None, 0, lambda: 0.0)).jobs[0].calls
    assert [call.port for call in calls] == ports[:5]
    (result,) = ask([one], tables(), ALLOWED, Network(ALLOWED)).results.values()
    assert (result.verdict.state, result.verdict.reason) == ("unknown", "connection")


@pytest.mark.parametrize("hosts", ["h.corp,127.1", "h.corp,h2.corp:0", "h.corp,h2.corp:99999", "h.corp:1,,h2.corp:x"])
def test_a_second_host_that_is_none_is_refused(hosts):
    (result,) = ask([found(url(scheme="postgres", hosts=hosts))], tables(), ALLOWED, Network(ALLOWED)).results.values()
    assert (result.verdict.state, result.verdict.reason) == ("unverifiable", "unfit")
