"""What a reference to an image names, and what is said of those that name nothing."""

import json

import imagecraft as craft
import pytest

from leaksieve.cli.images import is_image, parse
from leaksieve.errors import UsageError

LAYERS = [craft.layer({"a": b"nothing\n"})]
CONFIG = craft.config(LAYERS)


def test_paths_and_what_may_stand_around_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    craft.docker_archive(tmp_path / "a.tar", LAYERS, CONFIG)
    made = craft.Layout()
    made.add(made.image(LAYERS, CONFIG), "1").write(tmp_path / "layout")
    assert parse("a.tar")[:3] == ("docker-archive", "a.tar", "")
    assert parse("layout")[:3] == ("oci", "layout", "")
    assert parse("docker-archive:a.tar")[:3] == ("docker-archive", "a.tar", "")
    assert parse("docker-archive:a.tar:app:1")[:3] == ("docker-archive", "a.tar", "app:1")
    assert parse("oci:layout:1")[:3] == ("oci", "layout", "1")
    (tmp_path / "docker-archive:odd").write_bytes(b"")
    assert parse("docker-archive:odd")[1] == "docker-archive:odd"
    assert parse("registry:host:5000/app:1")[:2] == ("registry", "host:5000/app:1")


@pytest.mark.parametrize("text", ["oci:", "oci:nowhere", "oci-archive:nowhere:1", "./nowhere", "/nowhere", "docker-archive:."])
def test_names_of_nothing(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        parse(text)


def test_scan_knows_an_image_when_it_sees_one(tmp_path):
    made = craft.Layout()
    made.add(made.image(LAYERS, CONFIG), "1")
    assert is_image(str(made.write(tmp_path / "layout")))
    for packed in ("", "+gzip", "+zstd"):
        assert is_image(str(craft.docker_archive(tmp_path / f"d{packed}.tar", LAYERS, CONFIG, packed=packed)))
        assert is_image(str(made.archive(tmp_path / f"o{packed}.tar", packed)))
    assert is_image("docker-archive:anything.tar")
    (tmp_path / "plain.tar").write_bytes(LAYERS[0])
    (tmp_path / "text").write_text("hello")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "index.json").write_text("{}")
    for name in ("plain.tar", "text", "empty", "folder", "nowhere"):
        assert not is_image(str(tmp_path / name))


def test_exit_codes_and_the_receipt(place):
    clean = craft.docker_archive(place.path / "clean.tar", LAYERS, CONFIG)
    done = place.run("image", "clean.tar", "-f", "json")
    assert done.code == 0, done
    (source,) = json.loads(done.out)["coverage"]["sources"]
    assert (source["kind"], source["requested"], source["resolved"]) == ("image", "clean.tar", craft.digest(CONFIG))
    assert source["scanned"]["layers"] == source["expected"]["layers"] == 1
    clean.write_bytes(clean.read_bytes().replace(b"nothing\n", b"NOTHING\n"))
    assert place.run("image", "clean.tar").code == 3
    assert place.run("image", "clean.tar", "--platform", "weird").code == 2
    assert place.run("scan", "clean.tar", ".").code == 2
