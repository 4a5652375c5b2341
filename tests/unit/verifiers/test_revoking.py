"""Credentials that end themselves, over a real socket: what is sent, and what is said of it."""

import asyncio

import pytest
from answers import Answer, provider
from live import QUICK, Rerouted, candidate, plan
from test_provider_answers import _one_context, answer_of, documented, holds, value_of  # noqa: F401 - a fixture of all tests
from verify_table import tables

from leaksieve.cli.revoking import _said
from leaksieve.ruleset.verify_load import Tables, load_verifiers
from leaksieve.secret import Secret
from leaksieve.verifiers.base import REASONS, Verdict
from leaksieve.verifiers.memory import Memory
from leaksieve.verifiers.revoking import call_of, revoke

ENDING = {table["id"]: table for table in load_verifiers().all if "revoke" in table and "code" not in table}
ENDS = {
    "documentation": "https://acme.example/end",
    "effect": "It ends.",
    "method": "DELETE",
    "url": "https://api.acme.example/v1/end",
    "done": {"status": 204},
}
VALUE = "acme_" + "a1B2c3D4" * 5


class Acme:
    """Knows one credential until it ends; ``takes`` is what it says to the end, ``lives`` whether it goes on all the same."""

    def __init__(self, takes=204, lives=False, known=True):
        self.takes, self.lives, self.known = takes, lives, known

    def __call__(self, asked):
        if asked.method == "DELETE":
            self.known = self.known and (self.lives or self.takes != 204)
            return Answer(self.takes)
        return Answer(200, {"id": "a"}) if self.known and asked.token == VALUE else Answer(401)


class Nowhere(Memory):
    """Keeps what it is told; "" stands for what it is told to forget."""

    def __init__(self):
        super().__init__(None, 0, lambda: 0.0)
        self.put_in = []

    def put(self, key, verdict):
        self.put_in.append(verdict.state)

    def forget(self, key):
        self.put_in.append("")


def end(acme, pauses=(0.0, 0.0), retries=0):
    memory = Nowhere()
    (job,) = plan([candidate(VALUE)], tables(revoke=ENDS), QUICK, memory).jobs
    settings = QUICK._replace(retries=retries)
    with provider(acme) as server:
        done = revoke(job, settings, memory, network=Rerouted(settings, server.url), pauses=pauses)
    assert VALUE not in repr(done)
    return done, [one.method for one in server.asked], memory.put_in


def test_a_living_one_ends_itself_and_is_asked_again():
    done, asked, kept = end(Acme())
    assert (done.sent, done.accepted, done.dead, done.after.state) == (True, True, True, "inactive")
    assert (asked, kept) == (["GET", "DELETE", "GET"], ["inactive"])


def test_a_dead_one_is_left_alone():
    done, asked, _ = end(Acme(known=False))
    assert (done.sent, done.dead, asked) == (False, True, ["GET"])


def test_a_refusal_is_said_and_the_verdict_stands():
    done, asked, kept = end(Acme(takes=403))
    assert (done.sent, done.accepted, done.dead, done.after.state) == (True, False, False, "active")
    assert (done.detail, asked, kept) == ("the provider answered with status 403", ["GET", "DELETE", "GET"], [""])
    done, _, _ = end(Acme(takes=503))
    assert (done.accepted, done.detail, done.after.state) == (False, "server-error", "active")


def test_one_that_goes_on_living_is_not_called_dead():
    done, asked, kept = end(Acme(lives=True))
    assert (done.accepted, done.dead, done.after.state) == (True, False, "active")
    assert asked == ["GET", "DELETE", "GET", "GET"]
    # It may be dead in a minute: nobody is told for an hour that it lives.
    assert kept == [""]


@pytest.mark.parametrize("retries", [0, 1])
def test_one_that_died_although_its_answer_was_lost_is_not_said_to_live(retries):
    acme = Acme()

    def decide(asked):
        known, answer = acme.known, acme(asked)
        if asked.method == "DELETE":
            # The first is heard and its answer breaks; by the second, nobody knows the credential.
            return Answer(500 if known else 401)
        return answer

    done, asked, kept = end(decide, retries=retries)
    assert (done.sent, done.accepted, done.dead, kept) == (True, False, True, ["inactive"])
    assert asked == ["GET", *["DELETE"] * (retries + 1), "GET"]
    said = _said(done, REASONS)
    assert said.startswith("dead: the provider calls it inactive")
    assert "still works" not in said


