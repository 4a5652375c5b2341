"""Folding places into findings."""

import itertools

import pytest

from leaksieve.engine.checks import SILENT, Proof
from leaksieve.findings.dedupe import RuleFacts, fold
from leaksieve.findings.fingerprint import key_for
from leaksieve.model import Located, Provenance
from leaksieve.secret import Secret

TOKEN = b"tok_" + b"a1B2c3D4" * 3
OTHER = b"tok_" + b"z9Y8x7W6" * 3
RULES = {
    "acme-token": RuleFacts("acme-token", "Acme token", "acme", "high", "high", ("cwe-798",), "crc32-acme", b"tok_", {"impact": "All of it."}),
    "acme-loose": RuleFacts("acme-loose", "Acme, loosely", "acme", "high", "low", (), "", b"", {}),
    "generic-key": RuleFacts("generic-key", "Generic key", "generic", "medium", "medium", ("generic",), "none", b"", {}),
}


def place(path=b"a.py", start=10, value=TOKEN, rule="acme-token", **more):
    details = more.pop("details", {})
    archive = more.pop("archive", None)
    base = Located(
        rule, Secret(value), (), Provenance(more.pop("kind", "file"), path, details, archive),
        1, 1, start + 1, start + 1 + len(value), start, start + len(value), (), "context", "", False, "hash:1",
    )  # fmt: skip
    return base._replace(**more)


def folded(*places, **options):
    return fold(places, rules=RULES.__getitem__, fingerprinter=key_for(None, "p", None), **{"reveal": False, **options})


def test_one_finding_per_secret_with_all_its_places():
    one, two = folded(place(b"b.py"), place(b"a.py", 50), place(b"a.py", 5, OTHER), place(b"a.py"))
    assert [(o.path, o.byte_start) for o in one.occurrences] == [(b"a.py", 5)]
    assert [(o.path, o.byte_start) for o in two.occurrences] == [(b"a.py", 10), (b"a.py", 50), (b"b.py", 10)]
    assert one.fingerprint != two.fingerprint
    assert two.secret == "tok_a1B2…D4"
    assert two.occurrences[0].source == {"kind": "file"}
    assert (two.rule_name, two.proof, two.verdict, two.links, two.remediation) == ("Acme token", "none", "unknown", (), {"impact": "All of it."})


def test_order_of_input_does_not_matter():
    places = [place(b"b.py"), place(b"a.py", rule="acme-loose"), place(b"a.py"), place(b"a.py", 7, OTHER, allowed="x")]
    results = [folded(*permutation) for permutation in itertools.permutations(places)]
    assert all(result == results[0] for result in results)


def test_location_ids_survive_line_shifts_and_tell_places_apart():
    before = folded(place(start=10), place(start=90), place(b"b.py"))[0]
    after = folded(place(start=110, start_line=4), place(start=190, start_line=9), place(b"b.py"))[0]
    ids = [o.location_id for o in before.occurrences]
    assert ids == [o.location_id for o in after.occurrences]
    assert len(set(ids)) == 3
    assert all(len(location_id) == 16 for location_id in ids)


def test_location_ids_at_head_do_not_depend_on_history():
    head = place(start=50, kind="git", details={"object": "1" * 40, "at_head": True})
    old = place(start=10, kind="git", details={"object": "2" * 40, "at_head": False})
    (alone,), (both,) = folded(head), folded(head, old)
    assert [o.byte_start for o in both.occurrences] == [10, 50]
    assert both.occurrences[1].location_id == alone.occurrences[0].location_id
    assert both.occurrences[0].location_id != alone.occurrences[0].location_id


def layered(index, step, *, gone, start=10):
    details = {"image": "app:1", "layer": f"sha256:{index}{step}", "layer_index": index, "created_by": step, "deleted_later": gone, "where": "file"}
    return place(start=start, kind="image", details=details)


@pytest.mark.parametrize("steps", ["abc", "cba", "bca"])
def test_of_the_layers_of_an_image_the_visible_one_comes_first_then_the_top_one(steps):
    layers = [layered(index, step, gone=index != 1) for index, step in enumerate(steps)]
    for order in itertools.permutations(layers):
        (finding,) = folded(*order)
        assert [one.source["layer_index"] for one in finding.occurrences] == [1, 2, 0]


@pytest.mark.parametrize("steps", ["ab", "ba"])
@pytest.mark.parametrize("gone", [True, False])
def test_location_ids_in_an_image_do_not_depend_on_layers_below_nor_on_their_steps(steps, gone):
    below = layered(0, steps[0], gone=True)
    top = [layered(1, steps[1], gone=gone, start=start) for start in (10, 90)]
    (alone,), (both,) = folded(*top), folded(below, *top)
    ids = [one.location_id for one in both.occurrences if one.source["layer_index"]]
    assert ids == [one.location_id for one in alone.occurrences]
    assert len({one.location_id for one in both.occurrences}) == 3


def test_location_ids_differ_by_archive_path():
    (finding,) = folded(place(archive=b"x"), place(archive=b"y"), place())
    assert len({o.location_id for o in finding.occurrences}) == 3
    assert [o.archive_path for o in finding.occurrences] == [None, b"x", b"y"]


def test_weak_values_are_findings_per_path():
    findings = folded(place(b"a.py", value=b"changeme", rule="generic-key"), place(b"b.py", value=b"changeme", rule="generic-key"))
    assert len(findings) == 2
    assert findings[0].secret == "(8 characters: lower)"
    inner = folded(*(place(b"a.zip", value=b"changeme", rule="generic-key", archive=name) for name in (b"x", b"y")))
    assert len(inner) == 2


