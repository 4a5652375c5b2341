"""A whole run of live checks: each credential once, limits held, nothing kept or said that is secret."""

import json
import logging
import os
import signal
import threading
import time
import traceback
from collections import Counter

import pytest
from answers import Answer, provider
from live import QUICK, Rerouted, ask, candidate, loopback, subject
from verify_table import table, tables

from leaksieve.errors import RulesetError
from leaksieve.model import Finding
from leaksieve.ruleset.verify_load import Tables
from leaksieve.verifiers import CODE
from leaksieve.verifiers.apply import judged, summary
from leaksieve.verifiers.base import ACCESS, IDENTITY, REASONS, TOLD, Call, Failed, Request, Response, Verdict
from leaksieve.verifiers.decoy import decoy
from leaksieve.verifiers.limits import LEFT_ALONE, Budget
from leaksieve.verifiers.memory import Memory
from leaksieve.verifiers.network import Network
from leaksieve.verifiers.plan import Result, check_code, plan

NOTHING_KEPT = Memory(None, 0, lambda: 0.0)


def acme(asked):
    return Answer(200, {"id": "acc-1"}) if "Good" in asked.token else Answer(401)


def providers(count):
    """Tables of several providers, with hosts of their own."""
    return [
        table(id=f"acme-{number}", rules=[f"acme-{number}-token"], url=f"https://api{number}.acme.example/v1/me", endpoint=None, rate=100)
        for number in range(count)
    ]


def test_ten_thousand_findings_of_fifty_secrets_are_fifty_requests():
    """On five providers, with one made-up credential each, and never more at a time than allowed."""
    many = [candidate(f"acme_Good{number % 10:08d}", f"acme-{number % 5}-token", key=f"finding {number}") for number in range(10_000)]
    settings = QUICK._replace(concurrency=2)
    with provider(lambda asked: Answer(200, {"id": "acc-1"}, delay=0.01) if asked.token in wanted else Answer(401)) as server:
        wanted = {f"acme_Good{number:08d}" for number in range(10)}
        ran = ask(many, tables(*providers(5)), settings, Rerouted(settings, server.url))
    assert {result.verdict.state for result in ran.results.values()} == {"active"}
    assert len(ran.results) == 10_000
    asked = [(one.headers["X-Meant-For"], one.token) for one in server.asked if one.token in wanted]
    assert len(asked) == len(set(asked)) == len({(one.names, one.subject.secret) for one in many})
    assert len(server.asked) - len(asked) == 5
    hosts = {}
    for one in server.asked:
        hosts.setdefault(one.headers["X-Meant-For"], []).append(one.at)
    assert len(hosts) == 5


class Timed(Rerouted):
    """Notes when each request is begun, by host: at the server a late first one would look like too fast a pace."""

    def __init__(self, settings, url):
        super().__init__(settings, url)
        self.begun = {}

    async def send(self, request, place, *, own):
        self.begun.setdefault(place.host, []).append(time.monotonic())
        return await super().send(request, place, own=own)


def test_fifty_distinct_secrets_and_the_pace_of_each_host():
    many = [candidate(f"acme_Good{number % 50:08d}", f"acme-{number % 5}-token", key=f"finding {number}") for number in range(10_000)]
    settings = QUICK._replace(concurrency=2, rate=50.0)
    wanted = {f"acme_Good{number:08d}" for number in range(50)}
    with provider(lambda asked: Answer(200, {"id": "acc-1"}) if asked.token in wanted else Answer(401)) as server:
        network = Timed(settings, server.url)
        ran = ask(many, tables(*providers(5)), settings, network)
    assert len(ran.results) == 10_000
    real = [one for one in server.asked if one.token in wanted]
    assert (len(real), len(server.asked)) == (50, 55)
    # Ten secrets and one that is made up for each host, at 50 a second.
    assert sorted(network.begun) == [f"api{number}.acme.example" for number in range(5)]
    for times in network.begun.values():
        assert len(times) == 11
        assert times[-1] - times[0] > 0.95 * 10 / settings.rate


def test_the_limit_of_one_provider_holds():
    many = [candidate(f"acme_Dead{number:08d}") for number in range(30)]
    settings = QUICK._replace(requests=7)
    with provider(acme) as server:
        results = ask(many, tables(), settings, Rerouted(settings, server.url)).results.values()
    assert len(server.asked) == 7
    assert summary(results) == ({"inactive": 7, "unknown": 23}, "7 inactive, 23 unknown")
    assert {(result.verdict.reason, result.checked) for result in results if result.verdict.state == "unknown"} == {("limit", None)}


