"""Baselines through the program: what is written, what is known, what is new, and what nobody may slip by."""

import json
import re
import shutil

import pytest

from leaksieve.ruleset.template import expand

# A password that could be guessed, so that it is known at its path alone.
WEAK = "curl -u admin:" + "hunter" + "22 https://shop.example.com/\n"
OTHER_WEAK = "curl -u admin:" + "winter" + "77 https://shop.example.com/\n"


def tokens(*seeds):
    return [expand("ghp_<crc32-github:30>", seed).decode() for seed in seeds]


ONE, TWO, THREE = tokens(11, 12, 13)


@pytest.fixture
def shop(repo):
    """A repository with a token and a weak password, and a baseline of it."""
    repo.write("src/a.py", f"# a\ntoken = '{ONE}'\n")
    repo.write("deploy/run.sh", f"#!/bin/sh\n# fetch the list\nset -e\n{WEAK}echo done\n")
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "work")
    done = repo.run("baseline", "create", "-o", "known.txt")
    assert (done.code, done.out, done.err) == (0, "", "leaksieve: known.txt: 2 entries\n")
    return repo


def entries(place, name="known.txt"):
    return [line for line in (place.path / name).read_text().splitlines() if not line.startswith("#")]


def findings(place, *args, code=0):
    """The report of a scan of the tree with the baseline."""
    done = place.run(*(args or ("dir", ".")), "-b", "known.txt", "-f", "json")
    assert done.code == code, done
    return json.loads(done.out)


def new(report):
    return [finding for finding in report["findings"] if not finding["allowed"]]


def commit(place):
    place.git("add", "-A")
    place.git("commit", "-q", "-m", "change")


def test_the_file_has_a_line_for_each_entry_and_nothing_that_moves(shop):
    text = (shop.path / "known.txt").read_text()
    assert re.fullmatch(
        r"# leaksieve baseline, version 1\n# key root-commit [0-9a-f]{16}\n"
        r"ls1-[0-9a-f]{32} github-classic-token\nls1w-[0-9a-f]{8} http-auth-curl-user deploy/run\.sh\n",
        text,
    )
    assert ONE not in text
    assert "hunter" not in text


def test_what_is_known_does_not_fail_and_is_shown_as_such(shop):
    report = findings(shop)
    assert [finding["baselined"] for finding in report["findings"]] == [True, True]
    assert {finding["allowed"] for finding in report["findings"]} == {"in the baseline known.txt"}
    assert report["coverage"]["baseline"] == {"files": ["known.txt"], "entries": 2, "matched": 2, "findings": 2, "stale": 0}
    assert shop.run("dir", ".").code == 1
    assert "Not counted: 2 in the baseline (-v shows them)" in shop.run("dir", ".", "-b", "known.txt").out


def test_sarif_says_what_is_new(shop):
    shop.write("b.py", f"t = '{TWO}'\n")
    done = shop.run("dir", ".", "-b", "known.txt", "-f", "sarif")
    assert done.code == 1
    results = json.loads(done.out)["runs"][0]["results"]
    told = {(result["baselineState"], tuple((each["kind"], each["justification"]) for each in result["suppressions"])) for result in results}
    assert told == {("unchanged", (("external", "in the baseline known.txt"),)), ("new", ())}


def test_a_new_value_on_a_known_line_is_new(shop):
    shop.write("src/a.py", f"# a\ntoken = '{TWO}'\n")
    report = findings(shop, code=1)
    assert [finding["path"] for finding in new(report)] == ["src/a.py"]


def test_a_weak_value_is_known_at_its_path_alone(shop):
    shop.write("production.sh", WEAK)
    assert [finding["path"] for finding in new(findings(shop, code=1))] == ["production.sh"]


@pytest.mark.parametrize("committed", [False, True], ids=["in the working tree", "committed"])
@pytest.mark.parametrize("name", ["deploy/fetch.sh", "ops/run.sh", "ops/all/fetch.txt"])
def test_a_weak_value_is_known_in_a_renamed_file(shop, name, committed):
    (shop.path / name).parent.mkdir(parents=True, exist_ok=True)
    shop.git("mv", "deploy/run.sh", name)
    if committed:
        commit(shop)
        # One rename more, and the file changes as well.
        shop.git("mv", name, "again.sh")
        name = "again.sh"
        shop.write(name, f"#!/bin/sh\n\n# fetch the list\nset -e\n  {WEAK}echo done\n")
        commit(shop)
    report = findings(shop)
    known = next(finding for finding in report["findings"] if finding["path"] == name)
    assert known["allowed"] == "in the baseline known.txt, under the file's former name deploy/run.sh"
    assert report["coverage"]["baseline"]["stale"] == 0
    staged = shop.run("git", "--staged", "-b", "known.txt", "-f", "json")
    assert staged.code == 0, staged


