"""Completes ids of rules in a shell."""

from __future__ import annotations

import click


def rule_names(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Ids that begin with what was typed; none where the rules cannot be loaded, since nobody would see why."""
    from leaksieve.errors import LeaksieveError
    from leaksieve.ruleset import load

    try:
        ids = load(ctx.params.get("extra") or ()).ids
    except LeaksieveError:
        return []
    return [rule_id for rule_id in ids if rule_id.startswith(incomplete)]
