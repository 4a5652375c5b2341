"""The gate at work: real commits through pre-commit, in a repository made for it, without the network."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(sys.platform == "win32", reason="shell scripts stand in for the programs")]

ROOT = Path(__file__).parents[2]
IDENTITY = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}
CONFIG = """
repos:
- repo: local
  hooks:
  - id: leaksieve
    name: leaksieve
    entry: {entry} hook pre-commit
    language: system
    stages: [pre-commit, pre-merge-commit, manual]
    pass_filenames: {names}
    always_run: {always}
    require_serial: true
"""


class Gate:
    """A repository with the hook installed."""

    def __init__(self, path: Path) -> None:
        self.path = path / "repo"
        self.path.mkdir()
        (path / "home").mkdir()
        programs = path / "bin"
        programs.mkdir()
        self.entry = programs / "leaksieve"
        self.entry.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT / "src"))} exec {shlex.quote(sys.executable)} -P -m leaksieve "$@"\n')
        self.entry.chmod(0o755)
        self.env = {
            **IDENTITY,
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(path / "home"),
            "PRE_COMMIT_HOME": str(path / "cache"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_EDITOR": "true",
        }
        self.git("init", "-q", "-b", "main")

    def call(self, *args: str) -> subprocess.CompletedProcess:
        return subprocess.run(args, cwd=self.path, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120)

    def git(self, *args: str) -> str:
        done = self.call("git", *args)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def pre_commit(self, *args: str) -> subprocess.CompletedProcess:
        return self.call(sys.executable, "-m", "pre_commit", *args)

    def install(self, *, names: bool = False) -> None:
        config = CONFIG.format(entry=self.entry, names=str(names).lower(), always=str(not names).lower())
        self.write(".pre-commit-config.yaml", config)
        done = self.pre_commit("install", "--hook-type", "pre-commit", "--hook-type", "pre-merge-commit")
        assert done.returncode == 0, done.stdout
        self.git("add", ".pre-commit-config.yaml")
        self.git("commit", "-q", "-m", "hooks")

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)

    def commits(self) -> int:
        return int(self.git("rev-list", "--count", "--all"))

    def blocked(self, token: str, *args: str) -> str:
        """Run git with the arguments; assert that no commit was made and that the token is not shown."""
        before = self.commits()
        done = self.call("git", *args)
        assert done.returncode != 0, done.stdout
        assert self.commits() == before
        assert token not in done.stdout
        return done.stdout

    def passes(self, *args: str) -> None:
        before = self.commits()
        self.git(*args)
        assert self.commits() == before + 1


@pytest.fixture
def gate(tmp_path):
    pytest.importorskip("pre_commit")
    return Gate(tmp_path)


@pytest.fixture(scope="module")
def token():
    from leaksieve.ruleset.template import expand

    return expand("ghp_<crc32-github:30>", 11).decode()


def test_a_clean_commit_passes_and_one_with_a_secret_does_not(gate, token):
    gate.install()
    gate.write("app.py", "print('hello')\n")
    gate.git("add", "app.py")
    gate.passes("commit", "-m", "clean")
    gate.write("app.py", f"TOKEN = '{token}'\n")
    gate.git("add", "app.py")
    out = gate.blocked(token, "commit", "-m", "leak")
    assert "app.py" in out
    assert "exit code: 1" in out


def test_only_what_is_staged_counts(gate, token):
    gate.install()
    gate.write("a.py", "x = 1\n")
    gate.git("add", "a.py")
    # The secret is in the working tree alone.
    gate.write("a.py", f"x = '{token}'\n")
    gate.passes("commit", "-m", "part")
    assert token in (gate.path / "a.py").read_text()
    # And the other way round: staged, and cleaned up in the working tree.
    gate.git("add", "a.py")
    gate.write("a.py", "x = 2\n")
    gate.blocked(token, "commit", "-m", "staged")
    assert (gate.path / "a.py").read_text() == "x = 2\n"


def test_commit_a_uses_an_index_of_its_own(gate, token):
    gate.install()
    gate.write("a.py", "x = 1\n")
    gate.git("add", "a.py")
    gate.passes("commit", "-m", "first")
    gate.write("a.py", f"x = '{token}'\n")
    gate.blocked(token, "commit", "-a", "-m", "all")
    gate.blocked(token, "commit", "-m", "named", "a.py")
    gate.write("a.py", "x = 3\n")
    gate.passes("commit", "-a", "-m", "clean")


def test_in_a_container_the_index_of_a_commit_is_found_without_git_naming_it(gate, token):
    """As the hook for containers runs: nothing of git's environment arrives."""
    hook = gate.path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nunset GIT_INDEX_FILE GIT_DIR GIT_EXEC_PATH GIT_PREFIX\nexec {gate.entry} hook pre-commit --locked-index\n")
    hook.chmod(0o755)
    gate.write("a.py", "x = 1\n")
    gate.git("add", "a.py")
    gate.passes("commit", "-m", "first")
    gate.write("a.py", f"x = '{token}'\n")
    gate.blocked(token, "commit", "-a", "-m", "all")
    gate.blocked(token, "commit", "-m", "named", "a.py")
    gate.git("add", "a.py")
    gate.blocked(token, "commit", "-m", "staged")
    gate.write("a.py", "x = 3\n")
    gate.passes("commit", "-a", "-m", "clean")


