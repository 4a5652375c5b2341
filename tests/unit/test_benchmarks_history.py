"""The history benchmark's arithmetic, its programs, and what it says of what is not there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import fixtures, history, measure, phases, rescan, scaling, tools  # noqa: E402
from benchmarks.processes import Memory  # noqa: E402
from benchmarks.session import Session, Unavailable  # noqa: E402

from leaksieve.sources.history import HistorySource  # noqa: E402


def measured(name, *walls, void="", anonymous=0):
    memory = (Memory(anonymous, 0, 0),) if anonymous else ()
    runs = () if void else tuple(measure.Run(wall, wall * 2, 0, 0) for wall in walls)
    return measure.Measured(measure.Command(name, ("x",), ".", name), runs, memory, void)


@pytest.fixture
def clone(tmp_path):
    top = tmp_path / "clones" / "one"
    fixtures.build(str(top), 30)
    return str(top)


@pytest.fixture
def session(tmp_path):
    (tmp_path / "home").mkdir()
    ours = tools.Tool(tools.LEAKSIEVE, str(tmp_path / "leaksieve"), "0")
    return Session(ours, (), tools.environment(str(tmp_path / "home")), str(tmp_path), runs=1)


def fake(session, text):
    path = Path(session.leaksieve.program)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


def test_time_within_a_phase_belongs_to_the_innermost():
    ticks = iter([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0])
    clock = phases.Clock(0.0, lambda: next(ticks))
    inner = clock.around("inner", lambda: "answer")
    other = clock.around("inner", lambda: None)

    def run():
        other()
        return inner()

    assert clock.around(phases.LAST, run)() == "answer"
    clock.tick()
    # 1 start, 1 outer, 2 inner, 4 outer, 8 inner, 16 outer, 32 report
    assert clock.seconds == {phases.START: 1.0, phases.LAST: 21.0, "inner": 10.0, phases.REPORT: 32.0}


def test_a_phase_that_fails_is_left_all_the_same():
    ticks = iter([1.0, 3.0, 6.0])
    clock = phases.Clock(0.0, lambda: next(ticks))
    with pytest.raises(KeyError):
        clock.around("inner", {}.__getitem__)("x")
    clock.tick()
    assert clock.seconds == {phases.START: 4.0, "inner": 2.0}


def test_every_door_is_there():
    # A function that is renamed or moved must be followed in benchmarks/phases.py.
    for place in phases.DOORS.values():
        owner, name = phases.door(place)
        assert callable(getattr(owner, name))
    with pytest.raises(AttributeError):
        phases.door("leaksieve.sources.history:HistorySource.no_such_thing")


def test_the_table_shows_every_phase_once():
    shown = [name for names in scaling.SHOWN.values() for name in names]
    assert sorted(shown) == sorted([*phases.DOORS, *phases.SIDE_DOORS, phases.START, phases.REPORT, scaling.EXIT])
    assert phases.DOORS["stock"].endswith(HistorySource.build.__name__)


def test_what_is_not_shared_out_bounds_a_scan():
    one = scaling.split([{phases.START: 1.0, phases.WALK: 16.0}, {phases.START: 1.0, phases.WALK: 16.0, "engine": 1.0}, {phases.START: 1.0, phases.WALK: 20.0}])
    assert (one.walk, one.total, one.serial) == (16.0, 18.0, 2.0)
    assert one.phases["engine"] == 0.0
    assert scaling.allowed(one, 16) == 3.0
    said = scaling.limits(one)
    assert "Not shared out: 2.00 s, 11% of the run" in said
    assert "3.00 s with 16 (6.0 times), 2.25 s with 64 (8.0 times)" in said


def test_the_speed_up_is_of_the_walk_and_of_the_whole():
    one, two = scaling.Split({phases.WALK: 8.0}, 10.0), scaling.Split({phases.WALK: 4.0}, 5.0)
    text = scaling.table(one, two, two, (3.0, 1.5))
    assert "| attribution: commits, paths, references | - | - |  | - |" in text
    assert "| walk: the part that is shared out | 8.000 | 4.000 | 2.00 | 4.000 |" in text
    assert "| whole process | 10.000 | 5.000 | 2.00 | 5.000 |" in text
    assert "| the floor's walk | 3.000 | 1.500 | 2.00 |  |" in text


def test_a_watched_scan_accounts_for_all_its_time(session, clone):
    began = phases.time.monotonic()
    seconds = scaling.watched(session, sys.executable, clone, "--no-attribution", "-j", "1")
    whole = phases.time.monotonic() - began
    assert {phases.START, phases.WALK, "stock", "engine", phases.REPORT, scaling.EXIT} <= seconds.keys()
    assert all(value >= 0 for value in seconds.values())
    assert whole * 0.5 < sum(seconds.values()) <= whole
    with pytest.raises(Unavailable, match="ended with exit"):
        scaling.watched(session, sys.executable, clone, "--no-such-option")


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_floor_reads_every_object(session, clone, jobs):
    listed = ["git", "cat-file", "--batch-all-objects", "--batch-check=%(objectsize)"]
    sizes = [int(size) for size in subprocess.run(listed, cwd=clone, capture_output=True, check=True).stdout.split()]
    loose = scaling.floor(session, sys.executable, clone, jobs)
    fixtures.git(clone, "gc", "-q")
    packed = scaling.floor(session, sys.executable, clone, jobs)
    for told in (loose, packed):
        assert (told["objects"], told["bytes"], told["lost"], told["jobs"]) == (len(sizes), sum(sizes), 0, jobs)


def test_a_floor_that_fails_says_why(session, tmp_path):
    with pytest.raises(Unavailable, match=r"floor\.py failed: "):
        scaling.floor(session, sys.executable, str(tmp_path), 1)


def test_a_second_scan_counts_only_when_something_was_kept(session, clone):
    # The home is written to with and without a cache; only what the cache adds shows that there is one.
    fake(session, 'echo key > "$HOME/key"\n')
    text = rescan.bench(session, clone, 1).table
    assert text.count("not there yet: nothing is kept") == len(rescan.VIEWS)
    fake(session, 'echo key > "$HOME/key"\ncase "$*" in *--cache*) [ -e "$HOME/kept" ] || sleep 0.2; echo 1234567 > "$HOME/kept";; esac\n')
    found = rescan.bench(session, clone, 1)
    assert "not there yet" not in found.table
    assert all(one["kept"] == 8 and one["second"] < one["first"] / 2 for one in found.data)


def test_a_second_scan_that_fails_has_no_figures(session, clone):
    fake(session, 'case "$*" in *--cache*) echo no such option >&2; exit 2;; esac\n')
    assert "| void (exit 2: no such option) |  |  |  |" in rescan.bench(session, clone, 1).table


def test_only_the_clones_that_were_named(tmp_path):
    clones = ["/x/git", "/x/redis"]
    assert history.chosen(clones, ()) == clones
    assert history.chosen(clones, ("redis",)) == ["/x/redis"]
    with pytest.raises(Unavailable, match="no clone linux, only git, redis"):
        history.chosen(clones, ("linux", "git"))


def test_what_is_compared_reads_the_whole_history(session, clone):
    peers = tuple(tools.Tool(name, f"/x/{name}", "1") for name in ("betterleaks", "kingfisher", "detect-secrets"))
    found = {one.name: one for one in history.commands(session._replace(peers=peers), sys.executable, clone)}
    assert set(found) == {history.PLAIN, history.ATTRIBUTED, history.TURBO, history.LOG, history.FLOOR, "betterleaks", "kingfisher"}
    assert all(one.cwd == clone for one in found.values())
    for name in (history.PLAIN, history.ATTRIBUTED):
        assert "--no-cache" in found[name].argv
    assert ("--no-attribution" in found[history.PLAIN].argv, "--no-attribution" in found[history.ATTRIBUTED].argv) == (True, False)
    for name in ("kingfisher", history.TURBO):
        assert found[name].argv[found[name].argv.index("--git-history") + 1] == "full"
        assert "--no-validate" in found[name].argv
    assert "--turbo" not in found["kingfisher"].argv
    assert "--staged" not in found["betterleaks"].argv
    page = (ROOT / "benchmarks" / "README.md").read_text()
    assert all(f"`{one.shown}`" in page for name, one in found.items() if name != history.TURBO)


def test_ratios_are_ours_over_theirs():
    both = [measured(history.PLAIN, 1.0, 1.0, 3.0, anonymous=50), measured("kingfisher", 10.0, 8.0, 12.0, anonymous=200)]
    both += [measured(history.TURBO, void="exit 2"), measured(history.FLOOR, 0.5, 0.5, 0.5)]
    rows = history.ratios(both).splitlines()[2:]
    assert rows == [
        "| without attribution / kingfisher | 0.100 (1/10.0) | 0.125 (1/8.0) | 0.100 (1/10.0) | 0.250 (1/4.0) |",
        "| without attribution / floor | 2.00 | 2.00 | 2.00 | - |",
    ]


def test_attribution_alone_is_a_difference_within_rounds():
    rounds = [measured(history.PLAIN, 1.0, 2.0, 9.0), measured(history.ATTRIBUTED, 1.5, 2.25, 11.0), measured(history.LOG, 3.0, 3.0, 4.0)]
    assert "in the same round): 0.50 s, CPU 1.00 s; " in history.attribution(rounds, traced=True)
    assert history.attribution(rounds, traced=True).endswith(": 3.00 s, CPU 6.00 s.")
    assert "not there yet" in history.attribution(rounds, traced=False)
    assert "not measured" in history.attribution([measured(history.PLAIN, void="exit 2"), *rounds[1:]], traced=True)


def test_a_report_says_what_was_scanned_and_whether_it_is_traced():
    def report(*sources):
        findings = [{"occurrences": [{"source": source}]} for source in sources]
        return {
            "findings": findings,
            "coverage": {"sources": [{"scanned": {"objects": 2, "bytes": 30, "commits": 1}}, {"scanned": {"objects": 1, "files": 1}}]},
        }

    assert history.counts(report({})) == {"objects": 3, "bytes": 30, "commits": 1, "findings": 1}
    assert not history.is_traced(report({"kind": "git", "object": "ab"}))
    assert history.is_traced(report({"kind": "git"}, {"kind": "git", "reachable": False}))
    assert history.is_traced(report())


def test_the_interpreter_stands_in_the_first_line(session):
    fake(session, "")
    assert tools.interpreter(session.leaksieve) is None
    Path(session.leaksieve.program).write_text(f"#!{sys.executable} -I\n")
    assert tools.interpreter(session.leaksieve) == sys.executable
    assert tools.uncompiled(session.leaksieve, os.environ, "no_such_module")[0].startswith("(cannot be told")
