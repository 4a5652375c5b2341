"""Names of images, short and long, and mirrors."""

from __future__ import annotations

import pytest

from leaksieve.errors import UsageError
from leaksieve.registry.name import parse_name
from leaksieve.registry.settings import Mirror, parse_mirror

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("alpine", "docker.io/library/alpine:latest"),
        ("alpine:3.20", "docker.io/library/alpine:3.20"),
        ("team/app", "docker.io/team/app:latest"),
        ("docker.io/alpine", "docker.io/library/alpine:latest"),
        ("index.docker.io/team/app", "docker.io/team/app:latest"),
        ("registry-1.docker.io/app:1", "docker.io/library/app:1"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/app:v1", "localhost:5000/app:v1"),
        ("[::1]:5000/app", "[::1]:5000/app:latest"),
        ("Registry.Example:5000/a/b/c:V_1.2-x", "registry.example:5000/a/b/c:V_1.2-x"),
        (f"registry.example/app@{DIGEST}", f"registry.example/app@{DIGEST}"),
        (f"registry.example/app:v1@{DIGEST}", f"registry.example/app@{DIGEST}"),
        ("app@sha512:" + "a" * 128, "docker.io/library/app@sha512:" + "a" * 128),
        ("a__b.c--d", "docker.io/library/a__b.c--d:latest"),
    ],
)
def test_a_name_is_what_every_client_takes_it_for(text, shown):
    name = parse_name(text)
    assert name.shown == shown
    assert parse_name(name.shown) == name._replace(tag="latest") if name.digest else parse_name(name.shown) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "App",
        "app:",
        "app:-x",
        "app:" + "x" * 129,
        "app@sha256:abc",
        "app@md5:" + "0" * 32,
        f"app@{DIGEST.upper()}",
        "a//b",
        "/app",
        "app/",
        "../app",
        "registry.example/../app",
        "registry.example/a?b",
        "registry.example/a%2fb",
        "registry.example:99999/app",
        "registry.example:x/app",
        "-registry.example/app",
        "registry..example/app",
        "registry.example/a b",
        "registry.example\n/a",
        "https://registry.example/app",
        "registry.example/" + "a" * 256,
        "registry.example/\u00fcber",
    ],
)
def test_what_is_no_name(text):
    with pytest.raises(UsageError):
        parse_name(text)


@pytest.mark.parametrize("text", ["me:canary@registry.example/app", "me@registry.example/app", f"me:canary@localhost/app@{DIGEST}"])
def test_a_login_in_a_name_is_refused_and_not_repeated(text):
    with pytest.raises(UsageError) as caught:
        parse_name(text)
    assert "no login in it" in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://mirror.example", Mirror("docker.io", "https://mirror.example")),
        ("mirror.example:5000/", Mirror("docker.io", "https://mirror.example:5000")),
        ("http://mirror.example/a/b/", Mirror("docker.io", "http://mirror.example/a/b")),
        ("quay.example=https://mirror.example/quay", Mirror("quay.example", "https://mirror.example/quay")),
        ("docker.io=https://mirror.example", Mirror("docker.io", "https://mirror.example")),
    ],
)
def test_mirrors(text, expected):
    assert parse_mirror(text) == expected


@pytest.mark.parametrize(
    "text", ["", "ftp://x", "https://", "https://me:canary@x", "https://x?y", "https://x#y", "https://x:0", "https://x:y", "A B=https://x"]
)
def test_what_is_no_mirror(text):
    with pytest.raises(UsageError) as caught:
        parse_mirror(text)
    assert "canary" not in str(caught.value)
