"""Whatever a configuration file holds, it is taken or refused with one line; never anything else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from leaksieve.config import DEFAULTS, Config
from leaksieve.config.fields import FIELDS
from leaksieve.config.read import build, parse
from leaksieve.errors import ConfigError

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(["auto", "none", "strict", "1 MiB", "5m", "high"])
entries = st.dictionaries(st.sampled_from(["reason", "paths", "regexes", "x"]), scalars | st.lists(scalars, max_size=2))
values = scalars | st.lists(scalars, max_size=3) | st.lists(entries, max_size=2)


def attempt(call):
    """Return the result and no complaint, or no result and the complaint."""
    try:
        return call(), None
    except ConfigError as error:
        return None, error.line()


def is_complaint(line) -> bool:
    return line.startswith("f: ") and "\n" not in line


@given(st.dictionaries(st.sampled_from([*FIELDS, "fail-on", "nope"]), values, max_size=3))
@settings(max_examples=300, deadline=None)
def test_any_values(table):
    config, complaint = attempt(lambda: build(table, "f", folder="/base"))
    if config is None:
        assert is_complaint(complaint)
        return
    assert isinstance(config, Config)
    assert config.jobs is None or 1 <= config.jobs <= 1024
    assert config.max_file_size >= 1
    assert 0 < config.rule_timeout < float("inf")
    for name in Config._fields:
        assert isinstance(getattr(config, name), type(getattr(DEFAULTS, name)) | int | float | str | None)


@given(st.binary(max_size=60) | st.text(alphabet="[]={}\"'#.\n\\ax1-", max_size=60).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_any_bytes(data):
    table, complaint = attempt(lambda: parse(data, "f"))
    assert isinstance(table, dict) or is_complaint(complaint)
