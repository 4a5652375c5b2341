"""``leaksieve install`` and ``uninstall``: plain git hooks, for those who use no hook manager."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import click

from leaksieve.cli import hookplaces
from leaksieve.cli.hookscript import CLIENT_HOOKS, WRITTEN, put, script, take_away
from leaksieve.cli.talk import Talk, answer, harmless
from leaksieve.errors import UsageError

_Command = Callable[..., int]


def _places(function: _Command) -> _Command:
    for option in (
        click.argument("repo", required=False),
        click.option("--template", is_flag=True, help="In the template that git copies into new repositories (init.templateDir)."),
        click.option("--global", "everywhere", is_flag=True, help="In the folder that stands in for the hooks of all your repositories (core.hooksPath)."),
        click.option("--hook", "hooks", type=click.Choice([*WRITTEN, "agent"]), multiple=True, help="Which hook; repeatable.  [default: pre-commit]"),
    ):
        function = option(function)
    return function


@click.command(
    "install",
    help="""Write git hooks that check what is committed, pushed or received.

    A hook that is there already is kept and runs first.  `pre-commit` covers merges, too; `pre-receive` is for a server's repository.""",
)
@_places
@click.option(
    "--force", is_flag=True, help="Do not run a hook that is there already any more, and write where a hook manager writes; what was there is kept beside it."
)
@click.option(
    "--agent", type=click.Choice(["claude", "codex", "cursor", "gemini", "copilot"]), help="Whose settings to write, with --hook agent; else they are shown."
)
def command(hooks: tuple[str, ...], everywhere: bool, template: bool, force: bool, agent: str | None, repo: str | None) -> int:
    """Write the scripts, executable, where git looks for them."""
    if "agent" in hooks or agent:
        return _agent(hooks, agent, repo, nowhere=everywhere or template)
    wanted = hooks or ("pre-commit",)
    folder = _folder(everywhere, template, repo)
    for hook in wanted:
        manager = hookplaces.managed(folder.path, hook)
        if manager is not None and not force:
            raise UsageError(
                f"the hooks here are written by {manager.name}, which would replace this one", where=folder.path, hint=f"{manager.how}; or use --force"
            )
    names = [name for hook in wanted for name in WRITTEN[hook]]
    # A folder of ours hides the hooks of every repository, so it runs them.
    hiding = everywhere and folder.ours
    for name in names:
        path = os.path.join(folder.path, name)
        kept = put(path, script(name, own=hiding), chain=not force)
        answer(f"wrote {harmless(path)}")
        if kept:
            answer(f"  the hook that was there is {harmless(os.path.basename(kept))} now{'' if force else ', and runs first'}")
    if hiding:
        for name in CLIENT_HOOKS:
            path = os.path.join(folder.path, name)
            if not os.path.lexists(path):
                put(path, script(name, check=False, own=True), chain=False)
    if not folder.is_told:
        hookplaces.tell(*folder.setting)
        answer(f"set {folder.setting[0]} to {harmless(folder.setting[1])} in your git configuration")
    return 0


def _agent(hooks: Sequence[str], agent: str | None, repo: str | None, *, nowhere: bool) -> int:
    """Show the settings of coding agents, or write those of one into a project."""
    from leaksieve.cli import agentsettings

    if set(hooks) != {"agent"} or nowhere:
        raise UsageError("--hook agent is about a project's settings and goes with no other hook, nor with --global or --template")
    if agent is None:
        agentsettings.show()
    elif not os.path.isdir(repo or "."):
        raise UsageError("no such directory", where=repo or ".")
    else:
        agentsettings.write(agent, repo or ".")
    return 0


@click.command("uninstall", help="Remove hooks that `leaksieve install` wrote, and put back what was there before.")
@_places
def uninstall(hooks: tuple[str, ...], everywhere: bool, template: bool, repo: str | None) -> int:
    """Remove what is ours and nothing else; without --hook, all of it."""
    folder = _folder(everywhere, template, repo)
    if "agent" in hooks:
        raise UsageError("an agent's settings are taken out by hand: remove the entries that call `leaksieve hook agent`", where="--hook agent")
    names = [name for hook in hooks for name in WRITTEN[hook]] or [*WRITTEN, *CLIENT_HOOKS]
    count = 0
    for name in dict.fromkeys(names):
        path = os.path.join(folder.path, name)
        done = take_away(path)
        count += bool(done)
        if done:
            answer(f"{done}: {harmless(path)}")
    if folder.ours and not _left(folder.path) and hookplaces.forget(folder.setting[0]):
        answer(f"took {folder.setting[0]} out of your git configuration")
    if not count:
        Talk.current().note(f"no hook in {harmless(folder.path)} was written by `leaksieve install`")
    return 0


def _folder(everywhere: bool, template: bool, repo: str | None) -> hookplaces.Folder:
    if everywhere and template:
        raise UsageError("--global and --template exclude each other")
    if (everywhere or template) and repo is not None:
        raise UsageError("--global and --template are about no single repository", where=repo)
    if everywhere:
        return hookplaces.of_user()
    if template:
        return hookplaces.of_template()
    return hookplaces.of_repository(repo or ".")


def _left(folder: str) -> Sequence[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
