"""Every built-in table against the answers its provider documents, over a real socket.

The answers stand in ``answers/<id of the table>.toml``: ``parts`` the credential needs, and ``[[answer]]`` tables with ``status``, ``headers``,
``body`` (a text, or a table that is sent as JSON), the ``verdict`` they mean and what they tell (``told``).  ``{secret}`` in ``value`` is made here.
"""

import ssl
import tomllib
from base64 import b64decode
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, unquote_plus

import pytest
from answers import Answer, provider
from live import QUICK, Rerouted, candidate, plan
from live import ask as carry

from leaksieve.ruleset.verify_load import Tables, load_verifiers
from leaksieve.verifiers.memory import Memory

HERE = Path(__file__).parent / "answers"
DECLARED = {table["id"]: table for table in load_verifiers().all if "code" not in table}
VALUE = "tok_" + "a1B2c3D4" * 5
CONTEXT = ssl.create_default_context()


def documented(name):
    return tomllib.loads((HERE / f"{name}.toml").read_text())


def cases():
    for path in sorted(HERE.glob("*.toml")):
        for number, answer in enumerate(documented(path.stem)["answer"], 1):
            yield pytest.param(path.stem, answer, id=f"{path.stem}-{number}-{answer['verdict']}")


def test_every_table_has_its_documented_answers():
    """A good and a bad one at least."""
    known = {path.stem for path in HERE.glob("*.toml")}
    assert set(DECLARED) - known == set(), "tables without answers/<id>.toml"
    assert known - set(DECLARED) == set(), "answers without a table"
    for name in known:
        verdicts = {answer["verdict"] for answer in documented(name)["answer"]}
        # Where the provider does not tell a dead one, the table says so itself.
        assert "active" in verdicts, name
        assert {"inactive", "unknown"} & verdicts if untold(name) else "inactive" in verdicts, name


def untold(name):
    """Whether no answer of a table means a dead credential."""
    return all(answer["verdict"] != "inactive" for answer in DECLARED[name]["answers"])


@pytest.fixture(scope="module")
def server():
    """One server for all providers: what it says is changed for each."""
    with provider(None) as running:
        yield running


@pytest.fixture(autouse=True)
def _one_context(monkeypatch):
    """Reading the authorities takes longer than all else here."""
    monkeypatch.setattr("leaksieve.verifiers.connections._context", lambda _: CONTEXT)


def value_of(name, number=0):
    """A credential as the table wants it; another for each number."""
    value = documented(name).get("value", VALUE)
    return value[:-2] + f"{number:02d}" if number else value


def ask(server, name, said, made_up=None):
    """The verdicts where the provider says ``said`` to as many credentials, one each, and ``made_up`` to any other."""
    table, known = DECLARED[name] | {"rate": 1000.0}, documented(name)
    values = [value_of(name, number) for number in range(len(said))]
    parts = known.get("parts", {})
    candidates = [candidate(value, table["rules"][0], key=value, parts=parts) for value in values]
    # One at a time, so that a host that fails several times is not left alone.
    settings = QUICK._replace(retries=0, rate=1000.0, concurrency=1)
    if table["url"].startswith("/"):
        settings = settings._replace(endpoints={table["endpoint"]: ["https://own.example"]})

    def decide(asked):
        return next((answer for answer, value in zip(said, values, strict=True) if holds(asked, value)), made_up or said[0])

    asked_for = plan(candidates, Tables([table]), settings, Memory(None, 0, lambda: 0.0))
    assert len(asked_for.jobs) == len(values), "it could not be asked"
    server.decide = decide
    results = carry(candidates, Tables([table]), settings, Rerouted(settings, server.url)).results
    verdicts = [results[value].verdict for value in values]
    shown = repr(verdicts)
    assert not any(value in shown or value.rpartition("/")[2] in shown for value in values), "the credential is shown"
    return verdicts


def holds(asked, value):
    """Whether a request carries the credential, in whatever way it is written."""
    login = asked.headers.get("Authorization", "").removeprefix("Basic ")
    texts = [asked.path, unquote(asked.path), asked.body.decode(), unquote_plus(asked.body.decode()), *asked.headers.values()]
    with suppress(ValueError):
        texts.append(b64decode(login, validate=True).decode())
    return any(value in text or value.rpartition("/")[2] in text for text in texts)


def answer_of(answer):
    return Answer(answer["status"], answer.get("body"), answer.get("headers", {}))


@pytest.mark.parametrize(("name", "answer"), list(cases()))
def test_a_documented_answer_means_what_it_says(server, name, answer):
    (said,) = ask(server, name, [answer_of(answer)], made_up=Answer(401))
    assert (said.state, said.reason) == (answer["verdict"], said.reason if answer["verdict"] == "unknown" else "")
    for key, value in answer.get("told", {}).items():
        assert said.told[key] == value
    assert said.privileged == answer.get("privileged", False)


# What a firewall, a captive portal, a proxy, or an endpoint that answers anybody would say.
OTHERS = (
    Answer(200, "<html>Welcome to the guest network</html>"),
    Answer(200, ""),
    Answer(200, {}),
    Answer(200, []),
    Answer(200, "null"),
    Answer(204),
    Answer(302, "", {"Location": "https://login.example/"}),
    Answer(403, "<html>Request blocked</html>"),
    Answer(404, "not found"),
    Answer(407, ""),
    Answer(429, ""),
    Answer(500, "{}"),
    Answer(503, "<html>try later</html>"),
)


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_nothing_but_the_provider_makes_it_active_or_dead(server, name):
    verdicts = ask(server, name, OTHERS)
    assert {one.state for one in verdicts} == {"unknown"}, [(other.status, one.state) for other, one in zip(OTHERS, verdicts, strict=True)]


@pytest.mark.parametrize("name", sorted(name for name, table in DECLARED.items() if table["control"] == "bearer"))
def test_an_endpoint_that_answers_anybody_says_nothing(server, name):
    good = next(answer for answer in documented(name)["answer"] if answer["verdict"] == "active")
    (said,) = ask(server, name, [answer_of(good)])
    assert (said.state, said.reason) == ("unknown", "no-difference")
