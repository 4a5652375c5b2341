"""The HTML report in a real browser: what it shows, that it can be used without a mouse, and that nothing hostile in it comes to life."""

import json
import os
import re
import subprocess
import sys

import pytest
from browser import Browser, installed

from leaksieve.ruleset.template import expand

CHROMIUM = installed()
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="NOT TESTED: the HTML report in a browser; the chromium package is missing"),
]

MANY = 10_000
BAD = "</script><script>window.bad=1;alert(1)</script><img src=https://bad.example/x onerror=alert(2)><style>*{background:url(https://bad.example/y)}</style>"
RULES = [f"Rule {number:02}" for number in range(30)] + [f"Rule {BAD}"]
SEVERITIES = ["info", "low", "medium", "high", "critical"]
# Processor time of the page's main thread, not time on the wall: the machine may have other things to do.
SECOND = 1.0


def place(number, path, author, *, gone):
    year = 2010 + number % 15
    source = {"kind": "git", "object": f"{number:040x}", "object_type": "blob", "commit": f"{number:040x}", "author": author, "reachable": True}
    source |= {"date": f"{year}-05-06T07:08:09+00:00", "first_seen": f"{year}-05-06T07:08:09+00:00", "at_head": not gone, "where": "ref"}
    source |= {"removed": f"{year}-12-24T00:00:00+00:00"} if gone else {}
    line = {"start_line": number % 400 + 1, "end_line": number % 400 + 1, "start_column": 9, "end_column": 40, "byte_start": 1, "byte_end": 2}
    context = f'token = "abc_{number:05}…xy" # {BAD if number % 50 == 0 else "a line"}'
    return {"location_id": f"l{number}", "path": path, **line, "decoded": [], "context": context, "source": source, "allowed": None, "already_present": False}


def finding(number):
    path = f"src/{BAD}/{number}.py" if number % 100 == 3 else f"src/part{number % 70}/file{number % 977}.py"
    author = f"Eve {BAD}" if number % 11 == 0 else f"Author {number % 40} <a{number % 40}@shop.example>"
    name = RULES[number * 7 % len(RULES)]
    told = {
        "impact": f"Reads everything. {BAD}",
        "documentation": "javascript:alert(3)",
        "rotation": "https://bad.example/",
        "revoke": [f"Delete it. {BAD}", "Look."],
    }
    return {
        "rule_id": re.sub(r"[^a-z0-9]+", "-", name.lower())[:20], "rule_name": name, "severity": SEVERITIES[number * 3 % 5], "confidence": "high", "tags": [],
        "secret": f"abc_{number:05}…xy", "parts": {}, "fingerprint": f"ls1-{number:032x}", "proof": "none", "details": {}, "verdict": None, "links": [],
        "allowed": None, "already_present": False, "baselined": False, "remediation": told, "occurrences": [place(number, path, author, gone=number % 2 == 0)],
    }  # fmt: skip


def report(count, *, complete=True):
    skipped = [] if complete else [{"class": "failed", "path": f"{BAD}.bin", "reason": "unreadable", "detail": BAD, "count": 1}]
    source = {"kind": "git", "requested": ".", "resolved": "/home/a/project", "expected": {}, "scanned": {"objects": 70_000}, "skipped": skipped}
    receipt = {"schema": "leaksieve/1", "complete": complete, "sources": [source], "ruleset": {"hash": "feed", "rules": 900}, "config": {"origin": "defaults"}}
    receipt |= {"version": "0.1.0", "engine": "hyperscan", "started": "2026-01-02T03:04:05Z", "seconds": 4.2, "notes": [BAD]}
    return {"schema": "leaksieve/1", "findings": [finding(number) for number in range(count)], "coverage": receipt}


def converted(folder, name, told):
    (folder / f"{name}.json").write_text(json.dumps(told))
    page = folder / f"{name}.html"
    command = [sys.executable, "-P", "-m", "leaksieve", "report", "convert", f"{name}.json", "-f", "html", "-o", page.name]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return page


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    running = Browser(CHROMIUM, tmp_path_factory.mktemp("browser"))
    yield running
    running.close()


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    return converted(tmp_path_factory.mktemp("big"), "big", report(MANY, complete=False))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return converted(tmp_path_factory.mktemp("small"), "small", report(30))


