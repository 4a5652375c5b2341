"""A click group whose commands are imported when they run, and not to be listed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple

import click


class Entry(NamedTuple):
    """A command by name: where it lives ("module:attribute", "" for one that comes later) and one line of help."""

    home: str
    about: str


class LazyGroup(click.Group):
    """Lists its commands from a table of strings."""

    def __init__(self, name: str, entries: Mapping[str, Entry], help_text: str) -> None:
        super().__init__(name, help=help_text, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the table's order."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        if not entry.home:
            return _later(f"{ctx.command_path} {cmd_name}", cmd_name, entry.about)
        module, _, attribute = entry.home.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command for the arguments, or name the nearest one."""
        name = args[0]
        if name not in self.entries and not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(name, list(self.entries), 1)
            raise click.UsageError(f"no such command `{name}`" + (f"; did you mean `{near[0]}`?" if near else ""), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the commands' one-line texts without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.about + ("" if entry.home else " (comes later)")) for name, entry in self.entries.items()])


def _later(path: str, name: str, about: str) -> click.Command:
    """Build a stand-in that takes any arguments and says that the command does not exist yet."""

    def answer(**_: object) -> int:
        from leaksieve.errors import UsageError

        raise UsageError("comes with a later version", where=path)

    return click.Command(
        name,
        callback=answer,
        params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
        help=about + " (comes with a later version)",
        context_settings={"ignore_unknown_options": True},
    )
