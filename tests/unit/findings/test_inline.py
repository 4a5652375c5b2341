"""Allow comments, ours and those of the tools people come from."""

import pytest

from leaksieve.findings.inline import choose, hinted, markers, sentence


def one(line: bytes):
    found = markers(line)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    "name",
    [
        "leaksieve:allow", "gitleaks:allow", "betterleaks:allow", "trufflehog:ignore", "kingfisher:ignore", "ggignore",
        "pragma: allowlist secret", "pragma:allowlist secret", "secretlint-disable-line",
    ],
)  # fmt: skip
def test_markers_for_their_own_line(name):
    line = b"key = 'x'  # " + name.encode()
    marker = one(line)
    assert hinted(line)
    assert (marker.name, marker.here, marker.below, marker.rules) == (name, True, False, None)
    assert line[marker.start : marker.end] == name.encode()


@pytest.mark.parametrize("name", ["leaksieve:allow-next-line", "pragma: allowlist nextline secret", "secretlint-disable-next-line"])
def test_markers_for_the_next_line(name):
    marker = one(b"code(); // " + name.encode())
    assert (marker.name, marker.here, marker.below) == (name, False, True)


@pytest.mark.parametrize(
    "line",
    [
        b"xleaksieve:allow", b"leaksieve:allowed", b"leaksieve:allow-all", b"leaksieve:allow[open", b"leaksieve:allow_x",
        b"gitleaks:allowed", b"biggignore", b"ggignored", b"pragma: allowlist secrets", b"allowlist secret", b"secretlint-disable", b"",
    ],
)  # fmt: skip
def test_look_alikes_are_no_markers(line):
    assert markers(line) == []


def test_rules_in_brackets():
    marker = one(b"# leaksieve:allow[github-token, aws-key] -- known")
    assert marker.rules == {"github-token", "aws-key"}
    assert choose([marker], ["aws-key"]) is marker
    assert choose([marker], ["slack-token"]) is None
    assert sentence(marker, "aws-key", "known", above=False) == "inline comment leaksieve:allow[aws-key] (known)"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"# leaksieve:allow -- test key", b"test key"),
        (b"/* leaksieve:allow -- test key */ ", b"test key"),
        (b"<!-- leaksieve:allow -- test key -->", b"test key"),
        (b"<!-- leaksieve:allow -->", b""),
        (b"# leaksieve:allow --nospace", b""),
        (b"# leaksieve:allow", b""),
        (b"# gitleaks:allow -- " + b"r" * 500, b"r" * 200),
    ],
)
def test_reasons(line, reason):
    assert line[slice(*one(line).reason)] == reason


@pytest.mark.parametrize(
    "line",
    [b"# leaksieve:allow", b"\t// leaksieve:allow -- why", b"<!-- leaksieve:allow -->", b"/* leaksieve:allow[a] */", b"leaksieve:allow", b"-- leaksieve:allow"],
)
def test_a_marker_alone_on_its_line_speaks_for_the_next(line):
    assert one(line).below


@pytest.mark.parametrize("line", [b"x = 1 # leaksieve:allow", b"# leaksieve:allow x = 1", b"# gitleaks:allow", b" " * 300 + b"x # leaksieve:allow"])
def test_a_marker_with_company_does_not(line):
    assert not one(line).below


def test_hints():
    assert not hinted(b"nothing to see")
    assert hinted(b"nothing to see", 2)


def test_sentences():
    plain = one(b"# leaksieve:allow")
    assert sentence(plain, "r", "", above=False) == "inline comment leaksieve:allow"
    assert sentence(plain, "r", "why", above=True) == "inline comment leaksieve:allow on the line before (why)"


def test_a_line_full_of_markers_is_not_read_to_the_end():
    assert len(markers(b"ggignore " * 1000)) == 32
