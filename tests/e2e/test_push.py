"""Pushes: a real server's pre-receive hook, a real pre-push hook, and what git tells them."""

import json
import os
import subprocess
import sys

import pytest
from gitrepo import GitRepo
from pushes import Here, leak, program, token

from leaksieve.cli.push import updates
from leaksieve.errors import UsageError

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(sys.platform == "win32", reason="shell scripts are the hooks")]
ZERO = "0" * 40


@pytest.fixture
def here(monkeypatch, capfd):
    return Here(monkeypatch, capfd)


class Server:
    """A bare repository with a hook, and a clone of it that pushes."""

    def __init__(self, path, *options, hook="pre-receive", words=""):
        self.bare = GitRepo(path / "server.git", "--bare", *options)
        self.work = GitRepo(path / "work", *options)
        self.work("remote", "add", "origin", f"file://{self.bare.top}")
        self.bare("config", "receive.advertisePushOptions", "true")
        script = self.bare.top / "hooks" / hook
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\nexec {program(path / "bin")} hook pre-receive {words} "$@"\n')
        script.chmod(0o755)

    def push(self, *args):
        """Return whether the server took it, and what was said."""
        done = subprocess.run(["git", "push", "origin", *args], cwd=self.work.top, env=self.work.environment, capture_output=True, text=True, check=False)
        return done.returncode == 0, done.stdout + done.stderr

    def refs(self):
        return self.bare("for-each-ref", "--format=%(refname)").decode().split()


@pytest.mark.parametrize("options", [(), ("--object-format=sha256",)], ids=["sha1", "sha256"])
def test_a_server_refuses_a_push_with_a_secret(tmp_path, options):
    server = Server(tmp_path, *options, words="--contact security@example.org")
    work = server.work
    work.add("a.txt", "1\n")
    work.commit("clean")
    taken, said = server.push("main")
    assert taken, said
    assert "leaksieve" not in said, "nothing is said where nothing is wrong"
    # The secret is in the middle: neither the first nor the last commit has it.
    commit = leak(work, "deploy/leak.py")
    work("rm", "-q", "deploy/leak.py")
    # Nor does what is pushed have a say in how it is judged.
    work.add("leaksieve.toml", '[[allow]]\nreason = "x"\npaths = ["*"]\n')
    work.commit("gone")
    work("branch", "other")
    taken, said = server.push("-o", "leaksieve.skip", "-o", "ci.skip", "main", "other")
    assert not taken
    lines = said.splitlines()
    assert any(f"{commit[:12]} deploy/leak.py:1:10" in line for line in lines), said
    assert "push refused: 1 new secret" in said
    assert "Give security@example.org the fingerprint" in said
    assert "fingerprint ls1-" in said
    assert token() not in said
    assert sum(line.startswith("remote:") for line in lines) < 15, said
    assert server.refs() == ["refs/heads/main"]
    assert server.bare.id("main") == work.id("HEAD~2")


@pytest.mark.parametrize("name", ["refs/heads/x-{}", "refs/tags/{}"])
def test_the_name_of_a_new_reference_is_looked_at(tmp_path, name):
    server = Server(tmp_path)
    server.work.commit("clean")
    assert server.push("main")[0]
    name = name.format(token())
    taken, said = server.push(f"main:{name}")
    assert not taken
    told = "".join(line for line in said.splitlines() if line.startswith("remote:"))
    assert name.partition(token())[0] in told
    assert token() not in told
    # One that is there already is not asked about again.
    server.bare("update-ref", name, server.work.id("HEAD"))
    server.work.commit("more")
    taken, said = server.push(f"main:{name}", *(["-f"] if "tags" in name else []))
    assert taken, said


def test_a_server_looks_at_what_is_new_and_at_nothing_else(tmp_path):
    server = Server(tmp_path)
    work, hook = server.work, server.bare.top / "hooks" / "pre-receive"
    hook.chmod(0o644)
    leak(work, "old.py", 1)
    assert server.push("main")[0], "before there was a hook"
    hook.chmod(0o755)
    work.add("b.txt", "b\n")
    work.commit("clean")
    taken, said = server.push("main", "HEAD~1:refs/heads/known", "HEAD:refs/heads/new")
    assert taken, said
    assert server.refs() == ["refs/heads/known", "refs/heads/main", "refs/heads/new"]
    taken, said = server.push(":refs/heads/known")
    assert taken, said
    # One of two references is refused, and so are both.
    leak(work, "new.py", 2)
    work("branch", "clean", "HEAD~1")
    work("tag", "v1", "HEAD~1")
    taken, said = server.push("clean", "v1", "main", ":new")
    assert not taken
    assert "new.py:1" in said
    assert "old.py" not in said
    assert server.refs() == ["refs/heads/main", "refs/heads/new"]
    # Forced over the bad one, with the same file in a merge.
    work("reset", "-q", "--hard", "HEAD~1")
    work("tag", "-a", "v2", "-m", f"the key is {token(3)}")
    taken, said = server.push("v2")
    assert not taken
    assert "tag" in said
    assert token(3) not in said


