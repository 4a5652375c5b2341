"""Markdown: read with a Markdown parser, so that what is shown is what was meant."""

from __future__ import annotations

import re

import pytest
from gitplace import GIT
from hypothesis import given
from hypothesis import strategies as st

from leaksieve.model import Skip
from leaksieve.reports.markdown import LIMIT
from leaksieve.reports.marks import code, words

NASTY = [
    "a|b",
    "`x`",
    "``",
    "a\\",
    "[x](http://e.invalid)",
    "<img src=x>",
    "@team",
    "#12",
    "www.e.invalid",
    "*b*",
    "_b_",
    "</details>",
    "&lt;",
    "$`x`$",
    "![x](y)",
    " x ",
]


@pytest.fixture(scope="module")
def parse():
    parser = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table")
    return parser.parse


def inline(tokens):
    return [child for token in tokens if token.type == "inline" for child in token.children]


def shown(tokens):
    """(what is text, what is code, other kinds) of everything inline; an HTML code element is code."""
    text, spans, kinds, inside = [], [], set(), False
    for child in inline(tokens):
        if child.type == "html_inline" and child.content in ("<code>", "</code>"):
            inside = child.content == "<code>"
            if inside:
                spans.append("")
        elif child.type == "text" and inside:
            spans[-1] += child.content
        elif child.type == "text":
            text.append(child.content)
        elif child.type == "code_inline":
            spans.append(child.content)
        else:
            kinds.add(child.type if child.type != "html_inline" else child.content)
    return text, spans, kinds


def test_a_table_then_a_fold_for_each(build, parse):
    findings = [build.finding(build.occurrence(), build.occurrence(b"b.py", 3)), build.finding(build.occurrence(b"x"), severity="low", fingerprint="f:2")]
    text = build.render("markdown", findings, build.coverage(notes=["A note"]))
    assert text.startswith("## leaksieve: 2 secrets in 3 places: 1 critical, 1 low (1 at or above medium)\n")
    lines = text.splitlines()
    assert f"| critical | GitHub personal access token (classic) | `config/deploy.env:12:14` and 1 more place | `{build.MASK}` |" in lines
    assert lines.count("</details>") == 2
    assert "<details><summary>critical: GitHub personal access token (classic)</summary>" in lines
    assert "- At `b.py:3:14`" in lines
    assert "  1. Delete the token in the developer settings of the account." in lines
    assert "- [Rotate or revoke](<https://github.com/settings/tokens>) · [About](<https://docs.github.com/en/authentication>)" in lines
    assert "Scanned 1,623 files (16.2 MB) in 0.8 s with 412 rules. Complete." in lines
    assert lines[-1] == "- Note: A note"
    assert sum(token.type == "tr_open" for token in parse(text)) == 3


def test_a_clean_scan_is_short_and_an_incomplete_one_does_not_sound_clean(build):
    assert build.render("markdown").splitlines() == [
        "## leaksieve: no secrets found",
        "",
        "Scanned 1,623 files (16.2 MB) in 0.8 s with 412 rules. Complete.",
    ]
    text = build.render("markdown", receipt=build.coverage(*(Skip("failed", b"f%d" % number, "unreadable", "denied") for number in range(22))))
    assert text.startswith("## leaksieve: no secrets found, but the scan is incomplete\n")
    assert "**INCOMPLETE: 22 items could not be scanned.**" in text
    assert "- `f0`: unreadable: denied" in text
    assert text.endswith("- and 2 more\n")


def test_what_is_accepted_or_old_is_counted(build):
    known = build.finding(allowed="in the baseline known.txt", baselined=True, fingerprint="3")
    findings = [build.finding(allowed="known"), build.finding(already_present=True, fingerprint="2"), known]
    text = build.render("markdown", findings)
    assert "no secrets found" in text
    assert "Not counted: 1 in the baseline, 1 allowed, 1 already there before this change." in text
    assert "<details><summary>1 allowed</summary>\n\n- `github-classic-token` at `config/deploy.env:12:14`: known\n\n</details>" in text
    assert "allowed</summary>" not in build.render("markdown", [known])
    many = build.render("markdown", [build.finding(allowed="r" * 400, fingerprint=str(number)) for number in range(3000)])
    assert "- and 2,980 more" in many
    assert len(many) < 60_000
    mixed = build.finding(build.occurrence(), build.occurrence(b"t.py", allowed="inline comment: fixture"))
    assert "- At `t.py:12:14` (allowed: inline comment: fixture)" in build.render("markdown", [mixed])


