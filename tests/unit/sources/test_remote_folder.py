"""The folder of a clone is private, goes away, and leftovers of killed runs go with the next."""

import os
import signal
import tempfile
import time

import pytest

from leaksieve.sources.remote_folder import PREFIX, Terminated, private_folder, remove_leftovers

OLD = time.time() - 25 * 3600


@pytest.fixture(autouse=True)
def _temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_it_is_private_and_goes_away(tmp_path):
    with private_folder() as folder:
        assert os.stat(folder).st_mode & 0o777 == 0o700
        assert os.path.dirname(folder) == str(tmp_path)
        os.makedirs(os.path.join(folder, "a/b"))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_like_ctrl_c(tmp_path, number):
    # Who starts the tests may have it ignored, as nohup does, and then it is.
    signal.signal(number, signal.SIG_DFL)
    with pytest.raises(Terminated), private_folder():
        signal.raise_signal(number)
    assert os.listdir(tmp_path) == []
    assert signal.getsignal(number) is signal.SIG_DFL


def test_a_handler_that_is_there_stays(tmp_path):
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with private_folder():
            os.kill(os.getpid(), signal.SIGTERM)
            assert len(os.listdir(tmp_path)) == 1
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_forked_worker_does_not_take_it_away():
    with private_folder() as folder:
        pid = os.fork()
        if pid == 0:
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                os._exit(1)
        assert os.waitpid(pid, 0)[1] >> 8 == 128 + signal.SIGTERM
        assert os.path.isdir(folder)


def leftover(tmp_path, name="x", mode=0o700, age=OLD):
    folder = tmp_path / (PREFIX + name)
    folder.mkdir(mode=mode)
    folder.chmod(mode)
    (folder / "in-use").write_text("")
    (folder / "clone.git").mkdir()
    os.utime(folder, (age, age))
    return folder


def test_leftovers_are_removed(tmp_path):
    old, young, open_to_all = leftover(tmp_path), leftover(tmp_path, "young", age=time.time()), leftover(tmp_path, "open", 0o755)
    other = tmp_path / "other"
    other.mkdir()
    os.utime(other, (OLD, OLD))
    assert remove_leftovers() == 1
    assert [path.exists() for path in (old, young, open_to_all, other)] == [False, True, True, True]


def test_a_long_scan_is_not_a_leftover(tmp_path):
    with private_folder() as folder:
        os.utime(folder, (OLD, OLD))
        pid = os.fork()
        if pid == 0:
            os._exit(remove_leftovers())
        assert os.waitpid(pid, 0)[1] == 0
        assert os.path.isdir(folder)


def test_links_are_not_followed(tmp_path):
    target = tmp_path / "precious"
    target.mkdir(mode=0o700)
    (target / "file").write_text("x")
    os.utime(target, (OLD, OLD))
    link = tmp_path / (PREFIX + "link")
    link.symlink_to(target)
    os.utime(link, (OLD, OLD), follow_symlinks=False)
    inside = leftover(tmp_path)
    (inside / "link").symlink_to(target)
    (inside / "in-use").unlink()
    (inside / "in-use").symlink_to(target / "file")
    os.utime(inside, (OLD, OLD))
    remove_leftovers()
    assert (target / "file").exists()
    assert link.is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that belong to others")
def test_other_users_folders_are_left_alone(tmp_path):
    folder = leftover(tmp_path)
    os.chown(folder, 12345, 12345)
    os.utime(folder, (OLD, OLD))
    assert remove_leftovers() == 0
    assert folder.exists()
