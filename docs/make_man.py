"""Writes the manual pages of man/ from the commands themselves: ``python docs/make_man.py`` (with leaksieve installed)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from leaksieve import __version__
from leaksieve.cli.lazy import LazyGroup
from leaksieve.cli.root import root

DOCS = Path(__file__).parent
FOLDER = DOCS.parent / "man"
EXIT_CODES = DOCS / "exit-codes.md"
FILES = (
    (
        "leaksieve.toml, .leaksieve.toml, pyproject.toml",
        "The configuration, at the top of what is scanned; the first that is there counts, of pyproject.toml the table [tool.leaksieve].",
    ),
)
ENVIRONMENT = (
    ("LEAKSIEVE_KEY", "The key of fingerprints, where they are to tell nothing to those who have not got it."),
    ("LEAKSIEVE_CACHE_DIR", "Where what is kept of histories and rules goes, in place of the user's cache folder."),
    ("NO_COLOR, FORCE_COLOR, COLUMNS", "Whether output has colours, and how wide it is."),
)


def pages() -> dict[str, str]:
    """Every page by the name of its file."""
    ctx = click.Context(root, info_name="leaksieve")
    commands = [("leaksieve", root, root.help or ""), *_walk(root, ctx)]
    names = [path.replace(" ", "-") for path, _, _ in commands]
    return {f"{path.replace(' ', '-')}.1": _page(path, command, about, names) for path, command, about in commands}


def _walk(group: LazyGroup, ctx: click.Context) -> list[tuple[str, click.Command, str]]:
    out: list[tuple[str, click.Command, str]] = []
    for name in group.list_commands(ctx):
        entry = group.entries[name]
        command = group.get_command(ctx, name) if entry.home else None
        if command is None:
            continue
        out.append((f"{ctx.command_path} {name}", command, entry.about))
        if isinstance(command, LazyGroup):
            out += _walk(command, click.Context(command, parent=ctx, info_name=name))
    return out


def _page(path: str, command: click.Command, about: str, names: list[str]) -> str:
    name = path.replace(" ", "-")
    ctx = click.Context(command, info_name=path, max_content_width=200)
    out = [f'.TH {_quoted(name.upper())} 1 "" {_quoted(f"leaksieve {__version__}")} "leaksieve"', ".SH NAME", f"{_text(name)} \\- {_text(_line(about))}"]
    usage = " ".join(command.collect_usage_pieces(ctx))
    out += [".SH SYNOPSIS", f".B {_text(path)}", _text(usage)]
    out += [".SH DESCRIPTION"]
    for paragraph in re.split(r"\n\s*\n", command.help or about):
        out += [".PP", _text(" ".join(paragraph.split()))]
    if isinstance(command, LazyGroup):
        out.append(".SH COMMANDS")
        for inner, entry in command.entries.items():
            if entry.home:
                out += _item(f"{name}-{inner}(1)", entry.about)
    records = [one.get_help_record(ctx) for one in command.get_params(ctx) if isinstance(one, click.Option)]
    options = [record for record in records if record is not None]
    if options:
        out.append(".SH OPTIONS")
        for left, right in options:
            out += _item(left, " ".join(right.split()))
    out.append(".SH EXIT STATUS")
    for code, meaning in _exit_codes():
        out += _item(code, meaning)
    if path == "leaksieve":
        for title, rows in (("FILES", FILES), ("ENVIRONMENT", ENVIRONMENT)):
            out.append(f".SH {title}")
            for left, right in rows:
                out += _item(left, right)
    parent = name.rpartition("-")[0] if name.count("-") else ""
    related = [other for other in names if other != name and (name == "leaksieve" or other in {parent, "leaksieve"} or other.startswith(name + "-"))]
    out += [".SH SEE ALSO", ", ".join(f"\\fB{_text(other)}\\fR(1)" for other in related)]
    return "\n".join(out) + "\n"


def _exit_codes() -> list[tuple[str, str]]:
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", EXIT_CODES.read_text(encoding="utf-8"), re.MULTILINE)
    return [(code, re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", meaning).replace("`", "")) for code, meaning in rows]


def _item(left: str, right: str) -> list[str]:
    return [".TP", f".B {_text(left)}", _text(right)]


def _line(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


def _text(text: str) -> str:
    """Escape what roff takes for its own: a hyphen is one that can be copied, and no line begins with a command."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text


def _quoted(text: str) -> str:
    return '"' + _text(text).replace('"', "") + '"'


def main() -> None:
    """Write the pages, and take away those of commands that are gone."""
    FOLDER.mkdir(exist_ok=True)
    made = pages()
    for old in FOLDER.glob("*.1"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
