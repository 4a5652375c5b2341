"""What is shipped: the wheel, the source distribution, a wheel made from that, and an editable install."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from leaksieve.ruleset.compile import read_folder
from leaksieve.ruleset.template import expand

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
# Neither what git ignores nor other people's half-finished work belongs into the copy that is built.
PARTS = ("src", "rules", "docs", "man", "build_rules.py", "pyproject.toml", "LICENSE", "README.md", "THIRD_PARTY.md")
RULES_FILE = "leaksieve/ruleset/builtin.jsonl"


def copy(target):
    """A checkout without a compiled ruleset."""
    target.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, target / part, ignore=shutil.ignore_patterns("__pycache__", "*.jsonl"))
        else:
            shutil.copy(ROOT / part, target / part)
    return target


def build(checkout, kind, out):
    """Build with the hatchling of this environment: no network."""
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)], cwd=checkout, check=True, capture_output=True)
    (built,) = out.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return copy(tmp_path_factory.mktemp("checkout") / "leaksieve")


@pytest.fixture(scope="module")
def wheel(checkout, tmp_path_factory):
    return build(checkout, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(checkout, tmp_path_factory):
    return build(checkout, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def unpacked(sdist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (top,) = folder.iterdir()
    return top


def ruleset_of(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(RULES_FILE).decode()


def run(place, *args, stdin=b""):
    """Run the leaksieve that lies in a folder, and only that one."""
    code = f"import sys; sys.path.insert(0, {str(place)!r}); import leaksieve; assert leaksieve.__file__.startswith({str(place)!r}); from leaksieve.cli.main import run; run()"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run([sys.executable, "-c", code, *args], input=stdin, capture_output=True, env=env, check=False)


def test_the_wheel_holds_every_rule(wheel):
    header = json.loads(ruleset_of(wheel).split("\n", 1)[0])
    assert header["rules"] == len(header["ids"]) == len(read_folder(str(ROOT / "rules"))) > 150


def test_the_wheel_holds_what_is_needed_to_run_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    modules = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")}
    assert modules <= names
    assert {"leaksieve/reports/schema.json", "leaksieve/py.typed", RULES_FILE} <= names
    shared = {name.partition(".data/data/")[2] for name in names if ".data/data/" in name}
    assert shared == {f"share/man/man1/{page.name}" for page in (ROOT / "man").iterdir()}
    assert {name.split("/")[0] for name in names if ".data/" not in name} == {"leaksieve", next(name for name in names if ".dist-info/" in name).split("/")[0]}
    licences = {name.rsplit("/", 1)[1] for name in names if ".dist-info/licenses/" in name}
    assert licences == {"LICENSE", "THIRD_PARTY.md"}


def test_two_builds_of_the_same_rules_are_the_same(checkout, wheel, tmp_path):
    assert ruleset_of(build(checkout, "wheel", tmp_path)) == ruleset_of(wheel)


def test_what_lies_in_the_wheel_finds_a_secret(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    done = run(tmp_path / "site", "stdin", "-f", "json", stdin=expand("key = sk_live_<alnum:24>\n", 1))
    assert done.returncode == 1, done.stderr
    assert [finding["rule_id"] for finding in json.loads(done.stdout)["findings"]] == ["stripe-live-secret-key"]


def test_rules_can_be_tested_from_the_wheel(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    done = run(tmp_path / "site", "rules", "test", "--rule", "github-*")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(b": every one holds\n")
    same = run(tmp_path / "site", "rules", "diff", str(wheel), "builtin", "--on", str(tmp_path / "site" / "leaksieve" / "py.typed"), "--exit-code")
    assert same.returncode == 0, same.stdout + same.stderr


def test_the_source_distribution_gives_the_same_wheel(unpacked, wheel, tmp_path):
    again = build(unpacked, "wheel", tmp_path)
    assert ruleset_of(again) == ruleset_of(wheel)
    with zipfile.ZipFile(again) as one, zipfile.ZipFile(wheel) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())


def test_the_source_distribution_holds_the_rules_and_no_litter(sdist):
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert sum(name.startswith("rules/") and name.endswith(".toml") for name in names) == len(list((ROOT / "rules").glob("*.toml")))
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_an_editable_install_picks_up_a_changed_rule(tmp_path):
    """Its wheel holds a path into the checkout; what is there counts, also when rules change after the build."""
    checkout = copy(tmp_path / "leaksieve")
    code = "import sys; from hatchling.build import build_editable; print(build_editable(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=checkout, check=True, capture_output=True)
    (editable,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(editable) as archive:
        (link,) = [name for name in archive.namelist() if name.endswith(".pth")]
        assert archive.read(link).decode().strip() == str(checkout / "src")
    token = expand("t = acme_<alnum:32>\n", 1)
    before = run(checkout / "src", "stdin", stdin=token)
    assert before.returncode == 0, before.stderr
    (checkout / "rules" / "acme.toml").write_text(
        """
[family]
id = "acme"
name = "Acme"
documentation = "https://acme.example/docs"
rotation = "https://acme.example/tokens"
impact = "Opens Acme."
revoke = ["Delete it."]

[[rule]]
id = "acme-token"
name = "Acme token"
severity = "high"
confidence = "high"
keywords = ["acme_"]
pattern = '(?<![A-Za-z0-9_])(?P<secret>acme_[A-Za-z0-9]{32})(?![A-Za-z0-9_])'
examples = ["acme_<alnum:32>"]
counter_examples = ["acme_<alnum:20>"]
"""
    )
    after = run(checkout / "src", "stdin", stdin=token)
    assert after.returncode == 1, after.stderr
    assert b"Acme token" in after.stdout
