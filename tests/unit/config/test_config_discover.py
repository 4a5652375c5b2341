"""Which configuration file counts, and when none does."""

import os
import sys

import pytest

from leaksieve.config import DEFAULTS
from leaksieve.config import discover as module
from leaksieve.config.discover import discover, load
from leaksieve.errors import ConfigError

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="links, FIFOs and owners are POSIX")


def put(root, name, text):
    (root / name).write_text(text)


def test_no_file_gives_the_defaults(tmp_path):
    found = discover(str(tmp_path))
    assert found == (DEFAULTS, None, "defaults", ())


def test_the_first_name_wins(tmp_path):
    put(tmp_path, "pyproject.toml", "[tool.leaksieve]\njobs = 3")
    assert discover(str(tmp_path)).config.jobs == 3
    put(tmp_path, ".leaksieve.toml", "jobs = 2")
    assert discover(str(tmp_path)).config.jobs == 2
    put(tmp_path, "leaksieve.toml", "jobs = 1")
    found = discover(str(tmp_path))
    assert found.config.jobs == 1
    assert found.path == str(tmp_path / "leaksieve.toml")
    assert found.origin == "repository"


def test_a_pyproject_without_our_table_is_not_even_parsed(tmp_path):
    put(tmp_path, "pyproject.toml", "this is [[[ no TOML")
    assert discover(str(tmp_path)).origin == "defaults"


def test_a_pyproject_that_only_mentions_us_gives_the_defaults(tmp_path):
    put(tmp_path, "pyproject.toml", "# tool.leaksieve\n[project]\nname = 'x'")
    assert discover(str(tmp_path)).origin == "defaults"


def test_a_subtable_is_enough(tmp_path):
    put(tmp_path, "pyproject.toml", "[[tool.leaksieve.allow]]\nreason = 'x'\nrules = ['y']")
    assert discover(str(tmp_path)).config.allow[0].rules == ("y",)


def test_a_mistake_names_the_file(tmp_path):
    put(tmp_path, "leaksieve.toml", "fail_onn = 1")
    with pytest.raises(ConfigError) as caught:
        discover(str(tmp_path))
    assert caught.value.line() == f"{tmp_path / 'leaksieve.toml'}: unknown key `fail_onn`; did you mean `fail_on`?"


def test_the_repository_file_cannot_reveal(tmp_path):
    put(tmp_path, "leaksieve.toml", "reveal = true")
    with pytest.raises(ConfigError, match="`reveal` is not taken"):
        discover(str(tmp_path))
    assert load(str(tmp_path / "leaksieve.toml")).config.reveal is True


def test_an_untrusted_file_is_ignored_with_a_note(tmp_path):
    put(tmp_path, "leaksieve.toml", "this [ is not even TOML")
    found = discover(str(tmp_path), trusted=False)
    assert found.config == DEFAULTS
    assert "(leaksieve.toml) was ignored" in found.notes[0]


@needs_posix
def test_a_file_of_somebody_else_does_not_count_by_itself(tmp_path, monkeypatch):
    put(tmp_path, "leaksieve.toml", "jobs = 1")
    monkeypatch.setattr(module.os, "geteuid", lambda: os.getuid() + 1)
    assert discover(str(tmp_path)).config.jobs is None
    assert discover(str(tmp_path)).notes
    assert discover(str(tmp_path), trusted=True).config.jobs == 1


@needs_posix
def test_a_link_that_leads_outside_is_refused_and_one_inside_is_followed(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    put(tmp_path, "outside.toml", "jobs = 1")
    (root / "leaksieve.toml").symlink_to(tmp_path / "outside.toml")
    with pytest.raises(ConfigError, match="leads outside the repository"):
        discover(str(root))
    (root / "leaksieve.toml").unlink()
    put(root, "inside.toml", "jobs = 2")
    (root / "leaksieve.toml").symlink_to("inside.toml")
    assert discover(str(root)).config.jobs == 2


@needs_posix
def test_a_fifo_does_not_hang_and_a_folder_is_refused(tmp_path):
    os.mkfifo(tmp_path / "leaksieve.toml")
    with pytest.raises(ConfigError, match="not a regular file"):
        discover(str(tmp_path))
    (tmp_path / "leaksieve.toml").unlink()
    (tmp_path / "leaksieve.toml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        discover(str(tmp_path))


def test_a_huge_file_is_refused(tmp_path):
    put(tmp_path, "leaksieve.toml", "#" * (module.MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="larger than 4 MiB"):
        discover(str(tmp_path))


def test_a_named_file_must_exist(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(str(tmp_path / "no.toml"))


def test_a_named_pyproject_must_hold_the_table(tmp_path):
    put(tmp_path, "pyproject.toml", "[tool.other]")
    with pytest.raises(ConfigError, match=r"holds no \[tool.leaksieve\] table"):
        load(str(tmp_path / "pyproject.toml"))


def test_rules_of_a_named_file_are_relative_to_it(tmp_path):
    put(tmp_path, "x.toml", "rules = ['r.toml', '../other.toml']")
    assert load(str(tmp_path / "x.toml")).config.rules == (str(tmp_path / "r.toml"), str(tmp_path.parent / "other.toml"))
