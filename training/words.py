"""Ordinary words and letter statistics, from public text that every machine with Python has: the standard library's own source.

Nothing here comes from labelled files.  ``words`` are the most frequent ones; ``letters`` says of each
three letters how much likelier they are in such words than by chance.
"""

from __future__ import annotations

import glob
import math
import os
import re
import sysconfig
from collections import Counter

# What stand-ins, samples and default passwords are made of; written by hand.
BY_HAND = """
    vault kubernetes docker jenkins mongo mongodb rabbit rabbitmq elastic elasticsearch kafka consul nomad terraform ansible keycloak grafana nginx apache tomcat oracle
    summer winter autumn spring january february march april june july august september october november december monday sunday football princess sunshine iloveyou super
    correct horse battery staple power strong company team office manager support backup replica primary cluster node worker gateway proxy portal billing payment shop store
    abc abcd abcdef access account acme actual admin administrator alice api app apple auth author bar bash baz bearer blah bob
    bogus change changeme changeit client code conf config cred credential credentials custom database db default demo dev docker dragon dummy
    email empty encrypted enter example expired fake field foo foobar forgot generated github google guest hash hello here hidden host hunter
    insert invalid john doe jwt key keys letmein local localhost login lorem ipsum master mock monkey my myapp mysql name new nobody none
    nonce nothing null oauth old omit optional other pass passphrase passwd password passwords payload phrase placeholder plain postgres
    prefix prod production provider public pwd quux qux qwe qwerty asdf zxcv random read redacted redis refresh repeat replace required reset root
    rsa salt sample secret secrets secure security server service session setting settings shared sign signing some something spring staging
    static string strong stub sub super suffix svc system temp test testing tests text this tmp todo token tokens top type undefined
    unknown unset user username users valid value values verify webhook welcome with write wrong xxx xxxx yes you your yourpassword
""".split()
_WORD = re.compile(r"[A-Za-z]{3,16}")
_CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
SIZE = 1800


def _counts() -> tuple[Counter[str], Counter[str]]:
    """How often each word is written, and in how many files."""
    total: Counter[str] = Counter()
    files: Counter[str] = Counter()
    root = sysconfig.get_paths()["stdlib"]
    for path in sorted(glob.glob(os.path.join(root, "**", "*.py"), recursive=True)):
        if "site-packages" in path or f"{os.sep}test{os.sep}" in path:
            continue
        with open(path, encoding="utf-8", errors="replace") as file:
            found = [piece.lower() for run in _WORD.findall(file.read()) for piece in _CAMEL.findall(run) if len(piece) > 2]
        total.update(found)
        files.update(set(found))
    return total, files


def words() -> list[str]:
    """Ordinary words of three letters or more, sorted."""
    _, files = _counts()
    usual = [word for word, count in sorted(files.items(), key=lambda item: (-item[1], item[0])) if count >= 8]
    return sorted({word for word in BY_HAND if len(word) > 2} | set(usual[:SIZE]))


def letters() -> bytes:
    """For each three letters (26 * 26 * 26), how common they are in words: 0 unheard of, 9 as common as can be."""
    total, files = _counts()
    seen: Counter[int] = Counter()
    for word, count in total.items():
        if files[word] < 3:
            continue
        weight = 1 + math.log2(count)
        codes = [ord(letter) - 97 for letter in word]
        for a, b, c in zip(codes, codes[1:], codes[2:], strict=False):
            seen[(a * 26 + b) * 26 + c] += weight  # type: ignore[assignment]
    table = bytearray(26**3)
    for place, weight in seen.items():
        table[place] = min(9, max(1, round(math.log2(weight))))
    return bytes(table)


def write(path: str) -> None:
    """Write both tables as a module."""
    usual, table = words(), letters()
    lines, line = [], ""
    for word in usual:
        if len(line) + len(word) > 150:
            lines.append(line)
            line = ""
        line += ("" if not line else " ") + word
    lines.append(line)
    digits = "".join(map(str, table))
    rows = "\n".join(f'    b"{digits[at : at + 26 * 5]}"' for at in range(0, len(digits), 26 * 5))
    body = "\n    ".join(lines)
    with open(path, "w", encoding="ascii") as file:
        file.write(
            '"""Ordinary words, and how common each three letters are in them (one digit each, aaa to zzz).\n\n'
            "Written by training/words.py from the source of Python's standard library and a list made by hand.\n"
            '"""\n\nfrom __future__ import annotations\n\n'
            f'WORDS = frozenset(\n    b"""\n    {body}\n    """.split()\n)\nLETTERS = (\n{rows}\n)\n'
        )


if __name__ == "__main__":
    import sys

    write(sys.argv[1])
