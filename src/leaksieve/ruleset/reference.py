"""The rule reference, ``docs/rules.md``, written from the rules themselves.

``python -m leaksieve.ruleset.reference docs/rules.md`` writes the file; without a path the text goes to standard output.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from leaksieve.model import SEVERITIES
from leaksieve.ruleset.load import Ruleset, load

HEAD = """# Rules

Every built-in rule, by provider. This page is generated (`make docs`); `leaksieve rules show RULE` says more about one rule:
its pattern, what its secrets open, and how to revoke them.

* **Severity** is what the credential opens, **confidence** how sure a match is. Findings below `--confidence medium` are not shown unless asked for.
* A rule marked *checked* reads its secrets: check digits or a structure that a random text does not have, or an account or a term that they hold.
* The rule a credential belongs to wins over the generic ones, so a known token in an assignment is reported once, under its own name.
"""

TABLE = """## The provider table
Credentials of these providers look like anybody's; they are known by the name they are assigned to (letters, in any case, joined by anything)
and the usual shape of their value. A rule of another section wins over them, and they win over the generic ones.
"""


def reference(ruleset: Ruleset) -> str:
    """The page as Markdown; providers and rule ids in alphabetical order, generic rules last."""
    rules = [ruleset.rule(index) for index in range(len(ruleset.ids))]
    by_provider: dict[str, list[dict[str, Any]]] = {}
    by_table = []
    for rule in rules:
        if "table" in rule:
            by_table.append(rule)
        else:
            by_provider.setdefault(str(rule["provider"]), []).append(rule)
    counts = Counter(rule["severity"] for rule in rules)
    amounts = ", ".join(f"{counts[severity]} {severity}" for severity in reversed(SEVERITIES) if counts[severity])
    out = [HEAD, f"{len(rules)} rules of {len(by_provider) + len(by_table)} providers and families: {amounts}."]
    for provider in sorted(by_provider, key=lambda name: (_is_generic(by_provider[name]), name.lower())):
        out += ["", f"## {_plain(provider)}", "| rule | finds | severity | confidence |", "|---|---|---|---|"]
        out += [_row(rule) for rule in sorted(by_provider[provider], key=lambda rule: str(rule["id"]))]
    if by_table:
        out += ["", TABLE, "| rule | provider | assigned to names with | severity |", "|---|---|---|---|"]
        out += [_table_row(rule) for rule in sorted(by_table, key=lambda rule: str(rule["provider"]).lower())]
    return "\n".join(out) + "\n"


def _table_row(rule: dict[str, Any]) -> str:
    names = ", ".join(f"`{name}`" for name in rule["named"])
    return f"| `{rule['id']}` | [{_plain(rule['provider'])}]({rule['documentation']}) | {names} | {rule['severity']} |"


def _is_generic(rules: list[dict[str, Any]]) -> bool:
    return all("generic" in rule["tags"] for rule in rules)


def _row(rule: dict[str, Any]) -> str:
    name = _plain(rule["name"]) + (", *checked*" if rule["proof"] else "")
    return f"| `{rule['id']}` | {name} | {rule['severity']} | {rule['confidence']} |"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join("\\" + char if char in "\\|*_<>[]`" else char for char in text)


def main(arguments: list[str]) -> None:
    """Write the page to the path given, or to standard output."""
    text = reference(load())
    if arguments:
        with open(arguments[0], "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":  # pragma: no cover - what it calls is tested
    main(sys.argv[1:])
