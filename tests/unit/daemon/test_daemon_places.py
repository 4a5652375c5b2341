"""Where daemons are looked for."""

from __future__ import annotations

import hashlib
import json

import pytest

from leaksieve.daemon.places import Daemon, daemons
from leaksieve.errors import UsageError


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"DOCKER_HOST": "unix:///a/b.sock"}, Daemon("unix:///a/b.sock", path="/a/b.sock", chosen=True)),
        ({"CONTAINER_HOST": "unix:///a"}, Daemon("unix:///a", path="/a", chosen=True)),
        ({"DOCKER_HOST": "tcp://h:2375"}, Daemon("tcp://h:2375", host="h", port=2375, chosen=True)),
        ({"DOCKER_HOST": "tcp://[::1]"}, Daemon("tcp://[::1]:2375", host="::1", port=2375, chosen=True)),
        (
            {"DOCKER_HOST": "tcp://h", "DOCKER_TLS_VERIFY": "1", "HOME": "/home/me"},
            Daemon("tcp://h:2376", host="h", port=2376, tls=True, folder="/home/me/.docker", chosen=True),
        ),
        (
            {"DOCKER_HOST": "tcp://h:9", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"},
            Daemon("tcp://h:9", host="h", port=9, tls=True, folder="/certs", chosen=True),
        ),
        ({"DOCKER_HOST": "unix:///first", "CONTAINER_HOST": "unix:///second"}, Daemon("unix:///first", path="/first", chosen=True)),
    ],
)
def test_a_daemon_that_is_named(environ, expected):
    assert daemons(environ) == [expected]


@pytest.mark.parametrize("host", ["ssh://me@h", "npipe:////./pipe/x", "unix://relative", "tcp://", "tcp://h:x", "tcp://me:canary@h", "h:2375", "tcp://h/path"])
def test_a_daemon_that_is_not_reached(host):
    with pytest.raises(UsageError) as caught:
        daemons({"DOCKER_HOST": host})
    assert str(caught.value).startswith("DOCKER_HOST: holds")
    assert "canary" not in str(caught.value)


def test_sockets_that_are_there_in_order(tmp_path):
    environ = {"HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path / "runtime")}
    assert daemons(environ, system=str(tmp_path)) == []
    names = ["var/run/docker.sock", "runtime/docker.sock", "home/.docker/run/docker.sock", "runtime/podman/podman.sock", "run/podman/podman.sock"]
    for name in reversed(names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [each.path for each in daemons(environ, system=str(tmp_path))] == [str(tmp_path / name) for name in names]


def test_the_context_that_docker_is_set_to(tmp_path):
    folder = tmp_path / ".docker"
    place = folder / "contexts/meta" / hashlib.sha256(b"desk").hexdigest()
    place.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"currentContext": "desk"}))
    (place / "meta.json").write_text(json.dumps({"Name": "desk", "Endpoints": {"docker": {"Host": "unix:///desk.sock"}}}))
    assert [each.path for each in daemons({"HOME": str(tmp_path)})] == ["/desk.sock"]
    assert daemons({"HOME": str(tmp_path), "DOCKER_CONTEXT": "default"}, system=str(tmp_path / "none")) == []
    with pytest.raises(UsageError, match="Docker context"):
        daemons({"HOME": str(tmp_path), "DOCKER_CONTEXT": "other"})
