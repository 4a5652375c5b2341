"""Images made by the programs that people make images with: umoci, skopeo and buildah."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from imagescan import scan
from planted import token
from realrun import leaksieve

pytestmark = pytest.mark.e2e

KEPT, GONE, OPAQUE, ENV, LABEL, STEP, NOTE = (token(number) for number in range(9301, 9308))


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed: what it makes is not tried")
    return path


def call(folder: Path, *words: str, **more: str) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot", "TMPDIR": str(folder), **more}
    done = subprocess.run([tool(words[0]), *words[1:]], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def umoci(folder: Path, *words: str) -> None:
    call(folder, "umoci", words[0], "--image", "layout:app", *words[1:])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A layout made step by step with umoci."""
    folder = tmp_path_factory.mktemp("umoci")
    for name, value in {"one/gone.env": GONE, "one/d/deep.env": OPAQUE, "two/kept.env": KEPT}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"key = {value}\n")
    call(folder, "umoci", "init", "--layout", "layout")
    umoci(folder, "new")
    umoci(folder, "insert", "--history.created_by", "COPY one /srv", "one", "/srv")
    umoci(folder, "insert", "--history.created_by", f"RUN |1 TOKEN={STEP} make", "two", "/opt")
    umoci(folder, "insert", "--history.created_by", "RUN rm /srv/gone.env", "--whiteout", "/srv/gone.env")
    umoci(folder, "insert", "--history.created_by", "RUN rm -r /srv/d/*", "--opaque", "two", "/srv/d")
    umoci(folder, "config", "--config.env", f"API_TOKEN={ENV}", "--config.label", f"note=see {LABEL}", "--manifest.annotation", f"org.example.key={NOTE}")
    return folder


def copied(made: Path, to: str, *options: str) -> None:
    call(made, "skopeo", "--insecure-policy", "copy", *options, "oci:layout:app", to)


FORMS = {
    "as it is": (lambda _: None, "layout"),
    "zstd": (lambda made: copied(made, "oci:zstd:app", "--dest-compress", "--dest-compress-format", "zstd"), "zstd"),
    "docker-archive": (lambda made: copied(made, "docker-archive:d.tar:app:1"), "d.tar"),
    "oci-archive": (lambda made: copied(made, "oci-archive:o.tar:app"), "o.tar"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_layout_of_umoci_and_what_skopeo_makes_of_it(made, form):
    make, name = FORMS[form]
    make(made)
    found = scan(made / name)
    assert found.coverage.complete, found.skips
    gone, deep, kept = found.one(GONE), found.one(OPAQUE), {place.path: place.source for place in found.at(KEPT)}
    assert (gone["path"], gone["layer_index"], gone["created_by"], gone["deleted_in"]) == ("srv/gone.env", 0, "COPY one /srv", 2)
    assert (deep["path"], deep["layer_index"], deep["deleted_in"]) == ("srv/d/deep.env", 0, 3)
    assert set(kept) == {b"opt/kept.env", b"srv/d/kept.env"}
    assert (kept[b"opt/kept.env"]["layer_index"], kept[b"opt/kept.env"]["visible"]) == (1, True)
    assert found.one(STEP)["layer_index"] == 1
    assert {found.one(ENV)["where"], found.one(LABEL)["where"]} == {"env", "label"}
    if name != "d.tar":
        assert found.one(NOTE)["where"] == "annotation"


def test_an_image_of_buildah(tmp_path):
    (tmp_path / "app.env").write_text(f"key = {KEPT}\n")
    place = ("--root", str(tmp_path / "root"), "--runroot", str(tmp_path / "run"))
    container = call(tmp_path, "buildah", *place, "from", "scratch")
    call(tmp_path, "buildah", *place, "copy", "--add-history", container, "app.env", "/srv/app.env")
    call(tmp_path, "buildah", *place, "config", "--env", f"API_TOKEN={ENV}", "--annotation", f"org.example.key={NOTE}", container)
    for target in ("oci:layout:app", "docker-archive:d.tar:app:1", "oci-archive:o.tar:app"):
        call(tmp_path, "buildah", *place, "commit", container, target)
    for name in ("layout", "d.tar", "o.tar"):
        found = scan(tmp_path / name)
        assert found.coverage.complete, found.skips
        assert (found.one(KEPT)["path"], found.one(KEPT)["layer_index"], found.one(ENV)["name"]) == ("srv/app.env", 0, "API_TOKEN")


def test_from_the_command_line(made):
    run = leaksieve("image", "oci:layout:app", cwd=made)
    assert run.code == 1
    text = run.out.decode()
    assert "srv/gone.env:1:7" in text
    assert "deleted by layer 2 (RUN rm /srv/gone.env), still in the image" in " ".join(text.split())
    assert "visible in the final image" in " ".join(text.split())
    for value in (KEPT, GONE, OPAQUE, ENV, LABEL, STEP, NOTE):
        assert value not in text + run.err
    taken = leaksieve("scan", "layout", cwd=made)
    assert taken.code == 1
    assert "layout is taken for a container image" in taken.err
