"""``leaksieve config``: what is in force, whether a file holds, and its schema."""

from __future__ import annotations

import os

import click

from leaksieve.cli.lazy import Entry, LazyGroup
from leaksieve.cli.talk import answer, harmless

_HERE = "leaksieve.cli.commands.config:"
group = LazyGroup(
    "config",
    {
        "show": Entry(_HERE + "show", "Print the configuration in force, and where it comes from."),
        "check": Entry(_HERE + "check", "Check a configuration file."),
        "schema": Entry(_HERE + "schema", "Print the JSON Schema of the configuration file."),
    },
    "Show, check and describe the configuration.",
)


def _root(path: str) -> str:
    from leaksieve.cli.places import project_root
    from leaksieve.errors import UsageError

    if not os.path.exists(path):
        raise UsageError("no such file or directory", where=path)
    return project_root(path)


@click.command("show", help="Print the configuration in force for a target, as TOML, and where it comes from.")
@click.option("-c", "--config", "path", metavar="FILE", help="Configuration file, in place of the repository's own.")
@click.option("--trust-repo-config", "trust", is_flag=True, help="Use the repository's file although it belongs to someone else.")
@click.argument("target", default=".")
def show(path: str | None, trust: bool, target: str) -> int:
    """Print every key with its value."""
    from leaksieve.config import discover
    from leaksieve.config.fields import ALLOW_FIELDS, FIELDS

    found = discover.load(path) if path is not None else discover.discover(_root(target), trusted=True if trust else None)
    lines = [f"# {found.origin}" + (f": {harmless(found.path)}" if found.path else "")]
    lines += [f"# {harmless(note)}" for note in found.notes]
    for key, field in FIELDS.items():
        value = getattr(found.config, key)
        if key in ("allow", "verify", "directory"):
            continue
        if key == "extends":
            lines += [f"# with {harmless(each)}" for each in found.config.extends]
            continue
        if value is None:
            lines.append(f'{key} = "{field.unset}"' if field.unset else f"# {key} is not set")
        else:
            lines.append(f"{key} = {_toml(value)}")
    verify = dict(found.config.verify)
    if verify:
        endpoints = verify.pop("endpoints", {})
        lines += ["", "[verify]", *(f'{key} = "none"' if value is None else f"{key} = {_toml(value)}" for key, value in verify.items())]
        if isinstance(endpoints, dict) and endpoints:
            lines += ["", "[verify.endpoints]", *(f"{_toml(name)} = {_toml(held)}" for name, held in endpoints.items())]
    for entry in found.config.allow:
        lines += ["", "[[allow]]"]
        lines += [f"{key} = {_toml(getattr(entry, key))}" for key in ALLOW_FIELDS if getattr(entry, key)]
    answer("\n".join(lines))
    return 0


@click.command("check", help="Check a configuration file (by default the one of the current repository). Exit 2 if it does not hold.")
@click.argument("path", required=False, metavar="[FILE]")
def check(path: str | None) -> int:
    """Check one file, its lock included; says which one and that it holds."""
    from leaksieve.config import discover

    found = discover.load(path) if path is not None else discover.discover(_root("."), trusted=True)
    if found.config.rules_lock:
        from leaksieve.work import ruleset_for

        ruleset_for(found.config)
    answer("there is no configuration file; the defaults are in force" if found.path is None else f"{harmless(found.path)}: holds")
    return 0


@click.command("schema", help="Print the JSON Schema (draft 2020-12) of leaksieve.toml, for editors.")
def schema() -> int:
    """Print the schema."""
    import json

    from leaksieve.config.schema import schema as build

    answer(json.dumps(build(), indent=2))
    return 0


def _toml(value: object) -> str:
    """Write a value as TOML (JSON's texts are TOML's, save that DEL must be escaped)."""
    import json

    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value).replace("\x7f", "\\u007f")
