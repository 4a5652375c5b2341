"""Fetching everything a server offers into an empty bare repository, with libgit2; runs in the cloning process.

No configuration of this machine is honoured: libgit2's search paths are emptied, so no ``url.*.insteadOf``,
proxy or helper set there has a say.  ssh is libgit2's own, which reads ``~/.ssh/known_hosts`` but not
``~/.ssh/config``.  Nothing is checked out, no hook exists, submodules are not looked at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from leaksieve.gitobjects.refs import is_safe_name
from leaksieve.sources.remote_child import Failed, Order

if TYPE_CHECKING:
    from pygit2.remotes import RemoteHead

    from leaksieve.sources.remote_relay import Relay

# Earlier ones read past a server's packets, or send a path badly quoted to the server's shell.
_OLDEST = (1, 9, 7)
_CONNECT_MS = 30_000
_NARROW = ("refs/heads/", "refs/tags/", "refs/notes/")
_CONFIG = """[core]
\trepositoryformatversion = 0
\tbare = true
"""


class _FetchedAll(Exception):  # noqa: N818  not an error
    """Raised when libgit2 would begin to write references: they are written here, all in one file."""


def fetch(job: Order, meter: Callable[[int, int, int, int], None]) -> dict[str, Any]:
    """Fetch what ``job`` names; return counts of references, refused references, objects and bytes.  Raises Failed."""
    import pygit2
    from pygit2.enums import ConfigLevel, Feature, RepositoryOpenFlag

    version = tuple(int(part) for part in pygit2.LIBGIT2_VERSION.split(".")[:3])
    if version < _OLDEST:
        raise Failed(f"libgit2 {pygit2.LIBGIT2_VERSION} is too old to clone with", "install a newer pygit2")
    if job.scheme == "ssh" and Feature.SSH not in pygit2.features:
        raise Failed("the installed pygit2 cannot speak ssh", "install pygit2's own wheel, use the https:// address, or clone it yourself and scan the folder")
    for level in (ConfigLevel.PROGRAMDATA, ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        pygit2.settings.search_path[level] = ""
    pygit2.settings.server_connect_timeout = _CONNECT_MS
    # The relay, if there is one, gives up first and says why.
    pygit2.settings.server_timeout = int(job.idle_seconds * 1000) + 1000
    pygit2.settings.pack_max_objects = job.max_objects
    make_bare(job.target, _CONFIG)
    repository = pygit2.Repository(job.target, RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE)
    calls = _callbacks(job, meter)
    # HEAD is asked for by itself: it may be detached, at a commit that no reference leads to.
    specs = ["+refs/*:refs/*"] if job.pull_refs else [f"+{prefix}*:{prefix}*" for prefix in _NARROW]
    with nullcontext() if job.scheme == "ssh" else _relay(job) as relay:
        remote = repository.remotes.create_anonymous(relay.url if relay else job.url)
        try:
            remote.fetch([*specs, "+HEAD:refs/HEAD"], callbacks=calls)
        except _FetchedAll:
            pass
        except Failed:
            raise
        except (pygit2.GitError, ValueError, KeyError, OSError) as error:
            # What goes wrong after the objects are there concerns the first reference, which is not kept anyway.
            if not calls.complete:
                raise (relay.failure if relay else None) or explain(job, str(error)) from None
    heads = remote.list_heads(connect=False)
    missing = sum(head.oid not in repository for head in heads if head.name and not head.name.endswith("^{}") and _wanted(job, head.name))
    if missing:
        raise Failed(f"the server did not send {missing} of the objects its references name")
    count, refused = _write_references(job, heads)
    return {"references": count, "refused": refused, "objects": calls.objects, "bytes": calls.size}


def _relay(job: Order) -> Relay:
    from leaksieve.sources.remote_relay import Relay

    return Relay(job)


def make_bare(target: str, config: str) -> None:
    """Make an empty bare repository from nothing: templates, with the hooks in them, are not asked."""
    for folder in ("objects/pack", "refs"):
        os.makedirs(os.path.join(target, folder))
    for name, text in (("HEAD", "ref: refs/heads/main\n"), ("config", config)):
        with open(os.path.join(target, name), "x", encoding="ascii") as file:
            file.write(text)


def write_references(target: str, references: dict[bytes, str], head: bytes) -> None:
    """Write names and ids as packed references (whatever their names, nothing else is made of them), and HEAD's content."""
    for folder, _, files in os.walk(os.path.join(target, "refs")):
        for name in files:
            os.unlink(os.path.join(folder, name))
    with open(os.path.join(target, "packed-refs"), "wb") as file:
        file.write(b"# pack-refs with: sorted \n")
        file.writelines(oid.encode() + b" " + name + b"\n" for name, oid in sorted(references.items()))
    with open(os.path.join(target, "HEAD"), "wb") as file:
        file.write(head + b"\n")


