"""From the ``sarif_om`` object model to plain JSON values.

The model's classes name each attribute's JSON property in its metadata.  Version 1.0.4 is right
about all of them but one (checked against the published schema in the tests): a suppression's
``status`` is called ``state`` there.
"""

from __future__ import annotations

from collections.abc import Iterable

import attr

from leaksieve.reports.render import visible

# GitLab drops a result with a longer message.
_MESSAGE_LIMIT = 2000
_RENAMED = {("Suppression", "state"): "status"}
# Written even when equal to the schema's default: hosts that do not know the default look for the value.
_ALWAYS = {("Result", "level"), ("ReportingConfiguration", "level"), ("Notification", "level")}


def _default(field: attr.Attribute[object]) -> object:
    factory = getattr(field.default, "factory", None)  # the model's list defaults hide in attr.Factory
    return factory() if factory else field.default


_CACHE: dict[type, tuple[tuple[str, str, object, bool], ...]] = {}


def _properties(cls: type) -> tuple[tuple[str, str, object, bool], ...]:
    """(attribute, JSON name, default, always written) of a model class."""
    if cls in _CACHE:
        return _CACHE[cls]
    name = cls.__name__
    _CACHE[cls] = tuple(
        (
            field.name,
            _RENAMED.get((name, field.metadata["schema_property_name"]), field.metadata["schema_property_name"]),
            _default(field),
            (name, field.metadata["schema_property_name"]) in _ALWAYS,
        )
        for field in attr.fields(cls)
    )
    return _CACHE[cls]


def plain_object(value: object) -> object:
    """Return a model object as dicts, lists and scalars, without ``None`` and without what equals the schema's default."""
    if isinstance(value, dict):
        return {key: plain_object(item) for key, item in value.items()}
    if isinstance(value, str | int | float) or value is None:
        return value
    if attr.has(type(value)):
        record = {}
        for name, key, default, always in _properties(type(value)):
            item = getattr(value, name)
            if item is not None and (always or item != default):
                record[key] = plain_object(item)
        return record
    if isinstance(value, Iterable):
        return [plain_object(item) for item in value]
    raise TypeError(f"no JSON for {type(value).__name__}")


def clip(text: str, limit: int) -> str:
    """Return text of at most ``limit`` code points, the cut marked."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def message_text(text: str) -> str:
    """Return text for a SARIF message: one line, and no placeholder or link can arise from what was scanned."""
    text = clip(visible(text), _MESSAGE_LIMIT // 2)
    for char in "\\[]":
        text = text.replace(char, "\\" + char)
    return text.replace("{", "{{").replace("}", "}}")
