"""Live checks against servers of this machine: everything real but where the provider's name leads."""

from __future__ import annotations

from leaksieve.secret import Secret
from leaksieve.verifiers.address import place_of
from leaksieve.verifiers.base import Request, Subject
from leaksieve.verifiers.memory import Memory
from leaksieve.verifiers.network import Network
from leaksieve.verifiers.plan import Candidate, plan
from leaksieve.verifiers.run import carry_out
from leaksieve.verifiers.settings import Settings

# Nothing waits for long, and nothing is kept.
QUICK = Settings(timeout=10.0, backoff=0.01, patience=0.05, rate=100.0, cache_age=0.0)


async def loopback(_host, _port):
    return ["127.0.0.1"]


class Rerouted(Network):
    """Sends every request to a server of this machine, under the provider's own name."""

    def __init__(self, settings, url):
        super().__init__(settings._replace(allow_hosts=("127.0.0.1",)), loopback)
        self._url = url

    async def send(self, request, place, *, own):
        path = request.url.partition("://")[2].partition("/")[2]
        moved = Request(request.method, f"{self._url}/{path}", {**request.headers, "X-Meant-For": place.host}, request.body)
        return await super().send(moved, place_of(moved.url), own=own)


def subject(value, rule="acme-token", **parts):
    return Subject(rule, Secret(value.encode()), {name: Secret(part.encode()) for name, part in parts.items()}, {})


def candidate(value, rule="acme-token", key=None, **more):
    parts = more.pop("parts", {})
    return Candidate(key or f"{rule} {value}", subject(value, rule, **parts), (rule,), **{"trusted": True, **more})


def ask(candidates, tables, settings=QUICK, network=None, memory=None):
    """Plan and carry out; the run's results."""
    memory = memory or Memory(None, 0, lambda: 0.0)
    return carry_out(plan(candidates, tables, settings, memory), settings, memory, network=network)


def verdict(value, tables, settings=QUICK, network=None, **more):
    """The verdict on one credential."""
    (result,) = ask([candidate(value, **more)], tables, settings, network).results.values()
    return result.verdict
