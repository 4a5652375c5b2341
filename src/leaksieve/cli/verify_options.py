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
        option(["--verify-endpoint"], multiple=True, metavar="NAME=URL", help="Address of a self-hosted provider, asked in place of the usual one."),
        option(["--verify-config"], metavar="FILE", help="File with the [verify] table: endpoints, limits, authorities."),
        option(["--verify-timeout"], metavar="TIME", help="Time one request may take.  [default: 10s]"),
        option(
            ["--no-verify-cache", "verify_cache"], flag_value=False, is_flag=True, default=None, type=bool, help="Ask again whatever was asked within the hour."
        ),
        option(["--only-verified"], is_flag=True, help="Report findings alone that are active."),
        option(["--fail-on-verified"], is_flag=True, help="Exit 1 for findings alone that are active."),
    ]
