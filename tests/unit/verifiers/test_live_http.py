"""Live checks over real sockets: what servers do, and what comes of it."""

import socket
import ssl
import threading
import time

import pytest
import trustme
from answers import Answer, provider, raw_server, server_context
from live import QUICK, Rerouted, ask, candidate, verdict
from verify_table import table, tables

from leaksieve.verifiers.answers import LONGEST
from leaksieve.verifiers.network import Network

GOOD, DEAD, OLD = "acme_Good1234good", "acme_Dead1234dead", "acme_Gone1234gone"


def acme(asked):
    """A provider that tells good from bad."""
    if asked.token == GOOD:
        return Answer(200, {"id": "acc-1"}, {"X-Scopes": "read, admin:all"})
    return Answer(401, {"code": "expired" if asked.token == OLD else "invalid"})


def judged(value, decide, settings=QUICK, context=None, **more):
    with provider(decide, context) as server:
        return verdict(value, tables(), settings, Rerouted(settings, server.url), **more), server


def test_good_dead_and_expired_are_told_apart():
    said, server = judged(GOOD, acme)
    assert (said.state, said.told, said.privileged) == ("active", {"account": "acc-1", "scopes": ["read", "admin:all"]}, True)
    assert said.evidence == {"host": "api.acme.example", "status": 200, "matched": ["status 200", "json id"], "control": "different"}
    first, made_up = server.asked
    assert (first.method, first.path, first.headers["X-Meant-For"], first.headers["Authorization"]) == ("GET", "/v1/me", "api.acme.example", f"Bearer {GOOD}")
    assert made_up.token != GOOD
    assert made_up.token.startswith("acme_")
    assert len(made_up.token) == len(GOOD)
    assert judged(DEAD, acme)[0].state == "inactive"
    assert judged(OLD, acme)[0].state == "expired"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(200, {"id": "acc-1"}), "no-difference"),  # a public endpoint, or a sandbox that takes any key
        (Answer(200, "<html>Welcome</html>"), "unexpected"),  # a captive portal
        (Answer(403, "<html>Request blocked</html>"), "unexpected"),  # a firewall
        (Answer(404, {"error": "not found"}), "unexpected"),
        (Answer(200, {"id": 5}), "unexpected"),
        (Answer(302, "", {"Location": "https://evil.example/login"}), "redirect"),
        (Answer(302, "", {"Location": "http://169.254.169.254/"}), "redirect"),
        (Answer(301, ""), "redirect"),
        (Answer(429, ""), "rate-limited"),
        (Answer(500, {"id": "acc-1"}), "server-error"),
        (Answer(503, "", {"Retry-After": "9999"}), "server-error"),
        (Answer(200, b'{"id": "acc-1", "more": "' + b"x" * 300_000 + b'"}'), "too-large"),
    ],
)
def test_what_is_not_told_stays_unknown(answer, reason):
    said, _ = judged(GOOD, lambda _: answer)
    assert (said.state, said.reason) == ("unknown", reason)


def test_what_peers_call_verified_and_is_not():
    """Endpoints that answer any key alike: public ones, firewalls, sandboxes, and those that fail for a made-up key only."""
    public = lambda _: Answer(200, {"id": "anyone"})  # noqa: E731
    assert judged(GOOD, public)[0].reason == "no-difference"
    limited = lambda asked: Answer(200, {"id": "acc-1"}) if asked.token == GOOD else Answer(429)  # noqa: E731
    assert judged(GOOD, limited)[0].reason == "no-control"
    broken = lambda asked: Answer(200, {"id": "acc-1"}) if asked.token == GOOD else Answer(500)  # noqa: E731
    assert judged(GOOD, broken)[0].reason == "no-control"
    # One account's answer is no other's: verdicts are kept by credential and table.
    with provider(acme) as server:
        results = ask([candidate(GOOD, key="one"), candidate(DEAD, key="other")], tables(), QUICK, Rerouted(QUICK, server.url)).results
    assert {key: result.verdict.state for key, result in results.items()} == {"one": "active", "other": "inactive"}


def test_429_and_5xx_are_tried_again_and_no_longer_than_patience():
    said = iter([Answer(429, "", {"Retry-After": "0"}), Answer(503), Answer(401)])
    found, server = judged(DEAD, lambda _: next(said))
    assert (found.state, len(server.asked)) == ("inactive", 3)
    found, server = judged(DEAD, lambda _: Answer(429, "", {"Retry-After": "3600"}))
    assert (found.reason, len(server.asked)) == ("rate-limited", 1)
    found, server = judged(DEAD, lambda _: Answer(429, "", {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}))
    assert (found.reason, len(server.asked)) == ("rate-limited", 1)


