"""A packed repository to damage, and what must hold for any scan of a damaged one."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gitrepo import GitRepo
from planted import token
from realrun import Run, history

# What a process of a scan may take, megabytes.
MEMORY = 600


class Packed(NamedTuple):
    """A packed object, as git lists it."""

    oid: str
    offset: int
    length: int
    base: str | None


class Wreck:
    """A repository with a token in each of many packed blobs and one in a loose blob."""

    def __init__(self, top: Path, *, make: bool) -> None:
        self.repo = GitRepo(top, "--template=", init=make)
        if make:
            self._make()
        self.tokens = {f"{number}": token(400 + number) for number in range(24)}
        self.loose = token(450)
        self.objects = top / ".git/objects"

    def _make(self) -> None:
        lines = [f"line {n} of a file that is much the same every time {n * n}\n" for n in range(200)]
        for number in range(12):
            self.repo.add(f"small/{number}.env", f"key = {token(400 + number)}\n" + "".join(f"{n * number}\n" for n in range(40)))
            lines[number * 10] = f"key = {token(412 + number)}\n"
            self.repo.add("large.log", "".join(lines))
            lines[number * 10] = "gone\n"
            self.repo.commit(f"change {number}")
        self.repo("gc", "-q")
        self.repo.add("loose.env", f"key = {token(450)}\n")

    @property
    def pack(self) -> Path:
        (only,) = self.objects.glob("pack/*.pack")
        return only

    @property
    def idx(self) -> Path:
        return self.pack.with_suffix(".idx")

    def blob(self, name: str) -> str:
        """The id of the blob that holds a token."""
        number = int(name)
        return self.repo.id(f"main:small/{number}.env" if number < 12 else f"main~{23 - number}:large.log")

    def packed(self) -> dict[str, Packed]:
        out = {}
        for line in self.repo("verify-pack", "-v", str(self.pack)).decode().splitlines():
            words = line.split()
            if len(words) in (5, 7) and words[1] in ("commit", "tree", "blob", "tag"):
                out[words[0]] = Packed(words[0], int(words[4]), int(words[3]), words[6] if len(words) == 7 else None)
        return out

    def chains(self) -> dict[str, list[Packed]]:
        """Token -> the entries its blob is built from, its own first."""
        packed = self.packed()
        out = {}
        for name, secret in self.tokens.items():
            chain = [packed[self.blob(name)]]
            while chain[-1].base:
                chain.append(packed[chain[-1].base])
            out[secret] = chain
        return out


def scanned(repo: Path, *options: str, timeout: float = 15) -> Run:
    run = history(repo, *options, megabytes=MEMORY, timeout=timeout)
    assert run.code != 4, run
    assert run.peak < MEMORY << 20, run
    assert run.report["coverage"]["complete"] is not bool(run.failed), run
    return run


def check(run: Run, wanted: set[str], *, failed: bool | None) -> None:
    """Findings are reported though something failed, and that it did is said."""
    assert wanted - set(run.secrets) == set(), run
    assert run.code == (1 if wanted else 3 if failed else run.code), run
    if failed is not None:
        assert bool(run.failed) is failed, run