def test_where_nobody_says_what_came_of_it_that_is_said():
    acme = Acme()
    done, _, kept = end(lambda asked: Answer(500) if asked.method == "DELETE" or not acme.known else acme(asked))
    assert (done.after.state, kept) == ("active", [""])
    assert _said(done, REASONS) == "not revoked: the provider has an error of its own; it still works"
    sent = []

    def gone(asked):
        sent.append(asked.method)
        return Answer(500) if "DELETE" in sent else acme(asked)

    done, _, kept = end(gone)
    assert (done.accepted, done.after.state, kept) == (False, "unknown", [""])
    assert _said(done, REASONS) == "whether it is revoked is not known: the provider has an error of its own"


def test_where_nobody_answers_nothing_is_called_dead():
    done, _, kept = end(lambda asked: Answer(204 if asked.method == "DELETE" else 503))
    assert (done.sent, done.accepted, done.dead, done.after.state, kept) == (True, True, False, "unknown", [""])


def test_a_word_of_a_proxy_is_not_taken_for_the_end():
    done, _, _ = end(lambda asked: Answer(200, "<html>guest network</html>"))
    assert (done.accepted, done.after.state) == (False, "unknown")


def test_what_was_sent_is_said_after_ctrl_c(monkeypatch):
    async def interrupted(_):
        raise KeyboardInterrupt

    (job,) = plan([candidate(VALUE)], tables(revoke=ENDS), QUICK, Nowhere()).jobs
    with provider(Acme()) as server:
        monkeypatch.setattr(asyncio, "sleep", interrupted)
        done = revoke(job, QUICK, Nowhere(), network=Rerouted(QUICK, server.url), pauses=(0.0,))
    assert (done.sent, done.accepted, done.after.reason) == (True, False, "interrupted")
    assert _said(done, REASONS) == "whether it is revoked is not known: the run was interrupted first"


def test_what_is_forgotten_is_not_known_again(tmp_path):
    memory = Memory(str(tmp_path).encode(), 3600.0, lambda: 5.0)
    key, other = (Secret(b"a"),), (Secret(b"b"),)
    memory.put(key, Verdict("active"))
    memory.put(other, Verdict("active"))
    memory.forget(key)
    memory.forget(key)
    assert memory.get(key) is None
    assert memory.get(other) is not None
    memory.close()


@pytest.mark.parametrize("name", sorted(ENDING))
def test_every_table_ends_what_it_is_given(name):
    """The documented request goes to the provider with the credential in it, and its check finds it dead afterwards."""
    table, known = ENDING[name] | {"rate": 1000.0}, documented(name)
    answers = {answer["verdict"]: answer for answer in reversed(known["answer"])}
    value = value_of(name)
    ended = []

    def decide(asked):
        assert holds(asked, value)
        wanted = table["revoke"]["url"].partition("://")[2].partition("/")[2].replace("{secret}", value)
        if asked.method == table["revoke"]["method"] and (asked.path == f"/{wanted}" or (asked.method == "DELETE" and table["url"] == "{secret}")):
            ended.append(asked)
            status, body = table["revoke"]["done"]["status"][0], dict(table["revoke"]["done"].get("json", ()))
            return Answer(status, body if status != 204 else "")
        return answer_of(answers["inactive" if ended else "active"])

    settings = QUICK._replace(retries=0, rate=1000.0)
    (job,) = plan([candidate(value, table["rules"][0], parts=known.get("parts", {}))], Tables([table]), settings, Nowhere()).jobs
    assert value not in repr(call_of(job))
    with provider(decide) as server:
        done = revoke(job, settings, Nowhere(), network=Rerouted(settings, server.url), pauses=(0.0,))
    assert (done.accepted, done.dead, len(ended)) == (True, True, 1)
    hosts = {one.headers["X-Meant-For"] for one in server.asked}
    assert len(hosts) == 1