def test_without_dedupe_every_place_is_a_finding():
    places = [place(start=10), place(start=90)]
    (together,) = folded(*places)
    apart = folded(*places, dedupe=False)
    assert [f.occurrences[0] for f in apart] == list(together.occurrences)
    assert {f.fingerprint for f in apart} == {together.fingerprint}


def test_rules_of_a_family_share_a_finding_and_the_strongest_names_it():
    (finding,) = folded(place(rule="acme-loose", parts=(("user", Secret(b"bob")),)), place(), place(start=90, rule="acme-loose"))
    assert finding.rule_id == "acme-token"
    assert [o.byte_start for o in finding.occurrences] == [10, 90]
    (loose,) = folded(place(rule="acme-loose"), place(rule="acme-loose"))
    assert (loose.rule_id, len(loose.occurrences), loose.proof) == ("acme-loose", 1, "none")


def test_an_allow_for_one_rule_does_not_hide_what_another_found():
    (finding,) = folded(place(allowed="inline comment leaksieve:allow[acme-token]"), place(rule="acme-loose"))
    assert finding.rule_id == "acme-token"
    assert finding.allowed == ""


def test_same_place_in_two_versions_is_two_occurrences():
    (finding,) = folded(place(kind="git", details={"object": "1"}), place(kind="git", details={"object": "2"}))
    assert [o.source["object"] for o in finding.occurrences] == ["1", "2"]


def test_allowed_and_present_only_if_all_places_are():
    def state(*places):
        (finding,) = folded(*places)
        return finding.allowed, finding.already_present

    yes = {"already_present": True}
    assert state(place(allowed="a", **yes), place(start=90, allowed="a", **yes)) == ("a", True)
    assert state(place(allowed="a", **yes), place(start=90, allowed="b")) == ("a; b", False)
    assert state(place(allowed="a"), place(start=90)) == ("", False)


def test_parts_are_masked_too_and_reveal_shows_all():
    located = place(parts=(("user", Secret(b"bob")), ("key", Secret(b"\xffabc"))))
    assert folded(located)[0].parts == (("user", "bob"), ("key", "(4 characters: lower, other)"))
    (revealed,) = folded(located, reveal=True)
    assert revealed.secret == TOKEN.decode()
    assert revealed.parts == (("user", "bob"), ("key", "\\xffabc"))


@pytest.mark.parametrize(
    ("paths", "severity", "tags"),
    [
        ([b"tests/a.py"], "info", ("generic", "test")),
        ([b"tests/a.py", b"tests/b.py"], "info", ("generic", "test")),
        ([b"src/a.py", b"tests/a.py"], "medium", ("generic",)),
        ([b"tests/a.py", b"uses/a.py"], "medium", ("generic",)),
    ],
)
def test_one_place_outside_the_tests_is_enough(paths, severity, tags):
    (finding,) = folded(*(place(path, rule="generic-key") for path in paths))
    assert (finding.severity, finding.tags) == (severity, tags)


def test_tags_are_not_doubled():
    facts = RULES["generic-key"]._replace(tags=("generic", "test"))
    (finding,) = fold([place(b"tests/a.py", rule="generic-key")], rules=lambda _: facts, fingerprinter=key_for(None, None, None), reveal=False)
    assert finding.tags == ("generic", "test")


def test_the_check_is_asked_where_the_rule_has_one():
    asked = []

    def prove(rule_id, where):
        asked.append((rule_id, where.secret.reveal()))
        return Proof(False, {"account": "7"})

    one, two = folded(place(), place(b"b.py", value=OTHER, rule="generic-key"), prove=prove)
    assert (one.proof, two.proof) == ("none", "none")
    assert (one.details, two.details) == ({"account": "7"}, {})
    assert asked == [("acme-token", TOKEN)]


@pytest.mark.parametrize(
    ("passed", "on_failed", "confidence", "proof"),
    [
        (True, "keep", "high", "structural"),
        (True, "lower", "high", "structural"),
        (False, "keep", "medium", "none"),
        (False, "lower", "low", "none"),
        (None, "lower", "medium", "none"),
    ],
)
def test_a_check_moves_the_confidence(passed, on_failed, confidence, proof):
    facts = RULES["acme-token"]._replace(confidence="medium", on_failed_proof=on_failed)
    (finding,) = fold([place()], rules=lambda _: facts, fingerprinter=key_for(None, None, None), reveal=False, prove=lambda *_: Proof(passed))
    assert (finding.confidence, finding.proof) == (confidence, proof)


def test_what_has_expired_is_of_low_severity():
    expired = Proof(True, {"expires": "2020-01-01T00:00:00Z", "expired": True})
    (finding,) = folded(place(), prove=lambda *_: expired)
    assert (finding.severity, finding.tags, finding.details) == ("low", ("cwe-798", "expired"), expired.details)
    (info,) = folded(place(value=b"tok_" + b"a" * 8 + b"EXAMPLE"), prove=lambda *_: expired)
    assert info.severity == "info"
    (live,) = folded(place(), prove=lambda *_: SILENT)
    assert (live.severity, live.tags) == ("high", ("cwe-798",))


def test_paths_inside_archives_count_as_test_paths():
    (finding,) = folded(place(b"src.zip", rule="generic-key", archive=b"tests/a.py"))
    assert finding.severity == "info"


def test_nothing_in_nothing_out():
    assert folded() == []
