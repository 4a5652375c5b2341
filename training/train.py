"""Trains the weights of generic secrets and says how good they are on repositories they have not seen.

usage: train.py LABELS [--rules DIR] [--more DIR ...] [--write]

LABELS (or LABELLED_FILES) is a CredData build (``meta/*.csv`` and ``data/``).  ``--rules`` takes rule files
in place of the built-in ones, ``--more`` adds source trees without labels, whose candidates outside tests count as
false.  ``--write`` writes src/leaksieve/ruleset/weights.py.  Needs numpy and scikit-learn.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import sys
import time
from collections import Counter, defaultdict
from typing import Any, NamedTuple

import labels
import numpy as np
from candidates import Found, candidates, files_under
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from leaksieve.findings.triage import is_test_path
from leaksieve.ruleset import features
from leaksieve.ruleset.generic import bare_is_code, impossible
from leaksieve.ruleset.safe import machine_made, translated
from leaksieve.ruleset.values import placeholder

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "..", "src", "leaksieve", "ruleset", "weights.py")
# One unit of log-odds in the shipped integers.
SCALE = 32
# A property counts only if this many repositories show it: what one repository has says nothing of the next.
REPOSITORIES = 3
FOLDS = 9
# From which log-odds a candidate is reported with low, medium and high confidence; chosen from the tables this prints.
CUTS = (-0.6, 0.0, 2.0)
STRENGTH = 0.25
# Kinds of label that have no form of their own, so that a generic rule is meant to find them.
GENERIC = {
    "Key", "Password", "Token", "UUID", "Auth", "API", "Secret", "Credential", "Nonce", "Salt", "Other", "CMD Password", "CMD Secret", "CMD Token", "Dropbox App secret",
}  # fmt: skip


class Example(NamedTuple):
    """A candidate with its truth (T, F, X, or U where no label speaks of it) and its properties."""

    found: Found
    repository: str
    truth: str
    line: list[str]
    path: tuple[str, ...]
    rejected: str


def examples(root: str, rules: str | None) -> tuple[list[Example], dict[str, list[labels.Label]]]:
    """Labelled candidates, one for each value and place."""
    known = labels.read(root)
    found: list[Example] = []
    seen: set[tuple[str, int, int]] = set()
    for one in candidates(files_under(os.path.join(root, "data"), "data/"), rules):
        before = len(one.text[: one.start].decode("utf-8", "replace"))
        value = len(one.text[one.start : one.end].decode("utf-8", "replace"))
        # The offsets of long lines are not those of the line; such candidates are judged by line alone.
        key = (one.path, one.line, one.end, one.start)
        if key in seen:
            continue
        seen.add(key)
        hits = {label.truth for label in known.get(one.path, ()) if labels.hit(label, one.line + 1, before, before + value)}
        truth = "T" if "T" in hits else "X" if "X" in hits else "F" if hits else "U"
        found.append(example(one, one.path.split("/")[1], truth))
    return found, known


def example(one: Found, repository: str, truth: str) -> Example:
    """The properties of a candidate."""
    seen = features.candidate(one.text, one.begin, one.start, one.end)
    rejected = impossible(one.rule, seen.head, seen.value, seen.after, seen.before)
    if not rejected and placeholder(seen.value):
        rejected = "placeholder"
    path = one.path.encode()
    quoting = features.quoting(seen)
    if not rejected and (
        machine_made(path) or (quoting == "b" and bare_is_code(path)) or (translated(path) and not any(48 <= byte <= 57 for byte in seen.value))
    ):
        rejected = "path"
    line = features.of_line(seen) if not rejected else ["?"]
    path = features.of_path(one.path.encode(), line[0], quoting) if not rejected else ()
    return Example(one, repository, truth, line, path, rejected)


def weights_of(given: list[Example]) -> np.ndarray[Any, Any]:
    """What each example counts: repeated ones less, and no repository more than a few others together."""
    same = Counter((one.repository, one.truth, one.found.text[one.found.start : one.found.end]) for one in given)
    alike = Counter((one.repository, one.truth, tuple(sorted(one.line))) for one in given)
    weight = np.array(
        [
            1
            / math.sqrt(
                max(same[one.repository, one.truth, one.found.text[one.found.start : one.found.end]], alike[one.repository, one.truth, tuple(sorted(one.line))])
            )
            for one in given
        ]
    )
    for truth in "TN":
        sums: Counter[str] = Counter()
        for one, w in zip(given, weight, strict=True):
            if (one.truth == "T") == (truth == "T"):
                sums[one.repository] += w
        usual = 3 * np.median(list(sums.values()))
        for place, one in enumerate(given):
            if (one.truth == "T") == (truth == "T") and sums[one.repository] > usual:
                weight[place] *= math.sqrt(usual / sums[one.repository])
    return weight


class Model:
    """Weights by property, in units of log-odds."""

    def __init__(self, given: list[Example], strength: float = STRENGTH) -> None:
        places: dict[str, set[str]] = defaultdict(set)
        for one in given:
            for name in (*one.line, *one.path):
                places[name].add(one.repository)
        names = sorted(name for name, repositories in places.items() if len(repositories) >= REPOSITORIES)
        self.index = {name: number for number, name in enumerate(names)}
        self.names = names
        fit = LogisticRegression(C=strength, max_iter=3000, solver="lbfgs")
        fit.fit(self.matrix(given), [one.truth == "T" for one in given], sample_weight=weights_of(given))
        self.weights = fit.coef_[0]
        self.start = float(fit.intercept_[0])

    def matrix(self, given: list[Example]) -> csr_matrix:
        rows, columns = [], []
        for row, one in enumerate(given):
            for name in {*one.line, *one.path}:
                number = self.index.get(name)
                if number is not None:
                    rows.append(row)
                    columns.append(number)
        return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(given), len(self.names)))

    def scores(self, given: list[Example]) -> np.ndarray[Any, Any]:
        """Log-odds of being a credential."""
        return self.matrix(given) @ self.weights + self.start


def cross_validated(given: list[Example], extra: list[Example], strength: float = STRENGTH) -> np.ndarray[Any, Any]:
    """Scores of examples by models that have not seen their repository."""
    repositories = sorted({one.repository for one in given}, key=lambda name: hashlib.sha256(name.encode()).digest())
    scores = np.zeros(len(given))
    for fold in range(FOLDS):
        out = set(repositories[fold::FOLDS])
        model = Model([one for one in given if one.repository not in out] + extra, strength)
        places = [place for place, one in enumerate(given) if one.repository in out]
        scores[places] = model.scores([given[place] for place in places])
    return scores


class Count(NamedTuple):
    """Labels found and wrongly found by one repository's candidates above a cut."""

    right: int
    wrong: int
    missed: int
    unlabelled: int


