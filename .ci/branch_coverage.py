"""Fails when fewer branches of a package than wanted are taken by the tests: ``branch_coverage.py REPORT PERCENT PACKAGE...``."""

import json
import sys
from collections import Counter
from pathlib import Path

report, percent, *packages = sys.argv[1:]
total: Counter[str] = Counter()
taken: Counter[str] = Counter()
missing = []
for name, file in json.loads(Path(report).read_text(encoding="utf-8"))["files"].items():
    package = name.replace("\\", "/").rpartition("leaksieve/")[2].split("/")[0]
    summary = file["summary"]
    total[package] += summary["num_branches"]
    taken[package] += summary["covered_branches"]
    if package in packages and summary["covered_branches"] < summary["num_branches"]:
        missing.append(f"  {name}: " + ", ".join(f"{a}->{b}" for a, b in file["missing_branches"]))
short = []
for package in packages:
    share = 100 * taken[package] / total[package] if total[package] else 0.0
    print(f"leaksieve.{package}: {share:.1f} % of {total[package]} branches")  # noqa: T201
    if share < float(percent):
        short.append(package)
if short:
    sys.exit("\n".join([f"below {percent} %: {', '.join(short)}; not taken:", *missing]))
