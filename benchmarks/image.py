"""A container image of about 97,000 files and 1 GB in four layers: as an archive of docker save, and as layouts packed by gzip and zstd.

Beside it, what reading the same costs by itself: every file through nested ``tarfile``, and unpacking the layers with the same library.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import tarfile
from collections.abc import Callable

from benchmarks import large
from benchmarks.measure import Command, say
from benchmarks.session import Section, Session

LAYERS = 4
RUNS = 3
_PIECE = 1 << 20

NESTED = """
import sys, tarfile
with tarfile.open(sys.argv[1]) as image:
    for layer in image:
        if layer.name.endswith("/layer.tar"):
            with tarfile.open(fileobj=image.extractfile(layer)) as files:
                for one in files:
                    if one.isreg():
                        files.extractfile(one).read()
"""

# As many processes as leaksieve has workers; nothing is done with what comes out.
UNPACK = """
import os, sys
from leaksieve.cli.jobs import available
from leaksieve.oci.unpack import unpacked
kind, paths = sys.argv[1], sorted(sys.argv[2:], key=os.path.getsize)
pids = []
for number in range(available()):
    pid = os.fork()
    if not pid:
        for path in paths[number :: available()]:
            with open(path, "rb") as file:
                for _ in unpacked(kind, file.read):
                    pass
        os._exit(0)
    pids.append(pid)
for pid in pids:
    os.waitpid(pid, 0)
"""

# As many processes again: every member is looked at by the prefilter with all rules, and nothing is made of what it sees.
BARE = """
import mmap, os, sys, tarfile
from leaksieve.cli.jobs import available
from leaksieve.engine.prefilter import make
from leaksieve.engine.vocabulary import Vocabulary
from leaksieve.ruleset.load import load
prefilter = make("hyperscan", Vocabulary(load(), decoders=True))
with tarfile.open(sys.argv[1]) as image:
    layers = [(one.offset_data, one.offset_data + one.size) for one in image if one.name.endswith("/layer.tar")]
pids = []
for number in range(available()):
    pid = os.fork()
    if not pid:
        with open(sys.argv[1], "rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        for at, end in layers[number :: available()]:
            while at < end and data[at]:
                size = int(data[at + 124 : at + 135], 8)
                if data[at + 156] == 48:
                    prefilter.ends(data[at + 512 : at + 512 + size])
                at += 512 + (size + 511) // 512 * 512
        os._exit(0)
    pids.append(pid)
for pid in pids:
    os.waitpid(pid, 0)
"""


def bench(session: Session) -> list[Section]:
    """Leaksieve and Kingfisher on the archive, leaksieve alone on the layouts, each beside reading without scanning."""
    folder = session.folder("image")
    layers = _layers(session, folder)
    archive = _archive(folder, layers)
    title = f"Image: docker-archive, {LAYERS} layers, {os.path.getsize(archive) / 1e6:.0f} MB"
    leaksieve = session.leaksieve
    commands = [_scan(leaksieve.program, "leaksieve", folder, "image", "docker.tar", "--no-cache", "-f", "json", found=1)]
    for tool in session.peers:
        if tool.name == "kingfisher":
            # By default it takes a layer of more than 256 MB for none, and --max-file-size does not change that.
            options = ("--no-validate", "--no-update-check", "--no-limits")
            commands.append(_scan(tool.program, "kingfisher", folder, "scan", "docker", "--archive", "docker.tar", *options, found=200))
    commands.append(Command("nested tarfile", (sys.executable, "-c", NESTED, archive), folder, "python: read every file of every layer"))
    commands.append(
        Command("prefilter alone", (sys.executable, "-c", BARE, archive), folder, "python: headers and the prefilter, no file judged, no digest verified")
    )
    sections = [session.compare(title, commands, RUNS, memory_runs=1)]
    for kind in ("gzip", "zstd"):
        blobs = _layout(folder, kind, layers)
        commands = [
            _scan(leaksieve.program, "leaksieve", folder, "image", f"oci:{kind}", "--no-cache", "-f", "json", found=1),
            Command("unpack", (sys.executable, "-c", UNPACK, kind, *blobs), folder, "python: unpack the layers with the same library and workers"),
        ]
        sections.append(session.compare(f"Image: OCI layout, {kind}, {sum(map(os.path.getsize, blobs)) / 1e6:.0f} MB", commands, RUNS, memory_runs=1))
    return sections


def _scan(program: str, name: str, folder: str, *arguments: str, found: int) -> Command:
    return Command(name, (program, *arguments), folder, " ".join((os.path.basename(program), *arguments)), found=frozenset((found,)))


def _layers(session: Session, folder: str) -> list[str]:
    """The large tree in layers, one file after another in each."""
    tree = large.tree(session)
    say("packing it into layers")
    files = sorted(os.path.join(place, name) for place, _, names in os.walk(tree) for name in names)
    share = -(-len(files) // LAYERS)
    made = []
    for number in range(LAYERS):
        path = os.path.join(folder, f"layer{number}.tar")
        with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as layer:
            for file in files[number * share : (number + 1) * share]:
                layer.add(file, arcname=os.path.join("srv", os.path.relpath(file, tree)), recursive=False)
        made.append(path)
    return made


def _config(layers: list[str]) -> bytes:
    steps = [{"created_by": f"COPY part{number} /srv"} for number in range(len(layers))]
    fields = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [_digest(path) for path in layers]},
    }
    return json.dumps({**fields, "history": steps}).encode()


def _archive(folder: str, layers: list[str]) -> str:
    config = _config(layers)
    name = hashlib.sha256(config).hexdigest() + ".json"
    places = [f"{_digest(path).partition(':')[2]}/layer.tar" for path in layers]
    listing = json.dumps([{"Config": name, "RepoTags": ["large:1"], "Layers": places}]).encode()
    made = os.path.join(folder, "docker.tar")
    with tarfile.open(made, "w") as archive:
        for path, place in zip(layers, places, strict=True):
            archive.add(path, arcname=place)
        for place, data in ((name, config), ("manifest.json", listing)):
            info = tarfile.TarInfo(place)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return made


def _layout(folder: str, kind: str, layers: list[str]) -> list[str]:
    root = os.path.join(folder, kind)
    blobs = os.path.join(root, "blobs", "sha256")
    os.makedirs(blobs)

    def put(data: bytes) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        _write(os.path.join(blobs, digest), data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    described, made = [], []
    for path in layers:
        packed = os.path.join(root, "packed")
        with open(path, "rb") as source, _packer(kind)(packed) as target:
            while piece := source.read(_PIECE):
                target.write(piece)
        digest = _digest(packed)
        final = os.path.join(blobs, digest.partition(":")[2])
        os.replace(packed, final)
        made.append(final)
        described.append({"mediaType": f"application/vnd.oci.image.layer.v1.tar+{kind}", "digest": digest, "size": os.path.getsize(final)})
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", **put(_config(layers))}
    manifest = {"mediaType": "application/vnd.oci.image.manifest.v1+json"}
    entry = {**manifest, **put(json.dumps({"schemaVersion": 2, **manifest, "config": config, "layers": described}).encode())}
    _write(os.path.join(root, "index.json"), json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode())
    _write(os.path.join(root, "oci-layout"), b'{"imageLayoutVersion":"1.0.0"}')
    return made


def _packer(kind: str) -> Callable[[str], io.BufferedIOBase]:
    if kind == "gzip":
        import gzip

        return lambda path: gzip.GzipFile(path, "wb", 6)
    from backports import zstd

    return lambda path: zstd.ZstdFile(path, "wb", level=3)


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
