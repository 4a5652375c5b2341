"""Files that extend others, and sections for folders."""

import os

import pytest

from leaksieve.config import AllowEntry
from leaksieve.config.discover import discover, load
from leaksieve.config.layers import below
from leaksieve.errors import ConfigError
from leaksieve.sources.ignore import IgnoreList, Scope
from leaksieve.sources.named import is_excluded


@pytest.fixture
def put(tmp_path):
    def write(name, text):
        path = tmp_path / "repo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    return write


def found(put, text):
    return discover(os.path.dirname(put("leaksieve.toml", text))).config


def test_what_a_file_says_wins_and_lists_add_up(put):
    put("base/a.toml", "fail_on = 'high'\njobs = 2\nexclude = ['a']\nrules = ['mine.toml']\nextends = 'b.toml'\n")
    put("base/b.toml", "fail_on = 'critical'\ntimeout = 9\nexclude = ['b']\n[[allow]]\nreason = 'x'\nrules = ['y']\n")
    put("c.toml", "jobs = 3\nexclude = ['c']\n")
    config = found(put, "extends = ['base/a.toml', 'c.toml']\nexclude = ['d']\ntimeout = 8\n")
    assert (config.fail_on, config.jobs, config.timeout) == ("high", 3, 8.0)
    assert sorted(config.exclude) == ["a", "b", "c", "d"]
    assert config.allow == (AllowEntry("x", rules=("y",)),)
    # Paths count from the file they stand in.
    assert config.rules[0].endswith("/repo/base/mine.toml")
    assert [os.path.basename(path) for path in config.extends] == ["b.toml", "a.toml", "c.toml"]


def test_a_named_file_may_extend_any_and_a_repositorys_own_none_outside(put, tmp_path):
    (tmp_path / "outside.toml").write_text("jobs = 5\n")
    path = put("leaksieve.toml", "extends = '../outside.toml'\n")
    assert load(path).config.jobs == 5
    with pytest.raises(ConfigError, match="outside the scanned repository"):
        discover(os.path.dirname(path))


def test_a_link_that_leads_outside_is_refused(put, tmp_path):
    (tmp_path / "outside.toml").write_text("jobs = 5\n")
    path = put("leaksieve.toml", "extends = 'link.toml'\n")
    os.symlink(tmp_path / "outside.toml", os.path.join(os.path.dirname(path), "link.toml"))
    with pytest.raises(ConfigError, match="outside the scanned repository"):
        discover(os.path.dirname(path))


def test_what_a_repository_may_not_say_it_may_not_say_in_another_file(put):
    put("base.toml", "reveal = true\n")
    with pytest.raises(ConfigError, match="`reveal` is not taken"):
        found(put, "extends = 'base.toml'\n")


@pytest.mark.parametrize("names", [("leaksieve.toml",), ("a.toml", "leaksieve.toml"), ("a.toml", "b.toml", "a.toml")])
def test_a_circle_is_an_error(put, names):
    for name, following in zip(names, names[1:], strict=False):
        put(name, f"extends = '{following}'\n")
    with pytest.raises(ConfigError, match="in a circle"):
        found(put, f"extends = '{names[0]}'\n")


def test_a_line_of_files_has_an_end(put):
    for number in range(12):
        put(f"{number}.toml", f"extends = '{number + 1}.toml'\n")
    with pytest.raises(ConfigError, match="files deep"):
        found(put, "extends = '0.toml'\n")


@pytest.mark.parametrize(("text", "said"), [("extends = 'no.toml'", "cannot be read"), ("extends = 3", "`extends` must be"), ("extends = ['']", "`extends`")])
def test_mistakes(put, text, said):
    with pytest.raises(ConfigError, match=said):
        found(put, text + "\n")


def test_a_pyproject_may_be_extended(put):
    put("pyproject.toml", "[tool.leaksieve]\njobs = 4\n")
    assert found(put, "extends = 'pyproject.toml'\n").jobs == 4
    put("pyproject.toml", "[tool.other]\njobs = 4\n")
    with pytest.raises(ConfigError, match="holds no"):
        found(put, "extends = 'pyproject.toml'\n")


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("*.snap", "s/l/a/b.snap", "s/b.snap"),
        ("/x", "s/l/x", "s/l/a/x"),
        ("a/b", "s/l/a/b", "s/l/c/a/b"),
        ("dir/", "s/l/a/dir/f", "dir/f"),
        ("x", "s/l/x", "x"),
    ],
)
def test_patterns_count_from_the_folder(pattern, inside, outside):
    scope = Scope.root(IgnoreList(below("s/l", pattern).encode()))
    assert is_excluded(scope, inside.encode())
    assert not is_excluded(scope, outside.encode())
    assert below("s", f"!{pattern}") == "!" + below("s", pattern)


def test_a_section_holds_for_its_folder(put):
    config = found(
        put,
        "exclude = ['z']\n[[directory]]\npath = '/services/a/'\nexclude = ['*.snap']\ndisable = ['generic-*']\n"
        "[[directory.allow]]\nreason = 'x'\nstop_words = ['y']\n[[directory.allow]]\nreason = 'z'\npaths = ['/f/']\n",
    )
    assert config.exclude == ("z", "/services/a/**/*.snap")
    assert config.allow == (
        AllowEntry("Rules switched off in services/a", paths=("/services/a/",), rules=("generic-*",)),
        AllowEntry("x", paths=("/services/a/",), stop_words=("y",)),
        AllowEntry("z", paths=("/services/a/f/",)),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("directory = 3", "must be a list of tables"), ("[[directory]]\nexclude = ['a']", "must name a folder"), ("[[directory]]\npath = '..'", "must name a folder"),
        ("[[directory]]\npath = 'a'\nfail_onn = 'x'", "unknown key"), ("[[directory]]\npath = 'a'\n[[directory.allow]]\npaths = ['x']", "reason` is missing"),
    ],
)  # fmt: skip
def test_mistakes_in_sections(put, text, said):
    with pytest.raises(ConfigError, match=said):
        found(put, text + "\n")


def test_files_that_name_one_another_many_times_come_to_an_end(put):
    for number in range(1, 9):
        put(f"{number}.toml", f"extends = {[f'{number + 1}.toml'] * 9}\n")
    put("9.toml", "jobs = 2\n")
    with pytest.raises(ConfigError, match="more than 200 files"):
        found(put, "extends = '1.toml'\n")
    assert found(put, f"extends = {['9.toml'] * 200}\n").jobs == 2