@pytest.mark.parametrize(("answer", "more"), [(Answer(401), {"requests": 4}), (Answer(500), {"retries": 0})])
def test_who_is_not_asked_waits_for_no_turn(answer, more):
    """At five a second these would stand for more than half an hour: behind the limit, and behind a provider that fails."""
    many = [candidate(f"acme_Dead{number:08d}") for number in range(10_000)]
    settings = QUICK._replace(rate=5.0, total=60.0, **more)
    with provider(lambda _: answer) as server:
        results = ask(many, tables(table(rate=5)), settings, Rerouted(settings, server.url)).results.values()
    assert len(server.asked) < 15
    said = Counter((result.verdict.reason, result.verdict.detail) for result in results)
    assert ("limit", "") not in said
    assert max(said.values()) > 9_980


def test_who_is_not_asked_after_failures_has_no_time_of_a_check():
    """As those past the limit; who was asked has one, and its own failure, even where it was not asked once more."""
    many = [candidate(f"acme_Dead{number:08d}") for number in range(40)]
    settings = QUICK._replace(retries=1)
    with provider(lambda _: Answer(500)) as server:
        results = ask(many, tables(), settings, Rerouted(settings, server.url)).results
    asked = {one.token for one in server.asked}
    assert 5 <= len(asked) < 15
    for one in many:
        result = results[one.key]
        sent = one.subject.text() in asked
        assert result.verdict.reason == "server-error"
        assert (result.verdict.detail, result.checked is None) == (("status 500", False) if sent else (LEFT_ALONE, True))


def test_the_time_of_a_run_holds_against_a_slow_provider():
    many = [candidate(f"acme_Dead{number:08d}") for number in range(200)]
    settings = QUICK._replace(total=0.6)
    with provider(lambda _: Answer(401, delay=0.2)) as server:
        results = ask(many, tables(), settings, Rerouted(settings, server.url)).results
    assert len(results) == 200
    assert len(server.asked) < 40
    assert {result.verdict.reason for result in results.values()} == {"", "limit"}


def test_ctrl_c_keeps_the_verdicts_that_are_there():
    many = [candidate(f"acme_Dead{number:08d}") for number in range(100)]
    settings = QUICK._replace(concurrency=1)

    def decide(_):
        if len(server.asked) == 5:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
        return Answer(401)

    with provider(decide) as server:
        ran = ask(many, tables(), settings, Rerouted(settings, server.url))
    counts, _ = summary(ran.results.values())
    assert ran.interrupted
    assert counts["inactive"] >= 3
    assert sum(counts.values()) == 100
    assert {result.verdict.reason for result in ran.results.values()} == {"", "interrupted"}


def test_what_needs_no_call_makes_none():
    """Canaries are never contacted; what is allowed, not asked for, or of a rule that came with the repository is not sent."""
    canary = candidate("https://canarytokens.com/a/b/c-acme", key="canary")
    cases = [
        canary,
        candidate("acme_Good00000001", key="allowed", withheld="allowed"),
        candidate("acme_Good00000002", "other-token", key="none"),
        candidate("acme_Good00000003", key="foreign", trusted=False),
    ]
    settings = QUICK._replace(only=("acme*",))
    found = plan(cases, tables(), settings, NOTHING_KEPT)
    assert (found.jobs, found.lines) == ([], [])
    states = {key: (result.verdict.state, result.verdict.reason) for key, result in found.settled.items()}
    assert states == {
        "canary": ("canary", ""),
        "allowed": ("unknown", "allowed"),
        "none": ("unverifiable", "no-verifier"),
        "foreign": ("unverifiable", "no-verifier"),
    }
    other = plan([candidate("acme_Good00000004", key="k")], tables(), QUICK._replace(only=("github*",)), NOTHING_KEPT)
    assert other.settled["k"].verdict.reason == "not-asked"
    hidden = candidate("acme_Good00000005", key="part", parts={"key_id": "https://canarytokens.com/a/b/c"})
    assert plan([hidden], tables(), QUICK, NOTHING_KEPT).settled["part"].verdict.state == "canary"


