"""The benchmarks' own arithmetic and promises."""

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import corpus, engines, figures, fixtures, labels, large, measure, readme, tools  # noqa: E402
from benchmarks.__main__ import BENCHMARKS, main  # noqa: E402
from benchmarks.bruteforce import Answer, Brute, read, sample, section, told  # noqa: E402
from benchmarks.processes import Memory, can_sample, parse_rollup  # noqa: E402
from rulebook import engine, live, ruleset, ruleset_of, toml  # noqa: E402

from leaksieve.engine.matcher import Engine  # noqa: E402


def command(name, code, found=(1,)):
    return measure.Command(name, (sys.executable, "-S", "-c", code), os.getcwd(), name, found=frozenset(found))


def runs(*walls, void=""):
    return measure.Measured(command("x", ""), tuple(measure.Run(wall, wall / 2, 1000, 0) for wall in walls), (), void)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.stderr.write('no such flag\\n'); sys.exit(3)", "exit 3: no such flag"),
        ("import os; os.kill(os.getpid(), 9)", "exit -9: nothing on stderr"),
        ("import sys; sys.exit(1)", "exit 1 says findings, but none were printed: nothing on stderr"),
        ("print('x'); raise KeyError('boom')", "exit 1 after a crash: KeyError: 'boom'"),
    ],
)
def test_a_wrong_exit_voids_a_run_and_takes_the_figures_with_it(code, said, capsys):
    assert measure.run(command("peer", code), os.environ).void == said
    ours, peer = measure.alternate([command("leaksieve", "print('found'); raise SystemExit(1)"), command("peer", code)], os.environ, 2, 0)
    assert (ours.void, len(ours.runs)) == ("", 2)
    assert (peer.void, peer.runs, peer.memory) == (said, (), ())
    row = figures.compared([ours, peer]).splitlines()[3]
    assert f"void ({said})" in row
    assert not any(cell.strip().replace(".", "").isdigit() for cell in row.split("|"))
    assert capsys.readouterr().err.count("peer") == 1  # no further turn after the warm-up


def test_finding_nothing_is_void_where_there_is_something_to_find():
    blind = command("peer", "")
    assert measure.run(blind, os.environ).void == ""
    assert measure.run(blind._replace(clean=frozenset()), os.environ).void == "exit 0 where there is something to find"


def test_a_later_void_run_takes_the_earlier_ones_with_it(tmp_path):
    counter = tmp_path / "n"
    code = f"import sys; f = open({str(counter)!r}, 'a'); f.write('x'); sys.exit(9 if f.tell() > 2 else 0)"
    (peer,) = measure.alternate([command("peer", code)], os.environ, 3, 0)
    assert peer.void.startswith("exit 9")
    assert peer.runs == ()


def test_commands_take_turns_after_one_warm_up(tmp_path):
    log = tmp_path / "log"
    measure.alternate([command(name, f"open({str(log)!r}, 'a').write({name!r})") for name in "ABC"], os.environ, 2, 0)
    assert log.read_text() == "ABC" * 3


def test_medians_are_taken_of_each_column():
    found = figures.figures(runs(2.0, 8.0, 6.0), runs(1.0, 2.0, 10.0))
    assert (found.wall, found.cpu, found.resident) == (6.0, 3.0, 1000)


def test_the_ratio_is_the_references_time_over_the_others():
    other, reference = runs(2.0, 4.0, 8.0), runs(1.0, 1.0, 6.0)
    found = figures.figures(other, reference)
    assert found.ratio == 0.25
    assert found.paired == 0.5
    assert figures.figures(other, runs(void="exit 2")).ratio is None
    assert figures.figures(runs(void="exit 2"), reference).wall is None


def test_processor_time_and_memory_of_children_count():
    child = "x = bytearray(60_000_000); sum(range(3_000_000))"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {child!r}])"
    one = measure.run(command("x", parent), os.environ, sample=True)
    assert one.void == ""
    assert one.cpu > 0.03
    if can_sample():
        assert one.memory.anonymous > 55_000_000
        assert one.memory.resident >= one.memory.anonymous


