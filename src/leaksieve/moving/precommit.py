"""The hooks of other scanners in ``.pre-commit-config.yaml``, replaced in place: everything else keeps its bytes."""

from __future__ import annotations

import re

from leaksieve.moving.carried import CARRIED, Carried, Edit
from leaksieve.moving.path_regex import gitignore

_PEERS = {
    "gitleaks": re.compile(r"(?:zricethezav|gitleaks)/gitleaks"),
    "betterleaks": re.compile(r"betterleaks/betterleaks"),
    "detect-secrets": re.compile(r"(?:Yelp|ibm|IBM)/detect-secrets"),
    "trufflehog": re.compile(r"trufflesecurity/trufflehog"),
    "kingfisher": re.compile(r"mongodb/kingfisher"),
    "ggshield": re.compile(r"(?i:gitguardian)/gg-?shield"),
}
_LOCAL = re.compile(r"^\s*entry:.*\b(gitleaks|betterleaks|detect-secrets-hook|trufflehog|kingfisher|ggshield)\b", re.MULTILINE)
_REPO = re.compile(r"^(?P<indent>[ \t]*)-[ \t]+repo:[ \t]*(?P<address>[^\s#]+)", re.MULTILINE)
_STAGE = re.compile(r"ggshield-push|stages:\s*\[[^\]]*push")
ENTRY = """\
- repo: local
  hooks:
  - id: leaksieve
    name: leaksieve
    entry: leaksieve hook pre-commit{options}
    language: system
    pass_filenames: false
    always_run: true
    require_serial: true
"""
PUSH = """\
  - id: leaksieve-push
    name: leaksieve (pushed commits)
    entry: leaksieve hook pre-push
    language: system
    stages: [pre-push]
    pass_filenames: false
    always_run: true
    require_serial: true
"""


def read_hooks(carried: Carried, text: str, where: str, wanted: frozenset[str], baseline: str) -> None:
    """Put leaksieve's hook in the place of the first hook of these scanners, and take the others out.

    ``baseline`` is the file that the hook is given, "" for none.
    """
    ending = "\r\n" if "\r\n" in text else "\n"
    heads = list(_REPO.finditer(text))
    out, at = [], 0
    present = bool(re.search(r"^[ \t]*-[ \t]+id:[ \t]*leaksieve\b", text, re.MULTILINE))
    for found in heads:
        # pre-commit hands on line, folder and file ends alike; a block ends where the next item or a shallower line begins.
        end = _end(text, found)
        block = text[found.start() : end]
        line = text.count("\n", 0, found.start()) + 1
        name = next((name for name, pattern in _PEERS.items() if name in wanted and pattern.search(found["address"])), "")
        if not name:
            if found["address"] == "local" and (other := _LOCAL.search(block)) and other[1].removesuffix("-hook") in wanted:
                number = line + block.count("\n", 0, other.start())
                carried.lost(where, number, f"local hook {other[1]}", "it is not edited; replace it by hand with the one in docs/pre-commit.md")
            continue
        _excluded(carried, block, where, line)
        made = "" if present else _indented(found["indent"], baseline, push=bool(_STAGE.search(block))).replace("\n", ending)
        carried.tell(
            where, line, f"hook of {name}", CARRIED, "taken out; leaksieve's is there" if present else "replaced by leaksieve's, run from the installed program"
        )
        present = True
        out += [text[at : found.start()], made]
        at = end
    if out:
        carried.edits.append(Edit(where, text, "".join([*out, text[at:]])))


def _end(text: str, found: re.Match[str]) -> int:
    """Where the item that begins here ends; blank lines and comments before the next one are that one's."""
    depth = len(found["indent"])
    at = last = text.find("\n", found.end()) + 1 or len(text)
    while at < len(text):
        stop = text.find("\n", at) + 1 or len(text)
        line = text[at:stop]
        bare = line.strip()
        if bare and not bare.startswith("#"):
            if len(line) - len(line.lstrip(" \t")) <= depth:
                break
            last = stop
        elif bare and len(line) - len(line.lstrip(" \t")) > depth:
            last = stop
        at = stop
    return last


def _indented(indent: str, baseline: str, *, push: bool) -> str:
    options = f" -b {baseline}" if baseline else ""
    made = ENTRY.format(options=options) + (PUSH if push else "")
    return "".join(indent + line for line in made.splitlines(keepends=True))


def _excluded(carried: Carried, block: str, where: str, line: int) -> None:
    """A hook's own patterns are regular expressions over paths; a scan of the whole repository should leave out the same."""
    for found in re.finditer(r"^\s*(exclude|files):[ \t]*(?P<quote>['\"]?)(?P<source>[^\n]+?)(?P=quote)[ \t]*$", block, re.MULTILINE):
        source = found["source"]
        number = line + block.count("\n", 0, found.start("source"))
        made = gitignore(source) if found[1] == "exclude" and not source.startswith(("|", ">")) else None
        if made is None:
            carried.lost(where, number, f"{found[1]}: {source}", "no gitignore pattern means the same; write one by hand under `exclude`")
        else:
            carried.exclude += made
            carried.tell(where, number, f"exclude: {source}", CARRIED, f"exclude {' '.join(made)}")