def test_the_plan_lists_every_host_call_and_count():
    one = table(more=[{"url": "https://api.acme.example/v1/plan", "tells": {"plan": "plan"}}])
    many = [candidate(f"acme_Good{number % 3:08d}", key=str(number)) for number in range(9)]
    lines = plan(many, tables(one), QUICK, NOTHING_KEPT).lines
    assert [tuple(line) for line in lines] == [
        ("acme", "api.acme.example", 443, "GET /v1/me", 3, True, False),
        ("acme", "api.acme.example", 443, "GET /v1/plan (if active)", 3, False, False),
    ]
    own = plan(many, tables(), QUICK._replace(endpoints={"acme": ["https://git.internal:8443/base"]}), NOTHING_KEPT).lines
    assert [tuple(line) for line in own] == [("acme", "git.internal", 8443, "GET /base/v1/me", 3, True, False)]
    # A provider's server that the user names may stand in a private network, but not where clouds keep credentials.
    for host, closed in (("10.0.0.5", False), ("127.0.0.1", False), ("169.254.169.254", True)):
        (line,) = plan(many, tables(), QUICK._replace(endpoints={"acme": [f"https://{host}"]}), NOTHING_KEPT).lines
        assert (line.refused, line.control) == (closed, not closed)
    usual = table(endpoint_path="/api/v3")
    for url, path in (("https://api.acme.example", "/v1/me"), ("https://git.internal", "/api/v3/v1/me"), ("https://git.internal/x", "/x/v1/me")):
        (line,) = plan(many, tables(usual), QUICK._replace(endpoints={"acme": [url]}), NOTHING_KEPT).lines
        assert line.what == f"GET {path}"
    query = table(auth={"scheme": "query", "name": "key"})
    assert "Good" not in str(plan(many, tables(query), QUICK, NOTHING_KEPT).lines)


def test_a_provider_of_ones_own_has_no_address_until_it_is_given():
    one = table(url="/v1/me")
    assert plan([candidate("acme_Good00000001", key="k")], tables(one), QUICK, NOTHING_KEPT).settled["k"].verdict.reason == "no-endpoint"


def test_several_addresses_are_all_asked_and_the_best_answer_counts():
    with provider(acme) as one, provider(lambda _: Answer(401)) as other, provider(lambda _: Answer(404)) as odd:
        both = QUICK._replace(endpoints={"acme": [other.url, one.url]})
        (result,) = ask([candidate("acme_Good00000001")], tables(), both, Network(both)).results.values()
        assert (result.verdict.state, len(other.asked)) == ("active", 1)
        none = QUICK._replace(endpoints={"acme": [other.url, odd.url]})
        (result,) = ask([candidate("acme_Dead00000001")], tables(), none, Network(none)).results.values()
    # Dead at one address says nothing while the other does not answer as documented.
    assert (result.verdict.state, result.verdict.reason) == ("unknown", "unexpected")


# --- what is kept


def test_verdicts_are_kept_for_a_while_and_nothing_secret_with_them(tmp_path):
    now = [1_000_000.0]
    place = os.fsencode(tmp_path)
    value = "acme_Dead" + "s3cr" * 4
    settings = QUICK._replace(cache_age=60.0)

    def once(server, **changes):
        memory = Memory(place, 60.0, lambda: now[0])
        try:
            (result,) = ask([candidate(value, key="k")], tables(table(**changes)), settings, Rerouted(settings, server.url), memory).results.values()
        finally:
            memory.close()
        return result

    with provider(acme) as server:
        assert (once(server).cached, once(server).cached, len(server.asked)) == (False, True, 1)
        assert once(server).checked == now[0]
        # Another table is another question.
        assert not once(server, url="https://api.acme.example/v2/me").cached
        now[0] += 61
        assert not once(server).cached
    files = [os.path.join(folder, name) for folder, _, names in os.walk(tmp_path) for name in names]
    assert files
    for file in files:
        with open(file, "rb") as stream:
            content = stream.read()
        assert b"s3cr" not in content
        assert "s3cr" not in file
        assert not os.stat(file).st_mode & 0o077
        with open(file, "r+b") as stream:
            stream.seek(50)
            stream.write(b"x")
    with provider(acme) as server:
        assert not once(server).cached  # what was tampered with does not verify


def test_unknown_is_never_kept(tmp_path):
    memory = Memory(os.fsencode(tmp_path), 60.0, time.time)
    with provider(lambda _: Answer(403)) as server:
        for _ in range(2):
            ask([candidate("acme_Dead00000001")], tables(), QUICK, Rerouted(QUICK, server.url), memory)
    assert len(server.asked) == 2


# --- code


class Talker:
    """A verifier in code; what it does is the test's."""

    def __init__(self, said):
        self._table = said

    def calls(self, asked, endpoint):
        return [Call(asked.text("host"), 4321, f"login{endpoint}")]

    async def verify(self, asked, net):
        return await ACTION[0](asked, net)


ACTION = [None]
TALKER = dict.fromkeys(("url", "auth", "answers", "tells", "endpoint"))


