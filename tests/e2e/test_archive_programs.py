"""What the usual programs pack is opened from the command line, each secret told with its place; what is not opened is named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from crates import notebook, pdf, zipped
from gitrepo import GitRepo
from planted import token
from realrun import Run, leaksieve

pytestmark = pytest.mark.e2e
# 7-Zip goes by several names.
SEVEN = next((name for name in ("7zz", "7z", "7za") if shutil.which(name)), "7zz")


def needs(*programs: str) -> None:
    lacking = [program for program in programs if shutil.which(program) is None]
    if lacking and os.environ.get("CI"):
        pytest.fail(f"{', '.join(lacking)} should be on this machine")
    if lacking:
        pytest.skip(f"{', '.join(lacking)} not on this machine")


def do(folder: Path, *command: str, stdin: bytes = b"") -> bytes:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1700000000"}
    done = subprocess.run(command, cwd=folder, input=stdin, capture_output=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, (command, done.stderr, done.stdout)
    return done.stdout


def scan(folder: Path, *arguments: str) -> Run:
    return leaksieve("dir", ".", *arguments, "-f", "json", "--reveal", cwd=folder, megabytes=2500)


def found(run: Run, number: int) -> set[tuple[str, str | None, int]]:
    finding = run.secrets.get(token(number))
    return {(one["path"], one["archive_path"], one["start_line"]) for one in finding["occurrences"]} if finding else set()


@pytest.fixture
def content(tmp_path: Path) -> Path:
    inside = tmp_path / "inside"
    (inside / "etc").mkdir(parents=True)
    (inside / "etc/app.conf").write_text(f"# settings\n\nkey = {token(7401)}\n")
    (inside / "readme").write_text("nothing\n" * 100)
    (tmp_path / "out").mkdir()
    return inside


def test_7zip(content: Path) -> None:
    needs(SEVEN)
    out = content.parent / "out"
    expected = set()
    for method in ("LZMA", "LZMA2", "PPMd", "BZip2", "Deflate", "Deflate64", "Copy"):
        do(content, SEVEN, "a", "-bd", f"-m0={method}", f"../out/{method}.7z", "etc", "readme")
        expected.add((f"{method}.7z", "etc/app.conf", 3))
    for method in ("Deflate", "Deflate64", "BZip2", "LZMA", "PPMd"):
        do(content, SEVEN, "a", "-bd", "-tzip", f"-mm={method}", f"../out/{method}.zip", "etc", "readme")
        expected.add((f"{method}.zip", "etc/app.conf", 3))
    do(content, SEVEN, "a", "-bd", "-ppassword", "../out/secret.7z", "etc")
    do(content, SEVEN, "a", "-bd", "-ppassword", "-mhe=on", "../out/hidden.7z", "etc")
    run = scan(out)
    assert found(run, 7401) == expected
    skipped = {(skip["path"], skip["reason"]) for source in run.report["coverage"]["sources"] for skip in source["skipped"]}
    assert skipped == {("secret.7z!/etc/app.conf", "encrypted-member"), ("hidden.7z", "encrypted-member")}


def test_packages(content: Path) -> None:
    needs("rpmbuild", "dpkg-deb")
    root = content.parent
    out = root / "out"
    (content / "DEBIAN").mkdir()
    (content / "DEBIAN/control").write_text("Package: x\nVersion: 1\nArchitecture: all\nMaintainer: m <m@example.com>\nDescription: d\n")
    (content / "DEBIAN/postinst").write_text(f"#!/bin/sh\necho {token(7402)}\n")
    (content / "DEBIAN/postinst").chmod(0o755)
    for packing in ("xz", "gzip", "none"):
        do(root, "dpkg-deb", f"-Z{packing}", "-b", "inside", f"out/{packing}.deb")
    (root / "x.spec").write_text(
        "Name: x\nVersion: 1\nRelease: 1\nSummary: s\nLicense: MIT\nBuildArch: noarch\n%description\nd\n%install\nmkdir -p %{buildroot}/etc\n"
        f"cp {content}/etc/app.conf %{{buildroot}}/etc/\n%post\necho {token(7402)}\n%files\n/etc/app.conf\n"
    )
    for packing in ("w9.gzdio", "w6.xzdio", "w3.zstdio", "w9.bzdio"):
        do(root, "rpmbuild", "-bb", "--define", f"_topdir {root}/rpm", "--define", f"_binary_payload {packing}", "x.spec")
        (root / "rpm/RPMS/noarch/x-1-1.noarch.rpm").rename(out / f"{packing}.rpm")
    run = scan(out)
    packages = {(one[0], one[1].rpartition("/")[2], one[2]) for one in found(run, 7401) if one[1]}
    assert packages == {(path.name, "app.conf", 3) for path in out.iterdir()}
    scripts = {(one[0], one[1].rpartition("/")[2]) for one in found(run, 7402) if one[1]}
    assert scripts == {(path.name, "postinst" if path.suffix == ".deb" else "(header)") for path in out.iterdir()}


def test_streams_and_cpio(content: Path) -> None:
    needs("lz4", "zstd", "cpio", "zip", "tar")
    out = content.parent / "out"
    packed = do(content, "tar", "-cf", "-", "etc")
    (out / "a.tar.lz4").write_bytes(do(content, "lz4", "-c", stdin=packed))
    (out / "a.tar.zst").write_bytes(do(content, "zstd", "-c", "--long=27", stdin=packed))
    for form in ("v7", "ustar", "gnu", "pax", "oldgnu"):
        do(content, "tar", f"--format={form}", "-cf", f"../out/{form}.tar", "etc")
    for form in ("bin", "odc", "newc", "crc"):
        (out / f"{form}.cpio").write_bytes(do(content, "cpio", "-o", "-H", form, stdin=b"etc/app.conf\n"))
    do(content, "zip", "-q", "-r", "../out/a.zip", "etc")
    run = scan(out)
    assert found(run, 7401) == {(path.name, "etc/app.conf", 3) for path in out.iterdir()}


def test_a_database_of_the_program(tmp_path: Path) -> None:
    needs("sqlite3")
    script = (
        f"PRAGMA journal_mode=WAL; CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, api_token TEXT); INSERT INTO users VALUES(41, 'me', '{token(7403)}');"
    )
    do(tmp_path, "sqlite3", "app.sqlite", stdin=script.encode())
    before = sorted(tmp_path.iterdir())
    run = scan(tmp_path)
    assert found(run, 7403) == {("app.sqlite", "users.api_token 41", 1)}
    assert sorted(tmp_path.iterdir()) == before


def test_a_wheel(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "thing").mkdir(parents=True)
    (project / "thing/__init__.py").write_text(f'x = 1\nkey = "{token(7404)}"\n')
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n[project]\nname = "thing"\nversion = "1"\n'
    )
    do(project, sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist"))
    assert found(scan(tmp_path / "dist"), 7404) == {("thing-1-py2.py3-none-any.whl", "thing/__init__.py", 2)}


def test_notebooks_and_pdf_in_trees_stages_and_histories(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    book = notebook(["import os\n", f'key = "{token(7405)}"\n'], outputs=({"output_type": "display_data", "metadata": {}, "data": {"image/png": token(7406)}},))
    line = book[: book.index(token(7405).encode())].count(b"\n") + 1
    files = {"n.ipynb": book, "d.pdf": pdf(b"key = " + token(7407).encode())}
    for name, data in files.items():
        repo.add(name, data)
    for command in (["dir", "."], ["git", "--staged"]):
        run = leaksieve(*command, "-f", "json", "--reveal", cwd=tmp_path / "repo", megabytes=2500)
        assert found(run, 7405) == {("n.ipynb", None, line)}
        assert found(run, 7407) == {("d.pdf", "page 1", 2)}
        assert not found(run, 7406)
    repo.commit()
    run = leaksieve("git", "-f", "json", "--reveal", cwd=tmp_path / "repo", megabytes=2500)
    assert found(run, 7405) == {("n.ipynb", None, line)}
    assert found(run, 7407) == {("d.pdf", "page 1", 2)}
    assert not found(run, 7406)


def test_disks_are_named(content: Path) -> None:
    needs("genisoimage", "mksquashfs")
    out = content.parent / "out"
    do(content, "genisoimage", "-quiet", "-o", "../out/a.iso", ".")
    do(content, "mksquashfs", ".", "../out/a.squashfs", "-quiet", "-no-progress")
    run = scan(out)
    skipped = {(skip["class"], skip["path"], skip["reason"]) for source in run.report["coverage"]["sources"] for skip in source["skipped"]}
    assert skipped == {("excluded", "a.iso", "archive-unsupported"), ("excluded", "a.squashfs", "archive-unsupported")}
    # A disk that packs nothing is read as it stands.
    assert {one[0] for one in found(run, 7401)} == {"a.iso"}


def test_an_archive_over_the_limit_is_walked_where_it_lies(tmp_path: Path) -> None:
    noise = os.urandom(300_000)
    with zipfile.ZipFile(tmp_path / "large.zip", "w") as archive:
        for number in range(9):
            archive.writestr(f"noise{number}", noise)
        archive.writestr("app/.env", f"a\nkey = {token(7408)}\n")
    (tmp_path / "large.bin").write_bytes(noise * 9)
    for arguments in ((".",), ("large.zip", "large.bin")):
        run = leaksieve("dir", *arguments, "-f", "json", "--reveal", "--max-file-size", "1MiB", cwd=tmp_path, megabytes=1500)
        assert found(run, 7408) == {("large.zip", "app/.env", 2)}
        skipped = {(skip["path"], skip["reason"]) for source in run.report["coverage"]["sources"] for skip in source["skipped"]}
        assert skipped == {("large.bin", "too-large")}


def test_members_are_in_every_report_under_their_names(tmp_path: Path) -> None:
    (tmp_path / "a.jar").write_bytes(zipped({"x/grüße.txt": f"key = {token(7409)}\n".encode()}))
    for form in ("json", "sarif", "csv", "text"):
        run = leaksieve("dir", ".", "-f", form, cwd=tmp_path)
        assert run.code == 1
        out = run.out.decode()
        assert "grüße" in (json.dumps(json.loads(out), ensure_ascii=False) if form in ("json", "sarif") else out)
