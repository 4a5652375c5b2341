"""The scorer: any bytes, the same answer, never an error."""

from hypothesis import given
from hypothesis import strategies as st

from leaksieve.engine.filters import MAYBE
from leaksieve.ruleset import features, scorer
from leaksieve.ruleset.generic import impossible, placed
from leaksieve.ruleset.safe import machine_made, shape, translated

VALUES = (
    st.binary(min_size=1, max_size=200)
    | st.text(min_size=1, max_size=40).map(lambda text: text.encode("utf-8", "replace"))
    | st.from_regex(r"[A-Za-z0-9+/=_-]{4,64}", fullmatch=True).map(str.encode)
)
AROUND = st.binary(max_size=60) | st.sampled_from([b"", b'  "', b"export DB_", b'{"a": "b", "api_', b"# ", b"https://x/?a=b&"])
NAMES = st.sampled_from([b'password = "', b"token: ", b'secret": "', b"API_KEY=", b"key('", b"pwd &quot;:&quot;", b"auth=>"])


@given(AROUND, NAMES, VALUES, AROUND, st.binary(max_size=40))
def test_a_score_is_the_same_every_time_and_no_input_raises(before, head, value, after, path):
    text = before + head + value + after
    begin, start, end = len(before), len(before) + len(head), len(before) + len(head) + len(value)
    first = scorer.weigh(text, begin, start, end)
    assert first == scorer.weigh(text, begin, start, end)
    assert first == "weak" or first in MAYBE
    if first != "weak":
        assert placed(first, path) == placed(first, path)
        assert placed(first, path)[1] in ("", "low", "medium", "high")
    reasons = scorer.reasons(text, begin, start, end, path)
    assert reasons == scorer.reasons(text, begin, start, end, path)
    assert isinstance(impossible("generic-password", text[begin:start], value, after, before), str)


@given(AROUND, NAMES, VALUES, AROUND, st.integers(0, 3))
def test_only_the_line_counts(before, head, value, after, lines):
    """What stands in other lines must not matter: verdicts are remembered by line."""
    before, value, after = (piece.replace(b"\n", b"") for piece in (before, value, after))
    if not value:
        return
    other = b"secret = 'x'\n" * lines
    text = before + head + value + after
    begin, start, end = len(before), len(before) + len(head), len(before) + len(head) + len(value)
    shift = len(other)
    assert scorer.weigh(text, begin, start, end) == scorer.weigh(other + text + b"\n" + other, begin + shift, start + shift, end + shift)


@given(st.binary(max_size=300))
def test_shapes_and_paths_take_any_bytes(value):
    assert isinstance(shape(value), str)
    assert machine_made(value) in (True, False)
    assert translated(value) in (True, False)
    assert isinstance(features.of_path(value, "key", "q"), tuple)
