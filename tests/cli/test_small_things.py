"""What people ask for: patterns as paths, several baselines, dates, references that hosts keep, comments on what is new alone."""

import json

import pytest

from leaksieve.ruleset.template import expand


@pytest.fixture
def shop(place, token):
    place.other = expand("ghp_<crc32-github:30>", 21).decode()
    place.git("init", "-q", "-b", "main")
    place.write("src/a.py", f"token = '{token}'\n")
    place.git("add", ".")
    place.env |= {"GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z", "GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z"}
    place.git("commit", "-qm", "one")
    place.write("lib/b.py", f"t = '{place.other}'\n")
    place.git("add", ".")
    place.env |= {"GIT_COMMITTER_DATE": "2024-03-01T00:00:00Z", "GIT_AUTHOR_DATE": "2024-03-01T00:00:00Z"}
    place.git("commit", "-qm", "two")
    return place


def paths(done):
    return sorted({place["path"] for finding in json.loads(done.out)["findings"] for place in finding["occurrences"]})


def test_a_pattern_that_no_shell_has_expanded(shop):
    assert paths(shop.run("dir", "s*/*.py", "-f", "json")) == ["src/a.py"]
    assert paths(shop.run("dir", "**/*.py", "-f", "json")) == ["lib/b.py", "src/a.py"]
    done = shop.run("dir", "x*/*.py")
    assert (done.code, "no file or directory is called so" in done.err) == (2, True)


def test_commits_of_a_day_and_later(shop):
    assert paths(shop.run("git", "--since", "2024-02-01", "-f", "json")) == ["lib/b.py"]
    assert paths(shop.run("git", "--since", "2023-02-01", "-f", "json")) == ["lib/b.py", "src/a.py"]


def test_several_baselines_add_up(shop):
    shop.run("baseline", "create", "src", "-o", "one.baseline", "--tree")
    shop.run("baseline", "create", "lib", "-o", "two.baseline", "--tree")
    assert shop.run("dir", ".", "-b", "one.baseline").code == 1
    assert shop.run("dir", ".", "-b", "one.baseline", "-b", "two.baseline").code == 0


def test_a_comment_on_a_change_is_about_what_is_new(shop, token):
    done = shop.run("git", "--range", "HEAD~1..HEAD", "-f", "markdown")
    assert "lib/b.py" in done.out
    assert "src/a.py" not in done.out
    shop.run("baseline", "create", "src", "-o", "one.baseline", "--tree")
    done = shop.run("dir", ".", "-b", "one.baseline", "-f", "markdown")
    table = done.out.split("<details>")[0]
    assert "lib/b.py" in table
    assert "src/a.py" not in table
    assert "1 in the baseline" in done.out


def test_references_that_hosts_keep_are_named(shop):
    before = json.loads(shop.run("git", "-f", "json").out)["findings"][0]["remediation"]["history"]
    assert before.startswith("Rewriting the history does not undo the leak")
    shop.git("update-ref", "refs/pull/7/head", "HEAD")
    shop.git("reset", "-q", "--hard", "HEAD~1")
    done = shop.run("git", "-f", "json")
    advice = {finding["path"]: finding["remediation"]["history"] for finding in json.loads(done.out)["findings"]}
    assert "refs/pull/7/head" in advice["lib/b.py"]
    assert all("refs/merge-requests/*" in text for text in advice.values())
    assert "refs/pull/7/head" in shop.run("git", "-v").out
    assert "refs/merge-requests/*" in shop.run("git", "-f", "markdown").out
    # Of files as they stand there is no history to speak of.
    assert "history" not in json.loads(shop.run("dir", ".", "-f", "json").out)["findings"][0]["remediation"]
