"""What holds of baselines whatever is in them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from leaksieve.errors import ConfigError
from leaksieve.findings.baseline import HEADER, Baseline, entry, merged, parse, path_of, united, written

KEY = ("default", "0123456789abcdef")
paths = st.binary(min_size=1, max_size=20).filter(lambda path: b"\0" not in path)
fingerprints = st.integers(0, 40)
known = st.dictionaries(
    st.one_of(fingerprints.map(lambda number: f"ls1-{number:032x}"), st.builds(entry, fingerprints.map(lambda number: f"ls1w-{number:08x}"), paths)),
    st.sampled_from(["a-rule", "another"]),
    max_size=12,
)


def made(entries):
    return Baseline("x", KEY, entries)


@settings(deadline=None, max_examples=200)
@given(path=paths)
def test_a_path_is_one_clean_line_and_comes_back(path):
    text = written(path)
    assert text.isprintable()
    assert text
    assert path_of(entry("ls1w-00000000", path)) == path


@settings(deadline=None, max_examples=200)
@given(entries=known, seed=st.randoms())
def test_what_is_written_is_read_in_any_order(entries, seed):
    text = made(entries).text()
    head, lines = text.split("\n")[:2], text.rstrip("\n").split("\n")[2:]
    assert lines == sorted(lines)
    seed.shuffle(lines)
    read = parse("\r\n".join([*head, *lines]).encode(), "x")
    assert read.entries == entries
    assert read.text() == text


@settings(deadline=None, max_examples=200)
@given(base=known, ours=known, theirs=known)
def test_a_merge_of_three(base, ours, theirs):
    result = merged(made(base), made(ours), made(theirs)).entries
    assert set(result) == (set(ours) & set(theirs)) | (set(ours) - set(base)) | (set(theirs) - set(base))
    assert merged(made(base), made(theirs), made(ours)).text() == made(result).text()
    assert set(merged(made(base), made(ours), made(base)).entries) == set(ours)


@settings(deadline=None, max_examples=100)
@given(one=known, two=known, three=known)
def test_uniting_has_no_order(one, two, three):
    texts = {united([made(each) for each in order], "x").text() for order in ([one, two, three], [three, two, one], [two, one, three, two])}
    assert len(texts) == 1


@settings(deadline=None, max_examples=300)
@given(junk=st.one_of(st.binary(max_size=60), st.text("ls1w- 0a#\n\r<=", max_size=40).map(str.encode)), headed=st.booleans())
def test_junk_is_refused_or_survives(junk, headed):
    """Never another error; and what is taken is written the same way every time."""
    data = (f"{HEADER}\n# key default 0123456789abcdef\n".encode() if headed else b"") + junk
    try:
        read = parse(data, "x")
    except ConfigError:
        return
    assert parse(read.text().encode(), "x").text() == read.text()
