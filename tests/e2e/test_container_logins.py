"""Logins to registries of container images, against the real server: with a password, and with tokens of a server beside it."""

import base64
import functools
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import regex
from answers import raw_server
from live import QUICK, Rerouted, ask, candidate
from live import subject as subject_of
from registries import PASSWORD, USER, Authority, Registry, Server, Tokens, free_port, htpasswd, reply

from leaksieve.ruleset.load import load
from leaksieve.ruleset.verify_load import Tables, read_files
from leaksieve.verifiers.base import Failed
from leaksieve.verifiers.containers import make
from leaksieve.verifiers.network import Network

pytestmark = pytest.mark.e2e
FILE = Path(__file__).parents[2] / "rules" / "docker.toml"
TABLES = Tables([table | {"rate": 100.0} for table in read_files([str(FILE)]) if table["id"] == "registry-login"])


def packed(user=USER, password=PASSWORD):
    return base64.b64encode(f"{user}:{password}".encode()).decode()


@functools.cache
def pattern(rule):
    return regex.compile(load().by_id(rule)["pattern"].encode())


def found(rule, text):
    """What a rule reads in a text, with its parts."""
    match = pattern(rule).search(text.encode())
    parts = {key: value.decode() for key, value in match.groupdict().items() if value is not None and key != "secret"}
    return candidate(match["secret"].decode(), rule, parts=parts)


def said(one, authority, **more):
    settings = QUICK._replace(**{"allow_hosts": ("127.0.0.1",), "ca_file": str(authority.ca), "timeout": 20.0, **more})
    (result,) = ask([one], TABLES, settings, Network(settings)).results.values()
    assert PASSWORD not in repr(result)
    assert packed() not in repr(result)
    return result.verdict


def in_config(host, user=USER, password=PASSWORD):
    return found("docker-config-auth", json.dumps({"auths": {f"https://{host}/v1/": {"email": "a@b.example", "auth": packed(user, password)}}}, indent=1))


def in_command(host, user=USER, password=PASSWORD):
    return found("command-line-docker-login", f"docker login -u {user} -p {password} {host}\n")


def piped(host, user=USER, password=PASSWORD):
    return found("command-line-piped", f'echo "{password}" | docker login {host} -u {user} --password-stdin\n')


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def basic(tmp_path_factory, authority):
    folder = tmp_path_factory.mktemp("basic")
    with Registry(folder, auth=htpasswd(folder), authority=authority) as running:
        yield running


@pytest.fixture(scope="module")
def tokens(authority):
    given = Tokens(authority, tls=True)
    with given.server:
        yield given


@pytest.fixture(scope="module")
def bearer(tmp_path_factory, authority, tokens):
    with Registry(tmp_path_factory.mktemp("bearer"), auth=tokens.auth(authority), authority=authority) as running:
        yield running


@pytest.mark.parametrize("shape", [in_config, in_command, piped])
def test_a_password_that_works(basic, authority, shape):
    verdict = said(shape(basic.host), authority)
    assert (verdict.state, verdict.told) == ("active", {"user": USER})
    assert verdict.evidence == {"host": "127.0.0.1", "status": 200, "matched": ["status 200", "basic"], "control": "none"}


@pytest.mark.parametrize("shape", [in_config, in_command, piped])
def test_a_wrong_password_and_a_wrong_user(basic, authority, shape):
    for one in (shape(basic.host, password=PASSWORD + "x"), shape(basic.host, user="nosuch")):
        verdict = said(one, authority)
        assert (verdict.state, verdict.evidence["status"]) == ("inactive", 401)


def test_a_token_is_got_without_a_scope_and_told_from_those_of_everybody(bearer, tokens, authority):
    before = len(tokens.server.requests)
    verdict = said(in_config(bearer.host), authority)
    assert (verdict.state, verdict.told) == ("active", {"user": USER})
    assert verdict.evidence["matched"] == ["status 200", "bearer", "the token names its user"]
    asked = tokens.server.requests[before:]
    assert [path.partition("?")[0] for _, path, _ in asked] == ["/token"] * 2
    assert not any("scope" in path for _, path, _ in asked)
    assert ["Authorization" in headers for _, _, headers in asked] == [True, False]


