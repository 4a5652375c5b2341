"""Allow entries through the program: who answers for them, until when, and what each of them hid."""

import json

import pytest

from leaksieve.ruleset.template import expand


@pytest.fixture
def shop(place, token):
    place.write("a.py", f"token = '{token}'\n")
    place.write("b.py", f"t = '{expand('ghp_<crc32-github:30>', 21).decode()}'\n")
    return place


def configure(place, *entries, head=""):
    place.write("leaksieve.toml", head + "".join(f"[[allow]]\n{entry}\n" for entry in entries))


def scan(place, *args, form="json"):
    done = place.run("dir", ".", "-f", form, *args)
    return done, json.loads(done.out)


def test_each_entry_says_what_it_hid(shop):
    configure(
        shop,
        "reason = 'demo'\nowner = 'ada@shop.example'\nexpires = 2999-01-31\npaths = ['/a.py']",
        "reason = 'never met'\nstop_words = ['nothing']\nexpires = '2999-12-31'",
        "reason = 'the rest'\nrules = ['github-*']",
    )
    done, report = scan(shop)
    assert done.code == 0
    assert report["coverage"]["allow"] == {
        "inline": 0,
        "exclude": [],
        "entries": [
            {"reason": "demo", "owner": "ada@shop.example", "expires": "2999-01-31", "expired": False, "places": 1},
            {"reason": "never met", "owner": None, "expires": "2999-12-31", "expired": False, "places": 0},
            {"reason": "the rest", "owner": None, "expires": None, "expired": False, "places": 1},
        ],
    }
    assert [finding["allowed"] for finding in report["findings"]] == ["configuration: demo (ada@shop.example, until 2999-01-31)", "configuration: the rest"]
    _, sarif = scan(shop, form="sarif")
    told = [result["suppressions"][0]["justification"] for result in sarif["runs"][0]["results"]]
    assert told == ["configuration: demo (ada@shop.example, until 2999-01-31)", "configuration: the rest"]


@pytest.mark.parametrize("form", ["json", "text", "sarif"])
def test_an_expired_entry_blocks_again_and_says_so(shop, form):
    configure(shop, "reason = 'demo'\nowner = 'ada'\nexpires = 2020-01-31\npaths = ['/a.py']", "reason = 'rest'\npaths = ['/b.py']")
    done = shop.run("dir", ".", "-f", form)
    assert done.code == 1
    assert "an allow entry expired on 2020-01-31 (demo, ada); 1 place it covered counts again" in done.err
    assert shop.run("dir", ".", "-q", "-f", form).code == 1


def test_an_expired_entry_is_said_where_nothing_is_found(place):
    place.write("c.py", "x = 1\n")
    configure(place, "reason = 'demo'\nexpires = 2020-01-31\npaths = ['/a.py']")
    done, report = scan(place)
    assert done.code == 0
    assert "expired on 2020-01-31 (demo); 0 places it covered count again" in done.err
    assert report["coverage"]["allow"]["entries"][0]["expired"] is True


def test_the_last_day_counts(shop):
    import datetime as dt

    for days, code in ((0, 0), (-1, 1)):
        day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=days)
        configure(shop, f"reason = 'demo'\nexpires = {day}\npaths = ['*.py']")
        # A test that runs over midnight would see the next day.
        if dt.datetime.now(dt.UTC).date() + dt.timedelta(days=days) == day:
            assert shop.run("dir", ".").code == code


