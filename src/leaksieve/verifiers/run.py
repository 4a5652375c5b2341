"""Carrying out an egress plan: bounded, once for each credential, with a made-up one before "active" is said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from leaksieve.verifiers.answers import doubted
from leaksieve.verifiers.base import ACTIVE, EXPIRED, INACTIVE, UNKNOWN, Failed, Subject, Verdict
from leaksieve.verifiers.decoy import decoy
from leaksieve.verifiers.limits import LEFT_ALONE, Budget
from leaksieve.verifiers.memory import Memory
from leaksieve.verifiers.network import BoundNet, Network
from leaksieve.verifiers.plan import EgressPlan, Job, Result, hosts_of
from leaksieve.verifiers.settings import Settings

# Reasons for which nothing had left yet.
UNSENT = {"host-not-allowed", "private-address", "unresolved", "limit", "unfit", "missing-parts", "no-endpoint", "offline"}
# Of several addresses the best answer counts; an inactive one says nothing while another is unknown.
_ORDER = (ACTIVE, UNKNOWN, EXPIRED, INACTIVE)


class Ran:
    """The results of a run by fingerprint, and whether Ctrl-C ended it early."""

    def __init__(self) -> None:
        self.results: dict[str, Result] = {}
        self.interrupted = False


def carry_out(plan: EgressPlan, settings: Settings, memory: Memory, *, network: Network | None = None, clock: Callable[[], float] = time.time) -> Ran:
    """Ask, and return every verdict; Ctrl-C ends it early and keeps those that are there.

    ``network`` is the tests' way to decide what names mean and where they lead.
    Raises UsageError where the HTTP client is not installed, ConfigError for settings that do not hold.
    """
    ran = Ran()
    ran.results |= plan.settled
    rest = "limit"
    if plan.jobs:
        try:
            asyncio.run(_Run(network or Network(settings), memory, clock, ran).all(plan.jobs))
        except KeyboardInterrupt:
            ran.interrupted = True
            rest = "interrupted"
    for job in plan.jobs:
        for key in job.keys:
            ran.results.setdefault(key, Result(Verdict(UNKNOWN, rest), str(job.table["id"])))
    return ran


class _Run:
    def __init__(self, network: Network, memory: Memory, clock: Callable[[], float], ran: Ran) -> None:
        self._network = network
        self._memory = memory
        self._clock = clock
        self._ran = ran
        self._budgets: dict[str, Budget] = {}
        self._controls: dict[tuple[str, str], asyncio.Task[str]] = {}

    async def all(self, jobs: list[Job]) -> None:
        """Do all jobs, each verifier's by a few workers, so that a slow provider holds up nobody else."""
        queues: dict[str, list[Job]] = {}
        for job in jobs:
            queues.setdefault(str(job.table["id"]), []).append(job)
        async with self._network:
            workers = []
            for name, queue in queues.items():
                self._budgets[name] = Budget(self._network.settings.requests)
                left = iter(queue)
                workers += [asyncio.create_task(self._work(left)) for _ in range(min(len(queue), self._network.settings.concurrency))]
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._network.settings.total):
                        await asyncio.gather(*workers)
            finally:
                # Tasks of control probes are waited for by workers alone.
                for task in (*workers, *self._controls.values()):
                    task.cancel()
                await asyncio.gather(*workers, *self._controls.values(), return_exceptions=True)

    async def _work(self, left: Iterator[Job]) -> None:
        """Do what is left; the workers of a verifier share one iterator."""
        for job in left:
            nets: list[BoundNet] = []
            verdict = await self._verdict(job, nets)
            # What was found in a folder holds for no other.
            if verdict.state != UNKNOWN and not job.table.get("offline"):
                self._memory.put(job.memory, verdict)
            unsent = verdict.reason in UNSENT or (verdict.detail == LEFT_ALONE and not any(net.asked for net in nets))
            result = Result(verdict, str(job.table["id"]), None if unsent else self._clock())
            for key in job.keys:
                self._ran.results[key] = result

    async def _verdict(self, job: Job, nets: list[BoundNet]) -> Verdict:
        """The best verdict of all addresses; ``nets`` gets the way to each."""
        verdicts = []
        for endpoint in job.endpoints:
            verdict = await self._at(job, endpoint.rstrip("/"), nets)
            if verdict.state == ACTIVE:
                return verdict
            verdicts.append(verdict)
        return min(verdicts, key=lambda verdict: _ORDER.index(verdict.state) if verdict.state in _ORDER else len(_ORDER))

    async def _at(self, job: Job, endpoint: str, nets: list[BoundNet]) -> Verdict:
        try:
            net = self._net(job, endpoint)
            nets.append(net)
            verdict = await job.verifier.verify(job.subject, net)
            if verdict.state != ACTIVE:
                return doubted(verdict, job.table)
            if job.table["control"] != "bearer":
                return verdict._replace(evidence={**verdict.evidence, "control": "none"})
            unsure = await self._control(job, endpoint)
            if unsure:
                return Verdict(UNKNOWN, unsure, "", verdict.evidence)
            return verdict._replace(evidence={**verdict.evidence, "control": "different"})
        except Failed as failure:
            return Verdict(UNKNOWN, failure.reason, failure.detail)
        except Exception:  # what it says may hold the credential
            return Verdict(UNKNOWN, "internal")

    def _net(self, job: Job, endpoint: str) -> BoundNet:
        table = job.table
        return BoundNet(self._network, self._budgets[str(table["id"])], hosts_of(job), table["ports"], table["rate"], endpoint)

    async def _control(self, job: Job, endpoint: str) -> str:
        """Why "active" says nothing at this address, or "": asked once a run, with a made-up credential."""
        host = next((call.host for call in job.verifier.calls(job.subject, endpoint)), "")
        key = (str(job.table["id"]), f"{endpoint} {host}")
        task = self._controls.get(key)
        if task is None:
            task = self._controls[key] = asyncio.create_task(self._probe(job, endpoint, decoy(job.subject, job.prefix)))
        # A worker that is cancelled must not take the probe of the others with it.
        return await asyncio.shield(task)

    async def _probe(self, job: Job, endpoint: str, made_up: Subject) -> str:
        try:
            verdict = await job.verifier.verify(made_up, self._net(job, endpoint))
        except Failed as failure:
            # That nothing is found at a made-up place is an answer too.
            return "" if failure.reason == "redirect" else "no-control"
        except Exception:
            return "no-control"
        return "no-difference" if verdict.state == ACTIVE else ""