def test_a_merge_is_held_against_its_first_parent(gate, token):
    gate.install()
    gate.write("a.txt", "1\n")
    gate.git("add", "a.txt")
    gate.passes("commit", "-m", "base")
    gate.git("checkout", "-q", "-b", "side")
    gate.write("leak.txt", f"token = {token}\n")
    gate.git("add", "leak.txt")
    gate.git("commit", "-q", "--no-verify", "-m", "leak")
    gate.git("checkout", "-q", "main")
    gate.write("a.txt", "2\n")
    gate.git("add", "a.txt")
    gate.passes("commit", "-m", "main moves on")
    gate.blocked(token, "merge", "--no-ff", "-m", "merge", "side")
    gate.git("merge", "--abort")
    gate.git("branch", "-q", "-f", "side", "HEAD~1")
    gate.git("checkout", "-q", "side")
    gate.write("b.txt", "b\n")
    gate.git("add", "b.txt")
    gate.passes("commit", "-m", "side")
    gate.git("checkout", "-q", "main")
    gate.passes("merge", "--no-ff", "-m", "merge", "side")


def test_a_conflict_resolved_with_a_secret_is_blocked(gate, token):
    gate.install()
    gate.write("a.txt", "1\n")
    gate.git("add", "a.txt")
    gate.passes("commit", "-m", "base")
    gate.git("checkout", "-q", "-b", "side")
    gate.write("a.txt", "2\n")
    gate.passes("commit", "-a", "-m", "side")
    gate.git("checkout", "-q", "main")
    gate.write("a.txt", "3\n")
    gate.passes("commit", "-a", "-m", "main")
    assert gate.call("git", "merge", "side").returncode != 0
    gate.write("a.txt", f"token = {token}\n")
    gate.git("add", "a.txt")
    gate.blocked(token, "commit", "-m", "merge")
    gate.write("a.txt", "4\n")
    gate.git("add", "a.txt")
    gate.passes("commit", "-m", "merge")


def test_all_files_scans_instead_of_passing(gate, token):
    gate.install(names=True)
    gate.write("old.py", f"TOKEN = '{token}'\n")
    gate.git("add", "old.py")
    gate.git("commit", "-q", "--no-verify", "-m", "old leak")
    done = gate.pre_commit("run", "--all-files")
    assert done.returncode == 1
    assert "old.py" in done.stdout
    assert "scanned as they stand" in done.stdout
    assert token not in done.stdout
    gate.write("old.py", "clean\n")
    gate.git("commit", "-q", "--no-verify", "-a", "-m", "clean")
    assert gate.pre_commit("run", "--all-files").returncode == 0


def test_all_files_without_names_scans_the_working_tree(gate, token):
    gate.install()
    gate.write("old.py", f"TOKEN = '{token}'\n")
    gate.git("add", "old.py")
    gate.git("commit", "-q", "--no-verify", "-m", "old leak")
    done = gate.pre_commit("run", "--all-files")
    assert done.returncode == 1
    assert "nothing is staged" in done.stdout
    assert "old.py" in done.stdout
    # An empty commit is no such run: there is nothing to check, and it is not held up by what is there.
    gate.passes("commit", "--allow-empty", "-m", "empty")


def test_named_files_in_a_commit_are_those_staged(gate, token):
    gate.install(names=True)
    gate.write("old.py", f"TOKEN = '{token}'\n")
    gate.git("add", "old.py")
    gate.git("commit", "-q", "--no-verify", "-m", "old leak")
    gate.write("old.py", f"TOKEN = '{token}'\n# a comment\n")
    gate.passes("commit", "-a", "-m", "the secret was there before")
    gate.write("new.py", f"KEY = '{token}'\n")
    gate.git("add", "new.py")
    gate.blocked(token, "commit", "-m", "the secret is new here")


def test_the_manifest_is_valid_and_its_commands_exist(gate):
    manifest = ROOT / ".pre-commit-hooks.yaml"
    done = gate.pre_commit("validate-manifest", str(manifest))
    assert done.returncode == 0, done.stdout
    text = manifest.read_text()
    for hook in ("leaksieve", "leaksieve-push", "leaksieve-files", "leaksieve-history", "leaksieve-system", "leaksieve-docker"):
        assert f"- id: {hook}\n" in text