@pytest.fixture(autouse=True)
def _silence(browser):
    """Whatever a test does: no error, no word on the console, no dialog, and no request but for the page itself."""
    yield
    assert browser.complaints() == []
    assert all(address.startswith("file://") and address.endswith(".html") for address in browser.requests()), browser.requests()


def status(browser):
    return browser.run("document.getElementById('status').textContent")


def focus(browser):
    return browser.run("(document.activeElement.textContent || document.activeElement.id).trim().slice(0, 60)")


def column(browser, number):
    return browser.run(f"[...document.querySelectorAll('#rows tr:not(.details)')].map(row => row.children[{number}].textContent)")


def test_ten_thousand_findings_open_and_sort_within_a_second(browser, big):
    browser.open(big)
    browser.send("Performance.enable", timeDomain="threadTicks")

    def busy():
        return next(one["value"] for one in browser.send("Performance.getMetrics")["metrics"] if one["name"] == "TaskDuration")

    browser.send("Page.navigate", url=big.as_uri())
    assert browser.run("new Promise(done => document.readyState === 'complete' ? done(1) : addEventListener('load', () => done(1)))")
    assert status(browser) == "10,000 findings, rows 1 to 100; sorted by severity"
    assert busy() < SECOND
    for number in range(7):
        before = busy()
        for _ in range(2):
            browser.run(f"document.querySelectorAll('#head button')[{number}].click(); document.body.offsetHeight")
        assert (busy() - before) / 2 < SECOND
    before = busy()
    browser.run("document.getElementById('search').value = 'file12 author'; document.getElementById('search').dispatchEvent(new Event('input')); 1")
    assert busy() - before < SECOND
    assert re.match(r"\d+ of 10,000 findings", status(browser))


def test_sorting_is_said_and_right(browser, big):
    browser.open(big)
    assert column(browser, 0) == ["✖ critical"] * 100
    browser.run("document.querySelectorAll('#head button')[5].click()")
    assert browser.run("[...document.querySelectorAll('#head th')].map(cell => cell.getAttribute('aria-sort'))") == [None] * 5 + ["ascending", None]
    assert column(browser, 5) == ["2010-05-06"] * 100
    browser.run("document.querySelectorAll('#head button')[5].click()")
    assert browser.run("document.querySelectorAll('#head th')[5].getAttribute('aria-sort')") == "descending"
    assert column(browser, 5) == ["2024-05-06"] * 100
    assert status(browser).endswith("sorted by since, reversed")
    browser.run("document.querySelectorAll('#head button')[1].click()")
    names = column(browser, 1)
    assert names == sorted(names)


def test_search_and_filters_narrow_the_table(browser, big):
    browser.open(big)
    browser.run("document.getElementById('search').focus()")
    browser.write("ABC_00123 ")
    assert status(browser) == "1 of 10,000 findings; sorted by severity"
    assert column(browser, 3) == ["abc_00123…xy"]
    browser.write("nothing-like-it")
    assert browser.run("document.getElementById('rows').textContent") == "Nothing matches."
    browser.press("Escape")
    assert status(browser).startswith("10,000 findings")
    browser.run("const chosen = document.getElementById('severity'); chosen.value = '4'; chosen.dispatchEvent(new Event('change'))")
    assert status(browser).startswith("2,000 of 10,000 findings")
    browser.run("const rule = document.getElementById('rule'); rule.value = '0'; rule.dispatchEvent(new Event('change'))")
    assert len(set(column(browser, 1))) == 1


