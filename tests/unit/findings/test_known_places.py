"""Where a value that a baseline knows may stand: at its path, and where the file's renames took it."""

import pytest

from leaksieve.errors import ConfigError
from leaksieve.findings import baseline as baseline_file
from leaksieve.findings.baseline import HEADER, Baseline, entry, load, parse
from leaksieve.findings.fingerprint import key_for
from leaksieve.findings.known import mark
from leaksieve.model import Finding, Occurrence

KEY = key_for(None, "places", None)
FAMILY, VALUE = "generic", b"sesame"


class Names:
    """A trail that knows what a test tells it, and notes what it was asked."""

    def __init__(self, present=(), now=None, leads=None, passed=()):
        self.present, self.called, self.answers, self.between = set(present), now or {}, leads or {}, set(passed)
        self.asked, self.staged = [], []

    def exists(self, path):
        return path in self.present

    def now(self, path):
        return self.called.get(path)

    def leads(self, old, new, staged):
        self.asked.append((old, new))
        self.staged.append(staged)
        return self.answers.get((old, new))

    def passed(self, old, new):
        return (old, new) in self.between


def tag(path, value=VALUE):
    return KEY.of(FAMILY, value, path)


def known_at(path, value=VALUE):
    return entry(tag(path, value), path)


def baseline(*paths, name="known.txt"):
    return Baseline(name, (KEY.key_name, KEY.key_id), {known_at(path): "generic-password" for path in paths})


def place(path, inner=None, **source):
    return Occurrence("", path, 1, 1, 1, 7, 0, 6, (), inner, "", {"kind": "file", **source}, "", False, "")


def found(*places):
    path = places[0].path if places[0].archive_path is None else places[0].path + b"!/" + places[0].archive_path
    return Finding("generic-password", "Password", "low", "low", (), "******", (), tag(path), "", "", (), "", False, {}, places)


def marked(findings, baselines, trail=None, told=True):
    values = {each.fingerprint: (FAMILY, VALUE) for each in findings} if told else {}
    return mark(findings, baselines, KEY, lambda fingerprints: {each: values[each] for each in fingerprints if each in values}, lambda: trail)


def test_the_value_of_these_tests_is_bound_to_its_path():
    assert tag(b"a.ini").startswith("ls1w-")
    assert tag(b"a.ini") != tag(b"b.ini")


def test_at_its_path_it_is_known_and_no_trail_is_asked_for():
    def never(*_):
        raise AssertionError("asked without need")

    held = baseline(b"conf/a.ini")
    [out] = mark([found(place(b"conf/a.ini"))], [held], KEY, never, never)
    assert (out.baselined, out.allowed) == (True, "in the baseline known.txt")
    assert (held.stale, held.moved) == ([], {})


# What a scanned history says.


def test_a_history_names_the_former_path():
    held = baseline(b"conf/a.ini")
    [out] = marked([found(place(b"conf/b.ini", renamed_from="conf/a.ini"))], [held])
    assert out.baselined
    assert out.allowed == "in the baseline known.txt, under the file's former name conf/a.ini"
    assert held.moved == {known_at(b"conf/a.ini"): known_at(b"conf/b.ini")}
    assert held.stale == []


def test_the_baseline_that_has_the_former_path_is_the_one_named():
    first, second = baseline(b"other/z.ini", name="first"), baseline(b"conf/a.ini", name="second")
    [out] = marked([found(place(b"conf/b.ini", renamed_from="conf/a.ini"))], [first, second])
    assert out.allowed.startswith("in the baseline second, ")
    assert (first.moved, first.stale) == ({}, [known_at(b"other/z.ini")])


def test_a_former_path_that_no_baseline_has_is_passed_over_for_one_it_has():
    held = baseline(b"conf/a.ini")
    one = found(place(b"conf/c.ini", renamed_from="conf/none.ini"), place(b"conf/c.ini", renamed_from="conf/a.ini"))
    [out] = marked([one], [held])
    assert out.baselined
    assert list(held.moved) == [known_at(b"conf/a.ini")]


def test_a_former_path_that_no_baseline_has_makes_nothing_known():
    held = baseline(b"conf/a.ini")
    one = found(place(b"conf/c.ini", renamed_from="conf/none.ini"))
    assert marked([one], [held]) == [one]
    assert held.stale == [known_at(b"conf/a.ini")]


@pytest.mark.parametrize("origin", [None, 7, b"conf/a.ini"])
def test_what_is_no_text_is_no_former_path(origin):
    one = found(place(b"conf/b.ini", renamed_from=origin))
    assert marked([one], [baseline(b"conf/a.ini")]) == [one]


def test_a_path_that_is_unlike_it_counts_only_where_the_file_was_called_so_since():
    one = found(place(b"etc/b.cfg", renamed_from="conf/a.ini"))
    # The former file is still there, so that its absence says nothing.
    for trail, expected in ((None, False), (Names([b"conf/a.ini"]), False), (Names([b"conf/a.ini"], passed=[(b"conf/a.ini", b"etc/b.cfg")]), True)):
        [out] = marked([one], [baseline(b"conf/a.ini")], trail)
        assert out.baselined is expected


@pytest.mark.parametrize(
    ("new", "says", "expected"),
    [(b"etc/b.cfg", True, True), (b"conf/b.ini", False, False), (b"conf/b.ini", None, True), (b"etc/b.cfg", None, False)],
)
def test_at_head_the_trail_has_the_word_and_likeness_only_where_it_has_none(new, says, expected):
    trail = Names([b"conf/a.ini"], leads={(b"conf/a.ini", new): says})
    [out] = marked([found(place(new, renamed_from="conf/a.ini", at_head=True))], [baseline(b"conf/a.ini")], trail)
    assert out.baselined is expected
    assert trail.asked == [(b"conf/a.ini", new)]