def test_the_manifest_works_through_try_repo(gate, token):
    """The manifest is tried as it is, but for the environment: building one needs the network."""
    source = gate.path.parent / "source"
    source.mkdir()
    manifest = (ROOT / ".pre-commit-hooks.yaml").read_text()
    (source / ".pre-commit-hooks.yaml").write_text(manifest.replace("language: python", "language: system"))
    for args in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run(["git", *args], cwd=source, env=gate.env, check=True)
    gate.write("a.py", f"TOKEN = '{token}'\n")
    gate.git("add", "a.py")
    done = gate.pre_commit("try-repo", str(source), "leaksieve")
    assert done.returncode == 1
    assert "a.py" in done.stdout
    assert token not in done.stdout
    gate.git("commit", "-q", "--no-verify", "-m", "leak")
    push = gate.pre_commit("try-repo", str(source), "leaksieve-push", "--hook-stage", "pre-push")
    assert push.returncode == 1
    assert "push stopped: 1 new secret" in push.stdout
    assert token not in push.stdout
    history = gate.pre_commit("try-repo", str(source), "leaksieve-history", "--hook-stage", "manual")
    assert history.returncode == 1
    assert "a.py" in history.stdout
    assert token not in history.stdout


def test_a_plain_git_hook(gate, token):
    def install(*args):
        return gate.call(str(gate.entry), "install", *args)

    assert install().returncode == 0
    assert install().returncode == 0, "its own hook is replaced without force"
    gate.write("a.py", f"TOKEN = '{token}'\n")
    gate.git("add", "a.py")
    before = gate.call("git", "commit", "-m", "leak")
    assert before.returncode != 0
    assert "a.py" in before.stdout
    assert token not in before.stdout
    gate.write("a.py", "clean\n")
    gate.git("add", "a.py")
    gate.git("commit", "-q", "-m", "clean")
    # Linked worktrees share their repository's hooks.
    gate.git("worktree", "add", "-q", "../linked")
    linked = gate.path.parent / "linked"
    (linked / "b.py").write_text(f"TOKEN = '{token}'\n")
    gate.git("-C", str(linked), "add", "b.py")
    gate.blocked(token, "-C", str(linked), "commit", "-m", "leak")


def test_a_plain_hook_works_without_the_program_on_the_path(gate, token):
    assert gate.call(str(gate.entry), "install").returncode == 0
    gate.entry.unlink()
    folders = gate.env["PATH"].split(os.pathsep)
    gate.env["PATH"] = os.pathsep.join(folder for folder in folders if not (Path(folder) / "leaksieve").exists())
    gate.env["PYTHONPATH"] = str(ROOT / "src")
    # A module of that name in the repository must not run in place of the real one.
    gate.write("click.py", "raise SystemExit(0)\n")
    gate.write("a.py", f"TOKEN = '{token}'\n")
    gate.git("add", "a.py")
    done = gate.call("git", "commit", "-m", "leak")
    assert done.returncode != 0
    assert "a.py" in done.stdout
    # With no interpreter either, the commit is stopped and told why.
    hook = gate.path / ".git" / "hooks" / "pre-commit"
    hook.write_text(hook.read_text().replace(sys.executable, "/no/such/python"))
    done = gate.call("git", "commit", "-m", "leak")
    assert done.returncode != 0
    assert "this commit was not checked" in done.stdout


def test_a_hook_that_is_there_runs_first(gate, token):
    hook = gate.path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho mine ran\n[ ! -e refuse ]\n")
    hook.chmod(0o755)
    done = gate.call(str(gate.entry), "install")
    assert done.returncode == 0, done.stdout
    assert "pre-commit.before-leaksieve now, and runs first" in done.stdout
    gate.write("a.py", f"TOKEN = '{token}'\n")
    gate.git("add", "a.py")
    out = gate.blocked(token, "commit", "-m", "leak")
    assert out.index("mine ran") < out.index("a.py")
    gate.write("a.py", "clean\n")
    gate.git("add", "a.py")
    gate.write("refuse", "")
    gate.blocked(token, "commit", "-m", "the other hook says no")
    (gate.path / "refuse").unlink()
    assert gate.call(str(gate.entry), "install").returncode == 0, "a second time"
    gate.passes("commit", "-m", "both say yes")
    assert gate.call(str(gate.entry), "uninstall").returncode == 0
    assert hook.read_text().startswith("#!/bin/sh\necho mine ran")
    assert "no hook in" in gate.call(str(gate.entry), "uninstall").stdout


def test_a_hook_that_is_to_go_is_kept_beside(gate):
    hook = gate.path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    for kept in ("pre-commit.replaced-by-leaksieve", "pre-commit.replaced-by-leaksieve.2"):
        hook.write_text("#!/bin/sh\n# mine\n")
        assert gate.call(str(gate.entry), "install", "--force").returncode == 0
        assert "mine" in (hook.parent / kept).read_text()
        assert "leaksieve hook pre-commit" in hook.read_text()


def test_a_configured_folder_of_hooks_is_used(gate):
    gate.git("config", "core.hooksPath", "my-hooks")
    assert gate.call(str(gate.entry), "install").returncode == 0
    assert os.access(gate.path / "my-hooks" / "pre-commit", os.X_OK)