def _write_references(job: Order, heads: list[RemoteHead]) -> tuple[int, int]:
    references: dict[bytes, str] = {}
    head = b"ref: refs/heads/main"
    refused = 0
    for each in heads:
        name = (each.name or "").encode("utf-8", "surrogateescape")
        if name == b"HEAD":
            target = (each.symref_target or "").encode("utf-8", "surrogateescape")
            head = b"ref: " + target if target.startswith(b"refs/") and is_safe_name(target) else str(each.oid).encode()
        elif name.endswith(b"^{}"):
            continue  # what a tag leads to, not a reference
        elif not is_safe_name(name):
            refused += 1
        elif _wanted(job, each.name or ""):
            references[name] = str(each.oid)
    write_references(job.target, references, head)
    if os.path.lexists(fetched := os.path.join(job.target, "FETCH_HEAD")):
        os.unlink(fetched)
    return len(references), refused


def _wanted(job: Order, name: str) -> bool:
    if name == "HEAD":
        return True
    # libgit2 asks for nothing that has no valid name.
    safe = is_safe_name(name.encode("utf-8", "surrogateescape"))
    return safe and (job.pull_refs or name.startswith(_NARROW))


def _callbacks(job: Order, meter: Callable[[int, int, int, int], None]) -> Any:
    from pygit2 import Keypair, KeypairFromAgent, RemoteCallbacks
    from pygit2.enums import CredentialType
    from pygit2.remotes import TransferProgress

    offers: list[Keypair] = []
    if job.agent:
        offers.append(KeypairFromAgent(job.user))
    offers += [Keypair(job.user, None, key, job.passphrase or "") for key in job.keys]

    class Callbacks(RemoteCallbacks):
        objects = 0
        size = 0
        offered = 0
        complete = False

        def credentials(self, url: str, username_from_url: str | None, allowed_types: CredentialType) -> Keypair:  # noqa: ARG002
            # Only ssh gets here: over HTTP, the relay shows credentials.
            if not allowed_types & CredentialType.SSH_KEY or self.offered >= len(offers):
                raise _no_key(job, bool(offers))
            self.offered += 1
            return offers[self.offered - 1]

        def certificate_check(self, certificate: None, valid: bool, host: bytes) -> bool:  # noqa: ARG002
            # Left out, pygit2 accepts every ssh host key, known or not.
            return valid

        def transfer_progress(self, stats: TransferProgress) -> None:
            self.objects, self.size = stats.total_objects, stats.received_bytes
            self.complete = stats.indexed_objects == stats.total_objects and stats.indexed_deltas == stats.total_deltas
            if stats.received_bytes > job.max_bytes:
                raise Failed(f"the clone is larger than {job.max_bytes:,} bytes and was stopped", "allow it more, if that is right")
            if stats.total_objects > job.max_objects:
                raise Failed(f"the clone has more than {job.max_objects:,} objects and was stopped", "allow it more, if that is right")
            meter(stats.received_objects, stats.total_objects, stats.received_bytes, stats.indexed_objects)

        def update_tips(self, refname: str, old: object, new: object) -> None:  # noqa: ARG002
            raise _FetchedAll

    return Callbacks()


def _no_key(job: Order, tried: bool) -> Failed:
    hint = "load a key into the ssh agent, or set LEAKSIEVE_SSH_KEY to a key file (LEAKSIEVE_SSH_KEY_PASSPHRASE to its passphrase)"
    return Failed(f"the server accepts no key of {job.origin}" if tried else "the server asks for a key, and there is none", hint)


def explain(job: Order, text: str) -> Failed:
    """Turn libgit2's words into a line for a person; they may quote the server, or name the relay."""
    for secret in (job.password, job.passphrase):
        if secret:
            text = text.replace(secret, "***")
    text = re.sub(r"//[^/\s]*@", "//", text)
    text = "".join(char if char.isprintable() else " " for char in text).strip()[:300]
    for words, what, hint in _KNOWN:
        if words in text.lower():
            return Failed(what.format(host=job.host, max_bytes=job.max_bytes, max_objects=job.max_objects, text=text), hint)
    return Failed(f"cannot be fetched ({text})")


_MORE = "allow it more, if that is right"
_KNOWN = (
    ("unknown remote ssh hostkey", "{host} shows a host key that ~/.ssh/known_hosts does not have", "check the key with its owner and add it there"),
    ("private key file", "the key file cannot be used ({text})", "check LEAKSIEVE_SSH_KEY and LEAKSIEVE_SSH_KEY_PASSPHRASE"),
    ("file too large", "the clone is larger than {max_bytes:,} bytes and was stopped", _MORE),
    ("no space left", "there is no room for the clone", "set TMPDIR to a place with room"),
    ("pack_max_objects", "the clone has more than {max_objects:,} objects and was stopped", _MORE),
    ("too many objects", "the clone has more than {max_objects:,} objects and was stopped", _MORE),
    ("object format", "its objects are of a kind that cannot be fetched ({text})", "clone it with git and scan the folder"),
    ("invalid packet line", "the server's answer cannot be read ({text})", "clone it with git and scan the folder; a shallow repository is served like this"),
    ("failed to resolve address", "{host} cannot be found", "check the name and the network"),
    ("timed out", "{host} does not answer", "check the network"),
)