def test_the_history_says_so_and_names_nobody(build):
    text = build.render("markdown", [build.finding(build.occurrence(source=GIT))])
    assert "- This version is not at HEAD but still in the history, in commit cccccccccccc." in text
    assert "jane" not in text.lower()


@pytest.mark.parametrize("count", [60, 99, 3000, 12_345])
def test_a_report_fits_a_comment_and_says_what_it_left_out(build, count):
    findings = [build.finding(build.occurrence(b"d/%d.env" % number), fingerprint=f"f:{number}", rule_name=f"Rule {number}") for number in range(count)]
    text = build.render("markdown", findings)
    assert len(text) < LIMIT
    assert f"{count:,} secrets in {count:,} places" in text
    rows = len(re.findall(r"^\| critical", text, re.MULTILINE))
    folds = text.count("<details>")
    assert rows == min(count, 100)
    if count > 100:
        assert f"{count - rows:,} more secrets not in this table: the other reports have all of them." in text
        assert f"Details of {count - folds:,} secrets left out" in text
    elif count == 60:
        assert folds == count


def test_the_receipt_cannot_fill_the_comment_either(build):
    odd = "|`" * 150
    receipt = build.coverage(
        *(Skip("failed", odd.encode() + b"%d" % number, "unreadable", odd) for number in range(50)), notes=[f"{odd}{number}" for number in range(50)]
    )
    text = build.render("markdown", [build.finding(build.occurrence(odd.encode()), rule_name=odd, secret=odd)], receipt)
    assert len(text) < LIMIT
    assert "Could not be scanned:" in text
    assert re.search(r"^- and \d+ more$", text, re.MULTILINE)
    assert re.search(r"^- and \d+ more notes$", text, re.MULTILINE)
    assert "<details>" in text


def test_long_values_do_not_fill_the_comment(build):
    finding = build.finding(*(build.occurrence(b"p" * 9000 + b"%d" % number) for number in range(30)), secret="s" * 50_000)
    text = build.render("markdown", [finding])
    assert len(text) < 20_000
    assert "- And in 20 more places" in text


@pytest.mark.parametrize("text", NASTY)
def test_code_shows_the_text_in_a_table_and_in_a_list(parse, text):
    tokens = parse(f"| a | b |\n|---|---|\n| {code(text)} | `end` |\n\n- {code(text)}\n")
    text_shown, spans, kinds = shown(tokens)
    assert spans == [text, "end", text]
    assert text_shown == ["a", "b"] or set(text_shown) == {"a", "b", ""}
    assert kinds == set()


@given(st.text("ab`|\\*_[]()<>&@#!$~:. -\"'=+\n", max_size=20) | st.text(max_size=20))
def test_any_text_is_shown_and_never_markup(text):
    markdown_it = pytest.importorskip("markdown_it")
    parse = markdown_it.MarkdownIt("commonmark").enable("table").parse
    tokens = parse(f"| a | b |\n|---|---|\n| x {code(text)} | y {words(text)} |\n")
    _, spans, kinds = shown(tokens)
    assert kinds == set()
    assert sum(token.type == "td_open" for token in tokens) == 2
    assert all(span.isprintable() for span in spans)


def test_prose_stays_prose():
    assert words("Log in, then revoke it (see 'Tokens'): done?") == "Log in, then revoke it (see 'Tokens'): done?"
    assert words("see https://e.invalid") == "`see https://e.invalid`"
    assert words("write to @team") == "`write to @team`"
    assert words("") == code("") == ""


def test_hostile_bytes_stay_data(build, hostile, parse):
    text_of = hostile.decode("utf-8", "surrogateescape")
    place = build.occurrence(hostile, archive_path=hostile, allowed="")
    finding = build.finding(
        place, build.occurrence(hostile, 3, allowed=text_of), secret=text_of, rule_name=text_of, fingerprint=text_of, details={"account": text_of}
    )
    receipt = build.coverage(Skip("failed", hostile, "unreadable", text_of), Skip("excluded", b"", text_of), notes=[text_of])
    odd = {"impact": text_of, "revoke": (text_of,), "rotation": "https://e.invalid/" + text_of, "documentation": ""}
    text = build.render("markdown", [finding], receipt, rules=lambda **given: build.rule(**{**given, **odd}))
    for line in text.splitlines():
        assert line.isprintable()
        assert not line.lstrip().startswith("::")
    assert not re.search(r"##[\w.-]*\[", text)
    text.encode()
    _, _, kinds = shown(parse(text))
    assert not {kind for kind in kinds if kind.startswith(("image", "<"))}
    assert text.count("<details>") == text.count("</details>") == 1