def test_the_rollup_is_read_by_its_names():
    text = "0-1 ---p 0 0:0 0 [rollup]\nRss: 100 kB\nPss: 70 kB\nPss_Anon: 30 kB\nPss_File: 40 kB\nPss_Shmem: 1 kB\nAnonymous: 60 kB\n"
    assert parse_rollup(text) == Memory(30 * 1024, 41 * 1024, 100 * 1024)
    assert parse_rollup(text.replace("Pss_Anon: 30 kB\n", "")).anonymous == 60 * 1024


def test_flatness_divides_the_peaks():
    def one(peak):
        return runs(1.0)._replace(memory=(Memory(peak, 0, peak),))

    assert "| the whole / a tenth | 1.50 |" in large.flatness(("a tenth", "the whole"), [one(40_000_000), one(60_000_000)]).table


def archive(path):
    with tarfile.open(path, "w:gz") as tar:
        members = ["dev/meta/0000000a.csv", "dev/meta/0000000c.csv", "dev/data/0000000a/x.py", "dev/data/0000000c/x.py"]
        for name in ("dev/REPOS.tsv", *members, "dev/data/../../out.py"):
            info = tarfile.TarInfo(name)
            info.size = 1
            tar.addfile(info, io.BytesIO(b"x"))


def test_the_locked_repositories_stay_packed(tmp_path):
    archive(tmp_path / "a.tgz")
    root = Path(labels.unpack(str(tmp_path / "a.tgz"), str(tmp_path / "open"), locked=False))
    assert sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()) == ["data/0000000a/x.py", "meta/0000000a.csv"]
    root = Path(labels.unpack(str(tmp_path / "a.tgz"), str(tmp_path / "locked"), locked=True))
    assert sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()) == ["data/0000000c/x.py", "meta/0000000c.csv"]
    assert not labels.is_locked("28728ab1")
    assert labels.is_locked("28728ab4")


