"""What would be sent where: which credentials can be asked about, each once, and every call that takes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from hashlib import sha256
from importlib import import_module
from typing import Any, NamedTuple

from leaksieve.engine.canary import is_canary
from leaksieve.errors import RulesetError
from leaksieve.net.address import Allowed, is_this_machine, literal, never, refused
from leaksieve.ruleset.verify_load import Tables
from leaksieve.secret import Secret
from leaksieve.verifiers import CODE
from leaksieve.verifiers.address import allowed_of, host_of, own_place
from leaksieve.verifiers.base import CANARY, UNKNOWN, UNVERIFIABLE, Call, Failed, Subject, Verdict, Verifier
from leaksieve.verifiers.declared import Declared
from leaksieve.verifiers.memory import Memory
from leaksieve.verifiers.settings import Settings

# Failures that are known before anything is sent, and mean that nothing ever could be.
_NEVER = {"no-verifier", "missing-parts", "unfit", "not-installed", "no-endpoint"}


class Candidate(NamedTuple):
    """A finding's credential.  ``key`` is its fingerprint, ``names`` its rule's id and former ids; ``trusted`` says that the rule is
    built in or the user's own, ``prefix`` is what all its values begin with, ``withheld`` a reason of REASONS not to send it, or "".
    """

    key: str
    subject: Subject
    names: tuple[str, ...]
    trusted: bool
    prefix: bytes = b""
    withheld: str = ""


class Result(NamedTuple):
    """A verdict, the id of the table that gave it, when (seconds since 1970; None: it was not asked) and whether it was kept from before."""

    verdict: Verdict
    verifier: str = ""
    checked: float | None = None
    cached: bool = False


class Job(NamedTuple):
    """One credential to ask about, for every finding (``keys``) that holds it."""

    table: Mapping[str, Any]
    verifier: Verifier
    subject: Subject
    prefix: bytes
    endpoints: Sequence[str]
    calls: Sequence[Call]
    memory: tuple[Secret, ...]
    keys: list[str]


class Line(NamedTuple):
    """One line of the egress plan: a call, how many credentials it is made for, and whether a made-up one is sent as well.

    ``refused`` says that its host is an address that nothing is sent to: it is not public, and the user did not allow it.
    """

    verifier: str
    host: str
    port: int
    what: str
    credentials: int
    control: bool
    refused: bool = False


class EgressPlan(NamedTuple):
    """What would be done: ``settled`` needs no call.  ``allowed`` are the hosts that may be reached although they are not public."""

    jobs: list[Job]
    settled: dict[str, Result]
    allowed: Allowed = Allowed()

    @property
    def lines(self) -> list[Line]:
        """Every call, by host."""
        counts: Counter[tuple[str, Call, bool, bool]] = Counter()
        for job in self.jobs:
            asked = job.table["control"] == "bearer"
            for number, call in enumerate(job.calls):
                closed = self._is_refused(job, call)
                control = asked and not closed and number % max(1, len(job.calls) // len(job.endpoints)) == 0
                counts[str(job.table["id"]), call, control, closed] += 1
        return sorted(Line(name, call.host, call.port, call.what, count, control, closed) for (name, call, control, closed), count in counts.items())

    def _is_refused(self, job: Job, call: Call) -> bool:
        """Whether nothing would be sent there; told of addresses alone, since no name is resolved for a plan."""
        if literal(call.host) is None:
            return False
        # A server that the user names for the provider may stand in a private network.
        return refused(call.host, call.host, self.allowed) and not (any(job.endpoints) and not never(call.host))

    @property
    def unencrypted(self) -> list[str]:
        """The servers, as HOST or HOST:PORT, that credentials would go to over plain http: the user's own addresses, without those of this machine."""
        places = [own_place(endpoint) for job in self.jobs for endpoint in job.endpoints if endpoint]
        return sorted({place.authority for place in places if place.scheme == "http" and not is_this_machine(place.host)})

    @property
    def unread(self) -> list[str]:
        """The checks in it whose answers nobody has held against the provider's page yet."""
        return sorted({str(job.table["id"]) for job in self.jobs if not job.table["read"]})


