"""Images that say one thing and hold another: what stands in them is found, and what they say is not written where it shows a secret."""

from __future__ import annotations

import json
import tarfile
import time
from pathlib import Path

import imagecraft as craft
import pytest
from imagescan import scan
from planted import token
from realrun import leaksieve

pytestmark = pytest.mark.e2e

OWN, ARM = token(9501), token(9502)
PLAIN = craft.layer({"a": b"nothing\n"})
KEYED = craft.layer({"srv/b.env": f"key = {OWN}\n".encode()})


def layout(folder: Path, layers: list[bytes], name: str = "app:1", packing: str = "+gzip") -> Path:
    made = craft.Layout()
    made.add(made.image(layers, craft.config(layers), packing=packing), name)
    return made.write(folder)


def test_a_layer_read_with_exclusions_is_not_known_without_them(tmp_path):
    path = layout(tmp_path / "layout", [KEYED])
    home = tmp_path / "home"
    home.mkdir()
    env = {"HOME": str(home), "XDG_CACHE_HOME": str(home)}

    def found(*exclude: str) -> tuple[int, bool]:
        run = leaksieve("image", path.name, "-f", "json", "--cache", *exclude, cwd=tmp_path, env=env)
        return run.code, "known from an earlier scan" in run.err

    assert found("--exclude", "srv/") == (0, False)
    assert found("--exclude", "srv/") == (0, True)
    assert found() == (1, False)
    assert found("--exclude", "opt/") == (1, False)


def test_an_address_of_a_foreign_layer_is_searched_and_its_login_not_told(tmp_path):
    made = craft.Layout()
    kind = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    foreign = {"mediaType": kind, "digest": craft.digest(b"w"), "size": 9, "urls": [f"https://me:{OWN}@example.com/w?sig={ARM}"]}
    manifest = {"schemaVersion": 2, "config": made.blob(craft.config([PLAIN]), craft.CONFIG), "layers": [foreign, made.blob(PLAIN, craft.LAYER)]}
    made.add(made.blob(json.dumps(manifest).encode(), craft.MANIFEST), "win").write(tmp_path / "layout")
    found = scan(tmp_path / "layout")
    assert set(found.findings) == {OWN, ARM}
    (skip,) = found.coverage.sources[0].skips
    assert skip.detail.endswith("see example.com")


def test_names_that_hold_a_secret_are_masked_beside_what_is_found(tmp_path):
    configuration = {**json.loads(craft.config([KEYED])), "variant": ARM}
    made = craft.Layout()
    made.add(made.image([KEYED], json.dumps(configuration).encode()), f"app:{ARM}").write(tmp_path / "layout")
    run = leaksieve("image", "layout", "-f", "json", cwd=tmp_path)
    assert run.code == 1
    assert ARM not in run.out.decode() + run.err
    assert b"app:" in run.out


@pytest.mark.parametrize("settings", [("--max-file-size", "1000"), ("--exclude", "srv/")])
def test_the_receipt_names_no_file_by_a_secret(tmp_path, settings):
    layout(tmp_path / "layout", [craft.layer({f"srv/{ARM}.bin": b"x" * 5000, "srv/plain.bin": b"y" * 5000})])
    run = leaksieve("image", "layout", "-f", "json", *settings, cwd=tmp_path)
    assert ARM not in run.out.decode() + run.err
    assert {skip["path"][:13] for skip in run.source["skipped"]} >= {"srv/plain.bin"}
    assert sum(skip["count"] for skip in run.source["skipped"]) == 2


def test_each_descriptor_of_a_manifest_is_searched(tmp_path):
    made = craft.Layout()
    image = made.image([PLAIN], craft.config([PLAIN]))
    made.add(image, "one").add({**image, "annotations": {"note": f"key {OWN}", "other": "x"}}, "two").write(tmp_path / "layout")
    assert scan(tmp_path / "layout").one(OWN)["where"] == "annotation"