def counts(given: list[Example], scores: np.ndarray[Any, Any], known: dict[str, list[labels.Label]], cut: float) -> dict[str, Count]:
    """By repository, what is reported above the cut: labels hit, as the scorer of the data set counts them (generic kinds, bare UUIDs left out)."""
    shown: dict[str, dict[int, list[Example]]] = defaultdict(lambda: defaultdict(list))
    for one, score in zip(given, scores, strict=True):
        if score >= cut:
            shown[one.found.path][one.found.line + 1].append(one)
    total: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for path, all_labels in known.items():
        repository = path.split("/")[1]
        for label in all_labels:
            if label.kinds - GENERIC or label.kinds == {"UUID"}:
                continue
            hit = False
            for line in range(label.first, label.last + 1):
                for one in shown.get(path, {}).get(line, ()):
                    before = len(one.found.text[: one.found.start].decode("utf-8", "replace"))
                    value = len(one.found.text[one.found.start : one.found.end].decode("utf-8", "replace"))
                    hit = hit or (labels.hit(label, line, before, before + value) and (label.truth == "T" or one.truth != "T"))
            if label.truth == "T":
                total[repository][0 if hit else 2] += 1
            elif hit:
                total[repository][1] += 1
    for one, score in zip(given, scores, strict=True):
        if score >= cut and one.truth == "U":
            total[one.repository][3] += 1
    return {name: Count(*values) for name, values in total.items()}


