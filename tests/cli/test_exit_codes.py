"""The promise of docs/exit-codes.md, kept by the real program in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from leaksieve.errors import ExitCode

DOCS = Path(__file__).parents[2] / "docs" / "exit-codes.md"
needs_permissions = pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads everything")


@pytest.fixture
def leak(place, token):
    """A folder with one file that holds a secret."""
    place.write("tree/leak.py", f"TOKEN = '{token}'\n")
    return place


@pytest.fixture
def broken(repo):
    """A repository in which one staged object is missing."""
    repo.write("gone.txt", "some text\n")
    repo.git("add", "gone.txt")
    oid = repo.git("rev-parse", ":gone.txt").strip()
    (repo.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    return repo


def stage_leak(repo, token):
    repo.write("leak.py", f"TOKEN = '{token}'\n")
    repo.git("add", "leak.py")


def test_0_clean(place):
    place.write("tree/a.txt", "nothing here\n")
    assert place.run("dir", "tree").code == 0
    assert place.run("scan", "tree").code == 0
    assert place.run("stdin", stdin=b"nothing here\n").code == 0


def test_1_findings(leak, token):
    for command in (["dir", "tree"], ["scan", "tree"], ["dir", "tree/leak.py"]):
        done = leak.run(*command)
        assert done.code == 1, done
        assert "leak.py" in done.out
        assert token not in done.out + done.err
    done = leak.run("stdin", "--stdin-path", "piped/name.py", stdin=f"TOKEN = '{token}'\n".encode())
    assert done.code == 1, done
    assert "piped/name.py" in done.out


def test_1_staged(repo, token):
    assert repo.run("git", "--staged").code == 0
    stage_leak(repo, token)
    assert repo.run("git", "--staged").code == 1
    assert repo.run("git", ".", "--staged").code == 1
    assert repo.run("hook", "pre-commit").code == 1


def test_reveal_shows_and_nothing_else_does(leak, token):
    assert token in leak.run("dir", "tree", "--reveal").out
    for form in ("text", "json", "jsonl", "sarif"):
        done = leak.run("dir", "tree", "-f", form, "-v", "-v")
        assert done.code == 1, done
        assert token not in done.out + done.err


def test_fail_on_and_severity_are_separate(leak):
    assert leak.run("dir", "tree", "--fail-on", "critical").code == 1
    hidden = leak.run("dir", "tree", "--severity", "critical", "--fail-on", "low", "-f", "json")
    assert hidden.code == 1


def test_a_hidden_finding_that_fails_is_spoken_of(place, token):
    place.write("tree/a.txt", f"mail = '{token}'\n")
    place.write("low.toml", 'severity = "critical"\nfail_on = "info"\n')
    place.write("rules.toml", LOW_RULE)
    place.write("tree/a.txt", "shp_" + "a1B2c3D4e5" * 3 + "\n")
    done = place.run("dir", "tree", "-c", "low.toml", "--rules", "rules.toml", "-f", "json")
    assert done.code == 1, done
    assert json.loads(done.out)["findings"] == []
    assert "1 findings are hidden by --severity critical" in done.err


def test_exit_zero(leak):
    done = leak.run("dir", "tree", "--exit-zero")
    assert done.code == 0
    assert "leak.py" in done.out


def test_3_something_could_not_be_read(broken):
    done = broken.run("git", "--staged")
    assert done.code == 3, done
    assert "incomplete: 1 thing could not be scanned" in done.err
    assert broken.run("git", "--staged", "--allow-incomplete").code == 0
    assert broken.run("git", "--staged", "--exit-zero").code == 3


def test_1_comes_before_3_and_incomplete_is_said(broken, token):
    stage_leak(broken, token)
    done = broken.run("git", "--staged")
    assert done.code == 1, done
    assert "incomplete" in done.err
    quiet = broken.run("git", "--staged", "-q", "-f", "json")
    assert quiet.code == 1
    assert "incomplete" in quiet.err
    assert json.loads(quiet.out)["coverage"]["complete"] is False
    assert broken.run("git", "--staged", "--allow-incomplete").code == 1
    assert broken.run("git", "--staged", "--exit-zero").code == 3
    assert broken.run("git", "--staged", "--exit-zero", "--allow-incomplete").code == 0


@needs_permissions
def test_3_unreadable_file(place):
    place.write("tree/secret.txt", "x").chmod(0)
    assert place.run("dir", "tree").code == 3


def test_strict_counts_what_was_excluded(place):
    place.write("tree/big.txt", "x" * 2000)
    assert place.run("dir", "tree", "--max-file-size", "1 KiB").code == 0
    done = place.run("dir", "tree", "--max-file-size", "1 KiB", "--require-complete=strict")
    assert done.code == 3, done
    assert "--require-complete=strict" in done.err


def test_a_repository_is_scanned_with_its_history(repo, token):
    done = repo.run("scan", ".", "-f", "json")
    assert done.code == 0, done
    assert ". is taken for a working tree with its history" in done.err
    assert [source["kind"] for source in json.loads(done.out)["coverage"]["sources"]] == ["file", "git"]
    repo.write("gone.txt", f"t = {token}\n")
    repo.git("add", ".")
    repo.git("commit", "-qm", "leak")
    repo.git("rm", "-q", "gone.txt")
    repo.git("commit", "-qm", "no leak")
    assert repo.run("scan", ".", "--tree").code == 0
    assert repo.run("scan", ".", "--history").code == 1
    assert repo.run("scan", ".").code == 1
    assert repo.run("git").code == 1


def test_2_comes_before_everything(leak):
    assert leak.run("dir", "tree", "no-such-path").code == 2
    done = leak.run("dir", "tree", "-f", "json", "-o", "tree")
    assert done.code == 2, done


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif"])
def test_the_code_does_not_depend_on_the_format(leak, broken, form):
    assert leak.run("dir", "tree", "-f", form, "-o", f"out.{form}").code == 1
    assert (leak.path / f"out.{form}").stat().st_size
    assert broken.run("git", "--staged", "-f", form).code == 3


def test_several_reports_of_one_scan(leak):
    done = leak.run("dir", "tree", "-f", "json", "-o", "a.json", "-f", "sarif", "-o", "b.sarif", "-f", "text")
    assert done.code == 1
    assert "leak.py" in done.out
    assert len(json.loads((leak.path / "a.json").read_text())["findings"]) == 1
    assert json.loads((leak.path / "b.sarif").read_text())["version"] == "2.1.0"


PATCHED = """
import sys
from leaksieve import pipeline
from leaksieve.cli.main import run
original = pipeline.{name}
def replaced(*args, **options):
    {body}
