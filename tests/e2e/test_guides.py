"""The lines that the guides of secret managers print: what leaks there is found to the byte at shipped defaults, what only looks like it is not."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from leaksieve.ruleset.template import expand

pytestmark = pytest.mark.e2e

GUIDES = tomllib.loads((Path(__file__).parent / "guides.toml").read_text(encoding="utf-8"))
OPEN, CLOSE = "⟦".encode(), "⟧".encode()


def expanded(template):
    """The text without its marks, and the byte spans that they stood around."""
    spans = []
    first, *marked = expand(template.lstrip("\n").replace("\\n", "\n")).split(OPEN)
    text = first
    for piece in marked:
        inside, _, behind = piece.partition(CLOSE)
        spans.append((len(text), len(text) + len(inside)))
        text += inside + behind
    return text, spans


def cases(kind):
    return [pytest.param(index, id=guide["path"]) for index, guide in enumerate(GUIDES[kind])]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What one scan of all texts reports, by kind and number: (rule, span of the secret, decoders)."""
    root = tmp_path_factory.mktemp("guides")
    for kind, guides in GUIDES.items():
        for index, guide in enumerate(guides):
            file = root / kind / str(index) / guide["path"]
            file.parent.mkdir(parents=True)
            file.write_bytes(expanded(guide["text"])[0])
    command = [sys.executable, "-m", "leaksieve", "dir", ".", "--no-gitignore", "-f", "json", "-q", "--exit-zero"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True, timeout=60)
    report = json.loads(done.stdout)
    assert report["coverage"]["complete"]
    out = {}
    for finding in report["findings"]:
        for place in finding["occurrences"]:
            kind, index, _ = place["path"].split("/", 2)
            out.setdefault((kind, int(index)), []).append((finding["rule_id"], (place["byte_start"], place["byte_end"]), tuple(place["decoded"])))
    return out


@pytest.mark.parametrize("index", cases("found"))
def test_what_leaks_is_found(found, index):
    guide = GUIDES["found"][index]
    _, wanted = expanded(guide["text"])
    told = [hit for hit in found.get(("found", index), []) if hit[0] not in guide.get("besides", ())]
    assert wanted
    assert sorted({span for _, span, _ in told}) == wanted, told


@pytest.mark.parametrize("index", cases("quiet"))
def test_what_is_no_secret_stays_quiet(found, index):
    assert found.get(("quiet", index), []) == []
