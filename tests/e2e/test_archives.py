"""Archives through the command line: found wherever they may lie, told under the right name, bounded, and counted."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import packcraft as craft
import pytest
import versions
from crates import BOMBS, STREAMS, gzip_bomb, overlapping, tarred, zipped
from gitrepo import GitRepo
from planted import token
from realrun import Run, environment, history, leaksieve

pytestmark = pytest.mark.e2e


def env(number: int, lines: int = 0) -> bytes:
    return b"# a line\n" * lines + f"key = {token(number)}\n".encode()


def crate(number: int) -> dict[str, bytes]:
    """One archive of each kind, every secret on a line of its own."""
    members = {"readme.txt": b"nothing\n" * 40, "app/.env": env(number, 2)}
    return {
        "kit.zip": zipped(members),
        "kit.jar": zipped({"META-INF/MANIFEST.MF": b"x\n", **members}, streamed=True),
        "kit.tar": tarred(members),
        "kit.tar.gz": STREAMS["gzip"](tarred(members)),
        "kit.tar.xz": STREAMS["xz"](tarred(members)),
        "kit.tar.bz2": STREAMS["bzip2"](tarred(members)),
        "kit.tar.zst": STREAMS["zstd"](tarred(members)),
        # What it is called says nothing.
        "picture.png": zipped(members),
    }


def run(folder: Path, *arguments: str) -> Run:
    return leaksieve(*arguments, "-f", "json", "--reveal", cwd=folder, megabytes=1500)


def places(run_: Run, number: int) -> set[tuple[str, str | None, int]]:
    finding = run_.secrets.get(token(number))
    return {(one["path"], one["archive_path"], one["start_line"]) for one in finding["occurrences"]} if finding else set()


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def test_in_a_folder(tmp_path: Path) -> None:
    files = crate(7001)
    write(tmp_path, {**files, "notes.log.gz": gzip.compress(env(7002, 4))})
    done = run(tmp_path, "dir", ".")
    assert places(done, 7001) == {(name, "app/.env", 3) for name in files}
    assert places(done, 7002) == {("notes.log.gz", "notes.log", 5)}
    assert done.source["scanned"]["archives"] == len(files) + 1
    assert done.source["scanned"]["files"] == len(files) + 1
    assert (done.code, done.failed, done.source["skipped"]) == (1, [], [])


def test_one_archive_by_name_and_the_text_report(tmp_path: Path) -> None:
    write(tmp_path, {"kit.tar.gz": crate(7003)["kit.tar.gz"]})
    done = leaksieve("scan", "kit.tar.gz", cwd=tmp_path)
    assert "kit.tar.gz!/app/.env:3:7" in done.out.decode()
    assert "Opened 1 archive with 2 files." in " ".join(done.out.decode().split())
    assert token(7003) not in done.out.decode()


def test_on_standard_input(tmp_path: Path) -> None:
    for name, data in {"x.zip": crate(7004)["kit.zip"], "plain.gz": gzip.compress(env(7004, 2))}.items():
        command = [sys.executable, "-P", "-m", "leaksieve", "stdin", "--stdin-path", name, "-f", "json", "--reveal"]
        done = subprocess.run(command, input=data, capture_output=True, env=environment(tmp_path), cwd=tmp_path, check=False)
        report = json.loads(done.stdout)
        (finding,) = report["findings"]
        assert (finding["secret"], finding["path"], finding["start_line"]) == (token(7004), name, 3)
        assert finding["archive_path"] == ("app/.env" if name == "x.zip" else "plain")


def test_staged_and_what_was_there_before(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    old, new = env(7005), env(7006)
    repo.add("kit.zip", zipped({"a.env": old, "b.txt": b"b\n"}))
    repo.commit()
    repo.add("kit.zip", zipped({"a.env": old, "b.txt": b"changed\n"}))
    done = run(repo.top, "git", "--staged")
    assert done.secrets[token(7005)]["already_present"] is True
    assert done.code == 0
    repo.add("kit.zip", zipped({"a.env": b"x\n" + old + new, "b.txt": b"changed\n"}))
    repo.add("kit.tar.gz", crate(7007)["kit.tar.gz"])
    done = run(repo.top, "git", "--staged")
    assert done.code == 1
    assert {number: done.secrets[token(number)]["already_present"] for number in (7005, 7006, 7007)} == {7005: True, 7006: False, 7007: False}
    assert places(done, 7006) == {("kit.zip", "a.env", 3)}


def test_a_range_and_working_changes(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.add("a.txt", "a\n")
    repo.commit()
    repo.add("kit.zip", zipped({"deep.zip": zipped({"in.env": env(7009)}), "a.env": env(7008)}))
    repo.commit()
    done = run(repo.top, "git", "--range", "HEAD~1..HEAD")
    assert places(done, 7008) == {("kit.zip", "a.env", 1)}
    # In a history one archive is opened, and no archive in it.
    assert places(done, 7009) == set()
    assert [skip["reason"] for skip in done.source["skipped"]] == ["archive-not-opened"]
    repo.write("kit.zip", zipped({"deep.zip": zipped({"in.env": env(7010)})}))
    assert places(run(repo.top, "git", "--unstaged"), 7010) == {("kit.zip", "deep.zip!/in.env", 1)}


def test_a_history_kept_from_scan_to_scan(tmp_path: Path) -> None:
    """Members, what could not be opened and what is damaged are told the same by a scan that remembers."""
    repo = GitRepo(tmp_path / "repo")
    for number in range(6):
        # Versions of one file, stored as changes to one another.
        repo.add("kit.tar", tarred({"a.env": env(7100 + number), "large": b"the same\n" * 4000, f"{token(7200)}.txt": b"x\n"}))
        repo.add("plain.txt", f"{number}\n" * 10)
        repo.commit()
    repo.add("cut.zip", zipped({"a.env": env(7110)})[:-30])
    repo.add("deep.zip", zipped({"in.zip": zipped({"a": b"b"})}))
    repo.add("twice.zip", overlapping(3))
    repo.commit()

    def scan(cached: bool, cache: str = "cache") -> Run:
        return leaksieve(
            *("git", ".", "-f", "json", "--reveal", "--cache" if cached else "--no-cache"), cwd=repo.top, env={"LEAKSIEVE_CACHE_DIR": str(tmp_path / cache)}
        )

    def told(run_: Run) -> tuple[object, ...]:
        source = json.loads(json.dumps(run_.source))
        source["scanned"].pop("cached", None)
        source["skipped"].sort(key=str)
        return run_.report["findings"], source, run_.code

    for layout in ("loose", "packed"):
        if layout == "packed":
            repo("repack", "-q", "-a", "-d", "-f")
        plain, first, second = scan(False), scan(True, layout), scan(True, layout)
        assert set(plain.secrets) == {*(token(7100 + number) for number in range(6)), token(7110), token(7200)}
        assert told(first) == told(plain)
        assert told(second) == told(plain)
        assert second.source["scanned"]["cached"] == second.source["scanned"]["objects"]
        assert {skip["reason"] for skip in plain.source["skipped"]} == {"archive-damaged", "archive-not-opened"}
        assert plain.source["scanned"]["archives"] == 9
        kept = b"".join(path.read_bytes() for path in (tmp_path / layout).rglob("*") if path.is_file())
        assert not [number for number in (*range(7100, 7111), 7200) if token(number).encode() in kept]


def test_a_version_that_is_no_archive_any_more(tmp_path: Path) -> None:
    """What was said of an archive's bytes says nothing of a file that keeps most of them."""
    whole = zipped({"a.env": env(7120, 900) + b"# more\n" * 2000}, zipfile.ZIP_STORED)
    head = b"a text that has taken in the rest\n"
    plain = head + whole[4:-30]
    delta = craft.delta(len(whole), len(plain), craft.literal(head), *versions.copies(4, len(whole) - 34))
    entries = [craft.Entry("blob", whole, craft.object_id("blob", whole)), craft.Entry("ofs", delta, craft.object_id("blob", plain), 0)]
    repo = GitRepo(tmp_path / "repo", "--template=")
    craft.write_pack(repo.top / ".git/objects", entries)
    # Nothing leads to these; every one that holds it is told.
    done = history(repo.top, "--engine", "hyperscan")
    assert {(one["source"]["object"], one["archive_path"]) for one in done.secrets[token(7120)]["occurrences"]} == {
        (entries[0].oid.hex(), "a.env"), (entries[1].oid.hex(), None),
    }  # fmt: skip


