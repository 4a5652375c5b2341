"""Images made to hurt: bounded in memory and time, told, and what lies beside the bomb is found."""

from __future__ import annotations

import json
import tarfile

import imagecraft as craft
import pytest
from planted import token
from realrun import leaksieve

pytestmark = pytest.mark.e2e

KEPT = token(9401)
OWN = craft.layer({"kept.env": f"key = {KEPT}\n".encode()})


def sparse(size: int) -> bytes:
    """A header that promises a file of this size, with nothing behind it."""
    info = tarfile.TarInfo("large")
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def many(count: int) -> bytes:
    return b"".join(tarfile.TarInfo(f"d{number:07}/f").tobuf(tarfile.USTAR_FORMAT) for number in range(count)) + bytes(1024)


# More than a layer may hold of anything.
LARGE = 9 << 27

BOMBS = {
    "zeros, zstd": (lambda: bytes(LARGE), "+zstd"),
    "zeros, gzip": (lambda: bytes(LARGE), "+gzip"),
    "one large file": (lambda: sparse(LARGE) + bytes(LARGE), "+zstd"),
    "a promise of exabytes": (lambda: sparse(1 << 60), "+gzip"),
    "names without end": (lambda: many(60_000), "+zstd"),
    "zeros, plain": (lambda: bytes(1 << 28), ""),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_layer_that_grows(tmp_path, name):
    make, packing = BOMBS[name]
    made = craft.Layout()
    bomb = make()
    layers = [made.blob(craft.PACKINGS[packing](bomb), craft.LAYER + packing), made.blob(OWN, craft.LAYER)]
    manifest = {"schemaVersion": 2, "config": made.blob(craft.config([bomb, OWN]), craft.CONFIG), "layers": layers}
    made.add(made.blob(json.dumps(manifest).encode(), craft.MANIFEST), "bomb").write(tmp_path / "layout")
    run = leaksieve("image", "layout", "-f", "json", "--reveal", cwd=tmp_path, megabytes=450)
    assert KEPT in run.secrets, run
    if name not in ("names without end", "zeros, plain"):
        failed = {skip["reason"] for skip in run.source["skipped"] if skip["class"] == "failed"}
        assert failed & {"archive-limit", "damaged-layer"} or "too-large" in {skip["reason"] for skip in run.source["skipped"]}, run


def test_an_archive_that_grows(tmp_path):
    data = craft.PACKINGS["+zstd"](craft.layer({"manifest.json": b"[]", "large": bytes(1 << 28)}))
    (tmp_path / "a.tar.zst").write_bytes(data)
    run = leaksieve("image", "a.tar.zst", "-f", "json", cwd=tmp_path, megabytes=450)
    assert run.code == 3
    assert "packed more than" in str(run.source["skipped"])


def test_indexes_in_circles_and_without_end(tmp_path):
    made = craft.Layout()
    inner = made.image([OWN], craft.config([OWN]))
    for _ in range(30):
        inner = made.index([inner, inner])
    made.add(inner, "deep").write(tmp_path / "layout")
    run = leaksieve("image", "layout", "-f", "json", cwd=tmp_path, megabytes=450)
    assert "image-limit" in {skip["reason"] for skip in run.source["skipped"]}