def test_the_history_knows_renames_too(shop):
    shop.git("mv", "deploy/run.sh", "ops.sh")
    commit(shop)
    assert new(findings(shop, "git")) == []
    assert new(findings(shop, "scan", ".")) == []


def test_a_copy_is_a_new_place(shop):
    shutil.copy(shop.path / "deploy" / "run.sh", shop.path / "deploy" / "copy.sh")
    assert [finding["path"] for finding in new(findings(shop, code=1))] == ["deploy/copy.sh"]
    commit(shop)
    assert [finding["path"] for finding in new(findings(shop, "scan", ".", code=1))] == ["deploy/copy.sh"]


def test_a_weak_value_that_moves_into_another_file_is_new(shop):
    (shop.path / "deploy" / "run.sh").unlink()
    shop.write("src/production.py", f"import os\nos.system('''{WEAK}''')\nprint('all is well')\n")
    commit(shop)
    assert [finding["path"] for finding in new(findings(shop, code=1))] == ["src/production.py"]


def test_without_a_repository_a_rename_is_believed_by_name_or_folder(place):
    place.write("a/run.sh", WEAK)
    place.write("tests/run.sh", OTHER_WEAK)
    assert place.run("baseline", "create", ".", "-o", "known.txt").code == 0
    assert len(entries(place)) == 2
    (place.path / "b").mkdir()
    (place.path / "a" / "run.sh").rename(place.path / "b" / "run.sh")
    assert new(findings(place)) == []
    # A test's password is no excuse for that of anything else.
    (place.path / "tests" / "run.sh").rename(place.path / "run.sh")
    assert [finding["path"] for finding in new(findings(place, code=1))] == ["run.sh"]


def test_stale_entries_are_said_where_everything_was_scanned(shop):
    shop.write("src/a.py", "# nothing\n")
    done = shop.run("dir", ".", "-b", "known.txt")
    assert done.code == 0
    assert "1 of 2 entries of the baseline was not found; `leaksieve baseline update`" in done.err
    assert findings(shop)["coverage"]["baseline"]["stale"] == 1
    part = shop.run("dir", "src", "-b", "known.txt")
    assert "not found" not in part.err
    assert findings(shop, "dir", "src")["coverage"]["baseline"]["stale"] is None


def test_update_changes_what_changed_and_nothing_else(shop):
    before = (shop.path / "known.txt").read_bytes()
    shop.write("src/a.py", f"# moved\n\n\nif x:\n    token = '{ONE}'  # shifted\n")
    assert "nothing changed" in shop.run("baseline", "update", "--tree", "-b", "known.txt").err
    assert (shop.path / "known.txt").read_bytes() == before
    shop.write("b.py", f"t = '{TWO}'\n")
    (shop.path / "deploy" / "run.sh").rename(shop.path / "deploy" / "walk.sh")
    done = shop.run("baseline", "update", "--tree", "-o", "known.txt")
    assert done.err == "leaksieve: known.txt: 1 added, 0 dropped, 1 followed to another path; 3 entries\n"
    assert entries(shop)[2].endswith(" deploy/walk.sh")
    (shop.path / "b.py").unlink()
    kept = shop.run("baseline", "update", "--tree", "-b", "known.txt", "--keep-stale")
    assert "nothing changed" in kept.err
    part = shop.run("baseline", "update", "src", "-b", "known.txt")
    assert "2 entries not found by this scan of a part, and kept" in part.err
    assert shop.run("baseline", "update", "--tree", "-b", "known.txt").code == 0
    assert len(entries(shop)) == 2


def test_comments_of_the_users_own_stay(shop):
    path = shop.path / "known.txt"
    path.write_text(path.read_text().replace("# key", "# ask Ada before adding to it\n# key"))
    shop.write("b.py", f"t = '{TWO}'\n")
    shop.run("baseline", "update", "--tree", "-b", "known.txt")
    assert "\n# ask Ada before adding to it\n" in path.read_text()
    assert len(entries(shop)) == 3


@pytest.mark.parametrize(("ci", "args", "code"), [("true", (), 2), ("1", (), 2), ("false", (), 0), ("", (), 0), ("true", ("--yes",), 0)])
def test_update_is_refused_in_ci(shop, ci, args, code):
    shop.write("b.py", f"t = '{TWO}'\n")
    before = entries(shop)
    done = shop.run("baseline", "update", "--tree", "-b", "known.txt", *args, CI=ci)
    assert done.code == code, done
    assert (entries(shop) == before) == bool(code)
    assert ("--yes" in done.err) == bool(code)


