"""The HTML report as text: its policy, its data, and that nothing which was scanned is markup.  What it does is tried in a browser (tests/e2e)."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from leaksieve.model import Skip
from leaksieve.reports import html_page
from leaksieve.reports.base import View
from leaksieve.reports.html_data import MOST_CONTEXT, MOST_PLACES, exposure

BAD = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&<!--"
GIT = {"kind": "git", "object": "b" * 40, "object_type": "blob", "commit": "c" * 40, "author": "Jane <j@example.org>", "date": "2024-01-01T00:00:00+00:00"}


class Page(HTMLParser):
    """Elements and attributes of a page, the text outside of scripts, and the scripts and styles themselves."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.attributes, self.words, self.raw, self._in = [], [], [], {"script": [], "style": []}, ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [(tag, *each) for each in attrs]
        self._in = tag if tag in self.raw else ""
        if self._in:
            self.raw[tag].append((dict(attrs), ""))

    def handle_endtag(self, tag):
        self._in = ""

    def handle_data(self, data):
        if self._in:
            attrs, text = self.raw[self._in].pop()
            self.raw[self._in].append((attrs, text + data))
        else:
            self.words.append(data)


def data_of(page):
    (text,) = [text for attrs, text in page.raw["script"] if attrs.get("type") == "application/json"]
    return json.loads(text)


def hostile_page(build, bad):
    raw = bad.encode("utf-8", "surrogateescape")
    place = build.occurrence(raw, context=bad, archive_path=raw, source={**GIT, "author": bad, "refs": [bad], "renamed_from": bad})
    finding = build.finding(place, rule_name=bad, rule_id=bad, secret=bad, fingerprint=bad, tags=(bad,), parts=((bad, bad),), details={bad: bad})
    receipt = build.coverage(Skip("failed", raw, "unreadable", bad), Skip("excluded", raw, bad, bad), notes=[bad], config_path=bad)
    receipt.allow = [{"reason": bad, "owner": bad, "expires": bad, "expired": True, "places": 1}]
    receipt.baseline = {"files": [bad], "entries": 1, "matched": 1, "findings": 1, "stale": 0}
    receipt.sources[0].requested = receipt.sources[0].resolved = bad

    def rule(**_):
        return build.rule(id=bad, name=bad, impact=bad, documentation=bad, rotation="javascript:alert(3)", revoke=(bad,))

    return build.render("html", [finding], receipt, rules=rule)


def test_what_was_scanned_is_text_wherever_it_stands(build):
    plain = Page(hostile_page(build, "plain"))
    page = Page(hostile_page(build, BAD))
    assert page.elements == plain.elements
    assert [(tag, name) for tag, name, _ in page.attributes] == [(tag, name) for tag, name, _ in plain.attributes]
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in ("src", "style")]
    told = data_of(page)
    assert told["rules"][0]["name"] == BAD
    assert told["findings"][0]["secret"] == told["findings"][0]["places"][0]["context"] == told["findings"][0]["author"] == BAD
    assert "".join(page.words).count(BAD) > 10


def test_bytes_that_are_no_text_and_codes_for_terminals_are_escapes(build, hostile):
    text = hostile_page(build, hostile.decode("utf-8", "surrogateescape"))
    assert all(line.isprintable() for line in text.split("\n"))
    text.encode()


def test_the_policy_lets_in_what_the_page_has_and_nothing_else(build):
    page = Page(build.render("html", [build.finding()]))
    (policy,) = [value for tag, name, value in page.attributes if tag == "meta" and name == "content" and "default-src" in value]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == rules["trusted-types"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'"

    def digest(text):
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    (script,) = [text for attrs, text in page.raw["script"] if not attrs]
    ((_, style),) = page.raw["style"]
    assert rules["script-src"] == digest(script)
    assert rules["style-src"] == digest(style)
    assert len(page.raw["script"]) == 2


def test_nothing_is_asked_of_another_machine_and_no_markup_is_made_of_texts(build):
    text = build.render("html", [build.finding()])
    assert {value for _, name, value in Page(text).attributes if name in ("href", "src", "srcset", "action", "data", "ping")} == {"#main"}
    own = "".join(html_page._asset(name) for name in (*html_page._SCRIPTS, "page.css", "page.html"))
    # The name of SVG's namespace is an address that nobody visits.
    assert set(re.findall(r"\w+://[^'\"\s]*", own)) == {"http://www.w3.org/2000/svg"}
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "DOMParser",
        "srcdoc",
        "@import",
        "url(",
        "fetch(",
        "XMLHttp",
    ):
        assert way not in own, way


def test_the_same_findings_give_the_same_page(build):
    findings = [build.finding(build.occurrence(b"b.py")), build.finding(build.occurrence(b"a.py"), fingerprint="f:2")]
    assert build.render("html", findings) == build.render("html", findings[::-1])


