"""A repository that wants programs run, files read outside it, or the terminal played with gets none of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from gitrepo import ENVIRONMENT, GitRepo
from planted import token
from realrun import history, leaksieve

pytestmark = pytest.mark.e2e

HOOKS = (
    "applypatch-msg pre-applypatch post-applypatch pre-commit pre-merge-commit prepare-commit-msg commit-msg post-commit pre-rebase post-checkout post-merge "
    "pre-push pre-receive update proc-receive post-receive post-update reference-transaction push-to-checkout pre-auto-gc post-rewrite sendemail-validate "
    "fsmonitor-watchman post-index-change"
).split()
PROGRAMS = ("git", "ssh", "gpg", "less", "more", "vi", "sh", "cat", "git-upload-pack")
CONFIG = """
[core]
	repositoryformatversion = 1
	fsmonitor = {bin}/core.fsmonitor
	hooksPath = {hooks}
	sshCommand = {bin}/core.sshCommand
	pager = {bin}/core.pager
	editor = {bin}/core.editor
	askPass = {bin}/core.askPass
	gitProxy = {bin}/core.gitProxy
	alternateRefsCommand = {bin}/core.alternateRefsCommand
	attributesFile = {top}/evil-attributes
	worktree = {top}
[extensions]
	partialClone = origin
[remote "origin"]
	url = ext::{bin}/remote.url
	promisor = true
	uploadpack = {bin}/remote.uploadpack
	partialclonefilter = blob:none
[protocol]
	allow = always
[diff]
	external = {bin}/diff.external
[diff "evil"]
	command = {bin}/diff.command
	textconv = {bin}/diff.textconv
[filter "evil"]
	clean = {bin}/filter.clean
	smudge = {bin}/filter.smudge
	required = false
[filter "evilprocess"]
	process = {bin}/filter.process
[merge "evil"]
	driver = {bin}/merge.driver
[alias]
	status = !{bin}/alias.status
	log = !{bin}/alias.log
	cat-file = !{bin}/alias.cat-file
	x = !{bin}/alias.x
[credential]
	helper = {bin}/credential.helper
[gpg]
	program = {bin}/gpg.program
[gpg "ssh"]
	program = {bin}/gpg.ssh.program
	defaultKeyCommand = {bin}/gpg.ssh.defaultKeyCommand
[commit]
	gpgSign = true
[log]
	showSignature = true
[uploadpack]
	packObjectsHook = {bin}/uploadpack.packObjectsHook
[pager]
	log = {bin}/pager.log
[interactive]
	diffFilter = {bin}/interactive.diffFilter
[sequence]
	editor = {bin}/sequence.editor
[submodule "lib"]
	url = ext::{bin}/submodule.url
	update = !{bin}/submodule.update
[include]
	path = {top}/evil-include
[includeIf "gitdir:**"]
	path = {top}/evil-include
"""
INCLUDED = """
[core]
	fsmonitor = {bin}/include.fsmonitor
[extensions]
	objectFormat = sha256