def test_an_entry_is_bound_to_its_value(shop):
    _, report = scan(shop)
    first = report["findings"][0]
    configure(shop, f"reason = 'demo'\nfingerprints = ['{first['fingerprint']}']")
    _, report = scan(shop)
    assert [bool(finding["allowed"]) for finding in report["findings"]] == [True, False]
    shop.write("a.py", f"token = '{expand('ghp_<crc32-github:30>', 22).decode()}'\n")
    _, report = scan(shop)
    assert [bool(finding["allowed"]) for finding in report["findings"]] == [False, False]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("reason = 'x'\nowner = 'ada'\nexpires = 2999-01-01", "`allow[1]` would allow everything"),
        ("reason = 'x'\nrules = ['a']\nexpires = 'soon'", '`allow[1].expires` must be a day such as 2027-01-31 (got "soon")'),
        ("reason = 'x'\nrules = ['a']\nexpires = 2999-01-01T00:00:00Z", "`allow[1].expires` must be a day"),
        ("reason = 'x'\nrules = ['a']\nexpires = 3", "`allow[1].expires` must be a day"),
        ("reason = 'x'\nrules = ['a']\nowner = ''", "`allow[1].owner` must not be empty"),
        ("rules = ['a']\nowner = 'ada'", "`allow[1].reason` is missing"),
    ],
)
def test_an_entry_that_does_not_hold_is_exit_2(shop, entry, expected):
    configure(shop, entry)
    done = shop.run("dir", ".")
    assert done.code == 2
    assert expected in done.err


@pytest.mark.parametrize("how", ["option", "configuration"])
def test_comments_may_need_a_reason(place, token, how):
    other = expand("ghp_<crc32-github:30>", 23).decode()
    place.write("a.py", f"a = '{token}'  # leaksieve:allow -- public demo key\nb = '{other}'  # leaksieve:allow\n")
    done, report = scan(place)
    assert (done.code, report["coverage"]["allow"]["inline"]) == (0, 2)
    configure(place, head="require_reason = true\n" if how == "configuration" else "")
    done, report = scan(place, *(["--require-reason"] if how == "option" else []))
    assert done.code == 1
    assert report["coverage"]["allow"]["inline"] == 1
    assert [finding["start_line"] for finding in report["findings"] if not finding["allowed"]] == [2]
    assert "comments without a reason do not count (--require-reason): 1 place" in done.err


def test_what_each_pattern_left_out_is_counted_and_what_was_for_nothing_is_named(shop):
    shop.write("vendor/x/lib.py", "x = 1\n")
    shop.write("b.min.js", "x\n")
    shop.write("c.min.js", "x\n")
    configure(
        shop,
        "reason = 'the demo'\npaths = ['/a.py']",
        "reason = 'the demo again'\npaths = ['/a.py']",
        "reason = 'gone for good'\nstop_words = ['nothing']",
        head="exclude = ['/vendor/', '*.min.js', '!d.min.js', '/nowhere/']\n",
    )
    _, report = scan(shop)
    assert report["coverage"]["allow"]["exclude"] == [
        {"pattern": "/vendor/", "places": 1},
        {"pattern": "*.min.js", "places": 2},
        {"pattern": "!d.min.js", "places": 0},
        {"pattern": "/nowhere/", "places": 0},
    ]
    # The second entry hid nothing because the first one had: it is not for nothing.
    assert "an allow entry of the configuration hid nothing: gone for good" in report["coverage"]["notes"]
    assert "a pattern under `exclude` left nothing out: /nowhere/" in report["coverage"]["notes"]
    # A scan of one file says nothing of the rest.
    done = shop.run("dir", "b.py", "-f", "json")
    assert not any("hid nothing" in note for note in json.loads(done.out)["coverage"]["notes"])


@pytest.mark.parametrize("further", ["", ", 'never met'"])
def test_a_pattern_that_takes_too_long_hides_nothing_and_says_so(shop, monkeypatch, further):
    monkeypatch.setattr("leaksieve.outcome._PATTERN_SECONDS", 0.05)
    configure(shop, r"reason = 'slow'" + "\n" + rf"regexes = ['^(?:(?:\w)|(?:\w))*\W$'{further}]", "reason = 'the rest'\npaths = ['/a.py']")
    done, report = scan(shop)
    assert done.code == 1
    assert sorted(bool(finding["allowed"]) for finding in report["findings"]) == [False, True]
    said = "a pattern of an allow entry (slow) takes too long and was set aside"
    assert done.err.count(said) == 1
    assert "internal error" not in done.err
