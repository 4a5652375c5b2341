"""How many workers: the container's quota counts, not the machine."""

import os

import pytest

from leaksieve.cli import jobs


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def quota(tmp_path):
    def measure(membership="", **files):
        for name, text in files.items():
            put(tmp_path / "cg" / name.replace("__", "/").replace("cpu_max", "cpu.max"), text)
        (tmp_path / "member").write_text(membership)
        return jobs.quota(str(tmp_path / "cg"), str(tmp_path / "member"))

    return measure


def test_no_limit(quota):
    assert quota() is None
    assert quota("0::/\n", cpu_max="max 100000\n") is None


def test_version_2_at_the_mount(quota):
    assert quota("0::/not/here\n", cpu_max="250000 100000\n") == 2.5


def test_version_2_the_smallest_on_the_way_up(quota):
    assert quota("0::/a/b\n", a__cpu_max="50000 100000", a__b__cpu_max="400000 100000") == 0.5


def test_version_1(tmp_path):
    put(tmp_path / "cpu" / "cpu.cfs_quota_us", "300000\n")
    put(tmp_path / "cpu" / "cpu.cfs_period_us", "100000\n")
    assert jobs.quota(str(tmp_path), str(tmp_path / "none")) == 3.0
    put(tmp_path / "cpu,cpuacct" / "docker" / "cpu.cfs_quota_us", "150000\n")
    put(tmp_path / "cpu,cpuacct" / "docker" / "cpu.cfs_period_us", "100000\n")
    (tmp_path / "member").write_text("3:cpu,cpuacct:/docker\n1:name=x:/y\n")
    assert jobs.quota(str(tmp_path), str(tmp_path / "member")) == 1.5
    put(tmp_path / "cpu,cpuacct" / "docker" / "cpu.cfs_quota_us", "-1\n")
    assert jobs.quota(str(tmp_path), str(tmp_path / "member")) == 3.0


def test_a_group_path_cannot_lead_out_of_the_mount(tmp_path):
    put(tmp_path / "cpu.max", "100000 100000")
    (tmp_path / "cg").mkdir()
    (tmp_path / "member").write_text("0::/../..\n")
    assert jobs.quota(str(tmp_path / "cg"), str(tmp_path / "member")) is None


@pytest.mark.parametrize(("limit", "expected"), [(None, 4), (2.5, 2), (0.5, 1), (64.0, 4)])
def test_available(monkeypatch, limit, expected):
    monkeypatch.setattr(jobs, "quota", lambda: limit)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    assert jobs.available() == expected
