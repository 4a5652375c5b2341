"""Hooks on pushes: what git tells them, which commits are new by that, and their scan."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from leaksieve.cli.execute import execute, talk_for
from leaksieve.cli.gate import open_repository
from leaksieve.cli.places import root_of
from leaksieve.cli.request import Options
from leaksieve.cli.settings import settle
from leaksieve.cli.talk import harmless
from leaksieve.config import Config
from leaksieve.config.discover import Found
from leaksieve.errors import ExitCode, UsageError
from leaksieve.model import Skip

if TYPE_CHECKING:
    from leaksieve.gitobjects.repository import Repository
    from leaksieve.reports.push import PushReporter
    from leaksieve.sources.base import Source
    from leaksieve.sources.between import Between

# A push of a million references is none that a person makes.
_MOST_BYTES = 256 * 1024 * 1024
_REMOTES = b"refs/remotes/"
FIX = (
    "Take it out of the commit that brought it in (`git commit --amend`, or `git rebase -i COMMIT^`);",
    "a later commit that deletes it is not enough. Revoke it if anybody else had that commit.",
)


class Update(NamedTuple):
    """One reference of a push, on the side that gets it: its name, and raw ids before and after (empty: there was, or will be, none)."""

    name: bytes
    old: bytes
    new: bytes


def updates(lines: Iterable[bytes], hash_size: int, *, receiving: bool) -> list[Update]:
    """Read the lines git gives to pre-receive (``old new name``) or to pre-push (``name id name id``).  Raises UsageError."""
    found = []
    for line in lines:
        text = line.rstrip(b"\r\n")
        if not text:
            continue
        # What was typed on this side may hold spaces.
        fields = text.split(b" ", 2) if receiving else text.rsplit(b" ", 3)
        if len(fields) != (3 if receiving else 4):
            raise UsageError(f"is not what git gives to this hook: {harmless(os.fsdecode(text[:200]))}", where="standard input")
        old, new, name = fields if receiving else (fields[3], fields[1], fields[2])
        found.append(Update(name, _raw(old, hash_size), _raw(new, hash_size)))
    return found


def _raw(digits: bytes, hash_size: int) -> bytes:
    try:
        oid = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        oid = b""
    if len(oid) != hash_size:
        raise UsageError(f"is not an object id of this repository: {harmless(os.fsdecode(digits[:200]))}", where="standard input")
    return oid if any(oid) else b""


def standard_input() -> list[bytes]:
    """Return the lines a hook is given; none where a person at a terminal would have to type them."""
    if sys.stdin is None or sys.stdin.isatty():
        return []
    data = sys.stdin.buffer.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise UsageError("more references than any push has", where="standard input")
    return data.splitlines()


def check_push(options: Options, arguments: Sequence[str], *, this_remote: bool) -> int:
    """Scan the commits that a push takes to a remote.

    ``arguments`` are what git gives the hook: the remote's name and its URL.  What any remote-tracking reference has counts
    as known, with ``this_remote`` only what those of the same remote have.
    """
    repository = open_repository(".", options.allow_root)
    found = settle(options, [root_of(".", repository)], foreign=repository.is_foreign_owned)
    remote = arguments[0] if arguments else os.environ.get("PRE_COMMIT_REMOTE_NAME", "")
    known = _REMOTES + os.fsencode(remote) + b"/" if this_remote and remote else _REMOTES
    changes = _changes(options, repository, arguments)
    if not changes:
        talk_for(options).detail("git named nothing to push, so nothing was scanned")
        return ExitCode.CLEAN
    view = _view(changes, _references(repository, (known,)), f"push to {remote}" if remote else "push")
    advice = (*FIX, "No secret? Put `leaksieve:allow -- <reason>` in a comment on that line of that commit, and push again.")
    return _run(options, found, repository, view._replace(may_be_cut=True), "push stopped", advice, requested=view.resolved)


def check_receive(options: Options, *, contact: str) -> int:
    """Scan the commits that a server is about to take; nothing in them can change how they are scanned.

    ``contact`` is whom to ask about a finding.
    """
    repository = open_repository(".", options.allow_root)
    from leaksieve.gitobjects.refs import head_commit

    changes = updates(standard_input(), repository.hash_size, receiving=True)
    if not changes:
        raise UsageError("git named no references", where="standard input", hint="this is what a server's pre-receive hook calls")
    # Before anything is taken in, every reference is one of before.
    view = _view(changes, _references(repository, (b"refs/",)), "push")
    words = [*FIX]
    who = contact or "those who run this server"
    prefix = "GL-HOOK-ERR: " if os.environ.get("GL_PROTOCOL") == "web" else ""
    head = head_commit(repository) if options.trust_repo_config else None
    if options.trust_repo_config:
        words.append("No secret? Put `leaksieve:allow -- <reason>` in a comment on that line of that commit, and push again;")
        words.append(f"or give {who} the fingerprint to accept it.")
    else:
        words.append(f"No secret? Give {who} the fingerprint to accept it.")
    if head is None:
        found = settle(options._replace(repo_config=False, inline_allow=None if options.trust_repo_config else False), [])
        return _run(options, found, repository, view, "push refused", words, requested="push", prefix=prefix, fingerprints=True)
    from leaksieve.cli.ci.files import settled_at

    with settled_at(options, repository, head, review=False) as (mine, found):
        return _run(mine, found, repository, view, "push refused", words, requested="push", prefix=prefix, fingerprints=True)


def _changes(options: Options, repository: Repository, arguments: Sequence[str]) -> list[Update]:
    """What is pushed: by git's own words, by pre-commit's, or, for those who call the hook themselves, what HEAD has."""
    tip = os.environ.get("PRE_COMMIT_TO_REF", "")
    if tip and os.environ.get("PRE_COMMIT") == "1":
        old = os.environ.get("PRE_COMMIT_FROM_REF", "")
        name = os.fsencode(os.environ.get("PRE_COMMIT_REMOTE_BRANCH", "") or "HEAD")
        return [Update(name, _commit(repository, old) if old else b"", _commit(repository, tip))]
    lines = standard_input()
    if lines or arguments:
        return updates(lines, repository.hash_size, receiving=False)
    talk_for(options).note("git named no references, so what HEAD has and no remote-tracking reference is scanned")
    return [Update(b"HEAD", b"", _commit(repository, "HEAD"))]


def _commit(repository: Repository, revision: str) -> bytes:
    from leaksieve.gitobjects.graph import History
    from leaksieve.gitobjects.objects import ObjectStore
    from leaksieve.gitobjects.revisions import Revisions

    return Revisions(History(ObjectStore(repository))).commit(revision)


def _references(repository: Repository, prefixes: tuple[bytes, ...]) -> list[bytes]:
    from leaksieve.gitobjects.allrefs import all_refs

    return list(dict.fromkeys(oid for name, oid in all_refs(repository).items() if name.startswith(prefixes)))


def _view(changes: Sequence[Update], known: Sequence[bytes], what: str) -> Between:
    from leaksieve.sources.between import Between

    tips = tuple((change.name, change.new) for change in changes if change.new)
    gone = tuple(Skip("excluded", change.name, "deleted-branch", "a deletion brings nothing in") for change in changes if not change.new)
    left_out = tuple(dict.fromkeys((*(change.old for change in changes if change.old), *known)))
    named = ", ".join(harmless(os.fsdecode(name)) for name, _ in tips[:3]) + (f" and {len(tips) - 3} more" if tips[3:] else "")
    fresh = tuple((change.name, change.new) for change in changes if change.new and not change.old)
    return Between(tips, left_out, f"{what}: {named}" if tips else f"{what}: deletions alone", gone, names=fresh)


def _run(
    options: Options,
    found: Found,
    repository: Repository,
    view: Between,
    stopped: str,
    advice: Sequence[str],
    *,
    requested: str,
    prefix: str = "",
    fingerprints: bool = False,
) -> int:
    talk_for(options)

    def source(config: Config) -> list[Source]:
        from leaksieve.sources.commits import CommitsSource

        exclude = tuple(os.fsencode(pattern) for pattern in config.exclude)
        return [CommitsSource(repository, view=view, max_file_size=config.max_file_size, exclude=exclude, requested=requested)]

    def reporter() -> PushReporter:
        from leaksieve.reports.push import PushReporter, Words

        return PushReporter(Words(stopped, advice, prefix, fingerprints))

    return execute(options, found, source, root=root_of(".", repository), repository=repository, whole=False, usual=reporter)
