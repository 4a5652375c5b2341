"""What was dropped is counted by reason and told in masked lines."""

from leaksieve.findings import dropped
from leaksieve.model import Chunk, Match, Provenance, Span
from leaksieve.secret import Secret

VALUE = b"kd83" + b"Hs02jQ"
RULES = {"public_prefix": "", "min_distinct": 0, "min_entropy": 3.0, "stop_words": [], "allow": [], "paths": []}


def match(start: int, reason: str, decoded: tuple[str, ...] = ()) -> Match:
    return Match("acme-token", Span(start, start + len(VALUE)), Span(start, start + len(VALUE)), Secret(VALUE), decoded, (), reason)


def chunk(data: bytes, **details: object) -> Chunk:
    return Chunk(data, Provenance("file", b"src/a.py", details))


def test_counts_alone_unless_lines_are_wanted():
    counts = {"weak": 1}
    dropped.tally(chunk(VALUE * 2), [match(0, "weak"), match(10, "prose")], counts, None, lambda _: RULES)
    assert counts == {"weak": 2, "prose": 1}


def test_each_is_told_with_its_line_and_no_value():
    lines: list[str] = []
    data = b"a\n" + VALUE + b"\n\n" + VALUE
    dropped.tally(chunk(data), [match(2, "low-entropy"), match(len(data) - len(VALUE), "weak", ("base64",))], {}, lines, lambda _: RULES)
    assert [line.split(": ")[0] for line in lines] == ["src/a.py:2", "src/a.py:4"]
    assert "(decoded: base64)" in lines[1]
    assert all(VALUE.decode() not in line for line in lines)
    assert "bits of entropy a byte, at least 3 are wanted" in lines[0]


def test_a_block_of_a_stream_counts_on_and_many_are_cut(monkeypatch):
    monkeypatch.setattr(dropped, "MOST", 2)
    lines: list[str] = []
    dropped.tally(chunk(VALUE, line=7), [match(0, "weak")] * 5, {}, lines, lambda _: RULES)
    assert lines[0].startswith("src/a.py:7: ")
    assert (len(lines), lines[-1]) == (3, "src/a.py: 3 more dropped")
