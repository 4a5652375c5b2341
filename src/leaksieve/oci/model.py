"""What images are made of, as plain records: descriptors, layers, steps, texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

EMPTY: Mapping[str, str] = {}
# Documents (indexes, manifests, configurations) are read whole, and none that is sane is longer, bytes.
DOCUMENT: Final = 32 * 1024 * 1024
# No runtime stacks so many layers; what becomes of a file is asked of each of them.
LAYERS: Final = 1_000


class Descriptor(NamedTuple):
    """A reference to a blob, as an index or a manifest gives it.

    ``digest`` is ``algorithm:hex``; ``size`` in bytes, -1 where it is not said.  ``platform`` is os/architecture[/variant],
    "" where it is not said.  ``urls`` are where a foreign layer is to be had.  ``data`` is the blob itself where the descriptor embeds it.
    """

    media_type: str
    digest: str
    size: int = -1
    annotations: Mapping[str, str] = EMPTY
    platform: str = ""
    urls: tuple[str, ...] = ()
    artifact_type: str = ""
    data: bytes | None = None


class Root(NamedTuple):
    """Where an image begins: the name it goes by ("" if it has none) and what stands for it."""

    name: str
    descriptor: Descriptor


class Step(NamedTuple):
    """A line of an image's history: the command as written, when (RFC 3339, "" unknown), whether it made no layer, who and why."""

    created_by: str
    created: str = ""
    empty: bool = False
    comment: str = ""
    author: str = ""


class Text(NamedTuple):
    """Words of an image that are in no file.

    ``where`` is env, label, history, cmd, annotation, attestation or config.  ``lines`` are (name, text) pairs that are
    scanned together, one behind the other, each beginning on a line of its own.  ``digest`` names the document they stand in.
    """

    where: str
    lines: tuple[tuple[str, str], ...]
    digest: str = ""


class Layer(NamedTuple):
    """A layer of one image.

    ``number`` counts from 0, the lowest; ``step`` is the number of its step in the history, -1 where none is told;
    ``base`` says that it came with the image this one was built from.  With ``diff`` the digest is of what the layer holds when
    it is unpacked, as in archives of ``docker save``; else of the blob as it lies there.
    """

    number: int
    blob: Descriptor
    step: int = -1
    base: bool = False
    diff: bool = False


class Image(NamedTuple):
    """One image for one platform.

    ``name`` is what a report calls it, ``digest`` its manifest's (its configuration's where it has none).
    """

    name: str
    digest: str
    platform: str
    layers: tuple[Layer, ...]
    steps: tuple[Step, ...]
    texts: tuple[Text, ...]
    labels: Mapping[str, Any] = EMPTY


class BlobError(Exception):
    """A blob that cannot be had: ``reason`` is the skip's code (missing-blob, unreadable, ...), the text a phrase for a person."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
