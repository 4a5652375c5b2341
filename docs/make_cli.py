"""Writes docs/cli.md from the commands themselves: ``python docs/make_cli.py`` (with leaksieve installed)."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from leaksieve.cli.lazy import LazyGroup
from leaksieve.cli.options import _parameters
from leaksieve.cli.root import root

PAGE = Path(__file__).parent / "cli.md"
TAKERS = "`scan`, `dir`, `git`, `stdin`, `ci` and `hook` take these; `--no-gitignore` belongs to `scan` and `dir` alone."
NO_GITIGNORE = "`--no-gitignore`"
HEAD = """# Commands

This page is generated from the program (`make docs`); `leaksieve COMMAND --help` says the same.
Exit codes are in [exit-codes.md](exit-codes.md), the keys of the configuration file in [configuration.md](configuration.md).
"""


def page() -> str:
    """The page as Markdown."""
    ctx = click.Context(root, info_name="leaksieve")
    out = [HEAD, "| command | what it does |", "|---|---|"]
    ready, later = [], []
    for path, command, about in _walk(root, ctx):
        (ready if command is not None else later).append((path, command, about))
    out += [f"| [`{path}`](#{path.replace(' ', '-')}) | {_cell(about)} |" for path, command, about in ready if not isinstance(command, LazyGroup)]
    out += ["", "Names that are kept for later versions and say so until then: " + ", ".join(f"`{path}`" for path, _, _ in later) + "."]
    shared = _options(_parameters(ignore_files=True), click.Context(click.Command("scan"), info_name="scan"))
    common = {left for left, _ in shared} - {NO_GITIGNORE}
    out += [
        "",
        "## Common options",
        "",
        TAKERS,
        "",
    ]
    out += _table(shared)
    for path, command, _ in ready:
        if command is None or isinstance(command, LazyGroup):
            continue
        inner = click.Context(command, info_name=path, max_content_width=200)
        usage = " ".join([path, *command.collect_usage_pieces(inner)])
        out += ["", f"## {path}", "", f"    {usage}", "", " ".join((command.help or "").split())]
        own = _options(command.params, inner)
        takes_common = common <= {left for left, _ in own}
        if takes_common:
            own = [row for row in own if row[0] not in common and row[0] != NO_GITIGNORE]
        if own:
            out += ["", *_table(own)]
        if takes_common:
            out += ["", ("And" if own else "Takes") + " the [common options](#common-options)."]
    return "\n".join(out) + "\n"


def _walk(group: LazyGroup, ctx: click.Context) -> list[tuple[str, click.Command | None, str]]:
    """(path, command or None for a later one, one line) for every command, groups followed by what they hold."""
    out: list[tuple[str, click.Command | None, str]] = []
    for name in group.list_commands(ctx):
        path = f"{ctx.command_path} {name}"
        entry = group.entries[name]
        command = group.get_command(ctx, name) if entry.home else None
        out.append((path, command, entry.about))
        if isinstance(command, LazyGroup):
            out += _walk(command, click.Context(command, parent=ctx, info_name=name))
    return out


def _options(parameters: list[click.Parameter], ctx: click.Context) -> list[tuple[str, str]]:
    """(names with metavar, help) of each option."""
    rows = []
    for parameter in parameters:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            names = [f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts)]
            if not parameter.is_flag and not parameter.count:
                names[-1] = f"{names[-1][:-1]} {_metavar(parameter, ctx)}`"
            rows.append((", ".join(names), _cell(" ".join((parameter.help or "").split()))))
    return rows


def _metavar(option: click.Option, ctx: click.Context) -> str:
    if isinstance(option.type, click.Choice):
        # A bar would end the table's cell.
        return " / ".join(str(choice) for choice in option.type.choices)
    return option.make_metavar(ctx)


def _table(rows: list[tuple[str, str]]) -> list[str]:
    return ["| option | meaning |", "|---|---|", *(f"| {left} | {right} |" for left, right in rows)]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    if sys.argv[1:] == ["-"]:
        sys.stdout.write(page())
    else:
        PAGE.write_text(page(), encoding="utf-8")
