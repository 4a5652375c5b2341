"""Lays the command line over the configuration file, giving the one Config of the run."""

from __future__ import annotations

import os
from collections.abc import Sequence

from leaksieve.cli.request import Options
from leaksieve.config import Config
from leaksieve.config.discover import Found, discover, is_own, load
from leaksieve.errors import UsageError

# Options whose text is checked the way the configuration file's values are.
CHECKED = ("jobs", "max_file_size", "max_decode_depth", "max_archive_depth", "rule_timeout", "timeout", "enable", "disable", "exclude")
PLAIN = (
    *("engine", "confidence", "severity", "fail_on", "inline_allow", "require_reason", "gitignore", "dedupe"),
    *("exit_zero", "allow_incomplete", "require_complete"),
)


def settle(options: Options, roots: Sequence[str], *, foreign: bool = False) -> Found:
    """Return the configuration in force for targets with these roots.

    ``foreign`` says that a repository among them belongs to another user; then neither its
    configuration nor its comments count, unless the user trusts them by name.  Raises UsageError or ConfigError.
    """
    _refuse_later(options)
    foreign = foreign or not all(map(is_own, roots))
    found = _file(options, roots, foreign=foreign)
    config = overlay(found.config, options)
    if foreign and config.inline_allow and not options.trust_repo_config:
        # Whoever can write a file could wave through what it holds.
        note = "comments that allow a finding were not honoured: the files belong to another user; --trust-repo-config honours them"
        return found._replace(config=config._replace(inline_allow=False), notes=(*found.notes, note))
    return found._replace(config=config)


def overlay(config: Config, options: Options) -> Config:
    """Lay what was given on the command line over a configuration.  Raises UsageError."""
    values: dict[str, object] = {name: value for name in PLAIN if (value := getattr(options, name)) is not None}
    given = [name for name in CHECKED if getattr(options, name) not in (None, ())]
    if given:
        from leaksieve.config.fields import FIELDS
        from leaksieve.config.values import check

        for name in given:
            try:
                values[name] = check(FIELDS[name], getattr(options, name))
            except ValueError as error:
                raise UsageError(str(error), where="--" + name.replace("_", "-")) from None
    if options.rules:
        values["rules"] = tuple(_existing(path) for path in options.rules)
    if options.reveal:
        values["reveal"] = True
    if options.require_complete and options.allow_incomplete:
        raise UsageError("--require-complete and --allow-incomplete contradict each other")
    if options.require_complete:
        values["allow_incomplete"] = False
    elif options.allow_incomplete:
        values["require_complete"] = ""
    if not values:
        return config
    from leaksieve.config.read import merge

    return merge(config, values)


def _file(options: Options, roots: Sequence[str], *, foreign: bool) -> Found:
    if options.config is not None:
        return load(options.config)
    if not options.repo_config or not roots:
        return Found(Config())
    trusted = True if options.trust_repo_config else (False if foreign else None)
    found = discover(roots[0], trusted=trusted)
    if any(root != roots[0] for root in roots):
        note = f"the targets have several roots; a configuration was looked for in {roots[0]} alone"
        found = found._replace(notes=(*found.notes, note))
    return found


def _existing(path: str) -> str:
    if not os.path.exists(path):
        raise UsageError(f"{path} does not exist", where="--rules")
    return os.path.abspath(path)


def _refuse_later(options: Options) -> None:
    later = {"--stores": options.stores}
    for name, given in later.items():
        if given:
            raise UsageError("comes with a later version", where=name)
