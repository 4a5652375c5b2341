"""The scorer: explained, cheap to load, with nothing of its training in it."""

import csv
import glob
import os
import re
import subprocess
import sys

import pytest

from leaksieve.engine.scorer import explain
from leaksieve.ruleset import features, scorer, vocabulary_data, weights

VALUE = re.compile(rb"(?i)password[\"']?[ ]*[=:][ ]*[\"']?(?P<secret>[^\"'\s]+)")


def explained(line, path=b"app.yml", rule="generic-password"):
    return explain(rule, VALUE.search(line), path)


def test_a_kept_candidate_is_explained_in_words():
    confidence, reasons = explained(b'password = "k9Xv2QpLm7RtZw4N"')
    assert confidence in {"medium", "high"}
    assert sum(weight for _, weight in reasons) > 0
    assert [abs(weight) for _, weight in reasons] == sorted((abs(weight) for _, weight in reasons), reverse=True)
    assert all(" " in words and words[0].islower() for words, _ in reasons)


def test_the_reasons_add_up_to_the_verdict():
    line = b'password = "k9Xv2QpLm7RtZw4N"'
    match = VALUE.search(line)
    total = sum(weight for _, weight in explained(line)[1]) + scorer.cuts()["start"]
    said = scorer.weigh(line, match.start(), *match.span("secret"))
    by_path = sum(scorer._weights().get(name, 0) for name in set(features.of_path(b"app.yml", "pass", "q")))
    assert total == pytest.approx((int(said[4:]) + by_path) / weights.SCALE)


def test_a_weak_candidate_is_explained_too():
    confidence, reasons = explained(b'password = "correcthorse"')
    assert confidence == "weak"
    assert any("words" in words and weight < 0 for words, weight in reasons)


@pytest.mark.parametrize(
    ("line", "path", "reason"),
    [
        (b"password: ${DB_PASSWORD}", b"a.yml", "reference"),
        (b"password = k9Xv2QpLm7RtZw4N", b"a.py", "identifier"),
        (b'password = "k9Xv2QpLm7RtZw4N"', b"yarn.lock", "path"),
        (b'password = "changeme12"', b"a.yml", "placeholder"),
        (b'password = "vault:v1:c2VjcmV0"', b"a.yml", "reference"),
        (b'password = "$2b$12$abcdefghijklmnopqrstuv"', b"a.yml", "known-safe-shape"),
    ],
)
def test_a_hard_rule_is_named(line, path, reason):
    said, reasons = explained(line, path)
    assert said == reason
    assert len(reasons) == 1
    assert reasons[0][1] == 0


def test_every_property_has_words():
    for name in scorer._weights():
        assert scorer._in_words(name) != name


def test_weights_are_integers_and_cuts_rise():
    assert all(isinstance(weight, int) and weight for weight in scorer._weights().values())
    assert list(weights.CUTS) == sorted(set(weights.CUTS))
    assert all(isinstance(cut, int) for cut in weights.CUTS)
    assert weights.CUTS[2] - weights.CUTS[1] >= weights.SCALE


def test_the_model_says_where_it_comes_from():
    text = weights.__doc__
    for fact in ("CredData", "Apache-2.0", "SHA-256", "training/train.py", "on 20"):
        assert fact in text


def test_no_tables_are_loaded_for_code():
    program = (
        "import sys\nfrom leaksieve.engine.matcher import Engine\nfrom leaksieve.ruleset.load import load\n"
        "engine = Engine(load())\nengine.scan(b'password = settings.password\\ntoken = parser.next_token()\\n', b'a.py')\n"
        "assert 'leaksieve.ruleset.weights' not in sys.modules, 'tables'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def _shipped():
    """Every piece of text in the shipped tables, in lower case."""
    pieces = {word.decode() for word in vocabulary_data.WORDS}
    for name in scorer._weights():
        pieces |= {name.lower(), *(piece.lower() for piece in re.split(r"[:_/]", name))}
    return pieces


def test_tables_hold_short_pieces_only():
    assert set(vocabulary_data.LETTERS) <= set(b"0123456789")
    assert len(vocabulary_data.LETTERS) == 26**3
    assert all(re.fullmatch(rb"[a-z]{3,16}", word) for word in vocabulary_data.WORDS)
    assert all(len(name) <= 40 for name in scorer._weights())


def test_no_labelled_value_can_be_read_back():
    root = os.environ.get("LABELLED_FILES")
    if not root or not os.path.isdir(os.path.join(root, "meta")):
        pytest.skip("LABELLED_FILES names no folder of labelled files: that no value can be read back was NOT tested")
    values = set()
    for name in glob.glob(os.path.join(root, "meta", "*.csv")):
        with open(name, encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["GroundTruth"] == "T" and row["LineStart"] == row["LineEnd"] and row["ValueStart"]]
        for row in rows:
            with open(os.path.join(root, row["FilePath"]), encoding="utf-8", errors="replace", newline="") as file:
                line = file.read().split("\n")[int(row["LineStart"]) - 1]
            values.add(line[int(row["ValueStart"]) : int(row["ValueEnd"] or 0)].lower())
    values = {value for value in values if len(value) >= 6}
    assert len(values) > 500
    shipped = _shipped()
    assert values & shipped == set()
    weighed = " ".join(name for name in scorer._weights()).lower()
    assert [value for value in values if value in weighed] == []
