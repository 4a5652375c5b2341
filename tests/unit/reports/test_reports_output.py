"""A report file is whole or not there; standard output and special files are written as they are."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading

import pytest

from leaksieve.errors import ExitCode, UsageError
from leaksieve.reports.output import open_output

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX files")


def test_a_report_appears_under_its_name_at_the_end(tmp_path):
    target = tmp_path / "r.json"
    with open_output(str(target)) as stream:
        stream.write("naïve\n漢\n")
        assert not target.exists()
    assert target.read_bytes() == "naïve\n漢\n".encode()
    assert os.listdir(tmp_path) == ["r.json"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_after_a_failure_nothing_is_left_and_the_old_report_stays(tmp_path, error):
    target = tmp_path / "r.json"
    target.write_text("old")

    def interrupted():
        with open_output(str(target)) as stream:
            stream.write("half" * 10_000)
            raise error

    with pytest.raises(error):
        interrupted()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["r.json"]


def test_a_relative_name_lands_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open_output("r.txt") as stream:
        stream.write("x")
    assert (tmp_path / "r.txt").read_text() == "x"


@posix
def test_permissions(tmp_path):
    """The umask decides, an old report's mode stays, and revealed secrets are the owner's alone."""
    old = os.umask(0o027)
    try:
        for name, private in (("plain", False), ("private", True), ("kept", False), ("tightened", True)):
            if name in {"kept", "tightened"}:
                (tmp_path / name).touch()
                (tmp_path / name).chmod(0o604)
            with open_output(str(tmp_path / name), private=private) as stream:
                stream.write("x")
    finally:
        os.umask(old)
    modes = {name: oct(stat.S_IMODE((tmp_path / name).stat().st_mode)) for name in os.listdir(tmp_path)}
    assert modes == {"plain": "0o640", "private": "0o600", "kept": "0o604", "tightened": "0o600"}


@posix
def test_a_link_is_replaced_and_not_followed(tmp_path):
    """A scanned repository may hold a link where its CI writes the report."""
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "r.json").symlink_to("precious")
    with open_output(str(tmp_path / "r.json")) as stream:
        stream.write("report")
    assert (tmp_path / "precious").read_text() == "precious"
    assert not (tmp_path / "r.json").is_symlink()
    assert (tmp_path / "r.json").read_text() == "report"


@pytest.mark.parametrize("name", ["missing/r.json", "folder"])
def test_what_cannot_be_written_is_said_before_anything_else(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=r"cannot write the report: .+; choose another --output$") as caught, open_output(str(tmp_path / name)):
        pytest.fail("the block must not run")
    assert caught.value.exit_code is ExitCode.USAGE
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("amount", [1, 100_000])
def test_a_full_device_is_a_clear_error(amount):
    with pytest.raises(UsageError, match=r"^/dev/full: cannot write the report: No space left on device"), open_output("/dev/full") as stream:
        stream.write("x" * amount)


@posix
@pytest.mark.parametrize("amount", [2, 200_000])
def test_a_full_disk_leaves_no_half_report(tmp_path, amount):
    """A file size limit stands in for the full disk: the same error from the same call."""
    code = f"""
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
from leaksieve.errors import UsageError
from leaksieve.reports.output import open_output
try:
    with open_output(sys.argv[1]) as stream:
        stream.write("x" * {amount})
except UsageError as error:
    sys.exit(7 if "cannot write the report: File too large" in str(error) else 8)
"""
    target = tmp_path / "r.json"
    target.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", code, str(target)], check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    assert (done.returncode, done.stderr) == (7, "")
    assert os.listdir(tmp_path) == ["r.json"]
    assert target.read_text() == "old"


@pytest.mark.parametrize("name", [None, "-", "/dev/stdout"])
def test_standard_output(capfdbinary, name):
    sys.stdout.flush()
    with open_output(name) as stream:
        stream.write("naïve\n")
    assert not sys.stdout.closed
    assert capfdbinary.readouterr().out.decode() == "naïve\n"


def test_standard_output_is_utf8_in_any_locale():
    code = "from leaksieve.reports.output import open_output\nwith open_output(None) as stream: stream.write('漢\\udcff\\n')"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=env)
    assert done.stdout.replace(b"\r", b"") == "漢\\udcff\n".encode()


@posix
def test_a_pipe_by_name_is_written_directly(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    got = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_text()))
    reader.start()
    with open_output(str(fifo)) as stream:
        stream.write("through")
    reader.join(10)
    assert got == ["through"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


@posix
def test_a_reader_that_goes_away_is_a_quiet_end():
    code = """
import sys
from leaksieve.reports.output import open_output, silence_stdout
try:
    with open_output(None) as stream:
        for _ in range(100_000):
            stream.write("line\\n")
except BrokenPipeError:
    silence_stdout()
    sys.exit(5)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 5
