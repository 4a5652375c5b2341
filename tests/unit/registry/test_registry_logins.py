"""Which login is meant for a registry, and that helpers are run as they should be."""

from __future__ import annotations

import base64
import json
import os
import stat

import pytest

from leaksieve.errors import SourceError, UsageError
from leaksieve.net.hub import HUB
from leaksieve.registry.logins import Login, login_for

PASSWORD = "canary" + "Password81"


def packed(user: str = "me", password: str = PASSWORD) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def home(folder, fields, name: str = ".docker/config.json") -> dict[str, str]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(fields if isinstance(fields, str) else json.dumps(fields))
    return {"HOME": str(folder), "PATH": f"{folder}/bin:/usr/bin:/bin"}


def shown(login: Login) -> str:
    secret = login.bearer or login.password
    return secret.reveal().decode() if secret else ""


def helper(folder, name: str, script: str) -> None:
    path = folder / "bin" / f"docker-credential-{name}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize(
    ("key", "host"),
    [
        ("registry.example", "registry.example"),
        ("registry.example:5000", "registry.example:5000"),
        ("https://registry.example/v2/", "registry.example"),
        ("http://registry.example", "registry.example"),
        ("https://index.docker.io/v1/", HUB),
        ("docker.io", HUB),
        ("registry-1.docker.io", HUB),
        ("registry.example/team", "registry.example"),
        ("registry.example/team/app", "registry.example"),
    ],
)
def test_a_login_is_found_by_every_name_it_is_kept_under(tmp_path, key, host):
    login = login_for(host, "team/app", home(tmp_path, {"auths": {key: packed()}}))
    assert (login.user, shown(login)) == ("me", PASSWORD)


@pytest.mark.parametrize(
    "key",
    [
        "registry.example:5000",
        "example",
        "other.registry.example",
        "registry.example.evil",
        "registry.example/tea",
        "registry.example/team/app/x",
        "https://x/registry.example",
    ],
)
def test_a_login_of_another_host_is_not_shown(tmp_path, key):
    assert login_for("registry.example", "team/app", home(tmp_path, {"auths": {key: packed()}})) == Login()


def test_the_closest_entry_counts(tmp_path):
    auths = {"registry.example": packed("host"), "registry.example/team": packed("team"), "registry.example/team/app": packed("app")}
    environ = home(tmp_path, {"auths": auths}, ".config/containers/auth.json")
    assert [login_for("registry.example", name, environ).user for name in ("team/app", "team/other", "else")] == ["app", "team", "host"]


def test_files_in_the_order_in_which_podman_reads_them(tmp_path):
    environ = home(tmp_path, {"auths": {"r.example": packed("docker")}})
    assert login_for("r.example", "x", environ).user == "docker"
    home(tmp_path, {"auths": {"r.example": packed("config")}}, ".config/containers/auth.json")
    assert login_for("r.example", "x", environ).user == "config"
    home(tmp_path, {"auths": {"r.example": packed("run")}}, "run/containers/auth.json")
    environ["XDG_RUNTIME_DIR"] = str(tmp_path / "run")
    assert login_for("r.example", "x", environ).user == "run"
    home(tmp_path, {"auths": {"r.example": packed("file")}}, "auth.json")
    assert login_for("r.example", "x", {**environ, "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")}).user == "file"
    inline = json.dumps({"auths": {"r.example": packed("inline")}})
    assert login_for("r.example", "x", {**environ, "DOCKER_AUTH_CONFIG": inline}).user == "inline"
    # Only where it says something of this registry.
    assert login_for("other.example", "x", {**environ, "DOCKER_AUTH_CONFIG": inline}) == Login()
    home(tmp_path, {"auths": {"r.example": packed("elsewhere")}}, "own/config.json")
    environ = {"HOME": "/nonexistent", "DOCKER_CONFIG": str(tmp_path / "own")}
    assert login_for("r.example", "x", environ).user == "elsewhere"


def test_tokens(tmp_path):
    environ = home(tmp_path, {"auths": {"a": {"identitytoken": "id" + PASSWORD, **packed()}, "b": {"registrytoken": "reg" + PASSWORD}}})
    assert (login_for("a", "x", environ).identity, shown(login_for("a", "x", environ))) == (True, "id" + PASSWORD)
    assert login_for("b", "x", environ).bearer is not None


@pytest.mark.parametrize(
    "fields", ["", "no json", "[]", "{}", '{"auths": []}', '{"auths": {"r.example": 5}}', '{"auths": {"r.example": {}}}', '{"credHelpers": 5}']
)
def test_files_that_say_nothing(tmp_path, fields):
    environ = home(tmp_path, fields)
    if fields in ("", "no json"):
        with pytest.raises(UsageError, match="is no JSON"):
            login_for("r.example", "x", environ)
    else:
        assert login_for("r.example", "x", environ) == Login()


@pytest.mark.parametrize("entry", [{"auth": "!!"}, packed("me", "a\nb"), {"identitytoken": "x\r\ny"}])
def test_a_login_that_cannot_be_used_is_said_and_not_shown(tmp_path, entry):
    with pytest.raises(UsageError) as caught:
        login_for("r.example", "x", home(tmp_path, {"auths": {"r.example": entry}}))
    assert "log in again" in str(caught.value)


