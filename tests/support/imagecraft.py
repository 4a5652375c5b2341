"""Container images made by hand, byte for byte: layers, configurations, layouts and archives."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backports import zstd

PACKINGS = {
    "": lambda data: data,
    "+gzip": lambda data: gzip.compress(data, mtime=0),
    "+zstd": zstd.compress,
    "+bzip2": bz2.compress,
    "+xz": lzma.compress,
}
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"

Entry = tuple[str, bytes | None] | tuple[str, bytes | None, dict[str, Any]]


def digest(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def layer(entries: Sequence[Entry] | Mapping[str, bytes | None], form: int = tarfile.GNU_FORMAT, **options: Any) -> bytes:
    """A tar of (name, content) pairs, in order; None makes a folder, and a third part sets fields of the header (type, linkname, ...)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form, **options) as archive:
        for name, data, *fields in entries.items() if isinstance(entries, Mapping) else entries:
            info = tarfile.TarInfo(name)
            if data is None:
                info.type = tarfile.DIRTYPE
            else:
                info.size = len(data)
            for field, value in (fields[0] if fields else {}).items():
                setattr(info, field, value)
            archive.addfile(info, io.BytesIO(data or b""))
    return buffer.getvalue()


def config(layers: Sequence[bytes], history: Sequence[Mapping[str, Any]] = (), platform: str = "linux/amd64", **settings: Any) -> bytes:
    """A configuration; ``settings`` are Env, Labels, Cmd, ..., ``history`` the entries as they are written."""
    system, _, machine = platform.partition("/")
    diffs = [digest(each) for each in layers]
    return json.dumps(
        {
            "architecture": machine,
            "os": system,
            "config": settings,
            "rootfs": {"type": "layers", "diff_ids": diffs},
            "history": list(history),
        }
    ).encode()


class Layout:
    """An OCI layout in the making; blobs by path."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
        self.manifests: list[dict[str, Any]] = []

    def blob(self, data: bytes, media_type: str, *, algorithm: str = "sha256", **more: Any) -> dict[str, Any]:
        """Add a blob; returns its descriptor."""
        name = digest(data, algorithm)
        self.files["blobs/" + name.replace(":", "/")] = data
        return {"mediaType": media_type, "digest": name, "size": len(data), **more}

    def image(
        self,
        layers: Sequence[bytes],
        configuration: bytes,
        *,
        packing: str = "+gzip",
        annotations: Mapping[str, str] | None = None,
        layer_options: Mapping[str, Any] | None = None,
        algorithm: str = "sha256",
        **more: Any,
    ) -> dict[str, Any]:
        """Add an image; returns the descriptor of its manifest."""
        blobs = [self.blob(PACKINGS[packing](each), LAYER + packing, algorithm=algorithm, **(layer_options or {})) for each in layers]
        manifest: dict[str, Any] = {"schemaVersion": 2, "mediaType": MANIFEST, "config": self.blob(configuration, CONFIG), "layers": blobs}
        if annotations:
            manifest["annotations"] = annotations
        return self.blob(json.dumps(manifest).encode(), MANIFEST, **more)

    def index(self, manifests: Sequence[Mapping[str, Any]], **fields: Any) -> dict[str, Any]:
        """Add an index inside the layout; returns its descriptor."""
        return self.blob(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(manifests), **fields}).encode(), INDEX)

    def add(self, descriptor: Mapping[str, Any], name: str = "") -> Layout:
        """Put an image or an index at the top."""
        notes = {**descriptor.get("annotations", {}), **({"org.opencontainers.image.ref.name": name} if name else {})}
        self.manifests.append({**descriptor, **({"annotations": notes} if notes else {})})
        return self

    def all(self, **fields: Any) -> dict[str, bytes]:
        """Every file of it."""
        return {**self.files, "index.json": json.dumps({"schemaVersion": 2, "manifests": self.manifests, **fields}).encode()}

    def write(self, folder: Path, **fields: Any) -> Path:
        """Write it into a folder."""
        for name, data in self.all(**fields).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return folder

    def archive(self, path: Path, packed: str = "", **fields: Any) -> Path:
        """Write it as a tar."""
        path.write_bytes(PACKINGS[packed](layer(self.all(**fields))))
        return path


def docker_archive(path: Path, layers: Sequence[bytes], configuration: bytes, tags: Sequence[str] = ("app:1",), packed: str = "", inner: str = "") -> Path:
    """What ``docker save`` wrote for years: a folder for each layer, the configuration, manifest.json at the end."""
    names = [f"{hashlib.sha256(each).hexdigest()}/layer.tar" for each in layers]
    name = hashlib.sha256(configuration).hexdigest() + ".json"
    listing = json.dumps([{"Config": name, "RepoTags": list(tags), "Layers": names}]).encode()
    files = {place: PACKINGS[inner](each) for place, each in zip(names, layers, strict=True)}
    path.write_bytes(PACKINGS[packed](layer({**files, name: configuration, "manifest.json": listing})))
    return path


def oldest_archive(path: Path, layers: Sequence[tuple[bytes, Mapping[str, Any]]], name: str = "old", tag: str = "1") -> Path:
    """What ``docker save`` wrote before manifest.json: each layer's own description with its parent."""
    files: dict[str, bytes] = {}
    parent = ""
    for data, fields in layers:
        own = hashlib.sha256(data + parent.encode()).hexdigest()
        description = {"id": own, **({"parent": parent} if parent else {}), **fields}
        files |= {f"{own}/VERSION": b"1.0", f"{own}/json": json.dumps(description).encode(), f"{own}/layer.tar": data}
        parent = own
    files["repositories"] = json.dumps({name: {tag: parent}}).encode()
    path.write_bytes(layer(files))
    return path
