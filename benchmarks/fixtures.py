"""Repositories with a staged change, made from nothing but a seed."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable
from zlib import crc32

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Words of code that stand in nobody's list of keywords.
WORDS = ("amount", "column", "count", "depth", "edge", "field", "group", "height", "index", "level", "offset", "order", "point", "row", "size", "total")
FILE_BYTES = 3000
CHANGED = "src/part00/module0000.py"


def source(seed: int) -> str:
    """About 3 KB of code without any word a scanner looks for."""
    chance = random.Random(seed)
    lines = ["# Geometry of tables", ""]
    size = 0
    while size < FILE_BYTES:
        one, two, three = chance.choices(WORDS, k=3)
        lines += [f"def {one}_{two}_{len(lines)}({three}):", f"    {one} = {three} + {chance.randrange(100)}", f"    return {one} * {chance.randrange(9)}", ""]
        size = sum(map(len, lines))
    return "\n".join(lines) + "\n"


def token(seed: int = 7) -> str:
    """A made-up GitHub token with a checksum that holds, put together here so that no file carries one."""
    chance = random.Random(seed)
    body = "".join(chance.choices(DIGITS, k=30))
    number, check = crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        check = DIGITS[digit] + check
    return "gh" + "p_" + body + check


FINDING = "one finding"
CHANGES: dict[str, Callable[[], str]] = {
    "no keyword": lambda: "def row_total(row):\n    return sum(row)\n",
    "keyword, no finding": lambda: 'client_token = os.environ["CLIENT_TOKEN"]\npassword = ask_for_password(prompt)\n',
    FINDING: lambda: f'client = connect("{token()}")\n',
}


def build(top: str, files: int) -> None:
    """A repository of this many files in folders of forty, with one commit."""
    os.makedirs(top)
    for number in range(files):
        path = os.path.join(top, "src", f"part{number // 40:02d}", f"module{number:04d}.py")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(source(number))
    git(top, "init", "-q", "-b", "main")
    # Kingfisher makes a commit of what is staged; without an author it scans nothing and exits 0.
    git(top, "config", "user.name", "A")
    git(top, "config", "user.email", "a@example.com")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "First")


def stage(top: str, change: str) -> list[str]:
    """Stage one changed file; its path."""
    with open(os.path.join(top, CHANGED), "w", encoding="ascii") as file:
        file.write(source(0) + CHANGES[change]())
    git(top, "add", ".")
    # Timestamps in the index settle, so that no tool has to read files again to tell whether they changed.
    git(top, "update-index", "-q", "--really-refresh")
    return [CHANGED]


def git(top: str, *arguments: str) -> None:
    """Run git with an author and without anybody's configuration."""
    person = {"NAME": "A", "EMAIL": "a@example.com", "DATE": "1700000000 +0000"}
    identity = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in person.items()}
    environment = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *arguments], cwd=top, env=environment, check=True, stdout=subprocess.DEVNULL)
