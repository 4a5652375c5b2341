"""What users of other scanners ask for, each shown once in one repository; docs/pains.md says which test shows what."""

import json
import os
import subprocess
import sys

import pytest

from leaksieve.ruleset.template import expand

pytestmark = pytest.mark.e2e


def token(number):
    return expand("ghp_<crc32-github:30>", number).decode()


class Shop:
    """A repository in which each token stands in one kind of place."""

    def __init__(self, top):
        self.path = top / "shop"
        self.path.mkdir()
        self.env = {"PATH": os.environ["PATH"], "HOME": str(top), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        for role in ("AUTHOR", "COMMITTER"):
            self.env |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@shop.example", f"GIT_{role}_DATE": "2024-03-04T09:30:00+00:00"}
        if "COVERAGE_PROCESS_START" in os.environ:
            self.env["COVERAGE_PROCESS_START"] = os.environ["COVERAGE_PROCESS_START"]

    def git(self, *words, code=0):
        done = subprocess.run(["git", *words], cwd=self.path, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout

    def write(self, name, data):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())

    def run(self, *words, folder="."):
        command = [sys.executable, "-P", "-m", "leaksieve", *words]
        return subprocess.run(command, cwd=self.path / folder, env=self.env, capture_output=True, text=True, check=False, timeout=180)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    shop = Shop(tmp_path_factory.mktemp("pains"))
    shop.git("init", "-q", "-b", "main", ".")
    shop.write("a.txt", "1\n")
    shop.write(".gitignore", "build/\n")
    shop.git("add", ".")
    shop.git("commit", "-qm", "one")
    shop.git("checkout", "-qb", "side")
    shop.write("b.txt", "2\n")
    shop.git("add", ".")
    shop.git("commit", "-qm", f"a message with {token(1)}")
    shop.git("checkout", "-q", "main")
    shop.write("c.txt", "3\n")
    shop.git("add", ".")
    shop.git("commit", "-qm", "three")
    shop.git("merge", "-q", "--no-commit", "--no-ff", "side")
    shop.write("a.txt", f"only in the merge: {token(2)}\n")
    shop.git("add", ".")
    shop.git("commit", "-qm", "a merge")
    shop.git("tag", "-am", f"a tag with {token(3)}", "v1")
    shop.write("a.txt", "1\n")
    shop.write("wide.ps1", f"$t = '{token(4)}'\r\n".encode("utf-16"))
    shop.write("same/a.py", f"t = '{token(5)}'\n")
    shop.write("same/b.py", f"x = 1\nt = '{token(5)}'\n")
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [
        {
            **cell,
            "source": [
                f't = "{token(6)}"  # leaksieve:allow -- a sample\n',
                "# leaksieve:allow-next-line -- another\n",
                f'u = "{token(7)}"\n',
                f'v = "{token(8)}"\n',
            ],
        }
    ]
    shop.write("book.ipynb", json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1))
    shop.write("settings.json", f'{{\n "//": "leaksieve:allow-next-line -- made up",\n "token": "{token(9)}",\n "other": "{token(10)}"\n}}\n')
    shop.write("min.js", "var a=1;" * 20_000 + f"var t='{token(11)}';" + "var b=2;" * 20_000)
    shop.git("add", ".")
    shop.git("commit", "-qm", "places")
    shop.write("build/out.py", f"t = '{token(12)}'\n")
    return shop


@pytest.fixture(scope="module")
def report(shop):
    done = shop.run("scan", ".", "-f", "json", "-q", "--reveal", "--no-cache")
    assert done.returncode == 1, done.stderr
    return json.loads(done.stdout)


def places(report, number):
    return [place for finding in report["findings"] if finding["secret"] == token(number) for place in finding["occurrences"]]


def test_a_secret_only_in_a_merge_commit_is_found(report):
    assert places(report, 2)


def test_references_are_counted_as_they_are_named(report):
    told = [place["source"] for finding in report["findings"] for place in finding["occurrences"] if place["source"].get("refs")]
    assert {source["object_type"] for source in told} >= {"blob", "commit", "tag"}
    # HEAD stands for a branch that is named as well.
    assert [source for source in told if source["ref_count"] != len(source["refs"]) or "HEAD" in source["refs"]] == []


