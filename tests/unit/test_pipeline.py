"""The pipeline as a whole: workers that die, processes that do not fork, limits, and what the receipt says of each."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from leaksieve.config import AllowEntry, Config
from leaksieve.coverage import SourceCoverage
from leaksieve.errors import ExitCode, LeaksieveError, RulesetError
from leaksieve.model import Chunk, Provenance
from leaksieve.pipeline import Plan, run
from leaksieve.ruleset.template import expand
from leaksieve.source_run import SMALL
from leaksieve.sources.stream import LEAD, TAIL, StreamSource
from leaksieve.sources.worktree import WorktreeSource

TOKEN = expand("ghp_<crc32-github:30>", 5)
FILLER = b"int main(void) { return 0; }\n" * 4000


def tree(root: os.PathLike[str], **options: object) -> WorktreeSource:
    settings = {"requested": ".", "max_file_size": 1 << 30, "gitignore": False, "tracked": None, "repo_root": None, "info_exclude": None}
    return WorktreeSource(os.fsencode(root), **{**settings, **options})


def large(tmp_path, files: int = 60):
    """A tree past the size where workers are forked, with one token in its middle."""
    for number in range(files):
        (tmp_path / f"f{number:03}.c").write_bytes(FILLER + (b"key = " + TOKEN + b"\n" if number == files // 2 else b""))
    assert files * len(FILLER) > SMALL
    return tmp_path


class Deadly(WorktreeSource):
    """Reads like a tree, but takes the worker down at one file, as a crash in a C library would."""

    def read(self, unit):
        for item in super().read(unit):
            if item.provenance.path == b"f007.c":
                os._exit(139)
            yield item


def deadly(root) -> Deadly:
    return Deadly(os.fsencode(root), requested=".", max_file_size=1 << 30, gitignore=False, tracked=None, repo_root=None, info_exclude=None)


class Hopeless(WorktreeSource):
    """Reads nothing: a library is missing."""

    def read(self, unit):
        os._exit(1)


def test_workers_that_die_over_every_file_end_the_scan(tmp_path):
    large(tmp_path)
    source = Hopeless(os.fsencode(tmp_path), requested=".", max_file_size=1 << 30, gitignore=False, tracked=None, repo_root=None, info_exclude=None)
    with pytest.raises(LeaksieveError, match="every worker process dies at its first file; run again with -j 1 -v") as told:
        run(Plan(sources=(source,), config=Config(), jobs=2))
    assert told.value.exit_code == ExitCode.INTERNAL


def test_a_worker_that_dies_loses_one_file_and_says_so(tmp_path):
    source = deadly(large(tmp_path))
    outcome = run(Plan(sources=(source,), config=Config(), jobs=2))
    failed = [skip for skip in source.coverage.skips if skip.kind == "failed"]
    assert [(skip.where, skip.reason) for skip in failed] == [(b"f007.c", "crashed-worker")]
    assert source.coverage.scanned["files"] == 59
    assert not outcome.coverage.complete
    assert [finding.rule_id for finding in outcome.findings] == ["github-classic-token"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_byte_of_a_stream_of_several_blocks_is_on_the_receipt(jobs):
    """Blocks after the first are no further file, and their bytes went missing with it."""
    data = FILLER * 40 + b"key = " + TOKEN + b"\n" + FILLER
    source = StreamSource(io.BytesIO(data), block=4 * (LEAD + TAIL))
    outcome = run(Plan(sources=(source,), config=Config(), jobs=jobs))
    assert source.coverage.scanned == source.coverage.expected == {"files": 1, "bytes": len(data)}
    assert [(finding.rule_id, len(finding.occurrences)) for finding in outcome.findings] == [("github-classic-token", 1)]


SPAWNED = """
import os, sys
from leaksieve.config import Config
from leaksieve.pipeline import Plan, run
from leaksieve.sources.worktree import WorktreeSource