def test_a_provider_that_does_not_answer_is_left_alone():
    with provider(lambda _: Answer(500)) as server:
        many = [candidate(f"acme_Dead{number:08d}") for number in range(60)]
        settings = QUICK._replace(retries=0)
        results = ask(many, tables(), settings, Rerouted(settings, server.url)).results
    assert {result.verdict.reason for result in results.values()} == {"server-error"}
    assert len(server.asked) < 15


def test_a_redirect_within_the_very_same_place_is_followed_over_tls_alone():
    moved = lambda asked: Answer(302, "", {"Location": "/v2/me"}) if asked.path == "/v1/me" else acme(asked)  # noqa: E731
    assert judged(GOOD, moved)[0].state == "active"
    assert judged(GOOD, lambda _: Answer(302, "", {"Location": "/v1/me"}))[0].reason == "redirect"


def raw(handle):
    settings = QUICK._replace(timeout=1.0, retries=0)
    with raw_server(handle) as port:
        return verdict(GOOD, tables(), settings, Rerouted(settings, f"http://127.0.0.1:{port}"))


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(4096)
    return data


def drip(connection):
    """One byte now and then, for ever."""
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def drip_headers(connection):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-A: b\r\n")
        time.sleep(0.02)


@pytest.mark.parametrize("handle", [drip, drip_headers, lambda connection: (read_request(connection), time.sleep(3))])
def test_a_server_that_only_drips_does_not_hold_the_run(handle):
    assert raw(handle).reason in {"timeout", "malformed"}


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"",
    ],
)
def test_malformed_answers_say_nothing(sent):
    said = raw(lambda connection: (read_request(connection), connection.sendall(sent)))
    assert said.state == "unknown"
    assert said.reason in {"malformed", "connection", "unexpected"}


def test_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = QUICK._replace(retries=0)
    assert verdict(GOOD, tables(), settings, Rerouted(settings, f"http://127.0.0.1:{port}")).reason == "connection"


# --- TLS, with the user's own address of the provider


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def own_server(authority, name, tmp_path, *, trusted=True, context=None):
    certificate = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(certificate))
    with provider(acme, context or server_context(authority.issue_cert(name))) as server:

        async def resolver(_host, _port):
            return ["127.0.0.1"]

        settings = QUICK._replace(endpoints={"acme": [f"https://git.acme.internal:{server.port}"]}, ca_file=str(certificate) if trusted else None, retries=0)
        return verdict(GOOD, tables(), settings, Network(settings, resolver)), server


def test_a_server_of_ones_own_under_its_own_name_and_authority(authority, tmp_path):
    """The vetted address is connected to, the host's name is what the certificate must hold."""
    said, server = own_server(authority, "git.acme.internal", tmp_path)
    assert (said.state, said.evidence["host"]) == ("active", "git.acme.internal")
    assert server.asked[0].headers["Host"] == f"git.acme.internal:{server.port}"


