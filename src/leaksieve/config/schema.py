"""JSON Schema of the configuration file, for editors, and the table of defaults for the documentation."""

from __future__ import annotations

from collections.abc import Mapping

from leaksieve.config import DEFAULTS
from leaksieve.config.fields import ALLOW_FIELDS, DESCRIBING, FIELDS, SECTION_FIELDS, VERIFY_FIELDS, Field

JSON = dict[str, object]

SIZE_PATTERN = r"^ *[0-9]+(\.[0-9]+)? *([bB]|[kKmMgGtT][iI]?[bB])? *$"
TIME_PATTERN = r"^ *[0-9]+(\.[0-9]+)? *(ms|s|m|min|h)? *$"


def schema() -> JSON:
    """Return the schema (draft 2020-12) of ``leaksieve.toml``; keys with hyphens are the same keys."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "leaksieve configuration",
        "description": "leaksieve.toml, .leaksieve.toml, or the table [tool.leaksieve] of pyproject.toml. Every key may be written with hyphens too.",
        "type": "object",
        "additionalProperties": False,
        "properties": _properties(FIELDS),
    }


def default_text(key: str) -> str:
    """Write a key's default the way a file would."""
    value = getattr(DEFAULTS, key)
    field = FIELDS[key]
    if value is None:
        return f'"{field.unset}"' if field.unset else "not set"
    if field.kind == "size":
        return f'"{value >> 20} MiB"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return "[]"
    if isinstance(value, Mapping):
        return "not set"
    return f"{value:g}"


def _properties(fields: Mapping[str, Field]) -> JSON:
    properties: JSON = {}
    for key, field in fields.items():
        shape = {"description": field.about.replace("`", ""), **_shape(field)}
        properties[key] = shape
        if "_" in key:
            properties[key.replace("_", "-")] = shape
    return properties


def _shape(field: Field) -> JSON:
    unset: list[JSON] = [{"const": field.unset}] if field.unset else []
    match field.kind:
        case "flag":
            return {"type": "boolean"}
        case "choice":
            return {"enum": list(field.choices)}
        case "text":
            return {"type": "string", "minLength": 1}
        case "date":
            return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
        case "lock":
            from leaksieve.config.lock import FORM

            return {"type": "string", "pattern": f"^{FORM.pattern}$"}
        case "integer":
            return {"anyOf": [{"type": "integer", "minimum": field.least, "maximum": field.most}, *unset]}
        case "size":
            return {"anyOf": [{"type": "integer", "minimum": field.least, "maximum": field.most}, {"type": "string", "pattern": SIZE_PATTERN}]}
        case "seconds":
            return {"anyOf": [{"type": "number", "minimum": field.least, "maximum": field.most}, {"type": "string", "pattern": TIME_PATTERN}, *unset]}
        case "verify":
            return {"type": "object", "additionalProperties": False, "properties": _properties(VERIFY_FIELDS)}
        case "addresses":
            address: JSON = {"type": "string", "pattern": "^https?://"}
            return {"type": "object", "additionalProperties": {"anyOf": [address, {"type": "array", "minItems": 1, "items": address}]}}
        case "allow":
            return {"type": "array", "items": _allow()}
        case "names":
            name: JSON = {"type": "string", "minLength": 1}
            return {"anyOf": [name, {"type": "array", "items": name}]}
        case "sections":
            return {
                "type": "array",
                "items": {"type": "object", "additionalProperties": False, "required": ["path"], "properties": _properties(SECTION_FIELDS)},
            }
    return {"type": "array", "items": {"type": "string", "minLength": 1}}


def _allow() -> JSON:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["reason"],
        # A reason, an owner and a term alone would accept everything.
        "anyOf": [{"required": [name]} for key in ALLOW_FIELDS if key not in DESCRIBING for name in dict.fromkeys((key, key.replace("_", "-")))],
        "properties": _properties(ALLOW_FIELDS),
    }