source = WorktreeSource(os.fsencode(sys.argv[1]), requested=".", max_file_size=1 << 30, gitignore=False, tracked=None, repo_root=None, info_exclude=None)
outcome = run(Plan(sources=(source,), config=Config(), jobs=2, spawn=True))
print([(finding.rule_id, finding.proof) for finding in outcome.findings], outcome.coverage.complete, source.coverage.scanned == source.coverage.expected)
"""


def test_where_nothing_can_be_forked_joblib_shares_the_work(tmp_path):
    # In a process of its own: the pool outlives the call, and other tests count children.
    done = subprocess.run([sys.executable, "-c", SPAWNED, str(large(tmp_path))], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "[('github-classic-token', 'structural')] True True", done.stderr


@pytest.mark.parametrize(("jobs", "engine"), [(1, "auto"), (2, "auto"), (2, "aho-corasick")])
def test_any_way_to_share_the_work_finds_the_same(tmp_path, jobs, engine):
    source = tree(large(tmp_path))
    outcome = run(Plan(sources=(source,), config=Config(engine=engine), jobs=jobs))
    (finding,) = outcome.findings
    assert (finding.rule_id, finding.proof, finding.occurrences[0].path) == ("github-classic-token", "structural", b"f030.c")
    assert source.coverage.scanned == source.coverage.expected
    assert outcome.coverage.complete


def test_a_scan_that_runs_out_of_time_is_incomplete(tmp_path):
    source = tree(large(tmp_path))
    outcome = run(Plan(sources=(source,), config=Config(timeout=0.0001, engine="aho-corasick"), jobs=1))
    assert "timeout" in {skip.reason for skip in source.coverage.skips}
    assert not outcome.coverage.complete


def test_ctrl_c_reports_what_was_found_until_then(tmp_path):
    (tmp_path / "a.env").write_bytes(b"key = " + TOKEN)
    (tmp_path / "b.env").write_bytes(b"x")

    class Interrupted(WorktreeSource):
        def read(self, unit) -> Iterator[Chunk]:
            yield Chunk(b"key = " + TOKEN, Provenance("file", b"a.env"))

        def units(self):
            yield from super().units()
            raise KeyboardInterrupt

    source = Interrupted(os.fsencode(tmp_path), requested=".", max_file_size=1 << 20, gitignore=False, tracked=None, repo_root=None, info_exclude=None)

    class Slow(Interrupted):
        """Answers first, then is interrupted while planning goes on."""

        def units(self):
            for _ in range(2):
                self.coverage.expect("bytes", SMALL * 30)
                yield ("files", os.fsencode(tmp_path), ((b"a.env", 1),))
            raise KeyboardInterrupt

    slow = Slow(os.fsencode(tmp_path), requested=".", max_file_size=1 << 20, gitignore=False, tracked=None, repo_root=None, info_exclude=None)
    assert run(Plan(sources=(source,), config=Config())).coverage.interrupted
    outcome = run(Plan(sources=(slow,), config=Config(engine="aho-corasick"), jobs=1))
    assert outcome.coverage.interrupted
    assert not outcome.coverage.complete
    assert len(outcome.findings) == 1


def test_an_allow_entry_marks_and_does_not_hide(tmp_path):
    (tmp_path / "a.env").write_bytes(b"key = " + TOKEN)
    config = Config(allow=(AllowEntry("a canary of ours", paths=("*.env",), rules=("github-*",)),))
    outcome = run(Plan(sources=(tree(tmp_path),), config=config))
    assert [finding.allowed for finding in outcome.findings] == ["configuration: a canary of ours"]


def test_findings_that_are_not_shown_are_counted(tmp_path):
    (tmp_path / "a.env").write_bytes(b'password = "MyDbPass' + b'99"')
    outcome = run(Plan(sources=(tree(tmp_path),), config=Config(confidence="high")))
    assert outcome.findings == []
    assert any("not shown" in note for note in outcome.coverage.notes)


def test_rules_that_do_not_hold_stop_the_run(tmp_path):
    (tmp_path / "r.toml").write_text("nonsense = 1")
    with pytest.raises(RulesetError, match="nonsense"):
        run(Plan(sources=(tree(tmp_path),), config=Config(rules=(str(tmp_path / "r.toml"),))))


def test_a_source_that_cannot_be_planned_is_a_failed_skip(tmp_path):
    class Broken:
        coverage = SourceCoverage("file", "gone")

        def units(self):
            from leaksieve.errors import SourceError

            raise SourceError("cannot be listed", where="gone")
            yield

        def read(self, unit):
            return iter(())

    outcome = run(Plan(sources=(Broken(),), config=Config()))
    assert outcome.coverage.failed == 1