def test_create_replaces_nothing_unasked(shop):
    assert shop.run("baseline", "create", "-o", "known.txt").code == 0
    shop.write("b.py", f"t = '{TWO}'\n")
    before = entries(shop)
    done = shop.run("baseline", "create", "-o", "known.txt")
    assert done.code == 2
    assert "known.txt: is there already, and is not replaced; `leaksieve baseline update`" in done.err
    assert entries(shop) == before
    assert shop.run("baseline", "create", "-o", "known.txt", "--yes").code == 0
    assert len(entries(shop)) == 3


def test_diff_shows_what_is_new_moved_and_gone(shop):
    assert (shop.run("baseline", "diff", "--tree", "-b", "known.txt")).code == 0
    shop.write("src/a.py", f"\n\nt = '{TWO}'\n")
    (shop.path / "deploy" / "run.sh").rename(shop.path / "deploy" / "walk.sh")
    done = shop.run("baseline", "diff", "--tree", "-b", "known.txt")
    assert done.code == 1
    lines = done.out.splitlines()
    assert [line[0] for line in lines] == ["+", ">", "-"]
    assert lines[0].endswith("github-classic-token src/a.py:3")
    assert lines[1].endswith("deploy/walk.sh (was deploy/run.sh)")
    (shop.path / "src" / "a.py").unlink()
    assert shop.run("baseline", "diff", "--tree", "-b", "known.txt").code == 0


def test_two_baselines_are_compared(shop):
    shutil.copy(shop.path / "known.txt", shop.path / "old.txt")
    shop.write("b.py", f"t = '{TWO}'\n")
    shop.run("baseline", "update", "--tree", "-b", "known.txt")
    done = shop.run("baseline", "diff", "old.txt", "known.txt")
    assert (done.code, [line[0] for line in done.out.splitlines()]) == (1, ["+"])
    done = shop.run("baseline", "diff", "known.txt", "old.txt")
    assert (done.code, [line[0] for line in done.out.splitlines()]) == (0, ["-"])


def test_git_merges_baselines_by_the_driver(shop):
    shop.write(".gitattributes", "known.txt merge=leaksieve-baseline\n")
    shop.git("config", "merge.leaksieve-baseline.driver", " ".join([f"'{word}'" for word in shop.command()]) + " baseline merge --driver %O %A %B")
    commit(shop)
    shop.git("checkout", "-q", "-b", "side")
    shop.write("b.py", f"t = '{TWO}'\n")
    shop.run("baseline", "update", "-b", "known.txt")
    commit(shop)
    shop.git("checkout", "-q", "main")
    (shop.path / "deploy" / "run.sh").unlink()
    shop.write("c.py", f"t = '{THREE}'\n")
    shop.run("baseline", "update", "--tree", "-b", "known.txt")
    commit(shop)
    shop.git("merge", "-q", "-m", "both", "side")
    assert len(entries(shop)) == 3
    assert entries(shop) == sorted(entries(shop))
    assert "b.py" in shop.git("ls-files")
    assert new(findings(shop)) == []


def test_merge_writes_to_standard_output_or_a_file(shop):
    done = shop.run("baseline", "merge", "known.txt", "known.txt")
    assert (done.code, done.out) == (0, (shop.path / "known.txt").read_text())
    assert shop.run("baseline", "merge", "known.txt", "-o", "both.txt").code == 0
    assert (shop.path / "both.txt").read_text() == done.out
    assert shop.run("baseline", "merge", "--driver", "known.txt", "known.txt").code == 2


def test_several_baselines_count_together(shop):
    shop.write("b.py", f"t = '{TWO}'\n")
    assert shop.run("baseline", "create", "--tree", "-b", "known.txt", "-o", "more.txt").code == 0
    assert len(entries(shop, "more.txt")) == 1
    assert shop.run("dir", ".", "-b", "more.txt").code == 1
    done = shop.run("dir", ".", "-b", "known.txt", "-b", "more.txt", "-f", "json")
    assert done.code == 0
    assert json.loads(done.out)["coverage"]["baseline"]["files"] == ["known.txt", "more.txt"]


