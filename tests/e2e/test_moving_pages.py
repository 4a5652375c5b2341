"""The pages on moving in, walked through as they stand: each in a repository that uses that scanner, with a secret it accepted and one it left out."""

import json
import os
import re
import subprocess
import sys
from hashlib import sha1
from pathlib import Path

import pytest
import yaml

from leaksieve.ruleset.template import expand

pytestmark = pytest.mark.e2e

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ACCEPTED, AUDITED, FRESH = (expand("ghp_<crc32-github:30>", number).decode() for number in (31, 32, 33))
VENDORED = expand("ghp_<crc32-github:30>", 34).decode()


class Repository:
    """A repository of somebody who moves in, and the program on the path."""

    def __init__(self, top):
        self.path = top / "shop"
        self.path.mkdir()
        bin_ = top / "bin"
        bin_.mkdir()
        program = bin_ / "leaksieve"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m leaksieve "$@"\n')
        program.chmod(0o755)
        self.env = {"PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}", "HOME": str(top), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        for role in ("AUTHOR", "COMMITTER"):
            self.env |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@shop.example"}
        if "COVERAGE_PROCESS_START" in os.environ:
            self.env["COVERAGE_PROCESS_START"] = os.environ["COVERAGE_PROCESS_START"]
        self.run("git init -q -b main .")

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self):
        self.run("git add -A && git commit -qm 'a commit'")

    def run(self, line, code=0):
        done = subprocess.run(line, shell=True, cwd=self.path, env=self.env, capture_output=True, text=True, check=False, timeout=180)
        assert done.returncode == code, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def walk(self, page):
        """Every command of a page's blocks, in order; each must succeed.  Returns what they said."""
        (block,) = FENCE.findall((DOCS / page).read_text(encoding="utf-8"))
        return {line: self.run(line) for line in block.splitlines()}

    def stops_new_secrets(self):
        """What was accepted stays so where it moves; a new value on its line does not pass the hook that was written."""
        config = self.path / ".pre-commit-config.yaml"
        hook = "leaksieve hook pre-commit -b leaksieve.baseline"
        if config.exists():
            (entry,) = [hook["entry"] for repo in yaml.safe_load(config.read_text())["repos"] for hook in repo["hooks"] if hook["id"] == "leaksieve"]
            assert entry == hook
        text = (self.path / "src" / "app.py").read_text()
        self.write("src/app.py", "# moved\n\n" + text)
        self.run("git add -A")
        self.run(hook)
        self.write("src/app.py", text.replace(ACCEPTED, FRESH))
        self.run("git add -A")
        assert "Commit stopped: 1 new secret." in self.run(hook, code=1)


@pytest.fixture
def shop(tmp_path):
    shop = Repository(tmp_path)
    shop.write("src/app.py", f"import os\nTOKEN = '{ACCEPTED}'\n")
    shop.write("vendor/lib.py", f"t = '{VENDORED}'\n")
    return shop


def hooks(address):
    return f"repos:\n- repo: https://github.com/psf/black\n  rev: 24.1.0\n  hooks: [{{id: black}}]\n- repo: {address}\n  rev: v1\n  hooks:\n  - id: theirs\n"


def test_from_gitleaks(shop):
    shop.commit()
    first = shop.run("git rev-parse HEAD").strip()
    shop.write(".gitleaks.toml", "title = 'ours'\n\n[extend]\nuseDefault = true\n\n[[allowlists]]\npaths = ['''(^|/)vendor/''']\n")
    shop.write(".gitleaksignore", f"{first}:src/app.py:github-pat:2\nsrc/app.py:github-pat:2\n")
    shop.write(".pre-commit-config.yaml", hooks("https://github.com/gitleaks/gitleaks"))
    shop.commit()
    said = shop.walk("from-gitleaks.md")
    assert "0 not" in said["leaksieve import gitleaks"].replace("\n", " ").rpartition("kept, ")[2][:6]
    assert "black" in (shop.path / ".pre-commit-config.yaml").read_text()
    shop.stops_new_secrets()


def test_from_detect_secrets(shop):
    shop.write("src/demo.py", f"KEY = '{AUDITED}'\n")

    def entry(path, value, line, **more):
        return {"type": "GitHub Token", "filename": path, "hashed_secret": sha1(value.encode()).hexdigest(), "is_verified": False, "line_number": line, **more}

    baseline = {
        "version": "1.5.0",
        "plugins_used": [{"name": "GitHubTokenDetector"}, {"name": "KeywordDetector", "keyword_exclude": ""}],
        "filters_used": [{"path": "detect_secrets.filters.regex.should_exclude_file", "pattern": ["^vendor/"]}],
        "results": {"src/app.py": [entry("src/app.py", ACCEPTED, 2)], "src/demo.py": [entry("src/demo.py", AUDITED, 1, is_secret=False)]},
        "generated_at": "2024-01-01T00:00:00Z",
    }
    shop.write(".secrets.baseline", json.dumps(baseline, indent=2) + "\n")
    shop.write(".pre-commit-config.yaml", hooks("https://github.com/Yelp/detect-secrets"))
    shop.commit()
    shop.walk("from-detect-secrets.md")
    assert "Audited as no secret" in (shop.path / "leaksieve.toml").read_text()
    assert AUDITED not in (shop.path / "leaksieve.toml").read_text()
    shop.stops_new_secrets()


def test_from_trufflehog(shop):
    shop.write("ci/skip.txt", "^vendor/\n")
    shop.write(
        ".github/workflows/secrets.yml",
        "on: [push]\njobs:\n  scan:\n    runs-on: ubuntu-latest\n    steps:\n    - uses: actions/checkout@v4\n      with: {fetch-depth: 0}\n"
        "    - uses: trufflesecurity/trufflehog@v3\n      with:\n        extra_args: --results=verified --exclude-paths ci/skip.txt\n",
    )
    shop.commit()
    said = shop.walk("from-trufflehog.md")
    assert "--verify --fail-on-verified" in said["leaksieve import trufflehog"]
    assert "leaksieve ci" in said["leaksieve import trufflehog"]
    shop.stops_new_secrets()