def test_a_relative_folder_is_not_read(tmp_path, monkeypatch):
    home(tmp_path, {"auths": {"r.example": packed()}, "credsStore": "evil"}, "docker/config.json")
    helper(tmp_path, "evil", f"touch {tmp_path}/ran")
    monkeypatch.chdir(tmp_path)
    assert login_for("r.example", "x", {"HOME": "", "DOCKER_CONFIG": "docker", "PATH": f"{tmp_path}/bin"}) == Login()
    assert not (tmp_path / "ran").exists()


# Variables.


def test_variables_count_first_and_for_their_host_alone(tmp_path):
    environ = home(tmp_path, {"auths": {"r.example": packed("file"), "other.example": packed("file")}})
    environ |= {"LEAKSIEVE_REGISTRY_HOST": "r.example", "LEAKSIEVE_REGISTRY_USERNAME": "variable", "LEAKSIEVE_REGISTRY_PASSWORD": PASSWORD}
    assert login_for("r.example", "x", environ).user == "variable"
    assert login_for("other.example", "x", environ).user == "file"
    for name in ("docker.io", "index.docker.io"):
        assert login_for(HUB, "x", {**environ, "LEAKSIEVE_REGISTRY_HOST": name}).user == "variable"


def test_variables_must_say_what_they_are_for():
    with pytest.raises(UsageError) as caught:
        login_for("r.example", "x", {"LEAKSIEVE_REGISTRY_PASSWORD": PASSWORD})
    assert str(caught.value) == "LEAKSIEVE_REGISTRY_PASSWORD: does not say which registry it is for; set LEAKSIEVE_REGISTRY_HOST to its host"
    with pytest.raises(UsageError, match="control characters"):
        login_for("r", "x", {"LEAKSIEVE_REGISTRY_TOKEN": "a\nb", "LEAKSIEVE_REGISTRY_HOST": "r"})


# Helpers.


def test_a_helper_is_asked_as_the_protocol_has_it(tmp_path, monkeypatch):
    environ = home(tmp_path, {"credHelpers": {"r.example": "mine"}})
    environ["LEAKSIEVE_KEY"] = "canaryKey"
    answer = json.dumps({"ServerURL": "r.example", "Username": "me", "Secret": PASSWORD})
    helper(tmp_path, "mine", f"(echo \"$*\"; pwd; cat; env) > {tmp_path}/seen\necho '{answer}'")
    login = login_for("r.example", "x", environ)
    assert (login.origin, login.user, shown(login)) == ("docker-credential-mine", "me", PASSWORD)
    seen = (tmp_path / "seen").read_text().splitlines()
    assert seen[:3] == ["get", "/", "r.example"]
    assert "canaryKey" not in "".join(seen)


def test_a_store_is_for_every_registry_and_hub_has_its_old_name(tmp_path):
    environ = home(tmp_path, {"credsStore": "all", "auths": {HUB: {}}})
    helper(tmp_path, "all", f"cat > {tmp_path}/seen; echo '{json.dumps({'Username': '<token>', 'Secret': PASSWORD})}'")
    login = login_for(HUB, "library/x", environ)
    assert (login.identity, shown(login)) == (True, PASSWORD)
    assert (tmp_path / "seen").read_text().strip() == "https://index.docker.io/v1/"


def test_a_helper_that_has_nothing(tmp_path):
    environ = home(tmp_path, {"credsStore": "none", "auths": {"r.example": packed("file")}})
    helper(tmp_path, "none", "echo 'credentials not found in native keychain'; exit 1")
    assert login_for("r.example", "x", environ).user == "file"
    assert login_for("other.example", "x", environ) == Login()


@pytest.mark.parametrize(
    "script", ["exit 1", "echo canaryOutput; exit 2", "echo canaryOutput", "echo '[]'", 'echo \'{"Username": 1, "Secret": 2}\'', "kill -9 $$"]
)
def test_a_helper_that_fails_is_said_and_what_it_said_is_not(tmp_path, script):
    helper(tmp_path, "bad", script)
    with pytest.raises(SourceError) as caught:
        login_for("r.example", "x", home(tmp_path, {"credsStore": "bad"}))
    assert "docker-credential-bad" in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("name", ["../evil", "/bin/sh", "a/b", "..", ".hidden", "-x", "a b", "a;b", "$(x)", "x" * 65, "a\nb"])
def test_names_of_helpers_are_names(tmp_path, name):
    with pytest.raises(UsageError, match="no name"):
        login_for("r.example", "x", home(tmp_path, {"credsStore": name}))


def test_no_helper_out_of_where_the_command_runs(tmp_path, monkeypatch):
    helper(tmp_path, "evil", f"touch {tmp_path}/ran")
    monkeypatch.chdir(tmp_path / "bin")
    environ = home(tmp_path, {"credsStore": "evil"})
    for path in (".", "", ":", "bin:.", "/nonexistent:"):
        with pytest.raises(UsageError, match="is not on the PATH"):
            login_for("r.example", "x", {**environ, "PATH": path})
    assert not (tmp_path / "ran").exists()


def test_no_helper_by_a_file_that_others_may_write_to(tmp_path):
    helper(tmp_path, "evil", f"touch {tmp_path}/ran")
    environ = home(tmp_path, {"credsStore": "evil"})
    os.chmod(tmp_path / ".docker/config.json", 0o666)
    with pytest.raises(UsageError, match="others may write to it"):
        login_for("r.example", "x", environ)
    assert not (tmp_path / "ran").exists()


def test_a_login_shows_nothing_of_itself(tmp_path):
    login = login_for("r.example", "x", home(tmp_path, {"auths": {"r.example": packed()}}))
    assert PASSWORD not in repr(login)
    assert PASSWORD not in f"{login}"