"""


class Trap:
    """A repository in which every program that can be named is one that leaves a mark."""

    def __init__(self, folder: Path) -> None:
        self.marks = folder / "marks"
        self.programs = folder / "programs"
        self.path = folder / "path"
        for each in (self.marks, self.programs, self.path):
            each.mkdir()
        for name in PROGRAMS:
            self.program(self.path / name, f"path.{name}")
        self.repo = repo = GitRepo(folder / "repo", "--template=")
        self.old, self.new, self.staged, self.loose, self.changed = (token(number) for number in range(100, 105))
        repo.add("old.env", f"key = {self.old}\n")
        repo.add("data.bin", "plain\n")
        repo.add("changed.txt", "one\n")
        repo.commit()
        repo("rm", "-q", "old.env")
        repo.add("new.env", f"key = {self.new}\n")
        repo.commit()
        repo.add("staged.env", f"key = {self.staged}\n")
        repo.write("loose.env", f"key = {self.loose}\n")
        repo.write("changed.txt", f"key = {self.changed}\n")
        attributes = "* filter=evil diff=evil merge=evil ident\n*.bin filter=evilprocess\n[attr]binary diff=evil\n"
        for place in (".gitattributes", ".git/info/attributes", "evil-attributes"):
            repo.write(place, attributes)
        text = CONFIG.format(bin=self.programs, hooks=repo.top / ".githooks", top=repo.top)
        for word in {word for line in text.splitlines() for word in line.split() if f"{self.programs}/" in word}:
            name = word.rpartition("/")[2]
            self.program(self.programs / name, name)
        self.program(self.programs / "include.fsmonitor", "include.fsmonitor")
        for hook in HOOKS:
            self.program(repo.top / ".git/hooks" / hook, f"hooks.{hook}")
            self.program(repo.top / ".githooks" / hook, f"hooksPath.{hook}")
        repo.write(".git/config", text)
        repo.write("evil-include", INCLUDED.format(bin=self.programs))
        # Grafts, a replacement and a false boundary that hide the history from whoever asks git.
        repo.write(".git/info/grafts", repo.id("HEAD") + "\n")

    def program(self, place: Path, name: str) -> None:
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"#!/bin/sh\necho > '{self.marks}/{name}'\nexec /bin/cat\n")
        place.chmod(0o755)

    @property
    def sprung(self) -> set[str]:
        return {path.name for path in self.marks.iterdir()}


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path)


def test_the_traps_work_on_git_itself(trap: Trap) -> None:
    environment = {**ENVIRONMENT, "HOME": str(trap.repo.top.parent), "PATH": os.environ["PATH"]}
    for arguments in (["diff"], ["add", "loose.env"], ["commit", "-q", "-m", "x"], ["x"]):
        subprocess.run(["git", *arguments], cwd=trap.repo.top, env=environment, input=b"", capture_output=True, check=False, timeout=30)
    sprung = trap.sprung
    assert sprung & {"core.fsmonitor", "include.fsmonitor"}
    assert sprung & {"filter.clean", "diff.external", "diff.command", "diff.textconv"}
    assert any(name.startswith("hooksPath.") for name in sprung)
    assert "alias.x" in sprung
    subprocess.run(["git", "--version"], env={**environment, "PATH": str(trap.path)}, input=b"", capture_output=True, check=False, timeout=30)
    assert "path.git" in trap.sprung


COMMANDS = {
    "git": ["git", "."],
    "git-no-attribution": ["git", ".", "--no-attribution"],
    "git-reachable-only": ["git", ".", "--reachable-only"],
    "git-range": ["git", ".", "--range", "HEAD~1..HEAD"],
    "git-since-commit": ["git", ".", "--since-commit", "HEAD~1"],
    "git-branch": ["git", ".", "--branch", "main"],
    "git-first-parent": ["git", ".", "--first-parent"],
    "git-unstaged": ["git", ".", "--unstaged"],
    "git-staged": ["git", "--staged"],
    "dir": ["dir", "."],
    "scan": ["scan", "."],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_program_is_run(trap: Trap, name: str) -> None:
    words = COMMANDS[name]
    # The folder of traps comes first on the path: a program of any name that is run by its name leaves a mark too.
    run = leaksieve(*words, "-f", "json", "--reveal", cwd=trap.repo.top, env={"PATH": f"{trap.path}{os.pathsep}{os.environ['PATH']}"})
    assert trap.sprung == set(), run
    assert run.code == 1, run
    found = set(run.secrets)
    wanted = {
        "git": {trap.old, trap.new, trap.staged},
        "git-no-attribution": {trap.old, trap.new, trap.staged},
        "git-reachable-only": {trap.old, trap.new},
        "git-range": {trap.new},
        "git-since-commit": {trap.new},
        "git-branch": {trap.old, trap.new},
        "git-first-parent": {trap.old, trap.new},
        "git-unstaged": {trap.changed},
        "git-staged": {trap.staged},
        "dir": {trap.new, trap.staged, trap.loose, trap.changed},
        "scan": {trap.old, trap.new, trap.staged, trap.loose, trap.changed},
    }[name]
    assert wanted <= found, run
    assert run.failed == [], run


# -- what reaches the terminal

ESCAPES = b"\x1b]0;owned\x07\x1b[31m\xc2\x9b2J\r\nleaksieve: 0 findings"


def has_controls(text: bytes) -> bool:
    return any(byte in text for byte in (b"\x1b", b"\x07", b"\xc2\x9b", b"\r", b"\x08"))


@pytest.fixture(scope="module")
def spiteful(tmp_path_factory: pytest.TempPathFactory) -> tuple[GitRepo, set[str]]:
    """Names, people, messages and references full of terminal escapes; references that lead nowhere good."""
    folder = tmp_path_factory.mktemp("spiteful")
    repo = GitRepo(folder / "repo", "--template=")
    secrets = {token(number) for number in range(200, 205)}
    blob, who, message, tag, name = sorted(secrets)
    repo.add("a.env", f"key = {blob}\n")
    first = repo.commit()
    odd = ESCAPES.replace(b"/", b"_")
    tree = repo(
        "mktree",
        "-z",
        stdin=b"100644 blob "
        + repo.id(":a.env").encode()
        + b"\t"
        + odd
        + b"\0"
        + b"100644 blob "
        + repo.id(":a.env").encode()
        + b"\t"
        + name.encode()
        + odd
        + b"\0",
    )
    quiet = ESCAPES.replace(b"\n", b" ").decode()
    raw = (
        f"tree {tree.decode().strip()}\nparent {first}\nauthor {quiet} {who} <{quiet}> 1700000000 +0000\ncommitter {quiet} <{quiet}> 1700000000 +0000\n\n{message} ".encode()
        + ESCAPES
    )
    commit = repo("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw).decode().strip()
    repo("update-ref", "refs/heads/odd", commit)
    raw = f"object {commit}\ntype commit\ntag v1\ntagger {quiet} <{quiet}> 1700000000 +0000\n\n{tag} ".encode() + ESCAPES
    repo("update-ref", "refs/tags/v1", repo("hash-object", "-t", "tag", "-w", "--stdin", stdin=raw).decode().strip())
    git = os.fsencode(repo.top / ".git")
    heads = git + b"/refs/heads/"

    def write(path: bytes, content: bytes) -> None:
        with open(path, "wb") as file:
            file.write(content)

    outside = folder / "outside.txt"
    outside.write_text(f"{commit}\n{token(299)}\n")
    write(heads + odd, commit.encode() + b"\n")
    write(heads + b"loop", b"ref: refs/heads/pool\n")
    write(heads + b"pool", b"ref: refs/heads/loop\n")
    write(heads + b"self", b"ref: refs/heads/self\n")
    write(heads + b"up", b"ref: ../../../outside.txt\n")
    write(heads + b"deeper", b"ref: refs/../../../outside.txt\n")
    write(heads + b"root", b"ref: /etc/passwd\n")
    write(heads + b"nothing", b"")
    write(heads + b"binary", os.urandom(200))
    write(heads + b"missing", b"1" * 40 + b"\n")
    write(heads + b"zero", b"0" * 40 + b"\n")
    write(heads + b"huge", b"a" * (10 << 20))
    write(heads + b"huge-symbolic", b"ref: refs/heads/" + b"x" * (10 << 20) + b"\n")
    write(heads + b"x.lock", commit.encode())
    os.symlink(outside, heads + b"link")
    os.symlink("/", heads + b"slash")
    os.symlink("..", heads + b"circle")
    os.mkfifo(heads + b"fifo")
    os.makedirs(heads + b"/".join([b"d" * 100] * 30))
    write(
        git + b"/packed-refs",
        b"# pack-refs with: peeled \n"
        + commit.encode()
        + b" refs/heads/p"
        + ESCAPES.replace(b"\n", b"")
        + b"\n"
        + b"not a line at all\n"
        + b"^\n"
        + commit.encode()
        + b" refs/remotes/x\n" * 1000,
    )
    os.makedirs(git + b"/logs/refs/heads", exist_ok=True)
    write(
        git + b"/logs/refs/heads/odd",
        b"0" * 40 + b" " + commit.encode() + b" " + odd + b" <x> 1 +0000\t" + ESCAPES + b"\n" + b"garbage\n" * 100 + b"x" * (1 << 20),
    )
    os.mkfifo(git + b"/logs/refs/heads/fifo")
    write(git + b"/shallow", first.encode() + b"\n")
    write(git + b"/FETCH_HEAD", ESCAPES)
    return repo, secrets


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif"])
def test_no_control_character_reaches_the_output(spiteful: tuple[GitRepo, set[str]], form: str) -> None:
    repo, secrets = spiteful
    run = leaksieve("git", str(repo.top), "-f", form, "--reveal", "-v", cwd=repo.top.parent)
    assert run.code == 1, run
    assert not has_controls(run.out), run
    assert not has_controls(run.err.encode()), run
    # A name with a line break cannot make a line of the report of its own.
    assert not any(line.startswith(b"leaksieve: 0 findings") for line in run.out.splitlines()), run
    assert not any(line.startswith("leaksieve: 0 findings") for line in run.err.splitlines()), run
    for secret in secrets:
        assert secret.encode() in run.out, run
    assert token(299).encode() not in run.out


def test_bad_references_cost_nothing_but_themselves(spiteful: tuple[GitRepo, set[str]]) -> None:
    repo, secrets = spiteful
    run = history(repo.top, megabytes=600)
    assert run.code == 1, run
    assert secrets <= set(run.secrets)
    assert run.seconds < 20
    assert run.peak < 600 << 20


def test_bad_references_are_said(spiteful: tuple[GitRepo, set[str]]) -> None:
    """One that leads to an object that is not there may be the end of a history that is not scanned."""
    repo, _ = spiteful
    failed = str(history(repo.top).failed)
    for name in ("missing", "binary", "huge", "loop"):
        assert f"refs/heads/{name}" in failed


# -- what leads outside


class House:
    """A repository, and beside it another that nobody named."""

    def __init__(self, folder: Path) -> None:
        self.inner, self.outer = token(301), token(302)
        self.other = GitRepo(folder / "other", "--template=")
        self.other.add("b.env", f"key = {self.outer}\n")
        self.other.commit()
        self.loose_blob = self.other.id("HEAD:b.env")
        shutil.copytree(self.other.top, folder / "other-packed")
        GitRepo(folder / "other-packed", init=False)("repack", "-adq")
        self.packed = folder / "other-packed/.git/objects"
        self.repo = GitRepo(folder / "repo", "--template=")
        self.repo.add("a.env", f"key = {self.inner}\n")
        self.repo.commit()
        self.git = self.repo.top / ".git"
        self.objects = self.git / "objects"
        (self.objects / "info").mkdir(exist_ok=True)
        self.alternates = self.objects / "info/alternates"


def _alternate_outside(house: House) -> None:
    house.alternates.write_text(f"{house.other.top}/.git/objects\n")


def _alternate_relative(house: House) -> None:
    house.alternates.write_text("../../../other/.git/objects\n")


def _alternate_by_link(house: House) -> None:
    (house.git / "inside").symlink_to(house.other.top / ".git/objects")
    house.alternates.write_text("../inside\n")


def _alternate_itself(house: House) -> None:
    house.alternates.write_text(f"{house.objects}\n.\n../objects\n" * 50)


def _alternates_circle(house: House) -> None:
    second = house.git / "second"
    (second / "info").mkdir(parents=True)
    (second / "info/alternates").write_text("../objects\n")
    house.alternates.write_text("../second\n")


def _alternate_fifo(house: House) -> None:
    os.mkfifo(house.git / "pipe")
    house.alternates.write_text("../pipe\n../nothing\n/dev/zero\n")


def _alternates_fifo(house: House) -> None:
    os.mkfifo(house.alternates)


def _alternates_long(house: House) -> None:
    house.alternates.write_text("".join(f"../{number}\n" for number in range(200_000)))


def _pack_link(house: House) -> None:
    for path in house.packed.glob("pack/*"):
        (house.objects / "pack" / path.name).symlink_to(path)


def _pack_folder_link(house: House) -> None:
    shutil.rmtree(house.objects / "pack")
    (house.objects / "pack").symlink_to(house.packed / "pack")


def _loose_link(house: House) -> None:
    blob = house.loose_blob
    (house.objects / blob[:2]).mkdir(exist_ok=True)
    (house.objects / blob[:2] / blob[2:]).symlink_to(house.other.top / ".git/objects" / blob[:2] / blob[2:])


def _loose_folder_link(house: House) -> None:
    for path in (house.other.top / ".git/objects").glob("??"):
        if not (house.objects / path.name).exists():
            (house.objects / path.name).symlink_to(path)


def _pipes_everywhere(house: House) -> None:
    for name in ("packed-refs", "shallow", "FETCH_HEAD", "index", "logs", "refs/stash", "objects/info/commit-graph", "objects/pack/multi-pack-index"):
        path = house.git / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        os.mkfifo(path)


def _pack_pipes(house: House) -> None:
    os.mkfifo(house.objects / f"pack/pack-{'1' * 40}.pack")
    os.mkfifo(house.objects / f"pack/pack-{'1' * 40}.idx")


def _worktrees_outside(house: House) -> None:
    entry = house.git / "worktrees/evil"
    entry.mkdir(parents=True)
    (entry / "HEAD").write_text(house.other.id("HEAD") + "\n")
    (entry / "gitdir").write_text(f"{house.other.top}/.git\n")
    (entry / "commondir").write_text(f"{house.other.top}/.git\n")
    (house.git / "worktrees/link").symlink_to(house.other.top / ".git")


def _modules_outside(house: House) -> None:
    (house.git / "modules").mkdir()
    (house.git / "modules/evil").symlink_to(house.other.top / ".git")


OUTWARDS: dict[str, tuple[Callable[[House], None], bool]] = {
    # What is done, and whether something was asked for that the scan must say it did not read.
    "alternate-outside": (_alternate_outside, True),
    "alternate-relative": (_alternate_relative, True),
    "alternate-by-link": (_alternate_by_link, True),
    "alternate-itself": (_alternate_itself, False),
    "alternates-circle": (_alternates_circle, False),
    "alternate-fifo": (_alternate_fifo, True),
    "alternates-fifo": (_alternates_fifo, True),
    "alternates-long": (_alternates_long, True),
    "pack-link": (_pack_link, True),
    "pack-folder-link": (_pack_folder_link, True),
    "loose-link": (_loose_link, True),
    "loose-folder-link": (_loose_folder_link, True),
    "pipes-everywhere": (_pipes_everywhere, True),
    "pack-pipes": (_pack_pipes, True),
    "worktrees-outside": (_worktrees_outside, True),
    "modules-outside": (_modules_outside, False),
}


@pytest.mark.parametrize("name", OUTWARDS)
def test_nothing_outside_is_read_and_nothing_hangs(tmp_path: Path, name: str) -> None:
    house = House(tmp_path)
    done, said = OUTWARDS[name]
    done(house)
    run = history(house.repo.top, timeout=20)
    assert run.code == 1, run
    assert set(run.secrets) == {house.inner}, run
    assert bool(run.failed) is said, run


@pytest.mark.parametrize("name", ["gitdir", "commondir", "git-link"])
def test_a_tree_that_leads_to_another_repository_is_refused(tmp_path: Path, name: str) -> None:
    house = House(tmp_path)
    tree = tmp_path / "tree"
    tree.mkdir()
    if name == "gitdir":
        (tree / ".git").write_text(f"gitdir: {house.other.top}/.git\n")
    elif name == "git-link":
        (tree / ".git").symlink_to(house.other.top / ".git")
    else:
        (tree / ".git").mkdir()
        (tree / ".git/HEAD").write_text("ref: refs/heads/main\n")
        (tree / ".git/commondir").write_text(f"{house.other.top}/.git\n")
    run = leaksieve("git", str(tree), "-f", "json", "--reveal", cwd=tmp_path)
    assert house.outer.encode() not in run.out, run
    assert run.code == 3, run


def test_a_clone_that_borrows_says_from_where_and_reads_it_when_allowed(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.other("clone", "-q", "--shared", str(house.other.top), str(tmp_path / "borrower"))
    lender = str(house.other.top / ".git/objects")
    run = history(tmp_path / "borrower")
    assert (run.code, run.secrets) == (3, {}), run
    assert [(skip["reason"], skip["path"]) for skip in run.failed if "--allow-root" in skip["detail"]] == [("outside-roots", lender)], run
    for options in (("--allow-root", str(house.other.top)), ("--allow-root", str(tmp_path / "nothing"), "--allow-root", lender)):
        run = history(tmp_path / "borrower", *options)
        assert (set(run.secrets), run.failed) == ({house.outer}, []), run
    run = leaksieve("git", "--staged", "-f", "json", cwd=tmp_path / "borrower")
    assert run.code == 3, run
    assert "--allow-root" in str(run.failed), run
    run = leaksieve("git", "--staged", "-f", "json", "--allow-root", lender, cwd=tmp_path / "borrower")
    assert run.code == 0, run
    run = leaksieve("git", "--staged", "-f", "json", cwd=tmp_path / "borrower", env={"GIT_ALTERNATE_OBJECT_DIRECTORIES": lender})
    assert run.code == 0, run


def test_submodules_and_linked_worktrees_need_nothing_allowed(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.repo("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(house.other.top), "sub")
    house.repo.commit("with a submodule")
    house.repo("worktree", "add", "-q", str(tmp_path / "linked"))
    for place, secret in (("repo/sub", house.outer), ("linked", house.inner), ("repo", house.inner)):
        run = history(tmp_path / place)
        assert (set(run.secrets), run.failed) == ({secret}, []), run
