"""Both prefilters on real trees: the same findings and the same skips, as JSON."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from typing import Any

from benchmarks import figures
from benchmarks.measure import say
from benchmarks.session import Section, Session
from benchmarks.tree import exported

ENGINES = ("aho-corasick", "hyperscan")


def bench(session: Session) -> list[Section]:
    """Compare every place of every finding on every repository."""
    rows: list[tuple[str, ...]] = []
    data = []
    broken = False
    for name, folder, files, size in exported(session):
        answers: list[Any] = []
        for engine in ENGINES:
            say(f"Engines: {name}, {engine}")
            report = os.path.join(session.temp, "engine.json")
            # Rules that may time out get the time they need: when a clock decides, no two runs need agree.
            options = ("--engine", engine, "--confidence", "low", "--severity", "info", "--rule-timeout", "600s", "--exit-zero", "--allow-incomplete", "-q")
            done = session.call("dir", ".", *options, "-f", "json", "-o", report, cwd=folder)
            if done.returncode != 0:
                answers.append(None)
                rows.append((name, engine, "", "", f"exit {done.returncode}: {done.stderr.strip()[-200:]}", "", ""))
                continue
            with open(report, encoding="utf-8") as file:
                found = json.load(file)
            answers.append(found)
        if None in answers:
            broken = True
            continue
        one, other = map(canonical, answers)
        same = json.dumps(one) == json.dumps(other)
        if answers[0]["coverage"]["engine"] == answers[1]["coverage"]["engine"]:
            verdict = "not compared: one engine only is installed"
        else:
            verdict = "identical" if same else f"DIFFERENT: {difference(one, other)}"
        say(f"Engines: {name}, every match, dropped ones included")
        matches, unlike = in_full(folder)
        broken = broken or not same or unlike.startswith("DIFFERENT")
        what = f"{files:,} files, {size / 1e6:.1f} MB"
        rows.append((name, what, str(len(one["findings"])), str(len(one["skips"])), verdict, f"{matches:,}", unlike or "identical"))
        data.append({"repository": name, "same": same, "findings": len(one["findings"]), "skips": len(one["skips"]), "matches": matches, "unlike": unlike})
    heads = ("tree", "size", "places found", "skips", "verdict", "all matches", "verdict")
    return [Section("Engines: aho-corasick beside hyperscan, low confidence and up", figures.table(heads, rows), data, failed=broken)]


def canonical(report: dict[str, Any]) -> dict[str, list[Any]]:
    """Every place of every finding by path, byte span and rule; and the skips, sorted."""
    places = []
    for finding in report["findings"]:
        kept = {key: finding[key] for key in ("rule_id", "severity", "confidence", "tags", "secret", "parts", "fingerprint", "proof")}
        places += [{**kept, **occurrence} for occurrence in finding["occurrences"]]
    places.sort(key=lambda place: (place["path"], place["byte_start"], place["byte_end"], place["rule_id"], place["decoded"]))
    skips = [skip for source in report["coverage"]["sources"] for skip in source["skipped"]]
    return {"findings": places, "skips": sorted(skips, key=lambda skip: json.dumps(skip, sort_keys=True))}


def in_full(folder: str) -> tuple[int, str]:
    """Both engines in this process on every file: how many matches, filtered and outdone ones included, and the first file they differ on.

    Reports hold few findings where a tree is clean; this compares what lies under them.
    """
    if not find_spec("leaksieve") or not find_spec("hyperscan"):
        return 0, "not compared: leaksieve or hyperscan is not in this Python"
    from leaksieve.engine.matcher import Engine
    from leaksieve.ruleset.load import load

    ruleset = load()
    one, other = (Engine(ruleset, prefilter=name, timeout=600.0) for name in ENGINES)
    total = 0
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                data = file.read()
            left, right = one.scan(data, os.fsencode(name)), other.scan(data, os.fsencode(name))
            total += len(left.matches)
            if spans(left.matches) != spans(right.matches) or left.skips != right.skips:
                return total, f"DIFFERENT on {os.path.relpath(path, folder)}"
    return total, ""


def spans(matches: list[Any]) -> list[tuple[object, ...]]:
    """Matches as values that compare (secrets do not)."""
    return [(match.rule_id, match.span, match.secret_span, match.decoded, match.rejected) for match in matches]


def difference(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> str:
    """The first place that only one of them has."""
    for kind in ("findings", "skips"):
        for left, right, who in ((one, other, ENGINES[0]), (other, one, ENGINES[1])):
            for item in left[kind]:
                if item not in right[kind]:
                    where = f"{item.get('path')} bytes {item.get('byte_start')}-{item.get('byte_end')} {item.get('rule_id', item.get('reason'))}"
                    return f"only {who} has {where}"
    return "order"
