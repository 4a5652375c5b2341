"""The command line of the benchmarks."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile

from benchmarks import machine, tools
from benchmarks.measure import say
from benchmarks.readme import README, update
from benchmarks.session import Section, Session, Unavailable

BENCHMARKS = ("staged", "tree", "large", "image", "history", "engines", "decoders", "labels", "bruteforce", "rules", "cost", "redact")


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; 1 where a benchmark could not run or shows a promise broken, 2 where leaksieve itself is missing."""
    options = parser().parse_args(arguments)
    try:
        leaksieve = tools.find(tools.LEAKSIEVE)
    except tools.NoTool as missing:
        say(f"{missing}: install it, or set LEAKSIEVE_BENCH_LEAKSIEVE")
        return 2
    peers, absent = _peers(options.without)
    names = BENCHMARKS if options.name == "all" else (options.name,)
    facts = machine.facts()
    versions = {tool.name: tool.version for tool in (leaksieve, *peers)}
    head = [machine.line(facts), "Versions: " + ", ".join(f"{name} {version}" for name, version in versions.items()) + "".join(f"; {line}" for line in absent)]
    print("\n".join(head) + "\n", flush=True)
    results: dict[str, object] = {}
    failed = False
    with tempfile.TemporaryDirectory(prefix="leaksieve-bench-", dir=options.temp) as temp:
        home = os.path.join(temp, "home")
        os.mkdir(home)
        session = Session(leaksieve, tuple(peers), tools.environment(home), temp, options.runs, options.megabytes, options.locked, options.repos)
        for name in names:
            try:
                sections = importlib.import_module(f"benchmarks.{name}").bench(session)
            except Unavailable as reason:
                failed = True
                print(f"## {name}\n\nnot run: {reason}\n", flush=True)
                continue
            text = rendered(sections)
            failed = failed or any(section.failed for section in sections)
            print(f"## {name}\n\n{text}\n", flush=True)
            results[name] = [section._asdict() for section in sections]
            if options.update_readme:
                update(README, name, "\n\n".join((*head, text)))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"machine": facts, "versions": versions, "absent": absent, "results": results}, file, indent=1)
    return 1 if failed else 0


def parser() -> argparse.ArgumentParser:
    """The options."""
    about = "Measures leaksieve beside other scanners and against itself; benchmarks/README.md says how."
    out = argparse.ArgumentParser(prog="python -m benchmarks", description=about)
    out.add_argument("name", choices=(*BENCHMARKS, "all"))
    out.add_argument("--runs", type=int, default=0, metavar="N", help="timed rounds (default: each benchmark's own number)")
    out.add_argument("--json", metavar="FILE", help="write every single run")
    out.add_argument("--update-readme", action="store_true", help="put the tables into benchmarks/README.md")
    out.add_argument("--without", action="append", default=[], choices=tools.PEERS, help="leave a scanner out (repeatable)")
    out.add_argument("--megabytes", type=int, default=200, metavar="N", help="bruteforce: how much to search (default 200)")
    out.add_argument("--repos", type=_names, default=(), metavar="A,B", help="history: only the clones of these names")
    out.add_argument("--locked", action="store_true", help="labels: score the locked repositories too")
    out.add_argument("--temp", metavar="DIR", help="where the temporary folder is made (up to 3 GB)")
    return out


def rendered(sections: list[Section]) -> str:
    """Sections as Markdown."""
    return "\n\n".join("\n\n".join((f"**{section.title}**", section.table, *section.notes)) for section in sections)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _peers(without: list[str]) -> tuple[list[tools.Tool], list[str]]:
    peers, absent = [], []
    for name in tools.PEERS:
        if name in without:
            absent.append(f"{name} left out")
            continue
        try:
            peers.append(tools.find(name))
        except tools.NoTool as missing:
            absent.append(str(missing))
    return peers, absent


if __name__ == "__main__":
    sys.exit(main())