def test_a_wrong_password_gets_no_token(bearer, tokens, authority):
    before = len(tokens.server.requests)
    assert said(in_command(bearer.host, password=PASSWORD + "x"), authority).state == "inactive"
    assert len(tokens.server.requests) == before + 1


def test_a_registry_open_to_all_tells_nothing(tmp_path, authority):
    with Registry(tmp_path / "open", authority=authority) as registry:
        verdict = said(in_config(registry.host), authority)
    assert (verdict.state, verdict.reason) == ("unknown", "no-difference")


def gate(challenge, login=None):
    """A registry made by hand: its challenge, and what it answers to a login."""

    def answer(handler):
        if "Authorization" in handler.headers or handler.path.startswith("/token"):
            (login or (lambda handler: reply(handler, 401)))(handler)
        else:
            reply(handler, 401, WWW_Authenticate=challenge.replace("HERE", handler.headers["Host"]))

    return answer


BEARER = 'Bearer realm="https://HERE/token",service="s"'


@pytest.mark.parametrize(
    ("challenge", "login", "state", "reason"),
    [
        ('Basic realm="x"', lambda handler: reply(handler, 403), "unknown", "unexpected"),
        ('Basic realm="x"', lambda handler: reply(handler, 401, b'{"errors":[{"message":"use a personal access token"}]}'), "unknown", "unexpected"),
        ('Basic realm="x"', lambda handler: reply(handler, 302, Location="https://other.example/"), "unknown", "redirect"),
        ('Basic realm="x"', lambda handler: reply(handler, 503), "unknown", "server-error"),
        ("Negotiate", None, "unknown", "unexpected"),
        # Everybody gets the same token, and it is taken.
        (BEARER, lambda handler: reply(handler, 200, b'{"token":"same"}'), "unknown", "no-difference"),
        (BEARER, lambda handler: reply(handler, 200, b"no json"), "unknown", "malformed"),
        (BEARER, lambda handler: reply(handler, *((200, b'{"token":"t"}') if handler.path.startswith("/token") else (401,))), "unknown", "unexpected"),
        ('Bearer realm="https://login.other.example/token"', None, "unknown", "host-not-allowed"),
        ('Bearer realm="http://HERE/token"', None, "unknown", "host-not-allowed"),
        ('Bearer realm="https://169.254.169.254/token"', None, "unknown", "host-not-allowed"),
        ("Bearer", None, "unknown", "unfit"),
    ],
)
def test_what_is_no_proof(authority, challenge, login, state, reason):
    with Server(gate(challenge, login), authority) as server:
        verdict = said(in_config(server.host), authority)
    assert (verdict.state, verdict.reason) == (state, reason)


@pytest.mark.parametrize(
    ("realm", "state"),
    [
        ("auth.acme.example", "active"),
        ("acme.example", "active"),
        ("acme.example.evil.example", "unknown"),
        ("evilacme.example", "unknown"),
        ("example", "unknown"),
    ],
)
def test_tokens_are_given_by_siblings_alone(realm, state):
    asked = []

    def answer(handler):
        asked.append((handler.headers["X-Meant-For"], "Authorization" in handler.headers))
        if handler.path.startswith("/token"):
            known = handler.headers.get("Authorization") == f"Basic {packed()}"
            reply(handler, *((200, b'{"access_token":"opaque"}') if known else (401,)))
        elif handler.headers.get("Authorization") == "Bearer opaque":
            reply(handler, 200)
        else:
            reply(handler, 401, WWW_Authenticate=f'Bearer realm="https://{realm}/token?a=b",service="s"')

    with Server(answer) as server:
        (result,) = ask([in_config("registry.acme.example")], TABLES, QUICK, Rerouted(QUICK, server.url)).results.values()
    assert result.verdict.state == state
    assert asked[:2] == [("registry.acme.example", False), *([(realm, True)] if state == "active" else [])]
    assert result.verdict.reason == ("" if state == "active" else "host-not-allowed")


