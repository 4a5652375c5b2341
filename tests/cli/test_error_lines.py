"""A secret in the wrong place (a configuration, an option, a path) is not repeated in the line that refuses it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from leaksieve.ruleset.template import expand

CANARY = expand("ghp_<crc32-github:30>", 77).decode()
PASSWORD = expand("<pass:16>", 78).decode()
KEEP = CANARY[8:-8]


def told(args, tmp_path, code=2):
    done = subprocess.run([sys.executable, "-m", "leaksieve", *args], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == code, done
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "line",
    ['engine = "{}"', 'max_file_size = "{}"', "{} = 1", 'disable = ["{}"]', 'jobs = "{}"', 'rules = ["{}"]', 'timeout = "{}"'],
)
def test_values_of_a_configuration(tmp_path, line):
    (tmp_path / "leaksieve.toml").write_text(line.replace("{}", CANARY) + "\n")
    (tmp_path / "a.txt").write_text("x")
    said = told(["dir", "."], tmp_path)
    assert KEEP not in said
    assert "leaksieve.toml" in said or "***" in said


@pytest.mark.parametrize(
    "args",
    [["dir", CANARY], ["dir", "-c", CANARY, "."], ["dir", "--rules", CANARY, "."], [CANARY], ["dir", "--engine", CANARY, "."], ["dir", f"--{CANARY}", "."]],
)
def test_arguments(tmp_path, args):
    assert KEEP not in told(args, tmp_path)


def test_a_password_in_an_address(tmp_path):
    assert PASSWORD not in told(["scan", f"https://deploy:{PASSWORD}@127.0.0.1:1/x.git"], tmp_path, code=3)


def test_the_gate_cannot_be_disarmed_by_the_repository(tmp_path):
    (tmp_path / "a.env").write_text(f"key = {CANARY}\n")
    (tmp_path / "leaksieve.toml").write_text("exit_zero = true\n")
    assert "exit_zero" in told(["dir", "."], tmp_path)
    (tmp_path / "leaksieve.toml").write_text('disable = ["*"]\n')
    assert "every rule is switched off" in told(["dir", "."], tmp_path)


def test_what_a_repository_takes_from_the_gate_is_said(tmp_path):
    (tmp_path / "a.env").write_text("x = 1\n")
    (tmp_path / "leaksieve.toml").write_text('disable = ["generic-*"]\nfail_on = "critical"\n')
    done = subprocess.run([sys.executable, "-m", "leaksieve", "dir", "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "rules are on" in done.stdout
    assert "from critical on" in done.stdout


@pytest.mark.parametrize("line", ['rules = ["{}.toml"]', 'extends = "{}.toml"', '"{}" = 1', 'fail_on = "{}"', 'enable = ["{}"]'])
@pytest.mark.parametrize("order", ["##vso[task.setvariable variable=x]y", "##[stop-commands]x"])
def test_no_line_gives_a_ci_system_an_order(tmp_path, line, order):
    (tmp_path / "leaksieve.toml").write_text(line.replace("{}", order) + "\n")
    (tmp_path / "a.txt").write_text("x")
    said = told(["dir", "."], tmp_path)
    assert order[2:10] in said
    assert "##" not in said