def test_labels_score_the_locked_part_only_when_asked(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    archive(tmp_path / "in" / labels.ARCHIVE)
    (tmp_path / "scorer.py").write_text("")
    monkeypatch.setenv(labels.LABELS, str(tmp_path / "in"))
    monkeypatch.setenv(labels.SCORER, str(tmp_path / "scorer.py"))
    scored = []
    part = {"T": 1, "TP": 1, "FP": 0, "FP_X": 0, "precision_FX": 1.0, "recall": 1.0, "f1_FX": 1.0}
    answer = {**dict.fromkeys(labels.SUBSETS, part), "cat": {"Token": part}, "findings": {"findings": 3, "on_unlabelled": 2}}

    def score(session, scorer, root, confidence):
        scored.append((sorted(os.listdir(os.path.join(root, "meta"))), confidence))
        return answer

    monkeypatch.setattr(labels, "_score", score)
    from benchmarks.session import Session

    session = Session(None, (), {}, str(tmp_path / "temp"))
    assert len(labels.bench(session)) == 2
    assert [(names, confidence) for names, confidence in scored] == [(["0000000a.csv"], confidence) for confidence in labels.CONFIDENCES]
    scored.clear()
    session = Session(None, (), {}, str(tmp_path / "temp2"), locked=True)
    assert [section.title for section in labels.bench(session)][-1] == "Labels: locked part, 1 repositories"
    assert {names[0] for names, _ in scored} == {"0000000a.csv", "0000000c.csv"}


def test_the_fixtures_are_what_they_say():
    plain = fixtures.source(0)
    assert 3000 <= len(plain) < 3500
    assert fixtures.source(1) != plain
    hits = engine().prefilter.hits
    text = {name: (plain + change()).encode() for name, change in fixtures.CHANGES.items()}
    nothing = hits(text["no keyword"])
    assert not any(nothing)
    keyword = hits(text["keyword, no finding"])
    assert keyword.literals or keyword.gates
    assert live(engine().scan(text["keyword, no finding"])) == []
    assert [match.secret.reveal().decode() for match in live(engine().scan(text["one finding"]))] == [fixtures.token()]


def test_no_fixture_file_holds_a_keyword():
    hits = engine().prefilter.hits
    met = {seed for seed in range(300) if any(hits(fixtures.source(seed).encode()))}
    assert not met, "a rule's keyword stands in the fixtures' words: change fixtures.WORDS"


def test_marked_copies_share_no_line():
    data = b"one\r\ntwo\n\nlast"
    first, second = (set(corpus.marked(data, mark).split(b"\n")) for mark in (b"c1", b"c2"))
    assert not first & second
    assert corpus.marked(b"a\0b\n", b"c1") == b"a\0b\nc1"


@pytest.fixture
def clone(tmp_path, monkeypatch):
    top = tmp_path / "clones" / "one"
    fixtures.build(str(top), 3)
    (top / ".gitignore").write_text("*.log\n")
    (top / "kept.log").write_text("tracked although ignored\n")
    (top / "link").symlink_to("kept.log")
    fixtures.git(str(top), "add", "-f", ".")
    fixtures.git(str(top), "commit", "-q", "-m", "Second")
    (top / "loose.txt").write_text("not tracked\n")
    monkeypatch.setenv(corpus.VARIABLE, str(tmp_path / "clones"))
    return top


def test_exports_hold_the_tracked_files_and_trees_fill_up(clone, tmp_path):
    assert corpus.clones() == [str(clone)]
    files, size = corpus.export(str(clone), str(tmp_path / "out"))
    names = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert names == ["kept.log", *(f"src/part00/module000{n}.py" for n in range(3))]
    assert (files, size) == (4, sum((tmp_path / "out" / name).stat().st_size for name in names))
    made, total = corpus.replicate([str(clone)], str(tmp_path / "large"), 10, 10**9)
    written = [p.read_bytes() for p in (tmp_path / "large").rglob("*") if p.is_file()]
    assert made == len(written) == len(set(written)) == 10
    assert total == sum(map(len, written))
    assert corpus.replicate([str(clone)], str(tmp_path / "small"), 10**6, 30_000)[1] < 45_000


def test_samples_hold_whole_objects_up_to_the_limit(clone):
    batches = sample([str(clone)], 10**9)
    objects = [item for batch in batches for item in read(batch)]
    assert sum(map(len, (data for _, data in objects))) == sum(batch.size for batch in batches)
    assert (clone / "kept.log").read_bytes() in [data for _, data in objects]
    assert 3000 < sum(batch.size for batch in sample([str(clone)], 3001)) < 7000


def test_brute_force_notices_what_an_engine_misses():
    rules = ruleset_of(toml())
    brute = Brute(rules)
    data = b"k=acme_" + b"a1" * 10 + b"\n"
    expected = brute.matches(data)
    assert expected == {("acme-token", 2, 27)}
    for one in brute.engines:
        assert told(one, data)[0] == expected
    assert told(Engine(rules.select(disable=["*"]), decode_depth=0), data)[0] == set()


def test_what_is_missed_is_named_and_fails_the_run():
    answer = Answer(1000, 1, 1, [("hyperscan", "abc", "acme-token", 2, 27)], [], 0, 0.1, 0.1, {"acme-token": 0.1})
    found = section([answer], 1.0)
    assert found.failed
    assert found.notes == ("MISSED by hyperscan: acme-token at bytes 2-27 of abc",)
    assert not section([answer._replace(missed=[])], 1.0).failed


def test_brute_force_and_engine_agree_on_the_fixtures():
    brute = Brute(ruleset())
    for change in fixtures.CHANGES.values():
        data = (fixtures.source(0) + change()).encode()
        expected = brute.matches(data)
        assert all(told(one, data)[0] == expected for one in brute.engines)


def test_engine_reports_compare_by_place_whatever_their_order():
    def report(*places, skipped=()):
        kept = {"severity": "high", "confidence": "high", "tags": [], "secret": "*", "parts": {}, "fingerprint": "f", "proof": "none"}
        spans = [(rule, {"path": "a", "byte_start": start, "byte_end": start + 1, "decoded": []}) for rule, start in places]
        findings = [{**kept, "rule_id": rule, "occurrences": [span]} for rule, span in spans]
        return engines.canonical({"findings": findings, "coverage": {"sources": [{"skipped": list(skipped)}]}})

    assert report(("a", 1), ("b", 2)) == report(("b", 2), ("a", 1))
    assert engines.difference(report(("a", 1)), report(("a", 1), ("b", 2))) == "only hyperscan has a bytes 2-3 b"
    assert "too-large" in engines.difference(report(skipped=[{"path": "p", "reason": "too-large"}]), report())


def test_engines_are_compared_below_the_filters(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text(fixtures.source(0) + fixtures.CHANGES[fixtures.FINDING]())
    assert engines.in_full(str(tmp_path)) == (1, "")
    monkeypatch.setattr(engines, "spans", lambda matches: object())
    assert engines.in_full(str(tmp_path)) == (1, "DIFFERENT on a.py")


def test_wrappers_of_wheels_are_passed_by(tmp_path):
    binary = tmp_path / "env" / "lib" / "python3.11" / "site-packages" / "betterleaks" / "bin" / "betterleaks"
    script = tmp_path / "env" / "bin" / "betterleaks"
    for path in (binary, script):
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\necho 2.0\n")
    script.chmod(0o755)
    assert tools.binary_behind(str(script), "betterleaks") == str(script)  # not a program
    binary.chmod(0o755)
    assert tools.binary_behind(str(script), "betterleaks") == str(binary)


def test_peers_are_found_by_variable_and_missing_ones_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(tools.NoTool, match="kingfisher is not installed"):
        tools.find("kingfisher")
    program = tmp_path / "kf"
    program.write_text("#!/bin/sh\necho kingfisher 9.9\n")
    program.chmod(0o755)
    monkeypatch.setenv("LEAKSIEVE_BENCH_KINGFISHER", str(program))
    found = tools.find("kingfisher")
    assert (found.version, found.tree("/x").found, found.staged("/x", []).cwd) == ("9.9", {200}, "/x")
    monkeypatch.setenv("LEAKSIEVE_BENCH_KINGFISHER", str(tmp_path / "none"))
    with pytest.raises(tools.NoTool, match="is not a program"):
        tools.find("kingfisher")


def test_commands_run_without_this_machines_habits(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("LEAKSIEVE_KEY", "k")
    found = tools.environment("/home/x")
    assert not {"PYTHONDONTWRITEBYTECODE", "LEAKSIEVE_KEY"} & found.keys()
    assert found["HOME"] == "/home/x"


def test_tables_go_between_their_markers(tmp_path):
    page = tmp_path / "README.md"
    page.write_text("a\n<!-- table:tree -->\nold\n<!-- /table:tree -->\nb <!-- table:large --><!-- /table:large -->\n")
    readme.update(page, "tree", r"| \1 |")
    readme.update(page, "tree", r"| \2 |")
    assert page.read_text() == "a\n<!-- table:tree -->\n\n| \\2 |\n\n<!-- /table:tree -->\nb <!-- table:large --><!-- /table:large -->\n"
    with pytest.raises(ValueError, match="must hold"):
        readme.update(page, "staged", "x")
    text = readme.README.read_text()
    assert all(text.count(f"<!-- table:{name} -->") == text.count(f"<!-- /table:{name} -->") == 1 for name in BENCHMARKS)


def test_a_benchmark_says_what_it_lacks(tmp_path, monkeypatch, capsys):
    program = tmp_path / "leaksieve"
    program.write_text("#!/bin/sh\necho leaksieve 0.0\n")
    program.chmod(0o755)
    monkeypatch.setenv("LEAKSIEVE_BENCH_LEAKSIEVE", str(program))
    monkeypatch.setenv("PATH", os.defpath)
    out = tmp_path / "out.json"
    assert main(["tree", "--json", str(out), "--without", "kingfisher"]) == 1
    told_ = capsys.readouterr().out
    assert "not run: set LEAKSIEVE_BENCH_REPOS to a folder that holds git clones" in told_
    assert "kingfisher left out" in told_
    assert json.loads(out.read_text())["results"] == {}


def test_the_module_runs():
    done = subprocess.run([sys.executable, "-m", "benchmarks", "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert all(name in done.stdout for name in BENCHMARKS)