def test_the_worst_come_first_and_what_is_accepted_says_why(build):
    findings = [
        build.finding(build.occurrence(b"a"), severity="low", fingerprint="f:low"),
        build.finding(build.occurrence(b"b"), severity="critical", fingerprint="f:critical"),
        build.finding(build.occurrence(b"c", allowed="configuration: demo"), allowed="configuration: demo", severity="high", fingerprint="f:allowed"),
        build.finding(build.occurrence(b"d", allowed="in the baseline x"), allowed="in the baseline x", baselined=True, severity="high", fingerprint="f:known"),
        build.finding(build.occurrence(b"e", already_present=True), already_present=True, severity="high", fingerprint="f:old"),
    ]
    text = build.render("html", findings, view=View(fail_on="medium"))
    told = data_of(Page(text))["findings"]
    assert [(one["fingerprint"], one["state"]) for one in told] == [
        ("f:critical", "fails"),
        ("f:allowed", "allowed"),
        ("f:known", "baseline"),
        ("f:old", "present"),
        ("f:low", "below"),
    ]
    assert told[1]["why"] == "configuration: demo"
    assert "<title>leaksieve: 2 secrets in 2 places: 1 critical, 1 low (1 at or above medium)</title>" in text
    assert "3 findings more are accepted or were there before." in text


def test_the_receipt_says_what_is_missing(build):
    text = build.render("html", [], build.coverage(Skip("failed", b"x.bin", "unreadable", "no permission"), Skip("excluded", b"big", "too-large")))
    words = " ".join(Page(text).words)
    assert '<p class="standing incomplete"><strong>Incomplete.</strong>' in text
    for said in ("x.bin", "no permission", "over the size limit", "412 (sha256:feed)", "took 0.8 s", "/home/me/project"):
        assert said in words, said
    assert '<p class="standing complete">' in build.render("html")


def test_long_lists_are_cut_and_say_so(build):
    many = build.finding(*(build.occurrence(b"f%d" % number) for number in range(MOST_PLACES + 3)))
    receipt = build.coverage(*(Skip("failed", b"f%d" % number, f"reason-{number % 9}") for number in range(html_page._LISTED + 20)))
    page = Page(build.render("html", [many], receipt))
    (told,) = data_of(page)["findings"]
    assert (len(told["places"]), told["more"]) == (MOST_PLACES, 3)
    assert re.search(r"and \d+ more", " ".join(page.words))
    shown = [build.finding(build.occurrence(b"a%d" % number), fingerprint=f"f:{number}") for number in range(60)]
    assert "The worst 50 of 60 findings" in build.render("html", shown)


def test_a_line_without_end_is_cut_around_the_secret(build):
    line = "x" * 50_000 + build.MASK + "y" * 50_000
    (told,) = data_of(Page(build.render("html", [build.finding(build.occurrence(context=line, start_column=50_001))])))["findings"]
    shown = told["places"][0]["context"]
    assert build.MASK in shown
    assert len(shown) <= MOST_CONTEXT + 2
    assert shown.index(build.MASK) in (told["places"][0]["column"], told["places"][0]["column"] + 1)


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ([{"kind": "file"}], ("", "", "")),
        ([{**GIT, "first_seen": "2024-01-02T00:00:00+00:00", "removed": None, "at_head": True}], ("Jane <j@example.org>", "2024-01-02T00:00:00+00:00", "")),
        (
            [
                {**GIT, "first_seen": "2024-02-02T00:00:00+00:00", "removed": "2024-03-01T00:00:00+00:00"},
                {**GIT, "author": "Ann", "first_seen": "2023-02-02T00:00:00+00:00", "removed": "2024-02-01T00:00:00+00:00"},
            ],
            ("Ann", "2023-02-02T00:00:00+00:00", "2024-03-01T00:00:00+00:00"),
        ),
        ([{"kind": "file"}, {**GIT, "removed": "2024-03-01T00:00:00+00:00"}], ("Jane <j@example.org>", "2024-01-01T00:00:00+00:00", "")),
    ],
)
def test_exposure_is_from_the_first_place_to_the_last(build, sources, expected):
    told = exposure(build.finding(*(build.occurrence(source=source) for source in sources)))
    assert (told["author"], told["since"], told["until"]) == expected


def test_a_file_and_its_version_at_head_are_one_place(build):
    head = build.occurrence(source={**GIT, "at_head": True, "first_seen": GIT["date"]})
    past = build.occurrence(b"old.env", source={**GIT, "at_head": False})
    for occurrences in ((build.occurrence(), head, past), (head, past, build.occurrence())):
        (told,) = data_of(Page(build.render("html", [build.finding(*occurrences)])))["findings"]
        assert [each["at"] for each in told["places"]] == ["config/deploy.env:12:14", "old.env:12:14"]
        assert "still at HEAD" in told["places"][0]["from"]
        assert "more" not in told


def test_an_option_of_a_url_is_shown_by_its_own_name_alone(build):
    page = Page(build.render("html", [build.finding(parts=(("host", "db.corp"), ("tls", "sslmode=require")))]))
    assert data_of(page)["findings"][0]["parts"] == [["host", "db.corp"], ["sslmode", "require"]]
