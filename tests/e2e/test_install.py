"""Hooks as install writes them: for one repository, for all of a user's, for new ones, and beside hook managers."""

import os
import stat
import subprocess
import sys

import pytest
from gitrepo import GitRepo

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(sys.platform == "win32", reason="shell scripts are the hooks")]
# Stands in for the program in hooks: which were run is what matters here.
STAND_IN = '#!/bin/sh\necho "checked: $*" >>"$LOG"\ncat >>"$LOG"\n'


class User:
    """A home folder with a git configuration of its own, and the program's commands called in this process."""

    def __init__(self, path, monkeypatch, capfd):
        self.path, self._capfd, self._patch = path, capfd, monkeypatch
        self.log = path / "log"
        (path / "home").mkdir()
        programs = path / "bin"
        programs.mkdir()
        (programs / "leaksieve").write_text(STAND_IN)
        (programs / "leaksieve").chmod(0o755)
        self.environment = {
            "HOME": str(path / "home"),
            "XDG_CONFIG_HOME": str(path / "home" / "conf"),
            "GIT_CONFIG_GLOBAL": str(path / "home" / "gitconfig"),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "LOG": str(self.log),
        }
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)

    def repo(self, name):
        (self.path / name).mkdir()
        repo = GitRepo(self.path / name, init=False)
        repo.environment |= self.environment
        repo("init", "-q", "-b", "main")
        return repo

    def __call__(self, folder, *args):
        from leaksieve.cli.main import main

        self._patch.chdir(folder)
        self._capfd.readouterr()
        code = main(args)
        out, err = self._capfd.readouterr()
        return code, out + err

    def ran(self):
        """What hooks did since the last call."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines

    def setting(self, key):
        done = subprocess.run(["git", "config", "--global", key], capture_output=True, text=True, check=False)
        return done.stdout.strip()


@pytest.fixture
def user(tmp_path, monkeypatch, capfd):
    return User(tmp_path, monkeypatch, capfd)


def mine(repo, hook):
    path = repo.top / ".git" / "hooks" / hook
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'#!/bin/sh\necho "mine: {hook} $*" >>"$LOG"\n' + ('sed "s/^/mine read /" >>"$LOG"\n' if hook == "pre-push" else ""))
    path.chmod(0o755)


def test_for_all_repositories(user):
    repo = user.repo("a")
    for hook in ("pre-commit", "commit-msg", "pre-push"):
        mine(repo, hook)
    code, said = user(user.path, "install", "--global", "--hook", "pre-commit", "--hook", "pre-push")
    assert code == 0, said
    hooks = user.setting("core.hooksPath")
    assert f"set core.hooksPath to {hooks}" in said
    repo.commit("one")
    ran = user.ran()
    # A folder for all hides each repository's own hooks, so it runs them: those that check, and the others.
    assert ran[:2] == ["mine: pre-commit ", "checked: hook pre-commit"]
    assert ran[2].startswith("mine: commit-msg .git/COMMIT_EDITMSG")
    bare = user.repo("b")
    bare("config", "receive.denyCurrentBranch", "ignore")
    repo("push", "-q", str(bare.top), "main")
    ran = user.ran()
    line = f"refs/heads/main {repo.id('HEAD')} refs/heads/main {'0' * 40}"
    assert ran == [f"mine: pre-push {bare.top} {bare.top}", f"mine read {line}", f"checked: hook pre-push {bare.top} {bare.top}", line]
    # One repository alone cannot be meant while all have the same folder.
    code, said = user(repo.top, "install")
    assert code == 2
    assert "the hooks of every repository" in said
    assert user(user.path, "install", "--global")[0] == 0, "a second time"
    assert user(user.path, "uninstall", "--global")[0] == 0
    assert user.setting("core.hooksPath") == ""
    repo.commit("two")
    assert [line.split()[1] for line in user.ran()] == ["pre-commit", "commit-msg"]


def test_in_a_folder_of_all_hooks_that_the_user_has_already(user):
    hooks = user.path / "my-hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text('#!/bin/sh\necho mine >>"$LOG"\n')
    (hooks / "pre-commit").chmod(0o755)
    subprocess.run(["git", "config", "--global", "core.hooksPath", str(hooks)], check=True)
    repo = user.repo("a")
    code, said = user(user.path, "install", "--global")
    assert code == 0, said
    repo.commit("one")
    assert user.ran() == ["mine", "checked: hook pre-commit"]
    assert sorted(path.name for path in hooks.iterdir()) == ["pre-commit", "pre-commit.before-leaksieve", "pre-merge-commit"]
    assert user(user.path, "uninstall", "--global")[0] == 0
    assert [path.name for path in hooks.iterdir()] == ["pre-commit"]
    assert user.setting("core.hooksPath") == str(hooks), "not ours to take"


def test_in_the_template_of_new_repositories(user):
    old = user.repo("old")
    code, said = user(old.top, "install", "--template")
    assert code == 0, said
    new = user.repo("new")
    for repo, expected in ((old, []), (new, ["checked: hook pre-commit"])):
        repo.commit("one")
        assert user.ran() == expected
    old("init", "-q")
    old.commit("two")
    assert user.ran() == ["checked: hook pre-commit"], "git init brings it to an old one"
    assert user(user.path, "uninstall", "--template")[0] == 0
    assert user.setting("init.templateDir") == ""
    assert user(new.top, "uninstall")[0] == 0
    new.commit("two")
    assert user.ran() == []


def test_a_clean_merge_is_checked(user):
    repo = user.repo("a")
    assert user(repo.top, "install")[0] == 0
    repo.add("a", "1")
    repo.commit()
    repo("checkout", "-q", "-b", "side")
    repo.add("b", "1")
    repo.commit()
    repo("checkout", "-q", "main")
    repo.add("c", "1")
    repo.commit()
    user.ran()
    repo("merge", "-q", "--no-edit", "side")
    assert user.ran() == ["checked: hook pre-commit"]


def test_on_a_server(user):
    (user.path / "s.git").mkdir()
    bare = GitRepo(user.path / "s.git", init=False)
    bare.environment |= user.environment
    bare("init", "-q", "--bare")
    code, said = user(user.path, "install", "--hook", "pre-receive", "s.git")
    assert code == 0, said
    repo = user.repo("a")
    tip = repo.commit("one")
    repo("push", "-q", str(bare.top), "main")
    assert user.ran() == ["checked: hook pre-receive", f"{'0' * 40} {tip} refs/heads/main"]


@pytest.mark.parametrize(
    ("manager", "hint"),
    [("husky", 'put the line `leaksieve hook pre-push "$@"` into'), ("lefthook", "use_stdin: true, run: leaksieve hook pre-push {1} {2}")],
)
def test_hook_managers_are_told_apart(user, manager, hint):
    repo = user.repo("a")
    if manager == "husky":
        (repo.top / ".husky" / "_").mkdir(parents=True)
        repo("config", "core.hooksPath", ".husky/_")
    else:
        mine(repo, "pre-push")
        (repo.top / ".git" / "hooks" / "pre-push").write_text('#!/bin/sh\ncall_lefthook run "pre-push" "$@"\n')
    code, said = user(repo.top, "install", "--hook", "pre-push")
    assert code == 2
    assert f"written by {manager}" in said
    assert hint in said
    assert user(repo.top, "install", "--hook", "pre-push", "--force")[0] == 0


def test_nothing_of_others_is_taken_away(user):
    repo = user.repo("a")
    mine(repo, "pre-commit")
    before = (repo.top / ".git" / "hooks" / "pre-commit").read_bytes()
    code, said = user(repo.top, "uninstall")
    assert code == 0
    assert "no hook in" in said
    assert (repo.top / ".git" / "hooks" / "pre-commit").read_bytes() == before
    for args in (("install", "x", "--global"), ("install", "--template", "--global"), ("install", str(user.path / "home"))):
        assert user(repo.top, *args)[0] == 2


@pytest.mark.parametrize("where", ["named", "usual"])
@pytest.mark.parametrize("kind", ["device", "folder"])
def test_settings_are_written_to_a_file_alone(user, monkeypatch, kind, where):
    path = user.path / "home" / (".gitconfig" if where == "usual" else "gitconfig")
    if where == "usual":
        monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    if kind == "device":
        try:
            os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
        except OSError as error:
            pytest.skip(f"no device can be made here: {error}")
    else:
        path.mkdir()
    before = os.lstat(path)
    for command in (("install", "--global"), ("install", "--template"), ("uninstall", "--global")):
        code, said = user(user.path, *command)
        assert code == 2, said
        assert "is no regular file" in said, said
        assert str(path) in said
    assert os.lstat(path) == before
    assert not (user.path / "home" / "conf").exists()
    # A link to a file stays one.
    path.rmdir() if kind == "folder" else path.unlink()
    (user.path / "elsewhere").write_text("")
    path.symlink_to(user.path / "elsewhere")
    assert user(user.path, "install", "--template")[0] == 0
    assert path.is_symlink()
    assert "templateDir" in (user.path / "elsewhere").read_text()