def test_two_layers_that_claim_one_digest(tmp_path):
    claimed = craft.digest(PLAIN)
    configuration = json.dumps({"os": "linux", "architecture": "amd64", "config": {}, "rootfs": {"type": "layers", "diff_ids": [claimed, claimed]}}).encode()
    listing = json.dumps([{"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["x/layer.tar", "y/layer.tar"]}]).encode()
    files = {"x/layer.tar": PLAIN, "c.json": configuration, "manifest.json": listing}
    (tmp_path / "a.tar").write_bytes(craft.layer({**files, "y/layer.tar": KEYED}))
    found = scan(tmp_path / "a.tar")
    assert found.one(OWN)["layer_index"] == 1
    assert found.skips == {("failed", "bad-digest")}
    # One layer that stands in an image twice is no trick.
    (tmp_path / "b.tar").write_bytes(craft.layer({**files, "y/layer.tar": PLAIN}))
    assert not scan(tmp_path / "b.tar").skips


def test_very_many_hard_links_to_one_file(tmp_path):
    links = [(f"l{number}", b"", {"type": tarfile.LNKTYPE, "linkname": "f" if number % 2 else f"l{number - 1}"}) for number in range(30_000)]
    path = layout(tmp_path / "layout", [craft.layer([("f", f"key = {OWN}\n".encode()), *links])])
    begun = time.monotonic()
    assert scan(path).one(OWN)["visible"]
    assert time.monotonic() - begun < 15


def test_a_size_of_twelve_digits(tmp_path):
    body = f"key = {OWN}\n".encode().ljust(600, b"#")
    head = bytearray(tarfile.TarInfo("a").tobuf(tarfile.USTAR_FORMAT))
    head[124:136] = b"%012o" % len(body)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    data = bytes(head) + body + bytes(-len(body) % 512) + craft.layer({"b": f"key = {ARM}\n".encode()})
    for packing in ("", "+gzip"):
        found = scan(layout(tmp_path / f"layout{packing}", [data], packing=packing))
        assert not found.skips
        assert found.one(OWN)["path"] == "a"
        assert found.one(ARM)["path"] == "b"


def test_more_layers_than_anybody_stacks(tmp_path):
    made = craft.Layout()
    one = made.blob(KEYED, craft.LAYER)
    history = [{"created_by": f"step {number}"} for number in range(5000)]
    configuration = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": [one["digest"]] * 5000}, "history": history}).encode()
    manifest = {"schemaVersion": 2, "config": made.blob(configuration, craft.CONFIG), "layers": [one] * 5000}
    made.add(made.blob(json.dumps(manifest).encode(), craft.MANIFEST), "tall").write(tmp_path / "layout")
    listing = json.dumps([{"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["l.tar"] * 5000}]).encode()
    (tmp_path / "a.tar").write_bytes(craft.layer({"l.tar": KEYED, "c.json": configuration, "manifest.json": listing}))
    for path in (tmp_path / "layout", tmp_path / "a.tar"):
        found = scan(path)
        assert found.skips == {("failed", "image-limit")}
        assert [place.source["created_by"] for place in found.at(OWN)][:3] == ["step 999", "step 998", "step 997"]


def test_layers_that_are_each_other_s_parents(tmp_path):
    def about(parent: str) -> bytes:
        return json.dumps({"parent": parent, "config": {}}).encode()

    files = {"x/json": about("y"), "x/layer.tar": KEYED, "y/json": about("x"), "y/layer.tar": PLAIN, "repositories": b'{"a": {"1": "x"}}'}
    (tmp_path / "a.tar").write_bytes(craft.layer(files))
    found = scan(tmp_path / "a.tar")
    assert set(found.findings) == {OWN}
    assert found.skips == {("failed", "malformed")}


def test_an_archive_whose_two_lists_name_different_images(tmp_path):
    made = craft.Layout()
    good = craft.config([PLAIN])
    made.add(made.image([PLAIN], good, packing=""), "good:1")
    hidden = craft.config([KEYED], Env=[f"TOKEN={ARM}"])
    entries = [
        {"Config": "blobs/" + craft.digest(good).replace(":", "/"), "RepoTags": ["good:1"], "Layers": ["blobs/" + craft.digest(PLAIN).replace(":", "/")]},
        {"Config": "c.json", "RepoTags": ["other:1"], "Layers": ["y/layer.tar"]},
    ]
    for known, images, secrets in ((entries[:1], 1, set()), (entries, 2, {OWN, ARM})):
        files = {**made.all(), "y/layer.tar": KEYED, "c.json": hidden, "manifest.json": json.dumps(known).encode()}
        (tmp_path / "a.tar").write_bytes(craft.layer(files))
        found = scan(tmp_path / "a.tar")
        assert set(found.findings) == secrets
        assert not found.skips
        assert found.coverage.sources[0].scanned["images"] == images
    assert found.one(OWN)["image"] == "other:1"


def test_fields_that_nothing_reads_and_settings_of_another_form(tmp_path):
    values = [token(number) for number in range(9510, 9523)]
    env, label, word, other, build, entry, extra, root, note, subject, whole, usual, top = values
    configuration = json.loads(craft.config([PLAIN]))
    configuration["config"] = {
        "Env": {"A": env},
        "Labels": [f"x={label}"],
        "Cmd": [["sh", word]],
        "Healthcheck": {"Test": ["CMD", usual], "Other": other},
        "OnBuild": build,
        "Entrypoint": {"a": entry},
    }
    configuration["container_config"] = whole
    configuration["history"] = [{"created_by": "x", "extra": extra}]
    configuration["rootfs"]["note"] = root
    made = craft.Layout()
    blobs = {"config": made.blob(json.dumps(configuration).encode(), craft.CONFIG), "layers": [made.blob(PLAIN, craft.LAYER)]}
    manifest = {"schemaVersion": 2, **blobs, "note": note, "subject": {"digest": craft.digest(b"s"), "annotations": {"k": subject}}}
    made.add(made.blob(json.dumps(manifest).encode(), craft.MANIFEST), "odd:1").write(tmp_path / "layout", note=top)
    found = scan(tmp_path / "layout")
    assert set(found.findings) == set(values)
    assert not found.skips