def plan(candidates: Iterable[Candidate], tables: Tables, settings: Settings, memory: Memory) -> EgressPlan:
    """Sort out what needs no call, and fold the rest: one job for each distinct credential.  Of the tables :func:`check_code` holds."""
    made: dict[str, Verifier] = {}
    jobs: dict[tuple[Secret, ...], Job] = {}
    settled: dict[str, Result] = {}
    for one in candidates:
        table = tables.of(*one.names) if one.trusted else None
        name = str(table["id"]) if table is not None else ""
        try:
            if _is_canary(one.subject):
                settled[one.key] = Result(Verdict(CANARY, detail="never tried: its owner would be told"))
                continue
            if one.withheld:
                raise Failed(one.withheld)
            if table is None:
                raise Failed("no-verifier")
            if settings.only and not any(fnmatchcase(known, glob) for known in (*one.names, name) for glob in settings.only):
                raise Failed("not-asked")
            verifier = made.get(name)
            if verifier is None:
                verifier = made[name] = _verifier(table, settings)
            endpoints = list(settings.endpoints.get(table["endpoint"], ())) if table["endpoint"] else []
            if "code" in table and not (table["hosts"] or endpoints or table["offline"]):
                raise Failed("no-endpoint", f"see `verify.endpoints.{table['endpoint']}`")
            calls = [call for endpoint in endpoints or [""] for call in verifier.calls(one.subject, endpoint.rstrip("/"))]
        except Failed as failure:
            settled[one.key] = Result(Verdict(UNVERIFIABLE if failure.reason in _NEVER else UNKNOWN, failure.reason, failure.detail), name)
            continue
        key = _key(table, one.subject, endpoints)
        job = jobs.get(key)
        if job is not None:
            job.keys.append(one.key)
            continue
        jobs[key] = Job(table, verifier, one.subject, one.prefix, endpoints or [""], calls, key, [one.key])
    for key, job in list(jobs.items()):
        known = memory.get(key)
        if known is not None:
            verdict, given = known
            settled |= dict.fromkeys(job.keys, Result(verdict, str(job.table["id"]), given, cached=True))
            del jobs[key]
    return EgressPlan(list(jobs.values()), settled, allowed_of(settings))


def hosts_of(job: Job) -> list[str]:
    """The hosts a job may reach: those of its table, in place of names in braces parts of the credential or what its verifier reads there.  Raises Failed."""
    named: Callable[[Subject], Sequence[str]] | None = getattr(job.verifier, "hosts", None)
    if named is not None:
        return [*(host for host in job.table["hosts"] if not host.startswith("{")), *map(_pattern, named(job.subject))]
    return [host_of(job.subject.text(host[1:-1])) if host.startswith("{") else host for host in job.table["hosts"]]


def _pattern(host: str) -> str:
    return "*." + host_of(host[2:]) if host.startswith("*.") else host_of(host)


def _is_canary(subject: Subject) -> bool:
    return any(is_canary(held.reveal()) for held in (subject.secret, *subject.parts.values()))


def _key(table: Mapping[str, Any], subject: Subject, endpoints: Sequence[str]) -> tuple[Secret, ...]:
    """What tells one question from another: the whole table, where it is sent, the value, and the parts it needs."""
    needs = table.get("needs")
    parts = [(name, part) for name, part in sorted(subject.parts.items()) if needs is None or name in needs]
    asked = json.dumps([table, list(endpoints)], sort_keys=True, default=str).encode()
    return (Secret(sha256(asked).digest()), subject.secret, *(held for name, part in parts for held in (Secret(name.encode()), part)))


def _verifier(table: Mapping[str, Any], settings: Settings) -> Verifier:
    if "code" not in table:
        return Declared(table)
    module, _, function = CODE[table["code"]].partition(":")
    try:
        made: Verifier = getattr(import_module(module), function)(table)
    except ImportError as error:
        raise Failed("not-installed", f"install leaksieve[verify] ({error.name} is missing)") from None
    look: Callable[[bytes], None] | None = getattr(made, "look", None)
    if look is not None and settings.folder is not None:
        look(settings.folder)
    return made


def check_code(tables: Tables) -> None:
    """Raise RulesetError for a table that names code that is not there: said before a scan, not behind it."""
    for table in tables.all:
        if "code" in table and table["code"] not in CODE:
            raise RulesetError(f"there is no code named `{table['code']}`", where=f"verify {table['id']}")
