"""Images that are not whole: what is wrong is told and fails the scan, and everything that can be read is read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import imagecraft as craft
import pytest
from imagescan import scan
from planted import token

from leaksieve.errors import UsageError

FIRST, SECOND = token(9101), token(9102)
LAYERS = [
    craft.layer({"a.txt": b"x\n" * 4000, "first.env": f"key = {FIRST}\n".encode(), "z.txt": os.urandom(3000)}),
    craft.layer({"second.env": f"key = {SECOND}\n".encode()}),
]
CONFIG = craft.config(LAYERS, [{"created_by": "COPY one /"}, {"created_by": "COPY two /"}])


def layout(folder: Path, change, packing: str = "+gzip") -> Path:
    """A layout with the blob of its first layer (compressed) changed after it was described."""
    made = craft.Layout()
    made.add(made.image(LAYERS, CONFIG, packing=packing), "app:1")
    name = "blobs/" + craft.digest(craft.PACKINGS[packing](LAYERS[0])).replace(":", "/")
    data = change(made.files[name])
    if data is None:
        del made.files[name]
    else:
        made.files[name] = data
    return made.write(folder / "layout")


def test_a_blob_that_is_not_there(tmp_path):
    found = scan(layout(tmp_path, lambda _: None))
    assert found.skips == {("failed", "missing-blob")}
    assert set(found.findings) == {SECOND}


@pytest.mark.parametrize("packing", craft.PACKINGS)
def test_a_layer_that_is_cut_short(tmp_path, packing):
    found = scan(layout(tmp_path, lambda data: data[:-700], packing))
    assert ("failed", "bad-digest") in found.skips
    assert SECOND in found.findings
    assert not found.coverage.complete


def test_what_stands_before_the_damage_is_found(tmp_path):
    # The key lies before what cannot be compressed.
    found = scan(layout(tmp_path, lambda data: data[:-1500]))
    assert {("failed", "bad-digest"), ("failed", "damaged-layer")} <= found.skips
    assert set(found.findings) == {FIRST, SECOND}


@pytest.mark.parametrize("packing", ["", "+gzip", "+zstd"])
def test_another_content_than_its_digest_says(tmp_path, packing):
    other = token(9103)
    changed = craft.PACKINGS[packing](craft.layer({"other.env": f"key = {other}\n".encode()}))
    found = scan(layout(tmp_path, lambda _: changed, packing))
    assert found.skips == {("failed", "bad-digest")}
    assert set(found.findings) == {other, SECOND}


def test_bytes_behind_a_layer(tmp_path):
    found = scan(layout(tmp_path, lambda data: data + b"more"))
    assert ("failed", "bad-digest") in found.skips
    assert set(found.findings) == {FIRST, SECOND}


def test_a_docker_archive_whose_layer_was_changed(tmp_path):
    path = craft.docker_archive(tmp_path / "a.tar", LAYERS, CONFIG)
    data = path.read_bytes().replace(b"x\nx\n", b"y\nx\n", 1)
    path.write_bytes(data)
    found = scan(path)
    assert found.skips == {("failed", "bad-digest")}
    assert set(found.findings) == {FIRST, SECOND}


def test_an_archive_that_is_cut_short(tmp_path):
    path = craft.docker_archive(tmp_path / "a.tar", LAYERS, CONFIG)
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(b"manifest.json")])
    with_nothing = scan(path)
    assert not with_nothing.coverage.complete
    made = craft.Layout()
    made.add(made.image(LAYERS, CONFIG), "app:1")
    # index.json first: everything else is cut.
    files = made.all()
    data = craft.layer({"index.json": files.pop("index.json"), **files})
    path.write_bytes(data[:-12000])
    found = scan(path)
    assert {kind for kind, _ in found.skips} == {"failed"}
    assert ("failed", "archive-damaged") in found.skips


def test_a_compressed_archive_that_is_cut_short(tmp_path):
    path = craft.docker_archive(tmp_path / "a.tar.gz", LAYERS, CONFIG, packed="+gzip")
    path.write_bytes(path.read_bytes()[:-40])
    found = scan(path)
    assert not found.coverage.complete


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"layers": 7, "config": []}', b"null", b'{"layers": [{"digest": "sha256:zz"}]}', b"[" * 100_000])
def test_manifests_and_configurations_that_are_none(tmp_path, broken):
    made = craft.Layout()
    made.add(made.blob(broken, craft.MANIFEST), "bad")
    manifest = {"schemaVersion": 2, "config": made.blob(broken, craft.CONFIG), "layers": [made.blob(craft.PACKINGS["+gzip"](LAYERS[1]), craft.LAYER + "+gzip")]}
    made.add(made.blob(json.dumps(manifest).encode(), craft.MANIFEST), "good")
    found = scan(made.write(tmp_path / "layout"))
    assert SECOND in found.findings
    assert not found.coverage.complete or broken.startswith(b'{"layers": 7')


@pytest.mark.parametrize("name", ["index.json", "manifest.json"])
@pytest.mark.parametrize("broken", [b"", b"{", b"7", b'{"manifests": 3}', b'[{"Layers": [7, "../../etc/passwd", "a/layer.tar"], "Config": 3}]'])
def test_the_first_file_may_hold_anything(tmp_path, name, broken):
    (tmp_path / "a.tar").write_bytes(craft.layer({name: broken}))
    assert not scan(tmp_path / "a.tar").coverage.complete


def test_digests_of_other_kinds(tmp_path):
    made = craft.Layout()
    made.add(made.image(LAYERS, CONFIG, algorithm="sha512"), "strong")
    assert scan(made.write(tmp_path / "strong")).coverage.complete
    made = craft.Layout()
    made.add(made.image(LAYERS, CONFIG, algorithm="md5"), "weak")
    found = scan(made.write(tmp_path / "weak"))
    assert found.skips == {("failed", "bad-digest")}
    assert set(found.findings) == {FIRST, SECOND}


def test_foreign_layers_are_named(tmp_path):
    made = craft.Layout()
    manifest = {
        "schemaVersion": 2,
        "config": made.blob(CONFIG, craft.CONFIG),
        "layers": [
            {
                "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                "digest": craft.digest(b"w"),
                "size": 9,
                "urls": ["https://example.com/w"],
            },
            made.blob(craft.PACKINGS["+gzip"](LAYERS[1]), craft.LAYER + "+gzip"),
        ],
    }
    made.add(made.blob(json.dumps(manifest).encode(), craft.MANIFEST), "win")
    found = scan(made.write(tmp_path / "layout"))
    assert found.skips == {("excluded", "foreign-layer")}
    assert found.coverage.complete
    assert found.one(SECOND)["layer_index"] == 1


def test_nothing_outside_the_layout_is_read(tmp_path):
    made = craft.Layout()
    made.add(made.image(LAYERS, CONFIG, packing=""), "app")
    folder = made.write(tmp_path / "layout")
    blob = folder / "blobs" / craft.digest(LAYERS[0]).replace(":", "/")
    (tmp_path / "outside").write_bytes(blob.read_bytes())
    blob.unlink()
    blob.symlink_to(tmp_path / "outside")
    found = scan(folder)
    assert found.skips == {("failed", "missing-blob")}
    assert set(found.findings) == {SECOND}


def test_what_lies_behind_an_empty_disk_in_a_layer_is_read(tmp_path):
    disk = craft.layer({"disk.img": bytes(96 << 20)})[: 512 + (96 << 20)]
    packed = craft.PACKINGS["+gzip"](disk + LAYERS[1])
    made = craft.Layout()
    manifest = {"schemaVersion": 2, "config": made.blob(CONFIG, craft.CONFIG), "layers": [made.blob(packed, craft.LAYER + "+gzip")]}
    made.add(made.blob(json.dumps(manifest).encode(), craft.MANIFEST), "disk")
    found = scan(made.write(tmp_path / "layout"))
    assert set(found.findings) == {SECOND}
    assert not [kind for kind, _ in found.skips if kind == "failed"]


@pytest.mark.parametrize("reference", ["docker-archive:/nowhere.tar", "oci:/nowhere", "/nowhere", "docker-archive:", "oci-archive:/nowhere:tag"])
def test_what_is_not_there_is_wrong_usage(reference):
    with pytest.raises(UsageError):
        scan(reference)


def test_a_file_that_is_no_image(tmp_path):
    (tmp_path / "a.tar").write_bytes(LAYERS[0])
    (tmp_path / "b").write_bytes(b"text")
    (tmp_path / "c").mkdir()
    for name in ("a.tar", "b", "c"):
        found = scan(tmp_path / name)
        assert found.skips == {("failed", "unreadable")}
