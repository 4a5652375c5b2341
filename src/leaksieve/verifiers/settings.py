"""What the user lets a run of live checks do; never taken from a scanned repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from leaksieve.model import EMPTY


class Settings(NamedTuple):
    """Times in seconds.

    ``timeout`` is for one request with its answer, ``total`` for all of a run; ``requests`` is how many one provider
    gets in a run, ``rate`` how many a second its host gets at most (a table may say less), ``concurrency`` how many at a time.
    ``retries`` follow a 429, a 5xx or a broken connection, after ``backoff`` and then twice as long each time, or as long as the provider asks for, but
    no longer than ``patience``.  ``endpoints`` are the addresses of self-hosted providers by name, ``allow_hosts`` hosts and
    networks that may be reached although they are not public.  ``ca_file`` names further authorities.  ``proxy`` is an http URL, ``no_proxy`` the
    hosts that are reached without it, as the environment writes them.  ``cache_age`` is how old a kept verdict may be, 0 keeps none.
    ``folder`` is the one that is scanned, where public halves of keys are looked for; None where none is.
    ``only`` and ``cache_dir`` (None: the user's) say which rules are asked about, and where verdicts are kept.
    """

    timeout: float = 10.0
    total: float = 900.0
    requests: int = 1000
    rate: float = 10.0
    concurrency: int = 4
    retries: int = 2
    backoff: float = 1.0
    patience: float = 30.0
    max_body: int = 256 * 1024
    endpoints: Mapping[str, Sequence[str]] = EMPTY
    allow_hosts: Sequence[str] = ()
    ca_file: str | None = None
    proxy: str | None = None
    no_proxy: str = ""
    cache_age: float = 3600.0
    cache_dir: bytes | None = None
    only: Sequence[str] = ()
    folder: bytes | None = None
