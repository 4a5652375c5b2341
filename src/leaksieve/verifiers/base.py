"""What a verifier is: one credential in, one verdict out, through a network that decides what may be reached.

A verifier asks for nothing but the caller's own identity.  It never opens a connection by itself: all it
reaches is reached through :class:`Net`, which vets addresses, holds limits and knows the clock.  Whatever
goes wrong is raised as :class:`Failed` and becomes the verdict "unknown" with that reason; other exceptions
do too, as "internal", and their texts are shown nowhere, since they may hold the credential.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeGuard, TypeVar

from leaksieve.model import EMPTY
from leaksieve.secret import Secret

if TYPE_CHECKING:
    import asyncio
    from socket import socket as Socket

    from leaksieve.net.records import Server

ACTIVE, INACTIVE, EXPIRED, UNKNOWN, CANARY, UNVERIFIABLE = "active", "inactive", "expired", "unknown", "canary", "unverifiable"
STATES = (ACTIVE, INACTIVE, EXPIRED, UNKNOWN, CANARY, UNVERIFIABLE)

# Why a verdict is "unknown" or "unverifiable": the code, and what a person reads.
REASONS = {
    "no-verifier": "no verifier knows this kind of credential",
    "not-asked": "it was left out of what is verified",
    "allowed": "it is allowed, so it was not sent",
    "missing-parts": "what belongs to it was not found",
    "unfit": "it does not fit into the request",
    "not-installed": "what it takes to ask is not installed",
    "no-endpoint": "the provider is self-hosted and no address of it is configured",
    "value-gone": "its value could not be read again",
    "host-not-allowed": "the address is none of the provider's",
    "private-address": "it leads to an address that is not public, where nothing is sent unless `verify.allow_hosts` names it",
    "unresolved": "the name does not resolve",
    "connection": "the connection failed",
    "tls": "the certificate cannot be trusted, or the handshake failed",
    "proxy": "the proxy does not let it through",
    "timeout": "no answer in time",
    "too-large": "the answer is too large",
    "malformed": "the answer cannot be read",
    "redirect": "the answer leads to another place",
    "rate-limited": "the provider takes no more requests now",
    "server-error": "the provider has an error of its own",
    "unexpected": "the answer is none that the provider documents",
    "no-difference": "the endpoint does not tell: it answers a made-up credential alike",
    "no-control": "the endpoint did not answer a made-up credential, so its answer says nothing",
    "limit": "the limit of requests is reached",
    "interrupted": "the run was interrupted first",
    "internal": "the verifier failed",
    "offline": "there is nobody to ask about it",
    "elsewhere": "the server that was asked does not take it, which says nothing of others",
    "encrypted": "it is encrypted, and its passphrase is not known",
}

# Said with "private-address" of those that no configuration opens.
NEVER = "never to this one: clouds hand out their machines' credentials there"

# What a provider tells of a credential: who it is, and what it may do.  Reports keep this order.
IDENTITY = ("account", "organisation", "team", "user", "name", "email", "kind")
ACCESS = ("scopes", "permissions", "resources", "plan", "created", "expires", "last_used")
TOLD = (*IDENTITY, *ACCESS)

# Longer texts of a provider are none that a person reads.
LONGEST = 200


def is_tellable(value: object) -> TypeGuard[str]:
    """Whether what a provider says is a text that may be shown: printable, not empty, up to 200 characters."""
    return isinstance(value, str) and value.isprintable() and 0 < len(value) <= LONGEST


class Failed(Exception):  # noqa: N818 - says what happened, as Skip does
    """A check that came to no answer: a code of :data:`REASONS`, and a phrase without anything of the credential or the answer."""

    def __init__(self, reason: str, detail: str = "") -> None:
        assert reason in REASONS, reason
        self.reason = reason
        self.detail = detail
        super().__init__(reason)


class Subject(NamedTuple):
    """One credential to ask about: the rule that found it, its value, the parts that belong to it (named as in the rule's
    `parts`, and as the pattern's further groups), and what offline checks read out of it.
    """

    rule_id: str
    secret: Secret
    parts: Mapping[str, Secret] = EMPTY
    details: Mapping[str, object] = EMPTY

    def text(self, name: str = "secret") -> str:
        """The secret, or a part, as text.  Failed("missing-parts") where there is none, Failed("unfit") where it is no UTF-8."""
        held = self.secret if name == "secret" else self.parts.get(name)
        if held is None:
            raise Failed("missing-parts", f"no {name} stands near it")
        try:
            return held.reveal().decode()
        except UnicodeDecodeError:
            raise Failed("unfit", f"its {name} is no text") from None

    def optional(self, name: str) -> str:
        """A part as text, "" where there is none; as :meth:`text` else."""
        return self.text(name) if name in self.parts else ""


class Verdict(NamedTuple):
    """What came out.  ``state`` is one of :data:`STATES`; ``reason`` a code of :data:`REASONS` where nothing is known.

    ``evidence`` may hold ``host``, ``status``, ``matched`` (conditions that held, as texts) and ``control`` ("different",
    "none"); ``told`` has keys of :data:`TOLD`.  Neither holds a body, nor anything of the secret.
    ``privileged`` says that it may do nearly anything there.
    """

    state: str
    reason: str = ""
    detail: str = ""
    evidence: Mapping[str, object] = EMPTY
    told: Mapping[str, object] = EMPTY
    privileged: bool = False


class Request:
    """An HTTP request.  ``url`` is whole and encoded, ``body`` bytes; shows nothing of itself but method and host."""

    __slots__ = ("body", "headers", "host", "method", "url")

    def __init__(self, method: str, url: str, headers: Mapping[str, str] = EMPTY, body: bytes = b"") -> None:
        from urllib.parse import urlsplit

        self.method = method
        self.url = url
        self.headers = dict(headers)
        self.body = body
        self.host = urlsplit(url).hostname or ""

    def __repr__(self) -> str:
        return f"Request({self.method} {self.host})"


class Response:
    """An answer: ``headers`` have lower-case names; ``body`` is whole and bounded.  Shows nothing of itself but its status."""

    __slots__ = ("_parsed", "body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body
        self._parsed: Any = Ellipsis

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        if self._parsed is Ellipsis:
            try:
                self._parsed = json.loads(self.body)
            except (ValueError, RecursionError):
                self._parsed = None
        return self._parsed

    def __repr__(self) -> str:
        return f"Response({self.status})"


class Call(NamedTuple):
    """One call a verifier would make, for the egress plan: ``what`` holds nothing of the credential ("GET /user", "login")."""

    host: str
    port: int
    what: str


_T = TypeVar("_T")


class Net(Protocol):
    """The one way out of a verifier, bound to the hosts its table allows and to the limits of the run.

    ``endpoint`` is the user's own address of this provider (``[verify.endpoints]``), without a slash at the end; "" where
    none is configured (of several, each is asked by itself).  ``timeout`` is how many seconds one call may take.
    All methods raise Failed.
    """

    @property
    def endpoint(self) -> str:
        """The user's own address, or ""."""

    @property
    def timeout(self) -> float:
        """Seconds a call may take."""

    async def request(self, request: Request) -> Response:
        """Send a request and read its answer; follows no redirect to another place, retries what is worth it (429, 5xx)."""

    async def connect(self, host: str, port: int, *, tls: bool = False) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection to a vetted address, with the host's own name for the certificate; counts as one call."""

    async def socket(self, host: str, port: int) -> Socket:
        """A connected, blocking socket (with the timeout set) to a vetted address, for libraries that take one; counts as one call."""

    async def servers(self, service: str, host: str) -> list[Server]:
        """The servers of a service (``_mongodb._tcp``) under a name that the table allows, best first, none where DNS has none."""

    async def texts(self, host: str) -> list[bytes]:
        """The texts that DNS has under a name that the table allows."""

    async def blocking(self, function: Callable[[], _T]) -> _T:
        """Run what blocks in a thread, for no longer than the timeout."""

    def tls(self) -> ssl.SSLContext:
        """The context with the authorities that the user trusts."""


class Verifier(Protocol):
    """One way to ask; made once a run from its table, and used for many credentials at a time.

    It may have a method ``hosts(subject)``: those that the credential names by itself, in place of fields in the table's ``hosts``;
    and a method ``look(folder)``, which is told the scanned folder before the first credential comes.
    """

    def calls(self, subject: Subject, endpoint: str, /) -> Sequence[Call]:
        """The calls that :meth:`verify` would make, without any network; ``endpoint`` is the Net's.  Raises Failed where it would not come to any."""

    async def verify(self, subject: Subject, net: Net) -> Verdict:
        """Ask.  Raises Failed where there is no answer."""
