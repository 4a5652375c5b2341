"""Reading JSON that may hold anything: fields of the type that is wanted, or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from leaksieve.oci.model import BlobError, Descriptor

# Deeper than this no document is; what lies deeper is not taken apart.
_DEPTH = 32


def parsed(data: bytes, what: str) -> Mapping[str, Any]:
    """Return a document's fields.  Raises BlobError for what is no JSON object."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise BlobError("malformed", f"the {what} is no JSON") from None
    if not isinstance(document, dict):
        raise BlobError("malformed", f"the {what} is no JSON object")
    return document


def text(value: Any) -> str:
    """Return a text, "" for anything else.  Halves of surrogate pairs, which cannot be written down again, are replaced."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object's fields, none for anything else."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """Return a list, an empty one for anything else."""
    return value if isinstance(value, list) else []


def texts(value: Any) -> dict[str, str]:
    """Return the entries of an object that are texts."""
    return {text(key): text(each) for key, each in mapping(value).items() if isinstance(each, str)}


def platform_of(value: Any) -> str:
    """Return os/architecture[/variant] of an object that has these fields, "" where it names neither."""
    fields = mapping(value)
    words = [text(fields.get(name)) for name in ("os", "architecture", "variant")]
    return "/".join(word for word in words if word) if words[0] or words[1] else ""


def descriptor(value: Any) -> Descriptor:
    """Return a descriptor; fields that do not hold are as if they were not there."""
    fields = mapping(value)
    size = fields.get("size")
    data = None
    if isinstance(fields.get("data"), str):
        import base64

        try:
            data = base64.b64decode(fields["data"], validate=True)
        except ValueError:
            data = None
    return Descriptor(
        media_type=text(fields.get("mediaType")),
        digest=text(fields.get("digest")),
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else -1,
        annotations=texts(fields.get("annotations")),
        platform=platform_of(fields.get("platform")),
        urls=tuple(text(url) for url in listed(fields.get("urls")) if isinstance(url, str)),
        artifact_type=text(fields.get("artifactType")),
        data=data,
    )


def leaves(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of every text in a document, keys of objects included, named by the way that leads to it."""
    if isinstance(value, str):
        yield name, text(value)
    elif depth >= _DEPTH:
        return
    elif isinstance(value, dict):
        for key, each in value.items():
            inner = f"{name}.{text(key)}" if name else text(key)
            if isinstance(each, (dict, list)) and not each:
                yield inner, ""
            yield from leaves(each, inner, depth + 1)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, f"{name}[{number}]", depth + 1)