def test_switched_off(tmp_path: Path) -> None:
    write(tmp_path, {**crate(7011), "stored.zip": zipped({"a.env": env(7012)}, zipfile.ZIP_STORED)})
    done = run(tmp_path, "dir", ".", "--max-archive-depth", "0")
    # Bytes that stand there uncompressed are seen all the same.
    assert places(done, 7012) == {("stored.zip", None, 1)}
    assert {path for path, _, _ in places(done, 7011)} == {"kit.tar"}
    assert {(skip["class"], skip["reason"]) for skip in done.source["skipped"]} == {("excluded", "archive-not-opened")}
    assert len(done.source["skipped"]) == 9
    assert "archives" not in done.source["scanned"]
    assert run(tmp_path, "dir", ".", "--max-archive-depth", "0", "--require-complete=strict", "--exit-zero").report["coverage"]["complete"] is False


def test_exclude_and_allow_go_by_the_archive_s_path(tmp_path: Path) -> None:
    write(tmp_path, {"vendor/kit.zip": crate(7013)["kit.zip"], "test/kit.zip": crate(7014)["kit.zip"], "kit.zip": crate(7015)["kit.zip"]})
    config = tmp_path / "leaksieve.toml"
    config.write_text('exclude = ["vendor/", "app/.env"]\n[[allow]]\npaths = ["test/*.zip"]\nreason = "fixtures"\n')
    done = run(tmp_path, "dir", ".")
    assert places(done, 7013) == set()
    assert done.secrets[token(7014)]["allowed"].endswith("fixtures")
    assert done.secrets[token(7015)]["allowed"] in (None, "")


