"""The hash agrees with the one that code-scanning hosts compute; the values are those of their documented algorithm."""

import pytest

from leaksieve.findings.linehash import line_hashes


def reference(data: bytes) -> dict[int, str]:
    """The rolling hash spelled out, unit by unit, as a check on the shortcut."""
    units = data.decode("utf-8", "replace").encode("utf-16-le", "surrogatepass")
    kept, starts, fresh, after_return = [], [], True, False
    for low, high in [*zip(units[::2], units[1::2], strict=True), (255, 255)]:
        unit = low + 256 * high
        if unit in (32, 9) or (after_return and unit == 10):
            after_return = False
            continue
        after_return = unit == 13
        unit = 10 if unit == 13 else unit
        if fresh:
            starts.append(len(kept))
        fresh = unit == 10
        kept.append(unit)
    kept += [0] * 100
    seen, out = {}, {}
    for number, start in enumerate(starts, 1):
        value = sum(unit * 37 ** (99 - place) for place, unit in enumerate(kept[start : start + 100])) % 2**64
        seen[value] = seen.get(value, 0) + 1
        out[number] = f"{value:x}:{seen[value]}"
    return out


SEVEN = [
    "e9496ae3ebfced30:1", "fb7c023a8b9ccb3f:1", "ce8ba1a563dcdaca:1", "e20e36e16fcb0cc8:1", "b3edc88f2938467e:1", "c8e28b0b4002a3a0:1",
    "c129715d7a2bc9a3:1",
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ["c129715d7a2bc9a3:1"]),
        (b" a\nb\n  \t\tc\n d", ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]),
        (b" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", SEVEN),
        (b" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", SEVEN),
        (b" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", SEVEN),
        (b" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", SEVEN),
    ],
)
def test_known_values(data, expected):
    assert line_hashes(data, range(1, 20)) == dict(enumerate(expected, 1))


def test_equal_lines_are_numbered():
    hashes = line_hashes(b"Lorem ipsum dolor sit amet.\n" * 10, {1, 2, 6, 7})
    assert hashes == {1: "a7f2ff13bc495cf2:1", 2: "a7f2ff13bc495cf2:2", 6: "a7f2ff13bc495cf2:6", 7: "a7f2ff1481e87703:1"}


def test_only_wanted_lines_and_none_past_the_end():
    assert line_hashes(b"a\nb\n", {2, 9}) == {2: reference(b"a\nb\n")[2]}
    assert line_hashes(b"a\nb\n", ()) == {}


@pytest.mark.parametrize("data", ["key: \U0001f511\U0001f511 x\n\U0001f511\n".encode() * 9, b"\xff\xfe\x80 a\n\xed\xa0\x80\n", b"a\r \nb \r\n\r\n\t\n"])
def test_odd_text_agrees_with_the_long_form(data):
    expected = reference(data)
    assert line_hashes(data, expected) == expected
