"""Credentials that end themselves: the one request of a table's `revoke`, and whether its check says afterwards that they are dead."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from leaksieve.verifiers.answers import DEAD, doubted, meaning
from leaksieve.verifiers.base import ACTIVE, UNKNOWN, Call, Failed, Net, Subject, Verdict
from leaksieve.verifiers.declared import Declared
from leaksieve.verifiers.limits import Budget
from leaksieve.verifiers.memory import Memory
from leaksieve.verifiers.network import BoundNet, Network
from leaksieve.verifiers.plan import Job, hosts_of
from leaksieve.verifiers.run import UNSENT
from leaksieve.verifiers.settings import Settings

# Seconds before each look at what became of it: providers take their time.
PAUSES = (1.0, 4.0, 15.0)


class Revoked(NamedTuple):
    """What came of it.  ``sent`` says that the request was made or tried, ``accepted`` that the provider took it; ``detail`` why not, and
    ``after`` what its check says now.
    """

    sent: bool
    accepted: bool
    detail: str
    after: Verdict

    @property
    def dead(self) -> bool:
        """Whether the provider says that it works no more."""
        return self.after.state in DEAD


class Revoker(Declared):
    """The request of a table's `revoke`, filled in as the check's is."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        own = {key: value for key, value in table.items() if key not in ("method", "url", "headers", "auth", "form", "json", "body")}
        super().__init__({**own, "more": [], **table["revoke"]})

    async def send(self, subject: Subject, net: Net) -> str:
        """Send it; "" where the provider took it, else what it said instead.  Raises Failed."""
        response = await net.request(self._request(self._table, subject, net.endpoint))
        return "" if meaning([self._table["done"]], response) is not None else f"the provider answered with status {response.status}"


def call_of(job: Job) -> Call:
    """The request that would be made first, without anything of the credential.  Raises Failed where it cannot be."""
    return Revoker(job.table).calls(job.subject, job.endpoints[0].rstrip("/"))[0]


def revoke(job: Job, settings: Settings, memory: Memory, *, network: Network | None = None, pauses: Sequence[float] | None = None) -> Revoked:
    """Ask whether the credential lives, have it end itself, and ask again.  Of a job whose table has a `revoke`.

    ``network`` and ``pauses`` are the tests'.  Raises UsageError where the HTTP client is not installed, ConfigError for settings that do not hold.
    """
    sent: list[bool] = []
    try:
        done = asyncio.run(_revoke(job, network or Network(settings), PAUSES if pauses is None else pauses, sent))
    except KeyboardInterrupt:
        if not sent:
            raise
        # What was sent is not taken back: that has to be said.
        done = Revoked(sent=True, accepted=False, detail="interrupted", after=Verdict(UNKNOWN, "interrupted"))
    if done.dead:
        memory.put(job.memory, done.after)
    elif done.sent:
        # Providers take their time: what is true now is not for an hour.
        memory.forget(job.memory)
    return done


async def _revoke(job: Job, network: Network, pauses: Sequence[float], sent: list[bool]) -> Revoked:
    budget = Budget(network.settings.requests)
    async with network:
        nets = [BoundNet(network, budget, hosts_of(job), job.table["ports"], job.table["rate"], endpoint.rstrip("/")) for endpoint in job.endpoints]
        before = [await _asked(job, net) for net in nets]
        living = [index for index, verdict in enumerate(before) if verdict.state == ACTIVE]
        unsure = [index for index, verdict in enumerate(before) if verdict.state not in DEAD]
        if not unsure:
            return Revoked(sent=False, accepted=False, detail="", after=before[0])
        # Where it is known to live; else where nobody says that it is dead.
        first = (living or unsure)[0]
        net = nets[first]
        sent.append(True)
        try:
            refusal = await Revoker(job.table).send(job.subject, net)
        except Failed as failure:
            refusal = failure.reason
        if refusal in UNSENT:
            return Revoked(sent=True, accepted=False, detail=refusal, after=before[first])
        # A refusal as well: the request may have been heard before its answer was lost, or before it was sent again.
        after = Verdict(UNKNOWN, "limit")
        for pause in pauses if not refusal else pauses[:1]:
            await asyncio.sleep(pause)
            after = await _asked(job, net)
            if after.state in DEAD:
                break
        return Revoked(sent=True, accepted=not refusal, detail=refusal, after=after)


async def _asked(job: Job, net: BoundNet) -> Verdict:
    try:
        return doubted(await job.verifier.verify(job.subject, net), job.table)
    except Failed as failure:
        return Verdict(UNKNOWN, failure.reason, failure.detail)
    except Exception:  # what it says may hold the credential
        return Verdict(UNKNOWN, "internal")