pipeline.{name} = replaced
run()
"""


def patched(place, name, body, *args):
    """Run the program with one function of the pipeline replaced."""
    code = PATCHED.format(name=name, body=body)
    return subprocess.run([sys.executable, "-P", "-c", code, *args], cwd=place.path, env=place.env, capture_output=True, text=True, check=False, timeout=60)


def test_4_internal_error_shows_no_contents(leak, token):
    body = "raise KeyError(open('tree/leak.py').read())"
    done = patched(leak, "run", body, "dir", "tree")
    assert done.returncode == 4, done
    assert done.stderr == "leaksieve: internal error: KeyError; run with -v for the traceback, which is free of file contents\n"
    loud = patched(leak, "run", body, "dir", "tree", "-v")
    assert loud.returncode == 4
    assert "in replaced" in loud.stderr
    assert token not in loud.stderr + loud.stdout


def test_130_interrupted_after_reporting_what_was_found(leak, token):
    body = "outcome = original(*args, **options); outcome.coverage.interrupted = True; return outcome"
    done = patched(leak, "run", body, "dir", "tree")
    assert done.returncode == 130, done
    assert "leak.py" in done.stdout
    assert "interrupted" in done.stderr
    assert patched(leak, "run", body, "dir", "tree", "--exit-zero").returncode == 130


def test_130_before_the_scan(place):
    place.write("a.txt", "x")
    assert patched(place, "run", "raise KeyboardInterrupt", "dir", "a.txt").returncode == 130


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_130_by_a_real_signal(place):
    process = subprocess.Popen(place.command("stdin"), cwd=place.path, env=place.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # More than a pipe holds: once it is written, the program is reading.
    process.stdin.write(b"some text\n" * 50_000)
    process.stdin.flush()
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.stdout.read(), process.stderr.read()
    process.stdin.close()
    process.wait(timeout=30)
    process.stdout.close()
    process.stderr.close()
    assert process.returncode == 130, (out, err)
    assert b"Traceback" not in err
    assert b"interrupted" in err


@pytest.mark.skipif(sys.platform == "win32", reason="pipes")
@pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif"])
def test_a_reader_that_went_away_does_not_change_the_code(leak, form):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(leak.command("dir", "tree", "-f", form), cwd=leak.path, env=leak.env, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert done.returncode == 1
    assert b"Broken" not in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_reader_of_help_that_went_away(place):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(place.command("--help"), env=place.env, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="shell")
def test_closed_streams_do_not_change_the_code(leak):
    leak.write("clean/a.txt", "nothing\n")

    def code(redirection, *args):
        return subprocess.run(["sh", "-c", f'exec "$@" {redirection}', "sh", *leak.command(*args)], cwd=leak.path, env=leak.env, check=False).returncode

    assert code("2>&- >/dev/null", "scan", "clean") == 0
    assert code("2>&- >/dev/null", "scan", "tree") == 1
    assert code("2>/dev/full >/dev/null", "scan", "clean") == 0
    assert code(">&- 2>/dev/null", "scan", "clean") == 2
    assert code("<&- 2>/dev/null", "stdin") == 2
    assert code(">&-", "scan", "clean", "-q", "-o", "report.txt") == 0


def test_full_disk_under_a_report_is_no_internal_error(leak):
    """Standard output fails while the report is written, not only when it is flushed."""
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    for format_ in ("text", "json", "jsonl", "sarif"):
        with open("/dev/full", "wb") as full:
            command = leak.command("dir", "tree", "-q", "-f", format_)
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, cwd=leak.path, env=leak.env, check=False)
        assert done.returncode == 2
        assert done.stderr.decode().splitlines() == ["leaksieve: standard output: cannot write the report: No space left on device; choose another --output"]


def test_no_color_and_force_color(leak):
    assert "\x1b[" not in leak.run("dir", "tree").out
    assert "\x1b[" in leak.run("dir", "tree", FORCE_COLOR="1").out
    assert "\x1b[" not in leak.run("dir", "tree", FORCE_COLOR="1", NO_COLOR="1").out
    leak.run("dir", "tree", "-o", "out.txt", FORCE_COLOR="1")
    assert "\x1b[" not in (leak.path / "out.txt").read_text()


def test_repository_configuration_applies(repo, token):
    stage_leak(repo, token)
    repo.write("leaksieve.toml", '[[allow]]\nreason = "made for a test"\npaths = ["/leak.py"]\n')
    done = repo.run("git", "--staged", "-f", "json")
    assert done.code == 0, done
    coverage = json.loads(done.out)["coverage"]
    assert coverage["config"]["origin"] == "repository"
    assert repo.run("git", "--staged", "--no-repo-config").code == 1


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_another_user_does_not_excuse_itself(repo, token):
    repo.write("leak.py", f"TOKEN = '{token}'  # leaksieve:allow because\n")
    repo.git("add", "leak.py")
    assert repo.run("git", "--staged").code == 0
    repo.write("leaksieve.toml", 'fail_on = "critical"\nexclude = ["*.py"]\n')
    for path in (repo.path, repo.path / ".git", repo.path / "leaksieve.toml"):
        os.chown(path, 4321, 4321)
    for command in (["git", "--staged"], ["dir", "."], ["hook", "pre-commit"]):
        done = repo.run(*command, "-f", "json")
        assert done.code == 1, done
        notes = json.loads(done.out)["coverage"]["notes"]
        assert any("(leaksieve.toml) was ignored" in note for note in notes)
        assert any("comments that allow a finding were not honoured" in note for note in notes)
        assert repo.run(*command, "--trust-repo-config").code == 0


def test_excluded_paths_are_not_scanned_and_are_counted(repo, token):
    stage_leak(repo, token)
    repo.write("vendor/leak.py", f"TOKEN = '{token}'\n")
    repo.git("add", "vendor")
    only = json.loads(repo.run("git", "--staged", "--exclude", "/vendor/", "-f", "json").out)
    assert [place["path"] for place in only["findings"][0]["occurrences"]] == ["leak.py"]
    source = only["coverage"]["sources"][0]
    assert source["expected"] == source["scanned"]
    assert [(skip["path"], skip["reason"]) for skip in source["skipped"]] == [("vendor/leak.py", "excluded-by-config")]
    assert repo.run("git", "--staged", "--exclude", "*.py").code == 0
    for command in (["dir", "."], ["dir", "vendor"], ["dir", "vendor/leak.py"], ["hook", "pre-commit", "vendor/leak.py"]):
        assert repo.run(*command).code == 1
        assert repo.run(*command, "--exclude", "*.py").code == 0
    assert repo.run("dir", "vendor", "--exclude", "/vendor/").code == 0


def test_paths_are_reported_from_the_root_of_the_repository(repo, token):
    repo.write("src/inner/leak.py", f"TOKEN = '{token}'\n")
    for target in (".", "src", "src/inner", "src/inner/leak.py"):
        report = json.loads(repo.run("dir", target, "-f", "json").out)
        assert report["findings"][0]["path"] == "src/inner/leak.py", target


def test_tracked_files_are_scanned_although_ignored(repo, token):
    repo.write("src/leak.py", f"TOKEN = '{token}'\n")
    repo.write(".gitignore", "leak.py\n")
    assert repo.run("dir", ".").code == 0
    assert repo.run("dir", "src").code == 0
    assert repo.run("dir", ".", "--no-gitignore").code == 1
    repo.git("add", "-f", "src/leak.py")
    assert repo.run("dir", ".").code == 1
    assert repo.run("dir", "src").code == 1


def test_several_targets(place, token):
    for name in ("one", "two"):
        place.write(f"{name}/leak.py", f"TOKEN = '{token}'\n")
    done = place.run("dir", "one", "two", "one", "one/leak.py", "-f", "json")
    assert done.code == 1
    report = json.loads(done.out)
    assert {occurrence["path"] for occurrence in report["findings"][0]["occurrences"]} == {"one/leak.py", "two/leak.py"}
    assert len(report["coverage"]["sources"]) == 3
    assert "a configuration was looked for in one alone" in report["coverage"]["notes"][0]


def test_what_is_neither_file_nor_folder_is_refused(place):
    if not hasattr(os, "mkfifo"):
        pytest.skip("needs named pipes")
    os.mkfifo(place.path / "pipe")
    done = place.run("dir", "pipe")
    assert done.code == 2
    assert "neither a file nor a folder" in done.err


def test_a_bare_repository_has_a_history_and_no_tree(repo):
    repo.git("clone", "-q", "--bare", ".", "bare.git")
    done = repo.run("scan", "bare.git")
    assert done.code == 0
    assert "1 commit" in done.out
    for args in (("dir", "bare.git"), ("scan", "--tree", "bare.git")):
        done = repo.run(*args)
        assert done.code == 2
        assert "a bare repository has no files to scan" in done.err
    assert repo.run("git", "bare.git", "--staged").code == 3


def test_the_repository_of_another_folder_ignores_the_hook_variables(repo, token, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    env = {**repo.env}
    subprocess.run(["git", "init", "-q", str(other)], env=env, check=True)
    stage_leak(repo, token)
    git_dir = str(repo.path / ".git")
    assert repo.run("git", str(other), "--staged", GIT_DIR=git_dir, GIT_INDEX_FILE=git_dir + "/index").code == 0
    assert repo.run("git", "--staged", GIT_DIR=git_dir, GIT_INDEX_FILE=git_dir + "/index").code == 1


LOW_RULE = """
[family]
id = "shop"
name = "Shop"
documentation = "https://example.org/"
rotation = "https://example.org/"
impact = "Buys things."
revoke = ["Ask."]
[[rule]]
id = "shop-token"
name = "Shop token"
severity = "low"
confidence = "high"
keywords = ["shp_"]
pattern = '(?<![A-Za-z0-9_])(?P<secret>shp_[A-Za-z0-9]{30})(?![A-Za-z0-9_])'
examples = ["t = shp_<alnum:30>"]
counter_examples = ["t = shp_<alnum:20>"]
"""


@pytest.mark.skipif(sys.platform == "win32", reason="terminals")
def test_progress_is_for_terminals_and_slow_scans(place):
    place.write("tree/a.txt", "x\n")
    code = "import leaksieve.cli.progress as p; p.QUIET_SECONDS = 0; from leaksieve.cli.main import run; run()"

    def stderr(**env):
        master, slave = os.openpty()
        command = [sys.executable, "-P", "-c", code, "dir", "tree"]
        subprocess.run(command, cwd=place.path, env={**place.env, **env}, stdout=subprocess.DEVNULL, stderr=slave, check=True)
        os.write(slave, b"end")
        said = b""
        while not said.endswith(b"end"):
            said += os.read(master, 10_000)
        os.close(slave)
        os.close(master)
        return said

    assert b"1 of 1 files" in stderr()
    assert stderr().endswith(b"\rend"), "the line is wiped"
    assert stderr(CI="true") == b"end"
    done = subprocess.run([sys.executable, "-P", "-c", code, "dir", "tree"], cwd=place.path, env=place.env, capture_output=True, check=True)
    assert done.stderr == b""


def test_the_documented_codes_are_those_of_the_program():
    rows = [line.split("|")[1].strip() for line in DOCS.read_text().splitlines() if line.startswith("| ")][1:]
    assert [int(row) for row in rows] == sorted(ExitCode)


# What a staged scan may import besides what click itself imports; each of these was measured to cost 10 ms or more, or names a room that is not needed.
HEAVY = {
    "dataclasses", "tomllib", "regex", "hyperscan", "ahocorasick", "pygit2", "dulwich", "joblib", "numpy", "sarif_om", "logging",
    "importlib.metadata", "subprocess", "tempfile", "multiprocessing", "asyncio", "ssl", "socket", "difflib", "platformdirs",
    "leaksieve.sources.worktree", "leaksieve.sources.stream", "leaksieve.cli.trees", "leaksieve.reports.json", "leaksieve.reports.sarif",
    "leaksieve.config.read", "leaksieve.config.schema", "leaksieve.ruleset.check", "leaksieve.ruleset.compile",
}  # fmt: skip


def test_a_staged_scan_imports_only_what_it_needs(repo):
    repo.write("a.py", "print('nothing that looks like a secret')\n")
    repo.git("add", "a.py")
    code = "import sys; from leaksieve.cli.main import main; code = main(['git', '--staged']); print(*sys.modules, file=sys.stderr); sys.exit(code)"
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=repo.path, env=repo.env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    assert not (HEAVY | {"click", "ahocorasick", "inspect", "dataclasses"}) & set(done.stderr.split())


def test_a_finding_imports_nothing_for_owners_that_no_file_names(repo, token):
    repo.write("a.py", f"token = '{token}'\n")
    repo.git("add", "a.py")
    code = "import sys; from leaksieve.cli.main import main; code = main(['git', '--staged']); print(*sys.modules, file=sys.stderr); sys.exit(code)"
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=repo.path, env=repo.env, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    assert not {"leaksieve.sources.ignore", "leaksieve.sources.named", "leaksieve.sources.worktree_read"} & set(done.stderr.split())


def test_the_gate_without_click_takes_the_same_defaults(monkeypatch):
    """The short way in must mean what the commands mean without options."""
    from leaksieve.cli import gate, request
    from leaksieve.cli.root import root

    seen = []
    monkeypatch.setattr(gate, "scan_staged", lambda options, repo: seen.append((options, repo)) or 0)
    monkeypatch.setattr(gate, "check_commit", lambda options, files, *, locked: seen.append((options, files, locked)) or 0)
    for args in (["git", "--staged"], ["hook", "pre-commit"]):
        with root.make_context("leaksieve", args) as ctx:
            root.invoke(ctx)
    assert seen == [(request.Options(), None), (request.Options(), (), False)]


@pytest.mark.parametrize(
    "args",
    [
        ["--stdin-path", "a.py"],
        ["--stdin-path", "a.py", "-f", "json", "-q"],
        ["-q", "--format", "sarif", "--stdin-path", "b c/é.py"],
    ],
)
def test_an_editors_buffer_without_click_is_scanned_with_the_same_options(monkeypatch, args):
    from leaksieve.cli import main, trees
    from leaksieve.cli.root import root

    seen = []
    monkeypatch.setattr(trees, "scan_stdin", lambda options, name: seen.append((options, name)) or 0)
    assert main._gate(["stdin", *args]) == 0
    with root.make_context("leaksieve", ["stdin", *args]) as ctx:
        root.invoke(ctx)
    assert len(seen) == 2
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["-f", "json"],
        ["--stdin-path"],
        ["--stdin-path", ""],
        ["--stdin-path", "-f", "json"],
        ["--stdin-path=a.py"],
        ["--stdin-path", "a.py", "-f", "xml"],
        ["--stdin-path", "a.py", "-f", "json", "-f", "sarif"],
        ["--stdin-path", "a.py", "--stdin-path", "b.py"],
        ["--stdin-path", "a.py", "--help"],
        ["--stdin-path", "a.py", "--verify"],
        ["--stdin-path", "a.py", "more"],
    ],
)
def test_whatever_else_is_asked_of_a_stream_is_read_by_click(args):
    from leaksieve.cli import main

    assert main._gate(["stdin", *args]) is None


def test_an_editors_buffer_imports_no_click(repo, token):
    code = "import sys; from leaksieve.cli.main import main; code = main(['stdin', '--stdin-path', 'a.py', '-f', 'json', '-q']); print(*sys.modules, file=sys.stderr); sys.exit(code)"
    for text, expected in (("print(1)\n", 0), (f"token = '{token}'\n", 1)):
        done = subprocess.run([sys.executable, "-P", "-c", code], input=text, cwd=repo.path, env=repo.env, capture_output=True, text=True, check=False)
        assert done.returncode == expected, done
        assert not {"click", "inspect", "regex", "hyperscan", "pygit2"} & set(done.stderr.split())