@pytest.fixture
def talker(monkeypatch):
    monkeypatch.setitem(CODE, "talker", f"{__name__}:Talker")
    return lambda **more: table(**TALKER, code="talker", calls=["login"], hosts=["{host}"], ports=["1024-65535"], **more)


def test_code_reaches_its_hosts_and_ports_through_the_net(talker):
    from answers import raw_server

    async def action(asked, net):
        reader, writer = await net.connect(asked.text("host"), port)
        writer.write(b"hello\n")
        said = await reader.readline()
        writer.close()
        taken = await net.socket(asked.text("host"), port)
        taken.close()
        assert await net.blocking(lambda: 5) == 5
        for host, bad in (("evil.example", port), (asked.text("host"), 22)):
            with pytest.raises(Failed):
                await net.connect(host, bad)
        return Verdict("active" if said == b"welcome\n" else "unknown")

    ACTION[0] = action
    settings = QUICK._replace(allow_hosts=("db.internal",))
    with raw_server(lambda connection: (connection.recv(10), connection.sendall(b"welcome\n"))) as port:
        (result,) = ask([candidate("pass", parts={"host": "db.internal"})], tables(talker()), settings, Network(settings, loopback)).results.values()
    assert (result.verdict.state, result.verdict.evidence) == ("active", {"control": "none"})
    (result,) = ask([candidate("pass", parts={"host": "db.internal"})], tables(talker()), QUICK, Network(QUICK, loopback)).results.values()
    assert result.verdict.reason == "private-address"


@pytest.mark.parametrize("fault", [ValueError, KeyError, OSError, AssertionError, RecursionError])
def test_code_that_fails_is_unknown_and_says_nothing(talker, fault):
    async def action(asked, _net):
        raise fault(asked.text())

    ACTION[0] = action
    (result,) = ask([candidate("s3cr-value", parts={"host": "db.internal"})], tables(talker()), QUICK, Network(QUICK, loopback)).results.values()
    assert (result.verdict.state, result.verdict.reason, result.verdict.detail) == ("unknown", "internal", "")


@pytest.mark.parametrize(
    ("answered", "read", "detail"),
    [
        (Verdict("inactive", evidence={"host": "x"}), None, "what this provider answers was not held against its documentation yet"),
        (Verdict("inactive", "", "disabled", {"host": "x"}), None, "disabled; what this provider answers was not held against its documentation yet"),
        (Verdict("expired", evidence={"host": "x"}), None, "what this provider answers was not held against its documentation yet"),
        (Verdict("inactive", "", "disabled", {"host": "x"}), "2026-11-21", "disabled"),
        (Verdict("expired", "", "by its own term; nobody was asked"), None, "by its own term; nobody was asked"),
        (Verdict("active", evidence={"host": "x"}), None, ""),
    ],
)
def test_a_dead_one_says_where_nobody_has_read_the_page_yet(talker, answered, read, detail):
    """Of code as of tables."""

    async def action(_asked, _net):
        return answered

    ACTION[0] = action
    asked, served = candidate("pass", parts={"host": "db.internal"}), tables(talker(read=read))
    assert plan([asked], served, QUICK, NOTHING_KEPT).unread == ([] if read else ["acme"])
    (result,) = ask([asked], served, QUICK, Network(QUICK, loopback)).results.values()
    assert (result.verdict.state, result.verdict.detail) == (answered.state, detail)


def test_code_that_is_not_there_is_a_mistake_of_the_table():
    one = table(**TALKER, code="nothing", calls=["x"], hosts=["a.example"])
    with pytest.raises(RulesetError, match="no code named `nothing`"):
        check_code(tables(one))


def test_code_whose_library_is_missing_says_so(monkeypatch):
    monkeypatch.setitem(CODE, "talker", "leaksieve.verifiers.not_there:make")
    one = table(**TALKER, code="talker", calls=["x"], hosts=["a.example"])
    found = plan([candidate("x", key="k")], tables(one), QUICK, NOTHING_KEPT).settled["k"].verdict
    assert (found.state, found.reason) == ("unverifiable", "not-installed")


def test_one_silent_host_does_not_speak_for_the_others():
    """Whoever plants five credentials with hosts that do not answer must not keep the rest from being asked."""
    budget = Budget(100)
    for _ in range(5):
        budget.spend("trap.example")
        budget.tell("trap.example", Failed("private-address"))
    with pytest.raises(Failed):
        budget.spend("trap.example")
    budget.spend("db.example")


# --- nothing leaks