def test_a_comment_in_a_member_allows_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"kit.zip": zipped({"a.env": f"key = {token(7016)}  # leaksieve:allow -- a fixture\n".encode()})})
    done = run(tmp_path, "dir", ".")
    assert (done.code, bool(done.secrets[token(7016)]["allowed"])) == (0, True)


def test_a_secret_in_a_member_s_name_is_found_and_masked_everywhere(tmp_path: Path) -> None:
    name = token(7017)
    whole = zipped({f"d/{name}.env": env(7018), f"e/{name}.zip": zipped({"a": b"b"})[:-20]})
    write(tmp_path, {"kit.zip": whole})
    for form in ("text", "json", "jsonl", "sarif"):
        done = leaksieve("dir", ".", "-f", form, "-v", cwd=tmp_path)
        assert name not in done.out.decode() + done.err, form
        assert done.code == 1
    finding = run(tmp_path, "dir", ".").secrets[name]
    assert {place["source"].get("member") for place in finding["occurrences"]} == {"name"}


def test_encrypted_closed_and_damaged_ones_are_said(tmp_path: Path) -> None:
    encrypted = bytearray(zipped({"a": b"content"}))
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.index(sign) + offset] |= 1
    write(tmp_path, {"e.zip": bytes(encrypted), "x.cab": b"MSCF\0\0\0\0" + bytes(60), "x.rar": b"Rar!\x1a\x07\x01\0" + bytes(60)})
    done = run(tmp_path, "dir", ".")
    assert done.code == 0
    assert {(skip["class"], skip["path"], skip["reason"]) for skip in done.source["skipped"]} == {
        ("excluded", "e.zip!/a", "encrypted-member"), ("excluded", "x.cab", "archive-unsupported"), ("excluded", "x.rar", "archive-unsupported"),
    }  # fmt: skip
    write(tmp_path, {"cut.tar.gz": crate(7019)["kit.tar.gz"][:-40]})
    done = run(tmp_path, "dir", ".")
    assert not done.failed
    assert "archive-damaged" in {skip["reason"] for skip in done.source["skipped"]}
    assert done.report["coverage"]["complete"] is True


