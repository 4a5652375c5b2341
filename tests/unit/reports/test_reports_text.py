"""What a person sees.  The snapshots are rewritten with LEAKSIEVE_UPDATE_SNAPSHOTS=1; read their diff before keeping it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaksieve.model import Skip
from leaksieve.reports.base import View
from leaksieve.reports.text_finding import _excerpt, origin
from leaksieve.reports.text_style import cells, counted, size, wrap

SNAPSHOTS = Path(__file__).parent / "snapshots"
GIT = {
    "kind": "git",
    "object": "b" * 40,
    "object_type": "blob",
    "commit": "c0ffee" * 6 + "c0ff",
    "author": "Jane <jane@example.org>",
    "date": "2024-01-02",
    "at_head": False,
    "where": "ref",
}
IMAGE = {"kind": "image", "image": "registry:5000/app:1", "layer": "sha256:abcdef", "where": "file", "deleted_later": True}
# As a scan of the whole history tells of a place.
PAST = GIT | {"date": "2024-01-02T10:00:00+02:00", "refs": ["refs/heads/main"], "ref_count": 7, "where": "ref", "reachable": True, "exposed_hours": None}
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def typical(build):
    """A mixed result: folded places, history, an image, an archive, a key block, allowed and old ones, every kind of skip."""
    places = [build.occurrence(f"deploy/environments/eu-west-1/service-{number}/values.yaml".encode(), number + 1) for number in range(13)]
    long = "x" * 200 + f" {build.MASK} " + "y" * 200
    block = "-----BEGIN RSA PRIVATE KEY-----\n(masked)\n(masked)\n(masked)\n-----END RSA PRIVATE KEY-----"
    findings = [
        build.finding(build.occurrence(), *places, fingerprint="f:1", verdict="active"),
        build.finding(
            build.occurrence(b"a/old settings.txt", source=GIT), fingerprint="f:2", severity="high", rule_id="npm-token", rule_name="npm access token"
        ),
        build.finding(
            build.occurrence(b"lib/x.zip", 3, archive_path=b"in/ner.cfg", decoded=("base64", "hex"), context=long, start_column=202),
            fingerprint="f:3",
            severity="medium",
        ),
        build.finding(build.occurrence(b"k.pem", 1, context=block), fingerprint="f:4", severity="low", secret="-----BEGIN RSA PRIVATE KEY----- (27 lines)"),
        build.finding(
            build.occurrence(b"etc/token", 1, source=IMAGE),
            fingerprint="f:5",
            severity="info",
            tags=("test",),
            links=({"store": "vault", "path": "kv/app/token"},),
        ),
        build.finding(
            build.occurrence(b"z.py", allowed="inline comment leaksieve:allow (an example)"),
            fingerprint="f:6",
            allowed="inline comment leaksieve:allow (an example)",
        ),
        build.finding(build.occurrence(b"y.py", already_present=True), fingerprint="f:7", already_present=True),
    ]
    skips = [
        Skip("excluded", b".env", "ignored-secrets-file"),
        Skip("excluded", b"config/prod.env", "ignored-secrets-file"),
        Skip("excluded", b"", "ignored", count=3000),
        Skip("excluded", b"big.bin", "too-large", "3 GB"),
        Skip("failed", b"locked", "unreadable", "Permission denied"),
    ]
    return findings, build.coverage(*skips, notes=["The repository's own configuration was ignored."])


def scenes(build):
    findings, receipt = typical(build)
    new = build.finding(build.occurrence(b"app.py", 3, source={"kind": "index"}))
    past = [
        build.finding(build.occurrence(b"gone.py", source=PAST | {"exposed_hours": 72.0, "renamed_from": "old.py", "renamed_in": "d" * 40}), fingerprint="h:1"),
        build.finding(build.occurrence(b"here.py", source=PAST | {"at_head": True}), build.occurrence(b"here.py"), fingerprint="h:2"),
        build.finding(build.occurrence(b"", source=PAST | {"object_type": "commit", "where": "unreachable"}), fingerprint="h:3"),
        build.finding(build.occurrence(b"", source=PAST | {"where": "dangling", "commit": None, "ref_count": 0}), fingerprint="h:4"),
    ]
    return {
        "typical-60": (findings, receipt, View(width=60)),
        "typical-80": (findings, receipt, View(width=80)),
        "typical-120": (findings, receipt, View(width=120)),
        "typical-color": (findings, receipt, View(width=80, color=True)),
        "verbose": (findings, receipt, View(width=100, verbosity=2)),
        "quiet": (findings, receipt, View(verbosity=-1)),
        "one": ([build.finding()], build.coverage(), View()),
        "clean": ([], build.coverage(Skip("excluded", b"big.bin", "too-large"), Skip("excluded", b".env", "ignored-secrets-file")), View()),
        "staged": ([new, findings[6]], build.coverage(files=2, size=900), View(staged=True)),
        "staged-60-color": ([new, new._replace(fingerprint="f:8")], build.coverage(files=2, size=900), View(width=60, staged=True, color=True)),
        "staged-clean": ([], build.coverage(Skip("excluded", b"big.bin", "too-large"), files=2, size=900), View(staged=True)),
        "history": (past, build.coverage(), View(verbosity=1)),
        "interrupted": ([build.finding()], build.coverage(interrupted=True), View()),
    }


NAMES = [
    "typical-60",
    "typical-80",
    "typical-120",
    "typical-color",
    "verbose",
    "quiet",
    "one",
    "clean",
    "staged",
    "staged-60-color",
    "staged-clean",
    "history",
    "interrupted",
]


@pytest.mark.parametrize("name", NAMES)
def test_snapshot(build, name):
    findings, receipt, view = scenes(build)[name]
    text = build.render("text", findings, receipt, view)
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("LEAKSIEVE_UPDATE_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_snapshot_belongs_to_a_scene(build):
    assert set(scenes(build)) == set(NAMES) == {path.stem for path in SNAPSHOTS.iterdir()}


@pytest.mark.parametrize("width", [20, 60, 80, 120, 300])
def test_only_what_must_stay_whole_stands_over_the_edge(build, width):
    findings, receipt = typical(build)
    for line in build.render("text", findings, receipt, View(width=width, verbosity=2)).splitlines():
        whole = any(mark in line for mark in (".yaml:", "://", "│", "✖", "▲", "•", "·"))
        assert cells(line) <= max(width, 40) or whole or " " not in line.strip(), line


def test_color_changes_nothing_but_escape_codes(build):
    findings, receipt = typical(build)
    colored = build.render("text", findings, receipt, View(color=True))
    assert ESCAPES.search(colored)
    assert ESCAPES.sub("", colored) == build.render("text", findings, receipt, View())


def test_paths_are_never_cut(build):
    path = b"very/" * 60 + b"long name.txt"
    text = build.render("text", [build.finding(build.occurrence(path), build.occurrence(path + b"2"))], view=View(width=40))
    assert f"{path.decode()}:12:14\n" in text
    assert f"{path.decode()}2:12:14\n" in text


def test_sorted_by_file_then_line(build):
    findings = [build.finding(build.occurrence(path, line), fingerprint=f"{path}{line}") for path, line in ((b"b", 1), (b"a", 10), (b"a", 9), (b"B", 1))]
    heads = [line for line in build.render("text", findings).splitlines() if re.fullmatch(r"\w:\d+:14", line)]
    assert heads == ["B:1:14", "a:9:14", "a:10:14", "b:1:14"]


def test_why_and_fix_are_said_once_a_rule(build):
    two = [build.finding(build.occurrence(b"a"), fingerprint="1"), build.finding(build.occurrence(b"b"), fingerprint="2")]
    other = build.finding(build.occurrence(b"c"), fingerprint="3", rule_id="other")
    text = build.render("text", [*two, other])
    assert text.count("  why ") == text.count("  fix ") == text.count("https://github.com/settings/tokens") == 2


def test_the_place_shown_is_one_that_counts(build):
    mixed = build.finding(build.occurrence(b"a.py", allowed="x"), build.occurrence(b"b.py", already_present=True), build.occurrence(b"c.py"))
    text = build.render("text", [mixed], view=View(staged=True))
    assert text.startswith("c.py:12:14\n")
    assert "a.py" not in text
    assert "in 2 places" in text


@pytest.mark.parametrize(
    ("severities", "line"),
    [
        (["critical"], "1 secret in 1 place: 1 critical"),
        (["high", "high"], "2 secrets in 2 places: 2 high"),
        (["high", "low", "info"], "3 secrets in 3 places: 1 high, 1 low, 1 info (1 at or above medium)"),
        (["low"], "1 secret in 1 place: 1 low (none at or above medium)"),
    ],
)
def test_the_summary_counts_right(build, severities, line):
    findings = [build.finding(severity=severity, fingerprint=str(number)) for number, severity in enumerate(severities)]
    assert line in build.render("text", findings).splitlines()


def test_nothing_found_is_one_line(build):
    assert build.render("text") == "No secrets found in 1,623 files (16.2 MB)\n"
    assert build.render("text", receipt=build.coverage(files=1, size=1)) == "No secrets found in 1 file (1 B)\n"


def test_nothing_scanned_does_not_sound_clean(build):
    assert build.render("text", receipt=build.coverage(files=0)) == "No secrets found: there was nothing to scan.\n"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"interrupted": True}, "INCOMPLETE: the scan was interrupted."),
        ({"strict": True}, "INCOMPLETE: 1 item left out, which --require-complete=strict does not accept."),
    ],
)
@pytest.mark.parametrize("staged", [True, False])
def test_incomplete_is_said_plainly_and_last(build, changes, words, staged):
    receipt = build.coverage(Skip("excluded", b"x", "too-large"), **changes)
    text = build.render("text", receipt=receipt, view=View(width=200, staged=staged))
    assert text.endswith(words + "\n")
    assert "Complete." not in text
    assert "1 over the size limit" in text


@pytest.mark.parametrize("staged", [True, False])
def test_what_failed_is_named_with_its_reason(build, staged):
    receipt = build.coverage(*(Skip("failed", b"f%02d" % number, "unreadable", "Permission denied") for number in range(25)))
    text = build.render("text", receipt=receipt, view=View(staged=staged))
    assert "  f00: unreadable: Permission denied\n" in text
    assert "  and 5 more (-v names them)\n" in text
    assert "INCOMPLETE: 25 items could not be scanned.\n" in text
    assert "f24" in build.render("text", receipt=receipt, view=View(verbosity=1))


def test_quiet_is_findings_only(build):
    assert build.render("text", view=View(verbosity=-1)) == ""
    text = build.render("text", [build.finding()], build.coverage(Skip("failed", b"x", "unreadable")), View(verbosity=-1))
    assert text.startswith("config/deploy.env:12:14\n")
    assert "secret in" not in text
    assert "INCOMPLETE" not in text


def test_a_stopped_commit_says_what_to_do_in_five_lines(build):
    text = build.render("text", [build.finding()], view=View(staged=True, width=60))
    last = text.rstrip("\n").rsplit("\n\n", 1)[1].split("\n")
    assert len(last) <= 5
    assert all(len(line) <= 60 for line in last)
    words = " ".join(last)
    for expected in ("Commit stopped: 1 new secret.", "git add", "Rotate", "leaksieve:allow -- <reason>"):
        assert expected in words
    assert "no-verify" not in text


def test_nothing_blocks_what_is_old_allowed_or_below_the_gate(build):
    harmless = [build.finding(already_present=True), build.finding(allowed="x"), build.finding(severity="low")]
    for one in harmless:
        assert "Commit stopped" not in build.render("text", [one], view=View(staged=True))
    assert "Commit stopped" in build.render("text", [build.finding(severity="low")], view=View(staged=True, fail_on="low"))


def test_hidden_ones_are_counted_and_shown_when_asked(build):
    findings = [
        build.finding(build.occurrence(b"h.py", allowed="an example"), allowed="an example"),
        build.finding(build.occurrence(b"o.py"), already_present=True),
    ]
    text = build.render("text", findings)
    assert "Not counted: 1 allowed, 1 already there before this change (-v shows them)\n" in text
    assert "No secrets found" in text
    assert "h.py" not in text
    verbose = build.render("text", findings, view=View(verbosity=1))
    assert "  allow an example\n" in verbose
    assert "o.py:12:14" in verbose


def test_the_marker_stands_under_the_secret(build):
    context = f"\té 漢字 = '{build.MASK}'"
    lines = build.render("text", [build.finding(build.occurrence(context=context))]).splitlines()
    code, marker = (line.split("│ ", 1)[1] for line in lines[2:4])
    before = code[: code.index(build.MASK)]
    assert marker == " " * (len(before) + 2) + "^" * len(build.MASK)


@given(st.text(alphabet="ab*", max_size=60), st.integers(0, 60), st.integers(20, 40))
def test_an_excerpt_fits_and_shows_the_secret(line, column, room):
    text, start, length = _excerpt(line, "***", column, room)
    assert len(text) <= max(room, 0)
    assert (start >= 0) == ("***" in line)
    if start >= 0:
        assert text[start : start + length] == "***"


def test_hostile_bytes_do_not_reach_the_terminal(build, hostile):
    words = hostile.decode("utf-8", "surrogateescape")
    link = {"store": words, "path": words}
    sources = [{"kind": "file"}, {**GIT, "author": words, "commit": words}, {"kind": "image", "image": words, "layer": words}, {"kind": words}]
    findings = [
        build.finding(
            build.occurrence(hostile, context=words, source=source, archive_path=hostile, decoded=(words,)),
            build.occurrence(b"", context=words, source=source, allowed=words),
            secret=words,
            rule_name=words,
            allowed=words,
            verdict=words,
            links=(link,),
            fingerprint=str(number),
        )
        for number, source in enumerate(sources)
    ]
    receipt = build.coverage(
        Skip("failed", hostile, words, words),
        Skip("excluded", hostile, "ignored-secrets-file"),
        notes=[words],
        config_path=words,
        config_origin=words,
        engine=words,
    )
    receipt.sources[0].requested = receipt.sources[0].resolved = words
    text = build.render(
        "text", findings, receipt, View(verbosity=2, color=True), rules=lambda **changes: build.rule(impact=words, revoke=(words,), rotation=words, **changes)
    )
    assert ESCAPES.sub("", text).replace("\n", "").isprintable()
    assert not any(line.lstrip().startswith("::") for line in ESCAPES.sub("", text).splitlines())
    assert not re.search(r"##[\w.-]*\[", text)
    text.encode()


def test_ten_thousand_findings(build):
    findings = [build.finding(build.occurrence(line=number + 1), fingerprint=str(number)) for number in range(10_000)]
    text = build.render("text", findings)
    assert "10,000 secrets in 10,000 places: 10,000 critical" in text


def test_bytes_have_readable_sizes():
    assert [size(count) for count in (0, 999, 1000, 16_200_000, 999_960_000, 2 * 10**12)] == ["0 B", "999 B", "1.0 kB", "16.2 MB", "1.0 GB", "2.0 TB"]
    assert [counted(count, "entry", "entries") for count in (0, 1, 2000)] == ["0 entries", "1 entry", "2,000 entries"]


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=30)), st.integers(10, 50))
def test_wrapping_keeps_every_piece_in_order(pieces, width):
    lines = wrap(pieces, width, "> ", "  ")
    assert " ".join(lines).split() == ([">", *pieces] if pieces else [])
    assert all(len(line) <= width or len(line.split()) <= 2 for line in lines)


def test_ignored_secrets_files_are_named_up_to_ten_and_the_rest_counted(build):
    receipt = build.coverage(*(Skip("excluded", b"%03d/.env" % number, "ignored-secrets-file") for number in range(250)))
    text = build.render("text", receipt=receipt, view=View(width=200))
    assert "250 files named like secrets files, ignored by git and not scanned: 000/.env, 001/.env" in text
    assert "009/.env and 240 more\n" in text.replace("\n  ", " ")
    assert "Left out" not in text


def test_reasons_read_well_for_one_and_for_many(build):
    receipt = build.coverage(Skip("excluded", b"a", "submodule"), Skip("excluded", b"", "symlink", count=2), Skip("excluded", b"c", "some-new-code"))
    assert "Left out: 2 symbolic links, 1 some new code, 1 submodule\n" in build.render("text", receipt=receipt)


@pytest.mark.parametrize(
    ("source", "head"),
    [
        ({**GIT, "object_type": "commit"}, "commit c0ffeec0ffee:1:14"),
        ({"kind": "git", "object_type": "tag", "object": "b" * 40}, "tag bbbbbbbbbbbb:1:14"),
        ({**IMAGE, "where": "label"}, "label:1:14"),
        ({"kind": "stdin"}, "stdin:1:14"),
        ({}, "input:1:14"),
    ],
)
def test_what_is_no_file_has_a_name_too(build, source, head):
    assert build.render("text", [build.finding(build.occurrence(b"", 1, source=source))]).splitlines()[0] == head


def test_history_says_whether_a_branch_still_holds_it(build):
    lost = build.finding(build.occurrence(source={**GIT, "where": "unreachable", "reachable": False}))
    assert "in no branch or tag, still in the object store" in build.render("text", [lost], view=View(width=200))
    head = build.render("text", [build.finding(build.occurrence(source={**GIT, "at_head": True}))])
    assert "  from  commit c0ffeec0ffee (2024-01-02, Jane <jane@example.org>); still at HEAD\n" in head


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (("tls", "tls=true"), "tls=true"),
        (("tls", "sslmode=require"), "sslmode=require"),
        (("certificate", "tlsInsecure=true"), "tlsInsecure=true"),
        (("user", "cn=admin"), "user=cn=admin"),
        (("tls", "tls="), "tls=tls="),
    ],
)
def test_an_option_of_a_url_is_shown_by_its_own_name_alone(build, part, shown):
    assert f"  with  host=db.corp, {shown}\n" in build.render("text", [build.finding(parts=(("host", "db.corp"), part))])


def test_without_a_context_the_masked_secret_stands_alone(build):
    lines = build.render("text", [build.finding(build.occurrence(context=""))]).splitlines()
    assert lines[2] == f"  {build.MASK}"


COMMIT = "commit c0ffeec0ffee (2024-01-02, Jane <jane@example.org>)"
TOLD = [
    pytest.param({}, f"{COMMIT}; not at HEAD, still in the history", id="gone"),
    pytest.param({"at_head": True}, f"{COMMIT}; still at HEAD", id="at-head"),
    pytest.param({"where": "stash"}, f"{COMMIT}; in a stash", id="stash"),
    pytest.param({"where": "notes"}, f"{COMMIT}; in git notes", id="notes"),
    pytest.param({"where": "unreachable", "reachable": False}, f"{COMMIT}; in no branch or tag, still in the object store", id="unreachable"),
    pytest.param({"where": "dangling", "commit": None, "reachable": False}, "in no commit, still in the object store", id="dangling"),
    pytest.param({"where": "index", "commit": None, "reachable": False}, "staged, in no commit", id="index"),
    pytest.param({"where": "ref-name", "commit": None}, "in the name of a reference", id="ref-name"),
    pytest.param({"object_type": "commit"}, f"{COMMIT}; in the text of the commit", id="message"),
    pytest.param({"object_type": "tag"}, f"tag of {COMMIT}; in the text of the tag", id="tag"),
    pytest.param({"object_type": "tag", "commit": None}, "in the text of the tag", id="tag-of-no-commit"),
    pytest.param({"exposed_hours": 0.4}, f"{COMMIT}; not at HEAD, still in the history; exposed for less than an hour", id="minutes"),
    pytest.param({"exposed_hours": 1.2}, f"{COMMIT}; not at HEAD, still in the history; exposed for 1 hour", id="hour"),
    pytest.param({"exposed_hours": 47.4}, f"{COMMIT}; not at HEAD, still in the history; exposed for 47 hours", id="hours"),
    pytest.param({"exposed_hours": 72.0}, f"{COMMIT}; not at HEAD, still in the history; exposed for 3 days", id="days"),
    pytest.param(
        {"at_head": True, "renamed_from": "old.py", "renamed_in": "d" * 40}, f"{COMMIT}; still at HEAD; renamed from old.py in dddddddddddd", id="renamed"
    ),
    pytest.param({"at_head": True, "at_boundary": True}, f"{COMMIT} or an earlier one that this shallow clone lacks; still at HEAD", id="shallow"),
    pytest.param({"author": None, "date": None}, "commit c0ffeec0ffee; not at HEAD, still in the history", id="nobody"),
]


@pytest.mark.parametrize(("said", "words"), TOLD)
def test_whose_and_whether_still_there(build, said, words):
    """Every place a history can have a secret in is said in plain words, and no name of a reference is, since it may be a secret itself."""
    one = build.occurrence(b"a.py", source=PAST | said)
    assert origin(one) == words
    assert origin(one, verbose=True) == f"{words}; in 7 references"
    assert origin(one._replace(source={**one.source, "ref_count": 1}), verbose=True) == words


def test_parts_of_a_history_say_less_and_nothing_wrong(build):
    part = {key: GIT[key] for key in ("kind", "object", "object_type", "commit", "author", "date")} | {"reachable": True}
    assert origin(build.occurrence(source=part | {"at_head": False})).endswith("; this version is not at HEAD")
    assert origin(build.occurrence(source=part | {"at_head": False, "object_type": "commit"})).endswith("; in the text of the commit")
    assert origin(build.occurrence(source=part | {"at_head": True})).endswith("; still at HEAD")
    bare = {"kind": "git", "object": "b" * 40, "object_type": "blob"}
    assert origin(build.occurrence(source=bare | {"objects": 1})) == ""
    assert origin(build.occurrence(source=bare | {"objects": 3})) == "in 3 objects"


def test_a_name_in_the_history_gives_no_orders(build):
    hostile = PAST | {"author": "\x1b[2J", "renamed_from": "a\nb", "renamed_in": "d" * 40, "where": "\x07"}
    assert not re.search(r"[\x00-\x1f]", origin(build.occurrence(source=hostile)))


def test_clones_that_lack_something_say_so(build):
    """Nothing counts what was never fetched, so a line does."""
    receipt = build.coverage()
    assert "The clone is" not in build.render("text", [], receipt)
    receipt.sources[0].shallow = True
    text = build.render("text", [], receipt)
    assert "The clone is shallow: older commits are not in it and were not scanned.\n" in text
    assert "partial" not in text
    receipt.sources[0].partial = True
    assert "The clone is partial: some objects are not in it and were not scanned.\n" in build.render("text", [], receipt)


def test_a_tag_is_named_by_its_own_id(build):
    assert build.render("text", [build.finding(build.occurrence(b"", source=PAST | {"object_type": "tag"}))]).startswith("tag bbbbbbbbbbbb:12:14\n")
    assert build.render("text", [build.finding(build.occurrence(b"", source=PAST | {"object_type": "commit"}))]).startswith("commit c0ffeec0ffee:12:14\n")


def test_a_file_and_its_version_at_head_are_one_place_with_its_author(build):
    both = build.finding(build.occurrence(b"a.py", source=PAST | {"at_head": True}), build.occurrence(b"a.py"), build.occurrence(b"b.py", source=PAST))
    text = build.render("text", [both])
    assert "from  commit c0ffeec0ffee" in text
    assert "in 1 more place: b.py:12:14" in text
    assert "1 secret in 2 places" in text


def test_what_is_still_there_is_shown_before_what_was_there(build):
    moved = build.finding(build.occurrence(b"a.py", source=PAST), build.occurrence(b"b.py", source=PAST | {"at_head": True}))
    text = build.render("text", [moved])
    assert text.startswith("b.py:12:14\n")
    assert "still at HEAD" in text
    assert "also  in 1 more place: a.py:12:14" in text


def test_what_an_earlier_scan_had_read_is_said():
    from leaksieve.coverage import Coverage, SourceCoverage
    from leaksieve.reports import text_receipt
    from leaksieve.reports.text_style import Style

    coverage = Coverage()
    source = SourceCoverage("git", ".")
    coverage.sources = [source]
    source.scan("objects", 12_000)
    style = Style(color=False, width=120)
    assert "earlier" not in " ".join(text_receipt.scanned(coverage, style) + text_receipt.nothing_found(coverage, style))
    source.scan("cached", 11_000)
    for lines in (text_receipt.scanned(coverage, style), text_receipt.nothing_found(coverage, style)):
        assert "11,000 of the objects were known from an earlier scan." in " ".join(lines)
    source.scan("cached", 1_000)
    assert "All of the objects were known" in " ".join(text_receipt.scanned(coverage, style))
