"""Writing the lock into a file somebody keeps: everything else stays, byte for byte."""

import tomllib

import pytest

from leaksieve.config import lock
from leaksieve.config.lock import verify, written
from leaksieve.config.read import build, parse
from leaksieve.errors import ConfigError

HASH = "ab" * 32
OTHER = "cd" * 32
LOCK = lock.value(HASH, "1.2.3")
LINE = f'rules_lock = "{LOCK}"\n'
OLD = f'rules_lock = "sha256:{OTHER}@1.0"'
TOOL = ("tool", "leaksieve")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", LINE),
        ("# only words", f"# only words\n{LINE}"),
        ('fail_on = "high"  # why\n\n# the rest\n[[allow]]\nreason = "x"\n', f'fail_on = "high"  # why\n{LINE}\n# the rest\n[[allow]]\nreason = "x"\n'),
        ('# of the list\n[[allow]]\nreason = "x"\n', f'{LINE}\n# of the list\n[[allow]]\nreason = "x"\n'),
        ('# file\n\n# of the list\n[[allow]]\nreason = "x"\n', f'# file\n\n{LINE}\n# of the list\n[[allow]]\nreason = "x"\n'),
        (f"a = 1\n{OLD}   # pinned by me\nb = 2\n", f'a = 1\nrules_lock = "{LOCK}"   # pinned by me\nb = 2\n'),
        (f"  rules-lock = 'sha256:{OTHER}'\n", f'  rules-lock = "{LOCK}"\n'),
        ('disable = [\n  "a",  # ]\n  "b",\n]', f'disable = [\n  "a",  # ]\n  "b",\n]\n{LINE}'),
        ('project = """\nrules_lock = "no"\n[x]\n"""\n[[allow]]\n', f'project = """\nrules_lock = "no"\n[x]\n"""\n{LINE}[[allow]]\n'),
        ("project = '''a'''''\n", f"project = '''a'''''\n{LINE}"),
        ("a = 1\r\nb = 2\r\n[c]\r\n", f"a = 1\r\nb = 2\r\n{LINE.strip()}\r\n[c]\r\n"),
        ('allow = [{ reason = "x" }]\n', f'allow = [{{ reason = "x" }}]\n{LINE}'),
    ],
)
def test_the_lock_goes_among_the_keys_and_nothing_else_changes(before, after):
    assert written(before, LOCK, (), "x.toml") == after
    assert written(after, LOCK, (), "x.toml") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[tool.leaksieve]\nfail_on = "high"\n\n[tool.other]\na = 1\n', f'[tool.leaksieve]\nfail_on = "high"\n{LINE}\n[tool.other]\na = 1\n'),
        ("[tool.leaksieve]", f"[tool.leaksieve]\n{LINE}"),
        ('[tool . "leaksieve"]\n# later\n', f'[tool . "leaksieve"]\n{LINE}# later\n'),
        ('[a]\n# mine\n[[tool.leaksieve.allow]]\nreason = "x"\n', f'[a]\n[tool.leaksieve]\n{LINE}\n# mine\n[[tool.leaksieve.allow]]\nreason = "x"\n'),
        (f"[b]\nrules_lock = 1\n[tool.leaksieve]\n{OLD}\n", f"[b]\nrules_lock = 1\n[tool.leaksieve]\n{LINE}"),
        (f"[tool]\nleaksieve.{OLD}\n", f"[tool]\nleaksieve.{LINE}"),
    ],
)
def test_in_pyproject_it_goes_into_the_table(before, after):
    assert written(before, LOCK, TOOL, "pyproject.toml") == after
    assert tomllib.loads(after)["tool"]["leaksieve"]["rules_lock"] == LOCK


@pytest.mark.parametrize("before", ["[tool]\nleaksieve = { fail_on = 'high' }\n", "[tool]\nleaksieve.fail_on = 'high'\n", "tool.leaksieve.fail_on = 'high'\n"])
def test_what_cannot_be_edited_safely_is_not(before):
    with pytest.raises(ConfigError, match=f'cannot be edited safely; add this line .* rules_lock = "sha256:{HASH}'):
        written(before, LOCK, TOOL, "pyproject.toml")


def test_a_lock_holds_or_says_both_hashes():
    verify(LOCK, HASH)
    verify(f"sha256:{HASH}", HASH)
    with pytest.raises(ConfigError, match=f"they are sha256:{OTHER}, the lock is sha256:{HASH} of leaksieve 1.2.3.*`leaksieve rules lock`"):
        verify(LOCK, OTHER)
    with pytest.raises(ConfigError, match="must be"):
        verify("sha256:abc", HASH)


def test_the_key_is_checked():
    assert build(parse(LINE.encode(), "x"), "x").rules_lock == LOCK
    with pytest.raises(ConfigError, match='`rules_lock` must be "sha256:" and 64 hexadecimal digits'):
        build({"rules_lock": "sha256:" + "x" * 64}, "x")
