"""Several images in one place: platforms, tags, base images, old archives; and what an earlier scan knows."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import imagecraft as craft
import pytest
from imagescan import scan
from planted import token

BASE, OWN, ARM = token(9201), token(9202), token(9203)


def layer(name: str, value: str) -> bytes:
    return craft.layer({name: f"key = {value}\n".encode()})


BASE_LAYER, OWN_LAYER, ARM_LAYER = layer("etc/base", BASE), layer("srv/own", OWN), layer("srv/arm", ARM)
HISTORY = [
    {"created": "2024-01-01T00:00:00Z", "created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
    {"created": "2024-01-01T00:00:01Z", "created_by": '/bin/sh -c #(nop)  CMD ["bash"]', "empty_layer": True},
    {"created": "2024-03-01T00:00:00Z", "created_by": "COPY own /srv/own # buildkit"},
    {"created": "2024-03-01T00:00:00Z", "created_by": 'CMD ["serve"]', "empty_layer": True},
]
CONFIG = craft.config([BASE_LAYER, OWN_LAYER], HISTORY)


def several(folder: Path, *, absent: bool = False) -> Path:
    made = craft.Layout()
    images = [
        made.image([BASE_LAYER, OWN_LAYER], CONFIG, platform={"os": "linux", "architecture": "amd64"}),
        made.image([ARM_LAYER], craft.config([ARM_LAYER], platform="linux/arm64"), platform={"os": "linux", "architecture": "arm64", "variant": "v8"}),
    ]
    if absent:
        del made.files["blobs/" + images[1]["digest"].replace(":", "/")]
    return made.add(made.index([made.index(images)]), "registry.example/app:2").write(folder / "layout")


def test_all_platforms_or_one(tmp_path):
    path = several(tmp_path)
    assert set(scan(path).findings) == {BASE, OWN, ARM}
    assert set(scan(path, platform="all").findings) == {BASE, OWN, ARM}
    assert set(scan(path, platform="linux/amd64").findings) == {BASE, OWN}
    arm = scan(path, platform="linux/arm64")
    assert set(arm.findings) == {ARM}
    assert arm.one(ARM)["platform"] == "linux/arm64"
    none = scan(path, platform="linux/s390x")
    assert none.skips == {("failed", "no-such-platform")}
    saved = craft.docker_archive(tmp_path / "a.tar", [ARM_LAYER], craft.config([ARM_LAYER], platform="linux/arm64/v8"))
    assert set(scan(saved, platform="linux/arm64").findings) == {ARM}
    assert scan(saved, platform="linux/amd64").skips == {("failed", "no-such-platform")}


def test_platforms_that_were_not_copied(tmp_path):
    path = several(tmp_path, absent=True)
    found = scan(path)
    assert found.coverage.complete
    assert found.skips == {("excluded", "platform-not-present")}
    assert ("failed", "missing-blob") in scan(path, platform="linux/arm64/v8").skips


def test_a_layer_that_several_images_share_is_told_once(tmp_path):
    made = craft.Layout()
    made.add(made.image([BASE_LAYER, OWN_LAYER], CONFIG), "app:1")
    made.add(made.image([BASE_LAYER, ARM_LAYER], craft.config([BASE_LAYER, ARM_LAYER], HISTORY)), "app:2")
    found = scan(made.write(tmp_path / "layout"))
    assert found.one(BASE)["images"] == ["app:1", "app:2"]
    assert found.coverage.sources[0].scanned["layers"] == 3


def test_several_names_of_one_image(tmp_path):
    found = scan(craft.docker_archive(tmp_path / "a.tar", [OWN_LAYER], craft.config([OWN_LAYER]), tags=("app:1", "app:latest")))
    assert found.one(OWN)["image"] == "app:1, app:latest"


def test_one_of_several_images_by_its_name(tmp_path):
    made = craft.Layout()
    made.add(made.image([BASE_LAYER], craft.config([BASE_LAYER])), "app:1").add(made.image([ARM_LAYER], craft.config([ARM_LAYER])), "app:2")
    path = made.write(tmp_path / "layout")
    assert set(scan(f"oci:{path}:2").findings) == {ARM}
    assert set(scan(f"oci:{path}:app:1").findings) == {BASE}
    assert not scan(f"oci:{path}:3").coverage.complete


def test_base_layers_by_history_and_without_them(tmp_path):
    path = craft.docker_archive(tmp_path / "a.tar", [BASE_LAYER, OWN_LAYER], CONFIG)
    found = scan(path)
    assert found.one(BASE)["base_layer"]
    assert not found.one(OWN)["base_layer"]
    own = scan(path, own_layers=True)
    assert set(own.findings) == {OWN}
    assert any("--own-layers" in note for note in own.coverage.notes)


def test_a_secret_of_the_base_that_stands_in_an_own_layer_too_is_shown(tmp_path):
    layers = [BASE_LAYER, layer("srv/copy", BASE)]
    found = scan(craft.docker_archive(tmp_path / "a.tar", layers, craft.config(layers, HISTORY)), own_layers=True)
    assert len(found.at(BASE)) == 2


def test_base_layers_where_the_base_is_at_hand(tmp_path):
    made = craft.Layout()
    base = made.image([BASE_LAYER], craft.config([BASE_LAYER]))
    notes = {"org.opencontainers.image.base.digest": base["digest"], "org.opencontainers.image.base.name": "base:1"}
    steps = [{"created_by": "a"}, {"created_by": "b"}]
    made.add(base, "base:1").add(made.image([BASE_LAYER, OWN_LAYER], craft.config([BASE_LAYER, OWN_LAYER], steps), annotations=notes), "app:1")
    found = scan(f"oci:{made.write(tmp_path / 'layout')}:app:1")
    # The base is not among the images asked for: its layers are its own there.
    assert not found.one(OWN)["base_layer"]
    both = scan(tmp_path / "layout")
    assert [place.source["base_layer"] for place in both.at(OWN)] == [False]


def test_archives_from_before_there_was_a_manifest(tmp_path):
    layers = [
        (BASE_LAYER, {"container_config": {"Cmd": ["/bin/sh", "-c", "#(nop) ADD file:1 in /"]}}),
        (OWN_LAYER, {"container_config": {"Cmd": ["/bin/sh", "-c", "make"]}, "config": {"Env": [f"API_TOKEN={ARM}"]}, "architecture": "amd64", "os": "linux"}),
    ]
    found = scan(craft.oldest_archive(tmp_path / "a.tar", layers))
    assert found.coverage.complete
    assert (found.one(OWN)["layer_index"], found.one(OWN)["created_by"], found.one(OWN)["image"]) == (1, "/bin/sh -c make", "old:1")
    assert found.one(ARM)["where"] == "env"


def test_one_secret_in_many_layers_is_one_finding(tmp_path):
    layers = [layer("a", OWN), layer("b", OWN), layer("a", OWN)]
    found = scan(craft.docker_archive(tmp_path / "a.tar", layers, craft.config(layers)))
    assert sorted((place.path, place.source["layer_index"], place.source["deleted_later"]) for place in found.at(OWN)) == [
        (b"a", 0, True),
        (b"a", 2, False),
        (b"b", 1, False),
    ]


def test_hard_links_and_long_names(tmp_path):
    for form, length in ((tarfile.USTAR_FORMAT, 40), (tarfile.GNU_FORMAT, 90), (tarfile.PAX_FORMAT, 90)):
        name = "d" * length + "/" + "e" * length + "/secret.env"
        data = craft.layer([(name, f"key = {OWN}\n".encode()), ("link.env", b"", {"type": b"1", "linkname": name})], form)
        above = craft.layer([("d" * length + "/.wh." + "e" * length, b"")])
        found = scan(craft.docker_archive(tmp_path / f"{form}.tar", [data, above], craft.config([data, above])))
        assert found.coverage.complete
        # Its other name is still there.
        assert (found.one(OWN)["path"], found.one(OWN)["deleted_later"], found.one(OWN)["hard_links"]) == (name, False, ["link.env"])


def test_names_that_stand_in_two_pieces_of_a_header(tmp_path):
    name = "d" * 90 + "/" + "e" * 60 + "/secret.env"
    data = craft.layer([(name, f"key = {OWN}\n".encode()), ("x" * 60 + "/" + ARM + "/" + "y" * 60, b"nothing\n")], tarfile.USTAR_FORMAT)
    for engine in ("aho-corasick", "hyperscan"):
        found = scan(craft.docker_archive(tmp_path / "a.tar", [data], craft.config([data])), engine=engine)
        assert found.one(OWN)["path"] == name
        assert found.one(ARM)["member"] == "name"


@pytest.mark.parametrize("packing", ["", "+gzip"])
def test_a_layer_known_to_hold_nothing_is_verified_and_not_scanned(tmp_path, packing):
    clean = craft.layer({"srv/own": b"nothing\n", "b": b"still nothing\n"})
    made = craft.Layout()
    made.add(made.image([OWN_LAYER, clean], craft.config([OWN_LAYER, clean]), packing=packing), "app:1")
    path, kept = made.write(tmp_path / "layout"), tmp_path / "cache"
    kept.mkdir(mode=0o700)
    first = scan(path, cache_dir=kept)
    second = scan(path, cache_dir=kept)
    assert first.findings == second.findings
    assert first.one(OWN)["deleted_later"]
    assert not any("known from an earlier scan" in note for note in first.coverage.notes)
    assert any("1 layer was known from an earlier scan" in note for note in second.coverage.notes)
    assert first.coverage.sources[0].scanned == second.coverage.sources[0].scanned
    # Another image with the same layer.
    other = craft.Layout()
    other.add(other.image([ARM_LAYER, clean], craft.config([ARM_LAYER, clean]), packing=packing), "app:2")
    third = scan(other.write(tmp_path / "other"), cache_dir=kept)
    assert any("1 layer was known" in note for note in third.coverage.notes)
    # What was found is not kept, nor anything that was in the layers.
    for file in kept.rglob("*"):
        if file.is_file():
            assert OWN.encode() not in file.read_bytes()
    # A blob that only goes by the name of a known one is scanned, and told.
    blob = path / "blobs" / craft.digest(craft.PACKINGS[packing](clean)).replace(":", "/")
    blob.write_bytes(craft.PACKINGS[packing](layer("evil", BASE)))
    fourth = scan(path, cache_dir=kept)
    assert set(fourth.findings) == {OWN, BASE}
    assert fourth.skips == {("failed", "bad-digest")}


def test_artifacts_that_are_no_images(tmp_path):
    made = craft.Layout()
    parts = [made.blob(f"key = {OWN}\n".encode(), "text/plain", annotations={"org.opencontainers.image.title": "notes.txt"})]
    manifest = {"schemaVersion": 2, "artifactType": "application/x", "config": made.blob(b"{}", "application/vnd.oci.empty.v1+json"), "layers": parts}
    made.add(made.blob(json.dumps(manifest).encode(), craft.MANIFEST), "notes")
    found = scan(made.write(tmp_path / "layout"))
    assert found.coverage.complete
    assert found.one(OWN)["path"] == "notes.txt"
