"""Where git looks for hooks: a repository's folder, the folder of all of a user's repositories, the template of new ones.

The user asked for this by name, and ``git rev-parse`` and ``git config`` run no configured program.
"""

from __future__ import annotations

import os
import subprocess
from typing import NamedTuple

from leaksieve.errors import UsageError


class Managed(NamedTuple):
    """A program that looks after a repository's hooks, and where a hook of one's own goes with it."""

    name: str
    how: str


class Folder(NamedTuple):
    """A folder of hooks: ``ours`` says that nobody but us has a use for it, ``setting`` what git has to be told of it (key, value), if it has not been."""

    path: str
    ours: bool = False
    setting: tuple[str, str] = ("", "")
    is_told: bool = True


def of_repository(repo: str) -> Folder:
    """Return a repository's folder of hooks.  Raises UsageError outside one, and where the folder is that of all repositories."""
    if not os.path.isdir(repo):
        raise UsageError("no such directory", where=repo)
    code, out, said = _git(repo, "rev-parse", "--git-path", "hooks")
    if code:
        # git's own words tell "no repository" from one it refuses, such as another user's.
        raise UsageError("git does not say where the hooks of this folder are", where=repo, hint=said)
    _, scope, _ = _git(repo, "config", "--show-scope", "--get", "core.hooksPath")
    folder = os.path.normpath(os.path.join(os.path.abspath(repo), os.path.expanduser(out)))
    if scope.partition("\t")[0] in ("global", "system"):
        raise UsageError(
            f"core.hooksPath of the {scope.partition(chr(9))[0]} configuration makes {folder} the hooks of every repository",
            where=repo,
            hint="`leaksieve install --global` writes them there",
        )
    return Folder(folder)


def of_user() -> Folder:
    """Return the folder that stands in for all repositories' hooks."""
    return _shared("core.hooksPath", "hooks", "")


def of_template() -> Folder:
    """Return the folder of hooks in the template of new repositories."""
    return _shared("init.templateDir", "template", "hooks")


def _shared(key: str, name: str, inner: str) -> Folder:
    import platformdirs

    _refuse_no_file()
    own = os.path.join(platformdirs.user_config_dir("leaksieve", appauthor=False), name)
    _, told, _ = _git(".", "config", "--global", "--type=path", "--get", key)
    path = os.path.abspath(told) if told else own
    return Folder(os.path.join(path, inner) if inner else path, path == own, (key, path), bool(told))


def _refuse_no_file() -> None:
    """Refuse a user's git configuration that is there and no file.  Raises UsageError.

    Git writes a file of its own and gives it the name of the old one: that of a device, too, for those who may do it.
    """
    home = os.path.expanduser("~")
    usual = os.path.join(home, ".gitconfig")
    other = os.path.join(os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "git", "config")
    named = os.environ.get("GIT_CONFIG_GLOBAL")
    path = named if named is not None else other if os.path.exists(other) and not os.path.lexists(usual) else usual
    if os.path.exists(path) and not os.path.isfile(path):
        hint = "GIT_CONFIG_GLOBAL names it; let it name a file, or unset it" if named is not None else ""
        raise UsageError("is no regular file, so git cannot keep your settings in it", where=path, hint=hint)


def tell(key: str, value: str) -> None:
    """Set one of the user's git settings.  Raises UsageError."""
    code, _, said = _git(".", "config", "--global", key, value)
    if code:
        raise UsageError(f"git does not take {key}", where=value, hint=said)


def forget(key: str) -> bool:
    """Take one of the user's git settings back; whether it was there."""
    return not _git(".", "config", "--global", "--unset", key)[0]


def managed(folder: str, hook: str) -> Managed | None:
    """Return what looks after a folder's hooks and would write over ours, if anything is known to."""
    path = os.path.join(folder, hook)
    parts = os.path.normpath(folder).split(os.sep)
    if parts[-2:] == [".husky", "_"]:
        top = os.path.dirname(folder)
        return Managed("husky", f"put the line `leaksieve hook {hook}" + (' "$@"' if hook != "pre-commit" else "") + f"` into {os.path.join(top, hook)}")
    try:
        with open(path, "rb") as file:
            text = file.read(1 << 16)
    except OSError:
        return None
    if b"lefthook" in text and b"leaksieve install" not in text:
        arguments, stdin = (" {1} {2}", "use_stdin: true, ") if hook == "pre-push" else ("", "")
        return Managed("lefthook", f"put `leaksieve: {{ {stdin}run: leaksieve hook {hook}{arguments} }}` under `{hook}: commands:` in lefthook.yml")
    return None


def _git(folder: str, *words: str) -> tuple[int, str, str]:
    """Run git; return its exit code, what it printed, and the first line of what it complained of."""
    try:
        done = subprocess.run(["git", *words], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError:
        raise UsageError("git is not installed, so it cannot be asked where hooks are") from None
    return done.returncode, os.fsdecode(done.stdout.rstrip(b"\n")), done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
