"""Allow comments, ours and those of the tools people come from."""

import pytest

from leaksieve.findings.inline import blocks, choose, hinted, markers, sentence


def one(line: bytes):
    found = markers(line)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    "name",
    [
        "leaksieve:allow", "gitleaks:allow", "kingfisher:allow", "pragma: whitelist secret", "betterleaks:allow", "trufflehog:ignore", "kingfisher:ignore", "ggignore",
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
        b"gitleaks:allowed", b"biggignore", b"ggignored", b"pragma: allowlist secrets", b"allowlist secret", b"secretlint-disable", b"leaksieve:allow-start", b"",
    ],
)  # fmt: skip
def test_look_alikes_are_no_markers(line):
    assert markers(line) == []


def test_rules_in_brackets():
    marker = one(b"# leaksieve:allow[github-token, aws-key] -- known")
    assert marker.rules == {"github-token", "aws-key"}
    assert choose([marker], ["aws-key"]) is marker
    assert choose([marker], ["slack-token"]) is None
    assert sentence(marker, "aws-key", "known", "") == "inline comment leaksieve:allow[aws-key] (known)"


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
    assert sentence(plain, "r", "", "") == "inline comment leaksieve:allow"
    assert sentence(plain, "r", "why", "on the line before") == "inline comment leaksieve:allow on the line before (why)"


def test_a_line_full_of_markers_is_not_read_to_the_end():
    assert len(markers(b"ggignore " * 1000)) == 32


def hides(line, *names):
    return choose([one(line)], names) is not None


def test_rules_may_be_globs():
    assert hides(b"# leaksieve:allow[generic-*]", "generic-password")
    assert not hides(b"# leaksieve:allow[generic-*]", "github-token")


def test_secretlint_comments_may_name_the_rules_they_are_for():
    line = b"// secretlint-disable-line @secretlint/secretlint-rule-slack -- a test hook"
    assert hides(line, "slack-webhook")
    assert not hides(line, "github-token")
    assert hides(b"// secretlint-disable-line @secretlint/secretlint-rule-preset-recommend", "github-token")
    assert hides(b"// secretlint-disable-line -- see @secretlint/secretlint-rule-slack", "github-token")


@pytest.mark.parametrize("line", [b'  "//": "leaksieve:allow",', b'{"_comment": "leaksieve:allow -- a sample",', b'"$comment": "leaksieve:allow"'])
def test_a_key_of_json_may_hold_a_comment(line):
    marker = one(line)
    assert marker.below
    assert line[slice(*marker.reason)] in (b"", b"a sample")


def test_what_follows_a_value_in_json_is_no_reason():
    line = b'"note": "leaksieve:allow-next-line -- not ours",'
    assert line[slice(*one(line).reason)] == b"not ours"


def test_kingfisher_comments_speak_for_what_stands_before_and_after():
    marker = one(b"# kingfisher:ignore")
    assert (marker.here, marker.below, marker.above) == (True, True, True)
    marker = one(b"x = 1  # kingfisher:ignore")
    assert (marker.here, marker.below, marker.above) == (True, False, False)


def spans(text):
    return [text[block.start : block.end].strip() for block in blocks(text)]


def test_a_block_is_what_stands_between_its_comments():
    text = b"a\n# leaksieve:allow-start -- made up\nb\nc\n# leaksieve:allow-end\nd\n"
    assert [part.splitlines()[1:-1] for part in spans(text)] == [[b"b", b"c"]]
    (block,) = blocks(text)
    assert text[slice(*block.marker.reason)] == b"made up"
    assert sentence(block.marker, "r", "made up", "above") == "inline comment leaksieve:allow-start above (made up)"


@pytest.mark.parametrize(
    "text",
    [
        b"# leaksieve:allow-start\nb\n", b"b\n# leaksieve:allow-end\n", b"# leaksieve:allow-starts\nb\n# leaksieve:allow-end\n",
        b"# leaksieve:allow-end\nb\n# leaksieve:allow-start\n",
    ],
)  # fmt: skip
def test_half_a_block_is_none(text):
    assert blocks(text) == []


def test_a_second_start_does_not_make_a_second_block():
    assert len(blocks(b"# leaksieve:allow-start\na\n# leaksieve:allow-start\nb\n# leaksieve:allow-end\nc\n# leaksieve:allow-end\n")) == 1


def test_blocks_may_be_for_some_rules_alone():
    (block,) = blocks(b"# leaksieve:allow-start[generic-*]\nb\n# leaksieve:allow-end\n")
    assert choose([block.marker], ["generic-password"])
    assert not choose([block.marker], ["github-token"])


def test_secretlint_blocks_end_with_theirs_or_with_the_file():
    assert spans(b"// secretlint-disable\na\n// secretlint-enable\nb") == [b"a\n//"]
    assert spans(b"// secretlint-disable\na\nb") == [b"a\nb"]
    text = b"/* secretlint-disable @secretlint/secretlint-rule-github */\na\n/* secretlint-enable @secretlint/secretlint-rule-slack */\nb\n"
    (block,) = blocks(text)
    assert block.end == len(text)
    assert choose([block.marker], ["github-token"])
    assert not choose([block.marker], ["slack-webhook"])
    # Ours do not close theirs.
    assert len(blocks(b"// secretlint-disable\na\n# leaksieve:allow-end\nb")) == 1
