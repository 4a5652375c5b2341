"""The options of live checks, which scanning commands and ``leaksieve verify`` share."""

from __future__ import annotations

import click


def verify_options() -> list[click.Option]:
    """Build them, in the order of the help."""
    option = click.Option
    return [
        option(["--verify"], is_flag=True, help="Ask providers which credentials are alive: sends them there. Says before what goes where."),
        option(["--verify-plan"], is_flag=True, help="Say what --verify would send where, and send nothing."),
        *further(),
    ]


def further() -> list[click.Option]:
    """Build those that say how."""
    option = click.Option
    return [
        option(["--verify-only"], multiple=True, metavar="RULE", help="Ask about these rules alone (id or glob); repeatable."),
        *reaching(),
        option(
            ["--verify-ssh"], multiple=True, metavar="USER@HOST", help="Try private keys at this SSH server (HOST or HOST:PORT), without a shell; repeatable."
        ),
        option(
            ["--no-verify-cache", "verify_cache"], flag_value=False, is_flag=True, default=None, type=bool, help="Ask again whatever was asked within the hour."
        ),
        option(["--only-verified"], is_flag=True, help="Report findings alone that are active."),
        option(["--fail-on-verified"], is_flag=True, help="Exit 1 for findings alone that are active."),
    ]


def reaching() -> list[click.Option]:
    """Build those that say where and how long, which `leaksieve revoke` has as well."""
    option = click.Option
    return [
        option(["--verify-endpoint"], multiple=True, metavar="NAME=URL", help="Address of a self-hosted provider, asked in place of the usual one."),
        option(["--verify-config"], metavar="FILE", help="File with the [verify] table: endpoints, limits, authorities."),
        option(["--verify-timeout"], metavar="TIME", help="Time one request may take.  [default: 10s]"),
    ]


def rereading() -> list[click.Option]:
    """Build those of commands that read a report's values again from where they stand."""
    option = click.Option
    return [
        option(["-c", "--config", "config"], metavar="FILE", help="Configuration file, in place of the repository's own."),
        option(["--rules"], multiple=True, metavar="PATH", help="Further rule file or folder."),
        option(["--no-repo-config", "repo_config"], flag_value=False, is_flag=True, default=True, help="Ignore the configuration in the scanned repository."),
        option(["--trust-repo-config"], is_flag=True, help="Use it although the repository belongs to someone else."),
        option(["--allow-root"], multiple=True, metavar="DIR", help="Follow links and alternates of repositories into this folder, too."),
    ]


def talking() -> list[click.Option]:
    """Build those that say how much is said."""
    return [
        click.Option(["-q", "--quiet"], is_flag=True, help="Say nothing on stderr but errors."),
        click.Option(["-v", "--verbose"], count=True, help="Say more; twice for still more."),
    ]
