"""The rule reference, ``docs/rules.md``, written from the rules themselves.

``python -m leaksieve.ruleset.reference docs/rules.md`` writes the file; without a path the text goes to standard output.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any

from leaksieve.model import SEVERITIES
from leaksieve.ruleset.load import Ruleset, load
from leaksieve.ruleset.verify_load import load_verifiers

HEAD = """# Rules

Every built-in rule, by provider. This page is generated (`make docs`); `leaksieve rules show RULE` says more about one rule:
its pattern, what its secrets open, and how to revoke them.

* **Severity** is what the credential opens, **confidence** how sure a match is. Findings below `--confidence medium` are not shown unless asked for.
* A rule marked *checked* reads its secrets: check digits or a structure that a random text does not have, or an account or a term that they hold.
* The rule a credential belongs to wins over the generic ones, so a known token in an assignment is reported once, under its own name.
"""

LIVE = """## Live checks
What `--verify` asks, and what the answers mean; without it nothing is asked. Fields in braces are the credential and its parts.
An answer that is none of these says nothing. Unless it says otherwise, a check also makes its request with a made-up credential, once a run,
before any is called active. More: [verification.md](verification.md).
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
    tables = load_verifiers().all
    if tables:
        out += ["", LIVE]
        for table in sorted(tables, key=lambda table: str(table["id"])):
            out += ["", *_live(table)]
    return "\n".join(out) + "\n"


def _live(table: dict[str, Any]) -> list[str]:
    """One live check: every request it makes, and what its answers mean."""
    served = ", ".join(f"`{rule}`" for rule in table["rules"])
    page = f"[the provider's page]({table['documentation']})"
    source = f"written from {page}, read on {table['read']}" if table["read"] else f"not held against {page} yet"
    lines = [f"### {table['id']}", f"Of {served}; {source}."]
    lines.append(f"* Good: {_plain(table['good'])}. Bad: {_plain(table['bad'])}.")
    if "code" in table:
        lines += [f"* {_plain(call)}" for call in table["calls"]]
        reached = ", ".join(f"`{host}`" for host in table["hosts"]) or ("nobody" if table["offline"] else "the configured address")
        lines.append(f"* Reaches {reached}{', or those named with `--verify-ssh`' if table['endpoint'] == 'ssh' else ''}.")
    else:
        asked = [table, *table["more"]]
        lines += [f"* `{one['method']} {one['url']}`" + (f", {_carried(table)}" if one is table else ", if it is active") for one in asked]
        for answer in table["answers"]:
            lines.append(f"* {answer['verdict']}: {_meaning(answer)}" + (f" ({_plain(answer['note'])})" if "note" in answer else ""))
        told = {key: None for one in asked for key in one["tells"]}
        if told:
            lines.append(f"* Tells {', '.join(key.replace('_', ' ') for key in told)}.")
    if table["control"] == "none":
        lines.append("* No made-up credential is sent.")
    if table["endpoint"] and table["endpoint"] != "ssh":
        lines.append(f"* Address of one's own: `verify.endpoints.{table['endpoint']}`.")
    if "revoke" in table:
        ends = table["revoke"]
        lines.append(
            f"* Ends itself by `leaksieve revoke FINDING --yes`: `{ends['method']} {ends['url']}`, {_carried(ends)} ([page]({ends['documentation']})). {_plain(ends['effect'])}"
        )
    return lines


def _carried(table: dict[str, Any]) -> str:
    """How a request carries the credential."""
    auth = table["auth"]
    match auth["scheme"]:
        case "bearer":
            how = f"`Authorization: {auth['prefix']} {{secret}}`"
        case "basic":
            how = f"`Authorization: Basic`, user `{auth['user']}`, password `{auth['password']}`"
        case "header":
            how = f"`{auth['name']}: {auth['value']}`"
        case "query":
            how = f"`?{auth['name']}={auth['value']}`"
        case _:
            how = "the credential in its address" if "{secret" in table["url"] else "the credential in its body or a header"
    how += "".join(f", `{name}: {value}`" for name, value in table["headers"].items())
    body = next((kind for kind in ("form", "json", "body") if kind in table), "")
    return how + (f", with a {body} body: `{json.dumps(table[body])}`" if body else "")


def _meaning(answer: dict[str, Any]) -> str:
    words = ["status " + " or ".join(map(str, answer["status"]))]
    words += [f"`{place}` {_wanted(value)}" for key in ("header", "json") for place, value in answer.get(key, ())]
    words += [f"{how} `{text}`" for key, how in (("contains", "text holds"), ("absent", "text lacks")) for text in answer.get(key, ())]
    return ", ".join(words)


def _wanted(value: Any) -> str:
    if isinstance(value, list):
        return " or ".join(f"`{json.dumps(one)}`" for one in value)
    if isinstance(value, dict):
        ((kind, what),) = value.items()
        return {
            "present": "is there" if what else "is not there",
            "type": f"is a {what}",
            "matches": f"matches `{what}`",
            "not": f"is not `{json.dumps(what)}`",
        }[kind]
    return f"`{json.dumps(value)}`"


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
