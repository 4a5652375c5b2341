"""A `[[verify]]` table that holds, to be changed in one place."""

from __future__ import annotations

import tomllib

from leaksieve.ruleset.verify import read_verifiers
from leaksieve.ruleset.verify_load import Tables

WHOLE = """
[[verify]]
id = "acme"
rules = ["acme-token"]
documentation = "https://acme.example/docs"
read = 2026-11-21
good = "200 with the id"
bad = "401"
url = "https://api.acme.example/v1/me"
endpoint = "acme"
auth = "bearer"
rate = 100
answers = [
  { verdict = "active", status = 200, json = { id = { type = "text" } } },
  { verdict = "expired", status = 401, json = { code = "expired" } },
  { verdict = "inactive", status = 401 },
]
tells = { account = "id", scopes = { header = "x-scopes", split = "," } }
privileged = ["admin*"]
"""


def raw(**changes):
    """The table as TOML gives it; a change to None takes the key away."""
    table = tomllib.loads(WHOLE)["verify"][0] | changes
    return {key: value for key, value in table.items() if value is not None}


def table(**changes):
    """The table, read."""
    (read,) = read_verifiers({"verify": [raw(**changes)]}, "acme.toml")
    return read


def tables(*several, **changes):
    return Tables(several or [table(**changes)])