def test_nothing_is_shown_to_what_is_no_registry(authority):
    with Server(lambda handler: reply(handler, 404), authority) as server:
        verdict = said(in_command(server.host), authority)
        assert (verdict.state, verdict.reason) == ("unknown", "unexpected")
        assert [("Authorization" in headers, path) for _, path, headers in server.requests] == [(False, "/v2/")]


def test_down_slow_in_the_clear_and_not_trusted(basic, authority, tmp_path):
    assert said(in_config(f"127.0.0.1:{free_port()}"), authority).reason == "connection"
    with raw_server(lambda _: time.sleep(2)) as port:
        assert said(in_config(f"127.0.0.1:{port}"), authority, timeout=0.5).reason == "timeout"
    with Registry(tmp_path / "clear", auth=htpasswd(tmp_path)) as plain:
        assert said(in_config(plain.host), authority).reason == "tls"
    assert said(in_config(basic.host), Authority(tmp_path / "other")).reason == "tls"
    assert said(in_config(basic.host), authority, allow_hosts=()).reason == "private-address"


@pytest.mark.parametrize("name", ["index.docker.io", "docker.io", "registry-1.docker.io"])
def test_the_names_of_docker_hub(name):
    verifier = make({})
    one = in_config(name).subject
    assert list(verifier.hosts(one)) == ["registry-1.docker.io", "*.docker.io", "docker.io"]
    assert verifier.calls(one, "")[0].host == "registry-1.docker.io"
    assert "docker" not in verifier.calls(in_config("registry.gitlab.com").subject, "")[0].host


def test_tokens_of_docker_hub_need_their_user_and_no_host():
    verifier = make({})
    value = "dckr_pat_" + "a1B2c3D4e" * 3
    assert verifier.calls(subject_of(value, "docker-hub-token", user="someone"), "")[0][:2] == ("registry-1.docker.io", 443)
    with pytest.raises(Failed) as failed:
        verifier.calls(subject_of(value, "docker-hub-token"), "")
    assert failed.value.reason == "missing-parts"


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("docker login -u bob.example -p {} # see wiki.example.com", None),
        ("docker login --insecure $REG wiki.example -u bob -p {}", None),
        ("docker login --username bob.example.com --password {}", None),
        ("docker login -u bob -p {} && curl wiki.example.com", None),
        ("docker login --config my.dir -u bob -p {} reg.example.com:5000/team && true", "reg.example.com:5000"),
        ("podman login -p {} --tls-verify=false -u bob https://reg.example.com", "reg.example.com"),
        ("oc login https://api.example.com:6443 -u bob -p {}", None),
    ],
)
def test_the_registry_is_the_word_that_belongs_to_no_option(line, host):
    assert found("command-line-docker-login", line.format(PASSWORD)).subject.optional("host") == (host or "")


def test_from_the_command_line(basic, authority, tmp_path):
    tree = tmp_path / "tree"
    (tree / ".docker").mkdir(parents=True)
    secret = base64.b64encode(json.dumps({"auths": {basic.host: {"auth": packed()}}}).encode()).decode()
    (tree / "secret.yaml").write_text(f"type: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: {secret}\n")
    (tmp_path / "verify.toml").write_text(f'[verify]\nallow_hosts = ["127.0.0.1"]\nca_file = "{authority.ca}"\n')
    call = [sys.executable, "-m", "leaksieve", "scan", str(tree), "--verify-config", str(tmp_path / "verify.toml"), "--no-verify-cache"]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    plan = subprocess.run([*call, "--verify-plan"], capture_output=True, text=True, env=env, timeout=120, check=False)
    assert f"127.0.0.1:{basic.port}  GET /v2/, log in (registry)" in plan.stdout
    ran = subprocess.run([*call, "--verify", "--format", "json"], capture_output=True, text=True, env=env, timeout=120, check=False)
    (one,) = [each for each in json.loads(ran.stdout)["findings"] if each["rule_id"] == "docker-config-auth"]
    assert (one["verdict"], one["verification"]["identity"]) == ("active", {"user": USER})
    assert PASSWORD not in ran.stdout + ran.stderr
    assert packed() not in ran.stdout + ran.stderr