def test_certificates_that_do_not_hold(authority, tmp_path, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert own_server(authority, "git.acme.internal", tmp_path, trusted=False)[0].reason == "tls"
    assert own_server(authority, "other.internal", tmp_path)[0].reason == "tls"
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("git.acme.internal").configure_cert(old)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    assert own_server(authority, "git.acme.internal", tmp_path, context=old)[0].state == "active"


def test_ssl_cert_file_is_honoured(authority, tmp_path, monkeypatch):
    certificate = tmp_path / "company.pem"
    authority.cert_pem.write_to_path(str(certificate))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert own_server(authority, "git.acme.internal", tmp_path, trusted=False)[0].state == "active"


def test_a_plain_socket_where_tls_was_expected(tmp_path):
    with raw_server(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")) as port:
        settings = QUICK._replace(endpoints={"acme": [f"https://127.0.0.1:{port}"]}, retries=0)
        assert verdict(GOOD, tables(), settings, Network(settings)).reason in {"tls", "connection"}


# --- a proxy


def relay(seen, context=None):
    """A proxy that notes what it is asked for and connects to this machine whatever the name."""

    def handle(connection):
        head = read_request(connection)
        seen.append(head)
        target = head.split()[1].decode()
        with socket.create_connection(("127.0.0.1", int(target.rpartition(":")[2])), timeout=5) as there:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            pump = threading.Thread(target=_pump, args=(there, connection), daemon=True)
            pump.start()
            _pump(connection, there)
            pump.join(5)

    return handle


def _pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_behind_a_proxy_names_are_resolved_and_refused_all_the_same(authority, tmp_path):
    certificate = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(certificate))
    seen = []
    meant = {"git.acme.internal": ["127.0.0.1"], "127.0.0.1": ["127.0.0.1"]}

    async def resolver(host, _port):
        return meant[host]

    with provider(acme, server_context(authority.issue_cert("git.acme.internal"))) as server, raw_server(relay(seen)) as port:
        base = QUICK._replace(proxy=f"http://user:proxy-pass@127.0.0.1:{port}", ca_file=str(certificate), retries=0)
        own = base._replace(endpoints={"acme": [f"https://git.acme.internal:{server.port}"]})
        assert verdict(GOOD, tables(), own, Network(own, resolver)).state == "active"
        assert seen[0].startswith(f"CONNECT git.acme.internal:{server.port} ".encode())
        assert not any(b"acme_" in head for head in seen)
        meant["api.acme.example"] = ["10.0.0.7"]
        before = len(seen)
        assert verdict(GOOD, tables(), base, Network(base, resolver)).reason == "private-address"
        assert len(seen) == before
        around = own._replace(no_proxy="git.acme.internal")
        assert verdict(GOOD, tables(), around, Network(around, resolver)).state == "active"
        assert len(seen) == before


def test_a_proxy_named_by_its_address_is_used():
    seen = []

    def refuse(connection):
        seen.append(read_request(connection))
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    async def resolver(_host, _port):
        return ["140.82.121.6"]

    with raw_server(refuse) as port:
        settings = QUICK._replace(proxy=f"http://127.0.0.1:{port}", retries=0)
        assert verdict(GOOD, tables(), settings, Network(settings, resolver)).reason == "proxy"
    assert [head.splitlines()[0] for head in seen] == [b"CONNECT api.acme.example:443 HTTP/1.1"]


def test_a_proxy_that_is_not_there(tmp_path):
    settings = QUICK._replace(proxy="http://127.0.0.1:1", retries=0)

    async def resolver(_host, _port):
        return ["140.82.121.6"]

    assert verdict(GOOD, tables(), settings, Network(settings, resolver)).reason == "proxy"


# --- the forms of requests


def test_every_scheme_puts_the_secret_where_it_belongs():
    forms = {
        "basic": ({"auth": {"scheme": "basic"}}, lambda one: one.headers["Authorization"] == "Basic YWNtZV9Hb29kMTIzNGdvb2Q6"),
        "header": ({"auth": {"scheme": "header", "name": "X-Key"}}, lambda one: one.headers["X-Key"] == GOOD),
        "query": ({"auth": {"scheme": "query", "name": "key"}}, lambda one: one.path == f"/v1/me?key={GOOD}"),
        "prefix": ({"auth": {"scheme": "bearer", "prefix": "token"}}, lambda one: one.headers["Authorization"] == f"token {GOOD}"),
        "path": ({"auth": "none", "url": "https://api.acme.example/{secret}/me"}, lambda one: one.path == f"/{GOOD}/me"),
        "form": ({"auth": "none", "method": "POST", "form": {"k": "{secret}"}}, lambda one: one.body == f"k={GOOD}".encode()),
        "json": ({"auth": "none", "method": "POST", "json": {"k": ["{secret}"]}}, lambda one: one.body == f'{{"k": ["{GOOD}"]}}'.encode()),
        "body": ({"method": "POST", "body": "ping"}, lambda one: one.body == b"ping"),
    }
    for name, (changes, holds) in forms.items():
        with provider(lambda _: Answer(401)) as server:
            said = verdict(GOOD, tables(table(**changes)), QUICK, Rerouted(QUICK, server.url))
        assert said.state == "inactive", name
        assert holds(server.asked[0]), name


def test_parts_fill_in_and_what_lacks_them_cannot_be_asked():
    one = table(url="https://{shop}.acme.example/{user}/me", endpoint=None)
    with provider(acme) as server:
        said = verdict(GOOD, tables(one), QUICK, Rerouted(QUICK, server.url), parts={"shop": "store-1", "user": "a b"})
        assert (said.state, said.evidence["control"]) == ("active", "none")
        assert (server.asked[0].path, server.asked[0].headers["X-Meant-For"]) == ("/a%20b/me", "store-1.acme.example")
        for parts in ({"user": "x"}, {"user": "x", "shop": "evil.example/"}):
            said = verdict(GOOD, tables(one), QUICK, Rerouted(QUICK, server.url), parts=parts)
            assert (said.state, said.reason) == ("unverifiable", "missing-parts" if "shop" not in parts else "unfit")
        assert len(server.asked) == 1


def test_a_secret_that_is_an_address_leads_to_the_providers_hosts_alone():
    one = table(url="{secret}", hosts=["hooks.acme.example"], auth="none", endpoint=None)
    with provider(lambda _: Answer(401)) as server:
        network = Rerouted(QUICK, server.url)
        assert verdict("https://hooks.acme.example/T/B/xyz", tables(one), QUICK, network).state == "inactive"
        for bad in ("https://evil.example/x", "https://hooks.acme.example@evil.example/", "http://hooks.acme.example/x", "https://hooks.acme.example:22/"):
            assert verdict(bad, tables(one), QUICK, Rerouted(QUICK, server.url)).state in {"unknown", "unverifiable"}
        assert len(server.asked) == 1


def test_further_requests_are_made_for_active_ones_alone_and_change_no_verdict():
    one = table(
        more=[{"url": "https://api.acme.example/v1/plan", "tells": {"plan": "plan"}}, {"url": "https://api.acme.example/v1/gone", "tells": {"team": "team"}}]
    )

    def decide(asked):
        if asked.path == "/v1/plan":
            return Answer(200, {"plan": "free"})
        return acme(asked) if asked.path == "/v1/me" else Answer(404)

    with provider(decide) as server:
        said = verdict(GOOD, tables(one), QUICK, Rerouted(QUICK, server.url))
        assert (said.state, said.told["plan"]) == ("active", "free")
        assert "team" not in said.told
        before = len(server.asked)
        assert verdict(DEAD, tables(one), QUICK, Rerouted(QUICK, server.url)).state == "inactive"
        assert len(server.asked) == before + 1


def test_what_an_answer_repeats_of_the_credential_is_left_out():
    def echo(asked):
        return Answer(200, {"id": f"you sent {asked.token}"}) if asked.token == GOOD else Answer(401)

    said, _ = judged(GOOD, echo)
    assert said.state == "active"
    assert "account" not in said.told


@pytest.mark.parametrize(
    "said",
    [
        lambda token: "x" * (LONGEST - 20) + token,  # cut where it stands
        lambda token: token[:20],
        lambda token: f"{token[:18]}…",
        lambda token: f"key {token[-20:]} of bob",
        lambda token: [{"name": token}],
        lambda token: {token: True, "bob": token},
        lambda token: token[:19] + "," + token[19:],
    ],
)
@pytest.mark.parametrize("length", [32, 900])
def test_no_part_of_a_credential_is_told_however_it_is_said_back(said, length):
    value = "acme_" + ("q7Rt2Lm9Zk4Wx8Bv" * 60)[: length - 5]
    tells = {"account": "id", "name": "more", "scopes": {"header": "x-scopes", "split": ","}}

    def echo(asked):
        if asked.token != value:
            return Answer(401)
        text = said(value)
        return Answer(200, {"id": "acc-1", "more": text}, {"X-Scopes": f"read,{text}"} if isinstance(text, str) and text.isascii() else {})

    with provider(echo) as server:
        found = verdict(value, tables(tells=tells), QUICK, Rerouted(QUICK, server.url))
    assert (found.state, found.told["account"]) == ("active", "acc-1")
    shown = repr(found.told)
    assert not any(value[at : at + 8] in shown for at in range(5, len(value) - 8))


def test_a_login_that_is_said_back_as_it_was_sent_is_left_out():
    value = "q7Rt2Lm9Zk4Wx8Bv"

    def echo(asked):
        return Answer(200, {"id": f"saw {asked.token}"})

    one = table(auth={"scheme": "basic", "user": "api", "password": "{secret}"}, control="none")
    with provider(echo) as server:
        found = verdict(value, tables(one), QUICK, Rerouted(QUICK, server.url))
    assert (found.state, dict(found.told)) == ("active", {})


def test_a_redirect_to_nothing_that_is_an_address_is_a_redirect():
    said, _ = judged(GOOD, lambda _: Answer(302, "", {"Location": "https://["}))
    assert (said.state, said.reason) == ("unknown", "redirect")
