"""From what a job asks for to a scan: which commits those are here, by whose configuration they are judged."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from leaksieve.cli.ci.files import settled_at
from leaksieve.cli.ci.job import Job
from leaksieve.cli.execute import execute, talk_for
from leaksieve.cli.gate import open_repository
from leaksieve.cli.places import root_of
from leaksieve.cli.request import Options
from leaksieve.cli.talk import harmless
from leaksieve.config import Config
from leaksieve.errors import SourceError
from leaksieve.gitobjects.errors import ObjectError
from leaksieve.gitobjects.graph import History
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.revisions import UNSHALLOW, RevisionError, Revisions
from leaksieve.model import Skip
from leaksieve.sources.between import Between

if TYPE_CHECKING:
    from leaksieve.gitobjects.repository import Repository
    from leaksieve.sources.base import Source
    from leaksieve.sources.history import HistorySource

_ZERO = "0" * 40


class Resolved(NamedTuple):
    """A job in one repository: what to scan (None: the whole history), the commit that says how, and the change's own, as raw ids."""

    view: Between | None
    commit: bytes
    head: bytes
    told: str


def scan_job(options: Options, repo: str, job: Job, *, fetch: bool, inline_allow: bool) -> int:
    """Scan what a job asks for.

    ``fetch`` lets git fetch what is not here.  ``inline_allow`` lets comments in a change count, as ``trust_repo_config`` lets
    its comments and its configuration.  Raises SourceError for what does not resolve.
    """
    talk = talk_for(options)
    repository = open_repository(repo, options.allow_root)
    resolved = resolve(job, repository) if not fetch else _fetching(job, repo, options)
    repository = open_repository(repo, options.allow_root) if fetch else repository
    review = job.review and not options.trust_repo_config
    commit = resolved.commit if review else resolved.head
    talk.note(resolved.told + (f", by the configuration of {commit.hex()[:12]}" if job.review else ""))
    comments = inline_allow or not review
    with settled_at(options if comments else options._replace(inline_allow=False), repository, commit, review=review) as (mine, found):
        if not comments:
            note = "comments that allow a finding do not count in a change that is still to be reviewed; --inline-allow lets them, and the report lists them"
            found = found._replace(notes=(*found.notes, note))
        sources = [] if resolved.view is None else [resolved.view]

        def commits(config: Config) -> list[Source]:
            from leaksieve.sources.commits import CommitsSource

            exclude = tuple(os.fsencode(pattern) for pattern in config.exclude)
            return [CommitsSource(repository, view=view, max_file_size=config.max_file_size, exclude=exclude, requested=job.what) for view in sources]

        def histories(config: Config) -> list[HistorySource]:
            return [_whole(repository, config, repo)] if resolved.view is None else []

        root = root_of(repo, repository)
        return execute(mine, found, commits, root=root, repository=repository, histories=histories, cache=options.cache, whole=resolved.view is None)


def _whole(repository: Repository, config: Config, repo: str) -> HistorySource:
    from leaksieve.cli.history import history_source

    source = history_source(repository, config, repo)
    if repository.shallow:
        # Nobody looks at a job that is green: what was not fetched must not pass for what was scanned.
        source.coverage.skip(Skip("failed", b"", "shallow-boundary", UNSHALLOW))
    return source


def resolve(job: Job, repository: Repository) -> Resolved:
    """Find the commits of a job.  Raises SourceError when they are not here."""
    finder = _Finder(repository)
    what = harmless(job.what)
    if job.nothing:
        head = finder.first(("HEAD",))
        view = Between((), (), what, (Skip("excluded", job.what.encode(errors="replace"), "deleted-branch", job.nothing),))
        return Resolved(view, head, head, f"{what}: {job.nothing}")
    tip, head = finder.tip(job.heads or ("HEAD",))
    if job.whole:
        return Resolved(None, head, head, f"{what}: the whole history is scanned")
    left_out = finder.left_out(job, head)
    commit = finder.first(job.trusted) if job.trusted else head
    against = f"without what {left_out[0].hex()[:12]} has" if left_out else "with all that leads to it"
    if head in left_out:
        against = "alone: the commit is one that was there before"
    told = f"{what}: {head.hex()[:12]} is scanned {against}"
    name = os.fsencode(job.heads[0] if job.heads else "HEAD")
    resolved = "..".join(oid.hex() for oid in (*left_out[:1], head))
    return Resolved(Between(((name, tip),), left_out, resolved, may_be_empty=job.may_be_empty), commit, head, told)


class _Finder:
    def __init__(self, repository: Repository) -> None:
        self._history = History(ObjectStore(repository))
        self._revisions = Revisions(self._history)

    def first(self, revisions: tuple[str, ...]) -> bytes:
        """The first commit that is here; raises the first one's error when none is."""
        trouble: RevisionError | None = None
        for revision in revisions:
            try:
                return self._revisions.commit(revision)
            except RevisionError as error:
                trouble = trouble or error
        assert trouble is not None
        raise trouble

    def tip(self, revisions: tuple[str, ...]) -> tuple[bytes, bytes]:
        """The first object that is here, which may be a tag with a text of its own, and the commit it leads to."""
        commit = self.first(revisions)
        for revision in revisions:
            try:
                if self._revisions.commit(revision) == commit:
                    return self._revisions.object(revision), commit
            except RevisionError:
                continue
        return commit, commit

    def left_out(self, job: Job, head: bytes) -> tuple[bytes, ...]:
        bases: dict[bytes, None] = {}
        try:
            if job.bases:
                bases[self.first(job.bases)] = None
        except RevisionError:
            # Whatever was there before a forced push may be gone from everywhere; other branches will do.
            if not job.known:
                raise
        side = self._target_side(job.merge, head) if job.merge else None
        if side is not None:
            bases[side] = None
        if job.known and not bases:
            bases |= dict.fromkeys(self._revisions.range(f"{_ZERO}..{head.hex()}").left_out)
        return tuple(bases)

    def _target_side(self, merge: str, head: bytes) -> bytes | None:
        """The first parent of the host's own merge of the head.  A merge that the change brings along is the head itself, or behind it."""
        try:
            parents = self._history.node(self._revisions.commit(merge)).parents
        except (RevisionError, ObjectError):
            return None
        return parents[0] if len(parents) == 2 and parents[1] == head else None


def _fetching(job: Job, repo: str, options: Options) -> Resolved:
    """Resolve, and if too little is here, fetch and resolve again."""
    from leaksieve.cli.ci.fetch import fetch

    for last in (False, True):
        repository = open_repository(repo, options.allow_root)
        try:
            resolved = resolve(job, repository)
            if resolved.view is not None:
                resolved.view.select(History(ObjectStore(repository)))
            if last or not (repository.shallow and resolved.view is None):
                return resolved
        except SourceError:
            if last:
                raise
        fetch(os.fsdecode(repository.worktree or repository.git_dir), job.fetch, shallow=repository.shallow, talk=talk_for(options))
    raise AssertionError