def test_a_server_that_trusts_its_repository_takes_comments_and_the_configuration_of_before(tmp_path):
    server = Server(tmp_path, words="--trust-repo-config")
    work = server.work
    work.add("leaksieve.toml", '[[allow]]\nreason = "made up"\npaths = ["/tests/"]\n')
    work.commit("configuration")
    assert server.push("main")[0]
    leak(work, "tests/a.py", 1)
    leak(work, "b.py", 2, tail="  # leaksieve:allow -- made up")
    taken, said = server.push("main")
    assert taken, said
    work.add("leaksieve.toml", '[[allow]]\nreason = "anything goes"\npaths = ["*"]\n')
    leak(work, "c.py", 3)
    taken, said = server.push("main")
    assert not taken
    assert "c.py:1" in said


def test_a_server_takes_nothing_that_could_not_be_read(tmp_path, here):
    bare = GitRepo(tmp_path / "s.git", "--bare")
    work = GitRepo(tmp_path / "work")
    work.add("a.txt", "1\n")
    first = work.commit("1")
    code, said = here(bare.top, "hook", "pre-receive", stdin=f"{ZERO} {first} refs/heads/main\n".encode())
    assert code == 3, said
    assert "INCOMPLETE" in said
    for wrong in (b"", b"x\n", b"a b c\n", f"{ZERO} {first[:20]} refs/heads/main\n".encode()):
        assert here(bare.top, "hook", "pre-receive", stdin=wrong)[0] == 2


def test_a_server_reads_a_push_of_many_commits_once(tmp_path, here):
    """What git sets for the hook is set by hand, so that the receipt can be read."""
    bare = GitRepo(tmp_path / "s.git", "--bare")
    work = GitRepo(tmp_path / "work")
    stream = [b"reset refs/heads/main\n"]
    for number in range(1000):
        text = b"line %d\n" % number
        stream.append(b"commit refs/heads/main\nmark :%d\ncommitter A <a@example.com> %d +0000\ndata 2\nx\n" % (number + 1, 1700000000 + number))
        stream.append(b"from :%d\n" % number if number else b"")
        stream.append(b"M 644 inline f%d.txt\ndata %d\n%s\n" % (number % 50, len(text), text))
    work("fast-import", "--quiet", stdin=b"".join(stream))
    old, new = work.id("main~600"), work.id("main")
    bare("fetch", "-q", str(work.top), f"{old}:refs/heads/main")
    quarantine = tmp_path / "incoming"
    (quarantine / "pack").mkdir(parents=True)
    pack = work("pack-objects", "--revs", "--stdout", "-q", stdin=f"{new}\n^{old}\n".encode())
    bare("index-pack", "--stdin", "--fix-thin", stdin=pack, GIT_OBJECT_DIRECTORY=str(quarantine), GIT_ALTERNATE_OBJECT_DIRECTORIES=str(bare.top / "objects"))
    env = {
        "GIT_DIR": ".",
        "GIT_QUARANTINE_PATH": str(quarantine),
        "GIT_OBJECT_DIRECTORY": str(quarantine),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(bare.top / "objects"),
    }
    lines = f"{old} {new} refs/heads/main\n{ZERO} {new} refs/heads/copy\n{ZERO} {old} refs/heads/known\n"
    code, said = here(bare.top, "hook", "pre-receive", "-f", "json", stdin=lines.encode(), **env)
    assert code == 0, said
    (source,) = json.loads(said[said.index("{") : said.rindex("}") + 1])["coverage"]["sources"]
    assert source["expected"]["commits"] == source["scanned"]["commits"] == 600
    # Without the quarantine the new commits are not there, and the push is not taken for clean.
    assert here(bare.top, "hook", "pre-receive", stdin=lines.encode())[0] == 3


