"""Records of DNS other than addresses, asked of the name servers that the system is configured with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Server(NamedTuple):
    """One server of a service (SRV, RFC 2782): the lower ``priority`` comes first; ``host`` has no dot at its end."""

    priority: int
    weight: int
    port: int
    host: str


class Records:
    """Looks records up.  ``nameservers`` (addresses) and their ``port`` are the tests' way to decide who answers.

    Both methods give an empty list where there is no such record, raise OSError where nobody answers or the answer cannot be read,
    TimeoutError for no answer within ``seconds``, and ImportError where dnspython is not installed.
    """

    def __init__(self, nameservers: Sequence[str] = (), port: int = 53) -> None:
        self._nameservers = list(nameservers)
        self._port = port

    async def servers(self, name: str, seconds: float) -> list[Server]:
        """The servers of a service, such as ``_mongodb._tcp.db.example.com``."""
        found = [Server(one.priority, one.weight, one.port, one.target.to_text(omit_final_dot=True).lower()) for one in await self._look(name, "SRV", seconds)]
        return sorted(found)

    async def texts(self, name: str, seconds: float) -> list[bytes]:
        """The texts of a name, each whole."""
        return [b"".join(one.strings) for one in await self._look(name, "TXT", seconds)]

    async def _look(self, name: str, kind: str, seconds: float) -> list[Any]:
        from dns.asyncresolver import Resolver
        from dns.exception import DNSException, Timeout
        from dns.resolver import NXDOMAIN, NoAnswer

        try:
            resolver = Resolver(configure=not self._nameservers)
            if self._nameservers:
                resolver.nameservers = list(self._nameservers)
                resolver.port = self._port
            # The name is whole: the system's own domains are not tried behind it.
            answer = await resolver.resolve(name + ".", kind, lifetime=seconds, search=False)
        except (NXDOMAIN, NoAnswer):
            return []
        except Timeout:
            raise TimeoutError from None
        except (DNSException, ValueError):
            raise OSError("no answer that can be read") from None
        return list(answer)
