"""An image with a secret in every place it can have one: each is found in every format, under the right layer and step."""

from __future__ import annotations

import json
from pathlib import Path

import imagecraft as craft
import pytest
from crates import zipped
from imagescan import scan
from planted import token

KEEP = token(9001)
GONE = token(9002)
HIDDEN = token(9003)
ENV, LABEL, CMD, STEP, NOTE = (token(number) for number in range(9004, 9009))
ATTESTED = token(9009)
TOP = token(9010)
PACKED = token(9011)
HEALTH, ONBUILD = token(9012), token(9013)
NAMED = token(9014)


def line(value: str) -> bytes:
    return f"# settings\nkey = {value}\n".encode()


LAYERS = [
    craft.layer([("etc", None), ("etc/gone.conf", line(GONE)), ("opt/data/hidden.txt", line(HIDDEN)), ("srv/kit.zip", zipped({"in/a.txt": line(PACKED)}))]),
    craft.layer([("etc/.wh.gone.conf", b""), ("opt/data/.wh..wh..opq", b""), ("./srv/keep.env", line(KEEP))]),
    craft.layer([("usr/share/empty", b""), (f"srv/{NAMED}.txt", b"nothing\n")]),
]
HISTORY = [
    {"created": "2024-01-01T00:00:00Z", "created_by": "COPY etc /etc # buildkit"},
    {"created": "2024-01-01T01:00:00Z", "created_by": "ENV A=b", "empty_layer": True},
    {"created": "2024-01-01T06:00:00Z", "created_by": f"RUN |1 TOKEN={STEP} /bin/sh -c make install"},
    {"created": "2024-01-01T07:00:00Z", "created_by": "COPY last /"},
]
SETTINGS = {
    "Env": ["PATH=/bin", f"API_TOKEN={ENV}"],
    "Labels": {"com.example.note": f"see {LABEL}"},
    "Cmd": ["serve", "--token", CMD],
    "Healthcheck": {"Test": ["CMD", "curl", "-H", f"X-Token: {HEALTH}", "localhost"]},
    "OnBuild": [f"RUN deploy --key={ONBUILD}"],
}
CONFIG = craft.config(LAYERS, HISTORY, **SETTINGS)


def layout(packing: str) -> craft.Layout:
    made = craft.Layout()
    image = made.image(LAYERS, CONFIG, packing=packing, annotations={"com.example.key": NOTE}, platform={"os": "linux", "architecture": "amd64"})
    statement = json.dumps(
        {"predicateType": "https://slsa.dev/provenance/v0.2", "invocation": {"parameters": {"args": {"build-arg:TOKEN": ATTESTED}}}}
    ).encode()
    blob = made.blob(statement, "application/vnd.in-toto+json", annotations={"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"})
    empty = craft.config([], platform="unknown/unknown")
    manifest = {"schemaVersion": 2, "mediaType": craft.MANIFEST, "config": made.blob(empty, craft.CONFIG), "layers": [blob]}
    about = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image["digest"]}
    attestation = made.blob(json.dumps(manifest).encode(), craft.MANIFEST, annotations=about, platform={"os": "unknown", "architecture": "unknown"})
    return made.add(made.index([image, attestation], annotations={"com.example.top": TOP}), "app:1")


FORMS = {
    "docker-archive": lambda folder: craft.docker_archive(folder / "a.tar", LAYERS, CONFIG),
    "docker-archive.gz": lambda folder: craft.docker_archive(folder / "a.tar.gz", LAYERS, CONFIG, packed="+gzip"),
    "docker-archive, gzip layers": lambda folder: craft.docker_archive(folder / "a.tar", LAYERS, CONFIG, inner="+gzip"),
    **{f"oci{packing}": lambda folder, packing=packing: layout(packing).write(folder / "layout") for packing in craft.PACKINGS},
    "oci-archive": lambda folder: layout("+zstd").archive(folder / "a.tar"),
    "oci-archive.zst": lambda folder: layout("+gzip").archive(folder / "a.tar.zst", "+zstd"),
}