def test_it_can_be_used_by_keyboard_alone(browser, big):
    browser.open(big)
    browser.press("Tab")
    assert focus(browser) == "Skip to the findings"
    browser.press("Enter")
    assert browser.run("document.activeElement.id") == "main"
    browser.press("/")
    assert browser.run("document.activeElement.id") == "search"
    assert browser.run("document.getElementById('search').value") == ""
    browser.write("file12")
    seen = []
    for _ in range(20):
        browser.press("Tab")
        seen.append(focus(browser))
    heads = ["Severity ▲", "What", "Where", "Secret", "Author", "Since", "State"]
    at = seen.index(heads[0])
    assert seen[at : at + 7] == heads
    assert all(text.startswith("Rule ") for text in seen[at + 7 :])
    outline = browser.run("getComputedStyle(document.activeElement).outlineStyle + ' ' + getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "solid 3px"
    # A row's details open and close, and the focus stays where it was.
    browser.press("Enter")
    assert browser.run("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert "How to fix it" in browser.run("document.getElementById(document.activeElement.getAttribute('aria-controls')).textContent")
    browser.press(" ")
    assert browser.run("document.activeElement.getAttribute('aria-expanded')") == "false"
    assert browser.run("document.querySelectorAll('.details').length") == 0
    # Sorting keeps the focus on the head, turning pages on the button.
    browser.run("document.querySelectorAll('#head button')[2].focus()")
    browser.press("Enter")
    assert focus(browser) == "Where ▲"
    browser.run("document.getElementById('next').focus()")
    browser.press("Enter", times=200)
    assert focus(browser) == "Next"
    assert browser.run("document.getElementById('next').getAttribute('aria-disabled')") == "true"


def test_what_a_screen_reader_is_told(browser, small):
    browser.open(small)
    browser.run("document.querySelector('#rows button').click()")
    tree = browser.tree()
    named = {(role, name) for role, name, _ in tree}
    assert [name for role, name, _ in tree if role == "RootWebArea"] == [browser.run("document.title")]
    assert {"banner", "main", "search", "status", "table"} <= {role for role, _ in named}
    for role, name in [
        ("searchbox", "Search"),
        ("combobox", "Show"),
        ("combobox", "Severity"),
        ("combobox", "Rule"),
        ("combobox", "Rows"),
        ("link", "Skip to the findings"),
    ]:
        assert (role, name) in named, (role, name)
    assert [name for role, name, _ in tree if role == "heading"][:3] == ["leaksieve", "Overview", "Findings"]
    heads = [name for role, name, _ in tree if role == "columnheader"]
    assert [name for name in heads if name.istitle()] == ["Severity", "What", "Where", "Secret", "Author", "Since", "State"]
    pictures = [name for role, name, _ in tree if role in ("image", "img")]
    assert any(re.match(r"By severity: critical 6, high 6, medium 6, low 6, info 6$", name) for name in pictures)
    assert any(name.startswith("By age: ") for name in pictures)
    assert any("30 secrets with a history, 15 of them not taken out; the first since 2010-05-06" in name for name in pictures)
    rows = [(name, properties) for role, name, properties in tree if role == "button" and name.startswith("Rule")]
    assert sorted(properties["expanded"] for _, properties in rows) == [False] * 29 + [True]
    assert [name for role, name, _ in tree if role in ("button", "combobox", "searchbox", "link", "image", "img") and not name] == []


def contrast(one, other):
    def light(color):
        parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


COLORS = """[...document.querySelectorAll('h1, h2, p, a, td, th button, dt, dd, .severity, .what button, label, code, pre, #theme, .standing strong')].map(node => {
  let back = node;
  while (back && getComputedStyle(back).backgroundColor === 'rgba(0, 0, 0, 0)') back = back.parentElement;
  return [node.className || node.tagName, getComputedStyle(node).color, getComputedStyle(back || document.body).backgroundColor];
})"""


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_can_be_read(browser, small, dark):
    browser.open(small, dark=dark)
    browser.run("document.querySelector('#rows button').click()")
    colors = browser.run(COLORS)
    assert len(colors) > 100
    assert [(name, *pair) for name, *pair in colors if contrast(*pair) < 4.5] == []
    assert (browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)") is not dark


def test_the_theme_can_be_chosen(browser, small):
    browser.open(small)
    back = []
    for _ in range(3):
        browser.run("document.getElementById('theme').click()")
        back.append((browser.run("document.getElementById('theme').textContent"), browser.run("getComputedStyle(document.body).backgroundColor")))
    light, dark = "rgb(255, 255, 255)", "rgb(14, 17, 22)"
    assert back == [("Theme: light", light), ("Theme: dark", dark), ("Theme: as the system", light)]


def test_nothing_hostile_comes_to_life(browser, big):
    browser.open(big)
    browser.run("for (const button of document.querySelectorAll('#rows button')) button.click()")
    assert browser.run("window.bad") is None
    assert browser.run("document.querySelectorAll('img, iframe, object, embed, link, base, form').length") == 0
    assert browser.run("document.scripts.length") == 2
    assert browser.run("document.querySelectorAll('a[href]').length") == 1
    assert browser.run("document.body.textContent.includes('<img src=https://bad.example/x onerror=alert(2)>')")


def test_the_policy_holds(browser, small):
    """What would have to go wrong first: code and addresses that got into the page all the same."""
    browser.open(small)
    broken = browser.run("""(async () => {
      const told = [];
      document.addEventListener('securitypolicyviolation', (event) => told.push(event.effectiveDirective));
      const script = document.createElement('script');
      try { script.text = 'window.bad = 1'; document.body.append(script); } catch (error) { told.push('text: ' + error.name); }
      try { document.body.insertAdjacentHTML('beforeend', '<b>x</b>'); } catch (error) { told.push('markup: ' + error.name); }
      const image = new Image(); image.src = 'https://bad.example/'; document.body.append(image);
      try { await fetch('https://bad.example/'); } catch (error) { told.push('fetch: ' + error.name); }
      await new Promise((done) => setTimeout(done, 100));
      return [told, window.bad || 0];
    })()""")
    assert {"text: TypeError", "markup: TypeError", "fetch: TypeError", "img-src", "connect-src"} <= set(broken[0])
    assert broken[1] == 0
    assert browser.complaints()
    browser.open(small)


def test_without_scripts_there_is_a_summary(browser, big):
    browser.open(big, scripts=False)
    words = " ".join(name for role, name, _ in browser.tree() if role in ("StaticText", "heading", "caption"))
    browser.send("Emulation.setScriptExecutionDisabled", value=False)
    for said in (
        "10,000 secrets in 10,000 places",
        "Incomplete.",
        "By severity",
        "2,000",
        "The worst 50 of 10,000 findings",
        "What was scanned",
        "Could not be scanned",
    ):
        assert said in words, said
    assert "Overview" not in words


def test_it_prints(browser, big):
    browser.open(big)
    browser.send("Emulation.setEmulatedMedia", media="print")
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("document.querySelectorAll('#rows tr').length") == 1000
    assert browser.run("document.getElementById('unprinted').innerText") == "9,000 further findings not printed; narrow the table to print them."
    assert browser.run("getComputedStyle(document.querySelector('.filters')).display") == "none"
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run("document.querySelectorAll('#rows tr').length") == 100
    browser.send("Emulation.setEmulatedMedia", media="")


def test_a_scan_of_a_repository_makes_one(browser, tmp_path):
    token = expand("ghp_<crc32-github:30>", 7).decode()

    def git(*words):
        person = {f"GIT_{role}_{field}": value for role in ("AUTHOR", "COMMITTER") for field, value in (("NAME", "Ada"), ("EMAIL", "a@example.org"))}
        subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True, env={**os.environ, **person})

    git("init", "-q")
    (tmp_path / "a.env").write_text(f"GITHUB_TOKEN={token}\n")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    page = tmp_path / "report.html"
    done = subprocess.run([sys.executable, "-P", "-m", "leaksieve", "scan", ".", "-f", "html", "-o", page], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 1, done
    assert token not in page.read_text()
    browser.open(page)
    browser.run("document.querySelector('#rows button').click()")
    words = browser.run("document.body.innerText")
    assert "more place" not in words
    assert browser.run("getComputedStyle(document.getElementById('pages')).display") == "none"
    for said in ("1 secret in 1 place", "Complete.", "a.env:1:14", "Ada <a@example.org>", "How to fix it", "still at HEAD", "fails the run"):
        assert said in words, said


def test_nothing_found_is_said(browser, tmp_path):
    browser.open(converted(tmp_path, "none", report(0)))
    assert browser.run("document.getElementById('rows').textContent") == "No secrets were found."
    assert "no finding counts" in browser.run("document.getElementById('pictures').textContent")
