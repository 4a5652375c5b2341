"""``leaksieve completion``: the script that makes a shell complete commands and options."""

from __future__ import annotations

import click

from leaksieve.cli.talk import answer


@click.command("completion", help='Print the completion script of a shell; for bash: eval "$(leaksieve completion bash)".')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print click's script for the shell."""
    from click.shell_completion import get_completion_class

    from leaksieve.cli.root import root

    kind = get_completion_class(shell)
    assert kind is not None
    complete = kind(root, {}, "leaksieve", "_LEAKSIEVE_COMPLETE")
    # Not source(): for bash that runs the bash found first to ask its version.
    answer(complete.source_template % complete.source_vars())
    return 0
