"""Which credential is shown to which host."""

import os
import stat

import pytest

from leaksieve.errors import SourceError, UsageError
from leaksieve.sources.remote_credentials import credentials_for
from leaksieve.sources.remote_url import parse_remote

ALL = {
    "GITHUB_TOKEN": "hub",
    "GH_TOKEN": "gh",
    "GITLAB_TOKEN": "lab",
    "CI_JOB_TOKEN": "job",
}


def of(url, environ, **options):
    found = credentials_for(parse_remote(url, allow_http=True), environ, **options)
    return tuple(part.reveal().decode() if part is not None else None for part in (found.user, found.password))


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("https://github.com/a/b", ALL, ("x-access-token", "gh")),
        ("https://github.com/a/b", {"GITHUB_TOKEN": "hub"}, ("x-access-token", "hub")),
        ("https://github.com:443/a/b", ALL, ("x-access-token", "gh")),
        ("https://github.com:8443/a/b", ALL, (None, None)),
        ("http://github.com/a/b", ALL, (None, None)),
        ("https://github.com.evil.example/a/b", ALL, (None, None)),
        ("https://gist.github.com/a/b", ALL, (None, None)),
        ("https://evil.example/github.com", ALL, (None, None)),
        ("https://gitlab.com/a/b", ALL, ("oauth2", "lab")),
        ("https://gitlab.com/a/b", {"CI_JOB_TOKEN": "job"}, (None, None)),
        ("https://gitlab.com/a/b", {**ALL, "CI_SERVER_HOST": "git.corp.example"}, (None, None)),
        ("https://git.corp.example/a", {**ALL, "CI_SERVER_HOST": "git.corp.example"}, ("oauth2", "lab")),
        ("https://git.corp.example/a", {"CI_JOB_TOKEN": "job", "CI_SERVER_HOST": "git.corp.example", "CI_SERVER_PORT": "443"}, ("gitlab-ci-token", "job")),
        ("https://git.corp.example:8443/a", {"CI_JOB_TOKEN": "job", "CI_SERVER_HOST": "git.corp.example"}, (None, None)),
        (
            "https://git.corp.example:8443/a",
            {"CI_JOB_TOKEN": "job", "CI_SERVER_HOST": "git.corp.example", "CI_SERVER_PORT": "8443"},
            ("gitlab-ci-token", "job"),
        ),
        ("http://git.corp.example/a", {"CI_JOB_TOKEN": "job", "CI_SERVER_HOST": "git.corp.example"}, (None, None)),
        ("https://h/a", {"LEAKSIEVE_GIT_TOKEN": "t"}, ("x-access-token", "t")),
        ("https://h/a", {"LEAKSIEVE_GIT_TOKEN": "t", "LEAKSIEVE_GIT_USERNAME": "me"}, ("me", "t")),
        ("https://you@h/a", {"LEAKSIEVE_GIT_TOKEN": "t", "LEAKSIEVE_GIT_USERNAME": "me"}, ("you", "t")),
        ("https://h/a", {"LEAKSIEVE_GIT_TOKEN": "t", "LEAKSIEVE_GIT_HOST": "h"}, ("x-access-token", "t")),
        ("https://x/a", {"LEAKSIEVE_GIT_TOKEN": "t", "LEAKSIEVE_GIT_HOST": "h"}, (None, None)),
        ("https://h:81/a", {"LEAKSIEVE_GIT_TOKEN": "t", "LEAKSIEVE_GIT_HOST": "h:81"}, ("x-access-token", "t")),
        ("https://u:p@github.com/a", {**ALL, "LEAKSIEVE_GIT_TOKEN": "t"}, ("u", "p")),
        ("https://tok@h/a", {}, ("tok", "")),
        ("https://h/a", {}, (None, None)),
        ("file:///a", {"LEAKSIEVE_GIT_TOKEN": "t"}, (None, None)),
        ("ssh://git@github.com/a", ALL, ("git", None)),
    ],
)
def test_bound_to_the_host(url, environ, expected):
    assert of(url, environ) == expected


def test_nothing_of_it_is_shown():
    found = credentials_for(parse_remote("https://h/a"), {"LEAKSIEVE_GIT_TOKEN": "canary"})
    assert "canary" not in f"{found} {found!r}"


def test_a_token_with_a_line_break_is_refused_without_showing_it():
    with pytest.raises(UsageError) as caught:
        credentials_for(parse_remote("https://h/a"), {"LEAKSIEVE_GIT_TOKEN": "canary\n"})
    assert "canary" not in str(caught.value)


@pytest.fixture
def helper(tmp_path):
    def make(body, name="git-credential-mine"):
        file = tmp_path / name
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return str(file)

    return make


def test_a_helper_is_asked_for_the_host(helper, tmp_path):
    program = helper(f'cat > {tmp_path}/asked; echo "$@" >> {tmp_path}/asked; echo username=me; echo password=canary=x')
    assert of("https://h:81/a", {"PATH": os.environ["PATH"]}, helper=f"{program} --flag") == ("me", "canary=x")
    assert (tmp_path / "asked").read_text() == "protocol=https\nhost=h:81\n\n--flag get\n"
    assert of("https://h/a", {"PATH": f"{tmp_path}:{os.environ['PATH']}"}, helper="mine") == ("me", "canary=x")


def test_the_environment_comes_before_the_helper(helper, tmp_path):
    program = helper(f"touch {tmp_path}/ran")
    assert of("https://h/a", {"LEAKSIEVE_GIT_TOKEN": "t"}, helper=program) == ("x-access-token", "t")
    assert not (tmp_path / "ran").exists()


def test_a_helper_without_an_answer(helper):
    with pytest.raises(SourceError, match="no credential for h"):
        of("https://h/a", {}, helper=helper("echo canary >&2; exit 1"))


@pytest.mark.parametrize("name", ["!touch x", "./mine", "nothere", "/no/such/program", "'", ""])
def test_helpers_that_are_refused(name):
    with pytest.raises(UsageError):
        of("https://h/a", {"PATH": "/nowhere"}, helper=name)


def test_ssh_takes_the_named_key_alone(tmp_path):
    key = tmp_path / "key"
    key.write_text("x")
    environ = {"HOME": str(tmp_path), "SSH_AUTH_SOCK": "/x", "LEAKSIEVE_SSH_KEY": str(key), "LEAKSIEVE_SSH_KEY_PASSPHRASE": "canary"}
    found = credentials_for(parse_remote("ssh://git@h/a"), environ)
    assert (found.keys, found.agent, found.passphrase.reveal()) == ((str(key),), False, b"canary")
    with pytest.raises(UsageError, match="LEAKSIEVE_SSH_KEY"):
        credentials_for(parse_remote("ssh://git@h/a"), {**environ, "LEAKSIEVE_SSH_KEY": str(tmp_path / "no")})


def test_ssh_takes_the_agent_and_the_usual_keys(tmp_path):
    (tmp_path / ".ssh").mkdir()
    for name in ("id_rsa", "id_ed25519", "other"):
        (tmp_path / ".ssh" / name).write_text("x")
    found = credentials_for(parse_remote("ssh://h/a"), {"HOME": str(tmp_path), "SSH_AUTH_SOCK": "/x", "USER": "me"})
    assert [os.path.basename(key) for key in found.keys] == ["id_ed25519", "id_rsa"]
    assert found.agent
    assert found.user.reveal() == b"me"