def test_no_failure_tells_the_secret(caplog, capfd, tmp_path):
    """Through every failure there is: not in results, logs, streams, warnings or traces."""
    value = "acme_" + "s3crCANARY" * 3
    caplog.set_level(logging.DEBUG)
    echo = f"you sent {value}"
    answers = [
        Answer(200, {"id": echo, "x": value}),
        Answer(401, echo),
        Answer(302, "", {"Location": f"https://evil.example/?t={value}"}),
        Answer(302, "", {"Location": f"/v1/me?t={value}"}),
        Answer(429, echo, {"Retry-After": value}),
        Answer(500, echo),
        Answer(200, echo * 20_000),
        Answer(200, {"id": "ok"}, {"X-Scopes": f"{value},admin"}),
    ]
    seen = []
    memory = Memory(os.fsencode(tmp_path), 60.0, time.time)
    for answer in answers:
        for auth in ("bearer", {"scheme": "query", "name": "key"}):
            with provider(lambda _, answer=answer: answer) as server:
                ran = ask([candidate(value, key="k")], tables(table(auth=auth)), QUICK, Rerouted(QUICK, server.url), memory)
                seen.append(repr(ran.results))
    for broken in ("https://api.acme.example\r\n/", "https://api.acme.example/{secret}"):
        one = table(url="https://api.acme.example/{secret}", auth="none")
        one["url"] = broken
        seen.append(repr(ask([candidate(value, key="k")], tables(one), QUICK._replace(retries=0), Network(QUICK._replace(retries=0), loopback)).results))
    request = Request("GET", f"https://api.acme.example/?key={value}", {"Authorization": value}, value.encode())
    seen += [
        repr(request),
        str(request),
        repr(Response(200, {"a": value}, value.encode())),
        repr(subject(value)),
        repr(plan([candidate(value, key="k")], tables(), QUICK, NOTHING_KEPT)),
    ]
    try:
        raise Failed("unfit", "x")
    except Failed:
        seen.append(traceback.format_exc())
    captured = capfd.readouterr()
    everything = "\n".join([*seen, caplog.text, captured.out, captured.err])
    assert "s3crCANARY" not in everything
    for folder, _, names in os.walk(tmp_path):
        for name in names:
            with open(os.path.join(folder, name), "rb") as stream:
                assert b"s3crCANARY" not in stream.read()
    assert threading.active_count() < 20


# --- small things


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("ghp_abcdEFGH1234", "ghp_"),
        ("sk_live_" + "abcd1234EFGH", "sk_live_"),
        ("0123456789abcdef", ""),
        ("https://hooks.acme.example/services/T00/B00/abcDEF123456", "https://hooks.acme.example/services/T00/B00/"),
        ("AKIAabcdEFGH", ""),
        ("a.b.c.d", ""),
    ],
)
def test_made_up_credentials_have_the_shape_of_the_real_one(value, kept):
    made = decoy(subject(value)).secret.reveal().decode()
    assert made != value
    assert made.startswith(kept)
    assert len(made) == len(value)
    for one, other in zip(value, made, strict=True):
        assert (one.isdigit(), one.islower(), one.isupper()) == (other.isdigit(), other.islower(), other.isupper()) or set(value) <= set("0123456789abcdef")


def test_what_cannot_be_varied_is_left_as_it_is():
    assert decoy(subject("------------")).secret.reveal() == b"------------"
    # Bytes that are letters in Latin-1 are none here.
    assert decoy(subject("пароль-пароль")).secret.reveal() == "пароль-пароль".encode()


FINDING = Finding("r", "R", "info", "medium", ("test",), "x…", (), "f", "none", "unknown", (), "", False, {}, ())


@pytest.mark.parametrize(
    ("verdict", "severity"),
    [
        (Verdict("active"), "high"),
        (Verdict("active", privileged=True), "critical"),
        (Verdict("inactive"), "info"),
        (Verdict("unknown", "timeout"), "info"),
        (Verdict("canary"), "info"),
    ],
)
def test_a_verdict_moves_the_severity(verdict, severity):
    """Active: a step above the rule's own, whatever the place made of it; dead: low at most."""
    found = judged(FINDING, "medium", Result(verdict, "acme", 0.0))
    assert (found.severity, found.verdict) == (severity, verdict.state)
    assert (found.proof == "verified") == (verdict.state == "active")
    assert judged(FINDING._replace(severity="high"), "high", Result(Verdict("expired"), "acme", 0.0)).severity == "low"
    json.dumps(found.verification)


def test_what_providers_may_tell_is_one_list():
    from leaksieve.ruleset.verify_answers import TOLD as OF_TABLES

    assert TOLD == OF_TABLES == (*IDENTITY, *ACCESS)
    assert all(text and text[0].islower() for text in REASONS.values())
    assert Tables([]).of("x") is None