def test_a_push_to_a_remote(tmp_path):
    """Through the hook that install writes, with real pushes."""
    bare = GitRepo(tmp_path / "server.git", "--bare")
    work = GitRepo(tmp_path / "work")
    environment = work.environment | {"PATH": f"{program(tmp_path / 'bin').parent}{os.pathsep}{work.environment['PATH']}"}
    work("remote", "add", "origin", f"file://{bare.top}")
    leak(work, "old.py", 1)
    work("push", "-q", "origin", "main")

    def run(*words):
        return subprocess.run(words, cwd=work.top, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    assert run("leaksieve", "install", "--hook", "pre-push").returncode == 0
    # A new branch: what the remote has is not held against it.
    work("checkout", "-q", "-b", "feature")
    work.add("a.txt", "1\n")
    work.commit("clean")
    done = run("git", "push", "origin", "feature")
    assert done.returncode == 0, done.stdout
    commit = leak(work, "new.py", 2)
    work("rm", "-q", "new.py")
    work.commit("gone")
    for words in (("feature",), ("--force", "HEAD:refs/heads/main"), ("HEAD:refs/tags/v1",), ("feature", "main:other")):
        done = run("git", "push", "origin", *words)
        assert done.returncode != 0, done.stdout
        assert f"{commit[:12]} new.py:1" in done.stdout
        assert "push stopped: 1 new secret" in done.stdout
        assert "old.py" not in done.stdout
        assert token(2) not in done.stdout
    assert run("git", "push", "origin", ":feature").returncode == 0, "a deletion takes nothing there"
    assert run("git", "push", "origin", "main").returncode == 0, "nothing to push"
    work("reset", "-q", "--hard", "HEAD~2")
    leak(work, "c.py", 3, tail="  # leaksieve:allow -- made up")
    done = run("git", "push", "origin", "feature")
    assert done.returncode == 0, done.stdout


def test_what_a_push_is_compared_with(tmp_path, here):
    work = GitRepo(tmp_path / "work")
    first = leak(work, "a.py", 1)
    work("update-ref", "refs/remotes/private/main", first)
    second = leak(work, "b.py", 2)
    line = f"HEAD~0 with spaces {second} refs/heads/x {ZERO}\n".encode()
    code, said = here(work.top, "hook", "pre-push", "public", "u", stdin=line)
    assert (code, "a.py" in said, "b.py" in said) == (1, False, True), said
    code, said = here(work.top, "hook", "pre-push", "--this-remote", "public", "u", stdin=line)
    assert (code, "a.py" in said, "b.py" in said) == (1, True, True), said
    # By hand, and under pre-commit, which says it in variables.
    code, said = here(work.top, "hook", "pre-push")
    assert (code, "a.py" in said, "b.py" in said) == (1, False, True), said
    assert "what HEAD has" in said
    code, said = here(work.top, "hook", "pre-push", PRE_COMMIT="1", PRE_COMMIT_FROM_REF=first, PRE_COMMIT_TO_REF=second, PRE_COMMIT_REMOTE_NAME="origin")
    assert (code, "b.py" in said) == (1, True)
    code, said = here(work.top, "hook", "pre-push", "-f", "json", "public", "u", stdin=f"x {first} refs/heads/x {ZERO}\n".encode())
    assert code == 0, "a branch of known commits has nothing new"
    assert here(work.top, "hook", "pre-push", "public", "u") == (0, "")
    assert here(work.top, "hook", "pre-push", "public", "u", stdin=b"one two\n")[0] == 2


def test_lines_of_git_are_read_strictly():
    one, two = b"1" * 40, b"2" * 40
    (found,) = updates([b"a ref " + one + b" refs/heads/x " + two + b"\n"], 20, receiving=False)
    assert found == (b"refs/heads/x", bytes.fromhex("22" * 20), bytes.fromhex("11" * 20))
    (found,) = updates([one + b" " + b"0" * 40 + b" refs/heads/x\n", b"\n"], 20, receiving=True)
    assert found == (b"refs/heads/x", bytes.fromhex("11" * 20), b"")
    for line in (b"x", one + b" " + two, one + b" xyz refs/heads/x", one[:38] + b" " + two + b" r", b"\xff\xfe a b c"):
        with pytest.raises(UsageError):
            updates([line], 20, receiving=True)