@pytest.mark.parametrize("form", FORMS)
def test_everything_is_found_everywhere(tmp_path: Path, form: str) -> None:
    found = scan(FORMS[form](tmp_path))
    assert found.coverage.complete, found.skips
    keep = found.one(KEEP)
    assert (keep["path"], keep["line"], keep["layer_index"], keep["deleted_later"], keep["where"]) == ("srv/keep.env", 2, 1, False, "file")
    assert keep["created_by"] == HISTORY[2]["created_by"]
    assert keep["visible"]
    gone = found.one(GONE)
    assert (gone["path"], gone["layer_index"], gone["deleted_later"], gone["deleted_in"]) == ("etc/gone.conf", 0, True, 1)
    assert (gone["created_by"], gone["exposed_hours"], gone["exposed_layers"]) == ("COPY etc /etc # buildkit", 6.0, 1)
    hidden = found.one(HIDDEN)
    assert (hidden["path"], hidden["layer_index"], hidden["deleted_later"]) == ("opt/data/hidden.txt", 0, True)
    packed = found.one(PACKED)
    assert (packed["path"], packed["archive_path"], packed["deleted_later"]) == ("srv/kit.zip", b"in/a.txt", False)
    assert found.one(NAMED)["member"] == "name"
    for value, where, name in [
        (ENV, "env", "API_TOKEN"),
        (LABEL, "label", "com.example.note"),
        (CMD, "cmd", "Cmd"),
        (HEALTH, "cmd", "Healthcheck"),
        (ONBUILD, "cmd", "OnBuild"),
    ]:
        assert (found.one(value)["where"], found.one(value)["name"]) == (where, name)
    step = found.one(STEP)
    assert (step["where"], step["step"], step["layer_index"], step["layer"]) == ("history", 2, 1, keep["layer"])
    if form.startswith("oci"):
        assert (found.one(NOTE)["where"], found.one(NOTE)["name"]) == ("annotation", "com.example.key")
        assert (found.one(TOP)["where"], found.one(TOP)["name"]) == ("annotation", "com.example.top")
        assert found.one(ATTESTED)["where"] == "attestation"
        assert keep["image"] == "app:1"
    # An archive of docker save knows layers by their content, a layout by their blobs.
    assert keep["layer"] in {craft.digest(pack(LAYERS[1])) for name, pack in craft.PACKINGS.items() if form.startswith("oci") or not name}


def test_both_prefilters_and_any_number_of_workers_find_the_same(tmp_path: Path) -> None:
    path = craft.docker_archive(tmp_path / "a.tar", LAYERS, CONFIG)
    alone, bulk, several = scan(path), scan(path, engine="hyperscan"), scan(path, engine="hyperscan", jobs=2)
    assert alone.findings == bulk.findings
    # Few bytes are read by one process whatever is allowed.
    assert bulk.findings == several.findings


def test_a_step_never_shows_a_secret(tmp_path: Path) -> None:
    import io

    from leaksieve.cli.images import image_sources
    from leaksieve.config import Config
    from leaksieve.pipeline import Plan, run
    from leaksieve.reports.base import View
    from leaksieve.reports.json import JsonReporter

    path = craft.docker_archive(tmp_path / "a.tar", LAYERS, CONFIG)
    outcome = run(Plan(sources=(), config=Config(), images=image_sources([str(path)], "")))
    assert len(outcome.findings) >= 10
    stream = io.StringIO()
    reporter = JsonReporter()
    reporter.start(stream, View())
    for finding in outcome.findings:
        reporter.finding(finding, outcome.rules[finding.rule_id])
    reporter.finish(outcome.coverage)
    text = stream.getvalue()
    for value in (KEEP, GONE, HIDDEN, ENV, LABEL, CMD, STEP, PACKED, HEALTH, ONBUILD, NAMED):
        assert value not in text