@pytest.mark.parametrize(
    ("change", "env", "expected"),
    [
        (lambda text: text, {"LEAKSIEVE_KEY": "k"}, "unset LEAKSIEVE_KEY"),
        (lambda text: re.sub(r"key root-commit \w+", "key root-commit " + "0" * 16, text), {}, "known.txt: was made with another key (root-commit 0000"),
        (lambda text: re.sub(r"key root-commit", "key project", text.replace("# key root-commit ", "# key root-commit 0")[:-1]), {}, "names no key"),
        (lambda text: text.replace("# key", "# no key"), {}, "known.txt: names no key"),
        (lambda text: text.replace("ls1-", "ls2-"), {}, "known.txt: line 3 is no entry"),
        (lambda text: text + "<<<<<<< ours\n", {}, "known.txt: line 5 is a mark of a merge that was not finished"),
        (lambda text: text[1:], {}, "known.txt: is no baseline"),
        (lambda text: text + "ls1w-00000000 x\n", {}, "known.txt: line 5 is no entry"),
    ],
)
def test_a_baseline_that_does_not_hold_is_exit_2(shop, change, env, expected):
    path = shop.path / "known.txt"
    path.write_text(change(path.read_text()))
    done = shop.run("dir", ".", "-b", "known.txt", **env)
    assert (done.code, done.out) == (2, ""), done
    assert expected in done.err
    assert done.err.count("\n") == 1


def test_a_path_that_holds_a_secret_is_not_written_down(place):
    name = f"dump-{ONE}/run.sh"
    place.write(name, WEAK)
    assert place.run("baseline", "create", ".", "-o", "known.txt").code == 0
    assert ONE not in (place.path / "known.txt").read_text()
    assert entries(place)[0].endswith(" http-auth-curl-user -")
    assert new(findings(place)) == []


def test_a_strange_path_survives_the_file(place):
    for name in (" a%\n.sh ", "é ü.sh", "-"):
        place.write(name, WEAK)
    assert place.run("baseline", "create", ".", "-o", "known.txt").code == 0
    assert len(entries(place)) == 3
    assert new(findings(place)) == []


def test_the_gate_takes_a_baseline(shop):
    shop.write("c.py", f"x = '{ONE}'\n")
    shop.git("add", "c.py")
    assert shop.run("git", "--staged").code == 1
    assert shop.run("hook", "pre-commit", "-b", "known.txt").code == 0
    shop.write("d.py", f"x = '{TWO}'\n")
    shop.git("add", "d.py")
    done = shop.run("git", "--staged", "-b", "known.txt", "-f", "json")
    assert done.code == 1
    assert [finding["path"] for finding in new(json.loads(done.out))] == ["d.py"]
    assert "not found" not in done.err


def test_scans_without_baselines_import_nothing_of_them(shop):
    # Comparing what is loaded: the modules are asked for only where -b or a baseline command is given.
    code = "import sys; from leaksieve.cli.main import main; main(['git', '--staged']); print([m for m in sys.modules if 'baseline' in m or m.endswith(('.known', '.followed'))])"
    import subprocess
    import sys

    shop.write("c.py", f"x = '{ONE}'\n")
    shop.git("add", "c.py")
    done = subprocess.run([sys.executable, "-c", code], cwd=shop.path, env=shop.env, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_page_on_baselines_does_what_it_says(shop):
    """Its commands, in its order, in a repository with a known token."""
    import os
    import subprocess
    import sys
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "baselines.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL) for line in block.splitlines()]
    assert len(lines) == 9
    program = shop.path.parent / "bin" / "leaksieve"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m leaksieve "$@"\n')
    program.chmod(0o755)
    env = shop.env | {"PATH": f"{program.parent}{os.pathsep}{shop.env['PATH']}"}
    for name in ("ours", "theirs"):
        shutil.copy(shop.path / "known.txt", shop.path / f"{name}.baseline")
    for line in lines:
        done = subprocess.run(line, shell=True, cwd=shop.path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    shown = re.search(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[1]
    from leaksieve.findings.baseline import parse

    assert parse(shown.encode(), "page").text() == shown


def test_the_numbers_of_the_page_are_the_programs():
    from pathlib import Path

    from leaksieve.findings.strength import WEAK_BELOW
    from leaksieve.sources.followed import MOST_COMMITS

    page = (Path(__file__).parents[2] / "docs" / "baselines.md").read_text(encoding="utf-8")
    assert f"under {WEAK_BELOW:.0f} bits" in page
    assert f"{MOST_COMMITS:,} commits back" in page


def test_a_link_that_leads_nowhere_is_replaced_and_one_to_a_file_followed(shop, tmp_path):
    outside = tmp_path / "outside"
    link = shop.path / "leaksieve.baseline"
    link.symlink_to(outside)
    assert shop.run("baseline", "create", "-o", "leaksieve.baseline", ".").code == 0
    assert not outside.exists()
    assert not link.is_symlink()
    link.rename(shop.path / "kept")
    link.symlink_to("kept")
    shop.write("more.py", f"t = '{expand('ghp_<crc32-github:30>', 321).decode()}'\n")
    assert shop.run("baseline", "update", "-b", "leaksieve.baseline", ".").code == 0
    assert link.is_symlink()
    assert len((shop.path / "kept").read_text().splitlines()) == len(link.read_text().splitlines()) > 2