def test_a_test_s_value_is_not_known_in_other_code():
    one = found(place(b"src/a.ini", renamed_from="tests/a.ini", at_head=True))
    assert marked([one], [baseline(b"tests/a.ini")]) == [one]


def test_a_file_that_was_renamed_twice_is_followed_through_both():
    held = baseline(b"conf/a.ini")
    # The later name comes first: it is known only once the earlier one is.
    late, early = found(place(b"conf/c.ini", renamed_from="conf/b.ini")), found(place(b"conf/b.ini", renamed_from="conf/a.ini"))
    out = marked([late, early], [held])
    assert [each.baselined for each in out] == [True, True]
    assert out[0].allowed.endswith("former name conf/a.ini")
    assert held.moved == {known_at(b"conf/a.ini"): known_at(b"conf/c.ini")}


def test_a_value_that_nobody_can_tell_is_not_looked_for():
    one = found(place(b"conf/b.ini", renamed_from="conf/a.ini"))
    assert marked([one], [baseline(b"conf/a.ini")], told=False) == [one]


# What the absence of an entry's file says.


def test_a_file_that_is_gone_is_followed_where_the_trail_leads():
    held = baseline(b"conf/a.ini")
    trail = Names(now={b"conf/a.ini": b"etc/b.cfg"}, leads={(b"conf/a.ini", b"etc/b.cfg"): True})
    [out] = marked([found(place(b"etc/b.cfg"))], [held], trail)
    assert out.allowed == "in the baseline known.txt, under the file's former name conf/a.ini"
    assert trail.staged == [""]


def test_a_staged_file_is_read_as_it_is_staged():
    trail = Names(leads={(b"conf/a.ini", b"etc/a.ini"): True})
    [out] = marked([found(place(b"etc/a.ini", kind="index", object="0b1ec7"))], [baseline(b"conf/a.ini")], trail)
    assert out.baselined
    assert trail.staged == ["0b1ec7"]


def test_a_file_that_is_still_there_was_not_renamed():
    trail = Names([b"conf/a.ini"], leads={(b"conf/a.ini", b"conf/b.ini"): True})
    one = found(place(b"conf/b.ini"))
    assert marked([one], [baseline(b"conf/a.ini")], trail) == [one]
    assert trail.asked == []


def test_without_a_trail_nothing_is_taken_for_gone():
    one = found(place(b"conf/b.ini"))
    assert marked([one], [baseline(b"conf/a.ini")]) == [one]


@pytest.mark.parametrize(
    ("new", "says", "expected"),
    [(b"conf/b.ini", None, True), (b"etc/a.ini", None, True), (b"conf/b.yml", None, False), (b"etc/b.ini", None, False), (b"conf/b.ini", False, False)],
)
def test_a_guess_needs_a_likeness_and_a_trail_that_does_not_object(new, says, expected):
    held = baseline(b"conf/a.ini")
    [out] = marked([found(place(new))], [held], Names(leads={(b"conf/a.ini", new): says}))
    assert out.baselined is expected
    assert held.stale == ([] if expected else [known_at(b"conf/a.ini")])


def test_what_the_trail_says_goes_before_a_guess():
    held = baseline(b"conf/a.ini", b"far/z.cfg")
    trail = Names(leads={(b"far/z.cfg", b"conf/b.ini"): True})
    marked([found(place(b"conf/b.ini"))], [held], trail)
    assert list(held.moved) == [known_at(b"far/z.cfg")]
    assert trail.asked == [(b"conf/a.ini", b"conf/b.ini"), (b"far/z.cfg", b"conf/b.ini")]


def test_an_entry_is_followed_to_one_place():
    out = marked([found(place(b"conf/b.ini")), found(place(b"conf/c.ini"))], [baseline(b"conf/a.ini")], Names())
    assert [each.baselined for each in out] == [True, False]


def test_an_entry_of_another_value_says_nothing():
    held = Baseline("known.txt", None, {known_at(b"conf/a.ini", b"letmein"): "generic-password"})
    one = found(place(b"conf/b.ini"))
    assert marked([one], [held], Names(leads={(b"conf/a.ini", b"conf/b.ini"): True})) == [one]


@pytest.mark.parametrize(("inner", "expected"), [(b"x.ini", True), (b"y.ini", False), (None, False)])
def test_in_an_archive_it_is_the_same_member(inner, expected):
    trail = Names(leads={(b"a.zip", b"b.zip"): True})
    [out] = marked([found(place(b"b.zip", inner))], [baseline(b"a.zip!/x.ini")], trail)
    assert out.baselined is expected
    assert trail.asked == ([(b"a.zip", b"b.zip")] if expected else [])


# The file of a baseline, where it does not hold.


def test_a_file_that_is_too_large_is_refused_and_one_that_just_fits_is_read(tmp_path, monkeypatch):
    path = tmp_path / "known.txt"
    path.write_bytes(baseline(b"conf/a.ini").text().encode())
    monkeypatch.setattr(baseline_file, "MAX_BYTES", path.stat().st_size)
    assert list(load(str(path)).entries) == [known_at(b"conf/a.ini")]
    monkeypatch.setattr(baseline_file, "MAX_BYTES", path.stat().st_size - 1)
    with pytest.raises(ConfigError, match="larger than 0 MiB"):
        load(str(path))


@pytest.mark.parametrize("mark_of_git", ["<<<<<<< ours", "=======", ">>>>>>> theirs", "||||||| base"])
def test_a_merge_that_was_not_finished_is_said_with_its_line(mark_of_git):
    with pytest.raises(ConfigError, match="line 3 is a mark of a merge that was not finished"):
        parse(f"{HEADER}\n# key project {KEY.key_id}\n{mark_of_git}\n".encode(), "known.txt")
