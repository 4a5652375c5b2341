"""The JSON Schema of reports, with every object closed."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema


@cache
def closed_schema() -> Any:
    """The shipped schema; a field that it does not document fails."""
    schema = _closed(json.loads(files("leaksieve.reports").joinpath("schema.json").read_text(encoding="utf-8")))
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


@cache
def _validator(kind: str) -> jsonschema.Draft202012Validator:
    schema = closed_schema()
    # Each kind of line by itself: all of them together take minutes to try.
    return jsonschema.Draft202012Validator(schema if not kind else {"$defs": schema["$defs"], **schema["$defs"][f"{kind}Line"]})


def check_report(report: dict[str, Any]) -> None:
    """Raise ValidationError unless the closed schema knows all of a JSON report."""
    _validator("").validate(report)


def check_line(line: dict[str, Any]) -> None:
    """Raise ValidationError unless the closed schema knows a line of JSONL, KeyError for a kind of line it does not name."""
    _validator(str(line["type"])).validate(line)


def _closed(node: Any) -> Any:
    if isinstance(node, dict):
        node = {key: _closed(value) for key, value in node.items()}
        if node.get("type") == "object" and {"properties", "allOf", "oneOf"} & set(node) and "additionalProperties" not in node:
            node["unevaluatedProperties"] = False
        return node
    return [_closed(item) for item in node] if isinstance(node, list) else node