def test_a_broken_archive_is_scanned_as_far_as_it_goes(tmp_path: Path) -> None:
    members = {"first.env": env(7020), "second.bin": bytes(range(256)) * 400}
    write(tmp_path, {"cut.tar.gz": STREAMS["gzip"](tarred(members))[:-100], "cut.zip": zipped(members)[:-80]})
    done = run(tmp_path, "dir", ".")
    assert places(done, 7020) == {("cut.tar.gz", "first.env", 1), ("cut.zip", "first.env", 1)}
    assert done.code == 1
    assert not done.failed


def test_a_damaged_archive_is_told_alike_of_trees_stages_and_histories(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.add("a.txt", "nothing\n")
    first = repo.commit()
    repo.add("cut.tar.gz", STREAMS["gzip"](tarred({"noise.bin": bytes(range(256)) * 400}))[:-100])
    staged = run(repo.top, "git", "--staged")
    repo.commit()
    for done in (staged, run(repo.top, "dir", "."), run(repo.top, "git", "."), run(repo.top, "git", ".", "--range", f"{first}..HEAD")):
        assert {(skip["class"], skip["reason"]) for skip in done.source["skipped"] if skip["reason"] != "history-not-scanned"} == {
            ("excluded", "archive-damaged")
        }
        assert (done.code, done.report["coverage"]["complete"]) == (0, True)
    strict = run(repo.top, "dir", ".", "--require-complete", "strict")
    assert (strict.code, strict.report["coverage"]["complete"]) == (3, False)


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(tmp_path: Path, name: str) -> None:
    make, reason = BOMBS[name]
    write(tmp_path, {"bomb.bin": make(), "beside.env": env(7021)})
    done = leaksieve("dir", ".", "-f", "json", "--reveal", cwd=tmp_path, megabytes=400, timeout=40)
    assert places(done, 7021) == {("beside.env", None, 1)}
    assert reason in {skip["reason"] for skip in done.source["skipped"]}
    assert done.seconds < 20


def test_bombs_in_a_history(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.add("zeros.gz", gzip_bomb(2000 << 20))
    repo.add("twice.zip", overlapping(500))
    repo.add("a.env", env(7022).decode())
    repo.commit()
    done = history(repo.top, megabytes=400, timeout=40)
    assert set(done.secrets) == {token(7022)}
    assert {(skip["class"], skip["reason"]) for skip in done.source["skipped"]} == {("excluded", "archive-limit"), ("excluded", "archive-damaged")}
    assert done.report["coverage"]["complete"] is True


def test_a_script_with_a_zip_behind_it_is_both(tmp_path: Path) -> None:
    write(tmp_path, {"run.pyz": b"#!/usr/bin/env python3\n# " + env(7023) + zipped({"__main__.py": env(7024)}, zipfile.ZIP_STORED)})
    done = run(tmp_path, "dir", ".")
    assert places(done, 7023) == {("run.pyz", None, 2)}
    # Once, though it also stands in the file as it is.
    assert places(done, 7024) == {("run.pyz", "__main__.py", 1)}


def test_nothing_is_written_anywhere(tmp_path: Path) -> None:
    evil = io.BytesIO()
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("../../../../tmp/evil-leaksieve", b"x" * 99)
        archive.writestr("/etc/evil-leaksieve", env(7025))
    write(tmp_path / "in", {"kit.zip": evil.getvalue()})
    done = run(tmp_path / "in", "dir", ".")
    assert places(done, 7025) == {("kit.zip", "/etc/evil-leaksieve", 1)}
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "kit.zip"]
    assert not Path("/tmp/evil-leaksieve").exists()
