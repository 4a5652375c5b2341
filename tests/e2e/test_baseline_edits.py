"""Random edits around known secrets: none of them is lost, none comes back as new, and every new one is seen.

``LEAKSIEVE_BASELINE_EDITS`` sets the number of edits (200 without it), ``LEAKSIEVE_BASELINE_SEED`` the seed.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from gitrepo import GitRepo

from leaksieve.cli.baselines import entries_of
from leaksieve.config import Config
from leaksieve.findings.baseline import Baseline, parse
from leaksieve.gitobjects.repository import discover
from leaksieve.outcome import fingerprint_key
from leaksieve.pipeline import Plan, run
from leaksieve.ruleset.template import expand
from leaksieve.sources.index import IndexSource
from leaksieve.sources.worktree import WorktreeSource

EDITS = int(os.environ.get("LEAKSIEVE_BASELINE_EDITS", "200"))
SEED = int(os.environ.get("LEAKSIEVE_BASELINE_SEED", "7"))
STRONG = [expand("ghp_<crc32-github:30>", seed).decode() for seed in range(30, 42)]
WEAK = [word + "22" for word in ("hun" + "ter", "win" + "ter", "dra" + "gon", "mon" + "key", "sum" + "mer", "ban" + "ana")]
# What stands in every file besides: lines that no two files share, so that a rename can be told from a move.
FILLER = "line {} of {} says nothing at all"


def line_of(value: str) -> str:
    return f"token = '{value}'" if value in STRONG else f"curl -u admin:{value} https://shop.example.com/"


class File:
    """A file by identity, whatever it is called."""

    def __init__(self, number: int, path: str) -> None:
        self.number = number
        self.path = path
        self.lines: list[tuple[str, str]] = [(FILLER.format(line, number), "") for line in range(12)]
        self.indent = ""
        self.ending = "\n"

    @property
    def values(self) -> set[str]:
        return {value for _, value in self.lines if value}

    def insert(self, dice: random.Random, value: str) -> None:
        self.lines.insert(dice.randrange(len(self.lines) + 1), (line_of(value), value))

    def data(self) -> bytes:
        return "".join(self.indent + text + self.ending for text, _ in self.lines).encode()


class World:
    """The repository, what is in it, and what of that is known."""

    def __init__(self, top: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.repo = GitRepo(top)
        self.repo.add("README", "a shop\n")
        self.repo.commit("first")
        self.count = 0
        self.files: list[File] = []
        for _ in range(5):
            file = self.create()
            for value in self.dice.sample(STRONG[:6] + WEAK[:3], 2):
                file.insert(self.dice, value)
        self.flush()
        self.known_strong = {value for file in self.files for value in file.values if value in STRONG}
        self.known_weak = {(file.number, value) for file in self.files for value in file.values if value in WEAK}

    def create(self) -> File:
        self.count += 1
        folder = self.dice.choice(["", "src/", "ops/deep/", "lib/"])
        file = File(self.count, f"{folder}{self.dice.choice(['run', 'main', 'x'])}{self.count}{self.dice.choice(['.sh', '.txt', '.cfg'])}")
        self.files.append(file)
        return file

    def flush(self) -> None:
        """Write everything, and commit it."""
        for file in self.files:
            self.repo.write(file.path, file.data())
        self.repo("add", "-A")
        self.repo.commit()

    # Edits, each of them one change to what is committed.
    def shift(self) -> None:
        file = self.dice.choice(self.files)
        for _ in range(self.dice.randint(1, 4)):
            self.count += 1
            file.lines.insert(self.dice.randrange(len(file.lines) + 1), (FILLER.format(self.count, "more"), ""))

    def delete_lines(self) -> None:
        file = self.dice.choice(self.files)
        plain = [number for number, (_, value) in enumerate(file.lines) if not value]
        if len(plain) > 8:
            del file.lines[self.dice.choice(plain)]

    def move_line(self) -> None:
        file = self.dice.choice(self.files)
        file.lines.insert(self.dice.randrange(len(file.lines)), file.lines.pop(self.dice.randrange(len(file.lines))))

    def reformat(self) -> None:
        self.dice.choice(self.files).indent = self.dice.choice(["", "  ", "\t", "    "])

    def endings(self) -> None:
        self.dice.choice(self.files).ending = self.dice.choice(["\n", "\r\n"])

    def rename(self) -> None:
        file = self.dice.choice(self.files)
        self.count += 1
        old = file.path
        file.path = self.dice.choice([f"moved{self.count}/{old.rpartition('/')[2]}", f"{old}.{self.count}", f"new{self.count}.txt"])
        (self.repo.top / old).unlink()

    def add_value(self) -> None:
        self.dice.choice(self.files).insert(self.dice, self.dice.choice(STRONG + WEAK))

    def remove_value(self) -> None:
        file = self.dice.choice(self.files)
        file.lines = [(text, value) for text, value in file.lines if not value or self.dice.random() < 0.5]

    def replace_value(self) -> None:
        """Another value on a line that holds a known one."""
        file = self.dice.choice(self.files)
        held = [number for number, (_, value) in enumerate(file.lines) if value]
        if held:
            value = self.dice.choice(STRONG + WEAK)
            file.lines[self.dice.choice(held)] = (line_of(value), value)

    def carry_value(self) -> None:
        """A known value goes from one file to another."""
        one, other = self.dice.sample(self.files, 2)
        held = [number for number, (_, value) in enumerate(one.lines) if value]
        if held:
            other.lines.append(one.lines.pop(self.dice.choice(held)))

    def new_file(self) -> None:
        if len(self.files) < 9:
            self.create().insert(self.dice, self.dice.choice(STRONG + WEAK))

    def drop_file(self) -> None:
        if len(self.files) > 3:
            file = self.files.pop(self.dice.randrange(len(self.files)))
            (self.repo.top / file.path).unlink()

    def rebase(self) -> None:
        """The last commits are put onto another one."""
        commits = int(self.repo("rev-list", "--count", "--first-parent", "HEAD"))
        back = min(self.dice.randint(1, 3), commits - 2)
        if back < 1:
            return
        self.count += 1
        self.repo("checkout", "-q", "-b", f"side{self.count}", f"HEAD~{back}")
        self.repo.write(f"side{self.count}.md", f"# side {self.count}\n")
        self.repo("add", "-A")
        self.repo.commit("side")
        self.repo("checkout", "-q", "main")
        self.repo("-c", "merge.renames=true", "rebase", "-q", f"side{self.count}")

    def merged(self) -> None:
        """A file is renamed on a branch, and that is merged."""
        file = self.dice.choice(self.files)
        self.count += 1
        old, file.path = file.path, f"branch{self.count}/{file.path.rpartition('/')[2]}"
        self.repo("checkout", "-q", "-b", f"branch{self.count}")
        (self.repo.top / file.path).parent.mkdir(parents=True)
        self.repo("mv", old, file.path)
        self.repo.commit("rename")
        self.repo("checkout", "-q", "main")
        self.repo.write(f"branch{self.count}.md", "x\n")
        self.repo("add", "-A")
        self.repo.commit("other")
        self.repo("merge", "-q", "--no-ff", "-m", "merge", f"branch{self.count}")

    def expected(self) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """(path, value) of what is new, and of what is known."""
        new, known = set(), set()
        for file in self.files:
            for value in file.values:
                is_known = value in self.known_strong or (file.number, value) in self.known_weak
                (known if is_known else new).add((file.path, value))
        return new, known


ORDINARY = ("shift", "shift", "delete_lines", "move_line", "reformat", "endings", "rename", "rename", "rebase", "merged")
TELLING = ("add_value", "remove_value", "replace_value", "carry_value", "new_file", "drop_file")


def scan(world: World, baselines: list[Baseline], *, staged: bool):
    repository = discover(os.fsencode(world.repo.top))
    config = Config(reveal=True)
    key = fingerprint_key(config, repository, None)
    if staged:
        source = IndexSource(repository, max_file_size=1 << 20, requested="")
    else:
        source = WorktreeSource(repository.worktree, requested="", max_file_size=1 << 20)
    for baseline in baselines:
        baseline.check(key)
    plan = Plan((source,), config, project_root=repository.worktree, repository=repository, staged=staged, baselines=baselines, fingerprinter=key)
    return run(plan), (key.key_name, key.key_id)


def found(outcome) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    new, known = set(), set()
    for finding in outcome.findings:
        for place in finding.occurrences:
            assert bool(place.allowed) == bool(finding.allowed) == finding.baselined
            (known if finding.baselined else new).add((place.path.decode(), finding.secret))
    return new, known


@pytest.mark.e2e
def test_edits_around_known_secrets(tmp_path: Path) -> None:
    world = World(tmp_path / "shop", SEED)
    outcome, key = scan(world, [], staged=False)
    text = Baseline("known", key, entries_of(outcome.findings)).text()
    for number in range(EDITS):
        # Most edits leave the secrets alone.
        edit = world.dice.choice(ORDINARY if world.dice.random() < 0.7 else TELLING)
        getattr(world, edit)()
        for file in world.files:
            world.repo.write(file.path, file.data())
        said = f"edit {number} (seed {SEED}): {edit}"
        baseline = parse(text.encode(), "known")
        assert found(scan(world, [baseline], staged=False)[0]) == world.expected(), said
        # No entry is lost: whatever is known is known by one.
        assert len(baseline.used) + len(baseline.stale) == len(baseline.entries), said
        assert baseline.text() == text, said
        world.repo("add", "-A")
        if number % 5 == 0:
            new, _ = found(scan(world, [parse(text.encode(), "known")], staged=True)[0])
            assert new <= world.expected()[0], said
        world.repo.commit()
        if number % 20 == 19:
            # The baseline is brought up to date, as a person would, and from then on that is what is known.
            outcome, _ = scan(world, [baseline := parse(text.encode(), "known")], staged=False)
            moved = {new: baseline.entries[old] for old, new in baseline.moved.items()}
            kept = {each: rule for each, rule in baseline.entries.items() if each in baseline.used and each not in baseline.moved}
            text = Baseline("known", key, {**entries_of(outcome.findings), **moved, **kept}).text()
            world.known_strong = {value for file in world.files for value in file.values if value in STRONG}
            world.known_weak = {(file.number, value) for file in world.files for value in file.values if value in WEAK}