def test_messages_of_commits_and_tags_are_scanned(report):
    assert places(report, 1)
    assert places(report, 3)


def test_utf_16_is_read(report):
    assert {place["path"] for place in places(report, 4)} == {"wide.ps1"}


def test_a_secret_in_many_places_is_one_finding(report):
    findings = [finding for finding in report["findings"] if finding["secret"] == token(5)]
    assert len(findings) == 1
    assert {"same/a.py", "same/b.py"} <= {place["path"] for place in findings[0]["occurrences"]}


def test_comments_in_notebooks_and_json_hold_for_their_lines_alone(report):
    allowed = {number: all(place["allowed"] for place in places(report, number)) for number in (6, 7, 8, 9, 10)}
    assert allowed == {6: True, 7: True, 8: False, 9: True, 10: False}


def test_what_git_ignores_is_left_out_and_a_minified_line_is_cut(report):
    assert not places(report, 12)
    (place,) = [place for place in places(report, 11) if place["source"]["kind"] == "file"]
    assert len(place["context"]) < 1000


def test_paths_are_the_same_from_every_folder(shop):
    reports = [
        json.loads(shop.run("dir", where, "-f", "json", "-q", folder=folder).stdout)
        for where, folder in (("same", "."), (".", "same"), (str(shop.path / "same"), "/"))
    ]
    found = [{(finding["fingerprint"], finding["path"]) for finding in each["findings"]} for each in reports]
    assert found[0]
    assert found[0] == found[1] == found[2]


def test_a_linked_worktree_and_a_submodule_are_no_trouble(shop, tmp_path):
    shop.git("worktree", "add", "-q", str(tmp_path / "linked"), "side")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "leaksieve", "scan", ".", "-q"], cwd=tmp_path / "linked", env=shop.env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    shop.git("worktree", "remove", str(tmp_path / "linked"))
    outer = Shop(tmp_path)
    outer.git("init", "-q", "-b", "main", ".")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(shop.path), "inner")
    outer.git("commit", "-qm", "one")
    done = outer.run("git", "-f", "json", "-q")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("inner") >= 1
    assert outer.run("scan", ".", "-q", folder="inner").returncode == 1


def test_a_known_secret_survives_rebase_and_squash(shop):
    assert shop.run("baseline", "create", "-o", "all.baseline").returncode == 0
    shop.git("checkout", "-q", "-b", "squashed", "main~1")
    shop.git("merge", "-q", "--squash", "main")
    shop.git("commit", "-qm", "squashed")
    done = shop.run("scan", ".", "-b", "all.baseline", "-q", "--tree")
    (shop.path / "all.baseline").unlink()
    shop.git("checkout", "-q", "main")
    assert done.returncode == 0, done.stdout


def test_shapes_that_are_known_to_be_safe_stay_quiet(tmp_path):
    shop = Shop(tmp_path)
    ciphertext = expand("<b64:40>", 5).decode()
    shop.write(
        "secrets.enc.yaml",
        f"db_password: ENC[AES256_GCM,data:{ciphertext},iv:{expand('<b64:44>', 6).decode()},tag:{expand('<b64:24>', 7).decode()},type:str]\n",
    )
    shop.write("package-lock.json", f'{{"packages": {{"a": {{"integrity": "sha512-{expand("<b64:86>", 8).decode()}=="}}}}}}\n')
    shop.write("ids.yml", "request_id: 3f2b8a64-1c0d-4f6e-9b7a-5d2c8e1f0a93\norder_id: 7d0c1f9e-52ab-4c3d-8e6f-0a1b2c3d4e5f\n")
    done = shop.run("dir", ".", "-f", "json", "-q")
    assert [finding["rule_id"] for finding in json.loads(done.stdout)["findings"]] == []


def test_the_report_never_holds_the_secret(shop, report):
    done = shop.run("scan", ".", "-f", "json", "-v")
    assert not [number for number in range(1, 13) if token(number) in done.stdout + done.stderr]