def f1(of: list[Count]) -> tuple[float, float, float]:
    """Precision, recall, F1 (examples, X, counted as wrong)."""
    right, wrong, missed = (sum(column) for column in list(zip(*of, strict=True))[:3])
    precision, recall = right / max(right + wrong, 1), right / max(right + missed, 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def interval(by_repository: dict[str, Count], rounds: int = 1000) -> tuple[float, float]:
    """90 % interval of F1 when repositories are drawn again with replacement."""
    rng = np.random.default_rng(1)
    values = list(by_repository.values())
    drawn = sorted(f1([values[place] for place in rng.integers(0, len(values), len(values))])[2] for _ in range(rounds))
    return drawn[rounds // 20], drawn[-rounds // 20]


def main() -> None:
    """Train, report, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="?", default=os.environ.get("LABELLED_FILES"))
    parser.add_argument("--rules")
    parser.add_argument("--more", action="append", default=[])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--strength", type=float, default=STRENGTH)
    options = parser.parse_args()
    if not options.labels:
        parser.error("no folder of labelled files given, and LABELLED_FILES is not set")
    everything, known = examples(options.labels, options.rules)
    lost = Counter((one.rejected, one.truth) for one in everything if one.rejected)
    for reason in sorted({reason for reason, _ in lost}):
        print(f"  hard rule {reason:20}", " ".join(f"{truth} {lost[reason, truth]}" for truth in "TXFU"))
    given = [one for one in everything if not one.rejected]
    extra = []
    for folder in options.more:
        for found in candidates(files_under(folder), options.rules):
            one = example(found, f"more/{os.path.basename(folder)}/{found.path.split('/')[0]}", "U")
            if not one.rejected and not is_test_path(found.path.encode()):
                extra.append(one)
    print(f"candidates {len(everything)}, judged {len(given)}:", dict(Counter(one.truth for one in given)), f"more {len(extra)}")
    scores = cross_validated(given, extra, options.strength)
    print("\ncut    precision recall  F1     (cross-validated over repositories; generic kinds without bare UUIDs)")
    for cut in np.arange(-2.0, 3.1, 0.5):
        by_repository = counts(given, scores, known, cut)
        precision, recall, middle = f1(list(by_repository.values()))
        low, high = interval(by_repository)
        unlabelled = sum(one.unlabelled for one in by_repository.values()) / max(sum(one.right for one in by_repository.values()), 1)
        print(f"{cut:5.1f}  {precision:.3f}     {recall:.3f}   {middle:.3f}  [{low:.3f}, {high:.3f}]  unlabelled per T {unlabelled:.2f}")
    print("\ncalibration: log-odds, candidates, share right")
    for low in np.arange(-4, 6, 1.0):
        inside = [one.truth == "T" for one, score in zip(given, scores, strict=True) if low <= score < low + 1]
        if inside:
            print(f"{low:5.0f}..{low + 1:<3.0f} {len(inside):5} {sum(inside) / len(inside):.3f}   expected {1 / (1 + math.exp(-low - 0.5)):.3f}")
    model = Model(given + extra, options.strength)
    print(f"\nproperties {len(model.names)}, in-sample:", *[f"{part:.3f}" for part in f1(list(counts(given, model.scores(given), known, 0.0).values()))])
    if options.write:
        write(model, options.labels)


def write(model: Model, root: str) -> None:
    """Write the weights as a module."""
    digest = hashlib.sha256()
    for folder, folders, names in os.walk(os.path.join(root, "meta")):
        folders.sort()
        for name in sorted(names):
            with open(os.path.join(folder, name), "rb") as file:
                digest.update(name.encode() + b"\0" + file.read())
    whole = {name: round(weight * SCALE) for name, weight in zip(model.names, model.weights, strict=True)}
    kept = {name: weight for name, weight in whole.items() if weight}
    lines, line = [], ""
    for name in sorted(kept):
        # A blank parts the pairs, so that one in a name is written as its number.
        pair = f"{name.replace('%', '%25').replace(' ', '%20')} {kept[name]}"
        if len(line) + len(pair) > 150:
            lines.append(line)
            line = ""
        line += (" " if line else "") + pair
    lines.append(line)
    body = "\n".join(lines).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    with open(TARGET, "w", encoding="ascii") as file:
        file.write(
            f'''"""What the properties of a candidate weigh (see ``features``); written by training/train.py, not by hand.

Trained on the development split of CredData (labels: Apache-2.0; the files labelled: MIT, Apache-2.0, BSD and ISC),
labels' SHA-256 {digest.hexdigest()}, on {time.strftime("%Y-%m-%d", time.gmtime())}.
Properties are shapes, ordinary words and syntax seen in {REPOSITORIES} repositories or more; no value is kept.
"""

from __future__ import annotations

# Units of the weights in one unit of log-odds.
SCALE = {SCALE}
START = {round(model.start * SCALE)}
# From which sum a candidate is of low, medium and high confidence.
CUTS = ({", ".join(str(round(cut * SCALE)) for cut in CUTS)})
WEIGHTS = r"""
{body}
"""
'''
        )


if __name__ == "__main__":
    sys.exit(main())
